//! The short way of a ufunc's call: few elements, plain arrays of one shape, Python's scalars, NumPy's floats, on a processor.
//!
//! For ten elements the call is all of the time. So nothing is allocated here but the result, and what the types decide
//! is looked up by one number.

use crate::arrays::{self, Array};
use crate::error::{exception, heard};
use crate::kernel::Frozen;
use numbra::Kernel;
use numbra_front::types::{Constant, ScalarType};
use numbra_runtime::ufunc::direct::{Direct, Kind};
use numbra_runtime::ufunc::quick::{self, MOST_ELEMENTS, Prepared};
use numbra_runtime::ufunc::{Given, Vectorize};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use std::sync::Arc;

/// Elements from which on other threads of Python may run meanwhile, as in NumPy.
const DETACHED_ELEMENTS: usize = 500;

/// What calls were prepared.
#[derive(Default)]
pub struct Quick(Prepared);

/// The operands of a call, and the shape of its arrays.
struct Operands<'py> {
    operands: quick::Operands,
    shape: &'py [isize],
    length: usize,
}

impl Quick {
    /// The result, if this call can go the short way. `out`: where to store it. `prepare` is asked only for types that are
    /// seen for the first time.
    #[inline]
    pub fn call<'py>(
        &self,
        py: Python<'py>,
        arguments: &Bound<'py, PyTuple>,
        out: Option<&Bound<'py, PyAny>>,
        frozen: &Frozen,
        prepare: impl FnOnce(&[Kind]) -> PyResult<Option<Arc<Direct>>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(mut operands) = read(py, arguments) else { return Ok(None) };
        let direct = self.0.get(frozen.target.generation(), &operands.operands, prepare)?;
        let Some(direct) = direct else { return Ok(None) };
        let Some(out) = out else { return run(py, frozen, &direct, &mut operands).map(Some) };
        if !operands.store_in(py, out, direct.result()) {
            return Ok(None);
        }
        operands.convert_scalars(py, &direct)?;
        apply(py, frozen, &direct, &operands)?;
        Ok(Some(out.clone()))
    }
}

impl Operands<'_> {
    /// Makes an array the output: a plain one of the result's type and shape that shares no memory with the operands, to
    /// which the kernel can store while it reads them.
    #[inline]
    fn store_in(&mut self, py: Python, out: &Bound<PyAny>, scalar: ScalarType) -> bool {
        // SAFETY: the caller of the call keeps it alive until it returns.
        let Some(array) = (unsafe { Array::exact(arrays::array_type(py), out.as_ptr()) }) else { return false };
        let fits = array.scalar() == Some(scalar) && array.is_plain() && array.is_writeable();
        // Without axes the result is a scalar, which goes the other way into an array.
        if !fits || self.shape.is_empty() || array.shape() != self.shape {
            return false;
        }
        let start = array.address() as u64;
        let shared = self.operands.share(&(start..start + (self.length * scalar.bytes()) as u64), self.length);
        if !shared {
            self.operands.store_at(start);
        }
        !shared
    }

    /// Gives scalar operands the types of the kernel's parameters.
    #[inline]
    fn convert_scalars(&mut self, py: Python, direct: &Direct) -> PyResult<()> {
        self.operands.convert_scalars(direct).map_err(|error| exception(py, error))
    }
}

/// The kinds of operands prepared, with the function's device.
pub fn prepare(
    kernel: &Vectorize,
    device: &Arc<dyn numbra::device::Device>,
    kinds: &[Kind],
) -> numbra::Result<Option<Arc<Direct>>> {
    Ok(kernel.direct(device, kinds)?.map(Arc::new))
}

