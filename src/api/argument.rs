//! What kernels are called with.

use super::{DeviceArray, Output};
use numbra_runtime::array::{ArrayError, BorrowedArray, Element, HostArray, row_major_strides};
use numbra_runtime::{Error, Input, Result};
use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

/// An argument of a kernel: a scalar, or an array of the host or of a device, borrowed for `'a` or owned.
///
/// Users rarely name it: whatever is [`IntoArgument`] can be passed as it is. Its own constructors are for what needs to
/// be said in addition: a shape, the type of a scalar, a number of arguments known only at run time.
#[derive(Debug, Clone)]
pub struct Argument<'a> {
    /// Of [`Out`]: whatever, until the array is known.
    input: Input,
    is_output: bool,
    /// Whether whole functions may write it: of `&mut`.
    is_writable: bool,
    #[expect(dead_code, reason = "keeps the memory of `input`, where that is not borrowed from the caller")]
    owner: Option<Arc<dyn Any + Send + Sync>>,
    borrowed: PhantomData<&'a ()>,
}

impl<'a> Argument<'a> {
    /// A value as an argument: what [`IntoArgument`] does, for `Vec`s of arguments.
    ///
    /// Errors: an array of more than 32 axes.
    pub fn new(value: impl IntoArgument<'a>) -> Result<Argument<'a>> {
        value.into_argument()
    }

    /// Elements in C order as an array of that shape, not copied.
    ///
    /// ```
    /// # let source = numbra::source("from numba import stencil\n@stencil\ndef s(a):\n    return a[0, 1]\n")?;
    /// use numbra::{Argument, Device};
    /// let pixels = [1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0];
    /// let moved = source.stencil("s")?.on(&Device::open("interp")?).call(Argument::from_slice(&pixels, &[2, 3])?)?;
    /// assert_eq!(moved.as_slice::<f32>()?, [2.0, 3.0, 0.0, 5.0, 6.0, 0.0]);
    /// # Ok::<(), numbra::Error>(())
    /// ```
    ///
    /// Errors: a shape that has another number of elements, or more than 32 axes.
    pub fn from_slice<T: Element>(elements: &'a [T], shape: &[usize]) -> Result<Argument<'a>> {
        let expected = shape.iter().try_fold(1usize, |product, &extent| product.checked_mul(extent));
        if expected != Some(elements.len()) {
            let bytes = |count: usize| count.saturating_mul(T::SCALAR.bytes());
            return Err(ArrayError::Length {
                scalar: T::SCALAR,
                shape: shape.to_vec(),
                expected: bytes(expected.unwrap_or(usize::MAX)),
                found: bytes(elements.len()),
            }
            .into());
        }
        // SAFETY: the slice has all elements of the shape, and is borrowed for 'a.
        unsafe { Argument::borrowed::<T>(elements.as_ptr(), shape, &row_major_strides(shape)) }
    }

    /// A scalar whose type counts as that of an array does. A plain one gives way to the arrays beside it: `2.0` beside
    /// float32 arrays chooses a signature of float32.
    pub fn typed<T: Element>(value: T) -> Argument<'static> {
        Argument::from_input(Input::Typed(value.to_constant()))
    }

    pub(crate) fn from_input(input: Input) -> Argument<'static> {
        Argument { input, is_output: false, is_writable: false, owner: None, borrowed: PhantomData }
    }

