//! The tar stream of a layer: the bytes that are hashed and sent.
//!
//! Takes a file tree and gives its tarball as a reader, byte for byte what
//! Go's archive/tar writes. Nothing is held but the current header: contents
//! go straight from the file into the caller's buffer, so memory does not
//! depend on the size of files. A file that changed its size since it was
//! walked is an error.

pub mod header;
mod pax;

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;

use rustix::fs::OFlags;

use crate::file_tree::{Cursor, FileTree, NodeId};
use crate::source::{Kind, path_of};
use crate::{Error, Result};
use header::{EntryType, Header};

/// The unit of a tarball: headers and contents are filled up to it.
pub const BLOCK: usize = 512;

/// The tarball of a file tree, made while it is read.
#[derive(Debug)]
pub struct TarReader {
    tree: Arc<FileTree>,
    cursor: Cursor,
    /// Headers, padding and the end, as far as they are not yet read.
    pending: Vec<u8>,
    /// How much of `pending` was read.
    taken: usize,
    file: Option<Content>,
    finished: bool,
}

/// A file whose content comes next.
#[derive(Debug)]
struct Content {
    file: File,
    node: NodeId,
    left: u64,
}

impl TarReader {
    /// A reader at the start of the tarball.
    pub fn new(tree: Arc<FileTree>) -> Self {
        TarReader {
            tree,
            cursor: Cursor::default(),
            pending: Vec::with_capacity(4 * BLOCK),
            taken: 0,
            file: None,
            finished: false,
        }
    }

    /// Reads as [`Read::read`], with the library's error. It fills the whole
    /// buffer unless the tarball ends, so that whoever hashes in large pieces
    /// gets large pieces whatever the size of the files.
    pub(crate) fn fill(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            if self.taken < self.pending.len() {
                let ready = &self.pending[self.taken..];
                let count = ready.len().min(buffer.len() - filled);
                buffer[filled..filled + count].copy_from_slice(&ready[..count]);
                self.taken += count;
                filled += count;
            } else if let Some(content) = self.file.take() {
                filled += self.read_content(content, &mut buffer[filled..])?;
            } else if self.finished {
                break;
            } else {
                self.next_entry()?;
            }
        }
        Ok(filled)
    }

    /// Puts the next header, or the end of the tarball, into `pending`.
    fn next_entry(&mut self) -> Result<()> {
        self.pending.clear();
        self.taken = 0;
        let Some(node) = self.cursor.advance(&self.tree) else {
            self.pending.resize(2 * BLOCK, 0);
            self.finished = true;
            return Ok(());
        };
        let size = self.tree.size(node);
        let attributes = self.tree.attributes(node);
        let header = Header {
            name: self.cursor.name(),
            link_name: self.tree.target(node),
            entry_type: entry_type(self.tree.kind(node)),
            mode: attributes.mode,
            uid: attributes.uid,
            gid: attributes.gid,
            size,
            uname: attributes.uname.as_bytes(),
            gname: attributes.gname.as_bytes(),
        };
        header.write(&mut self.pending);
        if size > 0 {
            self.file = Some(Content {
                file: self.open(node)?,
                node,
                left: size,
            });
        }
        Ok(())
    }

    /// Opens a file that was regular when the tree was walked. Should it be a
    /// pipe by now, opening does not wait for a writer.
    fn open(&self, node: NodeId) -> Result<File> {
        let source = self.tree.source(node).unwrap_or_default();
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let path = path_of(&source);
        std::fs::OpenOptions::new()
            .read(true)
            .custom_flags(flags.bits().cast_signed())
            .open(path)
            .map_err(Error::io("open", path))
    }

    /// Reads content into the buffer; at its end, checks that the file did
    /// not grow, and leaves the padding to be read.
    fn read_content(&mut self, mut content: Content, buffer: &mut [u8]) -> Result<usize> {
        let failed = |error| {
            let source = self.tree.source(content.node).unwrap_or_default();
            Error::io("read", path_of(&source))(error)
        };
        let wanted = usize::try_from(content.left).map_or(buffer.len(), |n| n.min(buffer.len()));
        let count = loop {
            match content.file.read(&mut buffer[..wanted]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result.map_err(failed)?,
            }
        };
        content.left -= count as u64;
        let size = self.tree.size(content.node);
        let changed = |now: u64| failed(changed_size(size, now));
        if count == 0 {
            return Err(changed(size - content.left));
        }
        if content.left > 0 {
            self.file = Some(content);
            return Ok(count);
        }
        let now = content.file.metadata().map_err(failed)?.len();
        if now != size {
            return Err(changed(now));
        }
        self.pending.clear();
        self.pending.resize(
            size.next_multiple_of(BLOCK as u64).abs_diff(size) as usize,
            0,
        );
        self.taken = 0;
        Ok(count)
    }
}

