//! A launch in parts, each of which fits a GPU's bindings and its grid.

use super::grid::{self, Grid};
use super::{Binding, Launch};
use crate::error::{Error, Result};
use numbra_front::ir::Footprint;
use std::ops::Range;

/// Bytes of a copy at most.
const COPY: u64 = 32 << 20;

/// What one dispatch may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a buffer that can be bound at once.
    pub binding_bytes: u64,
    /// What the byte offset of a binding must be a multiple of; a power of two, at least 8.
    pub offset_alignment: u64,
    pub grid: grid::Limits,
}

/// Some consecutive units of the space, and what they need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Units: points, or rows in a grid by rows.
    pub begin: i64,
    pub end: i64,
    /// Groups along x and y; there may be threads too many.
    pub groups: (u32, u32),
    /// What to bind of every array.
    pub arrays: Vec<Bound>,
}

/// What of an array is bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    Window(Window),
    Copy(Block),
}

/// A stretch of an array's buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub offset: u64,
    pub bytes: u64,
    /// The element offset of the array's first element, counted from the window's start; may be negative.
    pub first: i64,
}

/// Elements of an array, to be copied close together: what a point touches of it lies further apart than can be bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The lowest index along every axis, and how many there are.
    pub low: Vec<i64>,
    pub shape: Vec<i64>,
}

/// Splits those `units` of a launch. Of every array: `element_bytes`, the size of its elements on the device, and
/// `readable`, whether the kernel only reads it, so that it may read a copy.
pub fn split(
    launch: &Launch,
    element_bytes: &[u64],
    readable: &[bool],
    grid: Grid,
    limits: &Limits,
    units: Range<i64>,
) -> Result<Vec<Part>> {
    let points = launch.points()?;
    let group = grid.group as i64;
    let across = limits.grid.groups.0 as i64;
    // The device computes positions in 32 bits, those of threads behind the end too.
    let counted = i32::MAX as i64 - across * group;
    if points > counted {
        return Err(Error::call_with_help(
            format!("{points} points are more than the {counted} that this device counts in one launch"),
            "call the kernel on parts of the arrays, or run it on cpu or parallel",
        ));
    }
    let arrays: Vec<Touched> = launch
        .arrays
        .iter()
        .zip(launch.footprints)
        .zip(element_bytes.iter().zip(readable))
        .map(|((array, footprint), (&size, &readable))| {
            let mut touched = Touched { array, footprint, size, copied: false };
            touched.copied = readable && touched.point_bytes() + limits.offset_alignment > limits.binding_bytes;
            touched
        })
        .collect();
    let unit = grid.unit(launch.space);
    // Units after which halves are cut evenly.
    let even = if grid.rows { 1 } else { group };
    let mut parts = Vec::new();
    for part in grid::parts(launch, grid, &limits.grid, units)? {
        let mut open = vec![(part.begin, part.end)];
        while let Some((begin, end)) = open.pop() {
            let (low, high) = enclosing_box(launch.space, begin * unit, end * unit);
            let (bound, fits): (Vec<Bound>, Vec<bool>) =
                arrays.iter().map(|touched| touched.bound(&low, &high, limits)).unzip();
            if !fits.contains(&false) {
                let groups = grid.groups(launch.space, end - begin, across);
                parts.push(Part { begin, end, groups, arrays: bound });
            } else if end - begin > 1 {
                // The second half waits.
                let half = (end - begin) / 2;
                let middle = begin + if half > even { half / even * even } else { half };
                open.push((middle, end));
                open.push((begin, middle));
            } else {
                return Err(Error::call_with_help(
                    format!(
                        "the kernel touches more than the {} MiB of an array that this device can bind at once, and it \
                         cannot be split further",
                        limits.binding_bytes >> 20
                    ),
                    "pass a smaller array, or run the kernel on cpu or parallel",
                ));
            }
        }
    }
    Ok(parts)
}

/// Whether no row of points, along the last axis, touches more bytes of an array than that, from the first to the last.
pub fn row_fits(launch: &Launch, bytes: u64) -> bool {
    let axis = launch.space.len() - 1;
    launch.arrays.iter().zip(launch.footprints).all(|(array, footprint)| {
        // Small elements take a word each.
        let size = array.scalar.bytes().max(4) as u64;
        let step = match footprint {
            Footprint::Window(windows) if axis < windows.len() => array.strides[axis].unsigned_abs(),
            Footprint::Window(_) | Footprint::Whole => 0,
        };
        let along = (launch.space[axis] - 1).max(0) as u64;
        let point = Touched { array, footprint, size, copied: false }.point_bytes();
        step.saturating_mul(along).saturating_mul(size).saturating_add(point) <= bytes
    })
}

