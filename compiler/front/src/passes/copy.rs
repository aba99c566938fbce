//! Copying regions with fresh values: what inlining, outlining and scheduling share.

use crate::ir::*;
use std::collections::HashMap;

/// Copies regions of one function into another (or the same one), giving every definition a fresh value.
///
/// What is not in a map stays as it is, so that copying inside one function keeps its variables and outer values.
/// Local arrays are not copied: regions that define some are host functions', which stay as they are.
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
        copy.map_arrays(&mut |array| self.array(array));
        if let Some(variable) = copy.variable_mut() {
            *variable = self.variable(*variable);
        }
        if let Some(site) = copy.site_mut() {
            *site = self.sites.get(site).copied().unwrap_or(*site);
        }
        match (&mut copy, statement) {
            (Statement::Let { value, .. }, _) => *value = self.define(infos, *value, to),
            (Statement::Call { results, .. }, _) => {
                for result in results {
                    if let Argument::Value(value) = result {
                        *value = self.define(infos, *value, to);
                    }
                }
            }
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
