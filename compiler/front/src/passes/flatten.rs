//! Branches in branches become branches one after the other, for drivers that take only so many levels.
//!
//! ```text
//! if a { A; if b { B } else { C }; D }      set $chosen = false
//!                                           if a { A; set $chosen = b }
//!                                           if $chosen { B }
//!                                           if a and not $chosen { C }
//!                                           if a { D }
//! ```
//! So a loop's body, and the kernel's, has branches of a few levels only, however deep they were. Jumps stay jumps, except
//! those after which drivers put what follows into the other branch: `continue` where a loop has many, and `break` where a
//! loop that turns once has many (it is gone then). They become a variable, and what follows is done if that is not set.
//!
//! What stays as it is: branches of a few levels (`kept`) without loops in them, and a few such jumps.

use super::spill;
use crate::ir::*;
use crate::types::{Constant, ScalarType};
use std::mem::take;

pub fn run(function: &mut Function, kept: usize) {
    let body = take(&mut function.body);
    let mut flattener = Flattener { function, kept, skipping: None };
    let mut out = Region::default();
    flattener.spread(None, body, &mut out);
    function.body = out;
    spill::run(function);
}

/// How often this jump of the loop whose body the region is in stands there.
pub fn jumps(region: &Region, jump: &Statement) -> usize {
    let of_statement = |statement: &Statement| match statement {
        Statement::If { then, otherwise, .. } => jumps(then, jump) + jumps(otherwise, jump),
        other => (other == jump) as usize,
    };
    region.statements.iter().map(of_statement).sum()
}

/// Whether a loop ends after one turn, as [`super::single_exit`] makes them.
pub fn turns_once(body: &Region) -> bool {
    matches!(body.statements.last(), Some(Statement::Break)) && jumps(body, &Statement::Continue) == 0
}

/// Levels of branches; one with a loop in it has too many to stay.
fn height(region: &Region) -> usize {
    let of_statement = |statement: &Statement| match statement {
        Statement::If { then, otherwise, .. } => height(then).max(height(otherwise)).saturating_add(1),
        Statement::Loop { .. } => usize::MAX,
        _ => 0,
    };
    region.statements.iter().map(of_statement).max().unwrap_or(0)
}

struct Flattener<'a> {
    function: &'a mut Function,
    kept: usize,
    skipping: Option<Skipping>,
}

/// In a loop with many jumps of a kind: the variable that is set where one was.
#[derive(Clone)]
struct Skipping {
    jump: Statement,
    skipped: VariableId,
}

impl Flattener<'_> {
    /// Appends what a region does to `out`: all of it under `guard`, a value of `out`.
    fn spread(&mut self, whole: Option<Value>, region: Region, out: &mut Region) {
        let mut guard = whole;
        // What can be done under one test of the guard.
        let mut part = Region::default();
        for statement in region.statements {
            match statement {
                Statement::If { condition, then, otherwise, .. } if self.is_split(&then, &otherwise) => {
                    let skips = self.skips(&then, &otherwise);
                    let chosen = match guard {
                        None => {
                            out.statements.append(&mut part.statements);
                            condition
                        }
                        Some(_) => {
                            let chosen = self.flag("chosen", out);
                            part.push(Statement::Set { variable: chosen, value: condition.into() });
                            self.guarded(guard, take(&mut part), out);
                            self.function.get(out, chosen)
                        }
                    };
                    self.spread(Some(chosen), then, out);
                    if !otherwise.statements.is_empty() {
                        let other = self.function.apply(out, Op::Not, &[chosen]);
                        let other = self.both(guard, other, out);
                        self.spread(Some(other), otherwise, out);
                    }
                    if let Some(skipped) = skips {
                        let skipped = self.function.get(out, skipped);
                        let going_on = self.function.apply(out, Op::Not, &[skipped]);
                        guard = Some(self.both(whole, going_on, out));
                    }
                }
                Statement::Loop { mut body, .. }
                    if turns_once(&body) && jumps(&body, &Statement::Break) > self.kept.max(1) =>
                {
                    self.guarded(guard, take(&mut part), out);
                    body.statements.pop();
                    let skipped = self.flag("left", out);
                    let outer = self.skipping.replace(Skipping { jump: Statement::Break, skipped });
                    self.spread(guard, body, out);
                    self.skipping = outer;
                }
                Statement::Loop { body, step } => {
                    let body = self.turn(body);
                    part.push(Statement::Loop { body, step });
                }
                other => match &self.skipping {
                    Some(Skipping { jump, skipped }) if *jump == other => self.set(*skipped, true, &mut part),
                    _ => part.push(other),
                },
            }
        }
        self.guarded(guard, part, out);
    }

    /// The body of a loop.
    fn turn(&mut self, body: Region) -> Region {
        let mut out = Region::default();
        let many = jumps(&body, &Statement::Continue) > self.kept;
        let skipping = many.then(|| Skipping { jump: Statement::Continue, skipped: self.flag("skipped", &mut out) });
        let outer = std::mem::replace(&mut self.skipping, skipping);
        self.spread(None, body, &mut out);
        self.skipping = outer;
        out
    }

    /// The variable that a jump in the branches sets.
    fn skips(&self, then: &Region, otherwise: &Region) -> Option<VariableId> {
        let skipping = self.skipping.as_ref()?;
        let found = jumps(then, &skipping.jump) + jumps(otherwise, &skipping.jump) > 0;
        found.then_some(skipping.skipped)
    }

    fn is_split(&self, then: &Region, otherwise: &Region) -> bool {
        self.skips(then, otherwise).is_some() || height(then).max(height(otherwise)) >= self.kept
    }

    /// A variable that is false from here on.
    fn flag(&mut self, name: &str, out: &mut Region) -> VariableId {
        let variable = self.function.variable(name, ScalarType::Bool);
        self.set(variable, false, out);
        variable
    }

    fn set(&mut self, variable: VariableId, to: bool, region: &mut Region) {
        let value = self.function.constant(region, Constant::bool(to));
        region.push(Statement::Set { variable, value: value.into() });
    }

    fn both(&mut self, guard: Option<Value>, value: Value, out: &mut Region) -> Value {
        guard.map_or(value, |guard| self.function.apply(out, Op::And, &[guard, value]))
    }

    fn guarded(&mut self, guard: Option<Value>, mut part: Region, out: &mut Region) {
        match guard {
            _ if part.statements.is_empty() => {}
            None => out.statements.append(&mut part.statements),
            Some(condition) => {
                out.push(Statement::If { condition, then: part, otherwise: Region::default(), rare: false });
            }
        }
    }
}
