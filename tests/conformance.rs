//! The conformance data: every function of the prelude at chosen arguments, on every device, against correctly rounded
//! results. And the devices against each other: interpreter and CPUs have the same bits.

use numbra_tests::tables::{Table, files};
use std::path::Path;

/// Runs all files on a device.
fn check(device: &str) {
    let device = numbra_tests::open(device);
    let mut wrong = Vec::new();
    for path in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance")).unwrap() {
        let table = Table::read(&path).unwrap();
        wrong.extend(table.check(&device).unwrap_or_else(|error| panic!("{}: {error}", path.display())));
    }
    assert!(wrong.is_empty(), "{}: {} wrong\n{}", device.name(), wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
}

#[test]
fn interp() {
    check("interp");
}

#[test]
fn cpu() {
    check("cpu");
}

#[test]
fn parallel() {
    check("parallel");
}

#[test]
fn vulkan() {
    check("vulkan");
}
