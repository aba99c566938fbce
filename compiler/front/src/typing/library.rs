//! What the names of `math`, `numpy` and `numba` are to a kernel: every function on numbers, or why it is not there.
//!
//! What they become stands in `functions.rs`, which asks this table and nothing else.

use super::names;
use crate::ir::Op;
use crate::syntax::tree::{BinaryOperator, Comparison};

/// What a function of a library does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// A function of the prelude, of one or two floats, which exists for every type of them.
    Elementary(&'static str, usize),
    /// `np.sinc`: float64 for float32 too, as in Numba.
    Sinc,
    /// `math.pow`, `np.float_power`.
    Pow,
    /// `np.fmod`: of integers too.
    Fmod,
    /// `gcd`, `lcm`: of integers alone.
    Divisor(&'static str),
    /// `math.isqrt`: of an integer.
    Isqrt,
    /// `math.comb` and the like: of integers that are not negative.
    Combinatorial(&'static str),
    /// `np.bitwise_count`: the ones among the bits of an integer's magnitude.
    BitCount,
    /// A float as a fraction and an exponent.
    Frexp,
    Ldexp,
    /// A float as its fraction and its whole part.
    Modf,
    /// An op on floats; integers become floats.
    FloatOp(Op),
    /// `math.floor`: to int64.
    ToInteger(Op),
    /// `np.floor`: integers stay.
    Rounding(Op),
    /// `np.round(x)`, `np.round(x, decimals)`.
    Around,
    Abs,
    Negative,
    Positive,
    Square,
    Reciprocal,
    Sign,
    Arithmetic(BinaryOperator),
    Compare(Comparison),
    /// `np.minimum`, `np.fmax`: by ops on floats and on integers.
    Extreme(Op, Op),
    Where,
    Clip,
    /// `np.logical_and` and the like: of truth.
    Logical(Op),
    LogicalNot,
    Invert,
    IsNan,
    IsInf,
    IsFinite,
    IsPositiveInf,
    IsNegativeInf,
    IsClose,
    /// Whether the imaginary part is zero, or is not.
    IsReal,
    IsComplex,
    NanToNum,
    SignBit,
    Radians,
    Degrees,
    Divmod,
    /// Of numbers without an imaginary part.
    Real,
    Imag,
    Angle,
}

/// Why a kernel cannot use a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// Of complex numbers, which `jit` has and kernels have not.
    Complex,
    /// Of float16, with which not every device computes.
    Half,
    /// Of dates.
    Dates,
    /// Of whole arrays, or of sequences.
    Arrays,
}

impl Absent {
    /// What the message says of the name, and the help.
    pub fn told(self, path: &str) -> (String, &'static str) {
        let why = match self {
            Absent::Complex => "compute with the real and the imaginary part; functions for 'jit' have complex numbers",
            Absent::Half => "not every device computes with float16: use float32, which holds its numbers",
            Absent::Dates => "kernels compute with numbers; give dates to them as integers",
            Absent::Arrays => {
                "kernels compute one element at a time from numbers; work on whole arrays outside of them"
            }
        };
        (format!("kernels cannot use '{path}'"), why)
    }
}

pub type Entry = Result<Function, Absent>;

use Function::*;

const MATH: &[(&str, Entry)] = &[
    ("acos", Ok(Elementary("acos", 1))),
    ("acosh", Ok(Elementary("acosh", 1))),
    ("asin", Ok(Elementary("asin", 1))),
    ("asinh", Ok(Elementary("asinh", 1))),
    ("atan", Ok(Elementary("atan", 1))),
    ("atan2", Ok(Elementary("atan2", 2))),
    ("atanh", Ok(Elementary("atanh", 1))),
    ("cbrt", Ok(Elementary("cbrt", 1))),
    ("ceil", Ok(ToInteger(Op::Ceil))),
    ("comb", Ok(Combinatorial("comb"))),
    ("copysign", Ok(FloatOp(Op::Copysign))),
    ("cos", Ok(Elementary("cos", 1))),
    ("cosh", Ok(Elementary("cosh", 1))),
    ("degrees", Ok(Degrees)),
    ("dist", Err(Absent::Arrays)),
    ("erf", Ok(Elementary("erf", 1))),
    ("erfc", Ok(Elementary("erfc", 1))),
    ("exp", Ok(Elementary("exp", 1))),
    ("exp2", Ok(Elementary("exp2", 1))),
    ("expm1", Ok(Elementary("expm1", 1))),
    ("fabs", Ok(FloatOp(Op::Abs))),
    ("factorial", Ok(Combinatorial("factorial"))),
    ("floor", Ok(ToInteger(Op::Floor))),
    ("fma", Ok(FloatOp(Op::Fma))),
    ("fmod", Ok(Elementary("fmod", 2))),
    ("frexp", Ok(Frexp)),
    ("fsum", Err(Absent::Arrays)),
    ("gamma", Ok(Elementary("gamma", 1))),
    ("gcd", Ok(Divisor("gcd"))),
    ("hypot", Ok(Elementary("hypot", 2))),
    ("isclose", Ok(IsClose)),
    ("isfinite", Ok(IsFinite)),
    ("isinf", Ok(IsInf)),
    ("isnan", Ok(IsNan)),
    ("isqrt", Ok(Isqrt)),
    ("lcm", Ok(Divisor("lcm"))),
    ("ldexp", Ok(Ldexp)),
    ("lgamma", Ok(Elementary("lgamma", 1))),
    ("log", Ok(Elementary("log", 1))),
    ("log10", Ok(Elementary("log10", 1))),
    ("log1p", Ok(Elementary("log1p", 1))),
    ("log2", Ok(Elementary("log2", 1))),
    ("modf", Ok(Modf)),
    ("nextafter", Ok(Elementary("nextafter", 2))),
    ("perm", Ok(Combinatorial("perm"))),
    ("pow", Ok(Pow)),
    ("prod", Err(Absent::Arrays)),
    ("radians", Ok(Radians)),
    ("remainder", Ok(Elementary("remainder", 2))),
    ("sin", Ok(Elementary("sin", 1))),
    ("sinh", Ok(Elementary("sinh", 1))),
    ("sqrt", Ok(FloatOp(Op::Sqrt))),
    ("sumprod", Err(Absent::Arrays)),
    ("tan", Ok(Elementary("tan", 1))),
    ("tanh", Ok(Elementary("tanh", 1))),
    ("trunc", Ok(ToInteger(Op::Trunc))),
    ("ulp", Ok(Elementary("ulp", 1))),
];

const NUMPY: &[(&str, Entry)] = &[
    ("abs", Ok(Abs)),
    ("absolute", Ok(Abs)),
    ("acos", Ok(Elementary("acos", 1))),
    ("acosh", Ok(Elementary("acosh", 1))),
    ("add", Ok(Arithmetic(BinaryOperator::Add))),
    ("all", Err(Absent::Arrays)),
    ("allclose", Err(Absent::Arrays)),
    ("amax", Err(Absent::Arrays)),
    ("amin", Err(Absent::Arrays)),
    ("angle", Ok(Angle)),
    ("any", Err(Absent::Arrays)),
    ("append", Err(Absent::Arrays)),
    ("arange", Err(Absent::Arrays)),
    ("arccos", Ok(Elementary("acos", 1))),
    ("arccosh", Ok(Elementary("acosh", 1))),
    ("arcsin", Ok(Elementary("asin", 1))),
    ("arcsinh", Ok(Elementary("asinh", 1))),
    ("arctan", Ok(Elementary("atan", 1))),
    ("arctan2", Ok(Elementary("atan2", 2))),
    ("arctanh", Ok(Elementary("atanh", 1))),
    ("argmax", Err(Absent::Arrays)),
    ("argmin", Err(Absent::Arrays)),
    ("argsort", Err(Absent::Arrays)),
    ("around", Ok(Around)),
    ("array", Err(Absent::Arrays)),
    ("asarray", Err(Absent::Arrays)),
    ("asin", Ok(Elementary("asin", 1))),
    ("asinh", Ok(Elementary("asinh", 1))),
    ("atan", Ok(Elementary("atan", 1))),
    ("atan2", Ok(Elementary("atan2", 2))),
    ("atanh", Ok(Elementary("atanh", 1))),
    ("average", Err(Absent::Arrays)),
    ("bitwise_and", Ok(Arithmetic(BinaryOperator::And))),
    ("bitwise_count", Ok(BitCount)),
    ("bitwise_invert", Ok(Invert)),
    ("bitwise_left_shift", Ok(Arithmetic(BinaryOperator::LeftShift))),
    ("bitwise_not", Ok(Invert)),
    ("bitwise_or", Ok(Arithmetic(BinaryOperator::Or))),
    ("bitwise_right_shift", Ok(Arithmetic(BinaryOperator::RightShift))),
    ("bitwise_xor", Ok(Arithmetic(BinaryOperator::Xor))),
    ("cbrt", Ok(Elementary("cbrt", 1))),
    ("ceil", Ok(Rounding(Op::Ceil))),
    ("clip", Ok(Clip)),
    ("complex128", Err(Absent::Complex)),
    ("complex64", Err(Absent::Complex)),
    ("concatenate", Err(Absent::Arrays)),
    ("conj", Ok(Positive)),
    ("conjugate", Ok(Positive)),
    ("convolve", Err(Absent::Arrays)),
    ("copy", Err(Absent::Arrays)),
    ("copysign", Ok(FloatOp(Op::Copysign))),
    ("cos", Ok(Elementary("cos", 1))),
    ("cosh", Ok(Elementary("cosh", 1))),
    ("count_nonzero", Err(Absent::Arrays)),
    ("cross", Err(Absent::Arrays)),
    ("cumprod", Err(Absent::Arrays)),
    ("cumsum", Err(Absent::Arrays)),
    ("deg2rad", Ok(Radians)),
    ("degrees", Ok(Degrees)),
    ("diff", Err(Absent::Arrays)),
    ("divide", Ok(Arithmetic(BinaryOperator::Divide))),
    ("divmod", Ok(Divmod)),
    ("dot", Err(Absent::Arrays)),
    ("empty", Err(Absent::Arrays)),
    ("empty_like", Err(Absent::Arrays)),
    ("equal", Ok(Compare(Comparison::Equal))),
    ("exp", Ok(Elementary("exp", 1))),
    ("exp2", Ok(Elementary("exp2", 1))),
    ("expm1", Ok(Elementary("expm1", 1))),
    ("eye", Err(Absent::Arrays)),
    ("fabs", Ok(FloatOp(Op::Abs))),
    ("fix", Ok(Rounding(Op::Trunc))),
    ("flip", Err(Absent::Arrays)),
    ("float16", Err(Absent::Half)),
    ("float_power", Ok(Pow)),
    ("floor", Ok(Rounding(Op::Floor))),
    ("floor_divide", Ok(Arithmetic(BinaryOperator::FloorDivide))),
    ("fmax", Ok(Extreme(Op::Fmax, Op::Maximum))),
    ("fmin", Ok(Extreme(Op::Fmin, Op::Minimum))),
    ("fmod", Ok(Fmod)),
    ("frexp", Ok(Frexp)),
    ("full", Err(Absent::Arrays)),
    ("full_like", Err(Absent::Arrays)),
    ("gcd", Ok(Divisor("gcd"))),
    ("greater", Ok(Compare(Comparison::Greater))),
    ("greater_equal", Ok(Compare(Comparison::GreaterEqual))),
    ("half", Err(Absent::Half)),
    ("heaviside", Ok(Elementary("heaviside", 2))),
    ("histogram", Err(Absent::Arrays)),
    ("hstack", Err(Absent::Arrays)),
    ("hypot", Ok(Elementary("hypot", 2))),
    ("i0", Ok(Elementary("i0", 1))),
    ("imag", Ok(Imag)),
    ("inner", Err(Absent::Arrays)),
    ("interp", Err(Absent::Arrays)),
    ("invert", Ok(Invert)),
    ("isclose", Ok(IsClose)),
    ("iscomplex", Ok(IsComplex)),
    ("isfinite", Ok(IsFinite)),
    ("isinf", Ok(IsInf)),
    ("isnan", Ok(IsNan)),
    ("isnat", Err(Absent::Dates)),
    ("isneginf", Ok(IsNegativeInf)),
    ("isposinf", Ok(IsPositiveInf)),
    ("isreal", Ok(IsReal)),
    ("kron", Err(Absent::Arrays)),
    ("lcm", Ok(Divisor("lcm"))),
    ("ldexp", Ok(Ldexp)),
    ("left_shift", Ok(Arithmetic(BinaryOperator::LeftShift))),
    ("less", Ok(Compare(Comparison::Less))),
    ("less_equal", Ok(Compare(Comparison::LessEqual))),
    ("linspace", Err(Absent::Arrays)),
    ("log", Ok(Elementary("log", 1))),
    ("log10", Ok(Elementary("log10", 1))),
    ("log1p", Ok(Elementary("log1p", 1))),
    ("log2", Ok(Elementary("log2", 1))),
    ("logaddexp", Ok(Elementary("logaddexp", 2))),
    ("logaddexp2", Ok(Elementary("logaddexp2", 2))),
    ("logical_and", Ok(Logical(Op::And))),
    ("logical_not", Ok(LogicalNot)),
    ("logical_or", Ok(Logical(Op::Or))),
    ("logical_xor", Ok(Logical(Op::Xor))),
    ("matmul", Err(Absent::Arrays)),
    ("matvec", Err(Absent::Arrays)),
    ("max", Err(Absent::Arrays)),
    ("maximum", Ok(Extreme(Op::Maximum, Op::Maximum))),
    ("mean", Err(Absent::Arrays)),
    ("median", Err(Absent::Arrays)),
    ("meshgrid", Err(Absent::Arrays)),
    ("min", Err(Absent::Arrays)),
    ("minimum", Ok(Extreme(Op::Minimum, Op::Minimum))),
    ("mod", Ok(Arithmetic(BinaryOperator::Modulo))),
    ("modf", Ok(Modf)),
    ("multiply", Ok(Arithmetic(BinaryOperator::Multiply))),
    ("nan_to_num", Ok(NanToNum)),
    ("nanmax", Err(Absent::Arrays)),
    ("nanmean", Err(Absent::Arrays)),
    ("nanmedian", Err(Absent::Arrays)),
    ("nanmin", Err(Absent::Arrays)),
    ("nanprod", Err(Absent::Arrays)),
    ("nanstd", Err(Absent::Arrays)),
    ("nansum", Err(Absent::Arrays)),
    ("nanvar", Err(Absent::Arrays)),
    ("ndim", Err(Absent::Arrays)),
    ("negative", Ok(Negative)),
    ("nextafter", Ok(Elementary("nextafter", 2))),
    ("nonzero", Err(Absent::Arrays)),
    ("not_equal", Ok(Compare(Comparison::NotEqual))),
    ("ones", Err(Absent::Arrays)),
    ("ones_like", Err(Absent::Arrays)),
    ("outer", Err(Absent::Arrays)),
    ("percentile", Err(Absent::Arrays)),
    ("positive", Ok(Positive)),
    ("pow", Ok(Arithmetic(BinaryOperator::Power))),
    ("power", Ok(Arithmetic(BinaryOperator::Power))),
    ("prod", Err(Absent::Arrays)),
    ("ptp", Err(Absent::Arrays)),
    ("rad2deg", Ok(Degrees)),
    ("radians", Ok(Radians)),
    ("ravel", Err(Absent::Arrays)),
    ("real", Ok(Real)),
    ("reciprocal", Ok(Reciprocal)),
    ("remainder", Ok(Arithmetic(BinaryOperator::Modulo))),
    ("repeat", Err(Absent::Arrays)),
    ("reshape", Err(Absent::Arrays)),
    ("right_shift", Ok(Arithmetic(BinaryOperator::RightShift))),
    ("rint", Ok(FloatOp(Op::Rint))),
    ("roll", Err(Absent::Arrays)),
    ("round", Ok(Around)),
    ("round_", Ok(Around)),
    ("searchsorted", Err(Absent::Arrays)),
    ("shape", Err(Absent::Arrays)),
    ("sign", Ok(Sign)),
    ("signbit", Ok(SignBit)),
    ("sin", Ok(Elementary("sin", 1))),
    ("sinc", Ok(Sinc)),
    ("sinh", Ok(Elementary("sinh", 1))),
    ("size", Err(Absent::Arrays)),
    ("sort", Err(Absent::Arrays)),
    ("spacing", Ok(Elementary("spacing", 1))),
    ("split", Err(Absent::Arrays)),
    ("sqrt", Ok(FloatOp(Op::Sqrt))),
    ("square", Ok(Square)),
    ("squeeze", Err(Absent::Arrays)),
    ("stack", Err(Absent::Arrays)),
    ("std", Err(Absent::Arrays)),
    ("subtract", Ok(Arithmetic(BinaryOperator::Subtract))),
    ("sum", Err(Absent::Arrays)),
    ("take", Err(Absent::Arrays)),
    ("tan", Ok(Elementary("tan", 1))),
    ("tanh", Ok(Elementary("tanh", 1))),
    ("tile", Err(Absent::Arrays)),
    ("trace", Err(Absent::Arrays)),
    ("transpose", Err(Absent::Arrays)),
    ("true_divide", Ok(Arithmetic(BinaryOperator::Divide))),
    ("trunc", Ok(Rounding(Op::Trunc))),
    ("unique", Err(Absent::Arrays)),
    ("unwrap", Err(Absent::Arrays)),
    ("var", Err(Absent::Arrays)),
    ("vdot", Err(Absent::Arrays)),
    ("vecdot", Err(Absent::Arrays)),
    ("vecmat", Err(Absent::Arrays)),
    ("vstack", Err(Absent::Arrays)),
    ("where", Ok(Where)),
    ("zeros", Err(Absent::Arrays)),
    ("zeros_like", Err(Absent::Arrays)),
];

const NUMBA: &[(&str, Entry)] =
    &[("complex128", Err(Absent::Complex)), ("complex64", Err(Absent::Complex)), ("float16", Err(Absent::Half))];

fn table(root: &str) -> Option<&'static [(&'static str, Entry)]> {
    match root {
        "math" => Some(MATH),
        "numpy" => Some(NUMPY),
        "numba" => Some(NUMBA),
        _ => None,
    }
}

