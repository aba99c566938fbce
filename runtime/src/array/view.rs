//! Elements borrowed from the host's memory under any strides.

use super::{ArrayError, Element, HostArray, MAX_RANK, broadcast_strides, row_major_strides};
use numbra_front::types::{Constant, ScalarType};

/// A borrowed array: memory, and where in it the elements lie. Every element is inside the memory.
#[derive(Debug, Clone)]
pub struct HostView<'memory> {
    scalar: ScalarType,
    bytes: &'memory [u8],
    /// The element at index (0, 0, ...), counted in elements from the start of `bytes`.
    offset: usize,
    shape: Vec<usize>,
    /// In elements; may be 0 or negative.
    strides: Vec<isize>,
}

impl<'memory> HostView<'memory> {
    /// Elements of type `scalar` in `bytes`; `offset` and `strides` count elements.
    pub fn new(
        scalar: ScalarType,
        bytes: &'memory [u8],
        offset: usize,
        shape: Vec<usize>,
        strides: Vec<isize>,
    ) -> Result<HostView<'memory>, ArrayError> {
        if shape.len() > MAX_RANK {
            return Err(ArrayError::Rank { rank: shape.len() });
        }
        let view = HostView { scalar, bytes, offset, shape, strides };
        let inside = view.strides.len() == view.shape.len()
            && view.element_count().is_some()
            && view.touched().is_some_and(|(first, end)| first >= 0 && end <= (bytes.len() / scalar.bytes()) as i128);
        if inside { Ok(view) } else { Err(ArrayError::OutOfBounds { shape: view.shape }) }
    }

    /// `bytes` in C order.
    pub fn contiguous(
        scalar: ScalarType,
        bytes: &'memory [u8],
        shape: &[usize],
    ) -> Result<HostView<'memory>, ArrayError> {
        HostView::new(scalar, bytes, 0, shape.to_vec(), row_major_strides(shape))
    }

    /// A slice as an array of one axis.
    pub fn from_slice<T: Element>(elements: &'memory [T]) -> HostView<'memory> {
        // SAFETY: every value of an Element is initialized bytes.
        let bytes =
            unsafe { std::slice::from_raw_parts(elements.as_ptr().cast::<u8>(), std::mem::size_of_val(elements)) };
        HostView { scalar: T::SCALAR, bytes, offset: 0, shape: vec![elements.len()], strides: vec![1] }
    }

    pub fn scalar(&self) -> ScalarType {
        self.scalar
    }

    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// In elements.
    pub fn strides(&self) -> &[isize] {
        &self.strides
    }

    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// The number of elements, stretched axes counted in full.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// The whole memory, in which [`HostView::offset`] counts.
    pub fn bytes(&self) -> &'memory [u8] {
        self.bytes
    }

    /// The position of the first element (all indices 0) in [`HostView::bytes`], in elements.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The address of the first element. Dangling, but aligned as the memory is, where the view is empty.
    pub fn pointer(&self) -> *const u8 {
        if self.is_empty() { self.bytes.as_ptr() } else { self.bytes[self.offset * self.scalar.bytes()..].as_ptr() }
    }

    /// Whether the elements lie in C order without gaps.
    pub fn is_contiguous(&self) -> bool {
        let expected = row_major_strides(&self.shape);
        self.is_empty() || (0..self.rank()).all(|axis| self.shape[axis] == 1 || self.strides[axis] == expected[axis])
    }

    /// The bytes of the elements in C order, where they lie so in memory.
    pub fn contiguous_bytes(&self) -> Option<&'memory [u8]> {
        let size = self.scalar.bytes();
        match self.is_empty() {
            true => Some(&[]),
            false => self.is_contiguous().then(|| &self.bytes[self.offset * size..][..self.len() * size]),
        }
    }

    /// The same elements, stretched to `shape` with strides 0.
    pub fn broadcast_to(&self, shape: &[usize]) -> Result<HostView<'memory>, ArrayError> {
        let strides = broadcast_strides(&self.shape, &self.strides, shape)?;
        HostView::new(self.scalar, self.bytes, self.offset, shape.to_vec(), strides)
    }

    /// The same elements with the order of the axes reversed.
    pub fn transposed(&self) -> HostView<'memory> {
        let mut view = self.clone();
        view.shape.reverse();
        view.strides.reverse();
        view
    }

    /// The same elements with the axes of extent 1 that `shape` adds or omits, or any other shape if contiguous.
    pub fn reshaped(&self, shape: &[usize]) -> Option<HostView<'memory>> {
        let bytes = self.contiguous_bytes()?;
        let view = HostView::contiguous(self.scalar, bytes, shape).ok()?;
        (view.len() == self.len()).then_some(view)
    }

    /// The element at `index`; `None` outside the shape.
    pub fn get(&self, index: &[usize]) -> Option<Constant> {
        if index.len() != self.rank() || index.iter().zip(&self.shape).any(|(index, extent)| index >= extent) {
            return None;
        }
        let steps: isize = index.iter().zip(&self.strides).map(|(index, stride)| *index as isize * stride).sum();
        let start = (self.offset as isize + steps) as usize * self.scalar.bytes();
        Some(read(self.scalar, &self.bytes[start..]))
    }

    /// The elements in C order. Slow: for tests, text and pictures.
    pub fn iter(&self) -> impl Iterator<Item = Constant> + '_ {
        (0..self.len()).map(|mut linear| {
            let mut position = self.offset as isize;
            for axis in (0..self.rank()).rev() {
                position += (linear % self.shape[axis]) as isize * self.strides[axis];
                linear /= self.shape[axis];
            }
            read(self.scalar, &self.bytes[position as usize * self.scalar.bytes()..])
        })
    }

    /// A copy in C order.
    pub fn to_array(&self) -> Result<HostArray, ArrayError> {
        let mut array = HostArray::zeros(self.scalar, &self.shape)?;
        super::convert::gather(self, array.bytes_mut());
        Ok(array)
    }

    /// A copy in C order with every element converted: floats to integers truncate and saturate (NaN to 0), integers
    /// wrap, anything that is not 0 is true.
    pub fn cast(&self, scalar: ScalarType) -> Result<HostArray, ArrayError> {
        super::convert::cast(self, scalar)
    }

    /// The number of elements, unless an extent (or their product, zeros aside) is beyond any memory.
    fn element_count(&self) -> Option<usize> {
        let limit = isize::MAX as usize;
        self.shape.iter().try_fold(1_usize, |total, extent| total.checked_mul((*extent).max(1)).filter(|n| *n <= limit))
    }

    /// The first touched position and the one behind the last, in elements. (offset, offset) where empty.
    fn touched(&self) -> Option<(i128, i128)> {
        let offset = self.offset as i128;
        if self.is_empty() {
            return Some((0, 0));
        }
        let (mut first, mut last) = (offset, offset);
        for (extent, stride) in self.shape.iter().zip(&self.strides) {
            let reach = (*extent as i128 - 1).checked_mul(*stride as i128)?;
            first += reach.min(0);
            last += reach.max(0);
        }
        Some((first, last + 1))
    }
}

