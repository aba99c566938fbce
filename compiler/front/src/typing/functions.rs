//! The functions of `math` and `numpy` on numbers, with Numba's result types.

use super::Rules;
use super::calls::Evaluated;
use super::item::{Item, Literal, Scalar};
use super::names;
use super::promotion;
use super::typer::Typer;
use crate::error::{Class, Mistake, Result};
use crate::ir::Op;
use crate::source::Span;
use crate::syntax::tree::{BinaryOperator, Comparison};
use crate::types::ScalarType;

/// What a function of a library does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// A function of the prelude, of one or two floats.
    Elementary(&'static str, usize),
    /// `math.pow`, `np.float_power`.
    Pow,
    /// `np.fmod`: of integers too.
    Fmod,
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
    SignBit,
    Radians,
    Degrees,
    Divmod,
}

use Function::*;

const MATH: &[(&str, Function)] = &[
    ("acos", Elementary("acos", 1)),
    ("acosh", Elementary("acosh", 1)),
    ("asin", Elementary("asin", 1)),
    ("asinh", Elementary("asinh", 1)),
    ("atan", Elementary("atan", 1)),
    ("atan2", Elementary("atan2", 2)),
    ("atanh", Elementary("atanh", 1)),
    ("cbrt", Elementary("cbrt", 1)),
    ("ceil", ToInteger(Op::Ceil)),
    ("copysign", FloatOp(Op::Copysign)),
    ("cos", Elementary("cos", 1)),
    ("cosh", Elementary("cosh", 1)),
    ("degrees", Degrees),
    ("erf", Elementary("erf", 1)),
    ("erfc", Elementary("erfc", 1)),
    ("exp", Elementary("exp", 1)),
    ("exp2", Elementary("exp2", 1)),
    ("expm1", Elementary("expm1", 1)),
    ("fabs", FloatOp(Op::Abs)),
    ("floor", ToInteger(Op::Floor)),
    ("fma", FloatOp(Op::Fma)),
    ("fmod", Elementary("fmod", 2)),
    ("gamma", Elementary("gamma", 1)),
    ("hypot", Elementary("hypot", 2)),
    ("isfinite", IsFinite),
    ("isinf", IsInf),
    ("isnan", IsNan),
    ("lgamma", Elementary("lgamma", 1)),
    ("log", Elementary("log", 1)),
    ("log10", Elementary("log10", 1)),
    ("log1p", Elementary("log1p", 1)),
    ("log2", Elementary("log2", 1)),
    ("nextafter", Elementary("nextafter", 2)),
    ("pow", Pow),
    ("radians", Radians),
    ("remainder", Elementary("remainder", 2)),
    ("sin", Elementary("sin", 1)),
    ("sinh", Elementary("sinh", 1)),
    ("sqrt", FloatOp(Op::Sqrt)),
    ("tan", Elementary("tan", 1)),
    ("tanh", Elementary("tanh", 1)),
    ("trunc", ToInteger(Op::Trunc)),
];

