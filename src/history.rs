//! The history of a layer: who made it, when and by what.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// How a layer came to be, as the OCI image specification's `history`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, expecting = "an object")]
pub struct History {
    /// When the layer was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    /// What made it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub created_by: String,
    /// Who made it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub author: String,
    /// What there is to say.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// Whether the layer changes no file.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub empty_layer: bool,
}
