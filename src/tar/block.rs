//! A header block of the ustar format, that of an entry and that of a PAX
//! extended header alike.
//!
//! Takes texts and numbers for the places of fields, and gives the 512 bytes
//! with magic and checksum.

use super::BLOCK;

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
pub(super) fn fits(number: u64, field: usize) -> bool {
    number < 1 << (3 * (field - 1))
}

pub(super) fn is_ascii(text: &[u8]) -> bool {
    text.iter().all(|byte| byte.is_ascii() && *byte != 0)
}

/// Drops all that is not ASCII.
pub(super) fn to_ascii(text: &[u8]) -> Vec<u8> {
    let ascii = |byte: &u8| byte.is_ascii() && *byte != 0;
    text.iter().copied().filter(ascii).collect()
}
