//! What `stencil` returns.

use crate::arrays::{self, Operand, Taker, operand, output, to_numpy};
use crate::kernel::Declared;
use numbra::{Error, Input, Kernel};
use numbra_front::declaration::Kind;
use numbra_front::types::ScalarType;
use numbra_runtime::stencil::Stencil as Runtime;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between looks at whether the user has pressed Ctrl-C.
const LOOK: Duration = Duration::from_millis(20);

/// A function of an array's neighbourhoods, applied at every point but the border.
#[pyclass(frozen, dict, weakref, module = "numbra")]
pub struct Stencil {
    declared: Declared,
    /// The signatures that calls have used.
    used: Mutex<Vec<Used>>,
}

/// A result's type, and the types of arguments with their ranks; scalars have none.
type Used = (ScalarType, Vec<(ScalarType, Option<usize>)>);

#[pymethods]
impl Stencil {
    /// `decorator`: the decorator as text. `lines`: those of the function's file.
    #[new]
    fn new(function: &Bound<PyAny>, decorator: String, lines: &Bound<PyAny>) -> PyResult<Stencil> {
        Ok(Stencil { declared: Declared::new(function, decorator, lines)?, used: Mutex::default() })
    }

    /// Reads the decorator, so that mistakes in it show where it stands.
    fn check(&self, py: Python) -> PyResult<()> {
        self.declared.read(py).map(|_| ())
    }

    /// One sweep. The first argument is the array that gives the result its shape.
    #[pyo3(signature = (*arguments, out=None))]
    fn __call__<'py>(
        &self,
        py: Python<'py>,
        arguments: &Bound<'py, PyTuple>,
        out: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let frozen = self.declared.frozen(py)?;
        let operands = self.operands(arguments)?;
        let inputs: Vec<Input> = operands.iter().map(Operand::input).collect();
        let declared = &self.declared;
        let (scalar, shape) = declared.compiled(py, &frozen, |own| relative(&own.kernel)?.outcome(&inputs))?;
        self.note(scalar, &inputs);
        match out.filter(|out| !out.is_none()) {
            Some(out) => {
                let out = output(out)?;
                declared.compiled(py, &frozen, |own| {
                    relative(&own.kernel)?.call_into(&own.target.open()?, &inputs, &out.array)
                })?;
                Ok(out.object)
            }
            None => {
                let result = arrays::empty(py, scalar, &shape, None)?;
                declared.compiled(py, &frozen, |own| {
                    relative(&own.kernel)?.fill(&own.target.open()?, &inputs, &result.array)
                })?;
                Ok(result.object)
            }
        }
    }

    /// The stencil applied `steps` times, each result being the next first argument. `progress`, if given, is called
    /// with the number of steps done, a few times a second. Ctrl-C ends it.
    #[pyo3(signature = (array, steps, *others, progress=None))]
    fn iterate<'py>(
        &self,
        py: Python<'py>,
        array: &Bound<'py, PyAny>,
        steps: isize,
        others: &Bound<'py, PyTuple>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let frozen = self.declared.frozen(py)?;
        let Ok(steps) = usize::try_from(steps) else {
            return Err(PyValueError::new_err(format!("a stencil cannot be applied {steps} times")));
        };
        let mut operands = vec![self.operand(array)?];
        operands.extend(self.operands(others)?);
        let inputs: Vec<Input> = operands.iter().map(Operand::input).collect();
        let declared = &self.declared;
        let (scalar, _) = declared.compiled(py, &frozen, |own| relative(&own.kernel)?.outcome(&inputs))?;
        self.note(scalar, &inputs);
        let mut stopped: Option<PyErr> = None;
        let mut last = Instant::now();
        let mut hear = |step: usize| {
            if last.elapsed() < LOOK && step < steps {
                return Ok(());
            }
            last = Instant::now();
            let outcome = Python::attach(|py| {
                py.check_signals()?;
                progress.as_ref().map_or(Ok(()), |progress| progress.call1(py, (step,)).map(|_| ()))
            });
            outcome.map_err(|error| {
                stopped = Some(error);
                Error::call("stopped")
            })
        };
        let result = declared.compiled(py, &frozen, |own| {
            relative(&own.kernel)?.try_iterate(&own.target.open()?, &inputs, steps, &mut hear)
        });
        match stopped {
            Some(stopped) => Err(stopped),
            None => to_numpy(py, &result?),
        }
    }

    /// The reach along every axis, (lowest, highest), if it was declared.
    #[getter]
    fn neighborhood(&self, py: Python) -> PyResult<Option<Vec<(i64, i64)>>> {
        Ok(match &self.declared.frozen(py)?.kernel.declaration().kind {
            Kind::Stencil(options) => options.neighborhood.as_ref().map(|(pairs, _)| pairs.clone()),
            _ => None,
        })
    }

    /// The signatures that calls have needed so far, as text.
    #[getter]
    fn signatures(&self, _py: Python) -> PyResult<Vec<String>> {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let signature = |(result, arguments): Used| {
            let arguments: Vec<String> = arguments.into_iter().map(text).collect();
            format!("{}({})", result.name(), arguments.join(", "))
        };
        Ok(used.into_iter().map(signature).collect())
    }

    fn __repr__(&self) -> String {
        format!("<numbra stencil '{}'>", self.declared.name)
    }
}

kernel_methods!(Stencil);

impl Stencil {
    fn operand<'py>(&self, argument: &Bound<'py, PyAny>) -> PyResult<Operand<'py>> {
        arrays::refuse_mask(&format!("the stencil '{}'", self.declared.name), argument)?;
        operand(Taker { kind: "stencil", name: &self.declared.name, widens: false }, argument)
    }

    fn operands<'py>(&self, arguments: &Bound<'py, PyTuple>) -> PyResult<Vec<Operand<'py>>> {
        arguments.iter().map(|argument| self.operand(&argument)).collect()
    }

    /// Remembers the types that a call has used.
    fn note(&self, result: ScalarType, inputs: &[Input]) {
        let of = |input: &Input| match input {
            Input::Scalar(constant) | Input::Typed(constant) => (constant.scalar, None),
            array => (array.scalar_type(), Some(array.shape().len())),
        };
        let call = (result, inputs.iter().map(of).collect());
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if !used.contains(&call) {
            used.push(call);
        }
    }
}

/// An argument's type: `float64[:, :]`, `float64`.
fn text((scalar, rank): (ScalarType, Option<usize>)) -> String {
    match rank {
        Some(rank) => format!("{}[{}]", scalar.name(), vec![":"; rank].join(", ")),
        None => scalar.name().to_string(),
    }
}

/// The kernel as a stencil.
fn relative(kernel: &Kernel) -> numbra::Result<&Runtime> {
    match kernel {
        Kernel::Stencil(kernel) => Ok(kernel),
        Kernel::Vectorize(kernel) => Err(Error::Internal(format!("'{}' is no stencil", kernel.name()))),
    }
}
