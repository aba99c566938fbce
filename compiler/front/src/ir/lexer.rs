//! The words of the text form (see [`super::text`]).

use crate::error::{ErrorClass, Mistake, Result};
use crate::source::{Source, Span};
use std::sync::Arc;

/// Words of the text.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    /// `%12`: the text after the sign.
    Value(String),
    /// `@name`
    Global(Label),
    /// `$name`
    Variable(Label),
    /// `#3`
    Site(u32),
    /// A bare name: a keyword or an array.
    Name(Label),
    /// A name in quotes: an array, a parameter's name, a message.
    Quoted(Label),
    /// A number, as it stands.
    Number(String),
    /// `->`, or one of `( ) [ ] { } , : =`
    Sign(&'static str),
    End,
}

/// A name and the number after it that tells it from others of the same name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Label {
    pub name: String,
    pub number: Option<u32>,
}

const SIGNS: [&str; 10] = ["->", "(", ")", "[", "]", "{", "}", ",", ":", "="];

struct Lexer<'a> {
    source: &'a Arc<Source>,
    text: &'a str,
    at: usize,
}

/// All tokens with their spans; the last one is [`Token::End`].
pub(super) fn tokens(source: &Arc<Source>) -> Result<Vec<(Token, Span)>> {
    let mut lexer = Lexer { source, text: &source.text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_blank();
        let start = lexer.at;
        let token = lexer.token()?;
        let end = token == Token::End;
        tokens.push((token, Span::new(start as u32, lexer.at as u32)));
        if end {
            return Ok(tokens);
        }
    }
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_' || character == '.'
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start().len();
            if !self.rest().starts_with(';') {
                return;
            }
            self.at += self.rest().find('\n').unwrap_or(self.rest().len());
        }
    }

    fn mistake<T>(&self, start: usize, message: impl Into<String>) -> Result<T> {
        let span = Span::new(start as u32, self.at.max(start + 1) as u32);
        Err(Mistake::new(ErrorClass::Syntax, self.source, span, message).into())
    }

    /// The longest run of letters, digits, `_` and `.`.
    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|character| !is_word(character)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    fn token(&mut self) -> Result<Token> {
        let start = self.at;
        let Some(first) = self.rest().chars().next() else {
            return Ok(Token::End);
        };
        if let Some(sign) = SIGNS.into_iter().find(|sign| self.rest().starts_with(sign)) {
            self.at += sign.len();
            return Ok(Token::Sign(sign));
        }
        match first {
            '%' => {
                self.at += 1;
                match self.word() {
                    "" => self.mistake(start, "a value's name is missing after '%'"),
                    word => Ok(Token::Value(word.to_string())),
                }
            }
            '@' | '$' => {
                self.at += 1;
                let label = self.label(start)?;
                Ok(if first == '@' { Token::Global(label) } else { Token::Variable(label) })
            }
            '#' => match self.number_after_hash(start)? {
                Some(number) => Ok(Token::Site(number)),
                None => self.mistake(start, "unknown character '#'"),
            },
            '"' => Ok(Token::Quoted(self.label(start)?)),
            '-' => {
                self.at += 1;
                match self.number() {
                    "" => self.mistake(start, "a number is missing after '-'"),
                    number => Ok(Token::Number(format!("-{number}"))),
                }
            }
            _ if first.is_ascii_digit() => Ok(Token::Number(self.number().to_string())),
            _ if is_word(first) && first != '.' => Ok(Token::Name(self.label(start)?)),
            _ => {
                self.at += first.len_utf8();
                self.mistake(start, format!("unknown character '{}'", first.escape_debug()))
            }
        }
    }

    /// Digits, letters, and a sign after an exponent's `e`.
    fn number(&mut self) -> &'a str {
        let start = self.at;
        let hexadecimal = self.rest().starts_with("0x");
        let mut before = ' ';
        for character in self.rest().chars() {
            let exponent_sign = matches!(character, '+' | '-') && matches!(before, 'e' | 'E') && !hexadecimal;
            if !is_word(character) && !exponent_sign {
                break;
            }
            self.at += character.len_utf8();
            before = character;
        }
        &self.text[start..self.at]
    }

    fn label(&mut self, start: usize) -> Result<Label> {
        let name = match self.rest().starts_with('"') {
            true => self.quoted(start)?,
            false => self.word().to_string(),
        };
        let starts_well = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
        if !starts_well && !self.text[start..].trim_start_matches(['@', '$']).starts_with('"') {
            return self.mistake(start, "a name starts with a letter or '_', or stands in double quotes");
        }
        Ok(Label { name, number: self.number_after_hash(start)? })
    }

    fn number_after_hash(&mut self, start: usize) -> Result<Option<u32>> {
        let Some(rest) = self.rest().strip_prefix('#') else { return Ok(None) };
        let length = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
        self.at += 1 + length;
        match rest[..length].parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => self.mistake(start, "a number is missing, or too large, after '#'"),
        }
    }

    fn quoted(&mut self, start: usize) -> Result<String> {
        let mut name = String::new();
        self.at += 1;
        loop {
            let rest = self.rest();
            let Some(character) = rest.chars().next() else {
                return self.mistake(start, "a '\"' is not closed");
            };
            self.at += character.len_utf8();
            match character {
                '"' => return Ok(name),
                '\\' => {
                    let rest = &rest[1..];
                    let (escaped, length) = match rest.chars().next() {
                        Some(same @ ('"' | '\\')) => (Some(same), 1),
                        Some('u') => {
                            let inside = rest[1..].strip_prefix('{').and_then(|rest| rest.split_once('}'));
                            let digits = inside.map_or("", |(digits, _)| digits);
                            (u32::from_str_radix(digits, 16).ok().and_then(char::from_u32), digits.len() + 3)
                        }
                        _ => (None, 0),
                    };
                    let Some(escaped) = escaped else {
                        return self.mistake(start, "after '\\' stand '\"', '\\' or 'u{hexadecimal}'");
                    };
                    name.push(escaped);
                    self.at += length;
                }
                _ => name.push(character),
            }
        }
    }
}
