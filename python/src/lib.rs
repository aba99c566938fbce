//! The extension module `numbra._core`.
use pyo3::prelude::*;

#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let devices = numbra::device::list();
    module.add("n", devices.len())?;
    Ok(())
}
