//! On which device a kernel runs. Where its decorator names one: there, unless NUMBRA_TARGET names another. Else on the
//! default, else on NUMBRA_TARGET's, else on `cpu`.

use crate::error::{exception, front_exception};
use numbra::device::{self, Device, DeviceName};
use pyo3::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

static DEFAULT: Mutex<Option<DeviceName>> = Mutex::new(None);
/// Counts changes of the default, so that kernels notice one without taking the lock.
static CHANGES: AtomicU64 = AtomicU64::new(0);

/// What is known of a kernel's device when the kernel is declared.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    Fixed(DeviceName),
    /// The default, or this one as long as there is no default.
    Default(DeviceName),
}

impl Target {
    /// `declared`: the decorator's `target=`.
    pub fn new(declared: Option<&str>) -> numbra::Result<Target> {
        let environment = device::target_from_environment()?;
        Ok(match (declared, environment) {
            (None, environment) => Target::Default(environment.unwrap_or(DeviceName::Cpu)),
            (Some(_), Some(name)) => Target::Fixed(name),
            (Some(declared), None) => Target::Fixed(declared.parse()?),
        })
    }

    pub fn name(self) -> DeviceName {
        match self {
            Target::Fixed(name) => name,
            Target::Default(name) => DEFAULT.lock().unwrap_or_else(PoisonError::into_inner).unwrap_or(name),
        }
    }

    pub fn open(self) -> numbra::Result<Arc<dyn Device>> {
        device::open(self.name())
    }

    /// A number that changes when the device may have.
    pub fn generation(self) -> u64 {
        match self {
            Target::Fixed(_) => 0,
            Target::Default(_) => CHANGES.load(Ordering::Relaxed),
        }
    }
}

/// Sets the device of kernels without target=, also of those that exist already. None: NUMBRA_TARGET's or 'cpu' again.
#[pyfunction]
#[pyo3(signature = (target))]
pub fn set_default_target(py: Python, target: Option<&str>) -> PyResult<()> {
    let name = target.map(str::parse).transpose().map_err(|error| front_exception(py, error))?;
    *DEFAULT.lock().unwrap_or_else(PoisonError::into_inner) = name;
    CHANGES.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

/// The device of kernels without target=.
#[pyfunction]
pub fn get_default_target(py: Python) -> PyResult<String> {
    let target = Target::new(None).map_err(|error| exception(py, error))?;
    Ok(target.name().to_string())
}
