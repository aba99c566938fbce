//! One program on every way: what plain Python says, what the interpreter gives after every stage, and native code.

use super::oracle::{Answer, Leaf, Oracle};
use super::{Argument, arguments};
use crate::native;
use crate::panics::caught;
use numbra::front::capabilities::Capabilities;
use numbra::front::error::ErrorClass;
use numbra::front::interp::{Failure, InterpretedProgram, Limits};
use numbra::front::ir::{Kind, Module};
use numbra::front::pipeline::lower_host;
use numbra::front::source::Source;
use numbra::front::stack::with_stack;
use numbra::front::syntax::python;
use numbra::front::types::{Constant, ScalarType};
use numbra::front::typing::{FunctionOptions, ItemType, infer_function};
use numbra_codegen::llvm::NativeOptions;
use numbra_expectation::{Case, CaseArray, Expected, Outcome, Returned};
use numbra_runtime::device::class_of;
use numbra_runtime::function::NativeFunction;

/// Python does 30 000 of its own; lowered forms take more.
const LIMITS: Limits = Limits { steps: 50_000_000, cancel: None, printer: None };
const STACK: usize = 256 << 20;

pub struct Checks {
    /// `None`: there is no Python here.
    pub oracle: Option<Oracle>,
    pub stages: bool,
    pub native: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// `failed`: with this exception, as it should.
    Right {
        failed: Option<String>,
    },
    /// Python cannot say what it means.
    Skipped(String),
    /// The compiler refuses it, by a message.
    Refused(String),
    Wrong {
        place: String,
        detail: String,
    },
}

/// What running a program gives: see [`Outcome`], or the exception and its message.
type Ran = Result<Outcome, (String, String)>;

fn wrong(place: impl Into<String>, detail: impl Into<String>) -> Verdict {
    Verdict::Wrong { place: place.into(), detail: detail.into() }
}

/// Checks a program's text; a panic is a finding too.
pub fn check(text: &str, checks: &mut Checks) -> Verdict {
    match caught(std::panic::AssertUnwindSafe(|| checked(text, checks))) {
        Ok(Ok(verdict)) | Ok(Err(verdict)) => verdict,
        Err(panic) => wrong("panic", panic),
    }
}

fn checked(text: &str, checks: &mut Checks) -> Result<Verdict, Verdict> {
    let given = arguments(text).map_err(|message| wrong("text", message))?;
    // Python first: it notices what runs too long.
    let expected = match &mut checks.oracle {
        Some(oracle) => Some(oracle.ask(text, &given).map_err(|message| wrong("Python's process", message))?),
        None => None,
    };
    if let Some(Answer::Skipped { skipped }) = expected {
        return Ok(Verdict::Skipped(skipped));
    }
    let types: Vec<ItemType> =
        given.iter().map(Argument::item_type).collect::<Result<_, _>>().map_err(|message| wrong("text", message))?;
    let refused = |message: String| match message.contains("internal error") {
        true => wrong("internal error", message),
        false => Verdict::Refused(message.lines().next().unwrap_or_default().to_string()),
    };
    let source = Source::new("program.py", text);
    let parsed = python::parse(&source).map_err(|error| refused(error.to_string()))?;
    let typed = infer_function(&parsed, "f", &types, None, &FunctionOptions::default());
    let typed = typed.map_err(|error| refused(error.to_string()))?;
    let case = case(&given, &typed.module).map_err(|message| wrong("text", message))?;
    let direct = interpret(&case, &typed.module).map_err(|message| wrong("interpreter", message))?;
    if let Some(expected) = &expected {
        let same = agrees(expected, &direct, &typed.result, &given);
        same.map_err(|message| wrong("Python", format!("{message}: {expected:?} but {direct:?}")))?;
    }
    if checks.stages {
        let mut found = None;
        let cpu = Capabilities::llvm("cpu", true);
        let lowered = lower_host(typed.module.clone(), &cpu, &mut |stage, module| {
            let differs = match interpret(&case, module) {
                Ok(outcome) if same(&outcome, &direct, &case) => return Ok(()),
                Ok(outcome) => format!("{outcome:?} in place of {direct:?}"),
                Err(message) => message,
            };
            found.get_or_insert_with(|| wrong(format!("stage {stage}"), differs));
            Ok(())
        });
        lowered.map_err(|error| wrong("lowering", error.to_string()))?;
        if let Some(found) = found {
            return Err(found);
        }
    }
    if checks.native {
        let code = NativeFunction::compile(&typed.module, &NativeOptions::default());
        let code = code.map_err(|error| wrong("native", error.to_string()))?;
        let outcome = native::run(&case, &typed.module.functions[0], &code).map_err(|error| {
            // Behind the message stands its place.
            let message = error.to_string().lines().next().unwrap_or_default().to_string();
            (error.class().map_or("no class".to_string(), |class| exception(class, &message)), message)
        });
        if !same(&outcome, &direct, &case) {
            return Err(wrong("native", format!("{outcome:?} in place of {direct:?}")));
        }
    }
    Ok(Verdict::Right { failed: direct.err().map(|(exception, _)| exception) })
}

