//! Operands that are evaluated only if those before them say so: `a and b`, `a if c else b`, `a < b < c`. Each is a way of
//! its own, on which assignment expressions may give names a meaning.

use super::complex::Complex;
use super::environment::unify;
use super::item::{Item, ItemType, Literal, Scalar};
use super::typer::Typer;
use crate::error::{Error, Result};
use crate::ir::{Region, Statement};
use crate::source::Span;
use crate::syntax::names;
use crate::syntax::tree::Expression;
use crate::types::Constant;

/// An operand that was evaluated on a way of its own.
pub struct Side<'t> {
    region: Region,
    /// `None`: what was evaluated never ends.
    item: Option<Item<'t>>,
    /// What the names that either side assigns mean at its end.
    names: Vec<Option<Item<'t>>>,
}

impl<'t> Typer<'t, '_> {
    /// The names that assignment expressions in the operands bind.
    pub fn names_in(&self, operands: impl IntoIterator<Item = &'t Expression>) -> Vec<&'t str> {
        let mut found = Vec::new();
        if self.liveness.in_order {
            for operand in operands {
                names::named(operand, &mut |name| {
                    if !found.contains(&name) {
                        found.push(name);
                    }
                });
            }
        }
        found
    }

    fn meanings(&self, names: &[&'t str]) -> Vec<Option<Item<'t>>> {
        names.iter().map(|name| self.environment.get(name).cloned()).collect()
    }

    /// Evaluates an operand on a way of its own; afterwards names mean what they did before.
    pub fn side(
        &mut self,
        names: &[&'t str],
        evaluate: impl FnOnce(&mut Self) -> Result<Item<'t>>,
    ) -> Result<Side<'t>> {
        let before = self.meanings(names);
        self.sides += 1;
        let evaluated = self.in_region(|typer| typer.unless_it_ends(evaluate));
        self.sides -= 1;
        let (region, item) = evaluated?;
        let after = self.meanings(names);
        for (name, item) in names.iter().zip(before) {
            self.mean(name, item);
        }
        Ok(Side { region, item, names: after })
    }

    /// The way on which nothing is evaluated.
    pub fn untouched(&self, names: &[&'t str], item: Item<'t>) -> Side<'t> {
        Side { region: Region::default(), item: Some(item), names: self.meanings(names) }
    }

    fn mean(&mut self, name: &'t str, item: Option<Item<'t>>) {
        match item {
            Some(item) => self.environment.insert(name, item),
            None => self.environment.remove(name),
        };
    }

    /// One of the two, as [`Typer::choose`] has it; and so for the names.
    pub fn choose_side(
        &mut self,
        condition: Scalar,
        mut then: Side<'t>,
        mut otherwise: Side<'t>,
        names: &[&'t str],
        span: Span,
    ) -> Result<Item<'t>> {
        let (then_item, otherwise_item) = match (then.item, otherwise.item) {
            (Some(then), Some(otherwise)) => (then, otherwise),
            (None, None) => {
                let (then, otherwise) = (then.region, otherwise.region);
                self.region.push(Statement::If { condition: condition.value, then, otherwise, rare: false });
                return Err(Error::Diverges);
            }
            // Where one never ends, what follows is the other.
            (Some(item), None) => {
                let inverse = self.not(condition, span);
                return Ok(self.go_on(inverse, otherwise.region, then.region, item, names, then.names));
            }
            (None, Some(item)) => {
                return Ok(self.go_on(condition, then.region, otherwise.region, item, names, otherwise.names));
            }
        };
        if names.is_empty() {
            return self.choose(condition, (then.region, then_item), (otherwise.region, otherwise_item), span);
        }
        let mut joined = Vec::new();
        let (mut lefts, mut rights) = (vec![then_item], vec![otherwise_item]);
        for (&name, pair) in names.iter().zip(then.names.into_iter().zip(otherwise.names)) {
            let (left, right) = match pair {
                (Some(left), Some(right)) if left.same(&right) => {
                    self.mean(name, Some(left));
                    continue;
                }
                (Some(left), Some(right)) => (left, right),
                (Some(left), None) => {
                    let right = self.zero_in(&mut otherwise.region, &left, span);
                    let left = self.assigned_in(&mut then.region, left, true, span);
                    (left, self.assigned_in(&mut otherwise.region, right, false, span))
                }
                (None, Some(right)) => {
                    let left = self.zero_in(&mut then.region, &right, span);
                    let right = self.assigned_in(&mut otherwise.region, right, true, span);
                    (self.assigned_in(&mut then.region, left, false, span), right)
                }
                (None, None) => continue,
            };
            let types = self.item_type(&left).zip(self.item_type(&right));
            let fits = types.and_then(|(left, right)| unify(self.unit.rules, &left, &right));
            if fits.is_none() {
                let why = format!("'{name}' is {} on one way and {} on the other", left.describe(), right.describe());
                self.mean(name, Some(Item::Mixed(why)));
                continue;
            }
            joined.push(name);
            lefts.push(left);
            rights.push(right);
        }
        let (left, right) = ((then.region, Item::Tuple(lefts)), (otherwise.region, Item::Tuple(rights)));
        let Item::Tuple(parts) = self.choose(condition, left, right, span)? else {
            return Err(Error::Internal("a choice of tuples gave no tuple".into()));
        };
        let mut parts = parts.into_iter();
        let chosen = parts.next().ok_or_else(|| Error::Internal("a choice was lost".into()))?;
        for (name, item) in joined.into_iter().zip(parts) {
            self.mean(name, Some(item));
        }
        Ok(chosen)
    }

    /// The way that goes on, where the other one never ends.
    fn go_on(
        &mut self,
        condition: Scalar,
        ends: Region,
        mut goes_on: Region,
        item: Item<'t>,
        names: &[&'t str],
        meanings: Vec<Option<Item<'t>>>,
    ) -> Item<'t> {
        let otherwise = Region::default();
        self.region.push(Statement::If { condition: condition.value, then: ends, otherwise, rare: false });
        self.region.statements.append(&mut goes_on.statements);
        for (name, meaning) in names.iter().zip(meanings) {
            self.mean(name, meaning);
        }
        item
    }

    /// Whole functions know whether a name was assigned; kernels do not read one that may not have been.
    fn assigned_in(&mut self, region: &mut Region, item: Item<'t>, assigned: bool, span: Span) -> Item<'t> {
        if !self.is_host() || matches!(item, Item::Maybe(..)) {
            return item;
        }
        std::mem::swap(&mut self.region, region);
        let assigned = self.constant(Constant::bool(assigned), span);
        std::mem::swap(&mut self.region, region);
        Item::Maybe(assigned, Box::new(item))
    }

    /// Zero in the form of `item`, emitted in `region`.
    fn zero_in(&mut self, region: &mut Region, item: &Item<'t>, span: Span) -> Item<'t> {
        std::mem::swap(&mut self.region, region);
        let zero = self.item_type(item).map_or_else(|| item.clone(), |item_type| self.zero(&item_type, span));
        std::mem::swap(&mut self.region, region);
        zero
    }

    fn zero(&mut self, item_type: &ItemType, span: Span) -> Item<'t> {
        match item_type {
            ItemType::Scalar(scalar) => Item::Scalar(self.constant(Constant::zero(*scalar), span)),
            ItemType::Integer => Item::Literal(Literal::Integer(Some(0))),
            ItemType::Float => Item::Literal(Literal::Float(Some((0.0, "0.0".into())))),
            ItemType::Complex(part) => {
                let zero = self.constant(Constant::zero(*part), span);
                Item::Complex(Complex { real: zero, imaginary: zero })
            }
            ItemType::None | ItemType::Omitted => Item::None,
            ItemType::Function(number, _) => match self.program.function_of(*number) {
                Some((unit, definition)) => Item::Defined(unit, definition),
                None => Item::None,
            },
            ItemType::Text(text) => Item::Text(text.clone()),
            ItemType::Dtype(scalar) => Item::Dtype(*scalar),
            ItemType::Optional(inner) => {
                let there = self.constant(Constant::bool(false), span);
                Item::Optional(there, Box::new(self.zero(inner, span)))
            }
            ItemType::Maybe(inner) => self.zero(inner, span),
            // Nobody reads it: an array is never joined with nothing here.
            ItemType::Array(_) => Item::Mixed("an array that is there on one way only".into()),
            ItemType::Tuple(item_types) => {
                Item::Tuple(item_types.iter().map(|item_type| self.zero(item_type, span)).collect())
            }
            ItemType::Named(class, item_types) => {
                let parts = item_types.iter().map(|item_type| self.zero(item_type, span)).collect();
                Item::Named(class.clone(), parts)
            }
        }
    }
}
