//! Kernel text and positions in it.

use crate::error::{ErrorClass, Mistake, Result};
use std::sync::Arc;

/// A named piece of kernel text: a file, a notebook cell, a string.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// What messages call it: a path as the user gave it, or a description such as `<string>`.
    pub name: String,
    pub text: String,
    /// The line (from 1) that the first line of `text` has in the file that it was taken from.
    pub first_line: usize,
}

impl Source {
    /// A byte order mark at the start is dropped, so that positions count what an editor shows.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Source> {
        let mut text = text.into();
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        Arc::new(Source { name: name.into(), text, first_line: 1 })
    }

    /// The text of a file. Error: bytes that are no UTF-8, with their place.
    pub fn from_bytes(name: impl Into<String>, bytes: &[u8]) -> Result<Arc<Source>> {
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        let invalid = match std::str::from_utf8(bytes) {
            Ok(text) => return Ok(Source::new(name, text)),
            Err(error) => error.valid_up_to(),
        };
        // Everything before the first invalid byte keeps its place in the lossy text.
        let source = Source::new(name, String::from_utf8_lossy(bytes));
        let span = Span::new(invalid as u32, (invalid + '\u{fffd}'.len_utf8()) as u32);
        Err(Mistake::new(ErrorClass::Syntax, &source, span, "the text is not UTF-8")
            .label(format!("byte 0x{:02x} here", bytes[invalid]))
            .help("save the file in the encoding UTF-8")
            .into())
    }

    /// Line and column, both from 1, of a byte offset; the column counts characters.
    pub fn position(&self, offset: u32) -> (usize, usize) {
        let mut offset = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &self.text[..offset];
        let line = before.matches('\n').count() + self.first_line;
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (line, before[start..].chars().count() + 1)
    }
}

/// A range of bytes in a [`Source`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    /// For what the compiler made itself.
    pub const NONE: Span = Span { start: 0, end: 0 };

    pub fn new(start: u32, end: u32) -> Span {
        Span { start, end }
    }

    /// The smallest span that holds both.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}
