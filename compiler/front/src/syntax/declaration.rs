//! Decorators read: what kind of kernel a function is, with which signatures and options.

use super::tree::{Expression, FunctionDefinition, Module};
use crate::error::Result;
use crate::source::Span;
use crate::types::signature::Signature;

/// What the decorators of a function say.
#[derive(Debug, Clone)]
pub struct Declaration {
    pub kind: Kind,
    /// In order of declaration; empty: lazily from the arguments.
    pub signatures: Vec<(Signature, Span)>,
    /// `target=`, if given: `cpu`, `parallel`, `cuda`, ... (checked to be a name that numbra knows).
    pub target: Option<(String, Span)>,
    pub fastmath: bool,
}

#[derive(Debug, Clone)]
pub enum Kind {
    Vectorize { identity: Option<Expression> },
    Stencil(StencilOptions),
    /// No decorator, or `jit` / `njit`: a helper for the kernels of the file.
    Function,
}

#[derive(Debug, Clone, Default)]
pub struct StencilOptions {
    /// A literal (possibly signed) or a constant of the module.
    pub cval: Option<Expression>,
    /// (min, max) per axis.
    pub neighborhood: Option<(Vec<(i64, i64)>, Span)>,
    /// Names of parameters with absolute indexing.
    pub standard_indexing: Vec<(String, Span)>,
}

/// Reads the decorators of `function`. Errors: unknown decorators and options, bad signatures, bad values.
pub fn read(module: &Module, function: &FunctionDefinition) -> Result<Declaration> {
    let _ = (module, function);
    unreachable!("written next")
}
