//! From an image to an archive.

use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use nix2container::output::OutputFile;
use nix2container::{Archive, Artifact};

use super::blob::library_error;
use crate::cli::{self, Format};

pub(super) fn archive(arguments: &cli::Archive) -> Result<()> {
    let artifact = Artifact::from_file(&arguments.image)?;
    let name = arguments.name.as_ref();
    let archive = match (arguments.format, &artifact) {
        (Format::Docker, Artifact::Image(image)) => Archive::docker(image, name)?,
        (Format::Docker, Artifact::Index(_)) => bail!(
            "{}: it is an index of several images, and the format `docker` has one; use \
             `--format oci`, or give the file of one image",
            arguments.image.display()
        ),
        (Format::Oci | Format::OciDir, artifact) => Archive::oci(artifact, name)?,
    };
    match (&arguments.output, arguments.format) {
        (Some(path), Format::OciDir) => written(archive.write_directory(path), path),
        (Some(path), _) => {
            let mut file = OutputFile::create(path)?;
            written(archive.write_tar(&mut file), path)?;
            Ok(file.finish()?)
        }
        (None, _) => {
            let mut out = io::stdout().lock();
            let outcome = archive.write_tar(&mut out);
            written(
                outcome.and_then(|()| out.flush()),
                Path::new("the standard output"),
            )
        }
    }
}

fn written(outcome: io::Result<()>, path: &Path) -> Result<()> {
    match outcome {
        Err(error)
            if error
                .get_ref()
                .is_some_and(|inner| inner.is::<nix2container::Error>()) =>
        {
            Err(library_error(error))
        }
        outcome => outcome.with_context(|| format!("cannot write {}", path.display())),
    }
}
