//! What the fuzzer found, as IR texts with expectations: writing them, and running them on every way.

use super::Found;
use super::check::{Checks, Verdict, agreement, prepare};
use super::subnormals;
use crate::call::{Agreement, Call, CallArgument, Fault, Outcome};
use crate::{lowerings, stages};
use numbra::array::HostArray;
use numbra::front::interp::Limits;
use numbra::front::interp::memory::to_bytes;
use numbra::front::ir::expectation::{Case, CaseArgument, Expected, cases};
use numbra::front::ir::{Module, parse, text};
use numbra::front::source::Source;
use numbra::front::types::{Constant, ScalarType};
use std::fmt::Write;
use std::sync::Arc;

const LIMITS: Limits = Limits { steps: 10_000_000, cancel: None };

/// The text of a regression file; `None` for what no IR shows (a refusal, a type, a layout of arrays).
pub fn text(found: &Found) -> Option<String> {
    let prepared = match prepare(&found.case) {
        Ok(prepared) => prepared,
        Err(Verdict::Wrong(_) | Verdict::Refused(_) | Verdict::Long | Verdict::Right { .. }) => return None,
    };
    let (module, call) = (prepared.module, prepared.call);
    let mut out =
        format!("; Found by the fuzzer, seed {} case {}: {}\n;\n", found.seed, found.number, found.difference.place);
    for line in found.case.text().lines() {
        let _ = writeln!(out, "; {line}");
    }
    let mut arguments = Vec::new();
    for argument in &call.arguments {
        arguments.push(match argument {
            CallArgument::Scalar(_) => return None,
            CallArgument::Array { array, offset: 0, strides, .. } => {
                let whole = CallArgument::whole(array.clone());
                match whole {
                    CallArgument::Array { strides: own, .. } if own == *strides => nested(array),
                    _ => return None,
                }
            }
            CallArgument::Array { .. } => return None,
        });
    }
    let zeros = HostArray::zeros(call.scalar, &call.shape).ok()?;
    arguments.push(nested(&zeros));
    let function = &module.functions[0];
    let output = &function.arrays.last()?.name;
    let run = format!("; run @{}({})", function.name, arguments.join(", "));
    match call.interpret(&module, &LIMITS, None).ok()? {
        Outcome::Done(result) => {
            let _ = writeln!(out, "\n{run} writes {output} = {}\n", nested(&result));
        }
        Outcome::Fault(_) => return None,
    }
    out.push_str(&module.to_string());
    // What does not read back is no use.
    let source = Source::new("regression.ir", out.clone());
    let module = parse::parse_source(&source).ok()?;
    cases(&source, &module).ok()?;
    Some(out)
}

/// An array as nested lists.
fn nested(array: &HostArray) -> String {
    fn list(shape: &[usize], elements: &mut dyn Iterator<Item = Constant>) -> String {
        match shape.split_first() {
            None => elements.next().map_or(String::new(), text::literal),
            Some((&extent, inner)) => {
                let items: Vec<String> = (0..extent).map(|_| list(inner, elements)).collect();
                format!("[{}]", items.join(", "))
            }
        }
    }
    list(array.shape(), &mut array.view().iter())
}

/// Runs every expectation of a text: the interpreter, and what `checks` has besides. Gives how many there are.
pub fn run(name: &str, source_text: &str, checks: &Checks) -> Result<usize, String> {
    let source = Source::new(name, source_text);
    let module = parse::parse_source(&source).map_err(|error| error.to_string())?;
    let cases = cases(&source, &module).map_err(|error| error.to_string())?;
    for case in &cases {
        let mut module = module.clone();
        let place = module.functions.iter().position(|function| function.name == case.function);
        module.functions.swap(0, place.ok_or("no such function")?);
        run_case(case, &module, checks).map_err(|error| format!("{name}:{}: {error}", case.line))?;
    }
    Ok(cases.len())
}

fn run_case(case: &Case, module: &Module, checks: &Checks) -> Result<(), String> {
    let mut arguments = Vec::new();
    for argument in &case.arguments {
        arguments.push(match argument {
            CaseArgument::Scalar(constant) => CallArgument::Scalar(constant.bits),
            CaseArgument::Array { scalar, shape, elements, .. } => {
                CallArgument::whole(array(*scalar, shape, elements)?)
            }
        });
    }
    let Some(CallArgument::Array { array: output, .. }) = arguments.pop() else {
        return Err("the last parameter is the output".into());
    };
    let call = Call { arguments, scalar: output.scalar(), shape: output.shape().to_vec() };
    let expected = match &case.expected {
        Expected::Returns { arrays, .. } => {
            let elements = arrays.last().ok_or("nothing is expected")?;
            Outcome::Done((*array(call.scalar, &call.space(), elements)?).clone())
        }
        Expected::Traps { .. } => Outcome::Fault(Fault { message: String::new(), place: String::new() }),
    };
    let own = call.interpret(module, &LIMITS, None).map_err(|failure| failure.to_string())?;
    let check = |place: &str, outcome: &Outcome, agreement| {
        outcome.difference(&own, agreement).map_or(Ok(()), |difference| Err(format!("{place}: {difference}")))
    };
    own.difference(&expected, Agreement::AnyFault)
        .map_or(Ok(()), |difference| Err(format!("interpreter: {difference}")))?;
    if checks.stages {
        stages::compare(module, &call, &LIMITS, &own)?;
    }
    if checks.cuda_form {
        lowerings::run_cuda_forms(module, &call, &mut |name, outcome| {
            check(&format!("{name} on the host"), outcome, Agreement::AnyFault)
        })?;
    }
    if let Some(architectures) = &checks.judges {
        lowerings::judge(&case.function, module, architectures);
    }
    let marks = subnormals::met(module, &call, &LIMITS).map_err(|failure| failure.to_string())?;
    for device in &checks.devices {
        let outcome = call.run_on(module, device).map_err(|error| format!("{}: {error}", device.name()))?;
        check(device.name(), &outcome, agreement(device.as_ref(), &marks))?;
    }
    Ok(())
}

fn array(scalar: ScalarType, shape: &[i64], elements: &[u64]) -> Result<Arc<HostArray>, String> {
    let shape: Vec<usize> = shape.iter().map(|&extent| extent as usize).collect();
    HostArray::from_bytes(scalar, &shape, &to_bytes(scalar, elements)).map(Arc::new).map_err(|error| error.to_string())
}
