//! From an image to an archive.

use std::io::{self, Write};

use anyhow::{Result, bail};
use nix2container::output::OutputFile;
use nix2container::{Archive, Artifact};

use super::{STANDARD_OUTPUT, written};
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
        (Some(path), Format::OciDir) => written(archive.write_directory(path), path.display()),
        (Some(path), _) => {
            let mut file = OutputFile::create(path)?;
            written(archive.write_tar(&mut file), path.display())?;
            Ok(file.finish()?)
        }
        (None, _) => {
            let mut out = io::stdout().lock();
            let outcome = archive.write_tar(&mut out).and_then(|()| out.flush());
            written(outcome, STANDARD_OUTPUT)
        }
    }
}
