//! Launches that are recorded and not yet submitted, with their parameters and status records.
//!
//! A submission costs tens of microseconds, a dispatch in one a few: so several go together.

use super::adapter::Limits;
use super::gpu::{Shared, Waited};
use super::kernel::Explain;
use super::memory::{GpuBuffer, Mapping};
use crate::device::outcome::Outcome;
use crate::error::{Error, Result};
use numbra_codegen::naga::status;
use std::collections::HashSet;
use std::sync::Arc;
use wgpu::{
    BindGroup, BufferDescriptor, BufferUsages, COPY_BUFFER_ALIGNMENT, CommandEncoder, CommandEncoderDescriptor,
    ComputePassDescriptor, ComputePipeline, MapMode,
};

/// Dispatches in a submission, at most.
const DISPATCHES: usize = 16;
/// Launches that can fail between two waits without a wait in between.
const STATUS_SLOTS: u64 = 512;
/// Bytes of parameters of the launches in a submission.
pub(super) const PARAMETER_BYTES: u64 = 64 << 10;

pub(super) struct Batch {
    recorded: Vec<Recorded>,
    /// Where the parameters of recorded launches go when they are submitted, and these parameters.
    pub parameters: wgpu::Buffer,
    parameter_bytes: Vec<u8>,
    /// A record for every launch since the last wait that can fail, in order. The device's slots are zero otherwise.
    pub status: wgpu::Buffer,
    pub slot_bytes: u64,
    watched: Vec<Watched>,
    /// The records of launches before, asked for by waits that were given up.
    awaited: Vec<Awaited>,
    /// Whether the device takes what is recorded.
    submission: Option<Arc<Outcome>>,
    /// Buffers whose mapping was given up since the last wait: wgpu remembers to map them when what they waited for is done,
    /// and would then do so for a later request, before the work that this one has to wait for.
    pub given_up: HashSet<wgpu::Buffer>,
}

/// A launch whose record is to be read once it is done.
struct Watched {
    explain: Arc<Explain>,
    outcome: Arc<Outcome>,
}

/// Launches that were submitted, and where their records come, which is asked for once.
struct Awaited {
    records: Mapping,
    launches: Vec<Watched>,
}

pub(super) struct Recorded {
    pub pipeline: ComputePipeline,
    pub bindings: BindGroup,
    pub parameters: u64,
    pub groups: (u32, u32),
}

impl Batch {
    pub fn new(device: &wgpu::Device, limits: &Limits, parameter_alignment: u64) -> Batch {
        let slot_bytes = (status::WORDS as u64 * 4).next_multiple_of(limits.offset_alignment);
        let create = |size, usage| {
            device.create_buffer(&BufferDescriptor {
                label: None,
                size,
                usage: usage | BufferUsages::COPY_DST | BufferUsages::COPY_SRC,
                mapped_at_creation: false,
            })
        };
        Batch {
            recorded: Vec::new(),
            parameters: create(PARAMETER_BYTES.next_multiple_of(parameter_alignment), BufferUsages::UNIFORM),
            parameter_bytes: Vec::new(),
            status: create(slot_bytes * STATUS_SLOTS, BufferUsages::STORAGE),
            slot_bytes,
            watched: Vec::new(),
            awaited: Vec::new(),
            submission: None,
            given_up: HashSet::new(),
        }
    }
}

impl Shared {
    /// Takes the parameters of one more launch, a multiple of 16 bytes, and says where they will be.
    pub fn parameter_slot(&self, batch: &mut Batch, parameters: &[u8]) -> Result<u64> {
        if (batch.parameter_bytes.len() + parameters.len()) as u64 > batch.parameters.size() {
            self.submit_recorded(batch)?;
        }
        let slot = batch.parameter_bytes.len();
        batch.parameter_bytes.extend_from_slice(parameters);
        let end = batch.parameter_bytes.len().next_multiple_of(self.parameter_alignment as usize);
        batch.parameter_bytes.resize(end, 0);
        Ok(slot as u64)
    }

    /// A status record for one more launch, which must be [watched](Self::watch).
    pub fn status_slot(&self, batch: &mut Batch) -> Result<u64> {
        if batch.watched.len() as u64 == STATUS_SLOTS {
            self.finish_batch(batch, None)?;
        }
        Ok(batch.watched.len() as u64 * batch.slot_bytes)
    }

    /// Settles `outcome` when the record that was asked for last is read; `explain` turns it into an error if the launch
    /// has failed.
    pub fn watch(&self, batch: &mut Batch, explain: &Arc<Explain>, outcome: &Arc<Outcome>) {
        batch.watched.push(Watched { explain: explain.clone(), outcome: outcome.clone() });
    }

    pub fn record(&self, batch: &mut Batch, launch: Recorded) -> Result<()> {
        batch.recorded.push(launch);
        if batch.recorded.len() >= DISPATCHES { self.submit_recorded(batch) } else { Ok(()) }
    }

    /// The outcome of the submission with which the next launch goes.
    pub fn submission(&self, batch: &mut Batch) -> Arc<Outcome> {
        batch.submission.get_or_insert_with(|| self.outcomes.pending(Vec::new())).clone()
    }

    /// Submits what is recorded. Where the device does not take it, what it was to write is of no use.
    pub fn submit_recorded(&self, batch: &mut Batch) -> Result<()> {
        if !batch.recorded.is_empty() {
            self.ready()?;
            let _known_to_what_it_was_to_write = self.submit(batch, &|_| ());
        }
        self.usable()
    }

