//! What `vectorize` returns.

use crate::arrays::{self, Operand, Taker, held, letter_of, operand, output, to_numpy};
use crate::emit::emitted;
use crate::error::{detached, exception};
use crate::kernel::Declared;
use crate::quick::{self, Quick, vectorized};
use numbra::Input;
use numbra::emit::Emit;
use numbra_front::syntax::declaration::{Identity, Kind};
use numbra_front::types::ScalarType;
use numbra_runtime::ufunc::{Given, Loop};
use pyo3::exceptions::{PyNotImplementedError, PyTypeError, PyValueError};
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
            && let Some(result) = own.quick.call(py, arguments, out.as_ref(), frozen.target.generation(), |kinds| {
                if vectorized(&frozen.kernel).is_ok_and(|kernel| kernel.parameters().len() != kinds.len()) {
                    return Ok(None);
                }
                let target = frozen.target;
                let direct = detached(py, || quick::prepare(vectorized(&frozen.kernel)?, &target.open()?, kinds))?;
                if direct.is_some() {
                    own.note(py, kinds.iter().map(|kind| kind.given()).collect())?;
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
        detached(py, || {
            let kernel = vectorized(&frozen.kernel)?;
            for Loop { parameters, .. } in kernel.loops()? {
                kernel.choose(&parameters.iter().map(|&scalar| Given::Strong(scalar)).collect::<Vec<Given>>())?;
            }
            Ok(())
        })
    }

    /// The Python function.
    #[getter]
    fn py_func(&self, py: Python) -> Py<PyAny> {
        self.declared.function.clone_ref(py)
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

    /// The decorator as text, for kernels that call the function.
    #[getter]
    fn _decorator(&self) -> &str {
        &self.declared.decorator
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

    /// The device that the function runs on.
    #[getter]
    fn target(&self, py: Python) -> PyResult<String> {
        Ok(self.declared.frozen(py)?.target.name().to_string())
    }

    /// f(...f(f(a[0], a[1]), a[2])..., a[n-1]) along the axis; several axes need an identity, None means all of them.
    #[pyo3(signature = (array, axis=Axes::One(0), dtype=None, out=None, keepdims=false, **options))]
    #[pyo3(text_signature = "($self, array, axis=0, dtype=None, out=None, keepdims=False)")]
    #[expect(clippy::too_many_arguments, reason = "NumPy has them")]
    fn reduce<'py>(
        &self,
        py: Python<'py>,
        array: &Bound<'py, PyAny>,
        axis: Axes,
        dtype: Option<&Bound<'py, PyAny>>,
        out: Option<&Bound<'py, PyAny>>,
        keepdims: bool,
        options: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if let Some((name, _)) = options.into_iter().flatten().next() {
            let name: String = name.extract()?;
            return Err(match name.as_str() {
                "initial" | "where" => {
                    PyNotImplementedError::new_err(format!("the keyword '{name}' of reduce is not supported yet"))
                }
                _ => PyTypeError::new_err(format!("reduce() got an unexpected keyword argument '{name}'")),
            });
        }
        arrays::refuse_mask("reduce", array)?;
        let input = held(self.taker(py)?, array)?;
        let input = self.as_dtype(input, dtype)?;
        let axes = axis.resolve(py, input.array.shape().len())?;
        let mut shape = input.array.shape().to_vec();
        let result = self.folded(py, input, |kernel, device, input| kernel.reduce(device, input, &axes))?;
        let mut result = to_numpy(py, &result)?;
        if keepdims {
            axes.iter().for_each(|&axis| shape[axis] = 1);
            result = result.call_method1("reshape", (shape,))?;
        }
        delivered(result, out)
    }

    /// All values of the fold along an axis.
    #[pyo3(signature = (array, axis=0, dtype=None, out=None))]
    fn accumulate<'py>(
        &self,
        py: Python<'py>,
        array: &Bound<'py, PyAny>,
        axis: isize,
        dtype: Option<&Bound<'py, PyAny>>,
        out: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        arrays::refuse_mask("accumulate", array)?;
        let input = held(self.taker(py)?, array)?;
        let input = self.as_dtype(input, dtype)?;
        if input.array.shape().is_empty() {
            return Err(PyTypeError::new_err("cannot accumulate on a scalar"));
        }
        let axis = axis_of(py, axis, input.array.shape().len())?;
        let result = self.folded(py, input, |kernel, device, input| kernel.accumulate(device, input, axis))?;
        delivered(to_numpy(py, &result)?, out)
    }

    /// f(a, b) for all pairs of an element of `left` and one of `right`.
    fn outer<'py>(
        slf: &Bound<'py, Self>,
        left: &Bound<'py, PyAny>,
        right: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        arrays::refuse_mask("outer", left)?;
        arrays::refuse_mask("outer", right)?;
        let numpy = py.import("numpy")?;
        let (left, right) = (numpy.call_method1("asarray", (left,))?, numpy.call_method1("asarray", (right,))?);
        let mut shape: Vec<usize> = left.getattr("shape")?.extract()?;
        let rank: usize = right.getattr("ndim")?.extract()?;
        shape.extend(std::iter::repeat_n(1, rank));
        slf.call1((left.call_method1("reshape", (shape,))?, right))
    }

    /// Not there yet: always an error.
    #[pyo3(signature = (*_arguments, **_options))]
    fn reduceat(&self, _arguments: &Bound<PyTuple>, _options: Option<&Bound<PyDict>>) -> PyResult<()> {
        Err(PyNotImplementedError::new_err(
            "'reduceat' is not supported yet\n  help: call 'reduce' on each part of the array",
        ))
    }

    /// Not there yet: always an error.
    #[pyo3(signature = (*_arguments, **_options))]
    fn at(&self, _arguments: &Bound<PyTuple>, _options: Option<&Bound<PyDict>>) -> PyResult<()> {
        Err(PyNotImplementedError::new_err(
            "'at' is not supported yet\n  help: a[indices] = f(a[indices]), if no index occurs twice",
        ))
    }

    /// The IR of the host function and its kernels, for a signature such as 'float64(float64)'.
    #[pyo3(signature = (signature=None))]
    fn inspect_ir(&self, py: Python, signature: Option<&Bound<PyAny>>) -> PyResult<Py<PyAny>> {
        self.inspect(py, Emit::Ir, signature, "")
    }

    /// LLVM IR for this machine's processor.
    #[pyo3(signature = (signature=None))]
    fn inspect_llvm(&self, py: Python, signature: Option<&Bound<PyAny>>) -> PyResult<Py<PyAny>> {
        self.inspect(py, Emit::Llvm, signature, "")
    }

    /// Assembly for this machine's processor.
    #[pyo3(signature = (signature=None))]
    fn inspect_asm(&self, py: Python, signature: Option<&Bound<PyAny>>) -> PyResult<Py<PyAny>> {
        self.inspect(py, Emit::Asm, signature, "")
    }

    /// PTX for an NVIDIA GPU, in the form for arrays of two and more axes; `arch`: `sm_50` or newer.
    #[pyo3(signature = (signature=None, arch="sm_80"))]
    fn inspect_ptx(&self, py: Python, signature: Option<&Bound<PyAny>>, arch: &str) -> PyResult<Py<PyAny>> {
        self.inspect(py, Emit::Ptx, signature, arch)
    }

    /// WGSL for a GPU of any vendor.
    #[pyo3(signature = (signature=None))]
    fn inspect_wgsl(&self, py: Python, signature: Option<&Bound<PyAny>>) -> PyResult<Py<PyAny>> {
        self.inspect(py, Emit::Wgsl, signature, "")
    }

    /// SPIR-V, as bytes.
    #[pyo3(signature = (signature=None))]
    fn inspect_spirv(&self, py: Python, signature: Option<&Bound<PyAny>>) -> PyResult<Py<PyAny>> {
        self.inspect(py, Emit::Spirv, signature, "")
    }

    /// Pickled by name, as functions are.
    fn __reduce__(slf: &Bound<Self>) -> PyResult<Py<PyAny>> {
        Ok(slf.getattr("__qualname__")?.unbind())
    }

    fn __repr__(&self) -> String {
        format!("<numbra ufunc '{}'>", self.declared.name)
    }
}

