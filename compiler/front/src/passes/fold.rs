//! Constants computed when compiling, by the interpreter's own functions, and operations that do nothing removed.

use crate::error::Result;
use crate::interp::scalar;
use crate::ir::*;
use crate::types::{Constant, ScalarType};
use std::collections::HashMap;

pub fn run(module: &mut Module) -> Result<()> {
    for function in &mut module.functions {
        let mut folder = Folder { constants: HashMap::new(), same: HashMap::new() };
        let body = std::mem::take(&mut function.body);
        function.body = folder.region(function, body)?;
    }
    Ok(())
}

struct Folder {
    constants: HashMap<Value, Constant>,
    /// Values that are another value.
    same: HashMap<Value, Value>,
}

impl Folder {
    fn region(&mut self, function: &Function, region: Region) -> Result<Region> {
        let mut out = Region::default();
        for mut statement in region.statements {
            statement.map_operands(&mut |value| self.same.get(&value).copied().unwrap_or(value));
            if let Statement::Let { value, expression } = &mut statement {
                if let Some(constant) = self.constant(function, *value, expression)? {
                    *expression = Expression::Constant(constant);
                    self.constants.insert(*value, constant);
                } else if let Some(other) = self.identity(expression) {
                    self.same.insert(*value, other);
                    continue;
                }
            }
            match statement {
                Statement::If { condition, then, otherwise, rare } => match self.constants.get(&condition) {
                    // A region's values are not seen outside it, so it can be taken out of its `if`.
                    Some(known) => {
                        let taken = if known.bits != 0 { then } else { otherwise };
                        out.statements.extend(self.region(function, taken)?.statements);
                        // What follows a jump is never reached.
                        if out.statements.last().is_some_and(Statement::is_jump) {
                            break;
                        }
                    }
                    None => {
                        let then = self.region(function, then)?;
                        let otherwise = self.region(function, otherwise)?;
                        out.push(Statement::If { condition, then, otherwise, rare });
                    }
                },
                mut other => {
                    for inner in other.regions_mut() {
                        let taken = std::mem::take(inner);
                        *inner = self.region(function, taken)?;
                    }
                    out.push(other);
                }
            }
        }
        Ok(out)
    }

    fn constant(&self, function: &Function, value: Value, expression: &Expression) -> Result<Option<Constant>> {
        let Expression::Apply { op, operands, .. } = expression else {
            return Ok(match expression {
                Expression::Constant(constant) => Some(*constant),
                _ => None,
            });
        };
        let known: Option<Vec<Constant>> =
            operands.iter().map(|operand| self.constants.get(operand).copied()).collect();
        let Some(known) = known else { return Ok(None) };
        let types: Vec<ScalarType> = known.iter().map(|constant| constant.scalar).collect();
        let bits: Vec<u64> = known.iter().map(|constant| constant.bits).collect();
        let scalar = function.scalar(value);
        // A partial op outside its domain stands in a branch that is not taken: it stays as it is.
        Ok(scalar::apply(*op, &types, &bits, scalar).ok().map(|bits| Constant { scalar, bits }))
    }

    /// The operand that an op gives back unchanged. Only integers: x + 0.0 is not x for -0.0.
    fn identity(&self, expression: &Expression) -> Option<Value> {
        let Expression::Apply { op, operands, .. } = expression else { return None };
        let integer = |operand: Value, wanted: i128| {
            self.constants.get(&operand).is_some_and(|c| c.scalar.is_integer() && c.as_integer() == Some(wanted))
        };
        let truth =
            |operand: Value| self.constants.get(&operand).filter(|c| c.scalar == ScalarType::Bool).map(|c| c.bits != 0);
        match (op, operands.as_slice()) {
            (Op::Add, &[a, b]) if integer(a, 0) => Some(b),
            (Op::Add | Op::Sub, &[a, b]) if integer(b, 0) => Some(a),
            (Op::Mul, &[a, b]) if integer(a, 1) => Some(b),
            (Op::Mul | Op::Quotient | Op::FloorDiv, &[a, b]) if integer(b, 1) => Some(a),
            (Op::And, &[a, b]) if truth(a) == Some(true) => Some(b),
            (Op::And, &[a, b]) if truth(b) == Some(true) => Some(a),
            (Op::Or, &[a, b]) if truth(a) == Some(false) => Some(b),
            (Op::Or, &[a, b]) if truth(b) == Some(false) => Some(a),
            (Op::Select, &[condition, a, b]) => match truth(condition) {
                Some(true) => Some(a),
                Some(false) => Some(b),
                None => (a == b).then_some(a),
            },
            _ => None,
        }
    }
}
