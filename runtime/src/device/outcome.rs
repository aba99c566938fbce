//! What becomes of launches while nobody waits for them, and so of the arrays that they write.
//!
//! A launch of a GPU is known to have failed only when its record is read, later. Until then, and for good, everything that
//! the launch wrote depends on its [`Outcome`], and so does everything that was computed from that: each buffer has
//! [`Contents`], the outcomes on which its elements depend. Reading a buffer whose contents have failed is the error of the
//! launch at which it went wrong; other buffers, and other threads, hear nothing of it.
//!
//! A thread that waits for the device without reading anything is told of the first failure of its own launches that
//! nobody has been told of.

use crate::error::{Error, Result};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Failures of a thread that neither it nor a reader was told of, at most; later ones are known to their arrays alone.
const UNHEARD: usize = 1000;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What became of a launch, or of a submission of several.
pub struct Outcome {
    /// Later launches have higher numbers.
    number: u64,
    state: Mutex<State>,
    /// Where the thread that launched looks when it waits.
    launcher: Arc<Launcher>,
}

enum State {
    /// Not known yet. The outcomes on which what it reads depends.
    Pending(Vec<Arc<Outcome>>),
    Fine,
    Failed(Arc<Failure>),
}

/// Why contents are of no use.
struct Failure {
    /// Of the launch at which it went wrong.
    number: u64,
    error: Error,
    /// Whether somebody was told.
    heard: AtomicBool,
}

impl Failure {
    fn tell(&self) -> Error {
        self.heard.store(true, Ordering::Relaxed);
        self.error.clone()
    }

    fn is_heard(&self) -> bool {
        self.heard.load(Ordering::Relaxed)
    }
}

/// The failures of a thread's launches on a device, in order.
#[derive(Default)]
struct Launcher {
    failures: Mutex<Vec<Arc<Failure>>>,
}

thread_local! {
    /// Of this thread, by the device's identity.
    static LAUNCHERS: RefCell<HashMap<u64, Arc<Launcher>>> = RefCell::default();
}

/// The launches of a device.
pub struct Outcomes {
    device: u64,
}

/// Numbers for devices and launches; none is given twice.
fn fresh() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Outcomes {
    pub fn new() -> Outcomes {
        Outcomes { device: fresh() }
    }

    fn launcher(&self) -> Arc<Launcher> {
        LAUNCHERS.with_borrow_mut(|launchers| launchers.entry(self.device).or_default().clone())
    }

    /// A launch of this thread that can fail, of which nothing is known yet. What it reads depends on `inputs`.
    pub fn pending(&self, inputs: Vec<Arc<Outcome>>) -> Arc<Outcome> {
        Arc::new(Outcome { number: fresh(), state: Mutex::new(State::Pending(inputs)), launcher: self.launcher() })
    }

    /// The first failure of this thread's launches of which nobody was told. Afterwards all are known.
    pub fn report(&self) -> Result<()> {
        let failures = std::mem::take(&mut *lock(&self.launcher().failures));
        let mut first = Ok(());
        for failure in failures.iter().filter(|failure| !failure.is_heard()) {
            let error = failure.tell();
            if first.is_ok() {
                first = Err(error);
            }
        }
        first
    }
}

impl Outcome {
    /// It is known now, after all that comes before it: whether the launch itself failed. If what it read was of no use
    /// already, that is why what it wrote is.
    pub fn settle(&self, failed: Option<Error>) {
        let mut state = lock(&self.state);
        let State::Pending(inputs) = &mut *state else { return };
        let inputs = std::mem::take(inputs);
        *state = match (first_failure(&inputs), failed) {
            (Some(failure), _) => State::Failed(failure),
            (None, None) => State::Fine,
            (None, Some(error)) => {
                let failure = self.because_of(error, false);
                let mut failures = lock(&self.launcher.failures);
                failures.retain(|failure| !failure.is_heard());
                if failures.len() < UNHEARD {
                    failures.push(failure.clone());
                }
                State::Failed(failure)
            }
        };
    }

    /// What was to be written is of no use, because of an error that the caller is told.
    #[cfg(any(test, feature = "cuda"))]
    pub fn spoil(&self, error: Error) {
        *lock(&self.state) = State::Failed(self.because_of(error, true));
    }

    fn because_of(&self, error: Error, heard: bool) -> Arc<Failure> {
        Arc::new(Failure { number: self.number, error, heard: AtomicBool::new(heard) })
    }

    fn failure(&self) -> Option<Arc<Failure>> {
        match &*lock(&self.state) {
            State::Failed(failure) => Some(failure.clone()),
            State::Pending(_) | State::Fine => None,
        }
    }