/// The operands, if they are such as go the short way.
#[inline]
fn read<'py>(py: Python<'py>, arguments: &Bound<'py, PyTuple>) -> Option<Operands<'py>> {
    let count = arguments.len();
    let mut operands = Operands { operands: quick::Operands::new(count)?, shape: &[], length: 1 };
    let array_type = arrays::array_type(py);
    let mut any_array = false;
    for number in 0..count {
        // SAFETY: the tuple has so many items, and the caller of the call keeps it alive until it returns.
        let (object, array) = unsafe {
            let object = ffi::PyTuple_GetItem(arguments.as_ptr(), number as isize);
            (object, Array::exact(array_type, object))
        };
        match array {
            Some(array) => {
                let scalar = array.scalar()?;
                if !array.is_plain() {
                    return None;
                }
                let shape = array.shape();
                if !any_array {
                    operands.shape = shape;
                    operands.length = shape.iter().product::<isize>() as usize;
                    if operands.length > MOST_ELEMENTS {
                        return None;
                    }
                    any_array = true;
                } else if shape != operands.shape {
                    return None;
                }
                operands.operands.push_array(scalar, array.address() as u64);
            }
            None => {
                // SAFETY: a borrowed reference of the tuple's.
                let (given, constant) = unsafe {
                    match python_scalar(py, object) {
                        Some(constant) => (Given::Weak(constant.scalar), constant),
                        None => arrays::numpy_float(py, object)
                            .map(|constant| (Given::Strong(constant.scalar), constant))?,
                    }
                };
                operands.operands.push_scalar(given, constant.bits);
            }
        }
    }
    Some(operands)
}

/// Python's float, int of 64 bits, or bool.
///
/// # Safety
/// `object` must be an object.
#[inline]
pub unsafe fn python_scalar(_: Python, object: *mut ffi::PyObject) -> Option<Constant> {
    unsafe {
        if ffi::PyFloat_CheckExact(object) != 0 {
            return Some(Constant::f64(ffi::PyFloat_AsDouble(object)));
        }
        if ffi::PyLong_CheckExact(object) != 0 {
            let mut overflow = 0;
            let value = ffi::PyLong_AsLongLongAndOverflow(object, &mut overflow);
            return (overflow == 0).then(|| Constant::integer(ScalarType::I64, value as i128));
        }
        if ffi::PyBool_Check(object) != 0 {
            return Some(Constant::bool(object == ffi::Py_True()));
        }
    }
    None
}

#[inline]
fn run<'py>(
    py: Python<'py>,
    frozen: &Frozen,
    direct: &Direct,
    operands: &mut Operands<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    operands.convert_scalars(py, direct)?;
    let scalar = direct.result();
    if operands.shape.is_empty() {
        let mut element = 0u64;
        operands.operands.store_at(&raw mut element as u64);
        apply(py, frozen, direct, operands)?;
        // SAFETY: the kernel has stored an element of its type.
        return unsafe { arrays::numpy_scalar(py, scalar, (&raw mut element).cast()) };
    }
    // SAFETY: NumPy copies the extents; the new array is C-ordered, aligned, and of the type asked for.
    let result = unsafe {
        let dimensions = operands.shape.as_ptr().cast_mut();
        let raw = arrays::new_array(py, operands.shape.len() as i32, dimensions, arrays::number_of(scalar));
        let result = Bound::from_owned_ptr_or_err(py, raw)?;
        let array = Array::exact(arrays::array_type(py), raw);
        operands.operands.store_at(array.map_or(0, |array| array.address() as u64));
        result
    };
    apply(py, frozen, direct, operands)?;
    Ok(result)
}

#[inline]
fn apply(py: Python, frozen: &Frozen, direct: &Direct, operands: &Operands) -> PyResult<()> {
    let length = operands.length;
    // SAFETY: the addresses are those of plain arrays of one length, which the caller holds, and of one that is
    // new or shares no memory with them.
    let outcome = unsafe {
        match length >= DETACHED_ELEMENTS {
            true => heard(py, || operands.operands.run(direct, length))?,
            false => operands.operands.run(direct, length),
        }
    };
    outcome.map_err(|error| frozen.exception(py, error))
}

/// The kernel as a ufunc.
pub fn vectorized(kernel: &Kernel) -> numbra::Result<&Vectorize> {
    match kernel {
        Kernel::Vectorize(kernel) => Ok(kernel),
        Kernel::Stencil(kernel) => Err(numbra::Error::Internal(format!("'{}' is no ufunc", kernel.name()))),
    }
}
