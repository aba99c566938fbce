//! Errors in the words of Rust: `f32`, and no decorator that nobody wrote.
//!
//! The runtime speaks of types as NumPy and kernels do (`float32`), and options that are set by methods are checked as a
//! decorator's, with a place in its text. A kernel's own text is in Python, and so are the messages that show it.

use numbra_front::error::{ErrorClass, Mistake};
use numbra_front::types::ScalarType;
use numbra_runtime::error::FrontError;
use numbra_runtime::{Error, Result};

/// A result for a caller in Rust.
pub(crate) trait InRust {
    fn in_rust(self) -> Self;
}

impl<T> InRust for Result<T> {
    fn in_rust(self) -> Result<T> {
        self.map_err(error)
    }
}

fn error(error: Error) -> Error {
    match error {
        Error::Call { class, message, help } => {
            Error::Call { class, message: words(&message), help: help.as_deref().map(words) }
        }
        Error::Front(FrontError::Request { class, message, help }) => {
            Error::Call { class, message: words(&message), help: help.as_deref().map(words) }
        }
        Error::Front(FrontError::Kernel(mistake)) if is_of_options(&mistake) => {
            let Mistake { class, message, help, .. } = *mistake;
            Error::Call { class, message: words(&message), help: help.as_deref().map(words) }
        }
        other => other,
    }
}

/// Whether the mistake stands in the decorator that options were made to (`declaration::apply`).
fn is_of_options(mistake: &Mistake) -> bool {
    mistake.source.name.contains(", decorator of '")
}

/// A message with Rust's names of types, and of integers that a kernel was called with. What stands alone in quotes, such as a kernel's name, stays; so does what is part
/// of a longer name.
fn words(text: &str) -> String {
    let text = text.replace("Python integer ", "the integer ");
    let mut result = String::new();
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let length = rest.find(|letter: char| !is_of_word(letter)).unwrap_or(rest.len());
        if length == 0 {
            result.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (word, after) = rest.split_at(length);
        match ScalarType::from_name(word) {
            Some(scalar) if !(result.ends_with('\'') && after.starts_with('\'')) => result += scalar.short_name(),
            _ => result += word,
        }
        rest = after;
    }
    result
}

fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '.'
}

/// A signature with Rust's names of types as the kernel language has it: `f32(f32, i32)` is `float32(float32, int32)`.
///
/// Errors: `i8` and `u8`, which are 8 bits wide in Rust and 8 bytes in Numba.
pub(crate) fn signature(text: &str) -> Result<String> {
    let mut result = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = rest.find(|letter: char| !is_of_word(letter)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(if length == 0 { first.len_utf8() } else { length });
        rest = after;
        if word == "i8" || word == "u8" {
            let kind = if word == "i8" { "int" } else { "uint" };
            return Err(Error::call_with_help(
                format!("'{word}' in the signature {text} has two meanings: 8 bits in Rust, 8 bytes in Numba"),
                format!("write {kind}8 or {kind}64"),
            )
            .of_class(ErrorClass::Type));
        }
        let scalar = ScalarType::ALL.into_iter().find(|scalar| scalar.short_name() == word);
        match scalar {
            Some(scalar) => result += scalar.name(),
            None => result += word,
        }
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_in_messages() {
        for (text, expected) in [
            ("float64 and uint8, not bool", "f64 and u8, not bool"),
            (
                "Cannot cast ufunc 'float64' output from float64 to int32",
                "Cannot cast ufunc 'float64' output from f64 to i32",
            ),
            ("doesn't take float32", "doesn't take f32"),
            ("signature 'float32(float32)' has", "signature 'f32(f32)' has"),
            ("write float64(float64), or my_float64", "write f64(f64), or my_float64"),
            ("casting rule ''safe'' of int8", "casting rule ''safe'' of i8"),
            ("'f' of float32: 'x' is int64 \u{e9}", "'f' of f32: 'x' is i64 \u{e9}"),
            ("Python integer 300 out of bounds for uint8", "the integer 300 out of bounds for u8"),
            ("", ""),
        ] {
            assert_eq!(words(text), expected);
        }
    }

    #[test]
    fn types_in_signatures() {
        assert_eq!(signature("f32(f64, i16, uint8, bool)").unwrap(), "float32(float64, int16, uint8, bool)");
        assert_eq!(signature("f8(f4[:, ::1], i32)").unwrap(), "f8(f4[:, ::1], int32)");
        assert_eq!(signature("( \u{e9}").unwrap(), "( \u{e9}");
        for wrong in ["i8(i8)", "float32(u8)"] {
            let error = signature(wrong).unwrap_err().to_string();
            assert!(error.contains("8 bits in Rust, 8 bytes in Numba") && error.contains("int8 or "), "{error}");
        }
        assert!(signature("f32(np.i8)").is_ok());
    }
}
