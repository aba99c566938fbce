//! Random batches of launches, some of which fail: what every array holds in the end, or the error that it is.
//!
//! Several threads work on one device, each with arrays of its own. Nothing is waited for before something is read, and
//! arrays are read in random order, while others are still to be made. A small model says what must come out: the elements,
//! or the message of the earliest launch that failed among those on which the array depends. Nobody may hear of the faults
//! of other threads.

use numbra_runtime::array::HostArray;
use numbra_runtime::device::Device;
use numbra_runtime::ufunc::Vectorize;
use numbra_runtime::{DeviceArray, Input, Kernel, KernelFile, Result};
use std::sync::Arc;

const TEXT: &str = "
from numba import vectorize

@vectorize
def add(x, y):
    return (x + y) % 100

@vectorize
def positive(x):
    if x < 0:
        raise ValueError('negative')
    return x

@vectorize
def below(x, y):
    assert x < y + 1000, 'too large'
    return x
";

/// Elements of an array. A thread's number is that of the element at which its faults are.
const ELEMENTS: usize = 40;
const ARRAYS: usize = 6;

struct Kernels {
    add: Vectorize,
    positive: Vectorize,
    below: Vectorize,
}

/// What an array must be.
#[derive(Clone)]
enum Expected {
    Elements(Vec<i64>),
    Failed(&'static str),
}

struct Slot {
    /// None where the launch that was to make it refused, since its inputs were known to be of no use.
    array: Option<DeviceArray>,
    expected: Expected,
}

/// Marsaglia's xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound
    }
}

/// Runs it on a device: so many threads, so many launches each.
pub fn run(device: &Arc<dyn Device>, threads: usize, launches: usize, seed: u64) {
    let program = KernelFile::parse("batches.py", TEXT).unwrap();
    let kernel = |name: &str| match program.kernel(name).unwrap() {
        Kernel::Vectorize(kernel) => kernel,
        Kernel::Stencil(_) => unreachable!(),
    };
    let kernels = Kernels { add: kernel("add"), positive: kernel("positive"), below: kernel("below") };
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let kernels = &kernels;
            scope.spawn(move || Batch::new(device, kernels, thread, seed).run(launches));
        }
    });
    device.wait().unwrap_or_else(|error| panic!("of other threads: {error}"));
}

struct Batch<'a> {
    device: &'a Arc<dyn Device>,
    kernels: &'a Kernels,
    seed: u64,
    /// The element at which faults are.
    place: usize,
    random: Random,
    slots: Vec<Slot>,
}

impl<'a> Batch<'a> {
    fn new(device: &'a Arc<dyn Device>, kernels: &'a Kernels, thread: usize, seed: u64) -> Batch<'a> {
        let random = Random((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (thread as u64 + 1) << 32);
        let mut batch = Batch { device, kernels, seed, place: thread, random, slots: Vec::new() };
        for _ in 0..ARRAYS {
            let slot = batch.upload();
            batch.slots.push(slot);
        }
        batch
    }

    /// A new array of small numbers; one in four will make kernels fail at its element `place`.
    fn upload(&mut self) -> Slot {
        let mut elements: Vec<i64> = (0..ELEMENTS).map(|_| self.random.below(100) as i64).collect();
        elements[self.place] = match self.random.below(8) {
            0 => -1_000_000,
            1 => 1_000_000,
            _ => elements[self.place],
        };
        let host = Arc::new(HostArray::from_slice(&[ELEMENTS], &elements).unwrap());
        let array = DeviceArray::from_host(self.device, &host).expect("an upload has no faults");
        Slot { array: Some(array), expected: Expected::Elements(elements) }
    }

