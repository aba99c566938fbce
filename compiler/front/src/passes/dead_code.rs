//! Removes what nobody reads: values, variables that are only set, statements after a jump, empty branches.

use crate::ir::*;
use std::collections::HashSet;

pub fn run(module: &mut Module) {
    module.functions.iter_mut().for_each(run_function);
}

pub fn run_function(function: &mut Function) {
    loop {
        let mut read = HashSet::new();
        function.body.walk(&mut |statement| {
            if let Statement::Let { expression: Expression::Get(variable), .. }
            | Statement::Define { definition: Definition::Get(variable), .. } = statement
            {
                read.insert(*variable);
            }
        });
        let mut used = Used { values: vec![false; function.values.len()], arrays: vec![false; function.arrays.len()] };
        let before = count(&function.body);
        sweep(&mut function.body, &read, &mut used);
        // Removing a `get` can leave its variable unread.
        if count(&function.body) == before {
            break;
        }
    }
}

/// What statements seen so far use.
struct Used {
    values: Vec<bool>,
    arrays: Vec<bool>,
}

fn count(region: &Region) -> usize {
    let mut statements = 0;
    region.walk(&mut |_| statements += 1);
    statements
}

/// Backwards, so that uses are seen before definitions.
fn sweep(region: &mut Region, read: &HashSet<VariableId>, used: &mut Used) {
    let jump = region.statements.iter().position(Statement::is_jump);
    if let Some(jump) = jump {
        region.statements.truncate(jump + 1);
    }
    let mut kept = Vec::with_capacity(region.statements.len());
    while let Some(mut statement) = region.statements.pop() {
        for inner in statement.regions_mut().into_iter().rev() {
            sweep(inner, read, used);
        }
        let needed = match &statement {
            Statement::Let { value, .. } => used.values[value.index()],
            // Memory that nobody reads is not asked for, even if there were not so much.
            Statement::Define { array, .. } => used.arrays[array.index()],
            Statement::Set { variable, .. } => read.contains(variable),
            Statement::If { then, otherwise, .. } => !then.statements.is_empty() || !otherwise.statements.is_empty(),
            _ => true,
        };
        if needed {
            statement.operands().into_iter().for_each(|value| used.values[value.index()] = true);
            statement.arrays().into_iter().for_each(|array| used.arrays[array.index()] = true);
            kept.push(statement);
        }
    }
    kept.reverse();
    region.statements = kept;
}
