//! The image as JSON: the file that one derivation writes and copies read.
//!
//! Takes the text of an image file and gives the image, whose layers were
//! checked; writes an image so that the reference's tools read it. Fields that
//! the reference does not have are written only where there is something to
//! tell. The order of the fields is part of the format.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::inheritance::Inheritance;
use crate::layer::{Layer, LayerSource};
use crate::layer_json::{self, LayerText};
use crate::{Error, Image, ImageConfig, Platform, Result, Timestamp, go_json};

/// The version of the image JSON.
const VERSION: i64 = 1;

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
        Ok(Image::new(text.image_config, layers, platform)
            .with_inheritance(text.inheritance)
            .with_annotations(text.annotations)
            .created_at(text.created.unwrap_or_default()))
    }

    /// The text of the image's JSON file.
    ///
    /// # Errors
    /// When the path of a tarball is not UTF-8.
    pub fn to_text(&self) -> Result<String> {
        let platform = self.platform();
        go_json::to_indented(&ImageText {
            version: VERSION,
            image_config: self.config().clone(),
            layers: layer_json::texts(self.layers()),
            arch: platform.architecture.clone(),
            created: Some(self.created().clone()),
            platform: (!platform.is_plain()).then(|| platform.clone()),
            inheritance: self.inheritance().clone(),
            annotations: self.annotations().clone(),
            images: Vec::new(),
        })
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
