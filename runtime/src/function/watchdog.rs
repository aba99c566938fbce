//! A thread that reminds running functions, twenty times a second, to ask whether they are still wanted.
//!
//! Compiled loops look at a flag, which costs next to nothing, and functions that call themselves at the limit of the stack,
//! which they do anyway. Somebody must change them from outside: this thread, while there is somebody to be asked
//! ([`interrupt::watched`]); it begins with the first such call and sleeps when there is none.
//!
//! After a fork it is gone, and begins again in the child.

use super::context::ThreadContext;
use crate::interrupt;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::sync::{Arc, Condvar, Mutex, Once, PoisonError};
use std::time::Duration;

const PERIOD: Duration = Duration::from_millis(50);
/// So many rounds without a running function, and it sleeps.
const PATIENCE: u32 = 20;

/// Those of this process; null until it is needed.
static WATCHDOG: AtomicPtr<Watchdog> = AtomicPtr::new(std::ptr::null_mut());

pub(super) struct Watchdog {
    threads: Mutex<Vec<Arc<ThreadContext>>>,
    asleep: AtomicBool,
    wake: Condvar,
}

/// Runs `work`, which runs functions with this context, and is reminded.
pub(super) fn reminded<T>(context: &Arc<ThreadContext>, work: impl FnOnce() -> T) -> T {
    if !interrupt::watched() {
        return work();
    }
    struct Running<'a>(&'a ThreadContext);
    impl Drop for Running<'_> {
        fn drop(&mut self) {
            self.0.running.fetch_sub(1, Ordering::SeqCst);
        }
    }
    context.running.fetch_add(1, Ordering::SeqCst);
    let _running = Running(context);
    let watchdog = Watchdog::get();
    if !context.is_known_to(watchdog) {
        watchdog.lock().push(context.clone());
    }
    // Either it sees that a function runs before it falls asleep, or it is seen to be asleep here.
    if watchdog.asleep.load(Ordering::SeqCst) {
        let _threads = watchdog.lock();
        watchdog.wake.notify_one();
    }
    work()
}

impl Watchdog {
    fn get() -> &'static Watchdog {
        let known = WATCHDOG.load(Ordering::Acquire);
        // SAFETY: never freed.
        if let Some(watchdog) = unsafe { known.as_ref() } {
            return watchdog;
        }
        static FORKS: Once = Once::new();
        #[cfg(unix)]
        FORKS.call_once(|| {
            extern "C" fn forget() {
                WATCHDOG.store(std::ptr::null_mut(), Ordering::Release);
            }
            // SAFETY: the function is there as long as the process.
            unsafe { libc::pthread_atfork(None, None, Some(forget)) };
        });
        #[cfg(not(unix))]
        let _ = &FORKS;
        let watchdog: &'static Watchdog = Box::leak(Box::new(Watchdog {
            threads: Mutex::default(),
            asleep: AtomicBool::new(false),
            wake: Condvar::new(),
        }));
        let ours = std::ptr::from_ref(watchdog).cast_mut();
        match WATCHDOG.compare_exchange(std::ptr::null_mut(), ours, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => {
                // Without a thread nothing is interrupted; everything else goes on.
                let _ = std::thread::Builder::new().name("numbra watchdog".into()).spawn(|| watchdog.watch());
                watchdog
            }
            // SAFETY: never freed, and not null.
            Err(other) => unsafe { &*other },
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Arc<ThreadContext>>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watch(&self) {
        let mut idle = 0;
        loop {
            std::thread::sleep(PERIOD);
            let mut threads = self.lock();
            // Nobody else has the contexts of threads that are gone.
            threads.retain(|thread| Arc::strong_count(thread) > 1);
            let remind = || threads.iter().filter(|thread| thread.remind()).count();
            idle = if remind() > 0 { 0 } else { idle + 1 };
            if idle < PATIENCE {
                continue;
            }
            self.asleep.store(true, Ordering::SeqCst);
            if remind() == 0 {
                // Whoever wakes it holds the lock, so nothing is missed.
                drop(self.wake.wait(threads));
            }
            self.asleep.store(false, Ordering::SeqCst);
            idle = 0;
        }
    }
}
