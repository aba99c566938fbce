//! Kernels: from artefact to pipeline, and launches.

use super::batch::{PARAMETER_BYTES, Recorded};
use super::gpu::Gpu;
use super::memory::GpuBuffer;
use crate::device::compile::compiled;
use crate::device::outcome::Contents;
use crate::error::{Error, Result};
use numbra_codegen::naga::{parameters, status};
use numbra_codegen::{Artefact, ArtefactKind, Manifest};
use numbra_front::ir::Access;
use numbra_front::types::Constant;
use std::borrow::Cow;
use std::num::NonZeroU64;
use std::sync::Arc;
use wgpu::{
    BindGroupDescriptor, BindGroupEntry, BindGroupLayout, BindGroupLayoutDescriptor, BindGroupLayoutEntry,
    BindingResource, BindingType, BufferBinding, BufferBindingType, BufferDescriptor, BufferUsages,
    CommandEncoderDescriptor, ComputePassDescriptor, ComputePipeline, ComputePipelineDescriptor, Features,
    PassthroughShaderEntryPoint, PipelineCompilationOptions, PipelineLayoutDescriptor, ShaderModule,
    ShaderModuleDescriptor, ShaderModuleDescriptorPassthrough, ShaderRuntimeChecks, ShaderSource, ShaderStages,
};

/// Turns what a failed launch left into the error that what it wrote is from then on.
pub type Explain = dyn Fn(status::Status) -> Error + Send + Sync;

/// A kernel that is ready to launch.
pub struct GpuKernel {
    pipeline: ComputePipeline,
    layout: BindGroupLayout,
    /// The words of the constant tables, uploaded once.
    tables: Option<GpuBuffer>,
    manifest: Manifest,
}

/// A stretch of a buffer as a kernel sees it.
#[derive(Clone)]
pub struct GpuBinding {
    pub buffer: GpuBuffer,
    /// In bytes, a multiple of [`super::Limits::offset_alignment`].
    pub offset: u64,
    /// In bytes, a multiple of 4, not 0 and at most [`super::Limits::binding_bytes`].
    pub bytes: u64,
}

/// One dispatch.
pub struct GpuLaunch<'a> {
    /// In the order of the kernel's arrays.
    pub bindings: &'a [GpuBinding],
    /// Bits of the scalar parameters, in the manifest's order.
    pub parameters: &'a [u64],
    /// Groups along x and y.
    pub groups: (u32, u32),
    pub explain: Arc<Explain>,
}

impl GpuKernel {
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn parameter_bytes(&self) -> u64 {
        parameters::block_bytes(self.manifest.scalars.iter().map(|scalar| scalar.scalar)) as u64
    }
}

impl Gpu {
    /// Makes an artefact (SPIR-V on Vulkan, WGSL anywhere) ready to launch.
    pub fn load(&self, artefact: &Artefact) -> Result<GpuKernel> {
        let shared = &self.shared;
        let manifest = artefact.manifest.clone();
        self.refuse_kernel(&manifest)?;
        let tables = match manifest.tables.as_slice() {
            [] => None,
            words => {
                let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
                let buffer = self.create_buffer(bytes.len() as u64)?;
                self.write(&buffer, 0, &bytes)?;
                Some(buffer)
            }
        };
        let (gpu, artefact) = (self.clone(), artefact.clone());
        let (pipeline, layout) = compiled(&shared.name, move || gpu.pipeline(&artefact))?;
        let kernel = GpuKernel { pipeline, layout, tables, manifest };
        if shared.is_software {
            self.compile(&kernel)?;
        }
        Ok(kernel)
    }

