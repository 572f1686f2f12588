//! Base images: what was pulled becomes an image whose layers are files.
//!
//! Takes a manifest and the blobs it names, as a directory that skopeo's
//! `dir:` transport wrote or as a map from digests to files; gives an image.
//! Nothing of the base's config is kept but diff IDs, architecture and date,
//! unless it is asked for: then all that images on top can inherit is. Sizes
//! are held against the manifest's; a layer's digest is when it is read, and
//! the config is taken for what Nix got by the manifest.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::config::DockerConfig;
use crate::inheritance::Inheritance;
use crate::layer::{History, Layer, LayerSource};
use crate::{
    Contents, Digest, Error, Image, ImageConfig, LayerMediaType, Platform, Result, go_json,
    media_type,
};

/// What becomes of the config of a base image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BaseConfig {
    /// It is not kept, as by the reference.
    Dropped,
    /// It is kept, so that images on top can inherit it.
    Kept,
}

/// A manifest of the OCI image specification, or of Docker's, schema 2.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", expecting = "an object")]
struct ManifestText {
    schema_version: i64,
    media_type: String,
    config: DescriptorText,
    layers: Vec<DescriptorText>,
    /// What an index has instead.
    manifests: Vec<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", expecting = "an object")]
struct DescriptorText {
    media_type: String,
    digest: String,
    size: u64,
}

/// What is of interest in a config blob.
#[derive(Default, Deserialize)]
#[serde(default, expecting = "an object")]
struct ConfigText {
    architecture: String,
    created: Option<String>,
    rootfs: RootFsText,
}

#[derive(Default, Deserialize)]
#[serde(default, expecting = "an object")]
struct RootFsText {
    diff_ids: Vec<String>,
}

/// What else a config blob has that can be inherited.
#[derive(Default, Deserialize)]
#[serde(default, expecting = "an object")]
struct InheritedText {
    config: Option<ImageConfig>,
    history: Vec<History>,
}

#[derive(Default, Deserialize)]
#[serde(default, expecting = "an object")]
struct DockerText {
    config: Option<DockerConfig>,
}

/// The image in a directory that was written by skopeo's `dir:` transport:
/// `manifest.json`, and each blob under the hexadecimal digits of its digest.
///
/// # Errors
/// When a file is missing, cannot be read, or has not the manifest's size.
pub fn from_directory(directory: &Path, config: BaseConfig) -> Result<Image> {
    from_blobs(&directory.join("manifest.json"), config, |digest| {
        Ok(directory.join(digest.hex()))
    })
}

/// The image of a raw manifest, with a JSON file that maps the hexadecimal
/// digits of each blob's digest to its file.
///
/// # Errors
/// When a file is missing, cannot be read, or has not the manifest's size.
pub fn from_manifest(manifest: &Path, blob_map: &Path, config: BaseConfig) -> Result<Image> {
    let files: HashMap<String, PathBuf> =
        go_json::from_file(blob_map, "a map from digests to files")?;
    from_blobs(manifest, config, |digest| {
        files.get(&digest.hex()).cloned().ok_or_else(|| {
            let reason = format!("no file is named for {digest} of {}", manifest.display());
            Error::Value(reason).in_file(blob_map)
        })
    })
}

fn from_blobs(
    path: &Path,
    kept: BaseConfig,
    file_of: impl Fn(&Digest) -> Result<PathBuf>,
) -> Result<Image> {
    let manifest: ManifestText = go_json::from_file(path, "an image manifest")?;
    check_kind(&manifest).map_err(|error| error.in_file(path))?;
    let config_digest: Digest = manifest
        .config
        .digest
        .parse()
        .map_err(|error| Error::Value(format!("config: {error}")).in_file(path))?;
    let config_file = file_of(&config_digest)?;
    let config: ConfigText = go_json::from_file(&config_file, "an image config")?;
    let diff_ids = &config.rootfs.diff_ids;
    if diff_ids.len() != manifest.layers.len() {
        let reason = format!(
            "it has {} diff IDs for the {} layers of {}",
            diff_ids.len(),
            manifest.layers.len(),
            path.display()
        );
        return Err(Error::Value(reason).in_file(&config_file));
    }
    let mut layers = Vec::new();
    for (index, (descriptor, diff_id)) in manifest.layers.iter().zip(diff_ids).enumerate() {
        let at = |error: Error| Error::Value(format!("layer {}: {error}", index + 1));
        let mut layer = layer(descriptor, &file_of, path, at)?;
        layer.diff_id = diff_id.parse().map_err(|e| at(e).in_file(&config_file))?;
        layers.push(layer);
    }
    let created = config.created.and_then(|text| text.parse().ok());
    let platform = Platform::linux(config.architecture);
    let image = Image::new(ImageConfig::default(), layers, platform)
        .created_at(created.unwrap_or_default());
    match kept {
        BaseConfig::Dropped => Ok(image),
        BaseConfig::Kept => with_config(image, &config_file),
    }
}

/// A layer of the manifest, whose diff ID is still to be told. Its size is
/// that of its file (the reference's issue 207).
fn layer(
    descriptor: &DescriptorText,
    file_of: impl Fn(&Digest) -> Result<PathBuf>,
    manifest: &Path,
    at: impl Fn(Error) -> Error,
) -> Result<Layer> {
    let in_manifest = |error| at(error).in_file(manifest);
    let digest: Digest = descriptor.digest.parse().map_err(in_manifest)?;
    let file = file_of(&digest)?;
    let size = file.metadata().map_err(Error::io("read", &file))?.len();
    if descriptor.size != 0 && descriptor.size != size {
        let wanted = format!(
            "it has {size} bytes, and the manifest says {}",
            descriptor.size
        );
        return Err(Error::Value(wanted).in_file(&file));
    }
    let media_type: LayerMediaType = descriptor.media_type.parse().map_err(in_manifest)?;
    Ok(Layer {
        digest,
        diff_id: digest,
        size,
        media_type,
        history: History::default(),
        source: LayerSource::Tarball {
            file,
            contents: Contents::from([]),
        },
        file_digests: None,
    })
}

/// The image with all of its config that others can inherit.
fn with_config(image: Image, file: &Path) -> Result<Image> {
    const EXPECTED: &str = "an image config";
    let text: InheritedText = go_json::from_file(file, EXPECTED)?;
    let docker: DockerText = go_json::from_file(file, EXPECTED)?;
    let platform: Platform = go_json::from_file(file, EXPECTED)?;
    let docker = docker.config.unwrap_or_default();
    let inheritance = Inheritance::new(text.history, docker, image.layers().len())
        .map_err(|error| error.in_file(file))?;
    Ok(image
        .with_config(text.config.unwrap_or_default())
        .on_platform(platform)
        .with_inheritance(inheritance))
}

/// An index names a manifest for each platform; one of them is wanted.
fn check_kind(manifest: &ManifestText) -> Result<()> {
    let index = [media_type::INDEX, media_type::DOCKER_INDEX];
    // An index need not tell its media type.
    if index.contains(&manifest.media_type.as_str()) || !manifest.manifests.is_empty() {
        return Err(Error::Value(
            "it is an index of manifests; give the manifest of one platform".to_owned(),
        ));
    }
    if manifest.schema_version != 2 {
        return Err(Error::Value(format!(
            "it is a manifest of schema version {}, and only version 2 is known",
            manifest.schema_version
        )));
    }
    Ok(())
}
