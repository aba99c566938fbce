//! IR -> IR, one pass per file, named by what it does. Their order stands in [`crate::pipeline`].

pub mod addresses;
pub mod bit_counts;
pub mod bool_order;
pub mod copy;
pub mod dead_code;
pub mod extremes;
pub mod flatten;
pub mod float_tests;
pub mod float_to_integer;
pub mod fold;
pub mod inline;
pub mod interrupts;
pub mod legalize;
pub mod loop_turns;
pub mod mul_error;
pub mod narrow_comparisons;
pub mod nesting;
pub mod outline;
pub mod ownership;
pub mod rewrite;
pub mod schedule;
pub mod serial;
pub mod single_exit;
pub mod small_integers;
pub mod spill;
pub mod total_integers;
