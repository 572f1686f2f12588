//! Reading ahead: a tar stream that is read on a thread of its own while what
//! was read before is hashed, compressed or sent.
//!
//! Takes a reader and gives its bytes in order, in a few buffers that go round
//! between the two threads, so memory stays constant. An error comes at the
//! place where it happened. Who stops early stops the thread, too.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use crate::digest::BUFFER;
use crate::spare_threads::SpareThreads;
use crate::tar::TarReader;
use crate::{Error, Result};

/// How many buffers go round.
const BUFFERS: usize = 4;

/// Hands all bytes of a tarball to a function, one buffer after the other.
/// From the moment there is a spare thread, it reads ahead.
///
/// # Errors
/// When the tarball cannot be read, or the function fails.
pub(crate) fn each_piece(
    mut tarball: TarReader,
    spare: &SpareThreads,
    mut each: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        if let Some(_taken) = spare.take() {
            match ReadAhead::start(tarball) {
                Ok(ahead) => return ahead.each_piece(each),
                Err(unread) => tarball = *unread,
            }
        }
        match tarball.fill(&mut buffer)? {
            0 => return Ok(()),
            count => each(&buffer[..count])?,
        }
    }
}

/// A filled buffer, and how much of it is filled: nothing at the end.
type Piece = Result<(Vec<u8>, usize)>;

/// A tar stream that another thread reads ahead.
#[derive(Debug)]
pub(crate) struct ReadAhead {
    full: Receiver<Piece>,
    empty: Sender<Vec<u8>>,
    /// What is being read, from `taken` to `filled`.
    buffer: Vec<u8>,
    taken: usize,
    filled: usize,
    finished: bool,
}

impl ReadAhead {
    /// Begins to read. The stream comes back where no thread can be had.
    pub(crate) fn start(tarball: TarReader) -> Result<Self, Box<TarReader>> {
        let (empty, to_fill) = channel::<Vec<u8>>();
        let (full, to_take) = sync_channel(BUFFERS);
        let (hand_over, tarballs) = channel::<TarReader>();
        let started = thread::Builder::new().spawn(move || {
            if let Ok(tarball) = tarballs.recv() {
                read(tarball, &to_fill, &full);
            }
        });
        if started.is_err() {
            return Err(Box::new(tarball));
        }
        hand_over
            .send(tarball)
            .map_err(|unsent| Box::new(unsent.0))?;
        for _ in 0..BUFFERS {
            // Where the thread is gone already, there is an end to be read.
            let _ = empty.send(vec![0; BUFFER]);
        }
        Ok(ReadAhead {
            full: to_take,
            empty,
            buffer: Vec::new(),
            taken: 0,
            filled: 0,
            finished: false,
        })
    }

    fn each_piece(mut self, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        while self.next()? {
            each(&self.buffer[..self.filled])?;
        }
        Ok(())
    }

    /// Goes to the next buffer; false at the end.
    fn next(&mut self) -> Result<bool> {
        if self.finished {
            return Ok(false);
        }
        if !self.buffer.is_empty() {
            // The other thread may have read the end by now and be gone.
            let _ = self.empty.send(std::mem::take(&mut self.buffer));
        }
        self.finished = true;
        (self.taken, self.filled) = (0, 0);
        let piece = self.full.recv().map_err(|_| stopped())?;
        (self.buffer, self.filled) = piece?;
        self.finished = self.filled == 0;
        Ok(!self.finished)
    }
}

impl Read for ReadAhead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.filled && !self.next()? {
            return Ok(0);
        }
        let count = buffer.len().min(self.filled - self.taken);
        buffer[..count].copy_from_slice(&self.buffer[self.taken..self.taken + count]);
        self.taken += count;
        Ok(count)
    }
}

/// Reads to the end, to an error, or until nobody takes what was read.
fn read(mut tarball: TarReader, to_fill: &Receiver<Vec<u8>>, full: &SyncSender<Piece>) {
    for mut buffer in to_fill {
        let piece = tarball.fill(&mut buffer).map(|count| (buffer, count));
        let finished = !matches!(piece, Ok((_, 1..)));
        if full.send(piece).is_err() || finished {
            return;
        }
    }
}

fn stopped() -> Error {
    Error::Value("the thread that reads the store stopped".to_owned())
}
