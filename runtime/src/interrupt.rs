//! Long work that can be given up: whoever waits for a kernel is asked now and then whether to go on.
//!
//! A kernel cannot stop in the middle of a point. So devices run long launches in pieces, and ask between them; a piece
//! takes some milliseconds, however slow the kernel is. Where nobody is to be asked, launches run as a whole.

use crate::error::{Error, Result};
use std::cell::Cell;
#[cfg(any(test, feature = "wgpu", feature = "cuda"))]
use std::ops::Range;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// Between two questions, at least: an answer may have to wait for a lock.
const PERIOD: Duration = Duration::from_millis(50);

#[derive(Clone, Copy)]
struct Watch {
    go_on: *const dyn Fn() -> bool,
    asked: Instant,
}

thread_local! {
    static WATCH: Cell<Option<Watch>> = const { Cell::new(None) };
}

/// Runs `work`. Kernels that it launches from this thread ask `go_on` up to twenty times a second, and end with
/// [`Error::Interrupted`] when it says no; arrays that they were writing are then written in part.
pub fn interruptible<T>(go_on: &dyn Fn() -> bool, work: impl FnOnce() -> T) -> T {
    struct Restore(Option<Watch>);
    impl Drop for Restore {
        fn drop(&mut self) {
            WATCH.set(self.0);
        }
    }
    // SAFETY: only the lifetime is forgotten; the function is gone from WATCH before this call returns or unwinds.
    let go_on =
        unsafe { std::mem::transmute::<*const (dyn Fn() -> bool + '_), *const (dyn Fn() -> bool + 'static)>(go_on) };
    let _restore = Restore(WATCH.replace(Some(Watch { go_on, asked: Instant::now() })));
    work()
}

/// Whether there is somebody to ask.
pub(crate) fn watched() -> bool {
    WATCH.get().is_some()
}

/// An error if the work is to be given up.
pub(crate) fn check() -> Result<()> {
    let Some(watch) = WATCH.get() else { return Ok(()) };
    if watch.asked.elapsed() < PERIOD {
        return Ok(());
    }
    // SAFETY: `interruptible`, which is running, keeps it.
    let go_on = unsafe { (*watch.go_on)() };
    WATCH.set(Some(Watch { asked: Instant::now(), ..watch }));
    if go_on { Ok(()) } else { Err(Error::Interrupted) }
}

/// How much of a launch to do at once, so that it takes about as long as wanted.
#[derive(Debug)]
pub(crate) struct Pace {
    amount: AtomicI64,
    shortest: Duration,
}

impl Pace {
    /// `first`: to begin with. `shortest`: pieces that take less grow, pieces that take four times as long shrink.
    pub const fn new(first: i64, shortest: Duration) -> Pace {
        Pace { amount: AtomicI64::new(first), shortest }
    }

    pub fn amount(&self) -> i64 {
        self.amount.load(Ordering::Relaxed)
    }

    /// Learns that `amount` took so long.
    pub fn took(&self, amount: i64, time: Duration) {
        if time < self.shortest {
            self.amount.fetch_max(amount.saturating_mul(2), Ordering::Relaxed);
        } else if time > 4 * self.shortest {
            self.amount.fetch_min((amount / 2).max(1), Ordering::Relaxed);
        }
    }

    /// Whether a launch of so many points must go in [`Pace::pieces`]: somebody is to be asked, and it is not known to
    /// be short.
    #[cfg(any(test, feature = "wgpu", feature = "cuda"))]
    pub fn divides(&self, points: i64) -> bool {
        watched() && points > self.amount()
    }

    /// A launch of `units` with `unit` points each, on a device that works while nobody waits for it: piece after piece,
    /// waiting for each, until it is known how much the device does in a moment. `start` has the device begin with a
    /// range of units.
    #[cfg(any(test, feature = "wgpu", feature = "cuda"))]
    pub fn pieces(
        &self,
        units: i64,
        unit: i64,
        wait: impl Fn() -> Result<()>,
        start: impl Fn(Range<i64>) -> Result<()>,
    ) -> Result<()> {
        // What was asked for earlier does not count.
        wait()?;
        let mut begin = 0;
        while begin < units {
            let end = begin.saturating_add((self.amount() / unit).max(1)).min(units);
            let clock = Instant::now();
            start(begin..end)?;
            wait()?;
            self.took((end - begin) * unit, clock.elapsed());
            check()?;
            begin = end;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::HostArray;
    use crate::{Input, KernelFile, device};
    use numbra_front::types::ScalarType;
    use std::cell::RefCell;

    #[test]
    fn pieces_grow_and_shrink() {
        let pace = Pace::new(100, Duration::from_millis(4));
        pace.took(100, Duration::from_millis(1));
        assert_eq!(pace.amount(), 200);
        pace.took(200, Duration::from_millis(8));
        assert_eq!(pace.amount(), 200);
        pace.took(200, Duration::from_millis(20));
        pace.took(1, Duration::from_secs(1));
        assert_eq!(pace.amount(), 1);
    }

    #[test]
    fn pieces_of_rows_double_until_nobody_wants_them() {
        let pace = Pace::new(25, Duration::from_secs(10));
        assert!(!pace.divides(1000), "nobody is asked");
        let found = RefCell::new(Vec::new());
        let start = |units| {
            found.borrow_mut().push(units);
            Ok(())
        };
        interruptible(&|| true, || {
            assert!(pace.divides(26) && !pace.divides(25));
            pace.pieces(12, 10, || Ok(()), start).unwrap();
            assert!(!pace.divides(120));
        });
        assert_eq!(found.take(), [0..2, 2..6, 6..12]);
        // A row is as little as there is.
        let pace = Pace::new(1, Duration::from_secs(10));
        let waits = Cell::new(0);
        let wait = || {
            std::thread::sleep(PERIOD);
            waits.set(waits.get() + 1);
            Ok(())
        };
        let result = interruptible(&|| false, || pace.pieces(12, 10, wait, start));
        assert!(matches!(result, Err(Error::Interrupted)));
        assert_eq!((found.take().len(), waits.get()), (1, 2));
    }

    #[test]
    fn launches_end_when_nobody_wants_them() {
        let text = "from numba import vectorize\n@vectorize\ndef f(a, n):\n    s = a\n    for i in range(n):\n        s = s * a + 1.0\n    return s\n";
        let program = KernelFile::parse("t.py", text).unwrap();
        let crate::Kernel::Vectorize(kernel) = program.kernel("f").unwrap() else { panic!() };
        for name in ["cpu", "parallel", "interp", "vulkan"] {
            let Ok(device) = device::open(name.parse().unwrap()) else { continue };
            let inputs = [HostArray::zeros(ScalarType::F32, &[1 << 20]).unwrap().into(), Input::from(60_000i64)];
            // Whole launches take minutes.
            let start = Instant::now();
            let result =
                interruptible(&|| start.elapsed() < Duration::from_millis(100), || kernel.call(&device, &inputs));
            assert!(matches!(result, Err(Error::Interrupted)), "{name}: {result:?}");
            assert!(start.elapsed() < Duration::from_secs(10), "{name}: {:?}", start.elapsed());
            // What is asked in vain changes nothing, and faults keep their place.
            let few = [HostArray::zeros(ScalarType::F32, &[50_000]).unwrap().into(), Input::from(3i64)];
            let asked = interruptible(&|| true, || kernel.call(&device, &few)).unwrap();
            assert_eq!(asked, kernel.call(&device, &few).unwrap(), "{name}");
        }
    }
}
