//! Helpers that were declared with signatures: what a call of one means. Its arguments become the types of a signature,
//! and so does the result.
//!
//! Which signature: as Numba has it (numba/core/typeconv), for `vectorize` the first one that the arguments convert to
//! safely; for `jit` the one with the fewest unsafe, then safe, then promoting conversions.

use super::item::{Item, ItemType, Scalar};
use super::program::Unit;
use super::typer::Typer;
use crate::declaration::{self, Declaration, Kind};
use crate::error::{ErrorClass, Result};
use crate::source::Span;
use crate::syntax::tree::{ExpressionKind, FunctionDefinition};
use crate::types::ScalarType;
use crate::types::signature::Type;
use std::sync::Arc;

/// A signature that a call means.
pub struct Chosen {
    pub arguments: Vec<ScalarType>,
    pub result: Option<ScalarType>,
}

/// How far a conversion is from none.
#[derive(Clone, Copy)]
enum Conversion {
    Same,
    /// To a wider type of the same kind.
    Promotion,
    Safe,
    Unsafe,
}

impl<'t> Typer<'t, '_> {
    /// The signature that a call of a helper with these arguments means; `None` if it was declared with none.
    pub fn chosen_signature(
        &self,
        unit: Unit<'t>,
        definition: &'t FunctionDefinition,
        arguments: &[(Item<'t>, Span)],
        span: Span,
    ) -> Result<Option<Chosen>> {
        let Some(declaration) = declaration_of(unit, definition)?.filter(|found| !found.signatures.is_empty()) else {
            return Ok(None);
        };
        let given: Option<Vec<ScalarType>> = arguments
            .iter()
            .map(|(item, _)| match self.item_type(item).map(|item_type| item_type.settled()) {
                Some(ItemType::Scalar(scalar)) => Some(scalar),
                _ => None,
            })
            .collect();
        let fitting = declaration.signatures.iter().filter_map(|(signature, _)| {
            let wanted = signature.arguments.iter().map(scalar_of).collect::<Option<Vec<ScalarType>>>()?;
            let given = given.as_ref().filter(|given| given.len() == wanted.len())?;
            let conversions = given.iter().zip(&wanted).map(|(&from, &to)| conversion(from, to));
            let mut counts = [0usize; 4];
            conversions.for_each(|conversion| counts[3 - conversion as usize] += 1);
            let result = signature.result.as_ref().and_then(scalar_of);
            Some((counts, Chosen { arguments: wanted, result }))
        });
        let chosen = match declaration.kind {
            Kind::Vectorize { .. } => fitting.into_iter().find(|(counts, _)| counts[0] == 0),
            _ => fitting.min_by_key(|(counts, _)| *counts),
        };
        if let Some((_, chosen)) = chosen {
            return Ok(Some(chosen));
        }
        let types: Vec<String> = arguments
            .iter()
            .map(|(item, _)| {
                self.item_type(item).map_or_else(|| item.describe(), |item_type| item_type.settled().to_string())
            })
            .collect();
        let message = format!(
            "Invalid use of '{}' with parameters ({}): no signature takes them",
            definition.name,
            types.join(", ")
        );
        let known: Vec<String> = declaration.signatures.iter().map(|(signature, _)| format!("'{signature}'")).collect();
        let help = format!("convert the arguments; it was declared with {}", known.join(", "));
        Err(self.mistake(ErrorClass::Type, span, message).help(help).into())
    }

    /// The arguments in the types of a signature.
    pub fn converted(&mut self, arguments: Vec<(Item<'t>, Span)>, to: &[ScalarType]) -> Result<Vec<Item<'t>>> {
        let mut items = Vec::new();
        for ((item, span), &scalar) in arguments.into_iter().zip(to) {
            let value: Scalar = self.as_type(&item, scalar, span)?;
            items.push(Item::Scalar(value));
        }
        Ok(items)
    }
}

fn scalar_of(kind: &Type) -> Option<ScalarType> {
    match kind {
        Type::Scalar(scalar) => Some(*scalar),
        Type::Array(_) => None,
    }
}

/// What the decorators of a helper say, if they are numba's.
fn declaration_of(unit: Unit, definition: &FunctionDefinition) -> Result<Option<Arc<Declaration>>> {
    if let Some(declaration) = &definition.declaration {
        return Ok(Some(declaration.clone()));
    }
    let ours = definition.decorators.iter().any(|decorator| {
        let name = match &decorator.kind {
            ExpressionKind::Call { function, .. } => function,
            _ => decorator,
        };
        unit.module.path(name).is_some_and(|path| path.starts_with("numba."))
    });
    if !ours { Ok(None) } else { declaration::read(unit.module, definition).map(Arc::new).map(Some) }
}

/// Source: numba/core/typeconv/rules.py, and what follows from its rules by transitivity.
fn conversion(from: ScalarType, to: ScalarType) -> Conversion {
    use ScalarType::*;
    if from == to {
        return Conversion::Same;
    }
    let wider = to.bytes() > from.bytes();
    let integers = from.is_integer() && to.is_integer();
    if wider && (integers && from.is_unsigned() == to.is_unsigned() || from.is_float() && to.is_float()) {
        return Conversion::Promotion;
    }
    let safe = match (from, to) {
        (Bool, _) | (_, F64) => !matches!(to, Bool),
        (I8 | U8 | I16, F32) => true,
        _ => integers && wider && from.is_unsigned(),
    };
    if safe { Conversion::Safe } else { Conversion::Unsafe }
}
