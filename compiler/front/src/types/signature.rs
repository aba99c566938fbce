//! Types of arguments and signatures, as data. [`crate::declaration::signature`] reads them from text.

use super::ScalarType;
use std::fmt;

/// The type of an argument or a result.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Type {
    Scalar(ScalarType),
    Array(ArrayType),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ArrayType {
    pub scalar: ScalarType,
    pub rank: u32,
    pub layout: Layout,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layout {
    /// `[:, :]`: any strides.
    Any,
    /// `[:, ::1]`: the last axis is contiguous, C order.
    C,
    /// `[::1, :]`: Fortran order.
    Fortran,
}

/// `result(argument, ...)`; no result: inferred, or `void`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Signature {
    pub arguments: Vec<Type>,
    pub result: Option<Type>,
}

impl fmt::Display for Type {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Scalar(scalar) => write!(formatter, "{scalar}"),
            Type::Array(array) => {
                let axes: Vec<&str> = (0..array.rank)
                    .map(|axis| match array.layout {
                        Layout::C if axis + 1 == array.rank => "::1",
                        Layout::Fortran if axis == 0 => "::1",
                        _ => ":",
                    })
                    .collect();
                write!(formatter, "{}[{}]", array.scalar, axes.join(", "))
            }
        }
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(result) = &self.result {
            write!(formatter, "{result}")?;
        }
        let arguments: Vec<String> = self.arguments.iter().map(Type::to_string).collect();
        write!(formatter, "({})", arguments.join(", "))
    }
}
