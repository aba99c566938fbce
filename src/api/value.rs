//! What a whole function returns.

use super::Output;
use numbra_front::error::ErrorClass;
use numbra_front::types::{Constant, ScalarType};
use numbra_runtime::array::{BorrowedArray, Element, HostArray};
use numbra_runtime::function::{Returned, ReturnedArray};
use numbra_runtime::{Error, Result};

/// The result of a whole function. Its types decide which it is; it turns into what the program wants:
///
/// ```
/// let source = numbra::source("
/// import numpy as np
///
/// def both(x, n):
///     return np.zeros(n), x + n
/// ")?;
/// let [array, number]: [numbra::Value; 2] = source.function("both")?.call((0.5, 3))?.try_into()?;
/// assert_eq!(Vec::<f64>::try_from(array)?, [0.0, 0.0, 0.0]);
/// assert_eq!(f64::try_from(number)?, 3.5);
/// # Ok::<(), numbra::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Value {
    /// A number, or a bool.
    Scalar(Constant),
    /// The real and the imaginary part.
    Complex(f64, f64),
    /// An array, in memory of its own.
    Array(Output),
    /// Several values.
    Tuple(Vec<Value>),
    /// Nothing, or that of an optional.
    None,
    /// A text that is known when compiling.
    Text(String),
    /// A type of numbers.
    Type(ScalarType),
}

impl Value {
    pub(crate) fn new(returned: Returned) -> Result<Value> {
        Ok(match returned {
            Returned::Scalar(constant) => Value::Scalar(constant),
            Returned::Complex(real, imaginary) => Value::Complex(real.as_f64(), imaginary.as_f64()),
            Returned::Array(array) => Value::Array(Output::from_host(&copied(&array)?)?),
            Returned::Tuple(entries) | Returned::Named(_, entries) => {
                Value::Tuple(entries.into_iter().map(Value::new).collect::<Result<_>>()?)
            }
            Returned::None => Value::None,
            Returned::Text(text) => Value::Text(text.to_string()),
            Returned::Dtype(scalar) => Value::Type(scalar),
        })
    }

    /// What it is, for messages.
    fn kind(&self) -> String {
        match self {
            Value::Scalar(constant) => format!("a number of type {}", constant.scalar.short_name()),
            Value::Complex(..) => "a complex number".to_string(),
            Value::Array(array) => format!("an array of {}", array.scalar().short_name()),
            Value::Tuple(entries) => format!("a tuple of {} values", entries.len()),
            Value::None => "nothing".to_string(),
            Value::Text(_) => "a text".to_string(),
            Value::Type(scalar) => format!("the type {scalar}"),
        }
    }

    fn not(&self, wanted: &str) -> Error {
        let message = format!("the function gave {}, not {wanted}", self.kind());
        Error::call_with_help(message, "take what it gave, or convert it in the function").of_class(ErrorClass::Type)
    }

    /// The array. Errors: the value is none.
    pub fn into_output(self) -> Result<Output> {
        match self {
            Value::Array(array) => Ok(array),
            other => Err(other.not("an array")),
        }
    }

    /// The number. Errors: the value is none, or one of another type.
    pub fn into_scalar<T: Element>(self) -> Result<T> {
        let wanted = || format!("a number of type {}", T::SCALAR.short_name());
        let Value::Scalar(constant) = self else { return Err(self.not(&wanted())) };
        if constant.scalar != T::SCALAR {
            return Err(self.not(&wanted()));
        }
        let bytes = constant.bits.to_le_bytes();
        let bytes = &bytes[..T::SCALAR.bytes()];
        let array = HostArray::from_bytes(T::SCALAR, &[1], &native(bytes))?;
        array.as_slice::<T>().and_then(|elements| elements.first().copied()).ok_or_else(|| self.not(&wanted()))
    }

    /// The values of a tuple. Errors: the value is none.
    pub fn into_values(self) -> Result<Vec<Value>> {
        match self {
            Value::Tuple(entries) => Ok(entries),
            other => Err(other.not("a tuple")),
        }
    }
}

/// Bytes of an element in this machine's order, from those of a number that begins with the lowest.
fn native(low_first: &[u8]) -> Vec<u8> {
    let mut bytes = low_first.to_vec();
    if cfg!(target_endian = "big") {
        bytes.reverse();
    }
    bytes
}

/// A copy in C order.
fn copied(array: &ReturnedArray) -> Result<HostArray> {
    let ReturnedArray { array_type, address, shape, strides, memory: _ } = array;
    if shape.contains(&0) {
        return Ok(HostArray::from_bytes(array_type.scalar, shape, &[])?);
    }
    // SAFETY: the memory is the array's share, or an argument's, which is still borrowed.
    let borrowed = unsafe { BorrowedArray::new(array_type.scalar, *address, shape, strides) }?;
    Ok(borrowed.to_array()?)
}

macro_rules! scalars {
    ($($type:ty)*) => {$(
        /// Errors: as [`Value::into_scalar`].
        impl TryFrom<Value> for $type {
            type Error = Error;

            fn try_from(value: Value) -> Result<$type> {
                value.into_scalar()
            }
        }
    )*};
}

scalars!(bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64);

/// Errors: the value is no array, or has elements of another type.
impl<T: Element> TryFrom<Value> for Vec<T> {
    type Error = Error;

    fn try_from(value: Value) -> Result<Vec<T>> {
        value.into_output()?.into_vec()
    }
}

/// Errors: the value is no array.
impl TryFrom<Value> for Output {
    type Error = Error;

    fn try_from(value: Value) -> Result<Output> {
        value.into_output()
    }
}

/// Errors: the value is no tuple of so many values.
impl<const COUNT: usize> TryFrom<Value> for [Value; COUNT] {
    type Error = Error;

    fn try_from(value: Value) -> Result<[Value; COUNT]> {
        let entries = value.into_values()?;
        entries.try_into().map_err(|entries| Value::Tuple(entries).not(&format!("a tuple of {COUNT} values")))
    }
}
