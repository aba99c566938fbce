//! One case on every way: the interpreter gives what is expected; every stage, device and lowering must agree.

use super::arguments::Form;
use super::folds;
use super::subnormals;
use super::tree::Case;
use crate::call::{Agreement, Call, CallArgument, Fault, Outcome, settled};
use crate::panics::caught;
use crate::tables::Arithmetic;
use crate::{lowerings, stages};
use numbra::array::HostArray;
use numbra::device::Device;
use numbra::front::interp::{Failure, Limits};
use numbra::front::ir::{Module, Stride};
use numbra::front::kernel::{Operand, vectorize};
use numbra::front::types::{Constant, ScalarType};
use numbra::front::typing::{self, Options, Relative};
use numbra::{Error, Input, Kernel, KernelFile};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Loop rounds, points and calls of a kernel; one that takes more is left out.
const STEPS: u64 = 300_000;
/// Points from which on the device `parallel` uses its threads.
const MANY_POINTS: usize = 20_000;

/// On what a case is checked.
#[derive(Clone)]
pub struct Checks {
    /// The interpreter after every stage for every target.
    pub stages: bool,
    /// CUDA's form on the host.
    pub cuda_form: bool,
    /// ptxas, spirv-val and naga on what the back ends emit; PTX for these architectures. `None`: no judge.
    pub judges: Option<Vec<&'static str>>,
    pub devices: Vec<Arc<dyn Device>>,
}

/// What became of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Verdict {
    /// It runs everywhere and gives the same. `failed`: the kernel traps, as expected.
    Right {
        failed: bool,
    },
    /// The compiler refuses it, by a message.
    Refused(String),
    /// It runs too long.
    Long,
    /// A device or a compiler did not come back.
    Hung {
        seconds: u64,
    },
    Wrong(Difference),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Where: a device, a stage. Shrinking keeps it.
    pub place: String,
    pub detail: String,
}

fn wrong(place: impl Into<String>, detail: impl Into<String>) -> Verdict {
    Verdict::Wrong(Difference { place: place.into(), detail: detail.into() })
}

/// A case compiled to the module and the call that all ways share.
pub struct Prepared {
    pub module: Module,
    pub call: Call,
    kernel: Kernel,
}

/// Checks a case; a panic is a difference too.
pub fn check(case: &Case, checks: &Checks) -> Verdict {
    match caught(|| checked(case, checks)) {
        Ok(Ok(verdict)) | Ok(Err(verdict)) => verdict,
        Err(panic) => wrong("panic", panic),
    }
}

/// Whether an error is a message for users.
fn refused(error: impl Into<Error>) -> Verdict {
    let text = error.into().to_string();
    if text.contains("internal error") { wrong("internal error", text) } else { Verdict::Refused(text) }
}

/// Types a case and builds the call with arrays as their layouts have them.
pub fn prepare(case: &Case) -> Result<Prepared, Verdict> {
    let program = KernelFile::parse("kernel.py", &case.text()).map_err(refused)?;
    let kernel = program.kernel(case.kernel()).map_err(refused)?;
    let (module, call) = match &kernel {
        Kernel::Stencil(stencil) => {
            let types: Vec<_> = case.arguments.iter().map(|argument| argument.argument_type()).collect();
            let module = stencil.module_for(&types).map_err(refused)?;
            let call = |argument: &super::arguments::Argument| match (&argument.form, argument.host_array()) {
                (_, Some(array)) => CallArgument::whole(array),
                (Form::Scalar(bits), _) => CallArgument::Scalar(*bits),
                (Form::Array { .. }, None) => CallArgument::Scalar(0),
            };
            let scalar = output_type(&module)?;
            (module, Call { arguments: case.arguments.iter().map(call).collect(), scalar, shape: case.space.clone() })
        }
        Kernel::Vectorize(_) => {
            let types: Vec<_> =
                case.arguments.iter().map(|argument| typing::ArgumentType::Scalar(argument.scalar)).collect();
            let options = Options { rules: case.rules, fastmath: false };
            let typed = typing::infer(program.module(), case.kernel(), &types, None, &Relative::default(), &options);
            let typed = typed.map_err(refused)?.module;
            // A space without axes is one of one point.
            let shape = if case.space.is_empty() { vec![1] } else { case.space.clone() };
            let arguments: Vec<CallArgument> =
                case.arguments.iter().map(|argument| argument.broadcast(&shape)).collect();
            let operands: Vec<Operand> =
                case.arguments.iter().zip(&arguments).map(|(own, call)| operand(own.scalar, call)).collect();
            let &[scalar] = typed.functions[0].scalar_results().as_slice() else {
                return Err(wrong("typing", "not one result"));
            };
            let module =
                vectorize::build(typed, &operands, &[Operand::c_order(scalar, shape.len())]).map_err(refused)?;
            (module, Call { arguments, scalar, shape })
        }
    };
    Ok(Prepared { module, call, kernel })
}