/// An array and what a point touches of it.
struct Touched<'a> {
    array: &'a Binding,
    footprint: &'a Footprint,
    size: u64,
    /// The kernel reads a copy, because what a single point touches is too much for a binding.
    copied: bool,
}

impl Touched<'_> {
    /// What the points from `low` to `high` need, and whether it fits.
    fn bound(&self, low: &[i64], high: &[i64], limits: &Limits) -> (Bound, bool) {
        if !self.copied {
            let window = self.window(low, high, limits);
            return (Bound::Window(window), window.bytes <= limits.binding_bytes);
        }
        let strides = self.array.strides.iter();
        let extent = |((from, to), stride)| if stride == 0 { (0, 1) } else { (from, to - from + 1) };
        let (low, shape): (Vec<i64>, Vec<i64>) = self.reach(low, high).zip(strides.copied()).map(extent).unzip();
        let elements = shape.iter().fold(1u64, |product, &extent| product.saturating_mul(extent as u64));
        let fits = elements.saturating_mul(self.size) <= COPY.min(limits.binding_bytes);
        (Bound::Copy(Block { low, shape }), fits)
    }

    /// From the first to behind the last byte that a point may touch.
    fn point_bytes(&self) -> u64 {
        let span = |(axis, (&extent, &stride)): (usize, (&i64, &i64))| {
            let width = match self.footprint {
                Footprint::Window(windows) if axis < windows.len() => windows[axis].1 - windows[axis].0,
                Footprint::Window(_) | Footprint::Whole => extent,
            };
            (width.min(extent - 1).max(0) as u64).saturating_mul(stride.unsigned_abs())
        };
        let spans = self.array.shape.iter().zip(&self.array.strides).enumerate().map(span);
        spans.fold(1, u64::saturating_add).saturating_mul(self.size)
    }

    fn window(&self, low: &[i64], high: &[i64], limits: &Limits) -> Window {
        let array = self.array;
        let (mut first, mut last) = (array.offset, array.offset);
        for ((from, to), &stride) in self.reach(low, high).zip(&array.strides) {
            first += (from * stride).min(to * stride);
            last += (from * stride).max(to * stride);
        }
        let offset = first as u64 * self.size / limits.offset_alignment * limits.offset_alignment;
        let bytes = ((last as u64 + 1) * self.size - offset).next_multiple_of(4);
        Window { offset, bytes, first: array.offset - (offset / self.size) as i64 }
    }

    /// The lowest and the highest index along each axis that the points from `low` to `high` touch.
    fn reach(&self, low: &[i64], high: &[i64]) -> impl Iterator<Item = (i64, i64)> {
        self.array.shape.iter().enumerate().map(move |(axis, &extent)| {
            let (from, to) = match self.footprint {
                Footprint::Window(windows) if axis < windows.len() => {
                    let at = |bounds: &[i64]| bounds.get(axis).copied().unwrap_or(0);
                    (at(low) + windows[axis].0, at(high) + windows[axis].1)
                }
                Footprint::Window(_) | Footprint::Whole => (0, extent - 1),
            };
            // Points at the border do not reach out of the array.
            (from.clamp(0, (extent - 1).max(0)), to.clamp(0, (extent - 1).max(0)))
        })
    }
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

    const LIMITS: Limits =
        Limits { binding_bytes: 4096, offset_alignment: 256, grid: grid::Limits { groups: (4, 4), points: 1 << 20 } };

    /// Every point once, every touched element inside its window, every window within the limits.
    fn check(launch: &Launch, limits: &Limits, rows: bool) -> usize {
        let (sizes, readable, group) = (vec![8; launch.arrays.len()], vec![true; launch.arrays.len()], 64);
        let grid = Grid { group, rows };
        let (last, unit) = (launch.space[launch.space.len() - 1], grid.unit(launch.space));
        let units = launch.points().unwrap() / unit;
        let mut parts = split(launch, &sizes, &readable, grid, limits, 0..units / 3).unwrap();
        parts.extend(split(launch, &sizes, &readable, grid, limits, units / 3..units).unwrap());
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
            assert!(part.groups.0 <= limits.grid.groups.0 && part.groups.1 <= limits.grid.groups.1);
            for bound in &part.arrays {
                match bound {
                    Bound::Window(Window { offset, bytes, .. }) => {
                        assert!(*bytes <= limits.binding_bytes && offset % limits.offset_alignment == 0);
                    }
                    Bound::Copy(block) => {
                        assert!(block.shape.iter().product::<i64>() * 8 <= limits.binding_bytes as i64)
                    }
                }
            }
            for linear in part.begin * unit..part.end * unit {
                let (point, _) = enclosing_box(launch.space, linear, linear + 1);
                for ((array, footprint), bound) in launch.arrays.iter().zip(launch.footprints).zip(&part.arrays) {
                    let Footprint::Window(reach) = footprint else { continue };
                    // Behind the window's axes any element is touched.
                    let whole = |axis: usize| (0, array.shape[axis] - 1);
                    let reach = |axis: usize| match reach.get(axis) {
                        Some(reach) => (point[axis] + reach.0, point[axis] + reach.1),
                        None => whole(axis),
                    };
                    for pick in 0..2 {
                        let at = |axis: usize| {
                            let (low, high) = reach(axis);
                            (if pick == 0 { low } else { high }).clamp(0, array.shape[axis] - 1)
                        };
                        let index: Vec<i64> = (0..array.shape.len()).map(at).collect();
                        match bound {
                            Bound::Window(window) => {
                                let steps = index.iter().zip(&array.strides).map(|(at, stride)| at * stride);
                                let element = window.first + steps.sum::<i64>();
                                assert!(
                                    element >= 0 && (element as u64 + 1) * 8 <= window.bytes,
                                    "{element} in {window:?}"
                                );
                            }
                            Bound::Copy(Block { low, shape }) => {
                                let inside =
                                    |(at, (low, extent)): (&i64, (&i64, &i64))| (*low..low + extent).contains(at);
                                assert!(index.iter().zip(low.iter().zip(shape)).all(inside), "{index:?} in {bound:?}");
                            }
                        }
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
        let of = |groups: u32, points| Limits { grid: grid::Limits { groups: (groups, groups), points }, ..wide };
        assert!(check(&launch, &of(7, 1 << 20), true) >= 6);
        let few = of(4, 100);
        assert!(check(&launch, &few, false) >= 36);
        let wide_rows = [binding(&[2, 5000], &[5000, 1], 0)];
        let footprints = [window(&[(0, 0), (-1, 1)])];
        let launch = Launch { arrays: &wide_rows, footprints: &footprints, captures: &[], space: &[2, 5000] };
        assert!(check(&launch, &LIMITS, false) >= 20);
        // Rows that a fold goes along.
        let rows = [binding(&[100, 90], &[90, 1], 0), binding(&[100], &[1], 0)];
        let footprints = [window(&[(0, 0)]), window(&[(0, 0)])];
        let launch = Launch { arrays: &rows, footprints: &footprints, captures: &[], space: &[100] };
        assert!(check(&launch, &LIMITS, false) >= 20);
    }

    #[test]
    fn what_a_point_touches_too_far_apart_is_copied() {
        // Three rows, each of which is more than a binding.
        let arrays = [binding(&[3, 2000], &[2000, 1], 0), binding(&[3, 2000], &[2000, 1], 0)];
        let windows = [vec![(-1, 1), (-1, 1)], vec![(0, 0), (0, 0)]].map(Footprint::Window);
        let launch = Launch { arrays: &arrays, footprints: &windows, captures: &[], space: &[3, 2000] };
        assert!(check(&launch, &LIMITS, false) >= 36);
        let parts = |readable: bool| {
            let grid = Grid { group: 64, rows: false };
            split(&launch, &[8; 2], &[readable, false], grid, &LIMITS, 0..6000)
        };
        assert!(parts(true).unwrap().iter().all(|part| matches!(part.arrays[..], [Bound::Copy(_), Bound::Window(_)])));
        assert!(parts(false).unwrap_err().to_string().contains("cannot be split"));
    }

    #[test]
    fn what_cannot_be_split_is_an_error() {
        let arrays = [binding(&[5000], &[1], 0)];
        let launch = Launch { arrays: &arrays, footprints: &[Footprint::Whole], captures: &[], space: &[5000] };
        let error =
            split(&launch, &[8], &[true], Grid { group: 64, rows: false }, &LIMITS, 0..5000).unwrap_err().to_string();
        assert!(error.contains("cannot be split"), "{error}");
    }
}
