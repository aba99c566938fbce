//! What names stand for, and how two ways that meet agree on it.

use super::Rules;
use super::emit::union;
use super::item::{Interval, Item, ItemType, Literal, Scalar};
use super::liveness::Names;
use super::promotion;
use super::typer::Typer;
use crate::error::{Error, Result};
use crate::ir::{Expression, Region, Statement, VariableId};
use crate::source::Span;
use crate::types::{Constant, ScalarType};
use std::collections::HashMap;

pub type Environment<'t> = HashMap<&'t str, Item<'t>>;

/// The form that holds values of both; `None` if there is none.
///
/// Numba's rules promote (R2); under `Exact` the types must be the same, and literals take the type that they meet.
pub fn unify(rules: Rules, left: &ItemType, right: &ItemType) -> Option<ItemType> {
    match (left, right) {
        _ if left == right => Some(left.clone()),
        (ItemType::Scalar(left), ItemType::Scalar(right)) if rules == Rules::Numba => {
            Some(ItemType::Scalar(promotion::unify(*left, *right)))
        }
        (ItemType::Integer, ItemType::Scalar(scalar)) | (ItemType::Scalar(scalar), ItemType::Integer) => {
            (*scalar != ScalarType::Bool).then_some(ItemType::Scalar(*scalar))
        }
        (ItemType::Float, ItemType::Scalar(scalar)) | (ItemType::Scalar(scalar), ItemType::Float) => {
            scalar.is_float().then_some(ItemType::Scalar(*scalar))
        }
        (ItemType::Integer, ItemType::Float) | (ItemType::Float, ItemType::Integer) => Some(ItemType::Float),
        (ItemType::Tuple(left), ItemType::Tuple(right)) if left.len() == right.len() => {
            let parts: Option<Vec<ItemType>> =
                left.iter().zip(right).map(|(left, right)| unify(rules, left, right)).collect();
            parts.map(ItemType::Tuple)
        }
        _ => None,
    }
}

/// The variables that hold an item.
#[derive(Debug, Clone)]
pub enum Slot {
    Variable(VariableId, ScalarType),
    /// A literal whose type is still being found; nothing is stored.
    Literal(Literal),
    Tuple(Vec<Slot>),
}

/// One of the ways that meet: what was emitted on it, and what names stand for at its end.
pub struct Way<'t> {
    pub region: Region,
    pub environment: Environment<'t>,
    pub ended: bool,
}

