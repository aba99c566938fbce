//! What `vectorize` returns: the kernel as one of NumPy's ufuncs. `keywords`: those of calls; `methods`: reduce, accumulate,
//! outer.

mod keywords;
mod methods;

use crate::arrays::{self, Operand, Taker, letter_of, operand};
use crate::cache;
use crate::error::{detached, exception};
use crate::kernel::{Declared, Frozen};
use crate::overrides::Call;
use crate::quick::{self, Quick, vectorized};
use keywords::Layout;
use numbra::Input;
use numbra_front::declaration::{Identity, Kind};
use numbra_front::types::ScalarType;
use numbra_runtime::ufunc::{Given, Loop};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use std::sync::{Mutex, PoisonError};

/// A function of scalars that applies to arrays, element by element, as NumPy's ufuncs do.
#[pyclass(frozen, dict, weakref, module = "numbra")]
pub struct Ufunc {
    declared: Declared,
    quick: Quick,
    /// The loops that calls have used, with the types of their results.
    used: Mutex<Vec<(Loop, ScalarType)>>,
}

#[pymethods]
impl Ufunc {
    /// `decorator`: the decorator as text. `lines`: those of the function's file.
    #[new]
    fn new(function: &Bound<PyAny>, decorator: String, lines: &Bound<PyAny>) -> PyResult<Ufunc> {
        Ok(Ufunc {
            declared: Declared::new(function, decorator, lines)?,
            quick: Quick::default(),
            used: Mutex::default(),
        })
    }

    #[pyo3(signature = (*arguments, **options))]
    fn __call__<'py>(
        slf: &Bound<'py, Self>,
        py: Python<'py>,
        arguments: &Bound<'py, PyTuple>,
        options: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let own = slf.get();
        let out = options.and_then(|options| only_out(py, options));
        if (options.is_none() || out.is_some())
            && let Some(frozen) = own.declared.ready()
            && let Some(result) = own.quick.call(py, arguments, out.as_ref(), frozen, |kinds| {
                if vectorized(&frozen.kernel).is_ok_and(|kernel| kernel.parameters().len() != kinds.len()) {
                    return Ok(None);
                }
                let target = frozen.target;
                let direct = detached(py, || quick::prepare(vectorized(&frozen.kernel)?, &target.open()?, kinds))?;
                if direct.is_some() {
                    own.note(py, frozen, kinds.iter().map(|kind| kind.given()).collect())?;
                }
                Ok(direct)
            })?
        {
            return Ok(result);
        }
        own.general(slf, py, arguments, options)
    }

    /// Reads the decorator, and types the function for the signatures in it, so that mistakes show where they stand.
    fn check(&self, py: Python) -> PyResult<()> {
        if self.declared.read(py)?.signatures.is_empty() {
            return Ok(());
        }
        let frozen = self.declared.frozen(py)?;
        self.declared.compiled(py, &frozen, |own| {
            let kernel = vectorized(&own.kernel)?;
            for Loop { parameters, .. } in kernel.loops()? {
                kernel.choose(&parameters.iter().map(|&scalar| Given::Strong(scalar)).collect::<Vec<Given>>())?;
            }
            Ok(())
        })
    }

    /// The number of inputs.
    #[getter]
    fn nin(&self, py: Python) -> PyResult<usize> {
        Ok(self.declared.frozen(py)?.kernel.parameters().len())
    }

    /// The number of results.
    #[getter]
    fn nout(&self) -> usize {
        1
    }

    /// The number of inputs and results.
    #[getter]
    fn nargs(&self, py: Python) -> PyResult<usize> {
        Ok(self.nin(py)? + 1)
    }

    /// The loops as NumPy writes them, `dd->d`: the declared ones, or those that calls have needed so far.
    #[getter]
    fn types(&self, py: Python) -> PyResult<Vec<String>> {
        let text = |(chosen, result): (Loop, ScalarType)| {
            let parameters: String = chosen.parameters.iter().map(|&scalar| letter_of(scalar)).collect();
            format!("{parameters}->{}", letter_of(result))
        };
        Ok(self.loops(py)?.into_iter().map(text).collect())
    }

    /// The number of loops.
    #[getter]
    fn ntypes(&self, py: Python) -> PyResult<usize> {
        Ok(self.loops(py)?.len())
    }

    /// The value that changes nothing: 0 or 1; None if there is none.
    #[getter]
    fn identity(&self, py: Python) -> PyResult<Option<i128>> {
        Ok(match self.declared.frozen(py)?.kernel.declaration().kind {
            Kind::Vectorize { identity: Some(Identity::Number(number)) } => Some(number),
            _ => None,
        })
    }

    /// None: NumPy's name for the layout of a generalized ufunc.
    #[getter]
    fn signature(&self) -> Option<String> {
        None
    }

    /// The signatures, declared ones or those that calls have needed so far, as text.
    #[getter]
    fn signatures(&self, py: Python) -> PyResult<Vec<String>> {
        let text = |(chosen, result): (Loop, ScalarType)| {
            let parameters: Vec<&str> = chosen.parameters.iter().map(|scalar| scalar.name()).collect();
            format!("{result}({})", parameters.join(", "))
        };
        Ok(self.loops(py)?.into_iter().map(text).collect())
    }

    fn __repr__(&self) -> String {
        format!("<numbra ufunc '{}'>", self.declared.name)
    }
}

kernel_methods!(Ufunc);

