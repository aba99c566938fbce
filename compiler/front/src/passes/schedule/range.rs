//! Loops over a range of the space: rows outside, the last axis inside, stencil borders peeled off.
//!
//! Where the body has `rare_if`s, the last axis is done in blocks: a block without the rare branches, noting whether
//! one was wanted, and then, if so, the whole block once more with them. The loop without branches is what vectorizes.

use super::*;
use crate::passes::copy::Copier;

/// Points that are done at once before a rare branch is looked at.
const BLOCK: i64 = 64;

pub fn run(kernel: &mut Function) -> Result<()> {
    let (mut top, mut parallel) = take_parallel(kernel)?;
    reset_variables(kernel, &mut parallel.body);
    if let Some(border) = &mut parallel.border {
        reset_variables(kernel, &mut border.region);
    }
    kernel.form = Form::Range;
    let (begin, end) = position_parameters(kernel);
    let schedule = Schedule::new(kernel, parallel);
    match schedule.space.len() {
        1 => schedule.row(kernel, &mut top, &[], begin, end),
        _ => counted_loop(kernel, &mut top, begin, end, 1, &mut |kernel, region, row| {
            let outer = schedule.space[..schedule.space.len() - 1].to_vec();
            let point = coordinates(kernel, region, row, &outer);
            let zero = index_constant(kernel, region, 0);
            let extent = schedule.space[schedule.space.len() - 1];
            schedule.row(kernel, region, &point, zero, extent);
        }),
    }
    kernel.body = top;
    Ok(())
}

struct Schedule {
    space: Vec<Value>,
    point: Vec<Value>,
    body: Region,
    border: Option<Border>,
    /// The body without its rare branches, and the variable that notes that one was wanted.
    fast: Option<(Region, VariableId)>,
}

impl Schedule {
    fn new(kernel: &mut Function, parallel: Parallel) -> Schedule {
        let Parallel { space, point, body, border } = parallel;
        // A block is done twice: not where the first time has overwritten what the second one reads.
        let overwrites = kernel.arrays.iter().any(|array| array.access != Access::Read && !array.distinct);
        let fast = (has_rare(&body) && !has_trap(&body) && !overwrites).then(|| {
            let wanted = kernel.variable("rare", ScalarType::Bool);
            let mut fast = body.clone();
            note_rare(kernel, &mut fast, wanted);
            (fast, wanted)
        });
        Schedule { space, point, body, border, fast }
    }

    /// One row, from `first` to before `last` along the last axis; `outer` are the other coordinates.
    fn row(&self, kernel: &mut Function, region: &mut Region, outer: &[Value], first: Value, last: Value) {
        let Some(border) = &self.border else {
            return self.interior(kernel, region, outer, first, last);
        };
        let axis = self.space.len() - 1;
        let (low, high) = border.margins[axis];
        let low = index_constant(kernel, region, low);
        let high = index_constant(kernel, region, high);
        let inner_end = kernel.apply(region, Op::Sub, &[self.space[axis], high]);
        // first <= a <= b <= last, with the interior from a to b.
        let mut a = kernel.apply(region, Op::Maximum, &[first, low]);
        a = kernel.apply(region, Op::Minimum, &[a, last]);
        let mut b = kernel.apply(region, Op::Minimum, &[last, inner_end]);
        b = kernel.apply(region, Op::Maximum, &[a, b]);

        let mut is_interior = None;
        for ((&coordinate, &extent), &(low, high)) in outer.iter().zip(&self.space).zip(&border.margins) {
            let low = index_constant(kernel, region, low);
            let high = index_constant(kernel, region, high);
            let bound = kernel.apply(region, Op::Sub, &[extent, high]);
            let after = kernel.apply(region, Op::Ge, &[coordinate, low]);
            let before = kernel.apply(region, Op::Lt, &[coordinate, bound]);
            let both = kernel.apply(region, Op::And, &[after, before]);
            is_interior = Some(match is_interior {
                None => both,
                Some(all) => kernel.apply(region, Op::And, &[all, both]),
            });
        }
        let peeled = |kernel: &mut Function, region: &mut Region| {
            self.copies(kernel, region, &border.region, outer, first, a);
            self.interior(kernel, region, outer, a, b);
            self.copies(kernel, region, &border.region, outer, b, last);
        };
        match is_interior {
            None => peeled(kernel, region),
            Some(condition) => {
                let (mut then, mut otherwise) = (Region::default(), Region::default());
                peeled(kernel, &mut then);
                self.copies(kernel, &mut otherwise, &border.region, outer, first, last);
                region.push(Statement::If { condition, then, otherwise, rare: false });
            }
        }
    }

