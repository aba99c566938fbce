//! The keywords of calls of ufuncs. Those that numbra does not have yet are refused where they would make a difference.

use crate::arrays::Operand;
use crate::overrides::Call;
use numbra_runtime::ufunc::Outcome;
use pyo3::exceptions::{PyNotImplementedError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict};

/// Those of NumPy's ufuncs beside `out`.
const KNOWN: [&str; 7] = ["dtype", "where", "casting", "order", "subok", "signature", "sig"];

/// The keywords of a call, as a dictionary of its own. Error: NumPy has no such keyword.
pub fn known<'py>(py: Python<'py>, name: &str, given: Option<&Bound<'py, PyDict>>) -> PyResult<Bound<'py, PyDict>> {
    let Some(given) = given else { return Ok(PyDict::new(py)) };
    for keyword in given.keys() {
        let keyword: String = keyword.extract()?;
        if keyword != "out" && !KNOWN.contains(&keyword.as_str()) {
            let message = format!("{name}() got an unexpected keyword argument '{keyword}'");
            return Err(PyTypeError::new_err(message));
        }
    }
    given.copy()
}

/// A keyword that is there makes a difference.
pub fn not_yet(keyword: &str, of: &str) -> PyErr {
    PyNotImplementedError::new_err(format!("the keyword '{keyword}' of {of} is not supported yet"))
}

/// `where=`: all elements.
pub fn is_everywhere(value: &Bound<PyAny>) -> PyResult<bool> {
    let numpys = value.get_type().name()?.to_str()?.starts_with("bool") && value.hasattr("dtype")?;
    Ok((value.is_instance_of::<PyBool>() || numpys) && value.is_truthy()?)
}

/// How a result lies in memory, and of which class it is.
pub struct Layout {
    pub order: Order,
    /// Whether it is of the arguments' class.
    pub subok: bool,
}

/// `order=`
#[derive(Clone, Copy)]
pub enum Order {
    /// As the arguments.
    Keep,
    C,
    Fortran,
    /// Fortran's if all arguments have it.
    Any,
}

impl Layout {
    /// As the keywords of a call say. Error: one that changes what is computed.
    pub fn of(call: &Call) -> PyResult<Layout> {
        let mut layout = Layout { order: Order::Keep, subok: true };
        for (keyword, value) in &call.keywords {
            match keyword.extract::<String>()?.as_str() {
                "out" => {}
                "dtype" if value.is_none() => {}
                "where" if is_everywhere(&value)? => {}
                "casting" => check_casting(&value)?,
                "order" => layout.order = Order::of(&value)?,
                "subok" => {
                    let flag = value.cast::<PyBool>().map_err(|_| PyTypeError::new_err("'subok' must be a boolean"))?;
                    layout.subok = flag.is_true();
                }
                other => return Err(not_yet(other, "ufuncs")),
            }
        }
        Ok(layout)
    }
}

/// `casting=`: what ufuncs do anyway.
fn check_casting(value: &Bound<PyAny>) -> PyResult<()> {
    let Ok(casting) = value.extract::<String>() else {
        let message = format!("casting must be str, not {}", value.get_type().name()?);
        return Err(PyTypeError::new_err(message));
    };
    match casting.as_str() {
        "same_kind" => Ok(()),
        "no" | "equiv" | "safe" | "unsafe" | "same_value" => Err(not_yet("casting", "ufuncs")),
        _ => Err(PyValueError::new_err(format!(
            "casting must be one of 'no', 'equiv', 'safe', 'same_kind', or 'unsafe' (got '{casting}')"
        ))),
    }
}

impl Order {
    fn of(value: &Bound<PyAny>) -> PyResult<Order> {
        if value.is_none() {
            return Ok(Order::Keep);
        }
        let Ok(order) = value.extract::<String>() else {
            let message = format!("order must be str, not {}", value.get_type().name()?);
            return Err(PyTypeError::new_err(message));
        };
        match order.to_ascii_uppercase().as_str() {
            "K" => Ok(Order::Keep),
            "C" => Ok(Order::C),
            "F" => Ok(Order::Fortran),
            "A" => Ok(Order::Any),
            _ => Err(PyValueError::new_err(format!("order must be one of 'C', 'F', 'A', or 'K' (got '{order}')"))),
        }
    }

    /// The strides of a new result, in elements; `None` for C order.
    pub fn strides(self, operands: &[Operand], outcome: &Outcome) -> PyResult<Option<Vec<isize>>> {
        let fortran = || {
            let mut step = 1;
            let mut strides = Vec::new();
            for &extent in &outcome.shape {
                strides.push(step);
                step *= extent.max(1) as isize;
            }
            strides
        };
        Ok(match self {
            Order::Keep => Some(outcome.strides.clone()),
            Order::C => None,
            Order::Fortran => Some(fortran()),
            Order::Any => {
                let mut all = true;
                for operand in operands {
                    if let Operand::Array(held) = operand {
                        all &= held.object.getattr("flags")?.getattr("f_contiguous")?.is_truthy()?;
                    }
                }
                all.then(fortran)
            }
        })
    }
}
