//! From an image or an index to registries.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use nix2container::Artifact;
use nix2container::output::OutputFile;
use nix2container::registry::{
    self, CredentialSource, Credentials, Observer, Payload, PushOptions, Report, Tls,
};
use secrecy::{ExposeSecret, SecretString};

use super::push_progress::{Bars, Lines, Silence};
use super::{print, print_json, written};
use crate::cli;

/// Where CI puts USER:PASSWORD.
const VARIABLE: &str = "NIX2CONTAINER_CREDS";

pub(super) fn push(arguments: cli::Push) -> Result<()> {
    let payload = Payload::of(&Artifact::from_file(&arguments.image)?)?;
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
    // A file that cannot be written should stop the push before it begins.
    let digest_file = arguments.digest_file.as_deref().map(OutputFile::create);
    let digest_file = digest_file.transpose()?;
    let report = registry::push(&payload, &arguments.references, &options, &observer)?;
    if let (Some(mut file), Some(path)) = (digest_file, &arguments.digest_file) {
        let outcome = file.write_all(report.digest.to_string().as_bytes());
        written(outcome, path.display())?;
        file.finish()?;
    }
    match arguments.json {
        true => print_json(&report),
        false => print(&last_line(&report)),
    }
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

/// Who we are: by an option, by the variable, or by this user's files.
fn credentials(arguments: &cli::Push) -> Result<CredentialSource> {
    let given = |text: &SecretString, place: String| -> Result<_> {
        let parsed = Credentials::parse(text.expose_secret()).context(place)?;
        Ok(CredentialSource::Given(parsed))
    };
    if let Some(text) = &arguments.creds {
        return given(text, "--creds".to_owned());
    }
    if let Some(file) = &arguments.creds_file {
        return given(&read_secret(file)?, file.display().to_string());
    }
    if let Some(file) = &arguments.authfile {
        return Ok(CredentialSource::File(file.clone()));
    }
    match std::env::var(VARIABLE) {
        Ok(text) if !text.is_empty() => given(&SecretString::from(text), VARIABLE.to_owned()),
        _ => Ok(CredentialSource::of_user()),
    }
}

fn read_secret(file: &Path) -> Result<SecretString> {
    if file == Path::new("-") {
        let text = std::io::read_to_string(std::io::stdin());
        return Ok(text.context("cannot read the standard input")?.into());
    }
    let text = std::fs::read_to_string(file);
    Ok(text
        .with_context(|| format!("cannot read {}", file.display()))?
        .into())
}
