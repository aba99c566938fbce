//! What whole functions return, as Python's objects. Elements are never copied: an array owns the memory that the function
//! allocated, or keeps the argument alive that it is a part of, or is that very argument.

use super::classes;
use crate::arrays;
use crate::error::exception;
use numbra::Error;
use numbra_front::ir::Access;
use numbra_front::types::{Constant, ScalarType};
use numbra_runtime::function::{Memory, Returned, ReturnedArray};
use numpy::npyffi::{self, NPY_ARRAY_WRITEABLE, PY_ARRAY_API};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyComplex, PyFloat, PyInt, PyString, PyTuple};
use std::any::Any;
use std::sync::Arc;

/// `objects`: the arrays that the arguments are made of, in order.
pub fn object<'py>(
    py: Python<'py>,
    returned: Returned,
    objects: &[Option<Bound<'py, PyAny>>],
) -> PyResult<Bound<'py, PyAny>> {
    Ok(match returned {
        Returned::Scalar(constant) => number(py, constant)?,
        Returned::Complex(real, imaginary) => PyComplex::from_doubles(py, real.as_f64(), imaginary.as_f64()).into_any(),
        Returned::Array(returned) => array(py, returned, objects)?,
        Returned::Tuple(entries) => {
            let entries = entries.into_iter().map(|entry| object(py, entry, objects));
            PyTuple::new(py, entries.collect::<PyResult<Vec<_>>>()?)?.into_any()
        }
        Returned::Named(class, parts) => {
            let parts = parts.into_iter().map(|part| object(py, part, objects));
            classes::object(py, &class, parts.collect::<PyResult<_>>()?)?
        }
        Returned::None => py.None().into_bound(py),
        Returned::Text(text) => PyString::new(py, &text).into_any(),
        Returned::Dtype(scalar) => py.import("numpy")?.getattr(numpy_name(scalar))?,
    })
}

/// A number as one of Python's own, whatever its width, as Numba returns them.
pub fn number(py: Python<'_>, constant: Constant) -> PyResult<Bound<'_, PyAny>> {
    Ok(match (constant.scalar, constant.as_integer()) {
        (ScalarType::Bool, _) => PyBool::new(py, constant.bits != 0).to_owned().into_any(),
        (_, Some(value)) => match i64::try_from(value) {
            Ok(value) => PyInt::new(py, value).into_any(),
            Err(_) => PyInt::new(py, value as u64).into_any(),
        },
        (_, None) => PyFloat::new(py, constant.as_f64()).into_any(),
    })
}

fn numpy_name(scalar: ScalarType) -> &'static str {
    if scalar == ScalarType::Bool { "bool_" } else { scalar.name() }
}

/// Keeps the memory of an array that a function has allocated.
#[pyclass(module = "numbra._core", frozen)]
struct Keeper {
    _memory: Arc<dyn Any + Send + Sync>,
}

fn array<'py>(
    py: Python<'py>,
    returned: ReturnedArray,
    objects: &[Option<Bound<'py, PyAny>>],
) -> PyResult<Bound<'py, PyAny>> {
    let scalar = returned.array_type.scalar;
    let base = match &returned.memory {
        Memory::Argument(number) => {
            let lost = || exception(py, Error::Internal("a result is in the memory of no argument".into()));
            let base = objects.get(*number).and_then(Option::as_ref).ok_or_else(lost)?;
            if is_the_same(base, &returned)? {
                return Ok(base.clone());
            }
            base.clone()
        }
        Memory::Owned(memory) => Bound::new(py, Keeper { _memory: memory.clone() })?.into_any(),
    };
    let mut shape: Vec<isize> = returned.shape.iter().map(|&extent| extent as isize).collect();
    let size = scalar.bytes() as isize;
    let mut strides: Vec<isize> = returned.strides.iter().map(|stride| stride * size).collect();
    let writable = returned.array_type.access != Access::Read;
    let flags = if writable { NPY_ARRAY_WRITEABLE } else { 0 };
    // SAFETY: the elements are there for as long as the base is, which the array takes over; NumPy copies extents and
    // strides and takes the reference to the descriptor.
    unsafe {
        let descriptor = PY_ARRAY_API.PyArray_DescrFromType(py, arrays::number_of(scalar));
        let raw = PY_ARRAY_API.PyArray_NewFromDescr(
            py,
            arrays::array_type(py),
            descriptor,
            shape.len() as i32,
            shape.as_mut_ptr(),
            strides.as_mut_ptr(),
            returned.address.cast(),
            flags,
            std::ptr::null_mut(),
        );
        let array = Bound::from_owned_ptr_or_err(py, raw)?;
        if PY_ARRAY_API.PyArray_SetBaseObject(py, raw.cast::<npyffi::PyArrayObject>(), base.into_ptr()) != 0 {
            return Err(PyErr::take(py).unwrap_or_else(|| PyTypeError::new_err("the array takes no base")));
        }
        Ok(array)
    }
}

/// Whether the result is the argument as it was passed.
fn is_the_same(base: &Bound<PyAny>, returned: &ReturnedArray) -> PyResult<bool> {
    let Some(held) = arrays::in_place(base)? else { return Ok(false) };
    let array = &held.array;
    let strides = (array.shape().iter().zip(array.strides()).zip(&returned.strides))
        .all(|((&extent, left), right)| extent <= 1 || left == right);
    Ok(array.scalar() == returned.array_type.scalar
        && array.address() == returned.address
        && array.shape() == returned.shape
        && strides)
}
