//! Which loop of a ufunc a call runs.

use super::casting::{is_safe, is_safe_from_python};
use crate::call::Input;
use crate::error::{Error, Result};
use numbra_front::error::Class;
use numbra_front::syntax::declaration::Declaration;
use numbra_front::types::ScalarType;
use numbra_front::types::signature::{Signature, Type};
use numbra_front::typing::{Rules, promotion};

/// The types with which a kernel's function is compiled.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Loop {
    pub parameters: Vec<ScalarType>,
    pub result: Option<ScalarType>,
}

/// The type of an argument, as far as it decides which loop runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Given {
    /// A scalar of Python: bool, int64 or float64, whose width gives way.
    Weak(ScalarType),
    Strong(ScalarType),
}

impl Given {
    pub fn of(input: &Input) -> Given {
        match input {
            Input::Scalar(constant) => Given::Weak(constant.scalar),
            input => Given::Strong(input.scalar_type()),
        }
    }

    pub fn scalar(self) -> ScalarType {
        match self {
            Given::Weak(scalar) | Given::Strong(scalar) => scalar,
        }
    }
}

/// The first declared signature that all inputs cast to safely, or, without signatures, the inputs' own types.
pub fn choose(name: &str, declaration: &Declaration, inputs: &[Given]) -> Result<Loop> {
    // A Python scalar yields to arrays; among such scalars alone their types count.
    let any_strong = inputs.iter().any(|input| matches!(input, Given::Strong(_)));
    if declaration.signatures.is_empty() {
        let exact = declaration.typing == Some(Rules::Exact) && any_strong;
        let parameter = |input: &Given| match *input {
            Given::Weak(scalar) if exact => beside(scalar, inputs),
            input => input.scalar(),
        };
        return Ok(Loop { parameters: inputs.iter().map(parameter).collect(), result: None });
    }
    let fits = |candidate: &Loop| {
        candidate.parameters.len() == inputs.len()
            && inputs.iter().zip(&candidate.parameters).all(|(input, &to)| match *input {
                Given::Weak(scalar) if any_strong => is_safe_from_python(scalar, to),
                input => is_safe(input.scalar(), to),
            })
    };
    loops(declaration)?.into_iter().find(fits).ok_or_else(|| {
        let given: Vec<&str> = inputs.iter().map(|input| input.scalar().name()).collect();
        let known: Vec<String> = declaration.signatures.iter().map(|(signature, _)| signature.to_string()).collect();
        Error::call_with_help(
            format!(
                "ufunc '{name}' not supported for the input types ({}), and the inputs could not be safely coerced to \
                 any supported types according to the casting rule ''safe''",
                given.join(", ")
            ),
            format!("its signatures are {}: convert the inputs, or add a signature", known.join(", ")),
        )
        .of_class(Class::Type)
    })
}

/// The declared loops, in order.
pub fn loops(declaration: &Declaration) -> Result<Vec<Loop>> {
    declaration.signatures.iter().map(|(signature, _)| scalar_loop(signature)).collect()
}

/// The type that a scalar of Python takes beside arrays, as in NumPy: theirs, unless its kind is a higher one.
fn beside(scalar: ScalarType, inputs: &[Given]) -> ScalarType {
    let strong = inputs.iter().filter_map(|input| match input {
        Given::Strong(scalar) => Some(*scalar),
        Given::Weak(_) => None,
    });
    match strong.reduce(promotion::unify) {
        Some(common) if is_safe_from_python(scalar, common) => common,
        _ => scalar,
    }
}

fn scalar_loop(signature: &Signature) -> Result<Loop> {
    let scalar = |kind: &Type| match kind {
        Type::Scalar(scalar) => Ok(*scalar),
        Type::Array(_) => Err(Error::call_with_help(
            format!("the signature {signature} has an array type: vectorized functions take scalars"),
            "write the element type alone, for example float64(float64)",
        )
        .of_class(Class::Type)),
    };
    Ok(Loop {
        parameters: signature.arguments.iter().map(scalar).collect::<Result<_>>()?,
        result: signature.result.as_ref().map(scalar).transpose()?,
    })
}
