//! Which loop of a ufunc a call runs.

use super::casting::{is_safe, is_safe_from_python};
use crate::call::Input;
use crate::error::{Error, Result};
use numbra_front::syntax::declaration::Declaration;
use numbra_front::types::ScalarType;
use numbra_front::types::signature::{Signature, Type};

/// The types with which a kernel's function is compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loop {
    pub parameters: Vec<ScalarType>,
    pub result: Option<ScalarType>,
}

/// The first declared signature that all inputs cast to safely, or, without signatures, the inputs' own types.
pub fn choose(name: &str, declaration: &Declaration, inputs: &[Input]) -> Result<Loop> {
    if declaration.signatures.is_empty() {
        return Ok(Loop { parameters: inputs.iter().map(Input::scalar_type).collect(), result: None });
    }
    let loops = declaration
        .signatures
        .iter()
        .map(|(signature, _)| scalar_loop(signature))
        .collect::<Result<Vec<Loop>>>()?;
    // A Python scalar yields to arrays; among scalars alone their types count.
    let any_array = inputs.iter().any(|input| !matches!(input, Input::Scalar(_)));
    let fits = |candidate: &Loop| {
        candidate.parameters.len() == inputs.len()
            && inputs.iter().zip(&candidate.parameters).all(|(input, &to)| match input {
                Input::Scalar(constant) if any_array => is_safe_from_python(constant.scalar, to),
                _ => is_safe(input.scalar_type(), to),
            })
    };
    loops.into_iter().find(fits).ok_or_else(|| {
        let given: Vec<&str> = inputs.iter().map(|input| input.scalar_type().name()).collect();
        let known: Vec<String> = declaration.signatures.iter().map(|(signature, _)| signature.to_string()).collect();
        Error::call_with_help(
            format!(
                "ufunc '{name}' not supported for the input types ({}), and the inputs could not be safely coerced to \
                 any supported types according to the casting rule 'safe'",
                given.join(", ")
            ),
            format!("its signatures are {}: convert the inputs, or add a signature", known.join(", ")),
        )
    })
}

fn scalar_loop(signature: &Signature) -> Result<Loop> {
    let scalar = |kind: &Type| match kind {
        Type::Scalar(scalar) => Ok(*scalar),
        Type::Array(_) => Err(Error::call_with_help(
            format!("the signature {signature} has an array type: vectorized functions take scalars"),
            "write the element type alone, for example float64(float64)",
        )),
    };
    Ok(Loop {
        parameters: signature.arguments.iter().map(scalar).collect::<Result<_>>()?,
        result: signature.result.as_ref().map(scalar).transpose()?,
    })
}
