//! A GPU as a [`Device`].

use super::copies::Copies;
use super::{Adapter, Explain, Gpu, GpuBinding, GpuBuffer, GpuKernel, GpuLaunch};
use crate::array::{BorrowedArray, HostArray};
use crate::call::elements;
use crate::device::grid::{self, Grid};
use crate::device::split::{self, Bound, Limits, Part, split};
use crate::device::{Buffer, Device, DeviceName, FaultRecord, Kernel, Launch, PointLimits, Sites, parameters};
use crate::error::{Error, Result};
use crate::interrupt::Pace;
use numbra_codegen::naga::{compile_spirv, compile_wgsl};
use numbra_front::ir::{Access, Form, Module};
use numbra_front::pipeline::{Schedule, Target};
use numbra_front::types::ScalarType;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// Bytes of an upload that are in the host's memory at once, where they do not lie there as the GPU has them.
const PIECE: usize = 4 << 20;

/// Points of the first piece of a long launch that can be interrupted, and how long later ones take at least.
const FIRST_PIECE: i64 = 1 << 14;
const SHORTEST_PIECE: Duration = Duration::from_millis(25);
/// Points of one dispatch at most: enough to fill any GPU, few enough that no watchdog ends a slow kernel.
const POINTS: i64 = 1 << 26;
/// Threads of a group, where the GPU takes so many.
const GROUP: u32 = 256;

#[derive(Clone)]
pub struct GpuDevice {
    name: String,
    adapter: Adapter,
    gpu: Gpu,
    copies: Arc<Copies>,
}

/// The names of all GPUs that are here, and of each kind of which there is none the first one.
pub fn names() -> Vec<DeviceName> {
    let mut names: Vec<DeviceName> =
        Adapter::enumerate().iter().filter_map(|adapter| adapter.name().parse().ok()).collect();
    for first in [DeviceName::Vulkan(0), DeviceName::Metal(0), DeviceName::Dx12(0)] {
        if !names.contains(&first) {
            names.push(first);
        }
    }
    names
}

pub fn open(name: DeviceName) -> Result<Arc<dyn Device>> {
    let wanted = name.to_string();
    let adapters = Adapter::enumerate();
    let known: Vec<&str> = adapters.iter().map(Adapter::name).collect();
    let Some(adapter) = adapters.iter().find(|adapter| adapter.name() == wanted) else {
        let help = if known.is_empty() {
            "install a Vulkan driver (mesa-vulkan-drivers has one in software), or use cpu, parallel or interp".into()
        } else {
            format!("the GPUs here are: {}; or use cpu, parallel or interp", known.join(", "))
        };
        let reason = match name {
            DeviceName::Metal(_) if !cfg!(target_vendor = "apple") => "Metal is on Apple's systems only",
            DeviceName::Dx12(_) if !cfg!(windows) => "Direct3D 12 is on Windows only",
            _ => "there is no such GPU here",
        };
        return Err(Error::device(wanted, reason, help));
    };
    let gpu = Gpu::open(adapter)?;
    Ok(Arc::new(GpuDevice { name: wanted, adapter: adapter.clone(), gpu, copies: Arc::default() }))
}

impl GpuDevice {
    /// That GPU.
    #[cfg(test)]
    pub(super) fn of(adapter: &Adapter, gpu: Gpu) -> GpuDevice {
        GpuDevice { name: "vulkan".into(), adapter: adapter.clone(), gpu, copies: Arc::default() }
    }

    /// The same device, with copies of its own.
    pub(super) fn without_copies(&self) -> GpuDevice {
        GpuDevice { copies: Arc::default(), ..self.clone() }
    }

    fn buffer(&self, scalar: ScalarType, elements: usize) -> Result<GpuBuffer> {
        let bytes = (elements as u64).checked_mul(stored(scalar).bytes() as u64);
        self.gpu.create_buffer(bytes.ok_or_else(|| Error::call("an array with more bytes than can be counted"))?)
    }

    /// A buffer with so many elements: `collect` copies a part of them to where it is told. `bytes`: all of them, where they lie
    /// one behind the other.
    fn upload_elements(
        &self,
        scalar: ScalarType,
        elements: usize,
        bytes: Option<&[u8]>,
        collect: &dyn Fn(Range<usize>, &mut [u8]),
    ) -> Result<Buffer> {
        // A view can have more elements than any memory: that is said before the first one is copied.
        let buffer = self.buffer(scalar, elements)?;
        if let Some(bytes) = bytes.filter(|_| stored(scalar) == scalar) {
            self.gpu.write(&buffer, 0, bytes)?;
            return Ok(Buffer(Arc::new(buffer)));
        }
        let (size, place) = (scalar.bytes(), stored(scalar).bytes());
        let count = PIECE / place;
        let mut memory = vec![0; count.min(elements) * size];
        self.gpu.write_pieces(&buffer, 0, (elements * place) as u64, &mut |put| {
            for start in (0..elements).step_by(count) {
                let part = start..elements.min(start + count);
                let piece = &mut memory[..part.len() * size];
                collect(part, piece);
                match place == size {
                    true => put((start * place) as u64, piece)?,
                    false => put((start * place) as u64, &widened(scalar, piece))?,
                }
            }
            Ok(())
        })?;
        Ok(Buffer(Arc::new(buffer)))
    }

