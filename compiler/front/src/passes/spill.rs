//! Values that are used outside of the region that defines them, as a pass that takes regions apart leaves them: they
//! are kept in variables, and constants are defined again.
//!
//! Needs every definition to run before its uses, in the same turn of every loop around it.

use crate::ir::*;
use std::collections::HashMap;
use std::mem::take;

pub fn run(function: &mut Function) {
    let mut escaping = Escaping { visible: vec![false; function.values.len()], kept: HashMap::new() };
    for parameter in &function.parameters {
        if let Parameter::Scalar { value, .. } = parameter {
            escaping.visible[value.index()] = true;
        }
    }
    escaping.region(&function.body);
    if escaping.kept.is_empty() {
        return;
    }
    function.body.walk(&mut |statement| {
        if let Statement::Let { value, expression: Expression::Constant(constant) } = statement
            && let Some(keeper) = escaping.kept.get_mut(value)
        {
            *keeper = Some(Keeper::Constant(*constant));
        }
    });
    let mut kept = HashMap::new();
    for (value, keeper) in escaping.kept {
        let keeper = keeper.unwrap_or_else(|| Keeper::Variable(function.variable("kept", function.scalar(value))));
        kept.insert(value, keeper);
    }
    let body = take(&mut function.body);
    let mut spiller = Spiller { function, kept, visible: escaping.visible, replaced: HashMap::new() };
    let body = spiller.region(body);
    function.body = body;
}

#[derive(Clone, Copy)]
enum Keeper {
    Variable(VariableId),
    Constant(crate::types::Constant),
}

/// Finds what is used where it is not seen.
struct Escaping {
    visible: Vec<bool>,
    kept: HashMap<Value, Option<Keeper>>,
}

impl Escaping {
    fn region(&mut self, region: &Region) {
        let mut defined = Vec::new();
        for statement in &region.statements {
            for operand in statement.operands() {
                if !self.visible[operand.index()] {
                    self.kept.insert(operand, None);
                }
            }
            for value in statement.definitions() {
                self.visible[value.index()] = true;
                defined.push(value);
            }
            for inner in statement.regions() {
                self.region(inner);
            }
        }
        defined.into_iter().for_each(|value| self.visible[value.index()] = false);
    }
}

struct Spiller<'a> {
    function: &'a mut Function,
    kept: HashMap<Value, Keeper>,
    visible: Vec<bool>,
    /// What stands for a value in the regions at hand.
    replaced: HashMap<Value, Value>,
}

impl Spiller<'_> {
    fn region(&mut self, region: Region) -> Region {
        let mut out = Region::default();
        let (mut defined, mut read) = (Vec::new(), Vec::new());
        for mut statement in region.statements {
            statement.map_operands(&mut |operand| {
                if self.visible[operand.index()] {
                    return operand;
                }
                if let Some(&value) = self.replaced.get(&operand) {
                    return value;
                }
                let value = match self.kept[&operand] {
                    Keeper::Variable(variable) => self.function.get(&mut out, variable),
                    Keeper::Constant(constant) => self.function.constant(&mut out, constant),
                };
                self.function.values[value.index()].span = self.function.values[operand.index()].span;
                self.replaced.insert(operand, value);
                read.push(operand);
                value
            });
            let definitions = statement.definitions();
            for &value in &definitions {
                self.visible[value.index()] = true;
            }
            for inner in statement.regions_mut() {
                *inner = self.region(take(inner));
            }
            out.push(statement);
            for value in definitions {
                if let Some(&Keeper::Variable(variable)) = self.kept.get(&value) {
                    out.push(Statement::Set { variable, value: value.into() });
                }
                defined.push(value);
            }
        }
        defined.into_iter().for_each(|value| self.visible[value.index()] = false);
        self.replaced.retain(|operand, _| !read.contains(operand));
        out
    }
}
