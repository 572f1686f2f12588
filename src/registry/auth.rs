//! Authorization: the header that a registry wants with every request.
//!
//! Takes credentials and the registry's challenge, gives the header: user and
//! password, or a token from the token server (the distribution project's
//! token specification). All requests to a registry share one token, which is
//! renewed before it ends, and when the registry refuses it.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Response, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::challenge::Challenge;
use super::credentials::Credentials;
use super::failure::Failure;
use super::reference::host_of;
use super::transport::Transport;

/// How long a token is good when its server does not say (the specification's
/// number).
const TOKEN_LIFE: Duration = Duration::from_secs(60);

/// What the tokens must allow.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scopes {
    /// Without these there is nothing to do.
    pub(crate) needed: Vec<String>,
    /// These are for mounts, which a token server may refuse.
    pub(crate) wished: Vec<String>,
}

/// The header of a request, and which one it is.
#[derive(Clone, Debug)]
pub(crate) struct Authorization {
    pub(crate) header: Option<HeaderValue>,
    number: u64,
}

/// Gives headers for one registry.
#[derive(Debug)]
pub(crate) struct Authorizer {
    credentials: Option<Credentials>,
    scopes: Scopes,
    timeout: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    challenge: Option<Challenge>,
    current: Authorization,
    renew_at: Option<Instant>,
    /// Whether the token server refused what was only wished.
    only_needed: bool,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct TokenText {
    token: Option<SecretString>,
    access_token: Option<SecretString>,
    /// Seconds. Some say 0, or less, for what they do not say.
    expires_in: Option<f64>,
}

impl Authorizer {
    pub(crate) fn new(credentials: Option<Credentials>, scopes: Scopes, timeout: Duration) -> Self {
        let current = Authorization {
            header: None,
            number: 0,
        };
        let state = State {
            challenge: None,
            current,
            renew_at: None,
            only_needed: false,
        };
        Authorizer {
            credentials,
            scopes,
            timeout,
            state: Mutex::new(state),
        }
    }

    /// The header for the next request.
    pub(crate) async fn current(&self, transport: &Transport) -> Result<Authorization, Failure> {
        let mut state = self.state.lock().await;
        if state.renew_at.is_some_and(|at| at <= Instant::now()) {
            self.renew(&mut state, transport).await?;
        }
        Ok(state.current.clone())
    }

    /// Takes notice that a request was refused with the status 401. False when
    /// there is nothing else to offer.
    pub(crate) async fn refused(
        &self,
        used: &Authorization,
        challenge: Option<Challenge>,
        transport: &Transport,
    ) -> Result<bool, Failure> {
        let mut state = self.state.lock().await;
        if state.current.number != used.number {
            return Ok(true);
        }
        state.challenge = challenge.or(state.challenge.take());
        match (&state.challenge, &self.credentials) {
            (Some(Challenge::Basic), _) if used.header.is_some() => Ok(false),
            (Some(Challenge::Basic), None) => Ok(false),
            (None, _) => Ok(false),
            _ => self.renew(&mut state, transport).await.map(|()| true),
        }
    }

    /// Whether the token server refused what was only wished.
    pub(crate) async fn is_denied_wishes(&self) -> bool {
        self.state.lock().await.only_needed
    }

    async fn renew(&self, state: &mut State, transport: &Transport) -> Result<(), Failure> {
        let (header, life) = match (&state.challenge, &self.credentials) {
            (_, Some(Credentials::Bearer(token))) => (bearer(token)?, None),
            (Some(Challenge::Basic), Some(Credentials::Basic { user, password })) => {
                (basic(user, password)?, None)
            }
            (Some(Challenge::Basic), _) => {
                let reason = "the registry wants a user and a password, and has an identity token";
                return Err(Failure::Credentials(reason.to_owned()));
            }
            (Some(Challenge::Bearer { realm, service }), _) => {
                let server = self.server(realm, transport)?;
                let mut answer = self
                    .ask(&server, service, state.only_needed, transport)
                    .await;
                if !state.only_needed && !self.scopes.wished.is_empty() && is_denied(&answer) {
                    state.only_needed = true;
                    answer = self.ask(&server, service, true, transport).await;
                }
                let (token, life) = answer?;
                (bearer(&token)?, Some(life))
            }
            (None, _) => return Ok(()),
        };
        state.current = Authorization {
            header: Some(header),
            number: state.current.number + 1,
        };
        state.renew_at = life.and_then(renew_at);
        Ok(())
    }

    /// The token server, if it may be shown what we have.
    fn server(&self, realm: &str, transport: &Transport) -> Result<Url, Failure> {
        let url = Url::parse(realm).map_err(|_| {
            Failure::Answer(format!(
                "the registry names a token server that is no URL: `{realm}`"
            ))
        })?;
        match self.credentials.is_none() || transport.is_trusted(&url) {
            true => Ok(url),
            false => Err(Failure::Credentials(format!(
                "the registry names the token server {}, which is not https, so it gets no \
                 credentials; --insecure allows it",
                host_of(&url)
            ))),
        }
    }

