//! The op table: every operation on scalars, once.
//!
//! The printer, the parser, the verifier, the reference (docs/ir.md) and the conformance data derive from it. The
//! interpreter's function of an op is the arm of the same name in `interp/scalar.rs`.

use crate::types::ScalarType;

/// Which operand and result types an op takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypeRule {
    /// All operands and the result have one type of the class.
    Same(ScalarClass),
    /// Both operands have one type of the class; the result is bool.
    Compare(ScalarClass),
    /// bool, T, T -> T.
    Select,
    /// Any scalar to any scalar; the result's type says to what.
    Convert,
    /// Between types of equal width, 32 or 64 bits (index excepted).
    Bitcast,
}

/// A class of scalar types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScalarClass {
    Number,
    Integer,
    Float,
    /// Integers and bool.
    Bits,
    /// Integers but for index, whose width is the device's.
    Sized,
    /// Numbers and bool.
    Any,
}

impl ScalarClass {
    pub fn holds(self, scalar: ScalarType) -> bool {
        match self {
            ScalarClass::Number => scalar != ScalarType::Bool,
            ScalarClass::Integer => scalar.is_integer(),
            ScalarClass::Float => scalar.is_float(),
            ScalarClass::Bits => !scalar.is_float(),
            ScalarClass::Sized => scalar.is_integer() && scalar != ScalarType::Index,
            ScalarClass::Any => true,
        }
    }
}

/// An op with what is known of it. Which devices have it: [`crate::capabilities::Capabilities::lacks`].
pub struct OpInfo {
    pub op: Op,
    pub name: &'static str,
    pub arity: usize,
    pub rule: TypeRule,
    pub meaning: &'static str,
}

macro_rules! op_table {
    ($($op:ident $name:literal $arity:literal $rule:expr, $meaning:literal;)*) => {
        /// An operation on scalars. Its meaning stands in [`OPS`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Op { $($op),* }

        /// Every op with its name, arity, type rule and meaning.
        pub const OPS: &[OpInfo] = &[$(OpInfo {
            op: Op::$op, name: $name, arity: $arity, rule: $rule, meaning: $meaning,
        }),*];
    };
}

use ScalarClass::*;
use TypeRule::*;

