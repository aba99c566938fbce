//! Copies out of strided memory, and conversions between element types.

use super::{ArrayError, Element, HostArray, HostView, collapse, row_major_strides};
use numbra_front::types::ScalarType;
use std::ops::Range;

/// Copies the elements of `view` to `target` in C order. `target` has exactly their length.
pub(super) fn gather(view: &HostView, target: &mut [u8]) {
    if let Some(bytes) = view.contiguous_bytes() {
        target.copy_from_slice(bytes);
        return;
    }
    let source = view.pointer();
    // Both sides collapse together, and the side that is written keeps its order.
    let row_major = row_major_strides(view.shape());
    let collapsed = collapse(view.shape(), &[&row_major, view.strides()]);
    // SAFETY: a view's elements are inside its memory, whatever the order of its axes, and the target has room for all.
    unsafe { copy(view.scalar(), source, target.as_mut_ptr(), &collapsed.shape, &collapsed.strides) }
}

/// Copies the elements of `source` to the array of its shape that begins at `target` and has these strides in elements.
///
/// # Safety
/// All elements of the target must be there, and writable, and outside the source.
pub(super) unsafe fn scatter(source: &HostArray, target: *mut u8, strides: &[isize]) {
    let row_major = row_major_strides(source.shape());
    let collapsed = collapse(source.shape(), &[strides, &row_major]);
    // SAFETY: as above; a host array has all elements of its shape.
    unsafe { copy(source.scalar(), source.bytes().as_ptr(), target, &collapsed.shape, &collapsed.strides) }
}

/// Copies the elements of the array of the target's shape that begins at `source` and has these strides in elements.
///
/// # Safety
/// All elements of the source must be there.
pub(super) unsafe fn collect(source: *const u8, strides: &[isize], target: &mut HostArray) {
    let (scalar, row_major) = (target.scalar(), row_major_strides(target.shape()));
    let collapsed = collapse(target.shape(), &[&row_major, strides]);
    // SAFETY: as above; a host array has all elements of its shape.
    unsafe { copy(scalar, source, target.bytes_mut().as_mut_ptr(), &collapsed.shape, &collapsed.strides) }
}

/// Copies the elements number `part` in C order of the array at `source` to `target`, where they lie one behind the other.
///
/// # Safety
/// All elements of the part must be there, and room for them that is outside the source.
pub(super) unsafe fn collect_part(
    scalar: ScalarType,
    source: *const u8,
    shape: &[usize],
    strides: &[isize],
    part: Range<usize>,
    target: *mut u8,
) {
    let inner: usize = shape.iter().skip(1).product();
    let size = scalar.bytes();
    let row = |number: usize| source.wrapping_offset(number as isize * strides[0] * size as isize);
    let to = |element: usize| target.wrapping_add((element - part.start) * size);
    // SAFETY: the caller's promise, for parts of the part.
    unsafe {
        let whole = |source: *const u8, shape: &[usize], target: *mut u8| {
            let row_major = row_major_strides(shape);
            let collapsed = collapse(shape, &[&row_major, strides]);
            copy(scalar, source, target, &collapsed.shape, &collapsed.strides);
        };
        if part.is_empty() {
            return;
        }
        let Some(&rows) = shape.first() else { return whole(source, shape, target) };
        if part == (0..rows * inner) {
            return whole(source, shape, target);
        }
        // The end of one row, rows, the beginning of another one; or the middle of a row.
        let (first, last) = (part.start.div_ceil(inner), part.end / inner);
        let inside = |number: usize, elements: Range<usize>| {
            let start = number * inner;
            let part = elements.start - start..elements.end - start;
            collect_part(scalar, row(number), &shape[1..], &strides[1..], part, to(elements.start));
        };
        if last < first {
            return inside(last, part.clone());
        }
        if part.start < first * inner {
            inside(first - 1, part.start..first * inner);
        }
        if first < last {
            let shape = [&[last - first], &shape[1..]].concat();
            whole(row(first), &shape, to(first * inner));
        }
        if last * inner < part.end {
            inside(last, last * inner..part.end);
        }
    }
}

/// Copies elements; `strides` are the target's and the source's.
///
/// # Safety
/// All elements of both must be there, those of the target writable and outside the source.
unsafe fn copy(scalar: ScalarType, source: *const u8, target: *mut u8, shape: &[usize], strides: &[Vec<isize>]) {
    unsafe {
        match scalar.bytes() {
            1 => copy_sized::<1>(source, target, shape, strides),
            2 => copy_sized::<2>(source, target, shape, strides),
            4 => copy_sized::<4>(source, target, shape, strides),
            _ => copy_sized::<8>(source, target, shape, strides),
        }
    }
}

/// # Safety
/// As [`copy`], for elements of `SIZE` bytes.
unsafe fn copy_sized<const SIZE: usize>(source: *const u8, target: *mut u8, shape: &[usize], strides: &[Vec<isize>]) {
    // Two axes in tiles: a transposed matrix would otherwise fetch a cache line for every element.
    const TILE: usize = 32;
    let rank = shape.len();
    let axis = |from_end: usize| match rank.checked_sub(from_end) {
        Some(axis) => (shape[axis], strides[0][axis] * SIZE as isize, strides[1][axis] * SIZE as isize),
        None => (1, 0, 0),
    };
    let ((columns, target_column, source_column), (rows, target_row, source_row)) = (axis(1), axis(2));
    let outer = &shape[..rank.saturating_sub(2)];
    let mut index = vec![0; outer.len()];
    loop {
        let position = |strides: &[isize]| -> isize {
            index.iter().zip(strides).map(|(index, stride)| *index as isize * stride * SIZE as isize).sum()
        };
        let (target_start, source_start) = (position(&strides[0]), position(&strides[1]));
        for row_tile in (0..rows).step_by(TILE) {
            for column_tile in (0..columns).step_by(TILE) {
                for row in row_tile..rows.min(row_tile + TILE) {
                    let to = target_start + row as isize * target_row;
                    let from = source_start + row as isize * source_row;
                    for column in column_tile as isize..columns.min(column_tile + TILE) as isize {
                        // SAFETY: the caller's promise.
                        unsafe {
                            let element = source.offset(from + column * source_column).cast::<[u8; SIZE]>().read();
                            target.offset(to + column * target_column).cast::<[u8; SIZE]>().write(element);
                        }
                    }
                }
            }
        }
        // The next position along the outer axes, like an odometer.
        let Some(axis) = (0..outer.len()).rev().find(|axis| index[*axis] + 1 < outer[*axis]) else {
            return;
        };
        index[axis] += 1;
        index[axis + 1..].fill(0);
    }
}

