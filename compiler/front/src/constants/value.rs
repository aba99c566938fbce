//! Values of constant expressions, and Python's arithmetic on them.

use crate::syntax::tree::MOST_ENTRIES;
use crate::syntax::tree::{BinaryOperator, Comparison, Expression, ExpressionKind, UnaryOperator};
use crate::types::{Constant, ScalarType, promotion};
use std::cmp::Ordering;

/// The value of a constant expression of Python.
#[derive(Debug, Clone, PartialEq)]
pub enum ConstantValue {
    Bool(bool),
    Integer(i128),
    /// With its decimal text, so that it is rounded once to whatever type it meets.
    Float(f64, String),
    /// `np.float32(0.1)` and the like.
    Typed(Constant),
    /// A tuple or a list.
    Tuple(Vec<ConstantValue>),
    /// A one-dimensional NumPy array.
    Array(ScalarType, Vec<ConstantValue>),
}

impl ConstantValue {
    pub fn float(value: f64) -> ConstantValue {
        ConstantValue::Float(value, format!("{value:?}"))
    }

    /// The type under Numba's rules; `None` for tuples and for integers that fit nothing.
    pub fn scalar(&self) -> Option<ScalarType> {
        match self {
            ConstantValue::Bool(_) => Some(ScalarType::Bool),
            ConstantValue::Integer(value) if i64::try_from(*value).is_ok() => Some(ScalarType::I64),
            ConstantValue::Integer(value) if u64::try_from(*value).is_ok() => Some(ScalarType::U64),
            ConstantValue::Float(..) => Some(ScalarType::F64),
            ConstantValue::Typed(constant) => Some(constant.scalar),
            ConstantValue::Integer(_) | ConstantValue::Tuple(_) | ConstantValue::Array(..) => None,
        }
    }

    /// As a constant of `scalar`. Python's numbers must fit (integers in range, no float for an integer); typed
    /// constants convert as `Op::Convert` does.
    pub fn to(&self, scalar: ScalarType) -> Option<Constant> {
        match self {
            ConstantValue::Bool(value) => Some(number_to(scalar, *value as i128)),
            ConstantValue::Integer(value) if scalar.is_float() => Some(number_to(scalar, *value)),
            ConstantValue::Integer(value) => (scalar.range())
                .filter(|(least, greatest)| scalar != ScalarType::Bool && least <= value && value <= greatest)
                .map(|_| Constant::integer(scalar, *value)),
            ConstantValue::Float(value, text) => match scalar {
                ScalarType::F32 => Some(Constant::f32(text.parse().unwrap_or(*value as f32))),
                ScalarType::F64 => Some(Constant::f64(text.parse().unwrap_or(*value))),
                _ => None,
            },
            ConstantValue::Typed(constant) => Some(convert(*constant, scalar)),
            ConstantValue::Tuple(_) | ConstantValue::Array(..) => None,
        }
    }

    pub(super) fn as_f64(&self) -> Option<f64> {
        match self {
            ConstantValue::Bool(value) => Some(*value as u8 as f64),
            ConstantValue::Integer(value) => Some(*value as f64),
            ConstantValue::Float(value, _) => Some(*value),
            ConstantValue::Typed(constant) => Some(constant.as_f64()),
            _ => None,
        }
    }

    pub(super) fn as_integer(&self) -> Option<i128> {
        match self {
            ConstantValue::Bool(value) => Some(*value as i128),
            ConstantValue::Integer(value) => Some(*value),
            ConstantValue::Typed(constant) => constant.as_integer(),
            _ => None,
        }
    }

    /// What it counts as in a condition.
    pub(super) fn truth(&self) -> Option<bool> {
        match self {
            ConstantValue::Tuple(entries) => Some(!entries.is_empty()),
            ConstantValue::Array(..) => None,
            number => number.as_f64().map(|value| value != 0.0),
        }
    }

    pub(super) fn entries(&self) -> usize {
        match self {
            ConstantValue::Tuple(entries) | ConstantValue::Array(_, entries) => {
                entries.iter().map(ConstantValue::entries).sum()
            }
            _ => 1,
        }
    }
}

