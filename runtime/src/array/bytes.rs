//! Memory for elements, aligned for the widest vector instructions and for a cache line.

use super::ArrayError;
use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

/// Zeroed bytes at an address that [`AlignedBytes::ALIGNMENT`] divides. Derefs to a slice.
pub struct AlignedBytes {
    pointer: NonNull<u8>,
    length: usize,
}

// SAFETY: it owns its memory alone, as a Box does.
unsafe impl Send for AlignedBytes {}
unsafe impl Sync for AlignedBytes {}

impl AlignedBytes {
    pub const ALIGNMENT: usize = 64;

    /// Fails where there is no memory instead of ending the process.
    pub fn zeroed(length: usize) -> Result<AlignedBytes, ArrayError> {
        let out_of_memory = ArrayError::OutOfMemory { bytes: length };
        let layout = Layout::from_size_align(length, Self::ALIGNMENT).map_err(|_| out_of_memory.clone())?;
        if length == 0 {
            // An aligned address that is never read; allocating nothing is not allowed.
            let pointer = NonNull::new(std::ptr::without_provenance_mut(Self::ALIGNMENT)).ok_or(out_of_memory)?;
            return Ok(AlignedBytes { pointer, length });
        }
        // SAFETY: the layout's size is not 0.
        let pointer = NonNull::new(unsafe { alloc_zeroed(layout) }).ok_or(out_of_memory)?;
        Ok(AlignedBytes { pointer, length })
    }
}

impl Drop for AlignedBytes {
    fn drop(&mut self) {
        if self.length > 0 {
            // SAFETY: allocated in `zeroed` with the same layout, which was valid there.
            unsafe {
                dealloc(self.pointer.as_ptr(), Layout::from_size_align_unchecked(self.length, Self::ALIGNMENT));
            }
        }
    }
}

impl Deref for AlignedBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: `length` initialized bytes (or none) at a pointer that is not null.
        unsafe { std::slice::from_raw_parts(self.pointer.as_ptr(), self.length) }
    }
}

impl DerefMut for AlignedBytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `deref`; borrowed exclusively.
        unsafe { std::slice::from_raw_parts_mut(self.pointer.as_ptr(), self.length) }
    }
}
