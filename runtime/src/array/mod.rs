//! Arrays in the host's memory: dtype, shape, strides, and their files.
//!
//! [`HostArray`] owns its elements in C order; [`HostView`] borrows elements under any strides, [`BorrowedArray`] does so
//! without Rust watching over it: memory of other libraries. All know their type at run time only, because kernels are typed at run time; [`Element`] leads to and from Rust's types. [`broadcast`]
//! and [`collapse`] prepare operands for a launch, [`npy`] reads and writes NumPy's files.

mod borrowed;
pub mod broadcast;
mod bytes;
pub mod collapse;
mod convert;
mod element;
mod error;
#[cfg(feature = "ndarray")]
mod from_ndarray;
mod host;
pub mod npy;
mod view;

pub use borrowed::BorrowedArray;
pub use broadcast::{broadcast_shapes, broadcast_strides, row_major_strides};
pub use bytes::prefer_large_pages;
pub use collapse::{Collapsed, collapse, like};
pub use element::Element;
pub use error::{ArrayError, shape_text};
pub use host::HostArray;
pub use view::HostView;

/// The most axes that an array can have.
pub const MAX_RANK: usize = 32;
