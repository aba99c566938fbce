//! A launch in parts, each of which fits a GPU's bindings and its grid.

use super::Launch;
use crate::error::{Error, Result};
use numbra_front::ir::Footprint;
use std::ops::Range;

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
    /// Units: points, or rows in a grid by rows.
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

/// How a kernel's threads are laid out: see [`numbra_front::ir::Form::Grid`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    /// Threads of a group.
    pub group: u32,
    /// x is the last axis and units are rows; otherwise units are points.
    pub rows: bool,
}

impl Grid {
    /// Points of a unit.
    pub fn unit(self, space: &[i64]) -> i64 {
        if self.rows { space[space.len() - 1] } else { 1 }
    }
}

/// Splits those `units` of a launch. `element_bytes`: size of each array's elements on the device.
pub fn split(
    launch: &Launch,
    element_bytes: &[u64],
    grid: Grid,
    limits: &Limits,
    units: Range<i64>,
) -> Result<Vec<Part>> {
    let points = launch.points()?;
    let group = grid.group as i64;
    let most = limits.groups as i64;
    // The device computes positions in 32 bits, those of threads behind the end too.
    let counted = i32::MAX as i64 - most * group;
    if points > counted {
        return Err(Error::call_with_help(
            format!("{points} points are more than the {counted} that this device counts in one launch"),
            "call the kernel on parts of the arrays, or run it on cpu or parallel",
        ));
    }
    let last = launch.space[launch.space.len() - 1];
    let unit = grid.unit(launch.space);
    // Units that a dispatch can have, and units after which halves are cut evenly.
    let (longest, even) = if grid.rows { (most, 1) } else { (most.saturating_mul(most).saturating_mul(group), group) };
    if grid.rows && last > most * group {
        return Err(Error::Internal(format!("a row of {last} points is too long for a grid by rows")));
    }
    let longest = longest.min((limits.points as i64 / unit).max(1));
    let mut parts = Vec::new();
    let mut open = vec![(units.start, units.end)];
    while let Some((begin, end)) = open.pop() {
        let windows = windows(launch, element_bytes, limits, begin * unit, end * unit);
        let fits = end - begin <= longest && windows.iter().all(|(window, _)| window.bytes <= limits.binding_bytes);
        if !fits && end - begin > 1 {
            // The second half waits.
            let half = (end - begin) / 2;
            let middle = begin + if half > even { half / even * even } else { half };
            open.push((middle, end));
            open.push((begin, middle));
            continue;
        }
        if !fits {
            return Err(Error::call_with_help(
                format!(
                    "the kernel touches more than the {} MiB of an array that this device can bind at once, and it \
                     cannot be split further",
                    limits.binding_bytes >> 20
                ),
                "pass a smaller array, or run the kernel on cpu or parallel",
            ));
        }
        let groups = if grid.rows {
            ((last + group - 1) / group, end - begin)
        } else {
            // As even as it goes, so that few threads are behind the end.
            let needed = (end - begin + group - 1) / group;
            let y = (needed + most - 1) / most;
            ((needed + y - 1) / y, y)
        };
        let (windows, offsets) = windows.into_iter().unzip();
        parts.push(Part { begin, end, windows, offsets, groups: (groups.0 as u32, groups.1 as u32) });
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
    fn check(launch: &Launch, limits: &Limits, rows: bool) -> usize {
        let (sizes, group) = (vec![8; launch.arrays.len()], 64);
        let grid = Grid { group, rows };
        let (last, unit) = (launch.space[launch.space.len() - 1], grid.unit(launch.space));
        let units = launch.points().unwrap() / unit;
        let mut parts = split(launch, &sizes, grid, limits, 0..units / 3).unwrap();
        parts.extend(split(launch, &sizes, grid, limits, units / 3..units).unwrap());
        let mut next = 0;
        for part in &parts {
            assert_eq!(part.begin, next);
            next = part.end;
            let across = part.groups.0 as i64 * group as i64;
            if rows {
                assert!(across >= last && part.groups.1 as i64 == part.end - part.begin);
            } else {
                assert!(across * part.groups.1 as i64 >= part.end - part.begin);
            }
            assert!(part.groups.0 <= limits.groups && part.groups.1 <= limits.groups);
            for window in &part.windows {
                assert!(window.bytes <= limits.binding_bytes && window.offset % limits.offset_alignment == 0);
            }
            for linear in part.begin * unit..part.end * unit {
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
        assert_eq!(next * unit, launch.points().unwrap());
        parts.len()
    }

    #[test]
    fn parts_cover_the_space_and_fit() {
        let window = |reach: &[(i64, i64)]| Footprint::Window(reach.to_vec());
        let one = [binding(&[5000], &[1], 3), binding(&[5000], &[0], 0), binding(&[5000], &[-1], 4999)];
        let footprints = vec![window(&[(0, 0)]); 3];
        let launch = Launch { arrays: &one, footprints: &footprints, captures: &[], space: &[5000] };
        assert!(check(&launch, &LIMITS, false) >= 10);
        let two = [binding(&[40, 90], &[90, 1], 0), binding(&[40, 90], &[1, 40], 7)];
        let footprints = [window(&[(-1, 2), (-3, 0)]), window(&[(0, 0), (0, 0)])];
        let launch = Launch { arrays: &two, footprints: &footprints, captures: &[], space: &[40, 90] };
        // The transposed array needs all of itself for any row, so only single elements of it ... still fit.
        let wide = Limits { binding_bytes: 40 * 90 * 8 + 256, ..LIMITS };
        assert!(check(&launch, &wide, false) >= 1);
        assert!(check(&launch, &Limits { groups: 7, ..wide }, true) >= 6);
        let few = Limits { points: 100, ..wide };
        assert!(check(&launch, &few, false) >= 36);
        let wide_rows = [binding(&[2, 5000], &[5000, 1], 0)];
        let footprints = [window(&[(0, 0), (-1, 1)])];
        let launch = Launch { arrays: &wide_rows, footprints: &footprints, captures: &[], space: &[2, 5000] };
        assert!(check(&launch, &LIMITS, false) >= 20);
    }

    #[test]
    fn what_cannot_be_split_is_an_error() {
        let arrays = [binding(&[5000], &[1], 0)];
        let launch = Launch { arrays: &arrays, footprints: &[Footprint::Whole], captures: &[], space: &[5000] };
        let error = split(&launch, &[8], Grid { group: 64, rows: false }, &LIMITS, 0..5000).unwrap_err().to_string();
        assert!(error.contains("cannot be split"), "{error}");
    }
}
