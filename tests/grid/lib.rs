//! A GPU's threads played by a loop: a Grid kernel, the form that becomes PTX, becomes a Range kernel that does the work of one
//! thread. What compiles and calls Range kernels does the rest.
//!
//! The kernel's body stays as it is, so that what a thread computes and which elements it touches is what it would be on a GPU.
//! What only a GPU has (address spaces, the registers with a thread's place, the race of failing threads for the status) is
//! judged where the PTX is.

use numbra_front::ir::{Builtin, Expression, Form, Module, Role, Statement, Value};
use numbra_front::types::ScalarType;
use std::collections::HashMap;

/// What a thread's last parameters are.
const PLACE: [Builtin; 4] = [Builtin::GroupIdX, Builtin::GroupIdY, Builtin::LocalIdX, Builtin::GroupCountX];

/// A Grid kernel taken apart.
pub struct Grid {
    /// A kernel of form Range. Its parameters are the kernel's, and behind them a thread's place.
    pub thread: Module,
    /// Threads per group.
    group: u32,
}

impl Grid {
    /// # Panics
    /// If the module's first function is no Grid kernel.
    pub fn new(kernel: &Module) -> Grid {
        let mut thread = kernel.clone();
        let function = &mut thread.functions[0];
        let Form::Grid { group, .. } = function.form else { panic!("'{}' is no Grid kernel", function.name) };
        function.form = Form::Range;
        let arguments = function.scalar_parameters().filter(|(_, _, role)| matches!(role, Role::Argument(_))).count();
        let parameters = PLACE.map(|builtin| {
            let role = Role::Argument((arguments + position(builtin)) as u32);
            function.scalar_parameter(format!("{builtin:?}"), ScalarType::Index, role)
        });
        let mut replaced: HashMap<Value, Value> = HashMap::new();
        function.body.walk(&mut |statement| {
            if let Statement::Let { value, expression: Expression::Builtin(builtin) } = statement {
                replaced.insert(*value, parameters[position(*builtin)]);
            }
        });
        let is_place =
            |statement: &Statement| matches!(statement, Statement::Let { value, .. } if replaced.contains_key(value));
        function.body.statements.retain(|statement| !is_place(statement));
        function.body.walk_mut(&mut |statement| {
            for region in statement.regions_mut() {
                region.statements.retain(|statement| !is_place(statement));
            }
            statement.map_operands(&mut |value| replaced.get(&value).copied().unwrap_or(value));
        });
        Grid { thread, group }
    }

    /// Calls `run` for every thread of `groups` (along x and y), one after the other, with the parameters of its call: the
    /// kernel's own, given here, and its place.
    pub fn run(&self, parameters: &[u64], groups: (u32, u32), mut run: impl FnMut(&[u64])) {
        let mut all = [parameters, &[0; PLACE.len()]].concat();
        for y in 0..groups.1 {
            for x in 0..groups.0 {
                for local in 0..self.group {
                    let place = [x, y, local, groups.0].map(u64::from);
                    all[parameters.len()..].copy_from_slice(&place);
                    run(&all);
                }
            }
        }
    }

    /// Threads per group.
    pub fn group(&self) -> u32 {
        self.group
    }
}

fn position(builtin: Builtin) -> usize {
    match builtin {
        Builtin::GroupIdX => 0,
        Builtin::GroupIdY => 1,
        Builtin::LocalIdX => 2,
        Builtin::GroupCountX => 3,
    }
}
