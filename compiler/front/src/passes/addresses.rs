//! Arrays become buffers: every load and store gets its element index, explicitly, from offset, strides and indices.
//!
//! Needs `schedule`. The parameters it adds (offset, extents, strides) are filled by the runtime at each launch.

use crate::ir::*;
use crate::types::ScalarType;
use std::collections::HashMap;

pub fn run(kernel: &mut Function) {
    let mut lowering = Lowering { parameters: HashMap::new() };
    let body = std::mem::take(&mut kernel.body);
    kernel.body = lowering.region(kernel, body);
    for array in &mut kernel.arrays {
        array.buffer = true;
        array.rank = 1;
        array.strides = vec![Stride::Unit];
    }
}

struct Lowering {
    parameters: HashMap<Role, Value>,
}

impl Lowering {
    fn parameter(&mut self, kernel: &mut Function, role: Role) -> Value {
        *self.parameters.entry(role).or_insert_with(|| {
            let name = |array: ArrayId| kernel.arrays[array.index()].name.clone();
            let name = match role {
                Role::Offset(array) => format!("{}.offset", name(array)),
                Role::Extent(array, axis) => format!("{}.extent{axis}", name(array)),
                Role::Stride(array, axis) => format!("{}.stride{axis}", name(array)),
                _ => "parameter".to_string(),
            };
            kernel.scalar_parameter(name, ScalarType::Index, role)
        })
    }

    fn region(&mut self, kernel: &mut Function, region: Region) -> Region {
        let mut out = Region::default();
        for mut statement in region.statements {
            match &mut statement {
                Statement::Let { expression: Expression::Load { array, indices }, .. }
                | Statement::Store { array, indices, .. } => {
                    let array = *array;
                    *indices = vec![self.element(kernel, &mut out, array, indices)];
                }
                Statement::Let { value, expression: Expression::Extent { array, axis } } => {
                    // The definition stays, as a copy of the parameter that is optimized away.
                    let parameter = self.parameter(kernel, Role::Extent(*array, *axis));
                    let zero = kernel.constant(&mut out, crate::types::Constant::index(0));
                    let expression =
                        Expression::Apply { op: Op::Add, operands: vec![parameter, zero], flags: FloatFlags::STRICT };
                    statement = Statement::Let { value: *value, expression };
                }
                _ => {}
            }
            for inner in statement.regions_mut() {
                let taken = std::mem::take(inner);
                *inner = self.region(kernel, taken);
            }
            out.push(statement);
        }
        out
    }

    fn element(&mut self, kernel: &mut Function, out: &mut Region, array: ArrayId, indices: &[Value]) -> Value {
        let strides = kernel.arrays[array.index()].strides.clone();
        let mut element = self.parameter(kernel, Role::Offset(array));
        for (axis, (&index, stride)) in indices.iter().zip(strides).enumerate() {
            let step = match stride {
                Stride::Zero => continue,
                Stride::Unit => index,
                Stride::Packed | Stride::Any => {
                    let stride = self.parameter(kernel, Role::Stride(array, axis as u32));
                    kernel.apply(out, Op::Mul, &[index, stride])
                }
            };
            element = kernel.apply(out, Op::Add, &[element, step]);
        }
        element
    }
}
