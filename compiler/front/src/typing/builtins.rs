//! Casts and the functions that need no import.

use super::Rules;
use super::calls::Evaluated;
use super::item::{Item, Literal, Scalar};
use super::names::Builtin;
use super::parameters::unknown_type;
use super::promotion;
use super::ranges::Range;
use super::typer::Typer;
use crate::error::{Error, ErrorClass, Mistake, Result};
use crate::ir::{self, FloatFlags, Op};
use crate::source::Span;
use crate::syntax::dtype;
use crate::syntax::tree::{BinaryOperator, Comparison, Expression};
use crate::types::ScalarType;

impl<'t> Typer<'t, '_> {
    pub fn call_cast(&mut self, scalar: ScalarType, arguments: &'t [Expression], span: Span) -> Result<Item<'t>> {
        let [argument] = arguments else {
            let mistake = self.mistake(ErrorClass::Type, span, format!("{scalar}(...) takes one argument"));
            return Err(mistake.help(format!("write {scalar}(x)")).into());
        };
        let item = self.expression(argument)?;
        let result = match &item {
            // A literal is rounded once; integers wrap.
            Item::Literal(Literal::Integer(Some(value))) if !scalar.is_float() => {
                self.integer(scalar, *value, argument.span)
            }
            Item::Literal(literal) if scalar.is_float() || matches!(literal, Literal::Integer(_)) => {
                self.literal(literal, scalar, argument.span)?
            }
            item => {
                let number = self.number(item, argument.span)?;
                self.convert(number, scalar, span)
            }
        };
        Ok(Item::Scalar(Scalar { from_literal: false, ..result }))
    }

    pub fn call_bitcast(&mut self, arguments: &'t [Expression], span: Span) -> Result<Item<'t>> {
        let [to, value] = arguments else {
            return Err(self.wrong_count("bitcast", "two arguments: a type and a value", span).into());
        };
        let scalar = dtype::scalar_type(self.unit.module, to).ok_or_else(|| unknown_type(self.unit, to))?;
        let item = self.expression(value)?;
        let wide = scalar.bits() == 64;
        let operand = match &item {
            Item::Literal(literal) => {
                // Bits written as a literal.
                let own = match literal {
                    Literal::Float(_) => {
                        if wide {
                            ScalarType::F64
                        } else {
                            ScalarType::F32
                        }
                    }
                    Literal::Integer(Some(..0)) => {
                        if wide {
                            ScalarType::I64
                        } else {
                            ScalarType::I32
                        }
                    }
                    Literal::Integer(_) => {
                        if wide {
                            ScalarType::U64
                        } else {
                            ScalarType::U32
                        }
                    }
                };
                self.literal(literal, own, value.span)?
            }
            item => self.number(item, value.span)?,
        };
        if Op::Bitcast.result_type(&[operand.scalar], Some(scalar)).is_none() {
            let message = format!("bitcast from {} to {scalar}: the widths differ", operand.scalar);
            let mistake = self.mistake(ErrorClass::Type, span, message);
            return Err(mistake.help("both types have 32 or both have 64 bits").into());
        }
        Ok(Item::Scalar(self.bitcast(operand, scalar, span)))
    }

    pub fn wrong_count(&self, name: &str, takes: &str, span: Span) -> Mistake {
        self.mistake(ErrorClass::Type, span, format!("'{name}' takes {takes}")).help("change the number of arguments")
    }

    pub fn call_builtin(&mut self, builtin: Builtin, arguments: &[Evaluated<'t>], span: Span) -> Result<Item<'t>> {
        let plain: Vec<Evaluated<'t>> = arguments.iter().map(|(item, at)| (item.clone().plain(), *at)).collect();
        let arguments = plain.as_slice();
        let exact = self.unit.rules == Rules::Exact;
        let one = |typer: &Self| match arguments {
            [argument] => Ok(argument.clone()),
            _ => Err(Error::from(typer.wrong_count(builtin.name(), "one argument", span))),
        };
        let two = |typer: &Self| match arguments {
            [left, right] => Ok((left.clone(), right.clone())),
            _ => Err(Error::from(typer.wrong_count(builtin.name(), "two arguments", span))),
        };
        let result = match builtin {
            Builtin::Abs => {
                let (item, at) = one(self)?;
                let number = self.number(&item, at)?;
                self.absolute(number, span)
            }
            Builtin::Bool => {
                let (item, at) = one(self)?;
                self.truth(&item, at)?
            }
            Builtin::Int => {
                let (item, at) = one(self)?;
                let number = self.number(&item, at)?;
                if number.scalar.is_integer() && !exact { number } else { self.convert(number, ScalarType::I64, span) }
            }
            Builtin::Float => {
                let (item, at) = one(self)?;
                let number = self.number(&item, at)?;
                if number.scalar.is_float() && !exact { number } else { self.convert(number, ScalarType::F64, span) }
            }
            Builtin::Divmod => {
                let ((mut left, left_span), (mut right, right_span)) = two(self)?;
                if let (Item::Scalar(a), Item::Scalar(b), Rules::Numba) = (&left, &right, self.unit.rules)
                    && let Some(scalar) = promotion::divmod(a.scalar, b.scalar)
                {
                    left = Item::Scalar(self.convert(*a, scalar, left_span));
                    right = Item::Scalar(self.convert(*b, scalar, right_span));
                }
                let floor = BinaryOperator::FloorDivide;
                let quotient = self.binary(floor, left.clone(), right.clone(), left_span, right_span)?;
                let remainder = self.binary(BinaryOperator::Modulo, left, right, left_span, right_span)?;
                return Ok(Item::Tuple(vec![quotient, remainder]));
            }
            Builtin::Len => match one(self)? {
                (Item::Array(array), at) if self.function.arrays[array.index()].rank == 0 => {
                    let mistake = self.mistake(ErrorClass::Type, at, "len() of unsized object");
                    return Err(mistake.help("an array without axes has one element: a[()]").into());
                }
                (Item::Array(array), at) => self.array_length(array, at),
                (item, at) if Range::of(&item).is_some() => match Range::of(&item) {
                    Some(range) => {
                        let turns = self.turns_of(&range, at);
                        self.convert(turns, ScalarType::I64, at)
                    }
                    None => return Err(self.not_a_number(&item, at).into()),
                },
                (item @ (Item::Tuple(_) | Item::Constants(_)), at) => {
                    let length = self.unpack(&item, at)?.len();
                    return Ok(self.integer_item(length as i128, span));
                }
                (item, at) => {
                    let mistake = self.mistake(ErrorClass::Type, at, format!("{} has no length", item.describe()));
                    return Err(mistake.help("arrays and tuples have one").into());
                }
            },
            Builtin::Min | Builtin::Max => self.extreme(builtin, arguments, span)?,
            Builtin::Pow => {
                let ((base, base_span), (exponent, exponent_span)) = two(self)?;
                return self.binary(BinaryOperator::Power, base, exponent, base_span, exponent_span);
            }
            Builtin::Range => {
                let mistake = self.mistake(ErrorClass::Unsupported, span, "range stands in 'for' loops only");
                return Err(mistake.help("write for i in range(...)").into());
            }
            Builtin::Round => match arguments {
                [(item, at)] => {
                    let number = self.number(item, *at)?;
                    if number.scalar.is_float() {
                        let rounded = self.apply(Op::Rint, &[number], span);
                        self.convert(rounded, ScalarType::I64, span)
                    } else if exact {
                        number
                    } else {
                        self.convert(number, ScalarType::I64, span)
                    }
                }
                [(item, at), digits] => {
                    let number = self.number(item, *at)?;
                    // Integers become floats, the small ones float32.
                    let scalar = match number.scalar {
                        scalar if scalar.is_float() || exact => scalar,
                        ScalarType::Bool | ScalarType::I8 | ScalarType::I16 | ScalarType::U8 => ScalarType::F32,
                        _ => ScalarType::F64,
                    };
                    let number = self.convert(number, scalar, span);
                    self.round_to(number, digits, span)?
                }
                _ => return Err(self.wrong_count("round", "one or two arguments", span).into()),
            },
            Builtin::Sum => {
                let ((item, at), start) = match arguments {
                    [values, start] if self.is_host() => (values.clone(), Some(start.clone())),
                    _ => (one(self)?, None),
                };
                let mut sum = match start {
                    Some((Item::Text(_), at)) => {
                        let mistake = self.mistake(ErrorClass::Type, at, "sum() can't sum strings");
                        return Err(mistake.help("start with a number").into());
                    }
                    Some((start, _)) => start,
                    None => self.integer_item(0, span),
                };
                for item in self.unpack(&item, at)? {
                    sum = self.binary(BinaryOperator::Add, sum, item, at, at)?;
                }
                return Ok(sum);
            }
            Builtin::Select => {
                let [(condition, condition_span), left, right] = arguments else {
                    return Err(self.wrong_count("select", "three arguments: a condition and two values", span).into());
                };
                let condition = self.truth(condition, *condition_span)?;
                let (left, right) = self.same_type(&left.0, &right.0, "select", left.1, right.1)?;
                self.select(condition, left, right, span)
            }
            Builtin::MulExact => {
                let ((left, left_span), (right, right_span)) = two(self)?;
                let (left, right) = self.same_type(&left, &right, "mul_exact", left_span, right_span)?;
                if !left.scalar.is_float() {
                    return Err(self.needs_float("mul_exact", left.scalar, span).into());
                }
                let mut half = |op| {
                    let operands = vec![left.value, right.value];
                    let expression = ir::Expression::Apply { op, operands, flags: FloatFlags::STRICT };
                    Item::Scalar(self.define(left.scalar, span, expression))
                };
                return Ok(Item::Tuple(vec![half(Op::Mul), half(Op::MulError)]));
            }
            Builtin::Rare => {
                let mistake = self.mistake(ErrorClass::Unsupported, span, "rare(...) stands alone after 'if'");
                return Err(mistake.help("write if rare(condition):").into());
            }
            Builtin::Copysign => {
                let ((left, left_span), (right, right_span)) = two(self)?;
                let (left, right) = self.same_type(&left, &right, "copysign", left_span, right_span)?;
                if !left.scalar.is_float() {
                    return Err(self.needs_float("copysign", left.scalar, span).into());
                }
                self.apply(Op::Copysign, &[left, right], span)
            }
            Builtin::Rint
            | Builtin::Floor
            | Builtin::Ceil
            | Builtin::Trunc
            | Builtin::Sqrt
            | Builtin::IsNan
            | Builtin::IsInf => {
                let (item, at) = one(self)?;
                let number = match &item {
                    Item::Literal(literal) => self.literal(literal, ScalarType::F64, at)?,
                    item => self.number(item, at)?,
                };
                if !number.scalar.is_float() {
                    return Err(self.needs_float(builtin.name(), number.scalar, span).into());
                }
                let op = match builtin {
                    Builtin::Rint => Op::Rint,
                    Builtin::Floor => Op::Floor,
                    Builtin::Ceil => Op::Ceil,
                    Builtin::Trunc => Op::Trunc,
                    Builtin::Sqrt => Op::Sqrt,
                    Builtin::IsNan => Op::IsNan,
                    _ => Op::IsInf,
                };
                self.apply(op, &[number], span)
            }
            Builtin::Bitcast => return Err(Error::Internal("bitcast takes a type".into())),
        };
        Ok(Item::Scalar(result))
    }

    pub fn needs_float(&self, name: &str, scalar: ScalarType, span: Span) -> Mistake {
        let mistake = self.mistake(ErrorClass::Type, span, format!("'{name}' takes floats, and this is {scalar}"));
        mistake.help("convert it: float32(...) or float64(...)")
    }

    /// `abs`: keeps the type; bool counts as int8.
    pub fn absolute(&mut self, number: Scalar, span: Span) -> Scalar {
        let number =
            if number.scalar == ScalarType::Bool { self.convert(number, ScalarType::I8, span) } else { number };
        self.apply(Op::Abs, &[number], span)
    }

    /// Python's `min` and `max`: the first stays unless another one is really smaller or larger, so that
    /// max(nan, 1) is NaN and max(1, nan) is 1.
    fn extreme(&mut self, builtin: Builtin, arguments: &[Evaluated<'t>], span: Span) -> Result<Scalar> {
        let unpacked: Vec<Evaluated<'t>> = match arguments {
            [(item @ (Item::Tuple(_) | Item::Constants(_)), at)] => {
                self.unpack(item, *at)?.into_iter().map(|item| (item, *at)).collect()
            }
            _ => arguments.to_vec(),
        };
        if unpacked.is_empty() && !arguments.is_empty() {
            let message = format!("{}() argument is an empty tuple", builtin.name());
            let mistake = self.mistake(ErrorClass::Type, span, message);
            return Err(mistake.help("give it two or more numbers, or a tuple that has some").into());
        }
        if unpacked.is_empty()
            || (unpacked.len() == 1
                && arguments.len() == 1
                && matches!(arguments[0].0, Item::Scalar(_) | Item::Literal(_) | Item::Array(_)))
        {
            return Err(self.wrong_count(builtin.name(), "two or more arguments", span).into());
        }
        let numbers = self.common_numbers(builtin.name(), &unpacked, promotion::unify_all)?;
        let (op, comparison) = match builtin {
            Builtin::Min => (Op::Minimum, Comparison::Less),
            _ => (Op::Maximum, Comparison::Greater),
        };
        let mut best = numbers[0];
        for &number in &numbers[1..] {
            best = match best.scalar {
                scalar if scalar.is_float() || scalar == ScalarType::Bool => {
                    let better = if comparison == Comparison::Less { Op::Lt } else { Op::Gt };
                    let better = self.apply(better, &[number, best], span);
                    self.select(better, number, best, span)
                }
                _ => self.apply(op, &[best, number], span),
            };
        }
        Ok(best)
    }

    /// The arguments as numbers of one type: what `promote` says under Numba's rules, equal types under `Exact`.
    pub fn common_numbers(
        &mut self,
        name: &str,
        arguments: &[Evaluated<'t>],
        promote: fn(&[ScalarType]) -> ScalarType,
    ) -> Result<Vec<Scalar>> {
        if self.unit.rules == Rules::Exact {
            let typed = arguments.iter().find_map(|(item, _)| match item {
                Item::Scalar(scalar) => Some(scalar.scalar),
                _ => None,
            });
            let float = arguments.iter().any(|(item, _)| matches!(item, Item::Literal(Literal::Float(_))));
            let scalar = typed.unwrap_or(if float { ScalarType::F64 } else { ScalarType::I64 });
            let mut numbers = Vec::new();
            for (item, at) in arguments {
                let number = self.exactly(item, scalar, *at).map_err(|error| match (item, typed) {
                    (Item::Scalar(other), Some(scalar)) => {
                        let message = format!(
                            "'{name}' takes arguments of one type, and these are {scalar} and {}",
                            other.scalar
                        );
                        self.mistake(ErrorClass::Type, *at, message).help(format!("convert it: {scalar}(...)")).into()
                    }
                    _ => error,
                })?;
                numbers.push(number);
            }
            return Ok(numbers);
        }
        let mut numbers = Vec::new();
        for (item, at) in arguments {
            numbers.push(self.number(item, *at)?);
        }
        let types: Vec<ScalarType> = numbers.iter().map(|number| number.scalar).collect();
        let scalar = promote(&types);
        Ok(numbers.into_iter().zip(arguments).map(|(number, (_, at))| self.convert(number, scalar, *at)).collect())
    }
}