    /// Has the driver compile what it would compile at the first launch, and waits for it: dispatches no group at all.
    fn compile(&self, kernel: &GpuKernel) -> Result<()> {
        let device = &self.shared.device;
        let create = |usage| {
            let size = kernel.parameter_bytes().max(256);
            device.create_buffer(&BufferDescriptor { label: None, size, usage, mapped_at_creation: false })
        };
        // Nobody reads or writes them.
        let [read, written] = [(); 2].map(|()| create(BufferUsages::STORAGE));
        let parameters = create(BufferUsages::UNIFORM);
        let mut buffers: Vec<&wgpu::Buffer> = Vec::new();
        let access = kernel.manifest.bindings.iter().map(|binding| binding.access);
        buffers.extend(access.map(|access| if access == Access::Read { &read } else { &written }));
        buffers.push(&parameters);
        buffers.extend(kernel.manifest.has_status.then_some(&written));
        buffers.extend(kernel.tables.as_ref().map(GpuBuffer::raw));
        let entries = buffers.iter().enumerate().map(|(number, buffer)| {
            let size = if *buffer == &parameters { NonZeroU64::new(kernel.parameter_bytes()) } else { None };
            BindGroupEntry {
                binding: number as u32,
                resource: BindingResource::Buffer(BufferBinding { buffer, offset: 0, size }),
            }
        });
        let entries: Vec<BindGroupEntry> = entries.collect();
        self.shared.compile(|| {
            let descriptor = BindGroupDescriptor { label: None, layout: &kernel.layout, entries: &entries };
            let bindings = device.create_bind_group(&descriptor);
            let mut encoder = device.create_command_encoder(&CommandEncoderDescriptor::default());
            let mut pass = encoder.begin_compute_pass(&ComputePassDescriptor::default());
            pass.set_pipeline(&kernel.pipeline);
            pass.set_bind_group(0, &bindings, &[0]);
            pass.dispatch_workgroups(0, 0, 0);
            drop(pass);
            self.shared.queue.submit([encoder.finish()])
        })
    }

    /// Has the driver compile an artefact.
    fn pipeline(&self, artefact: &Artefact) -> Result<(ComputePipeline, BindGroupLayout)> {
        let (shared, manifest) = (&self.shared, &artefact.manifest);
        shared.guarded("a kernel", || -> Result<_> {
            let layout = self.layout(manifest);
            let shader = self.shader(artefact)?;
            let pipeline_layout = shared.device.create_pipeline_layout(&PipelineLayoutDescriptor {
                bind_group_layouts: &[Some(&layout)],
                ..PipelineLayoutDescriptor::default()
            });
            let pipeline = shared.device.create_compute_pipeline(&ComputePipelineDescriptor {
                label: None,
                layout: Some(&pipeline_layout),
                module: &shader,
                entry_point: Some(&manifest.entry),
                compilation_options: PipelineCompilationOptions {
                    zero_initialize_workgroup_memory: false,
                    ..PipelineCompilationOptions::default()
                },
                cache: None,
            });
            Ok((pipeline, layout))
        })?
    }

    /// An error if the GPU cannot bind what the kernel takes.
    fn refuse_kernel(&self, manifest: &Manifest) -> Result<()> {
        let (name, limits) = (&self.shared.name, &self.shared.limits);
        let help = "split the kernel, or run it on cpu or parallel";
        let (arrays, buffers) = (manifest.bindings.len(), manifest.storage_buffers());
        if buffers > limits.storage_buffers {
            let mut takes = format!("the kernel has {arrays} arrays");
            if buffers as usize > arrays {
                let status = manifest.has_status.then_some("a record of its failures");
                let tables = (!manifest.tables.is_empty()).then_some("its constant tables");
                let others: Vec<&str> = status.into_iter().chain(tables).collect();
                takes = format!("{takes}, and takes buffers for {} too", others.join(" and "));
            }
            let message =
                format!("{takes}: {buffers} buffers, and a kernel of this GPU has at most {}", limits.storage_buffers);
            return Err(Error::device(name, message, help));
        }
        let bytes = manifest.tables.len() as u64 * 4;
        if bytes > limits.binding_bytes {
            let most = limits.binding_bytes >> 20;
            let message =
                format!("the kernel's constant tables have {bytes} bytes, and this GPU binds {most} MiB at once");
            return Err(Error::device(name, message, "pass them as arguments, or run the kernel on cpu or parallel"));
        }
        let bytes = parameters::block_bytes(manifest.scalars.iter().map(|scalar| scalar.scalar)) as u64;
        let most = self.shared.device.limits().max_uniform_buffer_binding_size.min(PARAMETER_BYTES);
        if bytes > most {
            let message = format!("the kernel's scalar arguments have {bytes} bytes, and this GPU takes {most}");
            return Err(Error::device(name, message, "pass them in an array, or run the kernel on cpu or parallel"));
        }
        Ok(())
    }

