//! The fluent interface: kernel text to a result in one expression.
//!
//! * `source`: kernel text; `vectorize`, `stencil`: a kernel of it with its options, and the same on a device;
//! * `options`: what decorators say, and what a program changes of it; `kernel`: what both kinds of kernel share;
//! * `function`: whole functions, `value`: what they return;
//! * `argument`, `output`: what goes in and what comes out; `arrays`: ndarray's arrays as both;
//! * `device`: devices and the arrays on them; `quick`: the short way for small arrays;
//! * `wording`: errors in the words of Rust.

mod argument;
#[cfg(feature = "ndarray")]
mod arrays;
mod device;
mod function;
mod kernel;
mod options;
mod output;
mod quick;
mod source;
mod stencil;
mod value;
mod vectorize;
mod wording;

pub use argument::{Argument, Arguments, Destination, IntoArgument, IntoDestination, Out};
pub use device::{Device, DeviceArray};
pub use function::Function;
pub use kernel::On;
pub use options::BorderValue;
pub use output::Output;
pub use source::{Source, read, source};
pub use stencil::Stencil;
pub use value::Value;
pub use vectorize::Vectorize;