fn number_to(scalar: ScalarType, value: i128) -> Constant {
    match scalar {
        ScalarType::F32 => Constant::f32(value as f32),
        ScalarType::F64 => Constant::f64(value as f64),
        _ => Constant::integer(scalar, value),
    }
}

/// As `Op::Convert`: float to integer truncates and saturates, integers wrap.
pub fn convert(constant: Constant, scalar: ScalarType) -> Constant {
    if constant.scalar == scalar {
        return constant;
    }
    match constant.as_integer() {
        Some(value) => number_to(scalar, value),
        None => {
            let value = constant.as_f64();
            match scalar {
                _ if scalar.is_float() => Constant::float(scalar, value),
                ScalarType::Bool => Constant::bool(value != 0.0),
                _ => {
                    let (least, greatest) = scalar.range().unwrap_or((0, 0));
                    Constant::integer(scalar, (value as i128).clamp(least, greatest))
                }
            }
        }
    }
}

/// `left op right` on numbers of Python; `None` if Python would raise or the result is too large for us.
pub fn binary(operator: BinaryOperator, left: &ConstantValue, right: &ConstantValue) -> Option<ConstantValue> {
    if let Some(scalar) = typed(left, right) {
        return typed_binary(operator, scalar, left, right);
    }
    use BinaryOperator::*;
    match (operator, left, right) {
        (Add, ConstantValue::Tuple(first), ConstantValue::Tuple(rest)) => {
            return Some(ConstantValue::Tuple([first.as_slice(), rest].concat()));
        }
        (Multiply, ConstantValue::Tuple(entries), ConstantValue::Integer(count))
        | (Multiply, ConstantValue::Integer(count), ConstantValue::Tuple(entries)) => {
            let count = usize::try_from((*count).max(0)).ok()?;
            let small = left.entries().max(right.entries()).checked_mul(count)? <= MOST_ENTRIES;
            return small
                .then(|| ConstantValue::Tuple(entries.iter().cycle().take(entries.len() * count).cloned().collect()));
        }
        _ => {}
    }
    if let (Some(a), Some(b)) = (left.as_integer(), right.as_integer()) {
        let both_bool = matches!((left, right), (ConstantValue::Bool(_), ConstantValue::Bool(_)));
        let bits = |value: i128| {
            if both_bool { ConstantValue::Bool(value != 0) } else { ConstantValue::Integer(value) }
        };
        return match operator {
            Divide if b != 0 => Some(ConstantValue::float(a as f64 / b as f64)),
            Power if b < 0 => float_binary(Power, a as f64, b as f64).map(ConstantValue::float),
            And => Some(bits(a & b)),
            Or => Some(bits(a | b)),
            Xor => Some(bits(a ^ b)),
            LeftShift => {
                let shift = u32::try_from(b).ok().filter(|shift| *shift < 100)?;
                a.checked_mul(1 << shift).map(ConstantValue::Integer)
            }
            RightShift => u32::try_from(b).ok().map(|shift| ConstantValue::Integer(a >> shift.min(127))),
            _ => integer_binary(operator, a, b).map(ConstantValue::Integer),
        };
    }
    float_binary(operator, left.as_f64()?, right.as_f64()?).map(ConstantValue::float)
}

/// The value of an expression that is made of integer literals alone; `None` for others. What is too large even for us is the
/// largest number that there is.
pub fn integer_literals(expression: &Expression, depth: u32) -> Option<i128> {
    const DEEPEST: u32 = 64;
    match &expression.kind {
        _ if depth > DEEPEST => None,
        ExpressionKind::Integer(value) => Some(value.unwrap_or(i128::MAX)),
        ExpressionKind::Unary { operator, operand } if *operator != UnaryOperator::Not => {
            let operand = ConstantValue::Integer(integer_literals(operand, depth + 1)?);
            unary(*operator, &operand)?.as_integer()
        }
        ExpressionKind::Binary { operator, left, right } => {
            use BinaryOperator::*;
            // The right one first: in a long chain it decides at once.
            let right = integer_literals(right, depth + 1)?;
            let left = integer_literals(left, depth + 1)?;
            match binary(*operator, &ConstantValue::Integer(left), &ConstantValue::Integer(right)) {
                Some(ConstantValue::Integer(value)) => Some(value),
                None if matches!(operator, Add | Subtract | Multiply | LeftShift) && right >= 0 => Some(i128::MAX),
                None if *operator == Power && right >= 0 => Some(i128::MAX),
                _ => None,
            }
        }
        _ => None,
    }
}

