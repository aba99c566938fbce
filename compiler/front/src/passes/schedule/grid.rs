//! One thread per point, in groups along x.
//!
//! By rows: x is the last axis, y the row, so that a point's coordinates need no division. By position: x is the linear
//! position, and y goes on where x ends.

use super::*;

pub fn run(kernel: &mut Function, group: u32, rows: bool) -> Result<()> {
    let (mut top, Parallel { space, point, mut body, border }) = take_parallel(kernel)?;
    let rows = rows && space.len() > 1;
    kernel.form = Form::Grid { group, rows };
    let (begin, end) = position_parameters(kernel);

    let builtin = |kernel: &mut Function, top: &mut Region, builtin| {
        kernel.define(top, ScalarType::Index, crate::source::Span::NONE, Expression::Builtin(builtin))
    };
    let group_y = builtin(kernel, &mut top, Builtin::GroupIdY);
    let group_x = builtin(kernel, &mut top, Builtin::GroupIdX);
    let local = builtin(kernel, &mut top, Builtin::LocalIdX);
    let threads = index_constant(kernel, &mut top, group as i64);
    let last = space[space.len() - 1];
    let mut work = Region::default();
    let (inside, found, linear) = if rows {
        let first = kernel.apply(&mut top, Op::Mul, &[group_x, threads]);
        let column = kernel.apply(&mut top, Op::Add, &[first, local]);
        let row = kernel.apply(&mut top, Op::Add, &[begin, group_y]);
        let in_row = kernel.apply(&mut top, Op::Lt, &[column, last]);
        let in_part = kernel.apply(&mut top, Op::Lt, &[row, end]);
        let inside = kernel.apply(&mut top, Op::And, &[in_row, in_part]);
        let mut found = coordinates(kernel, &mut work, row, &space[..space.len() - 1]);
        found.push(column);
        let start = kernel.apply(&mut work, Op::Mul, &[row, last]);
        (inside, found, kernel.apply(&mut work, Op::Add, &[start, column]))
    } else {
        let count_x = builtin(kernel, &mut top, Builtin::GroupCountX);
        let before = kernel.apply(&mut top, Op::Mul, &[group_y, count_x]);
        let number = kernel.apply(&mut top, Op::Add, &[before, group_x]);
        let first = kernel.apply(&mut top, Op::Mul, &[number, threads]);
        let thread = kernel.apply(&mut top, Op::Add, &[first, local]);
        let linear = kernel.apply(&mut top, Op::Add, &[begin, thread]);
        let inside = kernel.apply(&mut top, Op::Lt, &[linear, end]);
        let found = coordinates(kernel, &mut work, linear, &space);
        (inside, found, linear)
    };

    // A guard that wraps, since a barrier would have to be reached by all.
    let rename = point.into_iter().zip(found.iter().copied()).collect();
    place_traps(&mut body, linear);
    substitute(&mut body, &rename);
    match border {
        None => work.statements.append(&mut body.statements),
        Some(Border { margins, mut region }) => {
            place_traps(&mut region, linear);
            substitute(&mut region, &rename);
            let interior = interior(kernel, &mut work, &found, &space, &margins);
            work.push(Statement::If { condition: interior, then: body, otherwise: region, rare: false });
        }
    }
    top.push(Statement::If { condition: inside, then: work, otherwise: Region::default(), rare: false });
    kernel.body = top;
    Ok(())
}

/// Whether the point is at least a margin away from every edge.
fn interior(
    kernel: &mut Function,
    region: &mut Region,
    point: &[Value],
    space: &[Value],
    margins: &[(i64, i64)],
) -> Value {
    let mut all = kernel.constant(region, Constant::bool(true));
    for ((&coordinate, &extent), &(low, high)) in point.iter().zip(space).zip(margins) {
        if low > 0 {
            let bound = index_constant(kernel, region, low);
            let holds = kernel.apply(region, Op::Ge, &[coordinate, bound]);
            all = kernel.apply(region, Op::And, &[all, holds]);
        }
        if high > 0 {
            let margin = index_constant(kernel, region, high);
            let bound = kernel.apply(region, Op::Sub, &[extent, margin]);
            let holds = kernel.apply(region, Op::Lt, &[coordinate, bound]);
            all = kernel.apply(region, Op::And, &[all, holds]);
        }
    }
    all
}

fn substitute(region: &mut Region, rename: &std::collections::HashMap<Value, Value>) {
    region.walk_mut(&mut |statement| {
        statement.map_operands(&mut |value| rename.get(&value).copied().unwrap_or(value));
    });
}
