//! The programs in examples/ run on every device and say what they should.

use std::process::Command;

/// Runs an example. `cargo test` builds examples before tests run; so does `cargo build --examples`.
fn run(name: &str, device: &str) -> String {
    let tests = std::env::current_exe().unwrap();
    let program =
        tests.parent().unwrap().with_file_name("examples").join(name).with_extension(std::env::consts::EXE_EXTENSION);
    let output = Command::new(&program).arg(device).env_remove("NUMBRA_TARGET").output();
    let output =
        output.unwrap_or_else(|error| panic!("{}: {error}; build it: cargo build --examples", program.display()));
    assert!(output.status.success(), "{name} on {device}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn they_run() {
    for device in super::devices() {
        let device = device.name();
        let text = run("vectorize", device);
        assert!(text.contains("strike 80: at most 37.94") && text.contains(device), "{text}");
        let text = run("heat", device);
        assert!(text.contains(&format!("% is left on {device}")) && text.contains('@'), "{text}");
        let text = run("chain", device);
        assert!(text.contains("after 100 steps"), "{text}");
    }
}

#[test]
fn they_say_what_is_wrong() {
    let tests = std::env::current_exe().unwrap();
    let program =
        tests.parent().unwrap().with_file_name("examples").join("heat").with_extension(std::env::consts::EXE_EXTENSION);
    let output = Command::new(program).arg("abacus").env_remove("NUMBRA_TARGET").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("abacus"));
}
