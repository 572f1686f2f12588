//! From a closure graph to layers.

use std::thread::available_parallelism;

use anyhow::{Context, Result};
use nix2container::layer::Packing;
use nix2container::layering::{Excluded, layering};
use nix2container::output::write_file;
use nix2container::path_options::OptionsTable;
use nix2container::{Closure, go_json, layer, layer_json};

use crate::cli;

pub(super) fn layers(arguments: &cli::Layers) -> Result<()> {
    let mut options = OptionsTable::default();
    if let Some(file) = &arguments.rewrites {
        options.add_rewrites(file)?;
    }
    if let Some(file) = &arguments.perms {
        options.add_perms(file)?;
    }
    let history = match &arguments.history {
        Some(file) => go_json::from_file(file, "the history of a layer")?,
        None => layer::History::default(),
    };
    let parents = arguments
        .parents
        .iter()
        .map(|file| layer_json::from_file(file));
    let parents = parents.collect::<Result<Vec<_>, _>>()?.concat();
    let closure = Closure::from_file(&arguments.graph)?;
    let inherited = parents.iter().flat_map(layer::Layer::paths);
    let excluded = Excluded::new(arguments.ignore.as_deref(), inherited);
    let groups = layering(&closure, &options, &excluded, arguments.max_layers)
        .with_context(|| format!("{}", arguments.graph.display()))?;
    let packing = Packing {
        history,
        tar_directory: arguments.tar_directory.clone(),
        jobs: arguments.jobs.unwrap_or_else(available_jobs),
        observer: None,
    };
    let layers = layer::pack_all(groups, &packing)?;
    Ok(write_file(
        &arguments.out,
        layer_json::to_text(&layers)?.as_bytes(),
    )?)
}

/// The processors that a Nix build may use, or all there are. Nix says 0 for
/// all of them.
fn available_jobs() -> usize {
    let allowed = std::env::var("NIX_BUILD_CORES").ok();
    match allowed.and_then(|cores| cores.parse().ok()) {
        Some(cores @ 1..) => cores,
        _ => available_parallelism().map_or(1, usize::from),
    }
}
