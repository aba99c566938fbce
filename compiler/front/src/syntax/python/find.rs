//! The text of one function in a file, found by the place that a Python function object knows.

use super::{Lower, with_syntax};
use crate::error::{Error, ErrorClass, Mistake, Result};
use crate::source::Source;
use crate::syntax::tree::{FunctionDefinition, Statement, StatementKind};
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_python_parser::Mode;
use ruff_text_size::{Ranged, TextRange};
use std::ops::Range;
use std::sync::Arc;

/// Where a function is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A `def` of that name; the line is that of the `def` or of its first decorator.
    Definition { name: String, line: usize },
    /// A lambda with these parameters that begins in that line. `inside`, where it is known: places (line, and column
    /// in bytes from 0) of the first and behind the last thing that it computes.
    Lambda { parameters: Vec<String>, line: usize, inside: Option<[(usize, usize); 2]> },
}

impl Place {
    fn line(&self) -> usize {
        match self {
            Place::Definition { line, .. } | Place::Lambda { line, .. } => *line,
        }
    }
}

/// The function at that place of a file, wherever it stands: in a class, in another function, in an expression.
///
/// Errors: the file's syntax errors, and [`ErrorClass::Value`] if no function, or more than one, fits.
pub fn find(source: &Arc<Source>, place: &Place) -> Result<FunctionDefinition> {
    // A file may be long, and first calls wait for this. What is no whole piece of Python is looked for in the whole file.
    if let Some(piece) = piece(source, place)
        && let Ok(Some(found)) = within(source, piece, place)
    {
        return Ok(found);
    }
    within(source, 0..source.text.len(), place)?.ok_or_else(|| {
        let what = match place {
            Place::Definition { name, .. } => format!("function '{name}'"),
            Place::Lambda { .. } => "function '<lambda>'".into(),
        };
        Error::request_with_help(
            ErrorClass::Value,
            format!("the text of the {what} is not at {}:{}", source.name, place.line()),
            "has the file been changed since it was loaded? Load it again",
        )
    })
}

/// The statement without indentation in which a `def` stands: from the last line before it that begins such a statement to
/// the next one that does. Where a string or brackets go on over such a line they are cut off in the middle: no Python.
fn piece(source: &Source, place: &Place) -> Option<Range<usize>> {
    let Place::Definition { line, .. } = place else { return None };
    let wanted = line.checked_sub(source.first_line)?;
    let (mut start, mut at, mut is_decorated) = (None, 0, false);
    let mut before = "";
    for (number, text) in source.text.split_inclusive('\n').enumerate() {
        if !text.starts_with(|first: char| first.is_whitespace() || "#)]}".contains(first)) {
            if number <= wanted {
                start = Some(at);
            } else if !is_decorated {
                // A backslash would carry the line before over to this one.
                return Some(start?..at).filter(|_| !before.trim_end().ends_with('\\'));
            }
            is_decorated = text.starts_with('@');
        }
        if !text.trim().is_empty() {
            before = text;
        }
        at += text.len();
    }
    Some(start?..at)
}

/// The function at that place, in a piece of the text.
fn within(source: &Arc<Source>, piece: Range<usize>, place: &Place) -> Result<Option<FunctionDefinition>> {
    let start = piece.start as u32;
    let text = &source.text[piece];
    with_syntax(source, text, start as i64, Mode::Module, |lower, syntax| {
        let mut search = Search { source, start, place, definitions: Vec::new(), lambdas: Vec::new() };
        if let ast::Mod::Module(module) = syntax {
            search.visit_body(&module.body);
        }
        match (search.definitions.as_slice(), search.lambdas.as_slice()) {
            ([definition, ..], _) => Ok(Some(lower.function(definition)?)),
            (_, [lambda]) => Ok(Some(of_lambda(lower, lambda)?)),
            (_, [first, second, ..]) => {
                let (first, second) = (lower.span(first.range()), lower.span(second.range()));
                let message = "it cannot be told which of the lambdas in this line is meant";
                let mistake = Mistake::new(ErrorClass::Value, source, second, message).also(first, "the other one");
                Err(mistake.help("write each in a line of its own"))
            }
            _ => Ok(None),
        }
    })
}

