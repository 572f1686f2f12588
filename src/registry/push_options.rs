//! The options of a push: as whom, how much at a time, and how patiently.

use std::time::Duration;

use super::credential_source::CredentialSource;
use super::reference::Repository;
use super::transport::Tls;

/// How to push.
#[derive(Clone, Debug)]
pub struct PushOptions {
    /// How many blobs are sent at the same time; 0 counts as 1.
    pub parallel: usize,
    /// Repositories that may have blobs of the image. Those of other
    /// registries do not count.
    pub mount_from: Vec<Repository>,
    /// Who we are.
    pub credentials: CredentialSource,
    /// Whom we trust.
    pub tls: Tls,
    /// How often a request or a blob is tried again.
    pub retries: u32,
    /// How long a registry may be silent.
    pub timeout: Duration,
    /// Whether to find out what would be done, and to change nothing.
    pub dry_run: bool,
}
