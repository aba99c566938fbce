//! A GPU as a [`Device`].

use super::driver::{Facts, driver, find, version_text};
use super::gpu::{Gpu, lock};
use super::memory::CudaBuffer;
use crate::array::{BorrowedArray, HostArray};
use crate::call::elements;
use crate::device::grid::Grid;
use crate::device::{Buffer, Device, DeviceName, Kernel, Sites};
use crate::error::{Error, Result};
use numbra_codegen::llvm::{NvptxOptions, compile_nvptx};
use numbra_front::capabilities::Capabilities;
use numbra_front::ir::{Form, Module};
use numbra_front::pipeline::{Schedule, Target};
use numbra_front::types::ScalarType;
use std::sync::{Arc, Mutex};

/// Threads of a group. Every GPU takes so many.
const GROUP: u32 = 256;

pub struct CudaDevice {
    name: String,
    device: cust::device::Device,
    facts: Facts,
    /// Opened when first used: listing devices should not make contexts, which take time and memory.
    gpu: Mutex<Option<&'static Gpu>>,
}

/// The names of all GPUs that the driver finds; where there is none, the one that people would ask for.
pub fn names() -> Vec<DeviceName> {
    let devices = driver("cuda").map_or(1, |driver| driver.devices);
    (0..devices).map(DeviceName::Cuda).collect()
}

/// Finds the GPU of that number.
pub fn open(number: usize) -> Result<Arc<dyn Device>> {
    let (device, facts) = find(number)?;
    Ok(Arc::new(CudaDevice { name: DeviceName::Cuda(number).to_string(), device, facts, gpu: Mutex::new(None) }))
}

impl CudaDevice {
    fn gpu(&self) -> Result<&'static Gpu> {
        let mut gpu = lock(&self.gpu);
        if let Some(gpu) = *gpu {
            return Ok(gpu);
        }
        // Not in a process that was forked after the driver was opened.
        driver(&self.name)?;
        let opened = Gpu::open(&self.name, self.device, self.facts.clone())?;
        *gpu = Some(opened);
        Ok(opened)
    }

    fn buffer(&self, scalar: ScalarType, elements: usize) -> Result<CudaBuffer> {
        let bytes = (elements as u64).checked_mul(scalar.bytes() as u64);
        let bytes = bytes.ok_or_else(|| Error::call("an array with more bytes than can be counted"))?;
        self.gpu()?.allocate(bytes)
    }
}

impl Device for CudaDevice {
    fn name(&self) -> &str {
        &self.name
    }

    fn description(&self) -> String {
        let (major, minor) = self.facts.capability;
        let version = version_text(self.facts.driver);
        format!("{}, compute capability {major}.{minor}, driver for CUDA {version}", self.facts.name)
    }

    fn target(&self) -> Target {
        let schedule = Schedule::Grid { group: GROUP, rows: false };
        Target { schedule, capabilities: Capabilities::llvm("cuda", true) }
    }

    fn schedule(&self, space: &[i64]) -> Schedule {
        // Rows spare a division of 64 bits for every axis. Short ones would leave most of a group without work.
        let rows = space.len() > 1 && space[space.len() - 1] >= i64::from(GROUP) / 2;
        Schedule::Grid { group: GROUP, rows }
    }

    fn ready(&self) -> Result<()> {
        self.gpu()?.enter().map(|_current| ())
    }

    fn limits(&self) -> Vec<(String, String)> {
        let (x, y) = self.facts.grid;
        vec![
            ("memory".into(), format!("{} MiB", self.facts.memory >> 20)),
            ("multiprocessors".into(), self.facts.multiprocessors.to_string()),
            ("compiled for".into(), self.facts.arch.to_string()),
            ("threads of a group".into(), GROUP.to_string()),
            ("groups along an axis".into(), format!("{x}, {y}")),
        ]
    }

    fn load(&self, module: &Module) -> Result<Arc<dyn Kernel>> {
        let kernel = module.functions.first().ok_or_else(|| Error::Internal("a module without a kernel".into()))?;
        let grid = match kernel.form {
            Form::Grid { group, rows } => Grid { group, rows },
            _ => return Err(Error::Internal(format!("'{}' is not scheduled for a GPU", kernel.name))),
        };
        let gpu = self.gpu()?;
        let artefact = compile_nvptx(module, &NvptxOptions { arch: self.facts.arch })?;
        Ok(Arc::new(gpu.load(&artefact, Sites::of(kernel), grid)?))
    }

    fn allocate(&self, scalar: ScalarType, elements: usize) -> Result<Buffer> {
        Ok(Buffer(Arc::new(self.buffer(scalar, elements)?)))
    }

    fn upload(&self, array: &Arc<HostArray>) -> Result<Buffer> {
        let buffer = self.buffer(array.scalar(), array.len())?;
        let bytes = array.bytes();
        self.gpu()?.upload(&buffer, bytes.len(), &mut |part, target| target.copy_from_slice(&bytes[part]))?;
        Ok(Buffer(Arc::new(buffer)))
    }

    fn download(&self, buffer: Buffer, scalar: ScalarType, shape: &[usize]) -> Result<HostArray> {
        let mut array = HostArray::zeros(scalar, shape)?;
        self.download_bytes(buffer, scalar, array.bytes_mut())?;
        Ok(array)
    }

    fn upload_borrowed(&self, array: &BorrowedArray) -> Result<Buffer> {
        let (elements, size) = (elements(array.shape())?, array.scalar().bytes());
        // A view can have more elements than any memory: that is said before the first one is copied.
        let buffer = self.buffer(array.scalar(), elements)?;
        self.gpu()?.upload(&buffer, elements * size, &mut |part, target| {
            array.collect(part.start / size..part.end / size, target);
        })?;
        Ok(Buffer(Arc::new(buffer)))
    }

    fn download_bytes(&self, buffer: Buffer, _: ScalarType, bytes: &mut [u8]) -> Result<()> {
        let buffer = buffer.of::<CudaBuffer>()?;
        let gpu = self.gpu()?;
        if !buffer.belongs_to(gpu) {
            return Err(Error::Internal(format!("{}: a download from another device", self.name)));
        }
        gpu.download(buffer, bytes)
    }

    fn wait(&self) -> Result<()> {
        let opened = *lock(&self.gpu);
        opened.map_or(Ok(()), Gpu::wait)
    }
}
