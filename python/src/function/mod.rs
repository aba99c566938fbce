//! Whole functions (`jit`) as Python sees them.
//!
//! * `dispatcher`: the class that `jit` makes of a function; `parameters`: which argument goes to which parameter;
//! * `quick`: the short way of calls with the types of the last one;
//! * `arguments`, `results`: Python's objects in and out; `print`: what is printed; `classes`:
//!   named tuples, slices and ranges; `types`: the types of both as objects of `numbra.types`.

mod arguments;
mod classes;
pub mod dispatcher;
mod parameters;
pub mod print;
mod quick;
mod results;
mod types;

pub use dispatcher::Dispatcher;
pub use results::number;
