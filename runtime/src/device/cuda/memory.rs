//! Device memory, pooled by size.

use super::failure::{Failure, check};
use super::gpu::{Gpu, lock};
use crate::device::outcome::Contents;
use crate::error::{Error, Result};
use cust::sys::{self, CUresult};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::Ordering;

/// Memory of the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    address: sys::CUdeviceptr,
    /// Allocated in the stream's order, and to be given back so.
    ordered: bool,
}

/// A stretch of device memory. Given back to the pool when dropped.
pub struct CudaBuffer {
    pub address: sys::CUdeviceptr,
    /// As asked for.
    pub bytes: u64,
    size: u64,
    ordered: bool,
    gpu: &'static Gpu,
    /// What its elements depend on.
    pub contents: Contents,
}

impl Drop for CudaBuffer {
    fn drop(&mut self) {
        if self.gpu.is_gone() {
            return;
        }
        // Work that still uses it was asked for earlier than whatever its next owner asks for.
        let memory = Memory { address: self.address, ordered: self.ordered };
        let left = lock(&self.gpu.pool).keep(memory, self.size);
        for memory in left {
            // Nobody to tell of an error, which the next call will meet too.
            let _ = self.gpu.release(memory);
        }
    }
}

impl CudaBuffer {
    pub fn belongs_to(&self, gpu: &Gpu) -> bool {
        std::ptr::eq(self.gpu, gpu)
    }
}

/// Unused memory by size. Memory from the driver costs from microseconds to milliseconds.
pub struct Pool {
    /// Of each size the oldest first, with a number that is higher for younger memory.
    free: BTreeMap<u64, VecDeque<(u64, Memory)>>,
    number: u64,
    bytes: u64,
    most: u64,
}

impl Pool {
    /// A pool that keeps `most` bytes.
    pub fn new(most: u64) -> Pool {
        Pool { free: BTreeMap::new(), number: 0, bytes: 0, most }
    }

    /// Keeps memory, and says which is to go for it: what has not been used for the longest time, or itself.
    fn keep(&mut self, memory: Memory, size: u64) -> Vec<Memory> {
        if size > self.most {
            return vec![memory];
        }
        let mut left = Vec::new();
        while self.bytes + size > self.most
            && let Some(oldest) = self.take_oldest()
        {
            left.push(oldest);
        }
        self.bytes += size;
        self.number += 1;
        self.free.entry(size).or_default().push_back((self.number, memory));
        left
    }

    fn take(&mut self, size: u64) -> Option<Memory> {
        let (_, memory) = self.free.get_mut(&size)?.pop_back()?;
        self.bytes -= size;
        Some(memory)
    }

    fn take_oldest(&mut self) -> Option<Memory> {
        let first = |(&size, all): (&u64, &VecDeque<(u64, Memory)>)| all.front().map(|&(number, _)| (number, size));
        let (_, size) = self.free.iter().filter_map(first).min()?;
        let (_, memory) = self.free.get_mut(&size)?.pop_front()?;
        self.bytes -= size;
        Some(memory)
    }

    fn take_all(&mut self) -> Vec<Memory> {
        self.bytes = 0;
        std::mem::take(&mut self.free).into_values().flatten().map(|(_, memory)| memory).collect()
    }
}

/// The size of the allocation for so many bytes: an eighth of waste at most, so that similar sizes share memory, and no
/// more than the driver itself would waste on large ones.
fn class(bytes: u64) -> Option<u64> {
    const DRIVER: u64 = 2 << 20;
    let step = (bytes.max(512).checked_next_power_of_two()? / 8).clamp(512, DRIVER);
    bytes.max(1).checked_next_multiple_of(step)
}

impl Gpu {
    /// Room for so many bytes; the contents are unspecified.
    pub fn allocate(&'static self, bytes: u64) -> Result<CudaBuffer> {
        self.usable()?;
        let size = class(bytes).unwrap_or(bytes);
        let pooled = lock(&self.pool).take(size);
        let Memory { address, ordered } = match pooled {
            Some(memory) => memory,
            None => self.allocate_fresh(bytes, size)?,
        };
        Ok(CudaBuffer { address, bytes, size, ordered, gpu: self, contents: Contents::default() })
    }

