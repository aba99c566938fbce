//! A launch in parts, each of which fits a GPU's bindings and its grid.

use super::Launch;
use crate::error::{Error, Result};
use numbra_front::ir::Footprint;

/// What one dispatch may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a buffer that can be bound at once.
    pub binding_bytes: u64,
    /// What the byte offset of a binding must be a multiple of; a power of two, at least 8.
    pub offset_alignment: u64,
    /// Groups along an axis of the grid.
    pub groups: u32,
    /// Points that one dispatch may do.
    pub points: u64,
}

/// Some consecutive points of the space, and what they need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub begin: i64,
    pub end: i64,
    /// For every array: which bytes of its buffer to bind.
    pub windows: Vec<Window>,
    /// For every array: the element offset of its first element, counted from the window's start; may be negative.
    pub offsets: Vec<i64>,
    /// Groups along x and y; there may be threads too many.
    pub groups: (u32, u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub offset: u64,
    pub bytes: u64,
}

/// Splits a launch. `element_bytes`: size of each array's elements on the device. `group`: threads of a group.
pub fn split(launch: &Launch, element_bytes: &[u64], group: u32, limits: &Limits) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    let points = launch.points()?;
    // The device computes positions in 32 bits.
    if points > i32::MAX as i64 {
        return Err(Error::call_with_help(
            format!("{points} points are more than the {} that this device counts in one launch", i32::MAX),
            "call the kernel on parts of the arrays, or run it on cpu or parallel",
        ));
    }
    let most = limits.points.min(limits.groups as u64 * limits.groups as u64 * group as u64);
    let mut open = vec![(0, points)];
    while let Some((begin, end)) = open.pop() {
        let windows = windows(launch, element_bytes, limits, begin, end);
        let fits = (end - begin) as u64 <= most && windows.iter().all(|(window, _)| window.bytes <= limits.binding_bytes);
        if !fits && end - begin > 1 {
            // The second half waits; multiples of a group keep the halves even.
            let half = (end - begin) / 2;
            let middle = begin + if half > group as i64 { half / group as i64 * group as i64 } else { half };
            open.push((middle, end));
            open.push((begin, middle));
            continue;
        }
        if !fits {
            return Err(Error::call_with_help(
                format!(
                    "the kernel indexes a whole array of more than the {} MiB that this device can bind at once",
                    limits.binding_bytes >> 20
                ),
                "pass a smaller array, or run the kernel on cpu or parallel",
            ));
        }
        let needed = ((end - begin) as u64).div_ceil(group as u64);
        let groups = if needed <= limits.groups as u64 {
            (needed as u32, 1)
        } else {
            (limits.groups, needed.div_ceil(limits.groups as u64) as u32)
        };
        let (windows, offsets) = windows.into_iter().unzip();
        parts.push(Part { begin, end, windows, offsets, groups });
    }
    Ok(parts)
}

/// What the points `begin..end` touch of each array: its window and the array's offset in it.
fn windows(launch: &Launch, element_bytes: &[u64], limits: &Limits, begin: i64, end: i64) -> Vec<(Window, i64)> {
    let (low, high) = enclosing_box(launch.space, begin, end);
    let arrays = launch.arrays.iter().zip(launch.footprints).zip(element_bytes);
    arrays
        .map(|((array, footprint), &size)| {
            let (mut first, mut last) = (array.offset, array.offset);
            for (axis, (&extent, &stride)) in array.shape.iter().zip(&array.strides).enumerate() {
                let (from, to) = match footprint {
                    Footprint::Window(windows) => {
                        let reach = windows.get(axis).copied().unwrap_or((0, 0));
                        let at = |bounds: &[i64]| bounds.get(axis).copied().unwrap_or(0);
                        (at(&low) + reach.0, at(&high) + reach.1)
                    }
                    Footprint::Whole => (0, extent - 1),
                };
                // Points at the border do not reach out of the array.
                let (from, to) = (from.clamp(0, (extent - 1).max(0)), to.clamp(0, (extent - 1).max(0)));
                first += (from * stride).min(to * stride);
                last += (from * stride).max(to * stride);
            }
            let offset = first as u64 * size / limits.offset_alignment * limits.offset_alignment;
            let bytes = ((last as u64 + 1) * size - offset).next_multiple_of(4);
            (Window { offset, bytes }, array.offset - (offset / size) as i64)
        })
        .collect()
}

