//! Kernels: from PTX to a module of the driver, and launches.

use super::failure::{Failure, check};
use super::gpu::{Gpu, lock};
use super::memory::CudaBuffer;
use super::status::Slots;
use crate::device::compile::compiled;
use crate::device::grid::{Grid, Limits, Part, parts};
use crate::device::outcome::{Contents, Outcome};
use crate::device::{Binding, Kernel, Launch, Sites, parameters};
use crate::error::{Error, Result};
use crate::interrupt::Pace;
use cust::sys::{self, CUjit_option, CUresult};
use numbra_codegen::{Artefact, Manifest};
use numbra_front::ir::Access;
use std::ffi::{CString, c_void};
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

/// Bytes for what the driver's assembler says.
const LOG: usize = 16 << 10;
/// Bytes of a kernel's parameters.
const PARAMETERS: usize = 4096;
/// Points of a launch where the driver ends long ones: few enough that a slow kernel takes well under its 2 seconds.
const WATCHED_POINTS: i64 = 1 << 26;
/// Points of the first piece of a long launch that can be interrupted, for each multiprocessor: as many as it runs at
/// once, so that fewer would take as long. And how long later pieces take at least.
const FIRST_PIECE: i64 = 2048;
const SHORTEST_PIECE: Duration = Duration::from_millis(25);

/// A kernel that is ready to launch.
pub struct CudaKernel {
    gpu: &'static Gpu,
    module: Module,
    manifest: Manifest,
    sites: Arc<Sites>,
    grid: Grid,
    /// Points that the GPU does in a moment.
    pace: Pace,
}

/// A module of the driver. Its functions are there as long as it is.
struct Module {
    raw: sys::CUmodule,
    function: sys::CUfunction,
}

// SAFETY: the driver's handles may be used on any thread.
unsafe impl Send for Module {}
unsafe impl Sync for Module {}

impl Drop for CudaKernel {
    fn drop(&mut self) {
        // Launches must be over. An error would be met by the next call too.
        if let Ok(_current) = self.gpu.enter()
            && self.gpu.stream.synchronize().is_ok()
        {
            // SAFETY: nobody has the module any more.
            unsafe { sys::cuModuleUnload(self.module.raw) };
        }
    }
}

impl Gpu {
    /// Has the driver assemble PTX.
    pub fn load(&'static self, artefact: &Artefact, sites: Sites, grid: Grid) -> Result<CudaKernel> {
        let manifest = artefact.manifest.clone();
        let bytes = 8 * (manifest.bindings.len() + manifest.scalars.len() + manifest.has_status as usize);
        if bytes > PARAMETERS {
            return Err(Error::device(
                &self.name,
                format!(
                    "the kernel has {} arrays, whose descriptions are more than a kernel takes",
                    manifest.bindings.len()
                ),
                "split the kernel, or run it on cpu or parallel",
            ));
        }
        let broken = |_| Error::Internal("PTX with a zero byte".into());
        let image = CString::new(artefact.bytes.as_slice()).map_err(broken)?;
        let entry = CString::new(manifest.entry.as_str()).map_err(broken)?;
        let module = compiled(&self.name, move || self.module(&image, &entry))?;
        let pace = Pace::new(FIRST_PIECE * i64::from(self.facts.multiprocessors.max(1)), SHORTEST_PIECE);
        Ok(CudaKernel { gpu: self, module, manifest, sites: Arc::new(sites), grid, pace })
    }

    /// Has the driver's assembler make a module of PTX, and finds the kernel in it.
    fn module(&self, image: &CString, entry: &CString) -> Result<Module> {
        let _current = self.enter()?;
        let mut log = Log::new();
        let mut raw = std::ptr::null_mut();
        let loaded = check(log.load(&mut raw, image));
        loaded.map_err(|failure| self.refused(failure, &log))?;
        let mut function = std::ptr::null_mut();
        // SAFETY: a module that was just loaded, a name that ends in 0.
        let found = check(unsafe { sys::cuModuleGetFunction(&mut function, raw, entry.as_ptr()) });
        if let Err(failure) = found {
            // SAFETY: nobody has the module.
            unsafe { sys::cuModuleUnload(raw) };
            return Err(self.failed("finding a kernel in its module", failure));
        }
        Ok(Module { raw, function })
    }

