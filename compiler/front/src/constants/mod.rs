//! Values that are known without running anything: what decorators' options and a module's constants are.
//!
//! `value` has the values and Python's arithmetic on them, `functions` what `math` and `numpy` have of them. An
//! [`Evaluator`] computes expressions of a module, as Python would.

mod functions;
#[cfg(test)]
mod tests;
mod value;

pub use functions::named;
pub use value::{ConstantValue, binary, convert, float_binary, integer_literals, unary};

use crate::error::{ErrorClass, Mistake, Result};
use crate::source::Span;
use crate::syntax::dtype;
use crate::syntax::tree::MOST_ENTRIES;
use crate::syntax::tree::{self, BinaryOperator, Comparison, Expression, ExpressionKind, Logical};
use crate::types::declaration::Number;
use crate::types::{ScalarType, promotion};
use functions::mathematical;
use value::compare;

/// The value of an expression of `module`, if that can be told.
pub fn value(module: &tree::Module, expression: &Expression) -> Option<ConstantValue> {
    Evaluator::new(module).expression(expression).ok()
}

/// The number that an expression of `module` is, such as an option's value, if that can be told.
pub fn number(module: &tree::Module, expression: &Expression) -> Option<Number> {
    match value(module, expression)? {
        ConstantValue::Bool(value) => Some(Number::Bool(value)),
        ConstantValue::Integer(value) => Some(Number::Integer(value)),
        ConstantValue::Float(value, _) => Some(Number::Float(value)),
        ConstantValue::Typed(constant) => Some(match (constant.scalar, constant.as_integer()) {
            (ScalarType::Bool, _) => Number::Bool(constant.bits != 0),
            (_, Some(value)) => Number::Integer(value),
            (_, None) => Number::Float(constant.as_f64()),
        }),
        ConstantValue::Tuple(_) | ConstantValue::Array(..) => None,
    }
}

/// Evaluates the constants of a module, each once.
pub struct Evaluator<'t> {
    module: &'t tree::Module,
    /// In order of definition, as far as they have been needed.
    values: Vec<Result<ConstantValue>>,
}

