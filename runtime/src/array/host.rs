//! Arrays that own their elements.

use super::bytes::AlignedBytes;
use super::{ArrayError, Element, HostView, MAX_RANK, row_major_strides};
use numbra_front::types::{Constant, ScalarType};
use std::fmt;

/// An array in the host's memory: C order, no gaps, aligned to 64 bytes, its element type known at run time.
pub struct HostArray {
    scalar: ScalarType,
    shape: Vec<usize>,
    bytes: AlignedBytes,
}

impl HostArray {
    /// An array of zeros (false).
    pub fn zeros(scalar: ScalarType, shape: &[usize]) -> Result<HostArray, ArrayError> {
        if shape.len() > MAX_RANK {
            return Err(ArrayError::Rank { rank: shape.len() });
        }
        let length =
            byte_length(scalar, shape).ok_or_else(|| ArrayError::TooLarge { scalar, shape: shape.to_vec() })?;
        Ok(HostArray { scalar, shape: shape.to_vec(), bytes: AlignedBytes::zeroed(length)? })
    }

    /// A copy of `bytes`: elements in C order and the machine's byte order.
    pub fn from_bytes(scalar: ScalarType, shape: &[usize], bytes: &[u8]) -> Result<HostArray, ArrayError> {
        if byte_length(scalar, shape) != Some(bytes.len()) {
            return Err(ArrayError::Length {
                scalar,
                shape: shape.to_vec(),
                expected: byte_length(scalar, shape).unwrap_or(usize::MAX),
                found: bytes.len(),
            });
        }
        let mut array = HostArray::zeros(scalar, shape)?;
        array.bytes.copy_from_slice(bytes);
        Ok(array)
    }

    /// A copy of `elements`, which are in C order.
    pub fn from_slice<T: Element>(shape: &[usize], elements: &[T]) -> Result<HostArray, ArrayError> {
        HostArray::from_bytes(T::SCALAR, shape, HostView::from_slice(elements).bytes())
    }

    /// An array without axes that holds one element.
    pub fn from_constant(constant: Constant) -> Result<HostArray, ArrayError> {
        let mut array = HostArray::zeros(constant.scalar, &[])?;
        // The low bytes hold the element, as Constant promises.
        let size = constant.scalar.bytes();
        let low = constant.bits.to_le_bytes();
        array.bytes.copy_from_slice(&low[..size]);
        if cfg!(target_endian = "big") {
            array.bytes.reverse();
        }
        Ok(array)
    }

    pub fn scalar(&self) -> ScalarType {
        self.scalar
    }

    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// In elements.
    pub fn strides(&self) -> Vec<isize> {
        row_major_strides(&self.shape)
    }

    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.bytes.len() / self.scalar.bytes()
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The elements in C order and the machine's byte order.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// As [`HostArray::bytes`]. A bool is one byte, 0 or 1.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    pub fn view(&self) -> HostView<'_> {
        // The length belongs to the shape, so this cannot fail; an empty view would be wrong but harmless.
        HostView::contiguous(self.scalar, &self.bytes, &self.shape).unwrap_or_else(|_| HostView::from_slice::<u8>(&[]))
    }

    /// The elements in C order, if they are of type `T`.
    pub fn as_slice<T: Element>(&self) -> Option<&[T]> {
        if T::SCALAR == self.scalar { T::slice(&self.bytes) } else { None }
    }

    /// The elements in C order, if they are of type `T`.
    pub fn as_mut_slice<T: Element>(&mut self) -> Option<&mut [T]> {
        if T::SCALAR == self.scalar { T::slice_mut(&mut self.bytes) } else { None }
    }

    /// The same elements in another shape of as many.
    pub fn reshaped(mut self, shape: &[usize]) -> Result<HostArray, ArrayError> {
        if shape.len() > MAX_RANK {
            return Err(ArrayError::Rank { rank: shape.len() });
        }
        if byte_length(self.scalar, shape) != Some(self.bytes.len()) {
            return Err(ArrayError::Length {
                scalar: self.scalar,
                shape: shape.to_vec(),
                expected: byte_length(self.scalar, shape).unwrap_or(usize::MAX),
                found: self.bytes.len(),
            });
        }
        self.shape = shape.to_vec();
        Ok(self)
    }
}