fn output_type(module: &Module) -> Result<ScalarType, Verdict> {
    let array = module.functions[0].arrays.last();
    array.map(|array| array.scalar).ok_or_else(|| wrong("building", "no output"))
}

fn operand(scalar: ScalarType, argument: &CallArgument) -> Operand {
    let CallArgument::Array { strides, .. } = argument else { return Operand::Scalar(scalar) };
    let known = |&stride: &i64| match stride {
        0 => Stride::Zero,
        1 => Stride::Unit,
        _ => Stride::Any,
    };
    Operand::Array { scalar, strides: strides.iter().map(known).collect(), distinct: true }
}

fn checked(case: &Case, checks: &Checks) -> Result<Verdict, Verdict> {
    let Prepared { module, call, kernel } = prepare(case)?;
    if call.scalar != case.result {
        return Err(wrong("typing", format!("the result is {}, expected {}", call.scalar, case.result)));
    }
    let limits = Limits { steps: STEPS, cancel: None, printer: None };
    let expected = match call.interpret(&module, &limits, None) {
        Ok(outcome) => outcome,
        Err(Failure::StepLimit) => return Ok(Verdict::Long),
        Err(failure) => return Err(wrong("interpreter", failure.to_string())),
    };
    // Lowered forms take more steps: each call and round some more.
    let limits = Limits { steps: 100 * STEPS, cancel: None, printer: None };
    if checks.stages {
        stages::compare(&module, &call, &limits, &expected).map_err(|difference| {
            let place = difference.split_once(": ").map_or(difference.as_str(), |(place, _)| place).to_string();
            wrong(place, difference)
        })?;
    }
    if checks.cuda_form {
        let forms = lowerings::run_cuda_forms(&module, &call, &mut |name, outcome| {
            let difference = outcome.difference(&expected, Agreement::AnyFault);
            difference.map_or(Ok(()), |difference| Err(format!("{name}: {difference}")))
        });
        forms.map_err(|error| wrong("cuda form", error))?;
    }
    if let Some(architectures) = &checks.judges {
        caught(|| lowerings::judge("judge", &module, architectures)).map_err(|text| wrong("judge", text))?;
    }
    for device in &checks.devices {
        check_device(case, &kernel, &module, &call, &expected, device)?;
    }
    if let Kernel::Vectorize(kernel) = &kernel
        && !checks.devices.is_empty()
    {
        folds::check(case, kernel, &checks.devices).map_err(|(place, detail)| wrong(place, detail))?;
    }
    Ok(Verdict::Right { failed: matches!(expected, Outcome::Fault(_)) })
}

/// An honest error: the driver would end the kernel's loops.
pub fn ends_loops_early(place: &str, outcome: &Outcome) -> bool {
    let honest = |fault: &Fault| fault.message.contains("ends loops early");
    place.starts_with("vulkan") && matches!(outcome, Outcome::Fault(fault) if honest(fault))
}

fn compare(place: &str, outcome: &Outcome, expected: &Outcome, agreement: Agreement) -> Result<(), Verdict> {
    if ends_loops_early(place, outcome) {
        return Ok(());
    }
    outcome.difference(expected, agreement).map_or(Ok(()), |difference| Err(wrong(place, difference)))
}

