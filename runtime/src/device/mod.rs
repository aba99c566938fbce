//! Devices: what can hold arrays and run kernels.
//!
//! [`Device`] is what the rest of the runtime sees; [`open`] finds one by its name. A kernel is lowered for the
//! device's [`Target`], loaded once, and launched with a [`Launch`].

#[cfg(any(test, feature = "wgpu", feature = "cuda"))]
mod compile;
pub mod cpu;
pub mod cuda;
mod gpu;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
pub mod grid;
mod host;
pub mod interp;
mod name;
#[cfg(any(test, feature = "wgpu", feature = "cuda"))]
mod outcome;
mod parameters;
#[cfg(feature = "wgpu")]
pub mod split;
#[cfg(feature = "wgpu")]
pub mod wgpu;

pub use host::HostBuffer;
pub use name::{DeviceName, auto, list, open, target_from_environment};
pub use parameters::parameters;

use crate::array::{BorrowedArray, HostArray};
use crate::cache::Keeping;
use crate::error::{Error, Result};
use numbra_codegen::artefact::ScalarParameter;
use numbra_front::error::ErrorClass;
use numbra_front::ir::{Fault, Footprint, Function, Module, Site};
use numbra_front::pipeline::{Schedule, Target};
use numbra_front::source::Source;
use numbra_front::types::{Constant, ScalarType};
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// Something that holds arrays and runs kernels. Work may be asynchronous: [`Device::download`] and [`Device::wait`]
/// wait for it. A launch that fails makes the buffers that it writes useless, and whatever is computed from them: to
/// download one is the launch's error, as often as that is tried. Other buffers are as they should be.
pub trait Device: Send + Sync {
    /// The name under which [`open`] finds it: `cpu`, `vulkan:0`.
    fn name(&self) -> &str;

    /// What it is, for people: the processor's or adapter's name and driver.
    fn description(&self) -> String;

    /// What kernels are lowered for.
    fn target(&self) -> Target;

    /// The schedule for a space of these extents: the target's own, or a variant of it.
    fn schedule(&self, space: &[i64]) -> Schedule {
        let _ = space;
        self.target().schedule
    }

    /// The schedule for a launch.
    fn schedule_of(&self, launch: &Launch) -> Schedule {
        self.schedule(launch.space)
    }

    /// A GPU in software, which `auto` never chooses.
    fn is_software_gpu(&self) -> bool {
        false
    }

    /// Opens it, where that takes long and is put off until it is used. An error if it cannot be had.
    fn ready(&self) -> Result<()> {
        Ok(())
    }

    /// Whether kernels work on the host's memory as it is, so that [`HostBuffer`]s are buffers of this device.
    fn works_in_host_memory(&self) -> bool {
        false
    }

    /// What one point of a launch may do at most. Folds go in pieces of that.
    fn point_limits(&self) -> PointLimits {
        PointLimits { bytes: u64::MAX, turns: u64::MAX }
    }

    /// Facts for `numbra devices`: (what, how much).
    fn limits(&self) -> Vec<(String, String)>;

    /// Makes a lowered kernel (the first function of `module`) ready to launch.
    fn load(&self, module: &Module) -> Result<Arc<dyn Kernel>>;

    /// The same with code that is kept on disk, or is from now on. What is made for GPUs their drivers keep, if they like.
    fn load_kept(&self, module: &Module, keeping: &Keeping) -> Result<Arc<dyn Kernel>> {
        let _ = keeping;
        self.load(module)
    }

    /// Room for `elements` of a type; the contents are unspecified.
    fn allocate(&self, scalar: ScalarType, elements: usize) -> Result<Buffer>;

    /// A buffer with the elements of a host array. CPU devices use the host's memory as it is.
    fn upload(&self, array: &Arc<HostArray>) -> Result<Buffer>;

    /// The first `elements` of a buffer, after all work before. CPU devices hand over the memory if nobody else has it.
    fn download(&self, buffer: Buffer, scalar: ScalarType, shape: &[usize]) -> Result<HostArray>;

    /// A buffer with the elements of an array in memory of somebody else, in C order. GPUs take them from where they lie.
    fn upload_borrowed(&self, array: &BorrowedArray) -> Result<Buffer> {
        self.upload(&Arc::new(array.to_array()?))
    }

    /// The first elements of a buffer, as many as there is room for, after all work before.
    fn download_bytes(&self, buffer: Buffer, scalar: ScalarType, bytes: &mut [u8]) -> Result<()> {
        bytes.copy_from_slice(self.download(buffer, scalar, &[bytes.len() / scalar.bytes()])?.bytes());
        Ok(())
    }

    /// Waits for all work. An error if a launch of this thread has failed of which nobody was told: the first one.
    fn wait(&self) -> Result<()>;
}

/// What a device lets one point of a launch do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PointLimits {
    /// Bytes from the first to behind the last one that it touches of an array.
    pub bytes: u64,
    /// Turns of a loop.
    pub turns: u64,
}

impl fmt::Debug for dyn Device {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Device({})", self.name())
    }
}

/// The versions of what numbra is made of: (what, version).
pub fn versions() -> Vec<(&'static str, String)> {
    #[allow(unused_mut, reason = "without LLVM there is nothing to add")]
    let mut versions = vec![("numbra", env!("CARGO_PKG_VERSION").to_string())];
    #[cfg(feature = "llvm")]
    {
        let (major, minor, patch) = numbra_codegen::llvm::version();
        versions.push(("LLVM", format!("{major}.{minor}.{patch}")));
    }
    versions
}