    fn interior(&self, kernel: &mut Function, region: &mut Region, outer: &[Value], first: Value, last: Value) {
        let Some((fast, wanted)) = &self.fast else {
            return self.copies(kernel, region, &self.body, outer, first, last);
        };
        counted_loop(kernel, region, first, last, BLOCK, &mut |kernel, region, start| {
            let block = index_constant(kernel, region, BLOCK);
            let stop = kernel.apply(region, Op::Add, &[start, block]);
            let stop = kernel.apply(region, Op::Minimum, &[stop, last]);
            let no = kernel.constant(region, Constant::bool(false));
            region.push(Statement::Set { variable: *wanted, value: no.into() });
            self.copies(kernel, region, fast, outer, start, stop);
            let condition = kernel.get(region, *wanted);
            let mut redo = Region::default();
            self.copies(kernel, &mut redo, &self.body, outer, start, stop);
            region.push(Statement::If { condition, then: redo, otherwise: Region::default(), rare: true });
        });
    }

    /// A loop along the last axis over a copy of `body`.
    fn copies(
        &self,
        kernel: &mut Function,
        region: &mut Region,
        body: &Region,
        outer: &[Value],
        first: Value,
        last: Value,
    ) {
        if body.statements.is_empty() {
            return;
        }
        let infos = kernel.values.clone();
        counted_loop(kernel, region, first, last, 1, &mut |kernel, region, position| {
            let point: Vec<Value> = outer.iter().copied().chain([position]).collect();
            let mut copier = Copier::default();
            copier.values.extend(self.point.iter().copied().zip(point.iter().copied()));
            let mut copy = copier.region(&infos, body, kernel);
            if has_trap(&copy) {
                let linear = linear_position(kernel, region, &point, &self.space);
                place_traps(&mut copy, linear);
            }
            region.statements.append(&mut copy.statements);
        });
    }
}

/// `for counter in first..last step step { body }`
fn counted_loop(
    kernel: &mut Function,
    region: &mut Region,
    first: Value,
    last: Value,
    step: i64,
    body: &mut dyn FnMut(&mut Function, &mut Region, Value),
) {
    let counter = kernel.variable("counter", ScalarType::Index);
    region.push(Statement::Set { variable: counter, value: first.into() });
    let mut inner = Region::default();
    let position = kernel.get(&mut inner, counter);
    let done = kernel.apply(&mut inner, Op::Ge, &[position, last]);
    let leave = Region { statements: vec![Statement::Break] };
    inner.push(Statement::If { condition: done, then: leave, otherwise: Region::default(), rare: false });
    body(kernel, &mut inner, position);
    let mut advance = Region::default();
    let position = kernel.get(&mut advance, counter);
    let step = index_constant(kernel, &mut advance, step);
    let next = kernel.apply(&mut advance, Op::Add, &[position, step]);
    advance.push(Statement::Set { variable: counter, value: next.into() });
    region.push(Statement::Loop { body: inner, step: advance });
}

fn has_rare(region: &Region) -> bool {
    let mut found = false;
    region.walk(&mut |statement| found |= matches!(statement, Statement::If { rare: true, .. }));
    found
}

/// Replaces every `rare_if` by noting its condition.
fn note_rare(kernel: &mut Function, region: &mut Region, wanted: VariableId) {
    for mut statement in std::mem::take(&mut region.statements) {
        match statement {
            Statement::If { condition, rare: true, .. } => {
                let so_far = kernel.get(region, wanted);
                let value = kernel.apply(region, Op::Or, &[so_far, condition]);
                region.push(Statement::Set { variable: wanted, value: value.into() });
            }
            _ => {
                statement.regions_mut().into_iter().for_each(|inner| note_rare(kernel, inner, wanted));
                region.push(statement);
            }
        }
    }
}
