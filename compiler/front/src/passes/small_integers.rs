//! 8 and 16-bit integers in 32-bit ones, and bools in memory as 32-bit words, for devices that have neither.
//!
//! A value stays within the range of the type that it had: what can leave it is brought back at once, by sign
//! extension or a mask. Buffers of such types become buffers of 32-bit elements, which the runtime widens when it
//! uploads and narrows when it downloads.

use super::rewrite::{self, strict};
use crate::ir::*;
use crate::source::Span;
use crate::types::{Constant, ScalarType};

pub fn run(module: &mut Module) {
    let tables: Vec<ScalarType> = module.tables.iter().map(|table| table.scalar).collect();
    for table in &mut module.tables {
        // Constants are kept extended to 64 bits, so the entries stay as they are.
        table.scalar = in_memory(table.scalar);
    }
    for function in &mut module.functions {
        widen(function, &tables);
    }
}

/// The type in which a device keeps values of `scalar`.
fn in_register(scalar: ScalarType) -> ScalarType {
    match scalar {
        ScalarType::I8 | ScalarType::I16 => ScalarType::I32,
        ScalarType::U8 | ScalarType::U16 => ScalarType::U32,
        other => other,
    }
}

/// The type of the elements in which a device's buffers keep `scalar`.
pub fn in_memory(scalar: ScalarType) -> ScalarType {
    if scalar == ScalarType::Bool { ScalarType::U32 } else { in_register(scalar) }
}

fn is_small(scalar: ScalarType) -> bool {
    in_register(scalar) != scalar
}

fn widen(function: &mut Function, tables: &[ScalarType]) {
    let old: Vec<ScalarType> = function.values.iter().map(|info| info.scalar).collect();
    let old_arrays: Vec<ScalarType> = function.arrays.iter().map(|array| array.scalar).collect();
    function.values.iter_mut().for_each(|info| info.scalar = in_register(info.scalar));
    let kinds = function.variables.iter_mut().map(|variable| &mut variable.kind).chain(&mut function.results);
    for kind in kinds {
        if let Kind::Scalar(scalar) = kind {
            *scalar = in_register(*scalar);
        }
    }
    function.arrays.iter_mut().for_each(|array| array.scalar = in_memory(array.scalar));

    rewrite::expressions(function, &mut |function, out, value, expression| match expression {
        Expression::Constant(constant) if is_small(constant.scalar) => {
            Some(Expression::Constant(Constant { scalar: in_register(constant.scalar), ..*constant }))
        }
        Expression::Load { array, .. } if old_arrays[array.index()] == ScalarType::Bool => {
            Some(truth(function, out, expression))
        }
        Expression::TableEntry { table, .. } if tables[table.index()] == ScalarType::Bool => {
            Some(truth(function, out, expression))
        }
        Expression::Apply { op, operands, flags } if is_small(old[value.index()]) => {
            let narrow = old[value.index()];
            match op {
                Op::Convert => conversion(function, out, operands[0], old[operands[0].index()], narrow),
                // Above a negative number's own bits there are more ones.
                Op::CountOnes if narrow.is_signed() => {
                    let mask = Constant::integer(in_register(narrow), (1 << narrow.bits()) - 1);
                    let mask = function.constant(out, mask);
                    let own = function.apply(out, Op::And, &[operands[0], mask]);
                    Some(strict(Op::CountOnes, &[own]))
                }
                _ if can_leave(*op, narrow) => {
                    let same = Expression::Apply { op: *op, operands: operands.clone(), flags: *flags };
                    let wide = function.define(out, in_register(narrow), Span::NONE, same);
                    Some(brought_back(function, out, wide, narrow))
                }
                _ => None,
            }
        }
        _ => None,
    });
    widen_stores(function, &old_arrays);
}

/// Whether the op, done in 32 bits on operands that are in the range of `narrow`, can give a result outside.
fn can_leave(op: Op, narrow: ScalarType) -> bool {
    match op {
        Op::Add | Op::Sub | Op::Mul | Op::Neg | Op::Shl | Op::ShlInRange => true,
        // Of the smallest integer: its own negative does not fit.
        Op::Abs | Op::FloorDiv | Op::Quotient => narrow.is_signed(),
        Op::Not => narrow.is_unsigned(),
        _ => false,
    }
}

/// The low bits of a 32-bit value, extended again.
fn brought_back(function: &mut Function, out: &mut Region, wide: Value, narrow: ScalarType) -> Expression {
    let scalar = function.scalar(wide);
    if narrow.is_unsigned() {
        let mask = function.constant(out, Constant::integer(scalar, (1 << narrow.bits()) - 1));
        return strict(Op::And, &[wide, mask]);
    }
    let count = function.constant(out, Constant::integer(scalar, 32 - narrow.bits() as i128));
    let high = function.apply(out, Op::ShlInRange, &[wide, count]);
    strict(Op::ShrInRange, &[high, count])
}

/// Converts `x`, which was of type `from`, to `narrow`.
fn conversion(
    function: &mut Function,
    out: &mut Region,
    x: Value,
    from: ScalarType,
    narrow: ScalarType,
) -> Option<Expression> {
    let wide_type = in_register(narrow);
    if from.is_float() {
        // Saturating in 32 bits and then in the narrow type is saturating in the narrow type.
        let wide = function.convert(out, x, wide_type);
        let magnitude_bits = if narrow.is_signed() { narrow.bits() - 1 } else { narrow.bits() };
        let largest = function.constant(out, Constant::integer(wide_type, (1 << magnitude_bits) - 1));
        let capped = function.apply(out, Op::Minimum, &[wide, largest]);
        let smallest = if narrow.is_signed() { -(1i128 << magnitude_bits) } else { 0 };
        let smallest = function.constant(out, Constant::integer(wide_type, smallest));
        return Some(strict(Op::Maximum, &[capped, smallest]));
    }
    if from == ScalarType::Bool {
        return None;
    }
    // Also where the wide types are the same, as for int8 to int16: then this is only bringing back.
    let wide = function.convert(out, x, wide_type);
    Some(brought_back(function, out, wide, narrow))
}

/// A bool out of the word that the expression now gives.
fn truth(function: &mut Function, out: &mut Region, expression: &Expression) -> Expression {
    let word = function.define(out, ScalarType::U32, Span::NONE, expression.clone());
    let zero = function.constant(out, Constant::zero(ScalarType::U32));
    strict(Op::Ne, &[word, zero])
}

fn widen_stores(function: &mut Function, old_arrays: &[ScalarType]) {
    fn region(function: &mut Function, old: Region, old_arrays: &[ScalarType]) -> Region {
        let mut out = Region::default();
        for mut statement in old.statements {
            if let Statement::Store { array, value, .. } = &mut statement
                && old_arrays[array.index()] == ScalarType::Bool
            {
                *value = function.convert(&mut out, *value, ScalarType::U32);
            }
            for inner in statement.regions_mut() {
                *inner = region(function, std::mem::take(inner), old_arrays);
            }
            out.push(statement);
        }
        out
    }
    let body = std::mem::take(&mut function.body);
    function.body = region(function, body, old_arrays);
}
