//! A layer: its digest, size and history, and where its tarball comes from.
//!
//! Takes store paths and gives a layer whose digest is that of the tarball
//! streamed from them. The tarball is not kept, unless that was asked for: it
//! can be streamed again as often as the store paths are there.

use std::fs::File;
use std::io::{Read, Write};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};

use crate::digest::{Digest, Hasher};
use crate::output::OutputFile;
use crate::path_options::PackedPath;
use crate::tar::TarReader;
use crate::{Error, FileTree, LayerMediaType, Result, Timestamp};

/// Bytes that are read at a time: large enough that the calls do not count,
/// small enough to stay in the processor's cache.
const BUFFER: usize = 256 * 1024;

/// How many paths a message names before it only counts them.
const NAMED_PATHS: usize = 20;

/// How a layer came to be, as the OCI image specification's `history`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct History {
    /// When the layer was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    /// What made it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub created_by: String,
    /// Who made it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub author: String,
    /// What there is to say.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// Whether the layer changes no file.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub empty_layer: bool,
}

/// Where the bytes of a layer come from.
#[derive(Clone, Debug, PartialEq)]
pub enum LayerSource {
    /// They are streamed from store paths.
    Packed(Arc<[PackedPath]>),
    /// They stand in a file: a kept tarball, or a layer of a base image.
    Tarball {
        /// The tarball, compressed as the layer's media type says.
        file: PathBuf,
        /// The store paths it was made of; none for a base image's layer.
        paths: Arc<[PackedPath]>,
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
}

impl Layer {
    /// Packs store paths to learn the layer's digest; the bytes are dropped.
    ///
    /// # Errors
    /// When a path cannot be walked or read, or two files conflict.
    pub fn pack(paths: impl Into<Arc<[PackedPath]>>, history: History) -> Result<Self> {
        let paths = paths.into();
        let (digest, size) = hash(Arc::clone(&paths), |_| Ok(()))?;
        let source = LayerSource::Packed(paths);
        Ok(Self::packed(digest, size, history, source))
    }

    /// Packs store paths and keeps the tarball as `<hex digest>.tar`.
    ///
    /// # Errors
    /// As [`Layer::pack`], and when the tarball cannot be written.
    pub fn pack_and_keep(
        paths: impl Into<Arc<[PackedPath]>>,
        history: History,
        directory: &Path,
    ) -> Result<Self> {
        let paths = paths.into();
        let mut output = OutputFile::create(&directory.join("layer.tar"))?;
        let (digest, size) = hash(Arc::clone(&paths), |piece| {
            output
                .write_all(piece)
                .map_err(Error::io("write a tarball in", directory))
        })?;
        let file = directory.join(format!("{}.tar", digest.hex()));
        output.finish_as(&file)?;
        let source = LayerSource::Tarball { file, paths };
        Ok(Self::packed(digest, size, history, source))
    }

    /// A plain tarball is its own diff.
    fn packed(digest: Digest, size: u64, history: History, source: LayerSource) -> Self {
        Layer {
            digest,
            diff_id: digest,
            size,
            media_type: LayerMediaType::Tar,
            history,
            source,
        }
    }

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
        match &self.source {
            LayerSource::Packed(paths) | LayerSource::Tarball { paths, .. } => paths,
        }
    }

    /// The layer's bytes from their start. They are not checked against the
    /// digest: [`crate::Blob`] does that.
    ///
    /// # Errors
    /// When the source is not there.
    pub(crate) fn open(&self) -> Result<Box<dyn Read + Send>> {
        match &self.source {
            LayerSource::Packed(paths) => {
                let tree = FileTree::new(Arc::clone(paths))?;
                Ok(Box::new(TarReader::new(Arc::new(tree))))
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
        names.join(", ")
    }
}

/// How layers are packed.
#[derive(Clone, Debug, Default)]
pub struct Packing {
    /// The history of every layer.
    pub history: History,
    /// Where tarballs are kept; None to keep none.
    pub tar_directory: Option<PathBuf>,
    /// How many layers are packed at the same time; 0 counts as 1.
    pub jobs: usize,
}

/// Packs groups of paths, a layer each, in their order. The result does not
/// depend on the number of jobs; of several errors the first layer's counts.
///
/// # Errors
/// As [`Layer::pack_and_keep`].
pub fn pack_all(groups: Vec<Vec<PackedPath>>, packing: &Packing) -> Result<Vec<Layer>> {
    let groups: Vec<Arc<[PackedPath]>> = groups.into_iter().map(Arc::from).collect();
    let pack = |paths: &Arc<[PackedPath]>| {
        let (paths, history) = (Arc::clone(paths), packing.history.clone());
        match &packing.tar_directory {
            None => Layer::pack(paths, history),
            Some(directory) => Layer::pack_and_keep(paths, history, directory),
        }
    };
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(paths) = groups.get(index) else {
                return done;
            };
            let layer = pack(paths);
            if layer.is_err() {
                next.store(groups.len(), Ordering::Relaxed);
            }
            done.push((index, layer));
        }
    };
    let mut layers = std::thread::scope(|scope| {
        let jobs = packing.jobs.clamp(1, groups.len().max(1));
        let helpers: Vec<_> = (1..jobs).map(|_| scope.spawn(work)).collect();
        let mut layers = work();
        for helper in helpers {
            layers.extend(helper.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        layers
    });
    layers.sort_by_key(|(index, _)| *index);
    layers.into_iter().map(|(_, layer)| layer).collect()
}

/// Streams the tarball of some paths past a hasher and a function.
fn hash(
    paths: Arc<[PackedPath]>,
    mut each: impl FnMut(&[u8]) -> Result<()>,
) -> Result<(Digest, u64)> {
    let mut tarball = TarReader::new(Arc::new(FileTree::new(paths)?));
    let mut hasher = Hasher::default();
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = tarball.fill(&mut buffer)?;
        if count == 0 {
            return Ok(hasher.finish());
        }
        hasher.update(&buffer[..count]);
        each(&buffer[..count])?;
    }
}
