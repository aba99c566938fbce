//! What a call gives.

use numbra_front::types::{Constant, ScalarType};
use numbra_runtime::array::{ArrayError, BorrowedArray, Element, HostArray, prefer_large_pages, shape_text};
use numbra_runtime::{Error, Result};
use std::any::Any;
use std::fmt;

/// An array in the host's memory that a kernel has filled. The kernel and its arguments decide the type of the elements,
/// at run time; so it says what it holds ([`Output::scalar`], [`Output::shape`]) and turns into what the program wants:
///
/// ```
/// use numbra::{Device, ScalarType};
/// let twice = numbra::source("def twice(x): return 2 * x")?.vectorize("twice")?.on(&Device::open("interp")?);
/// let output = twice.call(&[1.5, 2.5])?;
/// assert_eq!((output.scalar(), output.shape()), (ScalarType::F64, &[2][..]));
/// assert_eq!(output.as_slice::<f64>()?, [3.0, 5.0]);
/// let error = output.as_slice::<f32>().unwrap_err();
/// assert_eq!(error.to_string(), "the array's elements are f64, not f32");
/// # #[cfg(feature = "ndarray")] {
/// let array: ndarray::Array1<f64> = output.try_into()?;
/// # }
/// let scalar: f64 = twice.call(1.25)?.try_into()?;
/// assert_eq!(scalar, 2.5);
/// # Ok::<(), numbra::Error>(())
/// ```
///
/// None of these copies elements. The axes lie in memory in the order in which those of the arguments do, as in NumPy:
/// what a kernel makes of transposed arrays is transposed.
pub struct Output {
    array: BorrowedArray,
    /// The elements in the order in which they lie in memory: a `Vec` of the type that `array` says.
    elements: Box<dyn Any + Send + Sync>,
}

impl Output {
    /// Zeros. Strides in elements, those of an array without gaps.
    pub(crate) fn new(scalar: ScalarType, shape: &[usize], strides: &[isize]) -> Result<Output> {
        macro_rules! allocate {
            ($($name:ident $type:ty),*) => {
                match scalar {
                    $(ScalarType::$name => Output::allocate::<$type>(shape, strides),)*
                    ScalarType::Index => Err(Error::Internal("a result of positions".into())),
                }
            };
        }
        allocate!(Bool bool, I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64, F32 f32, F64 f64)
    }

    fn allocate<T: Element>(shape: &[usize], strides: &[isize]) -> Result<Output> {
        let mut elements = zeros::<T>(shape)?;
        // SAFETY: the elements of the shape, which stay where they are when the vector is moved.
        let array = unsafe { BorrowedArray::new(T::SCALAR, elements.as_mut_ptr().cast(), shape, strides) }?;
        Ok(Output { array, elements: Box::new(elements) })
    }

    /// A copy, in C order.
    pub(crate) fn from_host(array: &HostArray) -> Result<Output> {
        let output = Output::new(array.scalar(), array.shape(), &array.strides())?;
        output.array.copy_from(array)?;
        Ok(output)
    }

    /// The type of the elements.
    pub fn scalar(&self) -> ScalarType {
        self.array.scalar()
    }

    /// The number of elements along every axis; none for a scalar.
    pub fn shape(&self) -> &[usize] {
        self.array.shape()
    }

    /// How far the elements of every axis lie from each other, in elements.
    pub fn strides(&self) -> &[isize] {
        self.array.strides()
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.shape().iter().product()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.shape().contains(&0)
    }

    /// The elements in C order.
    ///
    /// Errors: elements of another type than `T`; elements that lie in another order ([`Output::into_vec`] puts them in
    /// order).
    pub fn as_slice<T: Element>(&self) -> Result<&[T]> {
        let elements = self.memory()?;
        match self.is_c_order() {
            true => Ok(elements),
            false => Err(Error::call_with_help(
                format!("the elements of this array of shape {} do not lie in C order", shape_text(self.shape())),
                "take them with into_vec, which puts them in order, or as an array with strides",
            )),
        }
    }

    /// The elements in C order; copied if they lie in another one.
    ///
    /// Errors: elements of another type than `T`.
    pub fn into_vec<T: Element>(self) -> Result<Vec<T>> {
        if self.is_c_order() {
            return self.into_memory();
        }
        self.memory::<T>()?;
        let copy = self.array.to_array()?;
        copy.as_slice::<T>().map(<[T]>::to_vec).ok_or_else(|| self.mismatch::<T>().into())
    }

