//! What GPUs are here, and what they can do.

use numbra_front::capabilities::{Capabilities, LoopLimit};
use std::sync::OnceLock;
use wgpu::{Backend, Backends, DeviceType, Features, Instance, InstanceDescriptor, InstanceFlags};

/// A GPU that can be opened.
#[derive(Debug, Clone)]
pub struct Adapter {
    pub(super) raw: wgpu::Adapter,
    name: String,
    backend: &'static str,
}

/// What a GPU takes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a buffer.
    pub buffer_bytes: u64,
    /// Bytes of a buffer that can be bound at once.
    pub binding_bytes: u64,
    /// Storage buffers of a kernel: its arrays, the status record of one that can fail, its constant tables.
    pub storage_buffers: u32,
    /// What the byte offset of a binding must be a multiple of.
    pub offset_alignment: u64,
    /// Groups along an axis of the grid.
    pub groups: u32,
    /// Threads of a group along x.
    pub group_threads: u32,
}

impl Adapter {
    /// Every GPU, software ones included, found once. Empty where there is no driver.
    pub fn enumerate() -> Vec<Adapter> {
        static ADAPTERS: OnceLock<Vec<Adapter>> = OnceLock::new();
        ADAPTERS.get_or_init(Adapter::find).clone()
    }

    fn find() -> Vec<Adapter> {
        let backends = Backends::VULKAN | Backends::METAL | Backends::DX12;
        let instance = Instance::new(InstanceDescriptor {
            backends,
            // No validation layers: they change what is measured and are rarely installed.
            flags: InstanceFlags::empty(),
            ..InstanceDescriptor::new_without_display_handle()
        });
        let mut adapters: Vec<Adapter> = Vec::new();
        for raw in pollster::block_on(instance.enumerate_adapters(backends)) {
            let backend = match raw.get_info().backend {
                Backend::Vulkan => "vulkan",
                Backend::Metal => "metal",
                Backend::Dx12 => "dx12",
                _ => continue,
            };
            let number = adapters.iter().filter(|adapter| adapter.backend == backend).count();
            adapters.push(Adapter { raw, name: format!("{backend}:{number}"), backend });
        }
        adapters
    }

    /// `vulkan:0`, `metal:0`, ...
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `vulkan`, `metal` or `dx12`.
    pub fn backend(&self) -> &'static str {
        self.backend
    }

    /// The hardware's name and its driver's, for people.
    pub fn description(&self) -> String {
        let info = self.raw.get_info();
        let driver = [info.driver.as_str(), info.driver_info.as_str()].join(" ");
        match driver.trim() {
            "" => info.name,
            driver => format!("{}, driver {driver}", info.name),
        }
    }

    /// Whether it only pretends to be a GPU.
    pub fn is_software(&self) -> bool {
        self.raw.get_info().device_type == DeviceType::Cpu
    }

    /// Whether SPIR-V goes to the driver as it is: without that nothing forbids it to fuse and regroup float operations.
    pub fn takes_spirv(&self) -> bool {
        self.backend == "vulkan" && self.raw.features().contains(Features::PASSTHROUGH_SHADERS)
    }

    pub fn capabilities(&self) -> Capabilities {
        let features = self.raw.features();
        let int64 = features.contains(Features::SHADER_INT64);
        // The float64 prelude needs strict operations. No driver promises that its fma is fused.
        let float64 = features.contains(Features::SHADER_F64) && self.takes_spirv();
        let info = self.raw.get_info();
        // "llvmpipe (LLVM 15.0.6, 256 bits)": a thread has 32 of them.
        let bits = || info.name.rsplit_once(" bits)")?.0.rsplit_once(' ')?.1.parse::<u32>().ok();
        let limit =
            LoopLimit { lanes: bits().map_or(LoopLimit::LLVMPIPE.lanes, |bits| bits / 32), ..LoopLimit::LLVMPIPE };
        let loop_limit = (info.driver == limit.driver).then_some(limit);
        Capabilities { loop_limit, ..Capabilities::naga(self.backend).with_64_bits(int64, float64) }
    }

    pub fn limits(&self) -> Limits {
        let limits = self.raw.limits();
        let alignment = limits.min_storage_buffer_offset_alignment.max(8);
        Limits {
            buffer_bytes: limits.max_buffer_size / 4 * 4,
            binding_bytes: limits.max_storage_buffer_binding_size / u64::from(alignment) * u64::from(alignment),
            storage_buffers: limits.max_storage_buffers_per_shader_stage,
            offset_alignment: u64::from(alignment),
            groups: limits.max_compute_workgroups_per_dimension,
            group_threads: limits.max_compute_workgroup_size_x.min(limits.max_compute_invocations_per_workgroup),
        }
    }

    /// Whether its memory is the host's, so that nothing need be copied to be read or written by the host. (With a GPU of its
    /// own memory such access goes over the bus for every kernel.)
    pub fn shares_memory(&self) -> bool {
        let shared = matches!(self.raw.get_info().device_type, DeviceType::Cpu | DeviceType::IntegratedGpu);
        shared && self.raw.features().contains(Features::MAPPABLE_PRIMARY_BUFFERS)
    }

    /// The features to ask for, of those that it has.
    pub(super) fn features(&self) -> Features {
        let mut useful = Features::SHADER_INT64 | Features::SHADER_F64 | Features::PASSTHROUGH_SHADERS;
        if self.shares_memory() {
            useful |= Features::MAPPABLE_PRIMARY_BUFFERS;
        }
        self.raw.features() & useful
    }
}
