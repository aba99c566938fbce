//! A Python function on its way to a kernel.

use crate::error::{exception, front_exception};
use crate::freeze::{freeze, text_alone};
use crate::target::Target;
use numbra::Kernel;
use numbra_front::syntax::declaration::{self, Declaration};
use pyo3::prelude::*;
use std::sync::{Arc, OnceLock};

/// The function with its decorator. What it finds around it is frozen when it is first needed.
pub struct Declared {
    pub function: Py<PyAny>,
    /// The decorator as text: `numba.vectorize(['float64(float64)'], target='cuda')`.
    pub decorator: String,
    /// The lines of its file.
    lines: Py<PyAny>,
    pub name: String,
    frozen: OnceLock<Frozen>,
}

pub struct Frozen {
    pub kernel: Arc<Kernel>,
    pub target: Target,
}

impl Declared {
    pub fn new(function: &Bound<PyAny>, decorator: String, lines: &Bound<PyAny>) -> PyResult<Declared> {
        let name: String = function.getattr("__name__")?.extract()?;
        let name = if name == "<lambda>" { "lambda".to_string() } else { name };
        let (function, lines) = (function.clone().unbind(), lines.clone().unbind());
        Ok(Declared { function, decorator, lines, name, frozen: OnceLock::new() })
    }

    /// What the decorator says. Nothing is frozen yet: the values around the function may still come.
    pub fn read(&self, py: Python) -> PyResult<Declaration> {
        let (module, name) = text_alone(py, self.function.bind(py), self.lines.bind(py))?;
        declaration::apply(&module, &name, &self.decorator).map_err(|error| front_exception(py, error))
    }

    /// The kernel, if it was needed before.
    #[inline]
    pub fn ready(&self) -> Option<&Frozen> {
        self.frozen.get()
    }

    /// The kernel, with the globals and closure values that the function has now, if this is the first time.
    pub fn frozen(&self, py: Python) -> PyResult<&Frozen> {
        if let Some(frozen) = self.frozen.get() {
            return Ok(frozen);
        }
        let (module, name) = freeze(py, self.function.bind(py), self.lines.bind(py))?;
        let declaration =
            declaration::apply(&module, &name, &self.decorator).map_err(|error| front_exception(py, error))?;
        let target = declaration.target.as_ref().map(|(name, _)| name.as_str());
        let target = Target::new(target).map_err(|error| exception(py, error))?;
        let kernel = Arc::new(Kernel::new(&module, &name, declaration).map_err(|error| exception(py, error))?);
        // Another thread may have been first; either is as good.
        Ok(self.frozen.get_or_init(|| Frozen { kernel, target }))
    }
}
