//! Questions about floats as questions about their bits.
//!
//! WGSL lets an implementation assume that there are no NaNs, so `x != x` may be false of all; integers are safe.
//! `ne` becomes `not eq`, as naga's own `!=` on floats is false with NaN.

use super::rewrite::{self, strict};
use crate::capabilities::{Capabilities, Lack};
use crate::ir::*;
use crate::types::{Constant, ScalarType};

pub fn run(function: &mut Function, capabilities: &Capabilities) {
    rewrite::lacking(function, capabilities, Lack::FloatTests, &mut |function, out, _, op, operands| {
        let x = operands[0];
        match op {
            Op::IsNan => Some(magnitude_against_infinity(function, out, Op::Gt, x)),
            Op::IsInf => Some(magnitude_against_infinity(function, out, Op::Eq, x)),
            Op::Copysign => Some(copysign(function, out, x, operands[1])),
            Op::Ne => {
                let equal = function.apply(out, Op::Eq, operands);
                Some(strict(Op::Not, &[equal]))
            }
            Op::Convert => {
                let zero = function.constant(out, Constant::zero(function.scalar(x)));
                let equal = function.apply(out, Op::Eq, &[x, zero]);
                Some(strict(Op::Not, &[equal]))
            }
            _ => None,
        }
    });
}

/// The unsigned type of a float's width, with the masks of the sign bit and of all others, and the bits of infinity.
fn layout(float: ScalarType) -> (ScalarType, [Constant; 3]) {
    let (bits, sign, infinity) = match float {
        ScalarType::F32 => (ScalarType::U32, 1 << 31, f32::INFINITY.to_bits() as u64),
        _ => (ScalarType::U64, 1 << 63, f64::INFINITY.to_bits()),
    };
    (bits, [sign, sign - 1, infinity].map(|value| Constant { scalar: bits, bits: value }))
}

fn magnitude_against_infinity(function: &mut Function, out: &mut Region, test: Op, x: Value) -> Expression {
    let (bits, [_, rest, infinity]) = layout(function.scalar(x));
    let word = function.bitcast(out, x, bits);
    let rest = function.constant(out, rest);
    let magnitude = function.apply(out, Op::And, &[word, rest]);
    let infinity = function.constant(out, infinity);
    strict(test, &[magnitude, infinity])
}

fn copysign(function: &mut Function, out: &mut Region, magnitude: Value, sign: Value) -> Expression {
    let (bits, [sign_mask, rest, _]) = layout(function.scalar(magnitude));
    let mut masked = |value, mask| {
        let word = function.bitcast(out, value, bits);
        let mask = function.constant(out, mask);
        function.apply(out, Op::And, &[word, mask])
    };
    let (magnitude, sign) = (masked(magnitude, rest), masked(sign, sign_mask));
    let both = function.apply(out, Op::Or, &[magnitude, sign]);
    strict(Op::Bitcast, &[both])
}
