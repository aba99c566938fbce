//! The driver's error codes as errors that say what to do.

use crate::error::Error;
use cust::error::CudaError;
use cust::sys::CUresult;
use numbra_cuda_driver::{describe, last_error_code};
use std::fmt;

/// Codes that cust does not know, after which the driver wants the process to end: CONTAINED, TENSOR_MEMORY_LEAK,
/// MPS_CLIENT_TERMINATED.
const NEWER_FINAL: [u32; 3] = [226, 721, 810];

/// Something that the driver did not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    code: u32,
}

/// An error as [`Failure`], right after the call.
pub fn check(result: CUresult) -> Result<(), Failure> {
    match result {
        CUresult::CUDA_SUCCESS => Ok(()),
        CUresult::CUDA_ERROR_UNKNOWN => Err(Failure { code: last_error_code() }),
        other => Err(Failure { code: other as u32 }),
    }
}

impl From<CudaError> for Failure {
    /// Right after the call: many codes are the same to cust.
    fn from(error: CudaError) -> Failure {
        match error {
            CudaError::UnknownError => Failure { code: last_error_code() },
            other => Failure { code: other as u32 },
        }
    }
}

impl Failure {
    pub fn is(self, code: CUresult) -> bool {
        self.code == code as u32
    }

    /// Whether the context is useless from now on: every later call would fail with the same code, or with another one.
    /// Not so is CUDA_ERROR_UNKNOWN, of which the driver says nothing.
    pub fn is_final(self) -> bool {
        use CUresult::*;
        let known = [
            CUDA_ERROR_DEINITIALIZED,
            CUDA_ERROR_ECC_UNCORRECTABLE,
            CUDA_ERROR_NVLINK_UNCORRECTABLE,
            CUDA_ERROR_ILLEGAL_ADDRESS,
            CUDA_ERROR_LAUNCH_TIMEOUT,
            CUDA_ERROR_ASSERT,
            CUDA_ERROR_HARDWARE_STACK_ERROR,
            CUDA_ERROR_ILLEGAL_INSTRUCTION,
            CUDA_ERROR_MISALIGNED_ADDRESS,
            CUDA_ERROR_INVALID_ADDRESS_SPACE,
            CUDA_ERROR_INVALID_PC,
            CUDA_ERROR_LAUNCH_FAILED,
        ];
        known.into_iter().any(|code| self.is(code)) || NEWER_FINAL.contains(&self.code) || self.is_of_context()
    }

    /// Whether the context, or what belongs to it, is not there any more. numbra gives none of it up while it is used, so
    /// that somebody else has; after a reset of the primary context the context itself may be there again, without its
    /// streams and kernels.
    pub fn is_of_context(self) -> bool {
        use CUresult::*;
        [CUDA_ERROR_INVALID_CONTEXT, CUDA_ERROR_CONTEXT_IS_DESTROYED, CUDA_ERROR_INVALID_HANDLE]
            .into_iter()
            .any(|code| self.is(code))
    }

    /// The error of `device`, which failed to do `what` ("a launch").
    pub fn error(self, device: &str, what: &str) -> Error {
        Error::device(device, format!("{what} failed: {self}"), self.help())
    }

    /// What to do about it.
    pub fn help(self) -> &'static str {
        use CUresult::*;
        let helps: &[(&[CUresult], &str)] = &[
            (
                &[CUDA_ERROR_LAUNCH_TIMEOUT],
                "the kernel ran longer than the driver allows on a GPU with a display: use less data at once, or another GPU",
            ),
            (
                &[CUDA_ERROR_ECC_UNCORRECTABLE, CUDA_ERROR_NVLINK_UNCORRECTABLE],
                "the GPU's hardware failed: see nvidia-smi and the system's log",
            ),
            (
                &[CUDA_ERROR_NO_DEVICE],
                "see whether nvidia-smi lists a GPU, and whether CUDA_VISIBLE_DEVICES hides it; or use vulkan, cpu, parallel \
                 or interp",
            ),
            (
                &[CUDA_ERROR_STUB_LIBRARY],
                "this is the CUDA toolkit's stub, not a driver: take the directory 'stubs' out of the library path",
            ),
            (
                &[
                    CUDA_ERROR_SYSTEM_NOT_READY,
                    CUDA_ERROR_SYSTEM_DRIVER_MISMATCH,
                    CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE,
                ],
                "the driver's library and its kernel module do not fit each other: reboot after the driver was updated, or \
                 install it anew",
            ),
            (
                &[CUDA_ERROR_UNSUPPORTED_PTX_VERSION, CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND],
                "the driver is too old for this: update NVIDIA's driver",
            ),
            (
                &[CUDA_ERROR_JIT_COMPILER_NOT_FOUND],
                "the driver's assembler is missing: install libnvidia-ptxjitcompiler of the same version as the driver",
            ),
            (
                &[CUDA_ERROR_JIT_COMPILATION_DISABLED],
                "unset CUDA_DISABLE_PTX_JIT: numbra's kernels are PTX, which the driver must assemble",
            ),
            (&[CUDA_ERROR_DEVICE_NOT_LICENSED], "the virtual GPU has no licence: ask whoever runs the machine"),
            (
                &[CUDA_ERROR_OUT_OF_MEMORY],
                "free device arrays, use less data at once, or run the kernel on cpu or parallel",
            ),
            (
                &[CUDA_ERROR_INVALID_DEVICE, CUDA_ERROR_CONTEXT_ALREADY_IN_USE],
                "another process may have the GPU to itself: see nvidia-smi, or use another device",
            ),
        ];
        let help = helps.iter().find(|(codes, _)| codes.iter().any(|&code| self.is(code)));
        help.map_or(
            "start the program again; if it stays so, update NVIDIA's driver or use another device",
            |(_, help)| help,
        )
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match describe(self.code) {
            Some((name, text)) => write!(formatter, "{name} ({}): {text}", self.code),
            None => write!(formatter, "error {} of the driver, which says no more", self.code),
        }
    }
}
