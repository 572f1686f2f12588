//! Failures: why one request, or one attempt at a blob, came to nothing.
//!
//! Each says whether it may go better another time. The registry's own error
//! codes and messages are kept (section "Error Codes" of the distribution
//! specification).

use std::error::Error as _;
use std::io;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;
use rustls::InvalidMessage;
use serde::Deserialize;
use serde_json::Value;

use super::reference::host_of;
use super::retry_after::{LONGEST_ASKED, retry_after};

/// Bytes of an error's body that are read.
const BODY_LIMIT: usize = 64 * 1024;
/// How long an error's body is read.
const BODY_TIME: Duration = Duration::from_secs(5);
/// Characters of a registry's message that are shown.
const MESSAGE_LIMIT: usize = 300;

/// Why a registry did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The connection could not be made, or broke.
    #[error("the connection to {host} failed: {reason}")]
    Connection {
        /// The host, with a port where there is one.
        host: String,
        /// The innermost reason.
        reason: String,
        /// Whether the host's certificate is what was wrong.
        certificate: bool,
    },
    /// The registry neither took nor gave anything for some time.
    #[error("{host} was silent for {} s", .limit.as_secs_f64())]
    Silent {
        /// The host, with a port where there is one.
        host: String,
        /// How long.
        limit: Duration,
    },
    /// The registry refused.
    #[error("{host} answered {status}{}{}", told(.errors), asked(.after))]
    Status {
        /// The host, with a port where there is one.
        host: String,
        /// The status.
        status: StatusCode,
        /// The registry's errors, each a code and a message.
        errors: Vec<(String, String)>,
        /// When the registry wants to be asked again.
        after: Option<Duration>,
    },
    /// The registry's answer is not one of the specification.
    #[error("{0}")]
    Answer(String),
    /// Nobody may do this, or we are not who we say.
    #[error("{0}")]
    Credentials(String),
    /// A token ended while a blob was sent, as this failure says; there is a
    /// new one.
    #[error("{0}")]
    TokenEnded(Box<Failure>),
    /// The registry wants blobs to be sent in another way, which was noted.
    #[error("{0}")]
    OtherWay(Box<Failure>),
    /// The bytes of the blob cannot be had.
    #[error(transparent)]
    Blob(Box<crate::Error>),
}

impl Failure {
    /// Whether it may go better another time.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Failure::Connection { certificate, .. } => !certificate,
            Failure::Silent { .. } | Failure::OtherWay(_) => true,
            // A session that the registry forgot; what was sent is lost.
            Failure::Status { .. } if self.has_code("BLOB_UPLOAD_UNKNOWN") => true,
            Failure::Status { status, .. } => {
                matches!(status.as_u16(), 408 | 425 | 429)
                    || status.is_server_error() && !self.is_unknown_method()
            }
            // A new token that is not taken either is none that helps.
            Failure::TokenEnded(_) => false,
            Failure::Answer(_) | Failure::Credentials(_) | Failure::Blob(_) => false,
        }
    }

    /// Whether the registry wants us to ask less often.
    pub(crate) fn is_about_the_pace(&self) -> bool {
        self.status() == Some(StatusCode::TOO_MANY_REQUESTS)
    }

    fn is_unknown_method(&self) -> bool {
        matches!(self, Failure::Status { status, .. } if matches!(status.as_u16(), 501 | 505))
    }

    /// How long the registry wants to be left alone.
    pub(crate) fn after(&self) -> Option<Duration> {
        match self {
            Failure::Status { after, .. } => *after,
            _ => None,
        }
    }

    /// Whether what was wrong is put right, so that the next attempt need not
    /// wait.
    pub(crate) fn is_settled(&self) -> bool {
        matches!(self, Failure::TokenEnded(_) | Failure::OtherWay(_))
    }

    /// Whether the registry gave one of its error codes.
    pub(crate) fn has_code(&self, wanted: &str) -> bool {
        match self {
            Failure::Status { errors, .. } => errors.iter().any(|(code, _)| code == wanted),
            _ => false,
        }
    }

    /// The status, if that is what failed.
    pub(crate) fn status(&self) -> Option<StatusCode> {
        match self {
            Failure::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// A request that was not answered.
    pub(crate) fn of_request(host: &str, error: reqwest::Error) -> Self {
        let host = host.to_owned();
        let (reason, certificate) = innermost(&error.without_url());
        Failure::Connection {
            host,
            reason,
            certificate,
        }
    }

    /// An answer with a status that is not welcome; reads its body, as far as
    /// it comes.
    pub(crate) async fn of_response(mut response: reqwest::Response) -> Self {
        let mut body = Vec::new();
        let read = async {
            while let Ok(Some(piece)) = response.chunk().await {
                body.extend_from_slice(&piece);
                if body.len() > BODY_LIMIT {
                    break;
                }
            }
        };
        // The status alone tells enough. A blob's request has no limit of its own.
        let _ = tokio::time::timeout(BODY_TIME, read).await;
        let headers = response.headers();
        let kind = headers
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok());
        Failure::Status {
            host: host_of(response.url()),
            status: response.status(),
            errors: errors_in(kind.unwrap_or_default(), &body),
            after: retry_after(headers),
        }
    }
}