/// How many threads the device `parallel` uses: NUMBRA_NUM_THREADS, NUMBA_NUM_THREADS, or the machine's.
pub fn threads() -> usize {
    #[cfg(feature = "llvm")]
    return cpu::pool::threads();
    #[cfg(not(feature = "llvm"))]
    1
}

/// A kernel on a device.
pub trait Kernel: Send + Sync {
    fn launch(&self, launch: &Launch) -> Result<()>;

    /// The code itself, where the thread that launches can as well call it.
    fn host_code(&self) -> Option<&dyn HostCode> {
        None
    }
}

/// Code of a scheduled kernel of form Range that works in the host's memory.
pub trait HostCode: Send + Sync {
    /// The scalar parameters, in order.
    fn scalars(&self) -> &[ScalarParameter];

    /// Whether a point may take any time, because it has loops of its own.
    fn has_long_points(&self) -> bool;

    /// Runs it on this thread. `space`: the extents of the launch, for messages.
    ///
    /// # Safety
    /// There must be as many buffers and scalars as the kernel has; every element that it touches must be there and
    /// aligned, and no other thread may write what this call reads or writes.
    unsafe fn call(&self, buffers: &[*mut u8], scalars: &[u64], space: &[i64]) -> Result<()>;
}

/// Memory of a device; which kind, the device knows.
#[derive(Clone)]
pub struct Buffer(pub Arc<dyn Any + Send + Sync>);

impl Buffer {
    /// The memory as a device's own kind. An error if it belongs to another kind of device.
    pub fn of<T: Any + Send + Sync>(&self) -> Result<&T> {
        self.0.downcast_ref().ok_or_else(|| Error::Internal("a buffer of another device".into()))
    }
}

/// One launch of a kernel.
#[derive(Debug)]
pub struct Launch<'a> {
    /// In the order of the kernel's arrays.
    pub arrays: &'a [Binding],
    /// Which elements of each array a point touches.
    pub footprints: &'a [Footprint],
    /// Bits of the captured scalars.
    pub captures: &'a [u64],
    /// Extents of the space; none is 0.
    pub space: &'a [i64],
}

/// An array as a kernel sees it: a buffer and how the elements lie in it.
#[derive(Clone)]
pub struct Binding {
    pub buffer: Buffer,
    pub scalar: ScalarType,
    /// Of the element with all indices 0, in elements.
    pub offset: i64,
    pub shape: Vec<i64>,
    /// In elements; may be negative or 0.
    pub strides: Vec<i64>,
}

impl fmt::Debug for Binding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Binding({:?} {:?} + {} by {:?})", self.scalar, self.shape, self.offset, self.strides)
    }
}

impl Launch<'_> {
    /// Points of the space. An error if they cannot be counted.
    pub fn points(&self) -> Result<i64> {
        let product = self.space.iter().try_fold(1i64, |product, &extent| product.checked_mul(extent));
        product.ok_or_else(|| Error::call("the arrays have more elements than can be counted"))
    }
}

/// What a kernel leaves when it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultRecord {
    pub site: u32,
    /// Linear position of the point that failed.
    pub position: u64,
    pub payload: u64,
}

/// What a loaded kernel needs to know to explain its faults.
#[derive(Debug, Clone)]
pub struct Sites {
    name: String,
    sites: Vec<Site>,
    source: Option<Arc<Source>>,
}

impl Sites {
    pub fn of(kernel: &Function) -> Sites {
        Sites { name: kernel.name.clone(), sites: kernel.sites.clone(), source: kernel.source.clone() }
    }

    /// The error of a fault in a kernel that ran over `space`.
    pub fn error(&self, record: FaultRecord, space: &[i64]) -> Error {
        let Some(site) = self.sites.get(record.site as usize) else {
            return Error::Internal(format!("'{}' failed at a place that it does not have ({record:?})", self.name));
        };
        let mut rest = record.position as i64;
        let mut point: Vec<String> = Vec::new();
        for &extent in space.iter().rev() {
            point.push((rest % extent.max(1)).to_string());
            rest /= extent.max(1);
        }
        point.reverse();
        let payload = Constant { scalar: ScalarType::I64, bits: record.payload };
        let place = format!("at position ({})", point.join(", "));
        match crate::error::Fault::at(site, &[payload], None, self.source.as_ref()) {
            Error::Fault(mut fault) => {
                fault.mistake.label = place;
                Error::Fault(fault)
            }
            other => Error::call(format!("{other} ({place})")),
        }
    }
}

/// The class of the error that a fault is.
pub fn class_of(fault: Fault) -> ErrorClass {
    match fault {
        Fault::IndexOutOfBounds => ErrorClass::Index,
        Fault::ZeroDivision => ErrorClass::ZeroDivision,
        Fault::Raised => ErrorClass::Raised,
        Fault::LoopLimit => ErrorClass::Unsupported,
        Fault::Unbound => ErrorClass::Unbound,
        Fault::Value => ErrorClass::Value,
        Fault::OutOfMemory => ErrorClass::Memory,
        Fault::Recursion => ErrorClass::Recursion,
        Fault::Printed => ErrorClass::Unsupported,
    }
}
