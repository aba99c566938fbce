//! Comparisons of widened integers with constants, made in the narrow type.
//!
//! Under Numba's rules a 32-bit element is widened to 64 bits before it is compared with a literal. The narrow
//! comparison says the same and is cheaper on every GPU. It is also necessary: Mesa's compiler (seen in 22.3) narrows
//! such comparisons itself, and wrongly for some constants.

use crate::ir::*;
use crate::types::{Constant, ScalarType};
use std::collections::HashMap;

pub fn run(function: &mut Function, index_bits: u32) {
    let mut known = HashMap::new();
    function.body.walk(&mut |statement| {
        if let Statement::Let { value, expression } = statement {
            match expression {
                Expression::Constant(constant) => {
                    known.insert(*value, Known::Constant(*constant));
                }
                Expression::Apply { op: Op::Convert, operands, .. } => {
                    known.insert(*value, Known::Widened(operands[0]));
                }
                _ => {}
            }
        }
    });
    super::rewrite::expressions(function, &mut |function, out, _, expression| {
        let Expression::Apply { op, operands, .. } = expression else { return None };
        let (&[left, right], true) = (operands.as_slice(), is_comparison(*op)) else { return None };
        let (op, wide, constant) = match (known.get(&left), known.get(&right)) {
            (Some(Known::Widened(from)), Some(Known::Constant(constant))) => (*op, *from, *constant),
            (Some(Known::Constant(constant)), Some(Known::Widened(from))) => (mirrored(*op), *from, *constant),
            _ => return None,
        };
        let narrow = function.scalar(wide);
        let value = constant.as_integer()?;
        let (low, high) = range(narrow, index_bits)?;
        let (wide_low, wide_high) = range(constant.scalar, 64)?;
        // Only where widening keeps every value.
        if low < wide_low || high > wide_high {
            return None;
        }
        if (low..=high).contains(&value) {
            let constant = function.constant(out, Constant::integer(narrow, value));
            return Some(super::rewrite::strict(op, &[wide, constant]));
        }
        let (below, above) = (value > high, value < low);
        let result = match op {
            Op::Lt | Op::Le => below,
            Op::Gt | Op::Ge => above,
            Op::Ne => true,
            _ => false,
        };
        Some(Expression::Constant(Constant::bool(result)))
    });
}

enum Known {
    Constant(Constant),
    /// A conversion of this value.
    Widened(Value),
}

fn is_comparison(op: Op) -> bool {
    matches!(op, Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge)
}

/// The comparison with its operands exchanged.
fn mirrored(op: Op) -> Op {
    match op {
        Op::Lt => Op::Gt,
        Op::Le => Op::Ge,
        Op::Gt => Op::Lt,
        Op::Ge => Op::Le,
        other => other,
    }
}

/// The values of an integer type.
fn range(scalar: ScalarType, index_bits: u32) -> Option<(i128, i128)> {
    let bits = if scalar == ScalarType::Index { index_bits } else { scalar.bits() };
    match (scalar.is_integer(), scalar.is_signed()) {
        (false, _) => None,
        (true, true) => Some((-(1 << (bits - 1)), (1 << (bits - 1)) - 1)),
        (true, false) => Some((0, (1 << bits) - 1)),
    }
}
