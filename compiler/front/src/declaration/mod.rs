//! Decorators read: what kind of kernel a function is, with which signatures and options.
//!
//! Options and their messages follow Numba's (unknown ones are refused, with the known ones listed). What Numba takes
//! and what makes no difference here (`nopython`, `nogil`, ...) is checked to be of its type and ignored.

mod options;
pub mod signature;
mod stencil;

pub use crate::types::declaration::{Declaration, Identity, Kind, StencilOptions};

use crate::error::{Error, ErrorClass, Mistake, Result};
use crate::source::{Source, Span};
use crate::syntax::python;
use crate::syntax::tree::{Expression, ExpressionKind, FunctionDefinition, Import, Keyword, Module};
use crate::types::signature::{Signature, Type};
use options::Options;
use std::sync::Arc;

/// Reads the decorators of `function`. Errors: unknown decorators and options, bad signatures, bad values.
pub fn read(module: &Module, function: &FunctionDefinition) -> Result<Declaration> {
    let mut found: Option<(Declaration, Span)> = None;
    for expression in &function.decorators {
        let decorator = Decorator::new(module, function, &module.source, expression);
        let declaration = decorator.read()?;
        if let Some((_, first)) = found {
            let mistake =
                decorator.mistake(ErrorClass::Value, expression.span, "a function can have one decorator of numba");
            return Err(mistake.also(first, "the other one").help("remove one of them").into());
        }
        found = Some((declaration, expression.span));
    }
    let plain = Declaration {
        source: module.source.clone(),
        kind: Kind::Function,
        signatures: Vec::new(),
        target: None,
        fastmath: false,
        zero_division: true,
        bounds: true,
        cache: false,
        typing: None,
    };
    Ok(found.map_or(plain, |(declaration, _)| declaration))
}

/// Reads a decorator that stands in no file, as it is applied to the function of that name:
/// `numba.vectorize(['float64(float64)'], target='cuda')`. Its names are those of numba, numpy and math.
pub fn apply(module: &Module, function: &str, decorator: &str) -> Result<Declaration> {
    let definition = module
        .function(function)
        .ok_or_else(|| Error::Internal(format!("'{function}' is not in its module '{}'", module.source.name)))?;
    let line = match definition.decorators.first() {
        Some(written) => module.source.position(written.span.start).0,
        None => module.source.position(definition.name_span.start).0,
    };
    let source = Source::new(format!("{}:{line}, decorator of '{function}'", module.source.name), decorator);
    let expression = python::parse_expression(&source, 0, &source.text)?;
    let import = |name: &str| Import { name: name.into(), path: name.into(), span: Span::NONE };
    let surroundings = Module {
        source,
        imports: ["numba", "numpy", "math"].map(import).to_vec(),
        constants: Vec::new(),
        arrays: Vec::new(),
        linked: Vec::new(),
        functions: Vec::new(),
    };
    Ok(Decorator::new(&surroundings, definition, &module.source, &expression).read()?)
}

/// The options that `jit` takes.
pub fn jit_options() -> &'static [&'static str] {
    options::JIT.names()
}

/// A decorator, taken apart: `vectorize`, `vectorize(arguments, keywords)`.
struct Decorator<'a> {
    module: &'a Module,
    function: &'a FunctionDefinition,
    /// The text of the function, which the decorator may stand outside of.
    function_source: &'a Arc<Source>,
    /// What is called, or stands alone.
    name: &'a Expression,
    arguments: &'a [Expression],
    keywords: &'a [Keyword],
    span: Span,
}

