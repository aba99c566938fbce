//! What names stand for, and how two ways that meet agree on it.

use super::Rules;
use super::complex::Complex;
use super::emit::union;
use super::item::{Class, Interval, Item, ItemType, Literal, Scalar};
use super::liveness::Names;
use super::promotion;
use super::typer::Typer;
use crate::error::{Error, Result};
use crate::ir::{self, Access, ArrayType, Definition, Expression, Region, Statement, Stride, VariableId};
use crate::source::Span;
use crate::types::{Constant, ScalarType};
use std::collections::HashMap;
use std::sync::Arc;

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
        (ItemType::Named(class, left), ItemType::Named(other, right)) if class == other => {
            let parts: Option<Vec<ItemType>> =
                left.iter().zip(right).map(|(left, right)| unify(rules, left, right)).collect();
            parts.map(|parts| ItemType::Named(class.clone(), parts))
        }
        (ItemType::Array(left), ItemType::Array(right)) => unify_arrays(left, right).map(ItemType::Array),
        (ItemType::Maybe(left), ItemType::Maybe(right)) => {
            unify(rules, left, right).map(|common| ItemType::Maybe(Box::new(common)))
        }
        (ItemType::Maybe(maybe), other) | (other, ItemType::Maybe(maybe)) => {
            unify(rules, maybe, other).map(|common| ItemType::Maybe(Box::new(common)))
        }
        _ if rules != Rules::Numba => None,
        (ItemType::Optional(left), ItemType::Optional(right)) => {
            unify(rules, left, right).map(|common| ItemType::Optional(Box::new(common)))
        }
        (ItemType::Complex(left), ItemType::Complex(right)) => Some(ItemType::Complex(promotion::unify(*left, *right))),
        (ItemType::Complex(part), ItemType::Scalar(real)) | (ItemType::Scalar(real), ItemType::Complex(part)) => {
            // As NumPy promotes: integers of up to 16 bits fit into complex64.
            let wide = if real.bits() <= 16 { *part } else { promotion::unify(*part, *real) };
            Some(ItemType::Complex(if wide.is_float() { wide } else { ScalarType::F64 }))
        }
        (ItemType::None, ItemType::Optional(_)) => Some(right.clone()),
        (ItemType::Optional(_), ItemType::None) => Some(left.clone()),
        (ItemType::None, other) | (other, ItemType::None) => Some(ItemType::Optional(Box::new(other.settled()))),
        (ItemType::Optional(optional), other) | (other, ItemType::Optional(optional)) => {
            unify(rules, optional, other).map(|common| ItemType::Optional(Box::new(common)))
        }
        _ => None,
    }
}

/// Arrays of one element type and rank join; what is known of their strides is what is known of both.
fn unify_arrays(left: &ArrayType, right: &ArrayType) -> Option<ArrayType> {
    if left.scalar != right.scalar || left.rank() != right.rank() {
        return None;
    }
    let access = if left.access == right.access { left.access } else { Access::Read };
    let mut strides: Vec<Stride> = (left.strides.iter().zip(&right.strides))
        .map(|(left, right)| if left == right { *left } else { Stride::Any })
        .collect();
    // A packed stride is one up to the axis whose stride is 1.
    if !strides.contains(&Stride::Unit) {
        strides.iter_mut().filter(|stride| **stride == Stride::Packed).for_each(|stride| *stride = Stride::Any);
    }
    Some(ArrayType { scalar: left.scalar, access, strides })
}

