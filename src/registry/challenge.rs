//! Challenges: what a registry asks for with the status 401.
//!
//! Takes the headers `WWW-Authenticate` (RFC 9110, section 11.6.1) and gives
//! the first scheme that is known here.

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

/// How a registry wants to know who we are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// By user and password with every request.
    Basic,
    /// By a token from a server, as the distribution project's token
    /// specification tells.
    Bearer {
        /// The URL of the token server.
        realm: String,
        /// The registry's name there; may be empty.
        service: String,
    },
}

impl Challenge {
    /// The challenge of a response; a token is preferred to a password.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all(WWW_AUTHENTICATE).iter();
        let mut found: Vec<_> = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(parse)
            .collect();
        let bearer = found
            .iter()
            .position(|it| matches!(it, Challenge::Bearer { .. }));
        match bearer {
            Some(index) => Some(found.swap_remove(index)),
            None => found.pop(),
        }
    }
}

/// The known challenges in one header.
fn parse(text: &str) -> Vec<Challenge> {
    let mut challenges = Vec::new();
    let mut rest = text;
    let mut scheme = String::new();
    let mut parameters = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let end = rest.find([' ', '\t', ',', '=']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let value = after.trim_start().strip_prefix('=');
        match value {
            Some(value) if !word.is_empty() => {
                let (value, after) = parameter(value.trim_start());
                parameters.push((word.to_ascii_lowercase(), value));
                rest = after;
            }
            _ => {
                challenges.extend(known(&scheme, &parameters));
                if word.is_empty() {
                    return challenges;
                }
                scheme = word.to_ascii_lowercase();
                parameters.clear();
                rest = after;
            }
        }
    }
}

/// A token or a quoted string, and what follows it.
fn parameter(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([' ', '\t', ',']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut escaped = false;
    for (index, character) in quoted.char_indices() {
        match character {
            '"' if !escaped => return (value, &quoted[index + 1..]),
            '\\' if !escaped => escaped = true,
            other => {
                value.push(other);
                escaped = false;
            }
        }
    }
    (value, "")
}

fn known(scheme: &str, parameters: &[(String, String)]) -> Option<Challenge> {
    let value = |name: &str| {
        let found = parameters.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.clone())
    };
    match scheme {
        "basic" => Some(Challenge::Basic),
        "bearer" => Some(Challenge::Bearer {
            realm: value("realm").filter(|realm| !realm.is_empty())?,
            service: value("service").unwrap_or_default(),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(realm: &str, service: &str) -> Challenge {
        let (realm, service) = (realm.to_owned(), service.to_owned());
        Challenge::Bearer { realm, service }
    }

    #[test]
    fn challenges_are_read() {
        for (text, want) in [
            (
                r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io""#,
                vec![bearer("https://auth.docker.io/token", "registry.docker.io")],
            ),
            (
                r#"bearer Realm = "https://a/t?x=1,2" , scope="repository:a:pull,push", error="invalid_token""#,
                vec![bearer("https://a/t?x=1,2", "")],
            ),
            (r#"Basic realm="a \"b\" c""#, vec![Challenge::Basic]),
            (
                r#"Negotiate, Basic realm=x, Bearer realm=https://t,service=s"#,
                vec![Challenge::Basic, bearer("https://t", "s")],
            ),
            (r#"Bearer service="s""#, vec![]),
            (r#"Bearer realm="open"#, vec![bearer("open", "")]),
            ("", vec![]),
            ("=,==", vec![]),
        ] {
            assert_eq!(parse(text), want, "{text}");
        }
    }
}
