//! The tree as text: one node a line, indented by depth. For people; nothing reads it back.

use super::tree::*;
use std::fmt::{self, Display, Formatter, Write};

impl Display for FunctionDefinition {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let mut printer = Printer { text: String::new() };
        printer.function(0, self);
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

    fn function(&mut self, depth: usize, function: &FunctionDefinition) {
        let inner = depth + 1;
        self.line(depth, format_args!("function {}", function.name));
        for decorator in &function.decorators {
            self.line(inner, "decorator");
            self.expression(inner + 1, decorator);
        }
        for parameter in &function.parameters {
            self.line(inner, format_args!("parameter {}", parameter.name));
            parameter.children(&mut |part| self.expression(inner + 1, part));
        }
        if let Some(returns) = &function.returns {
            self.line(inner, "returns");
            self.expression(inner + 1, returns);
        }
        self.block(inner, "body", &function.body);
    }

    fn block(&mut self, depth: usize, name: &str, statements: &[Statement]) {
        if !statements.is_empty() {
            self.line(depth, name);
            statements.iter().for_each(|statement| self.statement(depth + 1, statement));
        }
    }

    fn statement(&mut self, depth: usize, statement: &Statement) {
        match &statement.kind {
            StatementKind::Assign { .. } => self.line(depth, "assign"),
            StatementKind::AugmentedAssign { operator, .. } => self.line(depth, format_args!("assign {operator:?}")),
            StatementKind::AnnotatedAssign { .. } => self.line(depth, "assign annotated"),
            StatementKind::If { .. } => self.line(depth, "if"),
            StatementKind::While { .. } => self.line(depth, "while"),
            StatementKind::For { .. } => self.line(depth, "for"),
            StatementKind::Function(definition) => return self.function(depth, definition),
            StatementKind::Break => self.line(depth, "break"),
            StatementKind::Continue => self.line(depth, "continue"),
            StatementKind::Pass => self.line(depth, "pass"),
            StatementKind::Delete { .. } => self.line(depth, "delete"),
            StatementKind::Return(_) => self.line(depth, "return"),
            StatementKind::Expression(_) => self.line(depth, "evaluate"),
            StatementKind::Assert { .. } => self.line(depth, "assert"),
            StatementKind::Try { .. } => self.line(depth, "try"),
            StatementKind::Raise { .. } => self.line(depth, "raise"),
            StatementKind::Unsupported { what, .. } => self.line(depth, format_args!("unsupported: {what}")),
        }
        statement.children(&mut |part| self.expression(depth + 1, part));
        statement.blocks(&mut |name, block| self.block(depth + 1, name, block));
    }

    fn expression(&mut self, depth: usize, expression: &Expression) {
        let inner = depth + 1;
        match &expression.kind {
            ExpressionKind::Name(name) => self.line(depth, format_args!("name {name}")),
            ExpressionKind::Integer(Some(value)) => self.line(depth, format_args!("integer {value}")),
            ExpressionKind::Integer(None) => self.line(depth, "integer too large"),
            ExpressionKind::Imaginary(value) => self.line(depth, format_args!("imaginary {value:?}")),
            ExpressionKind::Float { text, .. } => self.line(depth, format_args!("float {text}")),
            ExpressionKind::Bool(value) => self.line(depth, format_args!("bool {value}")),
            ExpressionKind::String(value) => self.line(depth, format_args!("string {value:?}")),
            ExpressionKind::None => self.line(depth, "none"),
            ExpressionKind::Ellipsis => self.line(depth, "ellipsis"),
            ExpressionKind::Slice { .. } => self.line(depth, "slice"),
            ExpressionKind::Tuple(_) => self.line(depth, "tuple"),
            ExpressionKind::List(_) => self.line(depth, "list"),
            ExpressionKind::Starred(_) => self.line(depth, "starred"),
            ExpressionKind::Unary { operator, .. } => self.line(depth, format_args!("{operator:?}")),
            ExpressionKind::Binary { operator, .. } => self.line(depth, format_args!("{operator:?}")),
            ExpressionKind::Compare { first, rest } => {
                self.line(depth, "compare");
                self.expression(inner, first);
                for (comparison, operand) in rest {
                    self.line(inner, format_args!("{comparison:?}"));
                    self.expression(inner, operand);
                }
                return;
            }
            ExpressionKind::Logical { operator: Logical::And, .. } => self.line(depth, "and"),
            ExpressionKind::Logical { operator: Logical::Or, .. } => self.line(depth, "or"),
            ExpressionKind::Conditional { .. } => self.line(depth, "conditional"),
            ExpressionKind::Named { .. } => self.line(depth, "named"),
            ExpressionKind::Call { function, arguments, keywords } => {
                self.line(depth, "call");
                self.expression(inner, function);
                arguments.iter().for_each(|argument| self.expression(inner, argument));
                for keyword in keywords {
                    self.line(inner, format_args!("keyword {}", keyword.name.as_deref().unwrap_or("**")));
                    self.expression(inner + 1, &keyword.value);
                }
                return;
            }
            ExpressionKind::Attribute { name, .. } => self.line(depth, format_args!("attribute {name}")),
            ExpressionKind::Subscript { .. } => self.line(depth, "subscript"),
            ExpressionKind::Lambda { parameters, .. } => {
                let names: Vec<&str> = parameters.iter().map(|parameter| parameter.name.as_str()).collect();
                self.line(depth, format_args!("lambda {}", names.join(", ")));
            }
            ExpressionKind::Unsupported { what, .. } => self.line(depth, format_args!("unsupported: {what}")),
        }
        expression.children(&mut |part| self.expression(inner, part));
    }
}
