//! Device memory: whole buffers, kept for reuse, and copies to and from the host.

use super::batch::Batch;
use super::gpu::{Gpu, Shared, lock};
use crate::device::outcome::Contents;
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Weak};
use wgpu::{BufferDescriptor, BufferUsages, COPY_BUFFER_ALIGNMENT, MAP_ALIGNMENT, MapMode};

/// Bytes copied at once between host and device: staging memory of that size is needed.
const CHUNK: u64 = 64 << 20;

/// Staging buffers come in multiples of this, and so many are kept.
const STAGING_STEP: u64 = 64 << 10;
const STAGING_KEPT: usize = 4;

/// Bytes of unused buffers that are kept.
const KEPT: u64 = 1 << 30;

/// Gives the pieces of an upload to what takes them.
pub type Pieces<'a> = &'a mut dyn FnMut(&mut dyn FnMut(u64, &[u8]) -> Result<()>) -> Result<()>;

/// A stretch of device memory. Cheap to clone; all clones are the same memory, freed with the last of them.
#[derive(Clone)]
pub struct GpuBuffer {
    whole: Arc<Whole>,
}

struct Whole {
    raw: wgpu::Buffer,
    bytes: u64,
    gpu: Weak<Shared>,
    contents: Contents,
}

impl Drop for Whole {
    fn drop(&mut self) {
        if let Some(gpu) = self.gpu.upgrade() {
            lock(&gpu.pool).keep(self.raw.clone());
        }
    }
}

impl GpuBuffer {
    /// As asked for; what lies behind in the same allocation is nobody's.
    pub fn bytes(&self) -> u64 {
        self.whole.bytes
    }

    pub(super) fn raw(&self) -> &wgpu::Buffer {
        &self.whole.raw
    }

    /// What its elements depend on.
    pub(super) fn contents(&self) -> &Contents {
        &self.whole.contents
    }

    pub(super) fn is_same(&self, other: &GpuBuffer) -> bool {
        self.whole.raw == other.whole.raw
    }

    pub(super) fn belongs_to(&self, gpu: &Arc<Shared>) -> bool {
        std::ptr::eq(self.whole.gpu.as_ptr(), Arc::as_ptr(gpu))
    }
}

/// Unused buffers by size. A fresh one costs an allocation and is cleared before its first use.
#[derive(Default)]
pub(super) struct Pool {
    free: BTreeMap<u64, Vec<wgpu::Buffer>>,
    bytes: u64,
    staging: Vec<wgpu::Buffer>,
}

/// Memory that the host sees for a while. Nothing may be submitted that uses it until this is gone.
pub(super) struct Mapping {
    pub buffer: wgpu::Buffer,
    /// A stretch of it, as wgpu wants stretches that are mapped.
    stretch: Range<u64>,
    /// Where in the stretch that begins which was asked for.
    skipped: usize,
    /// Memory for copies, of which the contents must be copied there.
    pub staging: bool,
    started: bool,
}

impl Mapping {
    fn of(buffer: &GpuBuffer, offset: u64, bytes: u64) -> Mapping {
        let begin = offset / MAP_ALIGNMENT * MAP_ALIGNMENT;
        let stretch = begin..(offset + bytes).next_multiple_of(COPY_BUFFER_ALIGNMENT);
        let skipped = (offset - begin) as usize;
        Mapping { buffer: buffer.raw().clone(), stretch, skipped, staging: false, started: false }
    }

    /// Asks for it. It is there once wgpu has noticed that all work with the buffer is done.
    pub fn start(&mut self, mode: MapMode) {
        // Whether it succeeded is seen when the range is asked for.
        self.buffer.map_async(mode, self.stretch.clone(), |_| ());
        self.started = true;
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        if self.started {
            self.buffer.unmap();
        }
    }
}

impl Pool {
    fn keep(&mut self, buffer: wgpu::Buffer) {
        if self.bytes + buffer.size() <= KEPT {
            self.bytes += buffer.size();
            self.free.entry(buffer.size()).or_default().push(buffer);
        }
    }

    fn take(&mut self, bytes: u64) -> Option<wgpu::Buffer> {
        let buffer = self.free.get_mut(&bytes)?.pop()?;
        self.bytes -= bytes;
        Some(buffer)
    }
}

/// The size of the buffer for so many bytes: an eighth of waste at most, so that similar sizes share buffers.
fn allocation_size(bytes: u64, most: u64) -> u64 {
    let step = (bytes.max(256).next_power_of_two() / 8).max(256);
    bytes.max(1).next_multiple_of(step).min(most / 4 * 4).max(bytes.next_multiple_of(4))
}

