//! Transport: connections by HTTPS, or HTTP where that is allowed.
//!
//! Gives one HTTP client for each of the two. Neither follows redirects, for
//! whoever follows one has to know what may not be sent to another host; and
//! proxies by the usual variables are not for this machine itself.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder, Url};

use super::failure::Failure;
use super::reference::is_loopback;
use crate::{Error, Result};

/// The longest time that a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(30);
/// How long a connection may wait for its next request. Less than servers
/// wait, so that none is closed under a request.
const IDLE: Duration = Duration::from_secs(20);

/// Whom we trust.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// A file of certificates, by PEM, of authorities to trust next to those
    /// of the system.
    pub ca: Option<PathBuf>,
    /// Whether any certificate is taken, and plain HTTP where there is no TLS.
    pub insecure: bool,
}

/// What a registry is talked to with.
#[derive(Debug)]
pub(crate) struct Transport {
    host: String,
    authorities: Vec<Certificate>,
    insecure: bool,
    plain: OnceLock<Client>,
    secure: OnceLock<Client>,
}

impl Transport {
    /// Reads the authorities; nothing is connected.
    pub(crate) fn new(host: &str, tls: &Tls) -> Result<Self> {
        // Somebody else may have chosen a provider for the whole process.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let authorities = match &tls.ca {
            None => Vec::new(),
            Some(file) => {
                let text = std::fs::read(file).map_err(Error::io("read", file))?;
                let found = Certificate::from_pem_bundle(&text).unwrap_or_default();
                if found.is_empty() {
                    let reason = "it has no certificate in the format PEM".to_owned();
                    return Err(Error::Value(reason).in_file(file));
                }
                found
            }
        };
        Ok(Transport {
            host: host.to_owned(),
            authorities,
            insecure: tls.insecure,
            plain: OnceLock::new(),
            secure: OnceLock::new(),
        })
    }

    /// The registry's host, with its port where it has one.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The addresses under which the registry may be, the likeliest first.
    pub(crate) fn candidates(&self) -> Vec<String> {
        let secure = format!("https://{}/v2/", self.host);
        let plain = format!("http://{}/v2/", self.host);
        match (is_loopback(&self.host), self.insecure) {
            (true, _) if self.authorities.is_empty() => vec![plain, secure],
            (_, true) => vec![secure, plain],
            _ => vec![secure],
        }
    }

    /// Whether credentials may be sent to an address.
    pub(crate) fn is_trusted(&self, url: &Url) -> bool {
        url.scheme() == "https" || self.insecure || url.host_str().is_some_and(is_loopback)
    }

    /// The client for an address.
    pub(crate) fn client(&self, url: &Url) -> Result<&Client, Failure> {
        let (kept, secure) = match url.scheme() {
            "https" => (&self.secure, true),
            "http" => (&self.plain, false),
            other => {
                return Err(Failure::Answer(format!(
                    "`{other}:` is no address of a registry"
                )));
            }
        };
        if let Some(client) = kept.get() {
            return Ok(client);
        }
        let client = self
            .build(secure)
            .map_err(|error| Failure::of_request(&self.host, error))?;
        Ok(kept.get_or_init(|| client))
    }

    fn build(&self, secure: bool) -> reqwest::Result<Client> {
        let mut builder = Client::builder()
            .user_agent(concat!("nix2container/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .referer(false)
            .http1_only()
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE);
        if is_loopback(&self.host) {
            builder = ClientBuilder::no_proxy(builder);
        }
        match (secure, self.insecure) {
            // The system's authorities take time to read, and may be absent.
            (false, _) => builder.tls_certs_only([]),
            (true, true) => builder
                .tls_certs_only([])
                .tls_danger_accept_invalid_certs(true),
            (true, false) => {
                let authorities = self.authorities.iter().cloned();
                builder.tls_certs_merge(authorities.chain(authorities_of_nix()))
            }
        }
        .build()
    }
}

/// The authorities in `$NIX_SSL_CERT_FILE`, by which Nix and all that nixpkgs
/// builds, skopeo too, know them; the verifier reads `$SSL_CERT_FILE` alone.
/// In a build there is no such file.
fn authorities_of_nix() -> Vec<Certificate> {
    let file = std::env::var_os("NIX_SSL_CERT_FILE");
    let text = file.and_then(|file| std::fs::read(file).ok());
    let found = text.and_then(|text| Certificate::from_pem_bundle(&text).ok());
    found.unwrap_or_default()
}
