//! From the device's capabilities: what it lacks is expressed by what it has, or refused with a way out.

use super::{
    bit_counts, bool_order, extremes, float_tests, float_to_integer, mul_error, small_integers, total_integers,
};
use crate::capabilities::{Capabilities, Lack};
use crate::error::{Error, ErrorClass, Mistake, Result};
use crate::ir::*;
use crate::source::Span;
use crate::types::ScalarType;

/// Rewrites every function of the module for the device. Runs at any stage; the meaning stays the same, except that
/// buffers of small types become buffers of 32-bit elements (see [`small_integers`]).
pub fn run(module: &mut Module, capabilities: &Capabilities) -> Result<()> {
    for function in &module.functions {
        refuse(function, &module.tables, capabilities)?;
    }
    if !capabilities.small_integers {
        small_integers::run(module);
    }
    for function in &mut module.functions {
        extremes::run(function, capabilities);
        bit_counts::run(function, capabilities);
        total_integers::run(function, capabilities);
        bool_order::run(function, capabilities);
        float_to_integer::run(function, capabilities);
        float_tests::run(function, capabilities);
        mul_error::run(function, capabilities);
    }
    Ok(())
}

fn refuse(function: &Function, tables: &[Table], capabilities: &Capabilities) -> Result<()> {
    let missing = |scalar| matches!(capabilities.lacks_type(scalar), Some(Lack::Float64 | Lack::Int64));
    let of_type = |scalar: ScalarType, span: Span, what: String| {
        let device = capabilities.device;
        let message = format!("{what} of type '{scalar}', which the device '{device}' does not have");
        let narrow = if scalar == ScalarType::F64 { "float32" } else { "int32 or uint32" };
        let help = format!("use {narrow} here, or run the kernel on cpu, parallel or cuda, which have every type");
        refusal(function, span, message, help)
    };
    if let Some(array) = function.arrays.iter().find(|array| missing(array.scalar)) {
        return Err(of_type(array.scalar, Span::NONE, format!("the array '{}' has elements", array.name)));
    }
    for (name, value, _) in function.scalar_parameters() {
        if missing(function.scalar(value)) {
            let span = function.values[value.index()].span;
            return Err(of_type(function.scalar(value), span, format!("the parameter '{name}' is")));
        }
    }
    let lacks = |op: Op, operands: &[Value], result: Value| {
        let types: Vec<ScalarType> = operands.iter().map(|&operand| function.scalar(operand)).collect();
        capabilities.lacks(op, &types, function.scalar(result)) == Some(Lack::FusedMultiplyAdd)
    };
    let mut found = None;
    function.body.walk(&mut |statement| {
        for value in statement.definitions() {
            let info = &function.values[value.index()];
            if found.is_none() && missing(info.scalar) {
                found = Some(of_type(info.scalar, info.span, "this is".to_string()));
            }
        }
        if let Statement::Let { value, expression } = statement {
            let span = function.values[value.index()].span;
            match expression {
                Expression::Apply { op, operands, .. } if found.is_none() && lacks(*op, operands, *value) => {
                    let message = format!("the device '{}' has no fused multiply-add", capabilities.device);
                    let help = "write a * b + c, which rounds twice, or run the kernel on cpu or cuda".to_string();
                    found = Some(refusal(function, span, message, help));
                }
                Expression::TableEntry { table, .. } if found.is_none() && missing(tables[table.index()].scalar) => {
                    let table = &tables[table.index()];
                    found = Some(of_type(table.scalar, span, format!("the table '{}' has entries", table.name)));
                }
                _ => {}
            }
        }
    });
    found.map_or(Ok(()), Err)
}

fn refusal(function: &Function, span: Span, message: String, help: String) -> Error {
    match &function.source {
        Some(source) if span != Span::NONE => {
            Mistake::new(ErrorClass::Unsupported, source, span, message).help(help).into()
        }
        _ => Error::request_with_help(ErrorClass::Unsupported, format!("{message} (in '{}')", function.name), help),
    }
}
