//! The client of one registry: what a push asks of it, by the distribution
//! specification. Each is one attempt.

use std::cell::Cell;

use bytes::Bytes;
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};

use super::body::BlobBody;
use super::connection::{Connection, Content, with_status};
use super::failure::Failure;
use super::reference::Repository;
use crate::{Descriptor, Digest};

/// The type of a blob's bytes.
const BYTES: &str = "application/octet-stream";

/// How a blob is sent.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// In the request that ends its upload.
    Single,
    /// As one chunk before that request, for the first way was refused.
    Chunk,
    /// In the request again, for chunks were refused, too.
    OnlySingle,
}

impl Way {
    /// What to try when this way was refused.
    fn next(self) -> Option<Self> {
        match self {
            Way::Single => Some(Way::Chunk),
            Way::Chunk => Some(Way::OnlySingle),
            Way::OnlySingle => None,
        }
    }
}

/// A registry that is ready.
#[derive(Debug)]
pub(crate) struct Client {
    connection: Connection,
    /// How blobs are sent to this registry.
    way: Cell<Way>,
}

/// What became of the wish to mount a blob, or to upload it.
pub(crate) enum Session {
    /// The blob is in the repository.
    Mounted,
    /// The blob is to be sent there.
    Upload(Url),
}

impl Client {
    /// A client over a connection that is ready.
    pub(crate) fn new(connection: Connection) -> Self {
        let way = Cell::new(Way::Single);
        Client { connection, way }
    }

    /// Whether the token server refused what mounts need.
    pub(crate) async fn is_denied_mounts(&self) -> bool {
        self.connection.authorizer().is_denied_wishes().await
    }

    /// Whether a blob is in a repository.
    pub(crate) async fn has_blob(
        &self,
        path: &str,
        digest: &Digest,
        size: u64,
    ) -> Result<bool, Failure> {
        let url = self.connection.url(&format!("{path}/blobs/{digest}"))?;
        let answer = self
            .connection
            .send(Method::HEAD, &url, Content::None)
            .await?;
        match answer.status() {
            StatusCode::OK => {
                let told = answer.headers().get(CONTENT_LENGTH);
                let told = told.and_then(|size| size.to_str().ok()?.parse::<u64>().ok());
                Ok(told.is_none_or(|told| told == size))
            }
            StatusCode::NOT_FOUND => Ok(false),
            // What cannot be asked is sent.
            StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => Ok(false),
            _ => Err(Failure::of_response(answer).await),
        }
    }

    /// Asks for an upload, or for a mount from another repository, which may
    /// turn into an upload.
    pub(crate) async fn begin(
        &self,
        path: &str,
        mount: Option<(&Digest, &Repository)>,
    ) -> Result<Session, Failure> {
        let mut url = self.connection.url(&format!("{path}/blobs/uploads/"))?;
        if let Some((digest, from)) = mount {
            url.query_pairs_mut()
                .append_pair("mount", &digest.to_string())
                .append_pair("from", from.path());
        }
        let answer = self
            .connection
            .send(Method::POST, &url, Content::Empty)
            .await?;
        match answer.status() {
            StatusCode::CREATED if mount.is_some() => Ok(Session::Mounted),
            StatusCode::ACCEPTED => Ok(Session::Upload(
                self.connection.location(&url, answer.headers())?,
            )),
            _ => Err(Failure::of_response(answer).await),
        }
    }

    /// Sends a blob, and ends the upload.
    pub(crate) async fn send_blob(
        &self,
        session: Url,
        blob: &Descriptor,
        body: BlobBody,
    ) -> Result<(), Failure> {
        let way = self.way.get();
        let sent = match way {
            Way::Chunk => self.patch_blob(session, blob, body).await,
            Way::Single | Way::OnlySingle => self.put_blob(session, blob, body).await,
        };
        match (sent, way.next()) {
            (Err(failure), Some(next)) if is_about_the_way(&failure) => {
                self.way.set(next);
                Err(Failure::OtherWay(Box::new(failure)))
            }
            (sent, _) => sent,
        }
    }

    async fn put_blob(
        &self,
        session: Url,
        blob: &Descriptor,
        body: BlobBody,
    ) -> Result<(), Failure> {
        let typed = |request: RequestBuilder| request.header(CONTENT_TYPE, BYTES);
        let url = with_digest(session, &blob.digest);
        let answer = self.connection.send_blob(Method::PUT, &url, body, typed);
        self.stored(answer.await?, &blob.digest).await
    }

    async fn patch_blob(
        &self,
        session: Url,
        blob: &Descriptor,
        body: BlobBody,
    ) -> Result<(), Failure> {
        let range = format!("0-{}", blob.size.saturating_sub(1));
        let typed = |request: RequestBuilder| {
            (request.header(CONTENT_TYPE, BYTES)).header(CONTENT_RANGE, range)
        };
        let connection = &self.connection;
        let answer = connection
            .send_blob(Method::PATCH, &session, body, typed)
            .await?;
        let taken = [StatusCode::ACCEPTED, StatusCode::NO_CONTENT];
        let answer = with_status(answer, &taken).await?;
        let rest = connection.location(&session, answer.headers())?;
        let url = with_digest(rest, &blob.digest);
        let answer = connection.send(Method::PUT, &url, Content::Empty);
        self.stored(answer.await?, &blob.digest).await
    }

    /// Sends a manifest under a tag or its digest.
    pub(crate) async fn put_manifest(
        &self,
        path: &str,
        name: &str,
        manifest: &Descriptor,
        text: &str,
    ) -> Result<(), Failure> {
        let url = self.connection.url(&format!("{path}/manifests/{name}"))?;
        let kind = manifest.media_type.clone();
        let bytes = Bytes::copy_from_slice(text.as_bytes());
        let answer = self
            .connection
            .send(Method::PUT, &url, Content::Bytes { kind, bytes })
            .await?;
        self.stored(answer, &manifest.digest).await
    }

    /// Takes the answer to something that should be stored now.
    async fn stored(&self, answer: Response, digest: &Digest) -> Result<(), Failure> {
        let wanted = [StatusCode::CREATED, StatusCode::OK, StatusCode::NO_CONTENT];
        let answer = with_status(answer, &wanted).await?;
        let told = answer.headers().get("Docker-Content-Digest");
        let told = told
            .and_then(|told| told.to_str().ok())
            .filter(|told| told.starts_with("sha256:"));
        match told {
            Some(told) if told != digest.to_string() => Err(Failure::Answer(format!(
                "{} stored it under another digest: {told} instead of {digest}",
                self.connection.host()
            ))),
            _ => Ok(()),
        }
    }
}

/// Whether a registry refused how a blob was sent, and not the blob.
fn is_about_the_way(failure: &Failure) -> bool {
    let refused = failure.status().map(|status| status.as_u16());
    let others = [
        "DIGEST_INVALID",
        "SIZE_INVALID",
        "BLOB_UPLOAD_UNKNOWN",
        "DENIED",
        "NAME_INVALID",
    ];
    matches!(refused, Some(400 | 404 | 405 | 411 | 415 | 416 | 501))
        && !others.iter().any(|code| failure.has_code(code))
}

fn with_digest(mut session: Url, digest: &Digest) -> Url {
    session
        .query_pairs_mut()
        .append_pair("digest", &digest.to_string());
    session
}
