//! The text and the expressions in which users write types: `float64(float64[:, ::1], int32)`.

use crate::error::{Error, ErrorClass, Mistake, Result};
use crate::source::{Source, Span};
use crate::syntax::python;
use crate::syntax::tree::{Expression, ExpressionKind, Module, canonical};
use crate::types::ScalarType;
use crate::types::names::{Meaning, meaning};
use crate::types::signature::{ArrayType, Layout, Signature, Type};
use std::sync::Arc;

/// What help texts show.
pub const EXAMPLE: &str = "float64(float64, int32)";
const TYPES: &str = "the types are bool_, int8 to int64, uint8 to uint64, float32, float64, and arrays of them such as \
                     float64[:, ::1]";

/// Parses a signature that stands in no kernel file: `float64(float64, int32)`, `void(f8[:], i4)`, `(int32, f8)`.
///
/// Errors: [`Error::Request`], of [`ErrorClass::Unsupported`] for types that exist but are not supported yet.
pub fn parse(text: &str) -> Result<Signature> {
    let example = format!("a signature looks like '{EXAMPLE}'");
    outside(text, "signature", &example, |reader, expression| Ok(reader.signature(expression)?.signature))
}

/// Parses a type that stands in no kernel file: `float64`, `f8[:, ::1]`. Errors as [`parse`].
pub fn parse_type(text: &str) -> Result<Type> {
    let example = "a type looks like 'float64' or 'float64[:, ::1]'";
    outside(text, "type", example, |reader, expression| reader.value_type(expression))
}

fn outside<T>(
    text: &str,
    what: &str,
    example: &str,
    read: impl FnOnce(&Reader, &Expression) -> Result<T, Mistake>,
) -> Result<T> {
    let source = Source::new(format!("<{what}>"), text);
    let reader = Reader { source: &source, names: Names::Types };
    let result = reader.parse_text(&source.text, 0).and_then(|expression| read(&reader, &expression));
    result.map_err(|mistake| {
        let help = match mistake.help {
            Some(help) if mistake.class != ErrorClass::Syntax => help,
            _ => example.to_string(),
        };
        Error::request_with_help(mistake.class, format!("bad {what} '{text}': {}", mistake.message), help)
    })
}

/// Reads a signature written as an expression (`float64(float64, int32)`, `(int32, f8)`) or as a string of one.
/// Names mean what the module's imports and constants say, in strings what they mean in `numba.types`.
pub fn from_expression(module: &Module, expression: &Expression) -> Result<Signature> {
    Ok(read(module, expression)?.signature)
}

/// Reads a type, as in an annotation: `float64`, `np.float32`, `int`, `"float64[:]"`.
pub fn type_from_expression(module: &Module, expression: &Expression) -> Result<Type> {
    let reader = Reader { source: &module.source, names: Names::Module(module) };
    Ok(reader.value_type(expression)?)
}

/// A signature, with what [`Signature`] does not keep.
pub(crate) struct Read {
    pub signature: Signature,
    pub is_void: bool,
}

pub(crate) fn read(module: &Module, expression: &Expression) -> Result<Read, Mistake> {
    Reader { source: &module.source, names: Names::Module(module) }.signature(expression)
}

/// What names mean.
#[derive(Clone, Copy)]
enum Names<'a> {
    /// In expressions of a file.
    Module(&'a Module),
    /// In strings: those of `numba.types`.
    Types,
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    source: &'a Arc<Source>,
    names: Names<'a>,
}

impl<'a> Reader<'a> {
    fn mistake(&self, class: ErrorClass, expression: &Expression, message: impl Into<String>) -> Mistake {
        Mistake::new(class, self.source, expression.span, message)
    }

    fn signature(&self, expression: &Expression) -> Result<Read, Mistake> {
        let resolved = self.resolve(expression);
        match &resolved.kind {
            ExpressionKind::String(_) => self.in_string(resolved, |reader, inner| reader.signature(inner)),
            ExpressionKind::Call { function, arguments, keywords } if !self.is_array_constructor(function) => {
                if let Some(keyword) = keywords.first() {
                    let mistake =
                        Mistake::new(ErrorClass::Type, self.source, keyword.span, "a signature has no keywords");
                    return Err(mistake.help(format!("write the types alone: {EXAMPLE}")));
                }
                let is_void = matches!(self.meaning(function), Meaning::Void);
                let result = if is_void { None } else { Some(self.value_type(function)?) };
                let arguments = self.value_types(arguments)?;
                Ok(Read { signature: Signature { arguments, result }, is_void })
            }
            ExpressionKind::Tuple(arguments) => {
                let arguments = self.value_types(arguments)?;
                Ok(Read { signature: Signature { arguments, result: None }, is_void: false })
            }
            _ => {
                let found = self.value_type(resolved)?;
                let message = format!("'{found}' is a type, not a signature");
                let help = format!("write the types of the arguments too: {found}({found}, ...)");
                Err(self.mistake(ErrorClass::Type, resolved, message).help(help))
            }
        }
    }

