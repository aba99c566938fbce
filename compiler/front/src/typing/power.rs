//! `**`: constant exponents as products, the rest by the prelude.

use super::Rules;
use super::item::{Item, Literal, Scalar};
use super::promotion;
use super::typer::Typer;
use crate::error::Result;
use crate::ir::Op;
use crate::source::Span;
use crate::syntax::tree::BinaryOperator;
use crate::types::{Constant, ScalarType};

/// Constant exponents up to this (of floats) and [`MOST_INTEGER`] (of integers) become products.
const MOST_FLOAT: i128 = 64;
const MOST_INTEGER: i128 = 1 << 16;

impl<'t> Typer<'t, '_> {
    pub fn power(
        &mut self,
        base: Item<'t>,
        exponent: Item<'t>,
        base_span: Span,
        exponent_span: Span,
    ) -> Result<Scalar> {
        let span = base_span.to(exponent_span);
        let exact = self.unit.rules == Rules::Exact;
        if let (Item::Scalar(base), Some(count)) = (&base, integer_exponent(&exponent)) {
            let scalar = match &exponent {
                // Numba's type of an integer and a literal is int64, whatever the integer.
                Item::Scalar(exponent) if !exact => {
                    promotion::operator(BinaryOperator::Power, base.scalar, exponent.scalar).unwrap_or(base.scalar)
                }
                _ => base.scalar,
            };
            let most = if scalar.is_float() { MOST_FLOAT } else { MOST_INTEGER };
            if count.abs() <= most && (scalar.is_float() || count >= 0) && scalar != ScalarType::Bool {
                let base = self.convert(*base, scalar, span);
                return Ok(self.integer_power(base, count, span));
            }
        }
        let (base, exponent) = if exact {
            self.same_type(&base, &exponent, "**", base_span, exponent_span)?
        } else {
            (self.number(&base, base_span)?, self.number(&exponent, exponent_span)?)
        };
        let scalar = if exact {
            base.scalar
        } else {
            let scalar = promotion::operator(BinaryOperator::Power, base.scalar, exponent.scalar);
            scalar
                .ok_or_else(|| self.unsupported_operands(BinaryOperator::Power, base.scalar, exponent.scalar, span))?
        };
        if !exact {
            self.warn_of_widening(base, exponent, scalar, base_span, exponent_span);
        }
        let (base, exponent) = (self.convert(base, scalar, span), self.convert(exponent, scalar, span));
        self.power_of(base, exponent, span)
    }

    /// `base ** exponent`, both of one type.
    pub fn power_of(&mut self, base: Scalar, exponent: Scalar, span: Span) -> Result<Scalar> {
        let scalar = base.scalar;
        match scalar {
            scalar if scalar.is_float() => {
                let known = exponent.constant().map(Constant::as_f64);
                match known {
                    Some(count) if count == 1.0 || count == 2.0 || count == -1.0 => {
                        return Ok(self.integer_power(base, count as i128, span));
                    }
                    Some(0.5) => return Ok(self.square_root_power(base, span)),
                    _ => {}
                }
                self.elementary("pow", scalar, &[base, exponent], span)
            }
            ScalarType::I32 | ScalarType::U32 | ScalarType::I64 | ScalarType::U64 => {
                self.elementary("pow", scalar, &[base, exponent], span)
            }
            // Narrow integers wrap to the same low bits from the wide result.
            _ => {
                let wide = promotion::wide_integer(scalar);
                let (base, exponent) = (self.convert(base, wide, span), self.convert(exponent, wide, span));
                let result = self.elementary("pow", wide, &[base, exponent], span)?;
                Ok(self.convert(result, scalar, span))
            }
        }
    }

    /// By repeated squaring, as Numba does it; a negative exponent (of floats) inverts the result.
    fn integer_power(&mut self, base: Scalar, exponent: i128, span: Span) -> Scalar {
        let mut rest = exponent.unsigned_abs();
        let mut square = base;
        let mut result: Option<Scalar> = None;
        while rest != 0 {
            if rest & 1 == 1 {
                result = Some(match result {
                    Some(result) => self.apply(Op::Mul, &[result, square], span),
                    None => square,
                });
            }
            rest >>= 1;
            if rest != 0 {
                square = self.apply(Op::Mul, &[square, square], span);
            }
        }
        let even = exponent % 2 == 0;
        match result {
            None => self.one(base.scalar, span),
            Some(result) if exponent < 0 => {
                let one = self.one(base.scalar, span);
                self.apply(Op::Div, &[one, result], span)
            }
            // A square is never negative.
            Some(result) => match result.known_range() {
                Some((low, high)) if even && low < 0 => result.with_range(Some((0, high))),
                _ => result,
            },
        }
    }

    /// `x ** 0.5`: the square root, which is correctly rounded, but +0 for -0 and inf for -inf.
    fn square_root_power(&mut self, base: Scalar, span: Span) -> Scalar {
        let zero = self.float(base.scalar, 0.0, span);
        let root = self.apply(Op::Sqrt, &[base], span);
        let root = self.apply(Op::Add, &[root, zero], span);
        let negative_infinity = self.float(base.scalar, f64::NEG_INFINITY, span);
        let infinity = self.float(base.scalar, f64::INFINITY, span);
        let lowest = self.apply(Op::Eq, &[base, negative_infinity], span);
        self.select(lowest, infinity, root, span)
    }

    pub fn one(&mut self, scalar: ScalarType, span: Span) -> Scalar {
        if scalar.is_float() { self.float(scalar, 1.0, span) } else { self.integer(scalar, 1, span) }
    }

    pub fn float(&mut self, scalar: ScalarType, value: f64, span: Span) -> Scalar {
        self.constant(Constant::float(scalar, value), span)
    }
}

fn integer_exponent(exponent: &Item<'_>) -> Option<i128> {
    match exponent {
        Item::Literal(Literal::Integer(value)) => *value,
        Item::Scalar(scalar) if scalar.scalar.is_integer() => scalar.integer(),
        _ => None,
    }
}
