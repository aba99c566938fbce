//! The memory of whole functions: blocks with a count of references, kept for the next time when they are free.
//!
//! A block begins with its [`Owner`], elements follow behind [`OWNER_BYTES`] bytes. Compiled code counts references
//! itself and comes here for the first and for the last one. Freed blocks stay with the thread, by size, so that memory in
//! a loop costs nothing after its first turn.

use numbra_codegen::llvm::host::OWNER_BYTES;
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::ptr;

/// Elements begin at a multiple of this: a line of the cache, and the widest vector.
const ALIGNMENT: usize = 64;

/// Bytes that a thread keeps for the next time, at most.
const KEPT_BYTES: usize = 64 << 20;

/// Free blocks of one size that a thread keeps, at most.
const KEPT_BLOCKS: usize = 16;

/// The head of a block, or of memory of somebody else.
#[repr(C, align(64))]
pub struct Owner {
    /// Compiled code changes it: see [`numbra_codegen::llvm::host`].
    references: Cell<i64>,
    /// Bytes of the elements that there is room for.
    capacity: usize,
    /// What the system gave, of which the block is the aligned part; null: the memory is somebody else's.
    system: *mut c_void,
}

const _: () = assert!(size_of::<Owner>() == OWNER_BYTES && align_of::<Owner>() == ALIGNMENT);

#[derive(Default)]
struct Kept {
    /// By [`class`].
    blocks: Vec<Vec<*mut Owner>>,
    bytes: usize,
}

impl Drop for Kept {
    fn drop(&mut self) {
        // SAFETY: nobody else has them.
        self.blocks.iter().flatten().for_each(|owner| unsafe { give_back(*owner) });
    }
}

thread_local! {
    static KEPT: RefCell<Kept> = const { RefCell::new(Kept { blocks: Vec::new(), bytes: 0 }) };
    static LIVE: Cell<i64> = const { Cell::new(0) };
}

/// The blocks that this thread has asked for, less those that it has freed: 0 between calls, if results were dropped where
/// they came. For tests.
pub fn live_blocks() -> i64 {
    LIVE.get()
}

/// The size class of so many bytes, and how many fit: four classes between two powers of two.
fn class(bytes: usize) -> Option<(usize, usize)> {
    if bytes <= ALIGNMENT {
        return Some((0, ALIGNMENT));
    }
    let power = usize::BITS - 1 - (bytes - 1).leading_zeros();
    let quarter = 1usize << (power - 2);
    let quarters = (bytes - 1) / quarter + 1;
    let capacity = quarters.checked_mul(quarter)?;
    Some(((power as usize - 6) * 4 + quarters - 4, capacity))
}

/// A block for so many bytes with one reference; null if there are not so many.
pub(super) fn allocate(bytes: u64, zeroed: bool) -> *mut Owner {
    let Some((class, capacity)) =
        usize::try_from(bytes).ok().filter(|bytes| *bytes < isize::MAX as usize / 2).and_then(class)
    else {
        return ptr::null_mut();
    };
    let kept = KEPT.try_with(|kept| {
        let mut kept = kept.try_borrow_mut().ok()?;
        let owner = kept.blocks.get_mut(class)?.pop()?;
        kept.bytes -= capacity;
        Some(owner)
    });
    let owner = match kept.ok().flatten() {
        // SAFETY: a free block of this size is nobody's, and has room for the bytes.
        Some(owner) => unsafe {
            (*owner).references.set(1);
            if zeroed {
                ptr::write_bytes(elements(owner), 0, bytes as usize);
            }
            owner
        },
        None => from_system(capacity, zeroed),
    };
    if !owner.is_null() {
        let _ = LIVE.try_with(|live| live.set(live.get() + 1));
    }
    owner
}

fn from_system(capacity: usize, zeroed: bool) -> *mut Owner {
    let bytes = capacity + OWNER_BYTES + ALIGNMENT;
    // SAFETY: the aligned part of what the system gives has room for an owner and the elements.
    unsafe {
        // Zeros of the system's own cost nothing until they are touched.
        let system = if zeroed { libc::calloc(bytes, 1) } else { libc::malloc(bytes) };
        if system.is_null() {
            return ptr::null_mut();
        }
        let owner = system.cast::<u8>().add(system.cast::<u8>().align_offset(ALIGNMENT)).cast::<Owner>();
        owner.write(Owner { references: Cell::new(1), capacity, system });
        owner
    }
}

/// # Safety
/// Nobody may use the block afterwards.
unsafe fn give_back(owner: *mut Owner) {
    unsafe { libc::free((*owner).system) }
}

/// Where the elements of a block begin.
///
/// # Safety
/// It must be a block.
unsafe fn elements(owner: *mut Owner) -> *mut u8 {
    unsafe { owner.cast::<u8>().add(OWNER_BYTES) }
}

/// The last reference is gone.
///
/// # Safety
/// The owner must come from here, and nobody may use its memory afterwards.
pub(super) unsafe fn free(owner: *mut Owner) {
    // SAFETY: the caller's promise.
    unsafe {
        if (*owner).system.is_null() {
            return; // the memory of a `Borrowed`
        }
        let _ = LIVE.try_with(|live| live.set(live.get() - 1));
        let capacity = (*owner).capacity;
        let keep = KEPT.try_with(|kept| {
            let Ok(mut kept) = kept.try_borrow_mut() else { return false };
            let Some((class, _)) = class(capacity).filter(|_| kept.bytes + capacity <= KEPT_BYTES) else {
                return false;
            };
            if kept.blocks.len() <= class {
                kept.blocks.resize_with(class + 1, Vec::new);
            }
            if kept.blocks[class].len() == KEPT_BLOCKS {
                return false;
            }
            kept.blocks[class].push(owner);
            kept.bytes += capacity;
            true
        });
        if keep != Ok(true) {
            give_back(owner);
        }
    }
}

