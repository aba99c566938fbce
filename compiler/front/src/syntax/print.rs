//! The tree as text: one node a line, indented by depth. For people; nothing reads it back.

use super::tree::*;
use std::fmt::{self, Display, Formatter, Write};

impl Display for FunctionDefinition {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let mut printer = Printer { text: String::new() };
        printer.function(self);
        formatter.write_str(printer.text.trim_end())
    }
}

struct Printer {
    text: String,
}

impl Printer {
    fn line(&mut self, depth: usize, text: impl Display) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{:indent$}{text}", "", indent = depth * 2);
    }

    fn function(&mut self, function: &FunctionDefinition) {
        self.line(0, format_args!("function {}", function.name));
        for decorator in &function.decorators {
            self.line(1, "decorator");
            self.expression(2, decorator);
        }
        for parameter in &function.parameters {
            self.line(1, format_args!("parameter {}", parameter.name));
            for part in parameter.annotation.iter().chain(&parameter.default) {
                self.expression(2, part);
            }
        }
        if let Some(returns) = &function.returns {
            self.line(1, "returns");
            self.expression(2, returns);
        }
        self.block(1, "body", &function.body);
    }

    fn block(&mut self, depth: usize, name: &str, statements: &[Statement]) {
        if !statements.is_empty() {
            self.line(depth, name);
            statements.iter().for_each(|statement| self.statement(depth + 1, statement));
        }
    }

    fn statement(&mut self, depth: usize, statement: &Statement) {
        let inner = depth + 1;
        match &statement.kind {
            StatementKind::Assign { targets, value } => {
                self.line(depth, "assign");
                targets.iter().for_each(|target| self.expression(inner, target));
                self.expression(inner, value);
            }
            StatementKind::AugmentedAssign { target, operator, value } => {
                self.line(depth, format_args!("assign {operator:?}"));
                self.expression(inner, target);
                self.expression(inner, value);
            }
            StatementKind::AnnotatedAssign { target, annotation, value } => {
                self.line(depth, "assign annotated");
                self.expression(inner, target);
                self.expression(inner, annotation);
                value.iter().for_each(|value| self.expression(inner, value));
            }
            StatementKind::If { condition, then, otherwise } => {
                self.line(depth, "if");
                self.expression(inner, condition);
                self.block(inner, "then", then);
                self.block(inner, "else", otherwise);
            }
            StatementKind::While { condition, body, otherwise } => {
                self.line(depth, "while");
                self.expression(inner, condition);
                self.block(inner, "body", body);
                self.block(inner, "else", otherwise);
            }
            StatementKind::For { target, iterable, body, otherwise } => {
                self.line(depth, "for");
                self.expression(inner, target);
                self.expression(inner, iterable);
                self.block(inner, "body", body);
                self.block(inner, "else", otherwise);
            }
            StatementKind::Break => self.line(depth, "break"),
            StatementKind::Continue => self.line(depth, "continue"),
            StatementKind::Pass => self.line(depth, "pass"),
            StatementKind::Return(value) => {
                self.line(depth, "return");
                value.iter().for_each(|value| self.expression(inner, value));
            }
            StatementKind::Expression(value) => {
                self.line(depth, "evaluate");
                self.expression(inner, value);
            }
            StatementKind::Assert { condition, message } => {
                self.line(depth, "assert");
                self.expression(inner, condition);
                message.iter().for_each(|message| self.expression(inner, message));
            }
            StatementKind::Raise { exception } => {
                self.line(depth, "raise");
                exception.iter().for_each(|exception| self.expression(inner, exception));
            }
            StatementKind::Unsupported { what, .. } => self.line(depth, format_args!("unsupported: {what}")),
        }
    }

    fn expression(&mut self, depth: usize, expression: &Expression) {
        let inner = depth + 1;
        match &expression.kind {
            ExpressionKind::Name(name) => self.line(depth, format_args!("name {name}")),
            ExpressionKind::Integer(Some(value)) => self.line(depth, format_args!("integer {value}")),
            ExpressionKind::Integer(None) => self.line(depth, "integer too large"),
            ExpressionKind::Float { text, .. } => self.line(depth, format_args!("float {text}")),
            ExpressionKind::Bool(value) => self.line(depth, format_args!("bool {value}")),
            ExpressionKind::String(value) => self.line(depth, format_args!("string {value:?}")),
            ExpressionKind::None => self.line(depth, "none"),
            ExpressionKind::Ellipsis => self.line(depth, "ellipsis"),
            ExpressionKind::Slice { start, stop, step } => {
                self.line(depth, "slice");
                start.iter().chain(stop).chain(step).for_each(|part| self.expression(inner, part));
            }
            ExpressionKind::Tuple(items) => self.node(depth, "tuple", items),
            ExpressionKind::List(items) => self.node(depth, "list", items),
            ExpressionKind::Unary { operator, operand } => {
                self.line(depth, format_args!("{operator:?}"));
                self.expression(inner, operand);
            }
            ExpressionKind::Binary { operator, left, right } => {
                self.line(depth, format_args!("{operator:?}"));
                self.expression(inner, left);
                self.expression(inner, right);
            }
            ExpressionKind::Compare { first, rest } => {
                self.line(depth, "compare");
                self.expression(inner, first);
                for (comparison, operand) in rest {
                    self.line(inner, format_args!("{comparison:?}"));
                    self.expression(inner, operand);
                }
            }
            ExpressionKind::Logical { operator, operands } => {
                self.node(depth, if *operator == Logical::And { "and" } else { "or" }, operands);
            }
            ExpressionKind::Conditional { condition, then, otherwise } => {
                self.line(depth, "conditional");
                [condition, then, otherwise].into_iter().for_each(|part| self.expression(inner, part));
            }
            ExpressionKind::Call { function, arguments, keywords } => {
                self.line(depth, "call");
                self.expression(inner, function);
                arguments.iter().for_each(|argument| self.expression(inner, argument));
                for keyword in keywords {
                    self.line(inner, format_args!("keyword {}", keyword.name.as_deref().unwrap_or("**")));
                    self.expression(inner + 1, &keyword.value);
                }
            }
            ExpressionKind::Attribute { value, name, .. } => {
                self.line(depth, format_args!("attribute {name}"));
                self.expression(inner, value);
            }
            ExpressionKind::Subscript { value, indices } => {
                self.line(depth, "subscript");
                self.expression(inner, value);
                indices.iter().for_each(|index| self.expression(inner, index));
            }
            ExpressionKind::Lambda { parameters, body } => {
                let names: Vec<&str> = parameters.iter().map(|parameter| parameter.name.as_str()).collect();
                self.line(depth, format_args!("lambda {}", names.join(", ")));
                self.expression(inner, body);
            }
            ExpressionKind::Unsupported { what, .. } => self.line(depth, format_args!("unsupported: {what}")),
        }
    }

    fn node(&mut self, depth: usize, name: &str, items: &[Expression]) {
        self.line(depth, name);
        items.iter().for_each(|item| self.expression(depth + 1, item));
    }
}
