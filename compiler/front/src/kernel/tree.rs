//! The fixed tree of reductions (docs/ir.md, "Reductions"): which kernels run over what, and the kernels.
//!
//! [`schedule`] depends on the number of elements alone. It says in steps how the sequence becomes rows of partial
//! results, and in the end one value; each step is one launch of a kernel that [`build`] makes, or of a
//! [`fold`](super::fold). Lane j of a row meets lane j of other rows alone until there is one row left, so that every
//! lane is a reduction of its own, and what a lane does not have is left out.

use super::combine::Combining;
use super::*;
use crate::error::{Error, Result};
use crate::source::Span;
use crate::types::Constant;

/// Elements of a row.
pub const LANES: usize = 16;
/// Rows of a group.
pub const GROUP: usize = 8;
/// Rows that are combined at once, where the function is a small one.
const BLOCK: usize = 8 * GROUP;
/// Partial rows that are combined at once.
const FAN: usize = 16;

/// How so many elements are combined to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// From left to right.
    Fold(usize),
    /// Elements of consecutive rows: groups of [`GROUP`] from left to right, and these as [`Order::Groups`].
    Rows(usize),
    /// Neighbours, and neighbours of what they give.
    Groups(usize),
    /// The lanes of a row, halved and halved again.
    Lanes(usize),
}

impl Order {
    /// How many elements are combined.
    pub fn count(self) -> usize {
        let (Order::Fold(count) | Order::Rows(count) | Order::Groups(count) | Order::Lanes(count)) = self;
        count
    }
}

/// One launch. Result r of lane j combines, in this order, the elements `at + r * every + j + i * between` of a buffer,
/// and becomes the element `to_at + r * LANES + j` of another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Numbers of buffers, see [`Schedule::buffers`].
    pub from: usize,
    pub to: usize,
    pub order: Order,
    pub results: usize,
    pub lanes: usize,
    pub at: usize,
    pub every: usize,
    pub between: usize,
    pub to_at: usize,
}

/// How a sequence is reduced: steps in the order in which they run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The elements of every buffer. The first is the sequence; the last has one, the result.
    pub buffers: Vec<usize>,
    pub steps: Vec<Step>,
}

/// The tree of `length` elements, at least one.
///
/// `fused`: as much in a step as pays, for small functions: the kernels hold the function many times. Otherwise all
/// steps are folds of at most [`GROUP`] elements, all of the same kernel.
pub fn schedule(length: usize, fused: bool) -> Schedule {
    let mut building = Building { buffers: vec![length], steps: Vec::new() };
    let rows = length.div_ceil(LANES);
    let whole = Level { buffer: 0, first: 0, rows, width: length - LANES * (rows - 1) };
    if fused {
        let mut level = building.blocks(whole);
        while level.rows > 1 {
            level = building.level(level, FAN, Order::Groups);
        }
        building.lanes(level);
    } else {
        let mut level = if rows > 1 { building.level(whole, GROUP, Order::Fold) } else { whole };
        while level.rows > 1 {
            level = building.level(level, 2, Order::Fold);
        }
        building.halves(level);
    }
    Schedule { buffers: building.buffers, steps: building.steps }
}

/// Consecutive rows of a buffer, of which the last has `width` lanes.
#[derive(Clone, Copy)]
struct Level {
    buffer: usize,
    first: usize,
    rows: usize,
    width: usize,
}

impl Level {
    /// Units of so many rows that are complete.
    fn full(&self, unit: usize) -> usize {
        if self.width == LANES { self.rows / unit } else { (self.rows - 1) / unit }
    }

    /// The rows from one on.
    fn from(self, row: usize) -> Level {
        Level { first: self.first + row, rows: self.rows - row, ..self }
    }
}

struct Building {
    buffers: Vec<usize>,
    steps: Vec<Step>,
}

impl Building {
    fn buffer(&mut self, elements: usize) -> usize {
        self.buffers.push(elements);
        self.buffers.len() - 1
    }

