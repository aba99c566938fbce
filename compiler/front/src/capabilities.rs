//! What a device can do: the facts from which [`crate::passes::legalize`] decides what to rewrite and what to refuse.
//!
//! Whether a device has an op on given types is one question, [`Capabilities::lacks`]. The passes ask it, the table in
//! docs/ir.md is written from it, and tests hold the back ends against it.

use crate::ir::Op;
use crate::types::ScalarType;

/// What a device's code can express with the meanings of the op table. Everything that is false is rewritten in terms
/// of the rest, or refused with a typed error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Capabilities {
    /// How messages name the device: `vulkan`, `cpu`.
    pub device: &'static str,
    /// 64-bit floats. Implies `int64`: their bits are tested as integers.
    pub float64: bool,
    /// 64-bit integers.
    pub int64: bool,
    /// 8 and 16-bit integers as values, and they and bools in memory.
    pub small_integers: bool,
    /// `fma` rounds once. Where it does not, `fma` is refused and `mul_error` is computed by Dekker's product.
    pub fused_multiply_add: bool,
    /// `mul_error` itself is an op of the back end (which then needs `fused_multiply_add` too).
    pub mul_error: bool,
    /// Conversion of floats to integers saturates and takes NaN to 0; otherwise only values in range may be converted.
    pub saturating_conversion: bool,
    /// `is_nan`, `is_inf`, `copysign`, and `ne` and the conversion to bool with NaN.
    pub float_tests: bool,
    /// `minimum`, `maximum`, `fmin`, `fmax`, and `abs` of integers.
    pub extremes: bool,
    /// `count_ones` of 64 bits at once.
    pub wide_bit_counts: bool,
    /// Order comparisons of bools.
    pub bool_order: bool,
    /// Integer ops that are total: `floor_div`, `mod`, `shl`, `shr`.
    pub total_integers: bool,
    /// Width of the index type.
    pub index_bits: u32,
    /// A driver that ends loops early.
    pub loop_limit: Option<LoopLimit>,
    /// A language or a driver that takes branches and loops in each other only so deeply.
    pub nesting: Option<Nesting>,
}

/// How deeply branches and loops may stand in each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nesting {
    /// Whose limit it is.
    pub by: &'static str,
    pub levels: usize,
    /// Branches and loops count together; otherwise there are so many levels of each.
    pub together: bool,
}

impl Nesting {
    /// 127 "brace-enclosed statements" in a function (WGSL, 2.4), less what naga puts around a kernel and into it.
    pub const WGSL: Nesting = Nesting { by: "WGSL", levels: 127 - 7, together: true };
    /// Mesa's llvmpipe: `LP_MAX_TGSI_NESTING` in its source, 80. Beyond, results are wrong without a word.
    pub const LLVMPIPE: Nesting = Nesting { by: "the driver llvmpipe", levels: 80 - 2, together: false };
}

/// What a device can lack: each has a pass that expresses it by the rest, or a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lack {
    Float64,
    Int64,
    SmallIntegers,
    FusedMultiplyAdd,
    MulError,
    SaturatingConversion,
    FloatTests,
    Extremes,
    WideBitCounts,
    BoolOrder,
    TotalIntegers,
}

/// What a driver allows the loops of one vector of threads to turn before it goes on as if they had ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LoopLimit {
    pub driver: &'static str,
    pub turns: u32,
    /// Threads of a vector, at most.
    pub lanes: u32,
}

impl LoopLimit {
    /// Mesa's llvmpipe: `LP_MAX_TGSI_LOOP_ITERATIONS` in its source, for vectors of up to 512 bits.
    pub const LLVMPIPE: LoopLimit = LoopLimit { driver: "llvmpipe", turns: 65535 - 1, lanes: 16 };
}

impl Capabilities {
    /// Everything: what the interpreter runs.
    pub const ALL: Capabilities = Capabilities {
        device: "interp",
        float64: true,
        int64: true,
        small_integers: true,
        fused_multiply_add: true,
        mul_error: true,
        saturating_conversion: true,
        float_tests: true,
        extremes: true,
        wide_bit_counts: true,
        bool_order: true,
        total_integers: true,
        index_bits: 64,
        loop_limit: None,
        nesting: None,
    };

    /// LLVM's back ends, for a processor with or without a fused multiply-add.
    pub const fn llvm(device: &'static str, fused_multiply_add: bool) -> Capabilities {
        Capabilities {
            device,
            fused_multiply_add,
            mul_error: fused_multiply_add,
            total_integers: false,
            ..Capabilities::ALL
        }
    }

    /// naga's back ends (WGSL and SPIR-V) with what WebGPU promises everywhere: 32 bits, no fused multiply-add.
    pub const fn naga(device: &'static str) -> Capabilities {
        Capabilities {
            device,
            float64: false,
            int64: false,
            small_integers: false,
            fused_multiply_add: false,
            mul_error: false,
            saturating_conversion: false,
            float_tests: false,
            extremes: false,
            wide_bit_counts: false,
            bool_order: false,
            total_integers: false,
            index_bits: 32,
            loop_limit: None,
            nesting: Some(Nesting::WGSL),
        }
    }

    /// The same device with 64-bit integers, and with 64-bit floats if it has them too.
    pub const fn with_64_bits(self, int64: bool, float64: bool) -> Capabilities {
        Capabilities { int64, float64: int64 && float64, ..self }
    }

    /// Why the device has no values of a type.
    pub fn lacks_type(&self, scalar: ScalarType) -> Option<Lack> {
        match scalar {
            ScalarType::F64 if !self.float64 => Some(Lack::Float64),
            ScalarType::I64 | ScalarType::U64 if !self.int64 => Some(Lack::Int64),
            ScalarType::I8 | ScalarType::I16 | ScalarType::U8 | ScalarType::U16 if !self.small_integers => {
                Some(Lack::SmallIntegers)
            }
            _ => None,
        }
    }

    /// Why the device does not have `op` as it stands on operands of these types, to a result of that type; `None` if it has.
    pub fn lacks(&self, op: Op, operands: &[ScalarType], result: ScalarType) -> Option<Lack> {
        if let Some(lack) = operands.iter().chain([&result]).find_map(|&scalar| self.lacks_type(scalar)) {
            return Some(lack);
        }
        let of = *operands.first()?;
        let (lack, has) = match op {
            Op::Fma => (Lack::FusedMultiplyAdd, self.fused_multiply_add),
            Op::MulError => (Lack::MulError, self.mul_error),
            Op::FloorDiv | Op::Mod | Op::Shl | Op::Shr => (Lack::TotalIntegers, self.total_integers),
            Op::Minimum | Op::Maximum | Op::Fmin | Op::Fmax => (Lack::Extremes, self.extremes),
            Op::Abs if of.is_integer() => (Lack::Extremes, self.extremes),
            Op::CountOnes if of.bits() == 64 => (Lack::WideBitCounts, self.wide_bit_counts),
            Op::IsNan | Op::IsInf | Op::Copysign => (Lack::FloatTests, self.float_tests),
            Op::Ne if of.is_float() => (Lack::FloatTests, self.float_tests),
            Op::Convert if of.is_float() && result == ScalarType::Bool => (Lack::FloatTests, self.float_tests),
            Op::Convert if of.is_float() && result.is_integer() => {
                (Lack::SaturatingConversion, self.saturating_conversion)
            }
            Op::Lt | Op::Le | Op::Gt | Op::Ge if of == ScalarType::Bool => (Lack::BoolOrder, self.bool_order),
            _ => return None,
        };
        (!has).then_some(lack)
    }
}
