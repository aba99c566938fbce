//! Random whole functions at a fixed seed: plain Python, the interpreter after every stage, native code. Open-ended:
//!
//! ```text
//! cargo run -p numbra-tests --bin fuzz -- --whole --seconds 600 --seed 7
//! ```
//! And what it once found, as Python texts in `tests/regressions/whole`.

use numbra_tests::fuzz::whole::check::{Checks, Verdict, check};
use numbra_tests::fuzz::whole::oracle::Oracle;
use numbra_tests::fuzz::whole::{Found, run};
use std::path::Path;
use std::time::Duration;

const COUNT: u64 = 100;

fn checks() -> Checks {
    let oracle = Oracle::start();
    if oracle.is_none() {
        println!("there is no Python with NumPy here: the interpreter alone says what is right");
    }
    Checks { oracle, stages: true, native: true }
}

#[test]
fn random_whole_functions() {
    let report = run(2028, 0..COUNT, Duration::MAX, &mut checks(), &mut |_, _, _| ());
    println!("{report}");
    let found: Vec<String> = report.found.iter().map(Found::to_string).collect();
    assert!(found.is_empty(), "{}", found.join("\n\n"));
    // Nearly all programs are programs, and not all of them fail.
    assert!(report.ran >= COUNT - COUNT / 10, "{report}: {:#?}", report.refused);
    let failed: u64 = report.failed.iter().map(|(_, times)| times).sum();
    assert!(failed < report.ran * 9 / 10, "{report}");
}

/// What is compared, and what is not.
#[test]
fn python_is_asked() {
    let mut checks = checks();
    let text = |body: &str| format!("def f(x):\n    return {body}\n# run f [3]\n");
    assert_eq!(check(&text("x + 1"), &mut checks), Verdict::Right { failed: None });
    let failed = Some("ZeroDivisionError".to_string());
    assert_eq!(check(&text("x // (x - 3)"), &mut checks), Verdict::Right { failed });
    // Integers of 64 bits and no more.
    if checks.oracle.is_some() {
        let large = check(&text("x << 62"), &mut checks);
        assert_eq!(large, Verdict::Skipped("large integers".into()));
        // Arrays wrap in both.
        let wraps = "def f(a):\n    a[0] = 2147483647\n    a += a\n    return a[0] < 0\n# run f \
            [{\"dtype\":\"int32\",\"shape\":[1],\"strides\":[1],\"elements\":[0.0],\"readonly\":false}]\n";
        assert_eq!(check(wraps, &mut checks), Verdict::Right { failed: None });
    }
}

#[test]
fn what_was_found_stays_right() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions/whole");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty());
    let mut checks = checks();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let verdict = check(&text, &mut checks);
        assert!(matches!(verdict, Verdict::Right { .. }), "{}: {verdict:?}", path.display());
    }
}
