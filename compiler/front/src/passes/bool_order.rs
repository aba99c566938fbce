//! Order comparisons of bools (false < true) out of logic.

use super::rewrite::{self, strict};
use crate::capabilities::{Capabilities, Lack};
use crate::ir::*;

pub fn run(function: &mut Function, capabilities: &Capabilities) {
    rewrite::lacking(function, capabilities, Lack::BoolOrder, &mut |function, out, _, op, operands| {
        let (a, b) = (operands[0], operands[1]);
        // a < b: not a and b. The others are this one with the operands exchanged, and their complements.
        let (smaller, larger, combine) = match op {
            Op::Lt => (a, b, Op::And),
            Op::Gt => (b, a, Op::And),
            Op::Le => (a, b, Op::Or),
            Op::Ge => (b, a, Op::Or),
            _ => return None,
        };
        let not_smaller = function.apply(out, Op::Not, &[smaller]);
        Some(strict(combine, &[not_smaller, larger]))
    });
}