    /// One row for each [`BLOCK`] rows; for fewer, one for each group.
    fn blocks(&mut self, level: Level) -> Level {
        let full = level.full(BLOCK);
        if level.rows == 1 {
            return level;
        }
        if full == 0 {
            return self.level(level, GROUP, Order::Rows);
        }
        let rest = level.from(full * BLOCK);
        let rows = full + (rest.rows > 0) as usize;
        let to = self.buffer(rows * LANES);
        self.rows(level, Order::Rows(BLOCK), full, 0..LANES, to, 0);
        let mut width = LANES;
        if rest.rows > 0 {
            width = if rest.rows <= GROUP {
                self.level_into(rest, GROUP, Order::Rows, to, full)
            } else {
                let groups = self.level(rest, GROUP, Order::Rows);
                self.level_into(groups, GROUP, Order::Groups, to, full)
            };
        }
        Level { buffer: to, first: 0, rows, width }
    }

    /// One row for each `fan` rows, in a new buffer.
    fn level(&mut self, level: Level, fan: usize, order: fn(usize) -> Order) -> Level {
        let rows = level.rows.div_ceil(fan);
        let to = self.buffer(rows * LANES);
        let width = self.level_into(level, fan, order, to, 0);
        Level { buffer: to, first: 0, rows, width }
    }

    /// The same from a row of a buffer on; gives the width of the last one.
    fn level_into(&mut self, level: Level, fan: usize, order: fn(usize) -> Order, to: usize, row: usize) -> usize {
        let full = level.full(fan);
        self.rows(level, order(fan), full, 0..LANES, to, row);
        let rest = level.from(full * fan);
        let to_row = row + full;
        match rest.rows {
            0 => LANES,
            count if rest.width == LANES => {
                self.rows(rest, order(count), 1, 0..LANES, to, to_row);
                LANES
            }
            // The last row lacks lanes, which then have one row less.
            count => {
                self.rows(rest, order(count), 1, 0..rest.width, to, to_row);
                if count == 1 {
                    return rest.width;
                }
                self.rows(rest, order(count - 1), 1, rest.width..LANES, to, to_row);
                LANES
            }
        }
    }

    fn rows(
        &mut self,
        level: Level,
        order: Order,
        results: usize,
        lanes: std::ops::Range<usize>,
        to: usize,
        to_row: usize,
    ) {
        if results == 0 {
            return;
        }
        self.steps.push(Step {
            from: level.buffer,
            to,
            order,
            results,
            lanes: lanes.len(),
            at: level.first * LANES + lanes.start,
            every: order.count() * LANES,
            between: LANES,
            to_at: to_row * LANES + lanes.start,
        });
    }

    fn lanes(&mut self, level: Level) {
        let to = self.buffer(1);
        self.across(level.buffer, to, Order::Lanes(level.width), 0, 1, 1);
    }

    /// [`Order::Lanes`] in folds of two.
    fn halves(&mut self, level: Level) {
        let (mut from, mut width) = (level.buffer, level.width);
        for half in [8, 4, 2, 1] {
            if width <= half {
                continue;
            }
            let to = self.buffer(half);
            self.across(from, to, Order::Fold(2), 0, width - half, half);
            if width < 2 * half {
                self.across(from, to, Order::Fold(1), width - half, 2 * half - width, half);
            }
            (from, width) = (to, half);
        }
        if self.steps.is_empty() {
            let to = self.buffer(1);
            self.across(from, to, Order::Fold(1), 0, 1, 1);
        }
    }

    /// `lanes` results of one row, from lane `at` on.
    fn across(&mut self, from: usize, to: usize, order: Order, at: usize, lanes: usize, between: usize) {
        self.steps.push(Step { from, to, order, results: 1, lanes, at, every: LANES, between, to_at: at });
    }
}