    fn value_types(&self, expressions: &[Expression]) -> Result<Vec<Type>, Mistake> {
        expressions.iter().map(|expression| self.value_type(expression)).collect()
    }

    fn value_type(&self, expression: &Expression) -> Result<Type, Mistake> {
        let expression = self.resolve(expression);
        match &expression.kind {
            ExpressionKind::String(_) => self.in_string(expression, |reader, inner| reader.value_type(inner)),
            ExpressionKind::Subscript { value, indices } => {
                let scalar = self.scalar(value)?;
                Ok(Type::Array(self.array(expression, scalar, indices)?))
            }
            ExpressionKind::Call { function, arguments, .. } if self.is_array_constructor(function) => {
                self.constructed_array(expression, arguments)
            }
            // Types that are made by calls: optional(float64), UniTuple(float64, 2).
            ExpressionKind::Call { function, .. } if matches!(self.meaning(function), Meaning::Unsupported) => {
                Err(self.not_supported(function))
            }
            _ => Ok(Type::Scalar(self.scalar(expression)?)),
        }
    }

    fn scalar(&self, expression: &Expression) -> Result<ScalarType, Mistake> {
        let expression = self.resolve(expression);
        match self.meaning(expression) {
            Meaning::Scalar(scalar) => return Ok(scalar),
            Meaning::Unsupported => return Err(self.not_supported(expression)),
            Meaning::Void => {
                let mistake = self.mistake(ErrorClass::Type, expression, "'void' can only be a result");
                return Err(mistake.help(format!("a signature looks like '{EXAMPLE}'")));
            }
            Meaning::Array | Meaning::Unknown => {}
        }
        let text = self.text(expression);
        let message = match &expression.kind {
            // In a file, a type's name that is not imported.
            ExpressionKind::Name(name) if self.is_type_without_import(name) => {
                let mistake = self.mistake(ErrorClass::Name, expression, format!("unknown name '{name}'"));
                return Err(mistake.help(format!("import it: 'from numba import {name}'; or quote the signature")));
            }
            ExpressionKind::Name(_) | ExpressionKind::Attribute { .. } => format!("unknown type '{text}'"),
            ExpressionKind::Subscript { .. } => "an array of arrays is no type".to_string(),
            _ => format!("'{text}' is no type"),
        };
        Err(self.mistake(ErrorClass::Type, expression, message).help(TYPES))
    }

    fn not_supported(&self, expression: &Expression) -> Mistake {
        let message = format!("type '{}' is not supported yet", self.text(expression));
        self.mistake(ErrorClass::Unsupported, expression, message).help(TYPES)
    }

    /// `scalar[:, ::1]`
    fn array(&self, whole: &Expression, scalar: ScalarType, axes: &[Expression]) -> Result<ArrayType, Mistake> {
        let mut contiguous = None;
        for (axis, expression) in axes.iter().enumerate() {
            let step = match &expression.kind {
                ExpressionKind::Slice { start: None, stop: None, step } => step.as_deref().map(|step| &step.kind),
                _ => Some(&ExpressionKind::None),
            };
            match step {
                None => {}
                Some(ExpressionKind::Integer(Some(1))) if contiguous.is_none() => contiguous = Some(axis),
                Some(ExpressionKind::Integer(Some(1))) => {
                    let mistake = self.mistake(ErrorClass::Type, expression, "two contiguous axes");
                    return Err(
                        mistake.help("write '::1' for one axis: the last (C order) or the first (Fortran order)")
                    );
                }
                Some(_) => {
                    let message = format!("'{}' is no axis of an array type", self.text(expression));
                    let help = "write ':' for each axis, '::1' for a contiguous one: float64[:, ::1]";
                    return Err(self.mistake(ErrorClass::Type, expression, message).help(help));
                }
            }
        }
        let layout = match contiguous {
            None if axes.is_empty() => {
                let mistake = self.mistake(ErrorClass::Type, whole, "an array type needs an axis");
                return Err(mistake.help("write ':' for each axis: float64[:, :]"));
            }
            None => Layout::Any,
            Some(axis) if axis + 1 == axes.len() => Layout::C,
            Some(0) => Layout::Fortran,
            Some(axis) => {
                let message = "only the first or the last axis can be contiguous";
                let help = "write '::1' for the last axis (C order) or the first (Fortran order)";
                return Err(self.mistake(ErrorClass::Type, &axes[axis], message).help(help));
            }
        };
        Ok(ArrayType { scalar, rank: axes.len() as u32, layout })
    }

