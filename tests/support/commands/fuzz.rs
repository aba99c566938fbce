//! Fuzzing with random kernels for as long as you like: see [`USAGE`].
//!
//! Says how many kernels ran and shows what it found, shrunk; what IR can show is written to the folder `--out` as a
//! regression file (`tests/regressions` runs them). `--first N --count 1 --print` shows and runs one case.

use super::{Arguments, devices};
use crate::fuzz::check::Checks;
use crate::fuzz::{Event, Extent, Found, Report, regression};
use crate::lowerings::ARCHITECTURES;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

pub const USAGE: &str = "usage: fuzz [--seconds 60] [--seed 1] [--devices interp,cpu,parallel,vulkan] \
    [--first N] [--count N] [--judged 20] [--no-stages] [--no-cuda-form] [--print] [--out FOLDER] [--told 60]";

struct Options {
    seconds: u64,
    seed: u64,
    devices: Vec<String>,
    first: u64,
    count: u64,
    judged: u64,
    stages: bool,
    cuda_form: bool,
    print: bool,
    out: Option<PathBuf>,
    /// Seconds from one line that says how far it is to the next.
    told: u64,
}

fn options(arguments: Arguments) -> Result<Options, String> {
    let mut options = Options {
        seconds: 60,
        seed: 1,
        devices: ["interp", "cpu", "parallel", "vulkan"].map(String::from).to_vec(),
        first: 0,
        count: u64::MAX,
        judged: 20,
        stages: true,
        cuda_form: true,
        print: false,
        out: None,
        told: 60,
    };
    let mut arguments = arguments;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--seconds" => options.seconds = arguments.number(&argument)?,
            "--seed" => options.seed = arguments.number(&argument)?,
            "--first" => options.first = arguments.number(&argument)?,
            "--count" => options.count = arguments.number(&argument)?,
            "--judged" => options.judged = arguments.number(&argument)?,
            "--told" => options.told = arguments.number(&argument)?,
            "--devices" => options.devices = arguments.list(&argument)?,
            "--out" => options.out = Some(arguments.text(&argument)?.into()),
            "--no-stages" => options.stages = false,
            "--no-cuda-form" => options.cuda_form = false,
            "--print" => options.print = true,
            other => return Err(format!("unknown option '{other}'\n{USAGE}")),
        }
    }
    Ok(options)
}

/// An error: what is wrong with the arguments, or a device that is not here.
pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    let options = options(arguments)?;
    let checks = Checks {
        stages: options.stages,
        cuda_form: options.cuda_form,
        judges: (options.judged > 0).then(|| ARCHITECTURES.to_vec()),
        devices: devices(&options.devices)?,
    };
    let extent = Extent {
        first: options.first,
        count: options.count,
        time: Duration::from_secs(options.seconds),
        judged: options.judged,
        most_found: 20,
    };
    let started = Instant::now();
    // What ends the process is seen in this file.
    let current = std::env::temp_dir().join(format!("numbra-fuzz-{}.py", std::process::id()));
    let mut told = started;
    let report = crate::fuzz::run(options.seed, extent, &checks, &mut |event, report| match event {
        Event::Case(number, case) => {
            let text = format!(
                "# seed {} case {number}\n{}\n# {:?} {:?}\n",
                options.seed,
                case.text(),
                case.arguments,
                case.space
            );
            if options.print {
                println!("{text}");
            }
            let _ = std::fs::write(&current, text);
            if told.elapsed() >= Duration::from_secs(options.told) {
                told = Instant::now();
                tell(started, report);
            }
        }
        Event::Found(found) => {
            println!("\n{found}");
            if let Some(folder) = &options.out {
                write_down(found, folder);
            }
        }
    });
    let _ = std::fs::remove_file(&current);
    for (message, times) in &report.refusals {
        println!("refused {times} times: {message}");
    }
    println!("{report} in {:.0} s", started.elapsed().as_secs_f64());
    Ok(if report.found.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell(started: Instant, report: &Report) {
    println!("{} s: {report}", started.elapsed().as_secs());
}

/// What IR can show becomes a file.
fn write_down(found: &Found, folder: &Path) {
    let Some(text) = regression::text(found) else { return };
    let path = folder.join(format!("seed_{}_case_{}.ir", found.seed, found.number));
    match std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, text)) {
        Ok(()) => println!("written to {}", path.display()),
        Err(error) => eprintln!("{}: {error}", path.display()),
    }
}
