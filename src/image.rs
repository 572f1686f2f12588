//! The image: its config and its layers, and the JSON file that describes it.
//!
//! Takes a config, a base image and layers; gives the image's JSON, and from
//! that the config blob, the manifest and every other blob.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::inheritance::Inheritance;
use crate::layer::{Layer, LayerSource};
use crate::layer_json::{self, LayerText};
use crate::{
    Blob, Descriptor, Digest, Error, History, ImageConfig, Manifest, Platform, Result, Timestamp,
    config, go_json, media_type,
};

/// The version of the image JSON.
const VERSION: i64 = 1;

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

/// An image as it stands in JSON.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, expecting = "an object")]
struct ImageText {
    version: i64,
    #[serde(rename = "image-config")]
    image_config: ImageConfig,
    layers: Vec<LayerText>,
    arch: String,
    created: Option<Timestamp>,
    /// Only where there is more to tell than the architecture.
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<Platform>,
    #[serde(skip_serializing_if = "Inheritance::is_empty")]
    inheritance: Inheritance,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
    /// What an index has instead.
    #[serde(skip_serializing)]
    images: Vec<PathBuf>,
}

impl Image {
    /// An image of these layers, without a date.
    pub fn new(config: ImageConfig, layers: Vec<Layer>, arch: impl Into<String>) -> Self {
        Image {
            config,
            layers,
            platform: Platform::linux(arch),
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

    /// Reads an image from its JSON file.
    ///
    /// # Errors
    /// When the file cannot be read or is not the JSON of an image.
    pub fn from_file(path: &Path) -> Result<Self> {
        let text: ImageText = go_json::from_file(path, "an image")?;
        let refused = |reason| Error::Value(reason).in_file(path);
        if !text.images.is_empty() {
            return Err(refused(format!(
                "it is an index of {} images; give the file of one of them",
                text.images.len()
            )));
        }
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
        let told = text.inheritance.layer_count();
        if told > layers.len() {
            return Err(refused(format!(
                "the inherited history tells of {told} layers, and there are {}",
                layers.len()
            )));
        }
        let platform = Platform {
            architecture: text.arch,
            ..text.platform.unwrap_or_default()
        };
        Ok(Image::new(text.image_config, layers, "")
            .on_platform(platform)
            .with_inheritance(text.inheritance)
            .with_annotations(text.annotations)
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
            arch: self.platform.architecture.clone(),
            created: Some(self.created.clone()),
            platform: (!self.platform.is_plain()).then(|| self.platform.clone()),
            inheritance: self.inheritance.clone(),
            annotations: self.annotations.clone(),
            images: Vec::new(),
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

/// The reference writes size 0 for the layers of a base image (its issue 207);
/// the size of such a layer is its file's.
fn complete_size(layer: &mut Layer) -> Result<()> {
    if let (0, LayerSource::Tarball { file, .. }) = (layer.size, &layer.source) {
        let metadata = file.metadata().map_err(Error::io("read", file))?;
        layer.size = metadata.len();
    }
    Ok(())
}
