//! Random well-typed kernels at a fixed seed: interpreter against every stage, device and lowering. Open-ended:
//!
//! ```text
//! cargo run -p numbra-tests --bin fuzz -- --seconds 600 --seed 7 --devices cpu,vulkan
//! ```
//! And what it once found, as IR texts in `tests/regressions`.

use numbra_tests::devices;
use numbra_tests::fuzz::check::{Checks, Difference, Verdict, check};
use numbra_tests::fuzz::child::Child;
use numbra_tests::fuzz::{Extent, Found, generator, regression, run};
use numbra_tests::lowerings::ARCHITECTURES;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const SEED: u64 = 2027;
/// Of each part: about three minutes for the four of them, on two processors that have nothing else to do.
const COUNT: u64 = 300;

/// What a case may take: one that hangs, in a driver or a compiler, must not hold the test. The slowest takes seconds.
const PATIENCE: Duration = Duration::from_secs(300);

/// A quarter of the cases each, so that they run side by side. The same cases on every machine, however slow: what is
/// green here is green there.
fn part(number: u64) {
    // The command for fuzzing, with all that it checks, as the process that can be given up.
    let names: Vec<String> = devices().iter().map(|device| device.name().to_string()).collect();
    let asked = format!("interp,{}", names.join(","));
    let command = move || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fuzz"));
        command.args(["--serve", "--seed", &SEED.to_string(), "--devices", &asked]);
        command
    };
    let mut checker = Child::new(command, PATIENCE);
    let extent = Extent { first: number * 1_000_000, count: COUNT, time: Duration::MAX, judged: 25, most_found: 1 };
    let report = run(SEED, extent, &mut checker, &mut |_, _| ());
    println!("part {number}: {report}");
    let found: Vec<String> = report.found.iter().map(|found| found.to_string()).collect();
    assert!(found.is_empty(), "{}", found.join("\n\n"));
    let hung: Vec<String> = report.hung.iter().map(|&number| generator::case(SEED, number).text()).collect();
    assert!(hung.is_empty(), "cases {:?} did not come back:\n{}", report.hung, hung.join("\n\n"));
    assert_eq!(report.ran + report.refused + report.long, COUNT, "{report}");
    // Nearly all programs are programs, and end.
    assert!(report.ran >= COUNT - COUNT / 20, "{report}: {:#?}", report.refusals);
}

#[test]
fn random_kernels_0() {
    part(0);
}

#[test]
fn random_kernels_1() {
    part(1);
}

#[test]
fn random_kernels_2() {
    part(2);
}

#[test]
fn random_kernels_3() {
    part(3);
}

/// Files of what was found say what there is to say: of kernels that fail, of scalars, of arrays in any layout.
#[test]
fn what_is_found_can_be_written_down() {
    let nothing = Checks { stages: false, cuda_form: false, judges: None, devices: Vec::new() };
    let mut seen = BTreeMap::new();
    for number in 0..400 {
        let case = generator::case(SEED, number);
        if !matches!(check(&case, &nothing), Verdict::Right { .. }) {
            continue;
        }
        let difference = Difference { place: "nowhere".into(), detail: String::new() };
        let found = Found { seed: SEED, number, case, difference };
        let text = regression::text(&found).unwrap_or_else(|| panic!("{found}\nis not written"));
        let expectations =
            regression::run("found.ir", &text, &nothing).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(expectations, 1, "{text}");
        let run = text.lines().find(|line| line.starts_with("; run @")).unwrap();
        let scalar = found.case.arguments.iter().any(|argument| argument.host_array().is_none());
        for (kind, is) in
            [("traps", run.contains(" traps #")), ("strides", run.contains(" strides (")), ("a scalar", scalar)]
        {
            *seen.entry(kind).or_insert(0) += is as u32;
        }
        // Another result, place or failure is noticed, where there is another place.
        let other = run.replace(" at 0 ", " at 1 ");
        if other != run && found.case.space.iter().product::<usize>() > 1 {
            assert!(regression::run("found.ir", &text.replace(run, &other), &nothing).is_err(), "{text}");
            *seen.entry("another place").or_insert(0) += 1;
        }
    }
    assert!(seen.len() == 4 && seen.values().all(|&count| count > 0), "{seen:?}");
}

#[test]
fn what_was_found_stays_right() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "ir"));
    paths.sort();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let checks = Checks { stages: true, cuda_form: true, judges: Some(ARCHITECTURES.to_vec()), devices: devices() };
        let count =
            regression::run(&path.display().to_string(), &text, &checks).unwrap_or_else(|error| panic!("{error}"));
        assert!(count > 0, "{} expects nothing", path.display());
    }
}
