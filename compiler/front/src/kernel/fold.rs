//! A function of two scalars, folded from left to right along the last axis of an array.

use super::combine::Combining;
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

/// Where a fold begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Start {
    /// With the first element of the row.
    First,
    /// With what the output holds, where an earlier fold has ended; of an output that keeps all values that is the
    /// first one, and it has one more than the input.
    Output,
}

/// Puts a function in front of `module`'s first one, `f`, that folds every row of its input: the value is the first
/// element, or what the output holds, and then `f(value, element)` for one element after the other.
///
/// `f` takes two scalars and returns one, of the type of the first. The parameters are the input (an array of rank 2 or
/// more, whose last axis is the one along which to fold, with at least one element) and the output. Its name is `f`'s
/// with `.fold`.
pub fn build(mut module: Module, input: &Operand, output: &Operand, keep: Keep, start: Start) -> Result<Module> {
    let Combining { callee, source, scalar, element } = Combining::of(&module)?;
    let mut function = Function::new(format!("{callee}.fold"));
    function.source = source;
    let access = if start == Start::First { Access::Write } else { Access::ReadWrite };
    let inputs = add_parameters(&mut function, &["array".into()], std::slice::from_ref(input), Access::Read);
    let outputs = add_parameters(&mut function, &["out".into()], std::slice::from_ref(output), access);
    let (Some(array), Some(out)) = (inputs.first().and_then(array_of), outputs.first().and_then(array_of)) else {
        return Err(Error::Internal(format!("'{callee}' folds what is no array")));
    };
    let axis = function.arrays[array.index()].rank - 1;
    let expected = if keep == Keep::All { axis + 1 } else { axis };
    if axis == 0 || function.arrays[out.index()].rank != expected {
        return Err(Error::Internal(format!("'{callee}' folds arrays whose ranks do not fit")));
    }
    // A point of the space touches a whole row.
    for array in [array, out] {
        function.arrays[array.index()].footprint = Footprint::Window(vec![(0, 0); axis as usize]);
    }

    let mut body = Region::default();
    let mut space = extents(&mut function, &mut body, out);
    space.truncate(axis as usize);
    let point = fresh_point(&mut function, axis as usize);
    let value = function.variable("value", scalar);
    let position = function.variable("position", ScalarType::Index);
    let along = |last: Value| point.iter().copied().chain([last]).collect::<Vec<Value>>();
    let load = |function: &mut Function, region: &mut Region, at: Value, wanted: ScalarType| {
        let stored = function.arrays[array.index()].scalar;
        let element = function.define(region, stored, Span::NONE, Expression::Load { array, indices: along(at) });
        function.convert(region, element, wanted)
    };
    let place = |last: Value| if keep == Keep::All { along(last) } else { point.clone() };

    let mut row = Region::default();
    let zero = function.constant(&mut row, Constant::index(0));
    let one = function.constant(&mut row, Constant::index(1));
    let extent = function.define(&mut row, ScalarType::Index, Span::NONE, Expression::Extent { array, axis });
    let first = match start {
        Start::First => load(&mut function, &mut row, zero, scalar),
        Start::Output => {
            let stored = function.arrays[out.index()].scalar;
            let indices = place(zero);
            let so_far = function.define(&mut row, stored, Span::NONE, Expression::Load { array: out, indices });
            function.convert(&mut row, so_far, scalar)
        }
    };
    row.push(Statement::Set { variable: value, value: first.into() });
    row.push(Statement::Set { variable: position, value: if start == Start::First { one } else { zero }.into() });
    if keep == Keep::All && start == Start::First {
        store_results(&mut function, &mut row, &[out], &along(zero), &[first]);
    }

    let mut turn = Region::default();
    let at = function.get(&mut turn, position);
    let done = function.apply(&mut turn, Op::Ge, &[at, extent]);
    let then = Region { statements: vec![Statement::Break] };
    turn.push(Statement::If { condition: done, then, otherwise: Region::default(), rare: false });
    let loaded = load(&mut function, &mut turn, at, element);
    let before = function.get(&mut turn, value);
    let after = function.fresh(scalar, Span::NONE);
    let arguments = vec![Argument::Value(before), Argument::Value(loaded)];
    turn.push(Statement::Call { results: vec![after.into()], function: callee, arguments });
    turn.push(Statement::Set { variable: value, value: after.into() });
    if keep == Keep::All {
        let to = match start {
            Start::First => at,
            Start::Output => function.apply(&mut turn, Op::Add, &[at, one]),
        };
        store_results(&mut function, &mut turn, &[out], &along(to), &[after]);
    }
    let mut step = Region::default();
    let at = function.get(&mut step, position);
    let next = function.apply(&mut step, Op::Add, &[at, one]);
    step.push(Statement::Set { variable: position, value: next.into() });
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
