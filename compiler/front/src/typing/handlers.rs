//! `try`: what its handler finds, and what stands in its `finally`.
//!
//! A name that the body assigns and that the handler reads lives in a variable, which is set at every assignment: the body may
//! stop anywhere.

use super::carried::Carried;
use super::environment::Way;
use super::item::Item;
use super::typer::Typer;
use crate::error::{Error, ErrorClass, Result};
use crate::ir::{self, Region, VariableId};
use crate::source::Span;
use crate::syntax::names;
use crate::syntax::tree::{ExpressionKind, Handler, Statement, StatementKind};
use crate::types::ScalarType;

/// A `try` whose body is being emitted.
pub struct Guard<'t> {
    carried: Carried<'t>,
    /// Names of lambdas inside are others.
    lambdas: usize,
}

/// A `finally` around what is being emitted.
#[derive(Clone, Copy)]
pub struct Final<'t> {
    block: &'t [Statement],
    /// The loops around it.
    loops: usize,
    /// Whether it runs already, before a way out: then its own failures do not run it again.
    runs: VariableId,
}

/// The types of variables only grow, and there are few of them.
const MOST_ATTEMPTS: usize = 64;

impl<'t> Typer<'t, '_> {
    pub fn try_statement(&mut self, statement: &'t Statement) -> Result<()> {
        let StatementKind::Try { body, handler, otherwise, finally } = &statement.kind else {
            return Err(Error::Internal("this is no try".into()));
        };
        if !self.is_host() {
            let mistake = self.mistake(ErrorClass::Unsupported, statement.span, "kernels cannot use 'try' statements");
            return Err(mistake.help("test for the exceptional case with 'if'").into());
        }
        if finally.is_empty() {
            return match handler {
                Some(handler) => self.handled(statement, body, handler, otherwise),
                None => self.block(body),
            };
        }
        let span = statement.span;
        let runs = self.function.variable("finally", ScalarType::Bool);
        self.set_truth(runs, false, span);
        let this = Final { block: finally, loops: self.loops.len(), runs };
        let inner = |typer: &mut Self| {
            typer.finals.push(this);
            let emitted = match handler {
                Some(handler) => typer.handled(statement, body, handler, otherwise),
                None => typer.block(body).and_then(|()| match typer.ended {
                    true => Ok(()),
                    false => typer.block(otherwise),
                }),
            };
            typer.finals.pop();
            emitted
        };
        let last = |typer: &mut Self, number: u32| {
            typer.raise_again_if(runs, number, span);
            for last in typer.finals.clone() {
                typer.raise_again_if(last.runs, number, span);
            }
            typer.block(finally)?;
            if !typer.ended {
                typer.region.push(ir::Statement::Reraise { number });
                typer.ended = true;
            }
            Ok(())
        };
        self.attempt(statement, inner, last)?;
        if self.ended { Ok(()) } else { self.block(finally) }
    }

    /// `try` with an `except`.
    fn handled(
        &mut self,
        statement: &'t Statement,
        body: &'t [Statement],
        handler: &'t Handler,
        otherwise: &'t [Statement],
    ) -> Result<()> {
        let span = statement.span;
        if let Some(exception) = &handler.exception
            && !matches!(&exception.kind, ExpressionKind::Name(name) if name == "Exception")
        {
            let message = "Exception matching is limited to <class 'Exception'>";
            let mistake = self.mistake(ErrorClass::Refused, exception.span, message);
            return Err(mistake.help("write 'except Exception:', which handles every exception").into());
        }
        // Whether the body came to its end, for `else`.
        let completed = (!otherwise.is_empty()).then(|| self.function.variable("completed", ScalarType::Bool));
        if let Some(completed) = completed {
            self.set_truth(completed, false, span);
        }
        let mut can_complete = false;
        let inner = |typer: &mut Self| {
            typer.block(body)?;
            can_complete = !typer.ended;
            if let Some(completed) = completed
                && can_complete
            {
                typer.set_truth(completed, true, span);
            }
            Ok(())
        };
        let mut handler_ends = false;
        let recover = |typer: &mut Self, number: u32| {
            // What a `finally` around raises on a way out is not this handler's, though it stands in the body.
            for last in typer.finals.clone() {
                typer.raise_again_if(last.runs, number, span);
            }
            if let Some(name) = &handler.name {
                let why = format!("'{name}' is an exception, which functions can only raise again");
                typer.environment.insert(name, Item::Mixed(why));
            }
            typer.caught.push((number, handler.name.as_deref()));
            let emitted = typer.block(&handler.body);
            typer.caught.pop();
            if let Some(name) = &handler.name {
                typer.environment.remove(name.as_str());
            }
            handler_ends = typer.ended;
            emitted
        };
        self.attempt(statement, inner, recover)?;
        let Some(completed) = completed else { return Ok(()) };
        if self.ended || !can_complete {
            return Ok(());
        }
        if handler_ends {
            return self.block(otherwise);
        }
        let condition = self.define(ScalarType::Bool, span, ir::Expression::Get(completed));
        let live = self.liveness.at(statement).after;
        let empty = self.empty_way();
        let way = self.way(otherwise)?;
        self.join(condition, way, empty, &live, false, span)
    }

    /// Emits a `try` of the IR, again until its variables hold what is stored in them.
    fn attempt(
        &mut self,
        statement: &'t Statement,
        mut body: impl FnMut(&mut Self) -> Result<()>,
        mut handler: impl FnMut(&mut Self, u32) -> Result<()>,
    ) -> Result<()> {
        let span = statement.span;
        let number = self.tries;
        self.tries += 1;
        let live = self.liveness.at(statement);
        let mut names = names::assigned(std::slice::from_ref(statement));
        names.retain(|name| live.head.contains(name));
        let entry = self.environment.clone();
        let mut found = self.forms_of(&names);
        let checkpoint = self.checkpoint();
        for _ in 0..MOST_ATTEMPTS {
            self.check_size(span)?;
            let carried = self.carry(&names, &found, &entry, false, span)?;
            self.guards.push(Guard { carried, lambdas: self.lambdas.len() });
            let (region, ()) = self.in_region(|typer| body(typer))?;
            let guard = self.guards.pop().ok_or_else(|| Error::Internal("a try was lost".into()))?;
            let ended = std::mem::replace(&mut self.ended, false);
            if guard.carried.widen(&mut found) {
                self.roll_back(&checkpoint);
                self.environment.clone_from(&entry);
                continue;
            }
            let body = Way { region, environment: std::mem::replace(&mut self.environment, entry.clone()), ended };
            let (region, ()) = self.in_region(|typer| {
                typer.load_names(&guard.carried, span);
                handler(typer, number)
            })?;
            let ended = std::mem::replace(&mut self.ended, false);
            let handler = Way { region, environment: self.environment.clone(), ended };
            return self.join_handled(number, body, handler, &entry, &live.after, span);
        }
        Err(Error::Internal("the types of a try did not settle".into()))
    }

    fn raise_again_if(&mut self, flag: VariableId, number: u32, span: Span) {
        let flag = self.define(ScalarType::Bool, span, ir::Expression::Get(flag));
        let then = Region { statements: vec![ir::Statement::Reraise { number }] };
        let otherwise = Region::default();
        self.region.push(ir::Statement::If { condition: flag.value, then, otherwise, rare: false });
    }

    /// Behind an assignment to `name`.
    pub fn keep_for_handlers(&mut self, name: &str, span: Span) -> Result<()> {
        for number in 0..self.guards.len() {
            let carried = &self.guards[number].carried;
            let place = carried.names.iter().position(|carried| carried.name == name);
            let Some(place) = place.filter(|_| self.guards[number].lambdas == self.lambdas.len()) else { continue };
            let nothing = Carried::default();
            let mut carried = std::mem::replace(&mut self.guards[number].carried, nothing);
            let stored = self.store_name(&mut carried, place, span);
            self.guards[number].carried = carried;
            stored?;
        }
        Ok(())
    }

    /// Before a way out of all but so many loops: the `finally` blocks that it leaves, the innermost first.
    pub fn run_finals(&mut self, loops: usize, span: Span) -> Result<()> {
        let leaves = |last: &Final| last.loops >= loops;
        let kept = self.finals.len() - self.finals.iter().rev().take_while(|last| leaves(last)).count();
        let all = self.finals.clone();
        for number in (kept..all.len()).rev() {
            if self.ended {
                break;
            }
            self.finals.truncate(number);
            self.set_truth(all[number].runs, true, span);
            self.block(all[number].block)?;
        }
        self.finals = all;
        Ok(())
    }

    /// `raise` of what is being handled: alone, or with the name that `except` gives it. False: nothing is.
    pub fn raise_again(&mut self, name: Option<&str>) -> bool {
        let named = |(_, known): &&(u32, Option<&str>)| name.is_none() || *known == name;
        let Some(&(number, _)) = self.caught.iter().rev().find(named) else { return false };
        self.region.push(ir::Statement::Reraise { number });
        self.ended = true;
        true
    }
}
