//! The front end of numbra: kernel text in, typed IR out, and the interpreter that defines what the IR means.
//!
//! [`types`] has types and what decorators say as data. [`syntax`] parses text into an untyped tree, of which
//! [`constants`] evaluates what is known without running anything and [`declaration`] reads decorators and signatures;
//! [`typing`] infers types and produces the [`ir`], [`kernel`] wraps a scalar function into `vectorize` or `stencil`,
//! [`pipeline`] names every pass from there to a back end, and [`interp`] runs the IR at any stage. Which of them may
//! name which others stands in `tests/directions.rs`.

pub mod capabilities;
pub mod constants;
pub mod declaration;
pub mod error;
mod excerpt;
pub mod interp;
pub mod ir;
pub mod kernel;
pub mod passes;
pub mod pipeline;
pub mod source;
pub mod stack;
pub mod syntax;
pub mod types;
pub mod typing;

pub use error::{Error, Result};