impl<'t> Typer<'t, '_> {
    pub fn slot(&mut self, name: &str, item_type: &ItemType) -> Slot {
        match item_type {
            ItemType::Scalar(scalar) => Slot::Variable(self.function.variable(name, *scalar), *scalar),
            ItemType::Integer => Slot::Literal(Literal::Integer(None)),
            ItemType::Float => Slot::Literal(Literal::Float(None)),
            ItemType::Tuple(item_types) => Slot::Tuple(
                item_types
                    .iter()
                    .enumerate()
                    .map(|(number, item_type)| self.slot(&format!("{name}.{number}"), item_type))
                    .collect(),
            ),
        }
    }

    /// Sets the variables to `item`, converted; `None` is zero.
    pub fn store(&mut self, slot: &Slot, item: Option<&Item<'t>>, span: Span) -> Result<()> {
        match (slot, item) {
            (Slot::Literal(_), _) => Ok(()),
            (Slot::Variable(variable, scalar), item) => {
                let value = match item {
                    None => self.constant(Constant::zero(*scalar), span),
                    Some(Item::Literal(literal)) => self.literal(literal, *scalar, span)?,
                    Some(item) => {
                        let number = self.number(item, span)?;
                        self.convert(number, *scalar, span)
                    }
                };
                self.region.push(Statement::Set { variable: *variable, value: value.value });
                Ok(())
            }
            (Slot::Tuple(slots), None) => slots.iter().try_for_each(|slot| self.store(slot, None, span)),
            (Slot::Tuple(slots), Some(Item::Tuple(items))) if items.len() == slots.len() => {
                slots.iter().zip(items).try_for_each(|(slot, item)| self.store(slot, Some(item), span))
            }
            (Slot::Tuple(_), Some(_)) => Err(Error::Internal("a tuple's variables were given no tuple".into())),
        }
    }

    pub fn load(&mut self, slot: &Slot, span: Span) -> Item<'t> {
        match slot {
            Slot::Variable(variable, scalar) => Item::Scalar(self.define(*scalar, span, Expression::Get(*variable))),
            Slot::Literal(literal) => Item::Literal(literal.clone()),
            Slot::Tuple(slots) => Item::Tuple(slots.iter().map(|slot| self.load(slot, span)).collect()),
        }
    }

    /// Emits the branch `condition ? then : otherwise`, both of which have been emitted, and joins what names mean.
    ///
    /// `live`: the names that are read later. `rare`: there is no `otherwise`, and the IR's `rare` flag is set.
    pub fn join(
        &mut self,
        condition: Scalar,
        mut then: Way<'t>,
        mut otherwise: Way<'t>,
        live: &Names<'t>,
        rare: bool,
        span: Span,
    ) -> Result<()> {
        match (then.ended, otherwise.ended) {
            (true, true) => {
                self.push_if(condition, then.region, otherwise.region, rare);
                self.ended = true;
            }
            // What follows is the other way: no variables are needed.
            (true, false) => {
                self.push_if(condition, then.region, Region::default(), rare);
                self.region.statements.append(&mut otherwise.region.statements);
                self.environment = otherwise.environment;
            }
            (false, true) => {
                let inverse = self.not(condition, span);
                self.push_if(inverse, otherwise.region, Region::default(), false);
                self.region.statements.append(&mut then.region.statements);
                self.environment = then.environment;
            }
            (false, false) => self.meet(condition, then, otherwise, live, rare, span)?,
        }
        Ok(())
    }

    fn push_if(&mut self, condition: Scalar, then: Region, otherwise: Region, rare: bool) {
        if then.statements.is_empty() && otherwise.statements.is_empty() {
            return;
        }
        self.region.push(Statement::If { condition: condition.value, then, otherwise, rare });
    }

    fn meet(
        &mut self,
        condition: Scalar,
        mut then: Way<'t>,
        mut otherwise: Way<'t>,
        live: &Names<'t>,
        rare: bool,
        span: Span,
    ) -> Result<()> {
        let mut environment = Environment::new();
        let mut joined: Vec<(&'t str, Slot, Option<Interval>)> = Vec::new();
        let mut names: Vec<&'t str> = then.environment.keys().chain(otherwise.environment.keys()).copied().collect();
        names.sort_unstable();
        names.dedup();
        // Where nothing was emitted on the other way, its values are set before the branch.
        let before = otherwise.region.statements.is_empty();
        for name in names {
            let (left, right) = (then.environment.get(name), otherwise.environment.get(name));
            if let (Some(left), Some(right)) = (left, right)
                && left.same(right)
            {
                environment.insert(name, left.clone());
                continue;
            }
            if !live.contains(name) {
                continue;
            }
            let (left, right) = (left.cloned(), right.cloned());
            let Some(item_type) = self.common_type(left.as_ref(), right.as_ref()) else {
                let describe = |item: Option<&Item<'t>>| item.map_or("undefined".to_string(), Item::describe);
                let (left, right) = (describe(left.as_ref()), describe(right.as_ref()));
                environment
                    .insert(name, Item::Mixed(format!("'{name}' is {left} on one way and {right} on the other")));
                continue;
            };
            let item_type =
                if matches!(item_type, ItemType::Integer | ItemType::Float) && !self.in_discovery(&left, &right) {
                    item_type.settled()
                } else {
                    item_type
                };
            let slot = self.slot(name, &item_type);
            let store = |typer: &mut Self, region: &mut Region, item: Option<&Item<'t>>| {
                std::mem::swap(&mut typer.region, region);
                let stored = typer.store(&slot, item, span);
                std::mem::swap(&mut typer.region, region);
                stored
            };
            store(self, &mut then.region, left.as_ref())?;
            if before {
                self.store(&slot, right.as_ref(), span)?;
            } else {
                store(self, &mut otherwise.region, right.as_ref())?;
            }
            let range = match (&left, &right) {
                (Some(Item::Scalar(left)), Some(Item::Scalar(right))) => union(*left, *right),
                _ => None,
            };
            joined.push((name, slot, range));
        }
        self.push_if(condition, then.region, otherwise.region, rare);
        for (name, slot, range) in joined {
            let item = match self.load(&slot, span) {
                Item::Scalar(scalar) => Item::Scalar(scalar.with_range(super::item::within(scalar.scalar, range))),
                item => item,
            };
            environment.insert(name, item);
        }
        self.environment = environment;
        Ok(())
    }

    /// Two different literals that meet stay literals only if one has no value: while a loop's type is being found.
    fn in_discovery(&self, left: &Option<Item<'t>>, right: &Option<Item<'t>>) -> bool {
        let unknown = |item: &Option<Item<'t>>| {
            matches!(item, Some(Item::Literal(Literal::Integer(None) | Literal::Float(None))))
        };
        unknown(left) || unknown(right)
    }

    /// The form that both items fit; one that is missing fits any.
    fn common_type(&self, left: Option<&Item<'t>>, right: Option<&Item<'t>>) -> Option<ItemType> {
        match (left.map(Item::item_type), right.map(Item::item_type)) {
            (Some(left), Some(right)) => unify(self.unit.rules, &left?, &right?),
            (Some(item_type), None) | (None, Some(item_type)) => item_type,
            (None, None) => None,
        }
    }
}