const NUMPY: &[(&str, Function)] = &[
    ("abs", Abs),
    ("absolute", Abs),
    ("acos", Elementary("acos", 1)),
    ("acosh", Elementary("acosh", 1)),
    ("add", Arithmetic(BinaryOperator::Add)),
    ("arccos", Elementary("acos", 1)),
    ("arccosh", Elementary("acosh", 1)),
    ("arcsin", Elementary("asin", 1)),
    ("arcsinh", Elementary("asinh", 1)),
    ("arctan", Elementary("atan", 1)),
    ("arctan2", Elementary("atan2", 2)),
    ("arctanh", Elementary("atanh", 1)),
    ("around", Around),
    ("asin", Elementary("asin", 1)),
    ("asinh", Elementary("asinh", 1)),
    ("atan", Elementary("atan", 1)),
    ("atan2", Elementary("atan2", 2)),
    ("atanh", Elementary("atanh", 1)),
    ("bitwise_and", Arithmetic(BinaryOperator::And)),
    ("bitwise_invert", Invert),
    ("bitwise_left_shift", Arithmetic(BinaryOperator::LeftShift)),
    ("bitwise_not", Invert),
    ("bitwise_or", Arithmetic(BinaryOperator::Or)),
    ("bitwise_right_shift", Arithmetic(BinaryOperator::RightShift)),
    ("bitwise_xor", Arithmetic(BinaryOperator::Xor)),
    ("cbrt", Elementary("cbrt", 1)),
    ("ceil", Rounding(Op::Ceil)),
    ("clip", Clip),
    ("conj", Positive),
    ("conjugate", Positive),
    ("copysign", FloatOp(Op::Copysign)),
    ("cos", Elementary("cos", 1)),
    ("cosh", Elementary("cosh", 1)),
    ("deg2rad", Radians),
    ("degrees", Degrees),
    ("divide", Arithmetic(BinaryOperator::Divide)),
    ("divmod", Divmod),
    ("equal", Compare(Comparison::Equal)),
    ("exp", Elementary("exp", 1)),
    ("exp2", Elementary("exp2", 1)),
    ("expm1", Elementary("expm1", 1)),
    ("fabs", FloatOp(Op::Abs)),
    ("fix", Rounding(Op::Trunc)),
    ("float_power", Pow),
    ("floor", Rounding(Op::Floor)),
    ("floor_divide", Arithmetic(BinaryOperator::FloorDivide)),
    ("fmax", Extreme(Op::Fmax, Op::Maximum)),
    ("fmin", Extreme(Op::Fmin, Op::Minimum)),
    ("fmod", Fmod),
    ("greater", Compare(Comparison::Greater)),
    ("greater_equal", Compare(Comparison::GreaterEqual)),
    ("hypot", Elementary("hypot", 2)),
    ("invert", Invert),
    ("isfinite", IsFinite),
    ("isinf", IsInf),
    ("isnan", IsNan),
    ("left_shift", Arithmetic(BinaryOperator::LeftShift)),
    ("less", Compare(Comparison::Less)),
    ("less_equal", Compare(Comparison::LessEqual)),
    ("log", Elementary("log", 1)),
    ("log10", Elementary("log10", 1)),
    ("log1p", Elementary("log1p", 1)),
    ("log2", Elementary("log2", 1)),
    ("logaddexp", Elementary("logaddexp", 2)),
    ("logaddexp2", Elementary("logaddexp2", 2)),
    ("logical_and", Logical(Op::And)),
    ("logical_not", LogicalNot),
    ("logical_or", Logical(Op::Or)),
    ("logical_xor", Logical(Op::Xor)),
    ("maximum", Extreme(Op::Maximum, Op::Maximum)),
    ("minimum", Extreme(Op::Minimum, Op::Minimum)),
    ("mod", Arithmetic(BinaryOperator::Modulo)),
    ("multiply", Arithmetic(BinaryOperator::Multiply)),
    ("negative", Negative),
    ("nextafter", Elementary("nextafter", 2)),
    ("not_equal", Compare(Comparison::NotEqual)),
    ("positive", Positive),
    ("pow", Arithmetic(BinaryOperator::Power)),
    ("power", Arithmetic(BinaryOperator::Power)),
    ("rad2deg", Degrees),
    ("radians", Radians),
    ("reciprocal", Reciprocal),
    ("remainder", Arithmetic(BinaryOperator::Modulo)),
    ("right_shift", Arithmetic(BinaryOperator::RightShift)),
    ("rint", FloatOp(Op::Rint)),
    ("round", Around),
    ("round_", Around),
    ("sign", Sign),
    ("signbit", SignBit),
    ("sin", Elementary("sin", 1)),
    ("sinc", Elementary("sinc", 1)),
    ("sinh", Elementary("sinh", 1)),
    ("sqrt", FloatOp(Op::Sqrt)),
    ("square", Square),
    ("subtract", Arithmetic(BinaryOperator::Subtract)),
    ("tan", Elementary("tan", 1)),
    ("tanh", Elementary("tanh", 1)),
    ("true_divide", Arithmetic(BinaryOperator::Divide)),
    ("trunc", Rounding(Op::Trunc)),
    ("where", Where),
];

/// Functions on numbers that Numba has and numbra has not yet.
const NOT_YET: &[&str] = &[
    "math.comb",
    "math.dist",
    "math.factorial",
    "math.frexp",
    "math.fsum",
    "math.gcd",
    "math.isclose",
    "math.isqrt",
    "math.lcm",
    "math.ldexp",
    "math.modf",
    "math.perm",
    "math.prod",
    "math.sumprod",
    "math.ulp",
    "numpy.frexp",
    "numpy.gcd",
    "numpy.heaviside",
    "numpy.isclose",
    "numpy.lcm",
    "numpy.ldexp",
    "numpy.modf",
    "numpy.nan_to_num",
    "numpy.real",
    "numpy.imag",
    "numpy.angle",
    "numpy.spacing",
    "numpy.i0",
    "numpy.float16",
    "numpy.half",
    "numpy.complex64",
    "numpy.complex128",
    "numba.complex64",
    "numba.complex128",
    "numba.float16",
    "numpy.bitwise_count",
];

