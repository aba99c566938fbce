//! `round(x, n)` and `np.round(x, n)` where n is known only when the kernel runs: the same values as for constants, with
//! powers of ten out of tables.

use super::calls::Evaluated;
use super::item::Scalar;
use super::rounding::{digits_of, power_of_ten_in_parts, ten_to};
use super::typer::Typer;
use crate::error::{ErrorClass, Result};
use crate::ir::{self, Op};
use crate::source::Span;
use crate::types::{Constant, ScalarType};

/// Beyond this, one number of digits is like the other in every type.
const MOST: i128 = 1000;

impl<'t> Typer<'t, '_> {
    /// Python's value; see `round_to`.
    pub fn round_to_variable(&mut self, number: Scalar, digits: &Evaluated<'t>, span: Span) -> Result<Scalar> {
        let count = self.variable_count(digits)?;
        let scalar = number.scalar;
        if !scalar.is_float() {
            return Ok(self.integer_to_variable_tens(number, count, span));
        }
        let known = digits_of(scalar);
        let rows: Vec<[f64; 6]> = (0..=known.most).map(|power| power_of_ten_in_parts(power as u32, &known)).collect();
        let row = self.power_row(count, known.most, span);
        let width = self.integer(ScalarType::I32, 6, span);
        let start = self.apply(Op::Mul, &[row, width], span);
        let mut operands = vec![number, count];
        for column in 0..6 {
            let column = self.integer(ScalarType::I32, column, span);
            let place = self.apply(Op::Add, &[start, column], span);
            operands.push(self.table_entry_at("powers_of_ten", scalar, rows.as_flattened(), place, span));
        }
        self.elementary("round_to_count", scalar, &operands, span)
    }

    /// NumPy's value; see `round_numpy`.
    pub fn round_numpy_to_variable(&mut self, number: Scalar, digits: &Evaluated<'t>, span: Span) -> Result<Scalar> {
        let count = self.variable_count(digits)?;
        let scalar = number.scalar;
        if !scalar.is_float() {
            return Ok(self.integer_to_variable_tens(number, count, span));
        }
        let known = digits_of(scalar);
        // The last one is an infinity.
        let scales: Vec<f64> = (0..=known.tens + 1).map(ten_to).collect();
        let row = self.power_row(count, known.tens + 1, span);
        let scale = self.table_entry_at("scales", scalar, &scales, row, span);
        let zero = self.integer(ScalarType::I32, 0, span);
        let after_point = self.apply(Op::Ge, &[count, zero], span);
        let (up, down) = (self.apply(Op::Mul, &[number, scale], span), self.apply(Op::Div, &[number, scale], span));
        let scaled = self.select(after_point, up, down, span);
        let rounded = self.apply(Op::Rint, &[scaled], span);
        let (up, down) = (self.apply(Op::Mul, &[rounded, scale], span), self.apply(Op::Div, &[rounded, scale], span));
        let result = self.select(after_point, down, up, span);
        let result = self.rounded_or_whole(number, scaled, result, span);
        let least = self.integer(ScalarType::I32, -i128::from(known.tens), span);
        let beyond = self.apply(Op::Lt, &[count, least], span);
        let nothing = self.zero_if_finite(number, span);
        Ok(self.select(beyond, nothing, result, span))
    }

    /// Integers have no digits after the point. What would round up to a power of ten that the type does not hold (int64 to
    /// 10**19, uint16 to 10**5) wraps, as sums do.
    fn integer_to_variable_tens(&mut self, number: Scalar, count: Scalar, span: Span) -> Scalar {
        let scalar = number.scalar;
        if scalar == ScalarType::Bool {
            return number;
        }
        let (_, greatest) = scalar.range().unwrap_or((0, 0));
        let tens: Vec<i128> = (0..).map(|power| 10i128.pow(power)).take_while(|ten| *ten <= greatest).collect();
        let most = tens.len() as i32;
        let zero_digits = self.integer(ScalarType::I32, 0, span);
        let negative = self.apply(Op::Neg, &[count], span);
        let power = self.apply(Op::Maximum, &[negative, zero_digits], span);
        let row = self.power_row(power, most - 1, span);
        let table: Vec<Constant> = tens.iter().map(|ten| Constant::integer(scalar, *ten)).collect();
        let ten = self.constant_at("tens", &table, row, span);
        // Of 1 it is 0, which makes a tie of every odd number: such a row is not used.
        let table: Vec<Constant> = tens.iter().map(|ten| Constant::integer(scalar, ten / 2)).collect();
        let half = self.constant_at("halves", &table, row, span);
        let multiple = self.integer_to_multiple(number, ten, half, span);
        let one = self.integer(ScalarType::I32, 1, span);
        let stays = self.apply(Op::Lt, &[power, one], span);
        let result = self.select(stays, number, multiple, span);
        // The first power that the type does not hold, and its half, which it may hold.
        let beyond = 10i128.pow(most as u32);
        let zero = self.integer(scalar, 0, span);
        let mut far = zero;
        if beyond / 2 <= greatest {
            let half = self.integer(scalar, beyond / 2, span);
            let wrapped = Constant::integer(scalar, beyond);
            let wrapped = self.constant(wrapped, span);
            let above = self.apply(Op::Gt, &[number, half], span);
            far = self.select(above, wrapped, zero, span);
            if scalar.is_signed() {
                let (half, wrapped) =
                    (self.integer(scalar, -(beyond / 2), span), self.apply(Op::Neg, &[wrapped], span));
                let below = self.apply(Op::Lt, &[number, half], span);
                far = self.select(below, wrapped, far, span);
            }
            let last = self.integer(ScalarType::I32, i128::from(most), span);
            let exactly = self.apply(Op::Eq, &[power, last], span);
            far = self.select(exactly, far, zero, span);
        }
        let most = self.integer(ScalarType::I32, i128::from(most), span);
        let within = self.apply(Op::Lt, &[power, most], span);
        self.select(within, result, far, span)
    }

    /// The number of digits as an int32 within `-MOST..=MOST`.
    fn variable_count(&mut self, digits: &Evaluated<'t>) -> Result<Scalar> {
        let span = digits.1;
        let mut count = self.number(&digits.0, span)?;
        if count.scalar.is_float() {
            let message = format!("the number of digits must be an integer, and this is {}", count.scalar);
            return Err(self.mistake(ErrorClass::Type, span, message).help("cast it to an integer type").into());
        }
        if count.scalar.bits() > 16 {
            let most = self.integer(count.scalar, MOST, span);
            count = self.apply(Op::Minimum, &[count, most], span);
            if count.scalar.is_signed() {
                let least = self.integer(count.scalar, -MOST, span);
                count = self.apply(Op::Maximum, &[count, least], span);
            }
        }
        Ok(self.convert(count, ScalarType::I32, span))
    }

    /// The magnitude of a number of digits, at most `most`.
    fn power_row(&mut self, count: Scalar, most: i32, span: Span) -> Scalar {
        let power = self.apply(Op::Abs, &[count], span);
        let most = self.integer(ScalarType::I32, i128::from(most), span);
        self.apply(Op::Minimum, &[power, most], span)
    }

    fn table_entry_at(&mut self, name: &str, scalar: ScalarType, entries: &[f64], row: Scalar, span: Span) -> Scalar {
        let constants: Vec<Constant> = entries.iter().map(|&entry| Constant::float(scalar, entry)).collect();
        self.constant_at(name, &constants, row, span)
    }

    fn constant_at(&mut self, name: &str, constants: &[Constant], row: Scalar, span: Span) -> Scalar {
        let scalar = constants[0].scalar;
        let table = self.program.table(name, scalar, constants.iter().map(|constant| constant.bits).collect());
        let index = self.convert(row, ScalarType::Index, span).value;
        self.define(scalar, span, ir::Expression::TableEntry { table, index })
    }
}
