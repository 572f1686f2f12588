//! The header of a tarball's entry, as Go's archive/tar writes it when the
//! format is left open.
//!
//! Takes an entry's fields and gives one block of 512 bytes in the ustar
//! format of POSIX.1-1988, or, where a field does not fit, a PAX extended
//! header before it.

use super::BLOCK;
use super::pax;

/// All entries were last changed one second after the epoch, as all files of
/// a Nix store.
const MTIME: u64 = 1;

/// How star, GNU tar, libarchive and Go call an extended attribute.
const CAPABILITY: &str = "SCHILY.xattr.security.capability";

const NAME: usize = 100;
const PREFIX: usize = 155;
const OWNER: usize = 32;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryType {
    /// A regular file.
    Regular,
    /// A symbolic link.
    Symlink,
    /// A character device.
    CharDevice {
        /// The driver's number.
        major: u32,
        /// The device's number.
        minor: u32,
    },
    /// A block device.
    BlockDevice {
        /// The driver's number.
        major: u32,
        /// The device's number.
        minor: u32,
    },
    /// A directory.
    Directory,
    /// A named pipe.
    Fifo,
}

impl EntryType {
    fn flag(self) -> u8 {
        match self {
            EntryType::Regular => b'0',
            EntryType::Symlink => b'2',
            EntryType::CharDevice { .. } => b'3',
            EntryType::BlockDevice { .. } => b'4',
            EntryType::Directory => b'5',
            EntryType::Fifo => b'6',
        }
    }

    fn device(self) -> (u32, u32) {
        match self {
            EntryType::CharDevice { major, minor } | EntryType::BlockDevice { major, minor } => {
                (major, minor)
            }
            _ => (0, 0),
        }
    }
}

/// The fields of an entry.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    /// The name, with no slash at its end.
    pub name: &'a [u8],
    /// What a symlink points to; empty for all others.
    pub link_name: &'a [u8],
    /// What the entry is.
    pub entry_type: EntryType,
    /// The permission bits with setuid, setgid and sticky.
    pub mode: u32,
    /// The owner's number.
    pub uid: i64,
    /// The group's number.
    pub gid: i64,
    /// Bytes of content.
    pub size: u64,
    /// The owner's name.
    pub uname: &'a [u8],
    /// The group's name.
    pub gname: &'a [u8],
    /// The extended attribute `security.capability`; empty for none.
    pub capability: &'a [u8],
}

impl Header<'_> {
    /// Appends the entry's header blocks to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
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

    /// The fields that do not fit, or have no place, sorted by key. A name that could be split
    /// is among them as soon as there is any other.
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
        let (major, minor) = self.entry_type.device();
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
        block.finish(self.entry_type.flag())
    }
}

/// A header block that is being filled in.
pub(super) struct Block([u8; BLOCK]);

impl Block {
    pub(super) fn new() -> Self {
        Block([0; BLOCK])
    }

    /// Writes text and cuts what is too long. Some readers take a file whose
    /// name ends in a slash for a directory, so a slash at the cut goes too.
    pub(super) fn text(&mut self, range: std::ops::Range<usize>, text: &[u8]) {
        let field = &mut self.0[range];
        let length = text.len().min(field.len());
        field[..length].copy_from_slice(&text[..length]);
        if text.len() > field.len() && field.last() == Some(&b'/') {
            let kept = field.iter().rposition(|byte| *byte != b'/');
            field[kept.map_or(0, |last| last + 1)] = 0;
        }
    }

    /// Writes a number in octal, with a NUL at the end; one that does not fit
    /// becomes 0.
    pub(super) fn number(&mut self, range: std::ops::Range<usize>, number: u64) {
        let digits = range.len() - 1;
        let number = if fits(number, range.len()) { number } else { 0 };
        for (index, byte) in self.0[range].iter_mut().take(digits).enumerate() {
            *byte = b'0' + (number >> (3 * (digits - 1 - index)) & 7) as u8;
        }
    }

    /// Writes type, magic and checksum: the sum of all bytes, with blanks
    /// where it stands itself.
    pub(super) fn finish(mut self, flag: u8) -> [u8; BLOCK] {
        self.0[156] = flag;
        self.0[257..265].copy_from_slice(b"ustar\x0000");
        self.0[148..156].fill(b' ');
        let sum = self.0.iter().map(|byte| u64::from(*byte)).sum();
        self.number(148..155, sum);
        self.0[154] = 0;
        self.0
    }
}

/// Whether a number fits a field of so many bytes in octal, with its NUL.
fn fits(number: u64, field: usize) -> bool {
    number < 1 << (3 * (field - 1))
}

fn is_ascii(text: &[u8]) -> bool {
    text.iter().all(|byte| byte.is_ascii() && *byte != 0)
}

/// Drops all that is not ASCII.
pub(super) fn to_ascii(text: &[u8]) -> Vec<u8> {
    let ascii = |byte: &u8| byte.is_ascii() && *byte != 0;
    text.iter().copied().filter(ascii).collect()
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