fn case(given: &[Argument], module: &Module) -> Result<Case, String> {
    let entry = &module.functions[0];
    let returned = entry.results.iter().filter_map(Kind::array).map(|kind| CaseArray {
        name: String::new(),
        scalar: kind.scalar,
        shape: Vec::new(),
        strides: Vec::new(),
        elements: Vec::new(),
    });
    Ok(Case {
        text: "f".into(),
        line: 0,
        function: entry.name.clone(),
        arguments: given.iter().map(Argument::case_argument).collect::<Result<_, _>>()?,
        expected: Expected::Returns { results: Vec::new(), returned: returned.collect(), arrays: Vec::new() },
    })
}

/// An error: what is wrong with the program in itself, such as memory that nobody frees.
fn interpret(case: &Case, module: &Module) -> Result<Ran, String> {
    let run = || {
        let program = InterpretedProgram::new(module).map_err(|error| error.to_string())?;
        let case = Case { function: module.functions[0].name.clone(), ..case.clone() };
        match case.interpret(&program, &LIMITS).map_err(|failure| failure.to_string())? {
            Outcome::Traps { .. } => {}
            outcome => return Ok(Ok(outcome)),
        }
        // Once more, for its words.
        let mut found = Err("it failed once only".to_string());
        let _ = case.run(|arguments, buffers| {
            let result = program.evaluate(&case.function, arguments, buffers, &LIMITS);
            if let Err(Failure::Trap(trap)) = &result {
                let function = module.function(&trap.function);
                let site = function.and_then(|function| function.sites.get(trap.site.index()));
                let message = trap.message(module);
                found = site.map_or(Err("it failed nowhere".into()), |site| {
                    Ok(Err((exception(class_of(site.fault), &message), message)))
                });
            }
            result.map(|_| (Vec::new(), Vec::new()))
        });
        found
    };
    with_stack(STACK, run).map_err(|error| error.to_string())?
}

/// The name of the exception that Python raises.
fn exception(class: ErrorClass, message: &str) -> String {
    match class {
        ErrorClass::Index => "IndexError",
        ErrorClass::ZeroDivision => "ZeroDivisionError",
        ErrorClass::Unbound => "UnboundLocalError",
        ErrorClass::Value => "ValueError",
        ErrorClass::Overflow => "OverflowError",
        ErrorClass::Memory => "MemoryError",
        ErrorClass::Recursion => "RecursionError",
        ErrorClass::Raised => message.split(':').next().unwrap_or_default(),
        _ => "no exception of a running function",
    }
    .to_string()
}

fn same_elements(a: &[u64], b: &[u64], scalar: ScalarType) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(&a, &b)| Constant::same(a, b, scalar))
}

/// Whether two outcomes of this side are one.
fn same(a: &Ran, b: &Ran, case: &Case) -> bool {
    let (a, b) = match (a, b) {
        (Ok(a), Ok(b)) => (a, b),
        (a, b) => return a == b,
    };
    match (a, b) {
        (
            Outcome::Returns { results: a, returned: a_returned, arrays: a_arrays },
            Outcome::Returns { results: b, returned: b_returned, arrays: b_arrays },
        ) => {
            let scalars = case.arrays().map(|array| array.scalar);
            let Expected::Returns { returned, .. } = &case.expected else { return false };
            // NaNs of results that are numbers: by their bits or as floats.
            let number = |(&a, &b): (&u64, &u64)| a == b || Constant::same(a, b, ScalarType::F64);
            a.len() == b.len()
                && a.iter().zip(b).all(number)
                && a_returned.len() == b_returned.len()
                && a_returned
                    .iter()
                    .zip(b_returned)
                    .zip(returned)
                    .all(|((a, b), array)| a.shape == b.shape && same_elements(&a.elements, &b.elements, array.scalar))
                && a_arrays.iter().zip(b_arrays).zip(scalars).all(|((a, b), scalar)| same_elements(a, b, scalar))
        }
        (a, b) => a == b,
    }
}

