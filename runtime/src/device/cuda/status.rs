//! How kernels say that they failed: status records in the host's memory, which the GPU reaches over the bus.
//!
//! A launch that can fail gets a record, zero before it. Only a kernel that fails touches it, so that nothing needs to
//! be copied or cleared for the others. Whoever waits next, on whatever thread, is told of a failure; and whoever uses
//! what the kernel has written.

use super::failure::{Failure, check};
use super::memory::CudaBuffer;
use crate::device::{Buffer, FaultRecord, Sites};
use crate::error::{Error, Result};
use cust::sys;
use numbra_codegen::llvm::Status;
use std::any::Any;
use std::sync::{Arc, Weak};

/// Launches that can fail between two waits without a wait in between.
const SLOTS: usize = 512;

/// The records of a GPU.
pub struct Slots {
    records: *mut Status,
    /// The same memory as kernels see it.
    address: sys::CUdeviceptr,
    free: Vec<usize>,
    watched: Vec<Watched>,
}

// SAFETY: the memory is nobody else's but the GPU's, which writes to it only while a launch is watched.
unsafe impl Send for Slots {}

/// A launch whose record is to be read once it is done.
pub struct Watched {
    slot: usize,
    sites: Arc<Sites>,
    space: Vec<i64>,
    outputs: Vec<Weak<dyn Any + Send + Sync>>,
}

impl Watched {
    fn fault(&self, Status { site, position, payload, .. }: Status) -> Error {
        let error = self.sites.error(FaultRecord { site, position, payload }, &self.space);
        for output in self.outputs.iter().filter_map(Weak::upgrade) {
            if let Some(buffer) = output.downcast_ref::<CudaBuffer>() {
                buffer.spoil(&error);
            }
        }
        error
    }
}

impl Slots {
    /// Makes the records; the GPU's context is current.
    pub fn new() -> Result<Slots, Failure> {
        let mut memory = std::ptr::null_mut();
        // SAFETY: writes an address of so many bytes.
        check(unsafe { sys::cuMemAllocHost_v2(&mut memory, SLOTS * size_of::<Status>()) })?;
        let mut address = 0;
        // SAFETY: memory that was just allocated.
        check(unsafe { sys::cuMemHostGetDevicePointer_v2(&mut address, memory, 0) })?;
        let records = memory.cast::<Status>();
        for slot in 0..SLOTS {
            // SAFETY: inside the allocation, whose alignment is that of pages.
            unsafe { records.add(slot).write(Status::default()) };
        }
        Ok(Slots { records, address, free: (0..SLOTS).rev().collect(), watched: Vec::new() })
    }

    /// A record for a launch; `None` if all are in use, until somebody waits.
    pub fn claim(&mut self) -> Option<usize> {
        self.free.pop()
    }

    /// The record as an argument of a kernel.
    pub fn address(&self, slot: usize) -> sys::CUdeviceptr {
        self.address + (slot * size_of::<Status>()) as sys::CUdeviceptr
    }

    /// Gives back a record whose launch did not take place.
    pub fn release(&mut self, slot: usize) {
        self.free.push(slot);
    }

    /// The launch is under way.
    pub fn watch<'a>(
        &mut self,
        slot: usize,
        sites: &Arc<Sites>,
        space: &[i64],
        outputs: impl Iterator<Item = &'a Buffer>,
    ) {
        let outputs = outputs.map(|buffer| Arc::downgrade(&buffer.0)).collect();
        self.watched.push(Watched { slot, sites: sites.clone(), space: space.to_vec(), outputs });
    }

    /// The launches so far, which whoever takes them waits for.
    pub fn take_watched(&mut self) -> Vec<Watched> {
        std::mem::take(&mut self.watched)
    }

    /// Reads and clears the records of launches that were waited for: the first fault among them, else how the wait
    /// itself went. If it failed, the launches stay watched.
    pub fn collect<T>(&mut self, watched: Vec<Watched>, waited: Result<T>) -> Result<T> {
        let value = match waited {
            Ok(value) => value,
            Err(error) => {
                self.watched.splice(0..0, watched);
                return Err(error);
            }
        };
        let mut first = None;
        for launch in watched {
            // SAFETY: inside the allocation; the GPU is done with it.
            let record = unsafe { self.records.add(launch.slot) };
            // SAFETY: as above. Volatile, since somebody else wrote it.
            let status = unsafe { record.read_volatile() };
            if status.flag != 0 {
                // SAFETY: as above.
                unsafe { record.write_volatile(Status::default()) };
                let fault = launch.fault(status);
                first.get_or_insert(fault);
            }
            self.free.push(launch.slot);
        }
        first.map_or(Ok(value), Err)
    }
}
