//! Emitting ops, with what is known of their results: ranges of integers, constants.

use super::Rules;
use super::item::{Extent, Interval, Item, Known, Literal, Scalar, within};
use super::stencil::ArrayUse;
use super::typer::Typer;
use crate::constants::{self, ConstantValue};
use crate::error::{ErrorClass, Mistake, Result};
use crate::ir::{Expression, FloatFlags, Op, Region, Told};
use crate::source::Span;
use crate::syntax::tree::BinaryOperator;
use crate::types::{Constant, ScalarType};

/// A point to which emission can be rolled back.
pub struct Checkpoint {
    pub values: usize,
    pub variables: usize,
    pub sites: usize,
    pub statements: usize,
    pub returns: usize,
    pub raises: bool,
    pub warnings: usize,
    pub arrays: Vec<ArrayUse>,
}

/// More values than this in one function are refused: something was unrolled far too often.
const MOST_VALUES: usize = 1 << 19;
/// Loops are emitted again until their types are found; nested deeply that multiplies.
const MOST_STATEMENTS: u32 = 1 << 20;

impl<'t> Typer<'t, '_> {
    pub fn define(&mut self, scalar: ScalarType, span: Span, expression: Expression) -> Scalar {
        let value = self.function.define(&mut self.region, scalar, span, expression);
        Scalar::new(value, scalar)
    }

    pub fn constant(&mut self, constant: Constant, span: Span) -> Scalar {
        let result = self.define(constant.scalar, span, Expression::Constant(constant));
        let known = match constant.as_integer() {
            Some(value) if constant.scalar != ScalarType::Bool => Known::Range { low: value, high: value },
            _ => Known::Constant(constant),
        };
        Scalar { known, ..result }
    }

    pub fn integer(&mut self, scalar: ScalarType, value: i128, span: Span) -> Scalar {
        self.constant(Constant::integer(scalar, value), span)
    }

    /// Applies an op whose result's type follows from its operands, which must fit it.
    pub fn apply(&mut self, op: Op, operands: &[Scalar], span: Span) -> Scalar {
        let types: Vec<ScalarType> = operands.iter().map(|operand| operand.scalar).collect();
        let scalar = op.result_type(&types, None);
        debug_assert!(scalar.is_some(), "{} does not take {types:?}", op.name());
        let scalar = scalar.unwrap_or(types[0]);
        let from_literal = scalar.is_float() && operands.iter().all(|operand| operand.from_literal);
        if let Some(constant) = fold(op, operands) {
            return Scalar { from_literal, ..self.constant(constant, span) };
        }
        let range = within(scalar, range(op, operands));
        if let Some((low, high)) = range
            && low == high
        {
            return self.integer(scalar, low, span);
        }
        let extent = shifted(op, operands, scalar);
        let floats = types.iter().any(|scalar| scalar.is_float());
        let flags = if floats { self.unit.flags } else { FloatFlags::STRICT };
        let values = operands.iter().map(|operand| operand.value).collect();
        let result = self.define(scalar, span, Expression::Apply { op, operands: values, flags }).with_range(range);
        Scalar { extent, ..result }
    }

    pub fn convert(&mut self, operand: Scalar, scalar: ScalarType, span: Span) -> Scalar {
        if operand.scalar == scalar {
            return operand;
        }
        if let Some(constant) = operand.constant() {
            let result = self.constant(constants::convert(constant, scalar), span);
            return Scalar { from_literal: operand.from_literal && scalar.is_float(), ..result };
        }
        let expression =
            Expression::Apply { op: Op::Convert, operands: vec![operand.value], flags: FloatFlags::STRICT };
        // An integer that fits keeps its range and its relation to an array; so does a bool.
        let range = if scalar.is_integer() { within(scalar, operand.range()) } else { None };
        let result = self.define(scalar, span, expression).with_range(range);
        // -1 as uint64 is below no extent.
        Scalar { extent: operand.extent.filter(|_| scalar.bits() == 64 && range.is_some()), ..result }
    }

    pub fn bitcast(&mut self, operand: Scalar, scalar: ScalarType, span: Span) -> Scalar {
        if operand.scalar == scalar {
            return operand;
        }
        if let Some(constant) = operand.constant() {
            let mask = if scalar.bits() == 32 { u32::MAX as u64 } else { u64::MAX };
            let bits = constant.bits & mask;
            let constant =
                if scalar.is_integer() { Constant::integer(scalar, bits as i128) } else { Constant { scalar, bits } };
            return self.constant(constant, span);
        }
        let expression =
            Expression::Apply { op: Op::Bitcast, operands: vec![operand.value], flags: FloatFlags::STRICT };
        self.define(scalar, span, expression)
    }

    /// `if_true if condition else if_false`, both evaluated.
    pub fn select(&mut self, condition: Scalar, if_true: Scalar, if_false: Scalar, span: Span) -> Scalar {
        match condition.known {
            Known::Constant(constant) => {
                if constant.bits != 0 {
                    if_true
                } else {
                    if_false
                }
            }
            _ if if_true.value == if_false.value => if_true,
            _ => {
                let result = self.apply(Op::Select, &[condition, if_true, if_false], span);
                result.with_range(union(if_true, if_false))
            }
        }
    }

    pub fn not(&mut self, condition: Scalar, span: Span) -> Scalar {
        self.apply(Op::Not, &[condition], span)
    }

    /// Fills a region of its own with what `fill` emits.
    pub fn in_region<R>(&mut self, fill: impl FnOnce(&mut Self) -> Result<R>) -> Result<(Region, R)> {
        let outer = std::mem::take(&mut self.region);
        let result = fill(self);
        let inner = std::mem::replace(&mut self.region, outer);
        Ok((inner, result?))
    }

    /// Counts the work done. Error: the function becomes too large, or is emitted too often.
    pub fn check_size(&mut self, span: Span) -> Result<()> {
        self.program.work += 1;
        if self.program.work > MOST_STATEMENTS {
            let mistake = self.mistake(ErrorClass::Unsupported, span, "the types of nested loops are too hard to find");
            return Err(mistake.help("give names their final type before the loops").into());
        }
        if self.function.values.len() > MOST_VALUES {
            let mistake =
                self.mistake(ErrorClass::Unsupported, span, "the kernel becomes too large, loops over tuples unrolled");
            return Err(mistake.help("loop over range(...) instead").into());
        }
        Ok(())
    }

    /// A literal as a constant of `scalar`, rounded once. Error: it does not fit.
    pub fn literal(&mut self, literal: &Literal, scalar: ScalarType, span: Span) -> Result<Scalar> {
        let value = match literal {
            // While the type of a loop's variable is being found, any number will do.
            Literal::Integer(None) if scalar != ScalarType::Bool => return Ok(self.unknown(scalar, span)),
            Literal::Float(None) if scalar.is_float() => return Ok(self.unknown(scalar, span)),
            Literal::Integer(value) => value.map(ConstantValue::Integer),
            Literal::Float(value) => value.clone().map(|(value, text)| ConstantValue::Float(value, text)),
        };
        match value.and_then(|value| value.to(scalar)) {
            Some(constant) => Ok(self.constant(constant, span)),
            None => {
                let what = match literal {
                    Literal::Integer(Some(value)) => format!("the integer {value}"),
                    Literal::Integer(None) => "an integer literal".to_string(),
                    Literal::Float(_) => "a float literal".to_string(),
                };
                let mistake = self.mistake(ErrorClass::Type, span, format!("{what} does not fit {scalar}"));
                Err(mistake
                    .help("literals take the type that they meet: cast the other operand, or the literal")
                    .into())
            }
        }
    }

    /// A value of which nothing is known, in code that will be thrown away.
    fn unknown(&mut self, scalar: ScalarType, span: Span) -> Scalar {
        self.define(scalar, span, Expression::Constant(Constant::zero(scalar)))
    }

    /// An item as a number; literals become int64 and float64. Error: it is no number.
    pub fn number(&mut self, item: &Item<'t>, span: Span) -> Result<Scalar> {
        match item {
            Item::Scalar(scalar) => Ok(*scalar),
            Item::Literal(literal @ Literal::Integer(_)) => self.literal(literal, ScalarType::I64, span),
            Item::Literal(literal @ Literal::Float(_)) => self.literal(literal, ScalarType::F64, span),
            Item::Optional(there, item) => {
                let missing = self.not(*there, span);
                let text = format!("expected {}, got None", item.describe());
                let site = self.raising_site("TypeError", vec![Told::Text(text.into())], span);
                self.fail_if(missing, site, &[], span);
                self.number(item, span)
            }
            _ => Err(self.not_a_number(item, span).into()),
        }
    }

    /// An item as a number of exactly this type, to which literals adapt.
    pub fn exactly(&mut self, item: &Item<'t>, scalar: ScalarType, span: Span) -> Result<Scalar> {
        match item {
            Item::Literal(literal) => self.literal(literal, scalar, span),
            _ => {
                let number = self.number(item, span)?;
                if number.scalar == scalar {
                    return Ok(number);
                }
                let message = format!("this is {}, and {scalar} is needed", number.scalar);
                Err(self.mistake(ErrorClass::Type, span, message).help(format!("convert it: {scalar}(...)")).into())
            }
        }
    }

    /// An item as an argument of type `scalar`: converted under Numba's rules, exact otherwise.
    pub fn as_type(&mut self, item: &Item<'t>, scalar: ScalarType, span: Span) -> Result<Scalar> {
        if self.unit.rules == Rules::Exact {
            return self.exactly(item, scalar, span);
        }
        let number = self.number(item, span)?;
        Ok(self.convert(number, scalar, span))
    }

    pub fn not_a_number(&self, item: &Item<'t>, span: Span) -> Mistake {
        match item {
            Item::Array(array) => {
                let name = self.name_of_array(*array);
                let rank = self.function.arrays[array.index()].rank as usize;
                let zeros = vec!["0"; rank].join(", ");
                let mistake = self.mistake(ErrorClass::Type, span, format!("'{name}' is an array, not a number"));
                match self.arrays[array.index()].window {
                    Some(_) => mistake.help(format!("index it relative to the current point: {name}[{zeros}]")),
                    None => mistake.help(format!("index it: {name}[{zeros}]")),
                }
            }
            Item::Mixed(why) => {
                self.mistake(ErrorClass::Type, span, why.clone()).help("give it one meaning on every way")
            }
            Item::Tuple(_) | Item::Constants(_) | Item::Named(..) => self
                .mistake(ErrorClass::Type, span, "this is a tuple, not a number")
                .help("take one of its entries: t[0]"),
            Item::Function(_) | Item::Defined(..) => {
                self.mistake(ErrorClass::Type, span, "this is a function, not a number").help("call it: f(x)")
            }
            Item::None => {
                self.mistake(ErrorClass::Type, span, "this is None, not a number").help("ask first: if x is not None")
            }
            Item::Optional(_, item) => {
                let message = format!("this is {}, and a number is needed", item.describe());
                self.mistake(ErrorClass::Type, span, message).help("ask first: if x is not None")
            }
            Item::Text(_) => self.mistake(ErrorClass::Type, span, "this is a string, not a number"),
            Item::Complex(_) => self
                .mistake(ErrorClass::Type, span, "this is a complex number, and a real one is needed")
                .help("take .real, .imag or abs(z)"),
            Item::Dtype(scalar) => self
                .mistake(ErrorClass::Type, span, format!("this is the type {scalar}, not a number"))
                .help("call it to convert: np.float64(x)"),
            Item::Scalar(_) | Item::Literal(_) | Item::Maybe(..) => {
                self.mistake(ErrorClass::Type, span, "this is no number of the type needed")
            }
        }
    }
}