// Columns: op, name in the text, operands, types, meaning.
op_table! {
    Add "add" 2 Same(Number), "a + b; integers wrap; floats round once to nearest, ties to even";
    Sub "sub" 2 Same(Number), "a - b; integers wrap; floats round once";
    Mul "mul" 2 Same(Number), "a * b; integers wrap; floats round once";
    Div "div" 2 Same(Float), "a / b, rounded once; x/0 is an infinity, 0/0 NaN";
    FloorDiv "floor_div" 2 Same(Integer), "the floor of a / b as Python's //; by zero: 0; INT_MIN // -1: INT_MIN";
    Mod "mod" 2 Same(Integer), "a - b * floor_div(a, b) as Python's %, with the sign of b; by zero: 0; INT_MIN % -1: 0";
    Quotient "quotient" 2 Same(Integer), "a / b truncated towards zero; b is never 0 and the quotient never overflows (the pass total_integers sees to it; the interpreter reports a breach as an internal error)";
    Remainder "remainder" 2 Same(Integer), "a - b * quotient(a, b), under the same conditions";
    Neg "neg" 1 Same(Number), "-a; integers wrap; a float's sign bit is flipped";
    Abs "abs" 1 Same(Number), "|a|; INT_MIN stays; unsigned: a; a float's sign bit is cleared";
    And "and" 2 Same(Bits), "bitwise and; logical for bool (both sides are evaluated)";
    Or "or" 2 Same(Bits), "bitwise or";
    Xor "xor" 2 Same(Bits), "bitwise exclusive or";
    Not "not" 1 Same(Bits), "bitwise complement; logical not for bool";
    Shl "shl" 2 Same(Integer), "a << b; 0 where b is negative or at least the width";
    Shr "shr" 2 Same(Integer), "a >> b, arithmetic for signed types; where b is negative or at least the width: 0, or all sign bits for signed types";
    ShlInRange "shl_in_range" 2 Same(Integer), "a << b with 0 <= b < width (total_integers sees to it)";
    ShrInRange "shr_in_range" 2 Same(Integer), "a >> b with 0 <= b < width, arithmetic for signed types";
    CountOnes "count_ones" 1 Same(Sized), "how many of a's bits are ones, of all that its type has";
    Eq "eq" 2 Compare(Any), "a == b; false if either is NaN";
    Ne "ne" 2 Compare(Any), "a != b; true if either is NaN";
    Lt "lt" 2 Compare(Any), "a < b; false with NaN; false < true";
    Le "le" 2 Compare(Any), "a <= b; false with NaN";
    Gt "gt" 2 Compare(Any), "a > b; false with NaN";
    Ge "ge" 2 Compare(Any), "a >= b; false with NaN";
    Minimum "minimum" 2 Same(Number), "np.minimum: the smaller; NaN if either is NaN; of -0.0 and 0.0 either";
    Maximum "maximum" 2 Same(Number), "np.maximum: the larger; NaN if either is NaN; of -0.0 and 0.0 either";
    Fmin "fmin" 2 Same(Float), "np.fmin: the smaller; the other one if one is NaN";
    Fmax "fmax" 2 Same(Float), "np.fmax: the larger; the other one if one is NaN";
    Select "select" 3 Select, "b if a else c; both are evaluated";
    Convert "convert" 1 Convert, "to the result's type: float to integer truncates, saturates, NaN -> 0; integer to integer wraps; integer to float and float to float round to nearest; to bool: a != 0 (NaN: true); from bool: 0 or 1";
    Bitcast "bitcast" 1 Bitcast, "the same bits as another type of the same width";
    Sqrt "sqrt" 1 Same(Float), "the square root, rounded once; NaN below zero; -0.0 stays";
    Floor "floor" 1 Same(Float), "the largest integer not above a, as a float";
    Ceil "ceil" 1 Same(Float), "the smallest integer not below a, as a float";
    Trunc "trunc" 1 Same(Float), "a without its fraction, as a float";
    Rint "rint" 1 Same(Float), "the nearest integer, ties to even, as a float";
    Copysign "copysign" 2 Same(Float), "|a| with the sign bit of b";
    Fma "fma" 3 Same(Float), "a * b + c, rounded once; refused where the device's is not fused";
    MulError "mul_error" 2 Same(Float), "a * b - mul(a, b), exactly: the second half of mul_exact; where |a|, |b| or |a * b| come near the ends of the exponent range the value is unspecified";
    IsNan "is_nan" 1 Compare(Float), "whether a is NaN, by its bits";
    IsInf "is_inf" 1 Compare(Float), "whether a is an infinity, by its bits";
}

impl Op {
    pub fn info(self) -> &'static OpInfo {
        &OPS[self as usize]
    }

    pub fn name(self) -> &'static str {
        self.info().name
    }

    pub fn from_name(name: &str) -> Option<Op> {
        OPS.iter().find(|info| info.name == name).map(|info| info.op)
    }

    /// The type of the result; `result` is what the text or the builder asks for where the operands leave it open
    /// (convert, bitcast). `None` if the operands do not fit.
    pub fn result_type(self, operands: &[ScalarType], result: Option<ScalarType>) -> Option<ScalarType> {
        let info = self.info();
        if operands.len() != info.arity {
            return None;
        }
        let first = operands[0];
        match info.rule {
            Same(class) => (class.holds(first) && operands.iter().all(|&operand| operand == first)).then_some(first),
            Compare(class) => {
                (class.holds(first) && operands.iter().all(|&operand| operand == first)).then_some(ScalarType::Bool)
            }
            TypeRule::Select => (first == ScalarType::Bool && operands[1] == operands[2]).then_some(operands[1]),
            TypeRule::Convert => result,
            TypeRule::Bitcast => result.filter(|&result| {
                let fits = |scalar: ScalarType| scalar.bits() >= 32 && scalar != ScalarType::Index;
                fits(first) && fits(result) && first.bits() == result.bits()
            }),
        }
    }
}
