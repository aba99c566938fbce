//! What kernels are called with: arrays of the host or of a device, and scalars.

use crate::array::{BorrowedArray, HostArray, HostView, row_major_strides};
use crate::device::{Binding, Buffer, Device, HostBuffer};
use crate::error::{Error, Result};
use numbra_front::ir::Stride;
use numbra_front::types::{Constant, ScalarType};
use std::ops::Range;
use std::sync::Arc;

/// An argument of a kernel.
#[derive(Debug, Clone)]
pub enum Input {
    /// A Python-like scalar: bool, int64 or float64, whose width gives way to that of arrays beside it.
    Scalar(Constant),
    /// A scalar whose type counts as an array's does: NumPy's scalars.
    Typed(Constant),
    Host(Arc<HostArray>),
    /// Somebody else's memory, under any strides.
    Borrowed(BorrowedArray),
    Device(DeviceArray),
}

impl Input {
    pub fn scalar_type(&self) -> ScalarType {
        match self {
            Input::Scalar(constant) | Input::Typed(constant) => constant.scalar,
            Input::Host(array) => array.scalar(),
            Input::Borrowed(array) => array.scalar(),
            Input::Device(array) => array.scalar,
        }
    }

    /// The scalar; `None` for arrays.
    pub fn constant(&self) -> Option<Constant> {
        match self {
            Input::Scalar(constant) | Input::Typed(constant) => Some(*constant),
            Input::Host(_) | Input::Borrowed(_) | Input::Device(_) => None,
        }
    }

    /// The shape; `[]` for scalars.
    pub fn shape(&self) -> &[usize] {
        match self {
            Input::Scalar(_) | Input::Typed(_) => &[],
            Input::Host(array) => array.shape(),
            Input::Borrowed(array) => array.shape(),
            Input::Device(array) => &array.shape,
        }
    }

    /// The strides in elements; `[]` for scalars.
    pub fn strides(&self) -> Vec<isize> {
        match self {
            Input::Scalar(_) | Input::Typed(_) => Vec::new(),
            Input::Host(array) => array.strides(),
            Input::Borrowed(array) => array.strides().to_vec(),
            Input::Device(array) => array.strides.clone(),
        }
    }

    /// The array on `device`; scalars are no arrays.
    pub fn to_device(&self, device: &Arc<dyn Device>) -> Result<Option<DeviceArray>> {
        match self {
            Input::Scalar(_) | Input::Typed(_) => Ok(None),
            Input::Host(array) => DeviceArray::from_host(device, array).map(Some),
            Input::Borrowed(array) => DeviceArray::from_borrowed(device, array).map(Some),
            Input::Device(array) if array.device.name() == device.name() => Ok(Some(array.clone())),
            Input::Device(array) => {
                let host = Arc::new(array.clone().into_host()?);
                DeviceArray::from_host(device, &host).map(Some)
            }
        }
    }
}

impl From<HostArray> for Input {
    fn from(array: HostArray) -> Input {
        Input::Host(Arc::new(array))
    }
}

impl From<BorrowedArray> for Input {
    fn from(array: BorrowedArray) -> Input {
        Input::Borrowed(array)
    }
}

impl From<DeviceArray> for Input {
    fn from(array: DeviceArray) -> Input {
        Input::Device(array)
    }
}

impl From<f64> for Input {
    fn from(value: f64) -> Input {
        Input::Scalar(Constant::f64(value))
    }
}

impl From<i64> for Input {
    fn from(value: i64) -> Input {
        Input::Scalar(Constant::integer(ScalarType::I64, value as i128))
    }
}

impl From<bool> for Input {
    fn from(value: bool) -> Input {
        Input::Scalar(Constant::bool(value))
    }
}

/// An array in a device's memory: a buffer, and where in it the elements lie.
#[derive(Clone)]
pub struct DeviceArray {
    device: Arc<dyn Device>,
    buffer: Buffer,
    scalar: ScalarType,
    /// Of the element with all indices 0, in elements.
    offset: usize,
    shape: Vec<usize>,
    /// In elements; may be 0 or negative.
    strides: Vec<isize>,
}

impl std::fmt::Debug for DeviceArray {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "DeviceArray({} {:?} on {})", self.scalar, self.shape, self.device.name())
    }
}

/// How two arrays lie to each other in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlap {
    /// No element is in both.
    None,
    /// They are the same array: each element is the other's at the same index.
    Same,
    /// Anything else, or unknown.
    Partial,
}

impl DeviceArray {
    /// An array in C order whose contents are unspecified.
    pub fn empty(device: &Arc<dyn Device>, scalar: ScalarType, shape: &[usize]) -> Result<DeviceArray> {
        let buffer = device.allocate(scalar, elements(shape)?)?;
        Ok(DeviceArray::c_order(device, buffer, scalar, shape))
    }

    /// An array without gaps whose axes lie in memory in the order of `strides`, contents unspecified.
    pub fn empty_like(
        device: &Arc<dyn Device>,
        scalar: ScalarType,
        shape: &[usize],
        strides: &[isize],
    ) -> Result<DeviceArray> {
        Ok(DeviceArray { strides: strides.to_vec(), ..DeviceArray::empty(device, scalar, shape)? })
    }