impl Gpu {
    /// Room for so many bytes; the contents are unspecified.
    pub fn create_buffer(&self, bytes: u64) -> Result<GpuBuffer> {
        let shared = &self.shared;
        if bytes > shared.limits.buffer_bytes {
            return Err(Error::device(
                &shared.name,
                format!(
                    "an array of {bytes} bytes is larger than the GPU's largest buffer, {}",
                    shared.limits.buffer_bytes
                ),
                "use a smaller array, or run the kernel on cpu or parallel",
            ));
        }
        let size = allocation_size(bytes, shared.limits.buffer_bytes);
        let pooled = lock(&shared.pool).take(size);
        let raw = match pooled {
            Some(raw) => raw,
            None => shared.allocate(size)?,
        };
        Ok(GpuBuffer {
            whole: Arc::new(Whole { raw, bytes, gpu: Arc::downgrade(shared), contents: Contents::default() }),
        })
    }

    /// Copies `data` to `buffer` from byte `offset` on, after all work before. `offset` is a multiple of 4; the length
    /// too, unless it reaches the buffer's end.
    pub fn write(&self, buffer: &GpuBuffer, offset: u64, data: &[u8]) -> Result<()> {
        self.write_pieces(buffer, offset, data.len() as u64, &mut |put| put(offset, data))
    }

    /// The same for data that is made meanwhile: `pieces` gives one piece after the other, without gaps, with the place in
    /// the buffer where it begins. The length of all but the last one is a multiple of 4.
    pub fn write_pieces(&self, buffer: &GpuBuffer, offset: u64, bytes: u64, pieces: Pieces) -> Result<()> {
        let shared = &self.shared;
        inside(buffer, offset, bytes)?;
        // Otherwise the copy would overtake what is recorded.
        let mut batch = shared.batch()?;
        shared.submit_recorded(&mut batch)?;
        if shared.host_visible && bytes > 0 && shared.write_mapped(&mut batch, buffer, offset, bytes, pieces)? {
            return Ok(());
        }
        drop(batch);
        shared.write_staged(buffer, bytes, pieces)
    }

    /// Copies from byte `offset` of `buffer`, a multiple of 4, to `data`, after all work before. An error if what is there
    /// is of no use: that of the launch at which it went wrong.
    pub fn read(&self, buffer: &GpuBuffer, offset: u64, data: &mut [u8]) -> Result<()> {
        inside(buffer, offset, data.len() as u64)?;
        let mut at = offset;
        if data.is_empty() {
            self.shared.finish(None)?;
        }
        for chunk in data.chunks_mut(CHUNK as usize) {
            self.shared.finish(Some((buffer, at, chunk)))?;
            at += chunk.len() as u64;
        }
        buffer.contents().check()
    }
}

fn inside(buffer: &GpuBuffer, offset: u64, bytes: u64) -> Result<()> {
    let fits = offset.checked_add(bytes).is_some_and(|end| end <= buffer.bytes());
    let aligned = offset.is_multiple_of(4) && (bytes.is_multiple_of(4) || offset + bytes == buffer.bytes());
    if fits && aligned {
        return Ok(());
    }
    Err(Error::Internal(format!("a copy of {bytes} bytes at {offset} of a buffer of {}", buffer.bytes())))
}

impl Shared {
    fn allocate(&self, size: u64) -> Result<wgpu::Buffer> {
        let mut usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        if self.host_visible {
            usage |= BufferUsages::MAP_READ | BufferUsages::MAP_WRITE;
        }
        let create = || {
            let descriptor = BufferDescriptor { label: None, size, usage, mapped_at_creation: false };
            self.guarded(&format!("a buffer of {size} bytes"), || self.device.create_buffer(&descriptor))
        };
        create().or_else(|error| {
            // What is kept for later is given up first, once the device is done with it.
            let kept = std::mem::take(&mut *lock(&self.pool));
            if kept.bytes == 0 {
                return Err(error);
            }
            drop(kept);
            let mut batch = self.batch()?;
            self.submit_recorded(&mut batch)?;
            self.settle(&mut batch)?;
            drop(batch);
            create()
        })
    }

