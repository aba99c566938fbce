//! The processor: native code through LLVM, on one thread (`cpu`) or on all (`parallel`).

#[cfg(feature = "llvm")]
mod native;
#[cfg(feature = "llvm")]
pub mod pool;

use super::Device;
use crate::error::Result;
use std::sync::Arc;

/// Opens `cpu` or, with all threads, `parallel`. An error if this build has no native code.
#[cfg(feature = "llvm")]
pub fn open(parallel: bool) -> Result<Arc<dyn Device>> {
    Ok(Arc::new(native::Cpu::new(parallel)))
}

#[cfg(not(feature = "llvm"))]
pub fn open(parallel: bool) -> Result<Arc<dyn Device>> {
    Err(crate::error::Error::device(
        if parallel { "parallel" } else { "cpu" },
        "this build of numbra has no native code for the processor",
        "build with the feature 'llvm' (it needs LLVM 22), or use interp or vulkan",
    ))
}