fn changed_size(before: u64, now: u64) -> io::Error {
    io::Error::other(format!(
        "it had {before} bytes when it was walked and has {now} now"
    ))
}

fn entry_type(kind: Kind) -> EntryType {
    match kind {
        Kind::Regular => EntryType::Regular,
        Kind::Symlink => EntryType::Symlink,
        Kind::CharDevice { major, minor } => EntryType::CharDevice { major, minor },
        Kind::BlockDevice { major, minor } => EntryType::BlockDevice { major, minor },
        Kind::Directory => EntryType::Directory,
        Kind::Fifo => EntryType::Fifo,
    }
}

impl Read for TarReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(self.fill(buffer)?)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{PackedPath, PathOptions};

    /// The tarball of one path, which changes after it was walked.
    fn read_after(path: &Path, change: impl FnOnce()) -> Result<Vec<u8>, String> {
        let packed = PackedPath::new(path.to_string_lossy(), PathOptions::default());
        let tree = packed.and_then(|path| FileTree::new([path]));
        let tree = tree.map_err(|error| error.to_string())?;
        change();
        let mut tarball = Vec::new();
        let outcome = TarReader::new(Arc::new(tree)).read_to_end(&mut tarball);
        outcome.map_err(|error| format!("{error:?}"))?;
        Ok(tarball)
    }

    #[test]
    fn a_file_that_changes_while_it_is_read() -> Result<(), Box<dyn std::error::Error>> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("file");
        let write = |content: &str| std::fs::write(&path, content);
        let changes: [(&dyn Fn() -> io::Result<()>, &str); 4] = [
            (&|| std::fs::remove_file(&path), "NotFound"),
            (
                &|| write("shorter"),
                "it had 8 bytes when it was walked and has 7 now",
            ),
            (
                &|| write("is longer"),
                "it had 8 bytes when it was walked and has 9 now",
            ),
            (&|| write(""), "has 0 now"),
        ];
        for (change, reason) in changes {
            write("8 bytes.")?;
            let mut changed = Ok(());
            let error = read_after(&path, || changed = change())
                .err()
                .unwrap_or_default();
            changed?;
            assert!(error.contains(reason) && error.contains("file"), "{error}");
        }
        Ok(())
    }

    #[test]
    fn any_size_of_buffer_gives_the_same_bytes() -> Result<(), Box<dyn std::error::Error>> {
        let directory = tempfile::tempdir()?;
        for size in [0, 1, 511, 512, 513, 5000] {
            let name = format!("{size}{}", "x".repeat(120));
            std::fs::write(directory.path().join(name), vec![b'c'; size])?;
        }
        let whole = read_after(directory.path(), || ())?;
        assert_eq!(whole.len() % BLOCK, 0);
        let path = PackedPath::new(directory.path().to_string_lossy(), PathOptions::default())?;
        for size in [1, 7, 512, 513, 4096] {
            let mut reader = TarReader::new(Arc::new(FileTree::new([path.clone()])?));
            let (mut bytes, mut buffer) = (Vec::new(), vec![0; size]);
            while let count @ 1.. = reader.read(&mut buffer)? {
                bytes.extend_from_slice(&buffer[..count]);
            }
            assert!(bytes == whole, "buffers of {size} bytes");
        }
        Ok(())
    }
}
