//! The subcommands: each takes its arguments, calls the library and writes
//! one result.

mod archive;
mod blob;
mod image;
mod inspect;
mod layers;
mod progress;
mod push;
mod push_progress;
mod verify;

use std::fmt::Display;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::CommandFactory;
use nix2container::{Artifact, Image, Layer, Warning, go_json, layer_json};
use serde::Serialize;

use crate::cli::{self, Cli, Command};
use crate::tell;

/// What messages call the place that programs read.
const STANDARD_OUTPUT: &str = "the standard output";

/// Runs the subcommand that was asked for.
pub fn run(cli: Cli) -> Result<()> {
    match cli.command {
        Command::Layers(arguments) => layers::layers(&arguments),
        Command::Image(arguments) => image::image(arguments),
        Command::ImageFromDir(arguments) => image::image_from_dir(&arguments),
        Command::ImageFromManifest(arguments) => image::image_from_manifest(&arguments),
        Command::ImageUncompressed(arguments) => image::image_uncompressed(&arguments),
        Command::Index(arguments) => image::index(&arguments),
        Command::Manifest(arguments) => print(&manifest(&arguments)?),
        Command::Config(arguments) => print(&Image::from_file(&arguments.image)?.config_blob()?),
        Command::Blob(arguments) => blob::blob(&arguments),
        Command::Archive(arguments) => archive::archive(&arguments),
        Command::Push(arguments) => push::push(arguments),
        Command::Inspect(arguments) => inspect::inspect(&arguments),
        Command::Verify(arguments) => verify::verify(&arguments),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "nix2container", &mut script);
            print(&String::from_utf8_lossy(&script))
        }
        Command::Man { directory } => clap_mangen::generate_to(Cli::command(), &directory)
            .with_context(|| format!("cannot write man pages in {}", directory.display())),
    }
}

fn manifest(arguments: &cli::Manifest) -> Result<String> {
    let artifact = Artifact::from_file(&arguments.image)?;
    let text = match &arguments.digest {
        None => artifact.to_text(),
        Some(digest) => artifact
            .image(digest)
            .and_then(|image| image.manifest()?.to_text()),
    };
    text.with_context(|| format!("{}", arguments.image.display()))
}

fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    let outcome = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written(outcome, STANDARD_OUTPUT)
}

fn print_json(value: &impl Serialize) -> Result<()> {
    print(&format!("{}\n", go_json::to_indented(value)?))
}

/// What came of writing to a place: the library's own error, if that is what
/// came through the writing.
fn written(outcome: io::Result<()>, place: impl Display) -> Result<()> {
    let Err(error) = outcome else { return Ok(()) };
    match error.downcast::<nix2container::Error>() {
        Ok(error) => Err(error.into()),
        Err(error) => Err(error).with_context(|| format!("cannot write {place}")),
    }
}

/// The layers of several files, one file after the other.
fn layers_of(files: &[PathBuf]) -> Result<Vec<Layer>> {
    let layers = files.iter().map(|file| layer_json::from_file(file));
    Ok(layers.collect::<Result<Vec<_>, _>>()?.concat())
}

fn warn(warning: &Warning) {
    tell(&format!("warning: {warning}"));
}
