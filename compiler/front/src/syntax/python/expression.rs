//! Expressions.

use super::super::nesting::MAX_OPERATORS;
use super::Lower;
use crate::error::{ErrorClass, Mistake, Result};
use crate::source::Span;
use crate::syntax::tree::*;
use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::Ranged;

impl Lower<'_> {
    pub(super) fn expression(&mut self, expression: &Expr) -> Result<Expression, Mistake> {
        let span = self.span(expression.range());
        if self.depth > MAX_OPERATORS {
            return Err(self.too_deep(span, "expression"));
        }
        self.depth += 1;
        let kind = self.expression_kind(expression);
        self.depth -= 1;
        Ok(Expression { kind: kind?, span })
    }

    fn boxed(&mut self, expression: &Expr) -> Result<Box<Expression>, Mistake> {
        Ok(Box::new(self.expression(expression)?))
    }

    pub(super) fn optional(&mut self, expression: Option<&Expr>) -> Result<Option<Expression>, Mistake> {
        expression.map(|expression| self.expression(expression)).transpose()
    }

    fn optional_boxed(&mut self, expression: &Option<Box<Expr>>) -> Result<Option<Box<Expression>>, Mistake> {
        Ok(self.optional(expression.as_deref())?.map(Box::new))
    }

    pub(super) fn expressions(&mut self, expressions: &[Expr]) -> Result<Vec<Expression>, Mistake> {
        expressions.iter().map(|expression| self.expression(expression)).collect()
    }

    fn expression_kind(&mut self, expression: &Expr) -> Result<ExpressionKind, Mistake> {
        use ExpressionKind as Kind;
        let kind = match expression {
            Expr::Name(name) => Kind::Name(name.id.to_string()),
            Expr::NumberLiteral(number) => self.number(number),
            Expr::BooleanLiteral(literal) => Kind::Bool(literal.value),
            Expr::StringLiteral(literal) => Kind::String(literal.value.to_str().to_string()),
            Expr::NoneLiteral(_) => Kind::None,
            Expr::EllipsisLiteral(_) => Kind::Ellipsis,
            Expr::Slice(slice) => Kind::Slice {
                start: self.optional_boxed(&slice.lower)?,
                stop: self.optional_boxed(&slice.upper)?,
                step: self.optional_boxed(&slice.step)?,
            },
            Expr::Tuple(tuple) => Kind::Tuple(self.expressions(&tuple.elts)?),
            Expr::List(list) => Kind::List(self.expressions(&list.elts)?),
            Expr::UnaryOp(unary) => {
                let operator = match unary.op {
                    ast::UnaryOp::USub => UnaryOperator::Negative,
                    ast::UnaryOp::UAdd => UnaryOperator::Positive,
                    ast::UnaryOp::Invert => UnaryOperator::Invert,
                    ast::UnaryOp::Not => UnaryOperator::Not,
                };
                Kind::Unary { operator, operand: self.boxed(&unary.operand)? }
            }
            Expr::BinOp(binary) => Kind::Binary {
                operator: binary_operator(binary.op),
                left: self.boxed(&binary.left)?,
                right: self.boxed(&binary.right)?,
            },
            Expr::BoolOp(logical) => Kind::Logical {
                operator: if logical.op == ast::BoolOp::And { Logical::And } else { Logical::Or },
                operands: self.expressions(&logical.values)?,
            },
            Expr::Compare(compare) => {
                let first = self.boxed(&compare.left)?;
                let operands = self.expressions(&compare.comparators)?;
                Kind::Compare { first, rest: compare.ops.iter().copied().map(comparison).zip(operands).collect() }
            }
            Expr::If(conditional) => Kind::Conditional {
                condition: self.boxed(&conditional.test)?,
                then: self.boxed(&conditional.body)?,
                otherwise: self.boxed(&conditional.orelse)?,
            },
            Expr::Named(named) => Kind::Named { target: self.boxed(&named.target)?, value: self.boxed(&named.value)? },
            Expr::Call(call) => {
                let function = self.boxed(&call.func)?;
                let arguments = call.arguments.args.iter().map(|argument| match argument {
                    Expr::Starred(starred) => {
                        let value = self.boxed(&starred.value)?;
                        Ok(Expression { kind: Kind::Starred(value), span: self.span(starred.range()) })
                    }
                    argument => self.expression(argument),
                });
                let arguments = arguments.collect::<Result<_, Mistake>>()?;
                let keywords = call.arguments.keywords.iter().map(|keyword| {
                    Ok(Keyword {
                        name: keyword.arg.as_ref().map(|name| name.id.to_string()),
                        value: self.expression(&keyword.value)?,
                        span: self.span(keyword.range()),
                    })
                });
                Kind::Call { function, arguments, keywords: keywords.collect::<Result<_, Mistake>>()? }
            }
            Expr::Attribute(attribute) => Kind::Attribute {
                value: self.boxed(&attribute.value)?,
                name: attribute.attr.id.to_string(),
                name_span: self.span(attribute.attr.range()),
            },
            Expr::Subscript(subscript) => {
                let value = self.boxed(&subscript.value)?;
                let indices = match &*subscript.slice {
                    Expr::Tuple(tuple) => self.expressions(&tuple.elts)?,
                    index => vec![self.expression(index)?],
                };
                Kind::Subscript { value, indices }
            }
            Expr::Lambda(lambda) => {
                let (parameters, unsupported, _) = match &lambda.parameters {
                    Some(parameters) => self.parameters(parameters)?,
                    None => (Vec::new(), None, None),
                };
                match unsupported {
                    Some((_, instead)) => Kind::Unsupported { what: "such parameters of lambda functions", instead },
                    None => Kind::Lambda { parameters, body: self.boxed(&lambda.body)? },
                }
            }
            other => {
                let (what, instead) = unsupported(other);
                Kind::Unsupported { what, instead }
            }
        };
        Ok(kind)
    }

    fn number(&self, number: &ast::ExprNumberLiteral) -> ExpressionKind {
        let text = self.text[number.range()].replace('_', "");
        match &number.value {
            ast::Number::Int(_) => {
                let radix = match text.get(..2).map(str::to_ascii_lowercase).as_deref() {
                    Some("0x") => 16,
                    Some("0o") => 8,
                    Some("0b") => 2,
                    _ => 10,
                };
                let digits = if radix == 10 { &text[..] } else { &text[2..] };
                ExpressionKind::Integer(i128::from_str_radix(digits, radix).ok())
            }
            ast::Number::Float(value) => ExpressionKind::Float { value: *value, text },
            ast::Number::Complex { imag, .. } => ExpressionKind::Imaginary(*imag),
        }
    }

    /// Parameters, and the first form among them that kernels cannot have.
    #[allow(clippy::type_complexity)]
    pub(super) fn parameters(
        &mut self,
        parameters: &ast::Parameters,
    ) -> Result<(Vec<Parameter>, Option<(Span, &'static str)>, Option<Parameter>), Mistake> {
        let mut result: Vec<Parameter> = Vec::new();
        for with_default in parameters.posonlyargs.iter().chain(&parameters.args) {
            let parameter = &with_default.parameter;
            let name = parameter.name.id.to_string();
            let span = self.span(parameter.name.range());
            if let Some(first) = result.iter().find(|other| other.name == name) {
                let mistake = self.mistake(ErrorClass::Syntax, span, format!("duplicate parameter '{name}'"));
                return Err(mistake.also(first.span, "first here").help("give every parameter its own name"));
            }
            let annotation = self.optional(parameter.annotation.as_deref())?;
            let default = self.optional(with_default.default.as_deref())?;
            result.push(Parameter { name, span, annotation, default });
        }
        let unsupported = if let Some(rest) = &parameters.vararg {
            Some((self.span(rest.range()), "name every parameter: a kernel takes a fixed number of arguments"))
        } else if let Some(only) = parameters.kwonlyargs.first() {
            Some((self.span(only.range()), "remove the '*': arguments of a kernel are passed by position"))
        } else {
            parameters.kwarg.as_ref().map(|options| {
                (self.span(options.range()), "name every parameter: a kernel takes a fixed number of arguments")
            })
        };
        let alone = parameters.kwonlyargs.is_empty() && parameters.kwarg.is_none();
        let rest = parameters.vararg.as_ref().filter(|_| alone).map(|rest| Parameter {
            name: rest.name.id.to_string(),
            span: self.span(rest.name.range()),
            annotation: None,
            default: None,
        });
        Ok((result, unsupported, rest))
    }
}

