//! The PAX extended header: an entry before the entry, with the fields that
//! the ustar format cannot hold (POSIX.1-2001).
//!
//! Takes sorted records and gives whole blocks. Its own name is the file's
//! with `PaxHeaders.0` as the last directory, as Go writes it; it is for the
//! eyes of old readers only.

use super::BLOCK;
use super::block::{Block, to_ascii};

/// Appends the extended header of the entry with this name to `out`.
pub(super) fn write(name: &[u8], records: &[(&str, Vec<u8>)], out: &mut Vec<u8>) {
    let data: Vec<u8> = records
        .iter()
        .flat_map(|(key, value)| record(key, value))
        .collect();
    let mut block = Block::new();
    block.text(0..100, &header_name(name));
    for field in [100..108, 108..116, 116..124, 136..148] {
        block.number(field, 0);
    }
    block.number(124..136, data.len() as u64);
    out.extend_from_slice(&block.finish(b'x'));
    out.extend_from_slice(&data);
    out.resize(out.len().next_multiple_of(BLOCK), 0);
}

/// `dir/file` becomes `dir/PaxHeaders.0/file`, in ASCII and cut to the field.
fn header_name(name: &[u8]) -> Vec<u8> {
    let file_at = name
        .iter()
        .rposition(|byte| *byte == b'/')
        .map_or(0, |at| at + 1);
    let (directory, file) = name.split_at(file_at);
    let mut header_name = to_ascii(&[directory, b"PaxHeaders.0/", file].concat());
    header_name.truncate(100);
    let kept = header_name.iter().rposition(|byte| *byte != b'/');
    header_name.truncate(kept.map_or(0, |last| last + 1));
    header_name
}

/// `LENGTH key=value\n`, where the length counts its own digits too.
fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let payload = key.len() + value.len() + " =\n".len();
    let mut length = payload + payload.to_string().len();
    length = payload + length.to_string().len();
    [format!("{length} {key}=").as_bytes(), value, b"\n"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_counts_its_own_length() {
        assert_eq!(record("uid", b"2097152"), b"15 uid=2097152\n");
        // 98 bytes and two digits would be 100, which takes three: 101.
        assert_eq!(record("path", &[b'x'; 91])[..9], *b"101 path=");
        assert_eq!(record("path", &[b'x'; 90])[..8], *b"99 path=");
        assert_eq!(record("path", &[b'x'; 92])[..9], *b"102 path=");
    }

    #[test]
    fn the_headers_own_name_is_cut() {
        assert_eq!(header_name(b"/a/b"), b"/a/PaxHeaders.0/b");
        assert_eq!(header_name(b"b\xc3\xbc"), b"PaxHeaders.0/b");
        assert_eq!(header_name(b"/"), b"/PaxHeaders.0");
    }
}
