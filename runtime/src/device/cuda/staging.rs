//! Copies between host and device, by way of page-locked memory: only from there the GPU copies by itself.
//!
//! An upload returns as soon as the data is in page-locked memory. Large copies go in pieces, so that the host's part of
//! one overlaps the GPU's part of another.

use super::failure::{Failure, check};
use super::gpu::{Gpu, lock};
use super::memory::CudaBuffer;
use crate::device::outcome::Contents;
use crate::error::{Error, Result};
use crate::interrupt;
use cust::error::CudaError;
use cust::event::{Event, EventFlags, EventStatus};
use cust::sys;
use std::collections::VecDeque;
use std::ops::Range;
use std::time::{Duration, Instant};

/// Bytes of a piece of page-locked memory, and how many are kept.
const SIZES: [(usize, usize); 2] = [(64 << 10, 32), (4 << 20, 6)];
/// Pieces of a download that are under way at once.
const DEPTH: usize = 3;
/// Whoever may give up a wait looks all the time for so long, and then after each nap, whether it is over.
const AWAKE: Duration = Duration::from_millis(2);
const NAP: Duration = Duration::from_micros(100);

/// The page-locked memory of a GPU that nobody uses; the GPU may still be copying from or to it. Oldest first.
#[derive(Default)]
pub struct Staging {
    idle: [VecDeque<Piece>; 2],
    /// How many there are, idle or not.
    made: [usize; 2],
}

/// Some page-locked memory.
pub struct Piece {
    memory: *mut u8,
    class: usize,
    /// When the GPU is done with it.
    done: Event,
}

// SAFETY: one owner at a time uses the memory, on whatever thread.
unsafe impl Send for Piece {}

impl Piece {
    fn new(class: usize) -> Result<Piece, Failure> {
        let mut memory = std::ptr::null_mut();
        // SAFETY: writes an address of so many bytes.
        check(unsafe { sys::cuMemAllocHost_v2(&mut memory, SIZES[class].0) })?;
        match Event::new(EventFlags::DISABLE_TIMING) {
            Ok(done) => Ok(Piece { memory: memory.cast(), class, done }),
            Err(error) => {
                // SAFETY: allocated above.
                unsafe { sys::cuMemFreeHost(memory) };
                Err(error.into())
            }
        }
    }

    /// What the GPU has copied here; it must be done with that.
    pub fn contents(&self, bytes: usize) -> &[u8] {
        assert!(bytes <= SIZES[self.class].0);
        // SAFETY: inside the memory, which is the piece's own.
        unsafe { std::slice::from_raw_parts(self.memory, bytes) }
    }
}

impl Gpu {
    /// Page-locked memory for so many bytes (those of the largest piece at most) that the GPU is done with. The GPU's
    /// context is current.
    pub fn piece(&self, bytes: usize) -> Result<Piece> {
        let class = if bytes <= SIZES[0].0 { 0 } else { 1 };
        let failed = |failure: Failure| self.failed("getting page-locked memory", failure);
        let (oldest, ready) = {
            let mut staging = lock(&self.staging);
            let room = staging.made[class] < SIZES[class].1;
            match staging.idle[class].front().map(|piece| piece.done.query()) {
                Some(Ok(EventStatus::Ready)) => (staging.idle[class].pop_front(), true),
                // The others are younger. Another one is better than waiting.
                Some(Ok(EventStatus::NotReady)) if room => (None, false),
                Some(Err(error)) => return Err(failed(error.into())),
                _ => (staging.idle[class].pop_front(), false),
            }
        };
        match oldest {
            Some(piece) if ready => Ok(piece),
            Some(piece) => match self.wait_for(&piece, "getting page-locked memory") {
                Ok(()) => Ok(piece),
                Err(error) => {
                    self.keep(piece);
                    Err(error)
                }
            },
            None => {
                let piece = Piece::new(class).map_err(failed)?;
                lock(&self.staging).made[class] += 1;
                Ok(piece)
            }
        }
    }

    /// Keeps a piece for the next copy.
    pub fn keep(&self, piece: Piece) {
        lock(&self.staging).idle[piece.class].push_back(piece);
    }

    /// Copies so many bytes to the start of `buffer`, after all work before. `fill` writes each part of them where it is asked
    /// to, which is page-locked memory.
    pub fn upload(
        &self,
        buffer: &CudaBuffer,
        bytes: usize,
        fill: &mut dyn FnMut(Range<usize>, &mut [u8]),
    ) -> Result<()> {
        let bytes = inside(buffer, bytes)?;
        let _current = self.enter()?;
        for range in pieces(bytes) {
            let piece = self.piece(range.len())?;
            let address = buffer.address + range.start as sys::CUdeviceptr;
            // SAFETY: the piece is nobody else's and has room; the copy stays inside the buffer.
            let copied = unsafe {
                fill(range.clone(), std::slice::from_raw_parts_mut(piece.memory, range.len()));
                sys::cuMemcpyHtoDAsync_v2(address, piece.memory.cast(), range.len(), self.stream.as_inner())
            };
            let under_way = self.under_way("an upload", copied, &piece);
            self.keep(piece);
            under_way?;
        }
        Ok(())
    }