impl Ufunc {
    fn taker(&self, py: Python) -> PyResult<Taker<'_>> {
        let widens = !self.declared.frozen(py)?.kernel.declaration().signatures.is_empty();
        Ok(Taker { kind: "ufunc", name: &self.declared.name, widens })
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
        let mut out = None;
        for (name, value) in options.into_iter().flatten() {
            match name.extract::<String>()?.as_str() {
                "out" => out = single(&value)?,
                name @ ("dtype" | "where" | "casting" | "order" | "subok" | "signature") => {
                    let message = format!("the keyword '{name}' of ufuncs is not supported yet");
                    return Err(PyNotImplementedError::new_err(message));
                }
                name => {
                    let message = format!("{}() got an unexpected keyword argument '{name}'", self.declared.name);
                    return Err(PyTypeError::new_err(message));
                }
            }
        }
        if let Some(result) = overridden(slf, arguments, options)? {
            return Ok(result);
        }
        let (inputs, positional) = match arguments.len() {
            count if count == nin + 1 => (arguments.get_slice(0, nin), Some(arguments.get_item(nin)?)),
            _ => (arguments.clone(), None),
        };
        if out.is_some() && positional.is_some() {
            return Err(PyTypeError::new_err("cannot specify 'out' as both a positional and keyword argument"));
        }
        let out = out.or(positional).filter(|out| !out.is_none());
        let taker = self.taker(py)?;
        let operands = inputs.iter().map(|input| operand(taker, &input)).collect::<PyResult<Vec<Operand>>>()?;
        let inputs: Vec<Input> = operands.iter().map(Operand::input).collect();
        let (kernel, target) = (&frozen.kernel, frozen.target);
        // The types first: they decide what the result is, and may have to be compiled.
        let outcome = detached(py, || vectorized(kernel)?.outcome(&inputs))?;
        self.note(py, inputs.iter().map(Given::of).collect())?;
        let (result, given) = match &out {
            Some(out) => (output(out)?, true),
            None => (arrays::empty(py, outcome.scalar, &outcome.shape, Some(&outcome.strides))?, false),
        };
        detached(py, || vectorized(kernel)?.call_into(&target.open()?, &inputs, &result.array))?;
        if given {
            return Ok(result.object);
        }
        let all = &arguments.get_slice(0, nin);
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
    fn note(&self, py: Python, given: Vec<Given>) -> PyResult<()> {
        let frozen = self.declared.frozen(py)?;
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

    fn as_dtype<'py>(
        &self,
        input: arrays::Held<'py>,
        dtype: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<arrays::Held<'py>> {
        match dtype {
            Some(dtype) => {
                let py = dtype.py();
                held(self.taker(py)?, &input.object.call_method1("astype", (dtype,))?)
            }
            None => Ok(input),
        }
    }

