//! Inference: an untyped function and the types of its arguments give typed IR.

use crate::error::{Mistake, Result};
use crate::ir;
use crate::syntax::tree;
use crate::types::ScalarType;

/// Which rules give an expression its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rules {
    /// Numba's (docs/ir.md, rules R1 to R3): the default for kernels in Python, so that a program keeps its dtypes.
    Numba,
    /// Operators keep their operands' type; literals take the type that they meet. Prelude, stock kernels, Rust.
    Exact,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Options {
    pub rules: Rules,
    /// All float ops get [`ir::FloatFlags::FAST`].
    pub fastmath: bool,
}

/// The type of an argument of a kernel function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArgumentType {
    Scalar(ScalarType),
    /// An array that a stencil indexes relative to the current point.
    Relative { scalar: ScalarType, rank: u32 },
    /// An array that is indexed absolutely (`standard_indexing`).
    Absolute { scalar: ScalarType, rank: u32 },
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
    let _ = (module, function, arguments, result, relative, options);
    unreachable!("written next")
}