    pub fn from_host(device: &Arc<dyn Device>, array: &Arc<HostArray>) -> Result<DeviceArray> {
        Ok(DeviceArray::c_order(device, device.upload(array)?, array.scalar(), array.shape()))
    }

    /// The array as it lies where kernels work in the host's memory, otherwise a copy in C order.
    pub fn from_borrowed(device: &Arc<dyn Device>, array: &BorrowedArray) -> Result<DeviceArray> {
        if !device.works_in_host_memory() {
            let buffer = device.upload_borrowed(array)?;
            return Ok(DeviceArray::c_order(device, buffer, array.scalar(), array.shape()));
        }
        Ok(DeviceArray {
            device: device.clone(),
            buffer: Buffer(Arc::new(HostBuffer::borrowed(array))),
            scalar: array.scalar(),
            offset: array.offset(),
            shape: array.shape().to_vec(),
            strides: array.strides().to_vec(),
        })
    }

    fn c_order(device: &Arc<dyn Device>, buffer: Buffer, scalar: ScalarType, shape: &[usize]) -> DeviceArray {
        let (device, strides) = (device.clone(), row_major_strides(shape));
        DeviceArray { device, buffer, scalar, offset: 0, shape: shape.to_vec(), strides }
    }

    /// Waits for the work that makes it, and brings it back, in C order.
    pub fn into_host(self) -> Result<HostArray> {
        if self.offset == 0 && self.is_c_order() {
            return self.device.download(self.buffer, self.scalar, &self.shape);
        }
        let Some(touched) = self.touched() else {
            return Ok(HostArray::zeros(self.scalar, &self.shape)?);
        };
        let memory = self.device.download(self.buffer, self.scalar, &[touched.end])?;
        let view = HostView::new(self.scalar, memory.bytes(), self.offset, self.shape, self.strides)?;
        Ok(view.to_array()?)
    }

