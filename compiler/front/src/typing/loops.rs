//! `while` and `for`.
//!
//! A name that a loop assigns and that is read at its head or after it lives in a variable. The variable's type is
//! assumed from what the name is before the loop; if the body stores something wider, the loop is emitted again.

use super::Rules;
use super::environment::{Environment, Slot, unify};
use super::item::{Extent, Item, Scalar, Shape};
use super::liveness;
use super::names::{self, Builtin};
use super::promotion;
use super::typer::Typer;
use crate::error::{Class, Error, Result};
use crate::ir::{self, Op, Region, VariableId};
use crate::source::Span;
use crate::syntax::tree::{Expression, ExpressionKind, Statement, StatementKind};
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
    Variable(Shape, Slot),
    /// Something that no variable holds (a lambda, an array), the same all the time.
    Fixed(Item<'t>),
    Mixed(String),
}

/// What a `for` runs over.
enum Iteration<'t> {
    Range(Range),
    Items(Vec<Item<'t>>),
}

struct Range {
    start: Scalar,
    stop: Scalar,
    step: Scalar,
}

/// More turns than this are not unrolled.
const MOST_UNROLLED: usize = 256;
/// The types of a loop's variables only grow, and there are few of them.
const MOST_ATTEMPTS: usize = 64;

impl<'t> Typer<'t, '_> {
    pub fn while_loop(
        &mut self,
        statement: &'t Statement,
        condition: &'t Expression,
        body: &'t [Statement],
        otherwise: &'t [Statement],
    ) -> Result<()> {
        self.looped(statement, &[], body, otherwise, &mut |typer| {
            let item = typer.expression(condition)?;
            let holds = typer.truth(&item, condition.span)?;
            match holds.constant() {
                Some(constant) => Ok(Head::Constant(constant.bits != 0)),
                None => Ok(Head::Dynamic(typer.not(holds, condition.span))),
            }
        }, &mut |_| Ok(()))
    }

    pub fn for_loop(
        &mut self,
        statement: &'t Statement,
        target: &'t Expression,
        iterable: &'t Expression,
        body: &'t [Statement],
        otherwise: &'t [Statement],
    ) -> Result<()> {
        match self.iteration(iterable)? {
            Iteration::Items(items) => self.unrolled(statement, target, iterable, items, body, otherwise),
            Iteration::Range(range) => self.counted(statement, target, range, body, otherwise),
        }
    }

    fn iteration(&mut self, iterable: &'t Expression) -> Result<Iteration<'t>> {
        let span = iterable.span;
        if let ExpressionKind::Call { function, arguments, keywords } = &iterable.kind {
            let name = match &function.kind {
                ExpressionKind::Name(name) if !self.environment.contains_key(name.as_str()) => name.as_str(),
                _ => "",
            };
            let path = names::path(self.unit.module, function);
            let defined = self.unit.module.function(name).is_some();
            if path.as_deref() == Some("numba.prange") || (!defined && Builtin::from_name(name) == Some(Builtin::Range)) {
                if !keywords.is_empty() || arguments.is_empty() || arguments.len() > 3 {
                    let mistake = self.mistake(Class::Type, span, "range takes one to three arguments");
                    return Err(mistake.help("write range(stop), range(start, stop) or range(start, stop, step)").into());
                }
                return Ok(Iteration::Range(self.range(arguments)?));
            }
            if !defined && keywords.is_empty() && matches!((name, arguments.len()), ("enumerate", 1) | ("zip", 1..)) {
                let mut rows: Vec<Vec<Item<'t>>> = Vec::new();
                for argument in arguments {
                    let item = self.expression(argument)?;
                    rows.push(self.unpack(&item, argument.span)?);
                }
                let turns = rows.iter().map(Vec::len).min().unwrap_or(0);
                if name == "enumerate" {
                    let numbers = (0..turns).map(|number| self.integer_item(number as i128, span)).collect();
                    rows.insert(0, numbers);
                }
                let columns = (0..turns).map(|turn| Item::Tuple(rows.iter().map(|row| row[turn].clone()).collect()));
                return Ok(Iteration::Items(columns.collect()));
            }
        }
        let item = self.expression(iterable)?;
        match item {
            Item::Tuple(_) | Item::Constants(_) => Ok(Iteration::Items(self.unpack(&item, span)?)),
            _ => {
                let message = format!("kernels cannot loop over {}", item.describe());
                let help = "loop over range(...), or over a tuple of numbers";
                Err(self.mistake(Class::Unsupported, span, message).help(help).into())
            }
        }
    }

    /// A small number as a literal of the text would be.
    pub fn integer_item(&mut self, value: i128, span: Span) -> Item<'t> {
        match self.unit.rules {
            Rules::Numba => Item::Scalar(self.integer(ScalarType::I64, value, span)),
            Rules::Exact => Item::Literal(super::item::Literal::Integer(Some(value))),
        }
    }

    /// The arguments of `range`, all of the type that its values have.
    fn range(&mut self, arguments: &'t [Expression]) -> Result<Range> {
        let mut items = Vec::new();
        for argument in arguments {
            let item = self.expression(argument)?;
            let scalar = match &item {
                Item::Literal(super::item::Literal::Integer(_)) => None,
                _ => {
                    let number = self.number(&item, argument.span)?;
                    if number.scalar.is_float() {
                        let message = format!("range takes integers, not {}", number.scalar);
                        return Err(self.mistake(Class::Type, argument.span, message).help("cast it: int(...)").into());
                    }
                    Some(number)
                }
            };
            items.push((item, scalar, argument.span));
        }
        let scalar = match self.unit.rules {
            Rules::Numba => {
                let types: Vec<(ScalarType, bool)> = items
                    .iter()
                    .filter_map(|(_, number, _)| *number)
                    .map(|number| (number.scalar, number.integer().is_some_and(|value| value >= 0)))
                    .collect();
                promotion::range(&types)
            }
            // The type of what is not literal; int32 if nothing is.
            Rules::Exact => {
                items.iter().find_map(|(_, number, _)| number.map(|number| number.scalar)).unwrap_or(ScalarType::I32)
            }
        };
        let mut converted = Vec::new();
        for (item, _, span) in items {
            converted.push(self.as_type(&item, scalar, span)?);
        }
        let span = arguments[0].span;
        let (start, stop) = match converted.as_slice() {
            [stop] => (self.integer(scalar, 0, span), *stop),
            [start, stop, ..] => (*start, *stop),
            [] => return Err(Error::Internal("range without arguments".into())),
        };
        let step = match converted.get(2) {
            Some(step) => *step,
            None => self.integer(scalar, 1, span),
        };
        if step.integer() == Some(0) {
            let mistake = self.mistake(Class::Value, arguments[2].span, "range() arg 3 must not be zero");
            return Err(mistake.help("a step of 1 goes up, one of -1 down").into());
        }
        Ok(Range { start, stop, step })
    }

    /// `for` over a range.
    fn counted(
        &mut self,
        statement: &'t Statement,
        target: &'t Expression,
        range: Range,
        body: &'t [Statement],
        otherwise: &'t [Statement],
    ) -> Result<()> {
        let span = target.span;
        let Range { start, stop, step } = range;
        let scalar = start.scalar;
        let ExpressionKind::Name(name) = &target.kind else {
            let mistake = self.mistake(Class::Type, span, "range gives single integers");
            return Err(mistake.help("write one name after 'for'").into());
        };
        let counter = self.function.variable(name.as_str(), scalar);
        self.set(counter, start);
        // One step of 1 beyond the last value is `stop` itself; larger steps may leave the type, so they are counted.
        let unit_step = step.integer().filter(|step| step.abs() == 1);
        let remaining = match unit_step {
            Some(_) => None,
            None => {
                let turns = self.turns(&start, &stop, &step, span);
                let remaining = self.function.variable("remaining", turns.scalar);
                self.set(remaining, turns);
                Some((remaining, turns.scalar))
            }
        };
        let (first, last) = (start.range(), stop.range());
        let values = first.zip(last).and_then(|((low, high), (stop_low, stop_high))| match step.range() {
            Some((least, _)) if least > 0 && low < stop_high => Some((low, stop_high - 1)),
            Some((_, greatest)) if greatest < 0 && stop_low < high => Some((stop_low + 1, high)),
            _ => None,
        });
        let goes_up = step.range().is_some_and(|(least, _)| least > 0);
        let below = match stop.extent {
            Some(Extent::Is(array, axis)) if goes_up && first.is_some_and(|(low, _)| low >= 0) => {
                Some(Extent::Below(array, axis))
            }
            _ => None,
        };
        let mut head = |typer: &mut Self| {
            let value = typer.get(counter, scalar, span);
            let ends = match remaining {
                Some((remaining, unsigned)) => {
                    let left = typer.get(remaining, unsigned, span);
                    let zero = typer.integer(unsigned, 0, span);
                    typer.apply(Op::Eq, &[left, zero], span)
                }
                None if unit_step == Some(1) => typer.apply(Op::Ge, &[value, stop], span),
                None => typer.apply(Op::Le, &[value, stop], span),
            };
            typer.environment.insert(
                name,
                Item::Scalar(Scalar { extent: below, ..value.with_range(values) }),
            );
            Ok(Head::Dynamic(ends))
        };
        let mut advance = |typer: &mut Self| {
            let value = typer.get(counter, scalar, span);
            let next = typer.apply(Op::Add, &[value, step], span);
            typer.set(counter, next);
            if let Some((remaining, unsigned)) = remaining {
                let left = typer.get(remaining, unsigned, span);
                let one = typer.integer(unsigned, 1, span);
                let left = typer.apply(Op::Sub, &[left, one], span);
                typer.set(remaining, left);
            }
            Ok(())
        };
        let targets = [name.as_str()];
        self.looped(statement, &targets, body, otherwise, &mut head, &mut advance)
    }

    /// How often a loop turns, as an unsigned integer of the width of the range; 0 for a step of 0.
    fn turns(&mut self, start: &Scalar, stop: &Scalar, step: &Scalar, span: Span) -> Scalar {
        let scalar = start.scalar;
        let unsigned = match scalar {
            ScalarType::I8 | ScalarType::U8 => ScalarType::U8,
            ScalarType::I16 | ScalarType::U16 => ScalarType::U16,
            ScalarType::I32 | ScalarType::U32 => ScalarType::U32,
            _ => ScalarType::U64,
        };
        let zero = self.integer(scalar, 0, span);
        let none = self.integer(unsigned, 0, span);
        let one = self.integer(unsigned, 1, span);
        let [from, to, by] = [start, stop, step].map(|value| self.convert(*value, unsigned, span));
        // Upwards: (stop - start - 1) / step + 1 if start < stop. Differences modulo 2**width are right as unsigned.
        let count = |typer: &mut Self, low: Scalar, high: Scalar, size: Scalar, any: Scalar| {
            let distance = typer.apply(Op::Sub, &[high, low], span);
            let distance = typer.apply(Op::Sub, &[distance, one], span);
            let turns = typer.apply(Op::FloorDiv, &[distance, size], span);
            let turns = typer.apply(Op::Add, &[turns, one], span);
            typer.select(any, turns, none, span)
        };
        let forwards = self.apply(Op::Lt, &[*start, *stop], span);
        let up = self.apply(Op::Gt, &[*step, zero], span);
        let any_up = self.apply(Op::And, &[forwards, up], span);
        let turns_up = count(self, from, to, by, any_up);
        if !scalar.is_signed() {
            return turns_up;
        }
        let backwards = self.apply(Op::Gt, &[*start, *stop], span);
        let down = self.apply(Op::Lt, &[*step, zero], span);
        let any_down = self.apply(Op::And, &[backwards, down], span);
        let size = self.apply(Op::Sub, &[none, by], span);
        let turns_down = count(self, to, from, size, any_down);
        self.select(up, turns_up, turns_down, span)
    }

    fn set(&mut self, variable: VariableId, value: Scalar) {
        self.region.push(ir::Statement::Set { variable, value: value.value });
    }

    fn get(&mut self, variable: VariableId, scalar: ScalarType, span: Span) -> Scalar {
        self.define(scalar, span, ir::Expression::Get(variable))
    }

    /// `for` over a tuple: the body once per entry.
    fn unrolled(
        &mut self,
        statement: &'t Statement,
        target: &'t Expression,
        iterable: &'t Expression,
        items: Vec<Item<'t>>,
        body: &'t [Statement],
        otherwise: &'t [Statement],
    ) -> Result<()> {
        if items.is_empty() {
            return self.block(otherwise);
        }
        if leaves_loop(body) || items.len() > MOST_UNROLLED {
            return self.over_entries(statement, target, iterable, items, body, otherwise);
        }
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

    /// `for` over a tuple of numbers, as a loop over its positions.
    fn over_entries(
        &mut self,
        statement: &'t Statement,
        target: &'t Expression,
        iterable: &'t Expression,
        items: Vec<Item<'t>>,
        body: &'t [Statement],
        otherwise: &'t [Statement],
    ) -> Result<()> {
        let span = iterable.span;
        let counter = self.function.variable("position", ScalarType::I64);
        let zero = self.integer(ScalarType::I64, 0, span);
        let stop = self.integer(ScalarType::I64, items.len() as i128, span);
        self.set(counter, zero);
        let last = items.len() as i128 - 1;
        let tuple = Item::Tuple(items);
        let mut targets = Vec::new();
        liveness::assigned_names(target, &mut |name| targets.push(name));
        let mut head = |typer: &mut Self| {
            let position = typer.get(counter, ScalarType::I64, span).with_range(Some((0, last)));
            // The range holds inside; the comparison must not be folded by it.
            let ends = typer.apply(Op::Ge, &[Scalar::new(position.value, ScalarType::I64), stop], span);
            Ok(Head::Bind(ends, position))
        };
        let mut bind = |typer: &mut Self, position: Scalar| {
            let item = typer.entry(&tuple, position, span)?;
            typer.bind(target, item, span)
        };
        let mut advance = |typer: &mut Self| {
            let position = typer.get(counter, ScalarType::I64, span);
            let one = typer.integer(ScalarType::I64, 1, span);
            let next = typer.apply(Op::Add, &[position, one], span);
            typer.set(counter, next);
            Ok(())
        };
        self.looped_with(statement, &targets, body, otherwise, &mut head, &mut bind, &mut advance)
    }

    fn looped(
        &mut self,
        statement: &'t Statement,
        targets: &[&'t str],
        body: &'t [Statement],
        otherwise: &'t [Statement],
        head: &mut dyn FnMut(&mut Self) -> Result<Head>,
        advance: &mut dyn FnMut(&mut Self) -> Result<()>,
    ) -> Result<()> {
        self.looped_with(statement, targets, body, otherwise, head, &mut |_, _| Ok(()), advance)
    }

    /// A loop. `head` emits the test at the head of the body, `bind` what comes after it, `advance` the step.
    #[allow(clippy::too_many_arguments)]
    fn looped_with(
        &mut self,
        statement: &'t Statement,
        targets: &[&'t str],
        body: &'t [Statement],
        otherwise: &'t [Statement],
        head: &mut dyn FnMut(&mut Self) -> Result<Head>,
        bind: &mut dyn FnMut(&mut Self, Scalar) -> Result<()>,
        advance: &mut dyn FnMut(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let span = statement.span;
        let live = self.liveness.at(statement);
        let mut assigned = liveness::assigned(body);
        assigned.extend(targets.iter().filter(|target| !assigned.contains(target)).copied().collect::<Vec<_>>());
        assigned.retain(|name| live.head.contains(name) || live.after.contains(name));
        let entry = self.environment.clone();
        let mut shapes: Vec<Option<Shape>> =
            assigned.iter().map(|name| entry.get(name).and_then(Item::shape)).collect();
        let mut mixed: Vec<Option<String>> = vec![None; assigned.len()];
        let checkpoint = self.checkpoint();
        for _ in 0..MOST_ATTEMPTS {
            let carried = self.carry(&assigned, &shapes, &mixed, &entry, span)?;
            self.loops.push(Loop { carried, changed: false, breaks: false });
            // Whether the loop ended by its test, for its `else`.
            let mut completed = None;
            if !otherwise.is_empty() && leaves_loop(body) {
                let variable = self.function.variable("completed", ScalarType::Bool);
                let no = self.constant(Constant::bool(false), span);
                self.set(variable, no);
                completed = Some(variable);
            }
            let (region, never) = self.in_region(|typer| typer.turn(body, head, bind, completed, span))?;
            let (step, ()) = self.in_region(|typer| advance(typer))?;
            let Some(frame) = self.loops.pop() else { return Err(Error::Internal("a loop was lost".into())) };
            self.ended = false;
            let literals = |shape: &Option<Shape>| shape.as_ref().is_some_and(|shape| shape.settled() != *shape);
            if frame.changed || shapes.iter().any(literals) {
                // With literals that met no type the types that they have by themselves.
                for (place, carried) in frame.carried.iter().enumerate() {
                    match &carried.state {
                        State::Variable(shape, _) if !frame.changed => shapes[place] = Some(shape.settled()),
                        State::Variable(shape, _) => shapes[place] = Some(shape.clone()),
                        State::Mixed(why) => mixed[place] = Some(why.clone()),
                        State::Undefined | State::Fixed(_) => {}
                    }
                }
                self.roll_back(&checkpoint);
                self.environment.clone_from(&entry);
                continue;
            }
            self.region.push(ir::Statement::Loop { body: region, step });
            self.environment.clone_from(&entry);
            if never && !frame.breaks {
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
            // Names that the loop assigns and nobody reads later mean nothing definite; nobody asks.
            return self.after_loop(statement, otherwise, completed, frame.breaks);
        }
        Err(Error::Internal("the types of a loop did not settle".into()))
    }

    /// Sets the variables of a loop before it.
    fn carry(
        &mut self,
        names: &[&'t str],
        shapes: &[Option<Shape>],
        mixed: &[Option<String>],
        entry: &Environment<'t>,
        span: Span,
    ) -> Result<Vec<Carried<'t>>> {
        let mut carried = Vec::new();
        for (place, &name) in names.iter().enumerate() {
            let before = entry.get(name);
            let state = match (&shapes[place], &mixed[place], before) {
                (_, Some(why), _) => State::Mixed(why.clone()),
                (Some(shape), _, _) => {
                    let slot = self.slot(name, shape);
                    self.store(&slot, before, span)?;
                    State::Variable(shape.clone(), slot)
                }
                (None, None, Some(item)) => State::Fixed(item.clone()),
                (None, None, None) => State::Undefined,
            };
            carried.push(Carried { name, state, head: None });
        }
        Ok(carried)
    }

    /// The body of a loop. Gives back whether the test never ends the loop.
    fn turn(
        &mut self,
        body: &'t [Statement],
        head: &mut dyn FnMut(&mut Self) -> Result<Head>,
        bind: &mut dyn FnMut(&mut Self, Scalar) -> Result<()>,
        completed: Option<VariableId>,
        span: Span,
    ) -> Result<bool> {
        let mut frame = self.loops.pop().ok_or_else(|| Error::Internal("a loop was lost".into()))?;
        for carried in &mut frame.carried {
            let item = match &carried.state {
                State::Variable(_, slot) => Some(self.load(slot, span)),
                State::Fixed(item) => Some(item.clone()),
                State::Mixed(why) => Some(Item::Mixed(why.clone())),
                State::Undefined => None,
            };
            if let Some(item) = &item {
                self.environment.insert(carried.name, item.clone());
            }
            carried.head = item;
        }
        self.loops.push(frame);
        let (ends, position) = match head(self)? {
            Head::Constant(true) => (None, None),
            Head::Constant(false) => (Some(self.constant(Constant::bool(true), span)), None),
            Head::Dynamic(ends) => (Some(ends), None),
            Head::Bind(ends, position) => (Some(ends), Some(position)),
        };
        if let Some(ends) = ends {
            let (leave, ()) = self.in_region(|typer| {
                if let Some(completed) = completed {
                    let yes = typer.constant(Constant::bool(true), span);
                    typer.set(completed, yes);
                }
                typer.region.push(ir::Statement::Break);
                Ok(())
            })?;
            let statement =
                ir::Statement::If { condition: ends.value, then: leave, otherwise: Region::default(), rare: false };
            self.region.push(statement);
        }
        if let Some(position) = position {
            bind(self, position)?;
        }
        self.block(body)?;
        if !self.ended {
            self.store_carried(span)?;
        }
        Ok(ends.is_none())
    }

    /// At the end of a turn: what names mean now goes into the loop's variables.
    fn store_carried(&mut self, span: Span) -> Result<()> {
        let mut frame = self.loops.pop().ok_or_else(|| Error::Internal("a loop was lost".into()))?;
        for carried in &mut frame.carried {
            let Some(item) = self.environment.get(carried.name).cloned() else { continue };
            if carried.head.as_ref().is_some_and(|head| head.same(&item)) {
                continue;
            }
            match (&carried.state, item.shape()) {
                (State::Mixed(_), _) => {}
                (State::Undefined, Some(shape)) => {
                    let slot = Slot::Tuple(Vec::new());
                    carried.state = State::Variable(shape, slot);
                    frame.changed = true;
                }
                (State::Variable(shape, slot), Some(stored)) => {
                    let Some(common) = unify(self.unit.rules, shape, &stored) else {
                        let message = format!("cannot unify {shape} and {stored} for '{}' in a loop", carried.name);
                        let help = "give the name one type, for example by a cast before the loop";
                        return Err(self.mistake(Class::Type, span, message).help(help).into());
                    };
                    if common != *shape {
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
                    carried.state = State::Mixed(format!("'{name}' is {before} at one turn of the loop and {now} at another"));
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
            return Err(self.mistake(Class::Syntax, span, format!("'{word}' outside of a loop")).into());
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
        breaks: bool,
    ) -> Result<()> {
        match completed {
            Some(completed) if breaks => {
                let condition = self.get(completed, ScalarType::Bool, statement.span);
                let live = self.liveness.at(statement).after;
                let empty = self.empty_way();
                let way = self.way(otherwise)?;
                self.join(condition, way, empty, &live, false, statement.span)
            }
            _ => self.block(otherwise),
        }
    }
}

/// The test at the head of a loop.
enum Head {
    /// The condition is known: `while True`.
    Constant(bool),
    /// The loop ends if this is true.
    Dynamic(Scalar),
    /// And otherwise this goes to `bind`.
    Bind(Scalar, Scalar),
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
