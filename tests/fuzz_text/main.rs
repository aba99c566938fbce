//! Mutated kernel files and mutated `.npy` files go the whole way, and nothing panics, ends the process, hangs, or
//! calls itself an internal error.
//!
//! A run is the same for the same seed, which NUMBRA_FUZZ_SEED sets; NUMBRA_FUZZ_SECONDS makes it longer. What
//! fails is reported with its number and the smallest text that still fails.

mod corpus;
mod journey;
mod mutate;
mod npy_files;
mod shrink;

use numbra_tests::random::Random;
use std::io::{Seek, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Longer than any text may take: what does is reported as hanging.
const PATIENCE: Duration = Duration::from_secs(30);

fn environment(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

fn seed() -> u64 {
    environment("NUMBRA_FUZZ_SEED").unwrap_or(0x6e75_6d62_7261)
}

/// A case: its number, its numbers, and what hears of its text. Whether the text was taken.
type Case = fn(u64, Random, &mut dyn FnMut(&str)) -> bool;

/// Runs `cases` cases, or as many as the time of NUMBRA_FUZZ_SECONDS allows. Each gets its own numbers and says
/// whether its text was taken. The thread has the stack that threads usually have.
fn run(what: &'static str, cases: u64, case: Case) -> (u64, u64) {
    let started = Instant::now();
    let time = environment("NUMBRA_FUZZ_SECONDS").map(Duration::from_secs);
    let current = Arc::new(Mutex::new((Instant::now(), String::new())));
    // A stack that overflows ends the process: then this file has the text.
    let place = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz_{what}_current.txt"));
    let mut file = std::fs::File::create(&place).unwrap_or_else(|error| panic!("{}: {error}", place.display()));
    let worker = std::thread::spawn({
        let current = current.clone();
        move || {
            let (mut number, mut taken) = (0, 0);
            while time.map_or(number < cases, |time| started.elapsed() < time) {
                taken += case(number, Random::stream(seed(), number), &mut |text| {
                    // Blanks behind it: cutting a file off costs more than everything else here.
                    let _ = file.rewind().and_then(|()| file.write_all(format!("{text:<20000}").as_bytes()));
                    *current.lock().unwrap() = (Instant::now(), text.to_string());
                }) as u64;
                number += 1;
            }
            (number, taken)
        }
    });
    while !worker.is_finished() {
        std::thread::sleep(Duration::from_millis(50));
        let (since, text) = &*current.lock().unwrap();
        assert!(text.is_empty() || since.elapsed() < PATIENCE, "{what}: this takes too long:\n{text}");
    }
    let counts = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    let _ = std::fs::remove_file(place);
    println!("{what}: {} cases, {} taken, in {:.1} s", counts.0, counts.1, started.elapsed().as_secs_f64());
    counts
}

#[test]
fn mutated_kernels_go_the_whole_way() {
    let (cases, taken) = run("kernels", 4000, |number, mut random, note| {
        let text = mutate::mutated(corpus::pick(&mut random), &mut random);
        let seed = random.bits();
        note(&text);
        match journey::travel(&text, seed) {
            Ok(functions) => functions > 0,
            Err(failure) => {
                let small = shrink::text(&text, &mut |text| journey::travel(text, seed).is_err());
                let failure = journey::travel(&small, seed).err().unwrap_or(failure);
                panic!("seed {:#x}, case {number}: {failure}\n--- text\n{small}\n---", self::seed());
            }
        }
    });
    // Neither trivial: most texts are refused somewhere, and many functions arrive.
    assert!(taken > cases / 20 && taken < cases * 19 / 20, "{taken} of {cases}");
}

#[test]
fn the_corpus_goes_the_whole_way() {
    let (cases, _) = run("corpus", corpus::kernels().len() as u64, |number, mut random, note| {
        let text = &corpus::kernels()[number as usize % corpus::kernels().len()];
        note(text);
        match journey::travel(text, random.bits()) {
            Ok(functions) => functions > 0,
            Err(failure) => panic!("{failure}\n--- text\n{text}\n---"),
        }
    });
    assert!(cases >= 60, "the corpus has {cases} texts");
}

#[test]
fn what_once_failed_goes_the_whole_way() {
    let texts = corpus::regressions();
    assert!(!texts.is_empty());
    for (name, text) in texts {
        for seed in 0..20 {
            journey::travel(&text, seed).unwrap_or_else(|failure| panic!("{name}: {failure}"));
        }
    }
}

#[test]
fn mutated_npy_files_are_called_with() {
    let (cases, taken) = run("npy", 6000, |number, mut random, note| {
        let file = npy_files::mutated(&mut random);
        note(&String::from_utf8_lossy(&file));
        match npy_files::call(&file, random.bits()) {
            Ok(taken) => taken,
            Err(failure) => {
                let small = shrink::bytes(&file, &mut |file| npy_files::call(file, 0).is_err());
                panic!("seed {:#x}, case {number}: {failure}\n--- file\n{}\n---", self::seed(), small.escape_ascii());
            }
        }
    });
    assert!(taken > cases / 20 && taken < cases * 19 / 20, "{taken} of {cases}");
}
