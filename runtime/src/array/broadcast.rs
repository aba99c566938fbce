//! NumPy's broadcasting rules.

use super::ArrayError;

/// The shape that all of `shapes` stretch to: aligned at the last axis, an axis of extent 1 or an absent one takes the
/// others' extent. No shapes at all give `()`.
pub fn broadcast_shapes(shapes: &[&[usize]]) -> Result<Vec<usize>, ArrayError> {
    let rank = shapes.iter().map(|shape| shape.len()).max().unwrap_or(0);
    let mut common = vec![1; rank];
    for shape in shapes {
        for (extent, common) in shape.iter().rev().zip(common.iter_mut().rev()) {
            match (*extent, *common) {
                (1, _) => {}
                (extent, 1) => *common = extent,
                (extent, common) if extent == common => {}
                _ => {
                    return Err(ArrayError::Broadcast(shapes.iter().map(|shape| shape.to_vec()).collect()));
                }
            }
        }
    }
    Ok(common)
}

/// The strides, in elements, under which an operand of `shape` and `strides` looks as if it had the shape `common`:
/// 0 along stretched axes. `common` must be what `shape` broadcasts to.
pub fn broadcast_strides(shape: &[usize], strides: &[isize], common: &[usize]) -> Result<Vec<isize>, ArrayError> {
    let mismatch = || ArrayError::Broadcast(vec![shape.to_vec(), common.to_vec()]);
    let new_axes = common.len().checked_sub(shape.len()).ok_or_else(mismatch)?;
    let mut result = vec![0; common.len()];
    for axis in 0..shape.len() {
        if shape[axis] == common[new_axes + axis] {
            // The stride of an axis of extent 1 is never taken; 0 lets `collapse` see that.
            result[new_axes + axis] = if shape[axis] == 1 { 0 } else { strides[axis] };
        } else if shape[axis] != 1 {
            return Err(mismatch());
        }
    }
    Ok(result)
}

/// The strides, in elements, of an array in C order.
pub fn row_major_strides(shape: &[usize]) -> Vec<isize> {
    let mut strides = vec![0; shape.len()];
    let mut step = 1_isize;
    for axis in (0..shape.len()).rev() {
        strides[axis] = step;
        // An axis of extent 0 leaves no element; counting it as 1 keeps the others' strides what NumPy's are.
        step = step.saturating_mul(shape[axis].max(1) as isize);
    }
    strides
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_stretch() {
        let cases: &[(&[&[usize]], &[usize])] = &[
            (&[], &[]),
            (&[&[]], &[]),
            (&[&[3], &[]], &[3]),
            (&[&[2, 3], &[3]], &[2, 3]),
            (&[&[2, 1], &[1, 5], &[5]], &[2, 5]),
            (&[&[0, 3], &[1, 3]], &[0, 3]),
            (&[&[1], &[0]], &[0]),
            (&[&[8, 1, 6, 1], &[7, 1, 5]], &[8, 7, 6, 5]),
        ];
        for (shapes, expected) in cases {
            assert_eq!(broadcast_shapes(shapes).unwrap(), *expected);
        }
    }

    #[test]
    fn shapes_that_do_not_fit_give_numpys_message() {
        let error = broadcast_shapes(&[&[2, 3], &[4], &[]]).unwrap_err();
        assert_eq!(error.to_string(), "operands could not be broadcast together with shapes (2,3) (4,) ()");
        assert!(broadcast_shapes(&[&[0], &[2]]).is_err());
    }

    #[test]
    fn strides_are_zero_where_stretched() {
        assert_eq!(broadcast_strides(&[3, 1], &[1, 1], &[4, 3, 5]).unwrap(), [0, 1, 0]);
        assert_eq!(broadcast_strides(&[], &[], &[2]).unwrap(), [0]);
        assert!(broadcast_strides(&[3], &[1], &[1]).is_err());
        assert!(broadcast_strides(&[1, 3], &[3, 1], &[3]).is_err());
    }

    #[test]
    fn row_major() {
        assert_eq!(row_major_strides(&[2, 3, 4]), [12, 4, 1]);
        assert_eq!(row_major_strides(&[]), [0; 0]);
        assert_eq!(row_major_strides(&[2, 0, 4]), [4, 4, 1]);
    }
}
