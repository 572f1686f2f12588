//! The report on what became of the layers of an image: lines for people, JSON
//! for programs.

use std::fmt;

use anyhow::{Result, bail};
use nix2container::difference::Difference;
use nix2container::verification::{self, Outcome};
use nix2container::{Digest, Image, Layer, LayerSource};
use serde::Serialize;

use super::layers::jobs;
use super::{print, print_json};
use crate::cli;

/// How many of a layer's paths are named.
const NAMED_PATHS: usize = 20;

pub(super) fn verify(arguments: &cli::Verify) -> Result<()> {
    let image = Image::from_file(&arguments.image)?;
    let outcomes = verification::verify(&image, jobs(arguments.jobs));
    let reports = image.layers().iter().zip(outcomes);
    let report = Report {
        layers: reports.map(LayerReport::of).collect(),
    };
    match arguments.json {
        true => print_json(&report)?,
        false => print(&report.to_string())?,
    }
    match report.layers.iter().filter(|layer| !layer.ok).count() {
        0 => Ok(()),
        count => bail!(
            "{}: {count} of {} layers cannot be made as they were",
            arguments.image.display(),
            report.layers.len()
        ),
    }
}

#[derive(Debug, Serialize)]
struct Report {
    layers: Vec<LayerReport>,
}

#[derive(Debug, Serialize)]
struct LayerReport {
    digest: Digest,
    size: u64,
    ok: bool,
    paths: Vec<String>,
    /// What the bytes are now, when they are others.
    actual: Option<Actual>,
    difference: Option<DifferenceReport>,
    /// Why there is no more to say.
    error: Option<String>,
    help: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Actual {
    digest: Digest,
    size: u64,
}

#[derive(Debug, Serialize)]
struct DifferenceReport {
    #[serde(flatten)]
    difference: Difference,
    sentence: String,
}

impl LayerReport {
    fn of((layer, outcome): (&Layer, Outcome)) -> Self {
        let mut report = LayerReport {
            digest: *layer.digest(),
            size: layer.size(),
            ok: outcome.is_same(),
            paths: layer
                .paths()
                .iter()
                .map(|path| path.path().to_owned())
                .collect(),
            actual: None,
            difference: None,
            error: None,
            help: None,
        };
        match outcome {
            Outcome::Same => {}
            Outcome::Unreadable(error) => {
                report.error = Some(format!("{:#}", anyhow::Error::from(error)));
                report.help = Some("build the store paths, or copy them here, and verify again");
            }
            Outcome::Changed {
                digest,
                size,
                difference,
            } => {
                report.actual = Some(Actual { digest, size });
                report.explain(layer.source(), difference);
            }
        }
        report
    }

    fn explain(
        &mut self,
        source: &LayerSource,
        difference: Option<nix2container::Result<Difference>>,
    ) {
        match (difference, source) {
            (None, LayerSource::Tarball { contents, .. }) => {
                self.help = Some(match contents.is_empty() {
                    true => "the file of the base image was changed: pull it again",
                    false => "the kept tarball was changed: build the layer again",
                });
            }
            (None, _) => {
                self.help = Some(
                    "build the layer with `fileDigests = true`, and `verify` names the file that \
                     differs",
                );
            }
            (Some(Ok(difference)), _) => {
                self.help = Some(difference.help());
                self.difference = Some(DifferenceReport {
                    sentence: difference.sentence(),
                    difference,
                });
            }
            (Some(Err(error)), _) => self.error = Some(format!("{:#}", anyhow::Error::from(error))),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = self.layers.len();
        for (index, layer) in self.layers.iter().enumerate() {
            let state = if layer.ok { "is the same" } else { "differs" };
            writeln!(f, "layer {} of {of} {state}: {}", index + 1, layer.digest)?;
            if !layer.ok {
                layer.write_difference(f)?;
            }
        }
        Ok(())
    }
}

impl LayerReport {
    fn write_difference(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for path in self.paths.iter().take(NAMED_PATHS) {
            writeln!(f, "  path      {}", crate::one_line(path))?;
        }
        if self.paths.len() > NAMED_PATHS {
            writeln!(f, "  path      and {} more", self.paths.len() - NAMED_PATHS)?;
        }
        if let Some(actual) = &self.actual {
            writeln!(f, "  expected  {} bytes of {}", self.size, self.digest)?;
            writeln!(f, "  actual    {} bytes of {}", actual.size, actual.digest)?;
        }
        let difference = self.difference.as_ref();
        let lines = [
            ("first", difference.map(|found| found.sentence.as_str())),
            ("reason", self.error.as_deref()),
            ("help", self.help),
        ];
        for (name, text) in lines {
            if let Some(text) = text {
                writeln!(f, "  {name:<9} {}", crate::one_line(text))?;
            }
        }
        Ok(())
    }
}
