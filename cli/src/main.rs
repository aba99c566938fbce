//! The command `numbra`.

mod arguments;
mod compile;
mod demo;
mod devices;
mod failure;
mod function;
mod literal;
mod load;
mod output;
mod picture;
mod progress;
mod run;

use arguments::Command;
use std::process::ExitCode;

fn main() -> ExitCode {
    quiet_vulkan();
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

/// Mesa's Vulkan layer that chooses devices for desktops complains on standard error where there is no desktop.
fn quiet_vulkan() {
    let desktop = std::env::var_os("XDG_RUNTIME_DIR").is_some_and(|folder| std::path::Path::new(&folder).is_dir());
    if !desktop && std::env::var_os("NODEVICE_SELECT").is_none() {
        // SAFETY: no other thread has been started that could read the environment.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
}
