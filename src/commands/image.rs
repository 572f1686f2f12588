//! From layers and configs to an image.

use std::path::Path;

use anyhow::Result;
use nix2container::output::write_file;
use nix2container::{Image, ImageConfig, base_image, go_json, layer_json};

use crate::cli;

pub(super) fn image(arguments: cli::Image) -> Result<()> {
    let config: ImageConfig = go_json::from_file(&arguments.config, "an image config")?;
    let mut layers = match &arguments.from_image {
        Some(base) => Image::from_file(base)?.layers().to_vec(),
        None => Vec::new(),
    };
    for file in &arguments.layers {
        layers.extend(layer_json::from_file(file)?);
    }
    let arch = arguments.arch.unwrap_or_else(|| machine_arch().to_owned());
    let image = Image::new(config, layers, arch)
        .without_repeated_layers()
        .created_at(arguments.created);
    write_image(&arguments.out, &image)
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
    write_image(
        &arguments.out,
        &base_image::from_directory(&arguments.directory)?,
    )
}

pub(super) fn image_from_manifest(arguments: &cli::ImageFromManifest) -> Result<()> {
    let image = base_image::from_manifest(&arguments.manifest, &arguments.blob_map)?;
    write_image(&arguments.out, &image)
}

pub(super) fn image_uncompressed(arguments: &cli::ImageUncompressed) -> Result<()> {
    let image = Image::from_file(&arguments.image)?;
    write_image(&arguments.out, &image.uncompressed())
}

fn write_image(out: &Path, image: &Image) -> Result<()> {
    Ok(write_file(out, image.to_text()?.as_bytes())?)
}
