//! Fuzzing with random kernels: see `numbra_tests::commands::fuzz`.

use numbra_tests::commands;
use std::process::ExitCode;

fn main() -> ExitCode {
    commands::exit(commands::fuzz::run(commands::Arguments::of_process(1)))
}
