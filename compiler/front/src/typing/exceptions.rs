//! What a function raises and prints: exceptions with their arguments, assertions, `print`.

use super::calls::Evaluated;
use super::item::{Item, Scalar};
use super::typer::Typer;
use crate::error::{ErrorClass, Result};
use crate::ir::{Argument, Fault, Region, Site, SiteId, Statement, Told, Value};
use crate::source::Span;
use crate::syntax::tree::{Expression, ExpressionKind, Keyword};
use crate::types::{Constant, ScalarType};

/// An exception: its name, what it is made with, and the values in that.
struct Exception {
    name: String,
    told: Vec<Told>,
    payloads: Vec<Value>,
}

/// More values are not passed along with an exception.
const MOST_PAYLOADS: usize = 8;

impl<'t> Typer<'t, '_> {
    pub fn assertion(&mut self, condition: &'t Expression, message: Option<&'t Expression>, span: Span) -> Result<()> {
        let item = self.expression(condition)?;
        let holds = self.truth(&item, condition.span)?;
        let fails = self.not(holds, condition.span);
        if !self.is_host() || message.is_none_or(|message| matches!(message.kind, ExpressionKind::String(_))) {
            let told = message.map(|message| self.plain_text(message).map(Told::Text)).transpose()?;
            let site = self.raising_site("AssertionError", told.into_iter().collect(), span);
            self.fail_if(fails, site, &[], span);
            return Ok(());
        }
        if fails.constant().is_some_and(|constant| constant.bits == 0) {
            return Ok(());
        }
        // The message is evaluated only where it is needed.
        let (then, ()) = self.in_region(|typer| {
            let exception = typer.exception_with("AssertionError", message.as_slice())?;
            typer.push_raise(exception, span);
            Ok(())
        })?;
        self.ended = false;
        let otherwise = Region::default();
        self.region.push(Statement::If { condition: fails.value, then, otherwise, rare: false });
        Ok(())
    }

    pub fn raise_statement(&mut self, exception: Option<&'t Expression>, span: Span) -> Result<()> {
        let again = match exception.map(|exception| &exception.kind) {
            None => self.raise_again(None),
            Some(ExpressionKind::Name(name)) => self.raise_again(Some(name)),
            Some(_) => false,
        };
        if again {
            return Ok(());
        }
        let exception = match exception {
            Some(exception) => self.exception(exception)?,
            None => {
                let told = vec![Told::Text("No active exception to reraise".into())];
                Exception { name: "RuntimeError".to_string(), told, payloads: Vec::new() }
            }
        };
        if self.is_host() {
            self.push_raise(exception, span);
            return Ok(());
        }
        let always = self.constant(Constant::bool(true), span);
        let site = self.raising_site(&exception.name, exception.told, span);
        self.fail_if(always, site, &exception.payloads, span);
        self.return_zeros();
        Ok(())
    }

    fn push_raise(&mut self, exception: Exception, span: Span) {
        let Exception { name, told, payloads } = exception;
        let site = self.raising_site(&name, told, span);
        self.region.push(Statement::Raise { site, payloads });
        self.ended = true;
    }

    /// Fails always, with an exception of Python's that says a text.
    pub fn raise_text(&mut self, name: &str, text: String, span: Span) {
        let told = vec![Told::Text(text.as_str().into())];
        self.push_raise(Exception { name: name.to_string(), told, payloads: Vec::new() }, span);
    }

    pub fn raising_site(&mut self, name: &str, told: Vec<Told>, span: Span) -> SiteId {
        let source = Some(self.unit.module.source.clone());
        self.function.site(Site { fault: Fault::Raised, message: name.to_string(), told, span, source })
    }

    /// A trap; a kernel's has a payload.
    pub fn fail_if(&mut self, condition: Scalar, site: SiteId, payloads: &[Value], span: Span) {
        if condition.constant().is_some_and(|constant| constant.bits == 0) {
            return;
        }
        let mut payloads = payloads.to_vec();
        if !self.is_host() {
            payloads.push(self.integer(ScalarType::I64, 0, span).value);
        }
        self.region.push(Statement::Trap { condition: condition.value, site, payloads, position: None });
    }

    /// `ValueError('text', 3)`, `ValueError`.
    fn exception(&mut self, exception: &'t Expression) -> Result<Exception> {
        let (name, arguments) = match &exception.kind {
            ExpressionKind::Call { function, arguments, keywords } => {
                if let Some(keyword) = keywords.first() {
                    let message = "exceptions are made without keyword arguments";
                    let mistake = self.mistake(ErrorClass::Unsupported, keyword.value.span, message);
                    return Err(mistake.help("leave the keyword out: raise ValueError(...)").into());
                }
                (function.as_ref(), arguments.iter().collect())
            }
            ExpressionKind::String(_) => {
                let message = "Directly raising a string constant as an exception is not supported.";
                let mistake = self.mistake(ErrorClass::Refused, exception.span, message);
                return Err(mistake.help("write 'raise ValueError(\"...\")'").into());
            }
            _ => (exception, Vec::new()),
        };
        match &name.kind {
            ExpressionKind::Name(name) | ExpressionKind::Attribute { name, .. } => {
                self.exception_with(name, &arguments)
            }
            _ => {
                let mistake =
                    self.mistake(ErrorClass::Unsupported, name.span, "kernels raise exceptions by their names");
                Err(mistake.help("write 'raise ValueError(\"...\")'").into())
            }
        }
    }

    fn exception_with(&mut self, name: &str, arguments: &[&'t Expression]) -> Result<Exception> {
        let (mut told, mut items) = (Vec::new(), Vec::new());
        for &argument in arguments {
            if !self.is_host() {
                told.push(self.fixed(argument)?);
                continue;
            }
            for (item, span) in self.arguments(std::slice::from_ref(argument))? {
                told.push(self.told(&item, span, &mut items)?);
            }
        }
        let span = arguments.first().map_or(Span::NONE, |argument| argument.span);
        let values = |item: &Argument| item.value();
        let payloads: Vec<Value> = items.iter().filter_map(values).collect();
        if payloads.len() < items.len() {
            let message = "exceptions are made with numbers, strings, None and tuples of them";
            let mistake = self.mistake(ErrorClass::Unsupported, span, message);
            return Err(mistake.help("leave the array out, or pass some of its elements").into());
        }
        if payloads.len() > MOST_PAYLOADS {
            let message = format!("exceptions are made with {MOST_PAYLOADS} computed numbers at most");
            let mistake = self.mistake(ErrorClass::Unsupported, span, message);
            return Err(mistake.help("leave some out").into());
        }
        Ok(Exception { name: name.to_string(), told, payloads })
    }

    /// What a kernel's exception is made with: a plain string, or a number that is known.
    fn fixed(&mut self, argument: &'t Expression) -> Result<Told> {
        let refused = match self.plain_text(argument) {
            Ok(text) => return Ok(Told::Text(text)),
            Err(refused) => refused,
        };
        match self.expression(argument) {
            Ok(item @ (Item::Scalar(_) | Item::Literal(_))) => match self.number(&item, argument.span)?.constant() {
                Some(constant) => Ok(Told::Known(constant)),
                None => Err(refused),
            },
            _ => Err(refused),
        }
    }

    /// Fails always: what follows is not reached.
    pub fn raise(&mut self, fault: Fault, message: String, payloads: &[Value], span: Span) {
        let site = self.site(fault, message, span);
        self.region.push(Statement::Raise { site, payloads: payloads.to_vec() });
        self.ended = true;
    }

    /// The text that an exception or an assertion of a kernel says.
    fn plain_text(&self, message: &Expression) -> Result<std::sync::Arc<str>> {
        let shadowed = matches!(&message.kind, ExpressionKind::Name(name)
            if self.environment.contains_key(name.as_str()) || self.assigned.contains(name.as_str()));
        match &message.kind {
            ExpressionKind::String(text) => return Ok(text.as_str().into()),
            ExpressionKind::Name(_) if !shadowed => {
                if let ExpressionKind::String(text) = &self.unit.module.resolve(message).kind {
                    return Ok(text.as_str().into());
                }
            }
            _ => {}
        }
        let text =
            "the messages of exceptions in kernels are plain strings: they are fixed when the kernel is compiled";
        let mistake = self.mistake(ErrorClass::Unsupported, message.span, text);
        Err(mistake.help("write a plain string; the error tells the position of the element that failed").into())
    }

    /// `print(...)`.
    pub fn print(&mut self, arguments: &'t [Expression], keywords: &[Keyword], span: Span) -> Result<Item<'t>> {
        if let Some(keyword) = keywords.first() {
            let message = "Numba's print() function implementation does not support keyword arguments.";
            let mistake = self.mistake(ErrorClass::Refused, keyword.value.span, message);
            return Err(mistake.help("leave the keyword out").into());
        }
        let evaluated = self.arguments(arguments)?;
        self.print_items(&evaluated, span)?;
        Ok(Item::None)
    }

    /// A line for every way: something that may be None is one or the other.
    fn print_items(&mut self, items: &[Evaluated<'t>], span: Span) -> Result<()> {
        let found = items.iter().enumerate().find_map(|(place, (item, _))| Some((place, both_ways(item)?)));
        if let Some((place, (there, something, nothing))) = found {
            let with = |item: Item<'t>| {
                let mut items = items.to_vec();
                items[place].0 = item;
                items
            };
            let (something, nothing) = (with(something), with(nothing));
            let (then, ()) = self.in_region(|typer| typer.print_items(&something, span))?;
            let (otherwise, ()) = self.in_region(|typer| typer.print_items(&nothing, span))?;
            self.region.push(Statement::If { condition: there.value, then, otherwise, rare: false });
            return Ok(());
        }
        let (mut told, mut filling) = (Vec::new(), Vec::new());
        for (item, at) in items {
            told.push(self.told(item, *at, &mut filling)?);
        }
        let source = Some(self.unit.module.source.clone());
        let site = self.function.site(Site { fault: Fault::Printed, message: String::new(), told, span, source });
        self.region.push(Statement::Print { site, items: filling });
        Ok(())
    }

    /// How a site speaks of an item; what fills its places is added to `filling`.
    fn told(&mut self, item: &Item<'t>, span: Span, filling: &mut Vec<Argument>) -> Result<Told> {
        Ok(match item {
            Item::None => Told::None,
            Item::Text(text) => Told::Text(text.clone()),
            Item::Complex(number) => {
                filling.extend([number.real.value, number.imaginary.value].map(Argument::Value));
                Told::Complex(number.part())
            }
            Item::Array(array) => {
                filling.push(Argument::Array(*array));
                let array = &self.function.arrays[array.index()];
                Told::Array(array.scalar, array.rank)
            }
            Item::Tuple(_) | Item::Constants(_) | Item::Named(..) => {
                let items = self.unpack(item, span)?;
                Told::Tuple(items.iter().map(|item| self.told(item, span, filling)).collect::<Result<_>>()?)
            }
            Item::Optional(..) => {
                let mistake = self.mistake(
                    ErrorClass::Unsupported,
                    span,
                    "exceptions with something that may be None are not there yet",
                );
                return Err(mistake.help("ask first: if x is not None").into());
            }
            item => {
                let number = self.number(item, span)?;
                match number.constant() {
                    Some(constant) => Told::Known(constant),
                    None => {
                        filling.push(number.value.into());
                        Told::Scalar(number.scalar)
                    }
                }
            }
        })
    }
}

/// An item in which something may be None: whether that is there, the item if it is, and the item if it is not.
fn both_ways<'t>(item: &Item<'t>) -> Option<(Scalar, Item<'t>, Item<'t>)> {
    let parts = match item {
        Item::Optional(there, inner) => return Some((*there, (**inner).clone(), Item::None)),
        Item::Tuple(parts) | Item::Named(_, parts) => parts,
        _ => return None,
    };
    let (place, (there, something, nothing)) =
        parts.iter().enumerate().find_map(|(place, part)| Some((place, both_ways(part)?)))?;
    let with = |part: Item<'t>| {
        let mut parts = parts.clone();
        parts[place] = part;
        match item {
            Item::Named(class, _) => Item::Named(class.clone(), parts),
            _ => Item::Tuple(parts),
        }
    };
    Some((there, with(something), with(nothing)))
}