    /// Copies data to where the GPU has it, unless work with the buffer is not done yet. Whether it did.
    fn write_mapped(
        &self,
        batch: &mut Batch,
        buffer: &GpuBuffer,
        offset: u64,
        bytes: u64,
        pieces: Pieces,
    ) -> Result<bool> {
        if batch.given_up.contains(buffer.raw()) {
            return Ok(false);
        }
        let mut mapping = Mapping::of(buffer, offset, bytes);
        self.guarded("an upload", || mapping.start(MapMode::Write))?;
        self.collect()?;
        let Ok(mut mapped) = mapping.buffer.get_mapped_range_mut(mapping.stretch.clone()) else {
            batch.given_up.insert(buffer.raw().clone());
            return self.usable().map(|()| false);
        };
        pieces(&mut |at, piece| {
            let start = mapping.skipped + (at - offset) as usize;
            mapped.slice(start..start + piece.len()).copy_from_slice(piece);
            Ok(())
        })?;
        Ok(true)
    }

    /// Copies data, of so many bytes in all, to memory of wgpu's, and from there to the buffer when it is its turn.
    fn write_staged(&self, buffer: &GpuBuffer, bytes: u64, pieces: Pieces) -> Result<()> {
        let large = bytes > CHUNK;
        // Bytes in staging memory that is not under way yet.
        let mut waiting = 0;
        pieces(&mut |mut at, piece| {
            for chunk in piece.chunks(CHUNK as usize) {
                if large && waiting == 0 {
                    self.ready()?;
                }
                waiting += chunk.len() as u64;
                let whole_words = chunk.len() / 4 * 4;
                self.guarded("an upload", || {
                    if whole_words > 0 {
                        self.queue.write_buffer(buffer.raw(), at, &chunk[..whole_words]);
                    }
                    if whole_words < chunk.len() {
                        let mut last = [0; 4];
                        last[..chunk.len() - whole_words].copy_from_slice(&chunk[whole_words..]);
                        self.queue.write_buffer(buffer.raw(), at + whole_words as u64, &last);
                    }
                    if large && waiting >= CHUNK {
                        // Frees the staging memory as soon as it is copied.
                        self.queue.submit([]);
                        waiting = 0;
                    }
                })?;
                at += chunk.len() as u64;
            }
            Ok(())
        })?;
        if large && waiting > 0 {
            self.guarded("an upload", || self.queue.submit([]))?;
        }
        Ok(())
    }

    /// Where to read so many bytes of a buffer. Memory that the host does not see must be copied to staging memory.
    pub(super) fn reading(&self, buffer: &GpuBuffer, offset: u64, bytes: u64) -> Result<Mapping> {
        if self.host_visible { Ok(Mapping::of(buffer, offset, bytes)) } else { self.staging(bytes) }
    }

    /// Memory to read so many bytes from, once something was copied there.
    pub(super) fn staging(&self, bytes: u64) -> Result<Mapping> {
        let bytes = bytes.next_multiple_of(4);
        let kept = {
            let mut pool = lock(&self.pool);
            let fits = |kept: &wgpu::Buffer| (bytes..=bytes * 2 + STAGING_STEP).contains(&kept.size());
            pool.staging.iter().position(fits).map(|number| pool.staging.swap_remove(number))
        };
        let buffer = match kept {
            Some(buffer) => buffer,
            None => {
                let usage = BufferUsages::MAP_READ | BufferUsages::COPY_DST;
                let size = bytes.next_multiple_of(STAGING_STEP);
                let descriptor = BufferDescriptor { label: None, size, usage, mapped_at_creation: false };
                self.guarded("a download", || self.device.create_buffer(&descriptor))?
            }
        };
        Ok(Mapping { buffer, stretch: 0..bytes, skipped: 0, staging: true, started: false })
    }

    /// Shows the contents, mapped by now, and keeps staging memory for the next time.
    pub(super) fn see(&self, mapping: Mapping, see: impl FnOnce(&[u8])) -> Result<()> {
        let contents = mapping.buffer.get_mapped_range(mapping.stretch.clone()).map_err(|error| {
            self.usable().err().unwrap_or_else(|| Error::Internal(format!("{}: {error}", self.name)))
        })?;
        see(&contents[mapping.skipped..]);
        drop(contents);
        let kept = mapping.staging.then(|| mapping.buffer.clone());
        drop(mapping);
        let mut pool = lock(&self.pool);
        if pool.staging.len() < STAGING_KEPT {
            pool.staging.extend(kept);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allocations_have_room_and_little_waste() {
        for bytes in (0..70_000).chain([200_000_000, (2 << 30) - 3, 2 << 30]) {
            let size = allocation_size(bytes, 2 << 30);
            assert!(size >= bytes && size.is_multiple_of(4) && size <= 2 << 30);
            assert!(size <= (bytes + bytes / 4).max(256).next_multiple_of(256), "{bytes} -> {size}");
        }
    }
}
