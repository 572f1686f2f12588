//! The arguments of the commands that read an image.

use std::path::PathBuf;

use clap::Args;
use nix2container::Digest;

/// An image and nothing else.
#[derive(Debug, Args)]
pub struct OfImage {
    /// The image file.
    pub image: PathBuf,
}

/// An image has one manifest; of an index the digest tells which.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  nix2container manifest image.json | sha256sum")]
pub struct Manifest {
    /// The image file or the index file.
    pub image: PathBuf,
    /// The digest of the manifest that is printed, which an index has.
    pub digest: Option<Digest>,
}

/// The bytes are made anew from the store paths and checked: when they do not
/// give the digest any more, the program fails at the end of the stream.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  nix2container blob image.json sha256:547a… | tar tv")]
pub struct Blob {
    /// The image file or the index file.
    pub image: PathBuf,
    /// The digest of a layer or of the config.
    pub digest: Digest,
    /// Writes to a file, which appears when it is complete, instead of the
    /// standard output.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// For each layer: its digest, its size, the number of its store paths, what
/// made it, and its largest store paths.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nix2container inspect image.json
  nix2container inspect --json image.json | jq '.layers[].size'")]
pub struct Inspect {
    /// The image file or the index file.
    pub image: PathBuf,
    /// Prints JSON instead of a table.
    #[arg(long)]
    pub json: bool,
}

/// Makes the bytes of every layer again and compares their digest with the
/// image's. Of a layer that differs, the first file that does is named, if the
/// layer was made with `--file-digests`, and the setting that helps. The exit
/// status is 1 when any layer differs.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nix2container verify image.json
  nix2container verify --json image.json | jq '.layers[] | select(.ok | not)'")]
pub struct Verify {
    /// The image file.
    pub image: PathBuf,
    /// Prints JSON instead of text.
    #[arg(long)]
    pub json: bool,
    /// How many layers are read at the same time. [default: NIX_BUILD_CORES,
    /// or the number of processors]
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
}
