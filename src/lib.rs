//! Numba's programming model on every processor.
//!
//! Kernels are plain functions over scalars or over relative array positions, written in Python syntax. They are
//! compiled once into a typed IR and from there for the processor, for GPUs through Vulkan or CUDA, or run by an
//! interpreter:
//!
//! ```
//! use numbra::array::HostArray;
//! use numbra::{Input, Kernel, Program, device};
//!
//! let program = Program::parse(
//!     "example.py",
//!     "from numba import vectorize\n\
//!      @vectorize\n\
//!      def f(x, y):\n    return 2.0 * x + y\n",
//! )?;
//! let Kernel::Vectorize(f) = program.kernel("f")? else { unreachable!() };
//! let x = HostArray::from_slice(&[3], &[1.0, 2.0, 3.0])?;
//! let result = f.call(&device::open("interp".parse()?)?, &[x.into(), Input::from(0.5)])?;
//! assert_eq!(result.as_slice::<f64>(), Some(&[2.5, 4.5, 6.5][..]));
//! # Ok::<(), numbra::Error>(())
//! ```

pub use numbra_front as front;
pub use numbra_runtime::{DeviceArray, Error, Input, Kernel, Program, Result};
pub use numbra_runtime::{array, device, emit, error, program, stencil, ufunc};
