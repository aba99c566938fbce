//! Methods of ufuncs: folds of one array, and tables of two.

use super::Ufunc;
use super::keywords::{is_everywhere, known, not_yet};
use crate::arrays::{self, held, letter_of, scalar_of, to_numpy};
use crate::kernel::Frozen;
use crate::overrides::Call;
use crate::quick::vectorized;
use numbra::Input;
use numbra::device::Device;
use numbra_front::types::{Constant, ScalarType};
use numbra_runtime::array::{HostArray, shape_text};
use numbra_runtime::ufunc::{Reduction, Vectorize};
use pyo3::exceptions::{PyNotImplementedError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use std::sync::Arc;

#[pymethods]
impl Ufunc {
    /// f(...f(f(a[0], a[1]), a[2])..., a[n-1]) along the axis; several axes need an identity, None means all of them.
    /// `dtype`: the type of the result, and so of the loop. `initial`: a number to begin with.
    #[pyo3(signature = (*arguments, **options))]
    #[pyo3(text_signature = "($self, array, axis=0, dtype=None, out=None, keepdims=False, initial=..., where=True)")]
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
        let start = Start::of(&call)?;
        if call.keywords.get_item("where")?.map_or(Ok(false), |given| is_everywhere(&given).map(|all| !all))? {
            return Err(not_yet("where", "reduce"));
        }
        let (own, array) = (slf.get(), &call.inputs[0]);
        arrays::refuse_mask("reduce", array)?;
        let frozen = own.declared.frozen(py)?;
        let values = own.values("reduce", &call, &frozen, held(own.taker(&frozen), array)?)?;
        let input = &values.input;
        let axes = Axes::of(&call)?.resolve(py, input.array.shape().len())?;
        let mut shape = input.array.shape().to_vec();
        if matches!(start, Start::First) && axes.iter().any(|&axis| shape[axis] == 0) {
            let message = "zero-size array to reduction operation {} which has no identity";
            return Err(PyValueError::new_err(message.replace("{}", &own.declared.name)));
        }
        let initial = match &start {
            Start::Value(initial) => Some(own.constant(py, &frozen, &values, initial)?),
            Start::Identity | Start::First => None,
        };
        let asked = Reduction { axes: &axes, dtype: values.dtype, initial };
        let result = own.folded(py, &frozen, input, |kernel, device, input| kernel.reduce_as(device, input, &asked))?;
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
        let Values { input, dtype } = own.values("accumulate", &call, &frozen, held(own.taker(&frozen), array)?)?;
        if input.array.shape().is_empty() {
            return Err(PyTypeError::new_err("cannot accumulate on a scalar"));
        }
        let [axis] = Axes::of(&call)?.resolve(py, input.array.shape().len())?[..] else {
            return Err(PyValueError::new_err("accumulate does not allow multiple axes"));
        };
        let fold = |kernel: &Vectorize, device: &_, input: &_| kernel.accumulate_as(device, input, axis, dtype);
        let result = own.folded(py, &frozen, &input, fold)?;
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
        let call = Call::new("outer", arguments.iter().collect(), known(py, &slf.get().declared.name, options)?)?;
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
}

/// What is folded.
struct Values<'py> {
    /// Elements as the loop takes them.
    input: arrays::Held<'py>,
    /// The type of the values, where it is not that which follows from the elements.
    dtype: Option<ScalarType>,
}

impl Ufunc {
    /// `array` as `what` folds it with the call's `dtype=`, which NumPy's rule "unsafe" converts to.
    fn values<'py>(
        &self,
        what: &'static str,
        call: &Call<'py>,
        frozen: &Arc<Frozen>,
        input: arrays::Held<'py>,
    ) -> PyResult<Values<'py>> {
        let Some(asked) = call.keyword("dtype")? else { return Ok(Values { input, dtype: None }) };
        let py = asked.py();
        let asked = py.import("numpy")?.call_method1("dtype", (asked,))?;
        let dtype = scalar_of(asked.getattr("num")?.extract()?);
        let elements = input.array.scalar();
        let types = |own: &Frozen| vectorized(&own.kernel)?.fold_types(what, elements, dtype);
        // A loop like float64(float64, int64) takes elements of another type than that of its values.
        let (to, dtype) = match dtype.map(|_| self.declared.compiled(py, frozen, types)).transpose()? {
            Some((value, taken)) if Some(value) == dtype && taken != value => {
                (letter_of(taken).to_string().into_pyobject(py)?.into_any(), dtype)
            }
            _ => (asked, None),
        };
        let input = held(self.taker(frozen), &input.object.call_method1("astype", (to,))?)?;
        Ok(Values { input, dtype })
    }

    /// `initial=` in the type of the values, as NumPy converts it.
    fn constant(
        &self,
        py: Python,
        frozen: &Arc<Frozen>,
        values: &Values,
        initial: &Bound<PyAny>,
    ) -> PyResult<Constant> {
        let (elements, dtype) = (values.input.array.scalar(), values.dtype);
        let types = |own: &Frozen| vectorized(&own.kernel)?.fold_types("reduce", elements, dtype);
        let (scalar, _) = self.declared.compiled(py, frozen, types)?;
        let one = arrays::empty(py, scalar, &[], None)?;
        one.object.set_item((), initial)?;
        let value = one.array.view().ok().and_then(|view| view.get(&[]));
        value.ok_or_else(|| PyValueError::new_err("'initial' must be a number"))
    }

    fn folded(
        &self,
        py: Python,
        frozen: &Arc<Frozen>,
        input: &arrays::Held,
        fold: impl FnOnce(&Vectorize, &Arc<dyn Device>, &Input) -> numbra::Result<HostArray> + Send,
    ) -> PyResult<HostArray> {
        let array = Input::Borrowed(input.array.clone());
        self.declared.compiled(py, frozen, |own| fold(vectorized(&own.kernel)?, &own.target.open()?, &array))
    }
}

/// What a reduction begins with.
enum Start<'py> {
    /// The identity, if there is one.
    Identity,
    /// The first element: `initial=None`.
    First,
    Value(Bound<'py, PyAny>),
}

impl<'py> Start<'py> {
    fn of(call: &Call<'py>) -> PyResult<Start<'py>> {
        let Some(initial) = call.keywords.get_item("initial")? else { return Ok(Start::Identity) };
        if initial.is_none() {
            return Ok(Start::First);
        }
        // What NumPy's own methods hand on where nothing was said.
        let nothing = initial.py().import("numpy")?.getattr("_NoValue")?;
        Ok(if initial.is(&nothing) { Start::Identity } else { Start::Value(initial) })
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
    /// The first one, if nothing is said.
    fn of(call: &Call) -> PyResult<Axes> {
        call.keywords.get_item("axis")?.map_or(Ok(Axes::One(0)), |axis| axis.extract())
    }

    fn resolve(&self, py: Python, rank: usize) -> PyResult<Vec<usize>> {
        let axes = match self {
            // A number has no axes; NumPy takes these for all of them.
            Axes::One(0 | -1) if rank == 0 => Vec::new(),
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
