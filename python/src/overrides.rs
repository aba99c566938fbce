//! `__array_ufunc__`: arrays of other libraries, and of users' classes, take calls of ufuncs over.

use crate::arrays;
use crate::ufunc::Ufunc;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

/// A call as overrides see it: inputs in order, the rest by name, `out` as a tuple and only if there is one.
pub struct Call<'py> {
    pub method: &'static str,
    pub inputs: Vec<Bound<'py, PyAny>>,
    pub keywords: Bound<'py, PyDict>,
}

impl<'py> Call<'py> {
    /// Reads the arguments of a method with these parameters, of which the first `inputs` are arrays.
    pub fn read(
        method: &'static str,
        parameters: &[&str],
        inputs: usize,
        arguments: &Bound<'py, PyTuple>,
        options: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Call<'py>> {
        if arguments.len() > parameters.len() {
            return Err(PyTypeError::new_err(format!(
                "{method}() takes from {inputs} to {} positional arguments but {} were given",
                parameters.len(),
                arguments.len()
            )));
        }
        let named = PyDict::new(arguments.py());
        for (parameter, argument) in parameters.iter().zip(arguments) {
            named.set_item(parameter, argument)?;
        }
        for (name, value) in options.into_iter().flatten() {
            let text: String = name.extract()?;
            match parameters.iter().position(|parameter| *parameter == text) {
                None => {
                    let message = format!("{method}() got an unexpected keyword argument '{text}'");
                    return Err(PyTypeError::new_err(message));
                }
                Some(place) if place < arguments.len() => {
                    return Err(PyTypeError::new_err(format!(
                        "argument for {method}() given by name ('{text}') and position (position {place})"
                    )));
                }
                Some(_) => named.set_item(name, value)?,
            }
        }
        let mut arrays = Vec::new();
        for (place, parameter) in parameters[..inputs].iter().enumerate() {
            let Some(array) = named.get_item(parameter)? else {
                let message = format!("{method}() missing required argument '{parameter}' (pos {place})");
                return Err(PyTypeError::new_err(message));
            };
            named.del_item(parameter)?;
            arrays.push(array);
        }
        Call::new(method, arrays, named)
    }

    /// `keywords` are the call's own from now on.
    pub fn new(
        method: &'static str,
        inputs: Vec<Bound<'py, PyAny>>,
        keywords: Bound<'py, PyDict>,
    ) -> PyResult<Call<'py>> {
        if let Some(out) = keywords.get_item("out")? {
            match single(&out)? {
                Some(out) => keywords.set_item("out", (out,))?,
                None => keywords.del_item("out")?,
            }
        }
        Ok(Call { method, inputs, keywords })
    }

    /// A keyword's value; None is as good as none.
    pub fn keyword(&self, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        if self.keywords.is_empty() {
            return Ok(None);
        }
        Ok(self.keywords.get_item(name)?.filter(|value| !value.is_none()))
    }

    pub fn out(&self) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.keyword("out")?.map_or(Ok(None), |out| single(&out))
    }

    /// What an input or an output makes of the call; `None` if it is numbra's.
    pub fn overridden(&self, ufunc: &Bound<'py, Ufunc>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = ufunc.py();
        let out = self.out()?;
        let arguments = || self.inputs.iter().chain(&out);
        let mut found: Vec<(&Bound<'py, PyAny>, Bound<'py, PyAny>)> = Vec::new();
        for argument in arguments() {
            let kind = argument.get_type();
            if argument.get_type_ptr() == arrays::array_type(py)
                || found.iter().any(|(known, _)| known.get_type().is(&kind))
            {
                continue;
            }
            let Some(method) = kind.getattr_opt(pyo3::intern!(py, "__array_ufunc__"))? else { continue };
            if method.is(&py.import("numpy")?.getattr("ndarray")?.getattr("__array_ufunc__")?) {
                continue;
            }
            if method.is_none() {
                let message = format!("operand '{}' does not support ufuncs (__array_ufunc__=None)", kind.name()?);
                return Err(PyTypeError::new_err(message));
            }
            // Classes go before those that they are derived from.
            let mut place = found.len();
            for (number, (known, _)) in found.iter().enumerate().rev() {
                if kind.is_subclass(&known.get_type())? {
                    place = number;
                }
            }
            found.insert(place, (argument, method));
        }
        for (argument, method) in &found {
            let mut all = vec![(*argument).clone(), ufunc.clone().into_any()];
            all.push(PyString::new(py, self.method).into_any());
            all.extend(self.inputs.iter().cloned());
            let result = method.call(PyTuple::new(py, all)?, Some(&self.keywords))?;
            if !result.is(py.NotImplemented()) {
                return Ok(Some(result));
            }
        }
        if found.is_empty() {
            return Ok(None);
        }
        let mut given = vec![ufunc.repr()?.to_string(), format!("'{}'", self.method)];
        for input in &self.inputs {
            given.push(input.repr()?.to_string());
        }
        for (name, value) in &self.keywords {
            given.push(format!("{name}={}", value.repr()?));
        }
        let mut kinds = Vec::new();
        for argument in arguments() {
            kinds.push(format!("'{}'", argument.get_type().name()?));
        }
        Err(PyTypeError::new_err(format!(
            "operand type(s) all returned NotImplemented from __array_ufunc__({}): {}",
            given.join(", "),
            kinds.join(", ")
        )))
    }
}

/// `out=` as NumPy takes it: an array, a tuple of one, or None.
fn single<'py>(value: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let out = match value.cast::<PyTuple>() {
        Ok(tuple) if tuple.len() == 1 => tuple.get_item(0)?,
        Ok(_) => {
            let message = "The 'out' tuple must have exactly one entry per ufunc output";
            return Err(PyValueError::new_err(message));
        }
        Err(_) => value.clone(),
    };
    Ok(Some(out).filter(|out| !out.is_none()))
}
