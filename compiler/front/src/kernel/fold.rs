//! A function of two scalars, folded from left to right along the last axis of an array.

use super::*;
use crate::error::{Error, Result};
use crate::source::Span;
use crate::types::Constant;

/// What of a fold is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Keep {
    /// The last value: `reduce`. The output has no such axis.
    Last,
    /// Every value on the way: `accumulate`. The output has the input's shape.
    All,
}

/// Puts a function in front of `module`'s first one, `f`, that folds every row of its input: the value is the first
/// element, and then `f(value, element)` for one element after the other.
///
/// `f` takes two scalars and returns one, all of one type. The parameters are the input (an array of rank 2 or more,
/// whose last axis is the one along which to fold, with at least one element) and the output. Its name is `f`'s with
/// `.fold`.
pub fn build(mut module: Module, input: &Operand, output: &Operand, keep: Keep) -> Result<Module> {
    let folded = module.functions.first().ok_or_else(|| Error::Internal("an empty module".into()))?;
    let callee = folded.name.clone();
    let types: Vec<ScalarType> = folded.scalar_parameters().map(|(_, value, _)| folded.scalar(value)).collect();
    let scalar = match (types.as_slice(), folded.results.as_slice()) {
        ([left, right], [result]) if left == result && right == result => *result,
        _ => return Err(Error::Internal(format!("'{callee}' folded, which is no function of two values of its type"))),
    };
    let mut function = Function::new(format!("{callee}.fold"));
    function.source = folded.source.clone();
    let inputs = add_parameters(&mut function, &["array".into()], std::slice::from_ref(input), Access::Read);
    let outputs = add_parameters(&mut function, &["out".into()], std::slice::from_ref(output), Access::Write);
    let (Some(array), Some(out)) = (inputs.first().and_then(array_of), outputs.first().and_then(array_of)) else {
        return Err(Error::Internal(format!("'{callee}' folds what is no array")));
    };
    let axis = function.arrays[array.index()].rank - 1;
    let expected = if keep == Keep::All { axis + 1 } else { axis };
    if axis == 0 || function.arrays[out.index()].rank != expected {
        return Err(Error::Internal(format!("'{callee}' folds arrays whose ranks do not fit")));
    }
    // A point of the space touches a whole row.
    function.arrays[array.index()].footprint = Footprint::Whole;
    if keep == Keep::All {
        function.arrays[out.index()].footprint = Footprint::Whole;
    }

    let mut body = Region::default();
    let mut space = extents(&mut function, &mut body, out);
    space.truncate(axis as usize);
    let point = fresh_point(&mut function, axis as usize);
    let value = function.variable("value", scalar);
    let position = function.variable("position", ScalarType::Index);
    let along = |last: Value| point.iter().copied().chain([last]).collect::<Vec<Value>>();
    let load = |function: &mut Function, region: &mut Region, at: Value| {
        let stored = function.arrays[array.index()].scalar;
        let element = function.define(region, stored, Span::NONE, Expression::Load { array, indices: along(at) });
        function.convert(region, element, scalar)
    };

    let mut row = Region::default();
    let zero = function.constant(&mut row, Constant::index(0));
    let one = function.constant(&mut row, Constant::index(1));
    let extent = function.define(&mut row, ScalarType::Index, Span::NONE, Expression::Extent { array, axis });
    let first = load(&mut function, &mut row, zero);
    row.push(Statement::Set { variable: value, value: first });
    row.push(Statement::Set { variable: position, value: one });
    if keep == Keep::All {
        store_results(&mut function, &mut row, &[out], &along(zero), &[first]);
    }

    let mut turn = Region::default();
    let at = function.get(&mut turn, position);
    let done = function.apply(&mut turn, Op::Ge, &[at, extent]);
    let then = Region { statements: vec![Statement::Break] };
    turn.push(Statement::If { condition: done, then, otherwise: Region::default(), rare: false });
    let element = load(&mut function, &mut turn, at);
    let before = function.get(&mut turn, value);
    let after = function.fresh(scalar, Span::NONE);
    let arguments = vec![Argument::Value(before), Argument::Value(element)];
    turn.push(Statement::Call { results: vec![after], function: callee, arguments });
    turn.push(Statement::Set { variable: value, value: after });
    if keep == Keep::All {
        store_results(&mut function, &mut turn, &[out], &along(at), &[after]);
    }
    let mut step = Region::default();
    let at = function.get(&mut step, position);
    let next = function.apply(&mut step, Op::Add, &[at, one]);
    step.push(Statement::Set { variable: position, value: next });
    row.push(Statement::Loop { body: turn, step });
    if keep == Keep::Last {
        let last = function.get(&mut row, value);
        store_results(&mut function, &mut row, &[out], &point, &[last]);
    }

    body.push(Statement::Parallel(Box::new(Parallel { space, point, body: row, border: None })));
    body.push(Statement::Return(Vec::new()));
    function.body = body;
    module.functions.insert(0, function);
    Ok(module)
}
