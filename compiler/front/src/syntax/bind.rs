//! A function taken out of a running program: the names that it finds around it are given to it as values.
//!
//! A function of a file finds its surroundings in the file's text. One of a running program, a closure above all, has
//! them as objects: [`outer_names`] says which ones it needs, [`assemble`] makes a module of the function and what they
//! stand for.

use super::names;
use super::tree::*;
use crate::source::{Source, Span};
use crate::types::{Constant, ScalarType};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// What a name around a function stands for.
#[derive(Debug, Clone)]
pub enum Meaning {
    /// What is imported under a dotted path: `numpy`, `math.cos`, `numba.float64`.
    Import(String),
    Constant(Value),
    /// A function of that module.
    Function(Arc<Module>, String),
    /// Something that kernels have no use for, with what to do instead.
    Unsupported {
        what: &'static str,
        instead: &'static str,
    },
}

/// A value that is frozen when the function is compiled.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    None,
    Bool(bool),
    /// `None`: too large.
    Integer(Option<i128>),
    Float(f64),
    Text(String),
    /// What `slice(...)` is given.
    Slice(Vec<Value>),
    /// A scalar of a fixed type, such as NumPy's.
    Typed(Constant),
    Tuple(Vec<Value>),
    /// An array in C order: the type, the shape, and the elements' bits as in [`Constant::bits`].
    Array(ScalarType, Vec<usize>, Vec<u64>),
}

/// The names that a function reads and does not bind itself, with the place of their first use. Attributes belong to
/// the name: `np.cos`, `settings.grid.width`.
pub fn outer_names(function: &FunctionDefinition) -> Vec<(String, Span)> {
    let mut reader = Reader::new(function);
    let mut body = function.clone();
    let mut found: Vec<(String, Span)> = Vec::new();
    reader.function(&mut body, &mut |chain, expression| {
        if found.iter().all(|(name, _)| name != chain) {
            found.push((chain.to_string(), expression.span));
        }
    });
    found
}

/// A module that holds the function alone, in which the names mean what `meanings` says. Names with dots stand for
/// whole chains of attributes.
pub fn assemble(source: &Arc<Source>, mut function: FunctionDefinition, meanings: Vec<(String, Meaning)>) -> Module {
    let mut uses: HashMap<String, Span> = HashMap::new();
    let dotted: HashSet<&str> =
        meanings.iter().map(|(name, _)| name.as_str()).filter(|name| name.contains('.')).collect();
    let original = function.clone();
    Reader::new(&original).function(&mut function, &mut |chain, expression| {
        // The longest part of the chain that has a meaning of its own is a name from now on.
        let mut inner = expression;
        let mut part = chain;
        loop {
            uses.entry(part.to_string()).or_insert(inner.span);
            if dotted.contains(part) {
                inner.kind = ExpressionKind::Name(part.to_string());
                return;
            }
            let ExpressionKind::Attribute { value, .. } = &mut inner.kind else { return };
            inner = value;
            part = part.rsplit_once('.').map_or("", |(before, _)| before);
        }
    });
    let name = function.name.clone();
    let mut module = Module {
        source: source.clone(),
        imports: Vec::new(),
        constants: Vec::new(),
        arrays: Vec::new(),
        linked: Vec::new(),
        functions: vec![function],
    };
    for (own, meaning) in meanings {
        let span = uses.get(&own).copied().unwrap_or(Span::NONE);
        match meaning {
            // Inside itself a function is known by its own name.
            _ if own == name => {}
            Meaning::Import(path) => module.imports.push(Import { name: own, path: canonical(&path), span }),
            Meaning::Function(other, function) => module.linked.push(Link { name: own, module: other, function }),
            Meaning::Unsupported { what, instead } => {
                module.constants.push(definition(own, ExpressionKind::Unsupported { what, instead }, None, span));
            }
            Meaning::Constant(Value::Array(scalar, shape, bits)) => {
                let kind = match bits.len() <= MOST_ENTRIES {
                    true => rows(scalar, &shape, &bits, span),
                    false => ExpressionKind::Unsupported {
                        what: "constant arrays of so many elements",
                        instead: "pass the array as an argument",
                    },
                };
                module.constants.push(definition(own.clone(), kind, Some(scalar), span));
                module.arrays.push(FrozenArray { name: own, scalar, shape, elements: bits.into() });
            }
            Meaning::Constant(value) => {
                arrays_inside(&own, &value, &mut module.arrays);
                module.constants.push(constant_at(own, &value, span));
            }
        }
    }
    module
}

/// The arrays in a tuple, by their places: `name[0]`.
fn arrays_inside(name: &str, value: &Value, arrays: &mut Vec<FrozenArray>) {
    let Value::Tuple(values) = value else { return };
    for (place, value) in values.iter().enumerate() {
        let name = format!("{name}[{place}]");
        match value {
            Value::Array(scalar, shape, bits) if !shape.is_empty() => {
                let (shape, elements) = (shape.clone(), bits.as_slice().into());
                arrays.push(FrozenArray { name, scalar: *scalar, shape, elements });
            }
            other => arrays_inside(&name, other, arrays),
        }
    }
}

/// `name = value`, for a module that has a text of its own.
pub fn constant(name: &str, value: &Value) -> ConstantDefinition {
    constant_at(name.to_string(), value, Span::NONE)
}

fn constant_at(name: String, value: &Value, span: Span) -> ConstantDefinition {
    let scalar = match value {
        Value::Typed(constant) => Some(constant.scalar),
        Value::Array(scalar, ..) => Some(*scalar),
        _ => None,
    };
    definition(name, literal(value, span), scalar, span)
}

