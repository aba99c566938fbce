//! Turns `try` into guards, loops that turn once, and flags.
//!
//! ```text
//! try n { body } handler { handler }
//!
//! set caught = false
//! loop { body; break }       every statement of the body that can fail: guard failed in ...
//!                            if failed { set caught = true; break }
//! if caught { handler }
//! ```
//!
//! Out of loops inside the body one gets by a `break` behind each. A `break` or `continue` of a loop around the `try` first
//! leaves the loop that turns once: a flag says which it was.
//!
//! From here on every way out of a region stands in the IR, so that `ownership` sees what a failure that is handled gives back.

use crate::error::{Error, Result};
use crate::ir::*;
use crate::source::Span;
use crate::types::{Constant, ScalarType};
use std::collections::HashSet;

pub fn run(module: &mut Module) -> Result<()> {
    module.functions.iter_mut().filter(|function| function.form == Form::Function).try_for_each(run_function)
}

fn run_function(function: &mut Function) -> Result<()> {
    let (mut reraised, mut found) = (HashSet::new(), false);
    function.body.walk(&mut |statement| match statement {
        Statement::Try { .. } => found = true,
        Statement::Reraise { number } => {
            reraised.insert(*number);
        }
        _ => {}
    });
    if found {
        let body = std::mem::take(&mut function.body);
        function.body = Lowering { function, reraised }.region(body, None)?;
    }
    Ok(())
}

struct Lowering<'a> {
    function: &'a mut Function,
    /// The `try` whose failures are raised again.
    reraised: HashSet<u32>,
}

/// The `try` around, in whose body this is.
#[derive(Clone, Copy)]
struct Guard {
    caught: VariableId,
    /// How a loop around the `try` is left: [`BREAK`] or [`CONTINUE`].
    leave: VariableId,
    keep: Option<u32>,
    /// Loops inside the body around this.
    loops: u32,
}

const BREAK: i64 = 1;
const CONTINUE: i64 = 2;

