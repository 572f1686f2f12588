//! The image: its config and its layers, and the JSON file that describes it.
//!
//! Takes a config, a base image and layers; gives the image's JSON, and from
//! that the config blob, the manifest and every other blob.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::layer::{Layer, LayerSource};
use crate::layer_json::{self, LayerText};
use crate::{Blob, Digest, Error, ImageConfig, Manifest, Result, Timestamp, config, go_json};

/// The version of the image JSON.
const VERSION: i64 = 1;

/// An image that can be copied.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Image {
    config: ImageConfig,
    layers: Vec<Layer>,
    arch: String,
    created: Timestamp,
}

/// An image as it stands in JSON.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct ImageText {
    version: i64,
    #[serde(rename = "image-config")]
    image_config: ImageConfig,
    layers: Vec<LayerText>,
    arch: String,
    created: Option<Timestamp>,
}

impl Image {
    /// An image of these layers, without a date.
    pub fn new(config: ImageConfig, layers: Vec<Layer>, arch: impl Into<String>) -> Self {
        Image {
            config,
            layers,
            arch: arch.into(),
            created: Timestamp::default(),
        }
    }

    /// The same image without the layers whose digest a lower one has: layers
    /// are often reached in more ways than one. A layer that was compressed
    /// here is also the one with the same diff ID that was not.
    #[must_use]
    pub fn without_repeated_layers(mut self) -> Self {
        let mut digests = HashSet::new();
        let mut diff_ids = HashMap::new();
        self.layers.retain(|layer| {
            let compressed_here = layer.is_compressed_here();
            let repeated = match diff_ids.get(&layer.diff_id) {
                Some(lower_is_compressed_here) => compressed_here || *lower_is_compressed_here,
                None => false,
            };
            let kept = digests.insert(layer.digest) && !repeated;
            if kept {
                diff_ids.insert(layer.diff_id, compressed_here);
            }
            kept
        });
        self
    }

    /// The same image for what stays on this machine: no layer is compressed
    /// on the way. Layers in files stay as they are.
    #[must_use]
    pub fn uncompressed(mut self) -> Self {
        for layer in &mut self.layers {
            if let Some(uncompressed) = layer.uncompressed() {
                *layer = uncompressed;
            }
        }
        self
    }

    /// The same image with a date.
    #[must_use]
    pub fn created_at(self, created: Timestamp) -> Self {
        Image { created, ..self }
    }

    /// Reads an image from its JSON file.
    ///
    /// # Errors
    /// When the file cannot be read or is not the JSON of an image.
    pub fn from_file(path: &Path) -> Result<Self> {
        let text: ImageText = go_json::from_file(path, "an image")?;
        let refused = |reason| Error::Value(reason).in_file(path);
        if text.version != VERSION {
            return Err(refused(format!(
                "it is an image of version {}, and only version {VERSION} is known",
                text.version
            )));
        }
        let mut layers = layer_json::layers(text.layers).map_err(|error| error.in_file(path))?;
        for layer in &mut layers {
            complete_size(layer)?;
        }
        Ok(Image::new(text.image_config, layers, text.arch)
            .created_at(text.created.unwrap_or_default()))
    }

    /// The text of the image's JSON file.
    ///
    /// # Errors
    /// When the path of a tarball is not UTF-8.
    pub fn to_text(&self) -> Result<String> {
        go_json::to_indented(&ImageText {
            version: VERSION,
            image_config: self.config.clone(),
            layers: layer_json::texts(&self.layers),
            arch: self.arch.clone(),
            created: Some(self.created.clone()),
        })
    }

    /// How a container of the image is run.
    pub fn config(&self) -> &ImageConfig {
        &self.config
    }

    /// The layers, the lowest first.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The architecture, by Go's name.
    pub fn arch(&self) -> &str {
        &self.arch
    }

    /// The date of the image.
    pub fn created(&self) -> &Timestamp {
        &self.created
    }

    /// The text of the config blob.
    ///
    /// # Errors
    /// Never for an image; the type is that of all JSON writing.
    pub fn config_blob(&self) -> Result<String> {
        config::config_blob(self)
    }

    /// The manifest.
    ///
    /// # Errors
    /// As [`Image::config_blob`].
    pub fn manifest(&self) -> Result<Manifest> {
        Manifest::of(self)
    }

    /// A blob by its digest: a layer, or the config.
    ///
    /// # Errors
    /// [`Error::NoSuchBlob`] when no blob of the image has this digest.
    pub fn blob(&self, digest: &Digest) -> Result<Blob> {
        if let Some(layer) = self.layers.iter().find(|layer| layer.digest == *digest) {
            return Ok(Blob::of_layer(layer.clone()));
        }
        let config = self.config_blob()?;
        if Digest::of(config.as_bytes()) == *digest {
            return Ok(Blob::of_bytes(config.into_bytes()));
        }
        Err(Error::NoSuchBlob(*digest))
    }
}

/// The reference writes size 0 for the layers of a base image (its issue 207);
/// the size of such a layer is its file's.
fn complete_size(layer: &mut Layer) -> Result<()> {
    if let (0, LayerSource::Tarball { file, .. }) = (layer.size, &layer.source) {
        let metadata = file.metadata().map_err(Error::io("read", file))?;
        layer.size = metadata.len();
    }
    Ok(())
}
