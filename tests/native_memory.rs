//! Random programs about memory: the interpreter as they stand, after every stage (from `ownership` on it counts references),
//! and native code, with blocks and references counted, all agree.
//!
//! NUMBRA_FUZZ_SEED=n changes the programs; NUMBRA_FUZZ_CASES=n their number.

use numbra::front::capabilities::Capabilities;
use numbra::front::interp::{InterpretedProgram, Limits};
use numbra::front::ir::{Module, parse, verify};
use numbra::front::pipeline;
use numbra::front::types::{Constant, ScalarType};
use numbra_codegen::llvm::NativeOptions;
use numbra_expectation::{Case, CaseArgument, CaseArray, Expected, Outcome};
use numbra_runtime::function::NativeFunction;
use numbra_tests::random::Random;
use numbra_tests::{memory_programs, native};

const LIMITS: Limits = Limits { steps: 1_000_000, cancel: None, printer: None };

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn array(name: &str, shape: Vec<i64>, elements: Vec<u64>) -> CaseArray {
    CaseArray { name: name.into(), scalar: ScalarType::I64, strides: vec![1; shape.len()], shape, elements }
}

fn cases() -> Vec<Case> {
    let case = |x: i64| {
        let expected = Expected::Returns {
            results: Vec::new(),
            returned: vec![array("first", Vec::new(), Vec::new()), array("second", Vec::new(), Vec::new())],
            arrays: Vec::new(),
        };
        let x = Constant::integer(ScalarType::I64, x.into());
        let arguments = vec![CaseArgument::Scalar(x), CaseArgument::Array(array("a", vec![3], vec![5, 6, 7]))];
        Case { text: format!("@f0({x}, [5, 6, 7])"), line: 1, function: "f0".into(), arguments, expected }
    };
    [0, 1, 2, 3, 8, 101].map(case).to_vec()
}

/// Gives how many calls returned and how many failed.
fn check(module: &Module) -> Result<(usize, usize), String> {
    let interpret = |module: &Module, case: &Case| {
        let program = InterpretedProgram::new(module).map_err(|error| error.to_string())?;
        case.interpret(&program, &LIMITS).map_err(|failure| format!("{}: {failure}", case.text))
    };
    let cases = cases();
    let expected = cases.iter().map(|case| interpret(module, case)).collect::<Result<Vec<_>, _>>()?;
    let mut wrong = None;
    let capabilities = Capabilities::llvm("cpu", true);
    let lowered = pipeline::lower_host(module.clone(), &capabilities, &mut |stage, module| {
        for (case, expected) in cases.iter().zip(&expected) {
            match interpret(module, case) {
                Ok(outcome) if outcome == *expected => {}
                other => {
                    wrong = wrong.take().or(Some(format!("after {stage}: {}: {other:?}, not {expected:?}", case.text)))
                }
            }
        }
        Ok(())
    });
    lowered.map_err(|error| error.to_string())?;
    if let Some(wrong) = wrong {
        return Err(wrong);
    }
    let code = NativeFunction::compile(module, &NativeOptions::default()).map_err(|error| error.to_string())?;
    let mut counts = (0, 0);
    for (case, expected) in cases.iter().zip(&expected) {
        match (native::run(case, &module.functions[0], &code), expected) {
            (Ok(outcome), expected) if outcome == *expected => counts.0 += 1,
            (Err(error), Outcome::Traps { payload, .. })
                if error.to_string() == format!("{} is too much", *payload as i64) =>
            {
                counts.1 += 1;
            }
            (other, expected) => return Err(format!("native: {}: {other:?}, not {expected:?}", case.text)),
        }
    }
    Ok(counts)
}

#[test]
fn random_programs_keep_their_memory() {
    let seed = number("NUMBRA_FUZZ_SEED", 3);
    let (mut returned, mut failed) = (0, 0);
    for case in 0..number("NUMBRA_FUZZ_CASES", 200) {
        let text = memory_programs::text(&mut Random::stream(seed, case));
        let module = parse::parse(&text).unwrap_or_else(|error| panic!("seed {seed}, case {case}: {error}\n{text}"));
        verify::verify(&module).unwrap_or_else(|error| panic!("seed {seed}, case {case}: {error}\n{text}"));
        match check(&module) {
            Ok(counts) => {
                returned += counts.0;
                failed += counts.1;
            }
            Err(message) => panic!("seed {seed}, case {case}: {message}\n{module}"),
        }
    }
    assert!(returned > failed && failed > 0, "{returned} calls returned, {failed} failed");
}
