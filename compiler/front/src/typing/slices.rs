//! Slices as values: `slice(...)`, their parts and what they mean for a length. Parts that are None stay None in a subscript;
//! read as attributes they are the numbers that Numba gives.

use super::calls::Evaluated;
use super::item::{Class, Item, Scalar};
use super::typer::Typer;
use crate::error::{ErrorClass, Result};
use crate::ir::{Fault, Op};
use crate::source::Span;
use crate::types::ScalarType;
use std::sync::Arc;

impl<'t> Typer<'t, '_> {
    /// `slice(stop)`, `slice(start, stop)`, `slice(start, stop, step)`.
    pub fn make_slice(&mut self, arguments: &[Evaluated<'t>], span: Span) -> Result<Item<'t>> {
        let mut parts = Vec::new();
        for (item, at) in arguments {
            parts.push(match self.slice_bound_of(item, *at)? {
                Some(bound) => Item::Scalar(bound),
                None => Item::None,
            });
        }
        match parts.len() {
            1 => parts.insert(0, Item::None),
            2 | 3 => {}
            count => {
                let most = if count == 0 { "at least 1 argument" } else { "at most 3 arguments" };
                let mistake = self.mistake(ErrorClass::Type, span, format!("slice expected {most}, got {count}"));
                return Err(mistake.help("write slice(stop), slice(start, stop) or slice(start, stop, step)").into());
            }
        }
        parts.resize(3, Item::None);
        Ok(Item::Named(Arc::new(Class::Slice), parts))
    }

    /// A part of something with named parts.
    pub fn named_part(&mut self, class: &Class, parts: &[Item<'t>], name: &str, span: Span) -> Item<'t> {
        let place = class.place(name).unwrap_or(0);
        let part = parts.get(place).cloned().unwrap_or(Item::None);
        if *class != Class::Slice || !matches!(part, Item::None) {
            return part;
        }
        let mut number = |value: i128| self.integer(ScalarType::I64, value, span);
        let (least, most) = (i64::MIN.into(), i64::MAX.into());
        let (up, down) = match name {
            "start" => (number(0), number(most)),
            "stop" => (number(most), number(least)),
            _ => return Item::Scalar(number(1)),
        };
        match parts.get(2) {
            Some(Item::Scalar(step)) => {
                let zero = number(0);
                let backwards = self.apply(Op::Lt, &[*step, zero], span);
                Item::Scalar(self.select(backwards, down, up, span))
            }
            _ => Item::Scalar(up),
        }
    }

    /// `s.indices(length)`: start, stop and step for a sequence of that length, as Python's.
    pub fn slice_indices(&mut self, parts: &[Item<'t>], arguments: &[Evaluated<'t>], span: Span) -> Result<Item<'t>> {
        let [(length, at)] = arguments else {
            let message = format!("indices() takes exactly one argument ({} given)", arguments.len());
            return Err(self.mistake(ErrorClass::Type, span, message).help("pass the length of a sequence").into());
        };
        let length = self.number(length, *at)?;
        if length.scalar.is_float() {
            let message = format!("'{}' object cannot be interpreted as an integer", length.scalar);
            return Err(self.mistake(ErrorClass::Type, *at, message).help("cast it: int(...)").into());
        }
        let length = self.convert(length, ScalarType::I64, span);
        let zero = self.integer(ScalarType::I64, 0, span);
        let one = self.integer(ScalarType::I64, 1, span);
        let step = match parts.get(2) {
            Some(Item::Scalar(step)) => *step,
            _ => one,
        };
        let negative = self.apply(Op::Lt, &[length, zero], span);
        self.trap_with(negative, Fault::Value, "length should not be negative".into(), &[], span);
        let none = self.apply(Op::Eq, &[step, zero], span);
        self.trap_with(none, Fault::Value, "slice step cannot be zero".into(), &[], span);
        let backwards = self.apply(Op::Lt, &[step, zero], span);
        let minus_one = self.integer(ScalarType::I64, -1, span);
        let last = self.apply(Op::Sub, &[length, one], span);
        let low = self.select(backwards, minus_one, zero, span);
        let high = self.select(backwards, last, length, span);
        let bound = |typer: &mut Self, part: Option<&Item<'t>>, backwards_default: Scalar, default: Scalar| match part {
            Some(Item::Scalar(bound)) => typer.clipped(*bound, length, low, high, span),
            _ => typer.select(backwards, backwards_default, default, span),
        };
        let start = bound(self, parts.first(), high, low);
        let stop = bound(self, parts.get(1), low, high);
        Ok(Item::Tuple([start, stop, step].map(Item::Scalar).to_vec()))
    }
}
