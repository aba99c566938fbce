//! Copying regions with fresh values: what inlining, outlining and scheduling share.

use crate::ir::*;
use std::collections::HashMap;

/// Copies regions of one function into another (or the same one), giving every definition a fresh value.
///
/// What is not in a map stays as it is, so that copying inside one function keeps its variables and outer values.
#[derive(Debug, Default, Clone)]
pub struct Copier {
    pub values: HashMap<Value, Value>,
    pub variables: HashMap<VariableId, VariableId>,
    pub arrays: HashMap<ArrayId, ArrayId>,
    pub sites: HashMap<SiteId, SiteId>,
}

impl Copier {
    pub fn value(&self, value: Value) -> Value {
        self.values.get(&value).copied().unwrap_or(value)
    }

    fn array(&self, array: ArrayId) -> ArrayId {
        self.arrays.get(&array).copied().unwrap_or(array)
    }

    fn variable(&self, variable: VariableId) -> VariableId {
        self.variables.get(&variable).copied().unwrap_or(variable)
    }

    /// A copy of `region`, whose values are described in `infos` (those of the function it comes from).
    pub fn region(&mut self, infos: &[ValueInfo], region: &Region, to: &mut Function) -> Region {
        Region { statements: region.statements.iter().map(|statement| self.statement(infos, statement, to)).collect() }
    }

    fn define(&mut self, infos: &[ValueInfo], value: Value, to: &mut Function) -> Value {
        let info = &infos[value.index()];
        let fresh = to.fresh(info.scalar, info.span);
        self.values.insert(value, fresh);
        fresh
    }

    fn statement(&mut self, infos: &[ValueInfo], statement: &Statement, to: &mut Function) -> Statement {
        let mut copy = match statement {
            // Regions are copied below, after the operands and the point.
            Statement::If { condition, rare, .. } => Statement::If {
                condition: *condition,
                then: Region::default(),
                otherwise: Region::default(),
                rare: *rare,
            },
            Statement::Loop { .. } => Statement::Loop { body: Region::default(), step: Region::default() },
            Statement::Parallel(parallel) => Statement::Parallel(Box::new(Parallel {
                space: parallel.space.clone(),
                point: Vec::new(),
                body: Region::default(),
                border: None,
            })),
            other => other.clone(),
        };
        copy.map_operands(&mut |value| self.value(value));
        match (&mut copy, statement) {
            (Statement::Let { value, expression }, _) => {
                match expression {
                    Expression::Get(variable) => *variable = self.variable(*variable),
                    Expression::Load { array, .. } | Expression::Extent { array, .. } => *array = self.array(*array),
                    _ => {}
                }
                *value = self.define(infos, *value, to);
            }
            (Statement::Set { variable, .. }, _) => *variable = self.variable(*variable),
            (Statement::Store { array, .. }, _) => *array = self.array(*array),
            (Statement::Call { results, arguments, .. }, _) => {
                for argument in arguments {
                    if let Argument::Array(array) = argument {
                        *array = self.array(*array);
                    }
                }
                for result in results {
                    *result = self.define(infos, *result, to);
                }
            }
            (Statement::Launch { arrays, .. }, _) => {
                for array in arrays {
                    *array = self.array(*array);
                }
            }
            (Statement::Trap { site, .. }, _) => *site = self.sites.get(site).copied().unwrap_or(*site),
            (Statement::If { then, otherwise, .. }, Statement::If { then: t, otherwise: o, .. }) => {
                *then = self.region(infos, t, to);
                *otherwise = self.region(infos, o, to);
            }
            (Statement::Loop { body, step }, Statement::Loop { body: b, step: s }) => {
                *body = self.region(infos, b, to);
                *step = self.region(infos, s, to);
            }
            (Statement::Parallel(parallel), Statement::Parallel(old)) => {
                parallel.point = old.point.iter().map(|&value| self.define(infos, value, to)).collect();
                parallel.body = self.region(infos, &old.body, to);
                parallel.border = old.border.as_ref().map(|border| Border {
                    margins: border.margins.clone(),
                    region: self.region(infos, &border.region, to),
                });
            }
            _ => {}
        }
        copy
    }
}
