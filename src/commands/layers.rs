//! From a closure graph to layers.

use std::collections::HashSet;
use std::env;
use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::thread::available_parallelism;

use anyhow::{Context, Result};
use nix2container::contents::share_out;
use nix2container::layering::{Excluded, Limit, layering};
use nix2container::output::write_file;
use nix2container::overlaps::overlaps;
use nix2container::packing::{Packing, pack_all};
use nix2container::path_options::OptionsTable;
use nix2container::{
    Closure, Compressor, History, Image, Layer, RootFiles, Warning, file_digests, go_json,
    layer_json,
};

use super::{layers_of, progress, warn};
use crate::cli;

pub(super) fn layers(arguments: &cli::Layers) -> Result<()> {
    let options = options(arguments)?;
    let parents = layers_of(&arguments.parents)?;
    let closure = Closure::from_file(&arguments.graph)?;
    let inherited = parents.iter().flat_map(Layer::paths);
    let excluded = Excluded::new(arguments.ignore.as_deref(), inherited);
    let limit = Limit {
        max_layers: arguments.max_layers,
        below: layers_below(&parents, arguments.from_image.as_deref())?,
    };
    let groups = layering(&closure, &options, &excluded, arguments.layering, limit)
        .with_context(|| format!("{}", arguments.graph.display()))?;
    let root_files = match &arguments.root_files {
        Some(file) => RootFiles::from_file(file)?,
        None => RootFiles::default(),
    };
    let contents = share_out(groups, root_files.clone())?;
    let (sender, warnings) = channel();
    let packing = packing(arguments, contents.len(), sender)?;
    let hidden = match packing.merge {
        true => overlaps(&contents)?,
        false => Vec::new(),
    };
    let mut layers = pack_all(contents, &packing)?;
    if let Some(file) = &arguments.file_digests {
        file_digests::record(&mut layers, file, packing.jobs)?;
    }
    let mut warnings: Vec<_> = warnings.try_iter().chain(hidden).collect();
    let packed = layers.iter().flat_map(Layer::paths);
    warnings.extend(options.unmatched(packed, |path| excluded.has(path))?);
    warnings.extend(root_files.unmatched());
    write_file(&arguments.out, layer_json::to_text(&layers)?.as_bytes())?;
    // In an order that does not depend on threads.
    warnings.sort();
    warnings.dedup();
    warnings.iter().for_each(warn);
    Ok(())
}

/// How so many layers are packed, and who is told of it.
fn packing(arguments: &cli::Layers, layers: usize, warnings: Sender<Warning>) -> Result<Packing> {
    let level = arguments.compression_level;
    let compressor = arguments.compressor;
    let compressor = compressor.map(|format| Compressor::new(format, level));
    Ok(Packing {
        history: match &arguments.history {
            Some(file) => go_json::from_file(file, "the history of a layer")?,
            None => History::default(),
        },
        merge: arguments.merge_rules,
        compressor: compressor.transpose()?,
        tar_directory: arguments.tar_directory.clone(),
        jobs: jobs(arguments.jobs),
        warnings: Some(warnings),
        observer: progress::observer(layers),
    })
}

fn options(arguments: &cli::Layers) -> Result<OptionsTable> {
    let mut options = OptionsTable::default();
    if let Some(file) = &arguments.rewrites {
        options.add_rewrites(file)?;
    }
    if let Some(file) = &arguments.perms {
        options.add_perms(file)?;
    }
    Ok(options)
}

/// How many different layers will come below those that are made.
fn layers_below(parents: &[Layer], base: Option<&Path>) -> Result<usize> {
    let base = base.map(Image::from_file).transpose()?;
    let base = base.iter().flat_map(Image::layers);
    let digests: HashSet<_> = parents.iter().chain(base).map(Layer::digest).collect();
    Ok(digests.len())
}

/// The number that was asked for, or else that of the processors that a Nix
/// build may use. Nix says 0 for all there are.
pub(super) fn jobs(wanted: Option<usize>) -> usize {
    let allowed = || env::var("NIX_BUILD_CORES").ok()?.parse().ok();
    match wanted.or_else(allowed) {
        Some(count @ 1..) => count,
        _ => available_parallelism().map_or(1, usize::from),
    }
}
