//! The client of one registry: each request of the distribution specification
//! that a push needs, once.
//!
//! A request without a blob that is refused with 401 is sent again with a new
//! header. Nothing else is tried again here.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, LOCATION,
};
use reqwest::{Body, Method, RequestBuilder, Response, StatusCode, Url};

use super::auth::{Authorization, Authorizer, host_of};
use super::body::{BlobBody, Watch};
use super::challenge::Challenge;
use super::failure::Failure;
use super::reference::Repository;
use super::transport::Transport;
use crate::{Descriptor, Digest};

/// The type of a blob's bytes.
const BYTES: &str = "application/octet-stream";
/// Redirects that are followed.
const REDIRECTS: u32 = 5;
/// How many times as long as any other answer one may take that a registry
/// gives after it stored something.
const STORING: u32 = 5;

/// A registry that answered.
#[derive(Debug)]
pub(crate) struct Client {
    transport: Transport,
    authorizer: Authorizer,
    base: Url,
    host: String,
    timeout: Duration,
    /// Whether the registry refuses a blob in the request that ends an upload.
    wants_chunks: AtomicBool,
}

/// What became of the wish to mount a blob, or to upload it.
pub(crate) enum Session {
    /// The blob is in the repository.
    Mounted,
    /// The blob is to be sent there.
    Upload(Url),
}

/// What is sent with a request that can be sent again.
struct Content {
    kind: String,
    bytes: Bytes,
}

impl Client {
    /// A client of the registry at an address that answered.
    pub(crate) fn new(
        address: Url,
        transport: Transport,
        authorizer: Authorizer,
        timeout: Duration,
    ) -> Self {
        Client {
            transport,
            authorizer,
            host: host_of(&address),
            base: address,
            timeout,
            wants_chunks: AtomicBool::new(false),
        }
    }

    /// Answers the registry's first challenge, and sees whether a password is
    /// right before many requests use it.
    pub(crate) async fn introduce(&self, challenge: Option<Challenge>) -> Result<(), Failure> {
        let Some(challenge) = challenge else {
            return Ok(());
        };
        let nobody = self.authorizer.current(&self.transport).await?;
        let by_password = challenge == Challenge::Basic;
        let known = self
            .authorizer
            .refused(&nobody, Some(challenge), &self.transport)
            .await?;
        if !known {
            return Err(Failure::Credentials(format!(
                "{} wants credentials, and there are none for it",
                self.host
            )));
        }
        if by_password {
            let answer = self.send(Method::GET, &self.base, None).await?;
            self.expect(answer, &[StatusCode::OK]).await?;
        }
        Ok(())
    }

    /// Whether a blob is in a repository.
    pub(crate) async fn has_blob(
        &self,
        path: &str,
        digest: &Digest,
        size: u64,
    ) -> Result<bool, Failure> {
        let url = self.url(&format!("{path}/blobs/{digest}"))?;
        let answer = self.send(Method::HEAD, &url, None).await?;
        match answer.status() {
            StatusCode::OK => {
                let told = answer.headers().get(CONTENT_LENGTH);
                let told = told.and_then(|size| size.to_str().ok()?.parse::<u64>().ok());
                Ok(told.is_none_or(|told| told == size))
            }
            StatusCode::NOT_FOUND => Ok(false),
            // What cannot be asked is sent.
            StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => Ok(false),
            _ => Err(Failure::of_response(&self.host, answer).await),
        }
    }

    /// Asks for an upload, or for a mount from another repository, which may
    /// turn into an upload.
    pub(crate) async fn begin(
        &self,
        path: &str,
        mount: Option<(&Digest, &Repository)>,
    ) -> Result<Session, Failure> {
        let mut url = self.url(&format!("{path}/blobs/uploads/"))?;
        if let Some((digest, from)) = mount {
            url.query_pairs_mut()
                .append_pair("mount", &digest.to_string())
                .append_pair("from", from.path());
        }
        let answer = self
            .send(Method::POST, &url, Some(Content::nothing()))
            .await?;
        match answer.status() {
            StatusCode::CREATED if mount.is_some() => Ok(Session::Mounted),
            StatusCode::ACCEPTED => Ok(Session::Upload(self.location(&url, answer.headers())?)),
            _ => Err(Failure::of_response(&self.host, answer).await),
        }
    }

    /// Whether blobs have to be sent before the request that ends an upload.
    pub(crate) fn wants_chunks(&self) -> bool {
        self.wants_chunks.load(Ordering::Relaxed)
    }

