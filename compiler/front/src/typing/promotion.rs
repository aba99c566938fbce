//! Numba's three rule sets for types, as pure functions: operators (R1), joins (R2), NumPy functions (R3).
//!
//! Observed with numba 0.68. `bool` counts as a signed integer of one bit except where a rule says otherwise.

pub use crate::types::promotion::{unify, unify_all};

use crate::syntax::tree::BinaryOperator;
use crate::types::ScalarType::{self, *};

/// R1: the type of `left op right`, which for arithmetic is also the type in which it is computed.
///
/// Integers widen to 64 bits; signed with unsigned is int64; float32 survives only beside bool, int8, int16 and uint8.
/// `None` where the operator does not take these types.
pub fn operator(operator: BinaryOperator, left: ScalarType, right: ScalarType) -> Option<ScalarType> {
    use BinaryOperator::*;
    let floats = left.is_float() || right.is_float();
    match operator {
        Add | Subtract | Multiply | FloorDivide | Modulo => Some(arithmetic(left, right)),
        Divide => Some(if floats { arithmetic(left, right) } else { F64 }),
        // float32 ** integer stays float32, whatever the width.
        Power if left == F32 && !right.is_float() => Some(F32),
        Power => Some(arithmetic(left, right)),
        LeftShift | RightShift if !floats => Some(wide_integer(left)),
        And | Or | Xor if left == Bool && right == Bool => Some(Bool),
        And | Or | Xor if !floats => Some(arithmetic(left, right)),
        LeftShift | RightShift | And | Or | Xor | MatrixMultiply => None,
    }
}

fn arithmetic(left: ScalarType, right: ScalarType) -> ScalarType {
    match (left, right) {
        (F64, _) | (_, F64) => F64,
        (F32, other) | (other, F32) if other == F32 || beside_float32(other) => F32,
        (F32, _) | (_, F32) => F64,
        _ if left.is_unsigned() && right.is_unsigned() => U64,
        _ => I64,
    }
}

/// The integers that leave a float32 computation in float32: the narrow ones, but not uint16.
fn beside_float32(scalar: ScalarType) -> bool {
    matches!(scalar, Bool | I8 | I16 | U8)
}

/// The 64-bit integer type of the same signedness, to which operators widen.
pub fn wide_integer(scalar: ScalarType) -> ScalarType {
    if scalar.is_unsigned() { U64 } else { I64 }
}

/// The type in which `divmod` divides, where it is not that of `//`. Source: measured with Numba 0.68.
pub fn divmod(left: ScalarType, right: ScalarType) -> Option<ScalarType> {
    match (left, right) {
        (U64, other) | (other, U64) if other.is_integer() && !other.is_unsigned() => Some(F64),
        (Bool, unsigned) | (unsigned, Bool) if unsigned.is_unsigned() => Some(U64),
        _ => None,
    }
}

/// R3: the type of the loop of a NumPy function that has loops for integers and floats (`np.add`, `np.maximum`).
///
/// As NumPy promotes, but where floats and integers are mixed any integer casts to any float.
pub fn numpy(types: &[ScalarType]) -> ScalarType {
    let floats = || types.iter().copied().filter(|scalar| scalar.is_float());
    if floats().next().is_some() {
        return if floats().any(|scalar| scalar == F64) { F64 } else { F32 };
    }
    unify_all(types)
}

/// R3: the type of the loop of a NumPy function that has loops for floats alone (`np.sin`, `np.arctan2`).
pub fn numpy_float(types: &[ScalarType]) -> ScalarType {
    let common = numpy(types);
    match common {
        F32 | F64 => common,
        _ if types.iter().all(|scalar| scalar.bits() <= 16) => F32,
        _ => F64,
    }
}

/// The type in which a function of the module `math` computes: float32 for float32 alone, else float64.
pub fn math(types: &[ScalarType]) -> ScalarType {
    let small = |scalar: &ScalarType| *scalar == F32 || beside_float32(*scalar);
    if types.contains(&F32) && types.iter().all(small) { F32 } else { F64 }
}

/// `math.copysign`: small integers alone are float32 too.
pub fn math_copysign(types: &[ScalarType]) -> ScalarType {
    if types.iter().all(|&scalar| scalar == F32 || beside_float32(scalar)) { F32 } else { F64 }
}

/// How two values are compared so that the answer is that of the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    /// After converting both to this type, which holds both (integers beside float64 are rounded, as in Numba).
    As(ScalarType),
    /// A signed integer on the left, uint64 on the right: a negative left is less than anything.
    SignedWithUnsigned,
    /// uint64 on the left, a signed integer on the right.
    UnsignedWithSigned,
}

pub fn compared(left: ScalarType, right: ScalarType) -> Compared {
    match (left, right) {
        _ if left == right => Compared::As(left),
        _ if left.is_float() || right.is_float() => Compared::As(unify(left, right)),
        (U64, other) if other.is_signed() => Compared::UnsignedWithSigned,
        (other, U64) if other.is_signed() => Compared::SignedWithUnsigned,
        _ => Compared::As(unify(left, right)),
    }
}

