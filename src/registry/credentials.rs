//! Credentials: who we are to a registry, from the command line, the files of
//! docker and podman, or a credential helper.
//!
//! Gives the credentials for a repository. The files are searched in podman's
//! order and the first that knows the registry counts; in one file, the entry
//! of the longest path counts. (The crate `docker_credential` looks up one
//! exact address and puts what a helper prints into its errors, so the lookup
//! is done here.) A secret shows neither in `Debug` nor in errors.

use std::env;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use super::auth_file::AuthFile;
use super::reference::Repository;
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

/// Where credentials come from.
#[derive(Clone, Debug)]
pub enum CredentialSource {
    /// These, for every registry.
    Given(Credentials),
    /// One file in the format of docker's `config.json`; it must be there.
    File(PathBuf),
    /// The files of this user, where they are there.
    Files(Vec<PathBuf>),
}

impl CredentialSource {
    /// The files that skopeo and docker would look into.
    pub fn of_user() -> Self {
        if let Some(file) = variable("REGISTRY_AUTH_FILE") {
            return CredentialSource::File(file);
        }
        let home = variable("HOME");
        let below_home = |path: &str| home.as_ref().map(|home| home.join(path));
        let runtime = variable("XDG_RUNTIME_DIR")
            .or_else(|| {
                let user = rustix::process::getuid().as_raw();
                Some(PathBuf::from(format!("/run/containers/{user}")))
            })
            .map(|directory| match directory.starts_with("/run/containers") {
                true => directory.join("auth.json"),
                false => directory.join("containers/auth.json"),
            });
        let config = variable("XDG_CONFIG_HOME").or_else(|| below_home(".config"));
        let docker = variable("DOCKER_CONFIG").or_else(|| below_home(".docker"));
        let files = [
            runtime,
            config.map(|directory| directory.join("containers/auth.json")),
            docker.map(|directory| directory.join("config.json")),
        ];
        CredentialSource::Files(files.into_iter().flatten().collect())
    }

    /// The credentials for a repository; None to be nobody.
    ///
    /// # Errors
    /// When a file is malformed, or a helper fails.
    pub(crate) fn find(&self, repository: &Repository) -> Result<Option<Credentials>> {
        match self {
            CredentialSource::Given(credentials) => Ok(Some(credentials.clone())),
            CredentialSource::File(file) => AuthFile::read(file)?.find(repository),
            CredentialSource::Files(files) => {
                for file in files.iter().filter(|file| file.exists()) {
                    if let Some(found) = AuthFile::read(file)?.find(repository)? {
                        return Ok(Some(found));
                    }
                }
                Ok(None)
            }
        }
    }
}

/// A path from the environment; None where it is not set, or empty.
fn variable(name: &str) -> Option<PathBuf> {
    let value = env::var_os(name).filter(|value| !value.is_empty())?;
    Some(Path::new(&value).to_owned())
}