    /// Asks the token server for a token, and how long it is good.
    async fn ask(
        &self,
        server: &Url,
        service: &str,
        only_needed: bool,
        transport: &Transport,
    ) -> Result<(SecretString, Duration), Failure> {
        let wished = self.scopes.wished.iter().filter(|_| !only_needed);
        let scopes: Vec<_> = self
            .scopes
            .needed
            .iter()
            .chain(wished)
            .map(String::as_str)
            .collect();
        let host = host_of(server);
        let client = transport.client(server)?;
        let request = match &self.credentials {
            Some(Credentials::Identity(token)) => client.post(server.clone()).form(&[
                ("grant_type", "refresh_token"),
                ("refresh_token", token.expose_secret()),
                ("service", service),
                ("client_id", "nix2container"),
                ("scope", &scopes.join(" ")),
            ]),
            other => {
                let mut url = server.clone();
                if !service.is_empty() {
                    url.query_pairs_mut().append_pair("service", service);
                }
                for scope in &scopes {
                    url.query_pairs_mut().append_pair("scope", scope);
                }
                let request = client.get(url);
                match other {
                    Some(Credentials::Basic { user, password }) => {
                        request.header(AUTHORIZATION, basic(user, password)?)
                    }
                    _ => request,
                }
            }
        };
        let answer = request.timeout(self.timeout).send().await;
        let answer = answer.map_err(|error| Failure::of_request(&host, error))?;
        read_token(&host, answer).await
    }
}

fn is_denied<T>(answer: &Result<T, Failure>) -> bool {
    match answer {
        Err(Failure::Credentials(_)) => true,
        Err(failure) => failure.status() == Some(StatusCode::BAD_REQUEST),
        Ok(_) => false,
    }
}

async fn read_token(host: &str, answer: Response) -> Result<(SecretString, Duration), Failure> {
    if answer.status() != StatusCode::OK {
        let failure = Failure::of_response(answer).await;
        return Err(match failure.status() {
            Some(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => Failure::Credentials(
                format!("the token server refuses the credentials: {failure}"),
            ),
            _ => failure,
        });
    }
    let body = answer
        .bytes()
        .await
        .map_err(|error| Failure::of_request(host, error))?;
    token_in(&body).ok_or_else(|| {
        Failure::Answer(format!(
            "the answer of the token server {host} has no token"
        ))
    })
}

/// When a token is renewed that is good for so long; None for never.
fn renew_at(life: Duration) -> Option<Instant> {
    Instant::now().checked_add(life.mul_f64(0.8))
}

/// The token in a server's answer, and how long it is good.
fn token_in(body: &[u8]) -> Option<(SecretString, Duration)> {
    let text: TokenText = serde_json::from_slice(body).ok()?;
    let life = text.expires_in.filter(|seconds| *seconds > 0.0);
    let life = life.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let tokens = [text.token, text.access_token].into_iter().flatten();
    let mut tokens = tokens.filter(|token| !token.expose_secret().is_empty());
    Some((tokens.next()?, life.unwrap_or(TOKEN_LIFE)))
}

fn basic(user: &str, password: &SecretString) -> Result<HeaderValue, Failure> {
    let text = SecretString::from(format!("{user}:{}", password.expose_secret()));
    secret_header("Basic", &STANDARD.encode(text.expose_secret()))
}

fn bearer(token: &SecretString) -> Result<HeaderValue, Failure> {
    secret_header("Bearer", token.expose_secret())
}

fn secret_header(scheme: &str, secret: &str) -> Result<HeaderValue, Failure> {
    let value = HeaderValue::try_from(format!("{scheme} {secret}"));
    let mut value = value.map_err(|_| {
        Failure::Credentials("the token has characters that no header can have".to_owned())
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_have_two_names_and_any_life() {
        for (body, want) in [
            (r#"{"token": "t", "expires_in": 300}"#, Some(300)),
            (
                r#"{"token": "", "access_token": "t", "expires_in": 300.0}"#,
                Some(300),
            ),
            (
                r#"{"token": null, "access_token": "t", "expires_in": null}"#,
                Some(60),
            ),
            (
                r#"{"access_token": "t", "token": "", "expires_in": 0}"#,
                Some(60),
            ),
            (r#"{"token": "t", "expires_in": -1}"#, Some(60)),
            (r#"{"token": "t", "expires_in": 1e300}"#, Some(60)),
            (r#"{"token": ""}"#, None),
            (r#"{"expires_in": 300}"#, None),
            ("t", None),
        ] {
            let got = token_in(body.as_bytes());
            let got = got.map(|(token, life)| (token.expose_secret().to_owned(), life.as_secs()));
            assert_eq!(got, want.map(|life| ("t".to_owned(), life)), "{body}");
        }
    }

    #[test]
    fn a_token_may_be_good_for_ever() {
        let soon = renew_at(Duration::from_secs(300));
        assert!(soon.is_some_and(|soon| soon > Instant::now() + Duration::from_secs(200)));
        assert_eq!(renew_at(Duration::MAX), None);
    }
}
