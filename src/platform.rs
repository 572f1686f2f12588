//! What machine an image is for: the platform of the OCI image specification.
//!
//! The names are Go's. Fields that are empty are left out of every file.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The operating system of an image that does not name another.
const LINUX: &str = "linux";

/// The platform of an image. The order of the fields is part of digests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, expecting = "an object")]
pub struct Platform {
    /// The architecture: `amd64`, `arm64`.
    pub architecture: String,
    /// The operating system: `linux`.
    pub os: String,
    /// The version of the operating system, which Windows images name.
    #[serde(rename = "os.version", skip_serializing_if = "String::is_empty")]
    pub os_version: String,
    /// What the operating system must have.
    #[serde(rename = "os.features", skip_serializing_if = "Vec::is_empty")]
    pub os_features: Vec<String>,
    /// The kind of the processor: `v8` of `arm64`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub variant: String,
}

impl Platform {
    /// Linux on an architecture.
    pub fn linux(architecture: impl Into<String>) -> Self {
        Platform {
            architecture: architecture.into(),
            ..Platform::default()
        }
    }

    /// Whether nothing but the architecture has to be told.
    pub(crate) fn is_plain(&self) -> bool {
        *self == Platform::linux(&self.architecture)
    }
}

impl Default for Platform {
    fn default() -> Self {
        Platform {
            architecture: String::new(),
            os: LINUX.to_owned(),
            os_version: String::new(),
            os_features: Vec::new(),
            variant: String::new(),
        }
    }
}

impl fmt::Display for Platform {
    /// As other tools write it: `linux/arm64/v8`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        match self.variant.as_str() {
            "" => Ok(()),
            variant => write!(f, "/{variant}"),
        }
    }
}
