//! Operators on numbers: arithmetic, bits, truth.

use super::Rules;
use super::item::{Class, Item, Literal, Scalar};
use super::library;
use super::promotion::{self};
use super::typer::Typer;
use crate::constants::{self, ConstantValue};
use crate::error::{Error, ErrorClass, Mistake, Result};
use crate::ir::{Fault, Op};
use crate::source::Span;
use crate::syntax::tree::{BinaryOperator, Expression, ExpressionKind, UnaryOperator};
use crate::types::{Constant, ScalarType};

impl<'t> Typer<'t, '_> {
    /// `a op b op c`: long chains nest to the left, so that side is walked without recursion.
    pub fn binary_chain(&mut self, expression: &'t Expression) -> Result<Item<'t>> {
        let mut pending = Vec::new();
        let mut innermost = expression;
        let mut literal = None;
        while let ExpressionKind::Binary { operator, left, right } = &innermost.kind {
            literal = self.integer_literal(innermost);
            if literal.is_some() {
                break;
            }
            pending.push((*operator, left.span, right));
            innermost = left;
        }
        let mut item = match literal {
            Some(value) => self.constant_item(value, innermost.span, true)?,
            None => self.expression(innermost)?,
        };
        for (operator, left_span, right) in pending.into_iter().rev() {
            let other = self.expression(right)?;
            item = self.binary(operator, item, other, left_span, right.span)?;
        }
        Ok(item)
    }

    /// The value of an expression of integer literals alone: Python computes it when it reads the text, without wrapping,
    /// so that `2**63` is the literal 9223372036854775808, and `10**-3` the literal 0.001.
    pub fn integer_literal(&self, expression: &Expression) -> Option<ConstantValue> {
        if self.unit.rules == Rules::Exact {
            return None; // literals have no width there
        }
        if let ExpressionKind::Binary { operator: operator @ BinaryOperator::Power, left, right } = &expression.kind
            && let Some(exponent @ ..0) = constants::integer_literals(right, 0)
        {
            // Python computes no power of 0 before the program runs.
            let base = constants::integer_literals(left, 0).filter(|base| *base != 0)?;
            return constants::binary(*operator, &ConstantValue::Integer(base), &ConstantValue::Integer(exponent));
        }
        constants::integer_literals(expression, 0).map(ConstantValue::Integer)
    }

    pub fn binary(
        &mut self,
        operator: BinaryOperator,
        left: Item<'t>,
        right: Item<'t>,
        left_span: Span,
        right_span: Span,
    ) -> Result<Item<'t>> {
        let span = left_span.to(right_span);
        let (left, right) = (left.plain(), right.plain());
        match (&left, &right) {
            (Item::Scalar(_) | Item::Literal(_), Item::Scalar(_) | Item::Literal(_)) => {}
            (Item::Complex(_), Item::Scalar(_) | Item::Complex(_)) | (Item::Scalar(_), Item::Complex(_)) => {
                if let Some(item) = self.complex_binary(operator, &left, &right, span)? {
                    return Ok(item);
                }
            }
            (Item::Tuple(_) | Item::Constants(_), Item::Tuple(_) | Item::Constants(_))
                if self.is_host() && operator == BinaryOperator::Add =>
            {
                let mut items = self.unpack(&left, left_span)?;
                items.extend(self.unpack(&right, right_span)?);
                return Ok(Item::Tuple(items));
            }
            (Item::Optional(..), _) if self.is_host() => {
                let left = Item::Scalar(self.number(&left, left_span)?);
                return self.binary(operator, left, right, left_span, right_span);
            }
            (_, Item::Optional(..)) if self.is_host() => {
                let right = Item::Scalar(self.number(&right, right_span)?);
                return self.binary(operator, left, right, left_span, right_span);
            }
            (Item::Array(_), _) | (_, Item::Array(_))
                if self.is_host() && operator == BinaryOperator::MatrixMultiply =>
            {
                return Err(self.no_products(span).into());
            }
            (Item::Array(_), _) | (_, Item::Array(_)) if self.is_host() => {
                return self.array_binary(operator, [(left, left_span), (right, right_span)], span);
            }
            (Item::Scalar(_) | Item::Literal(_), _) => return Err(self.not_a_number(&right, right_span).into()),
            _ => return Err(self.not_a_number(&left, left_span).into()),
        }
        if let (Item::Literal(left), Item::Literal(right)) = (&left, &right) {
            return self.literals(operator, left, right, span);
        }
        if operator == BinaryOperator::Power {
            return self.power(left, right, left_span, right_span).map(Item::Scalar);
        }
        if self.unit.rules == Rules::Exact {
            let (left, right) = self.same_type(&left, &right, symbol(operator), left_span, right_span)?;
            if !exact_takes(operator, left.scalar) {
                return Err(self.refused_operand(operator, left.scalar, span).into());
            }
            return self.compute(operator, left.scalar, left, right, span).map(Item::Scalar);
        }
        let (left, right) = (self.number(&left, left_span)?, self.number(&right, right_span)?);
        let Some(scalar) = promotion::operator(operator, left.scalar, right.scalar) else {
            return Err(self.unsupported_operands(operator, left.scalar, right.scalar, span).into());
        };
        self.warn_of_widening(left, right, scalar, left_span, right_span);
        self.check_divisor(operator, scalar, right, span);
        self.compute(operator, scalar, left, right, span).map(Item::Scalar)
    }

    fn no_products(&self, span: Span) -> Mistake {
        let mistake = self.mistake(ErrorClass::Unsupported, span, "products of matrices are not there yet");
        mistake.help("write loops over the elements, or multiply outside of compiled functions")
    }

    /// Where scalars divided by zero fail.
    fn check_divisor(&mut self, operator: BinaryOperator, scalar: ScalarType, divisor: Scalar, span: Span) {
        let message = match operator {
            _ if !self.unit.zero_division => return,
            BinaryOperator::Divide => "division by zero",
            BinaryOperator::FloorDivide if scalar.is_float() => "float floor division by zero",
            BinaryOperator::Modulo if scalar.is_float() => "float modulo by zero",
            BinaryOperator::FloorDivide => "integer division by zero",
            BinaryOperator::Modulo => "integer modulo by zero",
            _ => return,
        };
        let divisor = self.convert(divisor, scalar, span);
        let zero = self.constant(Constant::zero(scalar), span);
        let vanishes = self.apply(Op::Eq, &[divisor, zero], span);
        self.trap_with(vanishes, Fault::ZeroDivision, message.into(), &[], span);
    }

    /// An operator as NumPy's function of the same meaning has it.
    pub fn ufunc(&mut self, operator: BinaryOperator, left: Scalar, right: Scalar, span: Span) -> Result<Scalar> {
        let (path, function) = match operator {
            BinaryOperator::Power => {
                return self
                    .binary(operator, Item::Scalar(left), Item::Scalar(right), span, span)
                    .and_then(|item| self.number(&item, span));
            }
            BinaryOperator::Add => ("numpy.add", library::Function::Arithmetic(operator)),
            BinaryOperator::Subtract => ("numpy.subtract", library::Function::Arithmetic(operator)),
            BinaryOperator::Multiply => ("numpy.multiply", library::Function::Arithmetic(operator)),
            BinaryOperator::Divide => ("numpy.true_divide", library::Function::Arithmetic(operator)),
            _ => ("numpy", library::Function::Arithmetic(operator)),
        };
        let operands = [(Item::Scalar(left), span), (Item::Scalar(right), span)];
        let item = self.library_function(path, function, &operands, span)?;
        self.number(&item, span)
    }

    /// `left op right` computed in `scalar`, to which both are converted.
    pub fn compute(
        &mut self,
        operator: BinaryOperator,
        scalar: ScalarType,
        left: Scalar,
        right: Scalar,
        span: Span,
    ) -> Result<Scalar> {
        let (left, right) = (self.convert(left, scalar, span), self.convert(right, scalar, span));
        let op = match operator {
            BinaryOperator::Add => Op::Add,
            BinaryOperator::Subtract => Op::Sub,
            BinaryOperator::Multiply => Op::Mul,
            BinaryOperator::Divide => Op::Div,
            BinaryOperator::FloorDivide if scalar.is_float() => {
                return self.elementary("floordiv", scalar, &[left, right], span);
            }
            BinaryOperator::Modulo if scalar.is_float() => return self.elementary("mod", scalar, &[left, right], span),
            BinaryOperator::FloorDivide => Op::FloorDiv,
            BinaryOperator::Modulo => Op::Mod,
            BinaryOperator::LeftShift => Op::Shl,
            BinaryOperator::RightShift => Op::Shr,
            BinaryOperator::And => Op::And,
            BinaryOperator::Or => Op::Or,
            BinaryOperator::Xor => Op::Xor,
            BinaryOperator::MatrixMultiply => return Err(self.no_products(span).into()),
            BinaryOperator::Power => {
                return Err(Error::Internal(format!("'{}' is no single op", symbol(operator))));
            }
        };
        Ok(self.apply(op, &[left, right], span))
    }

    /// Two literals that have met no type yet.
    fn literals(&mut self, operator: BinaryOperator, left: &Literal, right: &Literal, span: Span) -> Result<Item<'t>> {
        let (Some(a), Some(b)) = (literal_value(left), literal_value(right)) else {
            let float = operator == BinaryOperator::Divide
                || matches!(left, Literal::Float(_))
                || matches!(right, Literal::Float(_));
            return Ok(Item::Literal(if float { Literal::Float(None) } else { Literal::Integer(None) }));
        };
        match constants::binary(operator, &a, &b) {
            Some(ConstantValue::Integer(value)) => Ok(Item::Literal(Literal::Integer(Some(value)))),
            Some(ConstantValue::Float(value, text)) => Ok(Item::Literal(Literal::Float(Some((value, text))))),
            _ => {
                let message = format!("'{}' of these literals has no value", symbol(operator));
                Err(self.mistake(ErrorClass::Value, span, message).help("write the number that you mean").into())
            }
        }
    }

    /// Under the rules `Exact`: two numbers of one type, to which literals adapt.
    pub fn same_type(
        &mut self,
        left: &Item<'t>,
        right: &Item<'t>,
        what: &str,
        left_span: Span,
        right_span: Span,
    ) -> Result<(Scalar, Scalar)> {
        match (left, right) {
            (Item::Scalar(left), Item::Literal(right)) => Ok((*left, self.literal(right, left.scalar, right_span)?)),
            (Item::Literal(left), Item::Scalar(right)) => Ok((self.literal(left, right.scalar, left_span)?, *right)),
            (Item::Literal(Literal::Integer(_)), Item::Literal(Literal::Float(_))) => {
                let right = self.number(right, right_span)?;
                Ok((self.exactly(left, right.scalar, left_span)?, right))
            }
            (Item::Literal(Literal::Float(_)), Item::Literal(Literal::Integer(_))) => {
                let left = self.number(left, left_span)?;
                Ok((left, self.exactly(right, left.scalar, right_span)?))
            }
            _ => {
                let (left, right) = (self.number(left, left_span)?, self.number(right, right_span)?);
                if left.scalar == right.scalar {
                    return Ok((left, right));
                }
                let message =
                    format!("'{what}' takes operands of one type, and these are {} and {}", left.scalar, right.scalar);
                let mistake = self.mistake(ErrorClass::Type, left_span.to(right_span), message);
                Err(mistake.help(format!("convert one of them, for example {}(...)", left.scalar)).into())
            }
        }
    }

    fn refused_operand(&self, operator: BinaryOperator, scalar: ScalarType, span: Span) -> Mistake {
        let mistake = self.mistake(ErrorClass::Type, span, format!("'{}' does not take {scalar}", symbol(operator)));
        match operator {
            BinaryOperator::Divide if scalar.is_integer() => {
                mistake.help("write // for the floor of the quotient, or convert both to a float type")
            }
            _ => mistake.help("convert the operands"),
        }
    }

    pub fn unsupported_operands(
        &self,
        operator: BinaryOperator,
        left: ScalarType,
        right: ScalarType,
        span: Span,
    ) -> Mistake {
        let message = format!("unsupported operand types for '{}': {left} and {right}", symbol(operator));
        let mistake = self.mistake(ErrorClass::Type, span, message);
        match operator {
            BinaryOperator::MatrixMultiply => mistake.help("kernels compute with single numbers: write *"),
            _ => mistake.help("cast floats to an integer type first: np.int64(x)"),
        }
    }

    /// Numba's literals are float64: say where one of them widens a float32 computation.
    pub fn warn_of_widening(
        &mut self,
        left: Scalar,
        right: Scalar,
        scalar: ScalarType,
        left_span: Span,
        right_span: Span,
    ) {
        if scalar != ScalarType::F64 {
            return;
        }
        let at = match (left, right) {
            (literal, other) if literal.from_literal && other.scalar == ScalarType::F32 => left_span,
            (other, literal) if literal.from_literal && other.scalar == ScalarType::F32 => right_span,
            _ => return,
        };
        let source = &self.unit.module.source;
        let text = source.text.get(at.start as usize..at.end as usize).unwrap_or("...").to_string();
        let warning = self
            .mistake(ErrorClass::Type, at, "a float64 literal widens this float32 computation to float64")
            .label("float64")
            .help(format!("write np.float32({text}) to stay in float32, or use typing='exact'"));
        if !self.program.warnings.iter().any(|other| other.span == at && other.source == warning.source) {
            self.program.warnings.push(warning);
        }
    }

    /// `-x`, `+x`, `~x`.
    pub fn unary(&mut self, operator: UnaryOperator, item: Item<'t>, span: Span) -> Result<Item<'t>> {
        if let Item::Literal(literal) = &item {
            let value = literal_value(literal);
            let result = value.as_ref().and_then(|value| constants::unary(operator, value));
            return match (value, result) {
                (None, _) => Ok(item),
                (_, Some(ConstantValue::Integer(value))) => Ok(Item::Literal(Literal::Integer(Some(value)))),
                (_, Some(ConstantValue::Float(value, text))) => Ok(Item::Literal(Literal::Float(Some((value, text))))),
                _ => Err(self.refused_unary(operator, "a float literal", span).into()),
            };
        }
        if let Item::Complex(number) = item {
            return self.complex_unary(operator, number, span);
        }
        if let Item::Array(array) = item
            && self.is_host()
        {
            return self.array_unary(operator, array, span);
        }
        let operand = self.number(&item, span)?;
        let scalar = operand.scalar;
        let exact = self.unit.rules == Rules::Exact;
        let op = match operator {
            UnaryOperator::Negative => Op::Neg,
            UnaryOperator::Invert => Op::Not,
            UnaryOperator::Not => return self.truth(&item, span).map(|truth| Item::Scalar(self.not(truth, span))),
            UnaryOperator::Positive => {
                let wide = if exact || scalar.is_float() { scalar } else { promotion::wide_integer(scalar) };
                return Ok(Item::Scalar(self.convert(operand, wide, span)));
            }
        };
        if (op == Op::Not && scalar.is_float()) || (op == Op::Neg && scalar == ScalarType::Bool && exact) {
            return Err(self.refused_unary(operator, scalar.name(), span).into());
        }
        let result = match scalar {
            ScalarType::Bool if op == Op::Neg => {
                let operand = self.convert(operand, ScalarType::I64, span);
                self.apply(op, &[operand], span)
            }
            ScalarType::Bool | ScalarType::F32 | ScalarType::F64 => self.apply(op, &[operand], span),
            _ if exact => self.apply(op, &[operand], span),
            // Numba computes in the width of the operand and widens the result: -np.uint8(1) is uint64 255.
            _ => {
                let narrow = self.apply(op, &[operand], span);
                self.convert(narrow, promotion::wide_integer(scalar), span)
            }
        };
        Ok(Item::Scalar(Scalar { from_literal: operand.from_literal, ..result }))
    }

    fn refused_unary(&self, operator: UnaryOperator, what: &str, span: Span) -> Mistake {
        let symbol = match operator {
            UnaryOperator::Negative => "-",
            UnaryOperator::Positive => "+",
            UnaryOperator::Invert => "~",
            UnaryOperator::Not => "not",
        };
        let mistake = self.mistake(ErrorClass::Type, span, format!("'{symbol}' does not take {what}"));
        mistake.help("convert the operand")
    }

    /// Whether Python takes an item as true.
    pub fn truth(&mut self, item: &Item<'t>, span: Span) -> Result<Scalar> {
        match item {
            Item::Scalar(scalar) if scalar.scalar == ScalarType::Bool => Ok(*scalar),
            Item::Literal(literal) => {
                if let Some(value) = literal_value(literal) {
                    let truth = !matches!(value, ConstantValue::Integer(0))
                        && value.to(ScalarType::F64).is_none_or(|v| v.as_f64() != 0.0);
                    return Ok(self.constant(Constant::bool(truth), span));
                }
                let constant = crate::ir::Expression::Constant(Constant::bool(false));
                Ok(self.define(ScalarType::Bool, span, constant))
            }
            Item::Tuple(items) => Ok(self.constant(Constant::bool(!items.is_empty()), span)),
            Item::Named(class, items) if matches!(**class, Class::Tuple { .. }) => {
                Ok(self.constant(Constant::bool(!items.is_empty()), span))
            }
            // None is false.
            Item::Optional(there, inner) => {
                let truth = self.truth(inner, span)?;
                Ok(self.apply(Op::And, &[*there, truth], span))
            }
            Item::Complex(number) => Ok(self.complex_truth(*number, span)),
            Item::None => Ok(self.constant(Constant::bool(false), span)),
            Item::Text(text) => Ok(self.constant(Constant::bool(!text.is_empty()), span)),
            item => {
                let number = self.number(item, span)?;
                Ok(self.convert(number, ScalarType::Bool, span))
            }
        }
    }
}

