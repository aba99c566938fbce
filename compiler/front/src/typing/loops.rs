//! `while` and `for`.
//!
//! A name that a loop assigns and that is read at its head or after it lives in a variable: see `carried`.

use super::Rules;
use super::carried::{Carried, State};
use super::item::{Extent, Interval, Item, Literal, Scalar};
use super::liveness::Names;
use super::ranges::Iteration;
use super::sequences::Sequence;
use super::typer::Typer;
use crate::error::{Error, ErrorClass, Result};
use crate::ir::{self, Op, Region, VariableId};
use crate::source::Span;
use crate::syntax::names;
use crate::syntax::tree::{Expression, Statement, StatementKind};
use crate::types::{Constant, ScalarType};

/// A loop whose body is being emitted.
pub struct Loop<'t> {
    carried: Carried<'t>,
    /// The body has a `break` that leaves this loop.
    breaks: bool,
}

/// What makes a loop turn and end.
pub enum Drive<'t> {
    While(&'t Expression),
    Count(Counter<'t>),
    Entries(Entries<'t>),
    Sequence(Sequence<'t>),
}

/// A range.
pub struct Counter<'t> {
    pub name: &'t str,
    pub variable: VariableId,
    pub stop: Scalar,
    pub step: Scalar,
    /// Turns that remain, where the counter may leave its type at the end.
    pub remaining: Option<(VariableId, ScalarType)>,
    /// What is known of the counter in the body.
    pub values: Option<Interval>,
    pub extent: Option<Extent>,
    pub span: Span,
}

/// The entries of a tuple, by position.
pub struct Entries<'t> {
    position: VariableId,
    tuple: Item<'t>,
    length: usize,
    target: &'t Expression,
    span: Span,
}

/// The test at the head of a loop.
enum Test {
    /// Known: whether the loop goes on.
    Known(bool),
    /// The loop ends if this is true.
    Ends(Scalar),
}

/// More turns than this are not unrolled.
const MOST_UNROLLED: usize = 256;
/// The types of a loop's variables only grow, and there are few of them.
const MOST_ATTEMPTS: usize = 64;

impl<'t> Typer<'t, '_> {
    pub fn for_loop(
        &mut self,
        statement: &'t Statement,
        target: &'t Expression,
        iterable: &'t Expression,
        body: &'t [Statement],
        otherwise: &'t [Statement],
    ) -> Result<()> {
        let items = match self.iteration(iterable)? {
            Iteration::Range(range) => return self.counted(statement, target, &range),
            Iteration::Sequence(source) => {
                let span = iterable.span;
                let position = self.function.variable("position", ScalarType::I64);
                let length = self.length_of(&source, span);
                let zero = self.integer(ScalarType::I64, 0, span);
                self.set(position, zero);
                let sequence = Sequence { source: *source, position, length, target, span };
                return self.looped(statement, &Drive::Sequence(sequence));
            }
            Iteration::Items(items) => items,
        };
        if leaves_loop(body) || items.len() > MOST_UNROLLED {
            let span = iterable.span;
            let position = self.function.variable("position", ScalarType::I64);
            let zero = self.integer(ScalarType::I64, 0, span);
            self.set(position, zero);
            let (length, tuple) = (items.len(), Item::Tuple(items));
            return self.looped(statement, &Drive::Entries(Entries { position, tuple, length, target, span }));
        }
        // The body once per entry.
        for item in items {
            if self.ended {
                break;
            }
            self.check_size(statement.span)?;
            self.bind(target, item, iterable.span)?;
            self.block(body)?;
        }
        if !self.ended {
            self.block(otherwise)?;
        }
        Ok(())
    }

    pub fn set(&mut self, variable: VariableId, value: Scalar) {
        self.region.push(ir::Statement::Set { variable, value: value.value.into() });
    }

    fn get(&mut self, variable: VariableId, scalar: ScalarType, span: Span) -> Scalar {
        self.define(scalar, span, ir::Expression::Get(variable))
    }

    /// Emits the test at the head of a turn.
    fn test(&mut self, drive: &Drive<'t>) -> Result<Test> {
        match drive {
            Drive::While(condition) => {
                let item = self.expression(condition)?;
                let holds = self.truth(&item, condition.span)?;
                Ok(match holds.constant() {
                    Some(constant) => Test::Known(constant.bits != 0),
                    None => Test::Ends(self.not(holds, condition.span)),
                })
            }
            Drive::Count(counter) => {
                let (scalar, span) = (counter.stop.scalar, counter.span);
                let value = self.get(counter.variable, scalar, span);
                let ends = match counter.remaining {
                    Some((remaining, unsigned)) => {
                        let left = self.get(remaining, unsigned, span);
                        // Of unsigned numbers; in this form it is seen that the loop counts.
                        let zero = self.integer(unsigned, 0, span);
                        self.apply(Op::Le, &[left, zero], span)
                    }
                    None => {
                        let op = if counter.step.integer() == Some(1) { Op::Ge } else { Op::Le };
                        self.apply(op, &[value, counter.stop], span)
                    }
                };
                let item = Scalar { extent: counter.extent, ..value.with_range(counter.values) };
                self.environment.insert(counter.name, Item::Scalar(item));
                Ok(Test::Ends(ends))
            }
            Drive::Sequence(sequence) => {
                let position = self.get(sequence.position, ScalarType::I64, sequence.span);
                Ok(Test::Ends(self.apply(Op::Ge, &[position, sequence.length], sequence.span)))
            }
            Drive::Entries(entries) => {
                let position = self.get(entries.position, ScalarType::I64, entries.span);
                let length = self.integer(ScalarType::I64, entries.length as i128, entries.span);
                Ok(Test::Ends(self.apply(Op::Ge, &[position, length], entries.span)))
            }
        }
    }

    /// After the test: what a turn starts with.
    fn start(&mut self, drive: &Drive<'t>) -> Result<()> {
        if let Drive::Count(counter) = drive {
            return self.keep_for_handlers(counter.name, counter.span);
        }
        if let Drive::Sequence(sequence) = drive {
            let (span, most) = (sequence.span, i64::MAX as i128 - 1);
            let position = self.get(sequence.position, ScalarType::I64, span).with_range(Some((0, most)));
            let item = self.entry_of(&sequence.source, position, span)?;
            return self.bind(sequence.target, item, span);
        }
        let Drive::Entries(entries) = drive else { return Ok(()) };
        let position = self.get(entries.position, ScalarType::I64, entries.span);
        let position = position.with_range(Some((0, entries.length as i128 - 1)));
        let item = self.entry(&entries.tuple, position, entries.span)?;
        self.bind(entries.target, item, entries.span)
    }

    /// Between turns.
    fn advance(&mut self, drive: &Drive<'t>) -> Result<()> {
        match drive {
            Drive::While(_) => {}
            Drive::Count(counter) => {
                let (scalar, span) = (counter.stop.scalar, counter.span);
                let value = self.get(counter.variable, scalar, span);
                let next = self.apply(Op::Add, &[value, counter.step], span);
                self.set(counter.variable, next);
                if let Some((remaining, unsigned)) = counter.remaining {
                    let left = self.get(remaining, unsigned, span);
                    let one = self.integer(unsigned, 1, span);
                    let left = self.apply(Op::Sub, &[left, one], span);
                    self.set(remaining, left);
                }
            }
            Drive::Entries(Entries { position: variable, span, .. })
            | Drive::Sequence(Sequence { position: variable, span, .. }) => {
                let position = self.get(*variable, ScalarType::I64, *span);
                let one = self.integer(ScalarType::I64, 1, *span);
                let next = self.apply(Op::Add, &[position, one], *span);
                self.set(*variable, next);
            }
        }
        Ok(())
    }

    /// Emits a loop, again and again until its variables hold what is stored in them.
    pub fn looped(&mut self, statement: &'t Statement, drive: &Drive<'t>) -> Result<()> {
        let span = statement.span;
        let (body, otherwise) = match &statement.kind {
            StatementKind::While { body, otherwise, .. } | StatementKind::For { body, otherwise, .. } => {
                (body, otherwise)
            }
            _ => return Err(Error::Internal("this is no loop".into())),
        };
        let live = self.liveness.at(statement);
        let mut names = names::assigned(std::slice::from_ref(statement));
        names.retain(|name| live.head.contains(name) || live.after.contains(name));
        let entry = self.environment.clone();
        let mut found = self.forms_of(&names);
        let checkpoint = self.checkpoint();
        for _ in 0..MOST_ATTEMPTS {
            self.check_size(span)?;
            let carried = self.carry(&names, &found, &entry, true, span)?;
            self.loops.push(Loop { carried, breaks: false });
            // Whether the loop ended by its test, for its `else`.
            let mut completed = None;
            if !otherwise.is_empty() && leaves_loop(body) {
                let variable = self.function.variable("completed", ScalarType::Bool);
                let no = self.constant(Constant::bool(false), span);
                self.set(variable, no);
                completed = Some(variable);
            }
            let (region, endless) = self.in_region(|typer| typer.turn(body, drive, completed, &live.head, span))?;
            let (step, ()) = self.in_region(|typer| typer.advance(drive))?;
            let frame = self.loops.pop().ok_or_else(lost)?;
            self.ended = false;
            if frame.carried.widen(&mut found) {
                self.roll_back(&checkpoint);
                self.environment.clone_from(&entry);
                continue;
            }
            self.region.push(ir::Statement::Loop { body: region, step });
            self.environment.clone_from(&entry);
            if endless && !frame.breaks {
                self.ended = true;
                return Ok(());
            }
            self.load_names(&frame.carried, span);
            return self.after_loop(statement, otherwise, completed.filter(|_| frame.breaks));
        }
        Err(Error::Internal("the types of a loop did not settle".into()))
    }

    /// The body of a loop. Gives back whether the test never ends it.
    fn turn(
        &mut self,
        body: &'t [Statement],
        drive: &Drive<'t>,
        completed: Option<VariableId>,
        read_at_head: &Names<'t>,
        span: Span,
    ) -> Result<bool> {
        let mut frame = self.loops.pop().ok_or_else(lost)?;
        for carried in &mut frame.carried.names {
            let item = match &carried.state {
                State::Variable(_, slot) => Some(self.load(slot, span)),
                State::Fixed(item) => Some(item.clone()),
                State::Mixed(why) => Some(Item::Mixed(why.clone())),
                // Zero in the first turn, of the least type, as long as nothing else is known.
                State::Undefined if !self.is_host() && read_at_head.contains(carried.name) => {
                    Some(match self.unit.rules {
                        Rules::Numba => Item::Scalar(self.constant(Constant::bool(false), span)),
                        Rules::Exact => Item::Literal(Literal::Integer(Some(0))),
                    })
                }
                State::Undefined => None,
            };
            if let Some(item) = &item {
                self.environment.insert(carried.name, item.clone());
            }
            carried.head = item;
        }
        self.loops.push(frame);
        let ends = match self.unless_it_ends(|typer| typer.test(drive))? {
            // The test never gets to an end.
            None => return Ok(true),
            Some(Test::Known(true)) => None,
            Some(Test::Known(false)) => Some(self.constant(Constant::bool(true), span)),
            Some(Test::Ends(ends)) => Some(ends),
        };
        if let Some(ends) = ends {
            let (then, ()) = self.in_region(|typer| {
                // The condition may assign.
                if let Drive::While(_) = drive {
                    typer.store_carried(span)?;
                }
                if let Some(completed) = completed {
                    let yes = typer.constant(Constant::bool(true), span);
                    typer.set(completed, yes);
                }
                typer.region.push(ir::Statement::Break);
                Ok(())
            })?;
            let otherwise = Region::default();
            self.region.push(ir::Statement::If { condition: ends.value, then, otherwise, rare: false });
        }
        if self.unless_it_ends(|typer| typer.start(drive))?.is_none() {
            return Ok(ends.is_none());
        }
        self.block(body)?;
        if !self.ended {
            self.store_carried(span)?;
        }
        Ok(ends.is_none())
    }

    /// At the end of a turn: what names mean now goes into the loop's variables.
    fn store_carried(&mut self, span: Span) -> Result<()> {
        let mut frame = self.loops.pop().ok_or_else(lost)?;
        let stored = self.store_names(&mut frame.carried, span);
        self.loops.push(frame);
        stored
    }

    pub fn break_loop(&mut self, span: Span) -> Result<()> {
        self.leave(span, "break")?;
        if self.ended {
            return Ok(()); // a 'finally' went elsewhere
        }
        self.ended = true;
        if let Some(frame) = self.loops.last_mut() {
            frame.breaks = true;
        }
        self.region.push(ir::Statement::Break);
        Ok(())
    }

    pub fn continue_loop(&mut self, span: Span) -> Result<()> {
        self.leave(span, "continue")?;
        if self.ended {
            return Ok(());
        }
        self.ended = true;
        self.region.push(ir::Statement::Continue);
        Ok(())
    }

    fn leave(&mut self, span: Span, word: &str) -> Result<()> {
        if self.loops.is_empty() {
            return Err(self.mistake(ErrorClass::Syntax, span, format!("'{word}' outside of a loop")).into());
        }
        self.run_finals(self.loops.len(), span)?;
        if !self.ended {
            self.store_carried(span)?;
        }
        Ok(())
    }

    /// The `else` of a loop: what runs if no `break` left it.
    fn after_loop(
        &mut self,
        statement: &'t Statement,
        otherwise: &'t [Statement],
        completed: Option<VariableId>,
    ) -> Result<()> {
        match completed {
            Some(completed) => {
                let condition = self.get(completed, ScalarType::Bool, statement.span);
                let live = self.liveness.at(statement).after;
                let empty = self.empty_way();
                let way = self.way(otherwise)?;
                self.join(condition, way, empty, &live, false, statement.span)
            }
            None => self.block(otherwise),
        }
    }
}

fn lost() -> Error {
    Error::Internal("a loop was lost".into())
}

/// Whether `statements` have a `break` or a `continue` of the loop around them.
fn leaves_loop(statements: &[Statement]) -> bool {
    statements.iter().any(|statement| match &statement.kind {
        StatementKind::Break | StatementKind::Continue => true,
        StatementKind::If { then, otherwise, .. } => leaves_loop(then) || leaves_loop(otherwise),
        // A loop's own `else` belongs to the loop around it.
        StatementKind::While { otherwise, .. } | StatementKind::For { otherwise, .. } => leaves_loop(otherwise),
        StatementKind::Try { body, handler, otherwise, finally } => {
            let handler = handler.as_ref().is_some_and(|handler| leaves_loop(&handler.body));
            handler || [body, otherwise, finally].into_iter().any(|block| leaves_loop(block))
        }
        _ => false,
    })
}