/// A reference to memory that a function gave. Dropping it is one reference less.
#[derive(Debug)]
pub struct Owned {
    owner: *mut Owner,
}

// SAFETY: a count is changed by whoever has the memory, one thread at a time: see `Owned::from_word`.
unsafe impl Send for Owned {}

impl Owned {
    /// Takes over the reference that came with an array among the results; `None` if nobody counts, because the array
    /// has no memory.
    ///
    /// # Safety
    /// `word` must be the owner of such an array, taken over once. If several results share an owner, what becomes of
    /// them must stay on one thread.
    pub unsafe fn from_word(word: u64) -> Option<Owned> {
        let owner = word as *mut Owner;
        (!owner.is_null()).then(|| Owned { owner })
    }

    /// The owner, as functions are passed it with an array; the reference stays here.
    pub fn word(&self) -> u64 {
        self.owner as u64
    }

    /// Of how many references this is one.
    pub fn references(&self) -> i64 {
        // SAFETY: a reference keeps the owner.
        unsafe { (*self.owner).references.get() }
    }

    /// Where the elements of the block begin: an array may begin behind that. `None` for memory of a [`Borrowed`].
    pub fn pointer(&self) -> Option<*mut u8> {
        // SAFETY: a reference keeps the owner, which is a block's if the system gave it.
        unsafe { (!(*self.owner).system.is_null()).then(|| elements(self.owner)) }
    }

    /// For how many bytes there is room.
    pub fn bytes(&self) -> usize {
        // SAFETY: a reference keeps the owner.
        unsafe { (*self.owner).capacity }
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: the reference is this one's, and nobody uses the memory after the last one.
        unsafe {
            let left = (*self.owner).references.get() - 1;
            (*self.owner).references.set(left);
            if left == 0 {
                free(self.owner);
            }
        }
    }
}

/// Stands for memory that a call only borrows: an argument's. It must outlive the call.
pub struct Borrowed {
    owner: Box<Owner>,
}

impl Default for Borrowed {
    fn default() -> Borrowed {
        Borrowed { owner: Box::new(Owner { references: Cell::new(1), capacity: 0, system: ptr::null_mut() }) }
    }
}

impl Borrowed {
    /// The owner, as functions are passed it with an array.
    pub fn word(&self) -> u64 {
        &raw const *self.owner as u64
    }

    /// How many references the calls so far have kept: one for each result that shares the memory.
    pub fn kept(&self) -> i64 {
        self.owner.references.get() - 1
    }

    /// The caller has taken note of what was kept.
    pub fn settle(&self) {
        self.owner.references.set(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_fit_and_do_not_waste() {
        let mut last = None;
        for bytes in (0..10_000).chain([1 << 20, (1 << 20) + 1, (1 << 33) - 1]) {
            let (class, capacity) = class(bytes).unwrap();
            assert!(capacity >= bytes && capacity <= (bytes + bytes / 4).max(ALIGNMENT) + 16, "{bytes}: {capacity}");
            // What is freed goes where it came from.
            assert_eq!(super::class(capacity), Some((class, capacity)));
            if let Some((last_class, last_capacity)) = last.replace((class, capacity)) {
                assert!(class >= last_class && (class == last_class) == (capacity == last_capacity));
            }
        }
    }

    #[test]
    fn blocks_are_aligned_zeroed_and_used_again() {
        let live = live_blocks();
        let first = allocate(1000, true);
        assert_eq!(live_blocks(), live + 1);
        // SAFETY: a block of a thousand bytes, freed once.
        unsafe {
            assert_eq!(elements(first) as usize % ALIGNMENT, 0);
            assert!((0..1000).all(|place| *elements(first).add(place) == 0));
            ptr::write_bytes(elements(first), 7, 1000);
            free(first);
            assert_eq!(live_blocks(), live);
            let second = allocate(990, true);
            assert_eq!(second, first);
            assert!((0..990).all(|place| *elements(second).add(place) == 0));
            free(second);
        }
    }

    #[test]
    fn too_much_is_an_answer() {
        for bytes in [u64::MAX, i64::MAX as u64, 1 << 62, 1 << 55] {
            assert!(allocate(bytes, false).is_null(), "{bytes}");
        }
    }

    #[test]
    fn few_blocks_are_kept() {
        let blocks: Vec<_> = (0..3 * KEPT_BLOCKS).map(|_| allocate(5000, false)).collect();
        // SAFETY: each is freed once.
        blocks.into_iter().for_each(|block| unsafe { free(block) });
        let most = KEPT.with_borrow(|kept| (kept.blocks.iter().map(Vec::len).max(), kept.bytes));
        assert!(most.0 <= Some(KEPT_BLOCKS) && most.1 <= KEPT_BYTES, "{most:?}");
        let large = allocate(KEPT_BYTES as u64 + 1, false);
        // SAFETY: freed once.
        unsafe { free(large) };
        assert!(KEPT.with_borrow(|kept| kept.bytes) <= KEPT_BYTES);
    }
}
