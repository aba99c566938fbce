//! Text to tree. Every front end produces the same untyped [`tree`], so there is one set of typing rules.

pub mod bind;
mod children;
pub mod dtype;
pub mod names;
mod nesting;
mod print;
pub mod python;
pub mod tree;
