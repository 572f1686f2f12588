//! JSON as Go's encoding/json reads and writes it.
//!
//! Takes bytes and gives typed values, or the other way round. The files of
//! the reference were written by that package, so its habits are part of the
//! format: input keys match whatever their case, unknown keys are dropped,
//! `null` is the zero value, the last of several equal keys wins; output
//! escapes `<`, `>`, `&`, U+2028 and U+2029 and has no final newline.

use std::fmt;
use std::path::Path;

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, Visitor};
use serde::ser::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use crate::{Error, Result};

/// Where in a JSON input something is wrong, and what.
#[derive(Debug)]
pub struct JsonError {
    place: String,
    reason: String,
}

impl JsonError {
    fn within(mut self, step: &str) -> Self {
        self.place = match self.place.as_str() {
            "" => step.to_owned(),
            place if place.starts_with('[') => format!("{step}{place}"),
            place => format!("{step}.{place}"),
        };
        self
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() {
            f.write_str(&self.reason)
        } else {
            write!(f, "{}: {}", self.place, self.reason)
        }
    }
}

impl std::error::Error for JsonError {}

impl de::Error for JsonError {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        JsonError {
            place: String::new(),
            reason: reason.to_string(),
        }
    }
}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        de::Error::custom(error)
    }
}

/// Reads one value from JSON text.
///
/// # Errors
/// When the text is not JSON, goes on behind the value, or a type is wrong.
pub fn from_slice<T: DeserializeOwned>(text: &[u8]) -> Result<T, JsonError> {
    let value = serde_json::from_slice::<Value>(text)?;
    T::deserialize(Lenient(value))
}

/// Reads a list element by element, so that only one is held as raw JSON.
///
/// # Errors
/// As [`from_slice`]; the place names the element's index.
pub fn each<T: DeserializeOwned>(text: &[u8], mut visit: impl FnMut(T)) -> Result<(), JsonError> {
    let mut failed = None;
    let mut reader = serde_json::Deserializer::from_slice(text);
    let elements = Elements(|index: usize, value: Value| {
        match T::deserialize(Lenient(value)) {
            Ok(element) => visit(element),
            Err(error) => {
                failed = Some(error.within(&format!("[{index}]")));
            }
        }
        failed.is_none()
    });
    let parsed = de::Deserializer::deserialize_any(&mut reader, elements);
    if let Some(error) = failed {
        return Err(error);
    }
    parsed?;
    Ok(reader.end()?)
}

/// Reads one value from a JSON file.
///
/// # Errors
/// When the file cannot be read, or as [`from_slice`].
pub fn from_file<T: DeserializeOwned>(path: &Path, expected: &'static str) -> Result<T> {
    let text = read_file(path)?;
    from_slice(&text).map_err(in_file(path, expected))
}

/// Says in which file a JSON error was found.
pub(crate) fn in_file(path: &Path, expected: &'static str) -> impl FnOnce(JsonError) -> Error {
    let path = path.to_owned();
    move |source| Error::Json {
        path,
        expected,
        source,
    }
}

/// Writes a value with tab indentation, as Go's `MarshalIndent`.
///
/// # Errors
/// When a map's keys are not strings.
pub fn to_indented<T: Serialize>(value: &T) -> Result<String> {
    write(value, PrettyFormatter::with_indent(b"\t"))
}

/// Writes a value on one line, as Go's `Marshal`.
///
/// # Errors
/// When a map's keys are not strings.
pub fn to_compact<T: Serialize>(value: &T) -> Result<String> {
    write(value, serde_json::ser::CompactFormatter)
}

fn write<T: Serialize>(value: &T, formatter: impl Formatter) -> Result<String> {
    let mut bytes = Vec::new();
    value
        .serialize(&mut Serializer::with_formatter(&mut bytes, formatter))
        .map_err(|error| Error::Value(format!("cannot write JSON: {error}")))?;
    let text = String::from_utf8(bytes)
        .map_err(|error| Error::Value(format!("cannot write JSON: {error}")))?;
    Ok(escape(&text))
}

/// The five characters stand only inside strings, so the finished text can be
/// escaped as a whole.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                escaped.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            other => escaped.push(other),
        }
    }
    escaped
}

/// Reads a file's text for [`each`].
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(Error::io("read", path))
}

/// Hands each element of a top-level list to a function.
struct Elements<F>(F);

impl<'de, F: FnMut(usize, Value) -> bool> Visitor<'de> for Elements<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: de::SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        let mut index = 0;
        while let Some(value) = list.next_element::<Value>()? {
            if !(self.0)(index, value) {
                return Err(de::Error::custom("unusable element"));
            }
            index += 1;
        }
        Ok(())
    }
}

/// A JSON value that is read by Go's rules.
struct Lenient(Value);

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
