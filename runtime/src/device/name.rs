//! Devices by name.

use super::Device;
use super::cpu;
use super::interp::Interp;
use crate::error::{Error, Result};
use numbra_front::error::ErrorClass;
pub use numbra_front::types::DeviceName;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, Once, PoisonError};

/// The device of that name, the same one each time.
pub fn open(name: DeviceName) -> Result<Arc<dyn Device>> {
    static OPEN: Mutex<Option<HashMap<DeviceName, Arc<dyn Device>>>> = Mutex::new(None);
    if name == DeviceName::Auto {
        return auto();
    }
    let mut devices = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let devices = devices.get_or_insert_default();
    if let Some(device) = devices.get(&name) {
        return Ok(device.clone());
    }
    let device = create(name)?;
    devices.insert(name, device.clone());
    Ok(device)
}

fn create(name: DeviceName) -> Result<Arc<dyn Device>> {
    match name {
        DeviceName::Cpu => cpu::open(false),
        DeviceName::Parallel => cpu::open(true),
        DeviceName::Interp => Ok(Arc::new(Interp)),
        DeviceName::Cuda(number) => super::cuda::open(number),
        DeviceName::Vulkan(_) | DeviceName::Metal(_) | DeviceName::Dx12(_) => super::gpu::open(name),
        DeviceName::Auto => auto(),
    }
}

/// The best device that is here: a hardware GPU, else all threads of the processor, else what runs everywhere. That is slow,
/// and a line on standard error says so, once.
pub fn auto() -> Result<Arc<dyn Device>> {
    static TOLD: Once = Once::new();
    let gpus = [DeviceName::Cuda(0), DeviceName::Vulkan(0), DeviceName::Metal(0), DeviceName::Dx12(0)];
    let mut gpus = gpus.into_iter().filter_map(|name| open(name).ok());
    let gpu = gpus.find(|device| !device.is_software_gpu() && device.ready().is_ok());
    if let Some(gpu) = gpu {
        return Ok(gpu);
    }
    open(DeviceName::Parallel).or_else(|_| {
        TOLD.call_once(|| eprintln!("{}", slow()));
        open(DeviceName::Interp)
    })
}

/// What there is to say where nothing but the interpreter is found.
fn slow() -> String {
    let mut ways = vec!["a GPU with a driver for Vulkan"];
    if !cfg!(feature = "wgpu") {
        ways[0] = "a GPU, with numbra's feature 'wgpu'";
    }
    if !cfg!(feature = "llvm") {
        ways.push("the processor itself, with numbra's feature 'llvm' (it needs LLVM 22)");
    }
    if open(DeviceName::Vulkan(0)).is_ok_and(|device| device.is_software_gpu()) {
        ways.push("the GPU in software that is here, if asked for by its name, vulkan");
    }
    format!(
        "warning: numbra found no GPU in hardware and runs kernels in its interpreter, which is slow\n  \
         help: faster would be: {}; to keep the interpreter and hear no more of this, ask for interp",
        ways.join("; ")
    )
}

/// Every device that numbra knows of, or why it is not here.
pub fn list() -> Vec<(DeviceName, Result<Arc<dyn Device>>)> {
    let mut names = vec![DeviceName::Interp, DeviceName::Cpu, DeviceName::Parallel];
    names.extend(super::cuda::names());
    names.extend(super::gpu::names());
    names.into_iter().map(|name| (name, open(name))).collect()
}

/// The device that NUMBRA_TARGET names, which overrides targets named in kernels, and defaults.
pub fn target_from_environment() -> Result<Option<DeviceName>> {
    match std::env::var("NUMBRA_TARGET") {
        Ok(text) if !text.is_empty() => text.parse().map(Some).map_err(|error| {
            let class = numbra_front::Error::class(&error);
            Error::call(format!("NUMBRA_TARGET: {error}")).of_class(class.unwrap_or(ErrorClass::Value))
        }),
        _ => Ok(None),
    }
}
