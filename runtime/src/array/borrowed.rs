//! Arrays in memory of somebody else.

use super::{ArrayError, HostArray, HostView, MAX_RANK, convert, row_major_strides};
use numbra_front::types::ScalarType;
use std::ops::Range;

/// An array whose memory another library keeps, such as NumPy or ndarray: any strides, every element aligned to its size.
/// It is a handle, as a pointer is: copies of it are the same array.
#[derive(Debug, Clone)]
pub struct BorrowedArray {
    scalar: ScalarType,
    /// Of the element with all indices 0.
    address: *mut u8,
    shape: Vec<usize>,
    /// In elements; may be 0 or negative.
    strides: Vec<isize>,
}

// SAFETY: whoever made it promised that the memory is there and that nobody interferes, on whichever thread.
unsafe impl Send for BorrowedArray {}
unsafe impl Sync for BorrowedArray {}

impl BorrowedArray {
    /// The array at `address`, with strides in elements.
    ///
    /// # Safety
    /// Every element must be there for as long as the array, or anything made of it, is in use. While a kernel reads
    /// it, nobody may write it; while a kernel writes it, nobody else may touch it, and its memory must be writable.
    pub unsafe fn new(
        scalar: ScalarType,
        address: *mut u8,
        shape: &[usize],
        strides: &[isize],
    ) -> Result<BorrowedArray, ArrayError> {
        if shape.len() > MAX_RANK {
            return Err(ArrayError::Rank { rank: shape.len() });
        }
        if !(address as usize).is_multiple_of(scalar.bytes()) {
            return Err(ArrayError::Unaligned { scalar });
        }
        if shape.len() != strides.len() {
            return Err(ArrayError::OutOfBounds { shape: shape.to_vec() });
        }
        Ok(BorrowedArray { scalar, address, shape: shape.to_vec(), strides: strides.to_vec() })
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

    /// Of the element with all indices 0.
    pub fn address(&self) -> *mut u8 {
        self.address
    }

    /// The addresses from the first byte of an element to behind the last one. Empty for an array without elements.
    pub fn addresses(&self) -> Range<usize> {
        let address = self.address as usize;
        if self.shape.contains(&0) {
            return address..address;
        }
        let size = self.scalar.bytes() as isize;
        let (mut before, mut after) = (0, size);
        for (&extent, &stride) in self.shape.iter().zip(&self.strides) {
            let reach = (extent as isize - 1) * stride * size;
            before += reach.min(0);
            after += reach.max(0);
        }
        address.wrapping_add_signed(before)..address.wrapping_add_signed(after)
    }

    /// How many elements lie before the one with all indices 0: those that negative strides reach.
    pub fn offset(&self) -> usize {
        (self.address as usize - self.addresses().start) / self.scalar.bytes()
    }

    pub fn view(&self) -> Result<HostView<'_>, ArrayError> {
        let addresses = self.addresses();
        if addresses.is_empty() {
            return HostView::new(self.scalar, &[], 0, self.shape.clone(), self.strides.clone());
        }
        // SAFETY: all of it is memory of the array's (see `new`), whatever lies between its elements.
        let bytes = unsafe { std::slice::from_raw_parts(addresses.start as *const u8, addresses.len()) };
        HostView::new(self.scalar, bytes, self.offset(), self.shape.clone(), self.strides.clone())
    }

    /// The bytes of the elements, if these lie in C order without gaps.
    pub fn c_order_bytes(&self) -> Option<&[u8]> {
        // SAFETY: nothing lies between the elements, so all of it is the array's (see `new`).
        self.is_c_order().then(|| unsafe { std::slice::from_raw_parts(self.address, self.addresses().len()) })
    }

    /// As [`BorrowedArray::c_order_bytes`], to store there.
    ///
    /// # Safety
    /// The memory must be writable, and nobody else, no other handle either, may use it as long as the slice is.
    #[allow(clippy::mut_from_ref)] // a handle, as a pointer is
    pub unsafe fn c_order_bytes_mut(&self) -> Option<&mut [u8]> {
        // SAFETY: as above, and the caller's promise.
        self.is_c_order().then(|| unsafe { std::slice::from_raw_parts_mut(self.address, self.addresses().len()) })
    }

    fn is_c_order(&self) -> bool {
        let expected = row_major_strides(&self.shape);
        let in_place = |axis: usize| self.shape[axis] == 1 || self.strides[axis] == expected[axis];
        !self.shape.contains(&0) && (0..self.shape.len()).all(in_place)
    }

    /// A copy in C order.
    pub fn to_array(&self) -> Result<HostArray, ArrayError> {
        let mut array = HostArray::zeros(self.scalar, &self.shape)?;
        // SAFETY: both have all elements of the shape, and the target is a new array. What lies between the elements is
        // not touched: it may be others', who write it.
        unsafe { convert::collect(self.address, &self.strides, &mut array) };
        Ok(array)
    }

    /// Copies the elements number `part` in C order to `target`, which has exactly their length.
    pub fn collect(&self, part: Range<usize>, target: &mut [u8]) {
        let elements = self.shape.iter().product();
        assert!(part.start <= part.end && part.end <= elements && target.len() == part.len() * self.scalar.bytes());
        // SAFETY: as above.
        unsafe {
            convert::collect_part(self.scalar, self.address, &self.shape, &self.strides, part, target.as_mut_ptr());
        }
    }

