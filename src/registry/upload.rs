//! One blob, until a repository has it: mounted from another repository, or
//! sent.
//!
//! An attempt that breaks is followed by another from the start, with an
//! upload session of its own; other blobs do not notice.

use std::cell::Cell;
use std::sync::Arc;

use super::body::BlobBody;
use super::client::{Client, Session};
use super::failure::Failure;
use super::reference::Repository;
use super::report::{Action, Event, Observer};
use super::retry::Retry;
use crate::{Blob, Descriptor};

/// Where a blob may be mounted from.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sources<'a> {
    /// It is known to be there.
    pub(crate) sure: Option<&'a Repository>,
    /// It may be there.
    pub(crate) likely: &'a [Repository],
}

impl<'a> Sources<'a> {
    /// The repository to ask for a mount: the only one there is, or the first
    /// that has the blob. One that cannot be asked does not have it.
    pub(crate) async fn best(
        &self,
        client: &Client,
        blob: &Descriptor,
        asking: bool,
    ) -> Option<&'a Repository> {
        match (self.sure, self.likely) {
            (Some(sure), _) => return Some(sure),
            (None, [only]) if !asking => return Some(only),
            _ => {}
        }
        for source in self.likely {
            if let Ok(true) = client
                .has_blob(source.path(), &blob.digest, blob.size)
                .await
            {
                return Some(source);
            }
        }
        None
    }
}

/// What one blob needs to come into a repository.
pub(crate) struct Upload<'a> {
    pub(crate) client: &'a Client,
    pub(crate) repository: &'a Repository,
    pub(crate) sources: Sources<'a>,
    pub(crate) observer: &'a Arc<dyn Observer>,
    pub(crate) retry: Retry<'a>,
}

impl Upload<'_> {
    /// Brings a blob that is missing into the repository.
    pub(crate) async fn place(
        &self,
        descriptor: &Descriptor,
        blob: &Blob,
    ) -> Result<Action, Failure> {
        let source = self.sources.best(self.client, descriptor, false).await;
        let source = Cell::new(source);
        let path = self.repository.path();
        let attempt = async |attempt| {
            // The answer may have been lost, and not the blob.
            if attempt > 0
                && self
                    .client
                    .has_blob(path, &descriptor.digest, descriptor.size)
                    .await?
            {
                return Ok(Action::Uploaded);
            }
            match self.begin(descriptor, &source).await? {
                Session::Mounted => Ok(Action::Mounted),
                Session::Upload(session) => {
                    self.observer.notice(&Event::Begun { blob: descriptor });
                    let body = BlobBody::start(blob, Arc::clone(self.observer));
                    let body = body.map_err(|error| Failure::Blob(Box::new(error)))?;
                    self.client.send_blob(session, descriptor, body).await?;
                    Ok(Action::Uploaded)
                }
            }
        };
        self.retry.run(attempt).await
    }

    /// Begins with a mount where there is something to mount from, once.
    async fn begin(
        &self,
        blob: &Descriptor,
        source: &Cell<Option<&Repository>>,
    ) -> Result<Session, Failure> {
        let path = self.repository.path();
        if let Some(from) = source.get() {
            match self.client.begin(path, Some((&blob.digest, from))).await {
                Err(failure) if failure.is_transient() => return Err(failure),
                // Some refuse what others only decline.
                Err(_) => source.set(None),
                Ok(session) => {
                    source.set(None);
                    return Ok(session);
                }
            }
        }
        self.client.begin(path, None).await
    }
}
