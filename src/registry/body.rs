//! The body of an upload: a blob as a stream of known length.
//!
//! Takes a blob, which a thread of its own reads, and gives its bytes through
//! a short channel, so that memory stays constant. The last piece goes out
//! only after all of the blob was read and found right: an upload of a blob
//! that changed stays incomplete.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::report::{Event, Observer};
use crate::digest::BUFFER;
use crate::full_read::full_read;
use crate::{Blob, Digest, Error, blob};

/// Pieces that wait to be sent.
const WAITING: usize = 3;

/// The stream that is sent.
pub(crate) struct BlobBody {
    pieces: Receiver<Bytes>,
    left: u64,
    digest: Digest,
    observer: Arc<dyn Observer>,
    watch: Arc<Watch>,
}

/// What an upload looks like from outside.
#[derive(Debug)]
pub(crate) struct Watch {
    begun: Instant,
    /// When the connection last took a piece, in milliseconds from the begin.
    taken: AtomicU64,
    /// Whether the connection waits for the blob and not the other way round.
    waiting: AtomicBool,
    finished: AtomicBool,
    failure: Mutex<Option<Error>>,
}

impl Watch {
    /// How long the connection has not moved, through no fault of the blob.
    pub(crate) fn silence(&self) -> Duration {
        if self.waiting.load(Ordering::Relaxed) {
            return Duration::ZERO;
        }
        let taken = Duration::from_millis(self.taken.load(Ordering::Relaxed));
        self.begun.elapsed().saturating_sub(taken)
    }

    /// Whether all bytes were taken.
    pub(crate) fn is_finished(&self) -> bool {
        self.finished.load(Ordering::Relaxed)
    }

    /// Why the blob could not be read, if that is what broke the upload.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    fn fail(&self, error: Error) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    fn touch(&self) {
        let now = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.taken.store(now, Ordering::Relaxed);
    }
}

impl BlobBody {
    /// Begins to read a blob.
    pub(crate) fn start(blob: &Blob, observer: Arc<dyn Observer>) -> Result<Self, Error> {
        let watch = Arc::new(Watch {
            begun: Instant::now(),
            taken: AtomicU64::new(0),
            waiting: AtomicBool::new(false),
            finished: AtomicBool::new(blob.size() == 0),
            failure: Mutex::new(None),
        });
        let (sender, pieces) = channel(WAITING);
        let (digest, left) = (blob.digest(), blob.size());
        let (blob, seen) = (blob.clone(), Arc::clone(&watch));
        thread::Builder::new()
            .name("blob".to_owned())
            .spawn(move || {
                if let Err(error) = read(&blob, &sender) {
                    seen.fail(error);
                }
            })
            .map_err(|error| Error::Value(format!("cannot start a thread: {error}")))?;
        Ok(BlobBody {
            pieces,
            left,
            digest,
            observer,
            watch,
        })
    }

    /// What the upload looks like from outside, when the connection has taken
    /// the body over.
    pub(crate) fn watch(&self) -> Arc<Watch> {
        Arc::clone(&self.watch)
    }
}

/// Sends all pieces of a blob, and each one when the next is there. Ends early
/// when nobody takes them.
fn read(source: &Blob, sender: &Sender<Bytes>) -> Result<(), Error> {
    let mut reader = source.open()?;
    let mut held: Option<Bytes> = None;
    let mut left = source.size();
    loop {
        let mut piece = vec![0; BUFFER];
        let count = full_read(&mut reader, &mut piece).map_err(blob::reading)?;
        if count == 0 {
            if let Some(last) = held {
                // Who does not take the end says so by the request's failure.
                let _ = sender.blocking_send(last);
            }
            return Ok(());
        }
        // What is longer than the blob is read to its end, which is an error.
        piece.truncate(count.min(usize::try_from(left).unwrap_or(count)));
        left = left.saturating_sub(count as u64);
        if piece.is_empty() {
            continue;
        }
        if let Some(before) = held.replace(Bytes::from(piece))
            && sender.blocking_send(before).is_err()
        {
            return Ok(());
        }
    }
}

/// The blob ended too early; the reason is with the [`Watch`].
#[derive(Debug, thiserror::Error)]
#[error("the blob cannot be read")]
pub(crate) struct Unreadable;

impl http_body::Body for BlobBody {
    type Data = Bytes;
    type Error = Unreadable;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Unreadable>>> {
        self.watch.touch();
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.watch.waiting.store(true, Ordering::Relaxed);
        let piece = ready!(self.pieces.poll_recv(context));
        self.watch.waiting.store(false, Ordering::Relaxed);
        self.watch.touch();
        let Some(piece) = piece else {
            return Poll::Ready(Some(Err(Unreadable)));
        };
        let count = piece.len() as u64;
        self.left = self.left.saturating_sub(count);
        self.watch.finished.store(self.left == 0, Ordering::Relaxed);
        self.observer.notice(&Event::Sent {
            digest: &self.digest,
            count,
        });
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