    fn run(mut self, launches: usize) {
        for _ in 0..launches {
            match self.random.below(20) {
                0 => self.read(),
                1 => self.wait(),
                2..5 => {
                    let (slot, target) = (self.upload(), self.random.below(ARRAYS));
                    self.slots[target] = slot;
                }
                _ => self.launch(),
            }
        }
        while !self.slots.is_empty() {
            let chosen = self.random.below(self.slots.len());
            let slot = self.slots.swap_remove(chosen);
            // As often as it is read.
            for _ in 0..2 {
                self.check(&slot);
            }
        }
    }

    fn launch(&mut self) {
        let [first, second, target] = std::array::from_fn(|_| self.random.below(ARRAYS));
        let (kernel, fails): (&Vectorize, Option<&'static str>);
        let (x, y) = (&self.slots[first], &self.slots[second]);
        let mut operands = vec![x, y];
        let elements = |compute: &dyn Fn(i64, i64) -> i64| match (&x.expected, &y.expected) {
            (Expected::Elements(x), Expected::Elements(y)) => x.iter().zip(y).map(|(&x, &y)| compute(x, y)).collect(),
            _ => Vec::new(),
        };
        let at = |slot: &Slot| match &slot.expected {
            Expected::Elements(elements) => elements[self.place],
            Expected::Failed(_) => 0,
        };
        let result: Vec<i64>;
        match self.random.below(3) {
            0 => {
                (kernel, fails) = (&self.kernels.add, None);
                result = elements(&|x, y| (x + y).rem_euclid(100));
            }
            1 => {
                (kernel, fails) = (&self.kernels.positive, (at(x) < 0).then_some("negative"));
                operands.pop();
                result = match &x.expected {
                    Expected::Elements(elements) => elements.clone(),
                    Expected::Failed(_) => Vec::new(),
                };
            }
            _ => {
                (kernel, fails) = (&self.kernels.below, (at(x) >= at(y) + 1000).then_some("too large"));
                result = elements(&|x, _| x);
            }
        }
        // Operands that are of no use come first, the earliest failure of theirs before all.
        let useless = operands.iter().find_map(|slot| match slot.expected {
            Expected::Failed(message) => Some(message),
            Expected::Elements(_) => None,
        });
        let expected = match (useless, fails) {
            (Some(message), _) | (None, Some(message)) => Expected::Failed(message),
            (None, None) => Expected::Elements(result),
        };
        let arrays: Option<Vec<Input>> = operands.iter().map(|slot| slot.array.clone().map(Input::Device)).collect();
        let array = match arrays {
            None => None,
            Some(arrays) => match kernel.call_on_device(self.device, &arrays) {
                Ok(array) => Some(array),
                Err(error) => {
                    // A launch may refuse what is known to be of no use, and nothing else.
                    assert!(useless.is_some(), "{error}");
                    self.is_fault(&error.to_string());
                    None
                }
            },
        };
        self.slots[target] = Slot { array, expected };
    }

    fn read(&mut self) {
        let chosen = self.random.below(ARRAYS);
        self.check(&self.slots[chosen]);
    }

    fn check(&self, slot: &Slot) {
        let Some(array) = &slot.array else { return };
        let found: Result<HostArray> = array.clone().into_host();
        let case = format!("seed {}, thread {}", self.seed, self.place);
        match (found, &slot.expected) {
            (Ok(found), Expected::Elements(elements)) => {
                assert_eq!(found.as_slice::<i64>().unwrap(), elements, "{case}")
            }
            (Ok(found), Expected::Failed(message)) => panic!("{case}, {message}: {:?}", found.as_slice::<i64>()),
            (Err(error), Expected::Elements(_)) => panic!("{case}, another's error: {error}"),
            (Err(error), Expected::Failed(_)) => self.is_fault(&error.to_string()),
        }
    }

    fn wait(&self) {
        if let Err(error) = self.device.wait() {
            self.is_fault(&error.to_string());
        }
    }

    /// A fault of this thread's.
    fn is_fault(&self, message: &str) {
        let place = format!("at position ({})", self.place);
        assert!(message.contains(&place), "not {place}: {message}");
        assert!(message.contains("negative") || message.contains("too large"), "{message}");
    }
}
