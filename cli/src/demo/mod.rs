//! The demo: four programs on every device that is here, one table, and pictures.

mod programs;

use crate::arguments::Demo;
use crate::failure::Failure;
use crate::output;
use crate::progress::Progress;
use numbra::device::{self, Device, DeviceName};
use programs::{Demonstration, Outcome};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A row of the table.
struct Row {
    program: &'static str,
    device: String,
    first: Duration,
    next: Option<Duration>,
    difference: f64,
}

pub fn run(options: &Demo) -> Result<(), Failure> {
    std::fs::create_dir_all(&options.out).map_err(|error| Failure::file(&options.out, &error))?;
    let devices = devices(&options.device)?;
    let mut rows = Vec::new();
    for program in programs::all(options.quick) {
        for device in &devices {
            eprintln!("{} on {}", program.name(), device.name());
            rows.push(measure(program.as_ref(), device, &options.out)?);
        }
    }
    output::bytes(table(&rows).as_bytes())?;
    output::line(format_args!("pictures: {}", options.out.display()))?;
    let wrong: Vec<&Row> = rows.iter().filter(|row| row.difference.is_nan() || row.difference > 1e-3).collect();
    match wrong.first() {
        None => Ok(()),
        Some(row) => Err(Failure::message(format!("{} on {} differs from its reference", row.program, row.device))),
    }
}

fn devices(only: &[DeviceName]) -> Result<Vec<Arc<dyn Device>>, Failure> {
    if !only.is_empty() {
        return Ok(only.iter().map(|&name| device::open(name)).collect::<Result<_, _>>()?);
    }
    let mut devices = Vec::new();
    for (name, device) in device::list() {
        match device {
            Ok(device) => devices.push(device),
            Err(error) => eprintln!("not on {name}: {}", error.to_string().lines().next().unwrap_or_default()),
        }
    }
    Ok(devices)
}

fn measure(program: &dyn Demonstration, device: &Arc<dyn Device>, out: &Path) -> Result<Row, Failure> {
    let interpreted = device.name() == "interp";
    let mut times = Vec::new();
    let mut kernel = None;
    let mut last: Option<Outcome> = None;
    // Made before the clock runs.
    let inputs = program.inputs(interpreted)?;
    // As many calls as a few seconds allow; at least one after the first, except on the interpreter.
    let begin = Instant::now();
    let most = if interpreted { 1 } else { 6 };
    while times.len() < most && (times.len() < 2 || begin.elapsed() < Duration::from_secs(8)) {
        // The result before is given back first, as a loop that reuses a name does.
        drop(last.take());
        let mut progress =
            Progress::new(format!("{} on {}", program.name(), device.name()), program.steps(interpreted));
        let start = Instant::now();
        // The first call begins with the kernel's text.
        let kernel = match &kernel {
            Some(kernel) => kernel,
            None => kernel.insert(program.kernel()?),
        };
        let outcome = program.run(kernel, device, &inputs, &mut |done| progress.at(done))?;
        times.push(start.elapsed());
        last = Some(outcome);
    }
    let outcome = last.ok_or_else(|| Failure::message("the demo ran nothing"))?;
    let difference = program.difference(&outcome);
    program.picture(&outcome, &device.name().replace(':', ""), out)?;
    let first = times.remove(0);
    times.sort();
    Ok(Row {
        program: program.name(),
        device: device.name().to_string(),
        first,
        next: times.get(times.len() / 2).copied(),
        difference,
    })
}

fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| program | device | first call | median of the next | largest difference |\n|---|---|---:|---:|---:|\n",
    );
    for row in rows {
        let next = row.next.map_or("-".into(), milliseconds);
        let first = milliseconds(row.first);
        text += &format!("| {} | {} | {first} | {next} | {:.1e} |\n", row.program, row.device, row.difference);
    }
    text
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}
