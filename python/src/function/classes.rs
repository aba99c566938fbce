//! Named tuples, slices and ranges: Python's objects with named parts.

use super::arguments::{Place, passed};
use numbra_front::types::ScalarType;
use numbra_front::typing::Class;
use numbra_runtime::function::Passed;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyRange, PySlice, PyTuple, PyType};
use std::sync::{Arc, Mutex, PoisonError};

/// The classes of named tuples that functions have met, by their numbers. They stay: types name them.
static CLASSES: Mutex<Vec<Py<PyType>>> = Mutex::new(Vec::new());

/// The argument, if it has named parts.
pub fn named<'py>(
    place: Place,
    object: &Bound<'py, PyAny>,
    objects: &mut Vec<Bound<'py, PyAny>>,
) -> PyResult<Option<Passed>> {
    let (class, names) = if object.is_instance_of::<PySlice>() {
        (Class::Slice, vec!["start".to_string(), "stop".to_string(), "step".to_string()])
    } else if object.is_instance_of::<PyRange>() {
        (Class::Range(ScalarType::I64), vec!["start".to_string(), "stop".to_string(), "step".to_string()])
    } else if object.is_instance_of::<PyTuple>() && object.hasattr("_fields")? {
        let class = object.get_type();
        let (name, fields): (String, Vec<String>) = (class.name()?.extract()?, object.getattr("_fields")?.extract()?);
        (Class::Tuple { name, fields: fields.clone(), number: number_of(&class) }, fields)
    } else {
        return Ok(None);
    };
    let mut parts = Vec::with_capacity(names.len());
    for name in names {
        let part = passed(place, &object.getattr(name.as_str())?, objects)?;
        let fits = match (&class, &part) {
            (Class::Slice, Passed::None) => true,
            (Class::Slice | Class::Range(_), Passed::Scalar(constant)) => constant.scalar == ScalarType::I64,
            (Class::Slice | Class::Range(_), _) => false,
            _ => true,
        };
        if !fits {
            return Ok(None);
        }
        parts.push(part);
    }
    Ok(Some(Passed::Named(Arc::new(class), parts)))
}

/// An object of the class, with these parts.
pub fn object<'py>(py: Python<'py>, class: &Class, parts: Vec<Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
    let parts = PyTuple::new(py, parts)?;
    match class {
        Class::Slice => py.get_type::<PySlice>().call1(parts),
        Class::Range(_) => py.get_type::<PyRange>().call1(parts),
        Class::Tuple { number, .. } => class_of(py, *number)?.call1(parts),
    }
}

/// The class of a named tuple.
pub fn class_of(py: Python<'_>, number: u64) -> PyResult<Bound<'_, PyType>> {
    let classes = CLASSES.lock().unwrap_or_else(PoisonError::into_inner);
    let class = classes.get(number as usize).map(|class| class.bind(py).clone());
    class.ok_or_else(|| PyRuntimeError::new_err("a named tuple of a class that is not known"))
}

fn number_of(class: &Bound<PyType>) -> u64 {
    let mut classes = CLASSES.lock().unwrap_or_else(PoisonError::into_inner);
    let known = classes.iter().position(|known| known.is(class));
    known.unwrap_or_else(|| {
        classes.push(class.clone().unbind());
        classes.len() - 1
    }) as u64
}
