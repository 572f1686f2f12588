//! The verification of an image: whether each layer still has the digest that
//! the image tells.
//!
//! Takes an image, makes the bytes of every layer again, in parallel, and gives
//! what became of each layer. Of one that changed, the first file that did is
//! known where the layers file has file digests beside it.

use crate::difference::Difference;
use crate::digest::{Digest, Hasher};
use crate::{Error, Image, Layer, Result, blob, file_digests, parallel};

/// What became of a layer.
#[derive(Debug)]
pub enum Outcome {
    /// It has the digest and the size that the image tells.
    Same,
    /// It has others.
    Changed {
        /// The digest of its bytes now.
        digest: Digest,
        /// The number of its bytes now.
        size: u64,
        /// What changed first; None when no file digests were kept.
        difference: Option<Result<Difference>>,
    },
    /// Its bytes cannot be made.
    Unreadable(Error),
}

impl Outcome {
    /// Whether the layer can be copied.
    pub fn is_same(&self) -> bool {
        matches!(self, Outcome::Same)
    }
}

/// Verifies each layer, in the order of the image. At most so many are read
/// at the same time.
pub fn verify(image: &Image, jobs: usize) -> Vec<Outcome> {
    parallel::map(image.layers(), jobs, outcome)
}

fn outcome(layer: &Layer) -> Outcome {
    let bytes = layer
        .open()
        .and_then(|source| Hasher::read_all(source).map_err(blob::reading));
    match bytes {
        Err(error) => Outcome::Unreadable(error),
        Ok(found) if found == (*layer.digest(), layer.size()) => Outcome::Same,
        Ok((digest, size)) => Outcome::Changed {
            digest,
            size,
            difference: difference(layer),
        },
    }
}

fn difference(layer: &Layer) -> Option<Result<Difference>> {
    let file = layer.file_digests.as_deref()?;
    let no_file = || {
        let reason = "each file is what it was, so another version of this program packed it";
        Error::Value(reason.to_owned())
    };
    let found = || {
        let then = file_digests::recorded(layer, file)?;
        let now = file_digests::of_contents(layer.packed_from())?;
        Difference::first(&then, &now).ok_or_else(no_file)
    };
    Some(found())
}
