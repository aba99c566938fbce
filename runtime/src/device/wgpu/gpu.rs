//! An opened GPU, and how its troubles become errors.

use super::adapter::{Adapter, Limits};
use super::batch::Batch;
use super::memory::Pool;
use crate::device::compile;
use crate::device::outcome::Outcomes;
use crate::error::{Error, Result};
use crate::interrupt;
use numbra_front::capabilities::Capabilities;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use wgpu::{DeviceDescriptor, ErrorFilter, PollType, SubmissionIndex};

/// How long a wait may take before the device is given up.
const PATIENCE: Duration = Duration::from_secs(600);
/// Between two questions whether to go on waiting.
const PERIOD: Duration = Duration::from_millis(20);

/// A GPU that is ready for work. Cheap to clone; all clones are the same GPU.
#[derive(Clone)]
pub struct Gpu {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub name: String,
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
    pub limits: Limits,
    pub parameter_alignment: u64,
    /// The host reads and writes the GPU's memory where it is.
    pub host_visible: bool,
    capabilities: Capabilities,
    troubles: Arc<Mutex<Troubles>>,
    pub pool: Mutex<Pool>,
    batch: parking_lot::Mutex<Batch>,
    pub outcomes: Outcomes,
    /// Mesa's llvmpipe makes a kernel's code when it is first dispatched, and takes no submission before all earlier ones
    /// are done: whoever asks it to waits, and hears nobody.
    pub is_software: bool,
    /// Dispatches that are not done for which the driver makes code.
    compiling: Arc<AtomicUsize>,
    /// Drivers do not survive a fork.
    process: u32,
}

/// How a wait ended.
pub(super) enum Waited {
    Done,
    /// Whoever waited does not want to any more, or has waited too long for a driver that compiles. The work goes on, and
    /// nothing is lost.
    GivenUp(Error),
}

/// What wgpu reported without being asked.
#[derive(Default)]
struct Troubles {
    lost: Option<String>,
    errors: Vec<String>,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Gpu {
    /// Opens a GPU with its own limits and the features that kernels use.
    pub fn open(adapter: &Adapter) -> Result<Gpu> {
        Gpu::open_as(adapter, adapter.shares_memory())
    }

    /// The same; `host_visible`: whether the host works in its memory, which it can where they share it.
    pub(super) fn open_as(adapter: &Adapter, host_visible: bool) -> Result<Gpu> {
        let name = adapter.name().to_string();
        let descriptor = DeviceDescriptor {
            label: Some("numbra"),
            required_features: adapter.features(),
            required_limits: adapter.raw.limits(),
            ..DeviceDescriptor::default()
        };
        let (device, queue) = pollster::block_on(adapter.raw.request_device(&descriptor)).map_err(|error| {
            let help = "see whether other programs can use it, update its driver, or use another device";
            Error::device(&name, format!("the GPU could not be opened: {error}"), help)
        })?;
        let troubles = Arc::new(Mutex::new(Troubles::default()));
        let recorder = troubles.clone();
        device.on_uncaptured_error(Arc::new(move |error| lock(&recorder).errors.push(error.to_string())));
        let recorder = troubles.clone();
        device.set_device_lost_callback(move |reason, message| {
            lock(&recorder).lost.get_or_insert(format!("{reason:?}: {message}"));
        });
        let limits = adapter.limits();
        let parameter_alignment = u64::from(adapter.raw.limits().min_uniform_buffer_offset_alignment).max(16);
        let batch = Batch::new(&device, &limits, parameter_alignment);
        let shared = Shared {
            name,
            device,
            queue,
            limits,
            parameter_alignment,
            host_visible,
            capabilities: adapter.capabilities(),
            troubles,
            pool: Mutex::new(Pool::default()),
            batch: parking_lot::Mutex::new(batch),
            outcomes: Outcomes::new(),
            is_software: adapter.is_software(),
            compiling: Arc::default(),
            process: std::process::id(),
        };
        shared.check()?;
        Ok(Gpu { shared: Arc::new(shared) })
    }

    /// The same GPU as if its bindings were that small.
    #[cfg(test)]
    pub(super) fn with_bindings(mut self, bytes: u64) -> Gpu {
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            shared.limits.binding_bytes = bytes;
        }
        self
    }

    /// The name of its adapter.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    pub fn capabilities(&self) -> Capabilities {
        self.shared.capabilities
    }

    pub fn limits(&self) -> Limits {
        self.shared.limits
    }

    /// Waits for all work, and learns which launches failed; what they wrote is of no use then.
    pub fn finish(&self) -> Result<()> {
        self.shared.finish(None)
    }

    /// Waits for all work; the first failure of this thread's launches of which nobody was told.
    pub fn wait(&self) -> Result<()> {
        self.finish()?;
        self.shared.outcomes.report()
    }
}

impl Shared {
    /// An error if the device cannot be used any more.
    pub fn usable(&self) -> Result<()> {
        if std::process::id() != self.process {
            let message = "the GPU was opened before this process was forked, and drivers do not survive that";
            return Err(Error::device(
                &self.name,
                message,
                "start processes with 'spawn', or use the GPU only in them",
            ));
        }
        match &lock(&self.troubles).lost {
            None => Ok(()),
            Some(reason) => Err(self.lost(reason)),
        }
    }

