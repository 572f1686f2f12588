//! The header of a tarball's entry, as Go's archive/tar writes it when the
//! format is left open.
//!
//! Takes an entry's fields and gives one block of 512 bytes in the ustar
//! format of POSIX.1-1988, or, where a field does not fit, a PAX extended
//! header before it.

use super::BLOCK;
use super::block::{Block, fits, is_ascii, to_ascii};
use super::pax;
use crate::source::Kind;

/// All entries were last changed one second after the epoch, as all files of
/// a Nix store.
const MTIME: u64 = 1;

/// How star, GNU tar, libarchive and Go call an extended attribute.
const CAPABILITY: &str = "SCHILY.xattr.security.capability";

const NAME: usize = 100;
const PREFIX: usize = 155;
const OWNER: usize = 32;

/// The fields of an entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header<'a> {
    /// The name, with no slash at its end.
    pub(crate) name: &'a [u8],
    /// What a symlink points to; empty for all others.
    pub(crate) link_name: &'a [u8],
    /// What the entry is.
    pub(crate) kind: Kind,
    /// The permission bits with setuid, setgid and sticky.
    pub(crate) mode: u32,
    /// The owner's number.
    pub(crate) uid: i64,
    /// The group's number.
    pub(crate) gid: i64,
    /// Bytes of content.
    pub(crate) size: u64,
    /// The owner's name.
    pub(crate) uname: &'a [u8],
    /// The group's name.
    pub(crate) gname: &'a [u8],
    /// The extended attribute `security.capability`; empty for none.
    pub(crate) capability: &'a [u8],
}

impl Header<'_> {
    /// Appends the entry's header blocks to `out`.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let split = split_name(self.name);
        let records = self.pax_records(split.is_some());
        if records.is_empty() {
            let (prefix, name) = split.unwrap_or((b"", self.name));
            let block = self.block(|text| text.to_vec(), prefix, name);
            out.extend_from_slice(&block);
        } else {
            pax::write(self.name, &records, out);
            out.extend_from_slice(&self.block(to_ascii, b"", self.name));
        }
    }

    /// The fields that do not fit, or have no place, sorted by key. A name that
    /// could be split is among them as soon as there is any other.
    fn pax_records(&self, name_splits: bool) -> Vec<(&'static str, Vec<u8>)> {
        let mut records = Vec::new();
        let mut text = |key, value: &[u8], size| {
            if value.len() > size || !is_ascii(value) {
                records.push((key, value.to_vec()));
            }
        };
        text("path", self.name, NAME);
        text("linkpath", self.link_name, NAME);
        text("uname", self.uname, OWNER);
        text("gname", self.gname, OWNER);
        for (key, number) in [("uid", self.uid), ("gid", self.gid)] {
            if !u64::try_from(number).is_ok_and(|number| fits(number, 8)) {
                records.push((key, number.to_string().into_bytes()));
            }
        }
        if !fits(self.size, 12) {
            records.push(("size", self.size.to_string().into_bytes()));
        }
        if name_splits && records.len() == 1 && self.capability.is_empty() {
            records.clear();
        }
        if !self.capability.is_empty() {
            records.push((CAPABILITY, self.capability.to_vec()));
        }
        records.sort_unstable_by_key(|(key, _)| *key);
        records
    }

    fn block(&self, reduce: impl Fn(&[u8]) -> Vec<u8>, prefix: &[u8], name: &[u8]) -> [u8; BLOCK] {
        let mut block = Block::new();
        let id = |number| u64::try_from(number).unwrap_or(u64::MAX);
        let (major, minor) = device(self.kind);
        block.text(0..100, &reduce(name));
        block.number(100..108, u64::from(self.mode));
        block.number(108..116, id(self.uid));
        block.number(116..124, id(self.gid));
        block.number(124..136, self.size);
        block.number(136..148, MTIME);
        block.text(157..257, &reduce(self.link_name));
        block.text(265..297, &reduce(self.uname));
        block.text(297..329, &reduce(self.gname));
        block.number(329..337, u64::from(major));
        block.number(337..345, u64::from(minor));
        block.text(345..500, prefix);
        block.finish(flag(self.kind))
    }
}

/// Splits a long name at the last slash that leaves a prefix short enough.
/// None when it is short already, or nothing fits.
fn split_name(name: &[u8]) -> Option<(&[u8], &[u8])> {
    if name.len() <= NAME || !is_ascii(name) {
        return None;
    }
    let window = &name[..name.len().min(PREFIX + 1)];
    let slash = window.iter().rposition(|byte| *byte == b'/')?;
    let (prefix, rest) = (&name[..slash], &name[slash + 1..]);
    (slash > 0 && !rest.is_empty() && rest.len() <= NAME).then_some((prefix, rest))
}

/// The type flag of POSIX.1-1988.
fn flag(kind: Kind) -> u8 {
    match kind {
        Kind::Regular => b'0',
        Kind::Symlink => b'2',
        Kind::CharDevice { .. } => b'3',
        Kind::BlockDevice { .. } => b'4',
        Kind::Directory => b'5',
        Kind::Fifo => b'6',
    }
}

/// The numbers of the driver and of the device.
fn device(kind: Kind) -> (u32, u32) {
    match kind {
        Kind::CharDevice { major, minor } | Kind::BlockDevice { major, minor } => (major, minor),
        _ => (0, 0),
    }
}