/// Bytes of an array. `None` where its extents, zeros aside, multiply to more than an address can count: so strides
/// and sizes of every array that exists can be computed without a thought of overflow.
pub(super) fn byte_length(scalar: ScalarType, shape: &[usize]) -> Option<usize> {
    let limit = isize::MAX as usize - AlignedBytes::ALIGNMENT;
    let bytes = shape.iter().try_fold(scalar.bytes(), |total, extent| {
        total.checked_mul((*extent).max(1)).filter(|bytes| *bytes <= limit)
    })?;
    Some(if shape.contains(&0) { 0 } else { bytes })
}

impl Clone for HostArray {
    fn clone(&self) -> HostArray {
        match HostArray::from_bytes(self.scalar, &self.shape, &self.bytes) {
            Ok(copy) => copy,
            // As Vec does; `from_bytes` is there for those who want to go on.
            Err(_) => std::alloc::handle_alloc_error(std::alloc::Layout::for_value(&*self.bytes)),
        }
    }
}

/// The same type, shape and bits: a NaN equals itself, and -0.0 differs from 0.0.
impl PartialEq for HostArray {
    fn eq(&self, other: &HostArray) -> bool {
        self.scalar == other.scalar && self.shape == other.shape && *self.bytes == *other.bytes
    }
}

impl Eq for HostArray {}

/// Type, shape and the first elements.
impl fmt::Debug for HostArray {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = 16;
        let first: Vec<String> = self.view().iter().take(shown).map(|element| element.to_string()).collect();
        let more = if self.len() > shown { ", ..." } else { "" };
        write!(formatter, "{}{:?} [{}{more}]", self.scalar, self.shape, first.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_aligned_zeroed_and_checked() {
        let mut array = HostArray::zeros(ScalarType::F32, &[3, 5]).unwrap();
        assert_eq!(array.bytes().as_ptr() as usize % 64, 0);
        assert_eq!(array.as_slice::<f32>().unwrap(), [0.0; 15]);
        assert!(array.as_slice::<i32>().is_none());
        array.as_mut_slice::<f32>().unwrap()[7] = 2.5;
        assert_eq!(array.view().get(&[1, 2]), Some(Constant::f32(2.5)));
        assert_eq!(array.clone(), array);
        assert!(HostArray::from_slice(&[2, 2], &[1_u8, 2, 3]).is_err());
        assert_eq!(array.reshaped(&[15]).unwrap().strides(), [1]);
    }

    #[test]
    fn sizes_that_overflow_are_refused() {
        let too_large =
            |shape: &[usize]| matches!(HostArray::zeros(ScalarType::F64, shape), Err(ArrayError::TooLarge { .. }));
        assert!(too_large(&[usize::MAX]));
        assert!(too_large(&[1 << 32, 1 << 32]));
        assert!(too_large(&[1 << 62]));
        assert!(too_large(&[0, usize::MAX, 2]));
        assert!(matches!(HostArray::zeros(ScalarType::U8, &[1 << 60]), Err(ArrayError::OutOfMemory { .. })));
        assert!(matches!(HostArray::zeros(ScalarType::U8, &[1; 33]), Err(ArrayError::Rank { rank: 33 })));
        assert_eq!(HostArray::zeros(ScalarType::F64, &[0, 7]).unwrap().len(), 0);
    }

    #[test]
    fn constants_become_arrays() {
        for constant in [
            Constant::f64(-0.1),
            Constant::f32(3.5),
            Constant::bool(true),
            Constant::integer(ScalarType::I16, -7),
            Constant::integer(ScalarType::U64, u64::MAX as i128),
        ] {
            let array = HostArray::from_constant(constant).unwrap();
            assert_eq!(array.view().get(&[]), Some(constant));
            assert_eq!(array.view().broadcast_to(&[4]).unwrap().iter().nth(3), Some(constant));
        }
    }

    #[test]
    fn a_byte_that_is_no_bool_is_not_lent_as_one() {
        let array = HostArray::from_bytes(ScalarType::Bool, &[2], &[1, 2]).unwrap();
        assert!(array.as_slice::<bool>().is_none());
    }
}
