//! Files of credentials: docker's `config.json`, which is also podman's
//! `auth.json`.
//!
//! Takes a file, gives the credentials of a repository. Keys may be hosts,
//! URLs as old versions of docker wrote them, or paths of a registry.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::credentials::Credentials;
use super::reference::{Repository, canonical_registry};
use crate::{Error, Result, go_json};

/// How Docker Hub is called in these files and by helpers.
const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";

/// A file of credentials.
pub(crate) struct AuthFile {
    path: PathBuf,
    text: FileText,
}

#[derive(Default, Deserialize)]
#[serde(default, expecting = "an object")]
struct FileText {
    auths: BTreeMap<String, EntryText>,
    #[serde(rename = "credHelpers")]
    helpers: BTreeMap<String, String>,
    #[serde(rename = "credsStore")]
    store: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, expecting = "an object")]
struct EntryText {
    auth: Option<SecretString>,
    username: Option<String>,
    password: Option<SecretString>,
    identitytoken: Option<SecretString>,
    registrytoken: Option<SecretString>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", expecting = "an object")]
struct HelperText {
    username: String,
    secret: SecretString,
}

impl AuthFile {
    /// Reads a file. What is wrong with it is told without its text.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
        AuthFile::parse(path, &bytes)
    }

    fn parse(path: &Path, bytes: &[u8]) -> Result<Self> {
        // An empty file has no credentials, as for docker.
        let text = match bytes.trim_ascii() {
            [] => FileText::default(),
            text => go_json::from_slice(text).map_err(|_| Error::Input {
                path: path.to_owned(),
                reason: "it is not a file of credentials, such as docker's config.json".to_owned(),
            })?,
        };
        let path = path.to_owned();
        Ok(AuthFile { path, text })
    }

    /// The credentials for a repository, by the entry of the longest path.
    pub(crate) fn find(&self, repository: &Repository) -> Result<Option<Credentials>> {
        let wanted = places(repository);
        for place in &wanted {
            let names = |key: &&String| normalized(key) == *place;
            if let Some(key) = self.text.helpers.keys().find(names) {
                return self.ask(&self.text.helpers[key], &address(key));
            }
            for key in self.text.auths.keys().filter(names) {
                let found = self.text.auths[key].credentials();
                let wrong = |reason| Error::Value(format!("the entry `{key}` {reason}"));
                let found = found
                    .map_err(wrong)
                    .map_err(|error| error.in_file(&self.path))?;
                if found.is_some() {
                    return Ok(found);
                }
            }
        }
        match self.text.store.as_deref() {
            None | Some("") => Ok(None),
            Some(store) => self.ask(store, &address(repository.registry())),
        }
    }

    /// Asks a credential helper, by the protocol of docker-credential-helpers.
    /// What it tells people on its standard error reaches them.
    fn ask(&self, helper: &str, address: &str) -> Result<Option<Credentials>> {
        let program = format!("docker-credential-{helper}");
        let failed = |reason: String| {
            Error::Value(format!("{program} for {address}: {reason}")).in_file(&self.path)
        };
        let child = Command::new(&program)
            .arg("get")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.map_err(|error| failed(format!("cannot be run: {error}")))?;
        if let Some(mut input) = child.stdin.take() {
            // A helper that does not listen says by its exit status what is wrong.
            let _ = input.write_all(address.as_bytes());
        }
        let output = child.wait_with_output();
        let output = output.map_err(|error| failed(format!("cannot be read: {error}")))?;
        if output.status.success() {
            let text: HelperText = serde_json::from_slice(&output.stdout)
                .map_err(|_| failed("what it says is not JSON with credentials".to_owned()))?;
            let found = Credentials::basic(&text.username, text.secret.expose_secret());
            return Ok(Some(found));
        }
        match String::from_utf8_lossy(&output.stdout).contains("credentials not found") {
            true => Ok(None),
            false => Err(failed(format!("failed ({})", output.status))),
        }
    }
}

impl EntryText {
    /// What the entry holds; None for one that only says that a helper knows.
    fn credentials(&self) -> Result<Option<Credentials>, &'static str> {
        if let Some(token) = present(&self.identitytoken) {
            return Ok(Some(Credentials::Identity(token.clone())));
        }
        if let Some(token) = present(&self.registrytoken) {
            return Ok(Some(Credentials::Bearer(token.clone())));
        }
        if let (Some(user), Some(password)) = (&self.username, present(&self.password)) {
            return Ok(Some(Credentials::basic(user, password.expose_secret())));
        }
        let Some(auth) = present(&self.auth) else {
            return Ok(None);
        };
        let bytes = STANDARD.decode(auth.expose_secret().trim());
        let text = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let text = text.ok_or("has an `auth` that is not base64 of USER:PASSWORD")?;
        match text.trim_end_matches('\0').split_once(':') {
            Some((user, password)) => Ok(Some(Credentials::basic(user, password))),
            None => Err("has an `auth` that is not base64 of USER:PASSWORD"),
        }
    }
}

