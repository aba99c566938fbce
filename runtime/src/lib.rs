//! The runtime of numbra: devices, arrays, ufuncs, stencils and launching.

pub mod array;
pub mod cache;
pub mod call;
pub mod device;
pub mod emit;
pub mod error;
pub mod executable;
pub mod function;
pub mod interrupt;
pub mod kernel_file;
pub mod print;
mod specialize;
pub mod stencil;
pub mod ufunc;

pub use call::{DeviceArray, Input};
pub use error::{Error, Result};
pub use kernel_file::{Kernel, KernelFile};
