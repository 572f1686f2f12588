//! The arguments of the commands that write an image.

use std::path::PathBuf;

use clap::Args;
use nix2container::{Digest, Timestamp};

/// Joins a config, the layers of a base image and layers files. A layer that
/// is there already is not added again.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nix2container image --arch arm64 --from-image base.json image.json config.json layers.json
  nix2container image --from-image base.json --inherit-config image.json config.json")]
pub struct Image {
    /// The image file to write.
    pub out: PathBuf,
    /// The image config: an object with `Entrypoint`, `Cmd`, `Env` and the
    /// other fields of the OCI image specification. Case does not matter.
    pub config: PathBuf,
    /// Layers files, the lowest layer first.
    pub layers: Vec<PathBuf>,
    /// The image whose layers come below all others.
    #[arg(long, value_name = "IMAGE")]
    pub from_image: Option<PathBuf>,
    /// Takes over the config of the base image, where the config sets nothing:
    /// `Env` is merged by name, `Labels`, `ExposedPorts` and `Volumes` are
    /// joined, an `Entrypoint` drops the base's `Cmd`, and a field that is
    /// there and empty clears the base's. History and platform are the base's.
    #[arg(long, requires = "from_image")]
    pub inherit_config: bool,
    /// The architecture, by Go's name: amd64, arm64, … [default: this
    /// machine's, or that of the base whose config is inherited]
    #[arg(long)]
    pub arch: Option<String>,
    /// The kind of the processor, where the architecture has several: v8 of
    /// arm64, v7 of arm.
    #[arg(long)]
    pub variant: Option<String>,
    /// The date of the image by RFC 3339, such as 2024-05-13T09:31:10Z, or as
    /// the seconds since 1970 that SOURCE_DATE_EPOCH has.
    #[arg(long, value_name = "DATE", default_value_t)]
    pub created: Timestamp,
    /// A JSON file with the annotations of the manifest: an object of texts.
    #[arg(long, value_name = "FILE")]
    pub annotations: Option<PathBuf>,
    /// The reference of the base image, which makes the annotations
    /// `org.opencontainers.image.base.name` and `.base.digest`.
    #[arg(long, value_name = "REFERENCE", requires = "from_image")]
    pub base_name: Option<String>,
    /// The digest of the base image. [default: that of the manifest that
    /// `manifest` prints for it]
    #[arg(long, value_name = "DIGEST", requires = "base_name")]
    pub base_digest: Option<Digest>,
}

/// For what unpacks the layers at once, on the same machine, such as
/// containers-storage, or has no layers in zstd, such as the Docker daemon. The
/// config, and so the image's ID, stays the same. Layers in files, such as a
/// base image's, stay as they are.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  nix2container image-uncompressed plain.json image.json
  skopeo copy nix:plain.json docker-daemon:name:tag")]
pub struct ImageUncompressed {
    /// The image file to write.
    pub out: PathBuf,
    /// The image whose layers may be compressed.
    pub image: PathBuf,
}

/// The directory holds `manifest.json`, and each blob under the hexadecimal
/// digits of its digest.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  skopeo copy docker://docker.io/library/alpine dir:alpine
  nix2container image-from-dir alpine.json alpine")]
pub struct ImageFromDir {
    /// The image file to write.
    pub out: PathBuf,
    /// The directory that skopeo's `dir:` transport wrote.
    pub directory: PathBuf,
    /// Keeps the config of the image, its history and its platform, for
    /// `image --inherit-config`.
    #[arg(long)]
    pub with_config: bool,
}

/// The blobs stay where they are; the image refers to their files.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  nix2container image-from-manifest image.json manifest.json blobs.json

The blob map is an object from the hexadecimal digits of each digest to the blob's file.")]
pub struct ImageFromManifest {
    /// The image file to write.
    pub out: PathBuf,
    /// The raw manifest of one platform.
    pub manifest: PathBuf,
    /// The JSON file that names the file of each blob.
    pub blob_map: PathBuf,
    /// Keeps the config of the image, its history and its platform, for
    /// `image --inherit-config`.
    #[arg(long)]
    pub with_config: bool,
}
