//! `round(x, n)` and `np.round(x, n)`: rounding to a number of decimal digits. What is here knows it when compiling; where it
//! is a variable, `rounding_to_variables.rs` reads the same powers of ten from tables.

use super::calls::Evaluated;
use super::item::{Item, Literal, Scalar};
use super::typer::Typer;
use crate::error::{ErrorClass, Result};
use crate::ir::Op;
use crate::source::Span;
use crate::types::ScalarType;

/// What a float type allows.
pub(super) struct Digits {
    /// Bits of a number: from 2 to this power on, all numbers are whole.
    pub mantissa: i32,
    /// Powers of ten up to this one are numbers.
    pub exact: i32,
    /// With more digits after the point than this every number stays.
    pub most: i32,
    /// Rounded to a greater power of ten than this every number is zero.
    pub tens: i32,
    /// The smallest number is 2 to this power.
    pub least: i32,
}

pub(super) fn digits_of(scalar: ScalarType) -> Digits {
    match scalar {
        ScalarType::F32 => Digits { mantissa: 24, exact: 10, most: 44, tens: 38, least: -149 },
        _ => Digits { mantissa: 53, exact: 22, most: 323, tens: 308, least: -1074 },
    }
}

impl<'t> Typer<'t, '_> {
    /// `round(x, n)`: Python's value, the multiple of 10**-n nearest to x (ties to even), rounded once.
    pub fn round_to(&mut self, number: Scalar, digits: &Evaluated<'t>, span: Span) -> Result<Scalar> {
        let Some(count) = digit_count(digits) else { return self.round_to_variable(number, digits, span) };
        let scalar = number.scalar;
        if !scalar.is_float() {
            return self.integer_to_tens(number, count, span);
        }
        let known = digits_of(scalar);
        if count > known.most {
            return Ok(number);
        }
        if -count > known.tens {
            return Ok(self.zero_if_finite(number, span));
        }
        let power = count.abs();
        let direction = if count >= 0 { "digits" } else { "tens" };
        if power <= known.exact {
            let ten = self.float(scalar, ten_to(power), span);
            return self.elementary(&format!("round_to_{direction}"), scalar, &[number, ten], span);
        }
        let parts = power_of_ten_in_parts(power as u32, &known);
        let taken = if count >= 0 { &parts[..] } else { &parts[..5] };
        let mut operands = vec![number];
        operands.extend(taken.iter().map(|&part| self.float(scalar, part, span)));
        self.elementary(&format!("round_to_far_{direction}"), scalar, &operands, span)
    }

    /// `np.round(x, n)`: as NumPy, which scales, rounds and scales back. Where nothing is left to round the number stays: from
    /// 2**53 (float32: 2**24) on scaled numbers have no fraction, and what scaling back gave would be off by a last place.
    pub fn round_numpy(&mut self, number: Scalar, digits: &Evaluated<'t>, span: Span) -> Result<Scalar> {
        let Some(count) = digit_count(digits) else { return self.round_numpy_to_variable(number, digits, span) };
        let scalar = number.scalar;
        if !scalar.is_float() {
            return self.integer_to_tens(number, count, span);
        }
        let known = digits_of(scalar);
        if -count > known.tens {
            return Ok(self.zero_if_finite(number, span));
        }
        let scale = self.float(scalar, ten_to(count.abs()), span);
        let (into, out_of) = if count >= 0 { (Op::Mul, Op::Div) } else { (Op::Div, Op::Mul) };
        let scaled = self.apply(into, &[number, scale], span);
        let rounded = self.apply(Op::Rint, &[scaled], span);
        let result = self.apply(out_of, &[rounded, scale], span);
        Ok(self.rounded_or_whole(number, scaled, result, span))
    }

    /// The rounded number, or the number itself if it has no fraction after scaling.
    pub(super) fn rounded_or_whole(&mut self, number: Scalar, scaled: Scalar, result: Scalar, span: Span) -> Scalar {
        let magnitude = self.apply(Op::Abs, &[scaled], span);
        let limit = self.float(number.scalar, 2f64.powi(digits_of(number.scalar).mantissa), span);
        let rounds = self.apply(Op::Lt, &[magnitude, limit], span);
        self.select(rounds, result, number, span)
    }

    /// An integer as a multiple of 10**-count, ties to even. Integers have no digits after the point.
    fn integer_to_tens(&mut self, number: Scalar, count: i32, span: Span) -> Result<Scalar> {
        let scalar = number.scalar;
        if count >= 0 || scalar == ScalarType::Bool {
            return Ok(number);
        }
        let (_, greatest) = scalar.range().unwrap_or((0, 0));
        let ten = 10i128.checked_pow(count.unsigned_abs()).unwrap_or(i128::MAX);
        if ten / 2 > greatest {
            return Ok(self.integer(scalar, 0, span));
        }
        if ten > greatest {
            let message = format!("{scalar} does not hold 10**{}, to which this rounds", -count);
            return Err(self.mistake(ErrorClass::Unsupported, span, message).help("use fewer digits").into());
        }
        let (ten, half) = (self.integer(scalar, ten, span), self.integer(scalar, ten / 2, span));
        Ok(self.integer_to_multiple(number, ten, half, span))
    }

    /// An integer as a multiple of `ten`, ties to even; `half` is half of it.
    pub(super) fn integer_to_multiple(&mut self, number: Scalar, ten: Scalar, half: Scalar, span: Span) -> Scalar {
        let quotient = self.apply(Op::FloorDiv, &[number, ten], span);
        let rest = self.apply(Op::Mod, &[number, ten], span);
        let one = self.integer(number.scalar, 1, span);
        let low = self.apply(Op::And, &[quotient, one], span);
        let odd = self.apply(Op::Eq, &[low, one], span);
        let above = self.apply(Op::Gt, &[rest, half], span);
        let tie = self.apply(Op::Eq, &[rest, half], span);
        let to_even = self.apply(Op::And, &[tie, odd], span);
        let up = self.apply(Op::Or, &[above, to_even], span);
        let next = self.apply(Op::Add, &[quotient, one], span);
        let quotient = self.select(up, next, quotient, span);
        self.apply(Op::Mul, &[quotient, ten], span)
    }

    /// A zero with the number's sign; infinities and NaN stay.
    pub(super) fn zero_if_finite(&mut self, number: Scalar, span: Span) -> Scalar {
        let zero = self.float(number.scalar, 0.0, span);
        let signed = self.apply(Op::Copysign, &[zero, number], span);
        let infinity = self.float(number.scalar, f64::INFINITY, span);
        let magnitude = self.apply(Op::Abs, &[number], span);
        let finite = self.apply(Op::Lt, &[magnitude, infinity], span);
        self.select(finite, signed, number, span)
    }
}