struct Search<'a> {
    source: &'a Source,
    /// Where the piece begins that is looked through. Lambdas are looked for in the whole text.
    start: u32,
    place: &'a Place,
    definitions: Vec<&'a ast::StmtFunctionDef>,
    lambdas: Vec<&'a ast::ExprLambda>,
}

impl Search<'_> {
    fn line(&self, offset: u32) -> usize {
        self.source.position(self.start + offset).0
    }

    /// The byte at a line and a column in bytes.
    fn offset(&self, (line, column): (usize, usize)) -> Option<usize> {
        let before = line.checked_sub(self.source.first_line)?;
        let start: usize = self.source.text.split_inclusive('\n').take(before).map(str::len).sum();
        Some(start + column)
    }

    fn fits(&self, lambda: &ast::ExprLambda) -> bool {
        let Place::Lambda { parameters, line, inside } = self.place else { return false };
        let given = lambda
            .parameters
            .as_ref()
            .map_or(Vec::new(), |parameters| parameters.iter().map(|parameter| parameter.name().as_str()).collect());
        if self.line(lambda.range().start().into()) != *line || given != *parameters {
            return false;
        }
        let Some([first, last]) = *inside else { return true };
        let range: TextRange = lambda.body.range();
        match (self.offset(first), self.offset(last)) {
            // Parentheses around the body are no part of it, and of what it computes.
            (Some(first), Some(last)) => usize::from(range.start()) <= first && last <= usize::from(range.end()),
            _ => false,
        }
    }
}

impl<'a> Visitor<'a> for Search<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if let (Stmt::FunctionDef(definition), Place::Definition { name, line }) = (statement, self.place)
            && definition.name.id.as_str() == name
        {
            let first = self.line(definition.range().start().into());
            let last = self.line(definition.name.range().start().into());
            if (first..=last).contains(line) {
                self.definitions.push(definition);
            }
        }
        walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Lambda(lambda) = expression
            && self.fits(lambda)
        {
            // Of lambdas within each other that all contain the place the innermost is meant.
            if matches!(self.place, Place::Lambda { inside: Some(_), .. }) {
                self.lambdas.retain(|outer| !outer.range().contains_range(lambda.range()));
            }
            self.lambdas.push(lambda);
        }
        walk_expr(self, expression);
    }
}