    /// An array whose memory somebody keeps for `'a`; strides in elements.
    ///
    /// # Safety
    /// All elements must be there, and nobody may write them, for as long as `'a`.
    pub(crate) unsafe fn borrowed<T: Element>(
        first: *const T,
        shape: &[usize],
        strides: &[isize],
    ) -> Result<Argument<'a>> {
        let address = first.cast_mut().cast();
        // SAFETY: the caller's promise. Kernels only read their arguments.
        let array = unsafe { BorrowedArray::new(T::SCALAR, address, shape, strides) }?;
        Ok(Argument {
            input: Input::Borrowed(array),
            is_output: false,
            is_writable: false,
            owner: None,
            borrowed: PhantomData,
        })
    }

    /// An array in memory that `owner` keeps, with strides in elements.
    ///
    /// # Safety
    /// All elements must be there for as long as the owner is, wherever that is moved to.
    pub(crate) unsafe fn owned<T: Element>(
        owner: impl Any + Send + Sync,
        first: *const T,
        shape: &[usize],
        strides: &[isize],
    ) -> Result<Argument<'static>> {
        // SAFETY: the caller's promise, since the owner is kept beside the array.
        let argument = unsafe { Argument::borrowed::<T>(first, shape, strides) }?;
        Ok(Argument { owner: Some(Arc::new(owner)), ..argument })
    }

    /// Errors: it is [`Out`].
    pub(crate) fn input(&self) -> Result<&Input> {
        match self.is_output {
            false => Ok(&self.input),
            true => Err(Error::call_with_help(
                "'Out' stands for the array of call_into, and this call has none",
                "use call_into, or pass the array itself",
            )),
        }
    }

    /// The same elements with `count` more axes of extent 1 behind the others.
    pub(crate) fn with_trailing_axes(mut self, count: usize) -> Result<Argument<'a>> {
        self.input = match self.input {
            Input::Host(array) => {
                let shape: Vec<usize> = array.shape().iter().copied().chain(std::iter::repeat_n(1, count)).collect();
                Input::Host(Arc::new((*array).clone().reshaped(&shape)?))
            }
            Input::Borrowed(array) => {
                let (mut shape, mut strides) = (array.shape().to_vec(), array.strides().to_vec());
                shape.extend(std::iter::repeat_n(1, count));
                strides.extend(std::iter::repeat_n(0, count));
                // SAFETY: the elements are those of the array that it takes the place of.
                Input::Borrowed(unsafe { BorrowedArray::new(array.scalar(), array.address(), &shape, &strides) }?)
            }
            Input::Device(array) => Input::Device(array.with_trailing_axes(count)),
            scalar @ (Input::Scalar(_) | Input::Typed(_)) => scalar,
        };
        Ok(self)
    }
}

/// What can be passed to a kernel:
///
/// * scalars: `bool`, the integers of 8 to 64 bits (`usize` and `isize` as if they had 64), `f32`, `f64`. Where a kernel has several signatures they give way to
///   the arrays beside them, as Python's numbers do in NumPy;
/// * references to slices, arrays and `Vec`s of them, and `Vec`s themselves: one axis;
/// * with the feature `ndarray`: `&Array`, `&ArrayView`, views by value, `&ArrayRef`, owned arrays; any strides, not
///   copied where the kernel runs in the host's memory;
/// * [`Output`]: what another call gave; [`DeviceArray`]: what is on a device already; [`HostArray`]: what
///   [`array::npy`](numbra_runtime::array::npy) reads;
/// * mutable references to slices, `Vec`s and ndarray's arrays, which whole functions ([`Function`](crate::Function)) write in
///   place and kernels only read;
/// * [`Argument`]: all these, with more said about them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a kernel",
    label = "neither a scalar nor an array of scalars",
    note = "pass bool, i8 to i64, u8 to u64, f32 or f64, or a reference to an array, slice or Vec of them"
)]
pub trait IntoArgument<'a> {
    /// The argument. Errors: an array of more than 32 axes.
    fn into_argument(self) -> Result<Argument<'a>>;
}

impl<'a> IntoArgument<'a> for Argument<'a> {
    fn into_argument(self) -> Result<Argument<'a>> {
        Ok(self)
    }
}

impl<'a> IntoArgument<'a> for &Argument<'a> {
    fn into_argument(self) -> Result<Argument<'a>> {
        Ok(self.clone())
    }
}

macro_rules! scalars {
    ($($type:ty)*) => {$(
        impl<'a> IntoArgument<'a> for $type {
            fn into_argument(self) -> Result<Argument<'a>> {
                Ok(Argument::from_input(Input::Scalar(self.to_constant())))
            }
        }
    )*};
}

scalars!(bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64);

impl<'a> IntoArgument<'a> for usize {
    fn into_argument(self) -> Result<Argument<'a>> {
        (self as u64).into_argument()
    }
}

impl<'a> IntoArgument<'a> for isize {
    fn into_argument(self) -> Result<Argument<'a>> {
        (self as i64).into_argument()
    }
}

impl<'a, T: Element> IntoArgument<'a> for &'a [T] {
    fn into_argument(self) -> Result<Argument<'a>> {
        Argument::from_slice(self, &[self.len()])
    }
}

impl<'a, T: Element, const LENGTH: usize> IntoArgument<'a> for &'a [T; LENGTH] {
    fn into_argument(self) -> Result<Argument<'a>> {
        self.as_slice().into_argument()
    }
}

impl<'a, T: Element> IntoArgument<'a> for &'a Vec<T> {
    fn into_argument(self) -> Result<Argument<'a>> {
        self.as_slice().into_argument()
    }
}

