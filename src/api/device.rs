//! Devices, and the arrays on them.

use super::Output;
use super::argument::IntoArgument;
use numbra_front::types::ScalarType;
use numbra_runtime::array::HostArray;
use numbra_runtime::device::{self, DeviceName};
use numbra_runtime::{Input, Result};
use std::fmt;
use std::sync::Arc;

/// What kernels run on: a processor, a GPU, or the interpreter. Copies are the same device.
///
/// The environment variable NUMBRA_TARGET, where it is set, takes the place of [`Device::auto`] and of the targets that
/// kernels name in their text ([`Vectorize::on_target`](crate::Vectorize::on_target)): so a program for GPUs is tested where there is
/// none. A device that a program asks for by its name is that device.
#[derive(Clone)]
pub struct Device(pub(crate) Arc<dyn device::Device>);

impl Device {
    /// The device that NUMBRA_TARGET names, else the best one that is here: a GPU in hardware, else all threads of the
    /// processor, else the interpreter, which is slow: a line on standard error says once what would be faster.
    ///
    /// Errors: NUMBRA_TARGET names a device that is not here.
    pub fn auto() -> Result<Device> {
        device::open(device::target_from_environment()?.unwrap_or(DeviceName::Auto)).map(Device)
    }

    /// The device of that name: `cpu` (one thread), `parallel` (all threads), `cuda`, `cuda:1`, `vulkan`, `vulkan:1`,
    /// `metal`, `dx12`, `interp` (the interpreter: slow, and it checks every access), `auto`. `cpu` and `parallel` need the
    /// feature `llvm`, `cuda` the feature `cuda`, the others `wgpu`, which is on by default.
    ///
    /// Errors: another name; a device that is not here, with what to do about it.
    ///
    /// ```
    /// use numbra::Device;
    /// assert_eq!(Device::open("interp")?.name(), "interp");
    /// let error = Device::open("abacus").unwrap_err();
    /// assert!(error.to_string().starts_with("there is no device called 'abacus'"));
    /// # Ok::<(), numbra::Error>(())
    /// ```
    pub fn open(name: &str) -> Result<Device> {
        match name.parse()? {
            DeviceName::Auto => Device::auto(),
            name => device::open(name).map(Device),
        }
    }

    /// Every device that numbra knows of by its name, or why it is not here.
    ///
    /// ```
    /// for (name, device) in numbra::Device::list() {
    ///     match device {
    ///         Ok(device) => println!("{name}: {}", device.description()),
    ///         Err(error) => println!("{name} is not here: {error}"),
    ///     }
    /// }
    /// ```
    pub fn list() -> Vec<(String, Result<Device>)> {
        let found = device::list().into_iter();
        found.map(|(name, device)| (name.to_string(), device.map(Device))).collect()
    }

    /// The name under which [`Device::open`] finds it: `cpu`, `vulkan:0`.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// What it is, for people: the processor's or the GPU's name, and the driver.
    pub fn description(&self) -> String {
        self.0.description()
    }

    /// Facts for people, such as the size of its largest buffer: (what, how much).
    pub fn limits(&self) -> Vec<(String, String)> {
        self.0.limits()
    }

    /// Whether kernels can compute with that type there. Not every GPU has float64 and integers of 64 bits.
    pub fn supports(&self, scalar: ScalarType) -> bool {
        let capabilities = self.0.target().capabilities;
        match scalar {
            ScalarType::F64 => capabilities.float64,
            ScalarType::I64 | ScalarType::U64 => capabilities.int64,
            _ => true,
        }
    }

    /// Whether it is a GPU in software, which [`Device::auto`] never chooses.
    pub fn is_software_gpu(&self) -> bool {
        self.0.is_software_gpu()
    }

    /// A copy of an array on the device, or of a scalar as an array without axes.
    ///
    /// Errors: an array that is larger than the device takes, no memory, a device that failed, an array of more than 32 axes.
    pub fn upload<'a>(&self, array: impl IntoArgument<'a>) -> Result<DeviceArray> {
        let argument = array.into_argument()?;
        let host = match argument.input()? {
            Input::Scalar(constant) | Input::Typed(constant) => HostArray::from_constant(*constant)?,
            // Where kernels work in the host's memory, its owner keeps it and may write it.
            Input::Borrowed(array) if self.0.works_in_host_memory() => array.to_array()?,
            Input::Borrowed(array) => {
                return numbra_runtime::DeviceArray::from_borrowed(&self.0, array).map(DeviceArray);
            }
            Input::Host(array) => return numbra_runtime::DeviceArray::from_host(&self.0, array).map(DeviceArray),
            Input::Device(array) if array.device().name() == self.name() => return Ok(DeviceArray(array.clone())),
            Input::Device(array) => array.clone().into_host()?,
        };
        numbra_runtime::DeviceArray::from_host(&self.0, &Arc::new(host)).map(DeviceArray)
    }

    /// Waits for all work that was given to the device, by whatever thread.
    ///
    /// Errors: a kernel that this thread launched there has failed (an index out of bounds, say), and nobody was told of it
    /// yet: the first such one. The arrays that it was to make are errors in any case, each with its own.
    pub fn wait(&self) -> Result<()> {
        self.0.wait()
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Device({})", self.name())
    }
}

impl fmt::Display for Device {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Two are equal if they are the same device.
impl PartialEq for Device {
    fn eq(&self, other: &Device) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Device {}

/// An array in a device's memory. It can be passed to kernels on that device again and again without a transfer; to
/// kernels elsewhere it is copied. Copies of the handle are the same array; nothing writes an array that is there.
///
/// ```
/// use numbra::Device;
/// let device = Device::auto()?;
/// let source = numbra::source("def f(x, y): return x * y + 1")?;
/// let f = source.vectorize("f")?.on(&device);
/// let mut x = device.upload(&[1.0f64, 2.0, 3.0])?;
/// for _ in 0..10 {
///     x = f.call_device((&x, 0.5))?;
/// }
/// let x: Vec<f64> = x.download()?.try_into()?;
/// assert!(x.iter().all(|value| (value - 2.0).abs() < 0.01));
/// # Ok::<(), numbra::Error>(())
/// ```
#[derive(Clone)]
pub struct DeviceArray(pub(crate) numbra_runtime::DeviceArray);

impl DeviceArray {
    /// Waits for the work that makes the array, and copies it to the host.
    ///
    /// Errors: what went wrong in that work, or in what it was computed from, as often as this is asked; no memory.
    pub fn download(&self) -> Result<Output> {
        Output::from_host(&self.0.clone().into_host()?)
    }

    /// The type of the elements.
    pub fn scalar(&self) -> ScalarType {
        self.0.scalar()
    }

    /// The number of elements along every axis; none for a scalar.
    pub fn shape(&self) -> &[usize] {
        self.0.shape()
    }

    /// The device that it is on.
    pub fn device(&self) -> Device {
        Device(self.0.device().clone())
    }
}

/// Type, shape and device.
impl fmt::Debug for DeviceArray {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{:?} on {}", self.scalar().short_name(), self.shape(), self.0.device().name())
    }
}

/// The device that a kernel's decorator or NUMBRA_TARGET names.
pub(crate) fn declared(target: Option<&str>) -> Result<Option<Device>> {
    match (device::target_from_environment()?, target) {
        (Some(name), _) => device::open(name).map(|device| Some(Device(device))),
        (None, Some(name)) => Device::open(name).map(Some),
        (None, None) => Ok(None),
    }
}
