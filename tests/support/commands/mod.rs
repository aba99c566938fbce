//! What programs made of these checks do: `tests/bin`.

pub mod bench;
pub mod conformance;
pub mod exhaust;
pub mod fuzz;
mod fuzz_whole;

use numbra::device::{self, Device};
use std::iter::Skip;
use std::process::ExitCode;
use std::sync::Arc;

/// The arguments of a command that are still to be read.
pub struct Arguments(Skip<std::env::Args>);

impl Arguments {
    /// Those of this process, without the first `skipped`.
    pub fn of_process(skipped: usize) -> Arguments {
        Arguments(std::env::args().skip(skipped))
    }

    /// The value of an option.
    pub fn text(&mut self, option: &str) -> Result<String, String> {
        self.0.next().ok_or(format!("{option} needs a value"))
    }

    pub fn number(&mut self, option: &str) -> Result<u64, String> {
        let text = self.text(option)?;
        text.parse().map_err(|_| format!("{option}: '{text}' is no number"))
    }

    /// Names with commas between them.
    pub fn list(&mut self, option: &str) -> Result<Vec<String>, String> {
        Ok(self.text(option)?.split(',').filter(|name| !name.is_empty()).map(String::from).collect())
    }
}

impl Iterator for Arguments {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        self.0.next()
    }
}

/// The devices of these names. The error says which one is not here, and why.
pub fn devices(names: &[String]) -> Result<Vec<Arc<dyn Device>>, String> {
    names.iter().map(|name| open(name)).collect()
}

/// The device of that name, ready to be used.
pub fn open(name: &str) -> Result<Arc<dyn Device>, String> {
    let device = name
        .parse()
        .map_err(numbra::Error::from)
        .and_then(device::open)
        .and_then(|device| device.ready().map(|()| device));
    device.map_err(|error| format!("the device '{name}': {error}"))
}

/// What a command returns to the system; says what is wrong.
pub fn exit(result: Result<ExitCode, String>) -> ExitCode {
    result.unwrap_or_else(|message| {
        eprintln!("{message}");
        // Not the status of checks that failed.
        ExitCode::from(2)
    })
}