/// What a path names: `math.cos`, `numpy.maximum`.
pub fn entry(path: &str) -> Option<Entry> {
    let (root, name) = path.split_once('.')?;
    let known = table(root)?.iter().find(|(text, _)| *text == name).map(|(_, entry)| *entry);
    // What lies deeper is of arrays: numpy.linalg.inv.
    known.or_else(|| (root == "numpy" && name.contains('.')).then_some(Err(Absent::Arrays)))
}

/// The function that a path names.
pub fn find(path: &str) -> Option<Function> {
    entry(path)?.ok()
}

/// What a function takes besides its first arguments, whose number is told: names, and defaults (`None`: it may be missing).
pub fn optional(path: &str, function: Function) -> (usize, &'static [(&'static str, Option<f64>)]) {
    match function {
        Around => (1, &[("decimals", None)]),
        IsClose if path.starts_with("math.") => (2, &[("rel_tol", Some(1e-9)), ("abs_tol", Some(0.0))]),
        IsClose => (2, &[("rtol", Some(1e-5)), ("atol", Some(1e-8))]),
        _ => (0, &[]),
    }
}

/// What to do instead of using a path that names nothing.
pub fn nearest(path: &str) -> String {
    let (root, name) = path.split_once('.').unwrap_or((path, ""));
    let Some(table) = table(root).filter(|_| root != "numba") else {
        return "kernels can use functions of this file, of 'math' and of 'numpy'".into();
    };
    let there = table.iter().filter(|(_, entry)| entry.is_ok()).map(|(name, _)| *name);
    names::suggestion(&names::near(name, there)).unwrap_or_else(|| format!("'{root}' has no such function for numbers"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::typing::prelude;

    #[test]
    fn tables_are_sorted_without_repeats() {
        for table in [MATH, NUMPY, NUMBA] {
            assert!(table.windows(2).all(|pair| pair[0].0 < pair[1].0));
        }
    }

    /// What the table calls a function of the prelude is one, for every type and with as many parameters.
    #[test]
    fn the_prelude_has_what_the_table_names() {
        for (name, entry) in [MATH, NUMPY].concat() {
            let (function, count, types): (_, _, &[_]) = match entry {
                Ok(Elementary(function, count)) => (function, count, &["f32", "f64"]),
                Ok(Divisor(function)) => (function, 2, &["i32", "u32", "i64", "u64"]),
                Ok(Combinatorial("factorial")) => ("factorial", 1, &["u64"]),
                Ok(Combinatorial(function)) => (function, 2, &["u64"]),
                _ => continue,
            };
            for scalar in types {
                let full = format!("{function}_{scalar}");
                let file = prelude::find(&full).unwrap().unwrap_or_else(|| panic!("{name}: no {full}"));
                assert_eq!(file.module.function(&full).unwrap().parameters.len(), count, "{full}");
            }
        }
    }
}
