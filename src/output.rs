//! Output files: whole, or not there at all.
//!
//! What is written goes to a file beside the wanted one and is renamed at the
//! end. A target that is there already and is no regular file, such as
//! `/dev/stdout`, is written to as it is.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::{Error, Result};

/// A file that appears under its name when it is complete.
#[derive(Debug)]
pub struct OutputFile {
    path: PathBuf,
    target: Target,
}

#[derive(Debug)]
enum Target {
    Beside(NamedTempFile),
    InPlace(File),
}

impl OutputFile {
    /// Begins a file; nothing can be seen under its name yet.
    ///
    /// # Errors
    /// When no file can be made in its directory.
    pub fn create(path: &Path) -> Result<Self> {
        let in_place = path.metadata().is_ok_and(|metadata| !metadata.is_file());
        let target = if in_place {
            let opened = OpenOptions::new().write(true).open(path);
            Target::InPlace(opened.map_err(Error::io("write", path))?)
        } else {
            Target::Beside(beside(path).map_err(Error::io("write", path))?)
        };
        Ok(OutputFile {
            path: path.to_owned(),
            target,
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

    /// Puts the file under another name of the same directory.
    pub(crate) fn finish_as(mut self, path: &Path) -> Result<()> {
        self.flush().map_err(Error::io("write", path))?;
        match self.target {
            Target::InPlace(_) => Ok(()),
            Target::Beside(file) => match file.persist(path) {
                Ok(_) => Ok(()),
                Err(error) => Err(Error::io("write", path)(error.error)),
            },
        }
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.target {
            Target::Beside(file) => file.write(bytes),
            Target::InPlace(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.target {
            Target::Beside(file) => file.flush(),
            Target::InPlace(file) => file.flush(),
        }
    }
}

/// An empty file in the directory of the wanted one, with the permissions
/// that a new file has.
fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    if path.file_name().is_none() {
        return Err(io::Error::other("it is not the name of a file"));
    }
    tempfile::Builder::new()
        .prefix(".nix2container-")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(directory)
        .map_err(|error| io::Error::new(error.kind(), reason(&error)))
}

/// The system's reason, without the random name.
fn reason(error: &io::Error) -> String {
    match error.raw_os_error().or_else(|| inner_code(error)) {
        Some(code) => io::Error::from_raw_os_error(code).to_string(),
        None => error.to_string(),
    }
}

fn inner_code(error: &io::Error) -> Option<i32> {
    let source = std::error::Error::source(error.get_ref()?)?;
    source.downcast_ref::<io::Error>()?.raw_os_error()
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