pub(super) fn binary_operator(operator: ast::Operator) -> BinaryOperator {
    match operator {
        ast::Operator::Add => BinaryOperator::Add,
        ast::Operator::Sub => BinaryOperator::Subtract,
        ast::Operator::Mult => BinaryOperator::Multiply,
        ast::Operator::MatMult => BinaryOperator::MatrixMultiply,
        ast::Operator::Div => BinaryOperator::Divide,
        ast::Operator::Mod => BinaryOperator::Modulo,
        ast::Operator::Pow => BinaryOperator::Power,
        ast::Operator::LShift => BinaryOperator::LeftShift,
        ast::Operator::RShift => BinaryOperator::RightShift,
        ast::Operator::BitOr => BinaryOperator::Or,
        ast::Operator::BitXor => BinaryOperator::Xor,
        ast::Operator::BitAnd => BinaryOperator::And,
        ast::Operator::FloorDiv => BinaryOperator::FloorDivide,
    }
}

fn comparison(operator: ast::CmpOp) -> Comparison {
    match operator {
        ast::CmpOp::Eq => Comparison::Equal,
        ast::CmpOp::NotEq => Comparison::NotEqual,
        ast::CmpOp::Lt => Comparison::Less,
        ast::CmpOp::LtE => Comparison::LessEqual,
        ast::CmpOp::Gt => Comparison::Greater,
        ast::CmpOp::GtE => Comparison::GreaterEqual,
        ast::CmpOp::Is => Comparison::Is,
        ast::CmpOp::IsNot => Comparison::IsNot,
        ast::CmpOp::In => Comparison::In,
        ast::CmpOp::NotIn => Comparison::NotIn,
    }
}

