//! What a `for` of a whole function runs over besides ranges and tuples: arrays, and `enumerate`, `zip` and `reversed` of
//! anything. Each is a length and what stands at a position.

use super::item::{Item, Scalar};
use super::names::Builtin;
use super::ranges::Range;
use super::typer::Typer;
use super::views::Axis;
use crate::error::{ErrorClass, Result};
use crate::ir::{ArrayId, AxisSource, Expression as Emitted, Op, VariableId};
use crate::source::Span;
use crate::syntax::tree::{Expression, ExpressionKind};
use crate::types::ScalarType;

/// Something with a length and entries.
pub enum Source<'t> {
    Range(Range),
    Array(ArrayId),
    /// Numbers, or tuples of numbers, of one kind.
    Tuple(Item<'t>, usize),
    Enumerate(Box<Source<'t>>, Scalar),
    Zip(Vec<Source<'t>>),
    Reversed(Box<Source<'t>>),
}

/// A loop over the entries of a source.
pub struct Sequence<'t> {
    pub source: Source<'t>,
    pub position: VariableId,
    /// Type int64.
    pub length: Scalar,
    pub target: &'t Expression,
    pub span: Span,
}

impl<'t> Typer<'t, '_> {
    /// The source that `enumerate`, `zip` or `reversed` make; `None` for what is none of these.
    pub fn source(&mut self, iterable: &'t Expression) -> Result<Option<Source<'t>>> {
        match self.iterator(iterable) {
            Some("enumerate" | "zip" | "reversed") => self.inner_source(iterable).map(Some),
            _ => Ok(None),
        }
    }

    /// The entries of a source that is all of tuples, which may be of several kinds.
    pub fn entries_of(&mut self, source: &Source<'t>, span: Span) -> Result<Option<Vec<Item<'t>>>> {
        Ok(match source {
            Source::Range(_) | Source::Array(_) => None,
            Source::Tuple(tuple, _) => Some(self.unpack(tuple, span)?),
            Source::Reversed(inner) => self.entries_of(inner, span)?.map(|entries| entries.into_iter().rev().collect()),
            Source::Enumerate(inner, start) => self.entries_of(inner, span)?.map(|entries| {
                let numbered = entries.into_iter().enumerate().map(|(place, entry)| {
                    let place = self.integer(ScalarType::I64, place as i128, span);
                    Item::Tuple(vec![Item::Scalar(self.apply(Op::Add, &[*start, place], span)), entry])
                });
                numbered.collect()
            }),
            Source::Zip(sources) => {
                let mut rows = Vec::new();
                for source in sources {
                    let Some(entries) = self.entries_of(source, span)? else { return Ok(None) };
                    rows.push(entries);
                }
                let turns = rows.iter().map(Vec::len).min().unwrap_or(0);
                Some((0..turns).map(|turn| Item::Tuple(rows.iter().map(|row| row[turn].clone()).collect())).collect())
            }
        })
    }

    /// The name of Python's function of iterators that is called.
    fn iterator(&self, iterable: &'t Expression) -> Option<&'t str> {
        let ExpressionKind::Call { function, .. } = &iterable.kind else { return None };
        let ExpressionKind::Name(name) = &function.kind else { return None };
        let shadowed = self.environment.contains_key(name.as_str()) || self.unit.module.defines(name);
        (!shadowed).then_some(name.as_str())
    }

    fn inner_source(&mut self, iterable: &'t Expression) -> Result<Source<'t>> {
        let span = iterable.span;
        if let ExpressionKind::Call { function, arguments, keywords } = &iterable.kind {
            let prange = self.unit.module.path(function).as_deref() == Some("numba.prange");
            match (self.iterator(iterable), arguments.as_slice()) {
                (Some("enumerate"), [inner, start @ ..]) if start.len() <= 1 => {
                    let start = match (start, keywords.as_slice()) {
                        ([], []) => None,
                        ([start], []) => Some(start),
                        ([], [keyword]) if keyword.name.as_deref() == Some("start") => Some(&keyword.value),
                        _ => return Err(self.wrong_count("enumerate", "an iterable and 'start'", span).into()),
                    };
                    let start = match start {
                        Some(start) => {
                            let item = self.expression(start)?;
                            let number = self.number(&item, start.span)?;
                            if number.scalar.is_float() {
                                let message = "Only integers supported as start value in enumerate";
                                let mistake = self.mistake(ErrorClass::Type, start.span, message);
                                return Err(mistake.help("convert it: int(...)").into());
                            }
                            self.convert(number, ScalarType::I64, start.span)
                        }
                        None => self.integer(ScalarType::I64, 0, span),
                    };
                    return Ok(Source::Enumerate(Box::new(self.inner_source(inner)?), start));
                }
                (Some("zip"), inner) if keywords.is_empty() => {
                    let sources = inner.iter().map(|inner| self.inner_source(inner)).collect::<Result<_>>()?;
                    return Ok(Source::Zip(sources));
                }
                (Some("reversed"), [inner]) if keywords.is_empty() => {
                    return Ok(Source::Reversed(Box::new(self.inner_source(inner)?)));
                }
                _ => {}
            }
            let range = self.iterator(iterable).is_some_and(|name| Builtin::from_name(name) == Some(Builtin::Range));
            if (range || prange) && (1..=3).contains(&arguments.len()) && keywords.is_empty() {
                return Ok(Source::Range(self.range(arguments)?));
            }
        }
        let item = self.expression(iterable)?.plain();
        if let Some(range) = Range::of(&item) {
            return Ok(Source::Range(range));
        }
        match item {
            Item::Array(array) => self.array_source(array, span),
            Item::Tuple(_) | Item::Constants(_) => {
                let length = self.unpack(&item, span)?.len();
                Ok(Source::Tuple(item, length))
            }
            other => {
                let message = format!("'{}' object is not iterable", other.describe());
                let help = "loop over range(...), an array or a tuple";
                Err(self.mistake(ErrorClass::Type, span, message).help(help).into())
            }
        }
    }

    pub fn array_source(&mut self, array: ArrayId, span: Span) -> Result<Source<'t>> {
        if self.function.arrays[array.index()].rank == 0 {
            let mistake = self.mistake(ErrorClass::Type, span, "iteration over a 0-d array");
            return Err(mistake.help("take its element: a[()]").into());
        }
        Ok(Source::Array(array))
    }

    /// The number of entries, int64.
    pub fn length_of(&mut self, source: &Source<'t>, span: Span) -> Scalar {
        match source {
            Source::Range(range) => {
                let turns = self.turns_of(range, span);
                self.convert(turns, ScalarType::I64, span)
            }
            Source::Array(array) => self.extent(*array, 0, span),
            Source::Tuple(_, length) => self.integer(ScalarType::I64, *length as i128, span),
            Source::Enumerate(inner, _) | Source::Reversed(inner) => self.length_of(inner, span),
            Source::Zip(sources) => {
                let lengths: Vec<Scalar> = sources.iter().map(|source| self.length_of(source, span)).collect();
                let mut lengths = lengths.into_iter();
                match lengths.next() {
                    None => self.integer(ScalarType::I64, 0, span),
                    Some(first) => lengths.fold(first, |least, other| self.apply(Op::Minimum, &[least, other], span)),
                }
            }
        }
    }

    /// What stands at a position, which is in range.
    pub fn entry_of(&mut self, source: &Source<'t>, position: Scalar, span: Span) -> Result<Item<'t>> {
        match source {
            Source::Range(range) => Ok(Item::Scalar(self.value_of(range, position, span))),
            Source::Array(array) => Ok(self.row_of(*array, position, span)),
            Source::Tuple(tuple, _) => self.entry(tuple, position, span),
            Source::Enumerate(inner, start) => {
                let number = self.apply(Op::Add, &[*start, position], span);
                Ok(Item::Tuple(vec![Item::Scalar(number), self.entry_of(inner, position, span)?]))
            }
            Source::Zip(sources) => {
                let entries = sources.iter().map(|source| self.entry_of(source, position, span)).collect::<Result<_>>();
                Ok(Item::Tuple(entries?))
            }
            Source::Reversed(inner) => {
                let length = self.length_of(inner, span);
                let one = self.integer(ScalarType::I64, 1, span);
                let last = self.apply(Op::Sub, &[length, one], span);
                let position = self.apply(Op::Sub, &[last, position], span);
                self.entry_of(inner, position, span)
            }
        }
    }

    /// An element or a row of an array, at a position that is in range.
    fn row_of(&mut self, array: ArrayId, position: Scalar, span: Span) -> Item<'t> {
        let position = self.convert(position, ScalarType::Index, span);
        let kind = self.function.arrays[array.index()].kind();
        if kind.rank() == 1 {
            let load = Emitted::Load { array, indices: vec![position.value] };
            return Item::Scalar(self.define(kind.scalar, span, load));
        }
        let zero = self.integer(ScalarType::Index, 0, span);
        let mut starts = vec![position];
        let mut axes = Vec::new();
        for axis in 1..kind.rank() {
            let extent = self.extent(array, axis, span);
            let extent = self.convert(extent, ScalarType::Index, span);
            let (measure, stride) = (Some(self.measure(array, axis)), kind.strides[axis as usize]);
            starts.push(zero);
            axes.push(Axis { extent, measure, source: AxisSource::Along { axis, step: None }, stride });
        }
        Item::Array(self.define_view(array, starts, axes))
    }
}
