//! Of whole functions: `getattr` and `hasattr` with names that are known when compiling, and `type(x)(...)`.

use super::expressions::root_name;
use super::item::{Item, Literal};
use super::typer::Typer;
use crate::constants;
use crate::error::{Error, ErrorClass, Result};
use crate::source::Span;
use crate::syntax::tree::{Expression, ExpressionKind};
use crate::types::{Constant, ScalarType};

/// What every object of Python has. Compiled functions have none of it, and `hasattr` says what Python says.
const OF_EVERY_OBJECT: &[&str] = &["__class__", "__doc__", "__eq__", "__hash__", "__ne__", "__repr__", "__str__"];

impl<'t> Typer<'t, '_> {
    /// `getattr(value, name)`, `getattr(value, name, default)`, `hasattr(value, name)`.
    pub fn attribute_by_name(&mut self, function: &str, arguments: &'t [Expression], span: Span) -> Result<Item<'t>> {
        let (value, name, default) = match arguments {
            [value, name] => (value, name, None),
            [value, name, default] if function == "getattr" => (value, name, Some(default)),
            _ => return Err(self.wrong_count(function, "an object and the name of an attribute", span).into()),
        };
        let attribute = self.name_of_attribute(function, name)?;
        let local = root_name(value).is_some_and(|root| self.environment.contains_key(root));
        if !local && let Some(path) = self.unit.module.path(value) {
            return match constants::named(&format!("{path}.{attribute}")) {
                Some(_) if function == "hasattr" => Ok(Item::Scalar(self.constant(Constant::bool(true), span))),
                Some(value) => self.constant_item(value, span, true),
                None => {
                    let mistake = self.mistake(ErrorClass::Type, span, "Returning function objects is not implemented");
                    Err(mistake.help(format!("call it by its name: {path}.{attribute}(...)")).into())
                }
            };
        }
        let item = self.expression(value)?;
        let default = default.map(|default| self.expression(default)).transpose()?;
        let of_every_object = OF_EVERY_OBJECT.contains(&attribute.as_ref());
        if function == "getattr" && of_every_object {
            let message = format!("compiled functions do not have the attribute '{attribute}' yet");
            let mistake = self.mistake(ErrorClass::Unsupported, name.span, message);
            return Err(mistake.help("shape, size, ndim, dtype, T, real and imag are there").into());
        }
        let found = match of_every_object {
            true => Ok(Item::None),
            false => self.attribute_of(item.clone(), &attribute, span),
        };
        let found = match found {
            Ok(found) => Some(found),
            Err(error) if error.class() == Some(ErrorClass::Type) => None,
            Err(error) if matches!(item, Item::Array(_)) && attribute.starts_with('_') => {
                drop(error);
                None
            }
            Err(error) => return Err(error),
        };
        if function == "hasattr" {
            return Ok(Item::Scalar(self.constant(Constant::bool(found.is_some()), span)));
        }
        match (found, default) {
            (Some(found), _) | (None, Some(found)) => Ok(found),
            (None, None) => {
                let of = self.item_type(&item).map_or_else(|| item.describe(), |of| of.settled().to_string());
                self.raise_text("AttributeError", format!("'{of}' has no attribute '{attribute}'"), span);
                Err(Error::Diverges)
            }
        }
    }

    fn name_of_attribute(&mut self, function: &str, name: &'t Expression) -> Result<std::sync::Arc<str>> {
        self.refuse_branch(function, name)?;
        match self.expression(name)? {
            Item::Text(text) => Ok(text),
            _ => {
                let mistake = self.mistake(ErrorClass::Type, name.span, "argument 'name' must be a literal string");
                Err(mistake.help("write the name of the attribute where it is used").into())
            }
        }
    }

    /// Error: a name that means several things, of which a function that is known when compiling is asked.
    pub fn refuse_branch(&self, function: &str, name: &Expression) -> Result<()> {
        if let ExpressionKind::Name(variable) = &name.kind
            && let Some(Item::Mixed(_)) = self.environment.get(variable.as_str())
        {
            let message = format!("{function}() cannot determine the type of variable \"{variable}\" due to a branch.");
            let mistake = self.mistake(ErrorClass::Type, name.span, message);
            return Err(mistake.help("give the name one meaning on every way, or another name on each").into());
        }
        Ok(())
    }

    /// What `type(value)` is called with, if that is what stands there.
    pub fn class_of(&self, function: &'t Expression) -> Option<&'t Expression> {
        let ExpressionKind::Call { function, arguments, keywords } = &function.kind else { return None };
        let plain = matches!(&function.kind, ExpressionKind::Name(name) if name == "type"
            && !self.environment.contains_key("type") && !self.unit.module.defines("type"));
        match arguments.as_slice() {
            [value] if plain && keywords.is_empty() && self.is_host() => Some(value),
            _ => None,
        }
    }

    /// `type(value)(argument)`: converts.
    pub fn call_class_of(
        &mut self,
        value: &'t Expression,
        arguments: &'t [Expression],
        span: Span,
    ) -> Result<Item<'t>> {
        let item = self.expression(value)?;
        let scalar = match &item {
            Item::Scalar(scalar) => scalar.scalar,
            Item::Literal(Literal::Integer(_)) => ScalarType::I64,
            Item::Literal(Literal::Float(_)) => ScalarType::F64,
            Item::Complex(number) => {
                let part = number.part();
                let evaluated = self.arguments(arguments)?;
                return self.make_complex(Some(part), &evaluated, span);
            }
            _ => {
                let message = format!("the type of {} cannot be called", item.describe());
                let mistake = self.mistake(ErrorClass::Unsupported, value.span, message);
                return Err(mistake.help("types of numbers can: type(x)(y)").into());
            }
        };
        self.call_cast(scalar, arguments, span)
    }
}
