//! Which elements of a result have met a subnormal number on their way. Drivers may take those for zero (lavapipe
//! does), so that a GPU's result may differ there.

use crate::call::{Call, Outcome};
use numbra::front::interp::{Failure, Limits};
use numbra::front::ir::*;
use numbra::front::pipeline;
use numbra::front::types::{Constant, ScalarType};

/// One mark per element of the result; all of them if the kernel fails on this way.
pub fn met(module: &Module, call: &Call, limits: &Limits) -> Result<Vec<bool>, Failure> {
    let mut lowered = pipeline::lower_functions(module.clone(), &mut |_, _| Ok(()))?;
    for function in &mut lowered.functions {
        if function.form == Form::Kernel {
            mark(function);
        }
    }
    let all = vec![true; call.shape.iter().product()];
    Ok(match call.interpret(&lowered, limits, None)? {
        Outcome::Done(array) => array.view().iter().map(|constant| constant.as_f64() != 0.0).collect(),
        Outcome::Fault(_) => all,
    })
}

/// Makes the kernel store whether it met a subnormal number instead of its result.
fn mark(function: &mut Function) {
    let marked = function.variable("subnormal", ScalarType::Bool);
    let body = std::mem::take(&mut function.body);
    function.body = region(function, body, marked);
}

fn region(function: &mut Function, region_before: Region, marked: VariableId) -> Region {
    let mut out = Region::default();
    for mut statement in region_before.statements {
        for inner in statement.regions_mut() {
            let taken = std::mem::take(inner);
            *inner = region(function, taken, marked);
        }
        match &mut statement {
            Statement::Let { value, expression } => {
                let value = *value;
                let made = matches!(
                    expression,
                    Expression::Apply { .. }
                        | Expression::Load { .. }
                        | Expression::Constant(_)
                        | Expression::TableEntry { .. }
                );
                out.push(statement);
                if made && function.scalar(value).is_float() {
                    test(function, &mut out, value, marked);
                }
                continue;
            }
            Statement::Store { array, value, .. } => {
                let scalar = function.arrays[array.index()].scalar;
                let met = function.get(&mut out, marked);
                *value = function.convert(&mut out, met, scalar);
            }
            _ => {}
        }
        out.push(statement);
    }
    out
}

/// `marked = marked or value is subnormal`.
fn test(function: &mut Function, out: &mut Region, value: Value, marked: VariableId) {
    let scalar = function.scalar(value);
    let (least, zero) = match scalar {
        ScalarType::F32 => (Constant::f32(f32::MIN_POSITIVE), Constant::f32(0.0)),
        _ => (Constant::f64(f64::MIN_POSITIVE), Constant::f64(0.0)),
    };
    let (least, zero) = (function.constant(out, least), function.constant(out, zero));
    let size = function.apply(out, Op::Abs, &[value]);
    let below = function.apply(out, Op::Lt, &[size, least]);
    let above = function.apply(out, Op::Gt, &[size, zero]);
    let subnormal = function.apply(out, Op::And, &[below, above]);
    let before = function.get(out, marked);
    let met = function.apply(out, Op::Or, &[before, subnormal]);
    out.push(Statement::Set { variable: marked, value: met.into() });
}