/// The lowest and highest coordinates of the points `begin..end` in row-major order.
fn enclosing_box(space: &[i64], begin: i64, end: i64) -> (Vec<i64>, Vec<i64>) {
    let coordinates = |mut linear: i64| {
        let mut point = vec![0; space.len()];
        for axis in (0..space.len()).rev() {
            point[axis] = linear % space[axis];
            linear /= space[axis];
        }
        point
    };
    let (mut low, mut high) = (coordinates(begin), coordinates(end - 1));
    if let Some(axis) = (0..space.len()).find(|&axis| low[axis] != high[axis]) {
        // Behind the first axis along which they move, they take every coordinate.
        for inner in axis + 1..space.len() {
            low[inner] = 0;
            high[inner] = space[inner] - 1;
        }
    }
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::{Binding, Buffer};
    use numbra_front::types::ScalarType;
    use std::sync::Arc;

    fn binding(shape: &[i64], strides: &[i64], offset: i64) -> Binding {
        let buffer = Buffer(Arc::new(()));
        Binding { buffer, scalar: ScalarType::F64, offset, shape: shape.to_vec(), strides: strides.to_vec() }
    }

    const LIMITS: Limits = Limits { binding_bytes: 4096, offset_alignment: 256, groups: 4, points: 1 << 20 };

    /// Every point once, every touched element inside its window, every window within the limits.
    fn check(launch: &Launch, limits: &Limits, group: u32) -> usize {
        let sizes = vec![8; launch.arrays.len()];
        let parts = split(launch, &sizes, group, limits).unwrap();
        let mut next = 0;
        for part in &parts {
            assert_eq!(part.begin, next);
            next = part.end;
            let threads = part.groups.0 as i64 * part.groups.1 as i64 * group as i64;
            assert!(threads >= part.end - part.begin && part.groups.0 <= limits.groups && part.groups.1 <= limits.groups);
            for (window, offset) in part.windows.iter().zip(&part.offsets) {
                assert!(window.bytes <= limits.binding_bytes && window.offset % limits.offset_alignment == 0);
                let _ = offset;
            }
            for linear in part.begin..part.end {
                let (point, _) = enclosing_box(launch.space, linear, linear + 1);
                for ((array, footprint), (window, offset)) in
                    launch.arrays.iter().zip(launch.footprints).zip(part.windows.iter().zip(&part.offsets))
                {
                    let Footprint::Window(reach) = footprint else { continue };
                    for pick in 0..2 {
                        let mut element = *offset;
                        for axis in 0..array.shape.len() {
                            let reach = if pick == 0 { reach[axis].0 } else { reach[axis].1 };
                            element += (point[axis] + reach).clamp(0, array.shape[axis] - 1) * array.strides[axis];
                        }
                        assert!(element >= 0 && (element as u64 + 1) * 8 <= window.bytes, "{element} in {window:?}");
                    }
                }
            }
        }
        assert_eq!(next, launch.points().unwrap());
        parts.len()
    }

    #[test]
    fn parts_cover_the_space_and_fit() {
        let window = |reach: &[(i64, i64)]| Footprint::Window(reach.to_vec());
        let one = [binding(&[5000], &[1], 3), binding(&[5000], &[0], 0), binding(&[5000], &[-1], 4999)];
        let footprints = vec![window(&[(0, 0)]); 3];
        let launch = Launch { arrays: &one, footprints: &footprints, captures: &[], space: &[5000] };
        assert!(check(&launch, &LIMITS, 64) >= 10);
        let two = [binding(&[40, 90], &[90, 1], 0), binding(&[40, 90], &[1, 40], 7)];
        let footprints = [window(&[(-1, 2), (-3, 0)]), window(&[(0, 0), (0, 0)])];
        let launch = Launch { arrays: &two, footprints: &footprints, captures: &[], space: &[40, 90] };
        // The transposed array needs all of itself for any row, so only single elements of it ... still fit.
        let wide = Limits { binding_bytes: 40 * 90 * 8 + 256, ..LIMITS };
        assert!(check(&launch, &wide, 64) >= 1);
        let few = Limits { points: 100, ..wide };
        assert!(check(&launch, &few, 64) >= 36);
        let wide_rows = [binding(&[2, 5000], &[5000, 1], 0)];
        let footprints = [window(&[(0, 0), (-1, 1)])];
        let launch = Launch { arrays: &wide_rows, footprints: &footprints, captures: &[], space: &[2, 5000] };
        assert!(check(&launch, &LIMITS, 64) >= 20);
    }

    #[test]
    fn what_cannot_be_split_is_an_error() {
        let arrays = [binding(&[5000], &[1], 0)];
        let launch = Launch { arrays: &arrays, footprints: &[Footprint::Whole], captures: &[], space: &[5000] };
        let error = split(&launch, &[8], 64, &LIMITS).unwrap_err().to_string();
        assert!(error.contains("whole array"), "{error}");
    }
}
