//! A JSON value that is read by Go's rules, as a source for serde.
//!
//! Takes a parsed value. Keys of a struct match whatever their case, keys it
//! does not have are dropped, and `null` is the zero value of every type.

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeSeed, IntoDeserializer, Unexpected, Visitor};
use serde_json::Value;

use super::JsonError;

/// A JSON value that is read by Go's rules.
pub(super) struct Lenient(pub(super) Value);

impl<'de> IntoDeserializer<'de, JsonError> for Lenient {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Scalars: `null` is the zero value, everything else is strict.
macro_rules! zero_when_null {
    ($($method:ident $visit:ident $zero:expr,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
            match self.0 {
                Value::Null => visitor.$visit($zero),
                value => Ok(value.$method(visitor)?),
            }
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Lenient {
    type Error = JsonError;

    zero_when_null! {
        deserialize_bool visit_bool false,
        deserialize_i8 visit_i8 0,
        deserialize_i16 visit_i16 0,
        deserialize_i32 visit_i32 0,
        deserialize_i64 visit_i64 0,
        deserialize_u8 visit_u8 0,
        deserialize_u16 visit_u16 0,
        deserialize_u32 visit_u32 0,
        deserialize_u64 visit_u64 0,
        deserialize_f32 visit_f32 0.0,
        deserialize_f64 visit_f64 0.0,
        deserialize_str visit_str "",
        deserialize_string visit_str "",
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        match self.0 {
            Value::Array(_) => self.deserialize_seq(visitor),
            Value::Object(_) => self.deserialize_map(visitor),
            value => Ok(value.deserialize_any(visitor)?),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, JsonError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        match self.0 {
            Value::Null => visitor.visit_seq(List(Vec::new().into_iter().enumerate())),
            Value::Array(list) => visitor.visit_seq(List(list.into_iter().enumerate())),
            value => Ok(value.deserialize_seq(visitor)?),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        match self.0 {
            Value::Null => visitor.visit_map(Entries::new(Vec::new())),
            Value::Object(map) => visitor.visit_map(Entries::new(map.into_iter().collect())),
            value => Ok(value.deserialize_map(visitor)?),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, JsonError> {
        match self.0 {
            Value::Null => visitor.visit_map(Entries::new(Vec::new())),
            Value::Object(map) => visitor.visit_map(Entries::of_struct(map, fields)),
            Value::Array(_) => Err(de::Error::invalid_type(Unexpected::Seq, &visitor)),
            value => Ok(value.deserialize_struct(name, fields, visitor)?),
        }
    }

    serde::forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct tuple tuple_struct enum identifier
        ignored_any
    }
}

/// The elements of a list.
struct List(std::iter::Enumerate<std::vec::IntoIter<Value>>);

impl<'de> de::SeqAccess<'de> for List {
    type Error = JsonError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, JsonError> {
        let Some((index, value)) = self.0.next() else {
            return Ok(None);
        };
        seed.deserialize(Lenient(value))
            .map(Some)
            .map_err(|error| error.within(&format!("[{index}]")))
    }
}

/// The entries of an object, under the names they are read by.
struct Entries {
    entries: std::vec::IntoIter<(String, Value)>,
    current: (String, Value),
}

impl Entries {
    fn new(entries: Vec<(String, Value)>) -> Self {
        Entries {
            entries: entries.into_iter(),
            current: (String::new(), Value::Null),
        }
    }

    /// Keeps what the struct has a field for, the last value of each, and
    /// leaves out `null`, which is the field's default.
    fn of_struct(map: serde_json::Map<String, Value>, fields: &[&str]) -> Self {
        let mut entries: Vec<(String, Value)> = Vec::new();
        for (key, value) in map {
            let field = fields
                .iter()
                .find(|field| **field == key)
                .or_else(|| fields.iter().find(|field| same_but_case(field, &key)));
            let Some(field) = field else { continue };
            if value.is_null() {
                continue;
            }
            entries.retain(|(earlier, _)| earlier != field);
            entries.push(((*field).to_owned(), value));
        }
        Entries::new(entries)
    }
}

/// Whether two keys are equal under Unicode's simple case folding, which is
/// what Go compares by: `K` (Kelvin) is `k`, `ſ` is `s`.
fn same_but_case(field: &str, key: &str) -> bool {
    let fold = |character: char| match character {
        '\u{212a}' => 'k',
        '\u{17f}' => 's',
        other => other.to_ascii_lowercase(),
    };
    field.chars().map(fold).eq(key.chars().map(fold))
}

impl<'de> de::MapAccess<'de> for Entries {
    type Error = JsonError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, JsonError> {
        let Some(entry) = self.entries.next() else {
            return Ok(None);
        };
        self.current = entry;
        let key: StrDeserializer<'_, JsonError> = self.current.0.as_str().into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, JsonError> {
        let value = std::mem::take(&mut self.current.1);
        seed.deserialize(Lenient(value))
            .map_err(|error: JsonError| error.within(&self.current.0))
    }
}
