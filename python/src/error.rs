//! Errors as exceptions of Python's own classes, with the kernel's line and a caret in the message.

use numbra::Error;
use numbra_front::error::{Class, Mistake};
use numbra_runtime::array::ArrayError;
use numbra_runtime::interrupt::interruptible;
use pyo3::exceptions::*;
use pyo3::prelude::*;
use pyo3::types::PyType;
use std::cell::Cell;

pyo3::create_exception!(
    numbra,
    KernelSyntaxError,
    PySyntaxError,
    "A kernel's text that is no Python, or not the Python of kernels."
);
pyo3::create_exception!(numbra, DeviceError, PyRuntimeError, "A device that is not here, or that failed.");

/// The exception for an error of the library.
pub fn exception(py: Python, error: Error) -> PyErr {
    let class = error.class();
    if let (Some(Class::Raised), Error::Fault(mistake)) = (class, &error) {
        return raised(py, mistake);
    }
    // How messages begin elsewhere; here the exception's name stands in that place.
    let text = error.to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text).to_string();
    match class {
        Some(Class::Syntax) => KernelSyntaxError::new_err(text),
        Some(Class::Name) => PyNameError::new_err(text),
        Some(Class::Type) => PyTypeError::new_err(text),
        Some(Class::Value) => PyValueError::new_err(text),
        Some(Class::Index) => PyIndexError::new_err(text),
        Some(Class::ZeroDivision) => PyZeroDivisionError::new_err(text),
        Some(Class::Overflow) => PyOverflowError::new_err(text),
        Some(Class::Unsupported) => PyNotImplementedError::new_err(text),
        Some(Class::Raised) => PyRuntimeError::new_err(text),
        None => match error {
            Error::Array(ArrayError::OutOfMemory { .. }) => PyMemoryError::new_err(text),
            Error::Device { .. } => DeviceError::new_err(text),
            _ => PyRuntimeError::new_err(text),
        },
    }
}

pub fn front_exception(py: Python, error: numbra_front::Error) -> PyErr {
    exception(py, error.into())
}

/// What a kernel raised: `raise ValueError("text")` is a ValueError("text") here too. Its place is a note.
fn raised(py: Python, mistake: &Mistake) -> PyErr {
    let (name, text) = match mistake.message.split_once(": ") {
        Some((name, text)) => (name, Some(text.to_string())),
        None => (mistake.message.as_str(), None),
    };
    let class = py.import("builtins").and_then(|builtins| builtins.getattr(name)).ok();
    let class = class.and_then(|class| class.cast_into::<PyType>().ok());
    let raised = match class {
        Some(class) if class.is_subclass_of::<PyBaseException>().unwrap_or(false) => match text {
            Some(text) => PyErr::from_type(class, (text,)),
            None => PyErr::from_type(class, ()),
        },
        // A class of the user's, which is known by name alone.
        _ => PyRuntimeError::new_err(mistake.message.clone()),
    };
    let mut shown = mistake.clone();
    shown.message = "raised by the kernel".to_string();
    let note = shown.to_string();
    // A note is not worth another exception.
    let _ = add_note(raised.value(py), note.strip_prefix("error: ").unwrap_or(&note));
    raised
}

/// Text for tracebacks to show below an exception.
fn add_note(exception: &Bound<PyBaseException>, note: &str) -> PyResult<()> {
    if exception.hasattr("add_note")? {
        return exception.call_method1("add_note", (note,)).map(|_| ());
    }
    // Before Python 3.11 nothing shows it, but it can be read.
    exception.setattr("__notes__", vec![note])
}

/// Whether this is the thread on which Python handles signals.
fn hears_signals() -> bool {
    #[cfg(target_os = "linux")]
    // SAFETY: asks for two numbers.
    return unsafe { libc::gettid() == libc::getpid() };
    #[cfg(not(target_os = "linux"))]
    true
}

/// Runs `work` without the interpreter's lock. Signals are heard meanwhile: Ctrl-C ends it.
pub fn heard<T: Send>(
    py: Python,
    work: impl FnOnce() -> numbra::Result<T> + Send,
) -> PyResult<numbra::Result<T>> {
    let (result, raised) = py.detach(|| {
        if !hears_signals() {
            return (work(), None);
        }
        let raised = Cell::new(None);
        let hear = || match Python::attach(|py| py.check_signals()) {
            Ok(()) => true,
            Err(error) => {
                raised.set(Some(error));
                false
            }
        };
        let result = interruptible(&hear, work);
        (result, raised.into_inner())
    });
    match raised {
        Some(raised) => Err(raised),
        None => Ok(result),
    }
}

/// [`heard`], with errors as exceptions.
pub fn detached<T: Send>(py: Python, work: impl FnOnce() -> numbra::Result<T> + Send) -> PyResult<T> {
    heard(py, work)?.map_err(|error| exception(py, error))
}
