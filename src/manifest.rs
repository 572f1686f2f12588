//! The manifest: what a registry is told first, the descriptors of the config
//! and of the layers.
//!
//! Takes an image, gives the manifest of the OCI image specification. The
//! order of the fields is part of its digest.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{Digest, Image, Result, go_json, media_type};

/// What names a blob: its type, digest and size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What the blob is.
    pub media_type: String,
    /// The digest of its bytes.
    pub digest: Digest,
    /// The number of its bytes.
    pub size: u64,
}

impl Descriptor {
    /// Describes bytes.
    pub(crate) fn of(media_type: &str, bytes: &[u8]) -> Self {
        Descriptor {
            media_type: media_type.to_owned(),
            digest: Digest::of(bytes),
            size: bytes.len() as u64,
        }
    }
}

/// The manifest of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Always 2.
    pub schema_version: u32,
    /// The manifest's own media type.
    pub media_type: &'static str,
    /// The config blob.
    pub config: Descriptor,
    /// The layers, the lowest first.
    pub layers: Vec<Descriptor>,
    /// What there is to say about the image.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl Manifest {
    /// Describes an image.
    pub(crate) fn of(image: &Image) -> Result<Self> {
        let config = image.config_blob()?;
        let layers = image.layers().iter().map(|layer| Descriptor {
            media_type: layer.media_type().to_string(),
            digest: *layer.digest(),
            size: layer.size(),
        });
        Ok(Manifest {
            schema_version: 2,
            media_type: media_type::MANIFEST,
            config: Descriptor::of(media_type::CONFIG, config.as_bytes()),
            layers: layers.collect(),
            annotations: image.annotations().clone(),
        })
    }

    /// The manifest's text, whose digest names the image in a registry.
    ///
    /// # Errors
    /// Never for a manifest of an image; the type is that of all JSON writing.
    pub fn to_text(&self) -> Result<String> {
        go_json::to_compact(self)
    }

    /// The digest of the manifest's text.
    ///
    /// # Errors
    /// As [`Manifest::to_text`].
    pub fn digest(&self) -> Result<Digest> {
        Ok(Digest::of(self.to_text()?.as_bytes()))
    }
}
