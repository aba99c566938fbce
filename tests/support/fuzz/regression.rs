//! What the fuzzer found, as IR texts with expectations: writing them, and running them on every way.

use super::Found;
use super::check::{Checks, agreement, prepare};
use super::subnormals;
use crate::call::{Agreement, Call, CallArgument, Outcome};
use crate::{lowerings, stages};
use numbra::array::HostArray;
use numbra::front::interp::memory::{from_bytes, to_bytes};
use numbra::front::interp::{ArrayArgument, Limits, Trap};
use numbra::front::ir::{Module, Parameter, parse, text};
use numbra::front::source::Source;
use numbra::front::types::{Constant, ScalarType};
use numbra_expectation::{Case, CaseArgument, Expected, cases};
use std::fmt::Write;
use std::sync::Arc;

const LIMITS: Limits = Limits { steps: 10_000_000, cancel: None, printer: None };

/// The text of a regression file; `None` for what no IR shows (a refusal, a type).
pub fn text(found: &Found) -> Option<String> {
    let prepared = match prepare(&found.case) {
        Ok(prepared) => prepared,
        Err(_) => return None,
    };
    let (module, call) = (prepared.module, prepared.call);
    let mut out =
        format!("; Found by the fuzzer, seed {} case {}: {}\n;\n", found.seed, found.number, found.difference.place);
    for line in found.case.text().lines() {
        let _ = writeln!(out, "; {line}");
    }
    let function = &module.functions[0];
    let mut arguments = Vec::new();
    for (argument, parameter) in call.arguments.iter().zip(&function.parameters) {
        arguments.push(match (argument, parameter) {
            (CallArgument::Array { array, offset, shape, strides }, _) => laid_out(array, *offset, shape, strides)?,
            (CallArgument::Scalar(bits), Parameter::Scalar { value, .. }) => {
                text::literal(Constant { scalar: function.scalar(*value), bits: *bits })
            }
            (CallArgument::Scalar(_), Parameter::Array(_)) => return None,
        });
    }
    let zeros = HostArray::zeros(call.scalar, &call.shape).ok()?;
    arguments.push(nested(&zeros));
    let output = &function.arrays.last()?.name;
    let run = format!("; run @{}({})", function.name, arguments.join(", "));
    let expected = match call.result_or_trap(&module, &LIMITS, None).ok()? {
        Ok(result) => format!("writes {output} = {}", nested(&result)),
        Err(Trap { function, site, position, payloads }) => {
            let position = position.map_or(String::new(), |position| format!(" at {position}"));
            let payload =
                payloads.first().map_or(String::new(), |&payload| format!(" payload {}", text::literal(payload)));
            format!("traps #{} of @{function}{position}{payload}", site.0)
        }
    };
    let _ = writeln!(out, "\n{run} {expected}\n");
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

/// What a view shows of an array, as nested lists, and its strides unless they are those of C order.
fn laid_out(array: &HostArray, offset: i64, shape: &[i64], strides: &[i64]) -> Option<String> {
    let extents: Vec<usize> = shape.iter().map(|&extent| extent as usize).collect();
    let memory = from_bytes(array.scalar(), array.bytes());
    let mut elements = Vec::new();
    for number in 0..extents.iter().product::<usize>() {
        let (mut rest, mut place) = (number as i64, offset);
        for (&extent, &stride) in shape.iter().zip(strides).rev() {
            place += rest % extent * stride;
            rest /= extent;
        }
        elements.push(memory[place as usize]);
    }
    let shown = HostArray::from_bytes(array.scalar(), &extents, &to_bytes(array.scalar(), &elements)).ok()?;
    let mut text = nested(&shown);
    if ArrayArgument::c_order(0, shape).strides != strides {
        let strides: Vec<String> = strides.iter().map(i64::to_string).collect();
        let _ = write!(text, " strides ({})", strides.join(", "));
    }
    Some(text)
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
            CaseArgument::Array(argument) => {
                let memory = argument.memory().ok_or("different elements lie at the same place")?;
                CallArgument::Array {
                    array: array(argument.scalar, &[memory.len() as i64], &memory)?,
                    offset: argument.offset(),
                    shape: argument.shape.clone(),
                    strides: argument.strides.clone(),
                }
            }
        });
    }
    let (Some(_), Some(CaseArgument::Array(output))) = (arguments.pop(), case.arguments.last()) else {
        return Err("the last parameter is the output".into());
    };
    let shape = output.shape.iter().map(|&extent| extent as usize).collect();
    let call = Call { arguments, scalar: output.scalar, shape };
    let expected = match &case.expected {
        Expected::Returns { arrays, .. } => {
            let elements = arrays.last().ok_or("nothing is expected")?;
            Outcome::Done((*array(call.scalar, &call.space(), elements)?).clone())
        }
        Expected::Traps { function, site, position, payload } => {
            // Whether a message shows the payload is its own affair.
            let payload = payload.unwrap_or(Constant { scalar: ScalarType::I64, bits: 0 });
            let payloads = vec![payload];
            let trap = Trap { function: function.clone(), site: *site, position: *position, payloads };
            Outcome::Fault(call.fault(&trap, module))
        }
    };
    let own = call.interpret(module, &LIMITS, None).map_err(|failure| failure.to_string())?;
    let check = |place: &str, outcome: &Outcome, agreement| {
        outcome.difference(&own, agreement).map_or(Ok(()), |difference| Err(format!("{place}: {difference}")))
    };
    own.difference(&expected, Agreement::Full)
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
