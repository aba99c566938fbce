//! What an upload takes of the host's memory: arrays that do not lie as the GPU has them are not copied whole.
//!
//! A program of its own, since it counts all that is allocated.

#![cfg(feature = "wgpu")]

use numbra_front::types::ScalarType;
use numbra_runtime::DeviceArray;
use numbra_runtime::array::BorrowedArray;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Rust's memory. That of the driver, the buffer's too in software, is not in it.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

fn changed(more: usize, less: usize) {
    let now = NOW.fetch_add(more, Ordering::Relaxed) + more;
    NOW.fetch_sub(less, Ordering::Relaxed);
    MOST.fetch_max(now - less, Ordering::Relaxed);
}

// SAFETY: the system's allocator does it all.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        changed(layout.size(), 0);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        changed(0, layout.size());
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        changed(layout.size(), 0);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        changed(size, layout.size());
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn strided_arrays_are_uploaded_piece_by_piece() {
    let device = numbra_runtime::device::open("vulkan".parse().unwrap()).unwrap();
    const ROWS: usize = 6000;
    const COLUMNS: usize = 5000;
    let mut wide: Vec<f32> = (0..ROWS * COLUMNS).map(|number| number as f32).collect();
    let mut small: Vec<u8> = (0..ROWS * COLUMNS).map(|number| (number % 251) as u8).collect();
    let upload = |scalar: ScalarType, address: *mut u8, shape: &[usize], strides: &[isize]| {
        // SAFETY: both vectors have so many elements, and outlive what is made of them.
        let array = unsafe { BorrowedArray::new(scalar, address, shape, strides) }.unwrap();
        let before = NOW.load(Ordering::Relaxed);
        MOST.store(before, Ordering::Relaxed);
        let there = DeviceArray::from_borrowed(&device, &array).unwrap();
        let taken = MOST.load(Ordering::Relaxed) - before;
        let bytes = array.shape().iter().product::<usize>() * scalar.bytes();
        println!("{scalar} {shape:?} by {strides:?}, {} MiB: {} KiB", bytes >> 20, taken >> 10);
        assert!(taken < 16 << 20, "{taken} bytes for an array of {bytes}");
        assert_eq!(there.into_host().unwrap(), array.to_array().unwrap());
    };
    let address = wide.as_mut_ptr().cast();
    upload(ScalarType::F32, address, &[ROWS, COLUMNS], &[COLUMNS as isize, 1]);
    upload(ScalarType::F32, address, &[COLUMNS, ROWS], &[1, COLUMNS as isize]);
    upload(ScalarType::F32, address, &[ROWS / 2, COLUMNS - 3], &[2 * COLUMNS as isize, 1]);
    upload(ScalarType::F32, address, &[3000, 4, COLUMNS], &[0, COLUMNS as isize, 1]);
    let address = small.as_mut_ptr();
    upload(ScalarType::U8, address, &[ROWS, COLUMNS], &[COLUMNS as isize, 1]);
    upload(ScalarType::U8, address, &[COLUMNS, ROWS], &[1, COLUMNS as isize]);
}
