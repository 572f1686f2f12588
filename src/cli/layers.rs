//! The arguments of the command that writes layers.

use std::path::PathBuf;

use clap::Args;

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
    /// How many threads pack and hash; 0 for one on each processor. The result
    /// is the same with any number. [default: NIX_BUILD_CORES, or 0]
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
}