    /// Copies the elements of an array of the same type and shape here.
    pub fn copy_from(&self, source: &HostArray) -> Result<(), ArrayError> {
        if source.scalar() != self.scalar {
            return Err(ArrayError::ElementType { expected: self.scalar, found: source.scalar() });
        }
        if source.shape() != self.shape {
            return Err(ArrayError::Broadcast(vec![source.shape().to_vec(), self.shape.clone()]));
        }
        // SAFETY: both have all elements of the shape, and the source is an array of our own.
        unsafe { convert::scatter(source, self.address, &self.strides) };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn borrow(data: &mut [i32], first: usize, shape: &[usize], strides: &[isize]) -> BorrowedArray {
        let address = data[first..].as_mut_ptr().cast();
        unsafe { BorrowedArray::new(ScalarType::I32, address, shape, strides) }.unwrap()
    }

    #[test]
    fn any_strides_are_read_and_written() {
        let mut data: Vec<i32> = (0..24).collect();
        let start = data.as_ptr() as usize;
        let backwards = borrow(&mut data, 22, &[3, 2], &[-8, -2]);
        assert_eq!(backwards.addresses(), start + 16..start + 92);
        assert_eq!(backwards.offset(), 18);
        let copy = backwards.view().unwrap().to_array().unwrap();
        assert_eq!(copy.as_slice::<i32>().unwrap(), [22, 20, 14, 12, 6, 4]);

        let new = HostArray::from_slice(&[3, 2], &[1, 2, 3, 4, 5, 6].map(|x: i32| -x)).unwrap();
        backwards.copy_from(&new).unwrap();
        assert_eq!([data[22], data[20], data[14], data[12], data[6], data[4]], [-1, -2, -3, -4, -5, -6]);
        assert_eq!([data[21], data[5], data[0]], [21, 5, 0]);

        let transposed = borrow(&mut data, 0, &[40 / 10, 6], &[1, 4]);
        let new = HostArray::from_slice(&[4, 6], &(100..124).collect::<Vec<i32>>()).unwrap();
        transposed.copy_from(&new).unwrap();
        assert_eq!(transposed.view().unwrap().to_array().unwrap(), new);
        assert_eq!(data[..5], [100, 106, 112, 118, 101]);
        assert!(transposed.copy_from(&HostArray::zeros(ScalarType::I32, &[6, 4]).unwrap()).is_err());
        assert!(transposed.copy_from(&HostArray::zeros(ScalarType::U32, &[4, 6]).unwrap()).is_err());
    }

    #[test]
    fn parts_are_collected_from_wherever_they_begin() {
        let mut data: Vec<i32> = (0..360).collect();
        for (first, shape, strides) in [
            (0, vec![4, 5, 6], vec![1, 24, 4]),
            (359, vec![4, 5, 6], vec![-60, -12, -2]),
            (3, vec![3, 1, 2, 7], vec![0, 5, 100, 7]),
            (7, vec![], vec![]),
            (0, vec![3, 0], vec![1, 1]),
            (300, vec![60], vec![-5]),
        ] {
            let array = borrow(&mut data, first, &shape, &strides);
            let all = array.to_array().unwrap();
            for start in 0..=all.len() {
                for end in start..=all.len() {
                    let mut part = vec![0; (end - start) * 4];
                    array.collect(start..end, &mut part);
                    assert_eq!(part, all.bytes()[start * 4..end * 4], "{shape:?} {start}..{end}");
                }
            }
        }
    }

    #[test]
    fn bytes_are_given_where_nothing_lies_between_them() {
        let mut data: Vec<i32> = (0..24).collect();
        let rows = borrow(&mut data, 4, &[2, 1, 4], &[4, 9, 1]);
        assert_eq!(rows.c_order_bytes().unwrap(), (4..12).flat_map(i32::to_le_bytes).collect::<Vec<u8>>());
        // SAFETY: of our own, and used by nothing else meanwhile.
        unsafe { rows.c_order_bytes_mut() }.unwrap()[..4].copy_from_slice(&77i32.to_le_bytes());
        assert_eq!(data[3..6], [3, 77, 5]);
        let scalar = borrow(&mut data, 7, &[], &[]);
        assert_eq!(scalar.c_order_bytes().unwrap(), 7i32.to_le_bytes());
        for (first, shape, strides) in
            [(0, [4, 3], [1, 4]), (0, [2, 3], [4, 1]), (11, [2, 3], [-3, -1]), (0, [0, 3], [3, 1])]
        {
            assert!(borrow(&mut data, first, &shape, &strides).c_order_bytes().is_none());
        }
    }

    #[test]
    fn what_is_no_array_of_elements_is_refused() {
        let mut bytes = [0u64; 4];
        let mut new = |offset: usize, shape: &[usize], strides: &[isize]| {
            let address = bytes.as_mut_ptr().cast::<u8>();
            unsafe { BorrowedArray::new(ScalarType::F64, address.add(offset), shape, strides) }
        };
        assert!(matches!(new(4, &[2], &[1]), Err(ArrayError::Unaligned { .. })));
        assert!(new(0, &[2], &[]).is_err());
        assert!(new(0, &[1; 33], &[0; 33]).is_err());
        assert!(new(0, &[0, 5], &[9, 9]).unwrap().addresses().is_empty());
        assert_eq!(new(0, &[0, 5], &[9, 9]).unwrap().view().unwrap().len(), 0);
    }
}
