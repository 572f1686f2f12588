//! Source files: what the system says of a store path and of what is in it.
//!
//! Takes a path, gives the entries of its directory, sorted by name, without
//! following links. Only what a tarball can hold comes out: a socket is an
//! error.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat};

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
    /// Its name in the directory; empty for the root of a walk.
    pub(crate) name: Vec<u8>,
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
    let path = path_of(path);
    describe(CWD, path.as_os_str(), Vec::new(), path)
}

/// The files in a directory, in byte order of their names.
pub(crate) fn list(directory: &[u8]) -> Result<Vec<SourceEntry>> {
    let path = path_of(directory);
    let failed = |error: rustix::io::Errno| Error::io("list", path)(error.into());
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = rustix::fs::open(path, flags, Mode::empty()).map_err(failed)?;
    let mut entries = Vec::new();
    for entry in Dir::read_from(&opened).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name().to_bytes().to_vec();
        if name == b"." || name == b".." {
            continue;
        }
        let full = path.join(OsStr::from_bytes(&name));
        entries.push(describe(
            &opened,
            OsStr::from_bytes(&name),
            name.clone(),
            &full,
        )?);
    }
    entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

fn describe(
    directory: impl std::os::fd::AsFd,
    name: &OsStr,
    own_name: Vec<u8>,
    full: &Path,
) -> Result<SourceEntry> {
    let failed = |error: rustix::io::Errno| Error::io("read", full)(error.into());
    let stat = rustix::fs::statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW).map_err(failed)?;
    let kind = kind(&stat, full)?;
    let target = match kind {
        Kind::Symlink => rustix::fs::readlinkat(&directory, name, Vec::new())
            .map_err(failed)?
            .into_bytes(),
        _ => Vec::new(),
    };
    let mode = match kind {
        Kind::Symlink => 0o777,
        _ => permissions(&stat),
    };
    let size = match kind {
        Kind::Regular => u64::try_from(stat.st_size).unwrap_or_default(),
        _ => 0,
    };
    Ok(SourceEntry {
        name: own_name,
        kind,
        mode,
        size,
        target,
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
