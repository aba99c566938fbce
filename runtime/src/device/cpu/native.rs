//! Range kernels compiled to machine code and run in chunks.

use super::pool;
use crate::array::HostArray;
use crate::cache::{Keeping, Key};
use crate::device::host::{HostBuffer, download};
use crate::device::{Buffer, Device, FaultRecord, HostCode, Kernel, Launch, Sites, parameters};
use crate::error::{Error, Result};
use crate::interrupt::{self, Pace};
use numbra_codegen::artefact::{Artefact, Manifest, ScalarParameter};
use numbra_codegen::llvm::{
    Cpu as Processor, NativeKernel, NativeOptions, Status, compile_native, compiled_native, has_fma,
};
use numbra_front::capabilities::Capabilities;
use numbra_front::ir::Module;
use numbra_front::pipeline::{Schedule, Target};
use numbra_front::types::ScalarType;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Points below which a launch is not worth waking other threads.
const SERIAL_POINTS: i64 = 16 * 1024;
/// Points that the first piece of a launch that can be interrupted has, and how long later ones take at least.
const FIRST_PIECE: i64 = 4 * 1024;
const SHORTEST_PIECE: Duration = Duration::from_millis(4);
/// Chunks per thread: enough for the last ones to even out.
const CHUNKS_PER_THREAD: i64 = 4;

pub struct Cpu {
    parallel: bool,
    capabilities: Capabilities,
}

impl Cpu {
    pub fn new(parallel: bool) -> Cpu {
        let name = if parallel { "parallel" } else { "cpu" };
        Cpu { parallel, capabilities: Capabilities::llvm(name, has_fma(Processor::host())) }
    }

    fn threads(&self) -> usize {
        if self.parallel { pool::threads() } else { 1 }
    }

    fn loaded(&self, module: &Module, artefact: Artefact) -> Result<Arc<dyn Kernel>> {
        let kernel = module.functions.first().ok_or_else(|| Error::Internal("a module without a kernel".into()))?;
        let code = NativeKernel::load(&artefact)?;
        Ok(Arc::new(Native { code, manifest: artefact.manifest, sites: Sites::of(kernel), threads: self.threads() }))
    }
}

impl Device for Cpu {
    fn name(&self) -> &str {
        self.capabilities.device
    }

    fn description(&self) -> String {
        let processor = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split(':').nth(1)?.trim().to_string())
        });
        let name = processor.unwrap_or_else(|| "processor".into());
        let (major, minor, patch) = numbra_codegen::llvm::version();
        format!("{name} ({}), LLVM {major}.{minor}.{patch}", Processor::host().name)
    }

    fn target(&self) -> Target {
        Target { schedule: Schedule::Range, capabilities: self.capabilities }
    }

    fn works_in_host_memory(&self) -> bool {
        true
    }

    fn limits(&self) -> Vec<(String, String)> {
        vec![("threads".into(), self.threads().to_string())]
    }

    fn load(&self, module: &Module) -> Result<Arc<dyn Kernel>> {
        self.loaded(module, compile_native(module, &NativeOptions::default())?)
    }

    fn load_kept(&self, module: &Module, keeping: &Keeping) -> Result<Arc<dyn Kernel>> {
        let options = NativeOptions::default();
        let load = |code| self.loaded(module, compiled_native(module, code)?);
        let compile = || Ok(compile_native(module, &options)?.bytes);
        let (kernel, found) = keeping.cache().get(&Key::native(module, &options), load, compile)?;
        keeping.note(found);
        Ok(kernel)
    }

    fn allocate(&self, scalar: ScalarType, elements: usize) -> Result<Buffer> {
        Ok(Buffer(Arc::new(HostBuffer::zeroed(scalar, elements)?)))
    }

    fn upload(&self, array: &Arc<HostArray>) -> Result<Buffer> {
        Ok(Buffer(Arc::new(HostBuffer::shared(array))))
    }

    fn download(&self, buffer: Buffer, scalar: ScalarType, shape: &[usize]) -> Result<HostArray> {
        download(buffer, scalar, shape)
    }

    fn wait(&self) -> Result<()> {
        Ok(())
    }
}

struct Native {
    code: NativeKernel,
    manifest: Manifest,
    sites: Sites,
    threads: usize,
}

/// Pointers of buffers, which every thread uses at places of its own.
struct Pointers(Vec<*mut u8>);

// SAFETY: each chunk of a launch stores to elements that no other chunk touches.
unsafe impl Sync for Pointers {}

