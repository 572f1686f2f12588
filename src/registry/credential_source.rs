//! Where credentials come from: the command line, the files of docker and
//! podman, or a credential helper that these name.
//!
//! Takes a repository and gives the credentials for it. The files are searched
//! in podman's order and the first that knows the registry counts; in one file,
//! the entry of the longest path counts. (The crate `docker_credential` looks
//! up one exact address and puts what a helper prints into its errors, so the
//! lookup is done here.)

use std::env;
use std::path::{Path, PathBuf};

use super::auth_file::AuthFile;
use super::credentials::Credentials;
use super::reference::Repository;
use crate::Result;

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
