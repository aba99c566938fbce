//! GPUs by name, where this build has any.

use super::{Device, DeviceName};
use crate::error::{Error, Result};
use std::sync::Arc;

pub fn open(name: DeviceName) -> Result<Arc<dyn Device>> {
    Err(Error::device(
        name.to_string(),
        "this build of numbra has no GPU support",
        "build with the feature 'wgpu', or use interp",
    ))
}

pub fn names() -> Vec<DeviceName> {
    vec![DeviceName::Vulkan(0)]
}
