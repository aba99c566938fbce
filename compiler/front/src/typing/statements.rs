//! Statements: assignments, branches, returns, failures. Loops are in `loops`.

use super::Rules;
use super::environment::Way;
use super::item::{Item, Literal};
use super::loops::Drive;
use super::names::Builtin;
use super::parameters::unknown_type;
use super::typer::Typer;
use crate::error::{Error, ErrorClass, Result};
use crate::ir::Region;
use crate::source::Span;
use crate::syntax::dtype;
use crate::syntax::tree::{
    BinaryOperator, Comparison, Expression, ExpressionKind, Statement, StatementKind, UnaryOperator,
};
use crate::types::{Constant, ScalarType};

/// Expressions and statements inside one another, at most.
pub const MOST_NESTED: u32 = 160;

impl<'t> Typer<'t, '_> {
    pub fn block(&mut self, statements: &'t [Statement]) -> Result<()> {
        for statement in statements {
            // What is never reached is not typed.
            if self.ended {
                break;
            }
            let emit = |typer: &mut Self| typer.nested(statement.span, |typer| typer.statement(statement));
            if self.unless_it_ends(emit)?.is_none() {
                self.ended = true;
            }
        }
        Ok(())
    }

    /// What `evaluate` gives; `None` if the way that it is on ends in it. What it emitted until then stays.
    pub fn unless_it_ends<R>(&mut self, evaluate: impl FnOnce(&mut Self) -> Result<R>) -> Result<Option<R>> {
        let (loops, lambdas, ended) = (self.loops.len(), self.lambdas.len(), self.ended);
        let (guards, finals, caught) = (self.guards.len(), self.finals.clone(), self.caught.len());
        match evaluate(self) {
            Err(Error::Diverges) => {
                self.loops.truncate(loops);
                self.lambdas.truncate(lambdas);
                self.guards.truncate(guards);
                self.finals = finals;
                self.caught.truncate(caught);
                self.ended = ended;
                Ok(None)
            }
            result => result.map(Some),
        }
    }

    /// Runs `inner` one level deeper. Error: too deep for the stack.
    pub fn nested<R>(&mut self, span: Span, inner: impl FnOnce(&mut Self) -> Result<R>) -> Result<R> {
        if self.program.depth >= MOST_NESTED {
            let mistake = self.mistake(ErrorClass::Unsupported, span, "this is nested too deeply");
            return Err(mistake.help("give names to parts of it").into());
        }
        self.program.depth += 1;
        let result = inner(self);
        self.program.depth -= 1;
        result
    }

    fn statement(&mut self, statement: &'t Statement) -> Result<()> {
        let span = statement.span;
        self.check_size(span)?;
        match &statement.kind {
            StatementKind::Assign { targets, value } => {
                let item = self.expression(value)?;
                targets.iter().try_for_each(|target| self.bind(target, item.clone(), value.span))
            }
            StatementKind::AugmentedAssign { target, operator, value } => {
                self.augmented(target, *operator, value, span)
            }
            StatementKind::AnnotatedAssign { target, annotation, value } => {
                let Some(value) = value else { return Ok(()) };
                let item = self.expression(value)?;
                // Numba takes no notice of it.
                if self.unit.rules == Rules::Numba {
                    return self.bind(target, item, value.span);
                }
                let Some(scalar) = dtype::scalar_type(self.unit.module, annotation) else {
                    return Err(unknown_type(self.unit, annotation).into());
                };
                let number = self.as_type(&item, scalar, value.span)?;
                self.bind(target, Item::Scalar(number), value.span)
            }
            StatementKind::If { condition, then, otherwise } => self.branch(statement, condition, then, otherwise),
            StatementKind::While { condition, .. } => self.looped(statement, &Drive::While(condition)),
            StatementKind::For { target, iterable, body, otherwise } => {
                self.for_loop(statement, target, iterable, body, otherwise)
            }
            StatementKind::Function(definition) => self.define_function(definition),
            StatementKind::Break => self.break_loop(span),
            StatementKind::Continue => self.continue_loop(span),
            StatementKind::Return(Some(value)) => {
                let item = self.expression(value)?;
                if matches!(item, Item::Array(_)) && !self.is_host() {
                    let message = "stencil kernel must return a scalar and not a numpy array";
                    let help = "return one element, for example a[0, 0], or a number computed from several";
                    return Err(self.mistake(ErrorClass::Type, value.span, message).help(help).into());
                }
                self.return_item(item, value.span)
            }
            StatementKind::Return(None) if self.is_host() => self.return_item(Item::None, span),
            StatementKind::Return(None) => {
                let mistake = self.mistake(ErrorClass::Type, span, "kernels must return a value");
                Err(mistake.help("return a number").into())
            }
            StatementKind::Pass => Ok(()),
            StatementKind::Delete { targets } => targets.iter().try_for_each(|target| self.delete(target)),
            StatementKind::Expression(expression) => match &expression.kind {
                // A docstring.
                ExpressionKind::String(_) | ExpressionKind::Ellipsis => Ok(()),
                _ => self.expression(expression).map(|_| ()),
            },
            StatementKind::Assert { condition, message } => self.assertion(condition, message.as_ref(), span),
            StatementKind::Raise { exception } => self.raise_statement(exception.as_ref(), span),
            StatementKind::Try { .. } => self.try_statement(statement),
            StatementKind::Unsupported { what, instead } => {
                let mistake = self.mistake(ErrorClass::Unsupported, span, format!("kernels cannot use {what}"));
                Err(mistake.help(*instead).into())
            }
        }
    }

    /// Assigns `item` to a target: a name, or names to be unpacked to.
    pub fn bind(&mut self, target: &'t Expression, item: Item<'t>, span: Span) -> Result<()> {
        match &target.kind {
            ExpressionKind::Name(name) => {
                // A literal takes the type of the number that it replaces, if that can hold it.
                let item = match (&item, self.environment.get(name.as_str())) {
                    (Item::Literal(Literal::Integer(_)), Some(Item::Scalar(old))) if old.scalar != ScalarType::Bool => {
                        Item::Scalar(self.exactly(&item, old.scalar, span)?)
                    }
                    (Item::Literal(Literal::Float(_)), Some(Item::Scalar(old))) if old.scalar.is_float() => {
                        Item::Scalar(self.exactly(&item, old.scalar, span)?)
                    }
                    _ => item,
                };
                self.environment.insert(name, item);
                self.keep_for_handlers(name, span)
            }
            ExpressionKind::Tuple(targets) | ExpressionKind::List(targets) => {
                let items = self.unpack(&item, span)?;
                if items.len() != targets.len() {
                    let message = format!(
                        "{} unpacked to {}",
                        super::count(items.len(), "value"),
                        super::count(targets.len(), "name")
                    );
                    return Err(self
                        .mistake(ErrorClass::Value, target.span, message)
                        .help("make the numbers equal")
                        .into());
                }
                targets.iter().zip(items).try_for_each(|(target, item)| self.bind(target, item, span))
            }
            ExpressionKind::Subscript { value, indices } if self.is_host() => {
                self.assign_subscript(value, indices, &item, target.span)
            }
            ExpressionKind::Subscript { .. } => {
                let relative = self.arrays.iter().any(|array| array.window.is_some());
                let message = if relative {
                    "assignments to arrays passed to stencil kernels are not allowed"
                } else {
                    "kernels cannot assign to elements"
                };
                Err(self.mistake(ErrorClass::Unsupported, target.span, message).help("return the value instead").into())
            }
            _ => {
                let mistake = self.mistake(ErrorClass::Unsupported, target.span, "kernels can only assign to names");
                Err(mistake.help("assign to a name, or to several: a, b = ...").into())
            }
        }
    }

    /// `del`: the name is as if it had not been assigned. In kernels, which cannot tell when running whether a name was
    /// assigned, no later read of it is compiled.
    fn delete(&mut self, target: &'t Expression) -> Result<()> {
        match &target.kind {
            ExpressionKind::Name(name) => {
                let item = self.expression(target)?;
                let item = match self.is_host() {
                    true => Item::Maybe(self.constant(Constant::bool(false), target.span), Box::new(item)),
                    false => Item::Mixed(format!("'{name}' is read after it is deleted")),
                };
                self.environment.insert(name, item);
                self.keep_for_handlers(name, target.span)
            }
            ExpressionKind::Tuple(targets) | ExpressionKind::List(targets) => {
                targets.iter().try_for_each(|target| self.delete(target))
            }
            _ => {
                let mistake = self.mistake(ErrorClass::Unsupported, target.span, "kernels can only delete names");
                Err(mistake.help("remove the statement").into())
            }
        }
    }

    fn augmented(
        &mut self,
        target: &'t Expression,
        operator: BinaryOperator,
        value: &'t Expression,
        span: Span,
    ) -> Result<()> {
        if let ExpressionKind::Subscript { value: base, indices } = &target.kind
            && self.is_host()
        {
            return self.augment_subscript((base, indices), operator, value, span);
        }
        if !matches!(target.kind, ExpressionKind::Name(_)) {
            // The message of an ordinary assignment.
            return self.bind(target, Item::Tuple(Vec::new()), span);
        }
        let left = self.expression(target)?;
        let right = self.expression(value)?;
        if let Item::Array(array) = left
            && self.is_host()
        {
            return self.augment_array(array, operator, &right, span);
        }
        let item = self.binary(operator, left, right, target.span, value.span)?;
        self.bind(target, item, span)
    }

    fn branch(
        &mut self,
        statement: &'t Statement,
        condition: &'t Expression,
        then: &'t [Statement],
        otherwise: &'t [Statement],
    ) -> Result<()> {
        let (condition, rare) = match self.rare_condition(condition)? {
            Some(inner) => (inner, true),
            None => (condition, false),
        };
        if rare && !otherwise.is_empty() {
            let mistake = self.mistake(ErrorClass::Unsupported, statement.span, "'if rare(...)' has no 'else'");
            return Err(mistake.help("compute the usual value first and overwrite it in the rare block").into());
        }
        let condition_text = condition;
        let item = self.expression(condition)?;
        let condition = self.truth(&item, condition.span)?;
        if let Some(constant) = condition.constant()
            && (!self.is_host() || self.prunes(condition_text))
        {
            return self.block(if constant.bits != 0 { then } else { otherwise });
        }
        let live = self.liveness.at(statement).after;
        let before = self.environment.clone();
        let then = self.way(then)?;
        self.environment = before;
        let otherwise = self.way(otherwise)?;
        self.join(condition, then, otherwise, &live, rare, statement.span)
    }

    /// Whether a branch on this condition, which is known when compiling, is pruned before the other one is typed: so
    /// that types do not depend on how much the compiler finds out.
    fn prunes(&self, condition: &Expression) -> bool {
        match &condition.kind {
            ExpressionKind::Bool(_)
            | ExpressionKind::Integer(_)
            | ExpressionKind::Float { .. }
            | ExpressionKind::None
            | ExpressionKind::String(_) => true,
            // Of a parameter that was left out, say; globals.
            ExpressionKind::Name(name) => match self.environment.get(name.as_str()) {
                Some(item) => matches!(item, Item::None | Item::Text(_) | Item::Dtype(_)),
                None => !self.assigned.contains(name.as_str()),
            },
            ExpressionKind::Attribute { value, name, .. } => {
                let array = matches!(&value.kind, ExpressionKind::Name(array)
                    if matches!(self.environment.get(array.as_str()), Some(Item::Array(_))));
                (array && matches!(name.as_str(), "ndim" | "dtype")) || self.unit.module.path(condition).is_some()
            }
            ExpressionKind::Compare { first, rest } => {
                let identity = rest.iter().all(|(comparison, operand)| {
                    matches!(comparison, Comparison::Is | Comparison::IsNot)
                        && matches!(operand.kind, ExpressionKind::None)
                });
                identity || (self.prunes(first) && rest.iter().all(|(_, operand)| self.prunes(operand)))
            }
            ExpressionKind::Unary { operator: UnaryOperator::Not, operand } => self.prunes(operand),
            ExpressionKind::Logical { operands, .. } => operands.iter().all(|operand| self.prunes(operand)),
            ExpressionKind::Tuple(items) | ExpressionKind::List(items) => items.iter().all(|item| self.prunes(item)),
            ExpressionKind::Call { function, .. } => {
                matches!(&function.kind, ExpressionKind::Name(name) if matches!(name.as_str(), "isinstance" | "hasattr"))
            }
            _ => false,
        }
    }

    /// Emits statements on a way of their own, from the present environment.
    pub fn way(&mut self, statements: &'t [Statement]) -> Result<Way<'t>> {
        let (region, ()) = self.in_region(|typer| typer.block(statements))?;
        let ended = std::mem::replace(&mut self.ended, false);
        Ok(Way { region, environment: self.environment.clone(), ended })
    }

    /// The way on which nothing happens.
    pub fn empty_way(&self) -> Way<'t> {
        Way { region: Region::default(), environment: self.environment.clone(), ended: false }
    }

    /// The condition inside `rare(...)`.
    fn rare_condition(&self, condition: &'t Expression) -> Result<Option<&'t Expression>> {
        let ExpressionKind::Call { function, arguments, .. } = &condition.kind else { return Ok(None) };
        let ExpressionKind::Name(name) = &function.kind else { return Ok(None) };
        let is_rare = self.unit.rules == Rules::Exact
            && Builtin::from_exact_name(name) == Some(Builtin::Rare)
            && !self.environment.contains_key(name.as_str())
            && self.unit.module.function(name).is_none();
        match arguments.as_slice() {
            [inner] if is_rare => Ok(Some(inner)),
            _ => Ok(None),
        }
    }
}
