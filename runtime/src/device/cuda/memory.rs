//! Device memory, pooled by size.

use super::failure::{Failure, check};
use super::gpu::{Gpu, lock};
use crate::error::{Error, Result};
use cust::sys::{self, CUresult};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A stretch of device memory. Given back to the pool when dropped.
pub struct CudaBuffer {
    pub address: sys::CUdeviceptr,
    /// As asked for.
    pub bytes: u64,
    size: u64,
    gpu: &'static Gpu,
    /// Of the kernel that failed while it wrote here.
    spoiled: OnceLock<Error>,
}

impl Drop for CudaBuffer {
    fn drop(&mut self) {
        if self.gpu.is_gone() {
            return;
        }
        // Work that still uses it was asked for earlier than whatever its next owner asks for.
        let kept = lock(&self.gpu.pool).keep(self.address, self.size);
        if !kept {
            // Nobody to tell of an error, which the next call will meet too.
            let _ = self.gpu.release(self.address);
        }
    }
}

impl CudaBuffer {
    pub fn belongs_to(&self, gpu: &Gpu) -> bool {
        std::ptr::eq(self.gpu, gpu)
    }

    /// A kernel failed while it wrote here.
    pub fn spoil(&self, error: &Error) {
        self.spoiled.get_or_init(|| error.clone());
    }

    /// The error of the kernel that was to write what is here.
    pub fn check(&self) -> Result<()> {
        self.spoiled.get().map_or(Ok(()), |error| Err(error.clone()))
    }
}

/// Unused memory by size. Memory from the driver costs from microseconds to milliseconds.
pub struct Pool {
    free: BTreeMap<u64, Vec<sys::CUdeviceptr>>,
    bytes: u64,
    most: u64,
}

impl Pool {
    /// A pool that keeps `most` bytes.
    pub fn new(most: u64) -> Pool {
        Pool { free: BTreeMap::new(), bytes: 0, most }
    }

    fn keep(&mut self, address: sys::CUdeviceptr, size: u64) -> bool {
        let fits = self.bytes + size <= self.most;
        if fits {
            self.bytes += size;
            self.free.entry(size).or_default().push(address);
        }
        fits
    }

    fn take(&mut self, size: u64) -> Option<sys::CUdeviceptr> {
        let address = self.free.get_mut(&size)?.pop()?;
        self.bytes -= size;
        Some(address)
    }

    fn take_all(&mut self) -> Vec<sys::CUdeviceptr> {
        self.bytes = 0;
        std::mem::take(&mut self.free).into_values().flatten().collect()
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
        let address = match pooled {
            Some(address) => address,
            None => self.allocate_fresh(bytes, size)?,
        };
        Ok(CudaBuffer { address, bytes, size, gpu: self, spoiled: OnceLock::new() })
    }

    fn allocate_fresh(&self, bytes: u64, size: u64) -> Result<sys::CUdeviceptr> {
        let current = self.enter()?;
        let first = self.ask(size);
        let asked = match first {
            Err(failure) if failure.is(CUresult::CUDA_ERROR_OUT_OF_MEMORY) => {
                // What is kept for later is given up; it is free when the GPU is done with all that used it.
                let kept = lock(&self.pool).take_all();
                kept.into_iter().try_for_each(|address| self.release(address))?;
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

    fn ask(&self, size: u64) -> Result<sys::CUdeviceptr, Failure> {
        let mut address = 0;
        // SAFETY: writes an address; the stream lives for ever.
        let result = unsafe {
            if self.facts.pools {
                sys::cuMemAllocAsync(&mut address, size as usize, self.stream.as_inner())
            } else {
                sys::cuMemAlloc_v2(&mut address, size as usize)
            }
        };
        check(result).map(|()| address)
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
    fn release(&self, address: sys::CUdeviceptr) -> Result<()> {
        let _current = self.enter()?;
        // SAFETY: of `ask`, and nobody's any more.
        let result = unsafe {
            if self.facts.pools {
                sys::cuMemFreeAsync(address, self.stream.as_inner())
            } else {
                sys::cuMemFree_v2(address)
            }
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
        let mut pool = Pool::new(2048);
        assert!(pool.keep(1, 1024) && pool.keep(2, 1024) && !pool.keep(3, 512));
        assert_eq!(pool.take(512), None);
        assert_eq!(pool.take(1024), Some(2));
        assert!(pool.keep(3, 512));
        assert_eq!(pool.take_all(), [3, 1]);
        assert!(pool.keep(4, 2048));
    }
}
