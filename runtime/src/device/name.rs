//! Devices by name.

use super::Device;
use super::cpu;
use super::interp::Interp;
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

/// A device as users write it: `cpu`, `vulkan:1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeviceName {
    /// One thread of the processor.
    Cpu,
    /// All its threads.
    Parallel,
    /// The interpreter, which checks every access.
    Interp,
    Cuda(usize),
    Vulkan(usize),
    Metal(usize),
    Dx12(usize),
    /// The best device that is here; never a software GPU.
    Auto,
}

impl FromStr for DeviceName {
    type Err = Error;

    fn from_str(text: &str) -> Result<DeviceName> {
        let unknown = || {
            Error::call_with_help(
                format!("there is no device called '{text}'"),
                "devices are cpu, parallel, cuda[:n], vulkan[:n], metal, dx12, interp and auto",
            )
        };
        let (kind, number) = match text.split_once(':') {
            Some((kind, number)) => (kind, Some(number.parse::<usize>().map_err(|_| unknown())?)),
            None => (text, None),
        };
        Ok(match (kind, number) {
            ("cpu", None) => DeviceName::Cpu,
            ("parallel", None) => DeviceName::Parallel,
            ("interp", None) => DeviceName::Interp,
            ("auto", None) => DeviceName::Auto,
            ("cuda", number) => DeviceName::Cuda(number.unwrap_or(0)),
            ("vulkan", number) => DeviceName::Vulkan(number.unwrap_or(0)),
            ("metal", number) => DeviceName::Metal(number.unwrap_or(0)),
            ("dx12", number) => DeviceName::Dx12(number.unwrap_or(0)),
            _ => return Err(unknown()),
        })
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DeviceName::Cpu => formatter.write_str("cpu"),
            DeviceName::Parallel => formatter.write_str("parallel"),
            DeviceName::Interp => formatter.write_str("interp"),
            DeviceName::Auto => formatter.write_str("auto"),
            DeviceName::Cuda(number) => write!(formatter, "cuda:{number}"),
            DeviceName::Vulkan(number) => write!(formatter, "vulkan:{number}"),
            DeviceName::Metal(number) => write!(formatter, "metal:{number}"),
            DeviceName::Dx12(number) => write!(formatter, "dx12:{number}"),
        }
    }
}

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

/// The best device that is here: a hardware GPU, else all threads of the processor, else what runs everywhere.
pub fn auto() -> Result<Arc<dyn Device>> {
    let gpus = [DeviceName::Cuda(0), DeviceName::Vulkan(0), DeviceName::Metal(0), DeviceName::Dx12(0)];
    let mut gpus = gpus.into_iter().filter_map(|name| open(name).ok());
    let gpu = gpus.find(|device| !device.is_software_gpu() && device.ready().is_ok());
    gpu.map_or_else(|| open(DeviceName::Parallel).or_else(|_| open(DeviceName::Interp)), Ok)
}

/// Every device that numbra knows of, or why it is not here.
pub fn list() -> Vec<(DeviceName, Result<Arc<dyn Device>>)> {
    let mut names = vec![DeviceName::Interp, DeviceName::Cpu, DeviceName::Parallel];
    names.extend(super::cuda::names());
    names.extend(super::gpu::names());
    names.into_iter().map(|name| (name, open(name))).collect()
}

/// The device that NUMBRA_TARGET names, which overrides every target named in code.
pub fn target_from_environment() -> Result<Option<DeviceName>> {
    match std::env::var("NUMBRA_TARGET") {
        Ok(text) if !text.is_empty() => text.parse().map(Some).map_err(|error| match error {
            Error::Call { class, message, help } => {
                Error::Call { class, message: format!("NUMBRA_TARGET: {message}"), help }
            }
            other => other,
        }),
        _ => Ok(None),
    }
}
