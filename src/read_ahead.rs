//! Reading ahead: a tar stream that is read on a thread of its own while what
//! was read before is hashed.
//!
//! Takes a reader and gives its bytes in order, in a few buffers that go round
//! between the two threads, so memory stays constant. An error comes at the
//! place where it happened.

use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};

use crate::Result;
use crate::tar::TarReader;

/// Bytes that are read at a time: large enough that the calls do not count,
/// small enough to stay in the processor's cache.
pub(crate) const BUFFER: usize = 256 * 1024;

/// How many buffers go round.
const BUFFERS: usize = 4;

/// A filled buffer, and how much of it is filled.
type Piece = Result<(Vec<u8>, usize)>;

/// Hands all bytes of a tarball to a function, one buffer after the other.
/// With `ahead`, the next buffers are read meanwhile on another thread.
///
/// # Errors
/// When the tarball cannot be read, or the function fails.
pub(crate) fn each_piece(
    mut tarball: TarReader,
    ahead: bool,
    mut each: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    if !ahead {
        let mut buffer = vec![0; BUFFER];
        while let count @ 1.. = tarball.fill(&mut buffer)? {
            each(&buffer[..count])?;
        }
        return Ok(());
    }
    std::thread::scope(|scope| {
        let (empty, to_fill) = channel();
        let (full, to_take) = sync_channel(BUFFERS);
        for _ in 0..BUFFERS {
            let _ = empty.send(vec![0; BUFFER]);
        }
        scope.spawn(move || {
            for mut buffer in to_fill {
                let piece = tarball.fill(&mut buffer).map(|count| (buffer, count));
                let finished = !matches!(piece, Ok((_, 1..)));
                if full.send(piece).is_err() || finished {
                    return;
                }
            }
        });
        take_pieces(&to_take, &empty, &mut each)
    })
}

/// Takes pieces to the end and sends the buffers back. Where it stops early,
/// both channels close and the reading thread ends.
fn take_pieces(
    to_take: &Receiver<Piece>,
    empty: &Sender<Vec<u8>>,
    each: &mut impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    for piece in to_take {
        let (buffer, count) = piece?;
        if count == 0 {
            break;
        }
        each(&buffer[..count])?;
        // The other thread may have read the end by now and be gone.
        let _ = empty.send(buffer);
    }
    Ok(())
}