impl<'a, T: Element> IntoArgument<'a> for Vec<T> {
    fn into_argument(self) -> Result<Argument<'a>> {
        let (first, length) = (self.as_ptr(), self.len());
        // SAFETY: a vector's elements stay where they are when it is moved.
        unsafe { Argument::owned(self, first, &[length], &[1]) }
    }
}

impl<'a> Argument<'a> {
    /// An array that whole functions can write in place. Kernels only read it.
    ///
    /// Errors: an array of more than 32 axes.
    pub fn writable(array: impl IntoDestination<'a>) -> Result<Argument<'a>> {
        let input = Input::Borrowed(array.into_destination()?.array);
        Ok(Argument { is_writable: true, ..Argument::from_input(input) })
    }

    pub(crate) fn is_writable(&self) -> bool {
        self.is_writable
    }
}

macro_rules! writable {
    ($([$($generics:tt)*] $type:ty;)*) => {$(
        impl<'a, $($generics)*> IntoArgument<'a> for &'a mut $type {
            fn into_argument(self) -> Result<Argument<'a>> {
                Argument::writable(self)
            }
        }
    )*};
}

writable! {
    [T: Element] [T];
    [T: Element, const LENGTH: usize] [T; LENGTH];
    [T: Element] Vec<T>;
}

impl<'a> IntoArgument<'a> for HostArray {
    fn into_argument(self) -> Result<Argument<'a>> {
        Ok(Argument::from_input(self.into()))
    }
}

impl<'a> IntoArgument<'a> for &'a HostArray {
    fn into_argument(self) -> Result<Argument<'a>> {
        let (shape, strides) = (self.shape(), self.strides());
        // SAFETY: all elements of its shape, borrowed for 'a.
        let array = unsafe { BorrowedArray::new(self.scalar(), self.bytes().as_ptr().cast_mut(), shape, &strides) }?;
        Ok(Argument {
            input: Input::Borrowed(array),
            is_output: false,
            is_writable: false,
            owner: None,
            borrowed: PhantomData,
        })
    }
}

impl<'a> IntoArgument<'a> for &'a Output {
    fn into_argument(self) -> Result<Argument<'a>> {
        let input = Input::Borrowed(self.borrowed().clone());
        Ok(Argument { input, is_output: false, is_writable: false, owner: None, borrowed: PhantomData })
    }
}

impl<'a> IntoArgument<'a> for Output {
    fn into_argument(self) -> Result<Argument<'a>> {
        let input = Input::Borrowed(self.borrowed().clone());
        Ok(Argument { input, is_output: false, is_writable: false, owner: Some(Arc::new(self)), borrowed: PhantomData })
    }
}

impl<'a> IntoArgument<'a> for &DeviceArray {
    fn into_argument(self) -> Result<Argument<'a>> {
        Ok(Argument::from_input(Input::Device(self.0.clone())))
    }
}

impl<'a> IntoArgument<'a> for DeviceArray {
    fn into_argument(self) -> Result<Argument<'a>> {
        Ok(Argument::from_input(Input::Device(self.0)))
    }
}

/// The arguments of a call: a tuple of up to twelve values that are [`IntoArgument`], a single such value, or a `Vec` of
/// [`Argument`]s.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the arguments of a kernel",
    label = "neither a tuple of scalars and arrays, nor one of these alone",
    note = "write the arguments in one pair of parentheses of their own: `kernel.call((&x, &y, 0.5))`"
)]
pub trait Arguments<'a> {
    /// The arguments, in order.
    fn into_arguments(self) -> Result<Vec<Argument<'a>>>;
}

impl<'a, A: IntoArgument<'a>> Arguments<'a> for A {
    fn into_arguments(self) -> Result<Vec<Argument<'a>>> {
        Ok(vec![self.into_argument()?])
    }
}

impl<'a> Arguments<'a> for Vec<Argument<'a>> {
    fn into_arguments(self) -> Result<Vec<Argument<'a>>> {
        Ok(self)
    }
}

macro_rules! tuples {
    ($(($($name:ident)*))*) => {$(
        impl<'a, $($name: IntoArgument<'a>),*> Arguments<'a> for ($($name,)*) {
            #[allow(non_snake_case, reason = "a type's name is also its value's")]
            fn into_arguments(self) -> Result<Vec<Argument<'a>>> {
                let ($($name,)*) = self;
                Ok(vec![$($name.into_argument()?),*])
            }
        }
    )*};
}

