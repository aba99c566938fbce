//! A Python function on its way to a kernel.

use crate::cache;
use crate::error::{exception, exception_of, front_exception, heard};
use crate::freeze::{Surrounded, freeze, text_alone};
use crate::raised::Exceptions;
use crate::target::Target;
use numbra::{Error, Kernel};
use numbra_front::declaration::{self, Declaration};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::sync::{Arc, OnceLock};

/// The function with its decorator. What it finds around it is frozen when it is first compiled.
pub struct Declared {
    pub function: Py<PyAny>,
    /// The decorator as text: `numba.vectorize(['float64(float64)'], target='cuda')`.
    pub decorator: String,
    /// The lines of its file.
    lines: Py<PyAny>,
    pub name: String,
    /// What the first compilation without an error made of it.
    settled: OnceLock<Arc<Frozen>>,
}

/// The kernel with the values that its names had.
pub struct Frozen {
    pub kernel: Arc<Kernel>,
    pub target: Target,
    exceptions: Exceptions,
    /// What it is made of, as Python's objects.
    surroundings: Py<PyDict>,
}

impl Frozen {
    /// The exception for an error of the kernel.
    pub fn exception(&self, py: Python, error: Error) -> PyErr {
        exception_of(py, error, &self.exceptions)
    }
}

impl Declared {
    pub fn new(function: &Bound<PyAny>, decorator: String, lines: &Bound<PyAny>) -> PyResult<Declared> {
        let name: String = function.getattr("__name__")?.extract()?;
        let (function, lines) = (function.clone().unbind(), lines.clone().unbind());
        Ok(Declared { function, decorator, lines, name, settled: OnceLock::new() })
    }

    /// What the decorator says. Nothing is frozen yet: the values around the function may still come.
    pub fn read(&self, py: Python) -> PyResult<Declaration> {
        let (module, name) = text_alone(py, self.function.bind(py), self.lines.bind(py))?;
        declaration::apply(&module, &name, &self.decorator).map_err(|error| front_exception(py, error))
    }

    /// The kernel, if it was compiled before.
    #[inline]
    pub fn ready(&self) -> Option<&Frozen> {
        self.settled.get().map(Arc::as_ref)
    }

    /// The kernel: the one that was compiled before, else one with the globals and closure values that the function has
    /// now.
    pub fn frozen(&self, py: Python) -> PyResult<Arc<Frozen>> {
        if let Some(frozen) = self.settled.get() {
            return Ok(frozen.clone());
        }
        let made_of = freeze(py, self.function.bind(py), self.lines.bind(py))?;
        let Surrounded { module, name, exceptions, surroundings } = made_of;
        let declaration =
            declaration::apply(&module, &name, &self.decorator).map_err(|error| front_exception(py, error))?;
        let target = declaration.target.as_ref().map(|(name, _)| name.as_str());
        let target = Target::new(target).map_err(|error| exception(py, error))?;
        let kept = if declaration.cache { Some(cache::open(py)?) } else { None };
        let kernel = Kernel::new(&module, &name, declaration).map_err(|error| exception(py, error))?;
        let kernel = Arc::new(if let Some(kept) = kept { kernel.kept_in(kept) } else { kernel });
        Ok(Arc::new(Frozen { kernel, target, exceptions, surroundings }))
    }

    /// Whether the kernel was compiled, so that nothing of it changes any more; and what it is made of: see
    /// [`Surrounded::surroundings`].
    pub fn surroundings(&self, py: Python) -> PyResult<(bool, Py<PyDict>)> {
        let settled = self.settled.get().is_some();
        Ok((settled, self.frozen(py)?.surroundings.clone_ref(py)))
    }

    /// What pickle makes of the kernel.
    pub fn reduced<'py>(kernel: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        kernel.py().import("numbra._travel")?.call_method1("reduced", (kernel,))
    }

    /// Compiles the kernel, and may run it, without the interpreter's lock. From the first time that it could be compiled
    /// on its names stand for what they stood for then; after an error they may still change, or come.
    pub fn compiled<T: Send>(
        &self,
        py: Python,
        frozen: &Arc<Frozen>,
        work: impl FnOnce(&Frozen) -> numbra::Result<T> + Send,
    ) -> PyResult<T> {
        let outcome = heard(py, || work(frozen))?;
        if matches!(outcome, Ok(_) | Err(Error::Fault(_))) {
            // Another thread may have been first; either is as good.
            let _ = self.settled.set(frozen.clone());
        }
        cache::warn_of_trouble(py, frozen.kernel.kept())?;
        outcome.map_err(|error| frozen.exception(py, error))
    }
}
