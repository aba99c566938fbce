//! Inference: the types and values of many small kernels, and the messages of those that have none.

mod elementwise;
mod handlers;
mod inner;
mod language;
mod messages;
mod mutations;
mod named;
mod rules;
mod stencils;
mod whole;

use numbra_front::Result;
use numbra_front::interp::{self, Argument, ArrayArgument, Buffer, Failure, InterpretedProgram, Limits};
use numbra_front::ir::verify::verify;
use numbra_front::source::Source;
use numbra_front::syntax::python;
use numbra_front::types::{Constant, ScalarType};
use numbra_front::typing::{ArgumentType, Options, Relative, Rules, Typed, infer};

/// Types the function `f` of `text`, under imports of math and numpy, and verifies what comes out.
fn typed(text: &str, arguments: &[ArgumentType], rules: Rules, relative: &Relative) -> Result<Typed> {
    let text = format!("import math\nimport numpy as np\nimport numba\n{text}\n");
    let module = python::parse(&Source::new("kernel.py", text))?;
    let options = Options { rules, fastmath: false };
    let typed = infer(&module, "f", arguments, None, relative, &options)?;
    if let Err(error) = verify(&typed.module) {
        panic!("{error}\n{}", typed.module);
    }
    Ok(typed)
}

fn scalars(types: &[ScalarType]) -> Vec<ArgumentType> {
    types.iter().map(|&scalar| ArgumentType::Scalar(scalar)).collect()
}

/// `f(arguments)`: the type and the value. Panics with the message if there is none.
fn call(text: &str, arguments: &[Constant], rules: Rules) -> Constant {
    match try_call(text, arguments, rules) {
        Ok(result) => result,
        Err(message) => panic!("{message}\n{text}"),
    }
}

/// `f(arguments)`, or the message of the error or the trap.
fn try_call(text: &str, arguments: &[Constant], rules: Rules) -> Result<Constant, String> {
    let types: Vec<ScalarType> = arguments.iter().map(|argument| argument.scalar).collect();
    let typed = typed(text, &scalars(&types), rules, &Relative::default()).map_err(|error| error.to_string())?;
    let arguments: Vec<Argument> = arguments.iter().map(|argument| Argument::Scalar(argument.bits)).collect();
    run(&typed, &arguments, &mut [])
}

fn run(typed: &Typed, arguments: &[Argument], memory: &mut [Buffer]) -> Result<Constant, String> {
    let program = InterpretedProgram::new(&typed.module).unwrap();
    let function = &typed.module.functions[0];
    match program.call(&function.name, arguments, memory, &Limits { steps: 1_000_000, cancel: None, printer: None }) {
        Ok(results) => Ok(Constant { scalar: function.scalar_results()[0], bits: results[0] }),
        Err(Failure::Trap(trap)) => Err(trap.message(&typed.module)),
        Err(other) => panic!("{other}\n{}", typed.module),
    }
}

/// `f` at a point of arrays of float64 or int64, all of one shape.
fn at_point(typed: &Typed, arrays: &[(&[usize], &[f64])], point: &[i64]) -> Result<Constant, String> {
    let mut bytes: Vec<Vec<u8>> = arrays
        .iter()
        .map(|(_, elements)| {
            let bits: Vec<u64> = elements.iter().map(|element| element.to_bits()).collect();
            interp::memory::to_bytes(ScalarType::F64, &bits)
        })
        .collect();
    let mut memory: Vec<Buffer> = bytes.iter_mut().map(|bytes| Buffer::new(bytes)).collect();
    let mut arguments: Vec<Argument> = arrays
        .iter()
        .enumerate()
        .map(|(number, (shape, _))| {
            let shape: Vec<i64> = shape.iter().map(|&extent| extent as i64).collect();
            Argument::Array(ArrayArgument::c_order(number, &shape))
        })
        .collect();
    arguments.extend(point.iter().map(|&coordinate| Argument::Scalar(coordinate as u64)));
    run(typed, &arguments, &mut memory)
}

fn i64(value: i64) -> Constant {
    Constant::integer(ScalarType::I64, value as i128)
}

fn int(scalar: ScalarType, value: i128) -> Constant {
    Constant::integer(scalar, value)
}

fn f64(value: f64) -> Constant {
    Constant::f64(value)
}

fn f32(value: f32) -> Constant {
    Constant::f32(value)
}

fn bool(value: bool) -> Constant {
    Constant::bool(value)
}
