//! Every `parallel` of a host function becomes loops in place, row-major: what small array expressions cost is no launch.

use crate::ir::*;
use crate::source::Span;
use crate::types::{Constant, ScalarType};

pub fn run(module: &mut Module) {
    for function in &mut module.functions {
        if function.form == Form::Function {
            let body = std::mem::take(&mut function.body);
            function.body = region(function, body);
        }
    }
}

fn region(function: &mut Function, old: Region) -> Region {
    let mut out = Region::default();
    for mut statement in old.statements {
        if let Statement::Parallel(parallel) = statement {
            loops(function, *parallel, &mut out);
            continue;
        }
        for inner in statement.regions_mut() {
            let taken = std::mem::take(inner);
            *inner = region(function, taken);
        }
        out.push(statement);
    }
    out
}

/// The loops of a `parallel`, outermost first. Its variables are zero at the start of every point.
fn loops(function: &mut Function, parallel: Parallel, out: &mut Region) {
    let Parallel { space, point, body, border } = parallel;
    let mut variables = Vec::new();
    body.walk(&mut |statement| variables.extend(statement.variable()));
    if let Some(border) = &border {
        border.region.walk(&mut |statement| variables.extend(statement.variable()));
    }
    variables.sort();
    variables.dedup();
    let mut inner = Region::default();
    for variable in variables {
        if let Kind::Scalar(scalar) = function.variables[variable.index()].kind {
            let zero = function.constant(&mut inner, Constant::zero(scalar));
            inner.push(Statement::Set { variable, value: zero.into() });
        }
    }
    match border {
        None => inner.statements.extend(body.statements),
        Some(Border { margins, region: outside }) => {
            let mut near = function.constant(&mut inner, Constant::bool(false));
            for ((&coordinate, &extent), (low, high)) in point.iter().zip(&space).zip(margins) {
                let low = function.constant(&mut inner, Constant::index(low));
                let high = function.constant(&mut inner, Constant::index(high));
                let below = function.apply(&mut inner, Op::Lt, &[coordinate, low]);
                let end = function.apply(&mut inner, Op::Sub, &[extent, high]);
                let above = function.apply(&mut inner, Op::Ge, &[coordinate, end]);
                let either = function.apply(&mut inner, Op::Or, &[below, above]);
                near = function.apply(&mut inner, Op::Or, &[near, either]);
            }
            inner.push(Statement::If { condition: near, then: outside, otherwise: body, rare: false });
        }
    }
    for (coordinate, extent) in point.into_iter().zip(space).rev() {
        inner = counted(function, coordinate, extent, inner);
    }
    out.statements.append(&mut inner.statements);
}

/// `body` for every `coordinate` below `extent`.
fn counted(function: &mut Function, coordinate: Value, extent: Value, body: Region) -> Region {
    let counter = function.variable("position", ScalarType::Index);
    let mut out = Region::default();
    let zero = function.constant(&mut out, Constant::index(0));
    out.push(Statement::Set { variable: counter, value: zero.into() });
    let mut turn = Region::default();
    turn.push(Statement::Let { value: coordinate, expression: Expression::Get(counter) });
    let done = function.apply(&mut turn, Op::Ge, &[coordinate, extent]);
    let leave = Region { statements: vec![Statement::Break] };
    turn.push(Statement::If { condition: done, then: leave, otherwise: Region::default(), rare: false });
    turn.statements.extend(body.statements);
    let mut step = Region::default();
    let at = function.get(&mut step, counter);
    let one = function.constant(&mut step, Constant::index(1));
    let next = function.fresh(ScalarType::Index, Span::NONE);
    let operands = vec![at, one];
    step.push(Statement::Let {
        value: next,
        expression: Expression::Apply { op: Op::Add, operands, flags: FloatFlags::STRICT },
    });
    step.push(Statement::Set { variable: counter, value: next.into() });
    out.push(Statement::Loop { body: turn, step });
    out
}
