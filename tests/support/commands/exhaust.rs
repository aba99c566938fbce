//! A function of one float32 at all 2**32 arguments, against the same function of float64: see [`USAGE`].
//!
//! Says the largest distance in ULP, of which the float64 function's own error is a billionth part, and where it is. An ULP
//! is the last place of the result, or with `--floor 1` of 1 if that is more. NaNs and infinities must be where float64 has
//! them. Fails if the distance is larger than `--most`.

use super::{Arguments, open};
use numbra::array::HostArray;
use numbra::device::Device;
use numbra::{Input, Kernel, KernelFile};
use std::process::ExitCode;
use std::sync::Arc;

pub const USAGE: &str =
    "usage: checks exhaust --function 'math.gamma(a)' --most 2 [--floor 1] [--device cpu] [--step 1]";

/// Arguments of one call.
const CHUNK: u64 = 1 << 20;

struct Options {
    function: String,
    most: f64,
    floor: f64,
    device: String,
    /// Only every so manieth argument.
    step: u64,
}

/// The largest distance so far.
struct Worst {
    ulps: f64,
    at: f32,
}

/// An error: what is wrong with the arguments or the kernel.
pub fn run(arguments: Arguments) -> Result<ExitCode, String> {
    let options = options(arguments)?;
    let device = open(&options.device)?;
    let kernels = [kernel(&options.function, "float32")?, kernel(&options.function, "float64")?];
    let mut worst = Worst { ulps: 0.0, at: 0.0 };
    for start in (0..1u64 << 32).step_by((CHUNK * options.step) as usize) {
        let bits = (0..CHUNK).map(|place| start + place * options.step).take_while(|bits| bits >> 32 == 0);
        let narrow: Vec<f32> = bits.map(|bits| f32::from_bits(bits as u32)).collect();
        let wide: Vec<f64> = narrow.iter().map(|&x| x as f64).collect();
        let got = call(&kernels[0], &device, array(&narrow)?)?;
        let expected = call(&kernels[1], &device, array(&wide)?)?;
        let (Some(got), Some(expected)) = (got.as_slice::<f32>(), expected.as_slice::<f64>()) else {
            return Err("the function of float32 is not float32".into());
        };
        for ((&x, &got), &expected) in narrow.iter().zip(got).zip(expected) {
            let ulps = distance(got, expected, options.floor);
            if ulps > worst.ulps || ulps.is_nan() {
                worst = Worst { ulps, at: x };
            }
        }
        if worst.ulps.is_nan() {
            break;
        }
    }
    let Worst { ulps, at } = worst;
    println!("{} on {}: {ulps:.4} ULP at most, at {at:e} ({:#x})", options.function, device.name(), at.to_bits());
    Ok(if ulps <= options.most { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// In ULP of the expected result; NaN where one of the two is no number and the other one is.
fn distance(got: f32, expected: f64, floor: f64) -> f64 {
    if got as f64 == expected || got.is_nan() && expected.is_nan() {
        return 0.0;
    }
    // Beyond the largest float32 by half an ULP is infinity.
    let top = 2f64.powi(128);
    let got = if got.is_infinite() { top.copysign(got as f64) } else { got as f64 };
    let expected = expected.clamp(-top, top);
    let size = expected.abs().max(floor).max(f32::MIN_POSITIVE as f64);
    let exponent = (size.to_bits() >> 52) as i32 - 1023;
    (got - expected).abs() / 2f64.powi(exponent.min(127) - 23)
}

fn kernel(function: &str, dtype: &str) -> Result<Kernel, String> {
    let imports = "import math\nimport numpy as np\nfrom numba import vectorize\n";
    let text =
        format!("{imports}\n@vectorize(['{dtype}({dtype})'], typing='exact')\ndef f(a):\n    return {function}\n");
    KernelFile::parse(function, &text).and_then(|program| program.kernel("f")).map_err(|error| error.to_string())
}

fn array<T: numbra::array::Element>(elements: &[T]) -> Result<HostArray, String> {
    HostArray::from_slice(&[elements.len()], elements).map_err(|error| error.to_string())
}

fn call(kernel: &Kernel, device: &Arc<dyn Device>, argument: HostArray) -> Result<HostArray, String> {
    match kernel {
        Kernel::Vectorize(kernel) => kernel.call(device, &[Input::from(argument)]).map_err(|error| error.to_string()),
        Kernel::Stencil(_) => Err("the kernel is a stencil".into()),
    }
}

fn options(mut arguments: Arguments) -> Result<Options, String> {
    let mut options = Options { function: String::new(), most: 1.0, floor: 0.0, device: "cpu".into(), step: 1 };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--function" => options.function = arguments.text(&argument)?,
            "--most" => options.most = arguments.number(&argument)? as f64,
            "--floor" => options.floor = arguments.number(&argument)? as f64,
            "--device" => options.device = arguments.text(&argument)?,
            "--step" => options.step = arguments.number(&argument)?.max(1),
            other => return Err(format!("unknown option '{other}'\n{USAGE}")),
        }
    }
    if options.function.is_empty() { Err(USAGE.into()) } else { Ok(options) }
}
