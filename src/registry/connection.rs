//! The connection to one registry: requests with the right header, and their
//! answers.
//!
//! A request without a blob that is refused with 401 is sent again with a new
//! header, and redirects of questions are followed; the header is for the
//! registry alone. Nothing else is tried again here.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION,
};
use reqwest::{Body, Method, RequestBuilder, Response, StatusCode, Url};

use super::auth::{Authorization, Authorizer};
use super::body::{BlobBody, Watch};
use super::challenge::Challenge;
use super::failure::Failure;
use super::reference::host_of;
use super::transport::Transport;

/// Redirects that are followed.
const REDIRECTS: u32 = 5;
/// How many times as long as any other answer one may take that a registry
/// gives after it stored something.
const STORING: u32 = 5;

/// A registry that answered.
#[derive(Debug)]
pub(crate) struct Connection {
    transport: Transport,
    authorizer: Authorizer,
    base: Url,
    host: String,
    timeout: Duration,
}

/// What is sent with a request that can be sent again.
pub(crate) enum Content {
    /// Nothing, as with a question.
    None,
    /// Nothing, and that is told by its length.
    Empty,
    /// Bytes of a media type.
    Bytes { kind: String, bytes: Bytes },
}

impl Content {
    fn add_to(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Content::None => request,
            Content::Empty => request.header(CONTENT_LENGTH, 0).body(Bytes::new()),
            Content::Bytes { kind, bytes } => request
                .header(CONTENT_LENGTH, bytes.len())
                .header(CONTENT_TYPE, kind)
                .body(bytes.clone()),
        }
    }
}

impl Connection {
    /// A connection to the registry at an address that answered.
    pub(crate) fn new(
        address: Url,
        transport: Transport,
        authorizer: Authorizer,
        timeout: Duration,
    ) -> Self {
        Connection {
            transport,
            authorizer,
            host: host_of(&address),
            base: address,
            timeout,
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
            let answer = self.send(Method::GET, &self.base, Content::None).await?;
            with_status(answer, &[StatusCode::OK]).await?;
        }
        Ok(())
    }

    /// The registry's host, with its port where it has one.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// What authorizes the requests.
    pub(crate) fn authorizer(&self) -> &Authorizer {
        &self.authorizer
    }

    /// An address of the registry's API.
    pub(crate) fn url(&self, path: &str) -> Result<Url, Failure> {
        let joined = self.base.join(path);
        joined.map_err(|_| Failure::Answer(format!("{}{path} is no URL", self.base)))
    }

    /// Where an upload goes on: relative or absolute, as the registry likes. A
    /// registry behind a proxy may think it is talked to by plain HTTP.
    pub(crate) fn location(&self, asked: &Url, headers: &HeaderMap) -> Result<Url, Failure> {
        let location = headers
            .get(LOCATION)
            .and_then(|location| location.to_str().ok());
        let url = location.and_then(|location| asked.join(location).ok());
        let mut url = url.ok_or_else(|| {
            Failure::Answer(format!("{} does not say where it goes on", self.host))
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
                "{} wants to be talked to without TLS",
                self.host
            ))),
        }
    }

    /// The header for an address, which only the registry itself is shown.
    async fn authorization(
        &self,
        url: &Url,
    ) -> Result<(Authorization, Option<HeaderValue>), Failure> {
        let authorization = self.authorizer.current(&self.transport).await?;
        let header = match url.origin() == self.base.origin() {
            true => authorization.header.clone(),
            false => None,
        };
        Ok((authorization, header))
    }

    /// Sends a request that can be sent again: after 401, with another header.
    pub(crate) async fn send(
        &self,
        method: Method,
        url: &Url,
        content: Content,
    ) -> Result<Response, Failure> {
        let mut url = url.clone();
        let mut redirects = 0;
        let mut renewed = false;
        let limit = match content {
            Content::Bytes { .. } => self.timeout.saturating_mul(STORING),
            Content::None | Content::Empty => self.timeout,
        };
        loop {
            let (authorization, header) = self.authorization(&url).await?;
            let client = self.transport.client(&url)?;
            let mut request = content.add_to(client.request(method.clone(), url.clone()));
            if let Some(header) = header {
                request = request.header(AUTHORIZATION, header);
            }
            let answer = request.timeout(limit).send().await;
            let answer = answer.map_err(|error| Failure::of_request(&host_of(&url), error))?;
            let is_safe = method == Method::HEAD || method == Method::GET;
            if !renewed && self.is_refused(&url, &answer) {
                renewed = true;
                if self.renew(&authorization, &answer).await? {
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
    pub(crate) async fn send_blob(
        &self,
        method: Method,
        url: &Url,
        body: BlobBody,
        with_headers: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, Failure> {
        let watch = body.watch();
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
        let answer = sent?.map_err(|error| Failure::of_request(&host_of(url), error))?;
        if self.is_refused(url, &answer) && self.renew(&authorization, &answer).await? {
            let failure = Failure::of_response(answer).await;
            return Err(Failure::TokenEnded(Box::new(failure)));
        }
        Ok(answer)
    }

    /// Whether the registry itself wants another header. Another host, where a
    /// redirect or an upload led, has no say in where our credentials go.
    fn is_refused(&self, url: &Url, answer: &Response) -> bool {
        answer.status() == StatusCode::UNAUTHORIZED && url.origin() == self.base.origin()
    }

    /// Gets another header; false when there is none.
    async fn renew(&self, used: &Authorization, answer: &Response) -> Result<bool, Failure> {
        let challenge = Challenge::of(answer.headers());
        self.authorizer
            .refused(used, challenge, &self.transport)
            .await
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

/// Takes an answer with one of these statuses.
pub(crate) async fn with_status(
    answer: Response,
    wanted: &[StatusCode],
) -> Result<Response, Failure> {
    match wanted.contains(&answer.status()) {
        true => Ok(answer),
        false => Err(Failure::of_response(answer).await),
    }
}
