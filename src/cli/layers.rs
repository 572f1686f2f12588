//! The arguments of the command that writes layers.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use nix2container::compression::Format;
use nix2container::layering::Strategy;

/// Packs the paths of a closure graph into layers and writes their digests,
/// sizes and sources.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nix2container layers-from-reference-graph layers.json graph.json
  nix2container layers-from-reference-graph --max-layers 60 layers.json graph.json base-layers.json
  nix2container layers-from-reference-graph --layering affinity --max-layers 60 layers.json graph.json
  nix2container layers-from-reference-graph --compressor zstd layers.json graph.json

A closure graph is what Nix writes for exportReferencesGraph: a list of objects with `path` and \
`references`.")]
pub struct Layers {
    /// The layers file to write.
    pub out: PathBuf,
    /// The closure graph.
    pub graph: PathBuf,
    /// Layers files whose paths are left out, if their options are equal.
    pub parents: Vec<PathBuf>,
    /// The largest number of layers to make. With 0 or less, every path gets
    /// one.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        allow_hyphen_values = true
    )]
    pub max_layers: i64,
    /// How paths are put into layers. `popularity`: the most popular paths get
    /// layers of their own and the last layer takes the rest. `affinity`: what
    /// changes together and is used together shares a layer, so that new
    /// versions send little again and no layer is much too large; with the
    /// layers below there are never more than runtimes take.
    #[arg(long, value_name = "STRATEGY", default_value = Strategy::default().name(),
        value_parser = strategy_parser())]
    pub layering: Strategy,
    /// The image whose layers will come below, for their number.
    #[arg(long, value_name = "IMAGE")]
    pub from_image: Option<PathBuf>,
    /// A JSON file with changes of file names: a list of objects with `path`,
    /// `regex` and `repl`.
    #[arg(long, value_name = "FILE")]
    pub rewrites: Option<PathBuf>,
    /// A JSON file with permission rules: a list of objects with `path`,
    /// `regex`, `mode` (octal digits), `uid`, `gid`, `uname` and `gname`.
    #[arg(long, value_name = "FILE")]
    pub perms: Option<PathBuf>,
    /// A JSON file with what is made in the last layer, and what is granted or
    /// left out in all: an object with `directories` (a list of `path`, `mode`,
    /// `uid`, `gid`, `uname`, `gname`), `symlinks` (`path`, `target`), `files`
    /// (`content` and all of `directories`), `capabilities` (`path`,
    /// `capability`, such as cap_net_bind_service=+ep) and `excludes` (regexes
    /// on names in the image). All paths are those in the image.
    #[arg(long, value_name = "FILE")]
    pub root_files: Option<PathBuf>,
    /// Lets several paths share a directory though their permission rules
    /// differ, and a file that is equal in all of them: the rules of all apply,
    /// those of the most specific path last. Without it, this is an error. What
    /// paths in different layers hide of each other is told.
    #[arg(long)]
    pub merge_rules: bool,
    /// A JSON file with the history of the layers: an object with `created`,
    /// `created_by`, `author`, `comment` and `empty_layer`.
    #[arg(long, value_name = "FILE")]
    pub history: Option<PathBuf>,
    /// A store path that is left out of the layers.
    #[arg(long, value_name = "PATH")]
    pub ignore: Option<String>,
    /// Compresses the layers, so that a registry can be asked for them by the
    /// digest that it knows: no layer is read or sent that is there already.
    #[arg(long, value_name = "FORMAT", value_parser = format_parser())]
    pub compressor: Option<Format>,
    /// How much is compressed, from 1 to 12 (gzip) or 19 (zstd): a higher
    /// level takes longer and gives less. [default: 4 (gzip), a little faster
    /// and smaller than what skopeo does on the way; 3 (zstd)]
    #[arg(
        long,
        value_name = "LEVEL",
        requires = "compressor",
        allow_hyphen_values = true
    )]
    pub compression_level: Option<i64>,
    /// Keeps each layer's tarball in this directory, as `<hex digest>.tar`, or
    /// `.tar.gz` or `.tar.zst`. This is for store paths that are not the same
    /// when built again.
    #[arg(long, value_name = "DIRECTORY")]
    pub tar_directory: Option<PathBuf>,
    /// Writes the digest of each file to this file, for `verify` to name the
    /// file that changed. All files are read once more for that.
    #[arg(long, value_name = "FILE")]
    pub file_digests: Option<PathBuf>,
    /// How many threads pack, hash and compress; 0 for one on each processor.
    /// The result is the same with any number. [default: NIX_BUILD_CORES, or 0]
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
}

fn strategy_parser() -> impl TypedValueParser<Value = Strategy> {
    let names = Strategy::ALL.map(Strategy::name);
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Strategy>())
}

fn format_parser() -> impl TypedValueParser<Value = Format> {
    let names = Format::ALL.map(Format::name);
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Format>())
}
