//! NVIDIA GPUs through the CUDA driver, on cust.
//!
//! * `driver`: what is here, found out once; the driver's library is opened then (see numbra-cuda-driver);
//! * `failure`: the driver's error codes as errors for users;
//! * `gpu`: one GPU with its context and its stream;
//! * `memory`: device memory, pooled; `staging`: copies through page-locked memory of the host;
//! * `kernel`: modules and launches; `status`: how kernels say that they
//!   failed;
//! * `device`: all that as a [`Device`](super::Device).
//!
//! A GPU has one stream, so that work runs in the order in which it was asked for, from whatever thread; memory that
//! is given back can be used again at once, because whoever used it comes first. Nothing waits but downloads,
//! [`Device::wait`](super::Device::wait), and launches that somebody may give up, until they are known to be short. A GPU
//! that was opened stays open until the process ends.
//!
//! Who needs what: building needs LLVM and no CUDA toolkit; running needs NVIDIA's driver, for CUDA 9 or newer, and a
//! GPU of compute capability 5.0 or newer. Without them [`open`] says what is missing. The variable
//! `NUMBRA_CUDA_DRIVER` names another driver library, and empty makes numbra ignore the one that is here.

#[cfg(feature = "cuda")]
mod device;
#[cfg(feature = "cuda")]
mod driver;
#[cfg(feature = "cuda")]
mod failure;
#[cfg(feature = "cuda")]
mod gpu;
#[cfg(feature = "cuda")]
#[cfg(feature = "cuda")]
mod kernel;
#[cfg(feature = "cuda")]
mod memory;
#[cfg(feature = "cuda")]
mod staging;
#[cfg(feature = "cuda")]
mod status;

#[cfg(feature = "cuda")]
pub use device::{names, open};

#[cfg(not(feature = "cuda"))]
pub use without::{names, open};

#[cfg(not(feature = "cuda"))]
mod without {
    use crate::device::{Device, DeviceName};
    use crate::error::{Error, Result};
    use std::sync::Arc;

    pub fn names() -> Vec<DeviceName> {
        vec![DeviceName::Cuda(0)]
    }

    pub fn open(number: usize) -> Result<Arc<dyn Device>> {
        Err(Error::device(
            DeviceName::Cuda(number).to_string(),
            "this build of numbra does not launch kernels through the CUDA driver",
            "build with the feature 'cuda' (it needs LLVM 22, but no CUDA toolkit); or run on vulkan on the same GPU, or \
             on interp; NUMBRA_TARGET=vulkan overrides every target named in code",
        ))
    }
}
