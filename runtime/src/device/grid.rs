//! How many groups of threads a launch takes, and in how many parts that fit a GPU's grid.

use super::Launch;
use crate::error::{Error, Result};
use std::ops::Range;

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

    /// Groups along x and y for so many units, as few as will do; there may be threads too many. `across`: groups along
    /// x at most.
    pub fn groups(self, space: &[i64], units: i64, across: i64) -> (u32, u32) {
        let group = i64::from(self.group);
        let (x, y) = if self.rows {
            (div_ceil(space[space.len() - 1], group), units)
        } else {
            // Rows of groups as even as it goes, so that few threads are behind the end.
            let needed = div_ceil(units, group);
            let y = div_ceil(needed, across);
            (div_ceil(needed, y), y)
        };
        (x as u32, y as u32)
    }
}

/// What one launch may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Groups along x and y.
    pub groups: (u32, u32),
    /// Points; but always a row.
    pub points: i64,
}

/// Some consecutive units of the space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Units: points, or rows in a grid by rows.
    pub begin: i64,
    pub end: i64,
    /// Groups along x and y; there may be threads too many.
    pub groups: (u32, u32),
}

/// Splits those `units` of a launch into as few parts as will do.
pub fn parts(
    launch: &Launch,
    grid: Grid,
    limits: &Limits,
    units: Range<i64>,
) -> Result<impl Iterator<Item = Part> + use<>> {
    let (group, space) = (i64::from(grid.group), launch.space.to_vec());
    let (across, down) = (i64::from(limits.groups.0), i64::from(limits.groups.1));
    let last = launch.space[launch.space.len() - 1];
    // Units of a part at most.
    let most = if grid.rows { down } else { across.saturating_mul(down).saturating_mul(group) };
    if grid.rows && div_ceil(last, group) > across {
        return Err(Error::call_with_help(
            format!("a row of {last} elements is longer than this device's grid"),
            "call the kernel on parts of the arrays",
        ));
    }
    let most = most.min((limits.points / grid.unit(launch.space)).max(1));
    Ok((0..div_ceil(units.end - units.start, most)).map(move |number| {
        let begin = units.start + number * most;
        let end = begin.saturating_add(most).min(units.end);
        Part { begin, end, groups: grid.groups(&space, end - begin, across) }
    }))
}

/// Of positive numbers.
fn div_ceil(a: i64, b: i64) -> i64 {
    a / b + (a % b != 0) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Of every NVIDIA GPU since compute capability 3.0.
    const REAL: Limits = Limits { groups: (i32::MAX as u32, 65535), points: i64::MAX };

    fn of(space: &[i64], grid: Grid, limits: &Limits) -> Vec<Part> {
        let launch = Launch { arrays: &[], footprints: &[], captures: &[], space };
        let units = launch.points().unwrap() / grid.unit(space);
        parts(&launch, grid, limits, 0..units).unwrap().collect()
    }

    const LINEAR: Grid = Grid { group: 256, rows: false };
    const ROWS: Grid = Grid { group: 256, rows: true };

    #[test]
    fn usual_launches_are_one_part() {
        assert_eq!(of(&[1], LINEAR, &REAL), [Part { begin: 0, end: 1, groups: (1, 1) }]);
        assert_eq!(of(&[1000], LINEAR, &REAL), [Part { begin: 0, end: 1000, groups: (4, 1) }]);
        assert_eq!(of(&[5000, 5000], ROWS, &REAL), [Part { begin: 0, end: 5000, groups: (20, 5000) }]);
    }

    #[test]
    fn more_groups_than_an_axis_takes_go_on_along_y() {
        let most = i64::from(i32::MAX);
        let points = most * 256;
        assert_eq!(of(&[points], LINEAR, &REAL), [Part { begin: 0, end: points, groups: (i32::MAX as u32, 1) }]);
        // One group more: two rows of half as many, none of which is idle.
        let found = of(&[points + 1], LINEAR, &REAL);
        assert_eq!(found, [Part { begin: 0, end: points + 1, groups: (1 << 30, 2) }]);
    }

    #[test]
    fn more_rows_than_an_axis_takes_are_several_parts() {
        let found = of(&[3, 65535, 300], ROWS, &REAL);
        let part = |number: i64| Part { begin: number * 65535, end: (number + 1) * 65535, groups: (2, 65535) };
        assert_eq!(found, [part(0), part(1), part(2)]);
    }

    #[test]
    fn no_space_is_too_large() {
        let found = of(&[i64::MAX], LINEAR, &REAL);
        assert_eq!(found.first().unwrap().begin, 0);
        assert_eq!(found.last().unwrap().end, i64::MAX);
        let error = Launch { arrays: &[], footprints: &[], captures: &[], space: &[i64::MAX, 2] }.points();
        assert!(error.unwrap_err().to_string().contains("counted"));
    }

    proptest! {
        #[test]
        fn every_unit_once_within_the_limits(
            space in prop::collection::vec(1i64..40, 1..4),
            group in 1u32..9,
            rows in any::<bool>(),
            groups in (40u32..60, 1u32..5),
            points in 1i64..3000,
            third in any::<bool>(),
        ) {
            let grid = Grid { group, rows };
            let limits = Limits { groups, points };
            let last = space[space.len() - 1];
            let all: i64 = space.iter().product();
            let unit = grid.unit(&space);
            let launch = Launch { arrays: &[], footprints: &[], captures: &[], space: &space };
            let mut next = if third { all / unit / 3 } else { 0 };
            for part in parts(&launch, grid, &limits, next..all / unit).unwrap() {
                prop_assert_eq!(part.begin, next);
                prop_assert!(part.begin < part.end);
                next = part.end;
                let (x, y) = (i64::from(part.groups.0), i64::from(part.groups.1));
                prop_assert!(x >= 1 && y >= 1 && part.groups.0 <= groups.0 && part.groups.1 <= groups.1);
                let units = part.end - part.begin;
                prop_assert!(units * unit <= points || units == 1);
                if rows {
                    prop_assert!(y == units && x * i64::from(group) >= last && (x - 1) * i64::from(group) < last);
                } else {
                    // No row of groups without work.
                    prop_assert!(x * y * i64::from(group) >= units && x * (y - 1) * i64::from(group) < units);
                }
            }
            prop_assert_eq!(next * unit, all);
        }
    }
}