/// The operators that a type has under the rules `Exact`.
fn exact_takes(operator: BinaryOperator, scalar: ScalarType) -> bool {
    use BinaryOperator::*;
    match operator {
        Add | Subtract | Multiply | FloorDivide | Modulo | Power => scalar != ScalarType::Bool,
        Divide => scalar.is_float(),
        LeftShift | RightShift => scalar.is_integer(),
        And | Or | Xor => !scalar.is_float(),
        MatrixMultiply => false,
    }
}

pub fn literal_value(literal: &Literal) -> Option<ConstantValue> {
    match literal {
        Literal::Integer(value) => value.map(ConstantValue::Integer),
        Literal::Float(value) => value.clone().map(|(value, text)| ConstantValue::Float(value, text)),
    }
}

pub fn symbol(operator: BinaryOperator) -> &'static str {
    match operator {
        BinaryOperator::Add => "+",
        BinaryOperator::Subtract => "-",
        BinaryOperator::Multiply => "*",
        BinaryOperator::Divide => "/",
        BinaryOperator::FloorDivide => "//",
        BinaryOperator::Modulo => "%",
        BinaryOperator::Power => "**",
        BinaryOperator::MatrixMultiply => "@",
        BinaryOperator::LeftShift => "<<",
        BinaryOperator::RightShift => ">>",
        BinaryOperator::And => "&",
        BinaryOperator::Or => "|",
        BinaryOperator::Xor => "^",
    }
}
