//! Root files: what a layer has, or lacks, without any store path saying so.
//!
//! Takes the root files of the user: directories, symlinks and small files to
//! make, capabilities of files, and regexes for files to leave out. Paths,
//! modes, owners, capabilities and regexes are checked here. They are in the
//! tarball only, never in the store; the layer JSON has them in the same form,
//! so that the tarball can be made again.

mod text;

use std::path::Path;

use crate::capability::Capabilities;
use crate::go_regex::WatchedRegex;
use crate::source::Kind;
use crate::{Error, Result, Warning, go_json};

pub(crate) use text::RootFilesText;

/// What is made, granted and left out in a layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RootFiles {
    pub(crate) entries: Vec<MadeEntry>,
    pub(crate) capabilities: Vec<Grant>,
    pub(crate) excludes: Excludes,
}

impl RootFiles {
    /// Reads a file with an object of the lists `directories`, `symlinks`,
    /// `files`, `capabilities` and `excludes`, of which all may be missing.
    ///
    /// # Errors
    /// When the file cannot be read, or an element of it cannot be.
    pub fn from_file(file: &Path) -> Result<Self> {
        let text: RootFilesText = go_json::from_file(file, "an object of root files")?;
        RootFiles::try_from(text).map_err(|error| error.in_file(file))
    }

    /// Whether nothing is made, granted or left out.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.capabilities.is_empty() && self.excludes.is_empty()
    }

    /// The excludes that no file matched, once the layers were packed.
    pub fn unmatched(&self) -> Vec<Warning> {
        let all = self.excludes.0.iter();
        let unmatched = all.filter(|exclude| !exclude.has_matched());
        let warning = |exclude: &WatchedRegex| Warning::UnmatchedExclude {
            regex: exclude.text().to_owned(),
        };
        unmatched.map(warning).collect()
    }
}

/// A directory, symlink or file that is made in the layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MadeEntry {
    /// The name in the image: absolute, with no slash at its end.
    pub(crate) path: String,
    pub(crate) kind: Kind,
    /// The text of a file, or what a symlink points to.
    pub(crate) content: String,
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) uname: String,
    pub(crate) gname: String,
    /// The attribute in Nix that asks for it, for messages.
    pub(crate) attribute: String,
}

impl MadeEntry {
    /// What the entry is called in a message.
    pub(crate) fn label(&self) -> String {
        format!("what `{}` makes there", self.attribute)
    }

    /// Whether two entries of one path are equal, whoever asks for them.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        let attribute = self.attribute.clone();
        *self
            == MadeEntry {
                attribute,
                ..other.clone()
            }
    }
}

/// Capabilities for the file with a name in the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) path: String,
    pub(crate) capabilities: Capabilities,
}

/// The files that are left out, by their names in the image.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Excludes(Vec<WatchedRegex>);

impl Excludes {
    fn new(texts: Vec<String>) -> Result<Self> {
        let exclude = |text: String| {
            if text.is_empty() {
                let reason =
                    "an element of `excludes` is empty; write a regex such as `/share/doc$`";
                return Err(Error::Value(reason.to_owned()));
            }
            let invalid = format!("the regex `{text}` of `excludes` is not valid");
            WatchedRegex::new(text).map_err(|reason| Error::Value(format!("{invalid}: {reason}")))
        };
        Ok(Excludes(
            texts.into_iter().map(exclude).collect::<Result<_>>()?,
        ))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(WatchedRegex::text)
    }

    /// Whether the file with this name is left out. With a directory goes all
    /// that is below it; that is for the caller to see to.
    pub(crate) fn has(&self, name: &[u8]) -> bool {
        self.0.iter().any(|exclude| exclude.is_match(name))
    }

    /// Whether the file, or a directory above it, is left out.
    pub(crate) fn has_within(&self, name: &[u8]) -> bool {
        let ends = name.iter().enumerate().skip(1);
        let mut above = ends.filter(|(_, byte)| **byte == b'/');
        !self.is_empty() && (above.any(|(end, _)| self.has(&name[..end])) || self.has(name))
    }
}
