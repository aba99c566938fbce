//! Memory of the host as device memory: what the CPU devices and the interpreter work on.

use super::Buffer;
use crate::array::{ArrayError, BorrowedArray, HostArray};
use crate::error::Result;
use numbra_front::types::ScalarType;
use std::any::Any;
use std::sync::Arc;

/// A stretch of host memory and whoever keeps it alive.
pub struct HostBuffer {
    pointer: *mut u8,
    bytes: usize,
    owner: Owner,
}

enum Owner {
    /// Memory of our own, which may be handed over when it is done with.
    Array(Box<HostArray>),
    /// Somebody else's: read only.
    Shared(#[expect(dead_code, reason = "keeps the memory alive")] Arc<dyn Any + Send + Sync>),
    /// Somebody else's, who keeps it alive.
    Borrowed,
}

// SAFETY: kernels write buffers from several threads at disjoint places; the launching code orders writes and reads.
unsafe impl Send for HostBuffer {}
unsafe impl Sync for HostBuffer {}

impl HostBuffer {
    pub fn zeroed(scalar: ScalarType, elements: usize) -> Result<HostBuffer> {
        let mut array = Box::new(HostArray::zeros(scalar, &[elements])?);
        let bytes = array.bytes_mut();
        let (pointer, bytes) = (bytes.as_mut_ptr(), bytes.len());
        Ok(HostBuffer { pointer, bytes, owner: Owner::Array(array) })
    }

    /// A host array's memory, not copied. Kernels must only read it.
    pub fn shared(array: &Arc<HostArray>) -> HostBuffer {
        let bytes = array.bytes();
        HostBuffer { pointer: bytes.as_ptr().cast_mut(), bytes: bytes.len(), owner: Owner::Shared(array.clone()) }
    }

    /// All memory from the first element of an array to its last. The element with all indices 0 is the one at
    /// [`BorrowedArray::offset`].
    pub fn borrowed(array: &BorrowedArray) -> HostBuffer {
        let addresses = array.addresses();
        HostBuffer { pointer: addresses.start as *mut u8, bytes: addresses.len(), owner: Owner::Borrowed }
    }

    pub fn pointer(&self) -> *mut u8 {
        self.pointer
    }

    pub fn len(&self) -> usize {
        self.bytes
    }

    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// The memory as it is now.
    ///
    /// # Safety
    /// No kernel may be writing to it.
    pub unsafe fn contents(&self) -> &[u8] {
        // SAFETY: alive as long as `self`; the caller excludes writers.
        unsafe { std::slice::from_raw_parts(self.pointer, self.bytes) }
    }
}

/// The contents of a host buffer as an array: the memory itself if `buffer` is the last to use it, else a copy.
pub fn download(buffer: Buffer, scalar: ScalarType, shape: &[usize]) -> Result<HostArray> {
    match buffer.0.downcast::<HostBuffer>() {
        Ok(shared) => match Arc::try_unwrap(shared) {
            Ok(HostBuffer { owner: Owner::Array(array), .. })
                if array.shape().iter().product::<usize>() == shape.iter().product() =>
            {
                Ok(array.reshaped(shape)?)
            }
            Ok(buffer) => copy(&buffer, scalar, shape),
            Err(shared) => copy(&shared, scalar, shape),
        },
        Err(_) => Err(crate::Error::Internal("a buffer of another device".into())),
    }
}

fn copy(buffer: &HostBuffer, scalar: ScalarType, shape: &[usize]) -> Result<HostArray> {
    let mut array = HostArray::zeros(scalar, shape)?;
    let out = array.bytes_mut();
    if out.len() > buffer.len() {
        return Err(ArrayError::OutOfMemory { bytes: out.len() }.into());
    }
    // SAFETY: launches on the host are finished when `launch` returns.
    out.copy_from_slice(&unsafe { buffer.contents() }[..out.len()]);
    Ok(array)
}
