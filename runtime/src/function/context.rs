//! What compiled functions ask of the runtime while they run: a context for each thread.

use super::memory::{self, Owner};
use super::native::NativeFunction;
use super::watchdog::Watchdog;
use crate::interrupt;
use numbra_codegen::llvm::host::{DONE, FAILED, HostContext, HostFailure, INTERRUPTED, NO_SITE};
use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// What must be left of the stack for functions that do not call themselves, and for the runtime.
const RESERVE: u64 = 256 << 10;

pub(super) struct ThreadContext {
    host: UnsafeCell<HostContext>,
    /// The lowest address to which calls may go down, and the highest of the stack; once somebody had to know, since the
    /// system reads a file for it.
    stack: OnceLock<(u64, u64)>,
    /// Calls in each other that are reminded now.
    pub running: AtomicU32,
    watchdog: AtomicPtr<Watchdog>,
    /// Whose prints are printed now.
    printing: AtomicPtr<NativeFunction>,
}

// SAFETY: other threads touch nothing of the host's context but its atomic fields.
unsafe impl Send for ThreadContext {}
unsafe impl Sync for ThreadContext {}

thread_local! {
    static CONTEXT: Arc<ThreadContext> = Arc::new(ThreadContext::new());
}

/// Runs `work` with this thread's context. Functions that run while another one waits share it: each reads what its
/// own failure has left before the other goes on.
pub(super) fn with_context<T>(work: impl FnOnce(&Arc<ThreadContext>) -> T) -> T {
    CONTEXT.with(work)
}

impl ThreadContext {
    fn new() -> ThreadContext {
        ThreadContext {
            host: UnsafeCell::new(HostContext {
                failure: HostFailure::default(),
                stack_limit: AtomicU64::new(u64::MAX),
                attention: AtomicU32::new(0),
                allocate,
                release,
                poll,
                overflow,
                print,
            }),
            stack: OnceLock::new(),
            running: AtomicU32::new(0),
            watchdog: AtomicPtr::new(ptr::null_mut()),
            printing: AtomicPtr::new(ptr::null_mut()),
        }
    }

    /// What functions are called with.
    pub fn pointer(&self) -> *mut HostContext {
        self.host.get()
    }

    /// What the function that has just failed has left.
    pub fn failure(&self) -> HostFailure {
        // SAFETY: no function runs on this thread now, and no other thread touches the field.
        unsafe { (*self.host.get()).failure }
    }

    /// Until what it gives is dropped, sites are those of this function.
    pub fn prints_from<'a>(&'a self, function: &'a NativeFunction) -> impl Drop + 'a {
        struct Printing<'a>(&'a ThreadContext, *mut NativeFunction);
        impl Drop for Printing<'_> {
            fn drop(&mut self) {
                self.0.printing.store(self.1, Ordering::Relaxed);
            }
        }
        let outer = self.printing.swap(ptr::from_ref(function).cast_mut(), Ordering::Relaxed);
        Printing(self, outer)
    }

    /// Before a call: how deep it may go. On a stack that is not the thread's own nothing is known of its end. The first
    /// function that calls itself asks by [`overflow`].
    pub fn set_limit(&self) {
        let limit = self.stack.get().map_or(u64::MAX, |&(low, high)| {
            let here = here();
            let own = here <= high && here >= low.saturating_sub(RESERVE);
            if own { low } else { 0 }
        });
        self.limit().store(limit, Ordering::Relaxed);
    }

    fn limit(&self) -> &AtomicU64 {
        // SAFETY: the field is atomic.
        unsafe { &(*self.host.get()).stack_limit }
    }

    fn attention(&self) -> &AtomicU32 {
        // SAFETY: the field is atomic.
        unsafe { &(*self.host.get()).attention }
    }

    /// Has the functions that run here call [`poll`] or [`overflow`] soon; false if none runs.
    pub fn remind(&self) -> bool {
        let runs = self.running.load(Ordering::SeqCst) > 0;
        if runs {
            self.attention().store(1, Ordering::Relaxed);
            self.limit().store(u64::MAX, Ordering::Relaxed);
        }
        runs
    }

    /// Whether that one knows this context; if not, it does from now on.
    pub fn is_known_to(&self, watchdog: &'static Watchdog) -> bool {
        let watchdog = ptr::from_ref(watchdog).cast_mut();
        let known = self.watchdog.load(Ordering::Relaxed) == watchdog;
        if !known {
            self.watchdog.store(watchdog, Ordering::Relaxed);
        }
        known
    }

    /// Whether whoever waits still wants the call: a status.
    fn wanted(&self) -> i32 {
        self.attention().store(0, Ordering::Relaxed);
        self.set_limit();
        // What is asked is somebody else's; no panic goes through compiled code.
        match catch_unwind(AssertUnwindSafe(interrupt::check)) {
            Ok(Ok(())) => DONE,
            _ => INTERRUPTED,
        }
    }
}

