//! NumPy's arrays and scalars as operands, and as results.

use numbra::Input;
use numbra_front::types::{Constant, ScalarType};
use numbra_runtime::array::{BorrowedArray, HostArray};
use numpy::npyffi::{self, NPY_TYPES, NpyTypes, PY_ARRAY_API, PyArrayObject};
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt};
use std::os::raw::{c_int, c_long};

/// The element type of NumPy's number for it; `None` for those that kernels do not have.
pub fn scalar_of(number: c_int) -> Option<ScalarType> {
    use ScalarType::*;
    let wide_long = size_of::<c_long>() == 8;
    Some(match number {
        0 => Bool,
        1 => I8,
        2 => U8,
        3 => I16,
        4 => U16,
        5 => I32,
        6 => U32,
        7 => {
            if wide_long {
                I64
            } else {
                I32
            }
        }
        8 => {
            if wide_long {
                U64
            } else {
                U32
            }
        }
        9 => I64,
        10 => U64,
        11 => F32,
        12 => F64,
        _ => return None,
    })
}

/// NumPy's number for an element type.
pub fn number_of(scalar: ScalarType) -> c_int {
    use ScalarType::*;
    let wide_long = size_of::<c_long>() == 8;
    let number = match scalar {
        Bool => NPY_TYPES::NPY_BOOL,
        I8 => NPY_TYPES::NPY_BYTE,
        U8 => NPY_TYPES::NPY_UBYTE,
        I16 => NPY_TYPES::NPY_SHORT,
        U16 => NPY_TYPES::NPY_USHORT,
        I32 => NPY_TYPES::NPY_INT,
        U32 => NPY_TYPES::NPY_UINT,
        I64 | Index => {
            if wide_long {
                NPY_TYPES::NPY_LONG
            } else {
                NPY_TYPES::NPY_LONGLONG
            }
        }
        U64 => {
            if wide_long {
                NPY_TYPES::NPY_ULONG
            } else {
                NPY_TYPES::NPY_ULONGLONG
            }
        }
        F32 => NPY_TYPES::NPY_FLOAT,
        F64 => NPY_TYPES::NPY_DOUBLE,
    };
    number as c_int
}

/// NumPy's letter for an element type.
pub fn letter_of(scalar: ScalarType) -> char {
    use ScalarType::*;
    let wide_long = size_of::<c_long>() == 8;
    match scalar {
        Bool => '?',
        I8 => 'b',
        U8 => 'B',
        I16 => 'h',
        U16 => 'H',
        I32 => 'i',
        U32 => 'I',
        I64 | Index => {
            if wide_long {
                'l'
            } else {
                'q'
            }
        }
        U64 => {
            if wide_long {
                'L'
            } else {
                'Q'
            }
        }
        F32 => 'f',
        F64 => 'd',
    }
}

/// A NumPy array, as its fields say.
#[derive(Clone, Copy)]
pub struct Array<'py> {
    object: &'py npyffi::objects::PyArrayObject_fields,
}