/// What an expression is that kernels cannot have, and what to write instead.
fn unsupported(expression: &Expr) -> (&'static str, &'static str) {
    match expression {
        Expr::Dict(_) => ("dictionaries", "use a variable for each value"),
        Expr::Set(_) => ("sets", "compare with each value: x == 1 or x == 2"),
        Expr::ListComp(_) => ("list comprehensions", "use a 'for' loop that computes the result in a variable"),
        Expr::SetComp(_) => ("set comprehensions", "use a 'for' loop that computes the result in a variable"),
        Expr::DictComp(_) => ("dictionary comprehensions", "use a 'for' loop that computes the result in a variable"),
        Expr::Generator(_) => ("generator expressions", "use a 'for' loop that computes the result in a variable"),
        Expr::Await(_) => ("'await' expressions", "wait outside of the kernel and pass the value as an argument"),
        Expr::Yield(_) | Expr::YieldFrom(_) => ("generators ('yield')", "return one value with 'return'"),
        Expr::FString(_) => ("f-strings", "use a plain string, or format the text outside of the kernel"),
        Expr::TString(_) => ("t-strings", "use a plain string, or format the text outside of the kernel"),
        Expr::BytesLiteral(_) => ("bytes literals", "use integers"),
        Expr::Starred(_) => ("unpacking with '*'", "write every value"),
        _ => ("such expressions", "use plain arithmetic on scalars"),
    }
}
