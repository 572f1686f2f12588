//! Credentials: who we are to a registry. A secret shows neither in `Debug` nor
//! in errors.

use secrecy::{ExposeSecret, SecretString};

use crate::{Error, Result};

/// What a registry or its token server is shown.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// A user and a password, or an access token in place of the password.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// A refresh token, for which the token server gives access tokens.
    Identity(SecretString),
    /// A token that the registry takes as it is.
    Bearer(SecretString),
}

impl Credentials {
    /// Parses `USER:PASSWORD`.
    ///
    /// # Errors
    /// When there is no colon; the text itself is not in the message.
    pub fn parse(text: &str) -> Result<Self> {
        match text.trim_end_matches(['\r', '\n']).split_once(':') {
            Some((user, password)) if !user.is_empty() => Ok(Credentials::basic(user, password)),
            _ => Err(Error::Value(
                "the credentials are not USER:PASSWORD".to_owned(),
            )),
        }
    }

    /// Whether two are the same, where there are any.
    pub(crate) fn same(one: Option<&Self>, other: Option<&Self>) -> bool {
        let secret = |it: &Self| match it {
            Credentials::Basic { user, password } => (0, user.clone(), password.clone()),
            Credentials::Identity(token) => (1, String::new(), token.clone()),
            Credentials::Bearer(token) => (2, String::new(), token.clone()),
        };
        match (one.map(secret), other.map(secret)) {
            (Some(one), Some(other)) => {
                let secrets = one.2.expose_secret() == other.2.expose_secret();
                (one.0, one.1) == (other.0, other.1) && secrets
            }
            (one, other) => one.is_none() && other.is_none(),
        }
    }

    /// A user and a password. A user that is called `<token>` has an identity
    /// token for a password: so credential helpers say it.
    pub(crate) fn basic(user: &str, password: &str) -> Self {
        let password = SecretString::from(password);
        match user {
            "<token>" => Credentials::Identity(password),
            _ => Credentials::Basic {
                user: user.to_owned(),
                password,
            },
        }
    }
}
