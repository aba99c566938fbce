//! Statements and function definitions.

use super::super::nesting::MAX_BLOCKS;
use super::Lower;
use super::expression::binary_operator;
use crate::error::{ErrorClass, Mistake, Result};
use crate::source::Span;
use crate::syntax::tree::*;
use ruff_python_ast::{self as ast, Stmt};
use ruff_text_size::{Ranged, TextRange};

impl Lower<'_> {
    pub(super) fn function(&mut self, definition: &ast::StmtFunctionDef) -> Result<FunctionDefinition, Mistake> {
        let decorators = definition.decorator_list.iter().map(|decorator| self.expression(&decorator.expression));
        let decorators = decorators.collect::<Result<_, Mistake>>()?;
        let (parameters, unsupported_parameters, rest) = self.parameters(&definition.parameters)?;
        let name_span = self.span(definition.name.range());
        let outer = [&mut self.loops, &mut self.blocks].map(std::mem::take);
        let mut body = self.block(&definition.body)?;
        [self.loops, self.blocks] = outer;
        let documentation = match body.first() {
            Some(Statement { kind: StatementKind::Expression(first), .. }) => match &first.kind {
                ExpressionKind::String(text) => Some(text.clone()),
                _ => None,
            },
            _ => None,
        };
        if definition.is_async {
            let kind = StatementKind::Unsupported { what: "'async' functions", instead: "remove 'async'" };
            body = vec![Statement { kind, span: name_span }];
        }
        Ok(FunctionDefinition {
            name: definition.name.id.to_string(),
            name_span,
            span: self.span(definition.range()),
            decorators,
            declaration: None,
            parameters,
            unsupported_parameters,
            rest,
            returns: self.optional(definition.returns.as_deref())?,
            documentation,
            body,
        })
    }

    pub(super) fn block(&mut self, statements: &[Stmt]) -> Result<Vec<Statement>, Mistake> {
        self.blocks += 1;
        if self.blocks > MAX_BLOCKS
            && let Some(first) = statements.first()
        {
            return Err(self.too_deep(self.header(first), "block"));
        }
        let mut block = Vec::with_capacity(statements.len());
        for statement in statements {
            match statement {
                Stmt::Match(cases) => block.extend(self.cases(cases)?),
                _ => block.push(self.statement(statement)?),
            }
        }
        self.blocks -= 1;
        Ok(block)
    }

    fn loop_body(&mut self, statements: &[Stmt]) -> Result<Vec<Statement>, Mistake> {
        self.loops += 1;
        let block = self.block(statements);
        self.loops -= 1;
        block
    }

    /// The first line of a statement: a caret under a whole loop points at nothing.
    fn header(&self, statement: &Stmt) -> Span {
        let range = statement.range();
        let line = self.text[range].lines().next().unwrap_or("").trim_end();
        self.span(TextRange::at(range.start(), (line.len() as u32).into()))
    }

    fn statement(&mut self, statement: &Stmt) -> Result<Statement, Mistake> {
        use StatementKind as Kind;
        let mut span = self.header(statement);
        let kind = match statement {
            Stmt::Assign(assign) => {
                span = self.span(assign.range());
                let targets = self.expressions(&assign.targets)?;
                Kind::Assign { targets, value: self.expression(&assign.value)? }
            }
            Stmt::AugAssign(assign) => {
                span = self.span(assign.range());
                let operator = binary_operator(assign.op);
                let target = self.expression(&assign.target)?;
                Kind::AugmentedAssign { target, operator, value: self.expression(&assign.value)? }
            }
            Stmt::AnnAssign(assign) => {
                span = self.span(assign.range());
                Kind::AnnotatedAssign {
                    target: self.expression(&assign.target)?,
                    annotation: self.expression(&assign.annotation)?,
                    value: self.optional(assign.value.as_deref())?,
                }
            }
            Stmt::Return(result) => {
                span = self.span(result.range());
                Kind::Return(self.optional(result.value.as_deref())?)
            }
            Stmt::Expr(expression) => {
                span = self.span(expression.range());
                Kind::Expression(self.expression(&expression.value)?)
            }
            Stmt::Assert(assertion) => Kind::Assert {
                condition: self.expression(&assertion.test)?,
                message: self.optional(assertion.msg.as_deref())?,
            },
            Stmt::Raise(raise) => Kind::Raise { exception: self.optional(raise.exc.as_deref())? },
            Stmt::Pass(_) => Kind::Pass,
            Stmt::Delete(delete) => Kind::Delete { targets: self.expressions(&delete.targets)? },
            Stmt::Break(_) if self.loops > 0 => Kind::Break,
            Stmt::Continue(_) if self.loops > 0 => Kind::Continue,
            Stmt::Break(_) => {
                let mistake = self.mistake(ErrorClass::Syntax, span, "'break' outside of a loop");
                return Err(mistake.help("use 'return' to end the function"));
            }
            Stmt::Continue(_) => {
                let mistake = self.mistake(ErrorClass::Syntax, span, "'continue' outside of a loop");
                return Err(mistake.help("use 'pass' to do nothing"));
            }
            Stmt::If(branch) => return self.branches(branch, span),
            Stmt::While(repeat) => Kind::While {
                condition: self.expression(&repeat.test)?,
                body: self.loop_body(&repeat.body)?,
                otherwise: self.block(&repeat.orelse)?,
            },
            Stmt::For(repeat) if !repeat.is_async => Kind::For {
                target: self.expression(&repeat.target)?,
                iterable: self.expression(&repeat.iter)?,
                body: self.loop_body(&repeat.body)?,
                otherwise: self.block(&repeat.orelse)?,
            },
            Stmt::Try(attempt) => match attempt.handlers.as_slice() {
                handlers @ ([] | [_]) if !attempt.is_star => {
                    let body = self.block(&attempt.body)?;
                    let handler = handlers.first().map(|handler| self.handler(handler)).transpose()?;
                    let otherwise = self.block(&attempt.orelse)?;
                    Kind::Try { body, handler, otherwise, finally: self.block(&attempt.finalbody)? }
                }
                _ => Kind::Unsupported {
                    what: "several 'except' clauses",
                    instead: "write one, 'except Exception:', which handles every exception",
                },
            },
            Stmt::FunctionDef(definition) => Kind::Function(Box::new(self.function(definition)?)),
            other => {
                let (what, instead) = unsupported(other);
                Kind::Unsupported { what, instead }
            }
        };
        Ok(Statement { kind, span })
    }

    fn handler(&mut self, handler: &ast::ExceptHandler) -> Result<Handler, Mistake> {
        let ast::ExceptHandler::ExceptHandler(handler) = handler;
        Ok(Handler {
            exception: self.optional(handler.type_.as_deref())?,
            name: handler.name.as_ref().map(|name| name.id.to_string()),
            body: self.block(&handler.body)?,
        })
    }

    /// `if`, with `elif` as an `if` in the branch before it.
    fn branches(&mut self, branch: &ast::StmtIf, span: Span) -> Result<Statement, Mistake> {
        let mut clauses = Vec::new();
        let mut otherwise = Vec::new();
        let outer = self.blocks;
        clauses.push((self.expression(&branch.test)?, self.block(&branch.body)?, span));
        for clause in &branch.elif_else_clauses {
            let Some(test) = &clause.test else {
                otherwise = self.block(&clause.body)?;
                continue;
            };
            let span = self.span(TextRange::new(clause.range().start(), test.range().end()));
            self.blocks += 1;
            if self.blocks > MAX_BLOCKS {
                return Err(self.too_deep(span, "block"));
            }
            clauses.push((self.expression(test)?, self.block(&clause.body)?, span));
        }
        self.blocks = outer;
        let mut result = None;
        for (condition, then, span) in clauses.into_iter().rev() {
            otherwise.extend(result.take());
            let otherwise = std::mem::take(&mut otherwise);
            result = Some(Statement { kind: StatementKind::If { condition, then, otherwise }, span });
        }
        Ok(result.expect("the first clause is always there"))
    }
}

/// What a statement is that kernels cannot have, and what to write instead.
fn unsupported(statement: &Stmt) -> (&'static str, &'static str) {
    match statement {
        Stmt::ClassDef(_) => ("classes", "use scalars and arrays"),
        Stmt::TypeAlias(_) => ("'type' statements", "define the type at the top of the file: real = float32"),
        Stmt::For(_) => ("'async for' loops", "use a plain 'for' loop"),
        Stmt::With(_) => ("'with' statements", "open files and contexts outside of the kernel"),
        Stmt::Import(_) | Stmt::ImportFrom(_) => ("imports inside functions", "import at the top of the file"),
        Stmt::Global(_) => ("'global' statements", "pass the value as an argument, and return the result"),
        Stmt::Nonlocal(_) => ("'nonlocal' statements", "pass the value as an argument, and return the result"),
        _ => ("such statements", "use assignments, 'if', 'for' and 'while'"),
    }
}
