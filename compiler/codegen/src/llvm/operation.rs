//! From ops to instructions, one op at a time, with the meanings of the op table and nothing more.
//!
//! Nothing here can yield LLVM's `undef` or `poison`: no `nsw` or `nuw`, no `nnan` or `ninf` (which make
//! poison of a NaN that comes all the same), saturation wherever a conversion may not fit, and the IR keeps shift counts and divisors
//! in range. Only intrinsics that every one of our targets selects are used; `frem` is not.

use super::backend_error;
use super::lower::{Lowering, Placement, malformed, value_type};
use crate::error::Result;
use inkwell::values::{BasicValue, BasicValueEnum, FastMathFlags, FloatValue, IntValue};
use inkwell::{FloatPredicate, IntPredicate};
use numbra_front::ir::{FloatFlags, Op, Value};
use numbra_front::types::{Constant, ScalarType};

/// The intrinsics that lowering may leave behind, without their type suffixes. LLVM's NVPTX back end ends the process
/// when it meets one that it cannot select, so whatever else appears is refused before.
pub(super) const INTRINSICS: &[&str] = &[
    "llvm.abs",
    "llvm.ceil",
    "llvm.copysign",
    "llvm.ctlz",
    "llvm.ctpop",
    "llvm.cttz",
    "llvm.fabs",
    "llvm.floor",
    "llvm.fma",
    "llvm.fshl",
    "llvm.fshr",
    "llvm.is.fpclass",
    "llvm.lifetime.end",
    "llvm.lifetime.start",
    "llvm.maximum",
    "llvm.maximumnum",
    "llvm.memcpy",
    "llvm.memmove",
    "llvm.memset",
    "llvm.bswap",
    "llvm.bitreverse",
    "llvm.minimum",
    "llvm.minimumnum",
    "llvm.nvvm.read.ptx.sreg",
    "llvm.rint",
    "llvm.smax",
    "llvm.smin",
    "llvm.sadd.sat",
    "llvm.scmp",
    "llvm.sqrt",
    "llvm.ssub.sat",
    "llvm.trunc",
    "llvm.uadd.sat",
    "llvm.ucmp",
    "llvm.umax",
    "llvm.umin",
    "llvm.usub.sat",
    "llvm.assume",
];

