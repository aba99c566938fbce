//! One op, one construct of naga.

use super::lower::{Handled, Lowering, broken, scalar_of};
use crate::Result;
use naga::{BinaryOperator, Block, Expression, Literal, MathFunction, Scalar, ScalarKind, UnaryOperator};
use numbra_front::ir::{Op, Value};
use numbra_front::types::ScalarType;

impl Lowering<'_> {
    pub(super) fn binary(&mut self, block: &mut Block, op: BinaryOperator, left: Handled, right: Handled) -> Handled {
        self.emit(block, Expression::Binary { op, left, right })
    }

    /// A conversion (`width` given, in bytes) or a reinterpretation (none).
    pub(super) fn cast(&mut self, block: &mut Block, expr: Handled, kind: ScalarKind, width: Option<u8>) -> Handled {
        self.emit(block, Expression::As { expr, kind, convert: width })
    }

    fn math(&mut self, block: &mut Block, fun: MathFunction, operands: &[Handled]) -> Handled {
        let operand = |number: usize| operands.get(number).copied();
        self.emit(block, Expression::Math { fun, arg: operands[0], arg1: operand(1), arg2: operand(2), arg3: None })
    }

    fn unary(&mut self, block: &mut Block, op: UnaryOperator, expr: Handled) -> Handled {
        self.emit(block, Expression::Unary { op, expr })
    }

    /// Applies `op` to values of the type of the first (of the second for `select`), giving a value of type `result`.
    pub(super) fn apply(
        &mut self,
        block: &mut Block,
        op: Op,
        operands: &[Value],
        result: ScalarType,
    ) -> Result<Handled> {
        let ty = self.type_of(operands[0]);
        let mut handles = operands
            .iter()
            .map(|&operand| self.value(operand).and_then(|operand| self.hide_zero(op, operand)))
            .collect::<Result<Vec<_>>>()?;
        if handles.iter().all(|&handle| self.as_literal(handle).is_some()) {
            handles[0] = self.at_run_time(block, handles[0]);
        }
        let a = handles[0];
        let b = handles.get(1).copied().unwrap_or(a);
        let is_bool = ty == ScalarType::Bool;

        if let Some(operator) = binary_operator(op, ty) {
            let b = match op {
                Op::Quotient | Op::Remainder => self.divisor(block, b),
                Op::ShlInRange | Op::ShrInRange => self.count(block, b, ty),
                _ => b,
            };
            return Ok(self.binary(block, operator, a, b));
        }
        Ok(match op {
            Op::Neg if ty.is_unsigned() => {
                let zero = super::lower::literal(numbra_front::types::Constant::zero(ty))?;
                let zero = self.literal(zero);
                self.binary(block, BinaryOperator::Subtract, zero, a)
            }
            Op::Neg => self.unary(block, UnaryOperator::Negate, a),
            Op::Not if is_bool => self.unary(block, UnaryOperator::LogicalNot, a),
            Op::Not => self.unary(block, UnaryOperator::BitwiseNot, a),
            Op::Select => self.emit(block, Expression::Select { condition: a, accept: b, reject: handles[2] }),
            Op::Convert if result.is_float() && is_bool => self.truth_as_float(block, a, result)?,
            Op::Convert if result.is_float() && ty.is_integer() => {
                let integer = self.unknown(block, a, ty)?;
                self.converted(block, integer, scalar_of(ty)?, scalar_of(result)?)
            }
            Op::Convert => {
                let (from, to) = (scalar_of(ty)?, scalar_of(result)?);
                let converted = self.converted(block, a, from, to);
                // Mesa (seen in 22.3) compares what it knows to be widened in the narrow type, and wrongly for some
                // constants: it must not know.
                let widened = ty.is_integer() && result.is_integer() && from.width < to.width;
                if widened { self.unknown(block, converted, result)? } else { converted }
            }
            Op::Bitcast => {
                // The driver may find out that the integer is always 0.
                let a = if result.is_float() && ty.is_integer() { self.unknown(block, a, ty)? } else { a };
                self.cast(block, a, scalar_of(result)?.kind, None)
            }
            Op::Abs if ty.is_float() => self.math(block, MathFunction::Abs, &handles),
            Op::CountOnes if ty.bits() == 32 => self.math(block, MathFunction::CountOneBits, &handles),
            Op::Sqrt => self.math(block, MathFunction::Sqrt, &handles),
            Op::Floor => self.math(block, MathFunction::Floor, &handles),
            Op::Ceil => self.math(block, MathFunction::Ceil, &handles),
            Op::Trunc => self.math(block, MathFunction::Trunc, &handles),
            Op::Rint => self.math(block, MathFunction::Round, &handles),
            _ => return Err(broken(format!("'{}' of {ty} has not been legalized", op.name()))),
        })
    }

    /// A literal divisor of 0 can only stand in code that is never reached; WGSL would refuse it.
    fn divisor(&mut self, block: &mut Block, divisor: Handled) -> Handled {
        match self.as_literal(divisor) {
            Some(Literal::I32(0) | Literal::U32(0) | Literal::I64(0) | Literal::U64(0)) => {
                self.at_run_time(block, divisor)
            }
            _ => divisor,
        }
    }

    /// The count of a shift, which naga wants as a u32.
    fn count(&mut self, block: &mut Block, count: Handled, ty: ScalarType) -> Handled {
        let known = match self.as_literal(count) {
            Some(Literal::I32(count)) => u32::try_from(count).ok(),
            Some(Literal::U32(count)) => Some(count),
            Some(Literal::I64(count)) => u32::try_from(count).ok(),
            Some(Literal::U64(count)) => u32::try_from(count).ok(),
            _ => None,
        };
        match known {
            Some(known) if known < u32::from(scalar_of(ty).map_or(0, |scalar| scalar.width)) * 8 => {
                self.literal(Literal::U32(known))
            }
            _ => {
                let count = self.at_run_time(block, count);
                self.cast(block, count, ScalarKind::Uint, Some(4))
            }
        }
    }

    fn converted(&mut self, block: &mut Block, value: Handled, from: Scalar, to: Scalar) -> Handled {
        if from == to {
            return value;
        }
        let integer = |scalar: Scalar| matches!(scalar.kind, ScalarKind::Sint | ScalarKind::Uint);
        if integer(from) && integer(to) && from.width != to.width && from.kind != to.kind {
            // First the width by the old type's rule, then the sign: naga extends by the new type's.
            let wide = self.cast(block, value, from.kind, Some(to.width));
            return self.cast(block, wide, to.kind, Some(to.width));
        }
        self.cast(block, value, to.kind, Some(to.width))
    }
}