    fn is_fine(&self) -> bool {
        matches!(*lock(&self.state), State::Fine)
    }
}

/// The earliest failure among outcomes.
fn first_failure(outcomes: &[Arc<Outcome>]) -> Option<Arc<Failure>> {
    outcomes.iter().filter_map(|outcome| outcome.failure()).min_by_key(|failure| failure.number)
}

/// Which outcomes the elements of a buffer depend on. Those of fresh memory depend on nothing.
#[derive(Default)]
pub struct Contents {
    after: Mutex<Vec<Arc<Outcome>>>,
}

impl Contents {
    /// The error of the launch that made the contents useless, if that is known.
    pub fn check(&self) -> Result<()> {
        first_failure(&lock(&self.after)).map_or(Ok(()), |failure| Err(failure.tell()))
    }

    /// From now on they depend on these.
    pub fn set(&self, outcomes: &[Arc<Outcome>]) {
        *lock(&self.after) = outcomes.to_vec();
    }

    /// All outcomes that are not known to be fine on which some contents depend, each once, the earliest first.
    pub fn outcomes<'a>(all: impl IntoIterator<Item = &'a Contents>) -> Vec<Arc<Outcome>> {
        let mut outcomes: Vec<Arc<Outcome>> = Vec::new();
        for contents in all {
            let mut after = lock(&contents.after);
            after.retain(|outcome| !outcome.is_fine());
            outcomes.extend(after.iter().cloned());
        }
        outcomes.sort_by_key(|outcome| outcome.number);
        outcomes.dedup_by_key(|outcome| outcome.number);
        outcomes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> Error {
        Error::call(text)
    }

    /// A launch that reads and writes some contents.
    fn launch(outcomes: &Outcomes, reads: &[&Contents], writes: &[&Contents]) -> Arc<Outcome> {
        let outcome = outcomes.pending(Contents::outcomes(reads.iter().chain(writes).copied()));
        writes.iter().for_each(|contents| contents.set(std::slice::from_ref(&outcome)));
        outcome
    }

    fn message(result: Result<()>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn what_is_computed_from_useless_contents_is_useless() {
        let outcomes = Outcomes::new();
        let [a, b, c, d, e] = std::array::from_fn(|_| Contents::default());
        let first = launch(&outcomes, &[], &[&a]);
        let second = launch(&outcomes, &[], &[&b]);
        let third = launch(&outcomes, &[&b, &a], &[&c]);
        let fourth = launch(&outcomes, &[&d], &[&e]);
        // One that cannot fail.
        d.set(&Contents::outcomes([&c, &d]));
        first.settle(None);
        second.settle(Some(error("second")));
        third.settle(Some(error("third, of garbage")));
        fourth.settle(None);
        a.check().unwrap();
        e.check().unwrap();
        for contents in [&b, &c, &d, &b] {
            assert_eq!(message(contents.check()), "second");
        }
        // Told already.
        outcomes.report().unwrap();
    }

    #[test]
    fn whoever_waits_is_told_of_its_own_launches() {
        let outcomes = Outcomes::new();
        let [a, b, c] = std::array::from_fn(|_| Contents::default());
        let launches = [&a, &b, &c].map(|contents| launch(&outcomes, &[], &[contents]));
        for (number, launch) in launches.iter().enumerate() {
            launch.settle(Some(error(&number.to_string())));
        }
        assert_eq!(message(a.check()), "0");
        std::thread::scope(|scope| scope.spawn(|| outcomes.report().unwrap()).join().unwrap());
        Outcomes::new().report().unwrap();
        let told = launch(&outcomes, &[], &[&b]);
        told.spoil(error("told"));
        assert_eq!(message(b.check()), "told");
        assert_eq!(message(outcomes.report()), "1");
        outcomes.report().unwrap();
        assert_eq!(message(c.check()), "2");
    }

    #[test]
    fn outcomes_that_are_fine_are_forgotten() {
        let outcomes = Outcomes::new();
        let (x, y) = (Contents::default(), Contents::default());
        let mut pending = Vec::new();
        for turn in 0..10_000 {
            pending.push(launch(&outcomes, &[&y], &[&x]));
            y.set(&Contents::outcomes([&x, &y]));
            assert!(Contents::outcomes([&x, &y]).len() <= 101, "{turn}");
            if turn % 100 == 0 {
                pending.drain(..).for_each(|outcome| outcome.settle(None));
                assert!(Contents::outcomes([&x, &y]).is_empty());
            }
        }
    }
}
