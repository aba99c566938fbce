//! Values that are known without running anything: what decorators' options and module-level constants may be.

use super::tree::{BinaryOperator, Expression, ExpressionKind, Module, UnaryOperator};

/// A number known when compiling.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    Bool(bool),
    Integer(i128),
    Float(f64),
}

impl Number {
    /// The value as an integer; a bool counts as 0 or 1, as in Python.
    pub fn as_integer(self) -> Option<i128> {
        match self {
            Number::Bool(value) => Some(value as i128),
            Number::Integer(value) => Some(value),
            Number::Float(_) => None,
        }
    }

    pub fn as_f64(self) -> f64 {
        match self {
            Number::Bool(value) => value as u8 as f64,
            Number::Integer(value) => value as f64,
            Number::Float(value) => value,
        }
    }
}

/// Follows names of module-level constants to what they stand for: `SIGNATURES` -> `[...]`.
pub fn resolve<'a>(module: &'a Module, expression: &'a Expression) -> &'a Expression {
    let mut expression = expression;
    // Bounded: `A = B` and `B = A` is no endless loop.
    for _ in 0..32 {
        let ExpressionKind::Name(name) = &expression.kind else {
            break;
        };
        let Some(constant) = module.constant(name) else { break };
        expression = &constant.value;
    }
    expression
}

/// The number that an expression is, if that can be told: literals, signs, arithmetic, constants of the module, and
/// those of `math` and `numpy` (`np.pi`, `np.nan`, `math.inf`).
pub fn number(module: &Module, expression: &Expression) -> Option<Number> {
    // Bounded: `A = B + B`, `B = C + C`, ... would double the work with every line.
    evaluate(module, expression, &mut 1000)
}

fn evaluate(module: &Module, expression: &Expression, fuel: &mut usize) -> Option<Number> {
    *fuel = fuel.checked_sub(1)?;
    let expression = resolve(module, expression);
    match &expression.kind {
        ExpressionKind::Bool(value) => Some(Number::Bool(*value)),
        ExpressionKind::Integer(value) => value.map(Number::Integer),
        ExpressionKind::Float { value, .. } => Some(Number::Float(*value)),
        ExpressionKind::Name(_) | ExpressionKind::Attribute { .. } => {
            let path = module.path(expression)?;
            let name = path.strip_prefix("math.").or(path.strip_prefix("numpy."))?;
            Some(Number::Float(match name {
                "pi" => std::f64::consts::PI,
                "e" => std::f64::consts::E,
                "tau" => std::f64::consts::TAU,
                "inf" => f64::INFINITY,
                "nan" => f64::NAN,
                _ => return None,
            }))
        }
        ExpressionKind::Unary { operator, operand } => {
            let operand = evaluate(module, operand, fuel)?;
            Some(match (operator, operand) {
                (UnaryOperator::Negative, Number::Float(value)) => Number::Float(-value),
                (UnaryOperator::Negative, value) => Number::Integer(value.as_integer()?.checked_neg()?),
                (UnaryOperator::Positive, Number::Float(value)) => Number::Float(value),
                (UnaryOperator::Positive, value) => Number::Integer(value.as_integer()?),
                (UnaryOperator::Invert, value) => Number::Integer(!value.as_integer()?),
                (UnaryOperator::Not, value) => Number::Bool(value.as_f64() == 0.0),
            })
        }
        ExpressionKind::Binary { operator, left, right } => {
            let left = evaluate(module, left, fuel)?;
            let right = evaluate(module, right, fuel)?;
            if let (Some(left), Some(right)) = (left.as_integer(), right.as_integer())
                && *operator != BinaryOperator::Divide
            {
                return Some(Number::Integer(match operator {
                    BinaryOperator::Add => left.checked_add(right)?,
                    BinaryOperator::Subtract => left.checked_sub(right)?,
                    BinaryOperator::Multiply => left.checked_mul(right)?,
                    BinaryOperator::Power => left.checked_pow(u32::try_from(right).ok()?)?,
                    BinaryOperator::FloorDivide => {
                        let quotient = left.checked_div(right)?;
                        quotient - (left % right != 0 && (left < 0) != (right < 0)) as i128
                    }
                    _ => return None,
                }));
            }
            let (left, right) = (left.as_f64(), right.as_f64());
            match operator {
                BinaryOperator::Add => Some(Number::Float(left + right)),
                BinaryOperator::Subtract => Some(Number::Float(left - right)),
                BinaryOperator::Multiply => Some(Number::Float(left * right)),
                // Python raises.
                BinaryOperator::Divide if right != 0.0 => Some(Number::Float(left / right)),
                _ => None,
            }
        }
        _ => None,
    }
}
