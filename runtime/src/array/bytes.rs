//! Memory for elements, aligned for the widest vector instructions and for a cache line.

use super::ArrayError;
use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

/// Zeroed bytes at an address that [`AlignedBytes::ALIGNMENT`] divides. Derefs to a slice.
pub struct AlignedBytes {
    pointer: NonNull<u8>,
    length: usize,
    /// What was allocated: more than `length`, from before `pointer` on.
    allocation: NonNull<u8>,
    layout: Layout,
}

// SAFETY: it owns its memory alone, as a Box does.
unsafe impl Send for AlignedBytes {}
unsafe impl Sync for AlignedBytes {}

/// What every allocator gives without extra work. Asking it for more would have it write the zeros, where otherwise
/// large allocations are fresh pages, which are zero already and come when they are first used.
const CHEAP_ALIGNMENT: usize = 16;
/// From here on large pages pay.
#[cfg(target_os = "linux")]
const LARGE: usize = 8 << 20;

impl AlignedBytes {
    pub const ALIGNMENT: usize = 64;

    /// Fails where there is no memory instead of ending the process.
    pub fn zeroed(length: usize) -> Result<AlignedBytes, ArrayError> {
        let out_of_memory = || ArrayError::OutOfMemory { bytes: length };
        let total = length.checked_add(Self::ALIGNMENT).ok_or_else(out_of_memory)?;
        let layout = Layout::from_size_align(total, CHEAP_ALIGNMENT).map_err(|_| out_of_memory())?;
        // SAFETY: the layout's size is not 0.
        let allocation = NonNull::new(unsafe { alloc_zeroed(layout) }).ok_or_else(out_of_memory)?;
        let shift = allocation.align_offset(Self::ALIGNMENT);
        // SAFETY: less than the alignment, which was added to the length.
        let pointer = unsafe { allocation.add(shift) };
        let mut bytes = AlignedBytes { pointer, length, allocation, layout };
        prefer_large_pages(&mut bytes);
        Ok(bytes)
    }
}

/// Has large new memory come in large pages where the system has them. Changes no contents.
pub fn prefer_large_pages(memory: &mut [u8]) {
    #[cfg(target_os = "linux")]
    if memory.len() >= LARGE {
        advise_large_pages(memory.as_mut_ptr(), memory.len());
    }
    #[cfg(not(target_os = "linux"))]
    let _ = memory;
}

/// Asks for pages of 2 MiB: a five hundredth of the page faults when a result is first written.
#[cfg(target_os = "linux")]
fn advise_large_pages(start: *mut u8, length: usize) {
    const PAGE: usize = 2 << 20;
    let skip = start.align_offset(PAGE);
    let whole = length.saturating_sub(skip) / PAGE * PAGE;
    if whole > 0 {
        // SAFETY: whole pages inside our own allocation; advice changes no contents. It may be refused.
        unsafe { libc::madvise(start.add(skip).cast(), whole, libc::MADV_HUGEPAGE) };
    }
}

impl Drop for AlignedBytes {
    fn drop(&mut self) {
        // SAFETY: allocated in `zeroed` with the same layout.
        unsafe { dealloc(self.allocation.as_ptr(), self.layout) };
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