/// The number of digits, if it is known when compiling. Beyond what any type has, one count is like the other.
fn digit_count(digits: &Evaluated<'_>) -> Option<i32> {
    let known = match &digits.0 {
        Item::Literal(Literal::Integer(value)) => *value,
        Item::Scalar(scalar) => scalar.integer(),
        _ => None,
    };
    known.map(|count| count.clamp(-1000, 1000) as i32)
}

pub(super) fn ten_to(digits: i32) -> f64 {
    format!("1e{digits}").parse().unwrap_or(f64::INFINITY)
}

/// What the prelude's functions take of a power of ten: two scales, three words, and the smallest number times both scales.
pub(super) fn power_of_ten_in_parts(power: u32, known: &Digits) -> [f64; 6] {
    let (words, exponent) = power_of_ten_in_words(power, known.mantissa as u32);
    let first = exponent / 2;
    let [scale_1, scale_2, least] = [first, exponent - first, known.least + exponent].map(|part| 2f64.powi(part));
    [scale_1, scale_2, words[0], words[1], words[2], least]
}

/// (words, e) with 10**power = 2**e * (words[0] + words[1] + words[2]), each word of so many bits, 1 <= words[0] < 2, and the
/// sum nearest to the true value.
fn power_of_ten_in_words(power: u32, bits: u32) -> ([f64; 3], i32) {
    // 5**power, in 32-bit digits, lowest first.
    let mut five = vec![1u32];
    for _ in 0..power {
        let mut carry = 0u64;
        for digit in &mut five {
            carry += *digit as u64 * 5;
            *digit = carry as u32;
            carry >>= 32;
        }
        if carry != 0 {
            five.push(carry as u32);
        }
    }
    let length = five.len() as i32 * 32 - five.last().map_or(0, |digit| digit.leading_zeros() as i32);
    // `bits` bits whose highest is number `top`; what lies below the lowest bit is 0.
    let field = |top: i32| -> u64 {
        let bit = |at: i32| if at < 0 { 0 } else { (five[at as usize / 32] >> (at % 32) & 1) as u64 };
        (0..bits as i32).fold(0, |field, place| field << 1 | bit(top - place))
    };
    // Digits to the base 2**bits, rounded from below: a digit above the half becomes negative and carries. So does the
    // half itself, if that makes the next one even: the prelude counts on it for the one tie that there is.
    let width = bits as i32;
    let mut digits = [0, 1, 2, 3].map(|place| field(length - 1 - place * width) as i64);
    for place in (1..4).rev() {
        let half = 1 << (width - 1);
        if digits[place] > half || (digits[place] == half && digits[place - 1] % 2 != 0) {
            digits[place] -= 1 << width;
            digits[place - 1] += 1;
        }
    }
    let word = |place: i32| digits[place as usize] as f64 * 2f64.powi(-(place + 1) * width + 1);
    ([word(0), word(1), word(2)], length - 1 + power as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_ten_are_exact_to_three_words() {
        assert_eq!(power_of_ten_in_words(22, 53), ([1e22 / 2f64.powi(73), 0.0, 0.0], 73));
        // 10**23 has one bit more than float64.
        let (words, exponent) = power_of_ten_in_words(23, 53);
        assert_eq!((words[0] * 2f64.powi(exponent), words[2]), (99999999999999991611392.0, 0.0));
        assert_eq!(words[1] * 2f64.powi(exponent), 8388608.0);
        let ([first, second, _], exponent) = power_of_ten_in_words(44, 24);
        let ten = (first + second) * 2f64.powi(exponent);
        assert!((ten / 1e44 - 1.0).abs() < 2f64.powi(-47));
        assert_eq!(first, first as f32 as f64);
    }
}
