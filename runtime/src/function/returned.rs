//! What a whole function returns.

use crate::error::{Error, Result};
use numbra_front::ir::ArrayType;
use numbra_front::types::{Constant, ScalarType};
use numbra_front::typing::{Class, ItemType};
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// A result.
#[derive(Debug, Clone)]
pub enum Returned {
    Scalar(Constant),
    /// The real and the imaginary part, of one type.
    Complex(Constant, Constant),
    Array(ReturnedArray),
    Tuple(Vec<Returned>),
    /// A named tuple, a slice, a range.
    Named(Arc<Class>, Vec<Returned>),
    None,
    Text(Arc<str>),
    Dtype(ScalarType),
}

/// An array among the results.
#[derive(Debug, Clone)]
pub struct ReturnedArray {
    pub array_type: ArrayType,
    /// Of the element with all indices 0.
    pub address: *mut u8,
    pub shape: Vec<usize>,
    /// In elements; may be 0 or negative.
    pub strides: Vec<isize>,
    pub memory: Memory,
}

// SAFETY: whoever has it has a share of its memory; of an argument's memory the caller of the function sees to that.
unsafe impl Send for ReturnedArray {}
unsafe impl Sync for ReturnedArray {}

/// Who keeps the elements of a result.
#[derive(Clone)]
pub enum Memory {
    /// The array of that number among those that the arguments are made of, of which this is all or a part.
    Argument(usize),
    /// Memory that is given back with the last copy of this.
    Owned(Arc<dyn Any + Send + Sync>),
}

impl fmt::Debug for Memory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Memory::Argument(number) => write!(formatter, "Argument({number})"),
            Memory::Owned(_) => formatter.write_str("Owned"),
        }
    }
}

/// A piece of a result, one for each of its type's [`ItemType::kinds`].
#[derive(Debug, Clone)]
pub enum Piece {
    Scalar(u64),
    Array(ReturnedArray),
}

impl Returned {
    /// The result of a type, made of its pieces in order.
    pub(super) fn assemble(result: &ItemType, pieces: &mut impl Iterator<Item = Piece>) -> Result<Returned> {
        let missing = || Error::Internal(format!("a result of type {result} lacks something"));
        Ok(match result {
            ItemType::Scalar(_) | ItemType::Integer | ItemType::Float => match (result.scalar(), pieces.next()) {
                (Some(scalar), Some(Piece::Scalar(bits))) => Returned::Scalar(Constant { scalar, bits }),
                _ => return Err(missing()),
            },
            ItemType::Complex(scalar) => match (pieces.next(), pieces.next()) {
                (Some(Piece::Scalar(real)), Some(Piece::Scalar(imaginary))) => {
                    let part = |bits| Constant { scalar: *scalar, bits };
                    Returned::Complex(part(real), part(imaginary))
                }
                _ => return Err(missing()),
            },
            ItemType::Array(_) => match pieces.next() {
                Some(Piece::Array(array)) => Returned::Array(array),
                _ => return Err(missing()),
            },
            ItemType::Tuple(entries) => {
                let entries = entries.iter().map(|entry| Returned::assemble(entry, pieces));
                Returned::Tuple(entries.collect::<Result<_>>()?)
            }
            ItemType::Named(class, parts) => {
                let parts = parts.iter().map(|part| Returned::assemble(part, pieces));
                Returned::Named(class.clone(), parts.collect::<Result<_>>()?)
            }
            ItemType::None | ItemType::Omitted => Returned::None,
            ItemType::Text(text) => Returned::Text(text.clone()),
            ItemType::Dtype(scalar) => Returned::Dtype(*scalar),
            // Refused when compiling.
            ItemType::Function(..) => return Err(missing()),
            ItemType::Optional(inner) | ItemType::Maybe(inner) => {
                let Some(Piece::Scalar(there)) = pieces.next() else { return Err(missing()) };
                let value = Returned::assemble(inner, pieces)?;
                if there != 0 { value } else { Returned::None }
            }
        })
    }
}
