//! Types of arguments and results as objects of `numbra.types`, and back.

use super::classes;
use crate::error::of_package;
use numbra_front::ir::{Access, ArrayType, Stride};
use numbra_front::types::ScalarType;
use numbra_front::typing::{Class, ItemType};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

/// The type as an object.
pub fn object<'py>(py: Python<'py>, item_type: &ItemType) -> PyResult<Bound<'py, PyAny>> {
    let types = py.import("numbra.types")?;
    match item_type {
        ItemType::Scalar(scalar) => types.getattr(scalar.name()),
        ItemType::Integer => types.getattr("int64"),
        ItemType::Float => types.getattr("float64"),
        ItemType::Complex(part) => types.getattr(format!("complex{}", 2 * part.bits()).as_str()),
        ItemType::Array(array) => {
            let (rank, readonly) = (array.strides.len(), array.access == Access::Read);
            let layout = layout_of(array);
            types.getattr("Array")?.call1((types.getattr(array.scalar.name())?, rank, layout, readonly))
        }
        ItemType::Tuple(entries) => {
            let entries = entries.iter().map(|entry| object(py, entry)).collect::<PyResult<Vec<_>>>()?;
            types.getattr("BaseTuple")?.call_method1("from_types", (PyTuple::new(py, entries)?,))
        }
        ItemType::Named(class, parts) => match class.as_ref() {
            Class::Slice if parts.get(2) == Some(&ItemType::None) => types.getattr("slice2_type"),
            Class::Slice => types.getattr("slice3_type"),
            Class::Range(_) => types.getattr("Type")?.call1((item_type.to_string(),)),
            Class::Tuple { number, .. } => {
                let parts = parts.iter().map(|part| object(py, part)).collect::<PyResult<Vec<_>>>()?;
                let arguments = (PyTuple::new(py, parts)?, classes::class_of(py, *number)?);
                types.getattr("BaseTuple")?.call_method1("from_types", arguments)
            }
        },
        ItemType::None => types.getattr("none"),
        ItemType::Omitted => types.getattr("omitted"),
        ItemType::Function(..) => types.getattr("Type")?.call1((item_type.to_string(),)),
        ItemType::Text(_) => types.getattr("unicode_type"),
        ItemType::Dtype(scalar) => types.getattr("DType")?.call1((types.getattr(scalar.name())?,)),
        ItemType::Optional(inner) | ItemType::Maybe(inner) => types.getattr("Optional")?.call1((object(py, inner)?,)),
    }
}

fn layout_of(array: &ArrayType) -> &'static str {
    let rank = array.strides.len();
    match () {
        _ if array.strides == ArrayType::c_order(rank) => "C",
        _ if array.strides == ArrayType::f_order(rank) => "F",
        _ => "A",
    }
}

/// The type that an object of `numbra.types` stands for.
pub fn item_type(object: &Bound<PyAny>) -> PyResult<ItemType> {
    let py = object.py();
    let types = py.import("numbra.types")?;
    let is = |class: &str| object.is_instance(&types.getattr(class)?);
    if let Some(scalar) = ScalarType::from_name(&object.str()?.to_cow()?) {
        return Ok(ItemType::Scalar(scalar));
    }
    if is("Complex")? {
        let ItemType::Scalar(part) = item_type(&object.getattr("underlying_float")?)? else {
            return Err(unsupported(object));
        };
        return Ok(ItemType::Complex(part));
    }
    if is("Array")? {
        let ItemType::Scalar(scalar) = item_type(&object.getattr("dtype")?)? else {
            return Err(unsupported(object));
        };
        let rank: usize = object.getattr("ndim")?.extract()?;
        let layout: String = object.getattr("layout")?.extract()?;
        let strides = match layout.as_str() {
            "C" => ArrayType::c_order(rank),
            "F" if rank > 1 => ArrayType::f_order(rank),
            "F" => ArrayType::c_order(rank),
            _ => vec![Stride::Any; rank],
        };
        let access = if object.getattr("mutable")?.is_truthy()? { Access::ReadWrite } else { Access::Read };
        return Ok(ItemType::Array(ArrayType { scalar, access, strides }));
    }
    if is("BaseTuple")? {
        let entries = object.try_iter()?.map(|entry| item_type(&entry?));
        return Ok(ItemType::Tuple(entries.collect::<PyResult<_>>()?));
    }
    if is("Optional")? {
        return Ok(ItemType::Optional(Box::new(item_type(&object.getattr("type")?)?)));
    }
    if is("NoneType")? {
        return Ok(ItemType::None);
    }
    if is("DType")?
        && let ItemType::Scalar(scalar) = item_type(&object.getattr("dtype")?)?
    {
        return Ok(ItemType::Dtype(scalar));
    }
    if is("NumberClass")?
        && let ItemType::Scalar(scalar) = item_type(&object.getattr("instance_type")?)?
    {
        return Ok(ItemType::Dtype(scalar));
    }
    Err(unsupported(object))
}

fn unsupported(object: &Bound<PyAny>) -> PyErr {
    let message = format!(
        "whole functions have no values of the type '{object}' yet\n  help: the types are bool, int8 to int64, uint8 to uint64, \
         float32, float64, arrays of them such as float64[:, ::1], tuples, none and optional(...)"
    );
    of_package(object.py(), "KernelUnsupportedError", message)
}
