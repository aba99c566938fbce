//! Which argument of a call goes to which parameter of the function.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

/// The parameters of a Python function.
pub struct Parameters {
    names: Vec<String>,
    defaults: Vec<Option<Py<PyAny>>>,
    /// The last one, `*arguments`, takes what is left.
    takes_rest: bool,
    /// What there is of them that whole functions do not have: `**keywords`, parameters that are given by name alone.
    unsupported: Option<String>,
}

/// What a parameter was given.
pub enum Argument<'py> {
    Given(Bound<'py, PyAny>),
    /// Nothing; this is its default.
    Omitted(Bound<'py, PyAny>),
}

const TAKES_REST: u32 = 4;
const TAKES_KEYWORDS: u32 = 8;

impl Parameters {
    pub fn of(function: &Bound<PyAny>) -> PyResult<Parameters> {
        let code = function.getattr("__code__")?;
        let count: usize = code.getattr("co_argcount")?.extract()?;
        let by_name: usize = code.getattr("co_kwonlyargcount")?.extract()?;
        let flags: u32 = code.getattr("co_flags")?.extract()?;
        let variables: Vec<String> = code.getattr("co_varnames")?.extract()?;
        let takes_rest = flags & TAKES_REST != 0;
        let mut names = variables[..count].to_vec();
        let given: Option<Vec<Py<PyAny>>> = function.getattr("__defaults__")?.extract()?;
        let given = given.unwrap_or_default();
        let mut defaults: Vec<Option<Py<PyAny>>> = Vec::new();
        defaults.resize_with(count.saturating_sub(given.len()), || None);
        defaults.extend(given.into_iter().map(Some));
        if takes_rest {
            names.push(variables[count + by_name].clone());
            defaults.push(None);
        }
        let unsupported = match () {
            _ if flags & TAKES_KEYWORDS != 0 => variables.get(count + by_name + takes_rest as usize),
            _ if by_name > 0 => variables.get(count),
            _ => None,
        };
        Ok(Parameters { names, defaults, takes_rest, unsupported: unsupported.cloned() })
    }

    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether every argument goes to a parameter of its own.
    pub fn is_plain(&self) -> bool {
        !self.takes_rest && self.unsupported.is_none()
    }

    /// The parameters of a call in order; Numba's words where they do not fit.
    pub fn bind<'py>(
        &self,
        arguments: &Bound<'py, PyTuple>,
        keywords: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Vec<Argument<'py>>> {
        let py = arguments.py();
        if let Some(name) = &self.unsupported {
            let message = format!(
                "parameter '{name}' is given by name alone, or takes any names: whole functions have no such parameters\n  help: \
                 make it an ordinary parameter"
            );
            return Err(crate::error::of_package(py, "KernelUnsupportedError", message));
        }
        let named = self.names.len() - self.takes_rest as usize;
        let mut bound = Vec::with_capacity(self.names.len());
        bound.extend(arguments.iter().take(named).map(Argument::Given));
        let (given, by_name) = (arguments.len(), keywords.map_or(0, |keywords| keywords.len()));
        if given + by_name > named && !self.takes_rest {
            let message = format!("too many arguments: expected {named}, got {}", given + by_name);
            return Err(PyTypeError::new_err(message));
        }
        let mut used = 0;
        for (name, default) in self.names[..named].iter().zip(&self.defaults).skip(bound.len()) {
            let value = match keywords {
                Some(keywords) if used < by_name => keywords.get_item(name)?,
                _ => None,
            };
            used += value.is_some() as usize;
            match (value, default) {
                (Some(value), _) => bound.push(Argument::Given(value)),
                (None, Some(default)) => bound.push(Argument::Omitted(default.bind(py).clone())),
                (None, None) if by_name > 0 => {
                    return Err(PyTypeError::new_err(format!("missing argument '{name}'")));
                }
                (None, None) => {
                    let needed = self.defaults[..named].iter().filter(|default| default.is_none()).count();
                    let least = if needed < named || self.takes_rest { "at least " } else { "" };
                    let message = format!("not enough arguments: expected {least}{needed}, got {given}");
                    return Err(PyTypeError::new_err(message));
                }
            }
        }
        if used < by_name {
            return Err(PyTypeError::new_err("some keyword arguments unexpected"));
        }
        if self.takes_rest {
            let rest: Vec<Bound<PyAny>> = arguments.iter().skip(named).collect();
            bound.push(Argument::Given(PyTuple::new(py, rest)?.into_any()));
        }
        Ok(bound)
    }
}
