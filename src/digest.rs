//! A SHA-256 digest: parsed from `sha256:<64 hex digits>` or made by hashing.
//!
//! A value of this type is always a well-formed digest. The text form is the
//! OCI image specification's, lower case.

use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;

use serde::{Serialize, Serializer};
use sha2::Digest as _;

use crate::Error;

/// Bytes that are read at a time, to be hashed: large enough that the calls do
/// not count, small enough to stay in the processor's cache.
pub(crate) const BUFFER: usize = 256 * 1024;

/// The SHA-256 digest of a blob.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of bytes that are at hand.
    pub fn of(bytes: &[u8]) -> Self {
        Digest(sha2::Sha256::digest(bytes).into())
    }

    /// The 64 hexadecimal digits, without the algorithm.
    pub fn hex(&self) -> String {
        hex::encode(self.0)
    }

    /// Parses the 64 hexadecimal digits without the algorithm.
    ///
    /// # Errors
    /// When the text is not 64 lower-case hexadecimal digits.
    pub fn from_hex(digits: &str) -> Result<Self, Error> {
        let not_a_digest = || Error::Value(format!("`{digits}` is not a SHA-256 digest"));
        if digits.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(not_a_digest());
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| not_a_digest())?;
        Ok(Digest(bytes))
    }
}

impl FromStr for Digest {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.split_once(':') {
            Some(("sha256", digits)) => Digest::from_hex(digits)
                .map_err(|_| Error::Value(format!("`{text}` is not a SHA-256 digest"))),
            Some((algorithm @ ("sha384" | "sha512"), _)) => Err(Error::Value(format!(
                "`{text}` is a digest by {algorithm}; only sha256 is supported"
            ))),
            _ => Err(Error::Value(format!(
                "`{text}` is not a digest: it should be `sha256:` and 64 hexadecimal digits"
            ))),
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Hashes and counts bytes as they pass.
#[derive(Clone, Default)]
pub struct Hasher {
    state: sha2::Sha256,
    size: u64,
}

impl Hasher {
    /// The digest and the number of all bytes that a reader has left.
    ///
    /// # Errors
    /// When the reader fails.
    pub fn read_all(mut reader: impl Read) -> io::Result<(Digest, u64)> {
        let mut hasher = Hasher::default();
        let mut buffer = vec![0; BUFFER];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(hasher.finish()),
                Ok(count) => hasher.update(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.state.update(bytes);
        self.size += bytes.len() as u64;
    }

    /// The digest and the number of all bytes taken.
    pub fn finish(self) -> (Digest, u64) {
        (Digest(self.state.finalize().into()), self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The digest of no bytes, from FIPS 180-4's examples.
    const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn text_and_hash_agree() {
        assert_eq!(Digest::of(b"").to_string(), EMPTY);
        assert!(matches!(EMPTY.parse::<Digest>(), Ok(digest) if digest == Digest::of(b"")));
        let mut hasher = Hasher::default();
        hasher.update(b"a");
        hasher.update(b"b");
        assert_eq!(hasher.finish(), (Digest::of(b"ab"), 2));
    }

    #[test]
    fn what_is_not_a_digest_is_refused() {
        let upper = EMPTY.to_uppercase().replace("SHA256", "sha256");
        for text in [
            "",
            "sha256:",
            "md5:00",
            "sha256:zz",
            &EMPTY[..70],
            &upper,
            "sha512:00",
        ] {
            assert!(text.parse::<Digest>().is_err(), "{text}");
        }
    }
}
