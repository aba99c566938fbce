//! Threads that share the chunks of one job at a time. The caller takes part; small jobs never come here.
//!
//! Workers spin for a moment after a job, since the next one often follows at once, and then sleep. A caller that
//! finds the pool busy does its job alone, so that callers on many threads never wait for each other. After a fork
//! the threads are gone: the child makes its own.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

const SPIN: Duration = Duration::from_micros(50);

/// How many threads work on a job, the caller among them: NUMBRA_NUM_THREADS, NUMBA_NUM_THREADS, or the machine's.
pub fn threads() -> usize {
    static THREADS: OnceLock<usize> = OnceLock::new();
    *THREADS.get_or_init(|| {
        let wanted = ["NUMBRA_NUM_THREADS", "NUMBA_NUM_THREADS"].into_iter().find_map(wanted);
        let available = std::thread::available_parallelism().map_or(1, |count| count.get());
        wanted.unwrap_or(available).min(1024)
    })
}

/// The number that an environment variable says. What is no such number is told once, and ignored.
fn wanted(variable: &str) -> Option<usize> {
    let value = std::env::var_os(variable).filter(|value| !value.is_empty())?;
    let text = value.to_string_lossy();
    let count = text.trim().parse::<usize>().ok().filter(|&count| count > 0);
    if count.is_none() {
        eprintln!(
            "warning: {variable} is '{text}', which is no number of threads; it is ignored\n  help: set it to 1, 2, ..."
        );
    }
    count
}

/// Calls `work` once for every number below `chunks`, on all threads.
pub fn run(chunks: usize, work: &(dyn Fn(usize) + Sync)) {
    if chunks <= 1 || threads() == 1 {
        return (0..chunks).for_each(work);
    }
    let pool = pool();
    if pool.busy.swap(true, Ordering::Acquire) {
        return (0..chunks).for_each(work);
    }
    let next = AtomicUsize::new(0);
    let job = || {
        loop {
            let chunk = next.fetch_add(1, Ordering::Relaxed);
            if chunk >= chunks {
                break;
            }
            work(chunk);
        }
    };
    pool.share(&job);
    pool.busy.store(false, Ordering::Release);
}

/// A job as the workers see it. The reference lives until every worker that took it has finished.
#[derive(Clone, Copy)]
struct Job(*const (dyn Fn() + Sync));

// SAFETY: the function is Sync; `share` keeps it alive while workers have it.
unsafe impl Send for Job {}

struct Pool {
    process: u32,
    busy: AtomicBool,
    /// Counts jobs; workers wait for it to change.
    generation: AtomicU64,
    shared: Mutex<Shared>,
    wake: Condvar,
    finished: AtomicUsize,
}

#[derive(Default)]
struct Shared {
    job: Option<Job>,
    /// Workers that have taken the job.
    taken: usize,
}

fn pool() -> Arc<Pool> {
    static POOL: Mutex<Option<Arc<Pool>>> = Mutex::new(None);
    let mut slot = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    match &*slot {
        Some(pool) if pool.process == process => pool.clone(),
        _ => {
            let pool = Arc::new(Pool {
                process,
                busy: AtomicBool::new(false),
                generation: AtomicU64::new(0),
                shared: Mutex::new(Shared::default()),
                wake: Condvar::new(),
                finished: AtomicUsize::new(0),
            });
            for number in 1..threads() {
                let pool = pool.clone();
                // A thread that cannot be had is one less; the caller does all the work if need be.
                let _ = std::thread::Builder::new().name(format!("numbra-{number}")).spawn(move || pool.work());
            }
            *slot = Some(pool.clone());
            pool
        }
    }
}

impl Pool {
    fn lock(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn share(&self, job: &(dyn Fn() + Sync)) {
        // SAFETY: only the lifetime is forgotten; this function waits for all who took the job.
        let erased: Job =
            Job(unsafe { std::mem::transmute::<*const (dyn Fn() + Sync + '_), *const (dyn Fn() + Sync)>(job) });
        self.finished.store(0, Ordering::Relaxed);
        {
            let mut shared = self.lock();
            *shared = Shared { job: Some(erased), taken: 0 };
            self.generation.fetch_add(1, Ordering::Release);
        }
        self.wake.notify_all();
        job();
        // Nobody may take it any more; those who did are waited for.
        let taken = {
            let mut shared = self.lock();
            shared.job = None;
            shared.taken
        };
        while self.finished.load(Ordering::Acquire) < taken {
            std::hint::spin_loop();
            std::thread::yield_now();
        }
    }

    fn work(&self) {
        let mut seen = 0;
        loop {
            let start = Instant::now();
            while self.generation.load(Ordering::Acquire) == seen && start.elapsed() < SPIN {
                std::hint::spin_loop();
            }
            let job = {
                let mut shared = self.lock();
                while self.generation.load(Ordering::Acquire) == seen {
                    shared = self.wake.wait(shared).unwrap_or_else(PoisonError::into_inner);
                }
                seen = self.generation.load(Ordering::Acquire);
                let job = shared.job;
                shared.taken += job.is_some() as usize;
                job
            };
            if let Some(Job(job)) = job {
                // SAFETY: counted in `taken`, so `share` keeps the job alive until `finished` says so.
                unsafe { (*job)() };
                self.finished.fetch_add(1, Ordering::Release);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chunk_runs_once_from_many_callers() {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for round in 1..200 {
                        let counts: Vec<AtomicUsize> = (0..round).map(|_| AtomicUsize::new(0)).collect();
                        run(round, &|chunk| {
                            counts[chunk].fetch_add(1, Ordering::Relaxed);
                        });
                        assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1));
                    }
                });
            }
        });
    }
}
