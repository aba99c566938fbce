//! Tuples: their entries at known and at other positions, parts of them, and tables of constants.

use super::item::{Class, Item, Literal, Scalar, Sequence};
use super::promotion;
use super::typer::Typer;
use crate::constants::{self, ConstantValue};
use crate::error::{ErrorClass, Result};
use crate::ir::{Expression as Emitted, Fault, Op, Region};
use crate::source::Span;
use crate::syntax::tree::{Expression, ExpressionKind};
use crate::types::{Constant, ScalarType};

impl<'t> Typer<'t, '_> {
    /// The items of a tuple.
    pub fn unpack(&mut self, item: &Item<'t>, span: Span) -> Result<Vec<Item<'t>>> {
        match item {
            Item::Tuple(items) => Ok(items.clone()),
            Item::Named(class, items) if matches!(**class, Class::Tuple { .. }) => Ok(items.clone()),
            Item::Constants(sequence) => {
                (0..sequence.entries.len()).map(|index| self.sequence_entry(sequence, index, span)).collect()
            }
            _ => {
                let mistake = self.mistake(ErrorClass::Type, span, format!("{} cannot be unpacked", item.describe()));
                Err(mistake.help("only tuples can").into())
            }
        }
    }

    pub fn sequence_entry(&mut self, sequence: &Sequence, index: usize, span: Span) -> Result<Item<'t>> {
        let entry = &sequence.entries[index];
        match sequence.scalar {
            Some(scalar) => match entry.to(scalar) {
                Some(constant) => Ok(Item::Scalar(self.constant(constant, span))),
                None => self.constant_item(entry.clone(), span, true),
            },
            None => self.constant_item(entry.clone(), span, true),
        }
    }

    /// `tuple[index]`; `array[index, index]` where an array was frozen as tuples of tuples.
    pub fn tuple_element(&mut self, tuple: &Item<'t>, indices: &'t [Expression], span: Span) -> Result<Item<'t>> {
        let mut element = tuple.clone();
        for index in indices {
            if !matches!(element, Item::Tuple(_) | Item::Constants(_)) {
                let mistake = self.mistake(ErrorClass::Index, span, "there are more indices than axes");
                return Err(mistake.help("one index for each axis").into());
            }
            element = self.row_or_element(&element, index, span)?;
        }
        Ok(element)
    }

    fn row_or_element(&mut self, tuple: &Item<'t>, index: &'t Expression, span: Span) -> Result<Item<'t>> {
        if let ExpressionKind::Slice { start, stop, step } = &index.kind
            && self.is_host()
        {
            return self.tuple_slice(tuple, [start, stop, step], span);
        }
        if let ExpressionKind::Slice { .. } = index.kind {
            let mistake = self.mistake(ErrorClass::Unsupported, index.span, "kernels cannot slice tuples");
            return Err(mistake.help("take single entries").into());
        }
        let item = self.expression(index)?;
        if let Item::Named(class, parts) = &item
            && **class == Class::Slice
        {
            return self.sliced_tuple(tuple, parts, index.span, span);
        }
        let scalar = match &item {
            Item::Literal(Literal::Integer(Some(value))) if i32::try_from(*value).is_ok() => {
                self.exactly(&item, ScalarType::I32, index.span)?
            }
            _ => self.number(&item, index.span)?,
        };
        if !scalar.scalar.is_integer() {
            let message = format!("an index is an integer, not {}", scalar.scalar);
            return Err(self.mistake(ErrorClass::Type, index.span, message).help("cast it: int(...)").into());
        }
        self.entry(tuple, scalar, span)
    }

    /// `tuple[start:stop:step]`, whose bounds are known when compiling.
    fn tuple_slice(
        &mut self,
        tuple: &Item<'t>,
        bounds: [&'t Option<Box<Expression>>; 3],
        span: Span,
    ) -> Result<Item<'t>> {
        let mut parts = Vec::new();
        for bound in bounds {
            parts.push(match bound {
                Some(bound) => self.expression(bound)?,
                None => Item::None,
            });
        }
        self.sliced_tuple(tuple, &parts, span, span)
    }

    /// The entries that a slice means; `at`: where the slice stands.
    fn sliced_tuple(&mut self, tuple: &Item<'t>, parts: &[Item<'t>], at: Span, span: Span) -> Result<Item<'t>> {
        let items = self.unpack(tuple, span)?;
        let mut known = [None; 3];
        for (item, known) in parts.iter().zip(&mut known) {
            if let Item::None = item {
                continue;
            }
            let number = self.number(item, at)?.integer();
            let Some(number) = number.and_then(|number| i64::try_from(number).ok()) else {
                let mistake = self.mistake(ErrorClass::Type, at, "a bound of a tuple's slice is a constant");
                return Err(mistake.help("a tuple's length is part of its type: write numbers").into());
            };
            *known = Some(number);
        }
        let [start, stop, step] = known;
        let (length, step) = (items.len() as i64, step.unwrap_or(1));
        if step == 0 {
            return Err(self.mistake(ErrorClass::Value, span, "slice step cannot be zero").into());
        }
        let (low, high) = if step > 0 { (0, length) } else { (-1, length - 1) };
        let place = |bound: i64| (if bound < 0 { bound + length } else { bound }).clamp(low, high);
        let mut at = start.map_or(if step > 0 { low } else { high }, place);
        let end = stop.map_or(if step > 0 { high } else { low }, place);
        let mut chosen = Vec::new();
        while if step > 0 { at < end } else { at > end } {
            chosen.push(items[at as usize].clone());
            let Some(next) = at.checked_add(step) else { break };
            at = next;
        }
        Ok(Item::Tuple(chosen))
    }

    /// An entry of a tuple: chosen now if the index is known, read from a constant table or selected otherwise.
    pub fn entry(&mut self, tuple: &Item<'t>, index: Scalar, span: Span) -> Result<Item<'t>> {
        let length = match tuple {
            Item::Tuple(items) => items.len(),
            Item::Constants(sequence) => sequence.entries.len(),
            _ => 0,
        };
        if let Some(known) = index.integer() {
            let place = if known < 0 { known + length as i128 } else { known };
            let Some(place) = usize::try_from(place).ok().filter(|place| *place < length) else {
                let message = format!("index {known} is out of bounds for {}", super::count_entries(length));
                return Err(self.mistake(ErrorClass::Index, span, message).help("entries count from 0").into());
            };
            return match tuple {
                Item::Tuple(items) => Ok(items[place].clone()),
                Item::Constants(sequence) => self.sequence_entry(sequence, place, span),
                _ => Err(self.not_a_number(tuple, span).into()),
            };
        }
        if length == 0 {
            return Err(self.mistake(ErrorClass::Index, span, "an empty tuple has no entries").into());
        }
        let place = self.table_place(index, length, span);
        let constants = match tuple {
            Item::Constants(sequence) => Some((sequence.name.clone(), self.table_of(sequence))),
            Item::Tuple(items) => Some(("tuple".to_string(), table_of_items(items))),
            _ => None,
        };
        if let Some((name, Some((scalar, constants)))) = constants {
            let entries: Vec<u64> = constants.iter().map(|constant| constant.bits).collect();
            let range = constants.iter().map(|constant| constant.as_integer()).collect::<Option<Vec<i128>>>();
            let range = range.and_then(|values| Some((*values.iter().min()?, *values.iter().max()?)));
            let table = self.program.table(&name, scalar, entries);
            let entry = self.define(scalar, span, Emitted::TableEntry { table, index: place.value });
            return Ok(Item::Scalar(entry.with_range(range)));
        }
        let items = self.unpack(tuple, span)?;
        if items.iter().any(|item| !matches!(item, Item::Scalar(_) | Item::Literal(_))) {
            return self.row(&items, index, span);
        }
        let mut chosen = items[0].clone();
        for (number, item) in items.into_iter().enumerate().skip(1) {
            let number = self.integer(ScalarType::Index, number as i128, span);
            let here = self.apply(Op::Eq, &[place, number], span);
            let empty = Region::default;
            chosen = self.choose(here, (empty(), item), (empty(), chosen), span)?;
        }
        Ok(chosen)
    }

    /// An entry of a tuple of tuples of one length: made of an entry of every column.
    fn row(&mut self, rows: &[Item<'t>], index: Scalar, span: Span) -> Result<Item<'t>> {
        let mut columns: Vec<Vec<Item<'t>>> = Vec::new();
        for row in rows {
            let entries = match row {
                Item::Tuple(_) | Item::Constants(_) => self.unpack(row, span)?,
                _ => Vec::new(),
            };
            columns.push(entries);
        }
        let width = columns[0].len();
        if width == 0 || columns.iter().any(|row| row.len() != width) {
            let mistake = self.mistake(
                ErrorClass::Unsupported,
                span,
                "the index into tuples of different kinds must be constant",
            );
            return Err(mistake.help("keep numbers, or tuples of one length, in the tuple").into());
        }
        let entries: Result<Vec<_>> = (0..width)
            .map(|column| {
                let column = Item::Tuple(columns.iter().map(|row| row[column].clone()).collect());
                self.entry(&column, index, span)
            })
            .collect();
        Ok(Item::Tuple(entries?))
    }

    /// The position in a table, type index, checked unless it is known to be inside.
    fn table_place(&mut self, index: Scalar, length: usize, span: Span) -> Scalar {
        let last = length as i128 - 1;
        let inside = index.range().is_some_and(|(low, high)| low >= 0 && high <= last);
        // The prelude's own tables are never left; a branch there would cost every element.
        if inside || self.unit.prelude.is_some() {
            return self.convert(index, ScalarType::Index, span);
        }
        let wide = if index.scalar == ScalarType::U64 { ScalarType::U64 } else { ScalarType::I64 };
        let index = self.convert(index, wide, span);
        let extent = self.integer(wide, length as i128, span);
        let mut place = index;
        let mut outside = self.apply(Op::Ge, &[index, extent], span);
        if index.range().is_none_or(|(low, _)| low < 0) {
            let zero = self.integer(wide, 0, span);
            let negative = self.apply(Op::Lt, &[index, zero], span);
            let wrapped = self.apply(Op::Add, &[index, extent], span);
            place = self.select(negative, wrapped, index, span);
            let below = self.apply(Op::Lt, &[place, zero], span);
            outside = self.apply(Op::Or, &[below, outside], span);
        }
        if self.is_host() {
            // In Python's words.
            self.trap_with(outside, Fault::IndexOutOfBounds, "tuple index out of range".into(), &[], span);
        } else {
            let message = format!("index {{}} is out of bounds for {}", super::count_entries(length));
            self.trap(outside, Fault::IndexOutOfBounds, message, index, span);
        }
        self.convert(place, ScalarType::Index, span)
    }

    /// The entries as constants of one type.
    pub fn table_of(&self, sequence: &Sequence) -> Option<(ScalarType, Vec<Constant>)> {
        let scalar = match sequence.scalar {
            Some(scalar) => scalar,
            None => sequence
                .entries
                .iter()
                .map(ConstantValue::scalar)
                .reduce(|left, right| Some(promotion::unify(left?, right?)))??,
        };
        let constants: Option<Vec<Constant>> = sequence
            .entries
            .iter()
            .map(|entry| {
                let number = entry.scalar().and_then(|own| entry.to(own))?;
                Some(entry.to(scalar).unwrap_or_else(|| constants::convert(number, scalar)))
            })
            .collect();
        Some((scalar, constants?))
    }
}

/// The entries of a tuple of known numbers as constants of one type.
fn table_of_items(items: &[Item<'_>]) -> Option<(ScalarType, Vec<Constant>)> {
    let constants: Option<Vec<Constant>> = items
        .iter()
        .map(|item| match item {
            Item::Scalar(scalar) => scalar.constant(),
            Item::Literal(Literal::Integer(Some(value))) => ConstantValue::Integer(*value).to(ScalarType::I64),
            Item::Literal(Literal::Float(Some((value, text)))) => {
                ConstantValue::Float(*value, text.clone()).to(ScalarType::F64)
            }
            _ => None,
        })
        .collect();
    let constants = constants?;
    let scalar = constants.iter().map(|constant| constant.scalar).reduce(promotion::unify)?;
    Some((scalar, constants.into_iter().map(|constant| constants::convert(constant, scalar)).collect()))
}