/// The range of either of two values.
pub fn union(left: Scalar, right: Scalar) -> Option<Interval> {
    let ((low, high), (other_low, other_high)) = (left.known_range()?, right.known_range()?);
    Some((low.min(other_low), high.max(other_high)))
}

/// Further above an extent nothing is kept.
const MOST_ABOVE: i64 = 1 << 20;

/// How `extent + c` and what is below it, plus or minus a constant, relate to the extent. A number that an array was made
/// with is such an extent too. Upwards it may wrap, where the extent is close to the end of the type: then no array has an
/// extent that is as far above it, and only for such arrays does the relation say anything.
fn shifted(op: Op, operands: &[Scalar], scalar: ScalarType) -> Option<Extent> {
    let &[left, right] = operands else { return None };
    let (number, by) = match op {
        Op::Add => match right.integer() {
            Some(by) => (left, by),
            None => (right, left.integer()?),
        },
        Op::Sub => (left, -right.integer()?),
        _ => return None,
    };
    if scalar != ScalarType::I64 && scalar != ScalarType::U64 && scalar != ScalarType::Index {
        return None;
    }
    let extent = match number.extent {
        Some(extent) => extent,
        None if scalar == ScalarType::I64 && number.scalar == scalar => Extent::of_value(number),
        None => return None,
    };
    // Downwards it must not wrap.
    if by < 0 && number.range()?.0.checked_add(by)? < scalar.range()?.0 {
        return None;
    }
    let offset = extent.offset.checked_add(i64::try_from(by).ok()?)?;
    (offset <= MOST_ABOVE).then_some(Extent { offset, ..extent })
}

