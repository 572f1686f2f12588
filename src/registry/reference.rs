//! References: the text `registry/repository:tag`, parsed at the border.
//!
//! A value of these types is well-formed by the grammar of the distribution
//! specification. A name without a registry is Docker Hub's, as everywhere.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use reqwest::Url;
use serde::{Serialize, Serializer};

use crate::{Error, Result};

/// The registry of names that have none.
const DOCKER_HUB: &str = "docker.io";

/// A repository of a registry.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Repository {
    registry: String,
    path: String,
}

/// A tag of a repository.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    repository: Repository,
    tag: String,
}

impl Repository {
    /// The registry as users name it: a host, with a port where there is one.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The repository's name in its registry.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl Reference {
    /// The repository that the tag is in.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The tag.
    pub fn tag(&self) -> &str {
        &self.tag
    }
}

/// The host, and the port, that answers for a registry.
pub(crate) fn api_host(registry: &str) -> &str {
    match registry {
        DOCKER_HUB => "registry-1.docker.io",
        other => other,
    }
}

/// One name of the registries that have several.
pub(crate) fn canonical_registry(registry: &str) -> &str {
    match registry {
        "index.docker.io" | "registry-1.docker.io" | "registry.hub.docker.com" => DOCKER_HUB,
        other => other,
    }
}

/// Whether a host, with or without a port, is this machine itself.
pub(crate) fn is_loopback(host: &str) -> bool {
    let name = match (host.strip_prefix('['), host.rsplit_once(':')) {
        (Some(bracketed), _) => bracketed.split(']').next().unwrap_or_default(),
        (None, Some((name, port))) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    name == "localhost"
        || name.ends_with(".localhost")
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// A URL's host, with its port where it has one.
pub(crate) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

impl FromStr for Repository {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = |why: &str| Error::Value(format!("`{text}` is not a repository: {why}"));
        let (registry, path) = match text.split_once('/') {
            Some((first, rest)) if is_registry(first) => (canonical_registry(first), rest),
            _ => (DOCKER_HUB, text),
        };
        if !is_host(registry) {
            return Err(wrong(
                "its registry should be a host, with or without a port",
            ));
        }
        if path.contains([':', '@']) {
            return Err(wrong("it should have no tag and no digest"));
        }
        if !path.split('/').all(is_component) {
            return Err(wrong(
                "a name has lower-case letters, digits, and single `.`, `_`, `-` between them",
            ));
        }
        if registry.len() + path.len() > 255 {
            return Err(wrong("it is longer than 255 characters"));
        }
        let path = match registry == DOCKER_HUB && !path.contains('/') {
            true => format!("library/{path}"),
            false => path.to_owned(),
        };
        let registry = registry.to_owned();
        Ok(Repository { registry, path })
    }
}

impl FromStr for Reference {
    type Err = Error;

    /// Parses `registry/repository:tag`; without a tag, it is `latest`. The
    /// prefix `docker://`, which skopeo wants, may stand before it.
    fn from_str(text: &str) -> Result<Self> {
        let text = text.strip_prefix("docker://").unwrap_or(text);
        let wrong = |why: String| Error::Value(format!("`{text}` is not an image to push: {why}"));
        if text.contains('@') {
            return Err(wrong(
                "give it a tag instead of a digest, which the image has already".to_owned(),
            ));
        }
        let (name, tag) = match text.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, tag),
            _ => (text, "latest"),
        };
        if !is_tag(tag) {
            return Err(wrong(format!(
                "the tag `{tag}` should have up to 128 letters, digits, `_`, `.` and `-`"
            )));
        }
        let repository = name.parse()?;
        let tag = tag.to_owned();
        Ok(Reference { repository, tag })
    }
}

/// Whether the first part of a name is a registry and not a directory of
/// Docker Hub.
fn is_registry(first: &str) -> bool {
    first == "localhost" || first.contains(['.', ':'])
}

fn is_host(text: &str) -> bool {
    let (name, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, after)) if address.parse::<std::net::Ipv6Addr>().is_ok() => {
                ("ipv6", after)
            }
            _ => return false,
        },
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && (label.bytes()).all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let port_is_right = match port.strip_prefix(':') {
        Some(digits) => digits.parse::<u16>().is_ok_and(|port| port != 0),
        None => port.is_empty(),
    };
    port_is_right && name.split('.').all(label)
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_component(text: &str) -> bool {
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = [text.bytes().next(), text.bytes().last()];
    ends.iter().all(|end| end.is_some_and(alphanumeric))
        && text
            .bytes()
            .all(|byte| alphanumeric(byte) || b"._-".contains(&byte))
        && text
            .split(|character: char| character.is_ascii_alphanumeric())
            .all(|gap| matches!(gap, "" | "." | "_" | "__") || gap.bytes().all(|byte| byte == b'-'))
}

fn is_tag(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.len() <= 128
        && text.bytes().next().is_some_and(word)
        && text.bytes().all(|byte| word(byte) || b".-".contains(&byte))
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.path)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.repository, self.tag)
    }
}

impl Serialize for Repository {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Reference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_completed_as_everywhere() {
        for (text, want) in [
            ("hello", "docker.io/library/hello:latest"),
            ("me/hello:1", "docker.io/me/hello:1"),
            ("index.docker.io/me/hello", "docker.io/me/hello:latest"),
            ("ghcr.io/me/hello:1.0_a-b", "ghcr.io/me/hello:1.0_a-b"),
            ("localhost/hello:1", "localhost/hello:1"),
            ("127.0.0.1:5000/a/b/c:x", "127.0.0.1:5000/a/b/c:x"),
            ("[::1]:5000/a", "[::1]:5000/a:latest"),
            ("docker://host:1/a__b/c--d:x", "host:1/a__b/c--d:x"),
        ] {
            let reference: Reference = text.parse().unwrap();
            assert_eq!(reference.to_string(), want);
        }
    }

    #[test]
    fn what_is_no_reference_is_refused() {
        for text in [
            "",
            ":tag",
            "host.example/",
            "host.example/A",
            "host.example/a..b",
            "host.example/a_",
            "host.example/a//b",
            "host.example/a:",
            "host.example/a:-x",
            "host.example/a:x/y z",
            "host.example:0/a",
            "host.example:99999/a",
            "host_name.example/a",
            "[::1/a",
            "host.example/a@sha256:00",
            "host.example/a?b",
        ] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
    }

    #[test]
    fn this_machine_has_many_names() {
        for host in [
            "localhost",
            "localhost:5000",
            "127.0.0.2:1",
            "[::1]:5000",
            "a.localhost",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "localhost.example",
            "10.0.0.1:5000",
            "[::2]",
            "127.0.0.1.example",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
