//! What local arrays are defined as.

use super::*;

impl<'a> Verifier<'a> {
    /// Whether what an array is defined as has the array's type.
    pub(super) fn definition(
        &mut self,
        array: ArrayId,
        definition: &Definition,
        surroundings: Surroundings,
    ) -> Result<(), String> {
        let function = self.function;
        let defined = function.arrays.get(array.index()).ok_or("there is no such array")?;
        for value in definition.operands() {
            self.expect(value, ScalarType::Index, "an extent, start or step")?;
        }
        let axes = defined.rank as usize;
        let packed = defined.strides == ArrayType::c_order(axes);
        match definition {
            Definition::Allocate { extents, site, .. } => {
                self.site(*site)?;
                match packed || defined.strides == ArrayType::f_order(axes) {
                    _ if surroundings.parallel.is_some() => Err("a parallel allocates nothing".to_string()),
                    true if extents.len() == axes => Ok(()),
                    true => Err(format!("the array has {axes} axes")),
                    false => Err("memory is packed in C or in Fortran's order".to_string()),
                }
            }
            Definition::Constant { table, extents } => {
                if let Some(module) = self.module {
                    let table = module.tables.get(table.index()).ok_or("there is no such table")?;
                    if table.scalar != defined.scalar {
                        return Err("the table has other entries".to_string());
                    }
                }
                match packed && defined.access == Access::Read {
                    true if extents.len() == axes => Ok(()),
                    true => Err(format!("the array has {axes} axes")),
                    false => Err("a constant is packed in C order, and read only".to_string()),
                }
            }
            Definition::View { base, starts, axes: view } => {
                let base = self.base(*base, defined)?;
                if starts.len() != base.rank as usize || view.len() != axes {
                    return Err("the starts or the axes are too many or too few".to_string());
                }
                let mut taken = HashSet::new();
                for (axis, stride) in view.iter().zip(&defined.strides) {
                    match axis.source {
                        AxisSource::Along { axis, .. } if axis >= base.rank => {
                            return Err("the base has no such axis".to_string());
                        }
                        AxisSource::Along { axis, .. } if !taken.insert(axis) => {
                            return Err("two axes go along the same one".to_string());
                        }
                        AxisSource::Repeated if !matches!(stride, Stride::Zero | Stride::Any) => {
                            return Err("the stride of a repeated axis is zero".to_string());
                        }
                        _ => {}
                    }
                }
                Ok(())
            }
            Definition::Reshape { base, extents } => {
                let base = self.base(*base, defined)?;
                match packed && base.strides == ArrayType::c_order(base.rank as usize) {
                    true if extents.len() == axes => Ok(()),
                    true => Err(format!("the array has {axes} axes")),
                    false => Err("only what is packed in C order has another shape".to_string()),
                }
            }
            Definition::Get(variable) => {
                let kind = self.variable(*variable, surroundings)?;
                self.expect_kind(Argument::Array(array), kind, "the array")
            }
        }
    }

    /// The array whose memory `defined` shares.
    fn base(&self, base: ArrayId, defined: &Array) -> Result<&'a Array, String> {
        let base = self.function.arrays.get(base.index()).ok_or("there is no such array")?;
        let allowed = base.access == defined.access || base.access == Access::ReadWrite;
        if base.scalar != defined.scalar || !allowed {
            return Err(format!("'{}' has other elements, or another access", base.name));
        }
        Ok(base)
    }
}
