//! The walk of a store path: its files in the order of the tarball.
//!
//! Takes a path and goes from file to file, a directory before what is in it,
//! siblings in byte order of the names they have in the image. A directory is
//! listed when the walk gets there, so that memory depends on the largest
//! directories on the way and not on the number of files. Files are opened by
//! their names in open directories, which spares the system the whole path.

use std::fs::File;
use std::os::fd::BorrowedFd;

use rustix::fs::{CWD, Dir, FileType, Mode, OFlags};

use crate::Result;
use crate::case_hack::image_name;
use crate::source::{self, Kind, SourceEntry, failed};

/// How many directories above the current file stay open. Those further up
/// are opened again on the way back, by their whole path.
const OPEN_DIRECTORIES: usize = 32;

/// A place in the order of a store path's files, at first before its root.
#[derive(Debug)]
pub(crate) struct Walk {
    /// The source path of the current file.
    path: Vec<u8>,
    place: Place,
    /// The directories above the current file, the root first.
    above: Vec<Level>,
    /// The names of all files in the directories above.
    names: Vec<u8>,
    /// The files in the directories above, the deepest last.
    files: Vec<Listed>,
}

/// What the current file is, as far as it is known.
#[derive(Debug)]
enum Place {
    BeforeRoot,
    Root,
    File(Listed),
    Directory(Option<Dir>),
}

/// A directory that is being walked.
#[derive(Debug)]
struct Level {
    /// None when it was closed, to be opened again.
    directory: Option<Dir>,
    /// The bytes of its path.
    path_length: usize,
    /// Where its names begin.
    names: usize,
    /// Where its files begin.
    files: usize,
    /// The next file to go to.
    next: usize,
}

/// A file as its directory lists it.
#[derive(Clone, Copy, Debug)]
struct Listed {
    start: usize,
    length: usize,
    file_type: FileType,
}

impl Walk {
    /// A walk that is yet to go to its root.
    pub(crate) fn new(root: &[u8]) -> Self {
        Walk {
            path: root.to_vec(),
            place: Place::BeforeRoot,
            above: Vec::new(),
            names: Vec::new(),
            files: Vec::new(),
        }
    }

    /// The source path of the current file.
    pub(crate) fn path(&self) -> &[u8] {
        &self.path
    }

    /// Goes to the next file; false when there is none.
    ///
    /// # Errors
    /// When a directory cannot be opened or listed.
    pub(crate) fn advance(&mut self) -> Result<bool> {
        match &mut self.place {
            Place::BeforeRoot => {
                self.place = match source::entry(&self.path)?.kind {
                    Kind::Directory => {
                        Place::Directory(Some(open_directory(CWD, &self.path, &self.path)?))
                    }
                    _ => Place::Root,
                };
                return Ok(true);
            }
            Place::Directory(directory) => {
                let directory = directory.take();
                self.enter(directory)?;
            }
            Place::Root | Place::File(_) => {}
        }
        self.next_sibling()
    }

    /// Leaves out what is below the current file, if that is a directory.
    pub(crate) fn leave_out(&mut self) {
        if let Place::Directory(directory) = &mut self.place {
            *directory = None;
        }
    }

    /// Goes to the next file of the deepest directory that has one left.
    fn next_sibling(&mut self) -> Result<bool> {
        while let Some(level) = self.above.last_mut() {
            self.path.truncate(level.path_length);
            let Some(file) = self.files.get(level.next).copied() else {
                self.files.truncate(level.files);
                self.names.truncate(level.names);
                self.above.pop();
                continue;
            };
            level.next += 1;
            self.path.push(b'/');
            let name = &self.names[file.start..file.start + file.length];
            self.path.extend_from_slice(name);
            self.place = Place::File(file);
            let is_directory = match file.file_type {
                FileType::Directory => true,
                // Not every file system says it in the listing.
                FileType::Unknown => self.describe()?.kind == Kind::Directory,
                _ => false,
            };
            if is_directory {
                self.reopen()?;
                let directory = open_directory(self.directory()?, self.name(file), &self.path)?;
                self.place = Place::Directory(Some(directory));
            }
            return Ok(true);
        }
        Ok(false)
    }

