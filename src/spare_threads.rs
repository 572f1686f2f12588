//! Spare threads: how many more may work than do.
//!
//! Those who have work for another thread take one, and whoever has none gives
//! one back, so that there are never more than were asked for.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Threads that may be used and are not.
#[derive(Debug, Default)]
pub(crate) struct SpareThreads(AtomicUsize);

impl SpareThreads {
    pub(crate) fn new(count: usize) -> Self {
        SpareThreads(AtomicUsize::new(count))
    }

    /// Puts a thread back that has no more work.
    pub(crate) fn give(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes one, if there is one, until what is returned goes.
    pub(crate) fn take(&self) -> Option<Taken<'_>> {
        let one_less = |count: usize| count.checked_sub(1);
        let taken = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less);
        taken.is_ok().then(|| Taken(self))
    }
}

/// A thread that was taken, until this goes.
pub(crate) struct Taken<'a>(&'a SpareThreads);

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.0.give();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_threads_are_taken_than_there_are() {
        let spare = SpareThreads::new(1);
        let taken = spare.take();
        assert!(taken.is_some());
        assert!((0..3).all(|_| spare.take().is_none()));
        drop(taken);
        assert!(spare.take().is_some());
    }
}