/// Puts a function in front of `module`'s first one, `f`, that combines every row of its input to one value with `f`,
/// in this order (not [`Order::Fold`], which is [`fold::build`]'s).
///
/// `f` takes two scalars and returns one, all of one type. The parameters are the input, an array of rank 2 or more
/// whose last axis has the elements to combine, and the output, which lacks that axis. Its name is `f`'s with `.tree`.
/// `lanes`: the output's last axis is known to have [`LANES`] elements.
pub fn build(mut module: Module, input: &Operand, output: &Operand, order: Order, lanes: bool) -> Result<Module> {
    let Combining { callee, source, scalar, element } = Combining::of(&module)?;
    let mut function = Function::new(format!("{callee}.tree"));
    function.source = source;
    let inputs = add_parameters(&mut function, &["array".into()], std::slice::from_ref(input), Access::Read);
    let outputs = add_parameters(&mut function, &["out".into()], std::slice::from_ref(output), Access::Write);
    let (Some(array), Some(out)) = (inputs.first().and_then(array_of), outputs.first().and_then(array_of)) else {
        return Err(Error::Internal(format!("'{callee}' reduces what is no array")));
    };
    let rank = function.arrays[out.index()].rank;
    if rank == 0 || function.arrays[array.index()].rank != rank + 1 || element != scalar || order.count() == 0 {
        return Err(Error::Internal(format!("'{callee}' reduces arrays that do not fit it")));
    }
    function.arrays[array.index()].footprint = Footprint::Window(vec![(0, 0); rank as usize]);

    let mut body = Region::default();
    let mut space = extents(&mut function, &mut body, out);
    if let Some(last) = space.last_mut().filter(|_| lanes) {
        *last = function.constant(&mut body, Constant::index(LANES as i64));
    }
    let point = fresh_point(&mut function, rank as usize);
    let mut combining = Emission { function, region: Region::default(), callee, array, point, scalar };
    let result = match order {
        Order::Fold(count) => combining.folded(0, count),
        Order::Rows(count) => combining.tree(0, count.div_ceil(GROUP), &mut |combining, group| {
            combining.folded(group * GROUP, count.min((group + 1) * GROUP))
        }),
        Order::Groups(count) => combining.tree(0, count, &mut |combining, number| combining.element(number)),
        Order::Lanes(count) => combining.halved(count),
    };
    let Emission { mut function, region: mut inner, point, .. } = combining;
    store_results(&mut function, &mut inner, &[out], &point, &[result]);
    body.push(Statement::Parallel(Box::new(Parallel { space, point, body: inner, border: None })));
    body.push(Statement::Return(Vec::new()));
    function.body = body;
    module.functions.insert(0, function);
    Ok(module)
}

/// The work of one point being written. Elements are loaded where they are needed, so that few are held at a time.
struct Emission {
    function: Function,
    region: Region,
    callee: String,
    array: ArrayId,
    point: Vec<Value>,
    scalar: ScalarType,
}

impl Emission {
    fn element(&mut self, number: usize) -> Value {
        let at = self.function.constant(&mut self.region, Constant::index(number as i64));
        let indices = self.point.iter().copied().chain([at]).collect();
        let stored = self.function.arrays[self.array.index()].scalar;
        let load = Expression::Load { array: self.array, indices };
        let element = self.function.define(&mut self.region, stored, Span::NONE, load);
        self.function.convert(&mut self.region, element, self.scalar)
    }

    fn join(&mut self, left: Value, right: Value) -> Value {
        let joined = self.function.fresh(self.scalar, Span::NONE);
        let arguments = vec![Argument::Value(left), Argument::Value(right)];
        self.region.push(Statement::Call { results: vec![joined.into()], function: self.callee.clone(), arguments });
        joined
    }

    fn folded(&mut self, first: usize, end: usize) -> Value {
        let start = self.element(first);
        (first + 1..end).fold(start, |so_far, number| {
            let element = self.element(number);
            self.join(so_far, element)
        })
    }

    /// `count` leaves from one on, split at the largest power of two that is smaller.
    fn tree(&mut self, first: usize, count: usize, leaf: &mut dyn FnMut(&mut Self, usize) -> Value) -> Value {
        if count == 1 {
            return leaf(self, first);
        }
        let split = count.next_power_of_two() / 2;
        let left = self.tree(first, split, leaf);
        let right = self.tree(first + split, count - split, leaf);
        self.join(left, right)
    }