    fn group(&self) -> u32 {
        GROUP.min(self.gpu.limits().group_threads)
    }
}

impl Device for GpuDevice {
    fn name(&self) -> &str {
        &self.name
    }

    fn description(&self) -> String {
        self.adapter.description()
    }

    fn target(&self) -> Target {
        Target { schedule: Schedule::Grid { group: self.group(), rows: false }, capabilities: self.gpu.capabilities() }
    }

    fn schedule(&self, space: &[i64]) -> Schedule {
        // Rows spare a division for every axis. Short ones would leave most of a group without work, and a launch can
        // be split between rows alone.
        let rows = space.len() > 1 && (self.group() as i64 / 2..=1 << 20).contains(&space[space.len() - 1]);
        Schedule::Grid { group: self.group(), rows }
    }

    fn schedule_of(&self, launch: &Launch) -> Schedule {
        match self.schedule(launch.space) {
            // Between rows alone it could not be split far enough.
            Schedule::Grid { rows: true, .. } if !split::row_fits(launch, self.point_limits().bytes) => {
                self.target().schedule
            }
            schedule => schedule,
        }
    }

    fn is_software_gpu(&self) -> bool {
        self.adapter.is_software()
    }

    fn point_limits(&self) -> PointLimits {
        let limits = self.gpu.limits();
        // Where a binding begins is aligned down.
        let bytes = limits.binding_bytes.saturating_sub(limits.offset_alignment.max(8));
        let turns = self.gpu.capabilities().loop_limit.map_or(u64::MAX, |limit| u64::from(limit.turns));
        PointLimits { bytes, turns }
    }

    fn limits(&self) -> Vec<(String, String)> {
        let limits = self.gpu.limits();
        let mebibytes = |bytes: u64| format!("{} MiB", bytes >> 20);
        vec![
            ("largest buffer".into(), mebibytes(limits.buffer_bytes)),
            ("largest binding".into(), mebibytes(limits.binding_bytes)),
            ("storage buffers of a kernel".into(), limits.storage_buffers.to_string()),
            ("threads of a group".into(), limits.group_threads.to_string()),
            ("groups along an axis".into(), limits.groups.to_string()),
        ]
    }

    fn load(&self, module: &Module) -> Result<Arc<dyn Kernel>> {
        let kernel = module.functions.first().ok_or_else(|| Error::Internal("a module without a kernel".into()))?;
        let capabilities = self.gpu.capabilities();
        let compile = if self.adapter.takes_spirv() { compile_spirv } else { compile_wgsl };
        let artefact = compile(module, &kernel.name, &capabilities)?;
        let code = self.gpu.load(&artefact)?;
        let grid = match kernel.form {
            Form::Grid { group, rows } => Grid { group, rows },
            _ => return Err(Error::Internal(format!("'{}' is not scheduled for a GPU", kernel.name))),
        };
        let pace = Pace::new(FIRST_PIECE, SHORTEST_PIECE);
        Ok(Arc::new(Loaded { device: self.clone(), code, sites: Sites::of(kernel), grid, pace }))
    }

    fn allocate(&self, scalar: ScalarType, elements: usize) -> Result<Buffer> {
        Ok(Buffer(Arc::new(self.buffer(scalar, elements)?)))
    }

    fn upload(&self, array: &Arc<HostArray>) -> Result<Buffer> {
        let (bytes, size) = (array.bytes(), array.scalar().bytes());
        self.upload_elements(array.scalar(), array.len(), Some(bytes), &|part, target| {
            target.copy_from_slice(&bytes[part.start * size..part.end * size]);
        })
    }

    fn download(&self, buffer: Buffer, scalar: ScalarType, shape: &[usize]) -> Result<HostArray> {
        let mut array = HostArray::zeros(scalar, shape)?;
        self.download_bytes(buffer, scalar, array.bytes_mut())?;
        Ok(array)
    }

    fn upload_borrowed(&self, array: &BorrowedArray) -> Result<Buffer> {
        let elements = elements(array.shape())?;
        self.upload_elements(array.scalar(), elements, array.c_order_bytes(), &|part, target| {
            array.collect(part, target)
        })
    }