    /// The value of a single element, whatever the number of axes.
    ///
    /// Errors: elements of another type than `T`, more or fewer than one.
    pub fn into_scalar<T: Element>(self) -> Result<T> {
        match self.memory::<T>()? {
            &[value] => Ok(value),
            _ => Err(Error::call_with_help(
                format!("the result is an array of shape {}, not a single value", shape_text(self.shape())),
                "call the kernel with scalars alone to get one",
            )),
        }
    }

    /// The elements as they lie in memory.
    pub(crate) fn memory<T: Element>(&self) -> Result<&[T]> {
        let elements = self.elements.downcast_ref::<Vec<T>>();
        elements.map(Vec::as_slice).ok_or_else(|| self.mismatch::<T>().into())
    }

    /// The elements as they lie in memory.
    pub(crate) fn into_memory<T: Element>(self) -> Result<Vec<T>> {
        let mismatch = self.mismatch::<T>();
        self.elements.downcast::<Vec<T>>().map(|elements| *elements).map_err(|_| mismatch.into())
    }

    pub(crate) fn borrowed(&self) -> &BorrowedArray {
        &self.array
    }

    fn is_c_order(&self) -> bool {
        let expected = numbra_runtime::array::row_major_strides(self.shape());
        let in_place = |axis: usize| self.shape()[axis] == 1 || self.strides()[axis] == expected[axis];
        self.is_empty() || (0..expected.len()).all(in_place)
    }

    fn mismatch<T: Element>(&self) -> ArrayError {
        ArrayError::ElementType { expected: T::SCALAR, found: self.scalar() }
    }
}

/// A vector of as many zeros as the shape has elements. An error, not the end of the process, where there is no memory.
fn zeros<T: Element>(shape: &[usize]) -> Result<Vec<T>> {
    let too_large = || ArrayError::TooLarge { scalar: T::SCALAR, shape: shape.to_vec() };
    let count = shape.iter().try_fold(1usize, |product, &extent| product.checked_mul(extent)).ok_or_else(too_large)?;
    let layout = std::alloc::Layout::array::<T>(count).map_err(|_| too_large())?;
    if layout.size() == 0 {
        return Ok(Vec::new());
    }
    // SAFETY: the layout is that of a vector of so many elements and not empty; zero is a value of every Element.
    let mut elements = unsafe {
        let first = std::alloc::alloc_zeroed(layout).cast::<T>();
        if first.is_null() {
            return Err(ArrayError::OutOfMemory { bytes: layout.size() }.into());
        }
        Vec::from_raw_parts(first, count, count)
    };
    // SAFETY: all its bytes; only advice is given about them.
    prefer_large_pages(unsafe { std::slice::from_raw_parts_mut(elements.as_mut_ptr().cast(), layout.size()) });
    Ok(elements)
}

/// Type, shape and the first elements.
impl fmt::Debug for Output {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 16;
        let view = self.array.view().map_err(|_| fmt::Error)?;
        let first: Vec<String> = view.iter().take(SHOWN).map(|element: Constant| element.to_string()).collect();
        let more = if self.len() > SHOWN { ", ..." } else { "" };
        write!(formatter, "{}{:?} [{}{more}]", self.scalar().short_name(), self.shape(), first.join(", "))
    }
}

/// A copy in C order.
impl Clone for Output {
    fn clone(&self) -> Output {
        match self.array.to_array().map_err(Error::from).and_then(|array| Output::from_host(&array)) {
            Ok(copy) => copy,
            // As Vec does.
            Err(_) => std::alloc::handle_alloc_error(std::alloc::Layout::new::<u8>()),
        }
    }
}

/// Errors: as [`Output::into_vec`].
impl<T: Element> TryFrom<Output> for Vec<T> {
    type Error = Error;

    fn try_from(output: Output) -> Result<Vec<T>> {
        output.into_vec()
    }
}

macro_rules! scalars {
    ($($type:ty)*) => {$(
        /// Errors: as [`Output::into_scalar`].
        impl TryFrom<Output> for $type {
            type Error = Error;

            fn try_from(output: Output) -> Result<$type> {
                output.into_scalar()
            }
        }
    )*};
}

scalars!(bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64);