    /// Sends a blob in the one request that ends the upload.
    pub(crate) async fn put_blob(
        &self,
        session: Url,
        blob: &Descriptor,
        body: (BlobBody, std::sync::Arc<Watch>),
    ) -> Result<(), Failure> {
        let request = |request: RequestBuilder| request.header(CONTENT_TYPE, BYTES);
        let url = with_digest(session, &blob.digest);
        let answer = self.send_blob(Method::PUT, &url, body, request).await?;
        let failure = match self.stored(answer, &blob.digest).await {
            Err(failure) => failure,
            stored => return stored,
        };
        let refused = matches!(failure.status(), Some(status)
            if matches!(status.as_u16(), 400 | 404 | 405 | 411 | 413 | 415 | 416 | 501));
        let disputed = [
            "DIGEST_INVALID",
            "SIZE_INVALID",
            "BLOB_UPLOAD_UNKNOWN",
            "DENIED",
        ];
        if refused
            && !disputed.iter().any(|code| failure.has_code(code))
            && !self.wants_chunks.swap(true, Ordering::Relaxed)
        {
            return Err(Failure::OtherWay(Box::new(failure)));
        }
        Err(failure)
    }

    /// Sends a blob as one chunk, and ends the upload.
    pub(crate) async fn patch_blob(
        &self,
        session: Url,
        blob: &Descriptor,
        body: (BlobBody, std::sync::Arc<Watch>),
    ) -> Result<(), Failure> {
        let range = format!("0-{}", blob.size.saturating_sub(1));
        let request = |request: RequestBuilder| {
            request
                .header(CONTENT_TYPE, BYTES)
                .header(CONTENT_RANGE, range)
        };
        let answer = self
            .send_blob(Method::PATCH, &session, body, request)
            .await?;
        let answer = self
            .expect(answer, &[StatusCode::ACCEPTED, StatusCode::NO_CONTENT])
            .await?;
        let url = with_digest(self.location(&session, answer.headers())?, &blob.digest);
        let answer = self
            .send(Method::PUT, &url, Some(Content::nothing()))
            .await?;
        self.stored(answer, &blob.digest).await
    }

    /// Sends a manifest under a tag or its digest.
    pub(crate) async fn put_manifest(
        &self,
        path: &str,
        name: &str,
        manifest: &Descriptor,
        text: &str,
    ) -> Result<(), Failure> {
        let url = self.url(&format!("{path}/manifests/{name}"))?;
        let kind = manifest.media_type.clone();
        let bytes = Bytes::copy_from_slice(text.as_bytes());
        let answer = self
            .send(Method::PUT, &url, Some(Content { kind, bytes }))
            .await?;
        self.stored(answer, &manifest.digest).await
    }

    /// Takes the answer to something that should be stored now.
    async fn stored(&self, answer: Response, digest: &Digest) -> Result<(), Failure> {
        let wanted = [StatusCode::CREATED, StatusCode::OK, StatusCode::NO_CONTENT];
        let answer = self.expect(answer, &wanted).await?;
        let told = answer.headers().get("Docker-Content-Digest");
        let told = told
            .and_then(|told| told.to_str().ok())
            .filter(|told| told.starts_with("sha256:"));
        match told {
            Some(told) if told != digest.to_string() => Err(Failure::Answer(format!(
                "{} stored it under another digest: {told} instead of {digest}",
                self.host
            ))),
            _ => Ok(()),
        }
    }

    async fn expect(&self, answer: Response, wanted: &[StatusCode]) -> Result<Response, Failure> {
        match wanted.contains(&answer.status()) {
            true => Ok(answer),
            false => Err(Failure::of_response(&self.host, answer).await),
        }
    }

    fn url(&self, path: &str) -> Result<Url, Failure> {
        let joined = self.base.join(path);
        joined.map_err(|_| Failure::Answer(format!("{}{path} is no URL", self.base)))
    }

    /// Where an upload goes on: relative or absolute, as the registry likes. A
    /// registry behind a proxy may think it is talked to by plain HTTP.
    fn location(&self, asked: &Url, headers: &HeaderMap) -> Result<Url, Failure> {
        let location = headers
            .get(LOCATION)
            .and_then(|location| location.to_str().ok());
        let url = location.and_then(|location| asked.join(location).ok());
        let mut url = url.ok_or_else(|| {
            Failure::Answer(format!(
                "{} does not say where the upload goes on",
                self.host
            ))
        })?;
        if self.base.scheme() == "https" && url.scheme() == "http" && url.host() == self.base.host()
        {
            let port = self.base.port();
            // Both schemes have hosts, so neither call can fail.
            let _ = url.set_scheme("https").and_then(|()| url.set_port(port));
        }
        match url.scheme() == "https"
            || self.transport.is_trusted(&url)
            || self.base.scheme() == "http"
        {
            true => Ok(url),
            false => Err(Failure::Answer(format!(
                "{} wants the upload to go on without TLS",
                self.host
            ))),
        }
    }

    /// The header for an address, which only the registry itself is shown.
    async fn authorization(&self, url: &Url) -> Result<(Authorization, RequestHeader), Failure> {
        let authorization = self.authorizer.current(&self.transport).await?;
        let header = match url.origin() == self.base.origin() {
            true => authorization.header.clone(),
            false => None,
        };
        Ok((authorization, header))
    }