/// Whether it is what Python gives. Where Python has an integer, a float of that value will do: joins make them one type.
fn agrees(expected: &Answer, outcome: &Ran, result: &ItemType, given: &[Argument]) -> Result<(), String> {
    match (expected, outcome) {
        (Answer::Fails { failed, .. }, Err((exception, _))) if failed == exception => Ok(()),
        (Answer::Returns { results, arrays }, Ok(Outcome::Returns { results: scalars, returned, arrays: ours })) => {
            let (mut scalars, mut returned) = (scalars.iter(), returned.iter());
            let mut leaves = results.iter();
            compare(result, true, &mut leaves, &mut scalars, &mut returned)?;
            if leaves.next().is_some() {
                return Err("Python has more results".into());
            }
            let given = given.iter().filter_map(|argument| match argument {
                Argument::Array(array) => Some(array),
                _ => None,
            });
            for (number, ((leaf, ours), given)) in arrays.iter().zip(ours).zip(given).enumerate() {
                let array = Returned { shape: given.shape.clone(), elements: ours.clone() };
                array_agrees(leaf, &array, given.scalar()?).map_err(|message| format!("array {number}: {message}"))?;
            }
            Ok(())
        }
        _ => Err("another outcome".into()),
    }
}

/// Compares what a result of that type is made of. `there`: it is not the value of an optional that is None.
fn compare<'a>(
    item_type: &ItemType,
    there: bool,
    leaves: &mut std::slice::Iter<'a, Leaf>,
    scalars: &mut std::slice::Iter<'a, u64>,
    returned: &mut std::slice::Iter<'a, Returned>,
) -> Result<(), String> {
    let few = || "there are too few results".to_string();
    let leaf = |leaves: &mut std::slice::Iter<'a, Leaf>| match there {
        true => leaves.next().map(Some).ok_or_else(few),
        false => Ok(None),
    };
    match item_type {
        ItemType::Scalar(_) | ItemType::Integer | ItemType::Float => {
            let scalar = item_type.scalar().unwrap_or(ScalarType::I64);
            let ours = Constant { scalar, bits: *scalars.next().ok_or_else(few)? };
            match leaf(leaves)? {
                Some(leaf) => number_agrees(leaf, ours),
                None => Ok(()),
            }
        }
        ItemType::Array(kind) => {
            let ours = returned.next().ok_or_else(few)?;
            leaf(leaves)?.map_or(Ok(()), |leaf| array_agrees(leaf, ours, kind.scalar))
        }
        ItemType::Tuple(entries) => {
            entries.iter().try_for_each(|entry| compare(entry, there, leaves, scalars, returned))
        }
        ItemType::None => match leaf(leaves)? {
            Some(Leaf::Nothing(())) | None => Ok(()),
            Some(other) => Err(format!("None in place of {other:?}")),
        },
        ItemType::Optional(inner) => {
            let is = *scalars.next().ok_or_else(few)? != 0;
            if there && !is {
                match leaf(leaves)? {
                    Some(Leaf::Nothing(())) => {}
                    other => return Err(format!("None in place of {other:?}")),
                }
            }
            compare(inner, there && is, leaves, scalars, returned)
        }
        other => Err(format!("a result of type {other}")),
    }
}

fn number_agrees(leaf: &Leaf, ours: Constant) -> Result<(), String> {
    let agrees = match *leaf {
        Leaf::Bool(value) => ours.scalar == ScalarType::Bool && (ours.bits != 0) == value,
        Leaf::Int(value) if ours.scalar.is_float() => ours.as_f64() == value as f64,
        Leaf::Int(value) => ours.scalar != ScalarType::Bool && ours.as_integer() == Some(value as i128),
        Leaf::Float { float } => ours.scalar == ScalarType::F64 && Constant::same(float, ours.bits, ScalarType::F64),
        _ => false,
    };
    if agrees { Ok(()) } else { Err(format!("{ours} in place of {leaf:?}")) }
}

fn array_agrees(leaf: &Leaf, ours: &Returned, scalar: ScalarType) -> Result<(), String> {
    let Leaf::Array { dtype, shape, elements } = leaf else { return Err("an array in place of another thing".into()) };
    if *dtype != scalar.name() || *shape != ours.shape || elements.len() != ours.elements.len() {
        return Err(format!("an array of {scalar} {:?} in place of one of {dtype} {shape:?}", ours.shape));
    }
    let mut numbers = elements.iter().zip(&ours.elements);
    numbers.try_for_each(|(leaf, &bits)| number_agrees(leaf, Constant { scalar, bits }))
}
