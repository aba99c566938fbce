//! Functions of integers: common types, `gcd` and `lcm`, `math.isqrt`, `math.comb` and the like, `np.fmod`,
//! `np.bitwise_count`.

use super::Rules;
use super::calls::Evaluated;
use super::item::Scalar;
use super::promotion;
use super::typer::Typer;
use crate::error::{Error, ErrorClass, Result};
use crate::ir::Op;
use crate::source::Span;
use crate::types::ScalarType;

impl<'t> Typer<'t, '_> {
    /// The arguments of a function of NumPy that takes integers alone, in one type.
    ///
    /// NumPy's promotion, where int64 with uint64 would be float64: a constant that uint64 holds becomes uint64 there, as
    /// Python's integers do in NumPy. (Numba refuses it, so that no program's types change.)
    pub fn common_integers(&mut self, path: &str, arguments: &[Evaluated<'t>]) -> Result<Vec<Scalar>> {
        if self.unit.rules == Rules::Exact {
            let numbers = self.common_numbers(path, arguments, promotion::numpy)?;
            return match numbers[0].scalar.is_float() {
                true => Err(self.needs_integer(path, numbers[0].scalar, arguments[0].1)),
                false => Ok(numbers),
            };
        }
        let mut numbers = Vec::new();
        for (item, at) in arguments {
            let number = self.number(item, *at)?;
            if number.scalar.is_float() {
                return Err(self.needs_integer(path, number.scalar, *at));
            }
            numbers.push(number);
        }
        let types: Vec<ScalarType> = numbers.iter().map(|number| number.scalar).collect();
        let mut common = promotion::numpy(&types);
        if common.is_float() {
            common = ScalarType::U64;
            for (number, (_, at)) in numbers.iter().zip(arguments) {
                match number.integer() {
                    _ if !number.scalar.is_signed() => {}
                    Some(0..) => {}
                    Some(value) => {
                        let message = format!("'{path}' takes integers of one type, and uint64 does not hold {value}");
                        let help = "convert the other argument to a signed type: np.int64(...)";
                        return Err(self.mistake(ErrorClass::Type, *at, message).help(help).into());
                    }
                    None => {
                        let message =
                            format!("'{path}' takes integers of one type, and these are uint64 and {}", number.scalar);
                        let help = "convert one of them: np.uint64(...) or np.int64(...)";
                        return Err(self.mistake(ErrorClass::Type, *at, message).help(help).into());
                    }
                }
            }
        }
        Ok(numbers.into_iter().zip(arguments).map(|(number, (_, at))| self.convert(number, common, *at)).collect())
    }

    fn needs_integer(&self, path: &str, scalar: ScalarType, span: Span) -> Error {
        let message = format!("'{path}' takes integers, and this is {scalar}");
        self.mistake(ErrorClass::Type, span, message).help("cast it to an integer type").into()
    }

    /// `gcd`, `lcm`. NumPy's have NumPy's types; `math`'s the common type of two, int64 where signs differ.
    pub fn divisor(
        &mut self,
        path: &str,
        name: &str,
        math: bool,
        arguments: &[Evaluated<'t>],
        span: Span,
    ) -> Result<Scalar> {
        let numbers = if math && self.unit.rules == Rules::Numba {
            let promote = |types: &[ScalarType]| match promotion::unify_all(types) {
                ScalarType::F64 if types.iter().all(|scalar| !scalar.is_float()) => ScalarType::I64,
                common => common,
            };
            for (item, at) in arguments {
                let number = self.number(item, *at)?;
                if number.scalar.is_float() {
                    return Err(self.needs_integer(path, number.scalar, *at));
                }
            }
            self.common_numbers(path, arguments, promote)?
        } else {
            self.common_integers(path, arguments)?
        };
        let scalar = if numbers[0].scalar == ScalarType::Bool { ScalarType::I8 } else { numbers[0].scalar };
        // The prelude has it for 32 and 64 bits; what does not fit a narrow type wraps, as in NumPy.
        let wide = match (scalar.bits() > 32, scalar.is_signed()) {
            (true, true) => ScalarType::I64,
            (true, false) => ScalarType::U64,
            (false, true) => ScalarType::I32,
            (false, false) => ScalarType::U32,
        };
        let mut result = self.convert(numbers[0], wide, span);
        for number in &numbers[1..] {
            let number = self.convert(*number, wide, span);
            result = self.elementary(name, wide, &[result, number], span)?;
        }
        Ok(self.convert(result, scalar, span))
    }

    /// `math.isqrt`: the root's whole part, of the argument's type widened to 64 bits.
    pub fn integer_root(&mut self, path: &str, argument: &Evaluated<'t>, span: Span) -> Result<Scalar> {
        let mut number = self.number(&argument.0, argument.1)?;
        if number.scalar.is_float() {
            return Err(self.needs_integer(path, number.scalar, argument.1));
        }
        if self.unit.rules == Rules::Numba || number.scalar.bits() < 32 {
            number = self.convert(number, promotion::wide_integer(number.scalar), span);
        }
        self.elementary("isqrt", number.scalar, &[number], span)
    }

    /// `math.factorial`, `math.comb`, `math.perm`: an int64, whatever integers they are of.
    pub fn combinatorial(&mut self, path: &str, name: &str, arguments: &[Evaluated<'t>], span: Span) -> Result<Scalar> {
        let name = if arguments.len() == 1 { "factorial" } else { name };
        let checks = if name == "factorial" { &["natural_factorial"][..] } else { &["natural_n", "natural_k"] };
        let mut numbers = Vec::new();
        for ((item, at), check) in arguments.iter().zip(checks) {
            let number = self.number(item, *at)?;
            if number.scalar.is_float() {
                return Err(self.needs_integer(path, number.scalar, *at));
            }
            numbers.push(if number.scalar.is_signed() {
                let number = self.convert(number, ScalarType::I64, *at);
                self.elementary(check, ScalarType::I64, &[number], span)?
            } else {
                self.convert(number, ScalarType::U64, *at)
            });
        }
        self.elementary(name, ScalarType::U64, &numbers, span)
    }

    /// `np.bitwise_count`: a uint8.
    pub fn bit_count(&mut self, path: &str, argument: &Evaluated<'t>, span: Span) -> Result<Scalar> {
        let number = self.number(&argument.0, argument.1)?;
        if number.scalar.is_float() {
            return Err(self.needs_integer(path, number.scalar, argument.1));
        }
        let magnitude = if number.scalar.is_signed() { self.apply(Op::Abs, &[number], span) } else { number };
        // The magnitude of the least integer has one bit at its own width, and would have more beyond.
        let own = match number.scalar {
            ScalarType::I8 => ScalarType::U8,
            ScalarType::I16 => ScalarType::U16,
            ScalarType::I32 => ScalarType::U32,
            ScalarType::I64 => ScalarType::U64,
            ScalarType::Index => ScalarType::U64,
            ScalarType::Bool => ScalarType::U8,
            other => other,
        };
        let magnitude = self.convert(magnitude, own, span);
        let count = self.apply(Op::CountOnes, &[magnitude], span);
        Ok(self.convert(count, ScalarType::U8, span))
    }

    /// C's remainder, with the sign of the left side, from Python's, with the sign of the right one.
    pub fn integer_fmod(&mut self, left: Scalar, right: Scalar, span: Span) -> Scalar {
        let scalar = if left.scalar == ScalarType::Bool { ScalarType::I8 } else { left.scalar };
        let (left, right) = (self.convert(left, scalar, span), self.convert(right, scalar, span));
        let remainder = self.apply(Op::Mod, &[left, right], span);
        if scalar.is_unsigned() {
            return remainder;
        }
        let zero = self.integer(scalar, 0, span);
        let signs = self.apply(Op::Xor, &[remainder, left], span);
        let differ = self.apply(Op::Lt, &[signs, zero], span);
        let some = self.apply(Op::Ne, &[remainder, zero], span);
        let wrong = self.apply(Op::And, &[differ, some], span);
        let other = self.apply(Op::Sub, &[remainder, right], span);
        self.select(wrong, other, remainder, span)
    }
}
