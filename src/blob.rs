//! Blobs: the bytes a registry is given, by digest.
//!
//! A blob is an opener: it can be read as often as it is opened, and each
//! time its bytes are made anew. What was read to its end has the blob's
//! digest and size; bytes that no longer do end in an error.

use std::io::{self, Read, Write};

use crate::compression::Compression;
use crate::digest::{BUFFER, Digest, Hasher};
use crate::layer::{Layer, LayerSource};
use crate::{Error, Result};

/// A layer or the config of an image.
#[derive(Clone, Debug)]
pub struct Blob(Content);

#[derive(Clone, Debug)]
enum Content {
    Bytes(Vec<u8>),
    Layer(Box<Layer>),
}

impl Blob {
    pub(crate) fn of_bytes(bytes: Vec<u8>) -> Self {
        Blob(Content::Bytes(bytes))
    }

    pub(crate) fn of_layer(layer: Layer) -> Self {
        Blob(Content::Layer(Box::new(layer)))
    }

    /// The digest of the blob's bytes.
    pub fn digest(&self) -> Digest {
        match &self.0 {
            Content::Bytes(bytes) => Digest::of(bytes),
            Content::Layer(layer) => *layer.digest(),
        }
    }

    /// The number of the blob's bytes.
    pub fn size(&self) -> u64 {
        match &self.0 {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::Layer(layer) => layer.size(),
        }
    }

    /// A reader at the blob's start.
    ///
    /// # Errors
    /// When the source of a layer is not there any more.
    pub fn open(&self) -> Result<BlobReader> {
        let (source, layer): (Box<dyn Read + Send>, _) = match &self.0 {
            Content::Bytes(bytes) => (Box::new(io::Cursor::new(bytes.clone())), None),
            Content::Layer(layer) => {
                let source = layer.open().map_err(|error| of_layer(layer, error))?;
                (source, Some(Layer::clone(layer)))
            }
        };
        Ok(BlobReader {
            source,
            hasher: Hasher::default(),
            layer,
        })
    }

    /// Writes all bytes of the blob, which are checked at the end.
    ///
    /// # Errors
    /// When the blob cannot be had as it was, which is an error of the library
    /// inside, or the output refuses it.
    pub fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        let mut reader = self.open()?;
        let mut buffer = vec![0; BUFFER];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => out.write_all(&buffer[..count])?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// The bytes of a blob, which are checked as they pass.
pub struct BlobReader {
    source: Box<dyn Read + Send>,
    hasher: Hasher,
    /// What the bytes must agree with; None for bytes that were made here.
    layer: Option<Layer>,
}

impl Read for BlobReader {
    /// Reads on; at the end, fails unless all that was read is the blob.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match (self.source.read(buffer), &self.layer) {
            (Err(error), _) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            (Err(error), Some(layer)) => return Err(of_layer(layer, reading(error)).into()),
            (result, _) => result?,
        };
        self.hasher.update(&buffer[..count]);
        if count == 0
            && !buffer.is_empty()
            && let Some(layer) = &self.layer
        {
            check(layer, self.hasher.clone())?;
        }
        Ok(count)
    }
}

impl std::fmt::Debug for BlobReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BlobReader")
            .field("layer", &self.layer)
            .finish_non_exhaustive()
    }
}

fn check(layer: &Layer, hasher: Hasher) -> Result<()> {
    let (digest, size) = hasher.finish();
    if digest == *layer.digest() && size == layer.size() {
        return Ok(());
    }
    if let Some(reason) = other_encoder(layer)? {
        return Err(of_layer(layer, Error::Value(reason)));
    }
    let reason = format!(
        "its bytes changed since the image was built: now they are {size} bytes of digest \
         {digest}, then they were {} bytes; build the image again, or see what \
         `nix2container verify` tells",
        layer.size()
    );
    Err(of_layer(layer, Error::Value(reason)))
}

/// Says so if another version of the encoder is the reason: the tarball is the
/// same as when the image was built, and only its compression is not.
fn other_encoder(layer: &Layer) -> Result<Option<String>> {
    let (LayerSource::Compressed { compression, .. }, Some(tarball)) =
        (layer.source(), layer.uncompressed())
    else {
        return Ok(None);
    };
    let now = Compression::by_this_program(compression.compressor());
    if now.encoder() == compression.encoder() {
        return Ok(None);
    }
    let (digest, _) = Hasher::read_all(tarball.open()?).map_err(reading)?;
    if digest != *tarball.digest() {
        return Ok(None);
    }
    Ok(Some(format!(
        "it was compressed by {}, and this program has {}, which gives other bytes; build the \
         image again with this program, or copy it with the one that built it",
        compression.encoder(),
        now.encoder()
    )))
}

/// An error of the library comes back as itself, any other as a failed read.
pub(crate) fn reading(error: io::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => error,
        Err(error) => Error::Value(format!("cannot read it: {error}")),
    }
}

fn of_layer(layer: &Layer, error: Error) -> Error {
    Error::Layer {
        digest: *layer.digest(),
        contents: layer.contents(),
        source: Box::new(error),
    }
}
