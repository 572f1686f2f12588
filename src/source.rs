//! Source files: what the system says of a file in the store.
//!
//! Takes a name in an open directory, gives its kind, mode, size and target,
//! without following links. Only what a tarball can hold comes out: a socket
//! is an error.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use crate::{Error, Result};

/// What kind of file an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Directory,
    Regular,
    Symlink,
    Fifo,
    CharDevice { major: u32, minor: u32 },
    BlockDevice { major: u32, minor: u32 },
}

/// One file as it stands in the store.
#[derive(Debug)]
pub(crate) struct SourceEntry {
    pub(crate) kind: Kind,
    /// The permission bits with setuid, setgid and sticky.
    pub(crate) mode: u32,
    /// Bytes of content; 0 for all but regular files.
    pub(crate) size: u64,
    /// What a symlink points to; empty for all others.
    pub(crate) target: Vec<u8>,
}

/// The path with these bytes.
pub(crate) fn path_of(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

/// The file at a path.
pub(crate) fn entry(path: &[u8]) -> Result<SourceEntry> {
    describe(CWD, path, path)
}

/// A file by its name in a directory; `full` is its path, for messages.
pub(crate) fn describe(directory: impl AsFd, name: &[u8], full: &[u8]) -> Result<SourceEntry> {
    let found = rustix::fs::statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW);
    let entry = from_stat(&found.map_err(failed("read", full))?, full)?;
    match entry.kind {
        Kind::Symlink => link(directory, name, full),
        _ => Ok(entry),
    }
}

/// A symlink by its name. Its mode is the same everywhere, so it takes one
/// call to the system.
pub(crate) fn link(directory: impl AsFd, name: &[u8], full: &[u8]) -> Result<SourceEntry> {
    let target = rustix::fs::readlinkat(directory, name, Vec::new());
    Ok(SourceEntry {
        kind: Kind::Symlink,
        mode: 0o777,
        size: 0,
        target: target.map_err(failed("read", full))?.into_bytes(),
    })
}

/// A file that is open.
pub(crate) fn opened(file: impl AsFd, full: &[u8]) -> Result<SourceEntry> {
    let stat = rustix::fs::fstat(file).map_err(failed("read", full))?;
    from_stat(&stat, full)
}

/// Opens a file that was regular a moment ago. Should it be a pipe by now,
/// opening does not wait for a writer.
pub(crate) fn open(directory: impl AsFd, name: &[u8], full: &[u8]) -> Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = rustix::fs::openat(directory, name, flags, Mode::empty());
    Ok(File::from(opened.map_err(failed("open", full))?))
}

/// An error of the system at a path.
pub(crate) fn failed(operation: &'static str, full: &[u8]) -> impl FnOnce(Errno) -> Error {
    move |error| Error::io(operation, path_of(full))(error.into())
}

fn from_stat(stat: &Stat, full: &[u8]) -> Result<SourceEntry> {
    let kind = kind(stat, path_of(full))?;
    let size = match kind {
        Kind::Regular => u64::try_from(stat.st_size).unwrap_or_default(),
        _ => 0,
    };
    Ok(SourceEntry {
        kind,
        mode: permissions(stat),
        size,
        target: Vec::new(),
    })
}

/// The field has 16 bits on Darwin and 32 on Linux.
#[allow(clippy::useless_conversion)]
fn permissions(stat: &Stat) -> u32 {
    u32::from(stat.st_mode) & 0o7777
}

fn kind(stat: &Stat, full: &Path) -> Result<Kind> {
    let (major, minor) = (
        rustix::fs::major(stat.st_rdev),
        rustix::fs::minor(stat.st_rdev),
    );
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => Ok(Kind::Directory),
        FileType::RegularFile => Ok(Kind::Regular),
        FileType::Symlink => Ok(Kind::Symlink),
        FileType::Fifo => Ok(Kind::Fifo),
        FileType::CharacterDevice => Ok(Kind::CharDevice { major, minor }),
        FileType::BlockDevice => Ok(Kind::BlockDevice { major, minor }),
        FileType::Socket => Err(cannot_store(full, "it is a socket")),
        _ => Err(cannot_store(full, "its type is unknown")),
    }
}

fn cannot_store(full: &Path, reason: &str) -> Error {
    Error::io("put into a tarball", full)(io::Error::other(reason))
}