impl<'py> Array<'py> {
    /// The fields of an object that is exactly of NumPy's array type.
    ///
    /// # Safety
    /// `object` must be alive for as long as the result is used.
    #[inline]
    pub unsafe fn exact(array_type: *mut ffi::PyTypeObject, object: *mut ffi::PyObject) -> Option<Array<'py>> {
        // SAFETY: the type says what the memory is.
        unsafe {
            (ffi::Py_TYPE(object) == array_type).then(|| Array { object: &(*object.cast::<PyArrayObject>()).fields })
        }
    }

    #[inline]
    pub fn shape(&self) -> &'py [isize] {
        // SAFETY: NumPy keeps as many extents; without axes there may be no memory for them.
        match self.object.nd {
            0 => &[],
            rank => unsafe { std::slice::from_raw_parts(self.object.dimensions, rank as usize) },
        }
    }

    /// In bytes.
    #[inline]
    pub fn strides(&self) -> &'py [isize] {
        match self.object.nd {
            0 => &[],
            rank => unsafe { std::slice::from_raw_parts(self.object.strides, rank as usize) },
        }
    }

    /// The element type, if kernels have it and the bytes are in the machine's order.
    #[inline]
    pub fn scalar(&self) -> Option<ScalarType> {
        // SAFETY: an array has a type; these fields are in the same place in NumPy 1 and 2.
        let fields = unsafe { &(*self.object.descr.cast::<npyffi::objects::PyArray_Descr>()).fields };
        let native = matches!(fields.byteorder as u8, b'=' | b'|') || fields.byteorder as u8 == NATIVE;
        scalar_of(fields.type_num).filter(|_| native)
    }

    #[inline]
    pub fn address(&self) -> *mut u8 {
        self.object.data.cast()
    }

    /// C order without gaps, and aligned elements.
    #[inline]
    pub fn is_plain(&self) -> bool {
        let wanted = npyffi::NPY_ARRAY_C_CONTIGUOUS | npyffi::NPY_ARRAY_ALIGNED;
        self.object.flags & wanted == wanted
    }

    /// NumPy's.
    #[inline]
    pub fn flags(&self) -> c_int {
        self.object.flags
    }

    pub fn is_writeable(&self) -> bool {
        self.object.flags & npyffi::NPY_ARRAY_WRITEABLE != 0
    }

    /// The array as it lies in memory; `None` where kernels cannot work on it as it is.
    fn borrow(&self) -> Option<BorrowedArray> {
        let scalar = self.scalar()?;
        let size = scalar.bytes() as isize;
        if self.object.flags & npyffi::NPY_ARRAY_ALIGNED == 0 || self.strides().iter().any(|stride| stride % size != 0)
        {
            return None;
        }
        let shape: Vec<usize> = self.shape().iter().map(|&extent| extent as usize).collect();
        let strides: Vec<isize> = self.strides().iter().map(|stride| stride / size).collect();
        // SAFETY: the caller keeps the array alive, and NumPy answers for its memory. That nobody else works on it at
        // the same time is the user's to see to, as with NumPy's own functions.
        unsafe { BorrowedArray::new(scalar, self.address(), &shape, &strides) }.ok()
    }
}

const NATIVE: u8 = if cfg!(target_endian = "big") { b'>' } else { b'<' };

pub fn array_type(py: Python) -> *mut ffi::PyTypeObject {
    // SAFETY: NumPy is loaded, or an error is raised on the way.
    unsafe { npyffi::get_type_object(py, NpyTypes::PyArray_Type) }
}

/// An array that kernels can work on, and the object that keeps its memory.
pub struct Held<'py> {
    pub array: BorrowedArray,
    pub object: Bound<'py, PyAny>,
}

/// An argument of a kernel.
pub enum Operand<'py> {
    Scalar(Input),
    Array(Held<'py>),
}

impl Operand<'_> {
    pub fn input(&self) -> Input {
        match self {
            Operand::Scalar(input) => input.clone(),
            Operand::Array(held) => Input::Borrowed(held.array.clone()),
        }
    }

    /// Whether NumPy would call it a scalar or an array without axes.
    pub fn is_scalar(&self) -> bool {
        match self {
            Operand::Scalar(_) => true,
            Operand::Array(held) => held.array.shape().is_empty(),
        }
    }
}

/// Who takes an array.
#[derive(Clone, Copy)]
pub struct Taker<'a> {
    /// `ufunc` or `stencil`.
    pub kind: &'static str,
    pub name: &'a str,
    /// Whether float16 is taken as float32, as NumPy does where a signature has that.
    pub widens: bool,
}

