//! How fast a device runs kernels whose arrays are on it, for a comparison with other systems (`benches/gpu`): see [`USAGE`].
//!
//! One line of JSON for each case, as it is measured. `--divide`: so much smaller than usual, for a quick look.
//! `first` belongs alone into a process: it is the time from a kernel's text to its first result.

use super::{Arguments, open};
use numbra::array::HostArray;
use numbra::device::Device;
use numbra::front::types::Constant;
use numbra::{Error, Input, Kernel, KernelFile};
use numbra_runtime::DeviceArray;
use serde::Serialize;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A measurement takes at least so long, however short a call is.
const ROUND: Duration = Duration::from_millis(200);
/// Results that are given to the reader, at places that are evenly spread, but not at the start of a row.
const SAMPLES: usize = 8;

pub const USAGE: &str = "usage: checks bench [--device cpu] [--cases first,launch,f,saxpy,black_scholes,stencil] [--rounds 5] \
    [--divide 1]";

/// One case, measured. Seconds per call, one number for each round.
#[derive(Serialize)]
struct Measurement {
    case: String,
    device: String,
    elements: usize,
    seconds: Vec<f64>,
    /// The first call in this process: the kernel is compiled in it.
    first_call: f64,
    /// Results at evenly spread places.
    sample: Vec<f64>,
}

/// What is run.
struct Workload {
    text: &'static str,
    inputs: Vec<Input>,
    elements: usize,
}

/// An error: what is wrong with the arguments, the device that is not here, or the kernel that failed.
pub fn run(mut arguments: Arguments) -> Result<ExitCode, String> {
    let (mut name, mut rounds, mut divide) = ("cpu".to_string(), 5, 1);
    let mut cases = ["first", "launch", "f", "saxpy", "black_scholes", "stencil"].map(String::from).to_vec();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--device" => name = arguments.text(&argument)?,
            "--cases" => cases = arguments.list(&argument)?,
            "--rounds" => rounds = arguments.number(&argument)?,
            "--divide" => divide = arguments.number(&argument)?.max(1),
            other => return Err(format!("unknown option '{other}'\n{USAGE}")),
        }
    }
    let device = open(&name)?;
    for case in cases {
        let of_case = |error: Error| format!("{case} on {name}: {error}");
        let workload = workload(&case, divide as usize).map_err(of_case)?;
        let workload = workload.ok_or_else(|| format!("there is no case '{case}'"))?;
        let measured = measure(&case, workload, &device, rounds).map_err(of_case)?;
        println!("{}", serde_json::to_string(&measured).map_err(|error| error.to_string())?);
    }
    Ok(ExitCode::SUCCESS)
}

/// Kernels and sizes, the same as in `benches/gpu/programs.py`.
fn workload(case: &str, divide: usize) -> Result<Option<Workload>, Error> {
    const SAXPY: &str = "@vectorize(typing='exact')\ndef saxpy(a, x, y):\n    return a * x + y\n";
    let saxpy = |elements: usize| -> Result<Workload, Error> {
        let a = Input::Scalar(Constant::f32(2.5));
        let inputs = vec![a, floats32(&[elements], 1000, 0.0, 1.0)?, floats32(&[elements], 777, 0.0, 1.0)?];
        Ok(Workload { text: SAXPY, inputs, elements })
    };
    Ok(Some(match case {
        "first" | "launch" => saxpy(1024)?,
        "saxpy" => saxpy((1 << 26) / divide)?,
        "f" => {
            let size = 5000 / divide;
            let text = "@vectorize\ndef f(x, y):\n    return math.cos(x**2 + y**2) / (1 + x**2 + y**2)\n";
            let inputs = vec![floats(&[size, size], 1000, 0.0, 3.0)?, floats(&[size, size], 777, 0.0, 3.0)?];
            Workload { text, inputs, elements: size * size }
        }
        "black_scholes" => {
            let elements = (1 << 24) / divide;
            let inputs = vec![
                floats32(&[elements], 1000, 5.0, 30.0)?,
                floats32(&[elements], 777, 1.0, 100.0)?,
                floats32(&[elements], 333, 0.25, 10.0)?,
            ];
            Workload { text: BLACK_SCHOLES, inputs, elements }
        }
        "stencil" => {
            let size = 8192 / divide;
            let text = "@stencil(typing='exact')\ndef sweep(a):\n    return 0.25 * (a[0, 1] + a[1, 0] + a[0, -1] + a[-1, 0])\n";
            Workload { text, inputs: vec![floats32(&[size, size], 1000, 0.0, 1.0)?], elements: size * size }
        }
        _ => return Ok(None),
    }))
}

