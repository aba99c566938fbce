//! GPUs through wgpu: Vulkan, and Metal and DX12 where they are.
//!
//! [`Adapter`] says what is here, [`Gpu`] is one of them opened. Work is recorded, batched and submitted behind the
//! scenes; [`Gpu::wait`] and [`Gpu::read`] wait for it. A launch that fails makes what it writes useless, which is known
//! then (see [`outcome`](super::outcome)). Nothing here panics: wgpu's errors are caught where they arise, or recorded and
//! returned then.

mod adapter;
mod batch;
mod copies;
mod device;
mod gpu;
mod kernel;
mod memory;
#[cfg(test)]
mod tests;

pub use adapter::{Adapter, Limits};
pub use device::{names, open};
pub use gpu::Gpu;
pub use kernel::{Explain, GpuBinding, GpuKernel, GpuLaunch};
pub use memory::GpuBuffer;