impl Kernel for Native {
    fn launch(&self, launch: &Launch) -> Result<()> {
        let pointers = launch
            .arrays
            .iter()
            .map(|array| Ok(array.buffer.of::<HostBuffer>()?.pointer()))
            .collect::<Result<Vec<*mut u8>>>()?;
        let pointers = Pointers(pointers);
        let offsets: Vec<i64> = launch.arrays.iter().map(|array| array.offset).collect();
        let points = launch.points()?;
        // Units are elements of a one-dimensional space and rows of any other.
        let units =
            if launch.space.len() == 1 { points } else { launch.space[..launch.space.len() - 1].iter().product() };
        let chunks = if self.threads == 1 || points < SERIAL_POINTS {
            1
        } else {
            (self.threads as i64 * CHUNKS_PER_THREAD).min(points / (SERIAL_POINTS / CHUNKS_PER_THREAD)).clamp(1, units)
        };
        // Chunks begin at multiples of a cache line's worth of elements, so that no two threads write into one.
        let align = if launch.space.len() == 1 { 64 } else { 1 };
        let size = (units / chunks + (units % chunks != 0) as i64 + align - 1) / align * align;
        let template = parameters(&self.manifest.scalars, launch, &offsets, 0, units)?;
        let places = [numbra_front::ir::Role::Begin, numbra_front::ir::Role::End]
            .map(|role| self.manifest.scalars.iter().position(|scalar| scalar.role == role));
        let fault: Mutex<Option<Status>> = Mutex::new(None);
        // Who may be interrupted runs its chunks in pieces.
        let pace = interrupt::watched().then(|| {
            let first = if self.manifest.nested_loops { 1 } else { (FIRST_PIECE / (points / units)).max(align) };
            Pace::new(first, SHORTEST_PIECE)
        });
        let interrupted = AtomicBool::new(false);
        pool::run(chunks as usize, &|chunk| {
            // A closure takes single fields of what it uses; the pointers must go as the whole that is Sync.
            let pointers = &pointers;
            let (mut begin, end) = (chunk as i64 * size, ((chunk as i64 + 1) * size).min(units));
            let mut values = template.clone();
            while begin < end && !interrupted.load(Ordering::Relaxed) {
                let piece = pace.as_ref().map_or(end - begin, |pace| pace.amount().min(end - begin));
                for (place, value) in places.iter().zip([begin, begin + piece]) {
                    if let Some(place) = place {
                        values[*place] = value as u64;
                    }
                }
                let start = pace.as_ref().map(|_| Instant::now());
                let mut status = Status::default();
                // SAFETY: the pointers and parameters fit the manifest, whose kernel this is; buffers outlive the launch.
                unsafe { self.code.call(&pointers.0, &values, &mut status) };
                if status.flag != 0 {
                    let mut fault = fault.lock().unwrap_or_else(PoisonError::into_inner);
                    if fault.as_ref().is_none_or(|other| status.position < other.position) {
                        *fault = Some(status);
                    }
                    return;
                }
                if let (Some(pace), Some(start)) = (&pace, start) {
                    pace.took(piece, start.elapsed());
                    // Asks on the thread that was called alone.
                    if interrupt::check().is_err() {
                        interrupted.store(true, Ordering::Relaxed);
                    }
                }
                begin += piece;
            }
        });
        if interrupted.into_inner() {
            return Err(Error::Interrupted);
        }
        match fault.into_inner().unwrap_or_else(PoisonError::into_inner) {
            None => Ok(()),
            Some(status) => Err(self.fault(status, launch.space)),
        }
    }

    fn host_code(&self) -> Option<&dyn HostCode> {
        Some(self)
    }
}

impl HostCode for Native {
    fn has_long_points(&self) -> bool {
        self.manifest.nested_loops
    }

    fn scalars(&self) -> &[ScalarParameter] {
        &self.manifest.scalars
    }

    unsafe fn call(&self, buffers: &[*mut u8], scalars: &[u64], space: &[i64]) -> Result<()> {
        let mut status = Status::default();
        // SAFETY: the caller's promise.
        unsafe { self.code.call(buffers, scalars, &mut status) };
        if status.flag == 0 { Ok(()) } else { Err(self.fault(status, space)) }
    }
}

impl Native {
    fn fault(&self, Status { site, position, payload, .. }: Status, space: &[i64]) -> Error {
        self.sites.error(FaultRecord { site, position, payload }, space)
    }
}
