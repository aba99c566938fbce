//! Checks and measurements of devices, in one program that `tools/gpu-check` carries to other machines:
//!
//! ```text
//! checks conformance --devices cuda,vulkan --data FOLDER
//! checks fuzz --devices cuda --seconds 120 ...
//! checks bench --device cuda ...
//! checks exhaust --function 'math.gamma(a)' --most 2
//! ```

use numbra_tests::commands::{self, Arguments, bench, conformance, exhaust, fuzz};
use std::process::ExitCode;

fn main() -> ExitCode {
    let rest = Arguments::of_process(2);
    commands::exit(match std::env::args().nth(1).as_deref() {
        Some("conformance") => conformance::run(rest),
        Some("fuzz") => fuzz::run(rest),
        Some("bench") => bench::run(rest),
        Some("exhaust") => exhaust::run(rest),
        other => Err(format!("'{}' is none of conformance, fuzz, bench, exhaust", other.unwrap_or_default())),
    })
}
