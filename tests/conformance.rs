//! The conformance data: every function of the prelude at chosen arguments, on every device, against correctly rounded
//! results. And the devices against each other: interpreter and CPUs have the same bits.

use numbra::array::HostArray;
use numbra::device::Device;
use numbra::front::types::ScalarType;
use numbra::{Input, Kernel, Program};
use numbra_tests::compare::{bits, distance, is_subnormal};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Deserialize)]
struct Data {
    function: String,
    dtype: String,
    max_ulp: u64,
    a: Vec<String>,
    #[serde(default)]
    b: Vec<String>,
    expected: Vec<String>,
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    assert!(files.len() >= 50, "conformance data for every function of the prelude in both types");
    files
}

fn kernel(data: &Data) -> Kernel {
    let (parameters, expression) = match data.function.as_str() {
        "floordiv" => ("a, b", "a // b".to_string()),
        "mod" => ("a, b", "a % b".to_string()),
        "pow" => ("a, b", "a ** b".to_string()),
        "fmod" => ("a, b", "math.fmod(a, b)".to_string()),
        "atan2" => ("a, b", "math.atan2(a, b)".to_string()),
        "hypot" => ("a, b", "math.hypot(a, b)".to_string()),
        name => ("a", format!("math.{name}(a)")),
    };
    let types = parameters.split(", ").map(|_| data.dtype.as_str()).collect::<Vec<_>>().join(", ");
    let text = format!(
        "import math\nfrom numba import vectorize\n\n@vectorize(['{0}({types})'])\ndef f({parameters}):\n    return {expression}\n",
        data.dtype
    );
    Program::parse(&data.function, &text).and_then(|program| program.kernel("f")).unwrap_or_else(|error| panic!("{error}"))
}

fn array(scalar: ScalarType, texts: &[String]) -> Input {
    let bits = |text: &String| u64::from_str_radix(text.trim_start_matches("0x"), 16).unwrap();
    let bytes: Vec<u8> = texts.iter().flat_map(|text| bits(text).to_le_bytes()[..scalar.bytes()].to_vec()).collect();
    HostArray::from_bytes(scalar, &[texts.len()], &bytes).unwrap().into()
}

/// Runs all files on a device. `flushes`: the device may take subnormals for zeros. `slack`: ULPs beyond the bound.
fn check(device: &Arc<dyn Device>, flushes: bool, slack: u64) {
    let mut wrong = Vec::new();
    for path in files() {
        let data: Data = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let scalar = ScalarType::from_name(&data.dtype).unwrap();
        let Kernel::Vectorize(kernel) = kernel(&data) else { panic!() };
        let mut inputs = vec![array(scalar, &data.a)];
        if !data.b.is_empty() {
            inputs.push(array(scalar, &data.b));
        }
        let result = kernel.call(device, &inputs).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let nan = if scalar == ScalarType::F32 { f32::NAN.to_bits() as u64 } else { f64::NAN.to_bits() };
        let parse = |text: &String| match text.as_str() {
            "nan" => nan,
            text => u64::from_str_radix(text.trim_start_matches("0x"), 16).unwrap(),
        };
        for (place, (got, expected)) in bits(&result).into_iter().zip(data.expected.iter().map(parse)).enumerate() {
            let arguments: Vec<u64> = [&data.a, &data.b].iter().filter_map(|texts| texts.get(place)).map(parse).collect();
            let tiny = |&bits: &u64| is_subnormal(bits, scalar);
            if flushes && (arguments.iter().any(tiny) || tiny(&expected)) {
                continue;
            }
            let off = distance(got, expected, scalar);
            // A zero's sign counts.
            let zero_sign = off == 0 && got != expected && expected != nan;
            if off > data.max_ulp + slack * (data.max_ulp > 0) as u64 || (zero_sign && slack == 0) {
                wrong.push(format!("{}_{} {arguments:#x?}: {got:#x}, expected {expected:#x} ({off} apart)", data.function, data.dtype));
            }
        }
    }
    assert!(wrong.is_empty(), "{}: {} wrong\n{}", device.name(), wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
}

#[test]
fn interp() {
    check(&numbra_tests::open("interp"), false, 0);
}

#[test]
fn cpu() {
    check(&numbra_tests::open("cpu"), false, 0);
}

#[test]
fn parallel() {
    check(&numbra_tests::open("parallel"), false, 0);
}

#[test]
fn vulkan() {
    check(&numbra_tests::open("vulkan"), true, 0);
}

#[test]
fn the_processor_has_the_interpreters_bits() {
    let (interp, cpu) = (numbra_tests::open("interp"), numbra_tests::open("cpu"));
    for path in files() {
        let data: Data = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let scalar = ScalarType::from_name(&data.dtype).unwrap();
        let Kernel::Vectorize(kernel) = kernel(&data) else { panic!() };
        let inputs: Vec<Input> =
            [&data.a, &data.b].iter().filter(|texts| !texts.is_empty()).map(|texts| array(scalar, texts)).collect();
        let expected = kernel.call(&interp, &inputs).unwrap();
        let got = kernel.call(&cpu, &inputs).unwrap();
        numbra_tests::compare::assert_same(&path.display().to_string(), &got, &expected, 0);
    }
}
