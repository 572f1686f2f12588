//! The arguments of the command that writes an archive.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use nix2container::archive::Name;

/// All blobs in one place, for tools that do not pull: the layers are made
/// anew from the store paths and checked.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nix2container archive --name app:1.0 image.json | docker load
  nix2container archive --format oci --name app:1.0 image.json | ctr image import -
  nix2container archive --format oci-dir image.json -o layout")]
pub struct Archive {
    /// The image file, or, for an OCI format, an index file.
    pub image: PathBuf,
    /// What is written.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// The name that the image gets where it is loaded. Without a tag it is
    /// `latest`.
    #[arg(long, value_name = "NAME:TAG")]
    pub name: Option<Name>,
    /// Writes to a file, which appears when it is complete, instead of the
    /// standard output.
    #[arg(long, short, value_name = "FILE", required_if_eq("format", "oci-dir"))]
    pub output: Option<PathBuf>,
}

/// The formats of an archive.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum Format {
    /// The tarball that `docker load` and `podman load` read.
    #[default]
    Docker,
    /// An OCI image layout as a tarball.
    Oci,
    /// An OCI image layout as a directory, which must not be there yet.
    OciDir,
}
