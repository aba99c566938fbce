//! A cheap look at text before it is parsed: how deeply it nests, and which bracket has no partner.
//!
//! The parser, and everything that walks a tree, recurses; so the depth of the tree is bounded here, before there is
//! one. And the place where a bracket was opened is a better message than the place where the parser gave up.

use crate::source::Span;

/// Brackets within brackets.
pub const MAX_BRACKETS: usize = 200;
/// Blocks within blocks; each `elif` counts as one.
pub const MAX_BLOCKS: usize = 200;
/// Operators on one way from the root of an expression to a leaf (checked on the tree).
pub const MAX_OPERATORS: usize = 1000;
/// A bound on the depth of the parser's tree, far above what passes [`MAX_OPERATORS`] in sensible text.
const MAX_TOKENS: usize = 20_000;

/// What [`scan`] found.
#[derive(Debug, Default)]
pub struct Nesting {
    /// A bound on the depth of the tree.
    pub depth: usize,
    /// Where the text nests too deeply, and what it is that does: `expression` or `block`.
    pub too_deep: Option<(Span, &'static str)>,
    /// The first bracket without a partner.
    pub brackets: Option<Brackets>,
    /// The first line whose indentation means one thing with wide tabs and another with narrow ones (Python refuses
    /// it; ruff takes it).
    pub mixed_tabs: Option<Span>,
    /// Where lines of notebooks begin that are no Python: `%matplotlib inline`, `!ls`, `?help`.
    pub commands: Vec<usize>,
}

#[derive(Debug)]
pub enum Brackets {
    NeverClosed { opening: Span },
    NeverOpened { closing: Span },
    Mismatched { opening: Span, closing: Span },
}

/// Scans text. It follows strings, f-strings included, and comments as the parser does; on text with errors the
/// two may differ, so a bracket's problem is to be believed only if the parser found an error too.
pub fn scan(text: &str) -> Nesting {
    let mut scanner = Scanner {
        bytes: text.as_bytes(),
        at: 0,
        levels: vec![Level::default()],
        indentation: Vec::new(),
        at_line_start: true,
        found: Nesting::default(),
    };
    scanner.run();
    scanner.found
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The text outside of brackets, and every open bracket.
    levels: Vec<Level>,
    /// Of the blocks around: columns with tabs of 8, and of 1.
    indentation: Vec<(usize, usize)>,
    at_line_start: bool,
    found: Nesting,
}

#[derive(Default, Clone, Copy)]
struct Level {
    position: usize,
    /// The f-string whose replacement field this is.
    field: Option<Field>,
    /// Tokens since the last comma, and the depth of the deepest bracket among them.
    tokens: usize,
    deepest: usize,
    /// Commas do not end a lambda's nesting: `lambda a, b: lambda c, d: ...`.
    lambdas: usize,
    /// The depth of the deepest item so far.
    depth: usize,
}

#[derive(Clone, Copy)]
struct Field {
    quote: u8,
    triple: bool,
    /// Opened in the format of another field: `{x:{width}}`.
    in_format: bool,
}

impl Scanner<'_> {
    fn run(&mut self) {
        while self.at < self.bytes.len() && self.found.too_deep.is_none() {
            if self.at_line_start && self.levels.len() == 1 {
                self.indentation();
            }
            self.token();
        }
        self.end_item(true);
        if self.levels.len() > 1 && self.found.brackets.is_none() && self.found.too_deep.is_none() {
            let opening = span(self.top().position);
            self.found.brackets = Some(Brackets::NeverClosed { opening });
        }
    }