    fn halved(&mut self, count: usize) -> Value {
        let mut lanes: Vec<Value> = (0..count).map(|lane| self.element(lane)).collect();
        let mut half = LANES / 2;
        while half > 0 {
            for lane in half..lanes.len() {
                lanes[lane - half] = self.join(lanes[lane - half], lanes[lane]);
            }
            lanes.truncate(half);
            half /= 2;
        }
        lanes[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where a value comes from, as text.
    fn join(left: &str, right: &str) -> String {
        format!("({left} {right})")
    }

    /// docs/ir.md, word for word.
    fn expected(elements: &[String]) -> String {
        let mut rows: Vec<Vec<String>> = elements.chunks(16).map(|row| row.to_vec()).collect();
        let combined = |left: &[String], right: &[String]| -> Vec<String> {
            let lane = |lane: usize| match (left.get(lane), right.get(lane)) {
                (Some(left), Some(right)) => join(left, right),
                (Some(one), None) | (None, Some(one)) => one.clone(),
                (None, None) => unreachable!(),
            };
            (0..left.len().max(right.len())).map(lane).collect()
        };
        rows = rows
            .chunks(8)
            .map(|group| group[1..].iter().fold(group[0].clone(), |so_far, row| combined(&so_far, row)))
            .collect();
        while rows.len() > 1 {
            let pair = |pair: &[Vec<String>]| match pair {
                [left, right] => combined(left, right),
                rest => rest[0].clone(),
            };
            rows = rows.chunks(2).map(pair).collect();
        }
        let mut row = rows.remove(0);
        for half in [8, 4, 2, 1] {
            if row.len() > half {
                let (low, high) = row.split_at(half);
                row = combined(low, high);
            }
        }
        row.remove(0)
    }

    fn reduced(order: Order, elements: &[String]) -> String {
        fn neighbours(elements: &[String]) -> String {
            match elements {
                [one] => one.clone(),
                _ => {
                    let (left, right) = elements.split_at(elements.len().next_power_of_two() / 2);
                    join(&neighbours(left), &neighbours(right))
                }
            }
        }
        let folded = |elements: &[String]| elements[1..].iter().fold(elements[0].clone(), |a, b| join(&a, b));
        match order {
            Order::Fold(_) => folded(elements),
            Order::Rows(_) => neighbours(&elements.chunks(GROUP).map(folded).collect::<Vec<_>>()),
            Order::Groups(_) => neighbours(elements),
            Order::Lanes(_) => expected(elements),
        }
    }

    #[test]
    fn steps_make_the_tree() {
        let longs =
            [1023, 1024, 1025, 1040, 2047, 2048, 2049, 8191, 8192, 8193, 16 * 1024 + 5, 17 * 1024 + 130, 40_001];
        for length in (1..600).chain(longs) {
            let elements: Vec<String> = (0..length).map(|number| number.to_string()).collect();
            let wanted = expected(&elements);
            for fused in [true, false] {
                let Schedule { buffers, steps } = schedule(length, fused);
                let mut memory: Vec<Vec<Option<String>>> = buffers.iter().map(|&count| vec![None; count]).collect();
                memory[0] = elements.iter().cloned().map(Some).collect();
                for step in &steps {
                    for (result, lane) in (0..step.results).flat_map(|r| (0..step.lanes).map(move |j| (r, j))) {
                        let place = |i: usize| step.at + result * step.every + lane + i * step.between;
                        let from: Option<Vec<String>> =
                            (0..step.order.count()).map(|i| memory[step.from][place(i)].clone()).collect();
                        let value = reduced(step.order, &from.expect("what nobody wrote"));
                        memory[step.to][step.to_at + result * LANES + lane] = Some(value);
                    }
                }
                assert_eq!(memory.last(), Some(&vec![Some(wanted.clone())]), "{length}, fused: {fused}");
            }
        }
    }

    #[test]
    fn examples_of_the_reference() {
        let elements: Vec<String> = (0..3).map(|number| format!("x{number}")).collect();
        assert_eq!(expected(&elements), "((x0 x2) x1)");
    }
}
