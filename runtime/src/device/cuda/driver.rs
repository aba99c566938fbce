//! The driver and the GPUs that it finds.

use super::failure::{Failure, check};
use crate::device::DeviceName;
use crate::error::{Error, Result};
use cust::CudaFlags;
use cust::device::{Device, DeviceAttribute};
use cust::sys::{self, CUdevice_attribute};
use numbra_codegen::llvm::Arch;
use std::sync::OnceLock;

/// The driver of this process.
pub struct Driver {
    /// The newest CUDA that it supports: 12040 is 12.4.
    pub version: u32,
    pub devices: usize,
    process: u32,
}

/// What is known of a GPU before it is used.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The product's name.
    pub name: String,
    /// (major, minor)
    pub capability: (u32, u32),
    pub memory: u64,
    pub multiprocessors: u32,
    /// Groups along x and y of a grid.
    pub grid: (u32, u32),
    /// Whether memory can be allocated in the order of a stream.
    pub pools: bool,
    /// Whether the driver ends kernels that run for seconds.
    pub watchdog: bool,
    /// What kernels are compiled for.
    pub arch: Arch,
    /// The version of the driver, as [`Driver::version`].
    pub driver: u32,
}

/// Why there is no driver.
#[derive(Clone)]
struct Absence {
    message: String,
    help: String,
}

/// Opens the driver, once. `device`: how the error names what was asked for.
pub fn driver(device: &str) -> Result<&'static Driver> {
    static DRIVER: OnceLock<Result<Driver, Absence>> = OnceLock::new();
    let driver = DRIVER.get_or_init(initialize);
    let driver = driver.as_ref().map_err(|why| Error::device(device, &why.message, &why.help))?;
    if driver.process != std::process::id() {
        return Err(forked(device));
    }
    Ok(driver)
}

/// The error of a process that was forked after CUDA was used.
pub fn forked(device: &str) -> Error {
    Error::device(
        device,
        "CUDA was used before this process was forked, and its driver does not survive that",
        "start processes with 'spawn', or use the GPU only in them",
    )
}

fn initialize() -> Result<Driver, Absence> {
    numbra_cuda_driver::library().map_err(|why| Absence {
        message: format!("there is no CUDA driver here ({why})"),
        help:
            "install NVIDIA's driver if there is such a GPU; or use vulkan, cpu, parallel or interp: NUMBRA_TARGET=cpu \
               overrides every target named in code"
                .into(),
    })?;
    let failed = |failure: Failure| Absence {
        message: format!("opening the CUDA driver failed: {failure}"),
        help: failure.help().into(),
    };
    cust::init(CudaFlags::empty()).map_err(|error| failed(error.into()))?;
    let mut version = 0;
    // SAFETY: writes one number.
    check(unsafe { sys::cuDriverGetVersion(&mut version) }).map_err(failed)?;
    let devices = Device::num_devices().map_err(|error| failed(error.into()))?;
    if devices == 0 {
        return Err(Absence {
            message: "the CUDA driver finds no GPU".into(),
            help: "see whether nvidia-smi lists one, and whether CUDA_VISIBLE_DEVICES hides it; or use vulkan, cpu, parallel \
                   or interp"
                .into(),
        });
    }
    Ok(Driver { version: version as u32, devices: devices as usize, process: std::process::id() })
}

/// Which PTX a driver takes, newest first: (CUDA version as the driver tells it, PTX version times ten).
/// Source: NVIDIA, "PTX ISA", the table of release notes.
const PTX_VERSIONS: &[(u32, u32)] = &[
    (13000, 90),
    (12090, 88),
    (12080, 87),
    (12070, 86),
    (12050, 85),
    (12040, 84),
    (12030, 83),
    (12020, 82),
    (12010, 81),
    (12000, 80),
    (11080, 78),
    (11070, 77),
    (11060, 76),
    (11050, 75),
    (11040, 74),
    (11030, 73),
    (11020, 72),
    (11010, 71),
    (11000, 70),
    (10020, 65),
    (10010, 64),
    (10000, 63),
    (9020, 62),
    (9010, 61),
    (9000, 60),
];

/// The newest PTX version (times ten) that a driver of this CUDA version takes; `None` where it is older than CUDA 9.
fn ptx_version(driver: u32) -> Option<u32> {
    PTX_VERSIONS.iter().find(|(version, _)| *version <= driver).map(|(_, ptx)| *ptx)
}

