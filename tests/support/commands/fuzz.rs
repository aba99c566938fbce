//! Fuzzing with random kernels for as long as you like: see [`USAGE`].
//!
//! Says how many kernels ran and shows what it found, shrunk; what IR can show is written to the folder `--out` as a
//! regression file (`tests/regressions` runs them). `--first N --count 1 --print` shows and runs one case. The cases run
//! in a process of their own ([`crate::fuzz::child`]): one that takes more than `--patience` seconds is given up, written down as
//! text, and the run goes on with the next.

use super::{Arguments, devices, fuzz_whole};
use crate::fuzz::check::Checks;
use crate::fuzz::child::{self, Child};
use crate::fuzz::tree::Case;
use crate::fuzz::{Event, Extent, Found, Report, regression};
use crate::lowerings::ARCHITECTURES;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

pub const USAGE: &str = "usage: fuzz [--seconds 60] [--seed 1] [--devices interp,cpu,parallel,vulkan] \
    [--first N] [--count N] [--judged 20] [--no-stages] [--no-cuda-form] [--print] [--out FOLDER] [--told 60] [--patience 120]\n\
    whole functions: fuzz --whole [--seconds 60] [--seed 1] [--devices cpu] [--first N] [--count N] [--no-stages] [--print] \
    [--out FOLDER] [--text FILE]";

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
    /// Seconds that a case may take.
    patience: u64,
    /// This is the process for the cases.
    serve: bool,
    /// Whole functions in place of kernels.
    whole: bool,
    /// A whole function to check alone.
    text: Option<PathBuf>,
}

/// What tells a process to be one.
const SERVE: &str = "--serve";

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
        patience: 120,
        serve: false,
        whole: false,
        text: None,
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
            "--patience" => options.patience = arguments.number(&argument)?.max(1),
            SERVE => options.serve = true,
            "--devices" => options.devices = arguments.list(&argument)?,
            "--out" => options.out = Some(arguments.text(&argument)?.into()),
            "--whole" => options.whole = true,
            "--text" => options.text = Some(arguments.text(&argument)?.into()),
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
    if options.whole {
        return fuzz_whole::fuzz(&fuzz_whole::Options {
            seconds: options.seconds,
            seed: options.seed,
            first: options.first,
            count: options.count,
            stages: options.stages,
            native: options.devices.iter().any(|device| device == "cpu"),
            print: options.print,
            out: options.out.as_deref(),
            text: options.text.as_deref(),
        });
    }
    let checks = Checks {
        stages: options.stages,
        cuda_form: options.cuda_form,
        judges: (options.judged > 0).then(|| ARCHITECTURES.to_vec()),
        devices: devices(&options.devices)?,
    };
    if options.serve {
        child::serve(options.seed, &checks, &mut |number, case, difference| {
            let found = Found { seed: options.seed, number, case, difference };
            let written = options.out.as_ref().map(|folder| write_down(&found, folder)).unwrap_or_default();
            format!("{found}{written}")
        });
        return Ok(ExitCode::SUCCESS);
    }
    let program = std::env::current_exe().map_err(|error| format!("this program is not found: {error}"))?;
    let command = move || {
        let mut command = Command::new(&program);
        command.args(std::env::args().skip(1)).arg(SERVE);
        command
    };
    let mut checker = Child::new(command, Duration::from_secs(options.patience));
    // Devices are opened by the process that uses them; that they are here is known.
    drop(checks);
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
    let report = crate::fuzz::run(options.seed, extent, &mut checker, &mut |event, report| match event {
        Event::Case(number, case) => {
            let text = shown(options.seed, number, case);
            if options.print {
                println!("{text}");
            }
            let _ = std::fs::write(&current, text);
            if told.elapsed() >= Duration::from_secs(options.told) {
                told = Instant::now();
                tell(started, report);
            }
        }
        // The other process has shown it.
        Event::Found(_) => {}
        Event::Hung(number, case, seconds) => {
            let text = shown(options.seed, number, case);
            println!("\ncase {number} did not come back in {seconds} s\n{text}");
            if let Some(folder) = &options.out {
                println!("{}", write(folder, &format!("seed_{}_case_{number}_hangs.py", options.seed), &text));
            }
        }
    });
    let _ = std::fs::remove_file(&current);
    for (message, times) in &report.refusals {
        println!("refused {times} times: {message}");
    }
    println!("{report} in {:.0} s", started.elapsed().as_secs_f64());
    let well = report.found.is_empty() && report.hung.is_empty();
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A case for people.
fn shown(seed: u64, number: u64, case: &Case) -> String {
    format!("# seed {seed} case {number}\n{}\n# {:?} {:?}\n", case.text(), case.arguments, case.space)
}

fn tell(started: Instant, report: &Report) {
    println!("{} s: {report}", started.elapsed().as_secs());
}

/// What IR can show becomes a file. Says what came of that.
fn write_down(found: &Found, folder: &Path) -> String {
    let name = format!("seed_{}_case_{}.ir", found.seed, found.number);
    regression::text(found).map(|text| format!("\n{}", write(folder, &name, &text))).unwrap_or_default()
}

/// Says where it was written.
pub(super) fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    match std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, text)) {
        Ok(()) => format!("written to {}", path.display()),
        Err(error) => format!("{}: {error}", path.display()),
    }
}
