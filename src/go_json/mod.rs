//! JSON as Go's encoding/json reads and writes it.
//!
//! Takes bytes and gives typed values, or the other way round. The files of
//! the reference were written by that package, so its habits are part of the
//! format: input keys match whatever their case, unknown keys are dropped,
//! `null` is the zero value, the last of several equal keys wins; output
//! escapes `<`, `>`, `&`, U+2028 and U+2029 and has no final newline.

mod lenient;

use std::fmt;
use std::path::Path;

use serde::de::{self, DeserializeOwned, Visitor};
use serde::ser::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use crate::{Error, Result};
use lenient::Lenient;

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
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>> {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default, rename_all = "PascalCase")]
    struct Config {
        user: String,
        cmd: Vec<String>,
        labels: BTreeMap<String, String>,
        size: u64,
        inner: Option<Box<Config>>,
    }

    fn read(text: &str) -> Result<Config, String> {
        from_slice(text.as_bytes()).map_err(|error: JsonError| error.to_string())
    }

    #[test]
    fn keys_match_whatever_their_case() {
        let want = Config {
            user: "me".into(),
            cmd: vec!["a".into(), String::new()],
            inner: Some(Box::new(Config {
                size: 7,
                ..Config::default()
            })),
            ..Config::default()
        };
        let text = r#"{"USER":"x","user":"me","cmd":["a",null],"Nonsense":[1],
            "labels":null,"ſize":null,"inner":{"ſize":7,"cmd":null}}"#;
        assert_eq!(read(text), Ok(want));
        assert_eq!(read("null"), Ok(Config::default()));
    }

    #[test]
    fn a_wrong_type_is_an_error_that_names_its_place() {
        for (text, place) in [
            (r#"{"cmd":["a",1]}"#, "Cmd[1]: "),
            (r#"{"inner":{"labels":{"k":[]}}}"#, "Inner.Labels.k: "),
            (r#"{"size":1.5}"#, "Size: "),
            (r#"{"size":-1}"#, "Size: "),
            (r#"{"cmd":"a"}"#, "Cmd: "),
            ("[]", ""),
            ("{} {}", ""),
            ("{", ""),
            ("\"\\ud800\"", ""),
        ] {
            let error = read(text).err().unwrap_or_default();
            assert!(
                !error.is_empty() && error.starts_with(place),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn a_list_is_read_element_by_element() {
        let mut sizes = Vec::new();
        let outcome = each(br#"[{"size":1},null,{"size":[]}]"#, |c: Config| {
            sizes.push(c.size)
        });
        assert_eq!(sizes, [1, 0]);
        assert!(outcome.is_err_and(|error| error.to_string().starts_with("[2].Size: ")));
    }

    #[test]
    fn output_is_escaped_as_go_does() {
        let text = to_compact(&["<&>\u{2028}\u{2029}\u{8}\u{c}\u{1f}\u{7f}\"\\é"]).ok();
        let want =
            r#"["\u003c\u0026\u003e\u2028\u2029\b\f\u001f"#.to_owned() + "\u{7f}\\\"\\\\é\"]";
        assert_eq!(text, Some(want));
        let empty: [(); 0] = [];
        assert_eq!(to_indented(&empty).ok().as_deref(), Some("[]"));
    }
}
