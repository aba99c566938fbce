//! Whole functions (`jit`) as Python sees them.
//!
//! * `dispatcher`: the class that `jit` makes of a function; `parameters`: which argument goes to which parameter;
//! * `arguments`, `results`: Python's objects in and out; `types`: the types of both as objects of `numbra.types`.

mod arguments;
pub mod dispatcher;
mod parameters;
mod results;
mod types;

pub use dispatcher::Dispatcher;
