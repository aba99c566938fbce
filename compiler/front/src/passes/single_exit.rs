//! One `return`, at the end: what inlining needs, since a callee's body becomes part of its caller's.
//!
//! A `return` sets the results' variables and a flag. Outside loops, what follows an `if` that returned on one side
//! moves into the other side; elsewhere it stands behind a test of the flag. Inside a loop the `return` breaks out.
//! A function with many of them becomes a loop of one turn, so that what follows them does not stand deeper and deeper.

use crate::ir::*;
use crate::source::Span;
use crate::types::{Constant, ScalarType};

/// So many returns outside of loops may each put what follows one level deeper.
const FEW_RETURNS: u32 = 32;

pub fn run(module: &mut Module) {
    run_some(module, |_| true);
}

/// The prelude's functions alone.
pub fn prelude(module: &mut Module) {
    run_some(module, |function| function.name.starts_with("numbra."));
}

fn run_some(module: &mut Module, which: impl Fn(&Function) -> bool) {
    for function in &mut module.functions {
        if function.form == Form::Function && which(function) && needs_work(function) {
            rewrite(function);
        }
    }
}

fn returns(function: &Function) -> u32 {
    let mut returns = 0;
    function.body.walk(&mut |statement| returns += matches!(statement, Statement::Return(_)) as u32);
    returns
}

fn needs_work(function: &Function) -> bool {
    let returns = returns(function);
    // Arrays are never returned from what becomes part of a kernel.
    if function.results.iter().any(|result| result.array().is_some()) {
        return false;
    }
    let at_end = matches!(function.body.statements.last(), Some(Statement::Return(_)));
    // A function that never returns gets a `return` that is never reached: its callers use its results.
    returns > at_end as u32 || (!at_end && !function.results.is_empty())
}

fn rewrite(function: &mut Function) {
    let results: Vec<VariableId> =
        function.results.clone().into_iter().map(|kind| function.variable_of("result", kind)).collect();
    let returned = function.variable("returned", ScalarType::Bool);
    let many = returns(function) > FEW_RETURNS;
    let body = std::mem::take(&mut function.body);
    let mut rewriter = Rewriter { function, results, returned };
    let (mut body, exit) = rewriter.region(body.statements, many);
    if many {
        if exit != Exit::Always {
            body.push(Statement::Break);
        }
        body = Region { statements: vec![Statement::Loop { body, step: Region::default() }] };
    }
    let values: Vec<Argument> = (rewriter.results.clone().into_iter())
        .map(|result| Argument::Value(rewriter.function.get(&mut body, result)))
        .collect();
    body.push(Statement::Return(values));
    rewriter.function.body = body;
}

/// Whether control leaves the function somewhere in a region.
#[derive(Clone, Copy, PartialEq)]
enum Exit {
    Never,
    Sometimes,
    /// Every path returns.
    Always,
}

struct Rewriter<'a> {
    function: &'a mut Function,
    results: Vec<VariableId>,
    returned: VariableId,
}

impl Rewriter<'_> {
    fn region(&mut self, statements: Vec<Statement>, in_loop: bool) -> (Region, Exit) {
        let mut out = Region::default();
        let mut exit = Exit::Never;
        let mut statements = statements.into_iter();
        while let Some(statement) = statements.next() {
            match statement {
                Statement::Return(values) => {
                    for (&variable, value) in self.results.iter().zip(values) {
                        out.push(Statement::Set { variable, value });
                    }
                    let yes = self.function.constant(&mut out, Constant::bool(true));
                    out.push(Statement::Set { variable: self.returned, value: Argument::Value(yes) });
                    if in_loop {
                        out.push(Statement::Break);
                    }
                    return (out, Exit::Always);
                }
                Statement::Break | Statement::Continue => {
                    out.push(statement);
                    return (out, exit);
                }
                Statement::If { condition, then, otherwise, rare } => {
                    let (mut then, then_exit) = self.region(then.statements, in_loop);
                    let (mut otherwise, otherwise_exit) = self.region(otherwise.statements, in_loop);
                    match (then_exit, otherwise_exit) {
                        (Exit::Never, Exit::Never) => {}
                        (Exit::Always, Exit::Always) => {
                            out.push(Statement::If { condition, then, otherwise, rare });
                            return (out, Exit::Always);
                        }
                        // The return has broken out of the loop: what follows is not reached.
                        _ if in_loop => exit = Exit::Sometimes,
                        (Exit::Always, Exit::Never) => {
                            let (rest, rest_exit) = self.region(statements.collect(), in_loop);
                            otherwise.statements.extend(rest.statements);
                            let rare = rare && otherwise.statements.is_empty();
                            out.push(Statement::If { condition, then, otherwise, rare });
                            return (out, if rest_exit == Exit::Always { Exit::Always } else { Exit::Sometimes });
                        }
                        (Exit::Never, Exit::Always) => {
                            let (rest, rest_exit) = self.region(statements.collect(), in_loop);
                            then.statements.extend(rest.statements);
                            out.push(Statement::If { condition, then, otherwise, rare: false });
                            return (out, if rest_exit == Exit::Always { Exit::Always } else { Exit::Sometimes });
                        }
                        _ => {
                            out.push(Statement::If { condition, then, otherwise, rare });
                            self.guard(&mut out, statements.collect(), in_loop);
                            return (out, Exit::Sometimes);
                        }
                    }
                    out.push(Statement::If { condition, then, otherwise, rare });
                }
                Statement::Loop { body, step } => {
                    let (body, body_exit) = self.region(body.statements, true);
                    out.push(Statement::Loop { body, step });
                    if body_exit != Exit::Never {
                        exit = Exit::Sometimes;
                        if !in_loop {
                            self.guard(&mut out, statements.collect(), in_loop);
                            return (out, exit);
                        }
                        let returned = self.function.get(&mut out, self.returned);
                        let leave = Region { statements: vec![Statement::Break] };
                        out.push(Statement::If {
                            condition: returned,
                            then: leave,
                            otherwise: Region::default(),
                            rare: false,
                        });
                    }
                }
                other => out.push(other),
            }
        }
        (out, exit)
    }

    /// What is only done if nothing has returned yet.
    fn guard(&mut self, out: &mut Region, rest: Vec<Statement>, in_loop: bool) {
        if rest.is_empty() {
            return;
        }
        let (rest, _) = self.region(rest, in_loop);
        let returned = self.function.get(out, self.returned);
        let going_on = self.function.fresh(ScalarType::Bool, Span::NONE);
        let expression = Expression::Apply { op: Op::Not, operands: vec![returned], flags: FloatFlags::STRICT };
        out.push(Statement::Let { value: going_on, expression });
        out.push(Statement::If { condition: going_on, then: rest, otherwise: Region::default(), rare: false });
    }
}
