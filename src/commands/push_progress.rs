//! The progress of a push: a bar for each blob on a terminal, lines elsewhere.
//! Both go to the standard error.

use std::collections::HashMap;
use std::io::{Write, stderr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{BinaryBytes, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use nix2container::Digest;
use nix2container::registry::{Action, BlobReport, Event, Observer};

/// Tells nothing.
#[derive(Debug)]
pub struct Silence;

impl Observer for Silence {
    fn notice(&self, _event: &Event<'_>) {}
}

/// A line for each thing that was done.
#[derive(Debug)]
pub struct Lines {
    /// Whether it was not done, but would be.
    pub dry_run: bool,
}

impl Observer for Lines {
    fn notice(&self, event: &Event<'_>) {
        if let Some(line) = line(event, self.dry_run) {
            // Without a standard error there is nobody to tell.
            let _ = writeln!(stderr(), "{line}");
        }
    }
}

/// Bars for the blobs that are sent, below the lines.
#[derive(Debug)]
pub struct Bars {
    all: MultiProgress,
    of_blobs: Mutex<HashMap<Digest, ProgressBar>>,
    lines: Lines,
}

impl Bars {
    /// Bars, if the standard error is a terminal.
    pub fn on_terminal(dry_run: bool) -> Option<Self> {
        let target = ProgressDrawTarget::stderr_with_hz(10);
        (!target.is_hidden()).then(|| Bars {
            all: MultiProgress::with_draw_target(target),
            of_blobs: Mutex::default(),
            lines: Lines { dry_run },
        })
    }
}

/// What went wrong is told below the lines, without bars between.
impl Drop for Bars {
    fn drop(&mut self) {
        // The terminal went away: there is nothing to clear.
        let _ = self.all.clear();
    }
}

impl Observer for Bars {
    fn notice(&self, event: &Event<'_>) {
        let mut bars = self.of_blobs.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Begun { blob } => {
                let bar = bars.entry(blob.digest).or_insert_with(|| {
                    self.all
                        .add(ProgressBar::new(blob.size).with_style(style()))
                });
                bar.set_message(short(&blob.digest));
                bar.reset();
            }
            Event::Sent { digest, count } => {
                if let Some(bar) = bars.get(digest) {
                    bar.inc(*count);
                }
            }
            other => {
                if let Event::Placed { blob, .. } = other
                    && let Some(bar) = bars.remove(&blob.blob.digest)
                {
                    bar.finish_and_clear();
                }
                if let Some(line) = line(other, self.lines.dry_run) {
                    // The terminal went away: there is nobody to tell.
                    let _ = self.all.println(line);
                }
            }
        }
    }
}

fn style() -> ProgressStyle {
    let template = "{msg} [{bar:30}] {bytes:>10} of {total_bytes:<10} {bytes_per_sec}";
    let style = ProgressStyle::with_template(template);
    style
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}

/// What there is to say of an event, if anything.
fn line(event: &Event<'_>, dry_run: bool) -> Option<String> {
    match event {
        Event::Checked {
            repository,
            missing,
            of,
        } => {
            let size = missing.iter().map(|blob| blob.size).sum();
            Some(format!(
                "{repository} lacks {} of {of} blobs, {}",
                missing.len(),
                BinaryBytes(size)
            ))
        }
        Event::Placed { blob, .. } => Some(placed(blob, dry_run)),
        Event::Retry {
            what,
            failure,
            wait,
        } => Some(format!(
            "{what}: {failure}; trying again in {}",
            seconds(*wait)
        )),
        Event::Tagged { reference } => Some(format!("tagged    {reference}")),
        _ => None,
    }
}

fn placed(report: &BlobReport, dry_run: bool) -> String {
    let digest = short(&report.blob.digest);
    let size = BinaryBytes(report.blob.size);
    let took = seconds(Duration::from_secs_f64(report.seconds));
    match (report.action, dry_run) {
        (Action::Exists, _) => format!("exists    {digest}  {size}"),
        (Action::Mounted, true) => format!("to mount  {digest}  {size}"),
        (Action::Uploaded, true) => format!("to upload {digest}  {size}"),
        (Action::Mounted, false) => format!("mounted   {digest}  {size}"),
        (Action::Uploaded, false) => format!("uploaded  {digest}  {size} in {took}"),
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// Enough of a digest to know it again.
fn short(digest: &Digest) -> String {
    format!("sha256:{}", &digest.hex()[..12])
}
