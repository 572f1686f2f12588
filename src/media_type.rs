//! The media types of layers, configs and manifests.
//!
//! Docker's names of a layer become the OCI ones at the border; inside, a
//! layer is a tarball that is plain, gzip or zstd, and nothing else.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::Error;

/// The media type of an image's config blob.
pub const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// The media type of an image manifest.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// The media type of an OCI image index, which names one manifest a platform.
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// Docker's name of an index.
pub const DOCKER_INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

/// How a layer's tarball is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LayerMediaType {
    /// Not at all.
    #[default]
    Tar,
    /// With gzip.
    TarGzip,
    /// With zstd.
    TarZstd,
}

impl LayerMediaType {
    const ALL: [LayerMediaType; 3] = [
        LayerMediaType::Tar,
        LayerMediaType::TarGzip,
        LayerMediaType::TarZstd,
    ];

    /// The name in the OCI image specification.
    pub fn as_str(self) -> &'static str {
        match self {
            LayerMediaType::Tar => "application/vnd.oci.image.layer.v1.tar",
            LayerMediaType::TarGzip => "application/vnd.oci.image.layer.v1.tar+gzip",
            LayerMediaType::TarZstd => "application/vnd.oci.image.layer.v1.tar+zstd",
        }
    }

    /// What the name of such a tarball ends with.
    pub fn extension(self) -> &'static str {
        match self {
            LayerMediaType::Tar => "tar",
            LayerMediaType::TarGzip => "tar.gz",
            LayerMediaType::TarZstd => "tar.zst",
        }
    }
}

impl FromStr for LayerMediaType {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let named = match text {
            "application/vnd.docker.image.rootfs.diff.tar" => Some(LayerMediaType::Tar),
            "application/vnd.docker.image.rootfs.diff.tar.gzip" => Some(LayerMediaType::TarGzip),
            _ => (LayerMediaType::ALL.into_iter()).find(|media_type| media_type.as_str() == text),
        };
        named.ok_or_else(|| {
            Error::Value(format!(
                "`{text}` is not a media type of a layer that can be used: \
                 a tarball, plain, gzip or zstd"
            ))
        })
    }
}

impl fmt::Display for LayerMediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for LayerMediaType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dockers_names_become_the_oci_ones() {
        for (name, want) in [
            (
                "application/vnd.docker.image.rootfs.diff.tar",
                LayerMediaType::Tar,
            ),
            (
                "application/vnd.docker.image.rootfs.diff.tar.gzip",
                LayerMediaType::TarGzip,
            ),
            (
                "application/vnd.oci.image.layer.v1.tar+zstd",
                LayerMediaType::TarZstd,
            ),
        ] {
            assert!(
                matches!(name.parse::<LayerMediaType>(), Ok(got) if got == want),
                "{name}"
            );
        }
        assert!(
            "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
                .parse::<LayerMediaType>()
                .is_err()
        );
    }
}
