//! What is pushed: blobs, then manifests that name them, the last of which
//! has the tags.

use std::collections::HashSet;

use crate::{Artifact, Blob, Descriptor, Digest, Image, Result, media_type};

/// Blobs and manifests in the order in which a registry can take them.
#[derive(Clone, Debug)]
pub struct Payload {
    pub(crate) blobs: Vec<(Descriptor, Blob)>,
    /// By digest, before the last one.
    pub(crate) inner: Vec<ManifestText>,
    /// What the tags name.
    pub(crate) top: ManifestText,
}

/// A manifest as it is sent.
#[derive(Clone, Debug)]
pub(crate) struct ManifestText {
    pub(crate) descriptor: Descriptor,
    pub(crate) text: String,
}

impl ManifestText {
    fn new(media_type: &str, text: String) -> Self {
        ManifestText {
            descriptor: Descriptor::of(media_type, text.as_bytes()),
            text,
        }
    }
}

impl Payload {
    /// The blobs and the manifest of one image.
    ///
    /// # Errors
    /// As [`Image::manifest`].
    pub fn of_image(image: &Image) -> Result<Self> {
        let manifest = image.manifest()?;
        let top = ManifestText::new(media_type::MANIFEST, manifest.to_text()?);
        let mut seen = HashSet::new();
        let blobs = manifest.layers.into_iter().chain([manifest.config]);
        let blobs = blobs
            .filter(|blob| seen.insert(blob.digest))
            .map(|blob| Ok((blob.clone(), image.blob(&blob.digest)?)))
            .collect::<Result<_>>()?;
        let inner = Vec::new();
        Ok(Payload { blobs, inner, top })
    }

    /// The blobs and the manifests of an image, or of all images of an index.
    ///
    /// # Errors
    /// As [`Image::manifest`].
    pub fn of(artifact: &Artifact) -> Result<Self> {
        let index = match artifact {
            Artifact::Image(image) => return Payload::of_image(image),
            Artifact::Index(index) => index,
        };
        let mut payload = Payload {
            blobs: Vec::new(),
            inner: Vec::new(),
            top: ManifestText::new(media_type::INDEX, index.to_text()?),
        };
        let mut seen = HashSet::new();
        for image in index.images() {
            let image = Payload::of_image(image)?;
            let new = image.blobs.into_iter();
            payload
                .blobs
                .extend(new.filter(|(blob, _)| seen.insert(blob.digest)));
            payload.inner.push(image.top);
        }
        Ok(payload)
    }

    /// The digest of the manifest that the tags will name.
    pub fn digest(&self) -> Digest {
        self.top.descriptor.digest
    }
}
