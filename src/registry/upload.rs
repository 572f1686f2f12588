//! One blob, until a repository has it: mounted from another repository, or
//! sent.
//!
//! An attempt that breaks is followed by another from the start, with an
//! upload session of its own; other blobs do not notice.

use std::cell::Cell;
use std::sync::Arc;

use reqwest::StatusCode;

use super::body::BlobBody;
use super::client::{Client, Session};
use super::failure::Failure;
use super::reference::Repository;
use super::report::{Action, Event, Observer};
use super::retry::Retry;
use crate::{Blob, Descriptor};

/// Where a blob may be mounted from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sources<'a> {
    /// It is known to be there.
    pub(crate) sure: Option<&'a Repository>,
    /// It may be there.
    pub(crate) likely: &'a [Repository],
    /// Whether we turned out not to be allowed to look there.
    pub(crate) denied: &'a Cell<bool>,
}

impl<'a> Sources<'a> {
    /// The repository to ask for a mount: the only one there is, unasked, for
    /// the mount tells as much, or the first that has the blob.
    async fn best(&self, client: &Client, blob: &Descriptor) -> Option<&'a Repository> {
        match (self.sure, self.likely) {
            (None, [only]) if !self.denied.get() => Some(only),
            _ => self.having(client, blob).await,
        }
    }

    /// The first repository that has the blob. One that cannot be asked does
    /// not have it.
    pub(crate) async fn having(
        &self,
        client: &Client,
        blob: &Descriptor,
    ) -> Option<&'a Repository> {
        if self.sure.is_some() || self.denied.get() {
            return self.sure;
        }
        for source in self.likely {
            let path = source.path();
            match client.has_blob(path, &blob.digest, blob.size).await {
                Ok(true) => return Some(source),
                Ok(false) => {}
                Err(failure) => self.learn(&failure),
            }
        }
        None
    }

    /// Remembers that we may not look there: each time would cost a token.
    fn learn(&self, failure: &Failure) {
        let denied = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];
        if failure
            .status()
            .is_some_and(|status| denied.contains(&status))
        {
            self.denied.set(true);
        }
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
        let source = self.sources.best(self.client, descriptor).await;
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
            match self.begin(descriptor, &source, attempt).await? {
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

    /// Begins with a mount where there is something to mount from, once. A
    /// registry that fails at it twice may still take an upload.
    async fn begin(
        &self,
        blob: &Descriptor,
        source: &Cell<Option<&Repository>>,
        attempt: u32,
    ) -> Result<Session, Failure> {
        let path = self.repository.path();
        if let Some(from) = source.get() {
            match self.client.begin(path, Some((&blob.digest, from))).await {
                Err(failure) if failure.is_transient() => {
                    if attempt > 0 && failure.status().is_some_and(|it| it.is_server_error()) {
                        source.set(None);
                    }
                    return Err(failure);
                }
                // Some refuse what others only decline.
                Err(failure) => {
                    self.sources.learn(&failure);
                    source.set(None);
                }
                Ok(session) => {
                    source.set(None);
                    return Ok(session);
                }
            }
        }
        self.client.begin(path, None).await
    }
}
