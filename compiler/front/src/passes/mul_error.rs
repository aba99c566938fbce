//! `mul_error`, the rounding error of a product, out of a fused multiply-add or of plain ops.
//!
//! Without a fused multiply-add: T. J. Dekker, "A floating-point technique for extending the available precision",
//! Numerische Mathematik 18 (1971). Veltkamp's splitting cuts each factor into two halves whose products are exact.
//! Where no product or sum leaves the exponent range the result is the error exactly, as that of the fused form is:
//! the same bits (an error of zero is +0.0 in both).

use super::rewrite::{self, strict};
use crate::capabilities::{Capabilities, Lack};
use crate::ir::*;
use crate::types::{Constant, ScalarType};

pub fn run(function: &mut Function, capabilities: &Capabilities) {
    rewrite::lacking(function, capabilities, Lack::MulError, &mut |function, out, _, _, operands| {
        let (a, b) = (operands[0], operands[1]);
        let product = function.apply(out, Op::Mul, &[a, b]);
        if capabilities.fused_multiply_add {
            let negative = function.apply(out, Op::Neg, &[product]);
            return Some(strict(Op::Fma, &[a, b, negative]));
        }
        let (a_high, a_low) = split(function, out, a);
        let (b_high, b_low) = split(function, out, b);
        // Every one of these differences and sums is exact, in this order.
        let high_high = function.apply(out, Op::Mul, &[a_high, b_high]);
        let first = function.apply(out, Op::Sub, &[high_high, product]);
        let high_low = function.apply(out, Op::Mul, &[a_high, b_low]);
        let second = function.apply(out, Op::Add, &[first, high_low]);
        let low_high = function.apply(out, Op::Mul, &[a_low, b_high]);
        let third = function.apply(out, Op::Add, &[second, low_high]);
        let low_low = function.apply(out, Op::Mul, &[a_low, b_low]);
        Some(strict(Op::Add, &[third, low_low]))
    });
}

/// Veltkamp's splitting: x = high + low exactly, each with at most half of the bits.
fn split(function: &mut Function, out: &mut Region, x: Value) -> (Value, Value) {
    let splitter = match function.scalar(x) {
        ScalarType::F32 => Constant::f32(4097.0),
        _ => Constant::f64(134217729.0),
    };
    let splitter = function.constant(out, splitter);
    let scaled = function.apply(out, Op::Mul, &[splitter, x]);
    let rest = function.apply(out, Op::Sub, &[scaled, x]);
    let high = function.apply(out, Op::Sub, &[scaled, rest]);
    let low = function.apply(out, Op::Sub, &[x, high]);
    (high, low)
}
