//! How kernels say that they failed: status records in the GPU's memory.
//!
//! A launch that can fail gets a record, zero before it. Where there are such launches, whoever waits next, on whatever
//! thread, copies the records to the host on the way and settles the launches' outcomes, which what they wrote depends on.
//! (Records in the host's memory would spare the copy; but a kernel of which every thread fails would cross the bus as
//! often.)

use super::failure::{Failure, check};
use super::gpu::{Gpu, lock};
use super::staging::Piece;
use crate::device::outcome::Outcome;
use crate::device::{FaultRecord, Sites};
use crate::error::{Error, Result};
use cust::stream::Stream;
use cust::sys::{self, CUresult};
use numbra_codegen::llvm::Status;
use std::sync::{Arc, MutexGuard};

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
    outcome: Arc<Outcome>,
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
    pub fn watch(&mut self, slot: usize, sites: &Arc<Sites>, space: &[i64], outcome: Arc<Outcome>) {
        self.watched.push(Watched { slot, sites: sites.clone(), space: space.to_vec(), outcome });
    }
}

impl Watched {
    /// Settles the outcome by the launch's record. Whether the launch has failed.
    fn settle(&self, Status { flag, site, position, payload, .. }: Status) -> bool {
        let failed: Option<Error> =
            (flag != 0).then(|| self.sites.error(FaultRecord { site, position, payload }, &self.space));
        let has_failed = failed.is_some();
        self.outcome.settle(failed);
        has_failed
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

    /// Reads the records, now that somebody has waited, unless the wait itself went wrong: then the launches stay watched.
    /// The GPU's context is current.
    pub fn read_records(&self, awaited: Option<Awaited>, waited: Result<()>) -> Result<()> {
        let Some(Awaited { launches, records, reading }) = awaited else {
            // Somebody else may be reading those of this thread's launches.
            drop(lock(&self.reading));
            return waited;
        };
        let mut slots = lock(&self.slots);
        if waited.is_err() {
            slots.watched.splice(0..0, launches);
        } else {
            for launch in launches {
                if !launch.settle(records.status(launch.slot)) {
                    slots.release(launch.slot);
                    continue;
                }
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
        waited
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
