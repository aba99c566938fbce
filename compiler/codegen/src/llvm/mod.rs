//! Native code and PTX through LLVM.
//!
//! * `lower`, `operation`: a scheduled kernel to LLVM IR, the same for every target;
//! * `machine`: LLVM's target machines, passes and emission;
//! * [`native`]: objects for this machine, of Range kernels;
//! * [`host`]: objects for this machine, of whole functions;
//! * [`loader`]: those objects made callable, `image`: plain ones without LLVM;
//! * [`nvptx`]: Grid kernels as PTX.
//!
//! LLVM ends the process on fatal errors, so nothing reaches its code generators that was not verified first.

pub mod host;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod image;
pub mod loader;
mod lower;
mod machine;
pub mod native;
pub mod nvptx;
mod offsets;
mod operation;

pub use host::{HostContext, HostFailure, compile_host, compiled_host, host_text};
pub use loader::{NativeFunction, NativeKernel};
pub use machine::{Cpu, has_fma, triple, version};
pub use native::{NativeOptions, compile_native, compiled_native, native_text};
pub use nvptx::{Arch, NvptxOptions, compile_nvptx, nvptx_text};

use crate::error::Error;

/// Which text to make of a kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Emit {
    /// LLVM IR as it is lowered.
    Lowered,
    /// LLVM IR after LLVM's passes.
    Optimized,
    /// The target's assembly text (for NVPTX: the PTX).
    Assembly,
}

/// What a kernel that fails leaves for the runtime: on CPUs one per call, on a GPU one per launch. Zero before it.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Status {
    /// 1 if the kernel has failed, and only then the rest means something.
    pub flag: u32,
    /// Number of the site in [`numbra_front::ir::Function::sites`].
    pub site: u32,
    /// Linear position of the point of the space that failed.
    pub position: u64,
    /// The trap's payload, as in [`numbra_front::types::Constant::bits`].
    pub payload: u64,
}

fn backend_error(error: impl std::fmt::Display) -> Error {
    Error::internal("LLVM", error.to_string())
}

/// The symbol of a kernel that users call `name`: never that of a function that LLVM or a linker knows.
fn symbol(name: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
    format!("numbra_{}", name.chars().map(plain).collect::<String>())
}
