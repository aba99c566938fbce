//! The front end of numbra: kernel text in, typed IR out, and the interpreter that defines what the IR means.
//!
//! [`syntax`] parses text into an untyped tree, [`typing`] infers types and produces the [`ir`], [`kernel`] wraps a
//! scalar function into `vectorize` or `stencil`, [`pipeline`] names every pass from there to a back end, and
//! [`interp`] runs the IR at any stage.

pub mod capabilities;
pub mod error;
mod excerpt;
pub mod interp;
pub mod ir;
pub mod kernel;
pub mod passes;
pub mod pipeline;
pub mod source;
pub mod syntax;
pub mod types;
pub mod typing;

pub use error::{Error, Result};
