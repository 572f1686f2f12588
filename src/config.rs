//! The config of an image: what runs, in which environment, and what the
//! layers are before compression.
//!
//! Takes the user's image config and an image's layers, gives the config blob
//! of the OCI image specification. Fields the user left empty are left out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::layer::{History, Layer};
use crate::{Digest, Image, Platform, Result, Timestamp, go_json};

/// An empty JSON object: the value of a set's member.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(expecting = "an object")]
pub struct Member {}

/// How a container of the image is run: the fields of the specification that
/// the reference knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", expecting = "an object")]
pub struct ImageConfig {
    /// The user, and the group after a colon, that the process runs as.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// The ports that the process listens on, such as `80/tcp`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub exposed_ports: BTreeMap<String, Member>,
    /// The environment, as `NAME=value`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// The command and its first arguments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entrypoint: Vec<String>,
    /// Arguments that whoever runs the container may replace.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cmd: Vec<String>,
    /// Directories for data that outlives the container.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub volumes: BTreeMap<String, Member>,
    /// The directory the process starts in.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub working_dir: String,
    /// Free annotations.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The signal that ends the process.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub stop_signal: String,
}

/// The fields of a config that are Docker's own and say how a container runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", expecting = "an object")]
pub(crate) struct DockerConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    healthcheck: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_timeout: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    shell: Vec<String>,
}

impl DockerConfig {
    pub(crate) fn is_empty(&self) -> bool {
        *self == DockerConfig::default()
    }
}

/// The config blob; the order of the fields is part of its digest.
#[derive(Serialize)]
struct ConfigBlob<'a> {
    created: &'a Timestamp,
    #[serde(flatten)]
    platform: &'a Platform,
    config: RunConfig<'a>,
    rootfs: RootFs<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    history: Vec<&'a History>,
}

/// What the specification has, then what only Docker knows.
#[derive(Serialize)]
struct RunConfig<'a> {
    #[serde(flatten)]
    config: &'a ImageConfig,
    #[serde(flatten)]
    docker: &'a DockerConfig,
}

#[derive(Serialize)]
struct RootFs<'a> {
    r#type: &'static str,
    diff_ids: Vec<&'a Digest>,
}

/// The text of an image's config blob.
pub(crate) fn config_blob(image: &Image) -> Result<String> {
    go_json::to_compact(&ConfigBlob {
        created: image.created(),
        platform: image.platform(),
        config: RunConfig {
            config: image.config(),
            docker: &image.inheritance().config,
        },
        rootfs: RootFs {
            r#type: "layers",
            diff_ids: image.layers().iter().map(Layer::diff_id).collect(),
        },
        history: image.history().collect(),
    })
}
