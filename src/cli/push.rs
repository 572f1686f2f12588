//! The arguments of `push`.

use std::convert::Infallible;
use std::path::PathBuf;

use clap::Args;
use nix2container::registry::{Reference, Repository};
use secrecy::SecretString;

/// Asks the registry for all blobs of the image at once, sends those that it
/// lacks, each in one stream from the store paths, and names the image last.
/// The last line is the first reference with the digest of the manifest.
///
/// Credentials are found where docker and podman keep them:
/// $REGISTRY_AUTH_FILE, or auth.json of podman and skopeo, or
/// ~/.docker/config.json ($DOCKER_CONFIG), with credential helpers.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nix2container push image.json ghcr.io/me/app:1.0 ghcr.io/me/app:latest
  nix2container push --dry-run image.json localhost:5000/app
  nix2container push --creds-file - image.json registry.example/app:1 <secret")]
pub struct Push {
    /// The image file or the index file.
    pub image: PathBuf,
    /// Where to push: registry/repository:tag. All references share the
    /// uploads. A registry on this machine is talked to by plain HTTP if that
    /// is what it speaks.
    #[arg(required = true, value_name = "REF")]
    pub references: Vec<Reference>,
    /// How many blobs are sent at the same time.
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub parallel: usize,
    /// A repository of the registry, with the registry's name, that may have
    /// blobs of the image: they are taken from there and not sent. Can be
    /// given more than once.
    #[arg(long, value_name = "REPOSITORY")]
    pub mount_from: Vec<Repository>,
    /// User and password, USER:PASSWORD. Everybody on the machine can see
    /// arguments: --creds-file is safer, and so is the same in the variable
    /// NIX2CONTAINER_CREDS, which counts where no option is given.
    #[arg(long, value_name = "USER:PASSWORD", value_parser = secret)]
    #[arg(conflicts_with_all = ["creds_file", "authfile"])]
    pub creds: Option<SecretString>,
    /// Reads USER:PASSWORD from a file; `-` for the standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "authfile")]
    pub creds_file: Option<PathBuf>,
    /// A file in the format of ~/.docker/config.json, which is used alone.
    #[arg(long, value_name = "FILE")]
    pub authfile: Option<PathBuf>,
    /// Trusts the authorities in this PEM file, next to the system's.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Takes any certificate, and plain HTTP where there is no TLS.
    #[arg(long)]
    pub insecure: bool,
    /// How often a request or a blob is tried again after a lost connection,
    /// and the answers 408, 429 and 5xx.
    #[arg(long, value_name = "N", default_value_t = 6)]
    pub retries: u32,
    /// How many seconds the registry may be silent, before an attempt counts
    /// as failed. After a blob or a manifest was sent, it may be five times as
    /// long.
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..))]
    pub timeout: u64,
    /// Tells what would be sent, and changes nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Writes the digest of the manifest to a file.
    #[arg(long, value_name = "FILE")]
    pub digest_file: Option<PathBuf>,
    /// Prints what was done as JSON, instead of the last line.
    #[arg(long)]
    pub json: bool,
    /// Shows no progress: what is printed is the last line, or an error.
    #[arg(long, short)]
    pub quiet: bool,
}

/// Takes any text: what is wrong with it is told without it.
fn secret(text: &str) -> Result<SecretString, Infallible> {
    Ok(SecretString::from(text))
}
