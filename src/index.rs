//! Indexes: one name for the same image on several platforms.
//!
//! Takes images, or the JSON file that names their files; gives the index of
//! the OCI image specification, with a descriptor for each image, and every
//! manifest and blob behind it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Blob, Descriptor, Digest, Error, Image, Platform, Result, go_json, media_type};

/// The version of the index JSON.
const VERSION: i64 = 1;

/// The same image on several platforms.
#[derive(Clone, Debug, PartialEq)]
pub struct Index {
    images: Vec<Image>,
    annotations: BTreeMap<String, String>,
}

/// An index as it stands in JSON: it names the files of its images.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, expecting = "an object")]
pub struct IndexText {
    version: i64,
    images: Vec<PathBuf>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
}

impl IndexText {
    /// An index of the images in these files.
    pub fn new(images: Vec<PathBuf>, annotations: BTreeMap<String, String>) -> Self {
        IndexText {
            version: VERSION,
            images,
            annotations,
        }
    }

    /// Reads the images.
    ///
    /// # Errors
    /// When a file is not that of an image, or two are for one platform.
    pub fn read(&self) -> Result<Index> {
        let images = self.images.iter().map(|file| Image::from_file(file));
        let images = images.collect::<Result<Vec<_>>>()?;
        for (number, image) in images.iter().enumerate() {
            let same = |other: &Image| other.platform() == image.platform();
            if let Some(earlier) = images[..number].iter().position(same) {
                return Err(Error::Value(format!(
                    "{} and {} are both for {}; take one out of `images`, or set another `arch` \
                     or `variant` for it",
                    self.images[earlier].display(),
                    self.images[number].display(),
                    image.platform()
                )));
            }
        }
        Ok(Index {
            images,
            annotations: self.annotations.clone(),
        })
    }

    /// The text of the index's JSON file.
    ///
    /// # Errors
    /// When the path of an image is not UTF-8.
    pub fn to_text(&self) -> Result<String> {
        go_json::to_indented(self)
    }
}

/// What an index says of one manifest.
#[derive(Serialize)]
pub(crate) struct Entry {
    #[serde(flatten)]
    pub(crate) descriptor: Descriptor,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) platform: Option<Platform>,
}

/// The text of an index of these manifests.
pub(crate) fn index_text(
    manifests: Vec<Entry>,
    annotations: &BTreeMap<String, String>,
) -> Result<String> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Text<'a> {
        schema_version: u32,
        media_type: &'static str,
        manifests: Vec<Entry>,
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        annotations: &'a BTreeMap<String, String>,
    }
    go_json::to_compact(&Text {
        schema_version: 2,
        media_type: media_type::INDEX,
        manifests,
        annotations,
    })
}

impl Index {
    /// The images, in the order of the index.
    pub fn images(&self) -> &[Image] {
        &self.images
    }

    /// The text of the index, whose digest names it in a registry.
    ///
    /// # Errors
    /// As [`Image::manifest`].
    pub fn to_text(&self) -> Result<String> {
        let entry = |image: &Image| {
            Ok(Entry {
                descriptor: image.descriptor()?,
                annotations: BTreeMap::new(),
                platform: Some(image.platform().clone()),
            })
        };
        let manifests = self.images.iter().map(entry).collect::<Result<_>>()?;
        index_text(manifests, &self.annotations)
    }
}

/// What can be copied: an image, or an index of several.
#[derive(Clone, Debug, PartialEq)]
pub enum Artifact {
    /// An image for one platform.
    Image(Box<Image>),
    /// An index of images for several.
    Index(Index),
}

impl Artifact {
    /// Reads an image, or an index with its images, from a JSON file.
    ///
    /// # Errors
    /// When the file is neither, or an image of the index is not.
    pub fn from_file(path: &Path) -> Result<Self> {
        let text: IndexText = go_json::from_file(path, "an image or an index")?;
        if text.images.is_empty() {
            return Ok(Artifact::Image(Box::new(Image::from_file(path)?)));
        }
        if text.version != VERSION {
            return Err(Error::Value(format!(
                "it is an index of version {}, and only version {VERSION} is known",
                text.version
            ))
            .in_file(path));
        }
        let index = text.read().map_err(|error| error.in_file(path))?;
        Ok(Artifact::Index(index))
    }

    /// The image, or the images of the index.
    pub fn images(&self) -> &[Image] {
        match self {
            Artifact::Image(image) => std::slice::from_ref(image),
            Artifact::Index(index) => index.images(),
        }
    }

    /// The text that a registry is told first: the manifest, or the index.
    ///
    /// # Errors
    /// As [`Image::manifest`].
    pub fn to_text(&self) -> Result<String> {
        match self {
            Artifact::Image(image) => image.manifest()?.to_text(),
            Artifact::Index(index) => index.to_text(),
        }
    }

    /// What names that text.
    ///
    /// # Errors
    /// As [`Artifact::to_text`].
    pub fn descriptor(&self) -> Result<Descriptor> {
        let media_type = match self {
            Artifact::Image(_) => media_type::MANIFEST,
            Artifact::Index(_) => media_type::INDEX,
        };
        Ok(Descriptor::of(media_type, self.to_text()?.as_bytes()))
    }

    /// The image whose manifest has a digest.
    ///
    /// # Errors
    /// [`Error::NoSuchBlob`] when there is none.
    pub fn image(&self, digest: &Digest) -> Result<&Image> {
        for image in self.images() {
            if image.manifest()?.digest()? == *digest {
                return Ok(image);
            }
        }
        Err(Error::NoSuchBlob(*digest))
    }

    /// A blob of any image: a layer, or a config.
    ///
    /// # Errors
    /// [`Error::NoSuchBlob`] when no image has it.
    pub fn blob(&self, digest: &Digest) -> Result<Blob> {
        for image in self.images() {
            match image.blob(digest) {
                Err(Error::NoSuchBlob(_)) => {}
                found => return found,
            }
        }
        Err(Error::NoSuchBlob(*digest))
    }
}