/// The variables that hold an item.
#[derive(Debug, Clone)]
pub enum Slot {
    Variable(VariableId, ScalarType),
    /// A literal whose type is still being found; nothing is stored.
    Literal(Literal),
    Tuple(Vec<Slot>),
    Named(Arc<Class>, Vec<Slot>),
    Array(VariableId, ArrayType),
    /// The real and the imaginary part.
    Complex([VariableId; 2], ScalarType),
    /// What is the same all the time: None, a string, a type.
    Fixed(ItemType),
    /// Whether it is there, and what it is then.
    Optional(VariableId, Box<Slot>),
    /// Whether it was assigned, and what it is then.
    Maybe(VariableId, Box<Slot>),
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
            ItemType::Named(class, item_types) => {
                let part = |(number, item_type)| self.slot(&format!("{name}.{number}"), item_type);
                Slot::Named(class.clone(), item_types.iter().enumerate().map(part).collect())
            }
            ItemType::Array(array) => {
                Slot::Array(self.function.variable_of(name, ir::Kind::Array(array.clone())), array.clone())
            }
            ItemType::Complex(part) => {
                Slot::Complex([name, name].map(|name| self.function.variable(name, *part)), *part)
            }
            ItemType::None | ItemType::Text(_) | ItemType::Dtype(_) | ItemType::Function(..) | ItemType::Omitted => {
                Slot::Fixed(item_type.clone())
            }
            ItemType::Optional(inner) => {
                let there = self.function.variable(format!("{name}.there"), ScalarType::Bool);
                Slot::Optional(there, Box::new(self.slot(name, inner)))
            }
            ItemType::Maybe(inner) => {
                let assigned = self.function.variable(format!("{name}.assigned"), ScalarType::Bool);
                Slot::Maybe(assigned, Box::new(self.slot(name, inner)))
            }
        }
    }

    /// Sets the variables to `item`, converted; `None` is zero.
    pub fn store(&mut self, slot: &Slot, item: Option<&Item<'t>>, span: Span) -> Result<()> {
        match (slot, item) {
            (Slot::Literal(_) | Slot::Fixed(_), _) => Ok(()),
            (Slot::Optional(there, inner), item) => match item {
                None | Some(Item::None) => {
                    self.set_truth(*there, false, span);
                    self.store(inner, None, span)
                }
                Some(Item::Optional(present, item)) => {
                    self.region.push(Statement::Set { variable: *there, value: present.value.into() });
                    self.store(inner, Some(item), span)
                }
                Some(item) => {
                    self.set_truth(*there, true, span);
                    self.store(inner, Some(item), span)
                }
            },
            (Slot::Maybe(assigned, inner), item) => match item {
                None => {
                    self.set_truth(*assigned, false, span);
                    self.store(inner, None, span)
                }
                Some(Item::Maybe(was, item)) => {
                    self.region.push(Statement::Set { variable: *assigned, value: was.value.into() });
                    self.store(inner, Some(item), span)
                }
                Some(item) => {
                    self.set_truth(*assigned, true, span);
                    self.store(inner, Some(item), span)
                }
            },
            (Slot::Complex(variables, part), item) => {
                let number = match item {
                    Some(item) => self.as_complex(item, *part, span)?,
                    None => {
                        let zero = self.constant(Constant::zero(*part), span);
                        Complex { real: zero, imaginary: zero }
                    }
                };
                for (variable, value) in variables.iter().zip([number.real, number.imaginary]) {
                    self.region.push(Statement::Set { variable: *variable, value: value.value.into() });
                }
                Ok(())
            }
            // It refers to nothing, or to what it did before: nobody reads it.
            (Slot::Array(..), None) => Ok(()),
            (Slot::Array(variable, _), Some(Item::Array(array))) => {
                self.region.push(Statement::Set { variable: *variable, value: ir::Argument::Array(*array) });
                Ok(())
            }
            (Slot::Array(..), Some(_)) => Err(Error::Internal("an array's variable was given no array".into())),
            (Slot::Variable(variable, scalar), item) => {
                let value = match item {
                    None => self.constant(Constant::zero(*scalar), span),
                    Some(Item::Literal(literal)) => self.literal(literal, *scalar, span)?,
                    Some(item) => {
                        let number = self.number(item, span)?;
                        self.convert(number, *scalar, span)
                    }
                };
                self.region.push(Statement::Set { variable: *variable, value: value.value.into() });
                Ok(())
            }
            (Slot::Tuple(slots) | Slot::Named(_, slots), None) => {
                slots.iter().try_for_each(|slot| self.store(slot, None, span))
            }
            (Slot::Tuple(slots), Some(Item::Tuple(items))) | (Slot::Named(_, slots), Some(Item::Named(_, items)))
                if items.len() == slots.len() =>
            {
                slots.iter().zip(items).try_for_each(|(slot, item)| self.store(slot, Some(item), span))
            }
            (Slot::Tuple(_) | Slot::Named(..), Some(_)) => {
                Err(Error::Internal("a tuple's variables were given no tuple".into()))
            }
        }
    }

    pub fn load(&mut self, slot: &Slot, span: Span) -> Item<'t> {
        match slot {
            Slot::Variable(variable, scalar) => Item::Scalar(self.define(*scalar, span, Expression::Get(*variable))),
            Slot::Literal(literal) => Item::Literal(literal.clone()),
            Slot::Tuple(slots) => Item::Tuple(slots.iter().map(|slot| self.load(slot, span)).collect()),
            Slot::Named(class, slots) => {
                Item::Named(class.clone(), slots.iter().map(|slot| self.load(slot, span)).collect())
            }
            Slot::Array(variable, kind) => {
                let name = self.function.variables[variable.index()].name.clone();
                Item::Array(self.define_array(&name, kind.clone(), Definition::Get(*variable)))
            }
            Slot::Complex(variables, part) => {
                let [real, imaginary] = variables.map(|variable| self.define(*part, span, Expression::Get(variable)));
                Item::Complex(Complex { real, imaginary })
            }
            Slot::Fixed(item_type) => match item_type {
                ItemType::Text(text) => Item::Text(text.clone()),
                ItemType::Dtype(scalar) => Item::Dtype(*scalar),
                ItemType::Function(number, _) => match self.program.function_of(*number) {
                    Some((unit, definition)) => Item::Defined(unit, definition),
                    None => Item::None,
                },
                _ => Item::None,
            },
            Slot::Optional(there, inner) => {
                let there = self.define(ScalarType::Bool, span, Expression::Get(*there));
                Item::Optional(there, Box::new(self.load(inner, span)))
            }
            Slot::Maybe(assigned, inner) => {
                let assigned = self.define(ScalarType::Bool, span, Expression::Get(*assigned));
                Item::Maybe(assigned, Box::new(self.load(inner, span)))
            }
        }
    }

    pub fn set_truth(&mut self, variable: VariableId, truth: bool, span: Span) {
        let value = self.constant(Constant::bool(truth), span).value;
        self.region.push(Statement::Set { variable, value: value.into() });
    }

    /// The form of an item that can be kept in variables; `None` for functions, constants in a row and, in kernels,
    /// arrays.
    pub fn item_type(&self, item: &Item<'t>) -> Option<ItemType> {
        Some(match item {
            Item::Scalar(scalar) => ItemType::Scalar(scalar.scalar),
            Item::Literal(Literal::Integer(_)) => ItemType::Integer,
            Item::Literal(Literal::Float(_)) => ItemType::Float,
            Item::Tuple(items) => {
                ItemType::Tuple(items.iter().map(|item| self.item_type(item)).collect::<Option<_>>()?)
            }
            Item::Named(class, items) => {
                let parts = items.iter().map(|item| self.item_type(item));
                ItemType::Named(class.clone(), parts.collect::<Option<_>>()?)
            }
            Item::Array(array) if self.is_host() => ItemType::Array(self.function.arrays[array.index()].kind()),
            Item::Complex(number) => ItemType::Complex(number.part()),
            Item::None => ItemType::None,
            Item::Text(text) => ItemType::Text(text.clone()),
            Item::Dtype(scalar) => ItemType::Dtype(*scalar),
            Item::Optional(_, item) => ItemType::Optional(Box::new(self.item_type(item)?)),
            Item::Maybe(_, item) => ItemType::Maybe(Box::new(self.item_type(item)?)),
            Item::Defined(_, definition) => self.program.type_of_function(definition)?,
            Item::Constants(_) | Item::Array(_) | Item::Function(_) | Item::Mixed(_) => return None,
        })
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
                environment.insert(name, left.known_of_both(right));
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

    /// Emits a `try` of the IR, whose body and handler have been emitted, and joins what names mean. `entry`: what they meant
    /// before it.
    pub fn join_handled(
        &mut self,
        number: u32,
        mut body: Way<'t>,
        mut handler: Way<'t>,
        entry: &Environment<'t>,
        live: &Names<'t>,
        span: Span,
    ) -> Result<()> {
        let mut environment = Environment::new();
        let mut joined = Vec::new();
        let mut ways = [&mut body, &mut handler];
        let mut names: Vec<&'t str> =
            ways.iter().filter(|way| !way.ended).flat_map(|way| way.environment.keys().copied()).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let items: Vec<Option<Item<'t>>> =
                ways.iter().filter(|way| !way.ended).map(|way| way.environment.get(name).cloned()).collect();
            if let Some(before) = entry.get(name)
                && items.iter().all(|item| item.as_ref().is_some_and(|item| item.same(before)))
            {
                let known = items.into_iter().flatten().reduce(|left, right| left.known_of_both(&right));
                environment.insert(name, known.unwrap_or(before.clone()));
                continue;
            }
            if !live.contains(name) {
                continue;
            }
            let (left, right) = match items.as_slice() {
                [one] => (one.as_ref(), one.as_ref()),
                [left, right] => (left.as_ref(), right.as_ref()),
                _ => continue,
            };
            let Some(item_type) = self.common_type(left, right) else {
                let item = match (left, right) {
                    (Some(left), Some(right)) if left.same(right) => left.clone(),
                    _ => Item::Mixed(format!("'{name}' is not the same behind 'try' and behind 'except'")),
                };
                environment.insert(name, item);
                continue;
            };
            let slot = self.slot(name, &item_type.settled());
            for way in ways.iter_mut().filter(|way| !way.ended) {
                std::mem::swap(&mut self.region, &mut way.region);
                let stored = self.store(&slot, way.environment.get(name), span);
                std::mem::swap(&mut self.region, &mut way.region);
                stored?;
            }
            joined.push((name, slot));
        }
        self.ended = body.ended && handler.ended;
        self.region.push(Statement::Try { number, body: body.region, handler: handler.region });
        for (name, slot) in joined {
            let item = self.load(&slot, span);
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
        match (left.map(|item| self.item_type(item)), right.map(|item| self.item_type(item))) {
            (Some(left), Some(right)) => unify(self.unit.rules, &left?, &right?),
            (Some(item_type), None) | (None, Some(item_type)) if self.is_host() => {
                item_type.map(|item_type| match item_type {
                    maybe @ ItemType::Maybe(_) => maybe,
                    other => ItemType::Maybe(Box::new(other)),
                })
            }
            (Some(item_type), None) | (None, Some(item_type)) => item_type,
            (None, None) => None,
        }
    }
}