/// The operator that is `op` on operands of type `ty`, if there is one.
fn binary_operator(op: Op, ty: ScalarType) -> Option<BinaryOperator> {
    let is_bool = ty == ScalarType::Bool;
    Some(match op {
        Op::Add => BinaryOperator::Add,
        Op::Sub => BinaryOperator::Subtract,
        Op::Mul => BinaryOperator::Multiply,
        Op::Div | Op::Quotient => BinaryOperator::Divide,
        Op::Remainder => BinaryOperator::Modulo,
        Op::And => BinaryOperator::And,
        Op::Or => BinaryOperator::InclusiveOr,
        Op::Xor if is_bool => BinaryOperator::NotEqual,
        Op::Xor => BinaryOperator::ExclusiveOr,
        Op::ShlInRange => BinaryOperator::ShiftLeft,
        Op::ShrInRange => BinaryOperator::ShiftRight,
        Op::Eq => BinaryOperator::Equal,
        // On floats it is ordered, which is false with NaN.
        Op::Ne if !ty.is_float() => BinaryOperator::NotEqual,
        Op::Lt if !is_bool => BinaryOperator::Less,
        Op::Le if !is_bool => BinaryOperator::LessEqual,
        Op::Gt if !is_bool => BinaryOperator::Greater,
        Op::Ge if !is_bool => BinaryOperator::GreaterEqual,
        _ => return None,
    })
}
