//! Complex numbers in whole functions: pairs of floats. What they compute stands in `kernels/numpy/complex_numbers.py`.

use super::calls::Evaluated;
use super::item::{Item, Scalar};
use super::typer::Typer;
use crate::error::{ErrorClass, Result};
use crate::ir::{Fault, Op};
use crate::source::Span;
use crate::syntax::tree::{BinaryOperator, Comparison, UnaryOperator};
use crate::types::{Constant, ScalarType};

/// The parts of a complex number, of one float type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Complex {
    pub real: Scalar,
    pub imaginary: Scalar,
}

impl Complex {
    /// The type of the parts.
    pub fn part(&self) -> ScalarType {
        self.real.scalar
    }
}

/// The type of the parts where a complex number meets a real one (numba/core/typing/builtins.py): integers of up to 16
/// bits go with complex64.
fn part_with(part: ScalarType, real: ScalarType) -> ScalarType {
    match real {
        ScalarType::F64 => ScalarType::F64,
        ScalarType::F32 | ScalarType::Bool => part,
        integer if integer.bits() <= 16 => part,
        _ => ScalarType::F64,
    }
}

impl<'t> Typer<'t, '_> {
    /// Both operands as complex numbers of one type; `None` if neither is complex.
    fn both_complex(&mut self, left: &Item<'t>, right: &Item<'t>, span: Span) -> Result<Option<(Complex, Complex)>> {
        let part = match (left, right) {
            (Item::Complex(left), Item::Complex(right)) if left.part() == right.part() => left.part(),
            (Item::Complex(_), Item::Complex(_)) => ScalarType::F64,
            (Item::Complex(complex), other) | (other, Item::Complex(complex)) => {
                let number = self.number(other, span)?;
                part_with(complex.part(), number.scalar)
            }
            _ => return Ok(None),
        };
        Ok(Some((self.as_complex(left, part, span)?, self.as_complex(right, part, span)?)))
    }

    /// A number as a complex one with parts of that type.
    pub fn as_complex(&mut self, item: &Item<'t>, part: ScalarType, span: Span) -> Result<Complex> {
        match item {
            Item::Complex(Complex { real, imaginary }) => {
                Ok(Complex { real: self.convert(*real, part, span), imaginary: self.convert(*imaginary, part, span) })
            }
            item => {
                let number = self.number(item, span)?;
                let imaginary = self.constant(Constant::zero(part), span);
                Ok(Complex { real: self.convert(number, part, span), imaginary })
            }
        }
    }

    /// The operator on complex numbers; `None` if neither operand is one.
    pub fn complex_binary(
        &mut self,
        operator: BinaryOperator,
        left: &Item<'t>,
        right: &Item<'t>,
        span: Span,
    ) -> Result<Option<Item<'t>>> {
        if let (Item::Complex(base), Item::Scalar(exponent), BinaryOperator::Power) = (left, right, operator)
            && exponent.scalar.is_integer()
        {
            let part = part_with(base.part(), exponent.scalar);
            let base = self.as_complex(left, part, span)?;
            let items = [base.real, base.imaginary, *exponent].map(Item::Scalar);
            return self.complex_function("complex_whole_power", &items, span).map(Some);
        }
        let Some((left, right)) = self.both_complex(left, right, span)? else { return Ok(None) };
        let function = match operator {
            BinaryOperator::Add | BinaryOperator::Subtract => {
                let op = if operator == BinaryOperator::Add { Op::Add } else { Op::Sub };
                let real = self.apply(op, &[left.real, right.real], span);
                let imaginary = self.apply(op, &[left.imaginary, right.imaginary], span);
                return Ok(Some(Item::Complex(Complex { real, imaginary })));
            }
            BinaryOperator::Multiply => "complex_product",
            BinaryOperator::Divide => {
                if self.unit.zero_division {
                    let vanishes = self.is_zero(right, span);
                    let message = "complex division by zero".to_string();
                    self.trap_with(vanishes, Fault::ZeroDivision, message, &[], span);
                }
                "complex_quotient"
            }
            BinaryOperator::Power => "complex_power",
            _ => {
                let mistake = self.mistake(ErrorClass::Type, span, "complex numbers do not have this operator");
                return Err(mistake.help("take .real or .imag").into());
            }
        };
        let items = [left.real, left.imaginary, right.real, right.imaginary].map(Item::Scalar);
        self.complex_function(function, &items, span).map(Some)
    }

    fn is_zero(&mut self, number: Complex, span: Span) -> Scalar {
        let zero = self.constant(Constant::zero(number.part()), span);
        let real = self.apply(Op::Eq, &[number.real, zero], span);
        let imaginary = self.apply(Op::Eq, &[number.imaginary, zero], span);
        self.apply(Op::And, &[real, imaginary], span)
    }

    /// A function that gives a pair.
    fn complex_function(&mut self, name: &str, items: &[Item<'t>], span: Span) -> Result<Item<'t>> {
        match self.array_function(name, items, span)? {
            Item::Tuple(parts) => match parts.as_slice() {
                [Item::Scalar(real), Item::Scalar(imaginary)] => {
                    Ok(Item::Complex(Complex { real: *real, imaginary: *imaginary }))
                }
                _ => Err(crate::Error::Internal(format!("'{name}' gives no pair"))),
            },
            other => Ok(other),
        }
    }

    pub fn complex_compare(
        &mut self,
        comparison: Comparison,
        left: &Item<'t>,
        right: &Item<'t>,
        span: Span,
    ) -> Result<Option<Scalar>> {
        let Some((left, right)) = self.both_complex(left, right, span)? else { return Ok(None) };
        let real = self.apply(Op::Eq, &[left.real, right.real], span);
        let imaginary = self.apply(Op::Eq, &[left.imaginary, right.imaginary], span);
        let same = self.apply(Op::And, &[real, imaginary], span);
        match comparison {
            Comparison::Equal => Ok(Some(same)),
            Comparison::NotEqual => Ok(Some(self.not(same, span))),
            _ => {
                let mistake = self.mistake(ErrorClass::Type, span, "complex numbers have no order");
                Err(mistake.help("compare abs(z), z.real or z.imag").into())
            }
        }
    }

    pub fn complex_unary(&mut self, operator: UnaryOperator, number: Complex, span: Span) -> Result<Item<'t>> {
        match operator {
            UnaryOperator::Positive => Ok(Item::Complex(number)),
            UnaryOperator::Negative => {
                let real = self.apply(Op::Neg, &[number.real], span);
                let imaginary = self.apply(Op::Neg, &[number.imaginary], span);
                Ok(Item::Complex(Complex { real, imaginary }))
            }
            UnaryOperator::Not => Ok(Item::Scalar(self.is_zero(number, span))),
            UnaryOperator::Invert => {
                let mistake = self.mistake(ErrorClass::Type, span, "complex numbers have no bits to invert");
                Err(mistake.help("take .real or .imag").into())
            }
        }
    }

    /// Whether it is not 0.
    pub fn complex_truth(&mut self, number: Complex, span: Span) -> Scalar {
        let zero = self.is_zero(number, span);
        self.not(zero, span)
    }

    pub fn complex_attribute(&mut self, number: Complex, name: &str, span: Span) -> Result<Item<'t>> {
        match name {
            "real" => Ok(Item::Scalar(number.real)),
            "imag" => Ok(Item::Scalar(number.imaginary)),
            _ => {
                let mistake =
                    self.mistake(ErrorClass::Type, span, format!("complex numbers have no attribute '{name}'"));
                Err(mistake.help("real and imag are there, and conjugate()").into())
            }
        }
    }

    pub fn conjugate(&mut self, number: Complex, span: Span) -> Item<'t> {
        let imaginary = self.apply(Op::Neg, &[number.imaginary], span);
        Item::Complex(Complex { imaginary, ..number })
    }

    /// `complex(real, imaginary)`, `np.complex64(x)`: `part` is the type of the parts, found where there is none.
    pub fn make_complex(
        &mut self,
        part: Option<ScalarType>,
        arguments: &[Evaluated<'t>],
        span: Span,
    ) -> Result<Item<'t>> {
        let (real, imaginary) = match arguments {
            [] => {
                let zero = self.constant(Constant::zero(ScalarType::F64), span);
                return Ok(Item::Complex(Complex { real: zero, imaginary: zero }));
            }
            [(item, at)] => {
                let part = match (part, item) {
                    (Some(part), _) => part,
                    (None, Item::Complex(number)) => number.part(),
                    (None, Item::Scalar(number)) if number.scalar == ScalarType::F32 => ScalarType::F32,
                    _ => ScalarType::F64,
                };
                return Ok(Item::Complex(self.as_complex(item, part, *at)?));
            }
            [(real, at), (imaginary, other)] => (self.number(real, *at)?, self.number(imaginary, *other)?),
            _ => return Err(self.wrong_count("complex", "at most two arguments", span).into()),
        };
        let narrow = real.scalar == ScalarType::F32 && imaginary.scalar == ScalarType::F32;
        let part = part.unwrap_or(if narrow { ScalarType::F32 } else { ScalarType::F64 });
        let (real, imaginary) = (self.convert(real, part, span), self.convert(imaginary, part, span));
        Ok(Item::Complex(Complex { real, imaginary }))
    }

    /// A function of `cmath`, `numpy` or Python on complex numbers; `None` if there is no such function, or no argument
    /// is complex where that decides.
    pub fn complex_call(&mut self, path: &str, arguments: &[Evaluated<'t>], span: Span) -> Result<Option<Item<'t>>> {
        let (library, name) = path.rsplit_once('.').unwrap_or(("", path));
        let [(item, at), rest @ ..] = arguments else { return Ok(None) };
        let is_complex = |argument: &Evaluated<'t>| matches!(argument.0, Item::Complex(_));
        if !arguments.iter().any(is_complex) && library != "cmath" {
            return Ok(None);
        }
        if let (true, [(other, _)]) = (library != "cmath", rest) {
            let operator = match name {
                "add" => BinaryOperator::Add,
                "subtract" => BinaryOperator::Subtract,
                "multiply" => BinaryOperator::Multiply,
                "divide" | "true_divide" => BinaryOperator::Divide,
                "power" | "pow" => BinaryOperator::Power,
                _ => return Ok(None),
            };
            return self.complex_binary(operator, item, other, span);
        }
        if name == "rect" {
            let [(phase, phase_at)] = rest else { return Ok(None) };
            let (size, phase) = (self.number(item, *at)?, self.number(phase, *phase_at)?);
            let narrow = size.scalar == ScalarType::F32 && phase.scalar == ScalarType::F32;
            let part = if narrow { ScalarType::F32 } else { ScalarType::F64 };
            let (size, phase) = (self.convert(size, part, span), self.convert(phase, part, span));
            let cosine = self.math("cos", phase, span)?;
            let sine = self.math("sin", phase, span)?;
            let real = self.apply(Op::Mul, &[size, cosine], span);
            let imaginary = self.apply(Op::Mul, &[size, sine], span);
            return Ok(Some(Item::Complex(Complex { real, imaginary })));
        }
        if !rest.is_empty() {
            return Ok(None);
        }
        let part = match item {
            Item::Complex(number) => number.part(),
            _ => ScalarType::F64,
        };
        let number = self.as_complex(item, part, *at)?;
        let parts = [number.real, number.imaginary].map(Item::Scalar);
        let tests = |typer: &mut Self, op: Op| {
            let real = typer.apply(op, &[number.real], span);
            let imaginary = typer.apply(op, &[number.imaginary], span);
            typer.apply(Op::Or, &[real, imaginary], span)
        };
        let function = match name {
            "abs" | "absolute" => return self.array_function("complex_magnitude", &parts, span).map(Some),
            "phase" | "angle" => return self.array_function("complex_phase", &parts, span).map(Some),
            "polar" => {
                let size = self.array_function("complex_magnitude", &parts, span)?;
                let phase = self.array_function("complex_phase", &parts, span)?;
                return Ok(Some(Item::Tuple(vec![size, phase])));
            }
            "real" => return Ok(Some(Item::Scalar(number.real))),
            "imag" => return Ok(Some(Item::Scalar(number.imaginary))),
            "conj" | "conjugate" => return Ok(Some(self.conjugate(number, span))),
            "negative" => return self.complex_unary(UnaryOperator::Negative, number, span).map(Some),
            "square" => {
                let item = Item::Complex(number);
                return self.complex_binary(BinaryOperator::Multiply, &item, &item.clone(), span);
            }
            "isnan" => return Ok(Some(Item::Scalar(tests(self, Op::IsNan)))),
            "isinf" => return Ok(Some(Item::Scalar(tests(self, Op::IsInf)))),
            "isfinite" => {
                let (nan, infinite) = (tests(self, Op::IsNan), tests(self, Op::IsInf));
                let either = self.apply(Op::Or, &[nan, infinite], span);
                return Ok(Some(Item::Scalar(self.not(either, span))));
            }
            "isreal" | "iscomplex" => {
                let zero = self.zero_of(part, span);
                let op = if name == "isreal" { Op::Eq } else { Op::Ne };
                return Ok(Some(Item::Scalar(self.apply(op, &[number.imaginary, zero], span))));
            }
            "exp" => "complex_exp",
            "log" => "complex_log",
            "sqrt" => "complex_sqrt",
            "sin" => "complex_sin",
            "cos" => "complex_cos",
            "tan" => "complex_tan",
            "sinh" => "complex_sinh",
            "cosh" => "complex_cosh",
            "tanh" => "complex_tanh",
            _ => {
                let message = format!("'{path}' does not take complex numbers in compiled functions yet");
                let help = "abs, phase, exp, log, sqrt, sin, cos, tan, sinh, cosh and tanh do";
                return Err(self.mistake(ErrorClass::Unsupported, span, message).help(help).into());
            }
        };
        self.complex_function(function, &parts, span).map(Some)
    }

    fn math(&mut self, name: &str, number: Scalar, span: Span) -> Result<Scalar> {
        let wide = if number.scalar == ScalarType::F32 { number } else { self.convert(number, ScalarType::F64, span) };
        self.elementary(name, wide.scalar, &[wide], span)
    }
}
