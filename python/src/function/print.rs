//! What functions print goes to Python's `sys.stdout`.

use crate::arrays;
use crate::raised;
use numbra_front::interp::{Printed, PrintedArray};
use numbra_front::ir::Object;
use numbra_runtime::array::HostArray;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

/// Takes what functions print from now on.
pub fn take() {
    numbra_runtime::print::set_sink(|printed| {
        Python::attach(|py| {
            if let Err(error) = show(py, printed) {
                // The function goes on, as Numba's does where nothing can be printed.
                error.write_unraisable(py, None);
            }
        })
    });
}

fn show(py: Python, printed: &Printed) -> PyResult<()> {
    let objects = printed.objects.iter().map(|object| object_of(py, object, &printed.arrays));
    let objects = PyTuple::new(py, objects.collect::<PyResult<Vec<_>>>()?)?;
    py.import("numbra._print")?.call_method1("show", (objects,)).map(|_| ())
}

fn object_of<'py>(py: Python<'py>, object: &Object, arrays: &[PrintedArray]) -> PyResult<Bound<'py, PyAny>> {
    match object {
        Object::Array(place) => match arrays.get(*place) {
            Some(array) => of_array(py, array),
            None => Ok(py.None().into_bound(py)),
        },
        Object::Tuple(entries) => {
            let entries = entries.iter().map(|entry| object_of(py, entry, arrays));
            Ok(PyTuple::new(py, entries.collect::<PyResult<Vec<_>>>()?)?.into_any())
        }
        other => raised::object(py, other),
    }
}

fn of_array<'py>(py: Python<'py>, array: &PrintedArray) -> PyResult<Bound<'py, PyAny>> {
    let size = array.scalar.bytes();
    let bytes: Vec<u8> = array.elements.iter().flat_map(|bits| bits.to_le_bytes().into_iter().take(size)).collect();
    let held = HostArray::from_bytes(array.scalar, &array.shape, &bytes);
    arrays::to_numpy(py, &held.map_err(|error| PyValueError::new_err(error.to_string()))?)
}
