//! Pushing: an image's blobs and manifests go to registries of the OCI
//! distribution specification 1.1.
//!
//! Takes an image and references, gives a report of what was sent. A manifest
//! is sent when the registry has confirmed every blob it names, so that a push
//! that ends early leaves blobs and no tag.
//!
//! ```text
//!  reference                            where to: registry, repository, tag
//!  credentials ── auth_file ── credential_source         who we are
//!       │
//!  challenge ───────────── auth          the tokens for it
//!                           │
//!  transport ── discovery ── connection  requests and their answers
//!                           │             (failure, retry_after)
//!                           │
//!                         client         what the specification offers
//!                           │
//!  body ───────────────── upload ── retry        one blob, until it is there
//!                           │
//!  payload ── group ───── push ── report        all blobs, then the manifests
//! ```

mod reference;

mod auth_file;
mod credential_source;
mod credentials;

mod auth;
mod challenge;

mod client;
mod connection;
mod discovery;
mod failure;
mod retry_after;
mod transport;

mod body;
mod retry;
mod upload;

mod group;
mod payload;
mod push;
mod push_options;
mod report;

pub use credential_source::CredentialSource;
pub use credentials::Credentials;
pub use failure::Failure;
pub use payload::Payload;
pub use push::push;
pub use push_options::PushOptions;
pub use reference::{Reference, Repository};
pub use report::{Action, BlobReport, Event, Observer, Report, RepositoryReport};
pub use transport::Tls;