extern "C" fn allocate(_context: *mut HostContext, bytes: u64, zeroed: u32) -> *mut c_void {
    memory::allocate(bytes, zeroed != 0).cast()
}

extern "C" fn release(_context: *mut HostContext, owner: *mut c_void) {
    // SAFETY: compiled code releases what `allocate` gave, and what came with arguments, once.
    unsafe { memory::free(owner.cast::<Owner>()) }
}

extern "C" fn poll(_context: *mut HostContext) -> i32 {
    with_context(|context| context.wanted())
}

extern "C" fn print(_context: *mut HostContext, function: u32, site: u32, words: *const u64) -> i32 {
    // No panic goes through compiled code.
    let printed = catch_unwind(|| {
        let printing = with_context(|context| context.printing.load(Ordering::Relaxed));
        // SAFETY: the function runs, and has called this with what its site says.
        if let Some(code) = unsafe { printing.as_ref() } {
            unsafe { code.print(function, site, words) };
        }
    });
    if printed.is_ok() { DONE } else { INTERRUPTED }
}

extern "C" fn overflow(_context: *mut HostContext, function: u32) -> i32 {
    with_context(|context| {
        let Some(&(low, high)) = context.stack.get() else {
            context.stack.get_or_init(stack_bounds);
            return context.wanted();
        };
        if here() <= high && here() < low {
            // SAFETY: the function that runs waits for the answer, and no other thread touches the field.
            unsafe {
                (*context.host.get()).failure = HostFailure { function, site: NO_SITE, ..HostFailure::default() }
            };
            return FAILED;
        }
        context.wanted()
    })
}

/// An address on the stack, about where it ends now.
#[inline(never)]
fn here() -> u64 {
    let place = 0u8;
    std::hint::black_box(&raw const place) as u64
}

/// This thread's stack: the lowest address that calls may use, and the highest one.
#[cfg(target_os = "linux")]
fn stack_bounds() -> (u64, u64) {
    // SAFETY: the attributes are initialized by the first call if it succeeds, and destroyed once.
    unsafe {
        let mut attributes: libc::pthread_attr_t = std::mem::zeroed();
        if libc::pthread_getattr_np(libc::pthread_self(), &mut attributes) == 0 {
            let (mut low, mut bytes, mut guard) = (ptr::null_mut(), 0, 0);
            let found = libc::pthread_attr_getstack(&attributes, &mut low, &mut bytes) == 0;
            libc::pthread_attr_getguardsize(&attributes, &mut guard);
            libc::pthread_attr_destroy(&mut attributes);
            if found {
                let (low, high) = (low as u64, low as u64 + bytes as u64);
                return (low + guard as u64 + RESERVE.min(bytes as u64 / 2), high);
            }
        }
    }
    unknown_bounds()
}

#[cfg(not(target_os = "linux"))]
fn stack_bounds() -> (u64, u64) {
    unknown_bounds()
}

/// What any thread has.
fn unknown_bounds() -> (u64, u64) {
    (here().saturating_sub(256 << 10), u64::MAX)
}
