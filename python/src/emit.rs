//! `inspect_*`: what a kernel becomes on its way to a target.

use crate::error::front_exception;
use crate::kernel::{Declared, Frozen};
use numbra::emit::{self, Emit};
use numbra_front::declaration::signature;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use std::sync::Arc;

/// The form of the kernel for a signature: text, or bytes for SPIR-V.
pub fn emitted(
    py: Python<'_>,
    declared: &Declared,
    frozen: &Arc<Frozen>,
    form: Emit,
    text: &str,
    arch: &str,
) -> PyResult<Py<PyAny>> {
    let signature = signature::parse(text).map_err(|error| front_exception(py, error))?;
    let bytes = declared.compiled(py, frozen, |frozen| {
        emit::emit(frozen.kernel.module_for(&signature)?, form, arch, &mut |_, _| Ok(()))
    })?;
    Ok(match form {
        Emit::Spirv => PyBytes::new(py, &bytes).into_any().unbind(),
        _ => PyString::new(py, &String::from_utf8_lossy(&bytes)).into_any().unbind(),
    })
}
