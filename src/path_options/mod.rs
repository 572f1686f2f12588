//! Path options: what is changed about a store path on its way into a layer.
//!
//! Takes the rewrites and perms files and gives, for each store path, its
//! rewrite and its permission rules. Patterns and modes are checked here; the
//! text they were given as is kept, for it is written to the layer JSON and
//! compared with a parent's.

mod table;

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::go_regex::{GoRegex, WatchedRegex};
use crate::{Error, Result};

pub use table::OptionsTable;

/// The largest mode that a tar header's seven octal digits hold.
const MAX_MODE: u32 = 0o777_7777;

/// The rewrite and the permission rules of one store path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PathOptions {
    /// How the names of the path's files change.
    pub rewrite: Option<Rewrite>,
    /// The rules for modes and owners, in the order they apply.
    pub perms: Vec<PermRule>,
}

impl PathOptions {
    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        self.rewrite.is_none() && self.perms.is_empty()
    }
}

/// A change of file names: every match is replaced.
#[derive(Clone, Debug)]
pub struct Rewrite {
    text: RewriteText,
    regex: GoRegex,
    template: String,
}

/// A rewrite as it stands in JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, expecting = "an object")]
pub(crate) struct RewriteText {
    pub(crate) regex: String,
    pub(crate) repl: String,
}

impl Rewrite {
    /// A rewrite by a regular expression in Go's syntax.
    ///
    /// # Errors
    /// When the expression cannot be compiled.
    pub fn new(regex: impl Into<String>, repl: impl Into<String>) -> Result<Self> {
        Self::from_text(RewriteText {
            regex: regex.into(),
            repl: repl.into(),
        })
    }

    pub(crate) fn from_text(text: RewriteText) -> Result<Self> {
        let regex = GoRegex::new(&text.regex)
            .map_err(|reason| bad_regex("the rewrite", &text.regex, &reason))?;
        let template = regex.template(&text.repl);
        Ok(Rewrite {
            text,
            regex,
            template,
        })
    }

    pub(crate) fn text(&self) -> &RewriteText {
        &self.text
    }

    /// The name a file has in the image; empty when it is left out.
    pub(crate) fn apply<'a>(&self, source: &'a [u8]) -> Cow<'a, [u8]> {
        self.regex.replace_all(source, &self.template)
    }
}

impl PartialEq for Rewrite {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// A rule for the mode and owner of the files whose source path matches.
#[derive(Clone, Debug)]
pub struct PermRule {
    text: PermText,
    mode: Option<u32>,
    regex: WatchedRegex,
}

/// A permission rule as it stands in JSON, where all fields are written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, expecting = "an object")]
pub struct PermText {
    /// The expression that the source path must match, in Go's syntax.
    pub regex: String,
    /// The mode in octal digits; empty to keep the file's.
    pub mode: String,
    /// The owner's number.
    pub uid: i64,
    /// The group's number.
    pub gid: i64,
    /// The owner's name; empty to keep `root`.
    pub uname: String,
    /// The group's name; empty to keep `root`.
    pub gname: String,
}

impl PermRule {
    /// Checks a rule's expression, mode and names.
    ///
    /// # Errors
    /// When the expression cannot be compiled, the mode is not octal, or a
    /// name holds a NUL.
    pub fn new(text: PermText) -> Result<Self> {
        let regex = WatchedRegex::new(text.regex.clone())
            .map_err(|reason| bad_regex("the permission rule", &text.regex, &reason))?;
        let mode = match text.mode.as_str() {
            "" => None,
            digits => Some(parse_mode(digits).ok_or_else(|| {
                Error::Value(format!(
                    "the permission rule with regex `{}` has mode `{digits}`, \
                     which is not octal digits such as 0755",
                    text.regex
                ))
            })?),
        };
        if text.uname.contains('\0') || text.gname.contains('\0') {
            return Err(Error::Value(format!(
                "the permission rule with regex `{}` has a NUL in `uname` or `gname`",
                text.regex
            )));
        }
        Ok(PermRule { text, mode, regex })
    }

    pub(crate) fn text(&self) -> &PermText {
        &self.text
    }

    pub(crate) fn mode(&self) -> Option<u32> {
        self.mode
    }

    /// Whether the rule is for a file with this source path.
    pub(crate) fn applies_to(&self, source: &[u8]) -> bool {
        self.regex.is_match(source)
    }

    /// The rule's regex, which knows whether a file matched.
    fn regex(&self) -> &WatchedRegex {
        &self.regex
    }
}

impl PartialEq for PermRule {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

fn bad_regex(owner: &str, regex: &str, reason: &str) -> Error {
    Error::Value(format!(
        "the regex `{regex}` of {owner} is not valid: {reason}"
    ))
}

/// A mode of octal digits.
pub(crate) fn parse_mode(digits: &str) -> Option<u32> {
    let octal = digits.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    let mode = u32::from_str_radix(digits, 8).ok()?;
    (octal && mode <= MAX_MODE).then_some(mode)
}

/// A store path with its options: the unit a layer is packed from.
#[derive(Clone, Debug, PartialEq)]
pub struct PackedPath {
    path: String,
    options: Arc<PathOptions>,
}

impl PackedPath {
    /// Joins a path and its options.
    ///
    /// # Errors
    /// When the path is empty or holds a NUL.
    pub fn new(path: impl Into<String>, options: impl Into<Arc<PathOptions>>) -> Result<Self> {
        let path = path.into();
        if path.is_empty() || path.contains('\0') {
            return Err(Error::Value(format!("`{path}` is not a path")));
        }
        Ok(PackedPath {
            path,
            options: options.into(),
        })
    }

    /// The path whose tree goes into the layer.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is changed about it.
    pub fn options(&self) -> &PathOptions {
        &self.options
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_octal_digits_and_nothing_else() {
        assert_eq!(parse_mode("755"), Some(0o755));
        assert_eq!(parse_mode("0004755"), Some(0o4755));
        assert_eq!(parse_mode("7777777"), Some(MAX_MODE));
        for text in ["0o755", "-1", "+7", "8", "rwx", "17777777", "٧"] {
            assert_eq!(parse_mode(text), None, "{text}");
        }
    }
}
