//! The tar stream of a layer: the bytes that are hashed and sent.
//!
//! Takes a file tree and gives its tarball as a reader, byte for byte what
//! Go's archive/tar writes. Nothing is held but the current header: contents
//! go straight from the file into the caller's buffer, so memory does not
//! depend on the size of files. A file whose size is not the one its header
//! tells is an error.

mod block;
pub(crate) mod header;
mod pax;

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use crate::file_tree::{Entries, FileTree};
use crate::source::path_of;
use crate::{Error, Result};
use header::Header;

/// The unit of a tarball: headers and contents are filled up to it.
pub(crate) const BLOCK: usize = 512;

/// The tarball of a file tree, made while it is read.
#[derive(Debug)]
pub struct TarReader {
    entries: Entries,
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
    /// The bytes it had when its header was made.
    size: u64,
    left: u64,
}

impl TarReader {
    /// A reader at the start of the tarball.
    pub fn new(tree: Arc<FileTree>) -> Self {
        TarReader {
            entries: Entries::new(tree),
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
        let Some(entry) = self.entries.advance()? else {
            self.pending.resize(2 * BLOCK, 0);
            self.finished = true;
            return Ok(());
        };
        let header = Header {
            name: &entry.name,
            link_name: &entry.target,
            kind: entry.kind,
            mode: entry.attributes.mode,
            uid: entry.attributes.uid,
            gid: entry.attributes.gid,
            size: entry.size,
            uname: entry.attributes.uname.as_bytes(),
            gname: entry.attributes.gname.as_bytes(),
            capability: entry.capability,
        };
        header.write(&mut self.pending);
        self.pending.extend_from_slice(entry.text);
        self.pending
            .resize(self.pending.len().next_multiple_of(BLOCK), 0);
        self.file = entry.file.map(|file| Content {
            file,
            size: entry.size,
            left: entry.size,
        });
        Ok(())
    }

    /// Reads content into the buffer; at its end, leaves the padding to be
    /// read. A byte more than there should be is asked for, to see that the
    /// file did not grow: that costs no call to the system.
    fn read_content(&mut self, mut content: Content, buffer: &mut [u8]) -> Result<usize> {
        let failed = |error| Error::io("read", path_of(self.entries.source()))(error);
        let changed = |now| failed(changed_size(content.size, now));
        let left = usize::try_from(content.left).unwrap_or(usize::MAX);
        let wanted = left.saturating_add(1).min(buffer.len());
        let count = loop {
            match content.file.read(&mut buffer[..wanted]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result.map_err(failed)?,
            }
        };
        if count == 0 {
            return Err(changed(content.size - content.left));
        }
        if count >= left && wanted <= count {
            let now = content.file.metadata().map_err(failed)?.len();
            if now != content.size {
                return Err(changed(now));
            }
        }
        content.left = content.left.saturating_sub(count as u64);
        if content.left > 0 {
            self.file = Some(content);
            return Ok(count);
        }
        self.pending.clear();
        let padding = content.size.next_multiple_of(BLOCK as u64) - content.size;
        self.pending.resize(padding as usize, 0);
        self.taken = 0;
        Ok(count.min(left))
    }
}

fn changed_size(before: u64, now: u64) -> io::Error {
    io::Error::other(format!(
        "it had {before} bytes when it was walked and has {now} now"
    ))
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
    use crate::PackedPath;
    use crate::path_options::{PathOptions, Rewrite};

    /// The tarball of one path, which changes after the reader was made.
    fn read_after(path: PackedPath, change: impl FnOnce()) -> Result<Vec<u8>, String> {
        let tree = FileTree::new([path]).map_err(|error| error.to_string())?;
        change();
        let mut tarball = Vec::new();
        let outcome = TarReader::new(Arc::new(tree)).read_to_end(&mut tarball);
        outcome.map_err(|error| format!("{error:?}"))?;
        Ok(tarball)
    }

    fn plain(path: &Path) -> Result<PackedPath> {
        PackedPath::new(path.to_string_lossy(), PathOptions::default())
    }

    /// Only what is rewritten is walked before the tarball is read.
    fn rewritten(path: &Path) -> Result<PackedPath> {
        let rewrite = Rewrite::new(format!("^{}", path.display()), "/file")?;
        let options = PathOptions {
            rewrite: Some(rewrite),
            perms: Vec::new(),
        };
        PackedPath::new(path.to_string_lossy(), options)
    }

    #[test]
    fn a_file_that_changes_before_it_is_read() -> Result<(), Box<dyn std::error::Error>> {
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
            let error = read_after(rewritten(&path)?, || changed = change())
                .err()
                .unwrap_or_default();
            changed?;
            assert!(error.contains(reason) && error.contains("file"), "{error}");
        }
        Ok(())
    }

    #[test]
    fn a_file_that_changes_behind_its_header() -> Result<(), Box<dyn std::error::Error>> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("file");
        for (size, room) in [(0, 1), (7, 1), (9, 1), (9, 8), (9, 9), (9, 100)] {
            std::fs::write(&path, "8 bytes.")?;
            let tree = FileTree::new([plain(directory.path())?])?;
            let mut reader = TarReader::new(Arc::new(tree));
            // The directories above, itself, and the file, a header each.
            let headers = directory.path().components().count() + 1;
            reader.read_exact(&mut vec![0; headers * BLOCK])?;
            std::fs::write(&path, vec![b'x'; size])?;
            let mut buffer = vec![0; room];
            let error = loop {
                match reader.read(&mut buffer) {
                    Ok(1..) => {}
                    outcome => break format!("{outcome:?}"),
                }
            };
            let reason = format!("it had 8 bytes when it was walked and has {size} now");
            assert!(error.contains(&reason) && error.contains("file"), "{error}");
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
        let whole = read_after(plain(directory.path())?, || ())?;
        assert_eq!(whole.len() % BLOCK, 0);
        let path = plain(directory.path())?;
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