/// See [`HostView::cast`].
pub(super) fn cast(view: &HostView, scalar: ScalarType) -> Result<HostArray, ArrayError> {
    let size = view.scalar().bytes();
    let mut copied;
    let source = match view.contiguous_bytes() {
        // Bytes that someone else laid out may be anywhere, and a bool may be any byte.
        Some(bytes) if (bytes.as_ptr() as usize).is_multiple_of(size) && view.scalar() != ScalarType::Bool => bytes,
        _ => {
            copied = view.to_array()?;
            if view.scalar() == ScalarType::Bool {
                copied.bytes_mut().iter_mut().for_each(|byte| *byte = (*byte != 0) as u8);
            }
            copied.bytes()
        }
    };
    let mut target = HostArray::zeros(scalar, view.shape())?;
    // Both macros only spell out the pairs of types.
    macro_rules! to {
        ($from:ty: $($to:ty)*) => {
            match scalar {
                ScalarType::Bool => convert::<$from, bool>(source, &mut target, |value| value != <$from>::default()),
                $(<$to as Element>::SCALAR => convert::<$from, $to>(source, &mut target, |value| value as $to),)*
                ScalarType::Index => None,
            }
        };
    }
    macro_rules! from {
        ($($from:ty)*) => {
            match view.scalar() {
                ScalarType::Bool => to!(u8: i8 i16 i32 i64 u8 u16 u32 u64 f32 f64),
                $(<$from as Element>::SCALAR => to!($from: i8 i16 i32 i64 u8 u16 u32 u64 f32 f64),)*
                ScalarType::Index => None,
            }
        };
    }
    let converted = from!(i8 i16 i32 i64 u8 u16 u32 u64 f32 f64);
    converted.ok_or(ArrayError::ElementType { expected: scalar, found: view.scalar() })?;
    Ok(target)
}

/// `None` where the arrays are not of these types, which the callers rule out.
fn convert<From: Element, To: Element>(
    source: &[u8],
    target: &mut HostArray,
    operation: impl Fn(From) -> To,
) -> Option<()> {
    let source = From::slice(source)?;
    for (from, to) in source.iter().zip(target.as_mut_slice::<To>()?) {
        *to = operation(*from);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn casts_keep_the_ops_meanings() {
        let floats = [f64::NAN, -1.9, 300.5, f64::INFINITY, -0.0];
        let view = HostView::from_slice(&floats);
        assert_eq!(view.cast(ScalarType::U8).unwrap().as_slice::<u8>().unwrap(), [0, 0, 255, 255, 0]);
        assert_eq!(view.cast(ScalarType::I64).unwrap().as_slice::<i64>().unwrap(), [0, -1, 300, i64::MAX, 0]);
        assert_eq!(view.cast(ScalarType::Bool).unwrap().as_slice::<bool>().unwrap(), [true, true, true, true, false]);

        let wide = [-1_i64, 1 << 40, 257];
        let view = HostView::from_slice(&wide);
        assert_eq!(view.cast(ScalarType::U8).unwrap().as_slice::<u8>().unwrap(), [255, 0, 1]);
        assert_eq!(view.cast(ScalarType::F32).unwrap().as_slice::<f32>().unwrap(), [-1.0, 1099511627776.0, 257.0]);
        assert_eq!(view.cast(ScalarType::I64).unwrap().as_slice::<i64>().unwrap(), wide);

        let bools = HostArray::from_bytes(ScalarType::Bool, &[3], &[0, 1, 7]).unwrap();
        assert_eq!(bools.view().cast(ScalarType::F64).unwrap().as_slice::<f64>().unwrap(), [0.0, 1.0, 1.0]);
    }

    #[test]
    fn gathering_follows_strides_of_any_rank() {
        let data: Vec<u16> = (0..7 * 40 * 50).collect();
        let flat = HostView::from_slice(&data);
        let cube = flat.reshaped(&[7, 40, 50]).unwrap();
        for view in [
            cube.transposed(),
            cube.transposed().transposed(),
            cube.transposed().broadcast_to(&[2, 50, 40, 7]).unwrap(),
        ] {
            let expected: Vec<u16> = view.iter().map(|element| element.as_integer().unwrap() as u16).collect();
            assert_eq!(view.to_array().unwrap().as_slice::<u16>().unwrap(), expected);
        }
        let corner = HostView::new(ScalarType::U16, flat.bytes(), 2051, vec![6, 33, 35], vec![2000, 50, -1]).unwrap();
        let expected: Vec<u16> = corner.iter().map(|element| element.as_integer().unwrap() as u16).collect();
        assert_eq!(corner.to_array().unwrap().as_slice::<u16>().unwrap(), expected);
    }
}
