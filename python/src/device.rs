//! What is here: devices, versions, threads.

use numbra::device::{self, Device};
use numbra_front::types::ScalarType;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

/// Every device that numbra knows of, a dict each: name, description, dtypes and limits of those that are here, reason of
/// those that are not.
#[pyfunction]
pub fn devices(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    // Drivers take their time to load.
    let found = py.detach(device::list);
    let list = PyList::empty(py);
    for (name, device) in found {
        let entry = PyDict::new(py);
        match device {
            Ok(device) => {
                entry.set_item("name", device.name())?;
                entry.set_item("available", true)?;
                entry.set_item("description", device.description())?;
                entry.set_item("dtypes", dtypes(device.as_ref()))?;
                entry.set_item("limits", device.limits())?;
            }
            Err(error) => {
                entry.set_item("name", name.to_string())?;
                entry.set_item("available", false)?;
                entry.set_item("reason", error.to_string())?;
            }
        }
        list.append(entry)?;
    }
    Ok(list)
}

fn dtypes(device: &dyn Device) -> Vec<&'static str> {
    let capabilities = device.target().capabilities;
    let has = |scalar: &ScalarType| match scalar {
        ScalarType::F64 => capabilities.float64,
        ScalarType::I64 | ScalarType::U64 => capabilities.int64,
        _ => true,
    };
    ScalarType::ALL.iter().filter(|scalar| has(scalar)).map(|scalar| scalar.name()).collect()
}

/// The versions of what numbra is made of: (what, version).
#[pyfunction]
pub fn versions() -> Vec<(&'static str, String)> {
    device::versions()
}

/// How many threads the device 'parallel' uses.
#[pyfunction]
pub fn threads() -> usize {
    device::threads()
}