/// A Python object as an argument of a kernel: scalars of Python and NumPy, arrays, and what NumPy makes an array of.
pub fn operand<'py>(taker: Taker, object: &Bound<'py, PyAny>) -> PyResult<Operand<'py>> {
    if let Some(constant) = python_scalar(object)? {
        return Ok(Operand::Scalar(Input::Scalar(constant)));
    }
    let held = held(taker, object)?;
    // SAFETY: only asks for the type.
    let is_array = unsafe { npyffi::PyArray_Check(object.py(), object.as_ptr()) } != 0;
    if !is_array && held.array.shape().is_empty() {
        // A scalar of NumPy's, or what it makes one of.
        let element = held.array.view().ok().and_then(|view| view.get(&[]));
        if let Some(constant) = element {
            return Ok(Operand::Scalar(Input::Typed(constant)));
        }
    }
    Ok(Operand::Array(held))
}

/// The value of Python's own bool, int or float.
pub fn python_scalar(object: &Bound<PyAny>) -> PyResult<Option<Constant>> {
    if let Ok(value) = object.cast_exact::<PyBool>() {
        return Ok(Some(Constant::bool(value.is_true())));
    }
    if let Ok(value) = object.cast_exact::<PyFloat>() {
        return Ok(Some(Constant::f64(value.value())));
    }
    if object.is_exact_instance_of::<PyInt>() {
        let value = object.extract::<i128>().unwrap_or(i128::MAX);
        let scalar = match (i64::try_from(value), u64::try_from(value)) {
            (Ok(_), _) => ScalarType::I64,
            (_, Ok(_)) => ScalarType::U64,
            _ => return Err(PyOverflowError::new_err("Int value is too large: kernels' integers have 64 bits")),
        };
        return Ok(Some(Constant::integer(scalar, value)));
    }
    Ok(None)
}

/// Whether it is one of NumPy's masked arrays.
pub fn is_masked(object: &Bound<PyAny>) -> PyResult<bool> {
    let py = object.py();
    // SAFETY: only asks for the type.
    let other = unsafe { npyffi::PyArray_Check(py, object.as_ptr()) != 0 } && object.get_type_ptr() != array_type(py);
    Ok(other && object.is_instance(&py.import("numpy.ma")?.getattr("MaskedArray")?)?)
}

/// Error: a masked array where its mask would be lost.
pub fn refuse_mask(what: &str, object: &Bound<PyAny>) -> PyResult<()> {
    if !is_masked(object)? {
        return Ok(());
    }
    Err(PyTypeError::new_err(format!(
        "{what} takes no masked arrays: the mask would be lost\n  help: fill what is masked first: array.filled(value)"
    )))
}

/// An object as an array that kernels can read: itself, or a copy that NumPy makes.
pub fn held<'py>(taker: Taker, object: &Bound<'py, PyAny>) -> PyResult<Held<'py>> {
    let py = object.py();
    let Taker { kind, name, widens } = taker;
    let unsupported = |dtype: &Bound<'py, PyAny>| {
        PyTypeError::new_err(format!(
            "{kind} '{name}' not supported for the input types, and the inputs could not be safely coerced to any supported \
             types according to the casting rule ''safe'' ({dtype})\n  help: kernels compute with bool, int8 to int64, \
             uint8 to uint64, float32 and float64"
        ))
    };
    // SAFETY: NumPy takes over nothing here, and gives an array or an error.
    let array = unsafe {
        let flags = 0;
        let raw =
            PY_ARRAY_API.PyArray_FromAny(py, object.as_ptr(), std::ptr::null_mut(), 0, 0, flags, std::ptr::null_mut());
        Bound::from_owned_ptr_or_err(py, raw)?
    };
    if let Some(held) = in_place(&array)? {
        return Ok(held);
    }
    let dtype = array.getattr("dtype")?;
    let half = dtype.getattr("char")?.extract::<char>()? == 'e';
    let native = match half && widens {
        true => pyo3::types::PyString::new(py, "float32").into_any(),
        false => dtype.call_method1("newbyteorder", ("=",))?,
    };
    let copy = py.import("numpy")?.call_method1("array", (&array, native))?;
    in_place(&copy)?.ok_or_else(|| unsupported(&dtype))
}

