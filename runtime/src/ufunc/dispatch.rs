//! Which loop of a ufunc a call runs.

use super::casting::{is_safe, is_safe_from_python, yields};
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
    let weak = yields(&types(inputs, true), &types(inputs, false));
    let fits = |candidate: &Loop| {
        candidate.parameters.len() == inputs.len()
            && inputs.iter().zip(&candidate.parameters).all(|(input, &to)| match input {
                Input::Scalar(constant) if weak => is_safe_from_python(constant.scalar, to),
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

/// The types of the inputs that are Python scalars, or of those that are arrays.
fn types(inputs: &[Input], scalars: bool) -> Vec<ScalarType> {
    let wanted = inputs.iter().filter(|input| matches!(input, Input::Scalar(_)) == scalars);
    wanted.map(Input::scalar_type).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::{Element, HostArray};
    use numbra_front::source::Source;
    use numbra_front::syntax::{declaration, python};

    fn array<T: Element>(element: T) -> Input {
        Input::from(HostArray::from_slice(&[1], &[element]).unwrap())
    }

    fn chosen(signatures: &str, inputs: &[Input]) -> ScalarType {
        let text = format!("from numba import vectorize\n@vectorize({signatures})\ndef f(x, y):\n    return x + y\n");
        let module = python::parse(&Source::new("kernel.py", &text)).unwrap();
        let declaration = declaration::read(&module, module.function("f").unwrap()).unwrap();
        choose("f", &declaration, inputs).unwrap().parameters[0]
    }

    /// What numba 0.68 with NumPy 2.4 chooses.
    #[test]
    fn python_scalars_yield_to_arrays_of_their_kind() {
        use ScalarType::*;
        let floats = "['float32(float32, float32)', 'float64(float64, float64)']";
        let integers = "['uint8(uint8, uint8)', 'int64(int64, int64)']";
        let cases = [
            (floats, array(1f32), Input::from(2.5), F32),
            (floats, array(1f32), Input::from(2), F32),
            (floats, array(1f64), Input::from(2.5), F64),
            (floats, array(1u8), Input::from(2), F32),
            (floats, array(1u8), Input::from(2.5), F64),
            (floats, array(true), Input::from(2), F64),
            (floats, array(true), Input::from(true), F32),
            (floats, Input::from(2.5), Input::from(1), F64),
            (integers, array(1u8), Input::from(2), U8),
            (integers, array(1i32), Input::from(2), I64),
            (integers, array(true), Input::from(2), I64),
            (integers, array(true), Input::from(true), U8),
            (integers, Input::from(2), Input::from(1), I64),
        ];
        for (number, (signatures, left, right, expected)) in cases.into_iter().enumerate() {
            let mirrored = [right.clone(), left.clone()];
            assert_eq!(chosen(signatures, &[left, right]), expected, "case {number}");
            assert_eq!(chosen(signatures, &mirrored), expected, "case {number}, mirrored");
        }
    }
}
