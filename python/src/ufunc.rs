//! What `vectorize` returns.

use crate::arrays::{self, Operand, Taker, held, letter_of, operand, to_numpy};
use crate::emit::emitted;
use crate::error::{detached, exception};
use crate::kernel::{Declared, Frozen};
use crate::overrides::Call;
use crate::quick::{self, Quick, vectorized};
use numbra::Input;
use numbra::emit::Emit;
use numbra_front::declaration::{Identity, Kind};
use numbra_front::types::ScalarType;
use numbra_runtime::array::shape_text;
use numbra_runtime::ufunc::{Given, Loop};
use pyo3::exceptions::{PyNotImplementedError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use std::sync::{Arc, Mutex, PoisonError};

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
    #[pyo3(signature = (*arguments, **options))]
    #[pyo3(text_signature = "($self, array, axis=0, dtype=None, out=None, keepdims=False)")]
    fn reduce<'py>(
        slf: &Bound<'py, Self>,
        py: Python<'py>,
        arguments: &Bound<'py, PyTuple>,
        options: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let parameters = ["array", "axis", "dtype", "out", "keepdims", "initial", "where"];
        let call = Call::read("reduce", &parameters, 1, arguments, options)?;
        if let Some(result) = call.overridden(slf)? {
            return Ok(result);
        }
        if let Some(name) = first_of(&call.keywords, &["initial", "where"])? {
            let message = format!("the keyword '{name}' of reduce is not supported yet");
            return Err(PyNotImplementedError::new_err(message));
        }
        let (own, array) = (slf.get(), &call.inputs[0]);
        arrays::refuse_mask("reduce", array)?;
        let frozen = own.declared.frozen(py)?;
        let input = held(own.taker(&frozen), array)?;
        let input = own.as_dtype(&frozen, input, call.keyword("dtype")?)?;
        let axes = Axes::of(&call)?.resolve(py, input.array.shape().len())?;
        let mut shape = input.array.shape().to_vec();
        let result = own.folded(py, &frozen, input, |kernel, device, input| kernel.reduce(device, input, &axes))?;
        let mut result = to_numpy(py, &result)?;
        if call.keyword("keepdims")?.map_or(Ok(false), |keep| keep.is_truthy())? {
            axes.iter().for_each(|&axis| shape[axis] = 1);
            result = result.call_method1("reshape", (shape,))?;
        }
        delivered(result, call.out()?)
    }

    /// All values of the fold along an axis.
    #[pyo3(signature = (*arguments, **options))]
    #[pyo3(text_signature = "($self, array, axis=0, dtype=None, out=None)")]
    fn accumulate<'py>(
        slf: &Bound<'py, Self>,
        py: Python<'py>,
        arguments: &Bound<'py, PyTuple>,
        options: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let call = Call::read("accumulate", &["array", "axis", "dtype", "out"], 1, arguments, options)?;
        if let Some(result) = call.overridden(slf)? {
            return Ok(result);
        }
        let (own, array) = (slf.get(), &call.inputs[0]);
        arrays::refuse_mask("accumulate", array)?;
        let frozen = own.declared.frozen(py)?;
        let input = held(own.taker(&frozen), array)?;
        let input = own.as_dtype(&frozen, input, call.keyword("dtype")?)?;
        if input.array.shape().is_empty() {
            return Err(PyTypeError::new_err("cannot accumulate on a scalar"));
        }
        let [axis] = Axes::of(&call)?.resolve(py, input.array.shape().len())?[..] else {
            return Err(PyValueError::new_err("accumulate does not allow multiple axes"));
        };
        let result = own.folded(py, &frozen, input, |kernel, device, input| kernel.accumulate(device, input, axis))?;
        delivered(to_numpy(py, &result)?, call.out()?)
    }

    /// f(a, b) for all pairs of an element of `left` and one of `right`.
    #[pyo3(signature = (*arguments, **options))]
    #[pyo3(text_signature = "($self, left, right, /, *, out=None)")]
    fn outer<'py>(
        slf: &Bound<'py, Self>,
        py: Python<'py>,
        arguments: &Bound<'py, PyTuple>,
        options: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if slf.get().nin(py)? != 2 {
            return Err(PyValueError::new_err("outer product only supported for binary functions"));
        }
        if arguments.len() != 2 {
            return Err(PyTypeError::new_err("exactly two arguments expected"));
        }
        let call = Call::new("outer", arguments.iter().collect(), slf.get().keywords(py, options)?)?;
        if let Some(result) = call.overridden(slf)? {
            return Ok(result);
        }
        let (left, right) = (&call.inputs[0], &call.inputs[1]);
        arrays::refuse_mask("outer", left)?;
        arrays::refuse_mask("outer", right)?;
        let numpy = py.import("numpy")?;
        let (left, right) = (numpy.call_method1("asarray", (left,))?, numpy.call_method1("asarray", (right,))?);
        let mut shape: Vec<usize> = left.getattr("shape")?.extract()?;
        let rank: usize = right.getattr("ndim")?.extract()?;
        shape.extend(std::iter::repeat_n(1, rank));
        slf.call((left.call_method1("reshape", (shape,))?, right), Some(&call.keywords))
    }

    /// Not there yet: an error, except for arrays of other libraries, which may have it.
    #[pyo3(signature = (*arguments, **options))]
    fn reduceat<'py>(
        slf: &Bound<'py, Self>,
        arguments: &Bound<'py, PyTuple>,
        options: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let parameters = ["array", "indices", "axis", "dtype", "out"];
        let call = Call::read("reduceat", &parameters, 2, arguments, options)?;
        call.overridden(slf)?.ok_or_else(|| {
            PyNotImplementedError::new_err(
                "'reduceat' is not supported yet\n  help: call 'reduce' on each part of the array",
            )
        })
    }

    /// Not there yet: an error, except for arrays of other libraries, which may have it.
    #[pyo3(signature = (*arguments))]
    fn at<'py>(
        slf: &Bound<'py, Self>,
        py: Python<'py>,
        arguments: &Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let call = Call::new("at", arguments.iter().collect(), PyDict::new(py))?;
        call.overridden(slf)?.ok_or_else(|| {
            PyNotImplementedError::new_err(
                "'at' is not supported yet\n  help: a[indices] = f(a[indices]), if no index occurs twice",
            )
        })
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
        let keywords = self.keywords(py, options)?;
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
        if let Some(name) = first_of(&call.keywords, &NOT_YET)? {
            let message = format!("the keyword '{name}' of ufuncs is not supported yet");
            return Err(PyNotImplementedError::new_err(message));
        }
        let out = call.out()?;
        let taker = self.taker(&frozen);
        let operands = inputs.iter().map(|input| operand(taker, &input)).collect::<PyResult<Vec<Operand>>>()?;
        let inputs: Vec<Input> = operands.iter().map(Operand::input).collect();
        // The types first: they decide what the result is, and may have to be compiled.
        let outcome = self.declared.compiled(py, &frozen, |own| vectorized(&own.kernel)?.outcome(&inputs))?;
        self.note(py, &frozen, inputs.iter().map(Given::of).collect())?;
        let result = match &out {
            None => arrays::empty(py, outcome.scalar, &outcome.shape, Some(&outcome.strides))?,
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

    /// The keywords of a call, as a dictionary of its own.
    fn keywords<'py>(&self, py: Python<'py>, options: Option<&Bound<'py, PyDict>>) -> PyResult<Bound<'py, PyDict>> {
        let Some(options) = options else { return Ok(PyDict::new(py)) };
        for name in options.keys() {
            let name: String = name.extract()?;
            if name != "out" && !NOT_YET.contains(&name.as_str()) {
                let message = format!("{}() got an unexpected keyword argument '{name}'", self.declared.name);
                return Err(PyTypeError::new_err(message));
            }
        }
        options.copy()
    }

    /// Remembers the loop that arguments of these types use.
    fn note(&self, py: Python, frozen: &Frozen, given: Vec<Given>) -> PyResult<()> {
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
        frozen: &Frozen,
        input: arrays::Held<'py>,
        dtype: Option<Bound<'py, PyAny>>,
    ) -> PyResult<arrays::Held<'py>> {
        match dtype {
            Some(dtype) => held(self.taker(frozen), &input.object.call_method1("astype", (dtype,))?),
            None => Ok(input),
        }
    }

    fn folded(
        &self,
        py: Python,
        frozen: &Arc<Frozen>,
        input: arrays::Held,
        fold: impl FnOnce(
            &numbra_runtime::ufunc::Vectorize,
            &Arc<dyn numbra::device::Device>,
            &Input,
        ) -> numbra::Result<numbra_runtime::array::HostArray>
        + Send,
    ) -> PyResult<numbra_runtime::array::HostArray> {
        let array = Input::Borrowed(input.array.clone());
        self.declared.compiled(py, frozen, |own| fold(vectorized(&own.kernel)?, &own.target.open()?, &array))
    }

    fn inspect(&self, py: Python, form: Emit, signature: Option<&Bound<PyAny>>, arch: &str) -> PyResult<Py<PyAny>> {
        let frozen = self.declared.frozen(py)?;
        let emitted = |text: &str| emitted(py, &self.declared, &frozen, form, text, arch);
        match signature {
            Some(signature) => emitted(&signature.str()?.to_string()),
            None => {
                let all = PyDict::new(py);
                for signature in self.signatures(py)? {
                    all.set_item(&signature, emitted(&signature)?)?;
                }
                Ok(all.into_any().unbind())
            }
        }
    }
}

