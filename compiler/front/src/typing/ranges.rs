//! What a `for` runs over: ranges, whose counters never wrap, and tuples.

use super::Rules;
use super::item::{Class, Extent, Item, Literal, Relation, Scalar};
use super::loops::{Counter, Drive};
use super::names::Builtin;
use super::promotion;
use super::sequences::Source;
use super::typer::Typer;
use crate::error::{Error, ErrorClass, Result};
use crate::ir::{Fault, Op};
use crate::source::Span;
use crate::syntax::tree::{Comparison, Expression, ExpressionKind, Keyword, Statement};
use crate::types::ScalarType;
use std::sync::Arc;

/// What a `for` runs over.
pub enum Iteration<'t> {
    Range(Box<Range>),
    Sequence(Box<Source<'t>>),
    Items(Vec<Item<'t>>),
}

/// All three of one type.
#[derive(Clone, Copy)]
pub struct Range {
    start: Scalar,
    stop: Scalar,
    step: Scalar,
}

impl Range {
    /// As a value.
    pub fn item<'t>(&self) -> Item<'t> {
        let parts = [self.start, self.stop, self.step].map(Item::Scalar).to_vec();
        Item::Named(Arc::new(Class::Range(self.start.scalar)), parts)
    }

    /// The range that an item is.
    pub fn of(item: &Item<'_>) -> Option<Range> {
        let Item::Named(class, parts) = item else { return None };
        match (class.as_ref(), parts.as_slice()) {
            (Class::Range(_), [Item::Scalar(start), Item::Scalar(stop), Item::Scalar(step)]) => {
                Some(Range { start: *start, stop: *stop, step: *step })
            }
            _ => None,
        }
    }
}

impl<'t> Typer<'t, '_> {
    pub fn iteration(&mut self, iterable: &'t Expression) -> Result<Iteration<'t>> {
        let span = iterable.span;
        if self.is_host()
            && let Some(source) = self.source(iterable)?
        {
            return Ok(match self.entries_of(&source, span)? {
                Some(entries) => Iteration::Items(entries),
                None => Iteration::Sequence(Box::new(source)),
            });
        }
        if let ExpressionKind::Call { function, arguments, keywords } = &iterable.kind {
            let name = match &function.kind {
                ExpressionKind::Name(name) if !self.environment.contains_key(name.as_str()) => name.as_str(),
                _ => "",
            };
            let path = self.unit.module.path(function);
            let defined = self.unit.module.defines(name);
            if path.as_deref() == Some("numba.prange") || (!defined && Builtin::from_name(name) == Some(Builtin::Range))
            {
                return Ok(Iteration::Range(Box::new(self.range_call(arguments, keywords, span)?)));
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
        let item = self.expression(iterable)?.plain();
        if let Some(range) = Range::of(&item) {
            return Ok(Iteration::Range(Box::new(range)));
        }
        match item {
            Item::Tuple(_) | Item::Constants(_) => Ok(Iteration::Items(self.unpack(&item, span)?)),
            Item::Array(array) if self.is_host() => Ok(Iteration::Sequence(Box::new(self.array_source(array, span)?))),
            _ => {
                let message = format!("kernels cannot loop over {}", item.describe());
                let help = "loop over range(...), or over a tuple of numbers";
                Err(self.mistake(ErrorClass::Unsupported, span, message).help(help).into())
            }
        }
    }

    /// `range(...)`.
    pub fn range_call(&mut self, arguments: &'t [Expression], keywords: &'t [Keyword], span: Span) -> Result<Range> {
        if !keywords.is_empty() || arguments.is_empty() || arguments.len() > 3 {
            let mistake = self.mistake(ErrorClass::Type, span, "range takes one to three arguments");
            return Err(mistake.help("write range(stop), range(start, stop) or range(start, stop, step)").into());
        }
        self.range(arguments)
    }

    /// A small number as a literal of the text would be.
    pub fn integer_item(&mut self, value: i128, span: Span) -> Item<'t> {
        match self.unit.rules {
            Rules::Numba => Item::Scalar(self.integer(ScalarType::I64, value, span)),
            Rules::Exact => Item::Literal(Literal::Integer(Some(value))),
        }
    }

    /// The arguments of `range`, all of the type that its values have.
    pub fn range(&mut self, arguments: &'t [Expression]) -> Result<Range> {
        let mut items = Vec::new();
        for argument in arguments {
            let item = self.expression(argument)?;
            let scalar = match &item {
                Item::Literal(Literal::Integer(_)) => None,
                _ => {
                    let number = self.number(&item, argument.span)?;
                    let flag = self.unit.rules == Rules::Exact && number.scalar == ScalarType::Bool;
                    if number.scalar.is_float() || flag {
                        let message = format!("range takes integers, not {}", number.scalar);
                        return Err(self
                            .mistake(ErrorClass::Type, argument.span, message)
                            .help("cast it: int(...)")
                            .into());
                    }
                    // Arrays may have been made with the same number as an extent.
                    let extent = number.extent.or_else(|| self.is_host().then(|| Extent::of_value(number)));
                    Some(Scalar { extent, ..number })
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
        for (item, number, span) in items {
            let item = number.map_or(item, Item::Scalar);
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
            let mistake = self.mistake(ErrorClass::Value, arguments[2].span, "range() arg 3 must not be zero");
            return Err(mistake.help("a step of 1 goes up, one of -1 down").into());
        }
        if self.is_host() && step.range().is_none_or(|(low, high)| low <= 0 && high >= 0) {
            let zero = self.integer(scalar, 0, span);
            let stands = self.apply(Op::Eq, &[step, zero], span);
            self.trap_with(stands, Fault::Value, "range() arg 3 must not be zero".into(), &[], span);
        }
        Ok(Range { start, stop, step })
    }

    /// `for target in range(...)`
    pub fn counted(&mut self, statement: &'t Statement, target: &'t Expression, range: &Range) -> Result<()> {
        let span = target.span;
        let Range { start, stop, step } = *range;
        let scalar = start.scalar;
        let ExpressionKind::Name(name) = &target.kind else {
            let mistake = self.mistake(ErrorClass::Type, span, "range gives single integers");
            return Err(mistake.help("write one name after 'for'").into());
        };
        let variable = self.function.variable(name.as_str(), scalar);
        self.set(variable, start);
        // One step of 1 beyond the last value is `stop` itself; larger steps may leave the type, so they are counted.
        let remaining = if step.integer().is_some_and(|step| step.abs() == 1) {
            None
        } else {
            let turns = self.turns(&start, &stop, &step, span);
            let remaining = self.function.variable("remaining", turns.scalar);
            self.set(remaining, turns);
            Some((remaining, turns.scalar))
        };
        let first = start.range();
        let values = first.zip(stop.range()).and_then(|((low, high), (stop_low, stop_high))| match step.range() {
            Some((least, _)) if least > 0 && low < stop_high => Some((low, stop_high - 1)),
            Some((_, greatest)) if greatest < 0 && stop_low < high => Some((stop_low + 1, high)),
            _ => None,
        });
        let goes_up = step.range().is_some_and(|(least, _)| least > 0);
        let extent = match stop.extent {
            _ if !goes_up => None,
            Some(Extent { of, relation: Relation::Is, offset }) => {
                Some(Extent { of, relation: Relation::Below, offset })
            }
            Some(extent) => Some(Extent { offset: extent.offset.saturating_sub(1), ..extent }),
            None => None,
        };
        self.looped(statement, &Drive::Count(Counter { name, variable, stop, step, remaining, values, extent, span }))
    }

    /// `number in range`.
    pub fn is_in_range(&mut self, number: Scalar, range: &Range, span: Span) -> Result<Scalar> {
        let scalar = range.start.scalar;
        let whole = self.convert(number, scalar, span);
        // A float may stand between two of its values.
        let (left, right) = (Item::Scalar(number), Item::Scalar(whole));
        let mut found = self.compare(Comparison::Equal, &left, &right, span, span)?;
        let zero = self.integer(scalar, 0, span);
        let up = self.apply(Op::Gt, &[range.step, zero], span);
        let mut between = |low: Scalar, op: Op, other: Op, high: Scalar| {
            let (above, below) = (self.apply(op, &[whole, low], span), self.apply(other, &[whole, high], span));
            self.apply(Op::And, &[above, below], span)
        };
        let (forwards, backwards) =
            (between(range.start, Op::Ge, Op::Lt, range.stop), between(range.start, Op::Le, Op::Gt, range.stop));
        let inside = self.select_bool(up, forwards, backwards, span);
        found = self.apply(Op::And, &[found, inside], span);
        // Differences modulo 2**width are right as unsigned.
        let unsigned = unsigned(scalar);
        let [whole, start, step] = [whole, range.start, range.step].map(|value| self.convert(value, unsigned, span));
        let none = self.integer(unsigned, 0, span);
        let (ahead, behind) = (self.apply(Op::Sub, &[whole, start], span), self.apply(Op::Sub, &[start, whole], span));
        let distance = self.select(up, ahead, behind, span);
        let negated = self.apply(Op::Sub, &[none, step], span);
        let size = self.select(up, step, negated, span);
        let rest = self.apply(Op::Mod, &[distance, size], span);
        let hits = self.apply(Op::Eq, &[rest, none], span);
        Ok(self.apply(Op::And, &[found, hits], span))
    }

    /// How many values a range has; see [`Typer::turns`].
    pub fn turns_of(&mut self, range: &Range, span: Span) -> Scalar {
        self.turns(&range.start, &range.stop, &range.step, span)
    }

    /// The value of a range at a position, int64.
    pub fn value_of(&mut self, range: &Range, position: Scalar, span: Span) -> Scalar {
        let position = self.convert(position, range.start.scalar, span);
        let distance = self.apply(Op::Mul, &[position, range.step], span);
        self.apply(Op::Add, &[range.start, distance], span)
    }

    /// How often a loop turns, as an unsigned integer of the width of the range; 0 for a step of 0.
    fn turns(&mut self, start: &Scalar, stop: &Scalar, step: &Scalar, span: Span) -> Scalar {
        let scalar = start.scalar;
        let unsigned = unsigned(scalar);
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
}

/// The unsigned type of the same width.
fn unsigned(scalar: ScalarType) -> ScalarType {
    match scalar {
        ScalarType::I8 | ScalarType::U8 => ScalarType::U8,
        ScalarType::I16 | ScalarType::U16 => ScalarType::U16,
        ScalarType::I32 | ScalarType::U32 => ScalarType::U32,
        _ => ScalarType::U64,
    }
}