    /// The error of PTX that the driver did not take, with what its assembler says.
    fn refused(&self, failure: Failure, log: &Log) -> Error {
        let said = [log.errors(), log.notes()].join("\n").trim().to_string();
        if failure.is(CUresult::CUDA_ERROR_INVALID_PTX) {
            return Error::Internal(format!(
                "{}: the driver's assembler refuses a kernel ({failure})\n{said}",
                self.name
            ));
        }
        match self.failed("loading a kernel", failure) {
            Error::Device { device, message, help } if !said.is_empty() => {
                Error::Device { device, message: format!("{message}\n{said}"), help }
            }
            error => error,
        }
    }
}

/// What the driver's assembler says.
struct Log {
    notes: Vec<u8>,
    errors: Vec<u8>,
}

impl Log {
    fn new() -> Log {
        Log { notes: vec![0; LOG], errors: vec![0; LOG] }
    }

    fn load(&mut self, module: &mut sys::CUmodule, image: &CString) -> CUresult {
        // Options are a word each: a number, or a pointer.
        let mut names = [
            CUjit_option::CU_JIT_INFO_LOG_BUFFER,
            CUjit_option::CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES,
            CUjit_option::CU_JIT_ERROR_LOG_BUFFER,
            CUjit_option::CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES,
        ];
        let size = LOG as *mut c_void;
        let mut values = [self.notes.as_mut_ptr().cast(), size, self.errors.as_mut_ptr().cast(), size];
        let (count, names, values) = (names.len() as u32, names.as_mut_ptr(), values.as_mut_ptr());
        // SAFETY: text that ends in 0, and as many options as are said, with buffers of the sizes that they say.
        unsafe { sys::cuModuleLoadDataEx(module, image.as_ptr().cast(), count, names, values) }
    }

    fn errors(&self) -> String {
        text(&self.errors)
    }

    fn notes(&self) -> String {
        text(&self.notes)
    }
}

/// The text before the first 0.
fn text(buffer: &[u8]) -> String {
    let length = buffer.iter().position(|&byte| byte == 0).unwrap_or(buffer.len());
    String::from_utf8_lossy(&buffer[..length]).trim().to_string()
}

impl Kernel for CudaKernel {
    fn launch(&self, launch: &Launch) -> Result<()> {
        let buffers = self.buffers(launch)?;
        let longest = if self.gpu.facts.watchdog { WATCHED_POINTS } else { i64::MAX };
        let limits = Limits { groups: self.gpu.facts.grid, points: longest };
        let start = |units| self.run(launch, &buffers, parts(launch, self.grid, &limits, units)?);
        let (points, unit) = (launch.points()?, self.grid.unit(launch.space));
        if self.pace.divides(points) {
            return self.pace.pieces(points / unit, unit, || self.gpu.finish(), start);
        }
        start(0..points / unit)
    }
}

impl CudaKernel {
    /// Has the GPU begin with these parts of a launch. It fails, or not, as one.
    fn run(&self, launch: &Launch, buffers: &[u64], parts: impl Iterator<Item = Part>) -> Result<()> {
        let contents = || launch.arrays.iter().map(|array| Ok(&array.buffer.of::<CudaBuffer>()?.contents));
        let all = contents().collect::<Result<Vec<&Contents>>>()?;
        // What an earlier piece has left in this launch's results counts too.
        all.iter().try_for_each(|contents| contents.check())?;
        let written = |outcomes: &[Arc<Outcome>]| {
            let outputs = all.iter().zip(&self.manifest.bindings).filter(|(_, binding)| binding.access != Access::Read);
            outputs.for_each(|(contents, _)| contents.set(outcomes));
        };
        let (slot, mut slots) = match self.manifest.has_status {
            false => (None, lock(&self.gpu.slots)),
            true => self.slot()?,
        };
        // The lock is kept: whoever takes the launches that are watched finds all of them under way, and launches that
        // depend on each other are known in their order.
        let inputs = Contents::outcomes(all.iter().copied());
        let status: Vec<u64> = slot.iter().map(|&slot| slots.address(slot)).collect();
        let offsets: Vec<i64> = launch.arrays.iter().map(|array| array.offset).collect();
        let mut started = false;
        let result = self.gpu.enter().and_then(|_current| {
            for part in parts {
                let scalars = parameters(&self.manifest.scalars, launch, &offsets, part.begin, part.end)?;
                self.start(part.groups, buffers.iter().chain(&scalars).chain(&status))?;
                started = true;
            }
            Ok(())
        });
        match (slot, started) {
            (Some(slot), true) => {
                let outcome = self.gpu.outcomes.pending(inputs);
                written(std::slice::from_ref(&outcome));
                slots.watch(slot, &self.sites, launch.space, outcome);
            }
            (Some(slot), false) => slots.release(slot),
            (None, true) => written(&inputs),
            (None, false) => {}
        }
        drop(slots);
        if let (Err(error), true) = (&result, started) {
            // Some parts did not take place.
            let broken = self.gpu.outcomes.pending(Vec::new());
            broken.spoil(error.clone());
            written(&[broken]);
        }
        result
    }