impl Ufunc {
    fn taker(&self, frozen: &Frozen) -> Taker<'_> {
        let widens = !frozen.kernel.declaration().signatures.is_empty();
        Taker { kind: "ufunc", name: &self.declared.name, widens }
    }

    /// The way for everything that `Quick` does not take.
    fn general<'py>(
        &self,
        slf: &Bound<'py, Self>,
        py: Python<'py>,
        arguments: &Bound<'py, PyTuple>,
        options: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let frozen = self.declared.frozen(py)?;
        let nin = frozen.kernel.parameters().len();
        let keywords = keywords::known(py, &self.declared.name, options)?;
        let mut inputs = arguments.clone();
        if arguments.len() == nin + 1 {
            if keywords.contains("out")? {
                return Err(PyTypeError::new_err("cannot specify 'out' as both a positional and keyword argument"));
            }
            inputs = arguments.get_slice(0, nin);
            keywords.set_item("out", arguments.get_item(nin)?)?;
        }
        let call = Call::new("__call__", inputs.iter().collect(), keywords)?;
        if inputs.len() == nin
            && let Some(result) = call.overridden(slf)?
        {
            return Ok(result);
        }
        let Layout { order, subok } = Layout::of(&call)?;
        let out = call.out()?;
        let taker = self.taker(&frozen);
        let operands = inputs.iter().map(|input| operand(taker, &input)).collect::<PyResult<Vec<Operand>>>()?;
        let inputs: Vec<Input> = operands.iter().map(Operand::input).collect();
        // The types first: they decide what the result is, and may have to be compiled.
        let outcome = self.declared.compiled(py, &frozen, |own| vectorized(&own.kernel)?.outcome(&inputs))?;
        self.note(py, &frozen, inputs.iter().map(Given::of).collect())?;
        let result = match &out {
            None => {
                let strides = order.strides(&operands, &outcome)?;
                arrays::empty(py, outcome.scalar, &outcome.shape, strides.as_deref())?
            }
            Some(out) => match arrays::written(out)? {
                Some(held) => held,
                // Of another type, in another byte order, not aligned: the result is copied there.
                None => {
                    let shape: Vec<usize> = out.getattr("shape")?.extract()?;
                    let result = arrays::empty(py, outcome.scalar, &shape, None)?;
                    arrays::check_cast(&self.declared.name, &result.object, out)?;
                    result
                }
            },
        };
        self.declared.compiled(py, &frozen, |own| {
            vectorized(&own.kernel)?.call_into(&own.target.open()?, &inputs, &result.array)
        })?;
        if let Some(out) = out {
            if !out.is(&result.object) {
                arrays::copy(&result.object, &out)?;
            }
            return Ok(out);
        }
        let all = &arguments.get_slice(0, if subok { nin } else { 0 });
        if operands.iter().all(Operand::is_scalar) {
            for argument in all {
                if arrays::is_masked(&argument)? {
                    return wrapped(slf, all, result.object);
                }
            }
            return arrays::unwrapped(result.object);
        }
        wrapped(slf, all, result.object)
    }

    /// Remembers the loop that arguments of these types use.
    fn note(&self, py: Python, frozen: &Frozen, given: Vec<Given>) -> PyResult<()> {
        cache::warn_of_trouble(py, frozen.kernel.kept())?;
        let (chosen, result) = vectorized(&frozen.kernel)
            .and_then(|kernel| kernel.choose(&given))
            .map_err(|error| exception(py, error))?;
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.iter().all(|(known, _)| *known != chosen) {
            used.push((chosen, result));
        }
        Ok(())
    }

    fn loops(&self, py: Python) -> PyResult<Vec<(Loop, ScalarType)>> {
        let frozen = self.declared.frozen(py)?;
        let declared = detached(py, || {
            let kernel = vectorized(&frozen.kernel)?;
            let typed = |chosen: Loop| {
                let given: Vec<Given> = chosen.parameters.iter().map(|&scalar| Given::Strong(scalar)).collect();
                let result = match chosen.result {
                    Some(result) => result,
                    None => kernel.choose(&given)?.1,
                };
                Ok((chosen, result))
            };
            kernel.loops()?.into_iter().map(typed).collect::<numbra::Result<Vec<_>>>()
        })?;
        if declared.is_empty() {
            Ok(self.used.lock().unwrap_or_else(PoisonError::into_inner).clone())
        } else {
            Ok(declared)
        }
    }
}

/// `out`, where it is the one keyword.
#[inline]
fn only_out<'py>(py: Python<'py>, options: &Bound<'py, PyDict>) -> Option<Bound<'py, PyAny>> {
    if options.len() != 1 {
        return None;
    }
    options.get_item(pyo3::intern!(py, "out")).ok().flatten()
}

/// The result as the kind of array that the arguments are (`__array_wrap__`): masked arrays, matrices, classes of users.
fn wrapped<'py>(
    slf: &Bound<'py, Ufunc>,
    arguments: &Bound<'py, PyTuple>,
    result: Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = slf.py();
    let plain = arrays::array_type(py);
    let mut best: Option<(f64, Bound<'py, PyAny>)> = None;
    for argument in arguments {
        if argument.get_type_ptr() == plain || arrays::python_scalar(&argument)?.is_some() {
            continue;
        }
        let Ok(wrap) = argument.getattr("__array_wrap__") else { continue };
        let priority = argument.getattr("__array_priority__").and_then(|priority| priority.extract()).unwrap_or(0.0);
        // NumPy's own scalars have the method too, and a priority below everything.
        if priority >= 0.0 && best.as_ref().is_none_or(|(highest, _)| priority > *highest) {
            best = Some((priority, wrap));
        }
    }
    let Some((_, wrap)) = best else { return Ok(result) };
    let context = (slf.clone(), arguments.clone(), 0);
    match wrap.call1((result.clone(), context.clone(), false)) {
        // Before NumPy 2 it took two arguments.
        Err(error) if error.is_instance_of::<PyTypeError>(py) => wrap.call1((result, context)),
        outcome => outcome,
    }
}
