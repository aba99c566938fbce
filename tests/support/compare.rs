//! Comparing results: bit for bit, with all NaNs equal, or within a distance counted in representable values.

use numbra::array::HostArray;
use numbra::front::types::{Constant, ScalarType};

/// Elements as the bits of [`numbra::front::types::Constant`].
pub fn bits(array: &HostArray) -> Vec<u64> {
    array.view().iter().map(|constant| constant.bits).collect()
}

/// How many representable values lie between two floats; 0 for two NaNs, `u64::MAX` for a NaN and a number.
pub fn distance(a: u64, b: u64, scalar: ScalarType) -> u64 {
    let (nan_a, nan_b) = (is_nan(a, scalar), is_nan(b, scalar));
    if nan_a || nan_b {
        return if nan_a == nan_b { 0 } else { u64::MAX };
    }
    let ordered = |bits: u64| match scalar {
        ScalarType::F32 => {
            let bits = bits as u32 as i32;
            if bits < 0 { i32::MIN as i64 - bits as i64 } else { bits as i64 }
        }
        _ => {
            let bits = bits as i64;
            if bits < 0 { i64::MIN.wrapping_sub(bits) } else { bits }
        }
    };
    ordered(a).abs_diff(ordered(b))
}

pub fn is_nan(bits: u64, scalar: ScalarType) -> bool {
    match scalar {
        ScalarType::F32 => f32::from_bits(bits as u32).is_nan(),
        ScalarType::F64 => f64::from_bits(bits).is_nan(),
        _ => false,
    }
}

/// Whether a float is subnormal.
pub fn is_subnormal(bits: u64, scalar: ScalarType) -> bool {
    match scalar {
        ScalarType::F32 => f32::from_bits(bits as u32).is_subnormal(),
        ScalarType::F64 => f64::from_bits(bits).is_subnormal(),
        _ => false,
    }
}

/// The first difference. `ulps`: distance allowed for floats; 0 counts a zero's sign too. Integers must be equal.
pub fn difference(got: &HostArray, expected: &HostArray, ulps: u64) -> Option<String> {
    let scalar = got.scalar();
    if (scalar, got.shape()) != (expected.scalar(), expected.shape()) {
        let text = |array: &HostArray| format!("{} {:?}", array.scalar(), array.shape());
        return Some(format!("gave {}, expected {}", text(got), text(expected)));
    }
    let same = |got: u64, expected: u64| match scalar.is_float() {
        true if ulps > 0 => distance(got, expected, scalar) <= ulps,
        true => got == expected || is_nan(got, scalar) && is_nan(expected, scalar),
        false => got == expected,
    };
    let mut pairs = got.view().iter().zip(expected.view().iter()).enumerate().collect::<Vec<_>>().into_iter();
    let (place, (got, expected)) = pairs.find(|(_, (got, expected))| !same(got.bits, expected.bits))?;
    let bits = |constant: Constant| format!("{constant} ({:#x})", constant.bits);
    Some(format!("element {place} is {}, expected {}", bits(got), bits(expected)))
}
