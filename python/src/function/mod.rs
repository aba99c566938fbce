//! Whole functions (`jit`) as Python sees them.
//!
//! * `dispatcher`: the class that `jit` makes of a function; `parameters`: which argument goes to which parameter;
//! * `quick`: the short way of calls with the types of the last one;
//! * `arguments`, `results`: Python's objects in and out; `types`: the types of both as objects of `numbra.types`.

mod arguments;
pub mod dispatcher;
mod parameters;
mod quick;
mod results;
pub mod types;

pub use dispatcher::Dispatcher;
