//! The functions of `math` and `numpy` on numbers, with Numba's result types: what those of the table in `library.rs`
//! become.

use super::Rules;
use super::calls::Evaluated;
use super::item::{Item, Literal, Scalar};
use super::library::{self, Function};
use super::promotion;
use super::typer::Typer;
use crate::error::{ErrorClass, Mistake, Result};
use crate::ir::Op;
use crate::source::Span;
use crate::syntax::tree::BinaryOperator;
use crate::types::{Constant, ScalarType};

use Function::*;

impl<'t> Typer<'t, '_> {
    /// A path that names no function of a kernel: why, and what to use.
    pub fn unknown_function(&self, path: &str, span: Span) -> Mistake {
        match library::entry(path) {
            Some(Err(absent)) => {
                let (message, help) = absent.told(path);
                self.mistake(ErrorClass::Unsupported, span, message).help(help)
            }
            _ => self.mistake(ErrorClass::Name, span, format!("unknown name '{path}'")).help(library::nearest(path)),
        }
    }

    pub fn library_function(
        &mut self,
        path: &str,
        function: Function,
        arguments: &[Evaluated<'t>],
        span: Span,
    ) -> Result<Item<'t>> {
        let math = path.starts_with("math.");
        let count = match function {
            Elementary(_, count) => count,
            FloatOp(op) => op.info().arity,
            Pow | Fmod | Ldexp | Arithmetic(_) | Compare(_) | Extreme(..) | Logical(_) | Divmod => 2,
            IsClose => {
                if arguments.len() < 2 {
                    2
                } else {
                    4
                }
            }
            // Python's take any number.
            Divisor(_) if math => arguments.len().max(2),
            Divisor(_) => 2,
            // math.perm(n) is n!.
            Combinatorial("perm") => arguments.len().clamp(1, 2),
            Combinatorial("comb") => 2,
            Where | Clip => 3,
            Around if arguments.len() == 2 => 2,
            _ => 1,
        };
        if arguments.len() != count {
            let takes = super::count(count, "argument");
            return Err(self.wrong_count(path, &takes, span).into());
        }
        let result = match function {
            Elementary(name, _) => {
                let numbers = self.floats(path, math, arguments)?;
                self.elementary(name, numbers[0].scalar, &numbers, span)?
            }
            Sinc => {
                let promote = |types: &[ScalarType]| match types {
                    [ScalarType::F32] => ScalarType::F64,
                    types => promotion::numpy_float(types),
                };
                let numbers = match self.unit.rules {
                    Rules::Numba => self.common_numbers(path, arguments, promote)?,
                    Rules::Exact => self.floats(path, math, arguments)?,
                };
                self.elementary("sinc", numbers[0].scalar, &numbers, span)?
            }
            Divisor(name) => self.divisor(path, name, math, arguments, span)?,
            Isqrt => self.integer_root(path, &arguments[0], span)?,
            Combinatorial(name) => self.combinatorial(path, name, arguments, span)?,
            BitCount => self.bit_count(path, &arguments[0], span)?,
            Frexp => return self.parts(path, "frexp", math, arguments, span),
            Modf => return self.parts(path, "modf", math, arguments, span),
            Ldexp => self.scaled(path, math, arguments, span)?,
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
                    Some(digits) => self.round_numpy(number, digits, span)?,
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
                    return Err(self
                        .mistake(ErrorClass::Type, span, message)
                        .help("cast it to an integer type")
                        .into());
                }
                self.not(number, span)
            }
            IsNan | IsInf | IsFinite | IsPositiveInf | IsNegativeInf | SignBit => {
                self.classify(path, function, &arguments[0], span)?
            }
            IsClose => self.is_close(path, math, arguments, span)?,
            IsReal | IsComplex => {
                self.number(&arguments[0].0, arguments[0].1)?;
                self.constant(Constant::bool(function == IsReal), span)
            }
            NanToNum => self.nan_to_number(&arguments[0], span)?,
            Real => self.number(&arguments[0].0, arguments[0].1)?,
            Imag => {
                let number = self.number(&arguments[0].0, arguments[0].1)?;
                self.zero_of(number.scalar, span)
            }
            Angle => {
                let numbers = self.floats(path, math, arguments)?;
                let zero = self.zero_of(numbers[0].scalar, span);
                self.elementary("atan2", numbers[0].scalar, &[zero, numbers[0]], span)?
            }
            // Of float32 0.63 and 0.70 ULP at most (all 2**32 arguments: checks exhaust --function 'math.radians(a)').
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
        use BinaryOperator::*;
        let bits = matches!(operator, And | Or | Xor | LeftShift | RightShift);
        let numbers = match bits {
            true => self.common_integers(path, arguments)?,
            false => self.common_numbers(path, arguments, promotion::numpy)?,
        };
        let common = numbers[0].scalar;
        let scalar = match operator {
            // Booleans: + is or, * is and, the rest as int8.
            Add | Multiply if common == ScalarType::Bool => {
                let op = if operator == Add { Op::Or } else { Op::And };
                return Ok(self.apply(op, &numbers, span));
            }
            Divide if !common.is_float() => promotion::numpy_float(&types_of(arguments)),
            And | Or | Xor => common,
            _ if common == ScalarType::Bool => ScalarType::I8,
            _ => common,
        };
        if self.unit.rules == Rules::Exact && scalar != common {
            let mistake = self.mistake(ErrorClass::Type, span, format!("'{path}' does not take {common}"));
            return Err(mistake.help("cast the arguments to one type that it takes").into());
        }
        let (left, right) = (self.convert(numbers[0], scalar, span), self.convert(numbers[1], scalar, span));
        if operator == Power {
            return self.power_of(left, right, span);
        }
        self.compute(operator, scalar, left, right, span)
    }

    fn extreme_op(&mut self, float: Op, integer: Op, left: Scalar, right: Scalar, span: Span) -> Scalar {
        match left.scalar {
            scalar if scalar.is_float() => self.apply(float, &[left, right], span),
            ScalarType::Bool => {
                let op = if integer == Op::Minimum { Op::And } else { Op::Or };
                self.apply(op, &[left, right], span)
            }
            _ => self.apply(integer, &[left, right], span),
        }
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
        let zero = self.zero_of(scalar, span);
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
            return Ok(self.constant(Constant::bool(function == IsFinite), span));
        }
        Ok(match function {
            IsNan => self.apply(Op::IsNan, &[number], span),
            IsInf => self.apply(Op::IsInf, &[number], span),
            IsPositiveInf | IsNegativeInf => {
                let infinite = self.apply(Op::IsInf, &[number], span);
                let zero = self.zero_of(number.scalar, span);
                let side = if function == IsPositiveInf { Op::Gt } else { Op::Lt };
                let side = self.apply(side, &[number, zero], span);
                self.apply(Op::And, &[infinite, side], span)
            }
            IsFinite => {
                // Neither NaN nor infinity, by the bits, whatever the flags.
                let nan = self.apply(Op::IsNan, &[number], span);
                let infinite = self.apply(Op::IsInf, &[number], span);
                let either = self.apply(Op::Or, &[nan, infinite], span);
                self.not(either, span)
            }
            _ => {
                let bits = number.scalar.bits_type();
                let number = self.bitcast(number, bits, span);
                let zero = self.integer(bits, 0, span);
                self.apply(Op::Lt, &[number, zero], span)
            }
        })
    }

    /// A function of the prelude with several results: `frexp`, `modf`.
    fn parts(
        &mut self,
        path: &str,
        name: &str,
        math: bool,
        arguments: &[Evaluated<'t>],
        span: Span,
    ) -> Result<Item<'t>> {
        let numbers = self.floats(path, math, arguments)?;
        self.elementary_item(name, numbers[0].scalar, &numbers, span)
    }

    /// `ldexp(x, n)`. The prelude's takes an int32: beyond it any exponent gives zero or an infinity.
    fn scaled(&mut self, path: &str, math: bool, arguments: &[Evaluated<'t>], span: Span) -> Result<Scalar> {
        let number = self.floats(path, math, &arguments[..1])?[0];
        let (item, at) = &arguments[1];
        let exponent = self.number(item, *at)?;
        if exponent.scalar.is_float() {
            let message = format!("'{path}' takes an integer exponent, and this is {}", exponent.scalar);
            return Err(self.mistake(ErrorClass::Type, *at, message).help("cast it to an integer type").into());
        }
        let mut bounded = exponent;
        if exponent.scalar.bits() > 16 {
            let most = self.integer(exponent.scalar, MOST_EXPONENT, span);
            bounded = self.apply(Op::Minimum, &[bounded, most], span);
            if exponent.scalar.is_signed() {
                let least = self.integer(exponent.scalar, -MOST_EXPONENT, span);
                bounded = self.apply(Op::Maximum, &[bounded, least], span);
            }
        }
        let bounded = self.convert(bounded, ScalarType::I32, span);
        self.elementary("ldexp", number.scalar, &[number, bounded], span)
    }

    /// `math.isclose`, `np.isclose`: equal, or both finite and no further apart than the tolerances, which have the numbers' type.
    fn is_close(&mut self, path: &str, math: bool, arguments: &[Evaluated<'t>], span: Span) -> Result<Scalar> {
        let numbers = self.floats(path, math, &arguments[..2])?;
        let [left, right] = [numbers[0], numbers[1]];
        let tolerance = |typer: &mut Self, place: usize| -> Result<Scalar> {
            let (item, at) = &arguments[place];
            match item {
                Item::Literal(_) => typer.exactly(item, left.scalar, *at),
                item => {
                    let number = typer.number(item, *at)?;
                    Ok(typer.convert(number, left.scalar, *at))
                }
            }
        };
        let (relative, absolute) = (tolerance(self, 2)?, tolerance(self, 3)?);
        let difference = self.apply(Op::Sub, &[left, right], span);
        let difference = self.apply(Op::Abs, &[difference], span);
        let right_size = self.apply(Op::Abs, &[right], span);
        let bound = if math {
            let left_size = self.apply(Op::Abs, &[left], span);
            let larger = self.apply(Op::Maximum, &[left_size, right_size], span);
            let scaled = self.apply(Op::Mul, &[relative, larger], span);
            self.apply(Op::Maximum, &[scaled, absolute], span)
        } else {
            let scaled = self.apply(Op::Mul, &[relative, right_size], span);
            self.apply(Op::Add, &[absolute, scaled], span)
        };
        let near = self.apply(Op::Le, &[difference, bound], span);
        // Of infinities the difference is infinite or NaN, and the bound infinite.
        let infinity = self.float(left.scalar, f64::INFINITY, span);
        let finite = self.apply(Op::Lt, &[difference, infinity], span);
        let near = self.apply(Op::And, &[near, finite], span);
        let equal = self.apply(Op::Eq, &[left, right], span);
        Ok(self.apply(Op::Or, &[equal, near], span))
    }

    /// `np.nan_to_num`: NaN is 0, infinities the largest numbers. float32 becomes float64, as in Numba.
    fn nan_to_number(&mut self, argument: &Evaluated<'t>, span: Span) -> Result<Scalar> {
        let mut number = self.number(&argument.0, argument.1)?;
        if !number.scalar.is_float() {
            return Ok(number);
        }
        if self.unit.rules == Rules::Numba {
            number = self.convert(number, ScalarType::F64, span);
        }
        // By its bits, the largest number is the one before infinity.
        let infinity = Constant::float(number.scalar, f64::INFINITY);
        let largest = self.constant(Constant { bits: infinity.bits - 1, ..infinity }, span);
        let (zero, signed) = (self.zero_of(number.scalar, span), self.apply(Op::Copysign, &[largest, number], span));
        let infinite = self.apply(Op::IsInf, &[number], span);
        let finite = self.select(infinite, signed, number, span);
        let nan = self.apply(Op::IsNan, &[number], span);
        Ok(self.select(nan, zero, finite, span))
    }

    pub fn zero_of(&mut self, scalar: ScalarType, span: Span) -> Scalar {
        if scalar.is_float() { self.float(scalar, 0.0, span) } else { self.integer(scalar, 0, span) }
    }
}

/// Scaling by more powers of two than this leaves nothing of any number: the exponents of float64 span 2,098.
const MOST_EXPONENT: i128 = 1 << 14;

fn types_of(arguments: &[Evaluated<'_>]) -> Vec<ScalarType> {
    let scalar = |item: &Item<'_>| match item {
        Item::Scalar(scalar) => Some(scalar.scalar),
        _ => None,
    };
    arguments.iter().filter_map(|(item, _)| scalar(item)).collect()
}
