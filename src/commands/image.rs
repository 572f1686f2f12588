//! From layers and configs to an image.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use nix2container::base_image::{self, BaseConfig};
use nix2container::index::IndexText;
use nix2container::inheritance::{OwnConfig, inherit};
use nix2container::layering::MOST_LAYERS;
use nix2container::output::write_file;
use nix2container::{Image, ImageConfig, Platform, Warning, go_json};

use super::{layers_of, warn};
use crate::cli;

/// The annotations of the OCI image specification that name the base image.
const BASE_NAME: &str = "org.opencontainers.image.base.name";
const BASE_DIGEST: &str = "org.opencontainers.image.base.digest";

const EXPECTED: &str = "an image config";

pub(super) fn image(arguments: cli::Image) -> Result<()> {
    let base = arguments.from_image.as_deref();
    let image = match base {
        Some(base) if arguments.inherit_config => inherited(base, &arguments)?,
        base => plain(base, &arguments)?,
    };
    let count = image.layers().len();
    if count > MOST_LAYERS {
        warn(&Warning::ManyLayers {
            count,
            most: MOST_LAYERS,
        });
    }
    let image = image
        .with_annotations(annotations(&arguments)?)
        .created_at(arguments.created);
    write_image(&arguments.out, &image)
}

fn annotations_of(file: Option<&Path>) -> Result<BTreeMap<String, String>> {
    match file {
        Some(file) => Ok(go_json::from_file(file, "an object of annotations")?),
        None => Ok(BTreeMap::new()),
    }
}

/// The annotations of the file, and those that name the base, where the file
/// does not have them.
fn annotations(arguments: &cli::Image) -> Result<BTreeMap<String, String>> {
    let mut all = annotations_of(arguments.annotations.as_deref())?;
    if let (Some(name), Some(base)) = (&arguments.base_name, &arguments.from_image) {
        let digest = match arguments.base_digest {
            Some(digest) => digest,
            None => Image::from_file(base)?.manifest()?.digest()?,
        };
        all.entry(BASE_NAME.to_owned()).or_insert(name.clone());
        all.entry(BASE_DIGEST.to_owned())
            .or_insert(digest.to_string());
    }
    Ok(all)
}

/// An image that has nothing of its base but the layers.
fn plain(base: Option<&Path>, arguments: &cli::Image) -> Result<Image> {
    let config: ImageConfig = go_json::from_file(&arguments.config, EXPECTED)?;
    let mut layers = match base {
        Some(base) => Image::from_file(base)?.layers().to_vec(),
        None => Vec::new(),
    };
    layers.extend(layers_of(&arguments.layers)?);
    let platform = Platform {
        variant: arguments.variant.clone().unwrap_or_default(),
        ..Platform::linux(arguments.arch.as_deref().unwrap_or(machine_arch()))
    };
    Ok(Image::new(config, layers, platform).without_repeated_layers())
}

/// An image that takes over the config of its base.
fn inherited(base: &Path, arguments: &cli::Image) -> Result<Image> {
    let config: OwnConfig = go_json::from_file(&arguments.config, EXPECTED)?;
    let layers = layers_of(&arguments.layers)?;
    let image = Image::from_file(base)?;
    let image = inherit(&image, config, layers, arguments.arch.as_deref())
        .with_context(|| format!("cannot inherit the config of {}", base.display()))?;
    let platform = image.platform().clone();
    Ok(match arguments.variant.clone() {
        Some(variant) => image.on_platform(Platform {
            variant,
            ..platform
        }),
        None => image,
    })
}

/// This machine's architecture by Go's name.
fn machine_arch() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        "powerpc64" if cfg!(target_endian = "little") => "ppc64le",
        "powerpc64" => "ppc64",
        "loongarch64" => "loong64",
        same => same,
    }
}

pub(super) fn image_from_dir(arguments: &cli::ImageFromDir) -> Result<()> {
    let config = base_config(arguments.with_config);
    let image = base_image::from_directory(&arguments.directory, config)?;
    write_image(&arguments.out, &image)
}

pub(super) fn image_from_manifest(arguments: &cli::ImageFromManifest) -> Result<()> {
    let config = base_config(arguments.with_config);
    let image = base_image::from_manifest(&arguments.manifest, &arguments.blob_map, config)?;
    write_image(&arguments.out, &image)
}

pub(super) fn image_uncompressed(arguments: &cli::ImageUncompressed) -> Result<()> {
    let image = Image::from_file(&arguments.image)?;
    write_image(&arguments.out, &image.uncompressed())
}

pub(super) fn index(arguments: &cli::Index) -> Result<()> {
    let annotations = annotations_of(arguments.annotations.as_deref())?;
    let index = IndexText::new(arguments.images.clone(), annotations);
    index.read()?;
    Ok(write_file(&arguments.out, index.to_text()?.as_bytes())?)
}

fn base_config(kept: bool) -> BaseConfig {
    match kept {
        true => BaseConfig::Kept,
        false => BaseConfig::Dropped,
    }
}

fn write_image(out: &Path, image: &Image) -> Result<()> {
    Ok(write_file(out, image.to_text()?.as_bytes())?)
}
