//! NumPy's casting rules between scalar types.

use crate::error::{Error, Result};
use numbra_front::error::ErrorClass;
use numbra_front::interp::scalar;
use numbra_front::ir::Op;
use numbra_front::types::{Constant, ScalarType};

/// `np.can_cast(from, to, 'safe')`: no value is lost (64-bit integers to float64 count as safe there).
pub fn is_safe(from: ScalarType, to: ScalarType) -> bool {
    use ScalarType::*;
    if from == to || from == Bool {
        return true;
    }
    if to == Bool || from == Index || to == Index {
        return false;
    }
    match (from.is_float(), to.is_float()) {
        (true, true) => from.bits() <= to.bits(),
        (true, false) => false,
        (false, true) => to == F64 || from.bits() <= 16,
        (false, false) => match (from.is_signed(), to.is_signed()) {
            (true, true) | (false, false) => from.bits() <= to.bits(),
            (false, true) => from.bits() < to.bits(),
            (true, false) => false,
        },
    }
}

/// `np.can_cast(from, to, 'same_kind')`: what results may be converted to where the caller gives the array.
pub fn is_same_kind(from: ScalarType, to: ScalarType) -> bool {
    let kind = |scalar: ScalarType| match scalar {
        ScalarType::Bool => 0,
        _ if scalar.is_unsigned() => 1,
        _ if scalar.is_float() => 3,
        _ => 2,
    };
    is_safe(from, to) || kind(from) <= kind(to)
}

/// Whether a Python scalar (`int`, `float` or `bool`, here as int64, float64 or bool) fits beside arrays in a loop that
/// takes `to`: its kind counts, not its width (NEP 50).
pub fn is_safe_from_python(from: ScalarType, to: ScalarType) -> bool {
    match from {
        ScalarType::Bool => true,
        scalar if scalar.is_float() => to.is_float(),
        _ => to != ScalarType::Bool,
    }
}

/// The bits of a constant in another type.
pub fn convert(constant: Constant, to: ScalarType) -> Result<u64> {
    if constant.scalar == to {
        return Ok(constant.bits);
    }
    Ok(scalar::apply(Op::Convert, &[constant.scalar], &[constant.bits], to)?)
}

/// Whether Python scalars of the types `scalars` yield to the arrays beside them (NEP 50): where none is of a higher
/// kind (bool, integer, float) than every array. Otherwise they count as int64 and float64.
pub fn yields(scalars: &[ScalarType], arrays: &[ScalarType]) -> bool {
    let highest = |types: &[ScalarType]| {
        let kinds = types.iter().map(|scalar| match scalar {
            ScalarType::Bool => 1,
            scalar if scalar.is_float() => 3,
            _ => 2,
        });
        kinds.max().unwrap_or(0)
    };
    highest(arrays) >= highest(scalars)
}

/// A Python integer goes into no integer type that cannot hold it, as in NumPy.
pub fn check_bounds(constant: Constant, to: ScalarType) -> Result<()> {
    match constant.as_integer() {
        Some(value) if to.is_integer() && Constant::integer(to, value).as_integer() != Some(value) => {
            Err(Error::call_with_help(
                format!("Python integer {value} out of bounds for {to}"),
                "pass it in an array of a wider type, which chooses another signature",
            )
            .of_class(ErrorClass::Overflow))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ScalarType::*;

    #[test]
    fn numpys_table() {
        // Rows: np.can_cast(row, column) for the columns of ScalarType::ALL, as NumPy 2.4 prints them.
        let table = [
            (Bool, "11111111111"),
            (I8, "01111000011"),
            (I16, "00111000011"),
            (I32, "00011000001"),
            (I64, "00001000001"),
            (U8, "00111111111"),
            (U16, "00011011111"),
            (U32, "00001001101"),
            (U64, "00000000101"),
            (F32, "00000000011"),
            (F64, "00000000001"),
        ];
        for (from, row) in table {
            for (to, expected) in ScalarType::ALL.into_iter().zip(row.chars()) {
                assert_eq!(is_safe(from, to), expected == '1', "{from} to {to}");
            }
        }
    }

    #[test]
    fn numpys_table_of_kinds() {
        // The same with 'same_kind'.
        let table = [
            (Bool, "11111111111"),
            (I8, "01111000011"),
            (I16, "01111000011"),
            (I32, "01111000011"),
            (I64, "01111000011"),
            (U8, "01111111111"),
            (U16, "01111111111"),
            (U32, "01111111111"),
            (U64, "01111111111"),
            (F32, "00000000011"),
            (F64, "00000000011"),
        ];
        for (from, row) in table {
            for (to, expected) in ScalarType::ALL.into_iter().zip(row.chars()) {
                assert_eq!(is_same_kind(from, to), expected == '1', "{from} to {to}");
            }
        }
    }

    #[test]
    fn python_integers_do_not_wrap() {
        let integer = |value| Constant::integer(I64, value);
        for (value, to) in [(300, U8), (-1, U8), (1 << 40, I32), (-1, U64), (128, I8), (i64::MIN as i128, U16)] {
            let error = check_bounds(integer(value), to).unwrap_err().to_string();
            assert!(error.starts_with(&format!("Python integer {value} out of bounds for {to}")), "{error}");
        }
        for (value, to) in [(255, U8), (-128, I8), (300, F32), (i64::MAX as i128, U64), (-1, F64)] {
            check_bounds(integer(value), to).unwrap();
        }
        check_bounds(Constant::bool(true), U8).unwrap();
        check_bounds(Constant::integer(U64, u64::MAX as i128), I64).unwrap_err();
    }
}
