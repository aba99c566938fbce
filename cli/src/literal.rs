//! Python's literals, as `--set name=VALUE` takes them.

use numbra_front::types::{Constant, ScalarType};

/// Reads an int (int64), a float (float64, also `inf` and `nan`) or a bool, signs allowed before numbers.
///
/// `Ok(None)`: not a literal. `Err`: almost one; the text says what is wrong with it.
pub fn parse(text: &str) -> Result<Option<Constant>, String> {
    match text {
        "True" => return Ok(Some(Constant::bool(true))),
        "False" => return Ok(Some(Constant::bool(false))),
        "true" | "false" | "TRUE" | "FALSE" => return Err("Python writes it True or False".to_string()),
        _ => {}
    }
    let (negative, magnitude) = match text.strip_prefix(['-', '+']) {
        Some(magnitude) => (text.starts_with('-'), magnitude),
        None => (false, text),
    };
    let sign = if negative { -1.0 } else { 1.0 };
    match magnitude {
        "inf" => return Ok(Some(Constant::f64(sign * f64::INFINITY))),
        "nan" => return Ok(Some(Constant::f64(f64::NAN))),
        _ => {}
    }
    if let Some(value) = integer(magnitude)? {
        let value =
            value.and_then(|value| i128::try_from(value).ok()).map(|value| if negative { -value } else { value });
        return match value.filter(|value| i64::try_from(*value).is_ok()) {
            Some(value) => Ok(Some(Constant::integer(ScalarType::I64, value))),
            None => {
                Err("it does not fit an int64; write it as a float (with .0), or pass a uint64 as a .npy file"
                    .to_string())
            }
        };
    }
    Ok(float(magnitude).map(|value| Constant::f64(sign * value)))
}

/// An integer without sign: `42`, `1_000`, `0xff`. `Some(None)` is one too large for 128 bits.
fn integer(text: &str) -> Result<Option<Option<u128>>, String> {
    let prefixed = |radix, letters| {
        let digits = text.strip_prefix('0')?.strip_prefix(letters)?;
        // An underscore may stand between the prefix and the digits.
        Some((radix, digits.strip_prefix('_').unwrap_or(digits)))
    };
    let (radix, digits) = prefixed(16, ['x', 'X'])
        .or_else(|| prefixed(8, ['o', 'O']))
        .or_else(|| prefixed(2, ['b', 'B']))
        .unwrap_or((10, text));
    let Some(digits) = without_underscores(digits, |digit| digit.is_digit(radix)) else {
        return Ok(None);
    };
    if radix == 10 && digits.starts_with('0') && digits.bytes().any(|digit| digit != b'0') {
        return Err("Python allows no leading zeros in an integer; 0o starts an octal one".to_string());
    }
    Ok(Some(u128::from_str_radix(&digits, radix).ok()))
}

/// A float without sign: `1.5`, `.5`, `1.`, `1e-3`, `1_000.0`, rounded once.
fn float(text: &str) -> Option<f64> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |text: &str| without_underscores(text, |digit| digit.is_ascii_digit());
    let plain = match mantissa.split_once('.') {
        Some((whole, "")) => digits(whole)?,
        Some(("", part)) => format!("0.{}", digits(part)?),
        Some((whole, part)) => format!("{}.{}", digits(whole)?, digits(part)?),
        // Without point and exponent it would be an integer.
        None => exponent.and(digits(mantissa))?,
    };
    let plain = match exponent {
        Some(exponent) => {
            let (sign, magnitude) = match exponent.strip_prefix(['-', '+']) {
                Some(magnitude) => (&exponent[..1], magnitude),
                None => ("", exponent),
            };
            format!("{plain}e{sign}{}", digits(magnitude)?)
        }
        None => plain,
    };
    plain.parse().ok()
}

/// The digits of a text of at least one digit, single underscores between them.
fn without_underscores(text: &str, is_digit: impl Fn(char) -> bool) -> Option<String> {
    let groups: Vec<&str> = text.split('_').collect();
    let valid = groups.iter().all(|group| !group.is_empty() && group.chars().all(&is_digit));
    valid.then(|| groups.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(value: i64) -> Constant {
        Constant::integer(ScalarType::I64, value.into())
    }

    #[test]
    fn literals_are_read_as_python_reads_them() {
        for (text, expected) in [
            ("0", int(0)),
            ("00_0", int(0)),
            ("42", int(42)),
            ("-7", int(-7)),
            ("+7", int(7)),
            ("1_000_000", int(1_000_000)),
            ("0xff", int(255)),
            ("-0X_dead_BEEF", int(-0xdead_beef)),
            ("0b101", int(5)),
            ("0o17", int(15)),
            ("9223372036854775807", int(i64::MAX)),
            ("-9223372036854775808", int(i64::MIN)),
            ("1.5", Constant::f64(1.5)),
            ("-1.", Constant::f64(-1.0)),
            (".5", Constant::f64(0.5)),
            ("1e-3", Constant::f64(1e-3)),
            ("-1_0.2_5E+1_0", Constant::f64(-10.25e10)),
            ("007.5", Constant::f64(7.5)),
            ("1e999", Constant::f64(f64::INFINITY)),
            ("inf", Constant::f64(f64::INFINITY)),
            ("-inf", Constant::f64(f64::NEG_INFINITY)),
            ("-0.0", Constant::f64(-0.0)),
            ("0.1", Constant::f64(0.1)),
            ("True", Constant::bool(true)),
            ("False", Constant::bool(false)),
        ] {
            assert_eq!(parse(text), Ok(Some(expected)), "{text}");
        }
        assert!(parse("nan").unwrap().unwrap().as_f64().is_nan());
        assert!(parse("-nan").unwrap().unwrap().as_f64().is_nan());
    }

    #[test]
    fn other_texts_are_no_literals() {
        for text in [
            "",
            "-",
            "x",
            "1x",
            "--1",
            "1__0",
            "_1",
            "1_",
            "0x",
            "0xg",
            "0b2",
            "1e",
            "e5",
            ".",
            "1.2.3",
            "1e1.5",
            "Inf",
            "NaN",
            "infinity",
            "1 ",
            "1j",
            "'a'",
            "field.npy",
            "1._5",
            "1_.5",
            "\u{0661}",
        ] {
            assert_eq!(parse(text), Ok(None), "{text}");
        }
    }

    #[test]
    fn near_misses_say_why() {
        for (text, reason) in [
            ("9223372036854775808", "int64"),
            ("-9223372036854775809", "int64"),
            ("0xffffffffffffffffffffffffffffffffffffffff", "int64"),
            ("true", "True"),
            ("007", "leading zeros"),
        ] {
            let message = parse(text).unwrap_err();
            assert!(message.contains(reason), "{text}: {message}");
        }
    }
}