/// A lambda as the function `<lambda>` that returns its value.
fn of_lambda(lower: &mut Lower, lambda: &ast::ExprLambda) -> Result<FunctionDefinition, Mistake> {
    let span = lower.span(lambda.range());
    let (parameters, unsupported_parameters, rest) = match &lambda.parameters {
        Some(parameters) => lower.parameters(parameters)?,
        None => (Vec::new(), None, None),
    };
    let body = lower.expression(&lambda.body)?;
    Ok(FunctionDefinition {
        name: "<lambda>".into(),
        name_span: span,
        span,
        decorators: Vec::new(),
        declaration: None,
        parameters,
        unsupported_parameters,
        rest,
        returns: None,
        documentation: None,
        body: vec![Statement { span: body.span, kind: StatementKind::Return(Some(body)) }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
import numpy as np

class Model:
    def build(self, k):
        @decorated(
            1)
        def f(x):
            return x * k
        def g(x): return x
        fs = [lambda x: x + 1, lambda x: x + 2, lambda x, y: (lambda x: x * y)(x)]
        return f


def f(x):
    return 'é' if x else lambda z: z
";

    fn definition(name: &str, line: usize) -> Result<FunctionDefinition> {
        find(&Source::new("t.py", TEXT), &Place::Definition { name: name.into(), line })
    }

    fn lambda(parameters: &[&str], inside: Option<[(usize, usize); 2]>) -> Result<FunctionDefinition> {
        let parameters = parameters.iter().map(|name| name.to_string()).collect();
        find(&Source::new("t.py", TEXT), &Place::Lambda { parameters, line: 10, inside })
    }

    #[test]
    fn definitions_stand_anywhere() {
        for line in 5..=7 {
            assert_eq!(definition("f", line).unwrap().decorators.len(), 1, "{line}");
        }
        assert_eq!(definition("f", 14).unwrap().decorators.len(), 0);
        assert_eq!(definition("g", 9).unwrap().parameters[0].name, "x");
        let message = definition("f", 9).unwrap_err().to_string();
        assert!(message.contains("t.py:9") && message.contains("changed"), "{message}");
    }

    /// The same function is found in a piece of the file as in all of it.
    #[test]
    fn a_piece_of_the_file_is_enough() {
        let text = "\
x = 1
@decorated
@njit(
    cache=True,
)
# A comment

def f(
    a, b,
) -> int:
    # here
    s = '''
not the end
'''
# a comment within

    def inner(y):
        return y
    return (a +
b)

def g(x): return x
@one
def h(x):
    return x + \\
2
class C:
\x0c
    def m(self):
        return 1

    y = 2
@one
@two
async def k(x):
    return x
def last(): pass";
        let source = Source::new("t.py", text);
        let places = [("f", 2), ("inner", 17), ("g", 22), ("h", 23), ("m", 29), ("k", 33), ("last", 37)];
        let mut in_whole_files = Vec::new();
        for (name, line) in places {
            let place = Place::Definition { name: name.into(), line };
            let whole = within(&source, 0..text.len(), &place).unwrap().unwrap();
            match piece(&source, &place).and_then(|piece| within(&source, piece, &place).ok().flatten()) {
                Some(found) => assert_eq!(format!("{found:?}"), format!("{whole:?}"), "{name}"),
                None => in_whole_files.push(name),
            }
            assert_eq!(find(&source, &place).unwrap().span, whole.span);
        }
        // A string, brackets and a backslash go on over a line without indentation.
        assert_eq!(in_whole_files, ["f", "inner", "h"]);
        let of_g = piece(&source, &Place::Definition { name: "g".into(), line: 22 }).unwrap();
        assert_eq!(&text[of_g], "def g(x): return x\n");
        // The rest of the file does not matter.
        let source = Source::new("t.py", "def f(x):\n    return x\n\nthis is (no Python\n");
        assert!(find(&source, &Place::Definition { name: "f".into(), line: 1 }).is_ok());
        assert!(find(&source, &Place::Definition { name: "f".into(), line: 4 }).is_err());
    }

    #[test]
    fn lambdas_are_told_apart() {
        let text = |definition: FunctionDefinition| {
            let span = definition.body[0].span;
            TEXT[span.start as usize..span.end as usize].to_string()
        };
        let start = TEXT.lines().nth(9).unwrap();
        let at = |part: &str| {
            let column = start.find(part).unwrap();
            Some([(10, column), (10, column + part.len())])
        };
        assert_eq!(text(lambda(&["x"], at("x + 1")).unwrap()), "x + 1");
        assert_eq!(text(lambda(&["x"], at("x + 2")).unwrap()), "x + 2");
        assert_eq!(text(lambda(&["x", "y"], at("lambda x: x * y)(x)")).unwrap()), "(lambda x: x * y)(x)");
        assert_eq!(text(lambda(&["x"], at("x * y")).unwrap()), "x * y");
        assert_eq!(text(lambda(&["x", "y"], None).unwrap()), "(lambda x: x * y)(x)");
        let message = lambda(&["x"], None).unwrap_err().to_string();
        assert!(message.contains("which of the lambdas") && message.contains("t.py:10:"), "{message}");
        assert!(lambda(&["q"], None).is_err());
    }
}
