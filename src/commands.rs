//! The subcommands: each takes its arguments, calls the library and writes
//! one result.

use std::io::{self, Read, Write};
use std::path::Path;
use std::thread::available_parallelism;

use anyhow::{Context, Result};
use clap::CommandFactory;
use nix2container::layer::Packing;
use nix2container::layering::{Excluded, layering};
use nix2container::output::{OutputFile, write_file};
use nix2container::path_options::OptionsTable;
use nix2container::{Closure, Image, ImageConfig, base_image, go_json, layer, layer_json};

use crate::cli::{self, Cli, Command};
use crate::inspect;

/// Bytes of a blob that are written at a time.
const BUFFER: usize = 256 * 1024;

/// Runs the subcommand that was asked for.
pub fn run(cli: Cli) -> Result<()> {
    match cli.command {
        Command::Layers(arguments) => layers(&arguments),
        Command::Image(arguments) => image(arguments),
        Command::ImageFromDir(arguments) => write_image(
            &arguments.out,
            &base_image::from_directory(&arguments.directory)?,
        ),
        Command::ImageFromManifest(arguments) => {
            let image = base_image::from_manifest(&arguments.manifest, &arguments.blob_map)?;
            write_image(&arguments.out, &image)
        }
        Command::Manifest(arguments) => {
            print(&Image::from_file(&arguments.image)?.manifest()?.to_text()?)
        }
        Command::Config(arguments) => print(&Image::from_file(&arguments.image)?.config_blob()?),
        Command::Blob(arguments) => blob(&arguments),
        Command::Inspect(arguments) => {
            let report = inspect::Report::of(&Image::from_file(&arguments.image)?)?;
            match arguments.json {
                true => print(&format!("{}\n", go_json::to_indented(&report)?)),
                false => print(&report.to_string()),
            }
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "nix2container", &mut script);
            print(&String::from_utf8_lossy(&script))
        }
        Command::Man { directory } => clap_mangen::generate_to(Cli::command(), &directory)
            .with_context(|| format!("cannot write man pages in {}", directory.display())),
    }
}

fn layers(arguments: &cli::Layers) -> Result<()> {
    let mut options = OptionsTable::default();
    if let Some(file) = &arguments.rewrites {
        options.add_rewrites(file)?;
    }
    if let Some(file) = &arguments.perms {
        options.add_perms(file)?;
    }
    let history = match &arguments.history {
        Some(file) => go_json::from_file(file, "the history of a layer")?,
        None => layer::History::default(),
    };
    let parents = arguments
        .parents
        .iter()
        .map(|file| layer_json::from_file(file));
    let parents = parents.collect::<Result<Vec<_>, _>>()?.concat();
    let closure = Closure::from_file(&arguments.graph)?;
    let inherited = parents.iter().flat_map(layer::Layer::paths);
    let excluded = Excluded::new(arguments.ignore.as_deref(), inherited);
    let groups = layering(&closure, &options, &excluded, arguments.max_layers)
        .with_context(|| format!("{}", arguments.graph.display()))?;
    let packing = Packing {
        history,
        tar_directory: arguments.tar_directory.clone(),
        jobs: arguments.jobs.unwrap_or_else(available_jobs),
        observer: None,
    };
    let layers = layer::pack_all(groups, &packing)?;
    Ok(write_file(
        &arguments.out,
        layer_json::to_text(&layers)?.as_bytes(),
    )?)
}

/// The processors that a Nix build may use, or all there are. Nix says 0 for
/// all of them.
fn available_jobs() -> usize {
    let allowed = std::env::var("NIX_BUILD_CORES").ok();
    match allowed.and_then(|cores| cores.parse().ok()) {
        Some(cores @ 1..) => cores,
        _ => available_parallelism().map_or(1, usize::from),
    }
}

fn image(arguments: cli::Image) -> Result<()> {
    let config: ImageConfig = go_json::from_file(&arguments.config, "an image config")?;
    let mut layers = match &arguments.from_image {
        Some(base) => Image::from_file(base)?.layers().to_vec(),
        None => Vec::new(),
    };
    for file in &arguments.layers {
        layers.extend(layer_json::from_file(file)?);
    }
    let arch = arguments.arch.unwrap_or_else(|| machine_arch().to_owned());
    let image = Image::new(config, layers, arch)
        .without_repeated_layers()
        .created_at(arguments.created);
    write_image(&arguments.out, &image)
}

/// This machine's architecture by Go's name.
fn machine_arch() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        "powerpc64" if cfg!(target_endian = "little") => "ppc64le",
        "powerpc64" => "ppc64",
        "loongarch64" => "loong64",
        same => same,
    }
}

fn write_image(out: &Path, image: &Image) -> Result<()> {
    Ok(write_file(out, image.to_text()?.as_bytes())?)
}

fn blob(arguments: &cli::Blob) -> Result<()> {
    let image = Image::from_file(&arguments.image)?;
    let blob = image
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
fn library_error(error: io::Error) -> anyhow::Error {
    match error.downcast::<nix2container::Error>() {
        Ok(error) => error.into(),
        Err(error) => error.into(),
    }
}

fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .context("cannot write the standard output")
}
