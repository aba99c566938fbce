//! The short way of a call: numbers of Python's own and arrays of NumPy's, of the types of the last call, to a function that
//! returns a number or nothing.
//!
//! A call of a small function is all of its time. So nothing is allocated here, and the types are compared with what they
//! were, not looked up.

use super::results::number;
use crate::arrays::{self, Array};
use crate::error::holding;
use crate::quick::python_scalar;
use numbra::Error;
use numbra_front::ir::{Access, ArrayType, Stride};
use numbra_front::types::{Constant, ScalarType};
use numbra_front::typing::ItemType;
use numbra_runtime::function::Specialization;
use numpy::npyffi::{NPY_ARRAY_ALIGNED, NPY_ARRAY_C_CONTIGUOUS, NPY_ARRAY_F_CONTIGUOUS, NPY_ARRAY_WRITEABLE};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use std::sync::Arc;

/// Room for the arguments, in words.
const MOST_WORDS: usize = 64;

/// What the last call was.
pub struct Quick {
    /// Of the target, see [`crate::target::Target::generation`].
    pub generation: u64,
    specialization: Arc<Specialization>,
    parameters: Vec<Parameter>,
    words: usize,
    result: Option<ScalarType>,
}

enum Parameter {
    Scalar(ScalarType),
    Array {
        scalar: ScalarType,
        rank: usize,
        /// Which of the flags [`FLAGS`] are set.
        flags: i32,
        order: Order,
    },
}

#[derive(Clone, Copy)]
enum Order {
    C,
    Fortran,
    Any,
}

const FLAGS: i32 = NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_F_CONTIGUOUS | NPY_ARRAY_ALIGNED | NPY_ARRAY_WRITEABLE;

impl Quick {
    /// For native code; `None` if the function's types go the other way.
    pub fn new(specialization: &Arc<Specialization>, generation: u64) -> Option<Quick> {
        let result = match &specialization.result {
            ItemType::Scalar(scalar) => Some(*scalar),
            ItemType::None => None,
            _ => return None,
        };
        let mut words = 0;
        let mut parameters = Vec::with_capacity(specialization.arguments.len());
        for argument in &specialization.arguments {
            parameters.push(match argument {
                ItemType::Scalar(scalar @ (ScalarType::I64 | ScalarType::F64 | ScalarType::Bool)) => {
                    words += 1;
                    Parameter::Scalar(*scalar)
                }
                ItemType::Array(array) => {
                    words += 2 + 2 * array.strides.len();
                    parameter(array)?
                }
                _ => return None,
            });
        }
        (words <= MOST_WORDS).then(|| Quick {
            generation,
            specialization: specialization.clone(),
            parameters,
            words,
            result,
        })
    }

    /// The result; `None` if this call has arguments of other types.
    #[inline]
    pub fn call<'py>(
        &self,
        py: Python<'py>,
        arguments: &Bound<'py, PyTuple>,
        failed: impl FnOnce(Error) -> PyErr,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        if arguments.len() != self.parameters.len() {
            return Ok(None);
        }
        let mut words = [0u64; MOST_WORDS];
        if !self.read(py, arguments, &mut words) {
            return Ok(None);
        }
        let Ok(code) = self.specialization.native() else { return Ok(None) };
        let mut results = [0u64];
        let results = &mut results[..self.result.is_some() as usize];
        // SAFETY: as many words as the function takes, of arrays that the caller of the call holds; aligned, and of the
        // types that the function was compiled for.
        let outcome = holding(py, || unsafe { code.call(&words[..self.words], results) })?;
        outcome.map_err(failed)?;
        Ok(Some(match (self.result, results) {
            (Some(scalar), [bits]) => number(py, Constant { scalar, bits: *bits })?,
            _ => py.None().into_bound(py),
        }))
    }

    #[inline]
    fn read(&self, py: Python, arguments: &Bound<PyTuple>, words: &mut [u64; MOST_WORDS]) -> bool {
        let array_type = arrays::array_type(py);
        let mut next = words.iter_mut();
        let mut put = |word: u64| {
            if let Some(place) = next.next() {
                *place = word;
            }
        };
        for (number, parameter) in self.parameters.iter().enumerate() {
            // SAFETY: the tuple has so many items, and the caller of the call keeps it alive until it returns.
            let object = unsafe { ffi::PyTuple_GetItem(arguments.as_ptr(), number as isize) };
            match parameter {
                Parameter::Scalar(scalar) => {
                    // SAFETY: a borrowed reference of the tuple's.
                    match unsafe { python_scalar(py, object) } {
                        Some(constant) if constant.scalar == *scalar => put(constant.bits),
                        _ => return false,
                    }
                }
                Parameter::Array { scalar, rank, flags, order } => {
                    // SAFETY: as above.
                    let Some(array) = (unsafe { Array::exact(array_type, object) }) else { return false };
                    let shape = array.shape();
                    let same =
                        array.flags() & FLAGS == *flags && shape.len() == *rank && array.scalar() == Some(*scalar);
                    if !same {
                        return false;
                    }
                    put(0);
                    put(array.address() as u64);
                    shape.iter().for_each(|&extent| put(extent as u64));
                    match order {
                        Order::Any => {
                            let size = scalar.bytes() as isize;
                            for stride in array.strides() {
                                if stride % size != 0 {
                                    return false;
                                }
                                put((stride / size) as u64);
                            }
                        }
                        Order::C => {
                            (0..*rank).for_each(|axis| put(shape[axis + 1..].iter().product::<isize>() as u64));
                        }
                        Order::Fortran => {
                            (0..*rank).for_each(|axis| put(shape[..axis].iter().product::<isize>() as u64));
                        }
                    }
                }
            }
        }
        true
    }
}

/// `None`: arrays of this type may have several combinations of flags.
fn parameter(array: &ArrayType) -> Option<Parameter> {
    let ArrayType { scalar, access, strides } = array;
    let rank = strides.len();
    let (order, contiguous) = match () {
        _ if rank <= 1 && *strides == ArrayType::c_order(rank) => {
            (Order::C, NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_F_CONTIGUOUS)
        }
        _ if *strides == ArrayType::c_order(rank) => (Order::C, NPY_ARRAY_C_CONTIGUOUS),
        _ if *strides == ArrayType::f_order(rank) => (Order::Fortran, NPY_ARRAY_F_CONTIGUOUS),
        _ if strides.iter().all(|stride| *stride == Stride::Any) => (Order::Any, 0),
        _ => return None,
    };
    let written = if *access == Access::Read { 0 } else { NPY_ARRAY_WRITEABLE };
    Some(Parameter::Array { scalar: *scalar, rank, flags: contiguous | NPY_ARRAY_ALIGNED | written, order })
}
