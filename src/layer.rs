//! A layer: its digest, size and history, and where its tarball comes from.
//!
//! Takes store paths and gives a layer whose digest is that of the tarball
//! streamed from them, compressed or not. The tarball is not kept, unless that
//! was asked for: it can be streamed again as often as the store paths are
//! there.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::iter;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::thread::{self, available_parallelism};

use crate::compression::{Compressed, Compression, Compressor};
use crate::contents::Contents;
use crate::digest::Digest;
use crate::layer_bytes::LayerBytes;
use crate::path_options::PackedPath;
use crate::read_ahead::{ReadAhead, SpareThreads, each_piece};
use crate::tar::TarReader;
use crate::{Error, FileTree, LayerMediaType, Result, Warning};

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
    /// Packs store paths to learn the layer's digest. The bytes are dropped,
    /// unless the tarball is to be kept, as `<hex digest>.tar`, or `.tar.gz`
    /// or `.tar.zst` when it is compressed.
    ///
    /// # Errors
    /// When a path cannot be walked or read, two files conflict, or the
    /// tarball cannot be written.
    pub fn pack(contents: impl Into<Contents>, packing: &Packing) -> Result<Self> {
        let spare = SpareThreads::new(packing.jobs.saturating_sub(1));
        Layer::pack_with(contents.into(), packing, &spare)
    }

    fn pack_with(contents: Contents, packing: &Packing, spare: &SpareThreads) -> Result<Self> {
        let tree = FileTree::new(contents.clone())?;
        packing.warn(tree.check()?);
        let tarball = TarReader::new(Arc::new(tree));
        let mut bytes = LayerBytes::new(packing.tar_directory.as_deref())?;
        let mut diff = None;
        match packing.compressor {
            None => each_piece(tarball, spare, |piece| {
                packing.observe(piece);
                bytes.take(piece)
            })?,
            Some(compressor) => {
                let permits = iter::from_fn(|| spare.take());
                let observe = |piece: &[u8]| packing.observe(piece);
                diff = Some(bytes.take_compressed(tarball, compressor, permits, observe)?);
            }
        }
        let media_type = packing
            .compressor
            .map_or(LayerMediaType::Tar, Compressor::media_type);
        let (digest, size, kept) = bytes.finish(media_type)?;
        // A plain tarball is its own diff.
        let (diff_id, tarball_size) = diff.unwrap_or((digest, size));
        let source = match (kept, packing.compressor) {
            (Some(file), _) => LayerSource::Tarball { file, contents },
            (None, Some(compressor)) => LayerSource::Compressed {
                contents,
                compression: Compression::by_this_program(compressor),
                tarball_size,
            },
            (None, None) => LayerSource::Packed(contents),
        };
        Ok(Layer {
            digest,
            diff_id,
            size,
            media_type,
            history: packing.history.clone(),
            source,
            file_digests: None,
        })
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

/// How layers are packed.
#[derive(Clone, Debug, Default)]
pub struct Packing {
    /// The history of every layer.
    pub history: History,
    /// Where tarballs are kept; None to keep none.
    pub tar_directory: Option<PathBuf>,
    /// What layers are compressed with; None to leave them as they are.
    pub compressor: Option<Compressor>,
    /// How many threads work on layers; 0 counts as 1. Those that have no
    /// layer read ahead, or compress, for those that have one.
    pub jobs: usize,
    /// Where warnings are sent, in any order; None to drop them.
    pub warnings: Option<Sender<Warning>>,
    /// Who is told how far the packing is.
    pub observer: Option<Arc<dyn Observer>>,
}

impl Packing {
    fn warn(&self, warnings: Vec<Warning>) {
        let Some(sender) = &self.warnings else {
            return;
        };
        for warning in warnings {
            // Who does not listen any more does not want to know.
            let _ = sender.send(warning);
        }
    }

    fn observe(&self, piece: &[u8]) {
        if let Some(observer) = &self.observer {
            observer.read(piece.len() as u64);
        }
    }
}

/// Is told how far the packing is, by all its threads.
pub trait Observer: fmt::Debug + Send + Sync {
    /// So many bytes more were packed.
    fn read(&self, count: u64);

    /// A layer is done: the one with this index of so many, in any order.
    fn done(&self, index: usize, of: usize, layer: &Layer);
}

/// Packs the contents of layers, in their order. The result does not
/// depend on the number of jobs.
///
/// # Errors
/// As [`Layer::pack`]. Of several wrong layers, the last one's error counts.
pub fn pack_all<C: Into<Contents>>(groups: Vec<C>, packing: &Packing) -> Result<Vec<Layer>> {
    let groups: Vec<Contents> = groups.into_iter().map(Into::into).collect();
    let jobs = packing.jobs.max(1);
    let workers = jobs.min(groups.len().max(1));
    let spare = SpareThreads::new(jobs - workers);
    let left = AtomicUsize::new(groups.len());
    let failed = AtomicBool::new(false);
    let work = || {
        let mut done = Vec::new();
        // The last layer takes the rest, so that it is the largest: it is
        // begun first, for the others to be packed beside it.
        while !failed.load(Ordering::Relaxed)
            && let Some(index) = take_one(&left)
        {
            let layer = Layer::pack_with(groups[index].clone(), packing, &spare);
            match (&layer, &packing.observer) {
                (Ok(layer), Some(observer)) => observer.done(index, groups.len(), layer),
                (Ok(_), None) => {}
                (Err(_), _) => failed.store(true, Ordering::Relaxed),
            }
            done.push((index, layer));
        }
        spare.give();
        done
    };
    let mut layers = thread::scope(|scope| {
        // What a thread that cannot be had would do, the others do.
        let helper = |_| thread::Builder::new().spawn_scoped(scope, work).ok();
        let helpers: Vec<_> = (1..workers).map_while(helper).collect();
        let mut layers = work();
        for helper in helpers {
            layers.extend(helper.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        layers
    });
    layers.sort_by_key(|(index, _)| *index);
    if let Some(at) = layers.iter().rposition(|(_, layer)| layer.is_err()) {
        layers.swap(0, at);
    }
    layers.into_iter().map(|(_, layer)| layer).collect()
}

/// Counts down; None at 0.
fn take_one(left: &AtomicUsize) -> Option<usize> {
    let one_less = |count: usize| count.checked_sub(1);
    let before = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less);
    before.ok().map(|count| count - 1)
}