/// A CUDA version for people: 12040 is 12.4.
pub fn version_text(version: u32) -> String {
    format!("{}.{}", version / 1000, version % 1000 / 10)
}

/// Finds a GPU by its number.
pub fn find(number: usize) -> Result<(Device, Facts)> {
    let device_name = DeviceName::Cuda(number).to_string();
    let driver = driver(&device_name)?;
    if number >= driver.devices {
        let known: Vec<String> = (0..driver.devices).map(|number| DeviceName::Cuda(number).to_string()).collect();
        let help = format!("the CUDA devices here are: {}; or use cpu, parallel or interp", known.join(", "));
        return Err(Error::device(device_name, "there is no such GPU here", help));
    }
    let failed = |failure: Failure| failure.error(&device_name, "asking for the GPU's properties");
    let device = Device::get_device(number as u32).map_err(|error| failed(error.into()))?;
    let attribute = |attribute| device.get_attribute(attribute).map_err(|error| failed(error.into()));
    let count = |value: i32| u32::try_from(value).unwrap_or(0);
    let capability = (
        count(attribute(DeviceAttribute::ComputeCapabilityMajor)?),
        count(attribute(DeviceAttribute::ComputeCapabilityMinor)?),
    );
    let name = device.name().map_err(|error| failed(error.into()))?;
    let arch = arch(&device_name, &name, capability, driver.version)?;
    let mut pools = 0;
    // SAFETY: writes one number. Drivers before CUDA 11.2 do not know the attribute, and have no pools.
    let asked = unsafe {
        let wanted = CUdevice_attribute::CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED;
        check(sys::cuDeviceGetAttribute(&mut pools, wanted, device.as_raw()))
    };
    let facts = Facts {
        name,
        capability,
        memory: device.total_memory().map_err(|error| failed(error.into()))? as u64,
        multiprocessors: count(attribute(DeviceAttribute::MultiprocessorCount)?),
        grid: (count(attribute(DeviceAttribute::MaxGridDimX)?), count(attribute(DeviceAttribute::MaxGridDimY)?)),
        pools: asked.is_ok() && pools != 0,
        watchdog: attribute(DeviceAttribute::KernelExecTimeout)? != 0,
        arch,
        driver: driver.version,
    };
    Ok((device, facts))
}

/// What to compile for: the newest architecture that both the GPU runs and the driver can assemble.
fn arch(device: &str, name: &str, capability: (u32, u32), driver: u32) -> Result<Arch> {
    let (major, minor) = capability;
    if Arch::for_device(major, minor).is_none() {
        return Err(Error::device(
            device,
            format!("{name} has compute capability {major}.{minor}, and numbra's PTX needs 5.0"),
            "use a newer GPU, vulkan on this one, or cpu or parallel",
        ));
    }
    let taken = ptx_version(driver).and_then(|ptx| Arch::for_driver(major, minor, ptx));
    taken.ok_or_else(|| {
        let version = version_text(driver);
        Error::device(
            device,
            format!("the driver is for CUDA {version}, which takes no PTX that numbra makes (6.0 at least, CUDA 9.0)"),
            "update NVIDIA's driver, or use vulkan, cpu or parallel",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drivers_get_ptx_that_they_take() {
        assert_eq!(ptx_version(13010), Some(90));
        assert_eq!(ptx_version(12060), Some(85));
        assert_eq!(ptx_version(11040), Some(74));
        assert_eq!(ptx_version(8000), None);
        let arch = |capability, driver| arch("cuda:0", "a GPU", capability, driver).map(|arch| arch.to_string());
        assert_eq!(arch((9, 0), 12040).unwrap(), "sm_90");
        assert_eq!(arch((10, 0), 12080).unwrap(), "sm_100");
        // One that is newer than what is known here, and drivers that are older than the GPU's own architecture.
        assert_eq!(arch((13, 5), 14000).unwrap(), "sm_121");
        assert_eq!(arch((12, 1), 12080).unwrap(), "sm_120");
        assert_eq!(arch((8, 9), 11040).unwrap(), "sm_87");
        assert!(arch((3, 5), 12000).unwrap_err().to_string().contains("3.5"));
        let error = arch((7, 0), 8000).unwrap_err().to_string();
        assert!(error.contains("CUDA 8.0") && error.contains("update"), "{error}");
    }
}
