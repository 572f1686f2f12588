//! Base images: what was pulled becomes an image whose layers are files.
//!
//! Takes a manifest and the blobs it names, as a directory that skopeo's
//! `dir:` transport wrote or as a map from digests to files; gives an image.
//! Nothing of the base's config is kept but diff IDs, architecture and date.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::layer::{History, Layer, LayerSource};
use crate::{Digest, Error, Image, ImageConfig, LayerMediaType, Result, go_json, media_type};

/// A manifest of the OCI image specification, or of Docker's, schema 2.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ManifestText {
    schema_version: i64,
    media_type: String,
    config: DescriptorText,
    layers: Vec<DescriptorText>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct DescriptorText {
    media_type: String,
    digest: String,
    size: u64,
}

/// What is of interest in a config blob.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ConfigText {
    architecture: String,
    created: Option<String>,
    rootfs: RootFsText,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RootFsText {
    diff_ids: Vec<String>,
}

/// The image in a directory that was written by skopeo's `dir:` transport:
/// `manifest.json`, and each blob under the hexadecimal digits of its digest.
///
/// # Errors
/// When a file is missing or is not what the manifest says.
pub fn from_directory(directory: &Path) -> Result<Image> {
    from_blobs(&directory.join("manifest.json"), |digest| {
        Ok(directory.join(digest.hex()))
    })
}

/// The image of a raw manifest, with a JSON file that maps the hexadecimal
/// digits of each blob's digest to its file.
///
/// # Errors
/// When a file is missing or is not what the manifest says.
pub fn from_manifest(manifest: &Path, blob_map: &Path) -> Result<Image> {
    let files: HashMap<String, PathBuf> =
        go_json::from_file(blob_map, "a map from digests to files")?;
    from_blobs(manifest, |digest| {
        files.get(&digest.hex()).cloned().ok_or_else(|| {
            let reason = format!("no file is named for {digest} of {}", manifest.display());
            Error::Value(reason).in_file(blob_map)
        })
    })
}

fn from_blobs(path: &Path, file_of: impl Fn(&Digest) -> Result<PathBuf>) -> Result<Image> {
    let manifest: ManifestText = go_json::from_file(path, "an image manifest")?;
    check_kind(&manifest).map_err(|error| error.in_file(path))?;
    let config_digest: Digest = manifest
        .config
        .digest
        .parse()
        .map_err(|error| Error::Value(format!("config: {error}")).in_file(path))?;
    let config_file = file_of(&config_digest)?;
    let config: ConfigText = go_json::from_file(&config_file, "an image config")?;
    let diff_ids = config.rootfs.diff_ids;
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
    for (index, (descriptor, diff_id)) in manifest.layers.iter().zip(&diff_ids).enumerate() {
        let at = |error: Error| Error::Value(format!("layer {}: {error}", index + 1));
        let digest: Digest = descriptor.digest.parse().map_err(|e| at(e).in_file(path))?;
        let file = file_of(&digest)?;
        let size = file.metadata().map_err(Error::io("read", &file))?.len();
        if descriptor.size != 0 && descriptor.size != size {
            let wanted = format!(
                "it has {size} bytes, and the manifest says {}",
                descriptor.size
            );
            return Err(Error::Value(wanted).in_file(&file));
        }
        let media_type: LayerMediaType = descriptor
            .media_type
            .parse()
            .map_err(|e| at(e).in_file(path))?;
        layers.push(Layer {
            digest,
            diff_id: diff_id.parse().map_err(|e| at(e).in_file(&config_file))?,
            size,
            media_type,
            history: History::default(),
            source: LayerSource::Tarball {
                file,
                paths: [].into(),
            },
        });
    }
    let created = config.created.and_then(|text| text.parse().ok());
    Ok(
        Image::new(ImageConfig::default(), layers, config.architecture)
            .created_at(created.unwrap_or_default()),
    )
}

/// An index names a manifest for each platform; one of them is wanted.
fn check_kind(manifest: &ManifestText) -> Result<()> {
    let index = [media_type::INDEX, media_type::DOCKER_INDEX];
    if index.contains(&manifest.media_type.as_str()) {
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
