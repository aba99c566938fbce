//! Whole functions on the host.
//!
//! * [`native`]: functions compiled, loaded and called; * [`memory`]: what they allocate, and who counts references;
//! * `context`: what the code asks of the runtime while it runs; * `watchdog`: who tells it to look up from its work.

mod context;
pub mod memory;
pub mod native;
mod watchdog;

pub use memory::{Borrowed, Owned};
pub use native::NativeFunction;
