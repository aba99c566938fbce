//! Rust's types that can be elements of arrays.

use numbra_front::types::{Constant, ScalarType};
use std::fmt::Debug;

/// A Rust type with the memory layout of a [`ScalarType`]: bool, the integers of 8 to 64 bits, f32 and f64.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an element of an array that kernels work on",
    note = "elements are bool, i8 to i64, u8 to u64, f32 and f64: convert the array, with ndarray's `mapv` for example"
)]
pub trait Element: Copy + Default + PartialEq + Debug + Send + Sync + private::Sealed + 'static {
    const SCALAR: ScalarType;

    fn to_constant(self) -> Constant;

    /// `bytes` as elements. `None` where that would be unsound: a wrong length or alignment, a bool that is neither
    /// 0 nor 1.
    fn slice(bytes: &[u8]) -> Option<&[Self]> {
        if !Self::are_valid(bytes) {
            return None;
        }
        // SAFETY: every bit pattern that passed `are_valid` is a value of the type.
        let (before, elements, after) = unsafe { bytes.align_to::<Self>() };
        (before.is_empty() && after.is_empty()).then_some(elements)
    }

    /// As [`Element::slice`].
    fn slice_mut(bytes: &mut [u8]) -> Option<&mut [Self]> {
        if !Self::are_valid(bytes) {
            return None;
        }
        // SAFETY: as in `slice`, and every value is valid as bytes.
        let (before, elements, after) = unsafe { bytes.align_to_mut::<Self>() };
        (before.is_empty() && after.is_empty()).then_some(elements)
    }

    #[doc(hidden)]
    fn are_valid(_bytes: &[u8]) -> bool {
        true
    }
}

mod private {
    pub trait Sealed {}
}

macro_rules! element {
    ($($type:ident $scalar:ident $constant:expr;)*) => {$(
        impl private::Sealed for $type {}
        impl Element for $type {
            const SCALAR: ScalarType = ScalarType::$scalar;

            fn to_constant(self) -> Constant {
                $constant(self)
            }
        }
    )*};
}

element! {
    i8 I8 |value| Constant::integer(ScalarType::I8, value as i128);
    i16 I16 |value| Constant::integer(ScalarType::I16, value as i128);
    i32 I32 |value| Constant::integer(ScalarType::I32, value as i128);
    i64 I64 |value| Constant::integer(ScalarType::I64, value as i128);
    u8 U8 |value| Constant::integer(ScalarType::U8, value as i128);
    u16 U16 |value| Constant::integer(ScalarType::U16, value as i128);
    u32 U32 |value| Constant::integer(ScalarType::U32, value as i128);
    u64 U64 |value| Constant::integer(ScalarType::U64, value as i128);
    f32 F32 Constant::f32;
    f64 F64 Constant::f64;
}

impl private::Sealed for bool {}
impl Element for bool {
    const SCALAR: ScalarType = ScalarType::Bool;

    fn to_constant(self) -> Constant {
        Constant::bool(self)
    }

    fn are_valid(bytes: &[u8]) -> bool {
        bytes.iter().all(|byte| *byte <= 1)
    }
}
