//! What the tests of this folder share: devices that must be here, comparison of results, and running the IR after
//! every stage.

pub mod call;
pub mod commands;
pub mod compare;
pub mod fuzz;
pub mod kernels;
pub mod lowerings;
pub mod memory_programs;
pub mod native;
pub mod panics;
pub mod random;
pub mod stages;
pub mod tables;

use numbra::device::{self, Device};
use std::sync::Arc;

/// A device that this machine must have: a missing one fails the test.
pub fn open(name: &str) -> Arc<dyn Device> {
    let device = name.parse().map_err(numbra::Error::from).and_then(device::open);
    device.unwrap_or_else(|error| panic!("the tests need the device '{name}': {error}"))
}

/// Every device that tests run on besides the interpreter. An NVIDIA GPU is one of them where there is one.
pub fn devices() -> Vec<Arc<dyn Device>> {
    let cuda = "cuda".parse().map_err(numbra::Error::from).and_then(device::open).ok();
    ["cpu", "parallel", "vulkan"].map(open).into_iter().chain(cuda).collect()
}
