//! Calls: helpers of the file, prelude functions, lambdas, casts, builtins.

use super::Rules;
use super::expressions::root_name;
use super::item::{Item, Literal, Scalar, Shape};
use super::names::{self, Builtin};
use super::program::{Instance, Unit};
use super::typer::{Typer, unknown_type};
use super::{functions, prelude, promotion};
use crate::error::{Class, Error, Mistake, Result};
use crate::ir::{self, Argument, FloatFlags, Op, Statement, Value};
use crate::source::Span;
use crate::syntax::tree::{BinaryOperator, Comparison, Expression, ExpressionKind, FunctionDefinition, Keyword};
use crate::types::ScalarType;

/// An evaluated argument of a call with its place.
pub type Evaluated<'t> = (Item<'t>, Span);

impl<'t> Typer<'t, '_> {
    pub fn call(
        &mut self,
        call: &'t Expression,
        function: &'t Expression,
        arguments: &'t [Expression],
        keywords: &'t [Keyword],
    ) -> Result<Item<'t>> {
        let span = call.span;
        let module = self.unit.module;
        if let ExpressionKind::Lambda { .. } = &function.kind {
            return self.call_lambda(function, arguments, keywords, span);
        }
        if let Some(root) = root_name(function)
            && let Some(item) = self.environment.get(root).cloned()
        {
            return match (&item, &function.kind) {
                (Item::Lambda(lambda), ExpressionKind::Name(_)) => self.call_lambda(lambda, arguments, keywords, span),
                (Item::Array(_), ExpressionKind::Attribute { name, .. }) => {
                    let message = format!("kernels cannot call '{root}.{name}()': they see single elements");
                    let help = "write a loop over range(...) that combines the elements";
                    Err(self.mistake(Class::Unsupported, span, message).help(help).into())
                }
                _ => {
                    let message = format!("{} is not a function", item.describe());
                    Err(self.mistake(Class::Type, function.span, message).help("call a function").into())
                }
            };
        }
        if let ExpressionKind::Name(name) = &function.kind {
            if let Some((unit, definition)) = self.definition(name)? {
                return self.call_helper(unit, definition, arguments, keywords, span);
            }
            if self.assigned.contains(name.as_str()) {
                return self.expression(function);
            }
        }
        if let Some(scalar) = self.cast(function) {
            self.refuse_keywords(keywords)?;
            return self.call_cast(scalar, arguments, span);
        }
        if let Some(path) = module.path(function) {
            return match functions::find(&path) {
                Some(found) => {
                    let evaluated = self.arguments(arguments)?;
                    let evaluated = self.with_decimals(found, evaluated, keywords)?;
                    self.library_function(&path, found, &evaluated, span)
                }
                None => Err(self.unknown_function(&path, function.span).into()),
            };
        }
        let ExpressionKind::Name(name) = &function.kind else {
            // The message of whatever stands there.
            let item = self.expression(function)?;
            let message = format!("{} is not a function", item.describe());
            return Err(self.mistake(Class::Type, function.span, message).help("call a function").into());
        };
        match self.builtin(name) {
            Some(Builtin::Bitcast) => self.call_bitcast(arguments, span),
            Some(builtin) => {
                self.refuse_keywords(keywords)?;
                let evaluated = self.arguments(arguments)?;
                self.call_builtin(builtin, &evaluated, span)
            }
            None => Err(self.unknown_name(name, function.span).into()),
        }
    }

    fn arguments(&mut self, arguments: &'t [Expression]) -> Result<Vec<Evaluated<'t>>> {
        arguments.iter().map(|argument| Ok((self.expression(argument)?, argument.span))).collect()
    }

    fn refuse_keywords(&self, keywords: &[Keyword]) -> Result<()> {
        match keywords.first() {
            None => Ok(()),
            Some(keyword) => {
                let name = keyword.name.as_deref().unwrap_or("**");
                let mistake = self.mistake(Class::Type, keyword.span, format!("keyword '{name}' is not taken here"));
                Err(mistake.help("pass the arguments by position").into())
            }
        }
    }

    /// `decimals=` and `ndigits=` are the only keywords that scalar functions have.
    fn with_decimals(
        &mut self,
        function: functions::Function,
        mut evaluated: Vec<Evaluated<'t>>,
        keywords: &'t [Keyword],
    ) -> Result<Vec<Evaluated<'t>>> {
        match keywords {
            [Keyword { name: Some(name), value, .. }] if function == functions::Function::Around && name == "decimals" => {
                evaluated.push((self.expression(value)?, value.span));
            }
            _ => self.refuse_keywords(keywords)?,
        }
        Ok(evaluated)
    }

    /// The type to which a call of `function` converts.
    fn cast(&self, function: &Expression) -> Option<ScalarType> {
        let imported = names::cast_type(self.unit.module, function);
        match &function.kind {
            ExpressionKind::Name(name) if self.unit.rules == Rules::Exact && imported.is_none() => {
                ScalarType::from_name(name).filter(|scalar| *scalar != ScalarType::Bool)
            }
            _ => imported,
        }
    }

    /// The function that a bare name stands for: one of the file; in the prelude, one of any file of it.
    fn definition(&self, name: &str) -> Result<Option<(Unit<'t>, &'t FunctionDefinition)>> {
        if let Some(definition) = self.unit.module.function(name) {
            return Ok(Some((self.unit, definition)));
        }
        if self.unit.prelude.is_none() {
            return Ok(None);
        }
        prelude_function(name)
    }

    fn call_helper(
        &mut self,
        unit: Unit<'t>,
        definition: &'t FunctionDefinition,
        arguments: &'t [Expression],
        keywords: &'t [Keyword],
        span: Span,
    ) -> Result<Item<'t>> {
        let name = definition.name.as_str();
        let decorator = definition.decorators.iter().map(|decorator| match &decorator.kind {
            ExpressionKind::Call { function, .. } => function.as_ref(),
            _ => decorator,
        });
        for decorator in decorator {
            if unit.module.path(decorator).is_some_and(|path| path.ends_with(".stencil")) {
                let mistake = self.mistake(Class::Unsupported, span, format!("'{name}' is a stencil, which kernels cannot call"));
                return Err(mistake.help("move what both need into a function without a decorator").into());
            }
        }
        let mut given: Vec<Option<Evaluated<'t>>> = vec![None; definition.parameters.len()];
        if arguments.len() > given.len() {
            let message = format!(
                "'{name}' takes {}, and {} given",
                super::count(given.len(), "argument"),
                super::count_verb(arguments.len())
            );
            let mistake = self.mistake(Class::Type, span, message);
            return Err(mistake.help("pass as many arguments as it has parameters").into());
        }
        for (place, argument) in arguments.iter().enumerate() {
            given[place] = Some((self.expression(argument)?, argument.span));
        }
        for keyword in keywords {
            let named = keyword.name.as_deref();
            let place = definition.parameters.iter().position(|parameter| Some(parameter.name.as_str()) == named);
            let Some(place) = place.filter(|place| given[*place].is_none()) else {
                let message = format!("'{name}' cannot take the keyword '{}' here", named.unwrap_or("**"));
                let mistake = self.mistake(Class::Type, keyword.span, message);
                return Err(mistake.help("name a parameter that is not given yet").into());
            };
            given[place] = Some((self.expression(&keyword.value)?, keyword.value.span));
        }
        let mut items = Vec::new();
        for (parameter, given) in definition.parameters.iter().zip(given) {
            let (item, at) = match (given, &parameter.default) {
                (Some(given), _) => given,
                (None, Some(default)) => {
                    let value = self.program.constant_expression(unit.module, default)?;
                    (self.constant_item(value, span, false)?, span)
                }
                (None, None) => {
                    let message = format!("'{name}' is called without its argument '{}'", parameter.name);
                    return Err(self.mistake(Class::Type, span, message).help("pass it").into());
                }
            };
            let annotation = parameter.annotation.as_ref().filter(|_| unit.rules == Rules::Exact);
            items.push(match annotation {
                Some(annotation) => {
                    let scalar = names::scalar_type(unit.module, annotation);
                    let scalar = scalar.ok_or_else(|| unknown_type(unit, annotation))?;
                    Item::Scalar(self.exactly(&item, scalar, at)?)
                }
                None => self.argument_item(item, at)?,
            });
        }
        self.emit_call(unit, definition, &items, span)
    }

    /// An argument as scalars: literals get their type, tuples of constants become values.
    fn argument_item(&mut self, item: Item<'t>, span: Span) -> Result<Item<'t>> {
        match item {
            Item::Scalar(_) => Ok(item),
            Item::Literal(_) => Ok(Item::Scalar(self.number(&item, span)?)),
            Item::Tuple(_) | Item::Constants(_) => {
                let items = self.unpack(&item, span)?;
                let items: Result<Vec<_>> = items.into_iter().map(|item| self.argument_item(item, span)).collect();
                Ok(Item::Tuple(items?))
            }
            Item::Array(array) => {
                let message = format!("array '{}' cannot be passed to a function", self.name_of_array(array));
                let help = "pass single elements, or write the loop in the kernel itself";
                Err(self.mistake(Class::Unsupported, span, message).help(help).into())
            }
            Item::Lambda(_) => {
                let mistake = self.mistake(Class::Unsupported, span, "functions cannot be passed to functions");
                Err(mistake.help("call it here and pass the result").into())
            }
            Item::Mixed(_) => Err(self.not_a_number(&item, span).into()),
        }
    }

    fn emit_call(
        &mut self,
        unit: Unit<'t>,
        definition: &'t FunctionDefinition,
        items: &[Item<'t>],
        span: Span,
    ) -> Result<Item<'t>> {
        let shapes: Vec<Shape> = items.iter().filter_map(Item::shape).collect();
        let Instance { name, result } = self.program.instance(unit, definition, &shapes, self.unit, span)?;
        let mut arguments = Vec::new();
        for item in items {
            arguments.extend(self.flatten(item, span)?.into_iter().map(Argument::Value));
        }
        let results: Vec<Value> =
            result.scalars().into_iter().map(|scalar| self.function.fresh(scalar, span)).collect();
        self.region.push(Statement::Call { results: results.clone(), function: name, arguments });
        self.unflatten(&result, &mut results.into_iter())
    }

    /// Calls the prelude function `name` for operands of type `scalar`: `exp`, float64 -> `exp_f64`.
    pub fn elementary(&mut self, name: &str, scalar: ScalarType, operands: &[Scalar], span: Span) -> Result<Scalar> {
        let function = format!("{name}_{}", scalar.short_name());
        let Some((unit, definition)) = prelude_function(&function)? else {
            let message = format!("'{name}' of {scalar} is not available yet");
            let mistake = self.mistake(Class::Unsupported, span, message);
            return Err(mistake.help(format!("numbra's prelude has no function '{function}' so far")).into());
        };
        if definition.parameters.len() != operands.len() {
            return Err(Error::Internal(format!("prelude function '{function}' takes another number of arguments")));
        }
        let items: Vec<Item<'t>> = operands.iter().map(|operand| Item::Scalar(*operand)).collect();
        match self.emit_call(unit, definition, &items, span)? {
            Item::Scalar(result) => Ok(result),
            _ => Err(Error::Internal(format!("prelude function '{function}' gives no number"))),
        }
    }

    /// A lambda is evaluated where it is called, which is what Python does with the names it mentions.
    fn call_lambda(
        &mut self,
        lambda: &'t Expression,
        arguments: &'t [Expression],
        keywords: &'t [Keyword],
        span: Span,
    ) -> Result<Item<'t>> {
        self.refuse_keywords(keywords)?;
        let ExpressionKind::Lambda { parameters, body } = &lambda.kind else {
            return Err(Error::Internal("this is no lambda".into()));
        };
        if parameters.len() != arguments.len() {
            let message = format!(
                "the lambda takes {}, and {} given",
                super::count(parameters.len(), "argument"),
                super::count_verb(arguments.len())
            );
            return Err(self.mistake(Class::Type, span, message).help("pass as many arguments as it has").into());
        }
        let arguments = self.arguments(arguments)?;
        let outer = self.environment.clone();
        for (parameter, (item, _)) in parameters.iter().zip(arguments) {
            self.environment.insert(&parameter.name, item);
        }
        let result = self.expression(body);
        self.environment = outer;
        result
    }

    fn call_cast(&mut self, scalar: ScalarType, arguments: &'t [Expression], span: Span) -> Result<Item<'t>> {
        let [argument] = arguments else {
            let mistake = self.mistake(Class::Type, span, format!("{scalar}(...) takes one argument"));
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

    fn call_bitcast(&mut self, arguments: &'t [Expression], span: Span) -> Result<Item<'t>> {
        let [to, value] = arguments else {
            return Err(self.wrong_count("bitcast", "two arguments: a type and a value", span).into());
        };
        let scalar = names::scalar_type(self.unit.module, to).ok_or_else(|| unknown_type(self.unit, to))?;
        let item = self.expression(value)?;
        let wide = scalar.bits() == 64;
        let operand = match &item {
            Item::Literal(literal) => {
                // Bits written as a literal.
                let own = match literal {
                    Literal::Float(_) => if wide { ScalarType::F64 } else { ScalarType::F32 },
                    Literal::Integer(Some(..0)) => if wide { ScalarType::I64 } else { ScalarType::I32 },
                    Literal::Integer(_) => if wide { ScalarType::U64 } else { ScalarType::U32 },
                };
                self.literal(literal, own, value.span)?
            }
            item => self.number(item, value.span)?,
        };
        if Op::Bitcast.result_type(&[operand.scalar], Some(scalar)).is_none() {
            let message = format!("bitcast from {} to {scalar}: the widths differ", operand.scalar);
            let mistake = self.mistake(Class::Type, span, message);
            return Err(mistake.help("both types have 32 or both have 64 bits").into());
        }
        Ok(Item::Scalar(self.bitcast(operand, scalar, span)))
    }

    pub fn wrong_count(&self, name: &str, takes: &str, span: Span) -> Mistake {
        self.mistake(Class::Type, span, format!("'{name}' takes {takes}")).help("change the number of arguments")
    }

    fn call_builtin(&mut self, builtin: Builtin, arguments: &[Evaluated<'t>], span: Span) -> Result<Item<'t>> {
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
                let ((left, left_span), (right, right_span)) = two(self)?;
                let floor = BinaryOperator::FloorDivide;
                let quotient = self.binary(floor, left.clone(), right.clone(), left_span, right_span)?;
                let remainder = self.binary(BinaryOperator::Modulo, left, right, left_span, right_span)?;
                return Ok(Item::Tuple(vec![quotient, remainder]));
            }
            Builtin::Len => match one(self)? {
                (Item::Array(array), at) => self.array_length(array, at),
                (item @ (Item::Tuple(_) | Item::Constants(_)), at) => {
                    let length = self.unpack(&item, at)?.len();
                    return Ok(self.integer_item(length as i128, span));
                }
                (item, at) => {
                    let mistake = self.mistake(Class::Type, at, format!("{} has no length", item.describe()));
                    return Err(mistake.help("arrays and tuples have one").into());
                }
            },
            Builtin::Min | Builtin::Max => self.extreme(builtin, arguments, span)?,
            Builtin::Pow => {
                let ((base, base_span), (exponent, exponent_span)) = two(self)?;
                return self.binary(BinaryOperator::Power, base, exponent, base_span, exponent_span);
            }
            Builtin::Range => {
                let mistake = self.mistake(Class::Unsupported, span, "range stands in 'for' loops only");
                return Err(mistake.help("write for i in range(...)").into());
            }
            Builtin::Round => match arguments {
                [(item, at)] => {
                    let number = self.number(item, *at)?;
                    if number.scalar.is_float() {
                        let rounded = self.apply(Op::Rint, &[number], span);
                        self.convert(rounded, ScalarType::I64, span)
                    } else {
                        number
                    }
                }
                [(item, at), digits] => {
                    let number = self.number(item, *at)?;
                    self.round_to(number, digits, span)?
                }
                _ => return Err(self.wrong_count("round", "one or two arguments", span).into()),
            },
            Builtin::Sum => {
                let (item, at) = one(self)?;
                let mut sum = self.integer_item(0, span);
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
                let mistake = self.mistake(Class::Unsupported, span, "rare(...) stands alone after 'if'");
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
            Builtin::Rint | Builtin::Floor | Builtin::Ceil | Builtin::Trunc | Builtin::Sqrt | Builtin::IsNan | Builtin::IsInf => {
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
        let mistake = self.mistake(Class::Type, span, format!("'{name}' takes floats, and this is {scalar}"));
        mistake.help("convert it: float32(...) or float64(...)")
    }

    /// `abs`: keeps the type; bool counts as int64.
    pub fn absolute(&mut self, number: Scalar, span: Span) -> Scalar {
        let number = if number.scalar == ScalarType::Bool { self.convert(number, ScalarType::I64, span) } else { number };
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
        if unpacked.is_empty() || (unpacked.len() == 1 && arguments.len() == 1 && matches!(arguments[0].0, Item::Scalar(_) | Item::Literal(_) | Item::Array(_))) {
            return Err(self.wrong_count(builtin.name(), "two or more arguments", span).into());
        }
        let numbers = self.common_numbers(builtin.name(), &unpacked, promotion_unify)?;
        let (op, comparison) = match builtin {
            Builtin::Min => (Op::Minimum, Comparison::Less),
            _ => (Op::Maximum, Comparison::Greater),
        };
        let mut best = numbers[0];
        for &number in &numbers[1..] {
            best = match best.scalar {
                ScalarType::F32 | ScalarType::F64 | ScalarType::Bool => {
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
                        let message = format!("'{name}' takes arguments of one type, and these are {scalar} and {}", other.scalar);
                        self.mistake(Class::Type, *at, message).help(format!("convert it: {scalar}(...)")).into()
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

    /// `round(x, n)` with a constant n, by Numba's formula.
    pub fn round_to(&mut self, number: Scalar, digits: &Evaluated<'t>, span: Span) -> Result<Scalar> {
        let known = match &digits.0 {
            Item::Literal(Literal::Integer(value)) => *value,
            Item::Scalar(scalar) => scalar.integer(),
            _ => None,
        };
        let Some(digits) = known.and_then(|digits| i32::try_from(digits).ok()).filter(|digits| digits.abs() <= 300) else {
            let mistake = self.mistake(Class::Unsupported, digits.1, "the number of digits must be a constant integer");
            return Err(mistake.help("write round(x * scale) / scale").into());
        };
        if !number.scalar.is_float() {
            // Integers have no digits after the point.
            if digits >= 0 {
                return Ok(number);
            }
            let mistake = self.mistake(Class::Unsupported, span, "integers cannot be rounded to tens");
            return Err(mistake.help("convert the number to a float first").into());
        }
        let scalar = number.scalar;
        let scale = self.float(scalar, ten_to(digits.unsigned_abs()), span);
        let (into, out_of) = if digits >= 0 { (Op::Mul, Op::Div) } else { (Op::Div, Op::Mul) };
        let scaled = self.apply(into, &[number, scale], span);
        let rounded = self.apply(Op::Rint, &[scaled], span);
        let result = self.apply(out_of, &[rounded, scale], span);
        // What scaling takes out of range (infinities among it) has no digits to round.
        let magnitude = self.apply(Op::Abs, &[scaled], span);
        let infinity = self.float(scalar, f64::INFINITY, span);
        let finite = self.apply(Op::Lt, &[magnitude, infinity], span);
        Ok(self.select(finite, result, number, span))
    }
}

fn ten_to(digits: u32) -> f64 {
    let text = format!("1e{digits}");
    text.parse().unwrap_or(f64::INFINITY)
}

fn promotion_unify(types: &[ScalarType]) -> ScalarType {
    types.iter().copied().reduce(promotion::unify).unwrap_or(ScalarType::F64)
}

/// A function of the prelude with the rules of its file.
fn prelude_function<'t>(name: &str) -> Result<Option<(Unit<'t>, &'t FunctionDefinition)>> {
    let Some(file) = prelude::find(name)? else { return Ok(None) };
    let module = file.module;
    let definition = module
        .function(name)
        .ok_or_else(|| Error::Internal(format!("prelude function '{name}' is lost")))?;
    let unit = Unit { module, rules: Rules::Exact, flags: FloatFlags::STRICT, prelude: Some(file.stem) };
    Ok(Some((unit, definition)))
}
