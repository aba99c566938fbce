//! The programs in examples/ run on every device and say what they should.

use std::path::PathBuf;
use std::process::{Command, Output};

const ANEW: &str = "an old build? 'cargo test' without '--test' builds examples anew";

/// Runs an example. `cargo test` builds examples before tests run, with the features of the tests; with `--test` it does not.
fn run(name: &str, device: &str, target: Option<&str>) -> Output {
    let tests = std::env::current_exe().unwrap();
    let mut program: PathBuf = tests.parent().unwrap().with_file_name("examples").join(name);
    program.set_extension(std::env::consts::EXE_EXTENSION);
    let mut command = Command::new(&program);
    command.arg(device).env_remove("NUMBRA_TARGET").envs(target.map(|target| ("NUMBRA_TARGET", target)));
    command.output().unwrap_or_else(|error| panic!("{}: {error}; {ANEW}", program.display()))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn they_run() {
    for device in super::devices() {
        let device = device.name();
        let said = |name: &str| {
            let output = run(name, device, None);
            assert!(output.status.success(), "{name} on {device}: {}\n{ANEW}", text(&output.stderr));
            text(&output.stdout)
        };
        let vectorize = said("vectorize");
        assert!(vectorize.contains("strike 80: at most 37.94") && vectorize.contains(device), "{vectorize}");
        let heat = said("heat");
        assert!(heat.contains(&format!("% is left on {device}")) && heat.contains('@'), "{heat}");
        let chain = said("chain");
        assert!(chain.contains("after 100 steps"), "{chain}");
    }
}

#[test]
fn the_environment_chooses_where_the_program_does_not() {
    let output = run("heat", "auto", Some("interp"));
    assert!(text(&output.stdout).contains("is left on interp"), "{output:?}");
    let output = run("heat", "auto", Some("abacus"));
    assert!(text(&output.stderr).contains("NUMBRA_TARGET: there is no device called 'abacus'"), "{output:?}");
    // A device that is asked for by its name is that device.
    for (device, target) in [("interp", "vulkan"), ("vulkan", "interp"), ("interp", "abacus")] {
        let output = run("heat", device, Some(target));
        assert!(text(&output.stdout).contains(&format!("is left on {device}")), "{output:?}");
    }
}

/// This build has the interpreter and, in the tests, software Vulkan.
#[cfg(not(feature = "llvm"))]
#[test]
fn the_interpreter_says_that_it_is_slow_once() {
    let output = run("chain", "auto", None);
    let told = text(&output.stderr);
    let quiet = told.matches("warning: numbra found no GPU in hardware").count() == 1;
    assert!(quiet && told.contains("feature 'llvm'") && told.contains("vulkan"), "{told}");
    assert_eq!(text(&run("chain", "auto", Some("interp")).stderr), "");
    assert_eq!(text(&run("chain", "interp", None).stderr), "");
}

#[test]
fn they_say_what_is_wrong() {
    let output = run("heat", "abacus", None);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("abacus"), "{output:?}");
}
