//! From an image to its blobs.

use std::io::{self, Write};

use anyhow::{Context, Result};
use nix2container::Artifact;
use nix2container::output::OutputFile;

use super::{STANDARD_OUTPUT, written};
use crate::cli;

pub(super) fn blob(arguments: &cli::Blob) -> Result<()> {
    let blob = Artifact::from_file(&arguments.image)?
        .blob(&arguments.digest)
        .with_context(|| format!("{}", arguments.image.display()))?;
    match &arguments.output {
        None => {
            let mut out = io::stdout().lock();
            let outcome = blob.write_to(&mut out).and_then(|()| out.flush());
            written(outcome, STANDARD_OUTPUT)
        }
        Some(path) => {
            let mut file = OutputFile::create(path)?;
            written(blob.write_to(&mut file), path.display())?;
            Ok(file.finish()?)
        }
    }
}
