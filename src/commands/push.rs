//! From an image to registries.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use nix2container::output::write_file;
use nix2container::registry::{
    self, Contents, CredentialSource, Credentials, Observer, PushOptions, Report, Tls,
};
use nix2container::{Image, go_json};

use super::push_progress::{Bars, Lines, Silence};
use crate::cli;

pub(super) fn push(arguments: cli::Push) -> Result<()> {
    let image = Image::from_file(&arguments.image)?;
    let contents = Contents::of_image(&image)?;
    let observer = observer(&arguments);
    let options = PushOptions {
        parallel: arguments.parallel,
        credentials: credentials(&arguments)?,
        mount_from: arguments.mount_from,
        tls: Tls {
            ca: arguments.ca,
            insecure: arguments.insecure,
        },
        retries: arguments.retries,
        timeout: Duration::from_secs(arguments.timeout),
        dry_run: arguments.dry_run,
    };
    let report = registry::push(&contents, &arguments.references, &options, &observer)?;
    if let Some(file) = &arguments.digest_file {
        write_file(file, report.digest.to_string().as_bytes())?;
    }
    super::print(&match arguments.json {
        true => format!("{}\n", go_json::to_indented(&report)?),
        false => last_line(&report),
    })
}

/// The first reference with the digest, by which it can be pulled.
fn last_line(report: &Report) -> String {
    let mut references = report.repositories.iter().flat_map(|it| &it.references);
    let first = references
        .next()
        .map(ToString::to_string)
        .unwrap_or_default();
    format!("{first}@{}\n", report.digest)
}

fn observer(arguments: &cli::Push) -> Arc<dyn Observer> {
    match (arguments.quiet, Bars::on_terminal(arguments.dry_run)) {
        (true, _) => Arc::new(Silence),
        (false, Some(bars)) => Arc::new(bars),
        (false, None) => Arc::new(Lines {
            dry_run: arguments.dry_run,
        }),
    }
}

fn credentials(arguments: &cli::Push) -> Result<CredentialSource> {
    if let Some(text) = &arguments.creds {
        return Ok(CredentialSource::Given(
            Credentials::parse(text).context("--creds")?,
        ));
    }
    if let Some(file) = &arguments.creds_file {
        let text = read_secret(file)?;
        let parsed = Credentials::parse(&text).with_context(|| format!("{}", file.display()));
        return Ok(CredentialSource::Given(parsed?));
    }
    Ok(match &arguments.authfile {
        Some(file) => CredentialSource::File(file.clone()),
        None => CredentialSource::of_user(),
    })
}

fn read_secret(file: &Path) -> Result<String> {
    if file == Path::new("-") {
        let mut text = String::new();
        let read = std::io::stdin().read_to_string(&mut text);
        read.context("cannot read the standard input")?;
        return Ok(text);
    }
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}