    fn shader(&self, artefact: &Artefact) -> Result<ShaderModule> {
        let device = &self.shared.device;
        match artefact.kind {
            ArtefactKind::Spirv if device.features().contains(Features::PASSTHROUGH_SHADERS) => {
                let words: Vec<u32> = artefact
                    .bytes
                    .chunks_exact(4)
                    .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
                    .collect();
                let group = artefact.manifest.group.unwrap_or(1);
                let entry = PassthroughShaderEntryPoint {
                    name: Cow::Borrowed(artefact.manifest.entry.as_str()),
                    workgroup_size: (group, 1, 1),
                };
                let descriptor = ShaderModuleDescriptorPassthrough {
                    entry_points: Cow::Owned(vec![entry]),
                    spirv: Some(Cow::Owned(words)),
                    ..ShaderModuleDescriptorPassthrough::default()
                };
                // SAFETY: our own back end made it: naga validated it, and its accesses are in range.
                Ok(unsafe { device.create_shader_module_passthrough(descriptor) })
            }
            ArtefactKind::Wgsl => {
                let text = artefact.text().ok_or_else(|| Error::Internal("WGSL that is no text".into()))?;
                let descriptor =
                    ShaderModuleDescriptor { label: None, source: ShaderSource::Wgsl(Cow::Borrowed(text)) };
                // SAFETY: as above; wgpu's own checks would only cost time.
                Ok(unsafe { device.create_shader_module_trusted(descriptor, ShaderRuntimeChecks::unchecked()) })
            }
            kind => Err(Error::Internal(format!("{} does not take {kind:?}", self.shared.name))),
        }
    }

    fn layout(&self, manifest: &Manifest) -> BindGroupLayout {
        let entry = |binding: usize, ty, has_dynamic_offset| BindGroupLayoutEntry {
            binding: binding as u32,
            visibility: ShaderStages::COMPUTE,
            ty: BindingType::Buffer { ty, has_dynamic_offset, min_binding_size: None },
            count: None,
        };
        let arrays = manifest.bindings.len();
        let mut entries: Vec<BindGroupLayoutEntry> = manifest
            .bindings
            .iter()
            .enumerate()
            .map(|(number, binding)| {
                let read_only = binding.access == Access::Read;
                entry(number, BufferBindingType::Storage { read_only }, false)
            })
            .collect();
        entries.push(entry(arrays, BufferBindingType::Uniform, true));
        if manifest.has_status {
            entries.push(entry(arrays + 1, BufferBindingType::Storage { read_only: false }, false));
        }
        if !manifest.tables.is_empty() {
            entries.push(entry(entries.len(), BufferBindingType::Storage { read_only: true }, false));
        }
        self.shared.device.create_bind_group_layout(&BindGroupLayoutDescriptor { label: None, entries: &entries })
    }

