//! Lets whoever waits end a loop: a `poll` in every loop that can turn for long.
//!
//! A poll costs a load and a branch, but a loop that has one does not become vectors. So a counted loop that holds no
//! other loop is divided into strips of [`STRIP`] turns: a loop of strips, which polls, around the loop as it was, which
//! ends where its strip does. All other loops poll between two turns. What turns a few times only needs no poll; where that is
//! known when running only, a small loop inside another one, which polls itself, is there twice: with strips, and as it was.

use super::copy::Copier;
use crate::ir::*;
use crate::types::{Constant, ScalarType};
use std::collections::HashMap;

/// Turns between two polls, at most: some microseconds of work, and enough that the poll costs nothing.
pub const STRIP: i64 = 1 << 14;

/// Loops of more statements are not there twice.
const MOST_TWICE: usize = 48;

pub fn run(module: &mut Module) {
    for function in &mut module.functions {
        let mut constants = HashMap::new();
        function.body.walk(&mut |statement| {
            if let Statement::Let { value, expression: Expression::Constant(constant) } = statement
                && let Some(number) = constant.as_integer().and_then(|number| i64::try_from(number).ok())
            {
                constants.insert(*value, number);
            }
        });
        let body = std::mem::take(&mut function.body);
        function.body = Polling { function, constants }.region(body, false);
    }
}

struct Polling<'a> {
    function: &'a mut Function,
    constants: HashMap<Value, i64>,
}

/// A loop that counts a variable up to a bound, or down to it, and ends there.
struct Counted {
    variable: VariableId,
    /// The place of the test among the body's statements.
    test: usize,
    /// What the test compares: the loop ends when `op(counter, stop)` is true.
    op: Op,
    counter: Value,
    stop: Value,
    by: i64,
}

impl Polling<'_> {
    /// `looped`: it is in a loop.
    fn region(&mut self, region: Region, looped: bool) -> Region {
        let mut out = Region::default();
        for mut statement in region.statements {
            let inside = looped || matches!(statement, Statement::Loop { .. });
            for inner in statement.regions_mut() {
                *inner = self.region(std::mem::take(inner), inside);
            }
            let Statement::Loop { body, mut step } = statement else {
                out.push(statement);
                continue;
            };
            let counted = if innermost(&body) && innermost(&step) { self.counted(&body, &step) } else { None };
            match counted {
                Some(counted) if self.is_short(&counted, &out) => out.push(Statement::Loop { body, step }),
                Some(counted) if looped && is_small(&body, &step) => self.twice(counted, body, step, &mut out),
                Some(counted) => out.push(self.in_strips(counted, body, step)),
                None => {
                    // Behind the step: what it computes first may be what the test needs again.
                    step.push(Statement::Poll);
                    out.push(Statement::Loop { body, step });
                }
            }
        }
        out
    }

    /// `for` over a range, and `while i < n` with an `i += 1` that is never skipped. No other way out of the loop
    /// than the test, `return` and failures.
    fn counted(&self, body: &Region, step: &Region) -> Option<Counted> {
        let test = body.statements.iter().position(|statement| !matches!(statement, Statement::Let { .. }))?;
        let (head, rest) = body.statements.split_at(test);
        let (Statement::If { condition, then, otherwise, .. }, rest) = rest.split_first()? else { return None };
        if then.statements != [Statement::Break] || !otherwise.statements.is_empty() {
            return None;
        }
        let rest = Region { statements: rest.to_vec() };
        if rest.breaks() {
            return None;
        }
        let (op, counter, stop) = match defined(head, *condition)? {
            Expression::Apply { op: Op::Not, operands, .. } => match defined(head, operands[0])? {
                Expression::Apply { op, operands, .. } => (opposite(*op)?, operands[0], operands[1]),
                _ => return None,
            },
            Expression::Apply { op: op @ (Op::Ge | Op::Gt | Op::Le | Op::Lt), operands, .. } => {
                (*op, operands[0], operands[1])
            }
            _ => return None,
        };
        let Expression::Get(variable) = defined(head, counter)? else { return None };
        if defined(head, stop).is_some() && !self.constants.contains_key(&stop) {
            return None;
        }
        // Set once in a turn, in the step or in a body that always gets there.
        let sets = |region: &Region| {
            let mut count = 0;
            region.walk(&mut |statement| {
                count += matches!(statement, Statement::Set { variable: set, .. } if set == variable) as u32
            });
            count
        };
        let counting = match (sets(&rest), sets(step)) {
            (0, 1) => &step.statements,
            (1, 0) if !rest.continues() => &rest.statements,
            _ => return None,
        };
        let next = counting.iter().find_map(|statement| match statement {
            Statement::Set { variable: set, value } if set == variable => value.value(),
            _ => None,
        })?;
        let Expression::Apply { op: how, operands, .. } = defined(counting, next)? else { return None };
        let old = *operands.first()?;
        let is_counter =
            old == counter || matches!(defined(counting, old), Some(Expression::Get(read)) if read == variable);
        let by = *self.constants.get(operands.get(1)?)?;
        let by = match how {
            Op::Add if is_counter => by,
            Op::Sub if is_counter => by.checked_neg()?,
            _ => return None,
        };
        let counted = Counted { variable: *variable, test, op, counter, stop, by };
        counted.ends(self.function.scalar(counter)).then_some(counted)
    }

    /// Whether the loop turns few times only. `before`: what stands before it.
    fn is_short(&self, counted: &Counted, before: &Region) -> bool {
        let start = before.statements.iter().rev().find_map(|statement| match statement {
            Statement::Set { variable, value } if *variable == counted.variable => {
                Some(value.value().and_then(|value| self.constants.get(&value)))
            }
            // Might set it.
            Statement::If { .. } | Statement::Loop { .. } | Statement::Try { .. } => Some(None),
            _ => None,
        });
        match (start.flatten(), self.constants.get(&counted.stop)) {
            (Some(&start), Some(&stop)) => {
                let distance = (i128::from(stop) - i128::from(start)) * i128::from(counted.by.signum());
                distance / i128::from(counted.by.unsigned_abs()) <= i128::from(STRIP)
            }
            _ => false,
        }
    }

    /// As it is if it turns a few times, in strips otherwise.
    fn twice(&mut self, counted: Counted, body: Region, step: Region, out: &mut Region) {
        let variable = counted.variable;
        let mut copier = Copier::default();
        let infos = self.function.values.clone();
        let short = Statement::Loop {
            body: copier.region(&infos, &body, self.function),
            step: copier.region(&infos, &step, self.function),
        };
        let stop = self.stop_of(&counted, out);
        let first = self.function.get(out, variable);
        let (distance, length) = self.distance(first, stop, counted.by, out);
        // Also where it does not turn at all: the difference is a large number then.
        let is_long = self.function.apply(out, Op::Gt, &[distance, length]);
        let strips = self.in_strips(counted, body, step);
        let (then, otherwise) = (Region { statements: vec![strips] }, Region { statements: vec![short] });
        out.push(Statement::If { condition: is_long, then, otherwise, rare: false });
    }

    /// What the counter is compared with, in front of the loop.
    fn stop_of(&mut self, counted: &Counted, out: &mut Region) -> Value {
        let scalar = self.function.scalar(counted.stop);
        match self.constants.get(&counted.stop) {
            // It may stand in the loop's head.
            Some(&number) => self.function.constant(out, Constant::integer(scalar, number.into())),
            None => counted.stop,
        }
    }

    /// How far it is to the end, and how far a strip goes, as unsigned numbers.
    fn distance(&mut self, first: Value, stop: Value, by: i64, out: &mut Region) -> (Value, Value) {
        let function = &mut *self.function;
        let distance = match by > 0 {
            true => function.apply(out, Op::Sub, &[stop, first]),
            false => function.apply(out, Op::Sub, &[first, stop]),
        };
        let unsigned = if function.scalar(stop).bits() == 32 { ScalarType::U32 } else { ScalarType::U64 };
        let distance = function.convert(out, distance, unsigned);
        let length = function.constant(out, Constant::integer(unsigned, (STRIP * by).abs().into()));
        (distance, length)
    }

    fn in_strips(&mut self, counted: Counted, mut body: Region, step: Region) -> Statement {
        let Counted { variable, test, op, by, .. } = counted;
        let scalar = self.function.scalar(counted.stop);
        let mut strips = Region::default();
        let stop = self.stop_of(&counted, &mut strips);
        let first = self.function.get(&mut strips, variable);
        let ends = self.function.apply(&mut strips, op, &[first, stop]);
        let leave = Region { statements: vec![Statement::Break] };
        strips.push(Statement::If { condition: ends, then: leave.clone(), otherwise: Region::default(), rare: false });
        // As an unsigned number it has no overflow: the test has just said which one is larger.
        let (distance, length) = self.distance(first, stop, by, &mut strips);
        let function = &mut *self.function;
        let long = function.apply(&mut strips, Op::Gt, &[distance, length]);
        let strip = function.constant(&mut strips, Constant::integer(scalar, (STRIP * by).into()));
        let far = function.apply(&mut strips, Op::Add, &[first, strip]);
        let end = function.apply(&mut strips, Op::Select, &[long, far, stop]);
        // The same test against the end of the strip.
        let rest = body.statements.split_off(test + 1);
        body.statements.truncate(test);
        let ends = function.apply(&mut body, op, &[counted.counter, end]);
        body.push(Statement::If { condition: ends, then: leave, otherwise: Region::default(), rare: false });
        body.statements.extend(rest);
        strips.push(Statement::Loop { body, step });
        Statement::Loop { body: strips, step: Region { statements: vec![Statement::Poll] } }
    }
}

