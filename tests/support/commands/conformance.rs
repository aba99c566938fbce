//! Every device named, against the interpreter and the conformance data: see [`USAGE`].
//!
//! One line for each check, as it is made, and last `N passed, N failed`. A device that is not here is a failed check.
//! `--data`: the folder with `conformance` and `regressions` in it.

use super::{Arguments, open};
use crate::fuzz::check::Checks;
use crate::fuzz::regression;
use crate::kernels::{Case, GROUPS};
use crate::panics::caught;
use crate::tables::{self, Table};
use numbra::device::Device;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Lines of one check's message that are shown.
const LINES: usize = 12;

pub const USAGE: &str = "usage: checks conformance [--devices cpu,parallel,vulkan] [--data FOLDER] \
    [--only tables,kernels,regressions]";

struct Options {
    devices: Vec<String>,
    data: PathBuf,
    only: Vec<String>,
}

#[derive(Default)]
struct Count {
    passed: u64,
    failed: u64,
}

/// An error: what is wrong with the arguments or the data.
pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    let options = options(arguments)?;
    let wanted = |part: &str| options.only.is_empty() || options.only.iter().any(|only| only == part);
    let files = tables::files(&options.data.join("conformance"))?;
    let regressions = regressions(&options.data.join("regressions"))?;
    let mut count = Count::default();
    for name in &options.devices {
        let mut device = None;
        count.check(&format!("device {name}"), || open(name).map(|opened| device = Some(opened)));
        let Some(device) = device else { continue };
        println!("{}: {}", device.name(), device.description());
        let on = |what: &str| format!("{what} on {}", device.name());
        for path in files.iter().filter(|_| wanted("tables")) {
            count.check(&on(&format!("table {}", stem(path))), || table(path, &device));
        }
        for (group, cases) in GROUPS.iter().filter(|_| wanted("kernels")) {
            count.check(&on(&format!("kernels {group}")), || cases().iter().try_for_each(|case| kernel(case, &device)));
        }
        for path in regressions.iter().filter(|_| wanted("regressions")) {
            count.check(&on(&format!("regression {}", stem(path))), || regression(path, &device));
        }
    }
    println!("{} passed, {} failed", count.passed, count.failed);
    Ok(if count.failed == 0 && count.passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn options(mut arguments: Arguments) -> Result<Options, String> {
    let mut options = Options {
        devices: ["cpu", "parallel", "vulkan"].map(String::from).to_vec(),
        data: env!("CARGO_MANIFEST_DIR").into(),
        only: Vec::new(),
    };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--devices" => options.devices = arguments.list(&argument)?,
            "--data" => options.data = arguments.text(&argument)?.into(),
            "--only" => options.only = arguments.list(&argument)?,
            other => return Err(format!("unknown option '{other}'\n{USAGE}")),
        }
    }
    let unknown = options.only.iter().find(|part| !matches!(part.as_str(), "tables" | "kernels" | "regressions"));
    match unknown {
        Some(part) => Err(format!("--only: '{part}' is none of tables, kernels, regressions")),
        None => Ok(options),
    }
}

impl Count {
    /// Makes a check and says what came of it. What it is called is written before: it may end the process.
    fn check(&mut self, what: &str, check: impl FnOnce() -> Result<(), String>) {
        print!("{what} ... ");
        let _ = std::io::stdout().flush();
        match caught(check).and_then(|result| result) {
            Ok(()) => {
                self.passed += 1;
                println!("ok");
            }
            Err(message) => {
                self.failed += 1;
                println!("FAILED");
                let lines: Vec<&str> = message.lines().collect();
                lines.iter().take(LINES).for_each(|line| println!("    {line}"));
                if lines.len() > LINES {
                    println!("    ({} more lines)", lines.len() - LINES);
                }
            }
        }
    }
}

fn table(path: &Path, device: &Arc<dyn Device>) -> Result<(), String> {
    let wrong = Table::read(path)?.check(device)?;
    if wrong.is_empty() { Ok(()) } else { Err(format!("{} wrong\n{}", wrong.len(), wrong.join("\n"))) }
}

fn kernel(case: &Case, device: &Arc<dyn Device>) -> Result<(), String> {
    let kernel = case.kernel().map_err(|error| error.to_string())?;
    let expected = case.expected(&kernel).map_err(|error| error.to_string())?;
    let got = case.call(&kernel, device).map_err(|error| error.to_string())?;
    let difference = case.difference(device, &got, &expected);
    difference.map_or(Ok(()), |difference| Err(format!("{difference}\n{}", case.text())))
}

fn regression(path: &Path, device: &Arc<dyn Device>) -> Result<(), String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let checks = Checks { stages: false, cuda_form: false, judges: None, devices: vec![device.clone()] };
    match regression::run(&stem(path), &text, &checks)? {
        0 => Err("the file expects nothing".into()),
        _ => Ok(()),
    }
}

/// The IR texts of the folder, by name.
fn regressions(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "ir"));
    paths.sort();
    if paths.is_empty() { Err(format!("{} has no IR texts", folder.display())) } else { Ok(paths) }
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