/// Functions on whole arrays.
const ON_ARRAYS: &[&str] = &[
    "all",
    "allclose",
    "any",
    "append",
    "arange",
    "argmax",
    "argmin",
    "argsort",
    "array",
    "asarray",
    "average",
    "concatenate",
    "convolve",
    "copy",
    "count_nonzero",
    "cross",
    "cumprod",
    "cumsum",
    "diff",
    "dot",
    "empty",
    "empty_like",
    "eye",
    "full",
    "full_like",
    "histogram",
    "interp",
    "linspace",
    "matmul",
    "max",
    "mean",
    "median",
    "min",
    "nanmax",
    "nanmean",
    "nanmin",
    "nansum",
    "nonzero",
    "ones",
    "ones_like",
    "percentile",
    "prod",
    "ravel",
    "repeat",
    "reshape",
    "roll",
    "searchsorted",
    "sort",
    "stack",
    "std",
    "sum",
    "take",
    "tile",
    "trace",
    "transpose",
    "unique",
    "var",
    "vstack",
    "hstack",
    "zeros",
    "zeros_like",
];

/// The function that a path names: `math.cos`, `numpy.maximum`.
pub fn find(path: &str) -> Option<Function> {
    let (table, name) = match path.split_once('.')? {
        ("math", name) => (MATH, name),
        ("numpy", name) => (NUMPY, name),
        _ => return None,
    };
    table.iter().find(|(text, _)| *text == name).map(|(_, function)| *function)
}

