//! Syntax errors, in our words.

use super::Lower;
use crate::error::{ErrorClass, Mistake};
use crate::source::Span;
use crate::syntax::nesting::{Brackets, Nesting};
use ruff_python_parser::{LexicalErrorType, ParseError, ParseErrorType};
use ruff_text_size::Ranged;

/// The mistake for the parser's first error. A bracket without a partner that stands before it is its cause.
pub(super) fn syntax(lower: &Lower, error: &ParseError, nesting: &Nesting) -> Mistake {
    let start = u32::from(error.range().start());
    if let Some(found) = &nesting.brackets {
        let position = match found {
            Brackets::NeverClosed { opening } => opening.start,
            Brackets::NeverOpened { closing } | Brackets::Mismatched { closing, .. } => closing.start,
        };
        if position <= start {
            return brackets(lower, found);
        }
    }
    if nesting.mixed_tabs.is_some_and(|span| span.start <= start) {
        return mixed_tabs(lower, nesting);
    }
    // Errors at the end of the text belong to the end of its last line, and none goes on to the next line.
    let end = lower.text.trim_end().len() as u32;
    let start = start.min(end);
    let rest = &lower.text[start as usize..];
    let line = rest.find(['\n', '\r']).unwrap_or(rest.len()) as u32;
    let span = lower.shift(Span::new(start, u32::from(error.range().end()).clamp(start, start + line)));
    let message = match &error.error {
        ParseErrorType::SimpleStatementsOnSameLine => "the statement should end here".to_string(),
        ParseErrorType::Lexical(LexicalErrorType::UnrecognizedToken { tok }) => format!("unexpected character '{tok}'"),
        other => lower_case(&other.to_string()),
    };
    let mistake = lower.mistake(ErrorClass::Syntax, span, message);
    match help(lower.text, start as usize, &error.error) {
        Some(help) => mistake.help(help),
        None => mistake,
    }
}

pub(super) fn mixed_tabs(lower: &Lower, nesting: &Nesting) -> Mistake {
    let span = lower.shift(nesting.mixed_tabs.unwrap_or_default());
    let mistake = lower.mistake(ErrorClass::Syntax, span, "inconsistent use of tabs and spaces in indentation");
    mistake.help("indent all lines of a block with spaces, or all with tabs")
}

pub(super) fn brackets(lower: &Lower, found: &Brackets) -> Mistake {
    let text = |span: &Span| &lower.text[span.start as usize..span.end as usize];
    let mistake = |span: &Span, message: String| lower.mistake(ErrorClass::Syntax, lower.shift(*span), message);
    match found {
        Brackets::NeverClosed { opening } => {
            let bracket = text(opening);
            let help = format!("add the closing '{}'", partner(bracket));
            mistake(opening, format!("'{bracket}' was never closed")).label("opened here").help(help)
        }
        Brackets::NeverOpened { closing } => {
            let bracket = text(closing);
            let help = format!("remove it, or add the opening '{}'", partner(bracket));
            mistake(closing, format!("unmatched '{bracket}'")).help(help)
        }
        Brackets::Mismatched { opening, closing } => {
            let (open, close) = (text(opening), text(closing));
            mistake(closing, format!("closing '{close}' does not match opening '{open}'"))
                .label(format!("expected '{}'", partner(open)))
                .also(lower.shift(*opening), "opened here")
        }
    }
}

fn partner(bracket: &str) -> char {
    match bracket {
        "(" => ')',
        ")" => '(',
        "[" => ']',
        "]" => '[',
        "{" => '}',
        _ => '{',
    }
}

/// Ruff starts with a capital and quotes with backticks.
fn lower_case(message: &str) -> String {
    let message = message.replace('`', "'");
    let mut characters = message.chars();
    match characters.next() {
        // `IPython`, but not `Expected`.
        Some(first) if !characters.clone().next().is_some_and(|second| second.is_uppercase()) => {
            first.to_lowercase().collect::<String>() + characters.as_str()
        }
        _ => message,
    }
}

/// What to do, where the text shows what was meant.
fn help(text: &str, start: usize, error: &ParseErrorType) -> Option<String> {
    let rest = text.get(start..).unwrap_or("");
    let before = text.get(..start).unwrap_or("");
    let line = before.rfind('\n').map_or(before, |newline| &before[newline + 1..]);
    let message = error.to_string();
    let from_other_languages = [
        ("&", line.ends_with('&'), "'and' (or '&' for bits)"),
        ("|", line.ends_with('|'), "'or' (or '|' for bits)"),
        ("!", true, "'not'"),
        ("?", true, "'a if condition else b'"),
        ("++", true, "'+= 1'"),
        ("if", line.trim() == "else" || line.trim() == "} else", "'elif'"),
    ];
    for (token, applies, instead) in from_other_languages {
        if applies && rest.starts_with(token) && !rest.starts_with("!=") {
            return Some(format!("write {instead}"));
        }
    }
    if line.trim_end().ends_with("++") || line.trim_end().ends_with("--") {
        return Some("write '+= 1' or '-= 1'".to_string());
    }
    if line.trim() == "print" || line.trim_start().starts_with("print ") {
        return Some("write 'print(...)'".to_string());
    }
    let fixed = match error {
        ParseErrorType::Lexical(LexicalErrorType::IndentationError) | ParseErrorType::UnexpectedIndentation => {
            "give all lines of a block the same indentation, of spaces or of tabs alone"
        }
        ParseErrorType::Lexical(LexicalErrorType::UnclosedStringError) => {
            "close the string with the quote it began with"
        }
        ParseErrorType::Lexical(LexicalErrorType::LineContinuationError) => {
            "a '\\' must be the last character of its line"
        }
        ParseErrorType::Lexical(LexicalErrorType::UnrecognizedToken { tok }) => {
            return Some(match tok {
                '\u{2018}' | '\u{2019}' | '\u{201c}' | '\u{201d}' => "use straight quotes: ' or \"".to_string(),
                '\u{2212}' | '\u{2013}' | '\u{2014}' => "use the ASCII minus: -".to_string(),
                '\u{a0}' => "replace the no-break space by a space".to_string(),
                '\u{d7}' | '\u{b7}' => "multiply with *".to_string(),
                '$' => "names are made of letters, digits and '_'".to_string(),
                _ => format!("remove the character U+{:04X}", *tok as u32),
            });
        }
        ParseErrorType::InvalidAssignmentTarget => "assign to a name or an element: x = 1, a[0] = 1; compare with '=='",
        _ if message.starts_with("Expected `:`") && rest.starts_with('=') => "to compare, write '=='",
        _ if message.starts_with("Expected `:`") => "end the line with ':'",
        _ if message.starts_with("Expected an indented block") => {
            "indent the lines of the block; 'pass' is an empty one"
        }
        ParseErrorType::SimpleStatementsOnSameLine => "is an operator, a comma or a line break missing?",
        ParseErrorType::ExpectedExpression
            if rest.trim_start_matches([' ', '\t']).starts_with(['\n', '\r']) || rest.is_empty() =>
        {
            "complete the expression"
        }
        _ => return None,
    };
    Some(fixed.to_string())
}
