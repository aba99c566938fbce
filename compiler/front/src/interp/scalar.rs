//! The meaning of every op of the table, on values in the representation of [`Constant::bits`].
//!
//! [`Constant::bits`]: crate::types::Constant::bits

use crate::error::{Error, Result};
use crate::ir::Op;
use crate::types::{Constant, ScalarType};

/// What `op` gives for `operands` of the types `types`; `result` says to which type `convert` and `bitcast` go.
///
/// # Errors
/// [`Error::Internal`] if the types do not fit the op, or if its conditions do not hold (`quotient` by zero).
pub fn apply(op: Op, types: &[ScalarType], operands: &[u64], result: ScalarType) -> Result<u64> {
    if operands.len() != types.len() || op.result_type(types, Some(result)) != Some(result) {
        return Err(Error::Internal(format!("'{}' does not take {types:?} to {result:?}", op.name())));
    }
    let mut three = [0; 3];
    three[..operands.len()].copy_from_slice(operands);
    evaluate(op, types[0], result, three)
        .ok_or_else(|| Error::Internal(format!("'{}' does not take the values {operands:x?} of {types:?}", op.name())))
}

/// [`apply`] without checks of the types: `scalar` is the first operand's. `None`: the op's conditions do not hold.
#[inline]
pub(super) fn evaluate(op: Op, scalar: ScalarType, result: ScalarType, [a, b, c]: [u64; 3]) -> Option<u64> {
    match op {
        Op::Select => Some(if a != 0 { b } else { c }),
        Op::Convert => Some(convert(a, scalar, result)),
        Op::Bitcast => Some(Constant::canonical(a, result)),
        _ => match scalar {
            ScalarType::F32 => Some(float32(op, a, b, c)),
            ScalarType::F64 => Some(float64(op, a, b, c)),
            _ => integer(op, scalar, a, b),
        },
    }
}

/// Integers of any width, and bool. Operands are extended to 64 bits, so that computing in 64 bits and cutting back
/// to the width gives the wrapped result.
fn integer(op: Op, scalar: ScalarType, a: u64, b: u64) -> Option<u64> {
    let signed = scalar.is_signed();
    let less = if signed { (a as i64) < (b as i64) } else { a < b };
    // A negative shift count is a huge unsigned one.
    let shift_in_range = b < scalar.bits() as u64;
    let bits = match op {
        Op::Add => a.wrapping_add(b),
        Op::Sub => a.wrapping_sub(b),
        Op::Mul => a.wrapping_mul(b),
        Op::FloorDiv if b == 0 => 0,
        Op::FloorDiv if signed => floor_division(a as i64, b as i64).0 as u64,
        Op::FloorDiv => a / b,
        Op::Mod if b == 0 => 0,
        Op::Mod if signed => floor_division(a as i64, b as i64).1 as u64,
        Op::Mod => a % b,
        Op::Quotient | Op::Remainder if b == 0 => return None,
        // The quotient does not fit: INT_MIN / -1.
        Op::Quotient | Op::Remainder
            if signed && b as i64 == -1 && a == Constant::canonical(1 << (scalar.bits() - 1), scalar) =>
        {
            return None;
        }
        Op::Quotient if signed => ((a as i64) / (b as i64)) as u64,
        Op::Quotient => a / b,
        Op::Remainder if signed => ((a as i64) % (b as i64)) as u64,
        Op::Remainder => a % b,
        Op::Neg => a.wrapping_neg(),
        Op::Abs if signed => (a as i64).wrapping_abs() as u64,
        Op::Abs => a,
        Op::And => a & b,
        Op::Or => a | b,
        Op::Xor => a ^ b,
        Op::Not if scalar == ScalarType::Bool => a ^ 1,
        Op::Not => !a,
        Op::ShlInRange | Op::ShrInRange if !shift_in_range => return None,
        Op::Shl | Op::ShlInRange => {
            if shift_in_range {
                a << b
            } else {
                0
            }
        }
        Op::Shr | Op::ShrInRange if signed => ((a as i64) >> b.min(63)) as u64,
        Op::Shr | Op::ShrInRange => {
            if shift_in_range {
                a >> b
            } else {
                0
            }
        }
        Op::CountOnes => (a & (u64::MAX >> (64 - scalar.bits()))).count_ones() as u64,
        Op::Eq => return Some((a == b) as u64),
        Op::Ne => return Some((a != b) as u64),
        Op::Lt => return Some(less as u64),
        Op::Le => return Some((less || a == b) as u64),
        Op::Gt => return Some(!(less || a == b) as u64),
        Op::Ge => return Some(!less as u64),
        Op::Minimum => {
            if less {
                a
            } else {
                b
            }
        }
        Op::Maximum => {
            if less {
                b
            } else {
                a
            }
        }
        // For floats only.
        Op::Div | Op::Fmin | Op::Fmax | Op::Sqrt | Op::Floor | Op::Ceil | Op::Trunc | Op::Rint => return None,
        Op::Copysign | Op::Fma | Op::MulError | Op::IsNan | Op::IsInf => return None,
        // Done by the caller.
        Op::Select | Op::Convert | Op::Bitcast => return None,
    };
    Some(Constant::canonical(bits, scalar))
}