    fn folded(
        &self,
        py: Python,
        input: arrays::Held,
        fold: impl FnOnce(
            &numbra_runtime::ufunc::Vectorize,
            &std::sync::Arc<dyn numbra::device::Device>,
            &Input,
        ) -> numbra::Result<numbra_runtime::array::HostArray>
        + Send,
    ) -> PyResult<numbra_runtime::array::HostArray> {
        let frozen = self.declared.frozen(py)?;
        let array = Input::Borrowed(input.array.clone());
        let (kernel, target) = (&frozen.kernel, frozen.target);
        detached(py, || fold(vectorized(kernel)?, &target.open()?, &array))
    }

    fn inspect(&self, py: Python, form: Emit, signature: Option<&Bound<PyAny>>, arch: &str) -> PyResult<Py<PyAny>> {
        let frozen = self.declared.frozen(py)?;
        match signature {
            Some(signature) => emitted(py, &frozen.kernel, form, &signature.str()?.to_string(), arch),
            None => {
                let all = PyDict::new(py);
                for signature in self.signatures(py)? {
                    let text = emitted(py, &frozen.kernel, form, &signature, arch)?;
                    all.set_item(signature, text)?;
                }
                Ok(all.into_any().unbind())
            }
        }
    }
}

/// `axis=` of a reduction.
#[derive(FromPyObject)]
enum Axes {
    One(isize),
    Several(Vec<isize>),
    All(Option<bool>),
}

