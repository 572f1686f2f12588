//! Output files: whole, or not there at all.
//!
//! What is written goes to a file beside the wanted one and is renamed at the
//! end. A target that is there already and is no regular file, such as a pipe,
//! is written to as it is, and so is `/dev/stdout`, whatever it leads to.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempPath;

use crate::{Error, Result};

/// Links that are followed one after the other, as the system does it.
const MOST_LINKS: usize = 40;

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
        let (target, opened) = match open_in_place(path) {
            Some(opened) => (path.to_owned(), opened.map(|file| (file, None))),
            None => {
                let target = target(path);
                let opened = beside(&target).map(|(file, beside)| (file, Some(beside)));
                (target, opened)
            }
        };
        let (file, beside) = opened.map_err(Error::io("write", path))?;
        Ok(OutputFile {
            path: target,
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

/// Opens a file that is there and that no other may take the place of; None for
/// one that is to appear under its name.
fn open_in_place(path: &Path) -> Option<io::Result<File>> {
    // A shell may have sent these to a file, which others write to as well.
    let standard = match path.to_str() {
        Some("/dev/stdout" | "/dev/fd/1") => Some(io::stdout().as_fd().try_clone_to_owned()),
        Some("/dev/stderr" | "/dev/fd/2") => Some(io::stderr().as_fd().try_clone_to_owned()),
        _ => None,
    };
    if let Some(descriptor) = standard {
        return Some(descriptor.map(File::from));
    }
    // What is there but has no path is open elsewhere and was deleted.
    let is_whole = |metadata: fs::Metadata| metadata.is_file() && fs::canonicalize(path).is_ok();
    let is_whole = path.metadata().map_or(true, is_whole);
    (!is_whole).then(|| OpenOptions::new().write(true).open(path))
}

/// Where a link leads, though nothing may be there yet.
fn target(path: &Path) -> PathBuf {
    let mut target = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(next) = fs::read_link(&target) else {
            break;
        };
        target = target.parent().unwrap_or(Path::new("")).join(next);
    }
    target
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
