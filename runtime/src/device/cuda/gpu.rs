//! One GPU: its context, its stream, and what has become of it.

use super::driver::{Facts, forked};
use super::failure::{Failure, check};
use super::memory::Pool;
use super::staging::Staging;
use super::status::Slots;
use crate::device::outcome::Outcomes;
use crate::error::{Error, Result};
use cust::context::Context;
use cust::device::Device;
use cust::stream::{Stream, StreamFlags};
use cust::sys;
use std::marker::PhantomData;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes of unused memory that are kept, at most: other libraries and programs want some too.
const MOST_KEPT: u64 = 1 << 30;

/// What to do about a GPU that was lost: after an error of the GPU, and where its context is not there any more.
const AFTER_A_LOSS: &str = "CUDA can be used again only in a new process: start the program again, and if a kernel of \
    numbra's is the cause every time, please report it; or use cpu, parallel or vulkan";
const AFTER_A_RESET: &str = "another library of this process has reset the GPU (cudaDeviceReset, say) and taken numbra's \
    memory and kernels with it: start the program again, without that; or use cpu, parallel or vulkan";

/// A GPU that is ready for work. There is one for each number, and it is never closed.
pub struct Gpu {
    /// `cuda:0`
    pub name: String,
    pub facts: Facts,
    context: Context,
    /// All work goes here, in the order in which it is asked for.
    pub stream: Stream,
    pub pool: Mutex<Pool>,
    /// Whether memory is allocated in the stream's order, until the driver refuses that.
    pub ordered: AtomicBool,
    pub staging: Mutex<Staging>,
    pub slots: Mutex<Slots>,
    pub outcomes: Outcomes,
    /// Held by whoever waits for launches that can fail, until their records are read.
    pub reading: Mutex<()>,
    /// Why the context is useless, and what to do about it.
    lost: Mutex<Option<(String, &'static str)>>,
    process: u32,
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// While it lives, the GPU's context is the current one of this thread. Whatever was current before is so again
/// afterwards: other libraries of the process may have contexts of their own.
pub struct Current<'a> {
    pushed: bool,
    /// Current in this thread, so not to be sent to another.
    gpu: PhantomData<(&'a Gpu, *const ())>,
}

impl Current<'_> {
    fn enter(context: sys::CUcontext) -> Result<Self, Failure> {
        let mut current = std::ptr::null_mut();
        // SAFETY: writes a context; pushes one that lives for ever.
        unsafe {
            check(sys::cuCtxGetCurrent(&mut current))?;
            let pushed = current != context;
            if pushed {
                check(sys::cuCtxPushCurrent_v2(context))?;
            }
            Ok(Current { pushed, gpu: PhantomData })
        }
    }
}

impl Drop for Current<'_> {
    fn drop(&mut self) {
        if self.pushed {
            let mut popped = std::ptr::null_mut();
            // SAFETY: pops what `enter` pushed.
            unsafe { sys::cuCtxPopCurrent_v2(&mut popped) };
        }
    }
}

impl Gpu {
    /// Makes a context and what belongs to it. Takes a tenth of a second and more.
    pub fn open(name: &str, device: Device, facts: Facts) -> Result<&'static Gpu> {
        let opened = Gpu::try_open(name, device, facts);
        opened.map_err(|failure| failure.error(name, "opening the GPU"))
    }

    fn try_open(name: &str, device: Device, facts: Facts) -> Result<&'static Gpu, Failure> {
        let mut before = std::ptr::null_mut();
        // SAFETY: writes a context, or null.
        check(unsafe { sys::cuCtxGetCurrent(&mut before) })?;
        // The device's primary context, which other libraries of the process use too.
        let context = Context::new(device)?;
        // cust has made it current.
        // SAFETY: what was current before.
        check(unsafe { sys::cuCtxSetCurrent(before) })?;
        let current = Current::enter(context.as_raw())?;
        // It keeps its place beside work on the default stream, which other libraries use.
        let stream = Stream::new(StreamFlags::DEFAULT, None)?;
        let slots = Slots::new(&stream)?;
        drop(current);
        Ok(Box::leak(Box::new(Gpu {
            name: name.to_string(),
            pool: Mutex::new(Pool::new((facts.memory / 16).min(MOST_KEPT))),
            ordered: AtomicBool::new(facts.pools),
            facts,
            context,
            stream,
            staging: Mutex::default(),
            slots: Mutex::new(slots),
            outcomes: Outcomes::new(),
            reading: Mutex::new(()),
            lost: Mutex::new(None),
            process: std::process::id(),
        })))
    }

    /// An error if the GPU cannot be used any more; otherwise its context becomes current.
    pub fn enter(&self) -> Result<Current<'_>> {
        self.usable()?;
        Current::enter(self.context.as_raw()).map_err(|failure| self.failed("using the GPU's context", failure))
    }

    /// An error if the GPU cannot be used any more.
    pub fn usable(&self) -> Result<()> {
        if std::process::id() != self.process {
            return Err(forked(&self.name));
        }
        match &*lock(&self.lost) {
            None => Ok(()),
            Some((reason, help)) => Err(self.lost_error(reason, help)),
        }
    }

    /// Whether it is no use to give anything back to the driver.
    pub fn is_gone(&self) -> bool {
        self.usable().is_err()
    }

    /// The error of something that failed (`what`: "a launch"), after which the GPU may be lost.
    pub fn failed(&self, what: &str, failure: Failure) -> Error {
        if !failure.is_final() {
            return failure.error(&self.name, what);
        }
        let reason = format!("{what} failed: {failure}");
        let help = if failure.is_of_context() { AFTER_A_RESET } else { AFTER_A_LOSS };
        let error = match failure.is(sys::CUresult::CUDA_ERROR_LAUNCH_TIMEOUT) {
            true => failure.error(&self.name, what),
            false => self.lost_error(&reason, help),
        };
        *lock(&self.lost) = Some((reason, help));
        error
    }

    fn lost_error(&self, reason: &str, help: &str) -> Error {
        Error::device(&self.name, format!("the GPU was lost ({reason})"), help)
    }

    /// `result` of a call of the driver as an error.
    pub fn check(&self, what: &str, result: sys::CUresult) -> Result<()> {
        check(result).map_err(|failure| self.failed(what, failure))
    }

    /// Waits for all work; the first failure of this thread's launches of which nobody was told.
    pub fn wait(&self) -> Result<()> {
        self.finish()?;
        self.outcomes.report()
    }

    /// Waits for all work, and learns which launches failed; what they wrote is of no use then.
    pub fn finish(&self) -> Result<()> {
        let _current = self.enter()?;
        let awaited = self.ask_records()?;
        let waited = self.wait_for_all("waiting for kernels");
        self.read_records(awaited, waited)
    }
}
