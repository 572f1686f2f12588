//! What can go wrong: each error names the operation and the path, and keeps
//! its cause as [`std::error::Error::source`].

use std::io;
use std::path::{Path, PathBuf};

/// How many steps of a cycle are named.
const NAMED_STEPS: usize = 8;

/// The result of the library's operations.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An operation of the library that failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refused an operation on a path.
    #[error("cannot {operation} {}", path.display())]
    Io {
        /// What was tried, as a verb: `read`, `write`, `list`.
        operation: &'static str,
        /// The path it was tried on.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A JSON input is malformed or does not hold what it should.
    #[error("{} is not {expected}", path.display())]
    Json {
        /// The file that was read.
        path: PathBuf,
        /// What the file should have been.
        expected: &'static str,
        /// The place and the reason.
        source: crate::go_json::JsonError,
    },
    /// A well-formed input says something that cannot be.
    #[error("{}: {reason}", path.display())]
    Input {
        /// The file that was read.
        path: PathBuf,
        /// What is wrong, and what to change.
        reason: String,
    },
    /// A value that is not what its type demands.
    #[error("{0}")]
    Value(String),
    /// Store paths depend on each other in a circle.
    #[error("the closure has a cycle: {}", shortened(.0))]
    Cycle(Vec<String>),
    /// Two sources claim one name in a layer and differ.
    #[error("conflict on {name}: {first} and {second} {difference}; {remedy}")]
    Conflict {
        /// The name in the image.
        name: String,
        /// The source that came first.
        first: String,
        /// The source that came second.
        second: String,
        /// In what the two differ.
        difference: String,
        /// What to change.
        remedy: String,
    },
    /// A layer's bytes cannot be had as they were when it was built.
    #[error("layer {digest} ({contents})")]
    Layer {
        /// The digest the layer should have.
        digest: crate::Digest,
        /// The layer's store paths, or its file.
        contents: String,
        /// The reason.
        source: Box<Error>,
    },
    /// A registry did not take what it was sent.
    #[error("cannot push {what} to {to}")]
    Push {
        /// What was to be sent or asked: a blob by its digest, a manifest.
        what: String,
        /// The registry, repository or reference.
        to: String,
        /// The reason.
        source: Box<crate::registry::Failure>,
    },
    /// A blob that the image does not have was asked for.
    #[error("the image has no blob {0}")]
    NoSuchBlob(crate::Digest),
}

impl Error {
    /// Wraps an I/O error with the operation and the path it belongs to.
    pub(crate) fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Error::Io {
            operation,
            path: path.to_owned(),
            source,
        }
    }

    /// Says which file a bad value was read from.
    pub(crate) fn in_file(self, path: &Path) -> Self {
        match self {
            Error::Value(reason) => Error::Input {
                path: path.to_owned(),
                reason,
            },
            other => other,
        }
    }
}

/// The steps of a cycle; of a long one only the first ones and the last.
fn shortened(cycle: &[String]) -> String {
    match cycle {
        [first @ .., last] if first.len() > NAMED_STEPS => format!(
            "{} -> … {} more … -> {last}",
            first[..NAMED_STEPS].join(" -> "),
            first.len() - NAMED_STEPS
        ),
        _ => cycle.join(" -> "),
    }
}

/// Lets an error of the library pass through [`io::Read`].
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        io::Error::other(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_cycle_is_told_in_short() {
        let cycle = |len: u32| Error::Cycle((0..len).map(|step| step.to_string()).collect());
        assert_eq!(cycle(3).to_string(), "the closure has a cycle: 0 -> 1 -> 2");
        assert_eq!(
            cycle(100).to_string(),
            "the closure has a cycle: 0 -> 1 -> 2 -> 3 -> 4 -> 5 -> 6 -> 7 -> … 91 more … -> 99"
        );
    }
}
