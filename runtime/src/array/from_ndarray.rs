//! To and from the arrays of the crate ndarray.

use super::{ArrayError, Element, HostArray, HostView};
use ndarray::{ArrayBase, ArrayD, ArrayViewD, ArrayViewMutD, Data, Dimension};

/// Borrows the array's memory, whatever its strides. Fails only for more axes than numbra has.
impl<'memory, S, D> TryFrom<&'memory ArrayBase<S, D>> for HostView<'memory>
where
    S: Data,
    S::Elem: Element,
    D: Dimension,
{
    type Error = ArrayError;

    fn try_from(array: &'memory ArrayBase<S, D>) -> Result<HostView<'memory>, ArrayError> {
        let (shape, strides) = (array.shape().to_vec(), array.strides().to_vec());
        // The elements that lie before and after the one with all indices 0, which strides below 0 put anywhere.
        let (mut before, mut after) = (0, 0);
        if !array.is_empty() {
            for (extent, stride) in shape.iter().zip(&strides) {
                let reach = (*extent as isize - 1) * stride;
                before += reach.min(0).unsigned_abs();
                after += reach.max(0).unsigned_abs();
            }
            after += 1;
        }
        // SAFETY: ndarray keeps all elements inside one allocation, and these are those from the first to the last.
        // Elements between them that are not the array's own (a view of every second one) belong to the same array.
        let elements = unsafe { std::slice::from_raw_parts(array.as_ptr().sub(before), before + after) };
        HostView::new(S::Elem::SCALAR, HostView::from_slice(elements).bytes(), before, shape, strides)
    }
}

/// Copies the elements, in C order.
impl<S, D> TryFrom<&ArrayBase<S, D>> for HostArray
where
    S: Data,
    S::Elem: Element,
    D: Dimension,
{
    type Error = ArrayError;

    fn try_from(array: &ArrayBase<S, D>) -> Result<HostArray, ArrayError> {
        HostView::try_from(array)?.to_array()
    }
}

impl HostArray {
    /// The elements as an array of ndarray's, without a copy.
    pub fn as_ndarray<T: Element>(&self) -> Result<ArrayViewD<'_, T>, ArrayError> {
        let mismatch = ArrayError::ElementType { expected: T::SCALAR, found: self.scalar() };
        let elements = self.as_slice::<T>().ok_or_else(|| mismatch.clone())?;
        ArrayViewD::from_shape(self.shape(), elements).map_err(|_| mismatch)
    }

    /// The elements as an array of ndarray's, without a copy.
    pub fn as_ndarray_mut<T: Element>(&mut self) -> Result<ArrayViewMutD<'_, T>, ArrayError> {
        let mismatch = ArrayError::ElementType { expected: T::SCALAR, found: self.scalar() };
        let shape = self.shape().to_vec();
        let elements = self.as_mut_slice::<T>().ok_or_else(|| mismatch.clone())?;
        ArrayViewMutD::from_shape(shape, elements).map_err(|_| mismatch)
    }

    /// A copy of the elements as an array of ndarray's.
    pub fn to_ndarray<T: Element>(&self) -> Result<ArrayD<T>, ArrayError> {
        self.as_ndarray().map(|view| view.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array, Array2, Array3, ShapeBuilder, arr0, s};

    #[test]
    fn arrays_go_there_and_back() {
        let array = Array3::from_shape_fn((2, 3, 4), |(i, j, k)| (i * 100 + j * 10 + k) as i16);
        let host = HostArray::try_from(&array).unwrap();
        assert_eq!(host.shape(), [2, 3, 4]);
        assert_eq!(host.to_ndarray::<i16>().unwrap(), array.clone().into_dyn());
        assert_eq!(host.to_ndarray::<u16>().unwrap_err().to_string(), "the array's elements are i16, not u16");
        assert_eq!(HostArray::try_from(&arr0(true)).unwrap().to_ndarray::<bool>().unwrap(), arr0(true).into_dyn());
        let empty = Array2::<f32>::zeros((0, 3));
        assert_eq!(HostArray::try_from(&empty).unwrap().to_ndarray::<f32>().unwrap(), empty.into_dyn());
    }

    #[test]
    fn strided_views_are_seen_as_they_are() {
        let fortran = Array::from_shape_vec((3, 4).f(), (0..12).map(f64::from).collect()).unwrap();
        for view in [
            fortran.view(),
            fortran.t(),
            fortran.slice(s![..;-1, 1..]),
            fortran.slice(s![1..;2, ..;-2]),
            fortran.slice(s![..0, ..]),
            fortran.slice(s![0..1, ..]),
        ] {
            let host = HostView::try_from(&view).unwrap();
            assert_eq!(host.strides(), view.strides());
            assert_eq!(host.to_array().unwrap().to_ndarray::<f64>().unwrap(), view.to_owned().into_dyn());
        }
        let stretched = arr0(7_u8);
        let stretched = stretched.broadcast((2, 2)).unwrap();
        assert_eq!(HostArray::try_from(&stretched).unwrap().as_slice::<u8>().unwrap(), [7; 4]);
    }
}
