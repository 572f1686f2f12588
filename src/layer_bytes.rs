//! The bytes of a layer that is packed: hashed and counted as they pass, and
//! kept where that was asked for, in a file under their digest.

use std::path::{Path, PathBuf};

use crate::digest::{Digest, Hasher};
use crate::output::OutputFile;
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
