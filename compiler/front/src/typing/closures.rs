//! Functions inside of functions, by `def` or `lambda`: what they take from around, and calls of them.
//!
//! Names mean what they mean when the function is called, as in Python. A lambda is evaluated where it is called. Another
//! function becomes one of its own, specialized as the helpers of a file are; what it takes from around becomes further
//! parameters of it, functions that it calls with all that these take from around.

use super::calls::Evaluated;
use super::environment::Environment;
use super::item::{Item, ItemType};
use super::typer::Typer;
use crate::error::{ErrorClass, Mistake, Result};
use crate::ir::Argument;
use crate::source::Span;
use crate::syntax::names;
use crate::syntax::tree::{Expression, ExpressionKind, FunctionDefinition, Keyword, Parameter};
use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

/// A function that was defined inside of another one.
#[derive(Debug, Clone)]
pub struct Closure<'t> {
    pub code: Code<'t>,
    /// Of its parameters, evaluated where it was defined.
    pub defaults: Vec<Option<Item<'t>>>,
    /// What it takes from around, if that is another function than the one at hand; otherwise the environment has it.
    pub around: Option<Vec<(&'t str, Item<'t>)>>,
}

/// The text of a function, compared by its place.
#[derive(Debug, Clone, Copy)]
pub enum Code<'t> {
    Function(&'t FunctionDefinition),
    Lambda(&'t Expression),
}

/// The form of what a function takes from around.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Form<'t> {
    Value(ItemType),
    Function {
        code: Code<'t>,
        defaults: Vec<Option<Form<'t>>>,
        around: Vec<(&'t str, Form<'t>)>,
    },
    /// Nothing that can be read; why, for the message.
    Mixed(String),
}

/// What a function takes from around: the forms, and the values in their order.
#[derive(Default)]
pub struct Around<'t> {
    pub forms: Vec<(&'t str, Form<'t>)>,
    pub values: Vec<Argument>,
}

/// A lambda that is being evaluated, and what names meant where it was called.
pub struct Evaluation<'t> {
    code: Code<'t>,
    outer: Environment<'t>,
}

impl<'t> Code<'t> {
    fn span(self) -> Span {
        match self {
            Code::Function(definition) => definition.span,
            Code::Lambda(expression) => expression.span,
        }
    }

    fn address(self) -> *const () {
        match self {
            Code::Function(definition) => std::ptr::from_ref(definition).cast(),
            Code::Lambda(expression) => std::ptr::from_ref(expression).cast(),
        }
    }

    fn contains(self, other: Code) -> bool {
        self.span().start <= other.span().start && other.span().end <= self.span().end
    }

    fn free(self) -> BTreeSet<&'t str> {
        match self {
            Code::Function(definition) => names::free(definition),
            Code::Lambda(Expression { kind: ExpressionKind::Lambda { parameters, body }, .. }) => {
                names::free_in_lambda(parameters, body)
            }
            Code::Lambda(_) => BTreeSet::new(),
        }
    }

    /// For messages: `'g'`, `the lambda`.
    fn describe(self) -> String {
        match self {
            Code::Function(definition) => format!("'{}'", definition.name),
            Code::Lambda(_) => "the lambda".into(),
        }
    }
}

impl PartialEq for Code<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.address() == other.address()
    }
}

impl Eq for Code<'_> {}

impl Hash for Code<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.address().hash(state);
    }
}

impl Closure<'_> {
    /// Whether both are the same function with the same surroundings.
    pub fn same(&self, other: &Closure<'_>) -> bool {
        let defaults = self.defaults.iter().zip(&other.defaults).all(|pair| match pair {
            (Some(left), Some(right)) => left.same(right),
            (left, right) => left.is_none() && right.is_none(),
        });
        let around = match (&self.around, &other.around) {
            (Some(left), Some(right)) => {
                left.len() == right.len()
                    && left.iter().zip(right).all(|(left, right)| left.0 == right.0 && left.1.same(&right.1))
            }
            (left, right) => left.is_none() && right.is_none(),
        };
        self.code == other.code && defaults && around
    }
}

