//! Inference: an untyped function and the types of its arguments give typed IR.
//!
//! `typer` types one function by an abstract interpretation that emits IR as it goes. Its parts, by what they type:
//! * statements: `statements`, `loops`, `ranges`, `sequences`, `stores`, `exceptions`, `handlers`, `carried`;
//! * expressions: `expressions`, `sides`, `operators`, `comparisons`, `power`, `complex`, `tuples`, `attributes`;
//! * calls: `calls`, `closures`, `parameters`, `signatures`, `instances`, `builtins`, `functions` (of math and numpy, which
//!   `library` lists), `integers`, `rounding`, `rounding_to_variables`;
//! * arrays: `stencil` (of kernels), `indices`, `slices`, `views`, `creation`, `elementwise`.
//!
//! `environment` says what names stand for (`item`) and how ways join, `emit` emits ops and knows ranges and
//! constants, [`promotion`] has the rules for types. `program` is shared by the functions of a request, [`prelude`] finds
//! elementary functions, `liveness` which names are read later.

mod attributes;
mod builtins;
mod calls;
mod carried;
mod closures;
mod comparisons;
mod complex;
mod creation;
mod elementwise;
mod emit;
mod environment;
mod exceptions;
mod expressions;
mod functions;
mod handlers;
mod indices;
mod instances;
mod integers;
mod item;
mod library;
mod liveness;
mod loops;
mod names;
mod operators;
mod parameters;
mod power;
pub mod prelude;
mod program;
pub mod promotion;
mod ranges;
mod rounding;
mod rounding_to_variables;
mod sequences;
mod sides;
mod signatures;
mod slices;
mod statements;
mod stencil;
mod stores;
mod tuples;
mod typer;
mod views;

pub use crate::types::declaration::Rules;
pub use item::{Class, ItemType};

use crate::error::{Error, ErrorClass, Mistake, Result};
use crate::ir;
use crate::syntax::tree;
use crate::types::ScalarType;
use instances::Wanted;
use program::TypedProgram;
use typer::Typer;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Options {
    pub rules: Rules,
    /// All float ops get [`ir::FloatFlags::FAST`].
    pub fastmath: bool,
}

/// How a whole function is typed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FunctionOptions {
    /// All float ops get [`ir::FloatFlags::FAST`].
    pub fastmath: bool,
    /// A zero divisor of scalars is a failure (`error_model='python'`).
    pub zero_division: bool,
    /// Indices are checked where they are not proved.
    pub bounds: bool,
}

impl Default for FunctionOptions {
    fn default() -> FunctionOptions {
        FunctionOptions { fastmath: false, zero_division: true, bounds: true }
    }
}

/// What inference gives of a whole function.
#[derive(Debug, Clone)]
pub struct TypedFunction {
    /// The function asked for, first, and all that it calls, preludes included. Its parameters are the arguments'
    /// [`ItemType::kinds`] in order, its results those of `result`.
    pub module: ir::Module,
    pub result: ItemType,
    pub warnings: Vec<Mistake>,
}

/// The type of an argument of a kernel function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArgumentType {
    Scalar(ScalarType),
    /// An array that a stencil indexes relative to the current point.
    Relative {
        scalar: ScalarType,
        rank: u32,
    },
    /// An array that is indexed absolutely (`standard_indexing`).
    Absolute {
        scalar: ScalarType,
        rank: u32,
    },
}

/// What inference gives.
#[derive(Debug, Clone)]
pub struct Typed {
    /// The function asked for, first, and all that it calls, preludes included.
    ///
    /// Its parameters are the arguments in order (scalars with `Role::Argument(n)`, n counting all arguments) and, if
    /// there is a relative array, one `index` parameter per axis, `Role::Argument` counting on: the current point.
    /// Relative loads are `load a[p0 + d0, p1 + d1]`; each array's `footprint` is set.
    pub module: ir::Module,
    /// Things worth telling the user (a literal that widens a float32 kernel, ...).
    pub warnings: Vec<Mistake>,
}

/// For stencils: what the options say of a function's relative arrays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Relative {
    /// (min, max) offset per axis; required where an offset is not known when compiling.
    pub neighborhood: Option<Vec<(i64, i64)>>,
}

/// Infers the types of `function` for `arguments`. `result`: the type that the signature asks for, to which the
/// returned value is converted. The results of the function are exactly one for kernels.
pub fn infer(
    module: &tree::Module,
    function: &str,
    arguments: &[ArgumentType],
    result: Option<ScalarType>,
    relative: &Relative,
    options: &Options,
) -> Result<Typed> {
    let definition = module.function(function).ok_or_else(|| {
        let known = module.functions.iter().map(|function| function.name.as_str());
        let message = format!("there is no function '{function}' in '{}'", module.source.name);
        match names::suggestion(&names::near(function, known)) {
            Some(help) => Error::request_with_help(ErrorClass::Name, message, help),
            None => Error::request(ErrorClass::Name, message),
        }
    })?;
    let mut program = TypedProgram::new(module, options);
    let (index, name) = program.reserve(function);
    program.enter_kernel(definition);
    let typed = Typer::kernel(&mut program, definition, &name, arguments, result, relative)?;
    program.define(index, typed);
    let warnings = std::mem::take(&mut program.warnings);
    Ok(Typed { module: program.finish()?, warnings })
}

/// Infers the types of a whole function (`jit`), one type for each of its parameters ([`ItemType::Omitted`] for those
/// that are left to their defaults). `result`: the type that a
/// signature asks for, to which returned values are converted.
pub fn infer_function(
    module: &tree::Module,
    function: &str,
    arguments: &[ItemType],
    result: Option<&ItemType>,
    options: &FunctionOptions,
) -> Result<TypedFunction> {
    let definition = module.function(function).ok_or_else(|| {
        Error::request(ErrorClass::Name, format!("there is no function '{function}' in '{}'", module.source.name))
    })?;
    let mut program = TypedProgram::whole_functions(module, options);
    let unit = program.unit;
    let wanted = Wanted { unit, definition, arguments, around: &[], result: result.cloned() };
    let instance = program.instance(&wanted, unit, definition.name_span)?;
    if instance.result.holds_function() {
        let message = format!("'{}' returns a function", definition.name);
        let mistake = Mistake::new(ErrorClass::Unsupported, &module.source, definition.name_span, message);
        return Err(mistake.help("call it, and return the result").into());
    }
    let warnings = std::mem::take(&mut program.warnings);
    Ok(TypedFunction { module: program.finish()?, result: instance.result, warnings })
}

/// `1 argument`, `3 arguments`.
fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// `1 is`, `3 are`.
fn count_verb(number: usize) -> String {
    format!("{number} {}", if number == 1 { "is" } else { "are" })
}

/// `1 entry`, `3 entries`.
fn count_entries(number: usize) -> String {
    if number == 1 { "1 entry".into() } else { format!("{number} entries") }
}
