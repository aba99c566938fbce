//! What a whole function is called with: values of arguments, and the types that they have.

use crate::array::{BorrowedArray, row_major_strides};
use crate::error::{Error, Result};
use crate::ufunc::casting::convert;
use numbra_front::error::ErrorClass;
use numbra_front::ir::{Access, ArrayType, Kind, Stride};
use numbra_front::types::{Constant, ScalarType};
use numbra_front::typing::{Class, ItemType};
use std::sync::Arc;

/// An argument.
#[derive(Debug, Clone)]
pub enum Passed {
    Scalar(Constant),
    /// The real and the imaginary part, of one type.
    Complex(Constant, Constant),
    Array(PassedArray),
    Tuple(Vec<Passed>),
    /// A named tuple, a slice, a range.
    Named(Arc<Class>, Vec<Passed>),
    None,
    /// The parameter's default, which is known when compiling.
    Omitted,
    Text(Arc<str>),
    Dtype(ScalarType),
}

/// An array that the caller keeps, and keeps others from, until the call has returned.
#[derive(Debug, Clone)]
pub struct PassedArray {
    pub array: BorrowedArray,
    pub writable: bool,
}

/// A piece of an argument as it is handed to the function: one for each of its type's [`ItemType::kinds`].
#[derive(Debug, Clone)]
pub enum Slot {
    /// Bits, as in [`Constant::bits`].
    Scalar(u64),
    Array(BorrowedArray),
}

impl Passed {
    /// The type that a function is compiled for.
    pub fn item_type(&self) -> ItemType {
        match self {
            Passed::Scalar(constant) => ItemType::Scalar(constant.scalar),
            Passed::Complex(real, _) => ItemType::Complex(real.scalar),
            Passed::Array(array) => ItemType::Array(array.array_type()),
            Passed::Tuple(entries) => ItemType::Tuple(entries.iter().map(Passed::item_type).collect()),
            Passed::Named(class, parts) => {
                ItemType::Named(class.clone(), parts.iter().map(Passed::item_type).collect())
            }
            Passed::None => ItemType::None,
            Passed::Omitted => ItemType::Omitted,
            Passed::Text(text) => ItemType::Text(text.clone()),
            Passed::Dtype(scalar) => ItemType::Dtype(*scalar),
        }
    }

    /// Appends the argument's pieces as a parameter of that type takes them: scalars are converted, even to narrower
    /// types.
    ///
    /// # Errors
    /// [`Error::Internal`] where the argument does not go with the type; [`super::choice`] has seen to it that it does.
    pub(super) fn flatten(&self, to: &ItemType, slots: &mut Vec<Slot>) -> Result<()> {
        match (self, to) {
            (Passed::Scalar(constant), ItemType::Scalar(scalar)) => {
                representable(*constant, *scalar)?;
                slots.push(Slot::Scalar(convert(*constant, *scalar)?));
                Ok(())
            }
            (Passed::Complex(real, imaginary), ItemType::Complex(part)) => {
                slots.push(Slot::Scalar(convert(*real, *part)?));
                slots.push(Slot::Scalar(convert(*imaginary, *part)?));
                Ok(())
            }
            (Passed::Scalar(constant), ItemType::Complex(part)) => {
                slots.push(Slot::Scalar(convert(*constant, *part)?));
                slots.push(Slot::Scalar(0));
                Ok(())
            }
            (Passed::Array(array), ItemType::Array(to)) => {
                slots.push(Slot::Array(array.laid_out(to)?));
                Ok(())
            }
            (Passed::Tuple(entries), ItemType::Tuple(types))
            | (Passed::Named(_, entries), ItemType::Named(_, types) | ItemType::Tuple(types))
                if entries.len() == types.len() =>
            {
                entries.iter().zip(types).try_for_each(|(entry, to)| entry.flatten(to, slots))
            }
            (Passed::None, ItemType::Optional(inner)) => {
                slots.push(Slot::Scalar(0));
                inner.kinds().iter().try_for_each(|kind| {
                    slots.push(nothing(kind)?);
                    Ok(())
                })
            }
            (given, ItemType::Optional(inner)) => {
                slots.push(Slot::Scalar(1));
                given.flatten(inner, slots)
            }
            (Passed::None, ItemType::None)
            | (Passed::Omitted, ItemType::Omitted)
            | (Passed::Text(_), ItemType::Text(_))
            | (Passed::Dtype(_), ItemType::Dtype(_)) => Ok(()),
            _ => Err(Error::Internal(format!("an argument of type {} given for {to}", self.item_type()))),
        }
    }
}

/// Integers lose bits that their type does not have, as in Numba, but not their sign.
fn representable(constant: Constant, to: ScalarType) -> Result<()> {
    let Some(value) = constant.as_integer().filter(|_| to.is_integer()) else { return Ok(()) };
    let message = match to.is_unsigned() {
        true if value < 0 => "can't convert negative int to unsigned",
        false if value > i64::MAX as i128 => "Python int too large to convert to C long",
        _ => return Ok(()),
    };
    let help = format!("the function takes {to} here, and this is {value}");
    Err(Error::call_with_help(message, help).of_class(ErrorClass::Overflow))
}

