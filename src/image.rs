//! The image: its config and its layers.
//!
//! Takes a config and layers, those of a base image among them; gives the
//! config blob, the manifest and every other blob.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::inheritance::Inheritance;
use crate::layer::{Layer, LayerSource};
use crate::{
    Blob, Descriptor, Digest, Error, History, ImageConfig, Manifest, Platform, Result, Timestamp,
    config, media_type,
};

/// An image that can be copied.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Image {
    config: ImageConfig,
    layers: Vec<Layer>,
    platform: Platform,
    created: Timestamp,
    inheritance: Inheritance,
    annotations: BTreeMap<String, String>,
}

impl Image {
    /// An image of these layers, without a date.
    pub fn new(config: ImageConfig, layers: Vec<Layer>, platform: Platform) -> Self {
        Image {
            config,
            layers,
            platform,
            created: Timestamp::default(),
            inheritance: Inheritance::default(),
            annotations: BTreeMap::new(),
        }
    }

    /// The same image without the layers whose digest a lower one has: layers
    /// are often reached in more ways than one. A layer that was compressed
    /// here is also the one with the same diff ID that was not. The layers of a
    /// base whose history was inherited stay as they are.
    #[must_use]
    pub fn without_repeated_layers(mut self) -> Self {
        let mut digests = HashSet::new();
        let mut diff_ids = HashMap::new();
        let mut inherited = self.inheritance.layer_count();
        self.layers.retain(|layer| {
            let compressed_here = layer.is_compressed_here();
            let repeated = match diff_ids.get(&layer.diff_id) {
                Some(lower_is_compressed_here) => compressed_here || *lower_is_compressed_here,
                None => false,
            };
            let kept = digests.insert(layer.digest) && !repeated || inherited > 0;
            inherited = inherited.saturating_sub(1);
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

    /// The same image with another config.
    #[must_use]
    pub(crate) fn with_config(self, config: ImageConfig) -> Self {
        Image { config, ..self }
    }

    /// The same image for another platform.
    #[must_use]
    pub fn on_platform(self, platform: Platform) -> Self {
        Image { platform, ..self }
    }

    /// The same image with what it took over from its base.
    #[must_use]
    pub(crate) fn with_inheritance(self, inheritance: Inheritance) -> Self {
        Image {
            inheritance,
            ..self
        }
    }

    /// The same image with a date.
    #[must_use]
    pub fn created_at(self, created: Timestamp) -> Self {
        Image { created, ..self }
    }

    /// The same image with annotations of its manifest.
    #[must_use]
    pub fn with_annotations(self, annotations: BTreeMap<String, String>) -> Self {
        Image {
            annotations,
            ..self
        }
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
        &self.platform.architecture
    }

    /// What machine the image is for.
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// What the manifest says about the image.
    pub fn annotations(&self) -> &BTreeMap<String, String> {
        &self.annotations
    }

    /// What was taken over from the base.
    pub(crate) fn inheritance(&self) -> &Inheritance {
        &self.inheritance
    }

    /// The history: what the base's was, then an entry for each layer above.
    pub fn history(&self) -> impl Iterator<Item = &History> {
        let above = self.layers.iter().skip(self.inheritance.layer_count());
        self.inheritance
            .history
            .iter()
            .chain(above.map(Layer::history))
    }

    /// Whether this is a base image of which only the layers are known.
    pub(crate) fn lacks_config(&self) -> bool {
        let pulled = |layer: &Layer| {
            matches!(layer.source(), LayerSource::Tarball { .. }) && layer.paths().is_empty()
        };
        self.inheritance.is_empty()
            && self.config == ImageConfig::default()
            && self.layers.iter().any(pulled)
            && self.layers.iter().all(pulled)
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

    /// What names the manifest.
    ///
    /// # Errors
    /// As [`Image::config_blob`].
    pub fn descriptor(&self) -> Result<Descriptor> {
        let text = self.manifest()?.to_text()?;
        Ok(Descriptor::of(media_type::MANIFEST, text.as_bytes()))
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
