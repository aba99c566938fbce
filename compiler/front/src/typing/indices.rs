//! Subscripts of arrays in whole functions: what stands in the brackets, single elements, checked indices.

use super::expressions::root_name;
use super::item::{Class, Extent, Item, Measure, Relation, Scalar};
use super::typer::Typer;
use crate::error::{ErrorClass, Result};
use crate::ir::{ArrayId, Expression, Fault, Op, Statement, Value};
use crate::source::Span;
use crate::syntax::tree::{self, ExpressionKind};
use crate::types::ScalarType;

/// An entry of a subscript.
#[derive(Clone, Copy)]
pub enum Index {
    /// A single position; not checked yet.
    Place(Scalar, Span),
    /// Whatever is not given is None.
    Slice {
        start: Option<Scalar>,
        stop: Option<Scalar>,
        step: Option<Scalar>,
        span: Span,
    },
    NewAxis,
}

impl<'t> Typer<'t, '_> {
    /// `array[indices]`: an element, or a view.
    pub fn subscript(&mut self, array: ArrayId, indices: &'t [tree::Expression], span: Span) -> Result<Item<'t>> {
        let indices = self.indices(array, indices, span)?;
        self.subscript_of(array, &indices, span)
    }

    pub fn subscript_of(&mut self, array: ArrayId, indices: &[Index], span: Span) -> Result<Item<'t>> {
        match self.places(array, indices) {
            Some(places) => {
                let scalar = self.function.arrays[array.index()].scalar;
                let indices = places;
                Ok(Item::Scalar(self.define(scalar, span, Expression::Load { array, indices })))
            }
            None => Ok(Item::Array(self.view(array, indices, span))),
        }
    }

    /// The position of a single element; `None` if the subscript is a view.
    pub fn places(&mut self, array: ArrayId, indices: &[Index]) -> Option<Vec<Value>> {
        let rank = self.function.arrays[array.index()].rank as usize;
        let all = indices.len() == rank && indices.iter().all(|index| matches!(index, Index::Place(..)));
        if !all {
            return None;
        }
        let mut places = Vec::new();
        for (axis, index) in indices.iter().enumerate() {
            if let Index::Place(index, span) = *index {
                places.push(self.checked_index(array, axis as u32, index, span).value);
            }
        }
        Some(places)
    }

    /// What stands in the brackets: one entry per axis of the array, as far as they go, and new axes.
    pub fn indices(&mut self, array: ArrayId, indices: &'t [tree::Expression], span: Span) -> Result<Vec<Index>> {
        let rank = self.function.arrays[array.index()].rank as usize;
        let mut found = Vec::new();
        let mut ellipsis = None;
        for index in indices {
            match &index.kind {
                ExpressionKind::Slice { start, stop, step } => {
                    let mut bound = |bound: &'t Option<Box<tree::Expression>>| match bound {
                        Some(bound) => self.slice_bound(bound),
                        None => Ok(None),
                    };
                    let (start, stop, step) = (bound(start)?, bound(stop)?, bound(step)?);
                    found.push(Index::Slice { start, stop, step, span: index.span });
                }
                ExpressionKind::Ellipsis if ellipsis.is_some() => {
                    let message = "an index can only have a single ellipsis ('...')";
                    return Err(self.mistake(ErrorClass::Index, index.span, message).help("leave one out").into());
                }
                ExpressionKind::Ellipsis => ellipsis = Some(found.len()),
                _ if self.is_new_axis(index) => found.push(Index::NewAxis),
                _ => {
                    let item = self.expression(index)?;
                    self.index_entries(item, index.span, &mut found)?;
                }
            }
        }
        let taken = found.iter().filter(|index| !matches!(index, Index::NewAxis)).count();
        if taken > rank {
            let message = format!("too many indices for array: array is {rank}-dimensional, but {taken} were indexed");
            return Err(self.mistake(ErrorClass::Index, span, message).help("one index for each axis").into());
        }
        if let Some(place) = ellipsis {
            let all = Index::Slice { start: None, stop: None, step: None, span };
            found.splice(place..place, std::iter::repeat_n(all, rank - taken));
        }
        Ok(found)
    }

    /// Whether it is `np.newaxis`, which is None by another name.
    fn is_new_axis(&self, index: &tree::Expression) -> bool {
        let local = root_name(index).is_some_and(|root| self.environment.contains_key(root));
        !local && self.unit.module.path(index).is_some_and(|path| path == "numpy.newaxis")
    }

    fn index_entries(&mut self, item: Item<'t>, span: Span, found: &mut Vec<Index>) -> Result<()> {
        match item {
            Item::None => found.push(Index::NewAxis),
            // A tuple index is spread out.
            Item::Tuple(_) | Item::Constants(_) => {
                for item in self.unpack(&item, span)? {
                    self.index_entries(item, span, found)?;
                }
            }
            Item::Named(class, parts) if *class == Class::Slice => {
                let mut bounds = [None; 3];
                for (part, bound) in parts.iter().zip(&mut bounds) {
                    *bound = self.slice_bound_of(part, span)?;
                }
                let [start, stop, step] = bounds;
                found.push(Index::Slice { start, stop, step, span });
            }
            Item::Named(class, parts) if matches!(*class, Class::Tuple { .. }) => {
                self.index_entries(Item::Tuple(parts), span, found)?;
            }
            Item::Array(_) => {
                let message = "arrays as indices are not there yet";
                let help = "write a loop over the elements";
                return Err(self.mistake(ErrorClass::Unsupported, span, message).help(help).into());
            }
            item => {
                let number = self.number(&item, span)?;
                if !number.scalar.is_integer() {
                    let message = format!("an index is an integer, not {}", number.scalar);
                    return Err(self.mistake(ErrorClass::Type, span, message).help("cast it: int(...)").into());
                }
                found.push(Index::Place(number, span));
            }
        }
        Ok(())
    }

    /// A bound of a slice, as int64.
    fn slice_bound(&mut self, bound: &'t tree::Expression) -> Result<Option<Scalar>> {
        let item = self.expression(bound)?;
        self.slice_bound_of(&item, bound.span)
    }

    pub fn slice_bound_of(&mut self, item: &Item<'t>, span: Span) -> Result<Option<Scalar>> {
        if let Item::None = item {
            return Ok(None);
        }
        let number = self.number(item, span)?;
        if number.scalar.is_float() {
            let message = format!("a bound of a slice is an integer, not {}", number.scalar);
            return Err(self.mistake(ErrorClass::Type, span, message).help("cast it: int(...)").into());
        }
        Ok(Some(self.convert(number, ScalarType::I64, span)))
    }

    /// An index of an array, type index: negative ones count from the end; what is not proved is checked.
    pub fn checked_index(&mut self, array: ArrayId, axis: u32, index: Scalar, span: Span) -> Scalar {
        let measure = self.measure(array, axis);
        let small = |extent: i64| index.range().is_some_and(|(_, high)| high < extent as i128);
        let known = matches!(measure, Measure::Known(extent) if small(extent));
        let below = known
            || index.extent.is_some_and(|extent| extent.relation == Relation::Below && self.is_within(extent, measure));
        let not_negative = index.range().is_some_and(|(low, _)| low >= 0);
        if below && not_negative {
            return self.convert(index, ScalarType::Index, span);
        }
        let extent = self.extent(array, axis, span);
        let wide = if index.scalar == ScalarType::U64 { ScalarType::U64 } else { ScalarType::I64 };
        let index = self.convert(index, wide, span);
        let extent = self.convert(extent, wide, span);
        let mut place = index;
        let mut outside = None;
        if !not_negative {
            let zero = self.integer(wide, 0, span);
            let negative = self.apply(Op::Lt, &[index, zero], span);
            let wrapped = self.apply(Op::Add, &[index, extent], span);
            place = self.select(negative, wrapped, index, span);
            outside = Some(self.apply(Op::Lt, &[place, zero], span));
        }
        if !below {
            let above = self.apply(Op::Ge, &[place, extent], span);
            outside = Some(match outside {
                Some(outside) => self.apply(Op::Or, &[outside, above], span),
                None => above,
            });
        }
        if let Some(outside) = outside.filter(|_| self.unit.bounds) {
            let message = format!("index {{}} is out of bounds for axis {axis} with size {{}}");
            self.trap_with(outside, Fault::IndexOutOfBounds, message, &[index, extent], span);
        }
        self.convert(place, ScalarType::Index, span)
    }

    /// Whether a number below `bound` is below the extent that is known as `measure`.
    fn is_within(&self, bound: Extent, measure: Measure) -> bool {
        let sum = match measure {
            Measure::Value(value) => self.sums.get(&value).copied(),
            _ => None,
        };
        let (base, distance) = sum.unwrap_or((measure, 0));
        bound.of == measure && bound.offset <= 0 || bound.of == base && bound.offset <= distance
    }

    /// What an axis's extent is known as.
    pub fn measure(&self, array: ArrayId, axis: u32) -> Measure {
        let known = self.arrays.get(array.index()).and_then(|array| array.measures.get(axis as usize));
        known.copied().unwrap_or(Measure::Axis(array, axis))
    }

    /// Fails if `condition` is true; `payloads` take the places of `{}` in the message.
    pub fn trap_with(&mut self, condition: Scalar, fault: Fault, message: String, payloads: &[Scalar], span: Span) {
        match condition.constant() {
            Some(constant) if constant.bits == 0 => return,
            _ => {}
        }
        let site = self.site(fault, message, span);
        let payloads = payloads.iter().map(|payload| payload.value).collect();
        self.region.push(Statement::Trap { condition: condition.value, site, payloads, position: None });
    }

    /// An integer that is given as the extent of an axis is not negative from there on, on this way.
    pub fn not_negative_from_here(&mut self, number: Scalar) {
        if self.sides > 0 {
            return; // what follows may come by the other side
        }
        for item in self.environment.values_mut() {
            if let Item::Scalar(scalar) = item
                && scalar.value == number.value
                && let Some((low, high)) = scalar.range()
            {
                *scalar = scalar.with_range(Some((low.max(0), high)));
            }
        }
    }
}

impl Extent {
    /// What is known of the number itself as an extent.
    pub fn of_value(number: Scalar) -> Extent {
        let known = number.integer().and_then(|known| i64::try_from(known).ok());
        number.extent.filter(|extent| extent.relation == Relation::Is).unwrap_or(Extent {
            of: known.map_or(Measure::Value(number.value), Measure::Known),
            relation: Relation::Is,
            offset: 0,
        })
    }
}