/// What stands for the value of an optional that is not there.
fn nothing(kind: &Kind) -> Result<Slot> {
    Ok(match kind {
        Kind::Scalar(_) => Slot::Scalar(0),
        Kind::Array(array) => {
            let shape = vec![0; array.strides.len()];
            let address = std::ptr::without_provenance_mut(array.scalar.bytes());
            // SAFETY: it has no elements.
            Slot::Array(unsafe { BorrowedArray::new(array.scalar, address, &shape, &row_major_strides(&shape)) }?)
        }
    })
}

impl PassedArray {
    pub fn array_type(&self) -> ArrayType {
        let rank = self.array.shape().len();
        let strides = if self.is_packed(ArrayType::c_order(rank).as_slice()) {
            ArrayType::c_order(rank)
        } else if self.is_packed(ArrayType::f_order(rank).as_slice()) {
            ArrayType::f_order(rank)
        } else {
            vec![Stride::Any; rank]
        };
        let access = if self.writable { Access::ReadWrite } else { Access::Read };
        ArrayType { scalar: self.array.scalar(), access, strides }
    }

    /// Whether the elements lie as NumPy calls contiguous: axes of one element may have any stride.
    fn is_packed(&self, order: &[Stride]) -> bool {
        let (shape, strides) = (self.array.shape(), self.array.strides());
        shape.contains(&0)
            || (0..shape.len()).all(|axis| shape[axis] == 1 || strides[axis] == packed(shape, order)[axis])
    }

    /// The array with the strides that its type promises, also along axes of one element.
    fn laid_out(&self, to: &ArrayType) -> Result<BorrowedArray> {
        if to.strides.contains(&Stride::Any) || to.strides.is_empty() {
            return Ok(self.array.clone());
        }
        let shape = self.array.shape();
        // SAFETY: the same elements; strides differ only along axes that have one, or where there is none.
        Ok(unsafe {
            BorrowedArray::new(self.array.scalar(), self.array.address(), shape, &packed(shape, &to.strides))
        }?)
    }
}

/// The strides of an array in C or Fortran's order, in elements.
fn packed(shape: &[usize], order: &[Stride]) -> Vec<isize> {
    let mut strides = vec![1; shape.len()];
    let fortran = order.len() > 1 && order.first() == Some(&Stride::Unit);
    for axis in 1..shape.len() {
        let (this, before) = if fortran { (axis, axis - 1) } else { (shape.len() - 1 - axis, shape.len() - axis) };
        strides[this] = strides[before] * shape[before] as isize;
    }
    strides
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(shape: &[usize], strides: &[isize]) -> PassedArray {
        let address = std::ptr::without_provenance_mut(8);
        // SAFETY: nobody looks at the elements.
        let array = unsafe { BorrowedArray::new(ScalarType::F64, address, shape, strides) }.unwrap();
        PassedArray { array, writable: true }
    }

    #[test]
    fn layouts_are_numpys() {
        let layout = |shape: &[usize], strides: &[isize]| {
            ItemType::Array(array(shape, strides).array_type()).to_string().chars().rev().nth(1)
        };
        assert_eq!(layout(&[], &[]), Some('C'));
        assert_eq!(layout(&[5], &[1]), Some('C'));
        assert_eq!(layout(&[5], &[-1]), Some('A'));
        assert_eq!(layout(&[5], &[2]), Some('A'));
        assert_eq!(layout(&[1], &[2]), Some('C'));
        assert_eq!(layout(&[0], &[7]), Some('C'));
        assert_eq!(layout(&[2, 3], &[3, 1]), Some('C'));
        assert_eq!(layout(&[2, 3], &[1, 2]), Some('F'));
        assert_eq!(layout(&[2, 3, 4], &[1, 2, 6]), Some('F'));
        assert_eq!(layout(&[2, 3], &[6, 1]), Some('A'));
        assert_eq!(layout(&[2, 0], &[6, 1]), Some('C'));
        assert_eq!(layout(&[1, 3], &[100, 1]), Some('C'));
        assert_eq!(layout(&[3, 1], &[2, 1]), Some('A'));
    }

    #[test]
    fn strides_keep_what_the_type_promises() {
        let odd = array(&[1, 3], &[100, 1]);
        assert_eq!(odd.laid_out(&odd.array_type()).unwrap().strides(), [3, 1]);
        let fortran = array(&[2, 3, 4], &[1, 2, 6]);
        assert_eq!(fortran.laid_out(&fortran.array_type()).unwrap().strides(), [1, 2, 6]);
    }

    #[test]
    fn scalars_are_converted() {
        let mut slots = Vec::new();
        let given = Passed::Scalar(Constant::f64(2.7));
        given.flatten(&ItemType::Scalar(ScalarType::I64), &mut slots).unwrap();
        given.flatten(&ItemType::Optional(Box::new(ItemType::Scalar(ScalarType::F64))), &mut slots).unwrap();
        Passed::None.flatten(&ItemType::Optional(Box::new(ItemType::Scalar(ScalarType::F64))), &mut slots).unwrap();
        let bits: Vec<u64> = slots
            .iter()
            .map(|slot| match slot {
                Slot::Scalar(bits) => *bits,
                Slot::Array(_) => u64::MAX,
            })
            .collect();
        assert_eq!(bits, [2, 1, 2.7f64.to_bits(), 0, 0]);
        assert!(given.flatten(&ItemType::None, &mut slots).is_err());
    }
}