    fn allocate_fresh(&self, bytes: u64, size: u64) -> Result<Memory> {
        let current = self.enter()?;
        let first = self.ask(size);
        let asked = match first {
            Err(failure) if failure.is(CUresult::CUDA_ERROR_OUT_OF_MEMORY) => {
                // What is kept for later is given up; it is free when the GPU is done with all that used it.
                let kept = lock(&self.pool).take_all();
                kept.into_iter().try_for_each(|memory| self.release(memory))?;
                let waited = self.stream.synchronize();
                waited.map_err(|error| self.failed("waiting for memory", error.into()))?;
                self.ask(size)
            }
            other => other,
        };
        let answer = asked.map_err(|failure| {
            if failure.is(CUresult::CUDA_ERROR_OUT_OF_MEMORY) {
                self.out_of_memory(bytes)
            } else {
                self.failed("an allocation", failure)
            }
        });
        drop(current);
        answer
    }

    fn ask(&self, size: u64) -> Result<Memory, Failure> {
        let mut address = 0;
        if self.ordered.load(Ordering::Relaxed) {
            // SAFETY: writes an address; the stream lives for ever.
            let result = unsafe { sys::cuMemAllocAsync(&mut address, size as usize, self.stream.as_inner()) };
            match check(result) {
                // Virtual GPUs and sandboxes say so of what the driver says it can.
                Err(failure)
                    if failure.is(CUresult::CUDA_ERROR_NOT_SUPPORTED)
                        || failure.is(CUresult::CUDA_ERROR_NOT_PERMITTED) =>
                {
                    self.ordered.store(false, Ordering::Relaxed);
                }
                other => return other.map(|()| Memory { address, ordered: true }),
            }
        }
        // SAFETY: writes an address.
        check(unsafe { sys::cuMemAlloc_v2(&mut address, size as usize) })?;
        Ok(Memory { address, ordered: false })
    }

    fn out_of_memory(&self, bytes: u64) -> Error {
        let (mut free, mut total) = (0, 0);
        // SAFETY: writes two numbers.
        let known = unsafe { sys::cuMemGetInfo_v2(&mut free, &mut total) } == CUresult::CUDA_SUCCESS;
        let left = match known {
            true => format!(" ({} MiB of {} MiB are free)", free >> 20, total >> 20),
            false => String::new(),
        };
        Error::device(
            &self.name,
            format!("the GPU has no memory left for {bytes} bytes{left}"),
            "free device arrays, use less data at once, see with nvidia-smi which other programs hold memory, or run the \
             kernel on cpu or parallel",
        )
    }

    /// Gives memory back to the driver, once all work so far is done with it.
    fn release(&self, Memory { address, ordered }: Memory) -> Result<()> {
        let _current = self.enter()?;
        // SAFETY: of `ask`, and nobody's any more.
        let result = unsafe {
            if ordered { sys::cuMemFreeAsync(address, self.stream.as_inner()) } else { sys::cuMemFree_v2(address) }
        };
        self.check("giving memory back", result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allocations_have_room_and_little_waste() {
        for bytes in (0..70_000).chain([200_000_000, (2 << 30) - 3, 2 << 30, 100_000_000_001]) {
            let size = class(bytes).unwrap();
            assert!(size >= bytes && size.is_multiple_of(512), "{bytes} -> {size}");
            assert!(
                size <= (bytes + bytes / 4).max(512).next_multiple_of(512) && size < bytes + (2 << 20),
                "{bytes} -> {size}"
            );
        }
        assert_eq!(class(u64::MAX), None);
    }

    #[test]
    fn the_pool_keeps_what_it_may() {
        let memory = |address| Memory { address, ordered: true };
        let mut pool = Pool::new(2048);
        assert!(pool.keep(memory(1), 1024).is_empty() && pool.keep(memory(2), 1024).is_empty());
        assert_eq!(pool.take(512), None);
        assert_eq!(pool.take(1024), Some(memory(2)));
        assert!(pool.keep(memory(3), 512).is_empty() && pool.keep(memory(4), 512).is_empty());
        // The oldest goes.
        assert_eq!(pool.keep(memory(5), 512), [memory(1)]);
        assert_eq!(pool.keep(memory(6), 1024), [memory(3)]);
        assert_eq!(pool.keep(memory(7), 1536), [memory(4), memory(5), memory(6)]);
        assert_eq!(pool.keep(memory(8), 4096), [memory(8)], "more than there may be at all");
        assert_eq!(pool.take_all(), [memory(7)]);
        assert!(pool.keep(memory(9), 2048).is_empty());
    }
}