impl<'ctx> Lowering<'ctx, '_> {
    pub(super) fn apply(
        &mut self,
        op: Op,
        operands: &[Value],
        flags: FloatFlags,
        result: ScalarType,
    ) -> Result<BasicValueEnum<'ctx>> {
        if operands.len() != op.info().arity {
            return Err(malformed(format!("'{}' with {} operands", op.name(), operands.len())));
        }
        let scalar = self.kernel.scalar(operands[0]);
        let values = operands.iter().map(|&operand| self.value(operand)).collect::<Result<Vec<_>>>()?;
        match op {
            Op::Select => {
                self.builder.build_select(values[0].into_int_value(), values[1], values[2], "").map_err(backend_error)
            }
            Op::Convert => self.convert(values[0], scalar, result),
            Op::Bitcast => {
                let kind = value_type(self.context, result);
                self.builder.build_bit_cast(values[0], kind, "").map_err(backend_error)
            }
            _ if scalar.is_float() => {
                let floats: Vec<_> = values.into_iter().map(BasicValueEnum::into_float_value).collect();
                self.float_op(op, &floats, scalar, flags)
            }
            _ => {
                let integers: Vec<_> = values.into_iter().map(BasicValueEnum::into_int_value).collect();
                Ok(self.integer_op(op, &integers, scalar)?.into())
            }
        }
    }

    /// An op on integers, indices or bools of type `scalar`.
    fn integer_op(&self, op: Op, operands: &[IntValue<'ctx>], scalar: ScalarType) -> Result<IntValue<'ctx>> {
        let builder = &self.builder;
        let signed = scalar.is_signed();
        let first = operands[0];
        let second = operands.get(1).copied().unwrap_or(first);
        let compare = |predicate| builder.build_int_compare(predicate, first, second, "");
        let by_sign = |signed_form, unsigned_form| compare(if signed { signed_form } else { unsigned_form });
        match op {
            Op::Add => builder.build_int_add(first, second, ""),
            Op::Sub => builder.build_int_sub(first, second, ""),
            Op::Mul => builder.build_int_mul(first, second, ""),
            Op::Quotient if signed => builder.build_int_signed_div(first, second, ""),
            Op::Quotient => builder.build_int_unsigned_div(first, second, ""),
            Op::Remainder if signed => builder.build_int_signed_rem(first, second, ""),
            Op::Remainder => builder.build_int_unsigned_rem(first, second, ""),
            Op::Neg => builder.build_int_neg(first, ""),
            Op::Abs if signed => {
                let minimum_is_poison = self.context.bool_type().const_zero();
                let kind = first.get_type();
                return Ok(self
                    .intrinsic("llvm.abs", &[kind.into()], &[first.into(), minimum_is_poison.into()])?
                    .into_int_value());
            }
            Op::Abs => return Ok(first),
            Op::And => builder.build_and(first, second, ""),
            Op::Or => builder.build_or(first, second, ""),
            Op::Xor => builder.build_xor(first, second, ""),
            Op::Not => builder.build_not(first, ""),
            Op::CountOnes => {
                let kind = first.get_type();
                return Ok(self.intrinsic("llvm.ctpop", &[kind.into()], &[first.into()])?.into_int_value());
            }
            Op::ShlInRange => builder.build_left_shift(first, second, ""),
            Op::ShrInRange => builder.build_right_shift(first, second, signed, ""),
            Op::Eq => compare(IntPredicate::EQ),
            Op::Ne => compare(IntPredicate::NE),
            Op::Lt => by_sign(IntPredicate::SLT, IntPredicate::ULT),
            Op::Le => by_sign(IntPredicate::SLE, IntPredicate::ULE),
            Op::Gt => by_sign(IntPredicate::SGT, IntPredicate::UGT),
            Op::Ge => by_sign(IntPredicate::SGE, IntPredicate::UGE),
            Op::Minimum | Op::Maximum => {
                let name = match (op, signed) {
                    (Op::Minimum, true) => "llvm.smin",
                    (Op::Minimum, false) => "llvm.umin",
                    (_, true) => "llvm.smax",
                    (_, false) => "llvm.umax",
                };
                let kind = first.get_type();
                return Ok(self.intrinsic(name, &[kind.into()], &[first.into(), second.into()])?.into_int_value());
            }
            _ => return Err(malformed(format!("'{}' on {scalar}", op.name()))),
        }
        .map_err(backend_error)
    }

    fn float_op(
        &self,
        op: Op,
        operands: &[FloatValue<'ctx>],
        scalar: ScalarType,
        flags: FloatFlags,
    ) -> Result<BasicValueEnum<'ctx>> {
        let builder = &self.builder;
        let first = operands[0];
        let second = operands.get(1).copied().unwrap_or(first);
        let flagged = |value: FloatValue<'ctx>| self.with_flags(value.into(), flags);
        let compare = |predicate| {
            builder.build_float_compare(predicate, first, second, "").map(BasicValueEnum::from).map_err(backend_error)
        };
        let intrinsic = |name| {
            let arguments: Vec<_> = operands.iter().map(|&operand| operand.into()).collect();
            self.intrinsic(name, &[first.get_type().into()], &arguments)
        };
        match op {
            Op::Add => flagged(builder.build_float_add(first, second, "").map_err(backend_error)?),
            Op::Sub => flagged(builder.build_float_sub(first, second, "").map_err(backend_error)?),
            Op::Mul => flagged(builder.build_float_mul(first, second, "").map_err(backend_error)?),
            Op::Div => flagged(builder.build_float_div(first, second, "").map_err(backend_error)?),
            Op::Neg => Ok(builder.build_float_neg(first, "").map_err(backend_error)?.into()),
            Op::Abs => intrinsic("llvm.fabs"),
            Op::Sqrt => self.with_flags(intrinsic("llvm.sqrt")?, flags),
            Op::Floor => intrinsic("llvm.floor"),
            Op::Ceil => intrinsic("llvm.ceil"),
            Op::Trunc => intrinsic("llvm.trunc"),
            Op::Rint => intrinsic("llvm.rint"),
            Op::Copysign => intrinsic("llvm.copysign"),
            Op::Fma => intrinsic("llvm.fma"),
            Op::MulError => {
                let product = builder.build_float_mul(first, second, "product").map_err(backend_error)?;
                let opposite = builder.build_float_neg(product, "").map_err(backend_error)?;
                self.intrinsic("llvm.fma", &[first.get_type().into()], &[first.into(), second.into(), opposite.into()])
            }
            Op::Eq => compare(FloatPredicate::OEQ),
            Op::Ne => compare(FloatPredicate::UNE),
            Op::Lt => compare(FloatPredicate::OLT),
            Op::Le => compare(FloatPredicate::OLE),
            Op::Gt => compare(FloatPredicate::OGT),
            Op::Ge => compare(FloatPredicate::OGE),
            Op::IsNan => compare(FloatPredicate::UNO),
            Op::IsInf => self.is_infinite(first, scalar),
            // Each of the four takes -0.0 for less than 0.0, as the interpreter does.
            Op::Minimum => intrinsic("llvm.minimum"),
            Op::Maximum => intrinsic("llvm.maximum"),
            Op::Fmin if self.placement == Placement::Nvptx => intrinsic("llvm.minimumnum"),
            Op::Fmax if self.placement == Placement::Nvptx => intrinsic("llvm.maximumnum"),
            // LLVM 22 selects those two wrongly for x86 where it knows that one operand is no NaN: it gives the NaN.
            Op::Fmin => self.number_of(first, second, intrinsic("llvm.minimum")?),
            Op::Fmax => self.number_of(first, second, intrinsic("llvm.maximum")?),
            _ => Err(malformed(format!("'{}' on floats", op.name()))),
        }
    }

    /// The other one if one is NaN, else `extreme`.
    fn number_of(
        &self,
        first: FloatValue<'ctx>,
        second: FloatValue<'ctx>,
        extreme: BasicValueEnum<'ctx>,
    ) -> Result<BasicValueEnum<'ctx>> {
        let builder = &self.builder;
        let is_nan = |value| builder.build_float_compare(FloatPredicate::UNO, value, value, "").map_err(backend_error);
        let kept = builder.build_select(is_nan(second)?, first.into(), extreme, "").map_err(backend_error)?;
        builder.build_select(is_nan(first)?, second.into(), kept, "").map_err(backend_error)
    }

    fn is_infinite(&self, value: FloatValue<'ctx>, scalar: ScalarType) -> Result<BasicValueEnum<'ctx>> {
        let bits = self.float_bits(value)?;
        let kind = bits.get_type();
        let magnitude = (1 << (scalar.bits() - 1)) - 1;
        let infinity = Constant::float(scalar, f64::INFINITY).bits;
        let bits = self.builder.build_and(bits, kind.const_int(magnitude, false), "").map_err(backend_error)?;
        let infinite = self.builder.build_int_compare(IntPredicate::EQ, bits, kind.const_int(infinity, false), "");
        Ok(infinite.map_err(backend_error)?.into())
    }

    /// Puts the op's flags on its instruction (there is none where LLVM has folded constants).
    fn with_flags(&self, value: BasicValueEnum<'ctx>, flags: FloatFlags) -> Result<BasicValueEnum<'ctx>> {
        let mut allowed = FastMathFlags::empty();
        allowed.set(FastMathFlags::AllowContract, flags.contract);
        allowed.set(FastMathFlags::AllowReassoc, flags.reassociate);
        allowed.set(FastMathFlags::NoSignedZeros, flags.no_signed_zeros);
        allowed.set(FastMathFlags::AllowReciprocal, flags.reciprocal);
        if let Some(instruction) = value.as_instruction_value()
            && !allowed.is_empty()
            && instruction.can_use_fast_math_flags()
        {
            instruction.set_fast_math_flags(allowed).map_err(backend_error)?;
        }
        Ok(value)
    }

    fn convert(&self, value: BasicValueEnum<'ctx>, from: ScalarType, to: ScalarType) -> Result<BasicValueEnum<'ctx>> {
        let builder = &self.builder;
        let kind = value_type(self.context, to);
        if from == to {
            return Ok(value);
        }
        if from.is_float() {
            let float = value.into_float_value();
            return match to {
                ScalarType::Bool => {
                    let zero = float.get_type().const_zero();
                    let truth = builder.build_float_compare(FloatPredicate::UNE, float, zero, "");
                    Ok(truth.map_err(backend_error)?.into())
                }
                ScalarType::F32 => {
                    Ok(builder.build_float_trunc(float, kind.into_float_type(), "").map_err(backend_error)?.into())
                }
                ScalarType::F64 => {
                    Ok(builder.build_float_ext(float, kind.into_float_type(), "").map_err(backend_error)?.into())
                }
                _ => Ok(self.float_to_integer(float, to)?.into()),
            };
        }
        let integer = value.into_int_value();
        if to.is_float() {
            let kind = kind.into_float_type();
            let float = if from.is_signed() {
                builder.build_signed_int_to_float(integer, kind, "")
            } else {
                builder.build_unsigned_int_to_float(integer, kind, "")
            };
            return Ok(float.map_err(backend_error)?.into());
        }
        let converted = match to {
            ScalarType::Bool => {
                let zero = integer.get_type().const_zero();
                builder.build_int_compare(IntPredicate::NE, integer, zero, "")
            }
            _ if to.bits() < from.bits() => builder.build_int_truncate(integer, kind.into_int_type(), ""),
            _ if to.bits() == from.bits() => Ok(integer),
            _ if from.is_signed() => builder.build_int_s_extend(integer, kind.into_int_type(), ""),
            _ => builder.build_int_z_extend(integer, kind.into_int_type(), ""),
        };
        Ok(converted.map_err(backend_error)?.into())
    }

    /// Truncation where the result fits, and a selected constant where it does not. (LLVM has intrinsics for this,
    /// but does not make vector code of them. The plain conversion is poison where it does not fit, which is where
    /// it is not selected.)
    fn float_to_integer(&self, value: FloatValue<'ctx>, to: ScalarType) -> Result<IntValue<'ctx>> {
        let builder = &self.builder;
        let float = value.get_type();
        let kind = value_type(self.context, to).into_int_type();
        let pick = |predicate, bound: FloatValue<'ctx>, constant: IntValue<'ctx>, otherwise: IntValue<'ctx>| {
            let outside = builder.build_float_compare(predicate, value, bound, "").map_err(backend_error)?;
            let picked = builder.build_select(outside, constant, otherwise, "").map_err(backend_error)?;
            Ok(picked.into_int_value())
        };
        let zero = kind.const_zero();
        let power = |exponent: u32| float.const_float((exponent as f64).exp2());
        if to.is_signed() {
            let width = to.bits();
            let (least, greatest) = (1u64 << (width - 1), (1u64 << (width - 1)) - 1);
            let fitting = builder.build_float_to_signed_int(value, kind, "").map_err(backend_error)?;
            let lowest = float.const_float(-((width - 1) as f64).exp2());
            let result = pick(FloatPredicate::OLE, lowest, kind.const_int(least, false), fitting)?;
            let result = pick(FloatPredicate::OGE, power(width - 1), kind.const_int(greatest, false), result)?;
            pick(FloatPredicate::UNO, value, zero, result)
        } else {
            let fitting = builder.build_float_to_unsigned_int(value, kind, "").map_err(backend_error)?;
            let result = pick(FloatPredicate::OGE, power(to.bits()), kind.const_all_ones(), fitting)?;
            // NaN, too.
            pick(FloatPredicate::ULE, float.const_zero(), zero, result)
        }
    }
}
