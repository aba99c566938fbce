//! Values, arrays and variables: what they are where they are used.

use super::*;

impl<'a> Verifier<'a> {
    /// The type of a variable that is used here.
    pub(super) fn variable(&mut self, variable: VariableId, surroundings: Surroundings) -> Result<&'a Kind, String> {
        let known = self.function.variables.get(variable.index()).ok_or("there is no such variable")?;
        let user = &mut self.users[variable.index()];
        if *user.get_or_insert(surroundings.parallel) != surroundings.parallel {
            return Err(format!("the variable '{}' is used inside and outside of a parallel", known.name));
        }
        Ok(&known.kind)
    }

    pub(super) fn define(&mut self, value: Value) -> Result<(), String> {
        match self.defined.get_mut(value.index()) {
            None => Err(format!("%{} has no type", value.0)),
            Some(true) => Err(format!("%{} is defined twice", value.0)),
            Some(defined) => {
                *defined = true;
                self.visible[value.index()] = true;
                self.scope.push(Argument::Value(value));
                Ok(())
            }
        }
    }

    pub(super) fn define_array(&mut self, array: ArrayId) -> Result<(), String> {
        match self.arrays_defined.get_mut(array.index()) {
            None => Err("there is no such array".to_string()),
            Some(true) => Err(format!("the array '{}' is defined twice", self.function.arrays[array.index()].name)),
            Some(defined) => {
                *defined = true;
                self.arrays_visible[array.index()] = true;
                self.scope.push(Argument::Array(array));
                Ok(())
            }
        }
    }

    /// Whether what is given is of that kind. What is known of strides may be more than what is asked for.
    pub(super) fn expect_kind(&self, given: Argument, kind: &Kind, what: &str) -> Result<(), String> {
        match (given, kind) {
            (Argument::Value(value), Kind::Scalar(scalar)) => self.expect(value, *scalar, what),
            (Argument::Array(array), Kind::Array(wanted)) => {
                let given = self.function.arrays.get(array.index()).ok_or("there is no such array")?;
                let known = |(wanted, given): (&Stride, &Stride)| *wanted == Stride::Any || wanted == given;
                let fits = given.scalar == wanted.scalar
                    && (given.access == wanted.access || given.access == Access::ReadWrite)
                    && given.rank == wanted.rank()
                    && wanted.strides.iter().zip(&given.strides).all(known);
                if fits { Ok(()) } else { Err(format!("{what} '{}' has another type", given.name)) }
            }
            (Argument::Value(_), Kind::Array(_)) => Err(format!("{what} is an array")),
            (Argument::Array(_), Kind::Scalar(_)) => Err(format!("{what} is a scalar")),
        }
    }

    pub(super) fn expect(&self, value: Value, scalar: ScalarType, what: &str) -> Result<(), String> {
        match self.function.values.get(value.index()) {
            None => Err(format!("%{} has no type", value.0)),
            Some(info) if info.scalar == scalar => Ok(()),
            Some(info) => Err(format!("{what} is {}, expected {}", info.scalar.short_name(), scalar.short_name())),
        }
    }
}