    /// What the system says of the current file.
    pub(crate) fn describe(&mut self) -> Result<SourceEntry> {
        self.reopen()?;
        match &self.place {
            Place::Directory(Some(directory)) => {
                let directory = directory.fd().map_err(failed("read", &self.path))?;
                source::opened(directory, &self.path)
            }
            Place::File(file) if file.file_type == FileType::Symlink => {
                source::link(self.directory()?, self.name(*file), &self.path)
            }
            Place::File(file) => source::describe(self.directory()?, self.name(*file), &self.path),
            _ => source::entry(&self.path),
        }
    }

    /// What the system says of the current file; a regular one comes open, so
    /// that size and content belong together.
    pub(crate) fn open(&mut self) -> Result<(SourceEntry, Option<File>)> {
        self.reopen()?;
        let file = match &self.place {
            Place::File(file) if file.file_type == FileType::RegularFile => {
                source::open(self.directory()?, self.name(*file), &self.path)?
            }
            _ => {
                let entry = self.describe()?;
                if entry.kind != Kind::Regular {
                    return Ok((entry, None));
                }
                source::open(CWD, &self.path, &self.path)?
            }
        };
        let entry = source::opened(&file, &self.path)?;
        Ok((entry, Some(file)))
    }

    /// Lists a directory whose path is the current one and goes into it.
    fn enter(&mut self, directory: Option<Dir>) -> Result<()> {
        let Some(mut directory) = directory else {
            return Ok(());
        };
        let level = Level {
            directory: None,
            path_length: self.path.len(),
            names: self.names.len(),
            files: self.files.len(),
            next: self.files.len(),
        };
        for listed in directory.by_ref() {
            let listed = listed.map_err(failed("list", &self.path))?;
            let name = listed.file_name().to_bytes();
            if name != b"." && name != b".." {
                self.files.push(Listed {
                    start: self.names.len(),
                    length: name.len(),
                    file_type: listed.file_type(),
                });
                self.names.extend_from_slice(name);
            }
        }
        let names = &self.names;
        let name = |file: &Listed| image_name(&names[file.start..file.start + file.length]);
        self.files[level.files..].sort_unstable_by(|a, b| name(a).cmp(&name(b)));
        if let Some(far) = self.above.len().checked_sub(OPEN_DIRECTORIES) {
            self.above[far].directory = None;
        }
        self.above.push(Level {
            directory: Some(directory),
            ..level
        });
        Ok(())
    }

    /// Opens the current file's directory again if it was closed.
    fn reopen(&mut self) -> Result<()> {
        let Some(level) = self.above.last() else {
            return Ok(());
        };
        if level.directory.is_none() {
            let path = &self.path[..level.path_length];
            let opened = open_directory(CWD, path, path)?;
            if let Some(level) = self.above.last_mut() {
                level.directory = Some(opened);
            }
        }
        Ok(())
    }

    /// The directory the current file is in.
    fn directory(&self) -> Result<BorrowedFd<'_>> {
        let directory = self.above.last().and_then(|level| level.directory.as_ref());
        directory
            .map_or(Ok(CWD), Dir::fd)
            .map_err(failed("read", &self.path))
    }

    fn name(&self, file: Listed) -> &[u8] {
        &self.names[file.start..file.start + file.length]
    }
}

fn open_directory(above: BorrowedFd<'_>, name: &[u8], full: &[u8]) -> Result<Dir> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(above, name, flags, Mode::empty())
        .and_then(Dir::new)
        .map_err(failed("list", full))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deep_tree_is_walked_with_few_open_directories() -> Result<(), Box<dyn std::error::Error>> {
        let root = tempfile::tempdir()?;
        let mut directory = root.path().to_path_buf();
        let mut want = vec![directory.clone()];
        let mut behind = Vec::new();
        for depth in 0..3 * OPEN_DIRECTORIES {
            std::fs::write(directory.join("z"), depth.to_string())?;
            behind.push(directory.join("z"));
            directory.push("d");
            std::fs::create_dir(&directory)?;
            want.push(directory.clone());
        }
        want.extend(behind.into_iter().rev());
        let mut walk = Walk::new(root.path().as_os_str().as_encoded_bytes());
        let mut seen = Vec::new();
        while walk.advance()? {
            let (entry, file) = walk.open()?;
            assert_eq!(entry.kind == Kind::Regular, file.is_some());
            assert_eq!(entry.kind == Kind::Regular, walk.path().ends_with(b"/z"));
            let open = walk.above.iter().filter(|level| level.directory.is_some());
            assert!(open.count() <= OPEN_DIRECTORIES + 1);
            seen.push(source::path_of(walk.path()).to_path_buf());
        }
        assert_eq!(seen, want);
        Ok(())
    }
}
