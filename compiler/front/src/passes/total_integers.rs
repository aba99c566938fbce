//! Integer division and shifts that are defined for every operand, out of those that hardware has.
//!
//! `floor_div`, `mod`, `shl` and `shr` become `quotient`, `remainder`, `shl_in_range` and `shr_in_range` on operands
//! that a select keeps inside what these are defined for.

use super::rewrite::{self, strict};
use crate::capabilities::{Capabilities, Lack};
use crate::ir::*;
use crate::types::Constant;
use std::collections::HashMap;

pub fn run(function: &mut Function, capabilities: &Capabilities) {
    let mut constants = HashMap::new();
    function.body.walk(&mut |statement| {
        if let Statement::Let { value, expression: Expression::Constant(constant) } = statement {
            constants.insert(*value, *constant);
        }
    });
    let expander = Expander { constants };
    rewrite::lacking(function, capabilities, Lack::TotalIntegers, &mut |function, out, _, op, operands| {
        let (op, operands) = match op {
            Op::FloorDiv => expander.floor_division(function, out, operands, true),
            Op::Mod => expander.floor_division(function, out, operands, false),
            Op::Shl | Op::Shr => expander.shift(function, out, op, operands),
            _ => return None,
        };
        Some(strict(op, &operands))
    });
}

struct Expander {
    constants: HashMap<Value, Constant>,
}

impl Expander {
    fn known(&self, value: Value) -> Option<i128> {
        self.constants.get(&value).and_then(|constant| constant.as_integer())
    }

    fn floor_division(
        &self,
        function: &mut Function,
        out: &mut Region,
        operands: &[Value],
        quotient: bool,
    ) -> (Op, Vec<Value>) {
        let (a, b) = (operands[0], operands[1]);
        let scalar = function.scalar(a);
        let zero = function.constant(out, Constant::zero(scalar));
        let one = function.constant(out, Constant::integer(scalar, 1));
        let divisor = self.known(b);
        if scalar.is_unsigned() {
            let native = if quotient { Op::Quotient } else { Op::Remainder };
            if divisor.is_some_and(|divisor| divisor != 0) {
                return (native, vec![a, b]);
            }
            let by_zero = function.apply(out, Op::Eq, &[b, zero]);
            let safe = function.apply(out, Op::Select, &[by_zero, one, b]);
            let result = function.apply(out, native, &[a, safe]);
            return (Op::Select, vec![by_zero, zero, result]);
        }
        // A power of two: bits of the two's complement are floored already.
        if let Some(power) = divisor.filter(|divisor| *divisor > 0 && divisor & (divisor - 1) == 0) {
            let (op, number) = match quotient {
                true => (Op::ShrInRange, i128::from(power.trailing_zeros())),
                false => (Op::And, power - 1),
            };
            let number = function.constant(out, Constant::integer(scalar, number));
            return (op, vec![a, number]);
        }
        // Not 0, where there is no quotient, nor -1, where that of the smallest integer overflows.
        let usual = divisor.is_some_and(|divisor| divisor != 0 && divisor != -1);
        let minus_one = function.constant(out, Constant::integer(scalar, -1));
        let by_zero = function.apply(out, Op::Eq, &[b, zero]);
        let by_minus_one = function.apply(out, Op::Eq, &[b, minus_one]);
        let unusual = function.apply(out, Op::Or, &[by_zero, by_minus_one]);
        let safe = if usual { b } else { function.apply(out, Op::Select, &[unusual, one, b]) };
        let truncated = function.apply(out, Op::Quotient, &[a, safe]);
        let product = function.apply(out, Op::Mul, &[truncated, safe]);
        let rest = function.apply(out, Op::Sub, &[a, product]);
        // Truncation and floor differ where there is a rest of the other sign than the divisor.
        let signs = function.apply(out, Op::Xor, &[rest, safe]);
        let opposite = function.apply(out, Op::Lt, &[signs, zero]);
        let inexact = function.apply(out, Op::Ne, &[rest, zero]);
        let adjust = function.apply(out, Op::And, &[inexact, opposite]);
        let (op, change, otherwise) = if quotient { (Op::Sub, one, truncated) } else { (Op::Add, safe, rest) };
        let change = function.apply(out, Op::Select, &[adjust, change, zero]);
        if usual {
            return (op, vec![otherwise, change]);
        }
        let floored = function.apply(out, op, &[otherwise, change]);
        let special = if quotient {
            let negated = function.apply(out, Op::Neg, &[a]);
            function.apply(out, Op::Select, &[by_zero, zero, negated])
        } else {
            zero
        };
        (Op::Select, vec![unusual, special, floored])
    }

    fn shift(&self, function: &mut Function, out: &mut Region, op: Op, operands: &[Value]) -> (Op, Vec<Value>) {
        let (a, count) = (operands[0], operands[1]);
        let scalar = function.scalar(a);
        let native = if op == Op::Shl { Op::ShlInRange } else { Op::ShrInRange };
        let width = scalar.bits() as i128;
        if self.known(count).is_some_and(|count| (0..width).contains(&count)) {
            return (native, vec![a, count]);
        }
        let zero = function.constant(out, Constant::zero(scalar));
        let bound = function.constant(out, Constant::integer(scalar, width));
        let mut fits = function.apply(out, Op::Lt, &[count, bound]);
        if scalar.is_signed() {
            let not_negative = function.apply(out, Op::Ge, &[count, zero]);
            fits = function.apply(out, Op::And, &[fits, not_negative]);
        }
        if op == Op::Shr && scalar.is_signed() {
            let all = function.constant(out, Constant::integer(scalar, width - 1));
            let safe = function.apply(out, Op::Select, &[fits, count, all]);
            return (native, vec![a, safe]);
        }
        let safe = function.apply(out, Op::Select, &[fits, count, zero]);
        let shifted = function.apply(out, native, &[a, safe]);
        (Op::Select, vec![fits, shifted, zero])
    }
}