/// The array where it lies, if kernels can work on it there.
pub fn in_place<'py>(array: &Bound<'py, PyAny>) -> PyResult<Option<Held<'py>>> {
    let py = array.py();
    // SAFETY: checked to be an array, which `object` keeps.
    let fields = unsafe {
        if npyffi::PyArray_Check(py, array.as_ptr()) == 0 {
            return Ok(None);
        }
        Array { object: &(*array.as_ptr().cast::<PyArrayObject>()).fields }
    };
    if fields.shape().len() > numbra_runtime::array::MAX_RANK {
        let most = numbra_runtime::array::MAX_RANK;
        return Err(PyValueError::new_err(format!(
            "an array of {} axes has more than the {most} that numbra supports",
            fields.shape().len()
        )));
    }
    Ok(fields.borrow().map(|borrowed| Held { array: borrowed, object: array.clone() }))
}

/// `out=`: an array that can be written; `None` where kernels cannot do it themselves.
pub fn written<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Held<'py>>> {
    let not_an_array = || PyTypeError::new_err("'out' must be a NumPy array");
    // SAFETY: only asks for the type; the fields are read while the object is alive.
    let writeable = unsafe {
        if npyffi::PyArray_Check(object.py(), object.as_ptr()) == 0 {
            return Err(not_an_array());
        }
        Array { object: &(*object.as_ptr().cast::<PyArrayObject>()).fields }.is_writeable()
    };
    if !writeable {
        return Err(PyValueError::new_err("output array is read-only"));
    }
    in_place(object)
}

/// `out=`: an array that kernels can write where it is.
pub fn output<'py>(object: &Bound<'py, PyAny>) -> PyResult<Held<'py>> {
    written(object)?.ok_or_else(|| {
        PyTypeError::new_err(
            "'out' must be an array of bool, integers, float32 or float64, aligned and in the machine's byte order",
        )
    })
}

/// Copies as ufuncs do to their outputs.
pub fn copy(from: &Bound<PyAny>, to: &Bound<PyAny>) -> PyResult<()> {
    let options = PyDict::new(from.py());
    options.set_item("casting", "same_kind")?;
    from.py().import("numpy")?.call_method("copyto", (to, from), Some(&options)).map(|_| ())
}

/// Error: [`copy`] would refuse.
pub fn check_cast(name: &str, from: &Bound<PyAny>, to: &Bound<PyAny>) -> PyResult<()> {
    let (from, to) = (from.getattr("dtype")?, to.getattr("dtype")?);
    if from.py().import("numpy")?.call_method1("can_cast", (&from, &to, "same_kind"))?.is_truthy()? {
        return Ok(());
    }
    Err(PyTypeError::new_err(format!(
        "Cannot cast ufunc '{name}' output from {from} to {to} with casting rule 'same_kind'\n  help: pass an array of \
         {from} as 'out'"
    )))
}

/// A new array without contents; `strides` in elements, C order without.
pub fn empty<'py>(
    py: Python<'py>,
    scalar: ScalarType,
    shape: &[usize],
    strides: Option<&[isize]>,
) -> PyResult<Held<'py>> {
    let mut dimensions: Vec<isize> = shape.iter().map(|&extent| extent as isize).collect();
    let rank = shape.len() as c_int;
    // SAFETY: NumPy copies the extents, and gives an array or an error. Strides of our own would keep it from
    // allocating; so other orders of axes are made by a permutation.
    let array = unsafe {
        let Some(order) = strides.and_then(|strides| order_of(shape, strides)) else {
            let raw = new_array(py, rank, dimensions.as_mut_ptr(), number_of(scalar));
            let array = Bound::from_owned_ptr_or_err(py, raw)?;
            return in_place(&array)?.ok_or_else(|| PyTypeError::new_err("NumPy gave an array of another type"));
        };
        let mut permuted: Vec<isize> = order.iter().map(|&axis| dimensions[axis]).collect();
        let raw = new_array(py, rank, permuted.as_mut_ptr(), number_of(scalar));
        let array = Bound::from_owned_ptr_or_err(py, raw)?;
        let mut back = vec![0usize; order.len()];
        for (place, &axis) in order.iter().enumerate() {
            back[axis] = place;
        }
        array.call_method1("transpose", (back,))?
    };
    in_place(&array)?.ok_or_else(|| PyTypeError::new_err("NumPy gave an array of another type"))
}

