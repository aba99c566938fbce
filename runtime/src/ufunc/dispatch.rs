//! Which loop of a ufunc a call runs.

use super::casting::{is_safe, is_safe_from_python, yields};
use crate::call::Input;
use crate::error::{Error, Result};
use numbra_front::declaration::Declaration;
use numbra_front::error::ErrorClass;
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
    if declaration.signatures.is_empty() {
        return Ok(Loop { parameters: own_types(declaration, inputs), result: None });
    }
    let weak = yields(&types(inputs, true), &types(inputs, false));
    let fits = |candidate: &Loop| {
        candidate.parameters.len() == inputs.len()
            && inputs.iter().zip(&candidate.parameters).all(|(input, &to)| match *input {
                Given::Weak(scalar) if weak => is_safe_from_python(scalar, to),
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
        .of_class(ErrorClass::Type)
    })
}

/// The types with which a function without signatures is compiled for these inputs: their own, but that the exact rules
/// let scalars of Python give way.
pub fn own_types(declaration: &Declaration, inputs: &[Given]) -> Vec<ScalarType> {
    let exact = declaration.typing == Some(Rules::Exact);
    let parameter = |input: &Given| match *input {
        // A bool is a flag, not a number without a width.
        Given::Weak(scalar) if exact && scalar != ScalarType::Bool => beside(scalar, inputs),
        input => input.scalar(),
    };
    inputs.iter().map(parameter).collect()
}

/// The declared loops, in order.
pub fn loops(declaration: &Declaration) -> Result<Vec<Loop>> {
    declaration.signatures.iter().map(|(signature, _)| scalar_loop(signature)).collect()
}

/// The types of the inputs that are Python scalars, or of those that are not.
fn types(inputs: &[Given], scalars: bool) -> Vec<ScalarType> {
    let wanted = inputs.iter().filter(|input| matches!(input, Given::Weak(_)) == scalars);
    wanted.map(|input| input.scalar()).collect()
}

/// The type that a scalar of Python takes beside arrays, as in NumPy: theirs, unless its kind is a higher one.
fn beside(scalar: ScalarType, inputs: &[Given]) -> ScalarType {
    match types(inputs, false).into_iter().reduce(promotion::unify) {
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
        .of_class(ErrorClass::Type)),
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
    use numbra_front::declaration;
    use numbra_front::source::Source;
    use numbra_front::syntax::python;

    fn array<T: Element>(element: T) -> Input {
        Input::from(HostArray::from_slice(&[1], &[element]).unwrap())
    }

    fn chosen(signatures: &str, inputs: &[Input]) -> ScalarType {
        let text = format!("from numba import vectorize\n@vectorize({signatures})\ndef f(x, y):\n    return x + y\n");
        let module = python::parse(&Source::new("kernel.py", &text)).unwrap();
        let declaration = declaration::read(&module, module.function("f").unwrap()).unwrap();
        let given: Vec<Given> = inputs.iter().map(Given::of).collect();
        choose("f", &declaration, &given).unwrap().parameters[0]
    }

    #[test]
    fn numbers_of_python_give_way_under_exact_rules_but_flags_do_not() {
        use ScalarType::*;
        let chosen = |scalar: Input| chosen("typing='exact'", &[scalar, array(1f32)]);
        assert_eq!([chosen(Input::from(2)), chosen(Input::from(2.5)), chosen(Input::from(true))], [F32, F32, Bool]);
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
