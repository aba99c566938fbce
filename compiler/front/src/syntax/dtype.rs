//! The types that expressions name.

use super::tree::{Expression, ExpressionKind, Module};
use crate::types::ScalarType;
use crate::types::names::{Meaning, meaning};

/// The type that an annotation or a dtype names: `np.float32`, `float64`, `int`, `"float32"`.
pub fn scalar_type(module: &Module, expression: &Expression) -> Option<ScalarType> {
    if let Some(scalar) = cast_type(module, expression) {
        return Some(scalar);
    }
    match &expression.kind {
        ExpressionKind::Name(name) | ExpressionKind::String(name) => {
            scalar_of(name).or_else(|| ScalarType::from_name(name))
        }
        _ => None,
    }
}

/// The type to which a call of this expression converts by an imported name: `np.float32(x)`, `numba.int8(x)`.
pub fn cast_type(module: &Module, expression: &Expression) -> Option<ScalarType> {
    scalar_of(&module.path(expression)?)
}

fn scalar_of(path: &str) -> Option<ScalarType> {
    match meaning(path) {
        Meaning::Scalar(scalar) => Some(scalar),
        _ => None,
    }
}
