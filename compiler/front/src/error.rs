//! What can go wrong on the way from text to IR.

use crate::excerpt::Excerpt;
use crate::source::{Source, Span};
use codespan_reporting::diagnostic::{Diagnostic, Label};
use codespan_reporting::term;
use std::fmt;
use std::sync::Arc;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the front end.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// A mistake in a kernel, with its place in the text.
    #[error("{0}")]
    Kernel(Box<Mistake>),
    /// A mistake in something that has no place in a kernel's text: a signature given from outside, an option.
    #[error("{message}{}", help_line(.help))]
    Request { class: ErrorClass, message: String, help: Option<String> },
    /// What is being typed is never reached, or not known yet. Never leaves `typing`.
    #[error("this is never reached")]
    Diverges,
    /// Our own fault. The text says what was expected; users should report it.
    #[error("internal error of numbra, please report it: {0}")]
    Internal(String),
}

fn help_line(help: &Option<String>) -> String {
    help.as_ref().map_or(String::new(), |help| format!("\n  help: {help}"))
}

/// The kind of a mistake: which of Python's exceptions it becomes there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    Syntax,
    Name,
    Type,
    Value,
    /// An option that a decorator does not have.
    Key,
    Index,
    ZeroDivision,
    /// A number that its type cannot hold.
    Overflow,
    /// A name that is read before it is assigned, found when running.
    Unbound,
    Memory,
    Recursion,
    /// What the kernel raises itself: the message begins with the exception's name.
    Raised,
    /// A construct of the language that numbra does not have.
    Unsupported,
    /// One that it will not have: Numba has none either, so that no function can need it.
    Refused,
}

/// A user's mistake: what is wrong, where, and what to do.
#[derive(Debug, Clone)]
pub struct Mistake {
    pub class: ErrorClass,
    pub source: Arc<Source>,
    pub span: Span,
    /// One sentence, no full stop: `unknown name 'foo'`.
    pub message: String,
    /// What to print at the caret; may be empty.
    pub label: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Further places, each with its own text.
    pub also: Vec<(Span, String)>,
}

impl Mistake {
    pub fn new(class: ErrorClass, source: &Arc<Source>, span: Span, message: impl Into<String>) -> Mistake {
        Mistake {
            class,
            source: source.clone(),
            span,
            message: message.into(),
            label: String::new(),
            help: None,
            also: Vec::new(),
        }
    }

    pub fn label(mut self, label: impl Into<String>) -> Mistake {
        self.label = label.into();
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Mistake {
        self.help = Some(help.into());
        self
    }

    pub fn also(mut self, span: Span, text: impl Into<String>) -> Mistake {
        self.also.push((span, text.into()));
        self
    }
}

impl From<Mistake> for Error {
    fn from(mistake: Mistake) -> Error {
        Error::Kernel(Box::new(mistake))
    }
}

impl Error {
    pub fn class(&self) -> Option<ErrorClass> {
        match self {
            Error::Kernel(mistake) => Some(mistake.class),
            Error::Request { class, .. } => Some(*class),
            Error::Internal(_) | Error::Diverges => None,
        }
    }

    pub fn request(class: ErrorClass, message: impl Into<String>) -> Error {
        Error::Request { class, message: message.into(), help: None }
    }

    pub fn request_with_help(class: ErrorClass, message: impl Into<String>, help: impl Into<String>) -> Error {
        Error::Request { class, message: message.into(), help: Some(help.into()) }
    }
}

/// Something worth telling the user that keeps nothing from running.
#[derive(Debug, Clone)]
pub struct Warning(pub Mistake);

/// The message, then `FILE:LINE:COL`, the line and a caret. What shows it says that it is an error.
impl fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.rendered(Diagnostic::error())?;
        formatter.write_str(text.strip_prefix("error: ").unwrap_or(&text))
    }
}

/// As a mistake is rendered, with `warning: ` before it.
impl fmt::Display for Warning {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.rendered(Diagnostic::warning())?)
    }
}

impl Mistake {
    fn rendered(&self, severity: Diagnostic<()>) -> Result<String, fmt::Error> {
        let text_length = self.source.text.len() as u32;
        let clamp = |span: Span| {
            let start = span.start.min(text_length);
            start as usize..span.end.clamp(start, text_length) as usize
        };
        // Leading blank lines give the text the line numbers that it has in its file.
        let lead = self.source.first_line.saturating_sub(1);
        let shift = |range: std::ops::Range<usize>| range.start + lead..range.end + lead;
        let spans = std::iter::once(self.span).chain(self.also.iter().map(|(span, _)| *span));
        let mut ranges: Vec<_> = spans.map(|span| shift(clamp(span))).collect();
        let file = Excerpt::new(&self.source.name, &("\n".repeat(lead) + &self.source.text), &mut ranges);
        let mut labels = vec![Label::primary((), ranges[0].clone()).with_message(&self.label)];
        for (range, (_, text)) in ranges[1..].iter().zip(&self.also) {
            labels.push(Label::secondary((), range.clone()).with_message(text));
        }
        let mut diagnostic = severity.with_message(&self.message).with_labels(labels);
        if let Some(help) = &self.help {
            diagnostic = diagnostic.with_note(format!("help: {help}"));
        }
        let mut text = String::new();
        term::emit_to_string(&mut text, &term::Config::default(), &file, &diagnostic).map_err(|_| fmt::Error)?;
        text.truncate(text.trim_end().len());
        Ok(text)
    }
}
