//! File digests: what a layer says of each of its files, kept beside the
//! layers file.
//!
//! Takes layers of store paths, walks them once more and writes a JSON file
//! with type, attributes and digest of each file; gives the files of a layer as
//! they were then and as they are now. This is read when a layer's digest is
//! wrong and only then, so the names are for people: what is not ASCII is
//! escaped.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::digest::{Digest, Hasher};
use crate::file_tree::{Attributes, Entries, Entry};
use crate::layer::{Layer, LayerSource};
use crate::output::write_file;
use crate::source::{Kind, path_of};
use crate::{Contents, Error, FileTree, Result, go_json, parallel};

/// The files of a layer, in the order of the tarball.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, expecting = "an object")]
struct LayerFiles {
    /// The diff ID: with it, the layer is found when it is no longer compressed.
    digest: String,
    files: Vec<FileDigest>,
}

/// What a tarball says of a file. A field that is as in most files is not
/// written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, expecting = "an object")]
pub struct FileDigest {
    /// The name in the image.
    pub name: String,
    /// `directory`, `file`, `symlink`, `fifo` or `device`.
    #[serde(rename = "type")]
    pub file_type: String,
    /// The mode in octal digits.
    pub mode: String,
    /// Numbers and names of owner and group.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub owner: String,
    /// Bytes of content.
    #[serde(skip_serializing_if = "is_zero")]
    pub size: u64,
    /// What a symlink points to, or the numbers of a device.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub target: String,
    /// The file's capabilities, as the attribute's hexadecimal digits.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub capability: String,
    /// The digest of the content.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub digest: String,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Writes the file digests of all layers that are made of store paths anew
/// each time, and lets these layers name the file.
///
/// # Errors
/// When a file cannot be read, or the output not be written.
pub fn record(layers: &mut [Layer], file: &Path, jobs: usize) -> Result<()> {
    let streamed: Vec<_> = layers.iter().filter(|layer| is_streamed(layer)).collect();
    let listed = parallel::map(&streamed, jobs, |layer| {
        Ok(LayerFiles {
            digest: layer.diff_id().to_string(),
            files: of_contents(layer.packed_from())?,
        })
    });
    let listed = listed.into_iter().collect::<Result<Vec<_>>>()?;
    write_file(file, go_json::to_compact(&listed)?.as_bytes())?;
    for layer in layers.iter_mut().filter(|layer| is_streamed(layer)) {
        layer.file_digests = Some(file.to_owned());
    }
    Ok(())
}

fn is_streamed(layer: &Layer) -> bool {
    !matches!(layer.source(), LayerSource::Tarball { .. })
}

/// The files of a layer as they were when they were recorded.
///
/// # Errors
/// When the file cannot be read, or does not have the layer.
pub(crate) fn recorded(layer: &Layer, file: &Path) -> Result<Vec<FileDigest>> {
    let layers: Vec<LayerFiles> = go_json::from_file(file, "the file digests of layers")?;
    let digest = layer.diff_id().to_string();
    let found = layers.into_iter().find(|files| files.digest == digest);
    let missing = || {
        let reason = format!("it does not have the layer {}", layer.digest());
        Error::Value(reason).in_file(file)
    };
    Ok(found.ok_or_else(missing)?.files)
}

/// The files of a layer as they are now.
pub(crate) fn of_contents(contents: &Contents) -> Result<Vec<FileDigest>> {
    let mut entries = Entries::new(Arc::new(FileTree::new(contents.clone())?));
    let mut files = Vec::new();
    while let Some(mut entry) = entries.advance()? {
        let mut file = described(&entry);
        if let Some(content) = entry.file.take() {
            drop(entry);
            let (digest, size) =
                Hasher::read_all(content).map_err(Error::io("read", path_of(entries.source())))?;
            (file.digest, file.size) = (digest.to_string(), size);
        }
        files.push(file);
    }
    Ok(files)
}

fn described(entry: &Entry<'_>) -> FileDigest {
    let (file_type, target) = match entry.kind {
        Kind::Directory => ("directory", String::new()),
        Kind::Regular => ("file", String::new()),
        Kind::Symlink => ("symlink", entry.target.escape_ascii().to_string()),
        Kind::Fifo => ("fifo", String::new()),
        Kind::CharDevice { major, minor } => ("device", format!("c {major} {minor}")),
        Kind::BlockDevice { major, minor } => ("device", format!("b {major} {minor}")),
    };
    FileDigest {
        name: entry.name.escape_ascii().to_string(),
        file_type: file_type.to_owned(),
        mode: format!("{:04o}", entry.attributes.mode),
        owner: owner(&entry.attributes),
        size: entry.size,
        target,
        capability: hex::encode(entry.capability),
        digest: match entry.text {
            b"" => String::new(),
            text => Digest::of(text).to_string(),
        },
    }
}

/// Empty for root's files.
fn owner(attributes: &Attributes<'_>) -> String {
    let Attributes {
        uid,
        gid,
        uname,
        gname,
        ..
    } = attributes;
    match (uid, gid, *uname, *gname) {
        (0, 0, "root", "root") => String::new(),
        _ => format!("{uid}:{gid} {uname}:{gname}"),
    }
}
