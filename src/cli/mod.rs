//! The command line: what can be asked for, and the help that says so. Shell
//! completions and man pages are generated from the same definitions. The
//! arguments of the commands stand in files by what the commands give.

mod archive;
mod blob;
mod image;
mod index;
mod layers;
mod push;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

pub use archive::{Archive, Format};
pub use blob::{Blob, Inspect, Manifest, OfImage, Verify};
pub use image::{Image, ImageFromDir, ImageFromManifest, ImageUncompressed};
pub use index::Index;
pub use layers::Layers;
pub use push::Push;

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
    /// Writes an image again, without compression of its layers.
    ImageUncompressed(ImageUncompressed),
    /// Writes an index of images for several platforms as JSON.
    Index(Index),
    /// Prints the manifest of an image, or an index.
    Manifest(Manifest),
    /// Prints the config blob of an image.
    #[command(after_help = "Example:\n  nix2container config image.json | jq .config")]
    Config(OfImage),
    /// Streams a blob of an image: a layer or the config.
    Blob(Blob),
    /// Writes an image with all of its blobs as one file or one directory.
    Archive(Archive),
    /// Pushes an image to registries, without what they have.
    Push(Push),
    /// Shows the layers of an image with what takes the most space in them.
    Inspect(Inspect),
    /// Checks that the layers of an image still have their digests.
    Verify(Verify),
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
