//! Types as data: of scalars ([`names`]: how users call them), of arguments and kernels ([`signature`],
//! [`declaration`]), constants of scalar types, and names of devices.

pub mod declaration;
mod device_name;
pub mod names;
pub mod promotion;
pub mod signature;

pub use device_name::DeviceName;
use std::fmt;

/// The type of a value in the IR, and of an array's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ScalarType {
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F32,
    F64,
    /// Positions, extents and strides: signed, 64 bits wide, or 32 where a device's buffers need no more.
    Index,
}

use ScalarType::*;

impl ScalarType {
    /// The types that users' arrays and scalars can have.
    pub const ALL: [ScalarType; 11] = [Bool, I8, I16, I32, I64, U8, U16, U32, U64, F32, F64];

    /// The short name in the IR's text: `f64`, `i8`, `bool`, `index`.
    pub fn short_name(self) -> &'static str {
        match self {
            Bool => "bool",
            I8 => "i8",
            I16 => "i16",
            I32 => "i32",
            I64 => "i64",
            U8 => "u8",
            U16 => "u16",
            U32 => "u32",
            U64 => "u64",
            F32 => "f32",
            F64 => "f64",
            Index => "index",
        }
    }

    /// NumPy's and Numba's name: `float64`, `int8`, `bool`.
    pub fn name(self) -> &'static str {
        match self {
            Bool => "bool",
            I8 => "int8",
            I16 => "int16",
            I32 => "int32",
            I64 => "int64",
            U8 => "uint8",
            U16 => "uint16",
            U32 => "uint32",
            U64 => "uint64",
            F32 => "float32",
            F64 => "float64",
            Index => "index",
        }
    }

    pub fn from_name(name: &str) -> Option<ScalarType> {
        ScalarType::ALL.into_iter().find(|scalar| scalar.name() == name)
    }

    pub fn from_short_name(name: &str) -> Option<ScalarType> {
        ScalarType::ALL.into_iter().chain([Index]).find(|scalar| scalar.short_name() == name)
    }

    /// Bytes of an element in memory (a bool takes one; an index is never stored).
    pub fn bytes(self) -> usize {
        match self {
            Bool | I8 | U8 => 1,
            I16 | U16 => 2,
            I32 | U32 | F32 => 4,
            I64 | U64 | F64 | Index => 8,
        }
    }

    /// Width in bits; 1 for bool.
    pub fn bits(self) -> u32 {
        if self == Bool { 1 } else { self.bytes() as u32 * 8 }
    }

    /// The least and the greatest value of an integer type, 0 and 1 for bool; `None` for floats.
    pub fn range(self) -> Option<(i128, i128)> {
        if self.is_float() {
            return None;
        }
        let bits = self.bits();
        Some(if self.is_signed() { (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) } else { (0, (1 << bits) - 1) })
    }

    /// The signed integer of a float's width, which holds its bits.
    pub fn bits_type(self) -> ScalarType {
        if self.bits() == 32 { I32 } else { I64 }
    }

    pub fn is_float(self) -> bool {
        matches!(self, F32 | F64)
    }

    /// Any integer, the index type included; bool is none.
    pub fn is_integer(self) -> bool {
        !self.is_float() && self != Bool
    }

    pub fn is_signed(self) -> bool {
        matches!(self, I8 | I16 | I32 | I64 | Index)
    }

    pub fn is_unsigned(self) -> bool {
        matches!(self, U8 | U16 | U32 | U64)
    }
}

impl fmt::Display for ScalarType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A value of a scalar type, as its bits in the low end of 64.
///
/// Signed integers are sign-extended to 64 bits, unsigned ones and bool zero-extended; a float32 has its 32 bits in
/// the low half. So equal constants have equal bits, NaNs aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Constant {
    pub scalar: ScalarType,
    pub bits: u64,
}

impl Constant {
    pub fn bool(value: bool) -> Constant {
        Constant { scalar: Bool, bits: value as u64 }
    }

    pub fn f32(value: f32) -> Constant {
        Constant { scalar: F32, bits: value.to_bits() as u64 }
    }

    pub fn f64(value: f64) -> Constant {
        Constant { scalar: F64, bits: value.to_bits() }
    }

    /// A constant of a float type: `value`, rounded to it.
    pub fn float(scalar: ScalarType, value: f64) -> Constant {
        debug_assert!(scalar.is_float());
        match scalar {
            F32 => Constant::f32(value as f32),
            _ => Constant::f64(value),
        }
    }

    pub fn index(value: i64) -> Constant {
        Constant { scalar: Index, bits: value as u64 }
    }

    pub fn zero(scalar: ScalarType) -> Constant {
        Constant { scalar, bits: 0 }
    }

    /// An integer or bool constant: `value` modulo the type's width (for bool: whether it is not 0).
    pub fn integer(scalar: ScalarType, value: i128) -> Constant {
        debug_assert!(!scalar.is_float());
        let bits = match scalar {
            Bool => (value != 0) as u64,
            I8 => value as i8 as i64 as u64,
            I16 => value as i16 as i64 as u64,
            I32 => value as i32 as i64 as u64,
            U8 => value as u8 as u64,
            U16 => value as u16 as u64,
            U32 => value as u32 as u64,
            _ => value as i64 as u64,
        };
        Constant { scalar, bits }
    }

    /// The bits that a constant of type `scalar` has if its low bits are `bits`: sign-extended for signed integers,
    /// zero-extended for the others; for bool: whether any bit is set.
    pub fn canonical(bits: u64, scalar: ScalarType) -> u64 {
        match scalar {
            Bool => (bits != 0) as u64,
            I8 => bits as i8 as u64,
            I16 => bits as i16 as u64,
            I32 => bits as i32 as u64,
            U8 => bits as u8 as u64,
            U16 => bits as u16 as u64,
            U32 | F32 => bits as u32 as u64,
            I64 | U64 | F64 | Index => bits,
        }
    }

    /// Whether the bits `a` and `b` of constants of type `scalar` are the same result: the same bits, or both NaN.
    pub fn same(a: u64, b: u64, scalar: ScalarType) -> bool {
        let is_nan = |bits: u64| scalar.is_float() && Constant { scalar, bits }.as_f64().is_nan();
        a == b || is_nan(a) && is_nan(b)
    }

    /// The integer (or 0 / 1 for a bool) that this is; `None` for floats.
    pub fn as_integer(self) -> Option<i128> {
        match self.scalar {
            F32 | F64 => None,
            U64 => Some(self.bits as i128),
            _ => Some(self.bits as i64 as i128),
        }
    }

    /// The value as a float64: exact for floats, rounded for large integers.
    pub fn as_f64(self) -> f64 {
        match self.scalar {
            F32 => f32::from_bits(self.bits as u32) as f64,
            F64 => f64::from_bits(self.bits),
            U64 => self.bits as f64,
            _ => self.bits as i64 as f64,
        }
    }
}

impl fmt::Display for Constant {
    /// As in the IR's text: `true`, `-3`, `0.5` (shortest decimal text that reads back), `inf`, `nan`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scalar {
            Bool => write!(formatter, "{}", self.bits != 0),
            F32 => write!(formatter, "{:?}", f32::from_bits(self.bits as u32)),
            F64 => write!(formatter, "{:?}", f64::from_bits(self.bits)),
            U64 => write!(formatter, "{}", self.bits),
            _ => write!(formatter, "{}", self.bits as i64),
        }
    }
}