/// What of a device's outcome must agree with the interpreter's. `marks`: which elements have met subnormals.
pub fn agreement<'a>(device: &dyn Device, marks: &'a [bool]) -> Agreement<'a> {
    match device.name() {
        "interp" | "cpu" | "parallel" => Agreement::Full,
        // Whichever point fails first.
        _ if Arithmetic::of(device) == Arithmetic::Exact => Agreement::AnyFault,
        _ => Agreement::Except(marks),
    }
}

fn check_device(
    case: &Case,
    kernel: &Kernel,
    module: &Module,
    call: &Call,
    expected: &Outcome,
    device: &Arc<dyn Device>,
) -> Result<(), Verdict> {
    let name = device.name();
    let empty = call.shape.contains(&0);
    let flushes = Arithmetic::of(device.as_ref()) == Arithmetic::Flushes;
    let marks = if flushes && !empty { subnormals::met(module, call, &Limits::NONE) } else { Ok(Vec::new()) };
    let marks = marks.map_err(|failure| wrong("subnormals", failure.to_string()))?;
    if flushes && marks.contains(&true) && matches!(expected, Outcome::Fault(_)) {
        return Ok(());
    }
    let agreement = if empty { Agreement::Full } else { agreement(device.as_ref(), &marks) };
    // The arrays with their strides, as views of device arrays would be called.
    if name != "parallel" {
        let outcome = call.run_on(module, device).map_err(|error| wrong(name, error.to_string()))?;
        compare(name, &outcome, expected, agreement)?;
    }
    // The same through the door that users take.
    let inputs: Vec<Input> = case
        .arguments
        .iter()
        .map(|argument| match (&argument.form, argument.host_array()) {
            (_, Some(array)) => Input::Host(array),
            (Form::Scalar(bits), _) => Input::Typed(Constant { scalar: argument.scalar, bits: *bits }),
            (Form::Array { .. }, None) => Input::from(0i64),
        })
        .collect();
    let place = format!("{name} called");
    let (result, expected) = match kernel {
        Kernel::Stencil(stencil) => (stencil.call(device, &inputs), expected.clone()),
        Kernel::Vectorize(vectorize) if name == "parallel" && !empty => {
            let (inputs, expected) = many(case, call, &inputs, expected);
            (vectorize.call(device, &inputs), expected)
        }
        Kernel::Vectorize(vectorize) => {
            let expected = match (expected, case.space.is_empty()) {
                (Outcome::Done(array), true) => Outcome::Done(array.clone().reshaped(&[]).map_err(refused)?),
                (other, _) => other.clone(),
            };
            (vectorize.call(device, &inputs), expected)
        }
    };
    let outcome = settled(result).map_err(|error| wrong(place.clone(), error.to_string()))?;
    // Collapsed axes give failures another place.
    let agreement = match (agreement, &expected) {
        (Agreement::Full, Outcome::Fault(_)) => Agreement::AnyFault,
        (other, _) => other,
    };
    compare(&place, &outcome, &expected, agreement)
}

/// The arguments repeated until there are enough points for threads, and what is expected of them.
fn many(case: &Case, call: &Call, inputs: &[Input], expected: &Outcome) -> (Vec<Input>, Outcome) {
    let points: usize = call.shape.iter().product();
    let times = MANY_POINTS.div_ceil(points);
    let repeated = |array: &HostArray| {
        let bytes = array.bytes().repeat(times);
        HostArray::from_bytes(array.scalar(), &[array.len() * times], &bytes).unwrap_or_else(|error| panic!("{error}"))
    };
    let inputs = case
        .arguments
        .iter()
        .zip(inputs)
        .map(|(argument, input)| match argument.materialized(&call.shape).host_array() {
            Some(array) => Input::from(repeated(&array)),
            None => input.clone(),
        })
        .collect();
    let expected = match expected {
        // Without any array the result has no axes.
        Outcome::Done(array)
            if case.space.is_empty() && !case.arguments.iter().any(|argument| argument.host_array().is_some()) =>
        {
            Outcome::Done(array.clone().reshaped(&[]).unwrap_or_else(|error| panic!("{error}")))
        }
        Outcome::Done(array) => Outcome::Done(repeated(array)),
        fault => fault.clone(),
    };
    (inputs, expected)
}