    /// `types.Array(float64, 2, 'C')`
    fn constructed_array(&self, whole: &Expression, arguments: &[Expression]) -> Result<Type, Mistake> {
        let wrong = |expression: &Expression| {
            let mistake = self.mistake(ErrorClass::Type, expression, "bad array type");
            mistake.help("write float64[:, ::1], or Array(float64, 2, 'C') with the layout 'A', 'C' or 'F'")
        };
        let [scalar, rank, layout] = arguments else {
            return Err(wrong(whole));
        };
        let scalar = self.scalar(scalar)?;
        let ExpressionKind::Integer(Some(axes @ 1..=32)) = self.resolve(rank).kind else {
            return Err(wrong(rank));
        };
        let ExpressionKind::String(order) = &self.resolve(layout).kind else {
            return Err(wrong(layout));
        };
        let layout = match (order.as_str(), axes) {
            ("A", _) => Layout::Any,
            // With one axis, Fortran order is C order.
            ("C", _) | ("F", 1) => Layout::C,
            ("F", _) => Layout::Fortran,
            _ => return Err(wrong(layout)),
        };
        Ok(Type::Array(ArrayType { scalar, rank: axes as u32, layout }))
    }

    fn resolve<'e>(&self, expression: &'e Expression) -> &'e Expression
    where
        'a: 'e,
    {
        match self.names {
            Names::Module(module) => module.resolve(expression),
            Names::Types => expression,
        }
    }

    fn is_array_constructor(&self, expression: &Expression) -> bool {
        matches!(self.meaning(expression), Meaning::Array)
    }

    fn is_type_without_import(&self, name: &str) -> bool {
        matches!(self.names, Names::Module(module) if module.import(name).is_none())
            && matches!(meaning(&format!("numba.{name}")), Meaning::Scalar(_) | Meaning::Void)
    }

    fn meaning(&self, expression: &Expression) -> Meaning {
        let expression = self.resolve(expression);
        let path = match (self.names, &expression.kind) {
            (_, ExpressionKind::None) => return Meaning::Void,
            (Names::Module(module), ExpressionKind::Name(name)) => {
                Some(module.path(expression).unwrap_or_else(|| name.clone()))
            }
            (Names::Module(module), _) => module.path(expression),
            (Names::Types, ExpressionKind::Name(name)) => match meaning(&format!("numba.{name}")) {
                Meaning::Unknown => Some(name.clone()),
                found => return found,
            },
            // Numba knows no modules there, but what is meant is plain.
            (Names::Types, _) => dotted(expression).map(|path| match path.split_once('.') {
                Some(("np" | "numpy", name)) => format!("numpy.{name}"),
                Some(("nb" | "numba" | "numbra" | "types", name)) => canonical(&format!("numba.{name}")),
                _ => path,
            }),
        };
        path.map_or(Meaning::Unknown, |path| meaning(&path))
    }

    fn text(&self, expression: &Expression) -> &'a str {
        self.source.text.get(expression.span.start as usize..expression.span.end as usize).unwrap_or("")
    }

    /// Reads the text in a string literal; mistakes point into it where its text stands in the source as it is.
    fn in_string<T>(
        &self,
        literal: &Expression,
        read: impl FnOnce(&Reader, &Expression) -> Result<T, Mistake>,
    ) -> Result<T, Mistake> {
        let ExpressionKind::String(content) = &literal.kind else {
            return Err(self.mistake(ErrorClass::Type, literal, "a string is expected"));
        };
        if let Names::Types = self.names {
            let mistake = self.mistake(ErrorClass::Type, literal, "a string in a string");
            return Err(mistake.help(format!("write the type itself: {EXAMPLE}")));
        }
        let written = self.text(literal);
        let opening = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quotes| {
            let inner = written.strip_prefix(quotes).and_then(|rest| rest.strip_suffix(quotes));
            inner == Some(content)
        });
        if let Some(quotes) = opening {
            let reader = Reader { source: self.source, names: Names::Types };
            let expression = reader.parse_text(content, literal.span.start + quotes.len() as u32)?;
            return read(&reader, &expression);
        }
        // Escapes, or several literals in a row: the mistake is somewhere in the literal.
        let source = Source::new(self.source.name.clone(), content.clone());
        let reader = Reader { source: &source, names: Names::Types };
        let result = reader.parse_text(&source.text, 0).and_then(|expression| read(&reader, &expression));
        result.map_err(|mistake| {
            let source = self.source.clone();
            Mistake { source, span: literal.span, also: Vec::new(), label: String::new(), ..mistake }
        })
    }

    fn parse_text(&self, text: &str, start: u32) -> Result<Expression, Mistake> {
        let trimmed = text.trim_start();
        let start = start + (text.len() - trimmed.len()) as u32;
        let trimmed = trimmed.trim_end();
        let help = format!("a signature looks like '{EXAMPLE}'");
        if trimmed.is_empty() {
            return Err(
                Mistake::new(ErrorClass::Syntax, self.source, Span::new(start, start), "it is empty").help(help)
            );
        }
        python::parse_expression(self.source, start, trimmed).map_err(|error| match error {
            Error::Kernel(mistake) if mistake.help.is_none() => mistake.help(help),
            Error::Kernel(mistake) => *mistake,
            other => Mistake::new(ErrorClass::Syntax, self.source, Span::new(start, start), other.to_string()),
        })
    }
}

fn dotted(expression: &Expression) -> Option<String> {
    match &expression.kind {
        ExpressionKind::Name(name) => Some(name.clone()),
        ExpressionKind::Attribute { value, name, .. } => Some(format!("{}.{name}", dotted(value)?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
