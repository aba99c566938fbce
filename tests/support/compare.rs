//! Comparing results: bit for bit, with all NaNs equal, or within a distance counted in representable values.

use numbra::array::HostArray;
use numbra::front::types::ScalarType;

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

/// Fails with the first difference. `ulps`: distance allowed for floats; integers must be equal.
pub fn assert_same(what: &str, got: &HostArray, expected: &HostArray, ulps: u64) {
    assert_eq!(got.scalar(), expected.scalar(), "{what}: dtype");
    assert_eq!(got.shape(), expected.shape(), "{what}: shape");
    let scalar = got.scalar();
    for (place, (got, expected)) in got.view().iter().zip(expected.view().iter()).enumerate() {
        let same = if scalar.is_float() {
            distance(got.bits, expected.bits, scalar) <= ulps
        } else {
            got.bits == expected.bits
        };
        assert!(same, "{what}: element {place} is {got}, expected {expected}");
    }
}