    /// Waits for the work that makes it, and brings it to an array of its type and shape.
    pub(crate) fn into_borrowed(self, out: &BorrowedArray) -> Result<()> {
        let alike = self.scalar == out.scalar() && self.shape == out.shape();
        if alike && self.offset == 0 && self.is_c_order() {
            // SAFETY: that nobody else uses the memory while it is written is promised (see `BorrowedArray::new`).
            if let Some(bytes) = unsafe { out.c_order_bytes_mut() } {
                return self.device.download_bytes(self.buffer, self.scalar, bytes);
            }
        }
        Ok(out.copy_from(&self.into_host()?)?)
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

    pub fn device(&self) -> &Arc<dyn Device> {
        &self.device
    }

    /// Whether the elements lie in C order without gaps.
    pub fn is_c_order(&self) -> bool {
        let expected = row_major_strides(&self.shape);
        let in_place = |axis: usize| self.shape[axis] == 1 || self.strides[axis] == expected[axis];
        self.shape.contains(&0) || (0..self.shape.len()).all(in_place)
    }

    /// The same elements with `count` more axes of extent 1 behind the others.
    pub fn with_trailing_axes(mut self, count: usize) -> DeviceArray {
        self.shape.extend(std::iter::repeat_n(1, count));
        self.strides.extend(std::iter::repeat_n(0, count));
        self
    }

    /// The same elements with the axes in this order.
    pub(crate) fn transposed(mut self, axes: &[usize]) -> DeviceArray {
        self.shape = axes.iter().map(|&axis| self.shape[axis]).collect();
        self.strides = axes.iter().map(|&axis| self.strides[axis]).collect();
        self
    }

    /// The elements with these indices along an axis.
    pub(crate) fn part(mut self, axis: usize, indices: Range<usize>) -> DeviceArray {
        self.offset = self.offset.saturating_add_signed(indices.start as isize * self.strides[axis]);
        self.shape[axis] = indices.len();
        self
    }

    /// The same elements without an axis of extent 1.
    pub(crate) fn without_axis(mut self, axis: usize) -> DeviceArray {
        self.shape.remove(axis);
        self.strides.remove(axis);
        self
    }

    /// The array as a kernel sees it.
    pub fn as_binding(&self) -> Binding {
        self.binding(&self.shape, &self.strides)
    }

    /// The array as a kernel sees it under other axes: `strides` in elements.
    pub fn binding(&self, shape: &[usize], strides: &[isize]) -> Binding {
        Binding {
            buffer: self.buffer.clone(),
            scalar: self.scalar,
            offset: self.offset as i64,
            shape: shape.iter().map(|&extent| extent as i64).collect(),
            strides: strides.iter().map(|&stride| stride as i64).collect(),
        }
    }

    /// A copy in C order, in memory of its own.
    pub fn copied(&self) -> Result<DeviceArray> {
        let copy = match self.buffer.of::<HostBuffer>() {
            Ok(memory) => {
                // SAFETY: launches on the host are finished when they return.
                let bytes = unsafe { memory.contents() };
                let view = HostView::new(self.scalar, bytes, self.offset, self.shape.clone(), self.strides.clone())?;
                view.to_array()?
            }
            Err(_) => self.clone().into_host()?,
        };
        DeviceArray::from_host(&self.device, &Arc::new(copy))
    }

    /// How this array lies to another one of the same device.
    pub fn overlap(&self, other: &DeviceArray) -> Overlap {
        let (Some(own), Some(its)) = (self.addresses(), other.addresses()) else { return Overlap::None };
        let apart = own.1.end <= its.1.start || its.1.end <= own.1.start;
        if own.0 != its.0 || apart {
            return Overlap::None;
        }
        let first = |array: &DeviceArray, start: usize| {
            start + (array.offset - array.touched().map_or(0, |touched| touched.start)) * array.scalar.bytes()
        };
        let same = self.scalar == other.scalar
            && self.shape == other.shape
            && first(self, own.1.start) == first(other, its.1.start)
            && (0..self.shape.len()).all(|axis| self.shape[axis] == 1 || self.strides[axis] == other.strides[axis]);
        if same { Overlap::Same } else { Overlap::Partial }
    }

    /// The memory that it lies in (the host's: 0), and the bytes in it from the first to behind the last element.
    fn addresses(&self) -> Option<(usize, Range<usize>)> {
        let (memory, start) = match self.buffer.of::<HostBuffer>() {
            Ok(memory) => (0, memory.pointer() as usize),
            Err(_) => (Arc::as_ptr(&self.buffer.0).cast::<()>() as usize, 0),
        };
        let (touched, size) = (self.touched()?, self.scalar.bytes());
        Some((memory, start + touched.start * size..start + touched.end * size))
    }

    /// Positions in the buffer from the first to behind the last element; `None` without elements.
    fn touched(&self) -> Option<Range<usize>> {
        if self.shape.contains(&0) {
            return None;
        }
        let (mut first, mut last) = (self.offset, self.offset);
        for (&extent, &stride) in self.shape.iter().zip(&self.strides) {
            let reach = (extent as isize - 1) * stride;
            first = first.saturating_add_signed(reach.min(0));
            last = last.saturating_add_signed(reach.max(0));
        }
        Some(first..last + 1)
    }
}

/// How many elements a shape has; an error if they cannot be counted.
pub fn elements(shape: &[usize]) -> Result<usize> {
    let product = shape.iter().try_fold(1usize, |product, &extent| product.checked_mul(extent));
    product
        .filter(|&count| count <= isize::MAX as usize)
        .ok_or_else(|| Error::call("an array with more elements than can be counted"))
}

/// What a kernel may know of strides when it is compiled.
pub fn known_strides(strides: &[isize]) -> Vec<Stride> {
    strides
        .iter()
        .map(|stride| match stride {
            0 => Stride::Zero,
            1 => Stride::Unit,
            _ => Stride::Any,
        })
        .collect()
}

#[cfg(all(test, feature = "llvm"))]
mod tests {
    use super::*;
    use crate::device;

    #[test]
    fn arrays_in_the_hosts_memory_are_used_where_they_lie() {
        let device = device::open("cpu".parse().unwrap()).unwrap();
        let mut data: Vec<f64> = (0..12).map(f64::from).collect();
        let borrow = |data: &mut Vec<f64>, first: usize, shape: &[usize], strides: &[isize]| {
            let address = data[first..].as_mut_ptr().cast();
            let array = unsafe { BorrowedArray::new(ScalarType::F64, address, shape, strides) }.unwrap();
            DeviceArray::from_borrowed(&device, &array).unwrap()
        };
        let all = borrow(&mut data, 0, &[3, 4], &[4, 1]);
        assert!(all.is_c_order());
        let backwards = borrow(&mut data, 11, &[3, 2], &[-4, -1]);
        assert_eq!(backwards.as_binding().offset, 9);
        let expected = HostArray::from_slice(&[3, 2], &[11.0, 10.0, 7.0, 6.0, 3.0, 2.0]).unwrap();
        assert_eq!(backwards.copied().unwrap().into_host().unwrap(), expected);
        assert_eq!(backwards.clone().into_host().unwrap(), expected);

        assert_eq!(all.overlap(&all.clone()), Overlap::Same);
        assert_eq!(all.overlap(&backwards), Overlap::Partial);
        let (top, bottom) = (borrow(&mut data, 0, &[4], &[1]), borrow(&mut data, 4, &[2, 4], &[4, 1]));
        assert_eq!(top.overlap(&bottom), Overlap::None);
        assert_eq!(bottom.overlap(&all), Overlap::Partial);
        let transposed = borrow(&mut data, 0, &[4, 3], &[1, 4]);
        assert_eq!(transposed.overlap(&all), Overlap::Partial);
        assert_eq!(all.overlap(&all.copied().unwrap()), Overlap::None);
        assert_eq!(all.overlap(&borrow(&mut data, 0, &[0], &[1])), Overlap::None);
    }
}
