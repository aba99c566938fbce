//! Replacing expressions by others, with statements in front of them: what the passes of `legalize` share.

use crate::capabilities::{Capabilities, Lack};
use crate::ir::*;
use crate::types::ScalarType;
use std::mem::take;

/// Offers every expression of `function` to `replace`, in order. Where it returns another, that one defines the value
/// from now on, so that the value's uses stay as they are; whatever it puts into the region comes before.
pub fn expressions(
    function: &mut Function,
    replace: &mut dyn FnMut(&mut Function, &mut Region, Value, &Expression) -> Option<Expression>,
) {
    let body = take(&mut function.body);
    function.body = region(function, body, replace);
}

/// What takes the place of an op: it may put statements into the region.
type Replace<'a> = dyn FnMut(&mut Function, &mut Region, Value, Op, &[Value]) -> Option<Expression> + 'a;

/// Offers every op that the device does not have for that reason.
pub fn lacking(function: &mut Function, capabilities: &Capabilities, lack: Lack, replace: &mut Replace) {
    expressions(function, &mut |function, out, value, expression| {
        let Expression::Apply { op, operands, .. } = expression else { return None };
        let types: Vec<ScalarType> = operands.iter().map(|&operand| function.scalar(operand)).collect();
        if capabilities.lacks(*op, &types, function.scalar(value)) != Some(lack) {
            return None;
        }
        replace(function, out, value, *op, operands)
    });
}

fn region(
    function: &mut Function,
    old: Region,
    replace: &mut dyn FnMut(&mut Function, &mut Region, Value, &Expression) -> Option<Expression>,
) -> Region {
    let mut out = Region::default();
    for mut statement in old.statements {
        if let Statement::Let { value, expression } = &mut statement
            && let Some(other) = replace(function, &mut out, *value, expression)
        {
            *expression = other;
        }
        for inner in statement.regions_mut() {
            *inner = region(function, take(inner), replace);
        }
        out.push(statement);
    }
    out
}

/// A strict op as an expression.
pub fn strict(op: Op, operands: &[Value]) -> Expression {
    Expression::Apply { op, operands: operands.to_vec(), flags: FloatFlags::STRICT }
}
