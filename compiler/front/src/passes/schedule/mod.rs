//! A kernel's `parallel` made explicit: [`range`] for CPUs, [`grid`] for GPUs. Never changes a bit of the answer.

pub mod grid;
pub mod range;

use crate::error::{Error, Result};
use crate::ir::*;
use crate::types::{Constant, ScalarType};

/// Takes the `parallel` out of a kernel, and what stands before it: constants.
fn take_parallel(kernel: &mut Function) -> Result<(Region, Parallel)> {
    let mut body = std::mem::take(&mut kernel.body);
    match body.statements.pop() {
        Some(Statement::Parallel(parallel)) if kernel.form == Form::Kernel => Ok((body, *parallel)),
        _ => Err(Error::Internal(format!("'{}' is no kernel: its body is not one parallel", kernel.name))),
    }
}

/// Makes the variables zero that `region`, the work of one point, may read before it has set them: a variable is zero
/// at the start of every point, not only of the first.
fn reset_variables(kernel: &mut Function, region: &mut Region) {
    let mut top = Region::default();
    for (number, variable) in kernel.variables.clone().into_iter().enumerate() {
        let id = VariableId(number as u32);
        if may_read_first(region, id) {
            let zero = kernel.constant(&mut top, Constant::zero(variable.scalar()));
            top.push(Statement::Set { variable: id, value: zero.into() });
        }
    }
    top.statements.append(&mut region.statements);
    *region = top;
}

/// Whether a `get` may come before every `set`.
fn may_read_first(region: &Region, id: VariableId) -> bool {
    for statement in &region.statements {
        let mut reads = false;
        let mut look = |statement: &Statement| {
            reads |= matches!(statement, Statement::Let { expression: Expression::Get(found), .. } if *found == id);
        };
        look(statement);
        statement.regions().into_iter().for_each(|inner| inner.walk(&mut look));
        if reads {
            return true;
        }
        if matches!(statement, Statement::Set { variable, .. } if *variable == id) {
            return false;
        }
    }
    false
}

/// Splits a linear position of the axes `extents` (row-major) into coordinates.
fn coordinates(kernel: &mut Function, region: &mut Region, linear: Value, extents: &[Value]) -> Vec<Value> {
    let mut rest = linear;
    let mut point = Vec::with_capacity(extents.len());
    for (axis, &extent) in extents.iter().enumerate().rev() {
        if axis == 0 {
            point.push(rest);
        } else {
            point.push(kernel.apply(region, Op::Remainder, &[rest, extent]));
            rest = kernel.apply(region, Op::Quotient, &[rest, extent]);
        }
    }
    point.reverse();
    point
}

/// The linear position of a point (row-major).
fn linear_position(kernel: &mut Function, region: &mut Region, point: &[Value], extents: &[Value]) -> Value {
    let mut linear = point[0];
    for (&coordinate, &extent) in point.iter().zip(extents).skip(1) {
        let scaled = kernel.apply(region, Op::Mul, &[linear, extent]);
        linear = kernel.apply(region, Op::Add, &[scaled, coordinate]);
    }
    linear
}

/// Tells every trap in `region` which position it is at.
fn place_traps(region: &mut Region, at: Value) {
    region.walk_mut(&mut |statement| {
        if let Statement::Trap { position, .. } = statement {
            *position = Some(at);
        }
    });
}

fn has_trap(region: &Region) -> bool {
    let mut found = false;
    region.walk(&mut |statement| found |= matches!(statement, Statement::Trap { .. }));
    found
}

fn index_constant(kernel: &mut Function, region: &mut Region, value: i64) -> Value {
    kernel.constant(region, Constant::index(value))
}

fn position_parameters(kernel: &mut Function) -> (Value, Value) {
    let begin = kernel.scalar_parameter("begin", ScalarType::Index, Role::Begin);
    let end = kernel.scalar_parameter("end", ScalarType::Index, Role::End);
    (begin, end)
}
