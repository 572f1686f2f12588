//! Compressing on many threads: parts are cut, compressed side by side, and
//! given in order.
//!
//! Takes a tarball, piece by piece, and gives its compressed bytes, which are
//! the same with any number of threads and with any pieces. Whoever asks for
//! the bytes compresses, too, while there is nothing else to do, so that one
//! thread is enough. There are two parts for each thread, which go round.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};

use super::queue::{Job, Part, Queue};
use super::{Compressor, Encoder};
use crate::digest::BUFFER;
use crate::{Error, Result};

/// A thread that compresses, with the permit for it.
struct Worker<P> {
    thread: Option<JoinHandle<()>>,
    _permit: P,
}

impl<P> Drop for Worker<P> {
    fn drop(&mut self) {
        // One that panicked has left a part that never comes, which was told.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// The compressed bytes of a tarball, made while they are asked for.
pub(crate) struct Compressed<S, I: Iterator> {
    /// Fills a buffer with what comes next of the tarball; nothing at its end.
    source: S,
    ended: bool,
    compressor: Compressor,
    /// What this thread compresses with, once it has to.
    encoder: Option<Encoder>,
    queue: Arc<Queue>,
    /// Parts in the order of the tarball, compressed or not.
    under_way: VecDeque<Receiver<Result<Part>>>,
    /// The part that is being read, from `taken`.
    current: Part,
    taken: usize,
    /// Parts whose buffers can be filled again.
    spare: Vec<Part>,
    /// Permits for further threads. When there is none, there may be later.
    permits: I,
    workers: Vec<Worker<I::Item>>,
}

impl<S, I> Compressed<S, I>
where
    S: FnMut(&mut [u8]) -> Result<usize>,
    I: Iterator,
{
    /// Compresses what `source` gives, on this thread and on as many more as
    /// there are permits.
    pub(crate) fn new(source: S, compressor: Compressor, permits: I) -> Self {
        Compressed {
            source,
            ended: false,
            compressor,
            encoder: None,
            queue: Arc::default(),
            under_way: VecDeque::new(),
            current: Part::default(),
            taken: 0,
            spare: Vec::new(),
            permits,
            workers: Vec::new(),
        }
    }

    /// The next bytes; None at the end.
    ///
    /// # Errors
    /// When the tarball cannot be read.
    pub(crate) fn next_piece(&mut self) -> Result<Option<&[u8]>> {
        self.spare.push(std::mem::take(&mut self.current));
        self.taken = 0;
        while !self.ended && self.under_way.len() < 2 * (self.workers.len() + 1) {
            self.begin_part()?;
        }
        let Some(oldest) = self.under_way.pop_front() else {
            return Ok(None);
        };
        self.current = self.finish(&oldest)?;
        Ok(Some(&self.current.compressed))
    }

    /// Cuts a part off the tarball and leaves it to be compressed.
    fn begin_part(&mut self) -> Result<()> {
        let size = self.compressor.format().part_size();
        let mut part = self.spare.pop().unwrap_or_default();
        part.plain.resize(size, 0);
        let mut filled = 0;
        while filled < size && !self.ended {
            let room = (filled + BUFFER).min(size);
            let count = (self.source)(&mut part.plain[filled..room])?;
            self.ended = count == 0;
            filled += count;
        }
        part.plain.truncate(filled);
        if filled == 0 {
            return Ok(());
        }
        let (done, result) = channel();
        self.under_way.push_back(result);
        self.queue.put(Job { part, done });
        // The first part is for this thread.
        if self.under_way.len() > self.workers.len() + 1 {
            self.add_worker();
        }
        Ok(())
    }

    /// Starts a thread if one more is permitted and can be had.
    fn add_worker(&mut self) {
        let Some(permit) = self.permits.next() else {
            return;
        };
        let (queue, compressor) = (Arc::clone(&self.queue), self.compressor);
        let started = thread::Builder::new().spawn(move || {
            // This thread would fail in the same way, and tells the reason.
            let Ok(mut encoder) = Encoder::new(compressor) else {
                return;
            };
            while let Some(job) = queue.wait() {
                job.run(&mut encoder);
            }
        });
        if let Ok(thread) = started {
            self.workers.push(Worker {
                thread: Some(thread),
                _permit: permit,
            });
        }
    }

    /// Compresses parts until this one is done, or waits for it where all are
    /// begun.
    fn finish(&mut self, part: &Receiver<Result<Part>>) -> Result<Part> {
        loop {
            if let Ok(done) = part.try_recv() {
                return done;
            }
            let Some(job) = self.queue.take() else {
                return part.recv().unwrap_or_else(|_| Err(stopped()));
            };
            let encoder = match self.encoder.take() {
                Some(encoder) => encoder,
                None => Encoder::new(self.compressor)?,
            };
            job.run(self.encoder.insert(encoder));
        }
    }
}

impl<S, I> Read for Compressed<S, I>
where
    S: FnMut(&mut [u8]) -> Result<usize>,
    I: Iterator,
{
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.current.compressed.len() && self.next_piece()?.is_none() {
            return Ok(0);
        }
        let ready = &self.current.compressed[self.taken..];
        let count = ready.len().min(buffer.len());
        buffer[..count].copy_from_slice(&ready[..count]);
        self.taken += count;
        Ok(count)
    }
}

impl<S, I: Iterator> Drop for Compressed<S, I> {
    fn drop(&mut self) {
        self.queue.close();
    }
}

fn stopped() -> Error {
    Error::Value("a thread that compresses stopped".to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::*;

    fn text(size: usize) -> Vec<u8> {
        let words = (0u64..).map(|n| format!("{} ", n.wrapping_mul(n) % 99_991));
        let mut text: Vec<_> = words.take(size / 4 + 1).collect::<String>().into();
        text.truncate(size);
        text
    }

    /// Compresses a text that comes in pieces, and is read in pieces.
    fn compressed(text: &[u8], format: Format, pieces: usize, further: usize) -> Result<Vec<u8>> {
        let mut left = text;
        let source = |buffer: &mut [u8]| {
            let count = pieces.min(buffer.len()).min(left.len());
            buffer[..count].copy_from_slice(&left[..count]);
            left = &left[count..];
            Ok(count)
        };
        let compressor = Compressor::new(format, Some(1))?;
        let mut reader = Compressed::new(source, compressor, std::iter::repeat_n((), further));
        let (mut bytes, mut buffer) = (Vec::new(), vec![0; pieces]);
        loop {
            match reader
                .read(&mut buffer)
                .map_err(Error::io("read", "".as_ref()))?
            {
                0 => return Ok(bytes),
                count => bytes.extend_from_slice(&buffer[..count]),
            }
        }
    }

    #[test]
    fn threads_and_pieces_do_not_matter() -> Result<()> {
        for format in Format::ALL {
            let part = format.part_size();
            for size in [1, 1000, part - 1, part, part + 1, 5 * part + 77] {
                let text = text(size);
                let wanted = compressed(&text, format, 1 << 20, 0)?;
                for (pieces, further) in [(1021, 0), (4096, 1), (1 << 18, 2), (65_537, 7)] {
                    let got = compressed(&text, format, pieces, further)?;
                    assert!(got == wanted, "{format} {size} {pieces} {further}");
                }
            }
        }
        Ok(())
    }

    #[test]
    fn no_more_threads_than_permits_and_no_permit_is_kept() -> Result<()> {
        let permits = crate::spare_threads::SpareThreads::new(3);
        let text = text(20 * 1024 * 1024);
        let mut left = &text[..];
        let source = |buffer: &mut [u8]| Ok(io::Read::read(&mut left, buffer).unwrap_or(0));
        let taken = std::iter::from_fn(|| permits.take());
        let compressor = Compressor::new(Format::Gzip, Some(1))?;
        let mut reader = Compressed::new(source, compressor, taken);
        while reader.next_piece()?.is_some() {
            assert!(reader.under_way.len() < 2 * 4);
        }
        assert_eq!(reader.workers.len(), 3);
        assert!(permits.take().is_none());
        drop(reader);
        assert!(
            (0..3)
                .map(|_| permits.take())
                .all(|permit| permit.is_some())
        );
        Ok(())
    }

    #[test]
    fn an_error_of_the_tarball_comes_through() -> Result<()> {
        let mut count = 0;
        let source = |buffer: &mut [u8]| {
            count += buffer.len();
            match count > 8 * 1024 * 1024 {
                true => Err(Error::Value("it is gone".to_owned())),
                false => Ok(buffer.len()),
            }
        };
        let compressor = Compressor::new(Format::Zstd, None)?;
        let mut reader = Compressed::new(source, compressor, std::iter::repeat_n((), 2));
        let outcome = loop {
            match reader.next_piece() {
                Ok(Some(_)) => {}
                outcome => break outcome.map(|_| ()),
            }
        };
        assert!(matches!(outcome, Err(Error::Value(reason)) if reason == "it is gone"));
        Ok(())
    }
}
