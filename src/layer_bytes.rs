//! The bytes of a layer that is packed: compressed where that was asked for,
//! hashed and counted as they pass, and kept where that was asked for, in a
//! file under their digest.

use std::path::{Path, PathBuf};

use crate::compression::{Compressed, Compressor};
use crate::digest::{Digest, Hasher};
use crate::output::OutputFile;
use crate::tar::TarReader;
use crate::{LayerMediaType, Result};

/// Takes the bytes of one layer.
pub(crate) struct LayerBytes<'a> {
    hasher: Hasher,
    file: Option<(OutputFile, &'a Path)>,
}

impl<'a> LayerBytes<'a> {
    pub(crate) fn new(directory: Option<&'a Path>) -> Result<Self> {
        let begin = |directory: &'a Path| {
            OutputFile::create(&directory.join("layer.tar")).map(|file| (file, directory))
        };
        Ok(LayerBytes {
            hasher: Hasher::default(),
            file: directory.map(begin).transpose()?,
        })
    }

    pub(crate) fn take(&mut self, piece: &[u8]) -> Result<()> {
        self.hasher.update(piece);
        match &mut self.file {
            Some((file, _)) => file.write_piece(piece),
            None => Ok(()),
        }
    }

    /// Takes what a compressor makes of a tarball, on this thread and on one
    /// more for each permit. Gives the tarball's own digest and size.
    pub(crate) fn take_compressed(
        &mut self,
        mut tarball: TarReader,
        compressor: Compressor,
        permits: impl Iterator,
        observe: impl Fn(&[u8]),
    ) -> Result<(Digest, u64)> {
        let mut diff = Hasher::default();
        let read = |buffer: &mut [u8]| {
            let count = tarball.fill(buffer)?;
            diff.update(&buffer[..count]);
            observe(&buffer[..count]);
            Ok(count)
        };
        let mut compressed = Compressed::new(read, compressor, permits);
        while let Some(piece) = compressed.next_piece()? {
            self.take(piece)?;
        }
        drop(compressed);
        Ok(diff.finish())
    }

    /// The digest and the number of the bytes, and the file that has them.
    /// Its name tells the media type.
    pub(crate) fn finish(
        self,
        media_type: LayerMediaType,
    ) -> Result<(Digest, u64, Option<PathBuf>)> {
        let (digest, size) = self.hasher.finish();
        let Some((file, directory)) = self.file else {
            return Ok((digest, size, None));
        };
        let path = directory.join(format!("{}.{}", digest.hex(), media_type.extension()));
        file.finish_as(&path)?;
        Ok((digest, size, Some(path)))
    }
}