/// The result on constants, where Rust computes exactly what the op means.
fn fold(op: Op, operands: &[Scalar]) -> Option<Constant> {
    let constants: Option<Vec<Constant>> = operands.iter().map(Scalar::constant).collect();
    let constants = constants?;
    let first = *constants.first()?;
    let order = constants.get(1).and_then(|second| match (first.as_integer(), second.as_integer()) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => first.as_f64().partial_cmp(&second.as_f64()),
    });
    if matches!(op, Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge) {
        // NaNs are left alone: they are rare enough.
        let order = order?;
        return Some(Constant::bool(match op {
            Op::Eq => order.is_eq(),
            Op::Ne => order.is_ne(),
            Op::Lt => order.is_lt(),
            Op::Le => order.is_le(),
            Op::Gt => order.is_gt(),
            _ => order.is_ge(),
        }));
    }
    if first.scalar == ScalarType::Bool {
        let bits = constants.iter().map(|constant| constant.bits != 0).collect::<Vec<bool>>();
        return match (op, bits.as_slice()) {
            (Op::Not, [a]) => Some(Constant::bool(!a)),
            (Op::And, [a, b]) => Some(Constant::bool(a & b)),
            (Op::Or, [a, b]) => Some(Constant::bool(a | b)),
            (Op::Xor, [a, b]) => Some(Constant::bool(a ^ b)),
            _ => None,
        };
    }
    if !first.scalar.is_float() {
        return None;
    }
    let value = match (op, constants.as_slice()) {
        (Op::Neg, [a]) => -a.as_f64(),
        (Op::Abs, [a]) => a.as_f64().abs(),
        (Op::Sqrt, [a]) if a.scalar == ScalarType::F64 => a.as_f64().sqrt(),
        // Rounding to float64 and then to float32 is harmless for these four.
        (Op::Add, [a, b]) => a.as_f64() + b.as_f64(),
        (Op::Sub, [a, b]) => a.as_f64() - b.as_f64(),
        (Op::Mul, [a, b]) => a.as_f64() * b.as_f64(),
        (Op::Div, [a, b]) => a.as_f64() / b.as_f64(),
        _ => return None,
    };
    (!value.is_nan()).then(|| constants::convert(Constant::f64(value), first.scalar))
}