impl<'a> Decorator<'a> {
    fn new(
        module: &'a Module,
        function: &'a FunctionDefinition,
        function_source: &'a Arc<Source>,
        expression: &'a Expression,
    ) -> Decorator<'a> {
        let resolved = module.resolve(expression);
        let (name, arguments, keywords): (_, &[_], &[_]) = match &resolved.kind {
            ExpressionKind::Call { function, arguments, keywords } => (module.resolve(function), arguments, keywords),
            _ => (resolved, &[], &[]),
        };
        Decorator { module, function, function_source, name, arguments, keywords, span: expression.span }
    }

    fn mistake(&self, class: ErrorClass, span: Span, message: impl Into<String>) -> Mistake {
        Mistake::new(class, &self.module.source, span, message)
    }

    /// A mistake in the function itself.
    fn function_mistake(&self, class: ErrorClass, span: Span, message: impl Into<String>) -> Mistake {
        Mistake::new(class, self.function_source, span, message)
    }

    fn text(&self, span: Span) -> &str {
        self.module.source.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    fn read(&self) -> Result<Declaration, Mistake> {
        let path = self.module.path(self.name);
        let name = path.as_deref().and_then(|path| path.strip_prefix("numba."));
        match name {
            Some("vectorize") => self.vectorize(None),
            Some("cuda.vectorize") => self.vectorize(Some("cuda")),
            Some("stencil") => self.stencil(),
            Some("jit" | "njit" | "extending.register_jitable") => self.jit(&options::JIT),
            Some("cuda.jit") => self.cuda_jit(),
            Some("guvectorize" | "cuda.guvectorize") => {
                let mistake =
                    self.mistake(ErrorClass::Unsupported, self.name.span, "'guvectorize' is not supported yet");
                Err(mistake.help("use 'vectorize' for functions of scalars, 'stencil' for functions of neighbours"))
            }
            Some(name @ ("cfunc" | "generated_jit" | "experimental.jitclass" | "extending.overload")) => {
                let mistake =
                    self.mistake(ErrorClass::Unsupported, self.name.span, format!("'{name}' is not supported"));
                Err(mistake.help(DECORATORS))
            }
            _ => Err(self.unknown()),
        }
    }

    fn unknown(&self) -> Mistake {
        let text = self.text(self.name.span);
        if let ExpressionKind::Name(name) = &self.name.kind
            && matches!(name.as_str(), "vectorize" | "guvectorize" | "stencil" | "jit" | "njit")
            && self.module.import(name).is_none()
        {
            let mistake = self.mistake(ErrorClass::Name, self.name.span, format!("unknown name '{name}'"));
            return mistake.help(format!("import it: 'from numba import {name}'"));
        }
        self.mistake(ErrorClass::Unsupported, self.span, format!("unknown decorator '{text}'")).help(DECORATORS)
    }

    fn vectorize(&self, default_target: Option<&str>) -> Result<Declaration, Mistake> {
        let options = Options::read(self, &options::VECTORIZE)?;
        let signatures = match (self.arguments, options.signatures) {
            ([], None) => Vec::new(),
            ([expression], None) | ([], Some(expression)) => self.signatures(expression, true)?,
            ([_], Some(again)) => {
                return Err(self
                    .mistake(ErrorClass::Type, again.span, "signatures are given twice")
                    .help("give them once"));
            }
            ([_, second, ..], _) => return Err(self.too_many_arguments(second)),
        };
        self.check_parameters("vectorize")?;
        for (signature, span, is_void) in &signatures {
            if *is_void {
                let mistake = self.mistake(ErrorClass::Type, *span, "a vectorize function returns a value, not 'void'");
                return Err(mistake.help(format!("write the type of the result: {}", signature::EXAMPLE)));
            }
            let types = signature.arguments.iter().chain(&signature.result);
            if let Some(array) = types.into_iter().find(|value| matches!(value, Type::Array(_))) {
                let message = format!("a vectorize function takes and returns scalars, not '{array}'");
                let help = "write the type of an element: numbra calls the function for each element of the arrays";
                return Err(self.mistake(ErrorClass::Type, *span, message).help(help));
            }
        }
        self.check_counts(&signatures)?;
        let target = options.target.or(default_target.map(|target| (target.to_string(), self.span)));
        Ok(Declaration {
            source: self.module.source.clone(),
            kind: Kind::Vectorize { identity: options.identity },
            signatures: signatures.into_iter().map(|(signature, span, _)| (signature, span)).collect(),
            target,
            fastmath: options.fastmath,
            zero_division: !options.numpy_errors,
            bounds: !options.no_bounds,
            cache: options.cache,
            typing: options.typing,
        })
    }

    fn jit(&self, known: &options::Known) -> Result<Declaration, Mistake> {
        let options = Options::read(self, known)?;
        let signatures = match self.arguments {
            [] => Vec::new(),
            [expression] => self.signatures(expression, false)?,
            [_, second, ..] => return Err(self.too_many_arguments(second)),
        };
        self.check_counts(&signatures)?;
        Ok(Declaration {
            source: self.module.source.clone(),
            kind: Kind::Function,
            signatures: signatures.into_iter().map(|(signature, span, _)| (signature, span)).collect(),
            target: None,
            fastmath: options.fastmath,
            zero_division: !options.numpy_errors,
            bounds: !options.no_bounds,
            cache: options.cache,
            typing: options.typing,
        })
    }

    fn cuda_jit(&self) -> Result<Declaration, Mistake> {
        let is_device = self.keywords.iter().any(|keyword| {
            let value = &self.module.resolve(&keyword.value).kind;
            keyword.name.as_deref() == Some("device") && matches!(value, ExpressionKind::Bool(true))
        });
        if is_device {
            return self.jit(&options::CUDA_JIT);
        }
        let mistake = self.mistake(ErrorClass::Unsupported, self.span, "'cuda.jit' kernels are not supported");
        Err(mistake
            .help("write the kernel with 'vectorize' or 'stencil', and a helper of it with 'cuda.jit(device=True)'"))
    }

    fn too_many_arguments(&self, second: &Expression) -> Mistake {
        let message = format!("'{}' takes one positional argument", self.text(self.name.span));
        self.mistake(ErrorClass::Type, second.span, message)
            .help("write signatures in a list, options with their names: target='parallel'")
    }

    /// One signature, or a list or tuple of them; with whether each is of `void`. `in_tuples`: a tuple is a list of
    /// signatures, if it is not one of types.
    fn signatures(&self, given: &Expression, in_tuples: bool) -> Result<Vec<(Signature, Span, bool)>, Mistake> {
        let resolved = self.module.resolve(given);
        let is_signature = |expression: &Expression| {
            let expression = self.module.resolve(expression);
            matches!(
                expression.kind,
                ExpressionKind::String(_) | ExpressionKind::Call { .. } | ExpressionKind::Tuple(_)
            )
        };
        let several: &[Expression] = match &resolved.kind {
            ExpressionKind::List(several) => several,
            ExpressionKind::Tuple(several) if in_tuples && several.iter().all(is_signature) => several,
            ExpressionKind::None => &[],
            ExpressionKind::Bool(_)
            | ExpressionKind::Integer(_)
            | ExpressionKind::Float { .. }
            | ExpressionKind::Unsupported { .. } => {
                let mistake = self.mistake(ErrorClass::Type, given.span, "a signature is expected here");
                return Err(mistake.help(format!("a signature looks like '{}'", signature::EXAMPLE)));
            }
            _ => std::slice::from_ref(resolved),
        };
        let read = |expression: &Expression| {
            let read = signature::read(self.module, expression)?;
            Ok((read.signature, self.module.resolve(expression).span, read.is_void))
        };
        several.iter().map(read).collect()
    }

    fn check_counts(&self, signatures: &[(Signature, Span, bool)]) -> Result<(), Mistake> {
        let expected = self.function.parameters.len();
        for (signature, span, _) in signatures {
            let count = signature.arguments.len();
            if count != expected {
                let message = format!(
                    "signature '{signature}' has {count} argument{} but '{}' has {expected} parameter{}",
                    plural(count),
                    self.function.name,
                    plural(expected)
                );
                let mut mistake = self.mistake(ErrorClass::Type, *span, message);
                if Arc::ptr_eq(&self.module.source, self.function_source) {
                    mistake = mistake.also(self.function.name_span, "the function");
                }
                return Err(mistake.help("write one type for each parameter"));
            }
        }
        Ok(())
    }

    /// What every kind of kernel asks of its parameters.
    fn check_parameters(&self, kind: &str) -> Result<(), Mistake> {
        let function = self.function;
        if let Some((span, instead)) = function.unsupported_parameters {
            let text = self.function_source.text.get(span.start as usize..span.end as usize).unwrap_or_default();
            let message = format!("parameter '{text}' is not supported in kernels");
            return Err(self.function_mistake(ErrorClass::Unsupported, span, message).help(instead));
        }
        if let Some(parameter) = function.parameters.iter().find(|parameter| parameter.default.is_some()) {
            let message = format!("parameter '{}' of a {kind} function has a default value", parameter.name);
            let help = "remove it: a kernel is called with all of its arguments";
            return Err(self.function_mistake(ErrorClass::Unsupported, parameter.span, message).help(help));
        }
        if function.parameters.is_empty() {
            let message = format!("a {kind} function needs a parameter");
            let help = "the arrays that it is called with say how large the result is";
            return Err(self.function_mistake(ErrorClass::Type, function.name_span, message).help(help));
        }
        Ok(())
    }
}

const DECORATORS: &str = "numbra knows vectorize, stencil, jit, njit and cuda.jit(device=True)";

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

#[cfg(test)]
mod tests;