fn present(secret: &Option<SecretString>) -> Option<&SecretString> {
    secret
        .as_ref()
        .filter(|secret| !secret.expose_secret().is_empty())
}

/// The keys that an entry for a repository may have, the longest first.
fn places(repository: &Repository) -> Vec<String> {
    let mut place = repository.to_string();
    let mut places = vec![place.clone()];
    while let Some((shorter, _)) = place.rsplit_once('/') {
        place = shorter.to_owned();
        places.push(place.clone());
    }
    places
}

/// A key as a host or a path below one. URLs stand for their host.
fn normalized(key: &str) -> String {
    let bare = key
        .strip_prefix("https://")
        .or_else(|| key.strip_prefix("http://"));
    let bare = match bare {
        Some(rest) => rest.split('/').next().unwrap_or_default(),
        None => key.trim_end_matches('/'),
    };
    let bare = bare
        .strip_suffix("/v1")
        .or_else(|| bare.strip_suffix("/v2"))
        .unwrap_or(bare);
    match bare.split_once('/') {
        Some((registry, path)) => format!("{}/{path}", canonical_registry(registry)),
        None => canonical_registry(bare).to_owned(),
    }
}

/// The address that a helper knows a key by.
fn address(key: &str) -> String {
    match normalized(key).as_str() {
        "docker.io" => DOCKER_HUB_KEY.to_owned(),
        _ => key.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str, repository: &str) -> Option<String> {
        let file = AuthFile::parse(Path::new("config.json"), text.as_bytes()).unwrap();
        match file.find(&repository.parse().unwrap()).unwrap()? {
            Credentials::Basic { user, password } => {
                Some(format!("{user}:{}", password.expose_secret()))
            }
            Credentials::Identity(token) => Some(format!("identity {}", token.expose_secret())),
            Credentials::Bearer(token) => Some(format!("bearer {}", token.expose_secret())),
        }
    }

    #[test]
    fn the_longest_path_counts() {
        // base64 of a:1, b:2 and c:3
        let text = r#"{"auths": {"host:5000": {"auth": "YTox"}, "host:5000/team": {"auth": "Yjoy"},
            "host:5000/team/app": {"auth": "Yzoz"}}}"#;
        for (repository, want) in [
            ("host:5000/team/app", "c:3"),
            ("host:5000/team/app/part", "c:3"),
            ("host:5000/team/application", "b:2"),
            ("host:5000/other", "a:1"),
        ] {
            assert_eq!(
                find(text, repository).as_deref(),
                Some(want),
                "{repository}"
            );
        }
        assert_eq!(find(text, "host/team/app"), None);
        assert_eq!(find("\n", "host:5000/team/app"), None);
    }

    #[test]
    fn docker_hub_has_an_old_url() {
        let text = r#"{"auths": {"https://index.docker.io/v1/": {"auth": "YTox"}}}"#;
        assert_eq!(find(text, "me/app").as_deref(), Some("a:1"));
        assert_eq!(find(text, "ghcr.io/me/app"), None);
    }

    #[test]
    fn tokens_and_plain_names_are_known() {
        let text = r#"{"auths": {
            "a.io": {"identitytoken": "i", "auth": "YTox"}, "b.io": {"registrytoken": "r"},
            "c.io": {"username": "u", "password": "p:q"}, "https://d.io/": {"auth": "PHRva2VuPjp0"},
            "e.io": {}}, "credHelpers": null}"#;
        for (repository, want) in [
            ("a.io/x", Some("identity i")),
            ("b.io/x", Some("bearer r")),
            ("c.io/x", Some("u:p:q")),
            ("d.io/x", Some("identity t")),
            ("e.io/x", None),
        ] {
            assert_eq!(find(text, repository).as_deref(), want, "{repository}");
        }
    }

    #[test]
    fn errors_do_not_tell_secrets() {
        for text in [
            r#"{"auths": "hunter2"}"#,
            r#"{"auths": {"a.io": {"auth": "hunter2!"}}}"#,
        ] {
            let file = AuthFile::parse(Path::new("config.json"), text.as_bytes());
            let found = file.and_then(|file| file.find(&"a.io/x".parse().unwrap()));
            let message = format!("{:?} {}", found, found.as_ref().unwrap_err());
            assert!(
                message.contains("config.json") && !message.contains("hunter2"),
                "{message}"
            );
        }
    }
}