    fn submit(&self, batch: &mut Batch, then: &dyn Fn(&mut CommandEncoder)) -> Result<()> {
        let recorded = std::mem::take(&mut batch.recorded);
        let parameter_bytes = std::mem::take(&mut batch.parameter_bytes);
        let submission = batch.submission.take();
        let submitted = self.guarded("a launch", || {
            if !recorded.is_empty() {
                self.queue.write_buffer(&batch.parameters, 0, &parameter_bytes);
            }
            let mut encoder = self.device.create_command_encoder(&CommandEncoderDescriptor::default());
            if !recorded.is_empty() {
                let mut pass = encoder.begin_compute_pass(&ComputePassDescriptor::default());
                for launch in &recorded {
                    pass.set_pipeline(&launch.pipeline);
                    pass.set_bind_group(0, &launch.bindings, &[launch.parameters as u32]);
                    pass.dispatch_workgroups(launch.groups.0, launch.groups.1, 1);
                }
            }
            then(&mut encoder);
            self.queue.submit([encoder.finish()]);
        });
        if let Some(submission) = submission {
            submission.settle(submitted.as_ref().err().cloned());
        }
        submitted
    }

    /// Waits for all work, copying a stretch of a buffer to the host on the way, and learns which launches failed. An
    /// error if that could not be done; that a launch failed is known to what it wrote. A wait that is given up loses
    /// nothing: the next one learns what this one would have.
    pub fn finish(&self, copy: Option<(&GpuBuffer, u64, &mut [u8])>) -> Result<()> {
        self.finish_batch(&mut *self.batch()?, copy)
    }

    pub(super) fn finish_batch(&self, batch: &mut Batch, copy: Option<(&GpuBuffer, u64, &mut [u8])>) -> Result<()> {
        self.ready()?;
        let status_bytes = batch.watched.len() as u64 * batch.slot_bytes;
        let status_staging = (status_bytes > 0).then(|| self.staging(status_bytes)).transpose()?;
        let copy = match copy {
            Some((buffer, offset, data)) => {
                let reading = self.reading(buffer, offset, data.len() as u64)?;
                if batch.given_up.contains(&reading.buffer) {
                    self.settle(batch)?;
                }
                Some((reading, buffer, offset, data))
            }
            None => None,
        };
        if status_staging.is_none() && !copy.as_ref().is_some_and(|(reading, ..)| reading.staging) {
            self.submit_recorded(batch)?;
        } else {
            let status = batch.status.clone();
            let copies = |encoder: &mut CommandEncoder| {
                if let Some(staging) = &status_staging {
                    encoder.copy_buffer_to_buffer(&status, 0, &staging.buffer, 0, status_bytes);
                    encoder.clear_buffer(&status, 0, Some(status_bytes));
                }
                if let Some((reading, buffer, offset, data)) = &copy
                    && reading.staging
                {
                    let bytes = (data.len() as u64).next_multiple_of(COPY_BUFFER_ALIGNMENT);
                    encoder.copy_buffer_to_buffer(buffer.raw(), *offset, &reading.buffer, 0, bytes);
                }
            };
            // If the device does not take the launches, which are others' perhaps, there are still the copies.
            self.submit(batch, &copies).or_else(|_| self.submit(batch, &copies))?;
        }
        if let Some(mut records) = status_staging {
            records.start(MapMode::Read);
            batch.awaited.push(Awaited { records, launches: std::mem::take(&mut batch.watched) });
        }
        let Some((mut reading, buffer, _, data)) = copy else { return self.settle(batch) };
        reading.start(MapMode::Read);
        self.settle(batch).inspect_err(|_| {
            batch.given_up.insert(reading.buffer.clone());
        })?;
        // What is of no use may be anybody's: nobody is to see it.
        buffer.contents().check()?;
        self.see(reading, |bytes| data.copy_from_slice(&bytes[..data.len()]))
    }

    /// Waits for what was submitted, and settles the launches whose records come with it.
    pub(super) fn settle(&self, batch: &mut Batch) -> Result<()> {
        let waited = match self.wait() {
            Ok(Waited::GivenUp(error)) => return Err(error),
            Ok(Waited::Done) => {
                batch.given_up.clear();
                self.check()
            }
            Err(error) => Err(error),
        };
        let awaited = std::mem::take(&mut batch.awaited);
        let (records, launches): (Vec<Mapping>, Vec<Vec<Watched>>) =
            awaited.into_iter().map(|awaited| (awaited.records, awaited.launches)).unzip();
        // In order: what becomes of a launch depends on those before.
        let mut all = records.into_iter().zip(&launches);
        let settled = waited.and_then(|()| {
            all.try_for_each(|(records, launches)| {
                self.see(records, |bytes| {
                    for (slot, launch) in bytes.chunks(batch.slot_bytes as usize).zip(launches) {
                        let failed: Option<Error> = status::read(words(slot)).map(|status| (launch.explain)(status));
                        launch.outcome.settle(failed);
                    }
                })
            })
        });
        if let Err(error) = &settled {
            // What became of them will never be known. (Those that were settled before stay as they are.)
            launches.iter().flatten().for_each(|launch| launch.outcome.settle(Some(error.clone())));
        }
        settled
    }
}

fn words(slot: &[u8]) -> [u32; status::WORDS] {
    std::array::from_fn(|number| {
        let mut word = [0; 4];
        word.copy_from_slice(&slot[number * 4..number * 4 + 4]);
        u32::from_le_bytes(word)
    })
}
