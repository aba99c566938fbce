//! `minimum`, `maximum`, `fmin`, `fmax` and `abs` of integers out of comparisons and selects.
//!
//! What drivers' own min and max do with NaN is unspecified, and `abs` of the smallest integer is too.

use super::rewrite::{self, strict};
use crate::capabilities::{Capabilities, Lack};
use crate::ir::*;
use crate::types::Constant;

pub fn run(function: &mut Function, capabilities: &Capabilities) {
    rewrite::lacking(function, capabilities, Lack::Extremes, &mut |function, out, _, op, operands| {
        let (comparison, nan_wins) = match op {
            Op::Minimum => (Op::Lt, true),
            Op::Maximum => (Op::Gt, true),
            Op::Fmin => (Op::Lt, false),
            Op::Fmax => (Op::Gt, false),
            Op::Abs => return Some(absolute(function, out, operands[0])),
            _ => return None,
        };
        let (a, b) = (operands[0], operands[1]);
        let first = function.apply(out, comparison, &[a, b]);
        if !function.scalar(a).is_float() {
            return Some(strict(Op::Select, &[first, a, b]));
        }
        // With a NaN the comparison is false, and this is b: wrong where a is the NaN that must win (minimum), and
        // where b is the NaN that must lose (fmin).
        let chosen = function.apply(out, Op::Select, &[first, a, b]);
        let wrong = function.apply(out, Op::IsNan, &[if nan_wins { a } else { b }]);
        Some(strict(Op::Select, &[wrong, a, chosen]))
    });
}

fn absolute(function: &mut Function, out: &mut Region, a: Value) -> Expression {
    let scalar = function.scalar(a);
    if !scalar.is_signed() {
        return strict(Op::Or, &[a, a]);
    }
    let zero = function.constant(out, Constant::zero(scalar));
    let negative = function.apply(out, Op::Lt, &[a, zero]);
    let negated = function.apply(out, Op::Neg, &[a]);
    strict(Op::Select, &[negative, negated, a])
}
