//! The command `numbra`.

mod arguments;
mod compile;
mod demo;
mod devices;
mod failure;
mod literal;
mod load;
mod picture;
mod progress;
mod run;

use arguments::Command;
use std::process::ExitCode;

fn main() -> ExitCode {
    // Deep kernels recurse deeply in the compiler; the main thread's stack may be small.
    let worker = std::thread::Builder::new().stack_size(256 << 20).spawn(|| {
        let outcome = match arguments::parse().command {
            Command::Devices => devices::run(),
            Command::Run(arguments) => run::run(&arguments),
            Command::Compile(arguments) => compile::run(&arguments),
            Command::Demo(arguments) => demo::run(&arguments),
        };
        match outcome {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                eprintln!("{failure}");
                ExitCode::FAILURE
            }
        }
    });
    match worker.map(|worker| worker.join()) {
        Ok(Ok(code)) => code,
        Ok(Err(_)) => {
            eprintln!("error: internal error of numbra, please report it with the message above");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: no thread could be started: {error}");
            ExitCode::FAILURE
        }
    }
}
