//! The parts of a tarball that wait to be compressed.
//!
//! Takes jobs from the thread that cuts parts, and gives each to one thread
//! that compresses, the oldest first.

use std::collections::VecDeque;
use std::sync::mpsc::Sender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::Encoder;
use crate::Result;

/// A piece of the tarball, and what comes of it.
#[derive(Default)]
pub(super) struct Part {
    pub(super) plain: Vec<u8>,
    pub(super) compressed: Vec<u8>,
}

/// A part to compress, and where it is waited for.
pub(super) struct Job {
    pub(super) part: Part,
    pub(super) done: Sender<Result<Part>>,
}

impl Job {
    pub(super) fn run(mut self, encoder: &mut Encoder) {
        let Part { plain, compressed } = &mut self.part;
        let result = encoder.encode(plain, compressed).map(|()| self.part);
        // Nobody waits any more for the parts of a stream that was given up.
        let _ = self.done.send(result);
    }
}

/// Jobs that no thread has begun.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<QueueState>,
    changed: Condvar,
}

#[derive(Default)]
struct QueueState {
    jobs: VecDeque<Job>,
    closed: bool,
}

impl Queue {
    pub(super) fn put(&self, job: Job) {
        self.state().jobs.push_back(job);
        self.changed.notify_one();
    }

    /// The oldest job, if there is one.
    pub(super) fn take(&self) -> Option<Job> {
        self.state().jobs.pop_front()
    }

    /// The oldest job, as soon as there is one; None when there will be none.
    pub(super) fn wait(&self) -> Option<Job> {
        let idle = |state: &mut QueueState| state.jobs.is_empty() && !state.closed;
        let waited = self.changed.wait_while(self.state(), idle);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        state.jobs.pop_front()
    }

    /// Drops all jobs and lets the threads end.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.jobs.clear();
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