/// # Safety
/// `dimensions` must point to `rank` extents.
#[inline]
pub unsafe fn new_array(py: Python, rank: c_int, dimensions: *mut isize, number: c_int) -> *mut ffi::PyObject {
    let (none, data) = (std::ptr::null_mut(), std::ptr::null_mut());
    unsafe {
        PY_ARRAY_API.PyArray_New(py, array_type(py), rank, dimensions, number, none, data, 0, 0, std::ptr::null_mut())
    }
}

/// The axes from the slowest to the fastest, if that is not C order.
fn order_of(shape: &[usize], strides: &[isize]) -> Option<Vec<usize>> {
    let mut order: Vec<usize> = (0..shape.len()).collect();
    order.sort_by_key(|&axis| if shape[axis] == 1 { isize::MIN } else { -strides[axis] });
    let kept: Vec<usize> = order.iter().copied().filter(|&axis| shape[axis] != 1).collect();
    (!kept.is_sorted()).then_some(order)
}

/// An array of our own as one of NumPy's, copied.
pub fn to_numpy<'py>(py: Python<'py>, array: &HostArray) -> PyResult<Bound<'py, PyAny>> {
    let held = empty(py, array.scalar(), array.shape(), None)?;
    held.array.copy_from(array).map_err(|error| crate::error::exception(py, error.into()))?;
    Ok(held.object)
}

/// An array without axes as a scalar; others as they are.
pub fn unwrapped<'py>(array: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = array.py();
    array.get_item(pyo3::types::PyTuple::empty(py))
}

/// NumPy's scalar of type float32 or float64 (and of no class of users).
///
/// # Safety
/// `object` must be an object.
#[inline]
pub unsafe fn numpy_float(py: Python, object: *mut ffi::PyObject) -> Option<Constant> {
    // SAFETY: NumPy's types live as long as the process; a scalar's value has the size of its type.
    unsafe {
        let class = ffi::Py_TYPE(object);
        if class == npyffi::get_type_object(py, NpyTypes::PyFloatArrType_Type) {
            let mut value = 0f32;
            PY_ARRAY_API.PyArray_ScalarAsCtype(py, object, (&raw mut value).cast());
            return Some(Constant::f32(value));
        }
        if class == npyffi::get_type_object(py, NpyTypes::PyDoubleArrType_Type) {
            let mut value = 0f64;
            PY_ARRAY_API.PyArray_ScalarAsCtype(py, object, (&raw mut value).cast());
            return Some(Constant::f64(value));
        }
    }
    None
}

/// A scalar of NumPy's.
///
/// # Safety
/// `element` must point to an element of that type.
#[inline]
pub unsafe fn numpy_scalar(py: Python<'_>, scalar: ScalarType, element: *mut u8) -> PyResult<Bound<'_, PyAny>> {
    unsafe {
        let descr = PY_ARRAY_API.PyArray_DescrFromType(py, number_of(scalar));
        let raw = PY_ARRAY_API.PyArray_Scalar(py, element.cast(), descr, std::ptr::null_mut());
        ffi::Py_DECREF(descr.cast());
        Bound::from_owned_ptr_or_err(py, raw)
    }
}