impl<'t> Evaluator<'t> {
    pub fn new(module: &'t tree::Module) -> Evaluator<'t> {
        Evaluator { module, values: Vec::new() }
    }

    /// The value of the constant `name` as kernels see it: its last definition.
    pub fn constant(&mut self, name: &str) -> Option<Result<ConstantValue>> {
        let index = self.module.constants.iter().rposition(|constant| constant.name == name)?;
        Some(self.definition(index))
    }

    /// The value of an expression that stands below all constants, such as the default of a parameter.
    pub fn expression(&mut self, expression: &Expression) -> Result<ConstantValue> {
        self.evaluate(expression, self.module.constants.len(), 0)
    }

    /// Evaluates from the top down, as Python does; what cannot be evaluated is an error only for those who need it.
    fn definition(&mut self, index: usize) -> Result<ConstantValue> {
        while self.values.len() <= index {
            let value = self.evaluate_definition(self.values.len());
            self.values.push(value);
        }
        self.values[index].clone()
    }

    fn evaluate_definition(&mut self, index: usize) -> Result<ConstantValue> {
        let definition = &self.module.constants[index];
        let mut value = self.evaluate(&definition.value, index, 0)?;
        if let Some(annotation) = &definition.annotation
            && let Some(scalar) = dtype::scalar_type(self.module, annotation)
        {
            value = self.annotated(&value, scalar, &definition.value)?;
        }
        if value.entries() > MOST_ENTRIES {
            return Err(self.mistake(
                ErrorClass::Unsupported,
                definition.value.span,
                format!("constant '{}' has more than {MOST_ENTRIES} entries", definition.name),
                "pass the data as an array",
            ));
        }
        Ok(value)
    }

    fn annotated(&self, value: &ConstantValue, scalar: ScalarType, at: &Expression) -> Result<ConstantValue> {
        match value {
            ConstantValue::Tuple(entries) => {
                let entries: Result<Vec<_>> = entries.iter().map(|entry| self.annotated(entry, scalar, at)).collect();
                Ok(ConstantValue::Array(scalar, entries?))
            }
            _ => value.to(scalar).map(ConstantValue::Typed).ok_or_else(|| {
                self.mistake(
                    ErrorClass::Type,
                    at.span,
                    format!("this value is no {scalar}, as the annotation says"),
                    "change the annotation or the value",
                )
            }),
        }
    }

    /// `before`: names mean the definitions above this one.
    fn evaluate(&mut self, expression: &Expression, before: usize, depth: u32) -> Result<ConstantValue> {
        if depth > 100 {
            return Err(self.mistake(
                ErrorClass::Unsupported,
                expression.span,
                "expression is nested too deeply",
                "split it",
            ));
        }
        let unknown = |evaluator: &Self| {
            Err(evaluator.mistake(
                ErrorClass::Unsupported,
                expression.span,
                "a kernel uses this constant, and its value cannot be computed when compiling",
                "use numbers, tuples of numbers, arithmetic and functions of 'math' on them",
            ))
        };
        let value = match &expression.kind {
            ExpressionKind::Bool(value) => Some(ConstantValue::Bool(*value)),
            ExpressionKind::Integer(value) => value.map(ConstantValue::Integer),
            ExpressionKind::Float { value, text } => Some(ConstantValue::Float(*value, text.clone())),
            ExpressionKind::Name(name) => {
                let constants = &self.module.constants[..before];
                match constants.iter().rposition(|constant| &constant.name == name) {
                    Some(index) => return self.definition(index),
                    None => self.module.path(expression).and_then(|path| named(&path)),
                }
            }
            ExpressionKind::Attribute { .. } => self.module.path(expression).and_then(|path| named(&path)),
            ExpressionKind::Tuple(items) | ExpressionKind::List(items) => {
                let items: Result<Vec<_>> = items.iter().map(|item| self.evaluate(item, before, depth + 1)).collect();
                Some(ConstantValue::Tuple(items?))
            }
            ExpressionKind::Unary { operator, operand } => {
                let operand = self.evaluate(operand, before, depth + 1)?;
                unary(*operator, &operand)
            }
            ExpressionKind::Binary { operator, left, right } => {
                let left = self.evaluate(left, before, depth + 1)?;
                let right = self.evaluate(right, before, depth + 1)?;
                binary(*operator, &left, &right)
            }
            ExpressionKind::Conditional { condition, then, otherwise } => {
                match self.evaluate(condition, before, depth + 1)?.truth() {
                    Some(true) => return self.evaluate(then, before, depth + 1),
                    Some(false) => return self.evaluate(otherwise, before, depth + 1),
                    None => None,
                }
            }
            ExpressionKind::Logical { operator, operands } => {
                // The first operand that decides, or the last.
                let mut last = None;
                for operand in operands {
                    let value = self.evaluate(operand, before, depth + 1)?;
                    let Some(truth) = value.truth() else { return unknown(self) };
                    last = Some(value);
                    if truth == (*operator == Logical::Or) {
                        break;
                    }
                }
                last
            }
            ExpressionKind::Compare { first, rest } => {
                let mut left = self.evaluate(first, before, depth + 1)?;
                let mut holds = Some(true);
                for (comparison, operand) in rest {
                    let right = self.evaluate(operand, before, depth + 1)?;
                    holds = compare(*comparison, &left, &right);
                    if holds != Some(true) {
                        break;
                    }
                    left = right;
                }
                holds.map(ConstantValue::Bool)
            }
            ExpressionKind::Subscript { value, indices } if indices.len() == 1 => {
                let index = self.evaluate(&indices[0], before, depth + 1)?.as_integer();
                match (self.evaluate(value, before, depth + 1)?, index) {
                    (ConstantValue::Tuple(entries) | ConstantValue::Array(_, entries), Some(index)) => {
                        let index = if index < 0 { index + entries.len() as i128 } else { index };
                        usize::try_from(index).ok().and_then(|index| entries.get(index).cloned())
                    }
                    _ => None,
                }
            }
            ExpressionKind::Call { function, arguments, keywords } => {
                let values: Result<Vec<_>> =
                    arguments.iter().map(|argument| self.evaluate(argument, before, depth + 1)).collect();
                let dtype = keywords.iter().find(|keyword| keyword.name.as_deref() == Some("dtype"));
                self.call(function, &values?, dtype.map(|keyword| &keyword.value))
            }
            ExpressionKind::Unsupported { what, instead } => {
                let message = format!("kernels cannot use {what} as constants");
                return Err(self.mistake(ErrorClass::Unsupported, expression.span, message, instead));
            }
            _ => return unknown(self),
        };
        match value {
            Some(value) => Ok(value),
            None => unknown(self),
        }
    }

    fn call(
        &self,
        function: &Expression,
        values: &[ConstantValue],
        dtype: Option<&Expression>,
    ) -> Option<ConstantValue> {
        if let Some(scalar) = dtype::cast_type(self.module, function) {
            return match (values, scalar) {
                ([value], _) => Some(ConstantValue::Typed(value.to(scalar).or_else(|| {
                    let number = value.scalar().and_then(|scalar| value.to(scalar))?;
                    Some(convert(number, scalar))
                })?)),
                _ => None,
            };
        }
        if let Some(path) = self.module.path(function) {
            if matches!(path.as_str(), "numpy.array" | "numpy.asarray") {
                return array(values, dtype.map(|named| dtype::scalar_type(self.module, named)));
            }
            let name = path.strip_prefix("math.").or_else(|| path.strip_prefix("numpy."))?;
            return mathematical(name, path.starts_with("math."), values);
        }
        let ExpressionKind::Name(name) = &function.kind else { return None };
        if self.module.defines(name) {
            return None;
        }
        match (name.as_str(), values) {
            ("bool", [value]) => value.truth().map(ConstantValue::Bool),
            ("float", [value]) => value.as_f64().map(ConstantValue::float),
            ("int", [value]) => match value.as_integer() {
                Some(value) => Some(ConstantValue::Integer(value)),
                None => value.as_f64().filter(|value| value.is_finite()).map(|v| ConstantValue::Integer(v as i128)),
            },
            ("abs", [value]) => match value.as_integer() {
                Some(value) => value.checked_abs().map(ConstantValue::Integer),
                None => value.as_f64().map(|value| ConstantValue::float(value.abs())),
            },
            ("len", [ConstantValue::Tuple(entries) | ConstantValue::Array(_, entries)]) => {
                Some(ConstantValue::Integer(entries.len() as i128))
            }
            ("pow", [base, exponent]) => binary(BinaryOperator::Power, base, exponent),
            ("min", [first, rest @ ..]) => extreme(first, rest, Comparison::Less),
            ("max", [first, rest @ ..]) => extreme(first, rest, Comparison::Greater),
            _ => None,
        }
    }

    fn mistake(&self, class: ErrorClass, span: Span, message: impl Into<String>, help: &str) -> crate::Error {
        Mistake::new(class, &self.module.source, span, message).help(help).into()
    }
}

fn extreme(first: &ConstantValue, rest: &[ConstantValue], better: Comparison) -> Option<ConstantValue> {
    let mut best = first;
    for value in rest {
        if compare(better, value, best)? {
            best = value;
        }
    }
    best.as_f64().map(|_| best.clone())
}

/// `np.array([...], dtype=...)` of one dimension.
fn array(values: &[ConstantValue], dtype: Option<Option<ScalarType>>) -> Option<ConstantValue> {
    let [ConstantValue::Tuple(entries)] = values else { return None };
    let scalar = match dtype {
        Some(dtype) => dtype?,
        None => entries.iter().map(ConstantValue::scalar).try_fold(None, |common, scalar| {
            let scalar = scalar?;
            Some(Some(common.map_or(scalar, |common| promotion::unify(common, scalar))))
        })??,
    };
    let entries: Option<Vec<ConstantValue>> = entries
        .iter()
        .map(|entry| {
            let number = entry.scalar().and_then(|scalar| entry.to(scalar))?;
            Some(ConstantValue::Typed(entry.to(scalar).unwrap_or_else(|| convert(number, scalar))))
        })
        .collect();
    Some(ConstantValue::Array(scalar, entries?))
}