/// The last cause that an error has, and whether it is about a certificate.
fn innermost(error: &reqwest::Error) -> (String, bool) {
    let mut reason = if error.is_timeout() {
        "it took too long".to_owned()
    } else {
        error.to_string()
    };
    let mut certificate = false;
    let mut cause = error.source();
    while let Some(error) = cause {
        if !error.to_string().is_empty() {
            reason = error.to_string();
        }
        let tls = error.downcast_ref();
        certificate |= matches!(tls, Some(rustls::Error::InvalidCertificate(_)));
        if let Some(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) = tls {
            reason = "it does not speak TLS (--insecure allows plain HTTP)".to_owned();
        }
        // What an error of the system wraps, its `source` passes over.
        let within = error
            .downcast_ref::<io::Error>()
            .and_then(|error| error.get_ref());
        cause = match within {
            Some(within) => Some(within),
            None => error.source(),
        };
    }
    (reason, certificate)
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct ErrorsText {
    #[serde(default)]
    errors: Vec<ErrorText>,
    /// How token servers tell it (RFC 6749, section 5.2).
    #[serde(default)]
    error_description: String,
    #[serde(default)]
    details: String,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct ErrorText {
    /// Text, by the specification; some have a number, or nothing.
    #[serde(default)]
    code: Value,
    #[serde(default)]
    message: Value,
}

/// The errors in a body: the specification's, or the first line of plain text;
/// none in another.
fn errors_in(kind: &str, body: &[u8]) -> Vec<(String, String)> {
    let Ok(text) = serde_json::from_slice::<ErrorsText>(body) else {
        let is_plain = kind.starts_with("text/plain");
        let text = String::from_utf8_lossy(if is_plain { body } else { b"" });
        let line = text.lines().map(str::trim).find(|line| !line.is_empty());
        return Vec::from_iter(line.map(|line| (String::new(), short(line))));
    };
    let oauth = [text.error_description, text.details].into_iter();
    let oauth = oauth
        .filter(|text| !text.is_empty())
        .map(|text| (String::new(), short(&text)));
    let word = |value: Value| match value {
        Value::Null => String::new(),
        Value::String(text) => short(&text),
        other => short(&other.to_string()),
    };
    let errors = text.errors.into_iter();
    errors
        .map(|error| (word(error.code), word(error.message)))
        .chain(oauth)
        .collect()
}

/// What is shown of a registry's text.
fn short(text: &str) -> String {
    let printable = text.chars().filter(|character| !character.is_control());
    printable.take(MESSAGE_LIMIT).collect()
}

/// A wait that is asked for and too long.
fn asked(after: &Option<Duration>) -> String {
    match after {
        Some(after) if *after > LONGEST_ASKED => {
            format!("; it wants to be asked again in {} s", after.as_secs())
        }
        _ => String::new(),
    }
}

fn told(errors: &[(String, String)]) -> String {
    let mut text = String::new();
    for (code, message) in errors {
        text.push_str(": ");
        text.push_str(code);
        if !code.is_empty() && !message.is_empty() {
            text.push_str(": ");
        }
        text.push_str(message);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: u16, body: &str) -> Failure {
        Failure::Status {
            host: "host:1".to_owned(),
            status: StatusCode::from_u16(code).unwrap(),
            errors: errors_in("application/json", body.as_bytes()),
            after: None,
        }
    }

    #[test]
    fn the_registrys_own_words_are_told() {
        let body = r#"{"errors": [{"code": "DENIED", "message": "no quota", "detail": {"x": 1}}]}"#;
        assert_eq!(
            status(403, body).to_string(),
            "host:1 answered 403 Forbidden: DENIED: no quota"
        );
        assert_eq!(
            status(500, "<html>").to_string(),
            "host:1 answered 500 Internal Server Error"
        );
        assert_eq!(
            status(400, "{\"errors\": 3}").to_string(),
            "host:1 answered 400 Bad Request"
        );
        assert_eq!(
            status(403, r#"{"errors": [{"code": 7, "message": null}]}"#).to_string(),
            "host:1 answered 403 Forbidden: 7"
        );
        let plain = errors_in("text/plain; charset=utf-8", b"\n no such project\nmore");
        assert_eq!(plain, [(String::new(), "no such project".to_owned())]);
        assert_eq!(errors_in("text/html", b"<html>"), []);
    }

    #[test]
    fn a_wait_is_told_when_it_is_too_long() {
        let limited = |seconds| Failure::Status {
            host: "host:1".to_owned(),
            status: StatusCode::TOO_MANY_REQUESTS,
            errors: Vec::new(),
            after: Some(Duration::from_secs(seconds)),
        };
        let told = "host:1 answered 429 Too Many Requests";
        assert_eq!(limited(300).to_string(), told);
        assert_eq!(
            limited(3600).to_string(),
            format!("{told}; it wants to be asked again in 3600 s")
        );
    }

    #[test]
    fn what_may_go_better_is_tried_again() {
        for code in [408, 429, 500, 502, 503, 504] {
            assert!(status(code, "").is_transient(), "{code}");
        }
        for code in [400, 401, 403, 404, 405, 413, 501] {
            assert!(!status(code, "").is_transient(), "{code}");
        }
        let forgotten = r#"{"errors": [{"code": "BLOB_UPLOAD_UNKNOWN"}]}"#;
        assert!(status(404, forgotten).is_transient());
    }
}
