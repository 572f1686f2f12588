//! A layer: its digest, size and history, and where its tarball comes from.
//!
//! Holds what is known of a layer and gives its bytes, compressed or not, as
//! often as its source is there: the store paths, or a file. Layers are made by
//! packing, read from JSON, or taken from a base image.

use std::fs::File;
use std::io::Read;
use std::iter;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::available_parallelism;

use crate::compression::{Compressed, Compression};
use crate::contents::Contents;
use crate::digest::Digest;
use crate::path_options::PackedPath;
use crate::read_ahead::ReadAhead;
use crate::tar::TarReader;
use crate::{Error, FileTree, LayerMediaType, Result};

pub use crate::history::History;

/// How many paths a message names before it only counts them.
const NAMED_PATHS: usize = 20;

/// Where the bytes of a layer come from.
#[derive(Clone, Debug, PartialEq)]
pub enum LayerSource {
    /// They are streamed from what the layer was packed from.
    Packed(Contents),
    /// They are streamed from that and compressed.
    Compressed {
        /// What the layer was packed from.
        contents: Contents,
        /// How the bytes of the layer's digest were compressed.
        compression: Compression,
        /// The number of the tarball's bytes before that.
        tarball_size: u64,
    },
    /// They stand in a file: a kept tarball, or a layer of a base image.
    Tarball {
        /// The tarball, compressed as the layer's media type says.
        file: PathBuf,
        /// What it was packed from; nothing for a base image's layer.
        contents: Contents,
    },
}

/// A layer of an image.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    pub(crate) digest: Digest,
    pub(crate) diff_id: Digest,
    pub(crate) size: u64,
    pub(crate) media_type: LayerMediaType,
    pub(crate) history: History,
    pub(crate) source: LayerSource,
    /// The file that has the layer's file digests, if they were recorded.
    pub(crate) file_digests: Option<PathBuf>,
}

impl Layer {
    /// The digest of the layer's bytes.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The digest of the layer's tarball before compression.
    pub fn diff_id(&self) -> &Digest {
        &self.diff_id
    }

    /// The number of the layer's bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// How the layer is compressed.
    pub fn media_type(&self) -> LayerMediaType {
        self.media_type
    }

    /// How the layer came to be.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Where the layer's bytes come from.
    pub fn source(&self) -> &LayerSource {
        &self.source
    }

    /// The store paths in the layer; none for a base image's layer.
    pub fn paths(&self) -> &[PackedPath] {
        self.packed_from().paths()
    }

    /// What the layer was packed from; nothing for a base image's layer.
    pub fn packed_from(&self) -> &Contents {
        match &self.source {
            LayerSource::Packed(contents)
            | LayerSource::Compressed { contents, .. }
            | LayerSource::Tarball { contents, .. } => contents,
        }
    }

    /// Whether the layer was packed here, and compressed.
    pub(crate) fn is_compressed_here(&self) -> bool {
        self.media_type != LayerMediaType::Tar && !self.packed_from().is_empty()
    }

    /// The layer with its tarball as it is, where it would be compressed: its
    /// diff ID is its digest then.
    pub(crate) fn uncompressed(&self) -> Option<Layer> {
        let LayerSource::Compressed {
            contents,
            tarball_size,
            ..
        } = &self.source
        else {
            return None;
        };
        Some(Layer {
            digest: self.diff_id,
            size: *tarball_size,
            media_type: LayerMediaType::Tar,
            source: LayerSource::Packed(contents.clone()),
            ..self.clone()
        })
    }

    /// The layer's bytes from their start. They are not checked against the
    /// digest: [`crate::Blob`] does that.
    ///
    /// # Errors
    /// When the source is not there.
    pub(crate) fn open(&self) -> Result<Box<dyn Read + Send>> {
        match &self.source {
            LayerSource::Packed(contents) => match ReadAhead::start(tarball(contents)?) {
                Ok(ahead) => Ok(Box::new(ahead)),
                Err(tarball) => Ok(tarball),
            },
            LayerSource::Compressed {
                contents,
                compression,
                ..
            } => {
                let mut tarball = tarball(contents)?;
                let read = move |buffer: &mut [u8]| tarball.fill(buffer);
                let further = available_parallelism().map_or(0, |cores| cores.get() - 1);
                let permits = iter::repeat_n((), further);
                Ok(Box::new(Compressed::new(
                    read,
                    compression.compressor(),
                    permits,
                )))
            }
            LayerSource::Tarball { file, .. } => {
                Ok(Box::new(File::open(file).map_err(Error::io("open", file))?))
            }
        }
    }

    /// What the layer is made of, for a message.
    pub(crate) fn contents(&self) -> String {
        if let LayerSource::Tarball { file, .. } = &self.source {
            return file.display().to_string();
        }
        let paths = self.paths();
        let mut names: Vec<_> = paths
            .iter()
            .take(NAMED_PATHS)
            .map(PackedPath::path)
            .collect();
        let more = format!("and {} more", paths.len().saturating_sub(NAMED_PATHS));
        if paths.len() > NAMED_PATHS {
            names.push(&more);
        }
        if paths.is_empty() {
            names.push("no store paths");
        }
        names.join(", ")
    }
}

fn tarball(contents: &Contents) -> Result<TarReader> {
    Ok(TarReader::new(Arc::new(FileTree::new(contents.clone())?)))
}
