//! Reading as much as a buffer takes, whatever pieces a reader gives.

use std::io::{self, ErrorKind, Read};

/// Reads until the buffer is full or there is no more, and tells how much that
/// was.
pub(crate) fn full_read(reader: &mut (impl Read + ?Sized), buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
