//! Finding a registry: by which address it answers, and what it asks for.
//!
//! Takes the addresses that the transport knows for a host, and asks them one
//! after the other; nothing is known of blobs or manifests here.

use std::time::Duration;

use reqwest::{StatusCode, Url};

use super::challenge::Challenge;
use super::failure::Failure;
use super::transport::Transport;

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
        let answer = match answer.map_err(|error| Failure::of_request(host, error)) {
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
            _ => return Err(Failure::of_response(answer).await),
        }
    }
    Err(first.unwrap_or_else(|| Failure::Answer(format!("{host} is no registry"))))
}