    /// Launches a kernel after all work before. If it fails, what it writes is of no use. An error if what it reads, or
    /// what it writes to, is known to be so.
    pub fn launch(&self, kernel: &GpuKernel, launch: &GpuLaunch) -> Result<()> {
        let shared = &self.shared;
        self.refuse(kernel, launch)?;
        if launch.groups.0 == 0 || launch.groups.1 == 0 {
            return shared.usable();
        }
        let scalars = kernel.manifest.scalars.iter().zip(launch.parameters);
        let values: Vec<Constant> =
            scalars.map(|(parameter, &bits)| Constant { scalar: parameter.scalar, bits }).collect();
        let words: Vec<u8> = parameters::pack(&values).iter().flat_map(|word| word.to_le_bytes()).collect();

        let mut batch = shared.batch()?;
        // Either may submit or even wait; what they give is then still right, since it is used after.
        let status_slot = if kernel.manifest.has_status { Some(shared.status_slot(&mut batch)?) } else { None };
        let contents = || launch.bindings.iter().map(|binding| binding.buffer.contents());
        contents().try_for_each(Contents::check)?;
        let parameter_slot = shared.parameter_slot(&mut batch, &words)?;
        let arrays = launch.bindings.len();
        let buffer = |buffer, offset, bytes| {
            BindingResource::Buffer(BufferBinding { buffer, offset, size: NonZeroU64::new(bytes) })
        };
        let mut entries: Vec<BindGroupEntry> = launch
            .bindings
            .iter()
            .enumerate()
            .map(|(number, binding)| BindGroupEntry {
                binding: number as u32,
                resource: buffer(binding.buffer.raw(), binding.offset, binding.bytes),
            })
            .collect();
        let parameters = buffer(&batch.parameters, 0, kernel.parameter_bytes());
        entries.push(BindGroupEntry { binding: arrays as u32, resource: parameters });
        if let Some(slot) = status_slot {
            let record = buffer(&batch.status, slot, status::WORDS as u64 * 4);
            entries.push(BindGroupEntry { binding: arrays as u32 + 1, resource: record });
        }
        if let Some(tables) = &kernel.tables {
            let resource = buffer(tables.raw(), 0, tables.bytes());
            entries.push(BindGroupEntry { binding: entries.len() as u32, resource });
        }
        let bindings = shared.guarded("a launch", || {
            let descriptor = BindGroupDescriptor { label: None, layout: &kernel.layout, entries: &entries };
            shared.device.create_bind_group(&descriptor)
        })?;
        let mut outcomes = Contents::outcomes(contents());
        outcomes.push(shared.submission(&mut batch));
        if status_slot.is_some() {
            let outcome = shared.outcomes.pending(outcomes);
            shared.watch(&mut batch, &launch.explain, &outcome);
            outcomes = vec![outcome];
        }
        let written = contents().zip(&kernel.manifest.bindings).filter(|(_, binding)| binding.access != Access::Read);
        written.for_each(|(contents, _)| contents.set(&outcomes));
        let recorded =
            Recorded { pipeline: kernel.pipeline.clone(), bindings, parameters: parameter_slot, groups: launch.groups };
        shared.record(&mut batch, recorded)
    }

    /// Breaches of what [`GpuLaunch`] says, before wgpu sees them.
    fn refuse(&self, kernel: &GpuKernel, launch: &GpuLaunch) -> Result<()> {
        let shared = &self.shared;
        let limits = &shared.limits;
        let wrong = |what: &str| Err(Error::Internal(format!("{}: a launch with {what}", shared.name)));
        if launch.bindings.len() != kernel.manifest.bindings.len()
            || launch.parameters.len() != kernel.manifest.scalars.len()
        {
            return wrong("more or fewer arguments than the kernel takes");
        }
        if launch.groups.0 > limits.groups || launch.groups.1 > limits.groups {
            return wrong("more groups than the GPU takes");
        }
        for binding in launch.bindings {
            let end = binding.offset.checked_add(binding.bytes);
            if !binding.buffer.belongs_to(shared) {
                return wrong("a buffer of another device");
            }
            if binding.bytes == 0
                || !binding.bytes.is_multiple_of(4)
                || !binding.offset.is_multiple_of(limits.offset_alignment)
                || binding.bytes > limits.binding_bytes
                || end.is_none_or(|end| end > binding.buffer.raw().size())
            {
                return wrong("a binding that does not fit its buffer or the GPU");
            }
        }
        let written = |number: usize| kernel.manifest.bindings[number].access != Access::Read;
        for (number, one) in launch.bindings.iter().enumerate() {
            for (other_number, other) in launch.bindings.iter().enumerate().skip(number + 1) {
                if one.buffer.is_same(&other.buffer) && (written(number) || written(other_number)) {
                    return wrong("a buffer that it writes bound twice");
                }
            }
        }
        Ok(())
    }
}
