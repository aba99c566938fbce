//! Numba's programming model on every processor.
//!
//! Kernels are plain functions over scalars or over the neighbours of a position, written in Python syntax. They are
//! compiled once into a typed IR and from there for the processor, for GPUs through Vulkan or CUDA, or run by an
//! interpreter that checks every step. No Python is involved. From kernel text to a result:
//!
//! ```
//! # #[cfg(feature = "ndarray")] {
//! use ndarray::{Array2, array};
//! use numbra::Device;
//!
//! let x = array![[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]];
//! let y = array![0.5, 0.25, 0.125];
//!
//! let ripple = "
//! from math import cos
//!
//! def ripple(x, y):
//!     r = x * x + y * y
//!     return cos(r) / (1 + r)
//! ";
//! let z = numbra::source(ripple)?.vectorize("ripple")?.on(&Device::auto()?).call((&x, &y))?;
//! let z: Array2<f64> = z.try_into()?;
//! assert_eq!(z.dim(), (2, 3));
//! # }
//! # Ok::<(), numbra::Error>(())
//! ```
//!
//! # The parts
//!
//! * [`source`] and [`read`] parse kernel text; [`Source::vectorize`] makes a kernel of a function of scalars
//!   ([`Vectorize`]), [`Source::stencil`] one of a function of neighbours ([`Stencil`]). Options stand in decorators
//!   of the text (`@vectorize(['float32(float32)'])`) or are set by methods.
//! * [`Source::function`] takes a function as it is ([`Function`]): with loops over arrays, calls and recursion. It is called
//!   whole, on the host's processor, and gives a [`Value`].
//! * [`Device::auto`], [`Device::open`] and [`Device::list`] find devices. `.on(&device)` puts a kernel on one ([`On`]).
//! * `call` takes one tuple of arguments ([`IntoArgument`]: scalars, slices, ndarray's arrays under any strides, arrays on
//!   devices) and gives an [`Output`], which turns into arrays, `Vec`s and scalars of the type that it has.
//!   `call_into` writes an array of the caller's. `call_device` leaves the result where it is, as a [`DeviceArray`].
//! * [`interruptible`] runs calls that end with [`Error::Interrupted`] when they are not wanted any more.
//! * [`Error`] is the one error type; what its variants hold is exported beside it ([`ErrorClass`], [`Mistake`], [`ArrayError`],
//!   [`FileError`]). Mistakes in kernels show the line and a caret:
//!
//! ```
//! # use numbra::Device;
//! let f = numbra::source("def f(x):\n    return x + y\n")?.vectorize("f")?;
//! let error = f.on(&Device::open("interp")?).call(&[1.0]).unwrap_err();
//! assert_eq!(error.to_string(), "\
//! unknown name 'y'
//!   ┌─ <source>:2:16
//!   │
//! 2 │     return x + y
//!   │                ^
//!   │
//!   = help: define it in this file, or pass it as an argument");
//! # Ok::<(), numbra::Error>(())
//! ```
//!
//! # Arrays that stay on a device
//!
//! ```
//! use numbra::Device;
//!
//! let source = numbra::source("
//! def heat(a):
//!     return a[0] + 0.25 * (a[-1] - 2 * a[0] + a[1])
//!
//! def add(x, y):
//!     return x + y
//! ")?;
//! let device = Device::auto()?;
//! let (heat, add) = (source.stencil("heat")?.on(&device), source.vectorize("add")?.on(&device));
//!
//! let mut rod = device.upload(&[0.0, 0.0, 16.0, 0.0, 0.0])?;
//! let source_of_heat = device.upload(&[0.0, 0.0, 1.0, 0.0, 0.0])?;
//! for _ in 0..3 {
//!     rod = heat.iterate_device(&rod, 2)?;
//!     rod = add.call_device((&rod, &source_of_heat))?;
//! }
//! let rod: Vec<f64> = rod.download()?.try_into()?;
//! assert!(rod[2] > rod[1]);
//! # Ok::<(), numbra::Error>(())
//! ```
//!
//! # Types
//!
//! Elements are bool, integers of 8 to 64 bits, `f32` and `f64` ([`Element`], [`ScalarType`]). Kernels are typed as Numba
//! types them ([`Typing::Numba`]): a literal `2.5` is a float64, so it widens a float32 computation ([`Warning`] says
//! so), and int32 beside float32 gives float64. [`Typing::Exact`] keeps the operands' type instead, which is what programs
//! for GPUs mostly want. Integers wrap, division of integers by zero gives 0, and what a device cannot do is an error before
//! the launch, never a wrong number.
//!
//! # Features
//!
//! | feature | for | needs |
//! |---|---|---|
//! | `wgpu` (default) | GPUs through Vulkan, Metal, DX12; WGSL and SPIR-V as text | nothing but Rust |
//! | `ndarray` (default) | [`ndarray`]'s arrays as arguments and results | |
//! | `llvm` | the processor: `cpu`, `parallel`; LLVM IR, assembly and PTX as text | LLVM 22 |
//! | `cuda` | NVIDIA's GPUs | `llvm`; NVIDIA's driver, when it runs |
//! | `dynamic-llvm`, `static-llvm` | how LLVM is linked | |
//!
//! The interpreter is always there. Without `llvm` and without a GPU it is what [`Device::auto`] finds: right, and slow.
//!
//! # Underneath
//!
//! The modules [`device`], [`mod@array`], [`cache`], [`ufunc`], [`stencil`], [`emit`], [`mod@function`] and [`kernel_file`] are the runtime that all this is made
//! of and [`front`] is the compiler's front end: for tools and for other languages' packages.

#![deny(missing_docs)]

mod api;

pub use api::*;
#[cfg(feature = "ndarray")]
pub use ndarray;
pub use numbra_front as front;
pub use numbra_front::declaration::Identity;
pub use numbra_front::error::{ErrorClass, Mistake, Warning};
pub use numbra_front::types::ScalarType;
pub use numbra_front::typing::Rules as Typing;
pub use numbra_runtime::array::{ArrayError, Element, HostArray};
pub use numbra_runtime::device::{threads, versions};
pub use numbra_runtime::error::{CodegenError, FileError, FrontError};
pub use numbra_runtime::interrupt::interruptible;
pub use numbra_runtime::{Error, Input, Kernel, KernelFile, Result};
pub use numbra_runtime::{array, cache, device, emit, error, function, kernel_file, stencil, ufunc};