    /// A record for a launch. Where all are in use, it waits.
    fn slot(&self) -> Result<(Option<usize>, MutexGuard<'_, Slots>)> {
        loop {
            let mut slots = lock(&self.gpu.slots);
            if let Some(slot) = slots.claim() {
                return Ok((Some(slot), slots));
            }
            drop(slots);
            self.gpu.finish()?;
        }
    }

    /// The addresses of the arrays' buffers. An error if a launch would reach out of one.
    fn buffers(&self, launch: &Launch) -> Result<Vec<u64>> {
        let wrong = |what: &str| Error::Internal(format!("{}: a launch with {what}", self.gpu.name));
        if launch.arrays.len() != self.manifest.bindings.len() {
            return Err(wrong("more or fewer arrays than the kernel takes"));
        }
        let arrays = launch.arrays.iter().zip(&self.manifest.bindings);
        arrays
            .map(|(array, binding)| {
                let buffer = array.buffer.of::<CudaBuffer>()?;
                if !buffer.belongs_to(self.gpu) {
                    return Err(wrong("a buffer of another device"));
                }
                if !fits(array, buffer.bytes / binding.scalar.bytes() as u64) {
                    return Err(wrong("an array that does not fit its buffer"));
                }
                Ok(buffer.address)
            })
            .collect()
    }

    /// One launch; the GPU's context is current. `arguments`: the bits of the kernel's parameters in its PTX's order.
    fn start<'a>(&self, groups: (u32, u32), arguments: impl Iterator<Item = &'a u64>) -> Result<()> {
        // The driver reads as many bytes from each as the parameter has; they are the first ones, since every machine
        // with such a GPU has the lowest byte first.
        let mut pointers: Vec<*mut c_void> = arguments.map(|bits| std::ptr::from_ref(bits).cast_mut().cast()).collect();
        let stream = self.gpu.stream.as_inner();
        // SAFETY: the module is alive; the arguments are those of its manifest, whose arrays fit their buffers.
        let launched = unsafe {
            let (x, y) = groups;
            let parameters = pointers.as_mut_ptr();
            let none = std::ptr::null_mut();
            sys::cuLaunchKernel(self.module.function, x, y, 1, self.grid.group, 1, 1, 0, stream, parameters, none)
        };
        self.gpu.check("a launch", launched)
    }
}

#[cfg(not(target_endian = "little"))]
compile_error!("kernel arguments are read from the first bytes of 64-bit words");

/// Whether every element of the array lies in a buffer of so many elements.
fn fits(array: &Binding, elements: u64) -> bool {
    if array.shape.contains(&0) {
        return true;
    }
    let (mut first, mut last) = (i128::from(array.offset), i128::from(array.offset));
    for (&extent, &stride) in array.shape.iter().zip(&array.strides) {
        let reach = i128::from(extent - 1) * i128::from(stride);
        first += reach.min(0);
        last += reach.max(0);
    }
    first >= 0 && last < i128::from(elements)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Buffer;
    use numbra_front::types::ScalarType;

    #[test]
    fn arrays_that_reach_out_of_their_buffer() {
        let array = |shape: &[i64], strides: &[i64], offset| Binding {
            buffer: Buffer(Arc::new(())),
            scalar: ScalarType::F64,
            offset,
            shape: shape.to_vec(),
            strides: strides.to_vec(),
        };
        assert!(fits(&array(&[10], &[1], 0), 10) && !fits(&array(&[10], &[1], 0), 9));
        assert!(fits(&array(&[10], &[-1], 9), 10) && !fits(&array(&[10], &[-1], 8), 10));
        assert!(fits(&array(&[3, 4], &[4, 1], 0), 12) && !fits(&array(&[3, 4], &[4, 1], 1), 12));
        assert!(fits(&array(&[1 << 40, 5], &[0, 0], 0), 1));
        assert!(fits(&array(&[0, 5], &[5, 1], 0), 0));
        assert!(!fits(&array(&[i64::MAX, 2], &[i64::MAX, 1], 0), u64::MAX));
    }
}
