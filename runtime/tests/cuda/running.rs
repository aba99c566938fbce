//! A device that computes: each kernel is compiled for the host too, and the fake driver's launches run that with the
//! arguments that they were given.

use crate::fake::Fake;
use numbra_codegen::llvm::{NativeKernel, NativeOptions, Status, compile_native};
use numbra_front::ir::Module;
use numbra_front::pipeline::{Schedule, Target};
use numbra_front::types::ScalarType;
use numbra_grid::Grid;
use numbra_runtime::Result;
use numbra_runtime::array::{BorrowedArray, HostArray};
use numbra_runtime::device::{Buffer, Device, Kernel};
use std::sync::{Arc, Mutex};

/// The kernel of each module that the driver has loaded, in that order.
static LOADED: Mutex<Vec<Loaded>> = Mutex::new(Vec::new());

struct Loaded {
    arrays: usize,
    has_status: bool,
    grid: Grid,
    thread: NativeKernel,
}

/// A device of the fake driver whose launches compute.
pub struct Running(Arc<dyn Device>);

impl Running {
    pub fn on(fake: &Fake, device: Arc<dyn Device>) -> Arc<dyn Device> {
        fake.on_launch(run);
        Arc::new(Running(device))
    }
}

extern "C" fn run(module: usize, x: u32, y: u32, arguments: *const u64, count: usize) {
    // SAFETY: the fake driver's promise.
    let arguments = unsafe { std::slice::from_raw_parts(arguments, count) };
    let loaded = LOADED.lock().unwrap();
    let kernel = &loaded[module - 1];
    let (pointers, rest) = arguments.split_at(kernel.arrays);
    let pointers: Vec<*mut u8> = pointers.iter().map(|&address| address as *mut u8).collect();
    let (scalars, status) = if kernel.has_status { rest.split_at(rest.len() - 1) } else { (rest, &[][..]) };
    let mut none = Status::default();
    // SAFETY: the address of a status, for as long as the launch runs.
    let status = status.first().map_or(&mut none, |&address| unsafe { &mut *(address as *mut Status) });
    kernel.grid.run(scalars, (x, y), |scalars| {
        let mut own = Status::default();
        // SAFETY: the arguments are those of this kernel, if the device under test is right.
        unsafe { kernel.thread.call(&pointers, scalars, &mut own) };
        if status.flag == 0 {
            *status = own;
        }
    });
}

impl Device for Running {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn description(&self) -> String {
        self.0.description()
    }

    fn target(&self) -> Target {
        self.0.target()
    }

    fn schedule(&self, space: &[i64]) -> Schedule {
        self.0.schedule(space)
    }

    fn limits(&self) -> Vec<(String, String)> {
        self.0.limits()
    }

    fn load(&self, module: &Module) -> Result<Arc<dyn Kernel>> {
        let grid = Grid::new(module);
        let artefact = compile_native(&grid.thread, &NativeOptions::default())?;
        let thread = NativeKernel::load(&artefact)?;
        let (arrays, has_status) = (artefact.manifest.bindings.len(), artefact.manifest.has_status);
        // For the whole of the load, so that the order is the driver's; launches of others go on meanwhile.
        static LOADING: Mutex<()> = Mutex::new(());
        let _loading = LOADING.lock().unwrap();
        let kernel = self.0.load(module)?;
        LOADED.lock().unwrap().push(Loaded { arrays, has_status, grid, thread });
        Ok(kernel)
    }

    fn allocate(&self, scalar: ScalarType, elements: usize) -> Result<Buffer> {
        self.0.allocate(scalar, elements)
    }

    fn upload(&self, array: &Arc<HostArray>) -> Result<Buffer> {
        self.0.upload(array)
    }

    fn upload_borrowed(&self, array: &BorrowedArray) -> Result<Buffer> {
        self.0.upload_borrowed(array)
    }

    fn download(&self, buffer: Buffer, scalar: ScalarType, shape: &[usize]) -> Result<HostArray> {
        self.0.download(buffer, scalar, shape)
    }

    fn wait(&self) -> Result<()> {
        self.0.wait()
    }
}
