//! Comparisons of numbers, tuples, strings and None, and `is`.

use super::Rules;
use super::item::{Item, Literal, Scalar};
use super::operators::literal_value;
use super::promotion::{self, Compared};
use super::ranges::Range;
use super::typer::Typer;
use crate::constants::{self, ConstantValue};
use crate::error::{Error, ErrorClass, Result};
use crate::ir::Op;
use crate::source::Span;
use crate::syntax::tree::{Comparison, Expression, ExpressionKind};
use crate::types::{Constant, ScalarType};

impl<'t> Typer<'t, '_> {
    /// Comparisons of what is no number; `None` if both are.
    pub fn compare_things(
        &mut self,
        comparison: Comparison,
        left: &Item<'t>,
        right: &Item<'t>,
        left_span: Span,
        right_span: Span,
    ) -> Result<Option<Scalar>> {
        if !self.is_host() {
            return Ok(None);
        }
        let span = left_span.to(right_span);
        let membership = matches!(comparison, Comparison::In | Comparison::NotIn | Comparison::Is | Comparison::IsNot);
        let is_number = |item: &Item<'t>| matches!(item, Item::Complex(_) | Item::Scalar(_) | Item::Literal(_));
        if !membership
            && is_number(left)
            && is_number(right)
            && let Some(holds) = self.complex_compare(comparison, left, right, span)?
        {
            return Ok(Some(holds));
        }
        let equal = match comparison {
            Comparison::Equal => true,
            Comparison::NotEqual => false,
            _ => return Ok(None),
        };
        let same = match (left, right) {
            (Item::Text(left), Item::Text(right)) => left == right,
            (Item::Dtype(left), Item::Dtype(right)) => left == right,
            (Item::None, Item::None) => true,
            (Item::Optional(there, _), Item::None) | (Item::None, Item::Optional(there, _)) => {
                let missing = self.not(*there, span);
                return Ok(Some(if equal { missing } else { *there }));
            }
            (Item::Tuple(_) | Item::Constants(_), Item::Tuple(_) | Item::Constants(_)) => {
                let (left, right) = (self.unpack(left, span)?, self.unpack(right, span)?);
                let mut same = self.constant(Constant::bool(left.len() == right.len()), span);
                for (left, right) in left.iter().zip(&right) {
                    let holds = self.compare(Comparison::Equal, left, right, left_span, right_span)?;
                    same = self.apply(Op::And, &[same, holds], span);
                }
                return Ok(Some(if equal { same } else { self.not(same, span) }));
            }
            (Item::Text(_) | Item::Dtype(_) | Item::None, _) | (_, Item::Text(_) | Item::Dtype(_) | Item::None) => {
                false
            }
            (Item::Tuple(_) | Item::Constants(_), other) | (other, Item::Tuple(_) | Item::Constants(_))
                if is_number(other) =>
            {
                false
            }
            _ => return Ok(None),
        };
        Ok(Some(self.constant(Constant::bool(same == equal), span)))
    }

    /// `first op operand op operand ...`: each operand once, as far as it is needed.
    pub fn comparison(
        &mut self,
        first: &'t Expression,
        rest: &'t [(Comparison, Expression)],
        span: Span,
    ) -> Result<Item<'t>> {
        let left = self.expression(first)?;
        self.comparison_from(left, first.span, rest, span)
    }

    fn comparison_from(
        &mut self,
        left: Item<'t>,
        left_span: Span,
        rest: &'t [(Comparison, Expression)],
        span: Span,
    ) -> Result<Item<'t>> {
        let Some(((comparison, operand), others)) = rest.split_first() else {
            return Err(Error::Internal("a comparison without a right side".into()));
        };
        let (right, holds) = match self.identity(*comparison, &left, left_span, operand)? {
            Some(holds) => (Item::Scalar(holds), holds),
            None => {
                let right = self.expression(operand)?;
                let ordinary =
                    !matches!(comparison, Comparison::In | Comparison::NotIn | Comparison::Is | Comparison::IsNot);
                let numbers = |item: &Item<'t>| matches!(item, Item::Array(_) | Item::Scalar(_) | Item::Complex(_));
                if self.is_host()
                    && ordinary
                    && others.is_empty()
                    && numbers(&left)
                    && numbers(&right)
                    && (matches!(left, Item::Array(_)) || matches!(right, Item::Array(_)))
                {
                    return self.array_compare(*comparison, [(left, left_span), (right, operand.span)], span);
                }
                let holds = self.compare(*comparison, &left, &right, left_span, operand.span)?;
                (right, holds)
            }
        };
        if others.is_empty() {
            return Ok(Item::Scalar(holds));
        }
        if let Some(constant) = holds.constant() {
            if constant.bits == 0 {
                return Ok(Item::Scalar(holds));
            }
            return self.comparison_from(right, operand.span, others, span);
        }
        let names = self.names_in(others.iter().map(|(_, operand)| operand));
        let next = self.side(&names, |typer| typer.comparison_from(right, operand.span, others, span))?;
        let kept = self.untouched(&names, Item::Scalar(holds));
        self.choose_side(holds, next, kept, &names, span)
    }

    /// `is None`, `is True`, `is False` and their opposites: no number is None, and only bools are True or False.
    pub fn identity(
        &mut self,
        comparison: Comparison,
        left: &Item<'t>,
        left_span: Span,
        operand: &'t Expression,
    ) -> Result<Option<Scalar>> {
        if !matches!(comparison, Comparison::Is | Comparison::IsNot) {
            return Ok(None);
        }
        let span = left_span.to(operand.span);
        let same = match (&operand.kind, left) {
            (ExpressionKind::None, Item::None) => self.constant(Constant::bool(true), span),
            (ExpressionKind::None, Item::Optional(there, _)) => self.not(*there, span),
            (ExpressionKind::None, _) => self.constant(Constant::bool(false), span),
            (ExpressionKind::Bool(value), Item::Scalar(left)) if left.scalar == ScalarType::Bool => {
                if *value {
                    *left
                } else {
                    self.not(*left, span)
                }
            }
            (ExpressionKind::Bool(_), _) => self.constant(Constant::bool(false), span),
            _ => return Ok(None),
        };
        Ok(Some(if comparison == Comparison::Is { same } else { self.not(same, span) }))
    }

    pub fn compare(
        &mut self,
        comparison: Comparison,
        left: &Item<'t>,
        right: &Item<'t>,
        left_span: Span,
        right_span: Span,
    ) -> Result<Scalar> {
        let span = left_span.to(right_span);
        let (left, right) = (&left.clone().plain(), &right.clone().plain());
        if let Some(holds) = self.compare_things(comparison, left, right, left_span, right_span)? {
            return Ok(holds);
        }
        let op = match comparison {
            Comparison::Equal => Op::Eq,
            Comparison::NotEqual => Op::Ne,
            Comparison::Less => Op::Lt,
            Comparison::LessEqual => Op::Le,
            Comparison::Greater => Op::Gt,
            Comparison::GreaterEqual => Op::Ge,
            Comparison::In | Comparison::NotIn => {
                let mut found = self.constant(Constant::bool(false), span);
                if let Some(range) = Range::of(right) {
                    let number = self.number(left, left_span)?;
                    let found = self.is_in_range(number, &range, span)?;
                    return Ok(if comparison == Comparison::In { found } else { self.not(found, span) });
                }
                for item in self.unpack(right, right_span)? {
                    let equal = self.compare(Comparison::Equal, left, &item, left_span, right_span)?;
                    found = self.apply(Op::Or, &[found, equal], span);
                }
                return Ok(if comparison == Comparison::In { found } else { self.not(found, span) });
            }
            // There is one True and one False.
            Comparison::Is | Comparison::IsNot
                if matches!((left, right), (Item::Scalar(left), Item::Scalar(right))
                    if left.scalar == ScalarType::Bool && right.scalar == ScalarType::Bool) =>
            {
                if comparison == Comparison::Is { Op::Eq } else { Op::Ne }
            }
            Comparison::Is | Comparison::IsNot => {
                let mistake = self.mistake(ErrorClass::Unsupported, span, "kernels cannot compare identities");
                return Err(mistake.help("write == or !=").into());
            }
        };
        if self.unit.rules == Rules::Exact {
            if let (Item::Literal(left), Item::Literal(right)) = (left, right) {
                return self.compare_literals(op, left, right, span);
            }
            let (left, right) = self.same_type(left, right, op_symbol(op), left_span, right_span)?;
            return Ok(self.apply(op, &[left, right], span));
        }
        let (left, right) = (self.number(left, left_span)?, self.number(right, right_span)?);
        Ok(self.compare_numbers(op, left, right, span))
    }

    fn compare_literals(&mut self, op: Op, left: &Literal, right: &Literal, span: Span) -> Result<Scalar> {
        let (Some(left), Some(right)) = (literal_value(left), literal_value(right)) else {
            // A bool of which nothing is known, in code that will be thrown away.
            let constant = crate::ir::Expression::Constant(Constant::bool(false));
            return Ok(self.define(ScalarType::Bool, span, constant));
        };
        let scalar = if let (ConstantValue::Integer(_), ConstantValue::Integer(_)) = (&left, &right) {
            ScalarType::I64
        } else {
            ScalarType::F64
        };
        match (left.to(scalar), right.to(scalar)) {
            (Some(left), Some(right)) => {
                let (left, right) = (self.constant(left, span), self.constant(right, span));
                Ok(self.apply(op, &[left, right], span))
            }
            _ => Err(self.mistake(ErrorClass::Value, span, "integer value is too large").into()),
        }
    }

    /// A comparison of numbers of any types that is right for the numbers, not for their bits.
    pub fn compare_numbers(&mut self, op: Op, left: Scalar, right: Scalar, span: Span) -> Scalar {
        // A constant that the other type holds exactly is compared in that type: the answer is the same.
        let adapted = |typer: &mut Self, constant: Scalar, other: Scalar| {
            let exact = constant.constant().and_then(|value| exactly_in(value, other.scalar))?;
            Some(typer.constant(exact, span))
        };
        let (mut left, mut right) = (left, right);
        if left.scalar != right.scalar {
            if let Some(constant) = adapted(self, right, left) {
                right = constant;
            } else if let Some(constant) = adapted(self, left, right) {
                left = constant;
            }
        }
        match promotion::compared(left.scalar, right.scalar) {
            Compared::As(scalar) => {
                let (left, right) = (self.convert(left, scalar, span), self.convert(right, scalar, span));
                self.apply(op, &[left, right], span)
            }
            Compared::SignedWithUnsigned => self.compare_signed(op, left, right, span),
            Compared::UnsignedWithSigned => self.compare_signed(mirrored(op), right, left, span),
        }
    }

    /// `signed op unsigned`: a negative number is less than any unsigned one.
    fn compare_signed(&mut self, op: Op, signed: Scalar, unsigned: Scalar, span: Span) -> Scalar {
        let zero = self.integer(signed.scalar, 0, span);
        let negative = self.apply(Op::Lt, &[signed, zero], span);
        let bits = self.convert(signed, ScalarType::U64, span);
        let compared = self.apply(op, &[bits, unsigned], span);
        match op {
            Op::Lt | Op::Le | Op::Ne => self.apply(Op::Or, &[negative, compared], span),
            _ => {
                let not_negative = self.not(negative, span);
                self.apply(Op::And, &[not_negative, compared], span)
            }
        }
    }
}

/// The comparison with its sides exchanged.
fn mirrored(op: Op) -> Op {
    match op {
        Op::Lt => Op::Gt,
        Op::Le => Op::Ge,
        Op::Gt => Op::Lt,
        Op::Ge => Op::Le,
        op => op,
    }
}

fn op_symbol(op: Op) -> &'static str {
    match op {
        Op::Eq => "==",
        Op::Ne => "!=",
        Op::Lt => "<",
        Op::Le => "<=",
        Op::Gt => ">",
        _ => ">=",
    }
}

/// The constant in another type, if that holds the number exactly.
fn exactly_in(constant: Constant, scalar: ScalarType) -> Option<Constant> {
    if scalar == ScalarType::Bool || constant.scalar == ScalarType::Bool {
        return None;
    }
    let converted = constants::convert(constant, scalar);
    let same = match (constant.as_integer(), converted.as_integer()) {
        (Some(before), Some(after)) => before == after,
        // Large integers lose digits on the way to a float.
        (Some(before), None) => before.unsigned_abs() <= 1 << 24,
        (None, Some(_)) => false,
        (None, None) => constant.as_f64() == converted.as_f64(),
    };
    same.then_some(converted)
}
