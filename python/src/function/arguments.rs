//! Python's objects as arguments of whole functions.

use super::classes;
use super::dispatcher::Dispatcher;
use crate::arrays;
use crate::error::of_package;
use numbra_front::types::{Constant, ScalarType};
use numbra_runtime::function::{Passed, PassedArray};
use numpy::npyffi::{self, NpyTypes};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyComplex, PyDict, PyFloat, PyInt, PyList, PySet, PyString, PyTuple, PyType};
use std::sync::Arc;

/// Whose argument it is.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub function: &'a str,
    pub parameter: &'a str,
}

/// The argument as the runtime takes it. `objects`: the arrays that it is made of are added, in order.
pub fn passed<'py>(place: Place, object: &Bound<'py, PyAny>, objects: &mut Vec<Bound<'py, PyAny>>) -> PyResult<Passed> {
    let py = object.py();
    if let Some(constant) = python_number(place, object)? {
        return Ok(Passed::Scalar(constant));
    }
    // SAFETY: only asks for the type.
    if unsafe { npyffi::PyArray_Check(py, object.as_ptr()) } != 0 {
        let array = array(place, object)?;
        objects.push(object.clone());
        return Ok(Passed::Array(array));
    }
    if object.is_none() {
        return Ok(Passed::None);
    }
    if let Some(named) = classes::named(place, object, objects)? {
        return Ok(named);
    }
    if let Ok(tuple) = object.cast::<PyTuple>() {
        let entries = tuple.iter().map(|entry| passed(place, &entry, objects));
        return Ok(Passed::Tuple(entries.collect::<PyResult<_>>()?));
    }
    if let Ok(text) = object.cast::<PyString>() {
        return Ok(Passed::Text(Arc::from(text.to_cow()?.as_ref())));
    }
    // SAFETY: asks for a type of NumPy's, which lives as long as the process.
    let generic =
        unsafe { PyType::from_borrowed_type_ptr(py, npyffi::get_type_object(py, NpyTypes::PyGenericArrType_Type)) };
    if let Ok(value) = object.cast_exact::<PyComplex>() {
        return Ok(Passed::Complex(Constant::f64(value.real()), Constant::f64(value.imag())));
    }
    if object.is_instance(&generic)? {
        let parts = complex_parts(object)?;
        if let Some((real, imaginary)) = parts {
            return Ok(Passed::Complex(real, imaginary));
        }
        return numpy_number(place, object).map(Passed::Scalar);
    }
    match dtype(object, &generic)? {
        Some(scalar) => Ok(Passed::Dtype(scalar)),
        None => Err(refused(place, object)),
    }
}

/// Python's own bool, int or float, and what is derived from them.
fn python_number(place: Place, object: &Bound<PyAny>) -> PyResult<Option<Constant>> {
    if let Ok(value) = object.cast::<PyFloat>() {
        let numpys = object.get_type_ptr() != &raw mut pyo3::ffi::PyFloat_Type && value.hasattr("dtype")?;
        return Ok((!numpys).then(|| Constant::f64(value.value())));
    }
    if let Ok(value) = object.cast::<PyBool>() {
        return Ok(Some(Constant::bool(value.is_true())));
    }
    if object.is_instance_of::<PyInt>() {
        let value = object.extract::<i128>().unwrap_or(i128::MAX);
        let scalar = match (i64::try_from(value), u64::try_from(value)) {
            (Ok(_), _) => ScalarType::I64,
            (_, Ok(_)) => ScalarType::U64,
            _ => {
                let Place { function, parameter } = place;
                let message = format!(
                    "argument '{parameter}' of '{function}': Int value is too large: {object}\n  help: integers have 64 \
                     bits; pass a float"
                );
                return Err(of_package(object.py(), "NumbaTypeError", message));
            }
        };
        return Ok(Some(Constant::integer(scalar, value)));
    }
    Ok(None)
}

/// The parts of one of NumPy's complex scalars.
fn complex_parts(object: &Bound<PyAny>) -> PyResult<Option<(Constant, Constant)>> {
    let scalar = match object.get_type().name()?.to_cow()?.as_ref() {
        "complex64" => ScalarType::F32,
        "complex128" => ScalarType::F64,
        _ => return Ok(None),
    };
    let part = |name: &str| Ok::<_, PyErr>(Constant::float(scalar, object.getattr(name)?.extract()?));
    Ok(Some((part("real")?, part("imag")?)))
}