    fn top(&mut self) -> &mut Level {
        self.levels.last_mut().expect("the outermost level is never closed")
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn token(&mut self) {
        match self.peek(0) {
            b'\n' | b'\r' => {
                self.at += 1;
                if self.levels.len() == 1 {
                    self.end_item(true);
                    self.at_line_start = true;
                }
            }
            b' ' | b'\t' | b'\x0c' => self.at += 1,
            // The end of line after it is skipped with it.
            b'\\' => self.at += if self.peek(1) == b'\r' && self.peek(2) == b'\n' { 3 } else { 2 },
            b'#' => self.skip_line(),
            b'"' | b'\'' => self.string(false),
            b'(' | b'[' | b'{' => {
                self.open(None);
                self.at += 1;
            }
            b')' | b']' | b'}' => self.close(),
            b',' => {
                self.end_item(false);
                self.at += 1;
            }
            b';' => {
                let outermost = self.levels.len() == 1;
                self.end_item(outermost);
                self.at += 1;
            }
            b':' if self.top().field.is_some() => {
                self.at += 1;
                if let Some(field) = self.top().field {
                    self.formatted_text(field, true);
                }
            }
            byte if is_word(byte) => self.word(),
            _ => {
                self.top().tokens += 1;
                self.at += 1;
            }
        }
    }

    fn skip_line(&mut self) {
        while self.at < self.bytes.len() && !matches!(self.peek(0), b'\n' | b'\r') {
            self.at += 1;
        }
    }

    fn word(&mut self) {
        let start = self.at;
        while self.at < self.bytes.len() && is_word(self.peek(0)) {
            self.at += 1;
        }
        let word = &self.bytes[start..self.at];
        let is_prefix = word.len() <= 2 && word.iter().all(|byte| b"rRbBuUfFtT".contains(byte));
        if is_prefix && matches!(self.peek(0), b'"' | b'\'') {
            let formatted = word.iter().any(|byte| b"fFtT".contains(byte));
            return self.string(formatted);
        }
        let is_lambda = word == b"lambda";
        let top = self.top();
        top.tokens += 1;
        top.lambdas += is_lambda as usize;
    }

    fn string(&mut self, formatted: bool) {
        let quote = self.peek(0);
        let triple = self.peek(1) == quote && self.peek(2) == quote;
        self.at += if triple { 3 } else { 1 };
        if formatted {
            return self.formatted_text(Field { quote, triple, in_format: false }, false);
        }
        while self.at < self.bytes.len() && !self.string_ends(quote, triple) {
            self.at += if self.peek(0) == b'\\' { 2 } else { 1 };
        }
    }

    /// Whether a string ends here; its quotes are skipped if so.
    fn string_ends(&mut self, quote: u8, triple: bool) -> bool {
        match self.peek(0) {
            // Left open: the parser will say so.
            b'\n' | b'\r' if !triple => true,
            byte if byte == quote && !triple => {
                self.at += 1;
                true
            }
            byte if byte == quote && self.peek(1) == quote && self.peek(2) == quote => {
                self.at += 3;
                true
            }
            _ => false,
        }
    }

    /// The text of an f-string up to its end or to the next `{`, which opens a level; `in_format`: the format after
    /// the colon of the field on top.
    fn formatted_text(&mut self, string: Field, mut in_format: bool) {
        while self.at < self.bytes.len() {
            match self.peek(0) {
                b'\\' => self.at += if self.peek(1) == b'{' { 1 } else { 2 },
                b'{' if self.peek(1) == b'{' && !in_format => self.at += 2,
                b'{' => {
                    self.open(Some(Field { in_format, ..string }));
                    self.at += 1;
                    return;
                }
                b'}' if in_format => {
                    in_format = self.top().field.is_some_and(|field| field.in_format);
                    self.pop();
                    self.at += 1;
                }
                _ if self.string_ends(string.quote, string.triple) => {
                    if in_format {
                        self.pop();
                    }
                    return;
                }
                _ => self.at += 1,
            }
        }
    }

    fn open(&mut self, field: Option<Field>) {
        self.top().tokens += 1;
        self.levels.push(Level { position: self.at, field, ..Level::default() });
        if self.levels.len() > MAX_BRACKETS + 1 {
            self.too_deep("expression");
        }
    }

    fn close(&mut self) {
        let closing = self.peek(0);
        let top = *self.top();
        if self.levels.len() == 1 {
            self.found.brackets.get_or_insert(Brackets::NeverOpened { closing: span(self.at) });
        } else if matches!((self.bytes[top.position], closing), (b'(', b')') | (b'[', b']') | (b'{', b'}')) {
            self.pop();
            if let Some(field) = top.field {
                self.at += 1;
                return self.formatted_text(field, field.in_format);
            }
        } else {
            let (opening, closing) = (span(top.position), span(self.at));
            self.found.brackets.get_or_insert(Brackets::Mismatched { opening, closing });
        }
        self.at += 1;
    }

    fn pop(&mut self) {
        self.end_item(true);
        if self.levels.len() > 1
            && let Some(inner) = self.levels.pop()
        {
            let top = self.top();
            top.deepest = top.deepest.max(inner.depth + 1);
        }
    }

    /// What a comma, a bracket's end or a statement's end does.
    fn end_item(&mut self, all: bool) {
        let top = self.top();
        top.depth = top.depth.max(top.deepest + top.tokens + top.lambdas);
        (top.tokens, top.deepest) = (0, 0);
        if all {
            top.lambdas = 0;
        }
        let depth = top.depth;
        self.found.depth = self.found.depth.max(depth);
        if depth > MAX_TOKENS {
            self.too_deep("expression");
        }
    }

    fn indentation(&mut self) {
        self.at_line_start = false;
        let start = self.at;
        let (mut wide, mut narrow) = (0, 0);
        loop {
            match self.peek(0) {
                b' ' => (wide, narrow) = (wide + 1, narrow + 1),
                b'\t' => (wide, narrow) = (wide / 8 * 8 + 8, narrow + 1),
                b'\x0c' => (wide, narrow) = (0, 0),
                _ => break,
            }
            self.at += 1;
        }
        if matches!(self.peek(0), b'\n' | b'\r' | b'#' | 0) {
            return;
        }
        while self.indentation.last().is_some_and(|around| around.0 > wide) {
            self.indentation.pop();
        }
        let around = self.indentation.last().copied().unwrap_or((0, 0));
        if around.0.cmp(&wide) != around.1.cmp(&narrow) {
            self.found.mixed_tabs.get_or_insert(Span::new(start as u32, self.at as u32));
        }
        if wide == 0 && matches!(self.peek(0), b'%' | b'!' | b'?') {
            self.found.commands.push(self.at);
            self.skip_line();
            return;
        }
        if wide > around.0 {
            self.indentation.push((wide, narrow));
        }
        if self.indentation.len() > MAX_BLOCKS {
            self.too_deep("block");
        }
    }

    fn too_deep(&mut self, what: &'static str) {
        let at = self.at.min(self.bytes.len().saturating_sub(1));
        self.found.too_deep.get_or_insert((span(at), what));
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn span(position: usize) -> Span {
    Span::new(position as u32, position as u32 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        for text in [
            "x = '(((' + \"[[[\" # ((((\n",
            "x = '''(\n(\n'''\n",
            "x = r'\\\\' + '('\n",
            "x = f'({a[1]:>{w}}) {{ ( {b!r:>3}' + ''\n",
            "x = f\"{a[\"(\"]} (\"\n",
            "x = rb'(' b'('\n",
        ] {
            let found = scan(text);
            assert!(found.brackets.is_none(), "{text}: {found:?}");
        }
    }

    #[test]
    fn brackets_without_a_partner_are_found() {
        assert!(
            matches!(scan("x = (1,\ny = 2\n").brackets, Some(Brackets::NeverClosed { opening }) if opening.start == 4)
        );
        assert!(matches!(scan("x = 1)\n").brackets, Some(Brackets::NeverOpened { closing }) if closing.start == 5));
        assert!(matches!(scan("x = [1)\n").brackets, Some(Brackets::Mismatched { .. })));
    }

    #[test]
    fn indentation_must_not_depend_on_the_width_of_tabs() {
        let mixed = |text: &str| scan(text).mixed_tabs.is_some();
        assert!(mixed("if a:\n\tif b:\n        c\n\td\n"));
        assert!(mixed("if a:\n        b\n\tc\n"));
        assert!(!mixed("if a:\n\tif b:\n\t\tc\n\td\nif e:\n    f\n"));
        assert!(!mixed("if a:\n\tif b:\n\t    c\n\td\n"));
        assert!(!mixed("if a:\n    b = [\n\t1]\n    c\n"));
    }

    #[test]
    fn depth_is_bounded_before_parsing() {
        let deep = |text: String| scan(&text).too_deep.is_some();
        assert!(!deep("(".repeat(200) + &")".repeat(200)));
        assert!(deep("(".repeat(201)));
        assert!(deep("f'{".repeat(201)));
        assert!(deep(format!("f'''{{{}", "(".repeat(201))));
        assert!(deep("-".repeat(30_000)));
        assert!(deep("lambda a, b: ".repeat(30_000)));
        assert!(!deep("1, ".repeat(30_000)));
        assert!(deep((0..=201).map(|depth| " ".repeat(depth) + "if a:\n").collect()));
        assert!(!deep("if a:\n    b\n".repeat(1000)));
        assert!(scan("[a + b, c]\n").depth >= 3);
    }
}