const BLACK_SCHOLES: &str = "
@vectorize(typing='exact')
def black_scholes(price, strike, years):
    spread = 0.3 * math.sqrt(years)
    d1 = (math.log(price / strike) + 0.065 * years) / spread
    d2 = d1 - spread
    normal1 = 0.5 + 0.5 * math.erf(d1 * 0.7071067811865476)
    normal2 = 0.5 + 0.5 * math.erf(d2 * 0.7071067811865476)
    return price * normal1 - strike * math.exp(-0.02 * years) * normal2
";

/// Element i is `low + (high - low) * (i % period + 1) / period`.
fn floats(shape: &[usize], period: usize, low: f64, high: f64) -> Result<Input, Error> {
    let values: Vec<f64> = (0..shape.iter().product()).map(|i| element(i, period, low, high)).collect();
    Ok(HostArray::from_slice(shape, &values)?.into())
}

fn floats32(shape: &[usize], period: usize, low: f64, high: f64) -> Result<Input, Error> {
    let values: Vec<f32> = (0..shape.iter().product()).map(|i| element(i, period, low, high) as f32).collect();
    Ok(HostArray::from_slice(shape, &values)?.into())
}

fn element(index: usize, period: usize, low: f64, high: f64) -> f64 {
    low + (high - low) * ((index % period + 1) as f64 / period as f64)
}

fn measure(case: &str, workload: Workload, device: &Arc<dyn Device>, rounds: u64) -> Result<Measurement, Error> {
    let Workload { text, inputs, elements } = workload;
    let inputs = on_device(&inputs, device)?;
    device.wait()?;
    let start = Instant::now();
    let program =
        KernelFile::parse("kernel.py", &format!("import math\nfrom numba import vectorize, stencil\n{text}"))?;
    let kernel = program.kernel(&program.kernels().pop().unwrap_or_default())?;
    let call = || match &kernel {
        Kernel::Vectorize(kernel) => kernel.call_on_device(device, &inputs),
        Kernel::Stencil(kernel) => kernel.step(device, &inputs),
    };
    let result = call()?.into_host()?;
    let first_call = start.elapsed().as_secs_f64();
    let values: Vec<f64> = result.view().iter().map(Constant::as_f64).collect();
    let sample = (0..SAMPLES).map(|place| values[values.len() * (2 * place + 1) / (2 * SAMPLES) + 17]).collect();
    let many = |calls: u32| -> Result<Duration, Error> {
        let start = Instant::now();
        for _ in 0..calls {
            call()?;
        }
        device.wait()?;
        Ok(start.elapsed())
    };
    let mut seconds = Vec::new();
    if case != "first" {
        let once = many(4)? / 4;
        let calls = (ROUND.as_secs_f64() / once.as_secs_f64().max(1e-7)).ceil().clamp(1.0, 20_000.0) as u32;
        for _ in 0..rounds {
            seconds.push(many(calls)?.as_secs_f64() / calls as f64);
        }
    }
    Ok(Measurement { case: case.to_string(), device: device.name().to_string(), elements, seconds, first_call, sample })
}

fn on_device(inputs: &[Input], device: &Arc<dyn Device>) -> Result<Vec<Input>, Error> {
    inputs
        .iter()
        .map(|input| match input {
            Input::Host(array) => Ok(Input::Device(DeviceArray::from_host(device, array)?)),
            other => Ok(other.clone()),
        })
        .collect()
}