impl<'t> Typer<'t, '_> {
    /// A path that names no function of a kernel: why, and what to use.
    pub fn unknown_function(&self, path: &str, span: Span) -> Mistake {
        let (root, name) = path.split_once('.').unwrap_or((path, ""));
        if NOT_YET.contains(&path) {
            let mistake = self.mistake(Class::Unsupported, span, format!("'{path}' is not available yet"));
            return mistake.help("write it with the functions that are");
        }
        if root == "numpy" && (ON_ARRAYS.contains(&name) || name.contains('.')) {
            let mistake = self.mistake(Class::Unsupported, span, format!("kernels cannot use '{path}'"));
            return mistake
                .help("kernels compute one element at a time from numbers; work on whole arrays outside of them");
        }
        let mistake = self.mistake(Class::Name, span, format!("unknown name '{path}'"));
        let table = match root {
            "math" => MATH,
            "numpy" => NUMPY,
            _ => return mistake.help("kernels can use functions of this file, of 'math' and of 'numpy'"),
        };
        match names::suggestion(&names::near(name, table.iter().map(|(name, _)| *name))) {
            Some(help) => mistake.help(help),
            None => mistake.help(format!("'{root}' has no such function for numbers")),
        }
    }

    pub fn library_function(
        &mut self,
        path: &str,
        function: Function,
        arguments: &[Evaluated<'t>],
        span: Span,
    ) -> Result<Item<'t>> {
        let count = match function {
            Elementary(_, count) => count,
            FloatOp(op) => op.info().arity,
            Pow | Fmod | Arithmetic(_) | Compare(_) | Extreme(..) | Logical(_) | Divmod => 2,
            Where | Clip => 3,
            Around if arguments.len() == 2 => 2,
            _ => 1,
        };
        if arguments.len() != count {
            let takes = super::count(count, "argument");
            return Err(self.wrong_count(path, &takes, span).into());
        }
        let math = path.starts_with("math.");
        let result = match function {
            Elementary(name, _) => {
                let numbers = self.floats(path, math, arguments)?;
                self.elementary(name, numbers[0].scalar, &numbers, span)?
            }
            Pow => {
                // A float32 with an integer beside it is float64 in math.pow; np.float_power is float64 always.
                let promote = |types: &[ScalarType]| match types {
                    [ScalarType::F32, exponent] if exponent.is_integer() => ScalarType::F64,
                    types => promotion::math(types),
                };
                let numbers = match self.unit.rules {
                    Rules::Numba if math => self.common_numbers(path, arguments, promote)?,
                    Rules::Numba => self.common_numbers(path, arguments, |_| ScalarType::F64)?,
                    Rules::Exact => self.floats(path, math, arguments)?,
                };
                self.power_of(numbers[0], numbers[1], span)?
            }
            Fmod => {
                let numbers = self.common_numbers(path, arguments, promotion::numpy)?;
                let [left, right] = [numbers[0], numbers[1]];
                if left.scalar.is_float() {
                    self.elementary("fmod", left.scalar, &numbers, span)?
                } else {
                    self.integer_fmod(left, right, span)
                }
            }
            FloatOp(op) => {
                let numbers = match op {
                    Op::Copysign if math && self.unit.rules == Rules::Numba => {
                        self.common_numbers(path, arguments, promotion::math_copysign)?
                    }
                    _ => self.floats(path, math, arguments)?,
                };
                self.apply(op, &numbers, span)
            }
            ToInteger(op) => {
                let number = self.number(&arguments[0].0, arguments[0].1)?;
                if number.scalar.is_float() {
                    let rounded = self.apply(op, &[number], span);
                    self.convert(rounded, ScalarType::I64, span)
                } else {
                    self.convert(number, promotion::wide_integer(number.scalar), span)
                }
            }
            Rounding(op) => {
                let number = self.number(&arguments[0].0, arguments[0].1)?;
                if number.scalar.is_float() { self.apply(op, &[number], span) } else { number }
            }
            Around => {
                let mut number = self.number(&arguments[0].0, arguments[0].1)?;
                if self.unit.rules == Rules::Numba {
                    let wide = match number.scalar {
                        ScalarType::F32 | ScalarType::F64 | ScalarType::U64 => ScalarType::F64,
                        _ => ScalarType::I64,
                    };
                    number = self.convert(number, wide, span);
                }
                match arguments.get(1) {
                    Some(digits) => self.round_to(number, digits, span)?,
                    None if number.scalar.is_float() => self.apply(Op::Rint, &[number], span),
                    None => number,
                }
            }
            Abs => {
                let number = self.number(&arguments[0].0, arguments[0].1)?;
                if number.scalar == ScalarType::Bool { number } else { self.apply(Op::Abs, &[number], span) }
            }
            Negative => {
                let number = self.not_bool(&arguments[0])?;
                self.apply(Op::Neg, &[number], span)
            }
            Positive => self.not_bool(&arguments[0])?,
            Square => {
                let number = self.not_bool(&arguments[0])?;
                self.apply(Op::Mul, &[number, number], span)
            }
            Reciprocal => {
                let number = self.not_bool(&arguments[0])?;
                self.reciprocal(number, span)
            }
            Sign => {
                let number = self.not_bool(&arguments[0])?;
                self.sign(number, span)
            }
            Arithmetic(operator) => self.arithmetic_function(path, operator, arguments, span)?,
            Compare(comparison) => {
                let (left, right) = (&arguments[0], &arguments[1]);
                self.compare(comparison, &left.0, &right.0, left.1, right.1)?
            }
            Extreme(float, integer) => {
                let numbers = self.common_numbers(path, arguments, promotion::numpy)?;
                self.extreme_op(float, integer, numbers[0], numbers[1], span)
            }
            Where => {
                let condition = self.truth(&arguments[0].0, arguments[0].1)?;
                let numbers = self.common_numbers(path, &arguments[1..], promotion::unify_all)?;
                self.select(condition, numbers[0], numbers[1], span)
            }
            Clip => {
                let numbers = self.common_numbers(path, arguments, promotion::numpy)?;
                let raised = self.extreme_op(Op::Maximum, Op::Maximum, numbers[0], numbers[1], span);
                self.extreme_op(Op::Minimum, Op::Minimum, raised, numbers[2], span)
            }
            Logical(op) => {
                let left = self.truth(&arguments[0].0, arguments[0].1)?;
                let right = self.truth(&arguments[1].0, arguments[1].1)?;
                self.apply(op, &[left, right], span)
            }
            LogicalNot => {
                let truth = self.truth(&arguments[0].0, arguments[0].1)?;
                self.not(truth, span)
            }
            Invert => {
                let number = self.number(&arguments[0].0, arguments[0].1)?;
                if number.scalar.is_float() {
                    let message = format!("'{path}' takes integers, and this is {}", number.scalar);
                    return Err(self.mistake(Class::Type, span, message).help("cast it to an integer type").into());
                }
                self.not(number, span)
            }
            IsNan | IsInf | IsFinite | SignBit => self.classify(path, function, &arguments[0], span)?,
            Radians | Degrees => {
                let numbers = self.floats(path, math, arguments)?;
                let factor =
                    if function == Radians { std::f64::consts::PI / 180.0 } else { 180.0 / std::f64::consts::PI };
                let factor = self.float(numbers[0].scalar, factor, span);
                self.apply(Op::Mul, &[numbers[0], factor], span)
            }
            Divmod => {
                let quotient = self.arithmetic_function(path, BinaryOperator::FloorDivide, arguments, span)?;
                let remainder = self.arithmetic_function(path, BinaryOperator::Modulo, arguments, span)?;
                return Ok(Item::Tuple(vec![Item::Scalar(quotient), Item::Scalar(remainder)]));
            }
        };
        Ok(Item::Scalar(result))
    }

    /// The arguments as floats of one type. Under `Exact` integers are refused, but literals become floats.
    fn floats(&mut self, path: &str, math: bool, arguments: &[Evaluated<'t>]) -> Result<Vec<Scalar>> {
        if self.unit.rules == Rules::Numba {
            return self.common_numbers(path, arguments, if math { promotion::math } else { promotion::numpy_float });
        }
        let typed = arguments.iter().find_map(|(item, _)| match item {
            Item::Scalar(scalar) => Some(scalar.scalar),
            _ => None,
        });
        let scalar = typed.unwrap_or(ScalarType::F64);
        if !scalar.is_float() {
            return Err(self.needs_float(path, scalar, arguments[0].1).into());
        }
        let mut numbers = Vec::new();
        for (item, at) in arguments {
            numbers.push(self.exactly(item, scalar, *at)?);
        }
        Ok(numbers)
    }

    /// A number for functions that have no loop for bool: the first that they have is int8's.
    fn not_bool(&mut self, argument: &Evaluated<'t>) -> Result<Scalar> {
        let number = self.number(&argument.0, argument.1)?;
        let scalar = if number.scalar == ScalarType::Bool { ScalarType::I8 } else { number.scalar };
        Ok(self.convert(number, scalar, argument.1))
    }

    /// `np.add` and the like: R3, not R1.
    fn arithmetic_function(
        &mut self,
        path: &str,
        operator: BinaryOperator,
        arguments: &[Evaluated<'t>],
        span: Span,
    ) -> Result<Scalar> {
        let given: Vec<ScalarType> = (arguments.iter())
            .filter_map(|(item, _)| match item {
                Item::Scalar(scalar) => Some(scalar.scalar),
                _ => None,
            })
            .collect();
        let numbers = self.common_numbers(path, arguments, promotion::numpy)?;
        let common = numbers[0].scalar;
        use BinaryOperator::*;
        let refused = |typer: &Self| {
            let message = format!("'{path}' does not take {common}");
            let mistake = typer.mistake(Class::Type, span, message);
            crate::Error::from(mistake.help("cast the arguments to one type that it takes"))
        };
        let scalar = match operator {
            And | Or | Xor if common.is_float() => return Err(refused(self)),
            LeftShift | RightShift if common.is_float() => return Err(refused(self)),
            // Booleans: + is or, * is and, the rest as int8.
            Add | Multiply if common == ScalarType::Bool => {
                let op = if operator == Add { Op::Or } else { Op::And };
                return Ok(self.apply(op, &numbers, span));
            }
            Divide if !common.is_float() => promotion::numpy_float(&given),
            And | Or | Xor => common,
            _ if common == ScalarType::Bool => ScalarType::I8,
            _ => common,
        };
        if self.unit.rules == Rules::Exact && scalar != common {
            return Err(refused(self));
        }
        let (left, right) = (self.convert(numbers[0], scalar, span), self.convert(numbers[1], scalar, span));
        if operator == Power {
            return self.power_of(left, right, span);
        }
        self.compute(operator, scalar, left, right, span)
    }

    fn extreme_op(&mut self, float: Op, integer: Op, left: Scalar, right: Scalar, span: Span) -> Scalar {
        match left.scalar {
            ScalarType::F32 | ScalarType::F64 => self.apply(float, &[left, right], span),
            ScalarType::Bool => {
                let op = if integer == Op::Minimum { Op::And } else { Op::Or };
                self.apply(op, &[left, right], span)
            }
            _ => self.apply(integer, &[left, right], span),
        }
    }

    /// C's remainder, with the sign of the left side, from Python's, with the sign of the right one.
    fn integer_fmod(&mut self, left: Scalar, right: Scalar, span: Span) -> Scalar {
        let scalar = if left.scalar == ScalarType::Bool { ScalarType::I8 } else { left.scalar };
        let (left, right) = (self.convert(left, scalar, span), self.convert(right, scalar, span));
        let remainder = self.apply(Op::Mod, &[left, right], span);
        if scalar.is_unsigned() {
            return remainder;
        }
        let zero = self.integer(scalar, 0, span);
        let signs = self.apply(Op::Xor, &[remainder, left], span);
        let differ = self.apply(Op::Lt, &[signs, zero], span);
        let some = self.apply(Op::Ne, &[remainder, zero], span);
        let wrong = self.apply(Op::And, &[differ, some], span);
        let other = self.apply(Op::Sub, &[remainder, right], span);
        self.select(wrong, other, remainder, span)
    }

    fn reciprocal(&mut self, number: Scalar, span: Span) -> Scalar {
        let one = self.one(number.scalar, span);
        if number.scalar.is_float() {
            return self.apply(Op::Div, &[one, number], span);
        }
        // 1 / x truncated: x itself for 1 and -1, 0 for the rest.
        let zero = self.integer(number.scalar, 0, span);
        let magnitude = self.apply(Op::Abs, &[number], span);
        let unit = self.apply(Op::Eq, &[magnitude, one], span);
        self.select(unit, number, zero, span)
    }

    /// -1, 0 or 1; NaN stays.
    fn sign(&mut self, number: Scalar, span: Span) -> Scalar {
        let scalar = number.scalar;
        let zero = if scalar.is_float() { self.float(scalar, 0.0, span) } else { self.integer(scalar, 0, span) };
        let one = self.one(scalar, span);
        let positive = self.apply(Op::Gt, &[number, zero], span);
        let mut result = self.select(positive, one, number, span);
        if !scalar.is_unsigned() {
            let negative = self.apply(Op::Lt, &[number, zero], span);
            let minus_one = self.apply(Op::Neg, &[one], span);
            result = self.select(negative, minus_one, result, span);
        }
        // np.sign(-0.0) is 0.0.
        if scalar.is_float() {
            result = self.apply(Op::Add, &[result, zero], span);
        }
        result
    }

    fn classify(&mut self, path: &str, function: Function, argument: &Evaluated<'t>, span: Span) -> Result<Scalar> {
        let number = match &argument.0 {
            Item::Literal(literal @ Literal::Float(_)) => self.literal(literal, ScalarType::F64, argument.1)?,
            item => self.number(item, argument.1)?,
        };
        if !number.scalar.is_float() {
            if self.unit.rules == Rules::Exact {
                return Err(self.needs_float(path, number.scalar, argument.1).into());
            }
            if function == SignBit {
                let zero = self.integer(ScalarType::I64, 0, span);
                return Ok(self.compare_numbers(Op::Lt, number, zero, span));
            }
            return Ok(self.constant(crate::types::Constant::bool(function == IsFinite), span));
        }
        Ok(match function {
            IsNan => self.apply(Op::IsNan, &[number], span),
            IsInf => self.apply(Op::IsInf, &[number], span),
            IsFinite => {
                // Neither NaN nor infinity, by the bits, whatever the flags.
                let nan = self.apply(Op::IsNan, &[number], span);
                let infinite = self.apply(Op::IsInf, &[number], span);
                let either = self.apply(Op::Or, &[nan, infinite], span);
                self.not(either, span)
            }
            _ => {
                let bits = if number.scalar == ScalarType::F32 { ScalarType::I32 } else { ScalarType::I64 };
                let number = self.bitcast(number, bits, span);
                let zero = self.integer(bits, 0, span);
                self.apply(Op::Lt, &[number, zero], span)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_without_repeats() {
        for table in [MATH, NUMPY] {
            assert!(table.windows(2).all(|pair| pair[0].0 < pair[1].0));
        }
    }
}
