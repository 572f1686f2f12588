//! Container images described by Nix, without a tarball in the store.
//!
//! At build time the store paths of each layer are walked, packed in memory
//! and hashed; what is kept is a small JSON file. At copy time the same bytes
//! are streamed again from the same store paths. The modules stand in the
//! order in which the data flows:
//!
//! ```text
//!  closure ── popularity ── layering             which store path in which layer
//!                              │
//!  path_options ───────────────┤
//!  capability ── root_files ── contents          what one layer is packed from
//!                              │
//!             source ── walk ── file_tree ── tar  the bytes of one layer
//!                              │
//!       compression, digest ── packing ── layer  layers.json
//!                              │
//!  base_image ── inheritance ── image            image.json, for a platform
//!                              │
//!                  config ── manifest ── blob    what a registry is given
//!                              │
//!                            index ── registry   several images, and their push
//!                              └───── archive    or all of it in one file
//!
//!  file_digests ── difference ── verification    what became of the layers
//! ```
//!
//! # Example
//!
//! A store path becomes a layer, a layer an image, and the image gives its
//! blobs as often as they are asked for:
//!
//! ```
//! use std::io::Read;
//! use nix2container::{Image, ImageConfig, Layer, PackedPath, PathOptions, Platform};
//!
//! let store = tempfile::tempdir()?;
//! let path = store.path().join("hello-1.0");
//! std::fs::create_dir(&path)?;
//! std::fs::write(path.join("greeting"), "hello")?;
//!
//! let paths = vec![PackedPath::new(path.to_string_lossy(), PathOptions::default())?];
//! let layer = Layer::pack(paths, &Default::default())?;
//! let image = Image::new(ImageConfig::default(), vec![layer.clone()], Platform::linux("amd64"));
//!
//! let mut tarball = Vec::new();
//! image.blob(layer.digest())?.open()?.read_to_end(&mut tarball)?;
//! assert_eq!(tarball.len() as u64, layer.size());
//! assert_eq!(image.manifest()?.layers[0].digest, *layer.digest());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod closure;
pub mod popularity;

pub mod layering;

mod go_regex;
pub mod path_options;

pub mod capability;
pub mod root_files;

pub mod contents;

mod source;

mod case_hack;
mod walk;

pub mod file_tree;

pub mod overlaps;

mod read_ahead;
mod spare_threads;
pub mod tar;

pub mod compression;

pub mod digest;
pub mod media_type;
pub mod timestamp;

mod history;
pub mod layer;
mod layer_bytes;
pub mod packing;

pub mod layer_json;

pub mod base_image;
pub mod inheritance;
pub mod platform;

pub mod image;
mod image_json;

pub mod config;

pub mod manifest;

pub mod blob;

pub mod index;

pub mod registry;

pub mod archive;

pub mod file_digests;

pub mod difference;

pub mod verification;

mod error;
mod full_read;
pub mod go_json;
pub mod output;
mod parallel;
mod warning;

pub use archive::Archive;
pub use blob::{Blob, BlobReader};
pub use closure::Closure;
pub use compression::{Compression, Compressor};
pub use config::ImageConfig;
pub use contents::Contents;
pub use digest::Digest;
pub use error::{Error, Result};
pub use file_tree::FileTree;
pub use image::Image;
pub use index::{Artifact, Index};
pub use layer::{History, Layer, LayerSource};
pub use manifest::{Descriptor, Manifest};
pub use media_type::LayerMediaType;
pub use path_options::{PackedPath, PathOptions};
pub use platform::Platform;
pub use root_files::RootFiles;
pub use timestamp::Timestamp;
pub use warning::Warning;
