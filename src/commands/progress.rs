//! How far the packing is, told on the standard error: a line that changes on
//! a terminal, one line a layer in the log of a Nix build, nothing elsewhere.

use std::env;
use std::io::{IsTerminal, stderr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use indicatif::{BinaryBytes, ProgressBar, ProgressStyle};
use nix2container::Layer;
use nix2container::packing::Observer;

use crate::tell;

/// Bytes that are packed before a terminal shows anything: less is done before
/// it could be read.
const SOON_DONE: u64 = 64 << 20;

/// Who tells here of the packing of so many layers; None where nobody would
/// look.
pub(super) fn observer(layers: usize) -> Option<Arc<dyn Observer>> {
    if is_nix_build() {
        return Some(Arc::new(BuildLog));
    }
    if !stderr().is_terminal() {
        return None;
    }
    let style =
        ProgressStyle::with_template("{spinner} {binary_bytes} packed, {prefix} done, {elapsed}");
    Some(Arc::new(Terminal {
        bar: ProgressBar::new_spinner().with_style(style.ok()?),
        bytes: AtomicU64::new(0),
        layers,
        done: AtomicUsize::new(0),
    }))
}

/// Nix gives builders a terminal that is none. Its shells have the variable of
/// a build, too, and one that says what they are.
fn is_nix_build() -> bool {
    env::var_os("NIX_BUILD_TOP").is_some() && env::var_os("IN_NIX_SHELL").is_none()
}

/// A line for each layer.
#[derive(Debug)]
struct BuildLog;

impl Observer for BuildLog {
    fn read(&self, _count: u64) {}

    fn done(&self, index: usize, of: usize, layer: &Layer) {
        let paths = match layer.paths() {
            [path] => path.path().to_owned(),
            paths => format!("{} store paths", paths.len()),
        };
        tell(&format!(
            "layer {} of {of}: {}, {}, {paths}",
            index + 1,
            layer.digest(),
            BinaryBytes(layer.size())
        ));
    }
}

/// One line that changes, and goes when the packing ends.
#[derive(Debug)]
struct Terminal {
    bar: ProgressBar,
    bytes: AtomicU64,
    layers: usize,
    done: AtomicUsize,
}

impl Observer for Terminal {
    fn read(&self, count: u64) {
        let bytes = self.bytes.fetch_add(count, Ordering::Relaxed) + count;
        if bytes >= SOON_DONE {
            let done = self.done.load(Ordering::Relaxed);
            self.bar
                .set_prefix(format!("{done} of {} layers", self.layers));
            self.bar.set_position(bytes);
        }
    }

    fn done(&self, _index: usize, _of: usize, _layer: &Layer) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
