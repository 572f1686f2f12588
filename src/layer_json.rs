//! Layers as JSON: the file that one derivation writes and others read.
//!
//! Takes the text of a layers file and gives layers whose digests, media
//! types, patterns and modes were checked; writes layers so that the
//! reference's tools read them. The order of the fields is part of the format.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::compression::{Compression, Compressor};
use crate::contents::Contents;
use crate::layer::{History, Layer, LayerSource};
use crate::path_options::{PackedPath, PathOptions, PermRule, PermText, Rewrite, RewriteText};
use crate::root_files::RootFilesText;
use crate::{Error, LayerMediaType, Result, go_json};

/// A layer as it stands in JSON.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, expecting = "an object")]
pub(crate) struct LayerText {
    digest: String,
    size: u64,
    diff_ids: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    paths: Vec<PathText>,
    mediatype: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    compression: Option<CompressionText>,
    #[serde(rename = "layer-path", skip_serializing_if = "Option::is_none")]
    layer_path: Option<PathBuf>,
    #[serde(rename = "root-files", skip_serializing_if = "Option::is_none")]
    root_files: Option<RootFilesText>,
    #[serde(rename = "file-digests", skip_serializing_if = "Option::is_none")]
    file_digests: Option<PathBuf>,
    #[serde(rename = "History")]
    history: History,
}

/// How a layer that is not kept was compressed.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, expecting = "an object")]
struct CompressionText {
    name: String,
    level: i64,
    encoder: String,
    tarball_size: u64,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default, expecting = "an object")]
struct PathText {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<OptionsText>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default, expecting = "an object")]
struct OptionsText {
    rewrite: RewriteText,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    perms: Vec<PermText>,
}

/// Reads the layers of a file.
///
/// # Errors
/// When the file cannot be read, or an element is not a layer.
pub fn from_file(path: &Path) -> Result<Vec<Layer>> {
    let texts: Vec<LayerText> = go_json::from_file(path, "a list of layers")?;
    layers(texts).map_err(|error| error.in_file(path))
}

/// The text of a layers file.
///
/// # Errors
/// When a path of a tarball is not UTF-8.
pub fn to_text(layers: &[Layer]) -> Result<String> {
    go_json::to_indented(&texts(layers))
}

pub(crate) fn texts(layers: &[Layer]) -> Vec<LayerText> {
    layers.iter().map(LayerText::from).collect()
}

/// Checks layers; the error says which one is wrong.
pub(crate) fn layers(texts: Vec<LayerText>) -> Result<Vec<Layer>> {
    let numbered = texts.into_iter().enumerate();
    numbered
        .map(|(index, text)| {
            Layer::try_from(text)
                .map_err(|error| Error::Value(format!("layer {}: {error}", index + 1)))
        })
        .collect()
}

impl TryFrom<LayerText> for Layer {
    type Error = Error;

    fn try_from(text: LayerText) -> Result<Self> {
        let paths = text.paths.into_iter().map(PackedPath::try_from);
        let paths = paths.collect::<Result<Vec<_>>>()?;
        let root_files = text.root_files.unwrap_or_default().try_into()?;
        let contents = Contents::new(paths, root_files);
        let media_type = match text.mediatype.as_str() {
            "" => return Err(Error::Value("`mediatype` is missing".to_owned())),
            name => name.parse::<LayerMediaType>()?,
        };
        let compression = text.compression.map(|text| text.checked(media_type));
        let file = text.layer_path.filter(|path| !path.as_os_str().is_empty());
        let source = match (file, compression.transpose()?) {
            (Some(file), _) => LayerSource::Tarball { file, contents },
            (None, Some((compression, tarball_size))) => LayerSource::Compressed {
                contents,
                compression,
                tarball_size,
            },
            (None, None) if media_type == LayerMediaType::Tar => LayerSource::Packed(contents),
            (None, None) => {
                return Err(Error::Value(format!(
                    "it is compressed ({media_type}), so it needs a `layer-path` or a `compression`"
                )));
            }
        };
        Ok(Layer {
            digest: text.digest.parse()?,
            diff_id: text.diff_ids.parse()?,
            size: text.size,
            media_type,
            history: text.history,
            source,
            file_digests: text.file_digests,
        })
    }
}

impl From<&Layer> for LayerText {
    fn from(layer: &Layer) -> Self {
        LayerText {
            digest: layer.digest.to_string(),
            size: layer.size,
            diff_ids: layer.diff_id.to_string(),
            paths: layer.paths().iter().map(PathText::from).collect(),
            mediatype: layer.media_type.to_string(),
            compression: match layer.source() {
                LayerSource::Compressed {
                    compression,
                    tarball_size,
                    ..
                } => Some(CompressionText::new(compression, *tarball_size)),
                LayerSource::Packed(_) | LayerSource::Tarball { .. } => None,
            },
            layer_path: match layer.source() {
                LayerSource::Tarball { file, .. } => Some(file.clone()),
                LayerSource::Packed(_) | LayerSource::Compressed { .. } => None,
            },
            root_files: match layer.packed_from().root_files() {
                files if files.is_empty() => None,
                files => Some(files.into()),
            },
            file_digests: layer.file_digests.clone(),
            history: layer.history.clone(),
        }
    }
}

impl CompressionText {
    /// The compression, and the size of the tarball before it.
    fn checked(self, media_type: LayerMediaType) -> Result<(Compression, u64)> {
        let wrong = |error: Error| Error::Value(format!("`compression`: {error}"));
        let format = self.name.parse().map_err(wrong)?;
        let compressor = Compressor::new(format, Some(self.level)).map_err(wrong)?;
        if compressor.media_type() != media_type {
            let reason = format!("{format} does not give the `mediatype` {media_type}");
            return Err(wrong(Error::Value(reason)));
        }
        if self.tarball_size == 0 {
            return Err(wrong(Error::Value("`tarball_size` is missing".to_owned())));
        }
        Ok((Compression::by(compressor, self.encoder), self.tarball_size))
    }

    fn new(compression: &Compression, tarball_size: u64) -> Self {
        let compressor = compression.compressor();
        CompressionText {
            name: compressor.format().to_string(),
            level: compressor.level().into(),
            encoder: compression.encoder().to_owned(),
            tarball_size,
        }
    }
}

impl TryFrom<PathText> for PackedPath {
    type Error = Error;

    fn try_from(text: PathText) -> Result<Self> {
        let Some(options) = text.options else {
            return PackedPath::new(text.path, PathOptions::default());
        };
        let rewrite = match options.rewrite.regex.as_str() {
            "" => None,
            _ => Some(Rewrite::from_text(options.rewrite)?),
        };
        let perms = options.perms.into_iter().map(PermRule::new);
        let perms = perms.collect::<Result<_>>()?;
        PackedPath::new(text.path, PathOptions { rewrite, perms })
    }
}

impl From<&PackedPath> for PathText {
    fn from(path: &PackedPath) -> Self {
        let options = path.options();
        let written = OptionsText {
            rewrite: options
                .rewrite
                .as_ref()
                .map(|r| r.text().clone())
                .unwrap_or_default(),
            perms: options
                .perms
                .iter()
                .map(|rule| rule.text().clone())
                .collect(),
        };
        PathText {
            path: path.path().to_owned(),
            options: (!options.is_empty()).then_some(written),
        }
    }
}
