//! Fuzzing with random whole functions: `fuzz --whole` (see [`crate::fuzz::whole`]).

use crate::fuzz::whole::check::{self, Checks, Verdict};
use crate::fuzz::whole::oracle::Oracle;
use crate::fuzz::whole::run;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

pub struct Options<'a> {
    pub seconds: u64,
    pub seed: u64,
    pub first: u64,
    pub count: u64,
    pub stages: bool,
    pub native: bool,
    pub print: bool,
    pub out: Option<&'a Path>,
    /// Checks this file alone.
    pub text: Option<&'a Path>,
}

/// An error: a file that cannot be read.
pub fn fuzz(options: &Options) -> Result<ExitCode, String> {
    let mut checks = Checks { oracle: Oracle::start(), stages: options.stages, native: options.native };
    if checks.oracle.is_none() {
        println!("there is no Python with NumPy here: the interpreter alone says what is right");
    }
    if let Some(path) = options.text {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let verdict = check::check(&text, &mut checks);
        println!("{verdict:?}");
        return Ok(if matches!(verdict, Verdict::Wrong { .. }) { ExitCode::FAILURE } else { ExitCode::SUCCESS });
    }
    let started = Instant::now();
    // What ends the process, or never comes back, is seen in this file.
    let current = std::env::temp_dir().join(format!("numbra-fuzz-{}.py", std::process::id()));
    let numbers = options.first..options.first.saturating_add(options.count);
    let time = Duration::from_secs(options.seconds);
    let report = run(options.seed, numbers, time, &mut checks, &mut |number, text, found| match found {
        None => {
            let _ = std::fs::write(&current, text);
            if options.print {
                println!("# case {number}\n{text}");
            }
        }
        Some(found) => {
            println!("\n{found}");
            let name: PathBuf = format!("whole_{}_{number}.py", options.seed).into();
            if let Some(folder) = options.out {
                println!("{}", super::fuzz::write(folder, &name.display().to_string(), &found.to_string()));
            }
        }
    });
    let _ = std::fs::remove_file(&current);
    let mut refused = report.refused.clone();
    refused.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
    for (message, times) in &refused {
        println!("refused {times} times: {message}");
    }
    println!("{report} in {:.0} s", started.elapsed().as_secs_f64());
    Ok(if report.found.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