    fn download_bytes(&self, buffer: Buffer, scalar: ScalarType, bytes: &mut [u8]) -> Result<()> {
        let buffer = buffer.of::<GpuBuffer>()?;
        if stored(scalar) == scalar {
            return self.gpu.read(buffer, 0, bytes);
        }
        let mut words = vec![0; bytes.len() / scalar.bytes() * 4];
        self.gpu.read(buffer, 0, &mut words)?;
        narrow(scalar, &words, bytes);
        Ok(())
    }

    fn wait(&self) -> Result<()> {
        self.gpu.wait()
    }
}

/// The type in which elements lie in GPU memory: small ones take 32 bits, as the pass `small_integers` has it.
fn stored(scalar: ScalarType) -> ScalarType {
    use ScalarType::*;
    match scalar {
        Bool | U8 | U16 => U32,
        I8 | I16 => I32,
        other => other,
    }
}

fn widened(scalar: ScalarType, bytes: &[u8]) -> Vec<u8> {
    use ScalarType::*;
    match scalar {
        I8 => bytes.iter().flat_map(|&byte| (byte as i8 as i32).to_le_bytes()).collect(),
        U16 => {
            bytes.chunks_exact(2).flat_map(|two| (u16::from_le_bytes([two[0], two[1]]) as u32).to_le_bytes()).collect()
        }
        I16 => {
            bytes.chunks_exact(2).flat_map(|two| (i16::from_le_bytes([two[0], two[1]]) as i32).to_le_bytes()).collect()
        }
        _ => bytes.iter().flat_map(|&byte| (byte as u32).to_le_bytes()).collect(),
    }
}

fn narrow(scalar: ScalarType, words: &[u8], out: &mut [u8]) {
    let size = scalar.bytes();
    for (word, element) in words.chunks_exact(4).zip(out.chunks_exact_mut(size)) {
        element.copy_from_slice(&word[..size]);
    }
}

struct Loaded {
    device: GpuDevice,
    code: GpuKernel,
    sites: Sites,
    grid: Grid,
    /// Points that the GPU does in a moment.
    pace: Pace,
}

impl Kernel for Loaded {
    fn launch(&self, launch: &Launch) -> Result<()> {
        let GpuDevice { gpu, copies, .. } = &self.device;
        let limits = gpu.limits();
        let limits = Limits {
            binding_bytes: limits.binding_bytes,
            offset_alignment: limits.offset_alignment.max(8),
            grid: grid::Limits { groups: (limits.groups, limits.groups), points: POINTS },
        };
        let manifest = self.code.manifest();
        let sizes: Vec<u64> = manifest.bindings.iter().map(|binding| binding.scalar.bytes() as u64).collect();
        let readable: Vec<bool> = manifest.bindings.iter().map(|binding| binding.access == Access::Read).collect();
        let sites = self.sites.clone();
        let space = launch.space.to_vec();
        let explain: Arc<Explain> = Arc::new(move |status| {
            let record = FaultRecord { site: status.site, position: status.position as u64, payload: status.payload };
            sites.error(record, &space)
        });
        let start = |part: &Part| {
            // The arrays as the kernel sees them: in place of some there may be copies.
            let mut arrays = Cow::Borrowed(launch.arrays);
            let mut bindings = Vec::with_capacity(arrays.len());
            let mut offsets = Vec::with_capacity(arrays.len());
            for (number, bound) in part.arrays.iter().enumerate() {
                let (first, offset, bytes) = match bound {
                    Bound::Window(window) => (window.first, window.offset, window.bytes),
                    Bound::Copy(block) => {
                        let copy = copies.of(&self.device, &arrays[number], block)?;
                        let (first, elements) = (copy.offset, block.shape.iter().product::<i64>() as u64);
                        arrays.to_mut()[number] = copy;
                        (first, 0, (elements * sizes[number]).next_multiple_of(4))
                    }
                };
                let buffer = arrays[number].buffer.of::<GpuBuffer>()?.clone();
                bindings.push(GpuBinding { buffer, offset, bytes });
                offsets.push(first);
            }
            let launch = Launch { arrays: &arrays, ..*launch };
            let parameters = parameters(&manifest.scalars, &launch, &offsets, part.begin, part.end)?;
            let explain = explain.clone();
            gpu.launch(
                &self.code,
                &GpuLaunch { bindings: &bindings, parameters: &parameters, groups: part.groups, explain },
            )
        };
        let points = launch.points()?;
        let unit = self.grid.unit(launch.space);
        let start = |units| split(launch, &sizes, &readable, self.grid, &limits, units)?.iter().try_for_each(start);
        if self.pace.divides(points) {
            return self.pace.pieces(points / unit, unit, || gpu.finish(), start);
        }
        start(0..points / unit)
    }
}
