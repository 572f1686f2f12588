//! Compression: what a layer's tarball is compressed with, and by whom.
//!
//! Takes a format and a level and gives a compressor; with the library's name
//! and version it describes how the bytes of a layer were made, so that they
//! can be made again. The bytes depend on the tarball, the level and that
//! version alone: a tarball is cut into parts of a fixed size, and each part
//! is compressed by itself.

mod gzip;
mod parallel;
mod queue;
mod zstd;

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::{Error, LayerMediaType, Result};

pub(crate) use parallel::Compressed;

/// A format that layers can be compressed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// What every registry and every container engine knows.
    Gzip,
    /// Smaller and faster; known to Docker from 23 on, to containerd from 1.5
    /// on, and to podman.
    Zstd,
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 2] = [Format::Gzip, Format::Zstd];

    /// The name: `gzip` or `zstd`.
    pub fn name(self) -> &'static str {
        match self {
            Format::Gzip => "gzip",
            Format::Zstd => "zstd",
        }
    }

    /// The levels there are: the higher, the smaller and the slower.
    pub fn levels(self) -> RangeInclusive<u8> {
        match self {
            Format::Gzip => gzip::LEVELS,
            Format::Zstd => zstd::LEVELS,
        }
    }

    /// The level where none is chosen.
    pub fn default_level(self) -> u8 {
        match self {
            Format::Gzip => gzip::DEFAULT_LEVEL,
            Format::Zstd => zstd::DEFAULT_LEVEL,
        }
    }

    /// Bytes of the tarball in each part, but for the last.
    fn part_size(self) -> usize {
        match self {
            Format::Gzip => gzip::MEMBER,
            Format::Zstd => zstd::FRAME,
        }
    }

    /// The library that compresses, and its version.
    fn encoder(self) -> String {
        match self {
            Format::Gzip => gzip::ENCODER.to_owned(),
            Format::Zstd => zstd::encoder(),
        }
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let named = Format::ALL.into_iter().find(|format| format.name() == text);
        named.ok_or_else(|| {
            Error::Value(format!(
                "`{text}` is not a compressor; it should be `gzip` or `zstd`"
            ))
        })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A format with a level that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compressor {
    format: Format,
    level: u8,
}

impl Compressor {
    /// The compressor of a format and a level, or the format's default level.
    ///
    /// # Errors
    /// When the format does not have this level.
    pub fn new(format: Format, level: Option<i64>) -> Result<Self> {
        let Some(wanted) = level else {
            let level = format.default_level();
            return Ok(Compressor { format, level });
        };
        let levels = format.levels();
        match u8::try_from(wanted)
            .ok()
            .filter(|level| levels.contains(level))
        {
            Some(level) => Ok(Compressor { format, level }),
            None => Err(Error::Value(format!(
                "{format} has no compression level {wanted}; it should be {} to {}",
                levels.start(),
                levels.end()
            ))),
        }
    }

    /// The format.
    pub fn format(self) -> Format {
        self.format
    }

    /// The level.
    pub fn level(self) -> u8 {
        self.level
    }

    /// The media type of the layers it makes.
    pub fn media_type(self) -> LayerMediaType {
        match self.format {
            Format::Gzip => LayerMediaType::TarGzip,
            Format::Zstd => LayerMediaType::TarZstd,
        }
    }
}

/// How the bytes of a layer were made of its tarball.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compression {
    compressor: Compressor,
    encoder: String,
}

impl Compression {
    /// As this program does it.
    pub fn by_this_program(compressor: Compressor) -> Self {
        Compression {
            compressor,
            encoder: compressor.format.encoder(),
        }
    }

    /// As a program did it whose library had this name and version.
    pub(crate) fn by(compressor: Compressor, encoder: String) -> Self {
        Compression {
            compressor,
            encoder,
        }
    }

    /// The compressor.
    pub fn compressor(&self) -> Compressor {
        self.compressor
    }

    /// The library that compressed, and its version: `libdeflate 1.26`.
    pub fn encoder(&self) -> &str {
        &self.encoder
    }
}

/// Compresses part after part; one for each thread.
enum Encoder {
    Gzip(gzip::Encoder),
    Zstd(zstd::Encoder),
}

impl Encoder {
    fn new(compressor: Compressor) -> Result<Self> {
        match compressor.format {
            Format::Gzip => gzip::Encoder::new(compressor.level).map(Encoder::Gzip),
            Format::Zstd => zstd::Encoder::new(compressor.level).map(Encoder::Zstd),
        }
    }

    /// Puts a part, compressed, in place of what is in `compressed`.
    fn encode(&mut self, part: &[u8], compressed: &mut Vec<u8>) -> Result<()> {
        match self {
            Encoder::Gzip(encoder) => encoder.encode(part, compressed),
            Encoder::Zstd(encoder) => encoder.encode(part, compressed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_is_the_librarys() {
        for format in Format::ALL {
            for level in format.levels() {
                let compressor = Compressor::new(format, Some(level.into()));
                let encoder = compressor.and_then(Encoder::new);
                assert!(encoder.is_ok(), "{format} {level}");
            }
            assert!(format.levels().contains(&format.default_level()));
            for level in [-1, 0, i64::from(*format.levels().end()) + 1, 260, i64::MAX] {
                let message = Compressor::new(format, Some(level)).err();
                let message = message.map(|error| error.to_string()).unwrap_or_default();
                assert!(message.contains(&format!("level {level};")), "{message}");
            }
        }
    }
}
