//! The command line: what can be asked for, and the help that says so. Shell
//! completions and man pages are generated from the same definitions.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use nix2container::{Digest, Timestamp};

/// Describes container images that Nix builds and streams their layers.
///
/// At build time the store paths of each layer are packed in memory and
/// hashed, and a small JSON file is written. At copy time the tarball is
/// streamed again from the store paths, and only for layers that the
/// destination lacks.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, arg_required_else_help = true)]
#[command(
    after_help = "Most people use the Nix functions, which call this program: \
see `buildImage` and `buildLayer` in the README."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Writes the layers of a closure as JSON.
    #[command(
        name = "layers-from-reference-graph",
        alias = "layers-from-reproducible-storepaths",
        alias = "layers-from-non-reproducible-storepaths"
    )]
    Layers(Layers),
    /// Writes an image as JSON, from its config and its layers.
    Image(Image),
    /// Writes an image as JSON, from a directory that skopeo wrote.
    ImageFromDir(ImageFromDir),
    /// Writes an image as JSON, from a manifest and the files of its blobs.
    ImageFromManifest(ImageFromManifest),
    /// Prints the manifest of an image.
    #[command(after_help = "Example:\n  nix2container manifest image.json | sha256sum")]
    Manifest(OfImage),
    /// Prints the config blob of an image.
    #[command(after_help = "Example:\n  nix2container config image.json | jq .config")]
    Config(OfImage),
    /// Streams a blob of an image: a layer or the config.
    Blob(Blob),
    /// Shows the layers of an image with what takes the most space in them.
    Inspect(Inspect),
    /// Prints the completions of a shell.
    #[command(after_help = "Example:\n  nix2container completions bash \
        > ~/.local/share/bash-completion/completions/nix2container")]
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Writes the man pages into a directory.
    #[command(after_help = "Example:\n  nix2container man ~/.local/share/man/man1")]
    Man {
        /// The directory, which must exist.
        directory: PathBuf,
    },
}

/// Packs the paths of a closure graph into layers and writes their digests,
/// sizes and sources.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nix2container layers-from-reference-graph layers.json graph.json
  nix2container layers-from-reference-graph --max-layers 60 layers.json graph.json base-layers.json

A closure graph is what Nix writes for exportReferencesGraph: a list of objects with `path` and \
`references`.")]
pub struct Layers {
    /// The layers file to write.
    pub out: PathBuf,
    /// The closure graph.
    pub graph: PathBuf,
    /// Layers files whose paths are left out, if their options are equal.
    pub parents: Vec<PathBuf>,
    /// The largest number of layers to make. The most popular paths get
    /// layers of their own and the last layer takes the rest. With 0 or less,
    /// every path gets one.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        allow_hyphen_values = true
    )]
    pub max_layers: i64,
    /// A JSON file with changes of file names: a list of objects with `path`,
    /// `regex` and `repl`.
    #[arg(long, value_name = "FILE")]
    pub rewrites: Option<PathBuf>,
    /// A JSON file with permission rules: a list of objects with `path`,
    /// `regex`, `mode` (octal digits), `uid`, `gid`, `uname` and `gname`.
    #[arg(long, value_name = "FILE")]
    pub perms: Option<PathBuf>,
    /// A JSON file with the history of the layers: an object with `created`,
    /// `created_by`, `author`, `comment` and `empty_layer`.
    #[arg(long, value_name = "FILE")]
    pub history: Option<PathBuf>,
    /// A store path that is left out of the layers.
    #[arg(long, value_name = "PATH")]
    pub ignore: Option<String>,
    /// Keeps each layer's tarball in this directory, as `<hex digest>.tar`.
    /// This is for store paths that are not the same when built again.
    #[arg(long, value_name = "DIRECTORY")]
    pub tar_directory: Option<PathBuf>,
    /// How many layers are packed at the same time. The result is the same
    /// with any number. [default: NIX_BUILD_CORES, or the number of
    /// processors]
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
}

/// Joins a config, the layers of a base image and layers files. A layer that
/// is there already is not added again.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  nix2container image --arch arm64 --from-image base.json image.json config.json layers.json")]
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
    /// The architecture, by Go's name: amd64, arm64, … [default: this
    /// machine's]
    #[arg(long)]
    pub arch: Option<String>,
    /// The date of the image by RFC 3339, such as 2024-05-13T09:31:10Z.
    #[arg(long, value_name = "DATE", default_value_t)]
    pub created: Timestamp,
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
}

/// An image and nothing else.
#[derive(Debug, Args)]
pub struct OfImage {
    /// The image file.
    pub image: PathBuf,
}

/// The bytes are made anew from the store paths and checked: when they do not
/// give the digest any more, the program fails at the end of the stream.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  nix2container blob image.json sha256:547a… | tar tv")]
pub struct Blob {
    /// The image file.
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
    /// The image file.
    pub image: PathBuf,
    /// Prints JSON instead of a table.
    #[arg(long)]
    pub json: bool,
}
