//! The manifest: what a registry is told first, the descriptors of the config
//! and of the layers.
//!
//! Takes an image, gives the manifest of the OCI image specification. The
//! order of the fields is part of its digest.

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
            config: Descriptor {
                media_type: media_type::CONFIG.to_owned(),
                digest: Digest::of(config.as_bytes()),
                size: config.len() as u64,
            },
            layers: layers.collect(),
        })
    }

    /// The manifest's text, whose digest names the image in a registry.
    ///
    /// # Errors
    /// Never for a manifest of an image; the type is that of all JSON writing.
    pub fn to_text(&self) -> Result<String> {
        go_json::to_compact(self)
    }
}
