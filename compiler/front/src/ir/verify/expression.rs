//! Expressions: their types, and accesses to arrays.

use super::*;

impl<'a> Verifier<'a> {
    /// The type of an expression's result; `value` is what it defines.
    pub(super) fn expression(
        &mut self,
        expression: &Expression,
        value: Value,
        surroundings: Surroundings,
    ) -> Result<ScalarType, String> {
        match expression {
            Expression::Constant(constant) => {
                let canonical = Constant::canonical(constant.bits, constant.scalar);
                if canonical != constant.bits {
                    return Err(format!("the constant's bits {:#x} are not of its type", constant.bits));
                }
                Ok(constant.scalar)
            }
            Expression::Get(variable) => match self.variable(*variable, surroundings)? {
                Kind::Scalar(scalar) => Ok(*scalar),
                Kind::Array(_) => Err("the variable is an array".to_string()),
            },
            Expression::Apply { op, operands, .. } => {
                let types: Vec<ScalarType> = operands.iter().map(|&operand| self.function.scalar(operand)).collect();
                let asked = self.function.values.get(value.index()).map(|info| info.scalar);
                op.result_type(&types, asked).ok_or_else(|| {
                    let types: Vec<&str> = types.iter().map(|scalar| scalar.short_name()).collect();
                    format!("'{}' does not take ({})", op.name(), types.join(", "))
                })
            }
            Expression::Load { array, indices } => Ok(self.access(*array, indices, Access::Write)?.scalar),
            Expression::Extent { array, axis } => {
                let array = self.function.arrays.get(array.index()).ok_or("there is no such array")?;
                match array.buffer {
                    true => Err("a buffer has no extent".to_string()),
                    false if *axis >= array.rank => Err("the array has no such axis".to_string()),
                    false => Ok(ScalarType::Index),
                }
            }
            Expression::Stride { .. } | Expression::Overlap { .. } if !self.is_function() => {
                Err(format!("a {} does not ask that", form_name(&self.function.form)))
            }
            Expression::Stride { array, axis } => {
                match self.function.arrays.get(array.index()).is_some_and(|array| *axis < array.rank) {
                    true => Ok(ScalarType::Index),
                    false => Err("the array has no such axis".to_string()),
                }
            }
            Expression::Overlap { .. } => Ok(ScalarType::Bool),
            Expression::TableEntry { table, index } => {
                if !self.function.scalar(*index).is_integer() {
                    return Err("the index is no integer".to_string());
                }
                match self.module {
                    Some(module) => {
                        Ok(module.tables.get(table.index()).ok_or("there is no such constant table")?.scalar)
                    }
                    None => Ok(self.function.values.get(value.index()).ok_or("there is no such value")?.scalar),
                }
            }
            Expression::Builtin(_) => match self.function.form {
                Form::Grid { .. } => Ok(ScalarType::Index),
                _ => Err(format!("a {} has no threads", form_name(&self.function.form))),
            },
        }
    }

    /// The array of a load or store whose opposite needs `opposite`.
    pub(super) fn access(&self, array: ArrayId, indices: &[Value], opposite: Access) -> Result<&'a Array, String> {
        let array = self.function.arrays.get(array.index()).ok_or("there is no such array")?;
        if array.access == opposite {
            let what = if opposite == Access::Read { "written" } else { "read" };
            return Err(format!("the array '{}' may not be {what}", array.name));
        }
        if indices.len() != array.rank as usize {
            return Err(format!("the array '{}' has {} axes", array.name, array.rank));
        }
        indices.iter().try_for_each(|&index| self.expect(index, ScalarType::Index, "the index"))?;
        Ok(array)
    }
}
