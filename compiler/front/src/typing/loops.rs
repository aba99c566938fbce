//! `while` and `for`.
//!
//! A name that a loop assigns and that is read at its head or after it lives in a variable. The variable's type is
//! assumed from what the name is before the loop; if the body stores something wider, the loop is emitted again.

use super::Rules;
use super::environment::{Environment, Slot, unify};
use super::item::{Extent, Interval, Item, ItemType, Literal, Scalar};
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
    carried: Vec<Carried<'t>>,
    /// Something was stored that its variable cannot hold: emit again.
    changed: bool,
    /// The body has a `break` that leaves this loop.
    breaks: bool,
}

/// A name that the loop assigns and that is read later.
struct Carried<'t> {
    name: &'t str,
    state: State<'t>,
    /// What the name is at the head of the body.
    head: Option<Item<'t>>,
}

#[derive(Clone)]
enum State<'t> {
    /// Undefined before the loop; nothing has been stored yet.
    Undefined,
    Variable(ItemType, Slot),
    /// Something that no variable holds (a lambda, an array), the same all the time.
    Fixed(Item<'t>),
    Mixed(String),
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
                        let zero = self.integer(unsigned, 0, span);
                        self.apply(Op::Eq, &[left, zero], span)
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
        let mut item_types: Vec<Option<ItemType>> =
            names.iter().map(|name| entry.get(name).and_then(|item| self.item_type(item))).collect();
        let mut mixed: Vec<Option<String>> = vec![None; names.len()];
        let checkpoint = self.checkpoint();
        for _ in 0..MOST_ATTEMPTS {
            self.check_size(span)?;
            let carried = self.carry(&names, &item_types, &mixed, &entry, span)?;
            self.loops.push(Loop { carried, changed: false, breaks: false });
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
            if widen(&frame, &mut item_types, &mut mixed) {
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
            for carried in frame.carried {
                let item = match carried.state {
                    State::Variable(_, slot) => self.load(&slot, span),
                    State::Fixed(item) => item,
                    State::Mixed(why) => Item::Mixed(why),
                    State::Undefined => continue,
                };
                self.environment.insert(carried.name, item);
            }
            return self.after_loop(statement, otherwise, completed.filter(|_| frame.breaks));
        }
        Err(Error::Internal("the types of a loop did not settle".into()))
    }

    /// Sets the variables of a loop before it.
    fn carry(
        &mut self,
        names: &[&'t str],
        item_types: &[Option<ItemType>],
        mixed: &[Option<String>],
        entry: &Environment<'t>,
        span: Span,
    ) -> Result<Vec<Carried<'t>>> {
        let mut carried = Vec::new();
        for (place, &name) in names.iter().enumerate() {
            let before = entry.get(name);
            let state = match (&item_types[place], &mixed[place], before) {
                (_, Some(why), _) => State::Mixed(why.clone()),
                (Some(item_type), _, _) => {
                    let slot = self.slot(name, item_type);
                    self.store(&slot, before, span)?;
                    State::Variable(item_type.clone(), slot)
                }
                (None, None, Some(item)) => State::Fixed(item.clone()),
                (None, None, None) => State::Undefined,
            };
            carried.push(Carried { name, state, head: None });
        }
        Ok(carried)
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
        for carried in &mut frame.carried {
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
        for carried in &mut frame.carried {
            let Some(item) = self.environment.get(carried.name).cloned() else { continue };
            if carried.head.as_ref().is_some_and(|head| head.same(&item)) {
                continue;
            }
            match (&carried.state, self.item_type(&item)) {
                (State::Mixed(_), _) => {}
                (State::Undefined, Some(item_type)) => {
                    let item_type = match item_type {
                        maybe @ ItemType::Maybe(_) => maybe,
                        other if self.is_host() => ItemType::Maybe(Box::new(other)),
                        other => other,
                    };
                    let slot = Slot::Tuple(Vec::new());
                    carried.state = State::Variable(item_type, slot);
                    frame.changed = true;
                }
                (State::Variable(item_type, slot), Some(stored)) => {
                    let Some(common) = unify(self.unit.rules, item_type, &stored) else {
                        let message = format!("cannot unify {item_type} and {stored} for '{}' in a loop", carried.name);
                        let help = "give the name one type, for example by a cast before the loop";
                        return Err(self.mistake(ErrorClass::Type, span, message).help(help).into());
                    };
                    if common != *item_type {
                        carried.state = State::Variable(common, slot.clone());
                        frame.changed = true;
                    } else if !frame.changed {
                        let slot = slot.clone();
                        self.store(&slot, Some(&item), span)?;
                    }
                }
                _ => {
                    let before = carried.head.as_ref().map_or("undefined".to_string(), Item::describe);
                    let (name, now) = (carried.name, item.describe());
                    carried.state =
                        State::Mixed(format!("'{name}' is {before} at one turn of the loop and {now} at another"));
                    frame.changed = true;
                }
            }
        }
        self.loops.push(frame);
        Ok(())
    }

    pub fn break_loop(&mut self, span: Span) -> Result<()> {
        self.leave(span, "break")?;
        if let Some(frame) = self.loops.last_mut() {
            frame.breaks = true;
        }
        self.region.push(ir::Statement::Break);
        Ok(())
    }

    pub fn continue_loop(&mut self, span: Span) -> Result<()> {
        self.leave(span, "continue")?;
        self.region.push(ir::Statement::Continue);
        Ok(())
    }

    fn leave(&mut self, span: Span, word: &str) -> Result<()> {
        if self.loops.is_empty() {
            return Err(self.mistake(ErrorClass::Syntax, span, format!("'{word}' outside of a loop")).into());
        }
        self.store_carried(span)?;
        self.ended = true;
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

/// Takes over the forms that turned out to be needed. Gives back whether there are any.
fn widen(frame: &Loop<'_>, item_types: &mut [Option<ItemType>], mixed: &mut [Option<String>]) -> bool {
    // First the types of names that the loop itself defines: what was assumed for them may have widened others.
    let mut defined = false;
    for (carried, item_type) in frame.carried.iter().zip(item_types.iter_mut()) {
        if let (None, State::Variable(found, _)) = (&item_type, &carried.state) {
            *item_type = Some(found.clone());
            defined = true;
        }
    }
    if defined {
        return true;
    }
    let literals = item_types.iter().flatten().any(|item_type| item_type.settled() != *item_type);
    if !frame.changed && !literals {
        return false;
    }
    for ((carried, item_type), mixed) in frame.carried.iter().zip(item_types).zip(mixed) {
        match &carried.state {
            State::Variable(found, _) if frame.changed => *item_type = Some(found.clone()),
            // Literals that met no type take the types that they have by themselves.
            State::Variable(found, _) => *item_type = Some(found.settled()),
            State::Mixed(why) => *mixed = Some(why.clone()),
            State::Undefined | State::Fixed(_) => {}
        }
    }
    true
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
        _ => false,
    })
}
