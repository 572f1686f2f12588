//! The arguments of the command that writes an index.

use std::path::PathBuf;

use clap::Args;

/// The index refers to the files of its images. Each must be for another
/// platform.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  nix2container index index.json amd64.json arm64.json
  nix2container manifest index.json | jq .manifests")]
pub struct Index {
    /// The index file to write.
    pub out: PathBuf,
    /// The image files.
    #[arg(required = true)]
    pub images: Vec<PathBuf>,
    /// A JSON file with the annotations of the index: an object of texts.
    #[arg(long, value_name = "FILE")]
    pub annotations: Option<PathBuf>,
}
