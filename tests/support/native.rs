//! Whole functions run natively on cases of the IR texts, with every reference accounted for.

use numbra::Error;
use numbra::front::interp::memory::{from_bytes, to_bytes};
use numbra::front::ir::{Function, Kind};
use numbra_expectation::{Case, CaseArgument, Outcome, Returned, places};
use numbra_runtime::function::{Borrowed, NativeFunction, Owned, memory};

/// What a call gives, or how it fails.
///
/// # Panics
/// If memory is left behind, or a result comes without a reference to its memory.
pub fn run(case: &Case, function: &Function, code: &NativeFunction) -> Result<Outcome, Error> {
    let before = memory::live_blocks();
    let mut memories: Vec<(Vec<u64>, Borrowed)> = Vec::new();
    let mut words = Vec::new();
    for argument in &case.arguments {
        match argument {
            CaseArgument::Scalar(constant) => words.push(constant.bits),
            CaseArgument::Array(array) => {
                // In memory that is aligned for every element.
                let bytes = to_bytes(array.scalar, &array.memory().unwrap_or_default());
                let aligned: Vec<u64> = bytes.chunks(8).map(word).collect();
                let owner = Borrowed::default();
                let first = aligned.as_ptr() as u64 + array.offset() as u64 * array.scalar.bytes() as u64;
                words.extend([owner.word(), first]);
                words.extend(array.shape.iter().chain(&array.strides).map(|&number| number as u64));
                memories.push((aligned, owner));
            }
        }
    }
    let mut results = vec![0xa5a5_a5a5_a5a5_a5a5; code.result_words()];
    // SAFETY: the words are those of the function's parameters, and the memory is this call's.
    let outcome = unsafe { code.call(&words, &mut results) };
    let kept = |expected: &dyn Fn(u64) -> i64| {
        for (_, owner) in &memories {
            assert_eq!(owner.kept(), expected(owner.word()), "{}: references to an argument", case.text);
            owner.settle();
        }
        assert_eq!(memory::live_blocks(), before, "{}: blocks that are left", case.text);
    };
    if let Err(error) = outcome {
        kept(&|_| 0);
        return Err(error);
    }
    let mut rest = results.as_slice();
    let mut take = |count: usize| {
        let (taken, left) = rest.split_at(count);
        rest = left;
        taken
    };
    let (mut scalars, mut returned, mut owners) = (Vec::new(), Vec::new(), Vec::new());
    for kind in &function.results {
        match kind {
            Kind::Scalar(_) => scalars.extend(take(1)),
            Kind::Array(kind) => {
                let rank = kind.strides.len();
                let (head, numbers) = take(2 + 2 * rank).split_at(2);
                let numbers: Vec<i64> = numbers.iter().map(|&number| number as i64).collect();
                let (shape, strides) = numbers.split_at(rank);
                let bytes = kind.scalar.bytes();
                let element = |place: i64| {
                    let first = (head[1] as i64 + place * bytes as i64) as *const u8;
                    // SAFETY: the owner, which is alive, keeps the elements of the array.
                    let bytes = unsafe { std::slice::from_raw_parts(first, bytes) };
                    from_bytes(kind.scalar, bytes)[0]
                };
                // Places from the first element: offsets may be negative.
                let low: i64 = shape.iter().zip(strides).map(|(extent, stride)| (extent - 1) * stride.min(&0)).sum();
                let places = places(-low, shape, strides).into_iter().map(|place| place as i64 + low);
                returned.push(Returned { shape: shape.to_vec(), elements: places.map(element).collect() });
                owners.push(head[0]);
            }
        }
    }
    let borrowed: Vec<u64> = memories.iter().map(|(_, owner)| owner.word()).collect();
    let fresh = owners.iter().filter(|owner| !borrowed.contains(owner));
    // SAFETY: each result comes with a reference.
    let fresh: Vec<Option<Owned>> = fresh.map(|&owner| unsafe { Owned::from_word(owner) }).collect();
    for owned in fresh.iter().flatten() {
        let expected = owners.iter().filter(|owner| **owner == owned.word()).count() as i64;
        assert_eq!(owned.references(), expected, "{}: references to a result", case.text);
    }
    drop(fresh);
    kept(&|word| owners.iter().filter(|owner| **owner == word).count() as i64);
    let arrays = case.arrays().zip(&memories).map(|(array, (aligned, _))| {
        let bytes: Vec<u8> = aligned.iter().flat_map(|word| word.to_ne_bytes()).collect();
        let memory = from_bytes(array.scalar, &bytes);
        array.places().into_iter().map(|place| memory[place]).collect()
    });
    Ok(Outcome::Returns { results: scalars, returned, arrays: arrays.collect() })
}

fn word(chunk: &[u8]) -> u64 {
    let mut eight = [0; 8];
    eight[..chunk.len()].copy_from_slice(chunk);
    u64::from_ne_bytes(eight)
}