    fn lost(&self, reason: &str) -> Error {
        let help = "a kernel may have run too long for its driver: use less data at once, or run it on cpu or parallel";
        Error::device(&self.name, format!("the GPU was lost ({reason})"), help)
    }

    /// An error if the device was lost, or if wgpu complained since the last time.
    pub fn check(&self) -> Result<()> {
        self.usable()?;
        let errors = std::mem::take(&mut lock(&self.troubles).errors);
        match errors.into_iter().next() {
            None => Ok(()),
            Some(message) => Err(self.complaint(&message)),
        }
    }

    fn complaint(&self, message: &str) -> Error {
        Error::Internal(format!("{}: {message}", self.name))
    }

    /// Does something with the device; wgpu's complaints about it become an error. `what`: what fails without memory.
    pub fn guarded<T>(&self, what: &str, action: impl FnOnce() -> T) -> Result<T> {
        self.usable()?;
        let scopes = [ErrorFilter::OutOfMemory, ErrorFilter::Internal, ErrorFilter::Validation]
            .map(|filter| self.device.push_error_scope(filter));
        let result = action();
        // The last that was opened must be closed first.
        let mut first = None;
        for scope in scopes.into_iter().rev() {
            first = pollster::block_on(scope.pop()).or(first);
        }
        match first {
            None => Ok(result),
            Some(wgpu::Error::OutOfMemory { .. }) => {
                self.usable()?;
                let help = "free device arrays, use less data at once, or run the kernel on cpu or parallel";
                Err(Error::device(&self.name, format!("the GPU has no memory left for {what}"), help))
            }
            Some(error) => {
                self.usable()?;
                Err(self.complaint(&error.to_string()))
            }
        }
    }

    /// What is recorded, once nobody else works with it. Who has it may be waiting for the GPU: an error if the caller does
    /// not want to wait any more.
    pub fn batch(&self) -> Result<parking_lot::MutexGuard<'_, Batch>> {
        loop {
            match self.batch.try_lock_for(PERIOD) {
                Some(batch) => return Ok(batch),
                None => interrupt::check()?,
            }
        }
    }

    /// Waits until everything that was submitted is done. An error if the GPU fails meanwhile.
    pub fn wait(&self) -> Result<Waited> {
        let start = Instant::now();
        while !self.wait_a_moment(None)? {
            if let Err(error) = interrupt::check() {
                return Ok(Waited::GivenUp(error));
            }
            let waited = start.elapsed();
            if self.compiles() {
                match compile::patience(&self.name) {
                    Ok(patience) if waited < patience => (),
                    Ok(patience) => return Ok(Waited::GivenUp(compile::in_the_way(&self.name, patience))),
                    Err(error) => return Ok(Waited::GivenUp(error)),
                }
            } else if waited >= PATIENCE {
                lock(&self.troubles).lost.get_or_insert("it did not finish its work in ten minutes".to_string());
                self.usable()?;
            }
        }
        Ok(Waited::Done)
    }

    /// Waits until a submission is taken at once.
    pub fn ready(&self) -> Result<()> {
        if !self.is_software {
            return Ok(());
        }
        match self.wait()? {
            Waited::Done => Ok(()),
            Waited::GivenUp(error) => Err(error),
        }
    }

    /// Whether other work waits for the driver to compile.
    pub fn compiles(&self) -> bool {
        self.compiling.load(Ordering::Relaxed) > 0
    }

    /// Has `submit` submit a dispatch for which the driver compiles, after all other work, and waits for it. A driver that
    /// is given up goes on.
    pub fn compile(&self, submit: impl FnOnce() -> SubmissionIndex) -> Result<()> {
        let patience = compile::patience(&self.name)?;
        let submission = {
            let mut batch = self.batch()?;
            // Otherwise the time that other work takes would count.
            self.finish_batch(&mut batch, None)?;
            self.compiling.fetch_add(1, Ordering::Relaxed);
            let compiling = self.compiling.clone();
            let submitted = self.guarded("a kernel", submit);
            // Called at once if nothing was submitted.
            self.queue.on_submitted_work_done(move || {
                compiling.fetch_sub(1, Ordering::Relaxed);
            });
            submitted?
        };
        let start = Instant::now();
        while !self.wait_a_moment(Some(&submission))? {
            interrupt::check()?;
            if start.elapsed() >= patience {
                return Err(compile::too_long(&self.name, patience));
            }
        }
        self.check()
    }

    /// Whether a submission is done, or all that there are, or will be in a moment.
    fn wait_a_moment(&self, submission: Option<&SubmissionIndex>) -> Result<bool> {
        self.poll(PollType::Wait { submission_index: submission.cloned(), timeout: Some(PERIOD) })
    }

    /// Takes notice of what is done, without waiting.
    pub fn collect(&self) -> Result<()> {
        self.poll(PollType::Poll).map(|_| ())
    }

    /// Whether that for which to wait is done.
    fn poll(&self, wait: PollType) -> Result<bool> {
        // wgpu panics where a driver fails in the middle of a wait.
        match catch_unwind(AssertUnwindSafe(|| self.device.poll(wait))) {
            Ok(Ok(_)) => self.usable().map(|()| true),
            Ok(Err(wgpu::PollError::Timeout)) => self.usable().map(|()| false),
            Ok(Err(error)) => Err(self.complaint(&error.to_string())),
            Err(_) => {
                lock(&self.troubles).lost.get_or_insert("its driver failed during a wait".to_string());
                self.usable().map(|()| false)
            }
        }
    }
}
