//! Mutated and cut `.npy` files never panic, and never make the reader use more memory than the file could justify.

use numbra_runtime::array::{HostArray, HostView, npy};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts the bytes in use and their peak. This file has one test, so nobody else allocates meanwhile.
struct Counting;

static USED: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: passes everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        PEAK.fetch_max(USED.fetch_add(layout.size(), Ordering::Relaxed) + layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        USED.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// xorshift64*: the same files on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }
}

/// Texts that steer a mutation towards the parser's corners.
const PIECES: [&str; 24] = [
    "'<f8'",
    "'>i2'",
    "'|b1'",
    "'<c16'",
    "True",
    "False",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "'",
    "\"",
    "\\",
    "-1",
    "18446744073709551615",
    "9223372036854775807,",
    "0,",
    "4294967296, 4294967296",
    "'shape'",
    "\u{e9}",
];

fn mutate(file: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..1 + random.below(4) {
        let place = random.below(file.len().clamp(1, 140));
        match random.below(6) {
            0 => file.truncate(random.below(file.len() + 1)),
            1 if !file.is_empty() => file[place] = random.below(256) as u8,
            2 if !file.is_empty() => file[place] ^= 1 << random.below(8),
            3 if !file.is_empty() => drop(file.remove(place)),
            4 => file.extend(vec![random.below(256) as u8; random.below(64)]),
            _ => {
                let piece = PIECES[random.below(PIECES.len())].as_bytes();
                let place = place.min(file.len());
                let end = (place + random.below(24)).min(file.len());
                file.splice(place..end, piece.iter().copied());
            }
        }
    }
}

#[test]
fn mutated_files_are_harmless() {
    let mut seeds = Vec::new();
    let matrix: Vec<f64> = (0..12).map(f64::from).collect();
    let matrix = HostArray::from_slice(&[3, 4], &matrix).unwrap();
    for view in [matrix.view(), HostView::from_slice(&[1_u8, 2, 3]), HostView::from_slice(&[true])] {
        let mut file = Vec::new();
        npy::write(&mut file, &view).unwrap();
        seeds.push(file);
    }
    // Fortran order, and a header of version 2.
    let text = String::from_utf8_lossy(&seeds[0][10..128]).replace("False", "True ").into_bytes();
    seeds.push([b"\x93NUMPY\x02\x00".as_slice(), &(text.len() as u32).to_le_bytes(), &text, &seeds[0][128..]].concat());
    for seed in &seeds {
        npy::read(seed.as_slice(), seed.len() as u64).unwrap();
    }

    let mut random = Random(0x6e75_6d62_7261);
    let (mut accepted, mut refused) = (0, 0);
    for round in 0..40_000 {
        let mut file = seeds[round % seeds.len()].clone();
        mutate(&mut file, &mut random);
        let before = USED.load(Ordering::Relaxed);
        PEAK.store(before, Ordering::Relaxed);
        let outcome = npy::read(file.as_slice(), file.len() as u64);
        let peak = PEAK.load(Ordering::Relaxed) - before;
        // The file's text as bytes and as a string, the elements in two orders, a message.
        assert!(peak <= 4 * file.len() + 8192, "{peak} bytes in use for a file of {}: {file:?}", file.len());
        match outcome {
            Ok(array) => {
                assert!(array.bytes().len() < file.len());
                accepted += 1;
            }
            Err(error) => {
                assert!(!error.to_string().is_empty());
                refused += 1;
            }
        }
    }
    // Neither trivial: mutations reach the elements, and most of them are noticed.
    assert!(accepted > 100 && refused > 10_000, "{accepted} accepted, {refused} refused");

    // Nesting costs no stack.
    let deep = "[".repeat(1 << 20);
    let text = format!("{{'descr': {deep}");
    let file = [b"\x93NUMPY\x03\x00".as_slice(), &(text.len() as u32).to_le_bytes(), text.as_bytes()].concat();
    assert!(npy::read(file.as_slice(), file.len() as u64).is_err());
}
