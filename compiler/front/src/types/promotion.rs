//! The type that values of several types have in common.

use super::ScalarType::{self, *};

/// R2: the type of a variable that has one type on one way and another on the other, and of several returns.
/// NumPy's promotion: int64 with uint64 is float64.
pub fn unify(left: ScalarType, right: ScalarType) -> ScalarType {
    match (left, right) {
        _ if left == right => left,
        (Bool, other) | (other, Bool) => other,
        (F64, _) | (_, F64) => F64,
        (F32, other) | (other, F32) => {
            if other.bits() <= 16 {
                F32
            } else {
                F64
            }
        }
        _ if left.is_signed() == right.is_signed() => {
            if left.bits() >= right.bits() {
                left
            } else {
                right
            }
        }
        _ => {
            let (signed, unsigned) = if left.is_signed() { (left, right) } else { (right, left) };
            match unsigned.bits() {
                bits if bits < signed.bits() => signed,
                8 => I16,
                16 => I32,
                32 => I64,
                _ => F64,
            }
        }
    }
}

/// R2 for several; float64 for none.
pub fn unify_all(types: &[ScalarType]) -> ScalarType {
    types.iter().copied().reduce(unify).unwrap_or(F64)
}
