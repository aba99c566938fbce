//! GPUs by name, where this build has any.

#[cfg(feature = "wgpu")]
pub use super::wgpu::{names, open};

#[cfg(not(feature = "wgpu"))]
pub fn open(name: super::DeviceName) -> crate::error::Result<std::sync::Arc<dyn super::Device>> {
    Err(crate::error::Error::device(
        name.to_string(),
        "this build of numbra has no GPU support",
        "build with the feature 'wgpu', or use interp",
    ))
}

#[cfg(not(feature = "wgpu"))]
pub fn names() -> Vec<super::DeviceName> {
    vec![super::DeviceName::Vulkan(0)]
}
