//! Runtime.

pub mod array;