/// A scalar of NumPy's.
fn numpy_number(place: Place, object: &Bound<PyAny>) -> PyResult<Constant> {
    let array = object.py().import("numpy")?.call_method1("asarray", (object,))?;
    let held = arrays::in_place(&array)?.ok_or_else(|| refused(place, object))?;
    let element = held.array.view().ok().and_then(|view| view.get(&[]));
    element.ok_or_else(|| refused(place, object))
}

fn array(place: Place, object: &Bound<PyAny>) -> PyResult<PassedArray> {
    if arrays::is_masked(object)? {
        return Err(refused(place, object));
    }
    let Some(held) = arrays::in_place(object)? else { return Err(refused_array(place, object)?) };
    Ok(PassedArray { array: held.array, writable: object.getattr("flags")?.getattr("writeable")?.is_truthy()? })
}

/// A type of numbers, as a value: one of NumPy's or of numbra's, or a dtype.
fn dtype(object: &Bound<PyAny>, generic: &Bound<PyType>) -> PyResult<Option<ScalarType>> {
    let py = object.py();
    let numpy = py.import("numpy")?;
    let is_class = match object.cast::<PyType>() {
        Ok(class) => class.is_subclass(generic)?,
        Err(_) => false,
    };
    if is_class || object.is_instance(&numpy.getattr("dtype")?)? {
        let name: String = numpy.call_method1("dtype", (object,))?.getattr("name")?.extract()?;
        return Ok(ScalarType::from_name(&name));
    }
    if object.is_instance(&py.import("numbra.types")?.getattr("Type")?)? {
        return Ok(ScalarType::from_name(&object.str()?.to_cow()?));
    }
    Ok(None)
}

/// An array that functions cannot work on where it is.
fn refused_array(place: Place, object: &Bound<PyAny>) -> PyResult<PyErr> {
    let Place { function, parameter } = place;
    let dtype = object.getattr("dtype")?;
    let native: bool = dtype.getattr("isnative")?.extract()?;
    let name: String = dtype.getattr("name")?.extract()?;
    let what = match ScalarType::from_name(&name) {
        Some(_) if !native => "is not in the machine's byte order".to_string(),
        Some(_) => "does not lie where elements of its size lie in memory".to_string(),
        None => format!("has elements of type {dtype}, which whole functions do not have"),
    };
    let help = match ScalarType::from_name(&name) {
        Some(_) => format!("pass a copy: {parameter}.astype(np.{name})"),
        None => "the types are bool, int8 to int64, uint8 to uint64, float32 and float64".to_string(),
    };
    let message = format!("argument '{parameter}' of '{function}': the array {what}\n  help: {help}");
    // What Numba takes is only missing here.
    let kind: String = dtype.getattr("kind")?.extract()?;
    let class = if native && "cVMmSU".contains(&kind) { "KernelUnsupportedError" } else { "NumbaTypeError" };
    Ok(of_package(object.py(), class, message))
}

fn refused(place: Place, object: &Bound<PyAny>) -> PyErr {
    let Place { function, parameter } = place;
    let py = object.py();
    let class = object.get_type();
    let help = match () {
        _ if object.is_instance_of::<PyList>() => {
            "whole functions take no lists yet: pass an array, np.array(...), or a tuple"
        }
        _ if object.is_instance_of::<PySet>() => "whole functions take no sets yet: pass an array of its elements",
        _ if object.is_instance_of::<PyDict>() => {
            "whole functions take no dictionaries yet: pass its values one by one, or as arrays"
        }
        _ if object.is_instance_of::<PyBytes>() => "pass an array: np.frombuffer(..., dtype=np.uint8)",
        _ if object.is_callable() => {
            "functions are arguments if they have the decorator jit or njit; call others by their names inside"
        }
        _ => {
            "pass numbers, arrays of numbers, tuples, None, strings or dtypes; of an object of a class of yours, the numbers \
             and arrays in it"
        }
    };
    let message = format!(
        "argument '{parameter}' of '{function}': cannot determine Numba type of {}\n  help: {help}",
        class.repr().map_or("its class".to_string(), |text| text.to_string())
    );
    // What Numba takes is only missing here.
    let missing = object.is_instance_of::<PyList>()
        || object.is_instance_of::<PySet>()
        || object.is_instance_of::<PyBytes>()
        || object.is_instance_of::<Dispatcher>();
    of_package(py, if missing { "KernelUnsupportedError" } else { "NumbaTypeError" }, message)
}
