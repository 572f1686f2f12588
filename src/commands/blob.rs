//! From an image to its blobs.

use std::io::{self, Read, Write};

use anyhow::{Context, Result};
use nix2container::Artifact;
use nix2container::output::OutputFile;

use crate::cli;

/// Bytes of a blob that are written at a time.
const BUFFER: usize = 256 * 1024;

pub(super) fn blob(arguments: &cli::Blob) -> Result<()> {
    let blob = Artifact::from_file(&arguments.image)?
        .blob(&arguments.digest)
        .with_context(|| format!("{}", arguments.image.display()))?;
    match &arguments.output {
        None => copy(
            blob.open()?,
            &mut io::stdout().lock(),
            "the standard output",
        ),
        Some(path) => {
            let mut file = OutputFile::create(path)?;
            copy(blob.open()?, &mut file, &path.display().to_string())?;
            Ok(file.finish()?)
        }
    }
}

/// Copies all of a blob; only a blob that was read to its end was checked.
fn copy(mut blob: impl Read, out: &mut impl Write, name: &str) -> Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = match blob.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(library_error(error)),
            Ok(count) => count,
        };
        if count == 0 {
            return out.flush().with_context(|| format!("cannot write {name}"));
        }
        out.write_all(&buffer[..count])
            .with_context(|| format!("cannot write {name}"))?;
    }
}

/// The library's own error, if that is what came through the reader.
pub(super) fn library_error(error: io::Error) -> anyhow::Error {
    match error.downcast::<nix2container::Error>() {
        Ok(error) => error.into(),
        Err(error) => error.into(),
    }
}
