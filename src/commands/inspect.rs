//! The report on an image: a table for people, JSON for programs.
//!
//! Takes an image or an index, walks the store paths of its layers to learn
//! their sizes, and gives for each layer what takes the most space. A path that
//! is not on this machine has no size.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::Result;
use nix2container::{Artifact, Digest, FileTree, Image, Layer, PackedPath, PathOptions};
use serde::Serialize;

use super::{print, print_json};
use crate::cli;

/// How many of a layer's paths are shown.
const LARGEST: usize = 3;

pub(super) fn inspect(arguments: &cli::Inspect) -> Result<()> {
    let report = Report::of(&Artifact::from_file(&arguments.image)?)?;
    match arguments.json {
        true => print_json(&report),
        false => print(&report.to_string()),
    }
}

/// What there is to say about a file.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Report {
    /// One image.
    Image(Box<ImageReport>),
    /// The images of an index.
    Index {
        /// The digest of the index.
        index_digest: Digest,
        /// A report on each.
        images: Vec<ImageReport>,
    },
}

impl Report {
    /// Walks the store paths of all images.
    fn of(artifact: &Artifact) -> Result<Self> {
        match artifact {
            Artifact::Image(image) => Ok(Report::Image(Box::new(ImageReport::of(image)?))),
            Artifact::Index(index) => Ok(Report::Index {
                index_digest: artifact.descriptor()?.digest,
                images: index
                    .images()
                    .iter()
                    .map(ImageReport::of)
                    .collect::<Result<_>>()?,
            }),
        }
    }
}

/// What there is to say about an image.
#[derive(Debug, Serialize)]
struct ImageReport {
    manifest_digest: Digest,
    config_digest: Digest,
    arch: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    variant: String,
    created: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
    size: u64,
    layers: Vec<LayerReport>,
}

#[derive(Debug, Serialize)]
struct LayerReport {
    digest: Digest,
    size: u64,
    media_type: &'static str,
    #[serde(skip)]
    extension: &'static str,
    path_count: usize,
    largest_paths: Vec<PathReport>,
    created_by: String,
}

#[derive(Debug, Serialize)]
struct PathReport {
    path: String,
    /// Bytes of the path's regular files; None when it is not there.
    size: Option<u64>,
}

impl ImageReport {
    /// Walks the image's store paths.
    fn of(image: &Image) -> Result<Self> {
        let manifest = image.manifest()?;
        Ok(ImageReport {
            manifest_digest: manifest.digest()?,
            config_digest: manifest.config.digest,
            arch: image.arch().to_owned(),
            variant: image.platform().variant.clone(),
            created: image.created().to_string(),
            annotations: manifest.annotations,
            size: image.layers().iter().map(Layer::size).sum(),
            layers: image.layers().iter().map(LayerReport::of).collect(),
        })
    }
}

impl LayerReport {
    fn of(layer: &Layer) -> Self {
        let mut paths: Vec<_> = layer.paths().iter().map(PathReport::of).collect();
        paths.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.path.cmp(&b.path)));
        paths.truncate(LARGEST);
        LayerReport {
            digest: *layer.digest(),
            size: layer.size(),
            media_type: layer.media_type().as_str(),
            extension: layer.media_type().extension(),
            path_count: layer.paths().len(),
            largest_paths: paths,
            created_by: layer.history().created_by.clone(),
        }
    }
}

impl PathReport {
    fn of(path: &PackedPath) -> Self {
        let alone = PackedPath::new(path.path(), PathOptions::default());
        let size = alone
            .and_then(|path| FileTree::new([path]))
            .and_then(|tree| tree.content_size());
        PathReport {
            path: path.path().to_owned(),
            size: size.ok(),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Report::Image(image) => image.fmt(f),
            Report::Index {
                index_digest,
                images,
            } => {
                writeln!(f, "index     {index_digest}")?;
                images.iter().try_for_each(|image| write!(f, "\n{image}"))
            }
        }
    }
}

impl fmt::Display for ImageReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "manifest  {}", self.manifest_digest)?;
        writeln!(f, "config    {}", self.config_digest)?;
        let slash = if self.variant.is_empty() { "" } else { "/" };
        writeln!(f, "arch      {}{slash}{}", self.arch, self.variant)?;
        writeln!(f, "created   {}", self.created)?;
        for (key, value) in &self.annotations {
            writeln!(f, "          {}: {}", printable(key), printable(value))?;
        }
        let layers = self.layers.len();
        writeln!(f, "size      {} in {layers} layers\n", bytes(self.size))?;
        writeln!(
            f,
            "{:>3}  {:<71}  {:>10}  {:<7}  {:>5}  CREATED BY",
            "#", "DIGEST", "SIZE", "FORM", "PATHS"
        )?;
        for (index, layer) in self.layers.iter().enumerate() {
            writeln!(
                f,
                "{:>3}  {:<71}  {:>10}  {:<7}  {:>5}  {}",
                index + 1,
                layer.digest.to_string(),
                bytes(layer.size),
                layer.extension,
                layer.path_count,
                printable(&layer.created_by)
            )?;
            for path in &layer.largest_paths {
                let size = path.size.map_or("not here".to_owned(), bytes);
                writeln!(f, "     {:<71}  {size:>10}", printable(&path.path))?;
            }
        }
        Ok(())
    }
}

/// Text from the image that cannot break the table, nor steer a terminal.
fn printable(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

/// A number of bytes in the largest unit that leaves at least one of them.
fn bytes(count: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"];
    let mut value = count as f64;
    let mut name = "B";
    for unit in units {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        name = unit;
    }
    if name == "B" {
        return format!("{count} B");
    }
    format!("{value:.1} {name}")
}
