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

use std::io::{self, Write};

use anyhow::{Context, Result};
use clap::CommandFactory;
use nix2container::{Artifact, Image, Warning, go_json};

use crate::cli::{self, Cli, Command};
use crate::tell;

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
        Command::Inspect(arguments) => {
            let report = inspect::Report::of(&Artifact::from_file(&arguments.image)?)?;
            match arguments.json {
                true => print(&format!("{}\n", go_json::to_indented(&report)?)),
                false => print(&report.to_string()),
            }
        }
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
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .context("cannot write the standard output")
}

fn warn(warning: &Warning) {
    tell(&format!("warning: {warning}"));
}