/// The element at the start of `bytes`, in the machine's byte order.
fn read(scalar: ScalarType, bytes: &[u8]) -> Constant {
    use ScalarType::*;
    macro_rules! number {
        ($type:ty) => {{
            const SIZE: usize = std::mem::size_of::<$type>();
            let mut raw = [0; SIZE];
            raw.copy_from_slice(&bytes[..SIZE]);
            <$type>::from_ne_bytes(raw)
        }};
    }
    match scalar {
        Bool => Constant::bool(bytes[0] != 0),
        I8 => number!(i8).to_constant(),
        I16 => number!(i16).to_constant(),
        I32 => number!(i32).to_constant(),
        I64 => number!(i64).to_constant(),
        U8 => number!(u8).to_constant(),
        U16 => number!(u16).to_constant(),
        U32 => number!(u32).to_constant(),
        U64 => number!(u64).to_constant(),
        F32 => number!(f32).to_constant(),
        F64 => number!(f64).to_constant(),
        Index => Constant::index(number!(i64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integers(view: &HostView) -> Vec<i128> {
        view.iter().map(|constant| constant.as_integer().unwrap()).collect()
    }

    #[test]
    fn views_see_their_elements() {
        let data: Vec<i32> = (0..12).collect();
        let flat = HostView::from_slice(&data);
        let matrix = flat.reshaped(&[3, 4]).unwrap();
        assert_eq!(matrix.get(&[2, 1]).unwrap().as_integer(), Some(9));
        assert_eq!(matrix.get(&[3, 0]), None);
        assert!(matrix.is_contiguous() && !matrix.transposed().is_contiguous());
        assert_eq!(integers(&matrix.transposed())[..4], [0, 4, 8, 1]);
        assert_eq!(matrix.transposed().to_array().unwrap().as_slice::<i32>().unwrap()[..4], [0, 4, 8, 1]);

        let backwards = HostView::new(ScalarType::I32, flat.bytes(), 11, vec![3, 2], vec![-4, -1]).unwrap();
        assert_eq!(integers(&backwards), [11, 10, 7, 6, 3, 2]);
        assert_eq!(backwards.to_array().unwrap().as_slice::<i32>().unwrap(), [11, 10, 7, 6, 3, 2]);
    }

    #[test]
    fn broadcasting_repeats() {
        let data = [1.5_f64, 2.5];
        let view = HostView::from_slice(&data).reshaped(&[2, 1]).unwrap().broadcast_to(&[2, 2, 3]).unwrap();
        assert_eq!(view.strides(), [0, 1, 0]);
        let copy = view.to_array().unwrap();
        assert_eq!(copy.as_slice::<f64>().unwrap(), [1.5, 1.5, 1.5, 2.5, 2.5, 2.5, 1.5, 1.5, 1.5, 2.5, 2.5, 2.5]);
        assert!(view.broadcast_to(&[3]).is_err());
    }

    #[test]
    fn what_reaches_outside_is_refused() {
        let bytes = [0; 64];
        let new = |offset, shape: &[usize], strides: &[isize]| {
            HostView::new(ScalarType::I64, &bytes, offset, shape.to_vec(), strides.to_vec())
        };
        assert!(new(0, &[8], &[1]).is_ok());
        assert!(new(1, &[8], &[1]).is_err());
        assert!(new(7, &[8], &[-1]).is_ok());
        assert!(new(6, &[8], &[-1]).is_err());
        assert!(new(0, &[usize::MAX], &[0]).is_err());
        assert!(new(0, &[usize::MAX], &[isize::MAX]).is_err());
        assert!(new(100, &[0, 3], &[50, 50]).is_ok());
        assert!(new(0, &[2], &[]).is_err());
        assert!(new(0, &[1; 33], &[0; 33]).is_err());
    }
}
