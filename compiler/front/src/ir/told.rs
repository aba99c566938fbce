//! What sites speak of: Python's objects with places for the values that a function has when it comes there. An exception is
//! made with them, a `print` shows them.

use crate::types::{Constant, ScalarType};
use std::fmt;
use std::sync::Arc;

/// An object of Python's, with places for values.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Told {
    None,
    Text(Arc<str>),
    /// A number that is known.
    Known(Constant),
    /// A number: one payload of this type.
    Scalar(ScalarType),
    /// A complex number: two payloads of this type.
    Complex(ScalarType),
    Tuple(Vec<Told>),
    /// An array of these elements and this rank. In prints alone.
    Array(ScalarType, u32),
}

/// An object of Python's.
#[derive(Debug, Clone, PartialEq)]
pub enum Object {
    None,
    Text(Arc<str>),
    Scalar(Constant),
    Complex(Constant, Constant),
    Tuple(Vec<Object>),
    /// One of the arrays that were passed along, by its number.
    Array(usize),
}

/// A place that is filled when the function comes there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Scalar(ScalarType),
    /// Of these elements and this rank.
    Array(ScalarType, u32),
}

impl Told {
    /// The object, its places filled with payloads in order, and with the numbers of arrays.
    pub fn object(&self, payloads: &mut dyn Iterator<Item = Constant>, arrays: &mut usize) -> Object {
        match self {
            Told::None => Object::None,
            Told::Text(text) => Object::Text(text.clone()),
            Told::Known(constant) => Object::Scalar(*constant),
            Told::Scalar(scalar) => Object::Scalar(payloads.next().unwrap_or(Constant::zero(*scalar))),
            Told::Complex(part) => {
                let mut next = || payloads.next().unwrap_or(Constant::zero(*part));
                Object::Complex(next(), next())
            }
            Told::Tuple(entries) => Object::Tuple(entries.iter().map(|entry| entry.object(payloads, arrays)).collect()),
            Told::Array(..) => {
                *arrays += 1;
                Object::Array(*arrays - 1)
            }
        }
    }

    /// Its places, in order.
    pub fn places(&self) -> Vec<Place> {
        match self {
            Told::None | Told::Text(_) | Told::Known(_) => Vec::new(),
            Told::Scalar(scalar) => vec![Place::Scalar(*scalar)],
            Told::Complex(part) => vec![Place::Scalar(*part); 2],
            Told::Tuple(entries) => entries.iter().flat_map(Told::places).collect(),
            Told::Array(scalar, rank) => vec![Place::Array(*scalar, *rank)],
        }
    }
}

/// What Python's `repr` gives; an array is shown as its number.
impl fmt::Display for Object {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Object::None => formatter.write_str("None"),
            Object::Text(text) => formatter.write_str(&quoted(text)),
            Object::Scalar(constant) => formatter.write_str(&number(*constant)),
            Object::Complex(real, imaginary) => {
                let (real, imaginary) = (real.as_f64(), imaginary.as_f64());
                let sign = if imaginary.is_sign_negative() && !imaginary.is_nan() { "" } else { "+" };
                // A whole number has no point there.
                let part = |value: f64| {
                    let text = float(value);
                    text.strip_suffix(".0").map_or(text.clone(), str::to_string)
                };
                match real == 0.0 && !real.is_sign_negative() {
                    true => write!(formatter, "{}j", part(imaginary)),
                    false => write!(formatter, "({}{sign}{}j)", part(real), part(imaginary)),
                }
            }
            Object::Tuple(entries) => {
                let entries: Vec<String> = entries.iter().map(Object::to_string).collect();
                let comma = if entries.len() == 1 { "," } else { "" };
                write!(formatter, "({}{comma})", entries.join(", "))
            }
            Object::Array(number) => write!(formatter, "<array {number}>"),
        }
    }
}

impl Object {
    /// What Python's `str` gives.
    pub fn text(&self) -> String {
        match self {
            Object::Text(text) => text.to_string(),
            other => other.to_string(),
        }
    }
}

/// An exception of that name as the last line of a traceback: `ValueError: too small`, `ValueError: (1, 2)`.
pub fn raised(name: &str, arguments: &[Object]) -> String {
    match arguments {
        [] => name.to_string(),
        [one] => format!("{name}: {}", one.text()),
        several => format!("{name}: {}", Object::Tuple(several.to_vec())),
    }
}

/// What `print` writes, without the end of the line.
pub fn line(objects: &[Object]) -> String {
    let texts: Vec<String> = objects.iter().map(Object::text).collect();
    texts.join(" ")
}

/// A number as Python shows it.
pub fn number(constant: Constant) -> String {
    match constant.scalar {
        ScalarType::Bool => if constant.bits != 0 { "True" } else { "False" }.to_string(),
        scalar if scalar.is_float() => float(constant.as_f64()),
        _ => constant.to_string(),
    }
}

/// The shortest decimal text that reads back, in Python's notation: with an exponent below 1e-4 and from 1e16 on.
fn float(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_string();
    }
    if value.is_infinite() {
        return if value < 0.0 { "-inf" } else { "inf" }.to_string();
    }
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-4..1e16).contains(&magnitude) {
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    format!("{value:?}")
}

/// A string as Python's `repr` gives it.
fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut quoted = String::from(quote);
    for character in text.chars() {
        match character {
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            same if same == quote => {
                quoted.push('\\');
                quoted.push(same);
            }
            control if control.is_control() && (control as u32) < 256 => {
                quoted.push_str(&format!("\\x{:02x}", control as u32));
            }
            other => quoted.push(other),
        }
    }
    quoted.push(quote);
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_as_in_python() {
        let shown = |value: f64| number(Constant::f64(value));
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.5, "1.5"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(shown(value), text);
        }
        assert_eq!(number(Constant::bool(true)), "True");
        // As a float64 that has the same value.
        assert_eq!(number(Constant::f32(0.1)), "0.10000000149011612");
        let complex =
            |real: f64, imaginary: f64| Object::Complex(Constant::f64(real), Constant::f64(imaginary)).to_string();
        assert_eq!(complex(1.0, -2.5), "(1-2.5j)");
        assert_eq!(complex(0.0, 2.0), "2j");
        assert_eq!(complex(-0.0, 2.0), "(-0+2j)");
    }

    #[test]
    fn strings_are_quoted_inside_of_tuples() {
        let objects = [Object::Text("a'b".into()), Object::Tuple(vec![Object::Text("it's".into()), Object::None])];
        assert_eq!(line(&objects), "a'b (\"it's\", None)");
        assert_eq!(raised("ValueError", &objects[..1]), "ValueError: a'b");
        assert_eq!(raised("ValueError", &[]), "ValueError");
    }
}