impl Counted {
    /// Whether the counter gets to where the test is true, before it leaves its type.
    fn ends(&self, scalar: ScalarType) -> bool {
        let upwards = matches!(self.op, Op::Ge | Op::Gt);
        let towards = if upwards { self.by > 0 } else { self.by < 0 };
        let exact = self.by.abs() == 1 && matches!(self.op, Op::Ge | Op::Le);
        // With 64 bits it takes centuries to get to the end of the type.
        let wide = scalar.bits() == 64 && self.by.abs() < 1 << 32;
        scalar.is_integer() && towards && (wide || exact && scalar.bits() == 32)
    }
}

/// The comparison that is true where this one is false; of integers.
fn opposite(op: Op) -> Option<Op> {
    Some(match op {
        Op::Lt => Op::Ge,
        Op::Le => Op::Gt,
        Op::Gt => Op::Le,
        Op::Ge => Op::Lt,
        _ => return None,
    })
}

fn defined(statements: &[Statement], wanted: Value) -> Option<&Expression> {
    statements.iter().find_map(|statement| match statement {
        Statement::Let { value, expression } if *value == wanted => Some(expression),
        _ => None,
    })
}

fn innermost(region: &Region) -> bool {
    let mut found = false;
    region.walk(&mut |statement| found |= matches!(statement, Statement::Loop { .. }));
    !found
}

/// Whether a loop is small enough to be there twice, of statements that can be copied.
fn is_small(body: &Region, step: &Region) -> bool {
    let (mut count, mut copies) = (0, true);
    for region in [body, step] {
        region.walk(&mut |statement| {
            count += 1;
            copies &= statement.array_definitions().is_empty() && !matches!(statement, Statement::Try { .. });
        });
    }
    copies && count <= MOST_TWICE
}
