//! `match`: as `if` and `elif` with the comparisons that the patterns mean.
//!
//! A capture is an assignment expression in the condition, so that the guard, the block and what follows see the name
//! as in Python: `case n if n > 3` is `if ((n := subject), True)[1] and n > 3`.

use super::super::nesting::MAX_BLOCKS;
use super::Lower;
use crate::error::Mistake;
use crate::source::Span;
use crate::syntax::names;
use crate::syntax::tree::*;
use ruff_python_ast::{self as ast, Expr, Pattern};
use ruff_text_size::{Ranged, TextRange};

/// What a pattern demands; or why kernels cannot have it.
type Demanded = Result<Demands, Refused>;

/// All of it: first the tests, and names are bound only if all of them hold.
#[derive(Default)]
struct Demands {
    tests: Vec<Expression>,
    bindings: Vec<Expression>,
}

struct Refused {
    span: Span,
    what: &'static str,
    instead: &'static str,
}

impl Lower<'_> {
    /// The statements for a `match`.
    pub(super) fn cases(&mut self, statement: &ast::StmtMatch) -> Result<Vec<Statement>, Mistake> {
        let mut statements = Vec::new();
        let subject = self.expression(&statement.subject)?;
        // What changes while the cases are tried.
        let mut rebound = Vec::new();
        names::named(&subject, &mut |name| rebound.push(name.to_string()));
        let mut clauses = Vec::new();
        let outer = self.blocks;
        for case in &statement.cases {
            let guard = self.optional(case.guard.as_deref())?;
            guard.iter().for_each(|guard| names::named(guard, &mut |name| rebound.push(name.to_string())));
            captures(&case.pattern, &mut rebound);
            self.blocks += 1;
            let end = case.guard.as_ref().map_or(case.pattern.range().end(), |guard| guard.range().end());
            let span = self.span(TextRange::new(case.range().start(), end));
            if self.blocks > MAX_BLOCKS {
                return Err(self.too_deep(span, "block"));
            }
            clauses.push((&case.pattern, guard, self.block(&case.body)?, span));
        }
        self.blocks = outer;
        // What is compared, again and again, is evaluated once.
        let subject = match subject.kind {
            ExpressionKind::Tuple(items) => {
                let items = items.into_iter().map(|item| self.evaluated(item, &rebound, &mut statements));
                Expression { kind: ExpressionKind::Tuple(items.collect()), span: subject.span }
            }
            _ => self.evaluated(subject, &rebound, &mut statements),
        };
        let mut otherwise = Vec::new();
        for (pattern, guard, then, span) in clauses.into_iter().rev() {
            let kind = match self.pattern(pattern, &subject)? {
                Ok(Demands { mut tests, bindings }) => {
                    tests.extend(bindings);
                    tests.extend(guard);
                    StatementKind::If { condition: all(tests, span), then, otherwise }
                }
                Err(Refused { span, what, instead }) => {
                    let kind = StatementKind::Unsupported { what, instead };
                    return Ok(vec![Statement { kind, span }]);
                }
            };
            otherwise = vec![Statement { kind, span }];
        }
        statements.append(&mut otherwise);
        Ok(statements)
    }

    /// A name or a literal for `expression`, which is assigned to that name before.
    fn evaluated(&mut self, expression: Expression, rebound: &[String], statements: &mut Vec<Statement>) -> Expression {
        use ExpressionKind as Kind;
        match &expression.kind {
            Kind::Name(name) if !rebound.contains(name) => return expression,
            Kind::Integer(_) | Kind::Float { .. } | Kind::Bool(_) => return expression,
            _ => {}
        }
        self.subjects += 1;
        let span = expression.span;
        // No name of Python's has a blank.
        let name = Expression { kind: Kind::Name(format!("match {}", self.subjects)), span };
        let kind = StatementKind::Assign { targets: vec![name.clone()], value: expression };
        statements.push(Statement { kind, span });
        name
    }

    fn pattern(&mut self, pattern: &Pattern, subject: &Expression) -> Result<Demanded, Mistake> {
        let span = self.span(pattern.range());
        let refuse = |what, instead| Ok(Err(Refused { span, what, instead }));
        let whole = matches!(subject.kind, ExpressionKind::Tuple(_));
        match pattern {
            Pattern::MatchValue(_) | Pattern::MatchSingleton(_) if whole => {
                refuse("patterns of one value for several", "write as many patterns as values: case 1, 2:")
            }
            Pattern::MatchValue(value) => {
                if let Expr::StringLiteral(_) | Expr::BytesLiteral(_) | Expr::FString(_) = &*value.value {
                    return refuse("texts as patterns", "kernels compute with numbers: compare with numbers");
                }
                let value = self.expression(&value.value)?;
                Ok(Ok(test(compared(subject, Comparison::Equal, value, span))))
            }
            Pattern::MatchSingleton(singleton) => {
                let kind = match singleton.value {
                    ast::Singleton::None => ExpressionKind::None,
                    ast::Singleton::True => ExpressionKind::Bool(true),
                    ast::Singleton::False => ExpressionKind::Bool(false),
                };
                Ok(Ok(test(compared(subject, Comparison::Is, Expression { kind, span }, span))))
            }
            Pattern::MatchAs(named) => {
                let mut demands = match &named.pattern {
                    Some(inner) => match self.pattern(inner, subject)? {
                        Ok(demands) => demands,
                        refused => return Ok(refused),
                    },
                    None => Demands::default(),
                };
                if let Some(name) = &named.name {
                    let target = Expression { kind: ExpressionKind::Name(name.id.to_string()), span };
                    demands.bindings.push(binding(target, subject, span));
                }
                Ok(Ok(demands))
            }
            Pattern::MatchOr(several) => {
                let mut operands = Vec::new();
                for pattern in &several.patterns {
                    match self.pattern(pattern, subject)? {
                        Ok(demands) if !demands.bindings.is_empty() => {
                            return refuse(
                                "names in alternatives of a pattern",
                                "name all of it, (1 | 2) as n, or write a 'case' for each",
                            );
                        }
                        Ok(demands) => operands.push(all(demands.tests, self.span(pattern.range()))),
                        refused => return Ok(refused),
                    }
                }
                let kind = ExpressionKind::Logical { operator: Logical::Or, operands };
                Ok(Ok(test(Expression { kind, span })))
            }
            Pattern::MatchSequence(sequence) => {
                let ExpressionKind::Tuple(items) = &subject.kind else {
                    return refuse(
                        "patterns of several values for one",
                        "write the values after 'match', with commas between: match x, y:",
                    );
                };
                if let Some(Pattern::MatchStar(_)) =
                    sequence.patterns.iter().find(|pattern| matches!(pattern, Pattern::MatchStar(_)))
                {
                    return refuse(
                        "patterns with '*'",
                        "write a pattern for every value, '_' for those that do not matter",
                    );
                }
                if items.len() != sequence.patterns.len() {
                    return Ok(Ok(test(Expression { kind: ExpressionKind::Bool(false), span })));
                }
                let mut demands = Demands::default();
                for (pattern, item) in sequence.patterns.iter().zip(items) {
                    match self.pattern(pattern, item)? {
                        Ok(more) => {
                            demands.tests.extend(more.tests);
                            demands.bindings.extend(more.bindings);
                        }
                        refused => return Ok(refused),
                    }
                }
                Ok(Ok(demands))
            }
            Pattern::MatchMapping(_) => refuse("patterns of dictionaries", "match numbers, or tuples of numbers"),
            Pattern::MatchClass(_) => {
                refuse("patterns of classes", "match numbers: types are fixed when the kernel is compiled")
            }
            Pattern::MatchStar(_) => refuse("patterns with '*'", "write a pattern for every value"),
        }
    }
}

