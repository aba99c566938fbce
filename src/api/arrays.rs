//! ndarray's arrays as arguments and results.

use super::{Argument, Destination, IntoArgument, IntoDestination, Output};
use ndarray::{
    Array, ArrayBase, ArrayD, ArrayRef, ArrayView, ArrayViewD, ArrayViewMut, Data, DataMut, Dimension, IxDyn, OwnedRepr,
};
use numbra_runtime::array::Element;
use numbra_runtime::{Error, Result};

impl<'a, S, D> IntoArgument<'a> for &'a ArrayBase<S, D>
where
    S: Data,
    S::Elem: Element,
    D: Dimension,
{
    fn into_argument(self) -> Result<Argument<'a>> {
        self.view().into_argument()
    }
}

impl<'a, T: Element, D: Dimension> IntoArgument<'a> for &'a ArrayRef<T, D> {
    fn into_argument(self) -> Result<Argument<'a>> {
        self.view().into_argument()
    }
}

impl<'a, T: Element, D: Dimension> IntoArgument<'a> for ArrayView<'a, T, D> {
    fn into_argument(self) -> Result<Argument<'a>> {
        // SAFETY: ndarray keeps all elements where the view says, borrowed for 'a.
        unsafe { Argument::borrowed(self.as_ptr(), self.shape(), self.strides()) }
    }
}

impl<'a, T: Element, D: Dimension + 'static> IntoArgument<'a> for Array<T, D> {
    fn into_argument(self) -> Result<Argument<'a>> {
        let (first, shape, strides) = (self.as_ptr(), self.shape().to_vec(), self.strides().to_vec());
        // SAFETY: an array's elements stay where they are when it is moved.
        unsafe { Argument::owned(self, first, &shape, &strides) }
    }
}

impl<'a, S, D> IntoArgument<'a> for &'a mut ArrayBase<S, D>
where
    S: DataMut,
    S::Elem: Element,
    D: Dimension,
{
    fn into_argument(self) -> Result<Argument<'a>> {
        Argument::writable(self)
    }
}

impl<'a, T: Element, D: Dimension> IntoArgument<'a> for ArrayViewMut<'a, T, D> {
    fn into_argument(self) -> Result<Argument<'a>> {
        Argument::writable(self)
    }
}

impl<'a, S, D> IntoDestination<'a> for &'a mut ArrayBase<S, D>
where
    S: DataMut,
    S::Elem: Element,
    D: Dimension,
{
    fn into_destination(self) -> Result<Destination<'a>> {
        self.view_mut().into_destination()
    }
}

impl<'a, T: Element, D: Dimension> IntoDestination<'a> for &'a mut ArrayRef<T, D> {
    fn into_destination(self) -> Result<Destination<'a>> {
        self.view_mut().into_destination()
    }
}

impl<'a, T: Element, D: Dimension> IntoDestination<'a> for ArrayViewMut<'a, T, D> {
    fn into_destination(mut self) -> Result<Destination<'a>> {
        let (shape, strides) = (self.shape().to_vec(), self.strides().to_vec());
        // SAFETY: ndarray keeps all elements where the view says, borrowed for 'a alone, and no two in one place.
        unsafe { Destination::borrowed(self.as_mut_ptr(), &shape, &strides) }
    }
}

impl Output {
    /// The result as an array of ndarray's, not copied. Of a fixed number of axes: `Array2::try_from(output)`.
    ///
    /// Errors: elements of another type than `T`.
    pub fn into_array<T: Element>(self) -> Result<ArrayD<T>> {
        let (stored, axes) = in_memory(&self);
        let elements = self.into_memory::<T>()?;
        Ok(ArrayD::from_shape_vec(stored, elements).map_err(misshapen)?.permuted_axes(axes))
    }

    /// The result as a view of ndarray's.
    ///
    /// Errors: elements of another type than `T`.
    pub fn as_array<T: Element>(&self) -> Result<ArrayViewD<'_, T>> {
        let (stored, axes) = in_memory(self);
        Ok(ArrayViewD::from_shape(stored, self.memory::<T>()?).map_err(misshapen)?.permuted_axes(axes))
    }
}

/// The shape that the elements have as they lie in memory, and where in it each axis is.
fn in_memory(output: &Output) -> (IxDyn, IxDyn) {
    let (shape, strides) = (output.shape(), output.strides());
    let mut axes: Vec<usize> = (0..shape.len()).collect();
    axes.sort_by_key(|&axis| if shape[axis] == 1 { isize::MIN } else { -strides[axis] });
    let stored: Vec<usize> = axes.iter().map(|&axis| shape[axis]).collect();
    let mut places = vec![0; axes.len()];
    for (place, &axis) in axes.iter().enumerate() {
        places[axis] = place;
    }
    (IxDyn(&stored), IxDyn(&places))
}

fn misshapen(error: ndarray::ShapeError) -> Error {
    Error::Internal(format!("a result that is no array: {error}"))
}

/// Errors: elements of another type, another number of axes.
impl<T: Element, D: Dimension> TryFrom<Output> for ArrayBase<OwnedRepr<T>, D> {
    type Error = Error;

    fn try_from(output: Output) -> Result<Array<T, D>> {
        let array = output.into_array::<T>()?;
        let rank = array.ndim();
        array.into_dimensionality::<D>().map_err(|_| {
            let wanted = D::NDIM.map_or(String::new(), |wanted| format!(", not {wanted}"));
            Error::call_with_help(
                format!("the result has {rank} axes{wanted}"),
                "take it as an ArrayD, whose number of axes is known at run time",
            )
        })
    }
}