impl<'t> Typer<'t, '_> {
    /// `def` inside of a function.
    pub fn define_function(&mut self, definition: &'t FunctionDefinition) -> Result<()> {
        if let Some(decorator) = definition.decorators.first() {
            let message = format!("'{}' is defined inside of a kernel and has a decorator", definition.name);
            let mistake = self.mistake(ErrorClass::Unsupported, decorator.span, message);
            return Err(mistake.help("remove the decorator: the function is compiled with the kernel").into());
        }
        if let Some((span, instead)) = definition.unsupported_parameters {
            let mistake = self.mistake(ErrorClass::Unsupported, span, "kernels cannot have such parameters");
            return Err(mistake.help(instead).into());
        }
        let item = self.closure(Code::Function(definition), &definition.parameters)?;
        self.environment.insert(&definition.name, item);
        Ok(())
    }

    pub fn closure(&mut self, code: Code<'t>, parameters: &'t [Parameter]) -> Result<Item<'t>> {
        let mut defaults = Vec::new();
        for parameter in parameters {
            defaults.push(parameter.default.as_ref().map(|default| self.expression(default)).transpose()?);
        }
        Ok(Item::Function(Rc::new(Closure { code, defaults, around: None })))
    }

    pub fn call_closure(
        &mut self,
        closure: &Closure<'t>,
        arguments: &'t [Expression],
        keywords: &'t [Keyword],
        span: Span,
    ) -> Result<Item<'t>> {
        let code = closure.code;
        let parameters = match code {
            Code::Function(definition) => definition.parameters.as_slice(),
            Code::Lambda(expression) => match &expression.kind {
                ExpressionKind::Lambda { parameters, .. } => parameters.as_slice(),
                _ => &[],
            },
        };
        let arguments = self.arguments(arguments)?;
        let given = self.given(&code.describe(), parameters, arguments, keywords, span)?;
        let mut passed: Vec<Evaluated<'t>> = Vec::new();
        for ((parameter, given), default) in parameters.iter().zip(given).zip(&closure.defaults) {
            passed.push(match (given, default) {
                (Some(given), _) => given,
                (None, Some(default)) => (default.clone(), span),
                (None, None) => return Err(self.without_argument(&code.describe(), parameter, span).into()),
            });
        }
        match code {
            Code::Function(definition) => {
                let items = self.argument_items(self.unit, definition, passed)?;
                let mut around = Around::default();
                for (name, item) in self.around(closure) {
                    let form = self.form(name, &item, &mut around.values, &mut vec![code], span)?;
                    around.forms.push((name, form));
                }
                self.emit_call(self.unit, definition, &items, around, None, span)
            }
            Code::Lambda(lambda) => self.evaluate_lambda(closure, lambda, parameters, passed, span),
        }
    }

    fn evaluate_lambda(
        &mut self,
        closure: &Closure<'t>,
        lambda: &'t Expression,
        parameters: &'t [Parameter],
        passed: Vec<Evaluated<'t>>,
        span: Span,
    ) -> Result<Item<'t>> {
        let ExpressionKind::Lambda { body, .. } = &lambda.kind else {
            return Err(crate::Error::Internal("this is no lambda".into()));
        };
        if self.lambdas.iter().any(|evaluation| evaluation.code == closure.code) {
            return Err(self.recursion(closure.code, span).into());
        }
        let inside = match &closure.around {
            Some(around) => around.iter().cloned().collect(),
            None => self.environment_around(closure.code).clone(),
        };
        let outer = std::mem::replace(&mut self.environment, inside);
        for (parameter, (item, _)) in parameters.iter().zip(passed) {
            self.environment.insert(&parameter.name, item);
        }
        self.lambdas.push(Evaluation { code: closure.code, outer });
        let result = self.expression(body);
        if let Some(Evaluation { outer, .. }) = self.lambdas.pop() {
            self.environment = outer;
        }
        result
    }

    /// What names mean around a function that was defined in the one at hand: parameters of lambdas that are being
    /// evaluated are seen by what stands inside of them alone.
    fn environment_around(&self, code: Code<'t>) -> &Environment<'t> {
        let mut environment = &self.environment;
        for evaluation in self.lambdas.iter().rev() {
            if evaluation.code.contains(code) {
                break;
            }
            environment = &evaluation.outer;
        }
        environment
    }

    /// What a function takes from around, now.
    fn around(&self, closure: &Closure<'t>) -> Vec<(&'t str, Item<'t>)> {
        if let Some(around) = &closure.around {
            return around.clone();
        }
        let environment = self.environment_around(closure.code);
        let meaning = |name: &'t str| match environment.get(name) {
            Some(item) => Some((name, item.clone())),
            None if self.assigned.contains(name) => {
                Some((name, Item::Mixed(format!("'{name}' is read before it is assigned"))))
            }
            None => None,
        };
        closure.code.free().into_iter().filter_map(meaning).collect()
    }

    /// The form of what the name stands for, whose values are added to `values`. `path`: the functions that take it from
    /// around.
    fn form(
        &mut self,
        name: &'t str,
        item: &Item<'t>,
        values: &mut Vec<Argument>,
        path: &mut Vec<Code<'t>>,
        span: Span,
    ) -> Result<Form<'t>> {
        match item {
            Item::Function(closure) => {
                if path.contains(&closure.code) {
                    return Err(self.recursion(closure.code, span).into());
                }
                path.push(closure.code);
                let mut defaults = Vec::new();
                for default in &closure.defaults {
                    let form = default.as_ref().map(|default| self.form(name, default, values, path, span));
                    defaults.push(form.transpose()?);
                }
                let mut around = Vec::new();
                for (name, item) in self.around(closure) {
                    around.push((name, self.form(name, &item, values, path, span)?));
                }
                path.pop();
                Ok(Form::Function { code: closure.code, defaults, around })
            }
            Item::Mixed(why) => Ok(Form::Mixed(why.clone())),
            Item::Array(_) if !self.is_host() => {
                let reader = path.last().map_or_else(String::new, |code| code.describe());
                let message = format!("{reader} reads the array '{name}' of the function around it");
                let mistake = self.mistake(ErrorClass::Unsupported, span, message);
                Err(mistake.help("pass it the elements that it needs, or write the loop in the kernel itself").into())
            }
            _ => {
                let item = self.argument_item(item.clone(), span)?;
                values.extend(self.flatten(&item, span)?);
                match self.item_type(&item) {
                    Some(item_type) => Ok(Form::Value(item_type)),
                    None => Err(self.not_a_number(&item, span).into()),
                }
            }
        }
    }

    /// What a form stands for in a function that is being typed: its values become parameters.
    pub fn restored(&mut self, name: &str, form: &Form<'t>, span: Span) -> Item<'t> {
        match form {
            Form::Value(item_type) => self.helper_parameter(name, item_type, span),
            Form::Mixed(why) => Item::Mixed(why.clone()),
            Form::Function { code, defaults, around } => {
                let mut inner = |part: &str, form| self.restored(&format!("{name}.{part}"), form, span);
                let defaults = defaults.iter().map(|form| form.as_ref().map(|form| inner("default", form))).collect();
                let around = around.iter().map(|(part, form)| (*part, inner(part, form))).collect();
                Item::Function(Rc::new(Closure { code: *code, defaults, around: Some(around) }))
            }
        }
    }

    fn recursion(&self, code: Code, span: Span) -> Mistake {
        let mistake =
            self.mistake(ErrorClass::Unsupported, span, format!("recursion: {} calls itself", code.describe()));
        mistake.help("write it as a loop; GPUs have no recursion")
    }
}
