//! The report: what a push did, as it happens and at the end.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::failure::Failure;
use super::reference::{Reference, Repository};
use crate::{Descriptor, Digest};

/// How a blob came into a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It was there.
    Exists,
    /// The registry took it from another repository.
    Mounted,
    /// It was sent.
    Uploaded,
}

/// What was done with a blob; in a dry run, what would be.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BlobReport {
    /// The blob.
    #[serde(flatten)]
    pub blob: Descriptor,
    /// How it came there.
    pub action: Action,
    /// How long that took.
    pub seconds: f64,
}

impl BlobReport {
    /// Of a blob that is there already.
    pub(crate) fn exists(blob: &Descriptor) -> Self {
        BlobReport {
            blob: blob.clone(),
            action: Action::Exists,
            seconds: 0.0,
        }
    }
}

/// What was done in a repository.
#[derive(Clone, Debug, Serialize)]
pub struct RepositoryReport {
    /// The repository.
    pub repository: Repository,
    /// Its blobs, in the manifests' order.
    pub blobs: Vec<BlobReport>,
    /// The tags that name the image now.
    pub references: Vec<Reference>,
}

/// What a push did.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The digest of the manifest that the tags name.
    pub digest: Digest,
    /// Whether nothing was changed, and this is what would be done.
    pub dry_run: bool,
    /// Each repository.
    pub repositories: Vec<RepositoryReport>,
    /// How long it took.
    pub seconds: f64,
}

/// Something that happens during a push.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// It is known which blobs a repository lacks.
    Checked {
        /// The repository.
        repository: &'a Repository,
        /// The blobs that it lacks.
        missing: &'a [&'a Descriptor],
        /// The number of all blobs.
        of: usize,
    },
    /// A blob begins to be sent, for the first time or again.
    Begun {
        /// The blob.
        blob: &'a Descriptor,
    },
    /// So many bytes more of a blob were sent.
    Sent {
        /// The blob.
        digest: &'a Digest,
        /// The number of bytes.
        count: u64,
    },
    /// Something failed and will be tried again.
    Retry {
        /// What: a blob, a manifest, a question.
        what: &'a str,
        /// Why it failed.
        failure: &'a Failure,
        /// When it will be tried again.
        wait: Duration,
    },
    /// A blob is in a repository.
    Placed {
        /// The repository.
        repository: &'a Repository,
        /// The blob, and how it came there.
        blob: &'a BlobReport,
    },
    /// A tag names the image.
    Tagged {
        /// The tag.
        reference: &'a Reference,
    },
}

/// Is told what happens during a push, from one thread.
pub trait Observer: fmt::Debug + Send + Sync {
    /// Something happened.
    fn notice(&self, event: &Event<'_>);
}
