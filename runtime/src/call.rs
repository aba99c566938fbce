//! What kernels are called with: arrays of the host or of a device, and scalars.

use crate::array::HostArray;
use crate::device::{Binding, Buffer, Device};
use crate::error::{Error, Result};
use numbra_front::ir::Stride;
use numbra_front::types::{Constant, ScalarType};
use std::sync::Arc;

/// An argument of a kernel.
#[derive(Debug, Clone)]
pub enum Input {
    /// A Python-like scalar: bool, int64 or float64, whose width gives way to that of arrays beside it.
    Scalar(Constant),
    Host(Arc<HostArray>),
    Device(DeviceArray),
}

impl Input {
    pub fn scalar_type(&self) -> ScalarType {
        match self {
            Input::Scalar(constant) => constant.scalar,
            Input::Host(array) => array.scalar(),
            Input::Device(array) => array.scalar,
        }
    }

    /// The shape; `[]` for scalars.
    pub fn shape(&self) -> &[usize] {
        match self {
            Input::Scalar(_) => &[],
            Input::Host(array) => array.shape(),
            Input::Device(array) => &array.shape,
        }
    }

    /// The array on `device`; scalars are no arrays.
    pub fn to_device(&self, device: &Arc<dyn Device>) -> Result<Option<DeviceArray>> {
        match self {
            Input::Scalar(_) => Ok(None),
            Input::Host(array) => DeviceArray::from_host(device, array).map(Some),
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

/// An array in C order in a device's memory.
#[derive(Clone)]
pub struct DeviceArray {
    device: Arc<dyn Device>,
    buffer: Buffer,
    scalar: ScalarType,
    shape: Vec<usize>,
}

impl std::fmt::Debug for DeviceArray {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "DeviceArray({} {:?} on {})", self.scalar, self.shape, self.device.name())
    }
}

impl DeviceArray {
    /// An array whose contents are unspecified.
    pub fn empty(device: &Arc<dyn Device>, scalar: ScalarType, shape: &[usize]) -> Result<DeviceArray> {
        let buffer = device.allocate(scalar, elements(shape)?)?;
        Ok(DeviceArray { device: device.clone(), buffer, scalar, shape: shape.to_vec() })
    }

    pub fn from_host(device: &Arc<dyn Device>, array: &Arc<HostArray>) -> Result<DeviceArray> {
        let buffer = device.upload(array)?;
        Ok(DeviceArray { device: device.clone(), buffer, scalar: array.scalar(), shape: array.shape().to_vec() })
    }

    /// Waits for the work that makes it, and brings it back.
    pub fn into_host(self) -> Result<HostArray> {
        self.device.download(self.buffer, self.scalar, &self.shape)
    }

    pub fn scalar(&self) -> ScalarType {
        self.scalar
    }

    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    pub fn device(&self) -> &Arc<dyn Device> {
        &self.device
    }

    /// The array as a kernel sees it under other axes: `strides` in elements.
    pub fn binding(&self, shape: &[usize], strides: &[isize]) -> Binding {
        Binding {
            buffer: self.buffer.clone(),
            scalar: self.scalar,
            offset: 0,
            shape: shape.iter().map(|&extent| extent as i64).collect(),
            strides: strides.iter().map(|&stride| stride as i64).collect(),
        }
    }
}

/// How many elements a shape has; an error if they cannot be counted.
pub fn elements(shape: &[usize]) -> Result<usize> {
    let product = shape.iter().try_fold(1usize, |product, &extent| product.checked_mul(extent));
    product.filter(|&count| count <= isize::MAX as usize).ok_or_else(|| Error::call("an array with more elements than can be counted"))
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
