//! The prelude, typed and interpreted: every function meets its conformance data.

use numbra_front::interp::{self, Argument, Limits};
use numbra_front::ir::verify::verify;
use numbra_front::source::Source;
use numbra_front::syntax::python;
use numbra_front::types::{Constant, ScalarType};
use numbra_front::typing::{ArgumentType, Options, Relative, Rules, infer};
use std::path::Path;

/// A file of conformance data: what `tests/conformance/README.md` describes, as far as this test needs it.
struct Data {
    function: String,
    /// What a kernel returns.
    body: String,
    scalar: ScalarType,
    max_ulp: u64,
    arguments: Vec<Vec<u64>>,
    /// `None`: NaN.
    expected: Vec<Option<u64>>,
}

fn read(path: &Path) -> Data {
    let text = std::fs::read_to_string(path).unwrap();
    let value = |key: &str| -> Option<&str> {
        let start = text
            .find(&format!("\n{key} = "))
            .map(|at| at + 1)
            .or(text.starts_with(&format!("{key} = ")).then_some(0))?;
        let rest = &text[start + key.len() + 3..];
        let end = if rest.starts_with('[') { rest.find(']')? + 1 } else { rest.find('\n').unwrap_or(rest.len()) };
        Some(&rest[..end])
    };
    let words = |key: &str| -> Option<Vec<Option<u64>>> {
        let list = value(key)?;
        let word = |word: &str| u64::from_str_radix(word.strip_prefix("0x")?, 16).ok();
        Some(list.split('"').skip(1).step_by(2).map(word).collect())
    };
    let plain = |key: &str| value(key).unwrap().split('#').next().unwrap().trim().trim_matches('"').to_string();
    let arguments = ["a", "b"].iter().filter_map(|key| words(key)).map(|list| list.into_iter().flatten().collect());
    let function = plain("function");
    let parameters = if value("b").is_some() { "a, b" } else { "a" };
    let body = match value("expression") {
        Some(text) => text.trim().trim_matches('"').to_string(),
        None => format!("math.{function}({parameters})"),
    };
    Data {
        function,
        body,
        scalar: ScalarType::from_name(&plain("dtype")).unwrap(),
        max_ulp: plain("max_ulp").parse().unwrap(),
        arguments: arguments.collect(),
        expected: words("expected").unwrap(),
    }
}

/// Distance in representable values.
fn distance(left: u64, right: u64, scalar: ScalarType) -> u64 {
    let order = |bits: u64| -> i128 {
        let sign = 1u64 << (scalar.bits() - 1);
        if bits & sign != 0 { -((bits & (sign - 1)) as i128) } else { bits as i128 }
    };
    (order(left) - order(right)).unsigned_abs() as u64
}

#[test]
fn every_function_meets_its_conformance_data() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance");
    let mut problems = Vec::new();
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let data = read(&path);
        let parameters = if data.arguments.len() == 2 { "a, b" } else { "a" };
        let text = format!("import math\nimport numpy as np\ndef f({parameters}):\n    return {}\n", data.body);
        let module = python::parse(&Source::new("test", text)).unwrap();
        let types = vec![ArgumentType::Scalar(data.scalar); data.arguments.len()];
        let options = Options { rules: Rules::Exact, fastmath: false };
        let typed = match infer(&module, "f", &types, None, &Relative::default(), &options) {
            Ok(typed) => typed,
            Err(error) => {
                problems.push(format!("{}: {error}", data.function));
                continue;
            }
        };
        if let Err(error) = verify(&typed.module) {
            problems.push(format!("{}: {error}", data.function));
            continue;
        }
        assert_eq!(typed.module.functions[0].scalar_results(), [data.scalar]);
        let program = interp::InterpretedProgram::new(&typed.module).unwrap();
        for (row, expected) in data.expected.iter().enumerate() {
            let arguments: Vec<Argument> = data.arguments.iter().map(|list| Argument::Scalar(list[row])).collect();
            let result =
                program.call("f", &arguments, &mut [], &Limits { steps: 100_000, cancel: None, printer: None });
            let result = match result {
                Ok(result) => result[0],
                Err(failure) => {
                    problems.push(format!("{} {arguments:x?}: {failure}", data.function));
                    break;
                }
            };
            let nan = Constant::same(result, f64::NAN.to_bits(), ScalarType::F64) && data.scalar == ScalarType::F64
                || data.scalar == ScalarType::F32 && f32::from_bits(result as u32).is_nan();
            let good = match expected {
                None => nan,
                Some(expected) => !nan && distance(result, *expected, data.scalar) <= data.max_ulp,
            };
            if !good {
                problems.push(format!(
                    "{} of {} {arguments:x?}: {result:#x}, not {expected:x?}",
                    data.function, data.scalar
                ));
                break;
            }
        }
        seen += 1;
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(seen > 0);
}
