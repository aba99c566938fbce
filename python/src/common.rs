//! What ufuncs and stencils have in common: where they run, what they become on their way to a target (`inspect_*`), and how
//! they travel.

use crate::error::front_exception;
use crate::kernel::{Declared, Frozen};
use numbra::emit;
pub use numbra::emit::Emit;
use numbra_front::declaration::signature;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};
use std::sync::Arc;

/// The methods of a class of kernels that has a `declared: Declared` and a method `signatures`.
macro_rules! kernel_methods {
    ($class:ident) => {
        #[pymethods]
        impl $class {
            /// The Python function.
            #[getter]
            fn py_func(&self, py: Python) -> Py<PyAny> {
                self.declared.function.clone_ref(py)
            }

            /// The device that the kernel runs on.
            #[getter]
            fn target(&self, py: Python) -> PyResult<String> {
                Ok(self.declared.frozen(py)?.target.name().to_string())
            }

            /// The cache on disk: where it is, and how often code was found there.
            #[getter]
            fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                $crate::cache::stats(py, self.declared.frozen(py)?.kernel.kept())
            }

            /// The decorator as text, for kernels that call the function and for other processes.
            #[getter]
            fn _decorator(&self) -> &str {
                &self.declared.decorator
            }

            /// The IR of the host function and its kernels, for a signature such as 'float64(float64)' or
            /// 'float64(float64[:, :])'; without one, for all that there are, a dictionary.
            #[pyo3(signature = (signature=None))]
            fn inspect_ir(&self, py: Python, signature: Option<&Bound<PyAny>>) -> PyResult<Py<PyAny>> {
                $crate::common::inspect(py, &self.declared, $crate::common::Emit::Ir, signature, "", || {
                    self.signatures(py)
                })
            }

            /// LLVM IR for this machine's processor.
            #[pyo3(signature = (signature=None))]
            fn inspect_llvm(&self, py: Python, signature: Option<&Bound<PyAny>>) -> PyResult<Py<PyAny>> {
                $crate::common::inspect(py, &self.declared, $crate::common::Emit::Llvm, signature, "", || {
                    self.signatures(py)
                })
            }

            /// Assembly for this machine's processor.
            #[pyo3(signature = (signature=None))]
            fn inspect_asm(&self, py: Python, signature: Option<&Bound<PyAny>>) -> PyResult<Py<PyAny>> {
                $crate::common::inspect(py, &self.declared, $crate::common::Emit::Asm, signature, "", || {
                    self.signatures(py)
                })
            }

            /// PTX for an NVIDIA GPU, in the form for arrays of two and more axes; `arch`: `sm_50` or newer.
            #[pyo3(signature = (signature=None, arch="sm_80"))]
            fn inspect_ptx(&self, py: Python, signature: Option<&Bound<PyAny>>, arch: &str) -> PyResult<Py<PyAny>> {
                $crate::common::inspect(py, &self.declared, $crate::common::Emit::Ptx, signature, arch, || {
                    self.signatures(py)
                })
            }

            /// WGSL for a GPU of any vendor.
            #[pyo3(signature = (signature=None))]
            fn inspect_wgsl(&self, py: Python, signature: Option<&Bound<PyAny>>) -> PyResult<Py<PyAny>> {
                $crate::common::inspect(py, &self.declared, $crate::common::Emit::Wgsl, signature, "", || {
                    self.signatures(py)
                })
            }

            /// SPIR-V, as bytes.
            #[pyo3(signature = (signature=None))]
            fn inspect_spirv(&self, py: Python, signature: Option<&Bound<PyAny>>) -> PyResult<Py<PyAny>> {
                $crate::common::inspect(py, &self.declared, $crate::common::Emit::Spirv, signature, "", || {
                    self.signatures(py)
                })
            }

            /// By name where the name finds it, else by value.
            fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
                $crate::kernel::Declared::reduced(slf.as_any())
            }

            fn _surroundings(&self, py: Python) -> PyResult<(bool, Py<pyo3::types::PyDict>)> {
                self.declared.surroundings(py)
            }

            /// The same kernel, as for functions.
            fn __copy__(slf: Bound<Self>) -> Bound<Self> {
                slf
            }

            fn __deepcopy__<'py>(slf: Bound<'py, Self>, _memory: &Bound<'py, PyAny>) -> Bound<'py, Self> {
                slf
            }
        }
    };
}

/// The form of a kernel for a signature; without one, for all `signatures`, by their text.
pub fn inspect(
    py: Python,
    declared: &Declared,
    form: Emit,
    signature: Option<&Bound<PyAny>>,
    arch: &str,
    signatures: impl FnOnce() -> PyResult<Vec<String>>,
) -> PyResult<Py<PyAny>> {
    let frozen = declared.frozen(py)?;
    if let Some(signature) = signature {
        return emitted(py, declared, &frozen, form, &text_of(signature)?, arch);
    }
    let all = PyDict::new(py);
    for signature in signatures()? {
        all.set_item(&signature, emitted(py, declared, &frozen, form, &signature, arch)?)?;
    }
    Ok(all.into_any().unbind())
}

/// The form of the kernel for a signature: text, or bytes for SPIR-V.
fn emitted(
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

/// A signature, or the types of the arguments, as text.
fn text_of(signature: &Bound<PyAny>) -> PyResult<String> {
    signature.py().import("numbra._typeof")?.call_method1("text_of", (signature,))?.extract()
}
