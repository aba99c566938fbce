//! IR -> IR, one pass per file, named by what it does. Their order stands in [`crate::pipeline`].

pub mod addresses;
pub mod copy;
pub mod dead_code;
pub mod fold;
pub mod inline;
pub mod outline;
pub mod schedule;
pub mod single_exit;
pub mod total_integers;
