//! Conversion of floats to integers out of selects around a conversion of a value in range.
//!
//! naga clamps, but what becomes of NaN is left to the driver, and the clamp's upper end is not the largest integer.

use super::rewrite::{self, strict};
use crate::capabilities::{Capabilities, Lack};
use crate::ir::*;
use crate::types::{Constant, ScalarType};

pub fn run(function: &mut Function, capabilities: &Capabilities) {
    rewrite::lacking(function, capabilities, Lack::SaturatingConversion, &mut |function, out, value, _, operands| {
        let to = function.scalar(value);
        let bits = if to == ScalarType::Index { capabilities.index_bits } else { to.bits() };
        Some(saturated(function, out, operands[0], to, bits))
    });
}

fn saturated(function: &mut Function, out: &mut Region, x: Value, to: ScalarType, bits: u32) -> Expression {
    let from = function.scalar(x);
    let magnitude_bits = if to.is_signed() { bits - 1 } else { bits };
    // Powers of two, so both ends are exact: the integers of the type are those of bottom..top.
    let top = 2f64.powi(magnitude_bits as i32);
    let bottom = if to.is_signed() { -top } else { 0.0 };
    let float = |value: f64| Constant::float(from, value);
    let top = function.constant(out, float(top));
    let bottom = function.constant(out, float(bottom));
    let zero = function.constant(out, float(0.0));
    let largest = function.constant(out, Constant::integer(to, (1i128 << magnitude_bits) - 1));

    let above_bottom = function.apply(out, Op::Ge, &[x, bottom]);
    let below_top = function.apply(out, Op::Lt, &[x, top]);
    // NaN is neither, and so becomes 0.
    let fits = function.apply(out, Op::And, &[above_bottom, below_top]);
    let safe = function.apply(out, Op::Select, &[fits, x, zero]);
    let mut result = function.convert(out, safe, to);
    if to.is_signed() {
        let smallest = function.constant(out, Constant::integer(to, -(1i128 << magnitude_bits)));
        let too_small = function.apply(out, Op::Lt, &[x, bottom]);
        result = function.apply(out, Op::Select, &[too_small, smallest, result]);
    }
    let too_large = function.apply(out, Op::Ge, &[x, top]);
    strict(Op::Select, &[too_large, largest, result])
}
