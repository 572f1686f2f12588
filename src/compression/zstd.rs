//! Zstd: each part becomes a frame of its own (RFC 8878, section 3.1), and
//! readers take the frames as one stream.
//!
//! The library's own threads would make one frame of all, 1 % smaller and
//! slower by a tenth; but they are hired before the first byte, and here they
//! come one by one, as other layers are finished. Many frames are usual in
//! layers: zstd:chunked has them. Each has a checksum, as those of the `zstd`
//! program have.

use std::ops::RangeInclusive;

use zstd::bulk::Compressor;
use zstd::zstd_safe;

use crate::{Error, Result};

/// Bytes of the tarball in each frame, but for the last: twice the window of
/// the default level.
pub(super) const FRAME: usize = 4 * 1024 * 1024;

/// Above 19 are those that the `zstd` program calls ultra, for their memory.
pub(super) const LEVELS: RangeInclusive<u8> = 1..=19;

/// The library's own default.
pub(super) const DEFAULT_LEVEL: u8 = 3;

/// The C library that is built in.
pub(super) fn encoder() -> String {
    format!("zstd {}", zstd_safe::version_string())
}

pub(super) struct Encoder(Compressor<'static>);

impl Encoder {
    pub(super) fn new(level: u8) -> Result<Self> {
        let mut compressor = Compressor::new(level.into()).map_err(failed)?;
        compressor.include_checksum(true).map_err(failed)?;
        Ok(Encoder(compressor))
    }

    pub(super) fn encode(&mut self, part: &[u8], compressed: &mut Vec<u8>) -> Result<()> {
        compressed.clear();
        compressed.reserve(zstd_safe::compress_bound(part.len()));
        self.0
            .compress_to_buffer(part, compressed)
            .map_err(failed)?;
        Ok(())
    }
}

fn failed(error: std::io::Error) -> Error {
    Error::Value(format!("cannot compress with zstd: {error}"))
}