/// The type of `range`'s values. `literal`: a constant of the text that is not negative, which takes either sign.
pub fn range(arguments: &[(ScalarType, bool)]) -> ScalarType {
    let typed = || arguments.iter().filter(|(_, literal)| !literal).map(|(scalar, _)| *scalar);
    if arguments.iter().all(|(scalar, literal)| !literal && matches!(scalar, I8 | I16 | I32)) {
        I32
    } else if typed().next().is_some() && typed().all(ScalarType::is_unsigned) {
        U64
    } else {
        I64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use BinaryOperator::*;

    /// The table of NUMBA-SEMANTICS §1.4, R1.
    #[test]
    fn operators_widen_as_in_numba() {
        let rows = [
            (Add, I32, I32, Some(I64)),
            (Add, U8, U8, Some(U64)),
            (Add, I8, U64, Some(I64)),
            (Add, I64, U64, Some(I64)),
            (Add, Bool, Bool, Some(I64)),
            (Add, Bool, U8, Some(I64)),
            (Multiply, F32, F32, Some(F32)),
            (Multiply, F32, I16, Some(F32)),
            (Multiply, U8, F32, Some(F32)),
            (Multiply, U16, F32, Some(F64)),
            (Multiply, F32, I32, Some(F64)),
            (Multiply, F32, U64, Some(F64)),
            (Multiply, F32, F64, Some(F64)),
            (Multiply, I8, F64, Some(F64)),
            (Divide, I32, I32, Some(F64)),
            (Divide, Bool, Bool, Some(F64)),
            (Divide, F32, U8, Some(F32)),
            (FloorDivide, I32, U8, Some(I64)),
            (Modulo, U8, U16, Some(U64)),
            (Power, F32, I64, Some(F32)),
            (Power, I64, F32, Some(F64)),
            (Power, U64, U8, Some(U64)),
            (LeftShift, U8, I64, Some(U64)),
            (RightShift, Bool, I64, Some(I64)),
            (LeftShift, F32, I64, None),
            (And, Bool, Bool, Some(Bool)),
            (Or, U8, U32, Some(U64)),
            (Xor, Bool, I32, Some(I64)),
            (And, F64, I32, None),
            (MatrixMultiply, F64, F64, None),
        ];
        for (op, left, right, expected) in rows {
            assert_eq!(operator(op, left, right), expected, "{left} {op:?} {right}");
        }
    }

    #[test]
    fn joins_promote_as_numpy() {
        let rows = [
            (I64, U64, F64),
            (I8, U8, I16),
            (U16, I16, I32),
            (U32, I8, I64),
            (U8, I32, I32),
            (F32, I16, F32),
            (F32, I32, F64),
            (F32, F64, F64),
            (Bool, I8, I8),
            (Bool, F32, F32),
            (U8, U32, U32),
        ];
        for (left, right, expected) in rows {
            assert_eq!(unify(left, right), expected, "{left} {right}");
            assert_eq!(unify(right, left), expected, "{right} {left}");
        }
    }

    #[test]
    fn numpy_functions_find_their_loop() {
        assert_eq!(numpy(&[I8, I8]), I8);
        assert_eq!(numpy(&[I64, U64]), F64);
        assert_eq!(numpy(&[F32, I64]), F32);
        assert_eq!(numpy(&[F32, F64]), F64);
        assert_eq!(numpy_float(&[I16]), F32);
        assert_eq!(numpy_float(&[I32]), F64);
        assert_eq!(numpy_float(&[Bool]), F32);
        assert_eq!(numpy_float(&[F32, U64]), F32);
        assert_eq!(math(&[F32]), F32);
        assert_eq!(math(&[I8]), F64);
        assert_eq!(math(&[F32, I8]), F32);
        assert_eq!(math(&[F32, I64]), F64);
    }

    #[test]
    fn comparisons_keep_the_numbers() {
        assert_eq!(compared(I64, U64), Compared::SignedWithUnsigned);
        assert_eq!(compared(U64, I8), Compared::UnsignedWithSigned);
        assert_eq!(compared(U32, I64), Compared::As(I64));
        assert_eq!(compared(U8, I8), Compared::As(I16));
        assert_eq!(compared(Bool, U64), Compared::As(U64));
        assert_eq!(compared(F32, I64), Compared::As(F64));
        assert_eq!(compared(F32, I16), Compared::As(F32));
    }

    #[test]
    fn ranges_have_numbas_types() {
        assert_eq!(range(&[(I32, false)]), I32);
        assert_eq!(range(&[(I64, true), (I32, false)]), I64);
        assert_eq!(range(&[(U8, false)]), U64);
        assert_eq!(range(&[(I64, true), (U64, false)]), U64);
        assert_eq!(range(&[(I64, true)]), I64);
        assert_eq!(range(&[(I64, false), (U64, false)]), I64);
    }
}
