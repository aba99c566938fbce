//! Zeros that a driver cannot see.
//!
//! Mesa's software Vulkan takes x * 0.0 and 0.0 / x for 0.0 and x + 0.0 for x, whatever x is, and x / 0.0 for
//! nothing in particular, as soon as it sees the constant; that a NaN, an infinity or a -0.0 gives something else is
//! lost, NoContraction or not. So a float zero that may meet arithmetic is read: the block of parameters ends with a
//! word that is 0.

use super::lower::{Handled, Lowering, broken, scalar_of};
use crate::Result;
use naga::{BinaryOperator, Block, Expression, Literal, ScalarKind, Span, Statement};
use numbra_front::ir::Op;
use numbra_front::types::ScalarType;

/// What has been read of the zero at the end of the parameters.
#[derive(Default)]
pub(super) struct Zeros {
    word: Option<Handled>,
    floats: [Option<Handled>; 2],
}

impl Lowering<'_> {
    /// The zero word itself; read once, where the kernel starts.
    fn zero_word(&mut self) -> Result<Handled> {
        if let Some(word) = self.zeros.word {
            return Ok(word);
        }
        let (base, place) = self.spare_word.ok_or_else(|| broken("the parameters have not been read"))?;
        let mut prologue = std::mem::take(&mut self.prologue);
        let word = self.parameter_word(&mut prologue, base, place, true);
        self.name(word, "zero");
        self.prologue = prologue;
        self.zeros.word = Some(word);
        Ok(word)
    }

    /// 0.0 of a float type, read.
    fn read_zero(&mut self, scalar: ScalarType) -> Result<Handled> {
        let wide = scalar == ScalarType::F64;
        if let Some(zero) = self.zeros.floats[wide as usize] {
            return Ok(zero);
        }
        let word = self.zero_word()?;
        let mut prologue = std::mem::take(&mut self.prologue);
        let bits = if wide { self.cast(&mut prologue, word, ScalarKind::Uint, Some(8)) } else { word };
        let zero = self.cast(&mut prologue, bits, ScalarKind::Float, None);
        self.name(zero, if wide { "zero_f64" } else { "zero_f32" });
        self.prologue = prologue;
        self.zeros.floats[wide as usize] = Some(zero);
        Ok(zero)
    }

    /// The read zero in place of a literal one, where `op` may be arithmetic on it or hand it on.
    pub(super) fn hide_zero(&mut self, op: Op, operand: Handled) -> Result<Handled> {
        match op {
            Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Select => self.hidden(operand),
            _ => Ok(operand),
        }
    }

    /// The read zero in place of a literal 0.0; anything else as it is.
    pub(super) fn hidden(&mut self, operand: Handled) -> Result<Handled> {
        match self.as_literal(operand) {
            Some(Literal::F32(value)) if value.to_bits() == 0 => self.read_zero(ScalarType::F32),
            Some(Literal::F64(value)) if value.to_bits() == 0 => self.read_zero(ScalarType::F64),
            _ => Ok(operand),
        }
    }

    /// An integer of that type of which nothing is known when the driver compiles: a counter of a loop that it
    /// unrolls is a constant, and so is the float that it becomes; the lesser of 0 and an unsigned integer is another.
    pub(super) fn unknown(&mut self, block: &mut Block, integer: Handled, ty: ScalarType) -> Result<Handled> {
        let to = scalar_of(ty)?;
        let mut zero = self.zero_word()?;
        if to.width == 8 {
            zero = self.cast(block, zero, ScalarKind::Uint, Some(8));
        }
        if to.kind == ScalarKind::Sint {
            zero = self.cast(block, zero, ScalarKind::Sint, None);
        }
        Ok(self.binary(block, BinaryOperator::InclusiveOr, integer, zero))
    }

    /// 1.0 or the read zero.
    pub(super) fn truth_as_float(&mut self, block: &mut Block, condition: Handled, to: ScalarType) -> Result<Handled> {
        let reject = self.read_zero(to)?;
        let accept = self.literal(if to == ScalarType::F64 { Literal::F64(1.0) } else { Literal::F32(1.0) });
        Ok(self.emit(block, Expression::Select { condition, accept, reject }))
    }

    /// Variables of floats start with the read zero, too.
    pub(super) fn start_variables(&mut self) -> Result<()> {
        for number in 0..self.kernel.variables.len() {
            let scalar = self.kernel.variables[number].scalar();
            if scalar.is_float() {
                let value = self.read_zero(scalar)?;
                let pointer = self.variables[number];
                self.prologue.push(Statement::Store { pointer, value }, Span::UNDEFINED);
            }
        }
        Ok(())
    }
}