    /// Sends a request that can be sent again: after 401, with another header.
    async fn send(
        &self,
        method: Method,
        url: &Url,
        content: Option<Content>,
    ) -> Result<Response, Failure> {
        let mut url = url.clone();
        let mut redirects = 0;
        let mut renewed = false;
        let limit = match content
            .as_ref()
            .is_some_and(|content| !content.bytes.is_empty())
        {
            true => self.timeout.saturating_mul(STORING),
            false => self.timeout,
        };
        loop {
            let (authorization, header) = self.authorization(&url).await?;
            let mut request = self
                .transport
                .client(&url)?
                .request(method.clone(), url.clone());
            if let Some(header) = header {
                request = request.header(AUTHORIZATION, header);
            }
            if let Some(content) = &content {
                request = request
                    .header(CONTENT_LENGTH, content.bytes.len())
                    .body(content.bytes.clone());
                if !content.kind.is_empty() {
                    request = request.header(CONTENT_TYPE, &content.kind);
                }
            }
            let answer = request.timeout(limit).send().await;
            let answer = answer.map_err(|error| Failure::of_request(&host_of(&url), &error))?;
            let is_safe = method == Method::HEAD || method == Method::GET;
            if answer.status() == StatusCode::UNAUTHORIZED && !renewed {
                renewed = true;
                let challenge = Challenge::of(answer.headers());
                if self
                    .authorizer
                    .refused(&authorization, challenge, &self.transport)
                    .await?
                {
                    continue;
                }
            }
            if answer.status().is_redirection() && is_safe && redirects < REDIRECTS {
                redirects += 1;
                url = self.location(&url, answer.headers())?;
                continue;
            }
            return Ok(answer);
        }
    }

    /// Sends a blob's bytes, for as long as they move.
    async fn send_blob(
        &self,
        method: Method,
        url: &Url,
        (body, watch): (BlobBody, std::sync::Arc<Watch>),
        with_headers: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, Failure> {
        let (authorization, header) = self.authorization(url).await?;
        let request = self.transport.client(url)?.request(method, url.clone());
        let mut request = with_headers(request.body(Body::wrap(body)));
        if let Some(header) = header {
            request = request.header(AUTHORIZATION, header);
        }
        let sent = self.while_it_moves(request.send(), &watch).await;
        if let Some(error) = watch.failure() {
            return Err(Failure::Blob(Box::new(error)));
        }
        let answer = sent?.map_err(|error| Failure::of_request(&host_of(url), &error))?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            let challenge = Challenge::of(answer.headers());
            if self
                .authorizer
                .refused(&authorization, challenge, &self.transport)
                .await?
            {
                return Err(Failure::TokenEnded);
            }
        }
        Ok(answer)
    }

    /// Waits for an answer, but no longer than the limit after the connection
    /// took the last bytes.
    async fn while_it_moves<T>(
        &self,
        sent: impl Future<Output = T>,
        watch: &Watch,
    ) -> Result<T, Failure> {
        let mut sent = std::pin::pin!(sent);
        let look = (self.timeout / 4).min(Duration::from_secs(1));
        loop {
            if let Ok(done) = tokio::time::timeout(look, &mut sent).await {
                return Ok(done);
            }
            let limit = match watch.is_finished() {
                true => self.timeout.saturating_mul(STORING),
                false => self.timeout,
            };
            if watch.silence() > limit {
                return Err(Failure::Silent {
                    host: self.host.clone(),
                    limit,
                });
            }
        }
    }
}

type RequestHeader = Option<reqwest::header::HeaderValue>;

impl Content {
    fn nothing() -> Self {
        Content {
            kind: String::new(),
            bytes: Bytes::new(),
        }
    }
}

fn with_digest(mut session: Url, digest: &Digest) -> Url {
    session
        .query_pairs_mut()
        .append_pair("digest", &digest.to_string());
    session
}

/// Asks each address under which a registry may be. Gives the first that
/// answers, and what it asks for.
pub(crate) async fn find(
    transport: &Transport,
    timeout: Duration,
) -> Result<(Url, Option<Challenge>), Failure> {
    let host = transport.host();
    let candidates = transport.candidates();
    let mut first = None;
    for (index, candidate) in candidates.iter().enumerate() {
        let url = Url::parse(candidate)
            .map_err(|_| Failure::Answer(format!("{host} is no host of a registry")))?;
        let client = transport.client(&url)?;
        let answer = client.get(url.clone()).timeout(timeout).send().await;
        let answer = match answer.map_err(|error| Failure::of_request(host, &error)) {
            Ok(answer) => answer,
            Err(
                failure @ Failure::Connection {
                    certificate: true, ..
                },
            ) => return Err(failure),
            Err(failure) => {
                first.get_or_insert(failure);
                continue;
            }
        };
        match answer.status() {
            // So a server for TLS answers to plain HTTP.
            StatusCode::BAD_REQUEST if index + 1 < candidates.len() => {}
            StatusCode::UNAUTHORIZED => return Ok((url, Challenge::of(answer.headers()))),
            // Some have no page there; what counts is asked for later.
            StatusCode::OK | StatusCode::NOT_FOUND => return Ok((url, None)),
            _ => return Err(Failure::of_response(host, answer).await),
        }
    }
    Err(first.unwrap_or_else(|| Failure::Answer(format!("{host} is no registry"))))
}