    /// Copies from the start of `buffer` to `data`, after all work before. An error if what is there is of no use: that of
    /// the launch at which it went wrong.
    pub fn download(&self, buffer: &CudaBuffer, data: &mut [u8]) -> Result<()> {
        let bytes = inside(buffer, data.len())?;
        if bytes == 0 {
            self.finish()?;
            return buffer.contents.check();
        }
        if !Contents::outcomes([&buffer.contents]).is_empty() {
            // What is of no use may be anybody's: nobody is to see it.
            self.finish()?;
            buffer.contents.check()?;
        }
        let _current = self.enter()?;
        let awaited = self.ask_records()?;
        let mut pending = VecDeque::new();
        let received = self.receive(buffer, data, &mut pending);
        // Where something failed, some are left; the GPU may still write to them.
        pending.into_iter().for_each(|(piece, _)| self.keep(piece));
        self.read_records(awaited, received)?;
        buffer.contents.check()
    }

    fn receive(
        &self,
        buffer: &CudaBuffer,
        data: &mut [u8],
        pending: &mut VecDeque<(Piece, Range<usize>)>,
    ) -> Result<()> {
        let mut rest = pieces(data.len());
        loop {
            let next = if pending.len() < DEPTH { rest.next() } else { None };
            if let Some(range) = next {
                let piece = self.piece(range.len())?;
                let asked = self.fetch(buffer.address + range.start as sys::CUdeviceptr, range.len(), &piece);
                pending.push_back((piece, range));
                asked?;
                continue;
            }
            let Some((piece, range)) = pending.pop_front() else { return Ok(()) };
            let done = self.wait_for(&piece, "waiting for kernels and a download");
            if done.is_ok() {
                data[range.clone()].copy_from_slice(piece.contents(range.len()));
            }
            self.keep(piece);
            done?;
        }
    }

    /// Has the GPU copy from an address, inside a buffer, to a piece that has room. Its context is current.
    pub fn fetch(&self, address: sys::CUdeviceptr, bytes: usize, piece: &Piece) -> Result<()> {
        // SAFETY: the piece is nobody else's.
        let copied = unsafe { sys::cuMemcpyDtoHAsync_v2(piece.memory.cast(), address, bytes, self.stream.as_inner()) };
        self.under_way("a download", copied, piece)
    }

    /// Notes when the GPU will be done with a piece that a copy uses.
    fn under_way(&self, what: &str, copied: sys::CUresult, piece: &Piece) -> Result<()> {
        self.check(what, copied)?;
        piece.done.record(&self.stream).map_err(|error| self.failed(what, error.into()))
    }

    /// Waits for all that was asked for, `what` being that. The GPU's context is current.
    pub fn wait_for_all(&self, what: &str) -> Result<()> {
        if !interrupt::watched() {
            return self.stream.synchronize().map_err(|error| self.failed(what, error.into()));
        }
        let piece = self.piece(0)?;
        let recorded = piece.done.record(&self.stream).map_err(|error| self.failed(what, error.into()));
        let waited = recorded.and_then(|()| self.wait_for(&piece, what));
        self.keep(piece);
        waited
    }

    /// Waits until the GPU is done with a piece. Whoever may give up is asked meanwhile; the GPU goes on then, and later
    /// work comes after what it does.
    fn wait_for(&self, piece: &Piece, what: &str) -> Result<()> {
        let failed = |error: CudaError| self.failed(what, error.into());
        if !interrupt::watched() {
            return piece.done.synchronize().map_err(failed);
        }
        let start = Instant::now();
        while piece.done.query().map_err(failed)? == EventStatus::NotReady {
            interrupt::check()?;
            if start.elapsed() < AWAKE { std::thread::yield_now() } else { std::thread::sleep(NAP) }
        }
        Ok(())
    }
}

/// Where the pieces of a copy begin and end.
fn pieces(bytes: usize) -> impl Iterator<Item = Range<usize>> {
    let size = SIZES[1].0;
    (0..bytes.div_ceil(size)).map(move |number| number * size..((number + 1) * size).min(bytes))
}

fn inside(buffer: &CudaBuffer, bytes: usize) -> Result<usize> {
    if bytes as u64 <= buffer.bytes {
        return Ok(bytes);
    }
    Err(Error::Internal(format!("a copy of {bytes} bytes in a buffer of {}", buffer.bytes)))
}