/// Keywords of NumPy's ufuncs that are not there yet.
const NOT_YET: [&str; 7] = ["dtype", "where", "casting", "order", "subok", "signature", "sig"];

/// The first of these names that is a keyword.
fn first_of<'n>(keywords: &Bound<PyDict>, names: &[&'n str]) -> PyResult<Option<&'n str>> {
    if !keywords.is_empty() {
        for name in names {
            if keywords.contains(name)? {
                return Ok(Some(name));
            }
        }
    }
    Ok(None)
}

/// `axis=` of a reduction.
#[derive(FromPyObject)]
enum Axes {
    One(isize),
    Several(Vec<isize>),
    All(Option<bool>),
}

impl Axes {
    /// The first one, if nothing is said.
    fn of(call: &Call) -> PyResult<Axes> {
        call.keywords.get_item("axis")?.map_or(Ok(Axes::One(0)), |axis| axis.extract())
    }

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

/// The result of a fold, in `out` if that is given; a scalar if it has no axes.
fn delivered<'py>(result: Bound<'py, PyAny>, out: Option<Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
    let Some(out) = out else { return arrays::unwrapped(result) };
    arrays::written(&out)?;
    let shapes: [Vec<usize>; 2] = [out.getattr("shape")?.extract()?, result.getattr("shape")?.extract()?];
    if shapes[0] != shapes[1] {
        let [given, wanted] = shapes.map(|shape| shape_text(&shape));
        return Err(PyValueError::new_err(format!("'out' has the shape {given}, the result has {wanted}")));
    }
    arrays::copy(&result, &out)?;
    Ok(out)
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