/// + - * // % ** on integers without wrapping.
fn integer_binary(operator: BinaryOperator, a: i128, b: i128) -> Option<i128> {
    use BinaryOperator::*;
    match operator {
        Add => a.checked_add(b),
        Subtract => a.checked_sub(b),
        Multiply => a.checked_mul(b),
        FloorDivide if b != 0 => {
            a.checked_div_euclid(b).map(|quotient| if b < 0 && a.rem_euclid(b) != 0 { quotient - 1 } else { quotient })
        }
        Modulo if b != 0 => {
            let remainder = a.checked_rem(b)?;
            Some(if remainder != 0 && (remainder < 0) != (b < 0) { remainder + b } else { remainder })
        }
        Power => a.checked_pow(u32::try_from(b).ok()?),
        _ => None,
    }
}

pub fn float_binary(operator: BinaryOperator, a: f64, b: f64) -> Option<f64> {
    use BinaryOperator::*;
    match operator {
        Add => Some(a + b),
        Subtract => Some(a - b),
        Multiply => Some(a * b),
        Divide if b != 0.0 => Some(a / b),
        FloorDivide if b != 0.0 => {
            let remainder = python_remainder(a, b);
            Some(((a - remainder) / b).round())
        }
        Modulo if b != 0.0 => Some(python_remainder(a, b)),
        Power => Some(a.powf(b)),
        _ => None,
    }
}

fn python_remainder(a: f64, b: f64) -> f64 {
    let remainder = a % b;
    if remainder != 0.0 && (remainder < 0.0) != (b < 0.0) { remainder + b } else { remainder.copysign(b) }
}

/// The type of an operation in which typed constants take part, as NumPy does it: Python's numbers adapt.
fn typed(left: &ConstantValue, right: &ConstantValue) -> Option<ScalarType> {
    use ConstantValue::*;
    match (left, right) {
        (Typed(left), Typed(right)) => Some(promotion::unify(left.scalar, right.scalar)),
        (Typed(constant), other) | (other, Typed(constant)) => match other {
            Float(..) if !constant.scalar.is_float() => Some(ScalarType::F64),
            Integer(_) if constant.scalar == ScalarType::Bool => Some(ScalarType::I64),
            _ => Some(constant.scalar),
        },
        _ => None,
    }
}

fn typed_binary(
    operator: BinaryOperator,
    scalar: ScalarType,
    left: &ConstantValue,
    right: &ConstantValue,
) -> Option<ConstantValue> {
    let (left, right) = (left.to(scalar)?, right.to(scalar)?);
    let constant = match (left.as_integer(), right.as_integer()) {
        (Some(a), Some(b)) if operator == BinaryOperator::Divide => {
            convert(Constant::f64(a as f64 / b as f64), ScalarType::F64)
        }
        (Some(a), Some(b)) => match binary(operator, &ConstantValue::Integer(a), &ConstantValue::Integer(b))? {
            ConstantValue::Integer(value) => Constant::integer(scalar, value),
            _ => return None,
        },
        // Rounding to float64 and then to float32 is harmless for + - * /.
        _ => convert(Constant::f64(float_binary(operator, left.as_f64(), right.as_f64())?), scalar),
    };
    Some(ConstantValue::Typed(constant))
}