tuples! {
    (A)
    (A B)
    (A B C)
    (A B C D)
    (A B C D E)
    (A B C D E F)
    (A B C D E F G)
    (A B C D E F G H)
    (A B C D E F G H I)
    (A B C D E F G H I J)
    (A B C D E F G H I J K)
    (A B C D E F G H I J K L)
}

/// The array of `call_into`, as an argument: what it holds before the call. So a kernel works in place, which Rust would
/// not let a program write as `call_into(&x, &mut x)`.
///
/// ```
/// use numbra::{Device, Out};
/// let saxpy = numbra::source("def saxpy(a, x, y): return a * x + y")?.vectorize("saxpy")?.on(&Device::auto()?);
/// let (x, mut y) = (vec![1.0, 2.0], vec![10.0, 20.0]);
/// saxpy.call_into((2.0, &x, Out), &mut y)?;
/// assert_eq!(y, [12.0, 24.0]);
/// # Ok::<(), numbra::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Out;

impl<'a> IntoArgument<'a> for Out {
    fn into_argument(self) -> Result<Argument<'a>> {
        Ok(Argument { is_output: true, ..Argument::from_input(Input::from(false)) })
    }
}

/// The inputs that arguments stand for. They are valid while the arguments are.
///
/// Errors: one is [`Out`].
pub(crate) fn inputs(arguments: &[Argument]) -> Result<Vec<Input>> {
    arguments.iter().map(Argument::input).map(|input| input.cloned()).collect()
}

/// The inputs that arguments stand for where results go to that array.
pub(crate) fn inputs_with(arguments: &[Argument], out: &Destination) -> Vec<Input> {
    let input = |argument: &Argument| match argument.is_output {
        true => Input::Borrowed(out.array.clone()),
        false => argument.input.clone(),
    };
    arguments.iter().map(input).collect()
}

/// An array that a kernel writes, borrowed for `'a`. See [`IntoDestination`].
#[derive(Debug)]
pub struct Destination<'a> {
    array: BorrowedArray,
    borrowed: PhantomData<&'a mut ()>,
}

impl<'a> Destination<'a> {
    /// Elements in C order as an array of that shape.
    ///
    /// Errors: a shape that has another number of elements, or more than 32 axes.
    pub fn from_slice<T: Element>(elements: &'a mut [T], shape: &[usize]) -> Result<Destination<'a>> {
        // The same conditions.
        Argument::from_slice(elements, shape)?;
        // SAFETY: the slice has all elements of the shape, and is borrowed for 'a alone.
        unsafe { Destination::borrowed::<T>(elements.as_mut_ptr(), shape, &row_major_strides(shape)) }
    }

    /// # Safety
    /// All elements must be there, and nobody else may touch them, for as long as `'a`.
    pub(crate) unsafe fn borrowed<T: Element>(
        first: *mut T,
        shape: &[usize],
        strides: &[isize],
    ) -> Result<Destination<'a>> {
        // SAFETY: the caller's promise.
        let array = unsafe { BorrowedArray::new(T::SCALAR, first.cast(), shape, strides) }?;
        Ok(Destination { array, borrowed: PhantomData })
    }

    pub(crate) fn array(&self) -> &BorrowedArray {
        &self.array
    }
}

/// What a kernel can write its results to: mutable slices and `Vec`s (one axis), and, with the feature `ndarray`,
/// `&mut Array`, `&mut ArrayViewMut`, mutable views by value and `&mut ArrayRef`, under any strides.
#[diagnostic::on_unimplemented(
    message = "a kernel cannot write its results to `{Self}`",
    note = "pass a mutable reference to an array, slice or Vec of bool, i8 to i64, u8 to u64, f32 or f64"
)]
pub trait IntoDestination<'a> {
    /// The array to write. Errors: more than 32 axes.
    fn into_destination(self) -> Result<Destination<'a>>;
}

impl<'a> IntoDestination<'a> for Destination<'a> {
    fn into_destination(self) -> Result<Destination<'a>> {
        Ok(self)
    }
}

impl<'a, T: Element> IntoDestination<'a> for &'a mut [T] {
    fn into_destination(self) -> Result<Destination<'a>> {
        let length = self.len();
        Destination::from_slice(self, &[length])
    }
}

impl<'a, T: Element, const LENGTH: usize> IntoDestination<'a> for &'a mut [T; LENGTH] {
    fn into_destination(self) -> Result<Destination<'a>> {
        self.as_mut_slice().into_destination()
    }
}

impl<'a, T: Element> IntoDestination<'a> for &'a mut Vec<T> {
    fn into_destination(self) -> Result<Destination<'a>> {
        self.as_mut_slice().into_destination()
    }
}
