//! Errors as exceptions, with the kernel's line and a caret in the message: of Python's own classes, and for what cannot be
//! compiled of classes that are Numba's too.

use crate::raised::Exceptions;
use numbra::Error;
use numbra_front::error::ErrorClass;
use numbra_runtime::array::ArrayError;
use numbra_runtime::error::Fault;
use numbra_runtime::interrupt::interruptible;
use pyo3::exceptions::*;
use pyo3::prelude::*;
use std::cell::Cell;

/// The exception for an error of the library.
pub fn exception(py: Python, error: Error) -> PyErr {
    exception_of(py, error, &Exceptions::default())
}

/// The exception for an error of a kernel that raises these.
pub fn exception_of(py: Python, error: Error, exceptions: &Exceptions) -> PyErr {
    let class = error.class();
    if let Error::Fault(fault) = &error {
        let made = match &fault.raised {
            Some(raised) => exceptions.exception(py, fault, raised),
            None if fault.function.is_some() => of_class(class, fault.message.clone()),
            None => of_class(class, error.to_string()),
        };
        return match &fault.function {
            Some(function) => framed(py, made, fault, function),
            None => made,
        };
    }
    let text = error.to_string();
    if let (Some(class), Error::Front(_) | Error::Codegen(_)) = (class, &error) {
        return of_package(py, of_compiler(class), text);
    }
    if class.is_some() {
        return of_class(class, text);
    }
    match error {
        Error::Array(ArrayError::OutOfMemory { .. }) => PyMemoryError::new_err(text),
        Error::Device { .. } => of_package(py, "DeviceError", text),
        _ => PyRuntimeError::new_err(text),
    }
}

/// With the place in the function as the last line of the traceback.
fn framed(py: Python, made: PyErr, fault: &Fault, function: &str) -> PyErr {
    let line = fault.source.position(fault.span.start).0;
    let arguments = (made.value(py), &fault.source.name, line, function);
    let with_frame = py.import("numbra._frames").and_then(|frames| frames.call_method1("framed", arguments));
    match with_frame {
        Ok(exception) => PyErr::from_value(exception),
        // A frame is not worth another exception.
        Err(_) => made,
    }
}

fn of_class(class: Option<ErrorClass>, text: String) -> PyErr {
    match class {
        Some(ErrorClass::Syntax | ErrorClass::Value | ErrorClass::Key) => PyValueError::new_err(text),
        Some(ErrorClass::Name) => PyNameError::new_err(text),
        Some(ErrorClass::Type) => PyTypeError::new_err(text),
        Some(ErrorClass::Index) => PyIndexError::new_err(text),
        Some(ErrorClass::ZeroDivision) => PyZeroDivisionError::new_err(text),
        Some(ErrorClass::Overflow) => PyOverflowError::new_err(text),
        Some(ErrorClass::Unbound) => PyUnboundLocalError::new_err(text),
        Some(ErrorClass::Memory) => PyMemoryError::new_err(text),
        Some(ErrorClass::Recursion) => PyRecursionError::new_err(text),
        Some(ErrorClass::Unsupported | ErrorClass::Refused) => PyNotImplementedError::new_err(text),
        Some(ErrorClass::Raised) | None => PyRuntimeError::new_err(text),
    }
}

/// The class in `numbra.core.errors` of what cannot be compiled: one of Numba's and one of Python's at once.
fn of_compiler(class: ErrorClass) -> &'static str {
    match class {
        ErrorClass::Syntax => "KernelSyntaxError",
        ErrorClass::Name | ErrorClass::Unbound => "KernelNameError",
        ErrorClass::Type => "NumbaTypeError",
        ErrorClass::Value | ErrorClass::ZeroDivision | ErrorClass::Overflow | ErrorClass::Raised => "NumbaValueError",
        ErrorClass::Memory | ErrorClass::Recursion => "NumbaRuntimeError",
        ErrorClass::Key => "UnknownOptionError",
        ErrorClass::Index => "NumbaIndexError",
        ErrorClass::Unsupported => "KernelUnsupportedError",
        ErrorClass::Refused => "KernelRefusedError",
    }
}

/// An exception of the package's own.
pub fn of_package(py: Python, class: &str, text: String) -> PyErr {
    let errors = py.import("numbra.core.errors");
    match errors.and_then(|errors| errors.getattr(class)?.call1((text,))) {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}

pub fn front_exception(py: Python, error: numbra_front::Error) -> PyErr {
    exception(py, error.into())
}

/// Whether this is the thread on which Python handles signals.
fn hears_signals() -> bool {
    #[cfg(target_os = "linux")]
    {
        // Asked once for each thread: it takes longer than the call of a small function. A thread that forks is the main
        // one of the child, which it then does not know: there Ctrl-C ends a function after it, as in NumPy.
        thread_local! {
            // SAFETY: asks for two numbers.
            static HEARS: bool = unsafe { libc::gettid() == libc::getpid() };
        }
        HEARS.with(|hears| *hears)
    }
    #[cfg(not(target_os = "linux"))]
    true
}

/// Runs `work` without the interpreter's lock. Signals are heard meanwhile: Ctrl-C ends it.
pub fn heard<T: Send>(py: Python, work: impl FnOnce() -> numbra::Result<T> + Send) -> PyResult<numbra::Result<T>> {
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

/// Runs `work` with the interpreter's lock, as Numba does. Ctrl-C ends it here too.
pub fn holding<T>(py: Python, work: impl FnOnce() -> numbra::Result<T>) -> PyResult<numbra::Result<T>> {
    if !hears_signals() {
        return Ok(work());
    }
    let raised = Cell::new(None);
    let hear = || {
        // Other threads get their turns, as between Python's own instructions.
        py.detach(|| {});
        match py.check_signals() {
            Ok(()) => true,
            Err(error) => {
                raised.set(Some(error));
                false
            }
        }
    };
    let result = interruptible(&hear, work);
    match raised.into_inner() {
        Some(raised) => Err(raised),
        None => Ok(result),
    }
}

/// [`heard`], with errors as exceptions; the kernel's own are not among them.
pub fn detached<T: Send>(py: Python, work: impl FnOnce() -> numbra::Result<T> + Send) -> PyResult<T> {
    heard(py, work)?.map_err(|error| exception(py, error))
}
