//! Python text to tree, through ruff's parser. Ruff's types are named here and below, nowhere else.
//!
//! * `module` collects what a file defines: imports, constants, functions.
//! * `statement` and `expression` turn ruff's nodes into the tree's, `pattern` what stands in `match`.
//! * `mistake` words syntax errors.
//!
//! A file is more than its kernels. What kernels cannot have becomes an `Unsupported` node, so that only a function
//! that is compiled complains; a syntax error anywhere is an error, as in Python.

mod expression;
mod find;
mod mistake;
mod module;
mod pattern;
mod star;
mod statement;
#[cfg(test)]
mod tests;

pub use find::{Place, find};

use super::nesting::{self, MAX_BLOCKS, MAX_OPERATORS};
use super::tree;
use crate::error::{ErrorClass, Mistake, Result};
use crate::source::{Source, Span};
use crate::stack::with_stack;
use ruff_python_ast as ast;
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use ruff_text_size::TextRange;
use std::sync::Arc;

/// Stack for the deepest blocks, and for each level of an expression, where the parser was compiled without optimization.
const STACK: usize = 16 << 20;
const STACK_OF_A_LEVEL: usize = 24 << 10;

/// Parses a file, a notebook cell (lines such as `%matplotlib inline` are skipped) or an indented piece of a file.
///
/// Errors: [`ErrorClass::Syntax`].
pub fn parse(source: &Arc<Source>) -> Result<tree::Module> {
    // Text that is indented as a whole is the body of a block that is not there.
    let opening = if is_indented(&source.text) { "if 1:\n" } else { "" };
    let wrapped = if opening.is_empty() { None } else { Some(format!("{opening}{}", source.text)) };
    let text = wrapped.as_deref().unwrap_or(&source.text);
    with_syntax(source, text, -(opening.len() as i64), Mode::Module, |lower, syntax| match syntax {
        ast::Mod::Module(module) if opening.is_empty() => module::module(lower, &module.body),
        ast::Mod::Module(module) => match module.body.first() {
            Some(ast::Stmt::If(block)) => module::module(lower, &block.body),
            _ => module::module(lower, &[]),
        },
        ast::Mod::Expression(_) => module::module(lower, &[]),
    })
}

/// Parses a single expression, `text`, which stands in `source` from byte `start` on.
pub(crate) fn parse_expression(source: &Arc<Source>, start: u32, text: &str) -> Result<tree::Expression> {
    with_syntax(source, text, start as i64, Mode::Expression, |lower, syntax| match syntax {
        ast::Mod::Expression(expression) => lower.expression(&expression.body),
        ast::Mod::Module(_) => Err(lower.mistake(ErrorClass::Syntax, Span::NONE, "an expression is missing")),
    })
}

fn with_syntax<T>(
    source: &Arc<Source>,
    text: &str,
    offset: i64,
    mode: Mode,
    build: impl FnOnce(&mut Lower, &ast::Mod) -> Result<T, Mistake>,
) -> Result<T> {
    let mut lower = Lower { source, text, offset, depth: 0, blocks: 0, loops: 0, subjects: 0 };
    if text.len() >= i32::MAX as usize {
        return Err(lower.mistake(ErrorClass::Syntax, Span::NONE, "the text is longer than 2 GB").into());
    }
    if let Some(null) = text.find('\0') {
        let span = lower.span(TextRange::new((null as u32).into(), (null as u32 + 1).into()));
        let mistake = lower.mistake(ErrorClass::Syntax, span, "the text contains a null byte");
        return Err(mistake.help("is it a text file, in the encoding UTF-8?").into());
    }
    let nesting = nesting::scan(text);
    if let Some((span, what)) = nesting.too_deep {
        if let Some(brackets) = &nesting.brackets {
            return Err(mistake::brackets(&lower, brackets).into());
        }
        return Err(lower.too_deep(lower.shift(span), what).into());
    }
    // Not ruff's mode for notebooks: it panics on some texts.
    let mut without_commands = None;
    for start in &nesting.commands {
        without_commands.get_or_insert_with(|| text.to_string()).replace_range(*start..start + 1, "#");
    }
    let python = without_commands.as_deref().unwrap_or(text);
    let parse = || {
        // The scan has bounded the depth.
        let parsed = parse_unchecked(python, ParseOptions::from(mode).with_max_recursion_depth(u16::MAX));
        match parsed.errors().first() {
            Some(error) => Err(mistake::syntax(&lower, error, &nesting)),
            None if nesting.mixed_tabs.is_some() => Err(mistake::mixed_tabs(&lower, &nesting)),
            None => build(&mut lower, parsed.syntax()),
        }
    };
    Ok(with_stack(STACK + nesting.depth * STACK_OF_A_LEVEL, parse)??)
}

fn is_indented(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim_start().is_empty() && !line.trim_start().starts_with('#'));
    let indented = |line: &str| line.starts_with([' ', '\t']);
    lines.next().is_some_and(indented) && lines.all(indented)
}

/// Turns ruff's nodes into the tree's.
struct Lower<'a> {
    source: &'a Arc<Source>,
    /// What ruff's ranges are positions in.
    text: &'a str,
    /// What to add to them to get positions in the source.
    offset: i64,
    /// How deep the walk is in an expression, in blocks, and in loops of the function.
    depth: usize,
    blocks: usize,
    loops: usize,
    /// What `match` statements have computed so far.
    subjects: usize,
}

impl Lower<'_> {
    fn shift(&self, span: Span) -> Span {
        let shift = |position: u32| (position as i64 + self.offset).max(0) as u32;
        Span::new(shift(span.start), shift(span.end))
    }

    fn span(&self, range: TextRange) -> Span {
        self.shift(Span::new(range.start().into(), range.end().into()))
    }

    fn mistake(&self, class: ErrorClass, span: Span, message: impl Into<String>) -> Mistake {
        Mistake::new(class, self.source, span, message)
    }

    fn too_deep(&self, span: Span, what: &str) -> Mistake {
        let mistake = self.mistake(ErrorClass::Syntax, span, format!("{what} nested too deeply"));
        if what == "block" {
            let help = format!("at most {MAX_BLOCKS} blocks (each 'elif' is one) can stand in each other");
            return mistake.help(help + "; move the inner ones into a function");
        }
        let help =
            format!("at most {} brackets or {MAX_OPERATORS} operators can stand in each other", nesting::MAX_BRACKETS);
        mistake.help(help + "; use several statements or a loop")
    }
}
