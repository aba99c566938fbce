//! What decorators say of a function, as data. [`crate::declaration`] reads it from text.

use super::signature::Signature;
use crate::source::{Source, Span};
use std::sync::Arc;

/// What the decorators of a function say.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// The text that the spans refer to.
    pub source: Arc<Source>,
    pub kind: Kind,
    /// In order of declaration; empty: lazily from the arguments.
    pub signatures: Vec<(Signature, Span)>,
    /// `target=`, if given: `cpu`, `parallel`, `cuda`, ... (checked to be a name that numbra knows).
    pub target: Option<(String, Span)>,
    pub fastmath: bool,
    /// Of whole functions: a zero divisor is a failure (`error_model='python'`).
    pub zero_division: bool,
    /// Of whole functions: indices are checked (`boundscheck`).
    pub bounds: bool,
    /// Its code is kept on disk (`cache`).
    pub cache: bool,
    /// `typing=`, if given: which rules the function is typed by. numbra's own option.
    pub typing: Option<Rules>,
}

#[derive(Debug, Clone)]
pub enum Kind {
    Vectorize {
        identity: Option<Identity>,
    },
    Stencil(StencilOptions),
    /// No decorator, or `jit` / `njit`: a helper for the kernels of the file.
    Function,
}

/// What a ufunc says of itself as a reduction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// 0 or 1: combined with any value it gives that value. The order of the values makes no difference.
    Number(i128),
    /// There is no such value, but the order of the values makes no difference.
    Reorderable,
}

#[derive(Debug, Clone, Default)]
pub struct StencilOptions {
    pub cval: Option<(Number, Span)>,
    /// (min, max) per axis.
    pub neighborhood: Option<(Vec<(i64, i64)>, Span)>,
    /// Names of parameters with absolute indexing.
    pub standard_indexing: Vec<(String, Span)>,
}

/// Which rules give an expression its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rules {
    /// Numba's (docs/ir.md, rules R1 to R3): the default for kernels in Python, so that a program keeps its dtypes.
    Numba,
    /// Operators keep their operands' type; literals take the type that they meet. Prelude, stock kernels, Rust.
    Exact,
}

/// A number known when compiling.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    Bool(bool),
    Integer(i128),
    Float(f64),
}

impl Number {
    /// The value as an integer; a bool counts as 0 or 1, as in Python.
    pub fn as_integer(self) -> Option<i128> {
        match self {
            Number::Bool(value) => Some(value as i128),
            Number::Integer(value) => Some(value),
            Number::Float(_) => None,
        }
    }

    pub fn as_f64(self) -> f64 {
        match self {
            Number::Bool(value) => value as u8 as f64,
            Number::Integer(value) => value as f64,
            Number::Float(value) => value,
        }
    }
}
