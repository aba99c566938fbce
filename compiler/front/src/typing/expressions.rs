//! Expressions: names, literals, attributes, `and` and `or`, choices.

use super::Rules;
use super::closures::Code;
use super::complex::Complex;
use super::environment::unify;
use super::item::{Item, ItemType, Literal, Scalar, Sequence};
use super::names::{self, Builtin};
use super::program::Unit;
use super::typer::Typer;
use crate::constants::{self, ConstantValue};
use crate::error::{Error, ErrorClass, Mistake, Result};
use crate::ir::{Fault, Op, Region, Statement, Told};
use crate::source::Span;
use crate::syntax::dtype;
use crate::syntax::tree::{Expression, ExpressionKind, FrozenArray, FunctionDefinition, Logical, UnaryOperator};
use crate::types::{Constant, ScalarType};
use std::rc::Rc;

impl<'t> Typer<'t, '_> {
    pub fn expression(&mut self, expression: &'t Expression) -> Result<Item<'t>> {
        self.nested(expression.span, |typer| typer.expression_inside(expression))
    }

    fn expression_inside(&mut self, expression: &'t Expression) -> Result<Item<'t>> {
        let span = expression.span;
        match &expression.kind {
            ExpressionKind::Name(name) => self.name(name, expression),
            ExpressionKind::Integer(Some(value)) => self.constant_item(ConstantValue::Integer(*value), span, true),
            ExpressionKind::Integer(None) => {
                let mistake = self.mistake(ErrorClass::Value, span, "integer value is too large");
                Err(mistake.help("integers have 64 bits; write a float").into())
            }
            ExpressionKind::Float { value, text } => {
                self.constant_item(ConstantValue::Float(*value, text.clone()), span, true)
            }
            ExpressionKind::Imaginary(value) if self.is_host() => {
                let real = self.constant(Constant::f64(0.0), span);
                let imaginary = self.constant(Constant::f64(*value), span);
                Ok(Item::Complex(Complex { real, imaginary }))
            }
            ExpressionKind::Imaginary(_) => {
                let mistake = self.mistake(ErrorClass::Unsupported, span, "kernels cannot use complex numbers");
                Err(mistake.help("compute with the real and the imaginary part").into())
            }
            ExpressionKind::Bool(value) => Ok(Item::Scalar(self.constant(Constant::bool(*value), span))),
            ExpressionKind::Tuple(items) | ExpressionKind::List(items) => {
                let items: Result<Vec<_>> = items.iter().map(|item| self.expression(item)).collect();
                Ok(Item::Tuple(items?))
            }
            ExpressionKind::Unary { operator: UnaryOperator::Not, operand } => {
                let item = self.expression(operand)?;
                let truth = self.truth(&item, operand.span)?;
                Ok(Item::Scalar(self.not(truth, span)))
            }
            ExpressionKind::Unary { operator, operand } => {
                if let Some(value) = self.integer_literal(expression) {
                    return self.constant_item(value, span, true);
                }
                let item = self.expression(operand)?;
                self.unary(*operator, item, span)
            }
            ExpressionKind::Binary { .. } => self.binary_chain(expression),
            ExpressionKind::Compare { first, rest } => self.comparison(first, rest, span),
            ExpressionKind::Logical { operator, operands } => self.logical(*operator, operands, span),
            ExpressionKind::Conditional { condition, then, otherwise } => {
                let item = self.expression(condition)?;
                let condition = self.truth(&item, condition.span)?;
                match condition.constant() {
                    Some(constant) if constant.bits != 0 => self.expression(then),
                    Some(_) => self.expression(otherwise),
                    None => {
                        let names = self.names_in([&**then, &**otherwise]);
                        let then = self.side(&names, |typer| typer.expression(then))?;
                        let otherwise = self.side(&names, |typer| typer.expression(otherwise))?;
                        self.choose_side(condition, then, otherwise, &names, span)
                    }
                }
            }
            ExpressionKind::Call { function, arguments, keywords } => {
                self.call(expression, function, arguments, keywords)
            }
            ExpressionKind::Attribute { value, name, .. } => self.attribute(expression, value, name),
            ExpressionKind::Subscript { value, indices } => {
                let item = self.expression(value)?.plain();
                let item = self.there(item, value.span);
                match item {
                    Item::Array(array) if self.is_host() => self.subscript(array, indices, span),
                    Item::Array(array) => self.element(array, indices, span),
                    Item::Tuple(_) | Item::Constants(_) => self.tuple_element(&item, indices, span),
                    Item::Scalar(_) | Item::Literal(_) => {
                        let message = format!("{} cannot be indexed", item.describe());
                        let help = "only arrays and tuples have entries; a vectorize kernel sees one element at a time";
                        Err(self.mistake(ErrorClass::Type, span, message).help(help).into())
                    }
                    _ => Err(self.not_a_number(&item, value.span).into()),
                }
            }
            ExpressionKind::Lambda { parameters, .. } => self.closure(Code::Lambda(expression), parameters),
            ExpressionKind::Named { target, value } => {
                let item = self.expression(value)?;
                self.bind(target, item.clone(), value.span)?;
                Ok(item)
            }
            ExpressionKind::Unsupported { what, instead } => Err(self
                .mistake(ErrorClass::Unsupported, span, format!("kernels cannot use {what}"))
                .help(*instead)
                .into()),
            ExpressionKind::Starred(_) => {
                let mistake = self.mistake(ErrorClass::Unsupported, span, "kernels cannot use unpacking with '*'");
                Err(mistake.help("write every value").into())
            }
            ExpressionKind::None if self.is_host() => Ok(Item::None),
            ExpressionKind::String(text) if self.is_host() => Ok(Item::Text(text.as_str().into())),
            ExpressionKind::String(_)
            | ExpressionKind::None
            | ExpressionKind::Ellipsis
            | ExpressionKind::Slice { .. } => {
                let what = match &expression.kind {
                    ExpressionKind::String(_) => "strings",
                    ExpressionKind::None => "None",
                    ExpressionKind::Ellipsis => "'...'",
                    _ => "slices",
                };
                let mistake =
                    self.mistake(ErrorClass::Unsupported, span, format!("kernels cannot compute with {what}"));
                Err(mistake.help("kernels compute with numbers").into())
            }
        }
    }

    /// A constant under the rules at hand. `literal`: it stands in the kernel as a literal, or as a name for one.
    pub fn constant_item(&mut self, value: ConstantValue, span: Span, literal: bool) -> Result<Item<'t>> {
        let exact = self.unit.rules == Rules::Exact;
        match value {
            ConstantValue::Integer(value) if exact => Ok(Item::Literal(Literal::Integer(Some(value)))),
            ConstantValue::Float(value, text) if exact => Ok(Item::Literal(Literal::Float(Some((value, text))))),
            ConstantValue::Tuple(entries) => {
                Ok(Item::Constants(Rc::new(Sequence { name: "table".into(), scalar: None, entries })))
            }
            ConstantValue::Array(scalar, entries) => {
                Ok(Item::Constants(Rc::new(Sequence { name: "table".into(), scalar: Some(scalar), entries })))
            }
            value => {
                let constant = value.scalar().and_then(|scalar| value.to(scalar));
                let Some(constant) = constant else {
                    let mistake = self.mistake(ErrorClass::Value, span, "integer value is too large");
                    return Err(mistake.help("integers have 64 bits; write a float").into());
                };
                let from_literal = literal && matches!(value, ConstantValue::Float(..));
                Ok(Item::Scalar(Scalar { from_literal, ..self.constant(constant, span) }))
            }
        }
    }

    /// What a name means: a local name, a constant of the module, something imported.
    fn name(&mut self, name: &'t str, expression: &'t Expression) -> Result<Item<'t>> {
        let span = expression.span;
        if let Some(item) = self.environment.get(name) {
            if let Item::Mixed(_) = item {
                return Err(self.not_a_number(item, span).into());
            }
            if let Item::Maybe(assigned, inner) = item {
                let (assigned, inner) = (*assigned, (**inner).clone());
                let unassigned = self.not(assigned, span);
                self.trap_with(unassigned, Fault::Unbound, unbound(name), &[], span);
                if self.sides == 0 {
                    self.environment.insert(name, inner.clone());
                }
                return Ok(inner);
            }
            return Ok(item.clone());
        }
        if self.assigned.contains(name) && self.is_host() {
            self.raise(Fault::Unbound, unbound(name), &[], span);
            return Err(Error::Diverges);
        }
        if self.assigned.contains(name) {
            let mistake = self.mistake(ErrorClass::Name, span, format!("'{name}' is read before it is assigned"));
            return Err(mistake.help("assign it on every way that leads here").into());
        }
        if self.is_host()
            && let Some(array) = self.unit.module.array(name)
            && !array.shape.is_empty()
        {
            return Ok(Item::Array(self.frozen_array(array, span)));
        }
        if self.is_host() && self.has_arrays_inside(name) {
            let value = self.unit.module.constant(name).map(|constant| &constant.value);
            if let Some(value) = value {
                return self.tuple_of_arrays(name, value);
            }
        }
        if self.is_host() {
            let value = self.unit.module.resolve(expression);
            if is_slice(value) {
                return self.expression(value);
            }
            if let Some(item) = self.frozen(value, 0) {
                return Ok(item);
            }
        }
        if let Some(value) = self.program.constant(self.unit.module, name) {
            return match value? {
                ConstantValue::Tuple(entries) => {
                    Ok(Item::Constants(Rc::new(Sequence { name: name.into(), scalar: None, entries })))
                }
                ConstantValue::Array(scalar, entries) => {
                    Ok(Item::Constants(Rc::new(Sequence { name: name.into(), scalar: Some(scalar), entries })))
                }
                value => self.constant_item(value, span, true),
            };
        }
        if self.is_host()
            && let Some(scalar) = self.named_type(expression)
        {
            return Ok(Item::Dtype(scalar));
        }
        if let Some(path) = self.unit.module.path(expression) {
            if let Some(value) = constants::named(&path) {
                return self.constant_item(value, span, true);
            }
            let mistake = self.mistake(ErrorClass::Type, span, format!("'{path}' is no number"));
            return Err(mistake.help("call it, or take one of its attributes").into());
        }
        if self.is_host()
            && let Some((unit, definition)) = self.definition(name)?
        {
            return Ok(self.defined(unit, definition));
        }
        if self.unit.module.function(name).is_some() || self.unit.module.linked(name).is_some() {
            let mistake = self.mistake(ErrorClass::Unsupported, span, format!("'{name}' is a function, not a number"));
            return Err(mistake.help(format!("call it: {name}(...)")).into());
        }
        if self.builtin(name).is_some() {
            let mistake = self.mistake(ErrorClass::Type, span, format!("'{name}' is a function, not a number"));
            return Err(mistake.help(format!("call it: {name}(...)")).into());
        }
        Err(self.unknown_name(name, span).into())
    }

    /// A string or None among the values around a function, or a tuple with one; `None` for all else, which are constants.
    fn frozen(&mut self, value: &Expression, depth: usize) -> Option<Item<'t>> {
        match &value.kind {
            ExpressionKind::String(text) => Some(Item::Text(text.as_str().into())),
            ExpressionKind::None => Some(Item::None),
            ExpressionKind::Tuple(items) if depth < 32 && items.iter().any(|item| has_text(item, depth)) => {
                let items = items.iter().map(|item| match has_text(item, depth) {
                    true => self.frozen(item, depth + 1),
                    false => {
                        let value = self.program.constant_expression(self.unit.module, item).ok()?;
                        self.constant_item(value, item.span, false).ok()
                    }
                });
                items.collect::<Option<_>>().map(Item::Tuple)
            }
            _ => None,
        }
    }

    fn has_arrays_inside(&self, name: &str) -> bool {
        let begins = |array: &FrozenArray| array.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('['));
        self.unit.module.arrays.iter().any(begins)
    }

    /// A frozen tuple that holds arrays; `name`: where it stands.
    fn tuple_of_arrays(&mut self, name: &str, value: &'t Expression) -> Result<Item<'t>> {
        let ExpressionKind::Tuple(entries) = &value.kind else {
            let value = self.program.constant_expression(self.unit.module, value)?;
            return self.constant_item(value, Span::NONE, true);
        };
        let mut items = Vec::new();
        for (place, entry) in entries.iter().enumerate() {
            let name = format!("{name}[{place}]");
            items.push(match self.unit.module.array(&name) {
                Some(array) => Item::Array(self.frozen_array(array, entry.span)),
                None if self.has_arrays_inside(&name) => self.tuple_of_arrays(&name, entry)?,
                None => {
                    let value = self.program.constant_expression(self.unit.module, entry)?;
                    self.constant_item(value, entry.span, true)?
                }
            });
        }
        Ok(Item::Tuple(items))
    }

    /// What is an array or None as the array; where it is None, that fails.
    pub fn there(&mut self, item: Item<'t>, span: Span) -> Item<'t> {
        match item {
            Item::Optional(there, inner) if matches!(*inner, Item::Array(_) | Item::Tuple(_)) => {
                let missing = self.not(there, span);
                let text = format!("expected {}, got None", inner.describe());
                let site = self.raising_site("TypeError", vec![Told::Text(text.into())], span);
                self.fail_if(missing, site, &[], span);
                *inner
            }
            other => other,
        }
    }

    /// A function of a module as a value.
    pub fn defined(&mut self, unit: Unit<'t>, definition: &'t FunctionDefinition) -> Item<'t> {
        self.program.note_function(unit, definition);
        Item::Defined(unit, definition)
    }

    /// The type of elements that an expression names: `np.float64`, `float`.
    fn named_type(&self, expression: &Expression) -> Option<ScalarType> {
        if let Some(scalar) = dtype::cast_type(self.unit.module, expression) {
            return Some(scalar);
        }
        let ExpressionKind::Name(name) = &expression.kind else { return None };
        match (name.as_str(), self.unit.module.defines(name)) {
            ("float", false) => Some(ScalarType::F64),
            ("int", false) => Some(ScalarType::I64),
            ("bool", false) => Some(ScalarType::Bool),
            _ => None,
        }
    }

    /// The builtin function that has this name under the rules at hand.
    pub fn builtin(&self, name: &str) -> Option<Builtin> {
        match self.unit.rules {
            Rules::Numba => Builtin::from_name(name),
            Rules::Exact => Builtin::from_exact_name(name),
        }
    }

    pub fn unknown_name(&self, name: &str, span: Span) -> Mistake {
        if let Some(instead) = names::instead_of(name) {
            let mistake = self.mistake(ErrorClass::Unsupported, span, format!("kernels cannot use '{name}'"));
            return mistake.help(instead);
        }
        let mistake = self.mistake(ErrorClass::Name, span, format!("unknown name '{name}'"));
        let module = self.unit.module;
        let exact = self.unit.rules == Rules::Exact;
        if let Some(constant) = module.constants.iter().rfind(|constant| constant.name == name) {
            if let ExpressionKind::Unsupported { what, instead } = constant.value.kind {
                let mistake = self.mistake(ErrorClass::Unsupported, span, format!("kernels cannot use {what}"));
                return mistake.help(instead);
            }
            let mistake = self.mistake(ErrorClass::Unsupported, span, format!("kernels cannot call '{name}'"));
            let value = module.source.text.get(constant.value.span.start as usize..constant.value.span.end as usize);
            let own = value
                .filter(|value| !value.is_empty() && value.chars().all(|c| c.is_alphanumeric() || "._".contains(c)));
            return match own {
                Some(own) => mistake.help(format!("write the function's own name: {own}(...)")),
                None => mistake.help("define it with 'def'"),
            };
        }
        if super::library::find(&format!("math.{name}")).is_some() {
            return mistake.help(format!("import it: from math import {name}"));
        }
        let candidates = (self.environment.keys().copied())
            .chain(module.constants.iter().map(|constant| constant.name.as_str()))
            .chain(module.functions.iter().map(|function| function.name.as_str()))
            .chain(module.imports.iter().map(|import| import.name.as_str()))
            .chain(Builtin::all_names(exact));
        if let Some(help) = names::suggestion(&names::near(name, candidates)) {
            return mistake.help(help);
        }
        match name {
            "np" | "numpy" => {
                mistake.help(format!("import it: import numpy{}", if name == "np" { " as np" } else { "" }))
            }
            "math" => mistake.help("import it: import math"),
            _ => mistake.help("define it in this file, or pass it as an argument"),
        }
    }

    fn attribute(&mut self, expression: &'t Expression, value: &'t Expression, name: &'t str) -> Result<Item<'t>> {
        let span = expression.span;
        let local = root_name(expression).is_some_and(|root| self.environment.contains_key(root));
        if !local && let Some(path) = self.unit.module.path(expression) {
            if let Some(value) = constants::named(&path) {
                return self.constant_item(value, span, true);
            }
            if self.is_host()
                && let Some(scalar) = self.named_type(expression)
            {
                return Ok(Item::Dtype(scalar));
            }
            if dtype::cast_type(self.unit.module, expression).is_some() || super::library::find(&path).is_some() {
                let mistake = self.mistake(ErrorClass::Type, span, format!("'{path}' is a function, not a number"));
                return Err(mistake.help(format!("call it: {name}(...)")).into());
            }
            return Err(self.unknown_function(&path, span).into());
        }
        let item = self.expression(value)?;
        self.attribute_of(item, name, span)
    }

    pub fn attribute_of(&mut self, item: Item<'t>, name: &str, span: Span) -> Result<Item<'t>> {
        match item {
            Item::Array(array) if self.is_host() => self.attribute_of_array(array, name, span),
            Item::Array(array) => self.array_attribute(array, name, span),
            Item::Scalar(scalar) if name == "real" => Ok(Item::Scalar(scalar)),
            Item::Scalar(scalar) if name == "imag" && self.is_host() => {
                Ok(Item::Scalar(self.constant(Constant::zero(scalar.scalar), span)))
            }
            Item::Complex(number) => self.complex_attribute(number, name, span),
            Item::Named(ref class, ref parts) if class.place(name).is_some() => {
                Ok(self.named_part(class, parts, name, span))
            }
            Item::Tuple(_) | Item::Constants(_) if matches!(name, "shape" | "ndim" | "size") => {
                Ok(self.table_attribute(&item, name, span))
            }
            _ => {
                let message = format!("Unknown attribute '{name}' of type {}", item.describe());
                Err(self.mistake(ErrorClass::Type, span, message).help("kernels compute with plain numbers").into())
            }
        }
    }

    /// `shape`, `ndim` or `size` of an array that was frozen as tuples of tuples.
    fn table_attribute(&mut self, table: &Item<'t>, name: &str, span: Span) -> Item<'t> {
        let mut extents = Vec::new();
        let mut entry = match table {
            Item::Constants(sequence) => {
                extents.push(sequence.entries.len());
                sequence.entries.first()
            }
            Item::Tuple(items) => {
                extents.push(items.len());
                None
            }
            _ => None,
        };
        while let Some(ConstantValue::Tuple(entries) | ConstantValue::Array(_, entries)) = entry {
            extents.push(entries.len());
            entry = entries.first();
        }
        let mut number = |value: usize| Item::Scalar(self.integer(ScalarType::I64, value as i128, span));
        match name {
            "shape" => Item::Tuple(extents.into_iter().map(number).collect()),
            "ndim" => number(extents.len()),
            _ => number(extents.iter().product()),
        }
    }

    /// `and`, `or` with Python's meaning: one of the operands, the right one evaluated only if it is needed.
    fn logical(&mut self, operator: Logical, operands: &'t [Expression], span: Span) -> Result<Item<'t>> {
        let (first, rest) =
            operands.split_first().ok_or_else(|| crate::Error::Internal("'and' or 'or' without operands".into()))?;
        let left = self.expression(first)?;
        if rest.is_empty() {
            return Ok(left);
        }
        let truth = self.truth(&left, first.span)?;
        let decided = truth.constant().map(|constant| (constant.bits != 0) == (operator == Logical::Or));
        match decided {
            Some(true) => return Ok(left),
            Some(false) => return self.logical(operator, rest, span),
            None => {}
        }
        let names = self.names_in(rest);
        let right = self.side(&names, |typer| typer.logical(operator, rest, span))?;
        let kept = self.untouched(&names, left);
        match operator {
            Logical::And => self.choose_side(truth, right, kept, &names, span),
            Logical::Or => self.choose_side(truth, kept, right, &names, span),
        }
    }

    /// One of two items that have been emitted in regions of their own: both evaluated and selected if neither can
    /// fail nor costs much, by a branch otherwise.
    pub fn choose(
        &mut self,
        condition: Scalar,
        then: (Region, Item<'t>),
        otherwise: (Region, Item<'t>),
        span: Span,
    ) -> Result<Item<'t>> {
        let ((mut then_region, then), (mut else_region, otherwise)) = (then, otherwise);
        if then.same(&otherwise) {
            // The same value from before; of either side at most failures are needed.
            if !is_plain(&then_region) || !is_plain(&else_region) {
                let (condition, rare) = (condition.value, false);
                self.region.push(Statement::If { condition, then: then_region, otherwise: else_region, rare });
            }
            return Ok(then);
        }
        let item_type = match (self.item_type(&then), self.item_type(&otherwise)) {
            (Some(left), Some(right)) => unify(self.unit.rules, &left, &right),
            _ => None,
        };
        let Some(item_type) = item_type else {
            for item in [&then, &otherwise] {
                if self.item_type(item).is_none() {
                    return Err(self.not_a_number(item, span).into());
                }
            }
            let message =
                format!("this is {} or {}, which have no type in common", then.describe(), otherwise.describe());
            return Err(self.mistake(ErrorClass::Type, span, message).help("convert one of them").into());
        };
        if is_selectable(&item_type) && is_plain(&then_region) && is_plain(&else_region) {
            self.region.statements.append(&mut then_region.statements);
            self.region.statements.append(&mut else_region.statements);
            return self.select_items(condition, &then, &otherwise, &item_type, span);
        }
        let item_type = item_type.settled();
        let slot = self.slot("choice", &item_type);
        for (region, item) in [(&mut then_region, &then), (&mut else_region, &otherwise)] {
            std::mem::swap(&mut self.region, region);
            let stored =
                self.fit(item.clone(), &item_type, false, span).and_then(|item| self.store(&slot, Some(&item), span));
            std::mem::swap(&mut self.region, region);
            stored?;
        }
        self.region.push(Statement::If {
            condition: condition.value,
            then: then_region,
            otherwise: else_region,
            rare: false,
        });
        Ok(self.load(&slot, span))
    }

    fn select_items(
        &mut self,
        condition: Scalar,
        then: &Item<'t>,
        otherwise: &Item<'t>,
        item_type: &ItemType,
        span: Span,
    ) -> Result<Item<'t>> {
        match (item_type, then, otherwise) {
            (ItemType::Tuple(item_types), Item::Tuple(left), Item::Tuple(right)) => {
                let parts: Result<Vec<_>> = item_types
                    .iter()
                    .zip(left.iter().zip(right))
                    .map(|(item_type, (left, right))| self.select_items(condition, left, right, item_type, span))
                    .collect();
                Ok(Item::Tuple(parts?))
            }
            (item_type, ..) => {
                let scalar = item_type.scalar().unwrap_or(ScalarType::I64);
                let as_scalar = |typer: &mut Self, item: &Item<'t>| match item {
                    Item::Literal(literal) => typer.literal(literal, scalar, span),
                    item => {
                        let number = typer.number(item, span)?;
                        Ok(typer.convert(number, scalar, span))
                    }
                };
                let (left, right) = (as_scalar(self, then)?, as_scalar(self, otherwise)?);
                if scalar == ScalarType::Bool {
                    return Ok(Item::Scalar(self.select_bool(condition, left, right, span)));
                }
                Ok(Item::Scalar(self.select(condition, left, right, span)))
            }
        }
    }

    /// `a and b` and `a or b` on bools are single ops.
    pub fn select_bool(&mut self, condition: Scalar, then: Scalar, otherwise: Scalar, span: Span) -> Scalar {
        let is = |scalar: Scalar, value: bool| scalar.constant().is_some_and(|constant| (constant.bits != 0) == value);
        if otherwise.value == condition.value || is(otherwise, false) {
            self.apply(Op::And, &[condition, then], span)
        } else if then.value == condition.value || is(then, true) {
            self.apply(Op::Or, &[condition, otherwise], span)
        } else {
            self.select(condition, then, otherwise, span)
        }
    }
}

fn unbound(name: &str) -> String {
    format!("cannot access local variable '{name}' where it is not associated with a value")
}

/// Whether a select can take it: numbers, and tuples of them.
fn is_selectable(item_type: &ItemType) -> bool {
    match item_type {
        ItemType::Scalar(_) | ItemType::Integer | ItemType::Float => true,
        ItemType::Tuple(parts) => parts.iter().all(is_selectable),
        _ => false,
    }
}

/// Statements that cannot fail and cost little: they may be evaluated though nobody needs them.
fn is_plain(region: &Region) -> bool {
    region.statements.iter().all(|statement| matches!(statement, Statement::Let { .. }))
}

/// The name at the start of `a.b.c`.
pub fn root_name(expression: &Expression) -> Option<&str> {
    match &expression.kind {
        ExpressionKind::Name(name) => Some(name),
        ExpressionKind::Attribute { value, .. } => root_name(value),
        _ => None,
    }
}

/// Whether a value is a string or None, or a tuple with one.
fn has_text(value: &Expression, depth: usize) -> bool {
    match &value.kind {
        ExpressionKind::String(_) | ExpressionKind::None => true,
        ExpressionKind::Tuple(items) => depth < 32 && items.iter().any(|item| has_text(item, depth + 1)),
        _ => false,
    }
}

/// Whether a value is a slice: `slice(1, 2, None)`.
fn is_slice(value: &Expression) -> bool {
    matches!(&value.kind, ExpressionKind::Call { function, .. }
        if matches!(&function.kind, ExpressionKind::Name(name) if name == "slice"))
}
