//! A function's text with the types of its expressions.

use super::Specialization;
use numbra_front::ir::Function;
use numbra_front::source::{Source, Span};
use numbra_front::types::ScalarType;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

/// Above each line of the function the expressions in it, with their types.
pub(super) fn annotated(specialization: &Specialization) -> String {
    let Some(function) = specialization.module.functions.first() else { return String::new() };
    let Some(source) = &function.source else { return String::new() };
    let types: Vec<String> = specialization.arguments.iter().map(ToString::to_string).collect();
    let mut text = format!("{} ({}) -> {}\n", function.name, types.join(", "), specialization.result);
    let _ = writeln!(text, "{}\n# File: {}", "-".repeat(80), source.name);
    let expressions = expressions(function, source);
    let Some((first, last)) = lines(function, source) else { return text };
    for (number, line) in source.text.lines().enumerate().take(last + 1).skip(first) {
        let _ = writeln!(text, "# --- LINE {} ---", number + source.first_line);
        let blanks = &line[..line.len() - line.trim_start().len()];
        for (expression, item_type) in expressions.get(&number).into_iter().flatten() {
            let _ = writeln!(text, "{blanks}#   {expression}  :: {item_type}");
        }
        let _ = writeln!(text, "\n{line}\n");
    }
    text
}

/// The place of a span in the source, from 0.
fn line_of(source: &Arc<Source>, at: u32) -> usize {
    source.text[..(at as usize).min(source.text.len())].matches('\n').count()
}

/// The first and the last line that something of the function stands in.
fn lines(function: &Function, source: &Arc<Source>) -> Option<(usize, usize)> {
    let spans = function.values.iter().map(|value| value.span).filter(|span| *span != Span::NONE);
    let lines: Vec<usize> = spans.map(|span| line_of(source, span.start)).collect();
    Some((*lines.iter().min()?, *lines.iter().max()?))
}

/// By line, in the order of the text: an expression and its type. Of what an expression is computed from, the last counts.
fn expressions(function: &Function, source: &Arc<Source>) -> BTreeMap<usize, Vec<(String, ScalarType)>> {
    let mut by_span: BTreeMap<(u32, u32), ScalarType> = BTreeMap::new();
    for value in function.values.iter().filter(|value| value.span != Span::NONE) {
        let scalar = if value.scalar == ScalarType::Index { ScalarType::I64 } else { value.scalar };
        by_span.insert((value.span.start, value.span.end), scalar);
    }
    let mut found: BTreeMap<usize, Vec<(String, ScalarType)>> = BTreeMap::new();
    for ((start, end), scalar) in by_span {
        let text = source.text.get(start as usize..end as usize).unwrap_or_default();
        // Of what goes on for several lines the first one.
        let text = text.lines().next().unwrap_or_default().trim_end().to_string();
        if !text.is_empty() {
            found.entry(line_of(source, start)).or_default().push((text, scalar));
        }
    }
    found
}