impl Lowering<'_> {
    fn region(&mut self, region: Region, guard: Option<Guard>) -> Result<Region> {
        let mut out = Region::default();
        for statement in region.statements {
            self.statement(statement, guard, &mut out)?;
            if out.leaves() {
                break; // nothing gets behind it
            }
        }
        Ok(out)
    }

    fn statement(&mut self, mut statement: Statement, guard: Option<Guard>, out: &mut Region) -> Result<()> {
        match (statement, guard) {
            (Statement::Try { number, body, handler }, _) => return self.attempt(number, body, handler, guard, out),
            (Statement::Loop { body, step }, Some(guard)) => {
                let inside = Guard { loops: guard.loops + 1, ..guard };
                let fails = can_fail(&body);
                let body = self.region(body, Some(inside))?;
                if can_fail(&step) {
                    return Err(Error::Internal("a loop's step can fail".into()));
                }
                out.push(Statement::Loop { body, step });
                if fails {
                    let caught = self.get(guard.caught, ScalarType::Bool, out);
                    self.branch(caught, vec![Statement::Break], out);
                }
                return Ok(());
            }
            (jump @ (Statement::Break | Statement::Continue), Some(guard)) if guard.loops == 0 => {
                let which = if jump == Statement::Break { BREAK } else { CONTINUE };
                self.set(guard.leave, Constant::integer(ScalarType::I64, which.into()), out);
                out.push(Statement::Break);
                return Ok(());
            }
            (Statement::Raise { site, payloads }, Some(guard)) => {
                let condition = self.constant(Constant::bool(true), out);
                let trap = Statement::Trap { condition, site, payloads, position: None };
                self.guarded(trap, guard, out);
                self.fail(guard, out);
                return Ok(());
            }
            (again @ Statement::Reraise { .. }, Some(guard)) => {
                self.guarded(again, guard, out);
                self.fail(guard, out);
                return Ok(());
            }
            (fails, Some(guard)) if fails.can_be_guarded() => {
                let failed = self.guarded(fails, guard, out);
                let mut way_out = Region::default();
                self.fail(guard, &mut way_out);
                self.branch(failed, way_out.statements, out);
                return Ok(());
            }
            (other, _) => statement = other,
        }
        for inner in statement.regions_mut() {
            *inner = self.region(std::mem::take(inner), guard)?;
        }
        out.push(statement);
        Ok(())
    }

    fn attempt(
        &mut self,
        number: u32,
        body: Region,
        handler: Region,
        around: Option<Guard>,
        out: &mut Region,
    ) -> Result<()> {
        let caught = self.function.variable("caught", ScalarType::Bool);
        let leave = self.function.variable("leave", ScalarType::I64);
        let keep = self.reraised.contains(&number).then_some(number);
        let ends = !body.leaves();
        let jumps = body.breaks() || body.continues();
        self.set(caught, Constant::bool(false), out);
        if jumps {
            self.set(leave, Constant::integer(ScalarType::I64, 0), out);
        }
        let mut body = self.region(body, Some(Guard { caught, leave, keep, loops: 0 }))?;
        if !body.leaves() {
            body.push(Statement::Break);
        }
        out.push(Statement::Loop { body, step: Region::default() });
        if jumps {
            let way = self.get(leave, ScalarType::I64, out);
            for (which, jump) in [(BREAK, Statement::Break), (CONTINUE, Statement::Continue)] {
                let wanted = self.constant(Constant::integer(ScalarType::I64, which.into()), out);
                let expression =
                    Expression::Apply { op: Op::Eq, operands: vec![way, wanted], flags: FloatFlags::STRICT };
                let condition = self.define(ScalarType::Bool, expression, out);
                let mut then = Region::default();
                self.statement(jump, around, &mut then)?;
                self.branch(condition, then.statements, out);
            }
        }
        let handler = self.region(handler, around)?;
        match ends {
            true => {
                let caught = self.get(caught, ScalarType::Bool, out);
                self.branch(caught, handler.statements, out);
            }
            // One gets here by a failure alone.
            false => out.statements.extend(handler.statements),
        }
        Ok(())
    }

    /// Gives back whether it failed.
    fn guarded(&mut self, statement: Statement, guard: Guard, out: &mut Region) -> Value {
        let failed = self.function.fresh(ScalarType::Bool, Span::NONE);
        out.push(Statement::Guarded { failed, keep: guard.keep, statement: Box::new(statement) });
        failed
    }

    fn fail(&mut self, guard: Guard, out: &mut Region) {
        self.set(guard.caught, Constant::bool(true), out);
        out.push(Statement::Break);
    }

    fn branch(&mut self, condition: Value, then: Vec<Statement>, out: &mut Region) {
        let (then, otherwise) = (Region { statements: then }, Region::default());
        out.push(Statement::If { condition, then, otherwise, rare: false });
    }

    fn define(&mut self, scalar: ScalarType, expression: Expression, out: &mut Region) -> Value {
        let value = self.function.fresh(scalar, Span::NONE);
        out.push(Statement::Let { value, expression });
        value
    }

    fn constant(&mut self, constant: Constant, out: &mut Region) -> Value {
        self.define(constant.scalar, Expression::Constant(constant), out)
    }

    fn get(&mut self, variable: VariableId, scalar: ScalarType, out: &mut Region) -> Value {
        self.define(scalar, Expression::Get(variable), out)
    }

    fn set(&mut self, variable: VariableId, constant: Constant, out: &mut Region) {
        let value = self.constant(constant, out);
        out.push(Statement::Set { variable, value: value.into() });
    }
}

fn can_fail(region: &Region) -> bool {
    let mut found = false;
    region.walk(&mut |statement| {
        let raises =
            matches!(statement, Statement::Raise { .. } | Statement::Reraise { .. } | Statement::Guarded { .. });
        found |= raises || statement.can_be_guarded();
    });
    found
}
