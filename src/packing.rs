//! Packing: the contents of layers are packed to learn their digests.
//!
//! Takes what layers are packed from and gives the layers, with the digest and
//! size that their bytes had as they passed. Several layers are packed at the
//! same time; the result does not depend on the number of threads. No tarball
//! is kept, unless that was asked for.

use std::fmt;
use std::iter;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::Sender;

use crate::compression::{Compression, Compressor};
use crate::layer_bytes::LayerBytes;
use crate::parallel;
use crate::read_ahead::each_piece;
use crate::spare_threads::SpareThreads;
use crate::tar::TarReader;
use crate::{Contents, FileTree, History, Layer, LayerMediaType, LayerSource, Result, Warning};

/// How layers are packed.
#[derive(Clone, Debug, Default)]
pub struct Packing {
    /// The history of every layer.
    pub history: History,
    /// Where tarballs are kept; None to keep none.
    pub tar_directory: Option<PathBuf>,
    /// Whether paths with other modes or permission rules may share a name,
    /// where these can be merged. If not, it is an error, as in the reference.
    pub merge: bool,
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
    /// Refuses a tree, or sends what a user should know of it.
    fn check(&self, tree: &FileTree) -> Result<()> {
        if !self.merge {
            tree.refuse_merges()?;
        }
        let warnings = tree.check()?;
        if let Some(sender) = &self.warnings {
            for warning in warnings {
                // Who does not listen any more does not want to know.
                let _ = sender.send(warning);
            }
        }
        Ok(())
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
        packing.check(&tree)?;
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
}

/// Packs the contents of layers, in their order. The result does not
/// depend on the number of jobs.
///
/// # Errors
/// As [`Layer::pack`]. No layer is begun after one failed; of several that did
/// by then, the last one's error counts.
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
    let mut layers = parallel::all(workers, work);
    if let Some(at) = layers.iter().rposition(Result::is_err) {
        // The first error is the one that is collected.
        layers.swap(0, at);
    }
    layers.into_iter().collect()
}

/// Counts down; None at 0.
fn take_one(left: &AtomicUsize) -> Option<usize> {
    let one_less = |count: usize| count.checked_sub(1);
    let before = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less);
    before.ok().map(|count| count - 1)
}