/// The range of an integer op's result, before wrapping.
fn range(op: Op, operands: &[Scalar]) -> Option<Interval> {
    let first = operands.first()?.known_range()?;
    let second = operands.get(1).and_then(Scalar::known_range);
    let corners = |combine: fn(i128, i128) -> Option<i128>| {
        let second = second?;
        let mut values = Vec::new();
        for left in [first.0, first.1] {
            for right in [second.0, second.1] {
                values.push(combine(left, right)?);
            }
        }
        Some((*values.iter().min()?, *values.iter().max()?))
    };
    match op {
        Op::Add => corners(i128::checked_add),
        Op::Sub => corners(i128::checked_sub),
        Op::Mul => corners(i128::checked_mul),
        Op::FloorDiv if second?.0 > 0 || second?.1 < 0 => corners(floor_divide),
        Op::Mod => match second? {
            // The remainder has the sign of the divisor.
            (low, high) if low > 0 => {
                if first.0 >= 0 && first.1 < low {
                    Some(first)
                } else {
                    Some((0, high - 1))
                }
            }
            (low, high) if high < 0 => Some((low + 1, 0)),
            _ => None,
        },
        Op::Neg => Some((first.1.checked_neg()?, first.0.checked_neg()?)),
        Op::Abs if first.0 >= 0 => Some(first),
        Op::Abs => Some((0, first.0.checked_neg()?.max(first.1))),
        Op::Minimum => Some((first.0.min(second?.0), first.1.min(second?.1))),
        Op::Maximum => Some((first.0.max(second?.0), first.1.max(second?.1))),
        Op::And | Op::Or | Op::Xor if first.0 == first.1 && second?.0 == second?.1 => {
            let (left, right) = (first.0, second?.0);
            let value = match op {
                Op::And => left & right,
                Op::Or => left | right,
                _ => left ^ right,
            };
            Some((value, value))
        }
        Op::And if first.0 >= 0 && second?.0 >= 0 => Some((0, first.1.min(second?.1))),
        Op::Shr if second?.0 >= 0 && second?.1 < 127 => corners(|value, shift| Some(value >> shift)),
        Op::Shl if second?.0 >= 0 && second?.1 < 63 => corners(|value, shift| value.checked_mul(1 << shift)),
        _ => None,
    }
}

fn floor_divide(left: i128, right: i128) -> Option<i128> {
    let quotient =
        constants::binary(BinaryOperator::FloorDivide, &ConstantValue::Integer(left), &ConstantValue::Integer(right));
    match quotient {
        Some(ConstantValue::Integer(value)) => Some(value),
        _ => None,
    }
}
