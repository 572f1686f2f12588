//! Output files: whole, or not there at all.
//!
//! What is written goes to a file beside the wanted one and is renamed at the
//! end. A target that is there already and is no regular file, such as
//! `/dev/stdout`, is written to as it is.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempPath;

use crate::{Error, Result};

/// A file that appears under its name when it is complete.
#[derive(Debug)]
pub struct OutputFile {
    path: PathBuf,
    file: File,
    /// The file beside the wanted one, which goes when this does; None for a
    /// target that is written to as it is.
    beside: Option<TempPath>,
}

impl OutputFile {
    /// Begins a file; nothing can be seen under its name yet. A link will stay,
    /// and what it points to be replaced.
    ///
    /// # Errors
    /// When no file can be made in its directory.
    pub fn create(path: &Path) -> Result<Self> {
        let linked = path.is_symlink().then(|| fs::canonicalize(path).ok());
        let target = linked.flatten();
        let path = target.as_deref().unwrap_or(path);
        let in_place = path.metadata().is_ok_and(|metadata| !metadata.is_file());
        let opened = match in_place {
            true => OpenOptions::new()
                .write(true)
                .open(path)
                .map(|file| (file, None)),
            false => beside(path).map(|(file, beside)| (file, Some(beside))),
        };
        let (file, beside) = opened.map_err(Error::io("write", path))?;
        Ok(OutputFile {
            path: path.to_owned(),
            file,
            beside,
        })
    }

    /// Writes some bytes more.
    ///
    /// # Errors
    /// When there is no room for them.
    pub(crate) fn write_piece(&mut self, piece: &[u8]) -> Result<()> {
        self.write_all(piece)
            .map_err(Error::io("write", &self.path))
    }

    /// Puts the file under its name, in place of one that was there.
    ///
    /// # Errors
    /// When what was written cannot be kept.
    pub fn finish(self) -> Result<()> {
        let path = self.path.clone();
        self.finish_as(&path)
    }

    /// Puts the file under another name of the same file system.
    pub(crate) fn finish_as(self, path: &Path) -> Result<()> {
        match self.beside {
            None => Ok(()),
            Some(beside) => beside
                .persist(path)
                .map_err(|error| Error::io("write", path)(error.error)),
        }
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A new file in the directory of the wanted one, with the permissions that
/// the user's mask leaves.
fn beside(path: &Path) -> io::Result<(File, TempPath)> {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    if path.file_name().is_none() {
        return Err(io::Error::other("it is not the name of a file"));
    }
    let process = std::process::id();
    loop {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = path.with_file_name(format!(".nix2container-{process}-{number}"));
        match OpenOptions::new().write(true).create_new(true).open(&name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
            Ok(file) => return Ok((file, TempPath::try_from_path(name)?)),
        }
    }
}

/// Writes a whole file.
///
/// # Errors
/// When it cannot be written; nothing is left behind then.
pub fn write_file(path: &Path, content: &[u8]) -> Result<()> {
    let mut file = OutputFile::create(path)?;
    file.write_all(content).map_err(Error::io("write", path))?;
    file.finish()
}