/// Quotient and remainder of Python's `//` and `%`; `b` is not 0. INT_MIN // -1 wraps.
fn floor_division(a: i64, b: i64) -> (i64, i64) {
    let (quotient, remainder) = (a.wrapping_div(b), a.wrapping_rem(b));
    match remainder != 0 && (remainder < 0) != (b < 0) {
        true => (quotient - 1, remainder + b),
        false => (quotient, remainder),
    }
}

/// One function for both float types: their methods have the same names.
macro_rules! float_ops {
    ($name:ident, $float:ty, $unsigned:ty) => {
        fn $name(op: Op, a: u64, b: u64, c: u64) -> u64 {
            let float = |bits: u64| <$float>::from_bits(bits as $unsigned);
            let (a, b, c) = (float(a), float(b), float(c));
            let truth = |truth: bool| truth as u64;
            let result = match op {
                Op::Add => a + b,
                Op::Sub => a - b,
                Op::Mul => a * b,
                Op::Div => a / b,
                Op::Neg => -a,
                Op::Abs => a.abs(),
                Op::Eq => return truth(a == b),
                Op::Ne => return truth(a != b),
                Op::Lt => return truth(a < b),
                Op::Le => return truth(a <= b),
                Op::Gt => return truth(a > b),
                Op::Ge => return truth(a >= b),
                Op::IsNan => return truth(a.is_nan()),
                Op::IsInf => return truth(a.is_infinite()),
                // Of two zeros the table leaves the choice: the negative one is the smaller one here.
                Op::Minimum | Op::Maximum if a.is_nan() || b.is_nan() => <$float>::NAN,
                Op::Fmin | Op::Fmax if a.is_nan() => b,
                Op::Fmin | Op::Fmax if b.is_nan() => a,
                Op::Minimum | Op::Fmin if a == b => {
                    if a.is_sign_negative() {
                        a
                    } else {
                        b
                    }
                }
                Op::Maximum | Op::Fmax if a == b => {
                    if a.is_sign_negative() {
                        b
                    } else {
                        a
                    }
                }
                Op::Minimum | Op::Fmin => {
                    if a < b {
                        a
                    } else {
                        b
                    }
                }
                Op::Maximum | Op::Fmax => {
                    if a > b {
                        a
                    } else {
                        b
                    }
                }
                Op::Sqrt => a.sqrt(),
                Op::Floor => a.floor(),
                Op::Ceil => a.ceil(),
                Op::Trunc => a.trunc(),
                Op::Rint => a.round_ties_even(),
                Op::Copysign => a.copysign(b),
                Op::Fma => a.mul_add(b, c),
                Op::MulError => a.mul_add(b, -(a * b)),
                // Ops on integers, which the type rules exclude, and those done by the caller.
                Op::FloorDiv | Op::Mod | Op::Quotient | Op::Remainder | Op::And | Op::Or | Op::Xor | Op::Not => a,
                Op::Shl | Op::Shr | Op::ShlInRange | Op::ShrInRange | Op::CountOnes => a,
                Op::Select | Op::Convert | Op::Bitcast => a,
            };
            result.to_bits() as u64
        }
    };
}

float_ops!(float32, f32, u32);
float_ops!(float64, f64, u64);

/// Every pair of types. Rust's `as` truncates and saturates from floats, and rounds to nearest to floats, as we do.
fn convert(bits: u64, from: ScalarType, to: ScalarType) -> u64 {
    match (from, to) {
        _ if from == to => bits,
        (ScalarType::F32, ScalarType::F64) => (f32::from_bits(bits as u32) as f64).to_bits(),
        (ScalarType::F64, ScalarType::F32) => (f64::from_bits(bits) as f32).to_bits() as u64,
        // Every float32 is a float64, so that one function truncates both.
        (ScalarType::F32, _) => float_to_integer(f32::from_bits(bits as u32) as f64, to),
        (ScalarType::F64, _) => float_to_integer(f64::from_bits(bits), to),
        (ScalarType::U64, ScalarType::F32) => (bits as f32).to_bits() as u64,
        (ScalarType::U64, ScalarType::F64) => (bits as f64).to_bits(),
        // The other integers and bool are extended to a signed 64-bit number.
        (_, ScalarType::F32) => (bits as i64 as f32).to_bits() as u64,
        (_, ScalarType::F64) => (bits as i64 as f64).to_bits(),
        _ => Constant::canonical(bits, to),
    }
}

fn float_to_integer(value: f64, to: ScalarType) -> u64 {
    match to {
        // NaN != 0.
        ScalarType::Bool => (value != 0.0) as u64,
        ScalarType::I8 => value as i8 as u64,
        ScalarType::I16 => value as i16 as u64,
        ScalarType::I32 => value as i32 as u64,
        ScalarType::I64 | ScalarType::Index => value as i64 as u64,
        ScalarType::U8 => value as u8 as u64,
        ScalarType::U16 => value as u16 as u64,
        ScalarType::U32 => value as u32 as u64,
        ScalarType::U64 => value as u64,
        // Done by the caller.
        ScalarType::F32 | ScalarType::F64 => value.to_bits(),
    }
}