impl Axes {
    fn resolve(&self, py: Python, rank: usize) -> PyResult<Vec<usize>> {
        let axes = match self {
            Axes::One(axis) => vec![axis_of(py, *axis, rank)?],
            Axes::Several(axes) => {
                axes.iter().map(|&axis| axis_of(py, axis, rank)).collect::<PyResult<Vec<usize>>>()?
            }
            Axes::All(None) => (0..rank).collect(),
            Axes::All(Some(_)) => return Err(PyTypeError::new_err("an axis is an integer")),
        };
        match axes.iter().enumerate().any(|(place, axis)| axes[..place].contains(axis)) {
            true => Err(PyValueError::new_err("duplicate value in 'axis'")),
            false => Ok(axes),
        }
    }
}

/// An axis counted from the end if negative.
fn axis_of(py: Python, axis: isize, rank: usize) -> PyResult<usize> {
    let place = if axis < 0 { axis.saturating_add_unsigned(rank) } else { axis };
    if let Some(place) = usize::try_from(place).ok().filter(|place| *place < rank) {
        return Ok(place);
    }
    // NumPy's own error; before NumPy 1.25 it was elsewhere.
    let class = match py.import("numpy.exceptions") {
        Ok(exceptions) => exceptions.getattr("AxisError")?,
        Err(_) => py.import("numpy")?.getattr("AxisError")?,
    };
    Err(PyErr::from_value(class.call1((axis, rank))?))
}

/// `out`, where it is the one keyword.
#[inline]
fn only_out<'py>(py: Python<'py>, options: &Bound<'py, PyDict>) -> Option<Bound<'py, PyAny>> {
    if options.len() != 1 {
        return None;
    }
    options.get_item(pyo3::intern!(py, "out")).ok().flatten()
}

/// `out=` as NumPy takes it: an array, or a tuple of one.
fn single<'py>(value: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    match value.cast::<PyTuple>() {
        Ok(tuple) if tuple.len() == 1 => tuple.get_item(0).map(Some),
        Ok(_) => Err(PyValueError::new_err("The 'out' tuple must have exactly one entry per ufunc output")),
        Err(_) => Ok(Some(value.clone())),
    }
}

/// The result, in `out` if that is given; a scalar if it has no axes.
fn delivered<'py>(result: Bound<'py, PyAny>, out: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
    let out = match out.filter(|out| !out.is_none()) {
        Some(out) => single(out)?,
        None => None,
    };
    match out {
        Some(out) => {
            let options = PyDict::new(result.py());
            options.set_item("casting", "same_kind")?;
            result.py().import("numpy")?.call_method("copyto", (&out, &result), Some(&options))?;
            Ok(out)
        }
        None => arrays::unwrapped(result),
    }
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

/// What an argument of another library makes of the call (`__array_ufunc__`), if there is such a one.
fn overridden<'py>(
    slf: &Bound<'py, Ufunc>,
    arguments: &Bound<'py, PyTuple>,
    options: Option<&Bound<'py, PyDict>>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = slf.py();
    let own = py.import("numpy")?.getattr("ndarray")?.getattr("__array_ufunc__")?;
    for argument in arguments {
        let Ok(method) = argument.get_type().getattr("__array_ufunc__") else { continue };
        if method.is(&own) {
            continue;
        }
        if method.is_none() {
            let kind = argument.get_type().name()?;
            return Err(PyTypeError::new_err(format!(
                "operand '{kind}' does not support ufuncs (__array_ufunc__=None)"
            )));
        }
        let mut all =
            vec![argument.clone(), slf.clone().into_any(), pyo3::types::PyString::new(py, "__call__").into_any()];
        all.extend(arguments.iter());
        let result = method.call(PyTuple::new(py, all)?, options)?;
        if !result.is(py.NotImplemented()) {
            return Ok(Some(result));
        }
    }
    Ok(None)
}
