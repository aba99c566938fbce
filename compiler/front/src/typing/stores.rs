//! Stores into arrays in whole functions: elements, and views by broadcasting assignment.

use super::indices::Index;
use super::item::{Item, Measure, Scalar, Sequence, describe_array};
use super::typer::Typer;
use crate::constants::ConstantValue;
use crate::error::{ErrorClass, Result};
use crate::ir::{
    Access, ArrayId, ArrayType, Definition, Expression as Emitted, Fault, Op, Parallel, Statement, Stride, Value,
};
use crate::source::Span;
use crate::syntax::tree::{BinaryOperator, Expression};
use crate::types::ScalarType;

impl<'t> Typer<'t, '_> {
    /// `value[indices] = item`
    pub fn assign_subscript(
        &mut self,
        value: &'t Expression,
        indices: &'t [Expression],
        item: &Item<'t>,
        span: Span,
    ) -> Result<()> {
        let array = self.target(value)?;
        let indices = self.indices(array, indices, span)?;
        self.assign_indices(array, &indices, item, span)
    }

    fn assign_indices(&mut self, array: ArrayId, indices: &[Index], item: &Item<'t>, span: Span) -> Result<()> {
        match self.places(array, indices) {
            Some(places) => {
                if let Item::Array(source) = item
                    && self.function.arrays[source.index()].rank == 0
                {
                    let element = self.subscript_of(*source, &[], span)?;
                    return self.store_element(array, places, &element, span);
                }
                self.store_element(array, places, item, span)
            }
            None => {
                let view = self.view(array, indices, span);
                self.assign(view, item, span)
            }
        }
    }

    /// The array that an assignment stores into.
    fn target(&mut self, value: &'t Expression) -> Result<ArrayId> {
        let item = self.expression(value)?;
        let item = self.there(item, value.span);
        let Item::Array(array) = item else {
            let message = match &item {
                Item::Constants(sequence) if sequence.scalar.is_some() => {
                    format!("Cannot modify readonly array of type: {}", describe_frozen(sequence))
                }
                _ => format!("{} has no entries to assign to", item.describe()),
            };
            let mistake = self.mistake(ErrorClass::Type, value.span, message);
            return Err(mistake.help("assign to entries of arrays alone").into());
        };
        self.check_writable(array, value.span)?;
        Ok(array)
    }

    fn check_writable(&self, array: ArrayId, span: Span) -> Result<()> {
        let array = &self.function.arrays[array.index()];
        if array.access == Access::Read {
            let message = format!("Cannot modify readonly array of type: {}", describe_array(&array.kind()));
            let mistake = self.mistake(ErrorClass::Type, span, message);
            return Err(mistake.help("pass an array that may be written, or store into a copy").into());
        }
        Ok(())
    }

    fn store_element(&mut self, array: ArrayId, indices: Vec<Value>, item: &Item<'t>, span: Span) -> Result<()> {
        let scalar = self.function.arrays[array.index()].scalar;
        let number = self.number(item, span)?;
        let value = self.convert(number, scalar, span).value;
        self.region.push(Statement::Store { array, indices, value });
        Ok(())
    }

    /// `target[...] = item`: broadcast, and as if all of `item` had been read before.
    pub fn assign(&mut self, target: ArrayId, item: &Item<'t>, span: Span) -> Result<()> {
        self.check_writable(target, span)?;
        match item {
            Item::Array(source) => self.combine_into(target, *source, span, None::<fn(&mut Self, _, _) -> _>),
            Item::Tuple(_) | Item::Constants(_) => {
                let items = self.unpack(item, span)?;
                self.assign_row(target, &items, span)
            }
            item => {
                let number = self.number(item, span)?;
                let scalar = self.function.arrays[target.index()].scalar;
                let number = self.convert(number, scalar, span);
                self.each_element(target, &[], span, |_, _| Ok(number))
            }
        }
    }

    /// Numbers in a row, into the last axis.
    fn assign_row(&mut self, target: ArrayId, items: &[Item<'t>], span: Span) -> Result<()> {
        let rank = self.function.arrays[target.index()].rank;
        if rank != 1 {
            let message = "a tuple is assigned to one axis";
            let mistake = self.mistake(ErrorClass::Unsupported, span, message);
            return Err(mistake.help("assign single rows").into());
        }
        let extent = self.extent(target, 0, span);
        let length = self.integer(ScalarType::I64, items.len() as i128, span);
        let differs = self.apply(Op::Ne, &[extent, length], span);
        let message = "cannot assign slice of shape ({},) from input of shape ({},)".to_string();
        self.trap_with(differs, Fault::Value, message, &[extent, length], span);
        for (number, item) in items.iter().enumerate() {
            let place = self.integer(ScalarType::Index, number as i128, span);
            self.store_element(target, vec![place.value], item, span)?;
        }
        Ok(())
    }

    /// Stores `combine(old element of target, element of source)`, or the element of the source itself, in every element
    /// of `target`. Where the two share memory the source is copied first.
    fn combine_into(
        &mut self,
        target: ArrayId,
        source: ArrayId,
        span: Span,
        combine: Option<impl Fn(&mut Self, Scalar, Scalar) -> Result<Scalar>>,
    ) -> Result<()> {
        // An element that nobody needs is not read: it may never have been written.
        let store = |typer: &mut Self, source: ArrayId| match &combine {
            Some(combine) => typer.each_element(target, &[target, source], span, |typer, elements| {
                combine(typer, elements[0], elements[1])
            }),
            None => typer.each_element(target, &[source], span, |_, elements| Ok(elements[0])),
        };
        if source == target {
            return store(self, target);
        }
        let seen = self.fitted(source, target, combine.is_none(), span);
        let overlap = Emitted::Overlap { left: target, right: seen };
        let overlap = self.define(ScalarType::Bool, span, overlap);
        let (apart, ()) = self.in_region(|typer| store(typer, seen))?;
        let (together, ()) = self.in_region(|typer| {
            let copy = typer.copied(seen, span)?;
            store(typer, copy)
        })?;
        let condition = overlap.value;
        self.region.push(Statement::If { condition, then: together, otherwise: apart, rare: false });
        Ok(())
    }

    /// The source as an array of the target's shape; fails if it does not broadcast. `assigned`: nothing is computed with it.
    fn fitted(&mut self, source: ArrayId, target: ArrayId, assigned: bool, span: Span) -> ArrayId {
        let mut source = source;
        let rank = |typer: &Self, array: ArrayId| typer.function.arrays[array.index()].rank;
        let (from, to) = (self.extents(source, span), self.extents(target, span));
        let braces = |count: usize| match count {
            1 => "({},)".to_string(),
            count => format!("({})", vec!["{}"; count].join(", ")),
        };
        let (given, wanted) = (braces(from.len()), braces(to.len()));
        let (message, payloads) = match assigned {
            true => (format!("cannot assign slice of shape {wanted} from input of shape {given}"), [&to, &from]),
            false => (format!("could not broadcast input array from shape {given} into shape {wanted}"), [&from, &to]),
        };
        let payloads: Vec<Scalar> = payloads.into_iter().flatten().copied().collect();
        let one = self.integer(ScalarType::I64, 1, span);
        // Axes of extent 1 before those of the target.
        let lead = from.len().saturating_sub(to.len());
        for extent in &from[..lead] {
            let more = self.apply(Op::Ne, &[*extent, one], span);
            self.trap_with(more, Fault::Value, message.clone(), &payloads, span);
        }
        if lead > 0 {
            let zero = self.integer(ScalarType::I64, 0, span);
            let first = vec![Index::Place(zero, span); lead];
            source = self.view(source, &first, span);
        }
        let skipped = to.len() - rank(self, source) as usize;
        let mut same = skipped == 0;
        for axis in 0..rank(self, source) {
            if self.measure(source, axis) == self.measure(target, axis + skipped as u32) {
                continue;
            }
            same = false;
            let (given, wanted) = (from[lead + axis as usize], to[skipped + axis as usize]);
            let differs = self.apply(Op::Ne, &[given, wanted], span);
            let many = self.apply(Op::Ne, &[given, one], span);
            let wrong = self.apply(Op::And, &[differs, many], span);
            self.trap_with(wrong, Fault::Value, message.clone(), &payloads, span);
        }
        if same {
            return source;
        }
        let extents: Vec<(Scalar, Option<Measure>)> = (0..to.len())
            .map(|axis| {
                let extent = self.convert(to[axis], ScalarType::Index, span);
                (extent, Some(self.measure(target, axis as u32)))
            })
            .collect();
        self.broadcast(source, &extents, span)
    }

    /// Stores what `value` makes of the elements of `sources`, which have the target's shape, in every element of
    /// `target`, in any order.
    pub fn each_element(
        &mut self,
        target: ArrayId,
        sources: &[ArrayId],
        span: Span,
        value: impl FnOnce(&mut Self, &[Scalar]) -> Result<Scalar>,
    ) -> Result<()> {
        let kind = self.function.arrays[target.index()].kind();
        let rank = kind.strides.len();
        // The last axis of the space is the one along which memory goes.
        let fortran = rank > 1 && kind.strides == ArrayType::f_order(rank);
        let order: Vec<usize> = if fortran { (0..rank).rev().collect() } else { (0..rank).collect() };
        let space: Vec<Value> = order
            .iter()
            .map(|&axis| {
                let extent = Emitted::Extent { array: target, axis: axis as u32 };
                self.define(ScalarType::Index, span, extent).value
            })
            .collect();
        let point: Vec<Value> = order.iter().map(|_| self.function.fresh(ScalarType::Index, span)).collect();
        let mut indices = vec![Value(0); rank];
        order.iter().zip(&point).for_each(|(&axis, &coordinate)| indices[axis] = coordinate);
        let (body, ()) = self.in_region(|typer| {
            let mut elements = Vec::new();
            for &array in sources {
                let scalar = typer.function.arrays[array.index()].scalar;
                let load = Emitted::Load { array, indices: indices.clone() };
                elements.push(typer.define(scalar, span, load));
            }
            let value = value(typer, &elements)?;
            let value = typer.convert(value, kind.scalar, span).value;
            typer.region.push(Statement::Store { array: target, indices, value });
            Ok(())
        })?;
        self.region.push(Statement::Parallel(Box::new(Parallel { space, point, body, border: None })));
        Ok(())
    }

    /// A copy in C order.
    pub fn copied(&mut self, array: ArrayId, span: Span) -> Result<ArrayId> {
        let rank = self.function.arrays[array.index()].rank as usize;
        let scalar = self.function.arrays[array.index()].scalar;
        let extents = self.extents(array, span);
        let strides = ArrayType::c_order(rank);
        let copy = self.allocated("copy", scalar, strides, &extents, false, span);
        self.arrays[copy.index()].measures = (0..rank as u32).map(|axis| self.measure(array, axis)).collect();
        self.each_element(copy, &[array], span, |_, elements| Ok(elements[0]))?;
        Ok(copy)
    }

    /// Fresh memory for these extents, int64 and not negative.
    pub fn allocated(
        &mut self,
        name: &str,
        scalar: ScalarType,
        strides: Vec<Stride>,
        extents: &[Scalar],
        zeroed: bool,
        span: Span,
    ) -> ArrayId {
        let braces = vec!["{}"; extents.len()].join(", ");
        let comma = if extents.len() == 1 { "," } else { "" };
        let message = format!("Unable to allocate an array with shape ({braces}{comma}) and data type {scalar}");
        let site = self.site(Fault::OutOfMemory, message, span);
        let extents: Vec<Value> =
            extents.iter().map(|extent| self.convert(*extent, ScalarType::Index, span).value).collect();
        let kind = ArrayType { scalar, access: Access::ReadWrite, strides };
        self.define_array(name, kind, Definition::Allocate { extents, zeroed, site })
    }

    /// `array[indices] op= value`
    pub fn augment_subscript(
        &mut self,
        target: (&'t Expression, &'t [Expression]),
        operator: BinaryOperator,
        value: &'t Expression,
        span: Span,
    ) -> Result<()> {
        let (base, indices) = target;
        let array = self.target(base)?;
        let indices = self.indices(array, indices, span)?;
        let Some(places) = self.places(array, &indices) else {
            let view = self.view(array, &indices, span);
            let item = self.expression(value)?;
            return self.augment_array(view, operator, &item, span);
        };
        let scalar = self.function.arrays[array.index()].scalar;
        let old = self.define(scalar, span, Emitted::Load { array, indices: places.clone() });
        let item = self.expression(value)?;
        let new = self.binary(operator, Item::Scalar(old), item, base.span, value.span)?;
        self.store_element(array, places, &new, span)
    }

    /// `array op= item`: stores into the array.
    pub fn augment_array(
        &mut self,
        array: ArrayId,
        operator: BinaryOperator,
        item: &Item<'t>,
        span: Span,
    ) -> Result<()> {
        self.check_writable(array, span)?;
        let scalar = self.function.arrays[array.index()].scalar;
        let flags = self.unit;
        // Array expressions never fail for a zero divisor.
        self.unit.zero_division = false;
        let apply = |typer: &mut Self, old: Scalar, element: Scalar| {
            let result = typer.ufunc(operator, old, element, span)?;
            if !casts_same_kind(result.scalar, scalar) {
                let message = format!(
                    "Cannot cast ufunc output from dtype('{}') to dtype('{scalar}') with casting rule 'same_kind'",
                    result.scalar
                );
                let mistake = typer.mistake(ErrorClass::Type, span, message);
                return Err(mistake.help("make an array of the wider type first: a.astype(...)").into());
            }
            Ok(result)
        };
        let done = match item {
            Item::Array(source) => self.combine_into(array, *source, span, Some(apply)),
            item => self.number(item, span).and_then(|number| {
                self.each_element(array, &[array], span, |typer, elements| apply(typer, elements[0], number))
            }),
        };
        self.unit = flags;
        done
    }
}

/// NumPy's casting rule 'same_kind'.
fn casts_same_kind(from: ScalarType, to: ScalarType) -> bool {
    let kind = |scalar: ScalarType| match scalar {
        ScalarType::Bool => 0,
        scalar if scalar.is_unsigned() => 1,
        scalar if scalar.is_integer() => 2,
        _ => 3,
    };
    kind(from) <= kind(to)
}

/// The type of an array that is a constant.
fn describe_frozen(sequence: &Sequence) -> String {
    let mut rank = 1;
    let mut entries = &sequence.entries;
    while let Some(ConstantValue::Tuple(inner) | ConstantValue::Array(_, inner)) = entries.first() {
        rank += 1;
        entries = inner;
    }
    let scalar = sequence.scalar.map_or("?".to_string(), |scalar| scalar.to_string());
    format!("readonly array({scalar}, {rank}d, C)")
}