fn definition(name: String, kind: ExpressionKind, annotation: Option<ScalarType>, span: Span) -> ConstantDefinition {
    let annotation = annotation.map(|scalar| ExpressionKind::String(scalar.name().to_string()));
    ConstantDefinition {
        name,
        name_span: span,
        annotation: annotation.map(|kind| Expression { kind, span }),
        value: Expression { kind, span },
    }
}

fn literal(value: &Value, span: Span) -> ExpressionKind {
    match value {
        Value::None => ExpressionKind::None,
        Value::Bool(value) => ExpressionKind::Bool(*value),
        Value::Integer(value) => ExpressionKind::Integer(*value),
        Value::Float(value) => ExpressionKind::Float { value: *value, text: format!("{value:?}") },
        Value::Text(text) => ExpressionKind::String(text.clone()),
        Value::Typed(constant) => match (constant.scalar, constant.as_integer()) {
            (ScalarType::Bool, _) => ExpressionKind::Bool(constant.bits != 0),
            (_, Some(value)) => ExpressionKind::Integer(Some(value)),
            (_, None) => literal(&Value::Float(constant.as_f64()), span),
        },
        Value::Slice(values) => ExpressionKind::Call {
            function: Box::new(Expression { kind: ExpressionKind::Name("slice".into()), span }),
            arguments: values.iter().map(|value| Expression { kind: literal(value, span), span }).collect(),
            keywords: Vec::new(),
        },
        Value::Tuple(values) => {
            ExpressionKind::Tuple(values.iter().map(|value| Expression { kind: literal(value, span), span }).collect())
        }
        Value::Array(scalar, shape, bits) => rows(*scalar, shape, bits, span),
    }
}

/// Tuples of tuples for an array.
fn rows(scalar: ScalarType, shape: &[usize], bits: &[u64], span: Span) -> ExpressionKind {
    match shape {
        [] => literal(&Value::Typed(Constant { scalar, bits: bits.first().copied().unwrap_or(0) }), span),
        [extent, inner @ ..] => {
            let size: usize = inner.iter().product();
            let row = |number: usize| rows(scalar, inner, &bits[number * size..(number + 1) * size], span);
            ExpressionKind::Tuple((0..*extent).map(|number| Expression { kind: row(number), span }).collect())
        }
    }
}

/// Walks a function and shows every chain of names and attributes whose first name is not the function's own.
struct Reader {
    /// Names that the function binds, and how often the functions and lambdas around do.
    bound: BTreeMap<String, usize>,
}

type Visit<'v> = dyn FnMut(&str, &mut Expression) + 'v;

impl Reader {
    fn new(function: &FunctionDefinition) -> Reader {
        Reader { bound: names::bound(function).into_iter().map(|name| (name.to_string(), 1)).collect() }
    }

    fn function(&mut self, function: &mut FunctionDefinition, visit: &mut Visit) {
        // What stands outside of the body is read where the function is defined. Its decorators are known there.
        let mut outside = Reader { bound: BTreeMap::new() };
        for parameter in &mut function.parameters {
            parameter.children_mut(&mut |part| outside.expression(part, visit));
        }
        if let Some(expression) = &mut function.returns {
            outside.expression(expression, visit);
        }
        self.block(&mut function.body, visit);
    }

    fn block(&mut self, statements: &mut [Statement], visit: &mut Visit) {
        for statement in statements {
            self.statement(statement, visit);
        }
    }

    fn statement(&mut self, statement: &mut Statement, visit: &mut Visit) {
        match &mut statement.kind {
            // The name of the exception is text.
            StatementKind::Raise { exception } => {
                if let Some(ExpressionKind::Call { arguments, .. }) = exception.as_mut().map(|value| &mut value.kind) {
                    arguments.iter_mut().for_each(|argument| self.expression(argument, visit));
                }
            }
            StatementKind::Function(inner) => {
                inner.children_mut(&mut |part| self.expression(part, visit));
                let own = names::bound(inner).into_iter().map(str::to_string).collect();
                self.within(own, |reader| reader.block(&mut inner.body, visit));
            }
            _ => {
                statement.children_mut(&mut |part| self.expression(part, visit));
                statement.blocks_mut(&mut |_, block| self.block(block, visit));
            }
        }
    }

    fn expression(&mut self, expression: &mut Expression, visit: &mut Visit) {
        if let Some(chain) = chain(expression) {
            let root = chain.split('.').next().unwrap_or_default();
            if !self.bound.contains_key(root) {
                visit(&chain, expression);
            }
            return;
        }
        if let ExpressionKind::Lambda { parameters, body } = &mut expression.kind {
            parameters.iter_mut().for_each(|parameter| {
                parameter.children_mut(&mut |part| self.expression(part, visit));
            });
            let mut own: Vec<String> = parameters.iter().map(|parameter| parameter.name.clone()).collect();
            names::named(body, &mut |name| own.push(name.to_string()));
            return self.within(own, |reader| reader.expression(body, visit));
        }
        expression.children_mut(&mut |part| self.expression(part, visit));
    }

    /// Reads something that binds names of its own.
    fn within(&mut self, own: Vec<String>, read: impl FnOnce(&mut Reader)) {
        for name in &own {
            *self.bound.entry(name.clone()).or_default() += 1;
        }
        read(self);
        for name in &own {
            if let Some(count) = self.bound.get_mut(name) {
                *count -= 1;
                if *count == 0 {
                    self.bound.remove(name);
                }
            }
        }
    }
}

/// `np.cos` as text; `None` if it is no chain of names.
pub fn chain(expression: &Expression) -> Option<String> {
    match &expression.kind {
        ExpressionKind::Name(name) => Some(name.clone()),
        ExpressionKind::Attribute { value, name, .. } => Some(format!("{}.{name}", chain(value)?)),
        _ => None,
    }
}
