//! How kernels say that they failed: status records in the GPU's memory.
//!
//! A launch that can fail gets a record, zero before it. Where there are such launches, whoever waits next, on whatever
//! thread, copies the records to the host on the way, and is told of the first failure. So is whoever uses what the
//! failed kernel has written. (Records in the host's memory would spare the copy; but a kernel of which every thread
//! fails would cross the bus as often.)

use super::failure::{Failure, check};
use super::gpu::{Gpu, lock};
use super::memory::CudaBuffer;
use super::staging::Piece;
use crate::device::{Buffer, FaultRecord, Sites};
use crate::error::{Error, Result};
use cust::stream::Stream;
use cust::sys::{self, CUresult};
use numbra_codegen::llvm::Status;
use std::any::Any;
use std::sync::{Arc, MutexGuard, Weak};

/// Launches that can fail between two waits without a wait in between.
const SLOTS: usize = 512;
/// Bytes of a record, and of all.
const RECORD: usize = size_of::<Status>();
const RECORDS: usize = SLOTS * RECORD;

/// The records of a GPU.
pub struct Slots {
    records: sys::CUdeviceptr,
    free: Vec<usize>,
    watched: Vec<Watched>,
}

/// A launch whose record is to be read once it is done.
struct Watched {
    slot: usize,
    sites: Arc<Sites>,
    space: Vec<i64>,
    outputs: Vec<Weak<dyn Any + Send + Sync>>,
}

/// Launches that somebody waits for, and where their records will be then.
pub struct Awaited<'a> {
    launches: Vec<Watched>,
    records: Piece,
    /// One at a time, so that others who wait know when no launch of theirs is still to be judged.
    reading: MutexGuard<'a, ()>,
}

impl Slots {
    /// Makes the records; the GPU's context is current.
    pub fn new(stream: &Stream) -> Result<Slots, Failure> {
        let mut records = 0;
        // SAFETY: writes an address of so many bytes, and clears them.
        unsafe {
            check(sys::cuMemAlloc_v2(&mut records, RECORDS))?;
            check(sys::cuMemsetD8Async(records, 0, RECORDS, stream.as_inner()))?;
        }
        Ok(Slots { records, free: (0..SLOTS).rev().collect(), watched: Vec::new() })
    }

    /// A record for a launch; `None` if all are in use, until somebody waits.
    pub fn claim(&mut self) -> Option<usize> {
        self.free.pop()
    }

    /// The record as an argument of a kernel.
    pub fn address(&self, slot: usize) -> sys::CUdeviceptr {
        self.records + (slot * RECORD) as sys::CUdeviceptr
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

impl Gpu {
    /// Has the records of the launches so far, if there are any, copied to the host, for somebody who is about to wait.
    /// The GPU's context is current.
    pub fn ask_records(&self) -> Result<Option<Awaited<'_>>> {
        if lock(&self.slots).watched.is_empty() {
            return Ok(None);
        }
        let reading = lock(&self.reading);
        let records = self.piece(RECORDS)?;
        let (launches, address) = {
            let mut slots = lock(&self.slots);
            (std::mem::take(&mut slots.watched), slots.records)
        };
        let asked = self.fetch(address, RECORDS, &records);
        let awaited = Awaited { launches, records, reading };
        match asked {
            Ok(()) => Ok(Some(awaited)),
            Err(error) => self.read_records(Some(awaited), Err(error)).map(|()| None),
        }
    }

    /// Reads the records, now that somebody has waited: the first failure among them, else how the wait itself went.
    /// If it went wrong, the launches stay watched. The GPU's context is current.
    pub fn read_records(&self, awaited: Option<Awaited>, waited: Result<()>) -> Result<()> {
        let Some(Awaited { launches, records, reading }) = awaited else {
            // Somebody else may be reading those of this thread's launches.
            drop(lock(&self.reading));
            return waited;
        };
        let mut slots = lock(&self.slots);
        let mut first = waited.err();
        if first.is_some() {
            slots.watched.splice(0..0, launches);
        } else {
            for launch in launches {
                let status = records.status(launch.slot);
                if status.flag == 0 {
                    slots.release(launch.slot);
                    continue;
                }
                let fault = launch.fault(status);
                first.get_or_insert(fault);
                let address = slots.address(launch.slot);
                // SAFETY: a record, whose next use comes after this.
                let cleared = unsafe { sys::cuMemsetD8Async(address, 0, RECORD, self.stream.as_inner()) };
                // One that cannot be cleared is never used again.
                if cleared == CUresult::CUDA_SUCCESS {
                    slots.release(launch.slot);
                }
            }
        }
        drop(slots);
        self.keep(records);
        drop(reading);
        first.map_or(Ok(()), Err)
    }
}

impl Piece {
    /// The record of that number, of those that were copied here.
    fn status(&self, slot: usize) -> Status {
        let mut status = Status::default();
        let bytes = &self.contents(RECORDS)[slot * RECORD..(slot + 1) * RECORD];
        // SAFETY: a record of numbers, for which any bytes will do.
        unsafe { std::ptr::from_mut(&mut status).cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), RECORD) };
        status
    }
}
