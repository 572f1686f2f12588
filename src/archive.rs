//! Archives: an image with all of its blobs in one file or one directory, for
//! tools that take no registry's place.
//!
//! Takes an image or an index, and perhaps a name; gives the files of an OCI
//! image layout, or those that `docker load` reads, as a tarball or as a
//! directory. The bytes depend on the image and the name alone. A blob is
//! streamed when its place comes, so memory does not depend on its size.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde::Serialize;

use crate::index::{self, Artifact};
use crate::registry::Reference;
use crate::source::Kind;
use crate::tar::BLOCK;
use crate::tar::header::Header;
use crate::{Blob, Error, Image, Platform, Result, go_json};

/// The files of an archive, in their order.
#[derive(Debug)]
pub struct Archive {
    files: Vec<(String, Blob)>,
}

/// The name and the tag that an image gets where it is loaded.
#[derive(Clone, Debug)]
pub struct Name {
    repository: String,
    tag: String,
}

impl std::str::FromStr for Name {
    type Err = Error;

    /// Splits `registry/name:tag`; the tag is `latest` by default. What no tool
    /// that loads the archive would take is refused.
    fn from_str(text: &str) -> Result<Self> {
        if text.contains("://") || text.parse::<Reference>().is_err() {
            return Err(Error::Value(format!(
                "`{text}` is not the name of an image, such as ghcr.io/me/app:1.0"
            )));
        }
        let start = text.rfind('/').map_or(0, |slash| slash + 1);
        let (repository, tag) = match text[start..].split_once(':') {
            Some((name, tag)) => (&text[..start + name.len()], tag),
            None => (text, "latest"),
        };
        Ok(Name {
            repository: repository.to_owned(),
            tag: tag.to_owned(),
        })
    }
}

impl Name {
    fn full(&self) -> String {
        format!("{}:{}", self.repository, self.tag)
    }
}

impl Archive {
    /// An OCI image layout, with the annotations by which podman, containerd
    /// and skopeo know the name.
    ///
    /// # Errors
    /// As [`Image::manifest`].
    pub fn oci(artifact: &Artifact, name: Option<&Name>) -> Result<Self> {
        let mut archive = Archive { files: Vec::new() };
        let annotations = name.map(|name| {
            [
                ("io.containerd.image.name", name.full()),
                ("org.opencontainers.image.ref.name", name.tag.clone()),
            ]
        });
        let annotations: BTreeMap<String, String> = annotations
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.to_owned(), value))
            .collect();
        let platform: Option<Platform> = match artifact {
            Artifact::Image(image) => Some(image.platform().clone()),
            Artifact::Index(_) => None,
        };
        let entry = index::Entry {
            descriptor: artifact.descriptor()?,
            annotations,
            platform,
        };
        let index = index::index_text(vec![entry], &BTreeMap::new())?;
        archive.text("oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#.to_owned());
        archive.text("index.json", index);
        let mut seen = HashSet::new();
        let mut add = |blob: Blob| {
            if seen.insert(blob.digest()) {
                let name = format!("blobs/sha256/{}", blob.digest().hex());
                archive.files.push((name, blob));
            }
        };
        if let Artifact::Index(index) = artifact {
            add(Blob::of_bytes(index.to_text()?.into_bytes()));
        }
        for image in artifact.images() {
            add(Blob::of_bytes(image.manifest()?.to_text()?.into_bytes()));
            add(Blob::of_bytes(image.config_blob()?.into_bytes()));
            for layer in image.layers() {
                add(Blob::of_layer(layer.clone()));
            }
        }
        Ok(archive)
    }

    /// What `docker load` reads, of an image for one platform. What would be
    /// compressed here is not.
    ///
    /// # Errors
    /// As [`Image::config_blob`].
    pub fn docker(image: &Image, name: Option<&Name>) -> Result<Self> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Manifest {
            config: String,
            repo_tags: Vec<String>,
            layers: Vec<String>,
        }
        let mut archive = Archive { files: Vec::new() };
        let image = image.clone().uncompressed();
        let config = Blob::of_bytes(image.config_blob()?.into_bytes());
        let file = |layer: &crate::Layer| format!("{}.tar", layer.digest().hex());
        let manifest = Manifest {
            config: format!("{}.json", config.digest().hex()),
            repo_tags: name.iter().map(|name| name.full()).collect(),
            layers: image.layers().iter().map(file).collect(),
        };
        let config_name = manifest.config.clone();
        archive.text("manifest.json", go_json::to_compact(&[manifest])?);
        archive.files.push((config_name, config));
        let mut seen = HashSet::new();
        for layer in image.layers() {
            if seen.insert(layer.digest()) {
                archive
                    .files
                    .push((file(layer), Blob::of_layer(layer.clone())));
            }
        }
        Ok(archive)
    }

    fn text(&mut self, name: &str, text: String) {
        self.files
            .push((name.to_owned(), Blob::of_bytes(text.into_bytes())));
    }

    /// Writes the archive as a tarball.
    ///
    /// # Errors
    /// When a blob cannot be had as it was, or the output refuses it. Errors
    /// of the library are inside.
    pub fn write_tar(&self, out: &mut impl Write) -> io::Result<()> {
        let mut headers = Vec::new();
        for (name, blob) in &self.files {
            headers.clear();
            header(name, blob.size()).write(&mut headers);
            out.write_all(&headers)?;
            blob.write_to(out)?;
            let padding = blob.size().next_multiple_of(BLOCK as u64) - blob.size();
            out.write_all(&[0; BLOCK][..padding as usize])?;
        }
        out.write_all(&[0; 2 * BLOCK])?;
        out.flush()
    }

    /// Writes the archive as a directory, which appears when it is complete.
    ///
    /// # Errors
    /// As [`Archive::write_tar`], or when the directory is there already.
    pub fn write_directory(&self, path: &Path) -> io::Result<()> {
        if path.symlink_metadata().is_ok() {
            return Err(Error::Value("it is there already".to_owned())
                .in_file(path)
                .into());
        }
        let parent = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        let failed = |error| io::Error::from(Error::io("write", path)(error));
        let beside = tempfile::Builder::new()
            .prefix(".nix2container-")
            .permissions(fs::Permissions::from_mode(0o777))
            .tempdir_in(parent.unwrap_or(Path::new(".")))
            .map_err(failed)?;
        for (name, blob) in &self.files {
            let file = beside.path().join(name);
            let directory = file.parent().unwrap_or(beside.path());
            fs::create_dir_all(directory).map_err(failed)?;
            blob.write_to(&mut File::create(file).map_err(failed)?)?;
        }
        fs::rename(beside.path(), path).map_err(failed)
    }
}

/// A file that anybody may read.
fn header(name: &str, size: u64) -> Header<'_> {
    Header {
        name: name.as_bytes(),
        link_name: b"",
        kind: Kind::Regular,
        mode: 0o644,
        uid: 0,
        gid: 0,
        size,
        uname: b"root",
        gname: b"root",
        capability: b"",
    }
}
