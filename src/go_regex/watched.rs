//! A regex that a user gave for files, who wants to know if it matched none.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::GoRegex;

/// A regex with its text, by which two are equal, and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct WatchedRegex {
    text: String,
    regex: GoRegex,
    /// Whether anything matched, of this regex or of a copy of it.
    matched: Arc<AtomicBool>,
}

impl WatchedRegex {
    /// Compiles a pattern; the error is one line.
    pub(crate) fn new(text: String) -> Result<Self, String> {
        Ok(WatchedRegex {
            regex: GoRegex::new(&text)?,
            text,
            matched: Arc::default(),
        })
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn is_match(&self, subject: &[u8]) -> bool {
        let is_match = self.regex.is_match(subject);
        // Threads share the flag, and to write it takes it from all of them.
        if is_match && !self.has_matched() {
            self.matched.store(true, Ordering::Relaxed);
        }
        is_match
    }

    pub(crate) fn has_matched(&self) -> bool {
        self.matched.load(Ordering::Relaxed)
    }
}

impl PartialEq for WatchedRegex {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