fn test(condition: Expression) -> Demands {
    Demands { tests: vec![condition], bindings: Vec::new() }
}

/// The names that a pattern binds.
fn captures(pattern: &Pattern, names: &mut Vec<String>) {
    match pattern {
        Pattern::MatchAs(named) => {
            named.pattern.iter().for_each(|inner| captures(inner, names));
            names.extend(named.name.iter().map(|name| name.id.to_string()));
        }
        Pattern::MatchOr(several) => several.patterns.iter().for_each(|pattern| captures(pattern, names)),
        Pattern::MatchSequence(sequence) => sequence.patterns.iter().for_each(|pattern| captures(pattern, names)),
        // Kernels cannot have the others that bind names.
        _ => {}
    }
}

fn compared(subject: &Expression, comparison: Comparison, value: Expression, span: Span) -> Expression {
    // Messages point at the pattern.
    let first = Box::new(Expression { kind: subject.kind.clone(), span });
    Expression { kind: ExpressionKind::Compare { first, rest: vec![(comparison, value)] }, span }
}

/// `((target := subject), True)[1]`
fn binding(target: Expression, subject: &Expression, span: Span) -> Expression {
    let of = |kind| Expression { kind, span };
    let value = Box::new(of(subject.kind.clone()));
    let named = of(ExpressionKind::Named { target: Box::new(target), value });
    let pair = of(ExpressionKind::Tuple(vec![named, of(ExpressionKind::Bool(true))]));
    of(ExpressionKind::Subscript { value: Box::new(pair), indices: vec![of(ExpressionKind::Integer(Some(1)))] })
}

fn all(mut demands: Vec<Expression>, span: Span) -> Expression {
    match demands.len() {
        0 => Expression { kind: ExpressionKind::Bool(true), span },
        1 => demands.remove(0),
        _ => Expression { kind: ExpressionKind::Logical { operator: Logical::And, operands: demands }, span },
    }
}