pub fn unary(operator: UnaryOperator, operand: &ConstantValue) -> Option<ConstantValue> {
    use ConstantValue::*;
    match (operator, operand) {
        (UnaryOperator::Not, _) => operand.truth().map(|truth| Bool(!truth)),
        (UnaryOperator::Positive, Integer(_) | Float(..) | Typed(_)) => Some(operand.clone()),
        (UnaryOperator::Positive, Bool(value)) => Some(Integer(*value as i128)),
        (UnaryOperator::Negative, Float(value, text)) => {
            let text = text.strip_prefix('-').map_or_else(|| format!("-{text}"), str::to_string);
            Some(Float(-value, text))
        }
        (UnaryOperator::Negative, Bool(_) | Integer(_)) => operand.as_integer()?.checked_neg().map(Integer),
        (UnaryOperator::Invert, Bool(_) | Integer(_)) => Some(Integer(!operand.as_integer()?)),
        (UnaryOperator::Negative, Typed(constant)) => Some(Typed(match constant.as_integer() {
            Some(value) => Constant::integer(constant.scalar, -value),
            None => convert(Constant::f64(-constant.as_f64()), constant.scalar),
        })),
        (UnaryOperator::Invert, Typed(constant)) => {
            let value = constant.as_integer()?;
            Some(Typed(match constant.scalar {
                ScalarType::Bool => Constant::bool(value == 0),
                scalar => Constant::integer(scalar, !value),
            }))
        }
        _ => None,
    }
}

/// `left op right` on numbers, as Python compares them: by what they are, whatever their types.
pub(super) fn compare(comparison: Comparison, left: &ConstantValue, right: &ConstantValue) -> Option<bool> {
    let order = match (left.as_integer(), right.as_integer()) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        (Some(left), None) => integer_with_float(left, right.as_f64()?),
        (None, Some(right)) => integer_with_float(right, left.as_f64()?).map(Ordering::reverse),
        (None, None) => left.as_f64()?.partial_cmp(&right.as_f64()?),
    };
    match comparison {
        Comparison::Equal => Some(order == Some(Ordering::Equal)),
        Comparison::NotEqual => Some(order != Some(Ordering::Equal)),
        Comparison::Less => Some(order == Some(Ordering::Less)),
        Comparison::LessEqual => Some(matches!(order, Some(Ordering::Less | Ordering::Equal))),
        Comparison::Greater => Some(order == Some(Ordering::Greater)),
        Comparison::GreaterEqual => Some(matches!(order, Some(Ordering::Greater | Ordering::Equal))),
        Comparison::Is | Comparison::IsNot | Comparison::In | Comparison::NotIn => None,
    }
}

fn integer_with_float(integer: i128, float: f64) -> Option<Ordering> {
    // Rust converts with saturation: a float beyond all integers of 128 bits is beyond this one.
    let whole = (!float.is_nan()).then_some(float.trunc() as i128)?;
    let order = integer.cmp(&whole);
    if order == Ordering::Equal { float.trunc().partial_cmp(&float) } else { Some(order) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_is_pythons() {
        let integer = ConstantValue::Integer;
        let check = |operator, a, b, expected: Option<ConstantValue>| {
            assert_eq!(binary(operator, &integer(a), &integer(b)), expected, "{a} {operator:?} {b}");
        };
        use BinaryOperator::*;
        check(FloorDivide, -7, 2, Some(integer(-4)));
        check(FloorDivide, 7, -2, Some(integer(-4)));
        check(FloorDivide, -7, -2, Some(integer(3)));
        check(Modulo, -7, 2, Some(integer(1)));
        check(Modulo, 7, -2, Some(integer(-1)));
        check(Divide, 1, 4, Some(ConstantValue::float(0.25)));
        check(Power, 2, -1, Some(ConstantValue::float(0.5)));
        check(FloorDivide, 1, 0, None);
        check(Power, 10, 1000, None);
        check(LeftShift, 1, 90, Some(integer(1 << 90)));
    }

    #[test]
    fn decimal_text_is_rounded_once() {
        // Between two float32, just above their middle; rounded to float64 first it becomes the middle exactly.
        let text = "1.00000005960464477540";
        let value = ConstantValue::Float(text.parse().unwrap(), text.into());
        assert_eq!(value.to(ScalarType::F32), Some(Constant::f32(1.0000001)));
        let negative = unary(UnaryOperator::Negative, &value).unwrap();
        assert_eq!(negative.to(ScalarType::F32), Some(Constant::f32(-1.0000001)));
        assert_eq!(ConstantValue::Integer(300).to(ScalarType::U8), None);
        assert_eq!(value.to(ScalarType::I32), None);
    }
}
