//! Fuzzing with random kernels for as long as you like:
//!
//! ```text
//! cargo run -p numbra-tests --bin fuzz -- [--seconds 60] [--seed 1] [--devices interp,cpu,parallel,vulkan]
//!     [--first N] [--count N] [--judged 20] [--no-stages] [--no-cuda-form] [--print] [--out FOLDER]
//! ```
//! Says how many kernels ran and shows what it found, shrunk; what IR can show is written to the folder `--out` as a
//! regression file (`tests/regressions` runs them). `--first N --count 1 --print` shows and runs one case.

use numbra_tests::fuzz::check::Checks;
use numbra_tests::fuzz::{Event, Extent, Found, regression, run};
use numbra_tests::open;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

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
}

fn options() -> Result<Options, String> {
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
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut text = || arguments.next().ok_or(format!("{argument} needs a value"));
        let number = |text: String| text.parse::<u64>().map_err(|_| format!("'{text}' is no number"));
        match argument.as_str() {
            "--seconds" => options.seconds = number(text()?)?,
            "--seed" => options.seed = number(text()?)?,
            "--first" => options.first = number(text()?)?,
            "--count" => options.count = number(text()?)?,
            "--judged" => options.judged = number(text()?)?,
            "--devices" => options.devices = text()?.split(',').filter(|name| !name.is_empty()).map(String::from).collect(),
            "--out" => options.out = Some(text()?.into()),
            "--no-stages" => options.stages = false,
            "--no-cuda-form" => options.cuda_form = false,
            "--print" => options.print = true,
            other => return Err(format!("unknown option '{other}'")),
        }
    }
    Ok(options)
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::FAILURE;
        }
    };
    let checks = Checks {
        stages: options.stages,
        cuda_form: options.cuda_form,
        judges: options.judged > 0,
        devices: options.devices.iter().map(|name| open(name)).collect(),
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
    let report = run(options.seed, extent, &checks, &mut |event, report| match event {
        Event::Case(number, case) => {
            let text = format!("# seed {} case {number}\n{}\n# {:?} {:?}\n", options.seed, case.text(), case.arguments, case.space);
            if options.print {
                println!("{text}");
            }
            let _ = std::fs::write(&current, text);
            if told.elapsed() > Duration::from_secs(60) {
                told = Instant::now();
                println!("{} s: {report}", started.elapsed().as_secs());
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
    if report.found.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
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
