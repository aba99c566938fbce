//! Which arrays' pointers the entry can move to their first element.
//!
//! A kernel adds an array's offset to every element index. Where that is all that it does with it, the entry adds the
//! offset to the pointer instead, once. The loop is left with `pointer + counter`, the form that a processor addresses by
//! itself: LLVM finds it at once where its loop strength reduction would otherwise search long.

use numbra_front::ir::{Expression, Function, Op, Role, Statement, Value};
use std::collections::HashMap;

/// For each array of the kernel, the parameter that is its offset, if every access to the array has it as one term of its
/// index and nothing else uses it.
pub(super) fn movable(kernel: &Function) -> Vec<Option<Value>> {
    let mut offsets: Vec<Option<Value>> = vec![None; kernel.arrays.len()];
    // The array whose offset is a term of a value.
    let mut terms: HashMap<Value, usize> = HashMap::new();
    for (_, value, role) in kernel.scalar_parameters() {
        if let Role::Offset(array) = role {
            offsets[array.index()] = Some(value);
            terms.insert(value, array.index());
        }
    }
    let term = |terms: &HashMap<Value, usize>, value: &Value| terms.get(value).copied();
    kernel.body.walk(&mut |statement| {
        let (accessed, index) = match statement {
            Statement::Let { value, expression: Expression::Apply { op: Op::Add, operands, .. } } => {
                match (term(&terms, &operands[0]), term(&terms, &operands[1])) {
                    (Some(array), None) | (None, Some(array)) => {
                        terms.insert(*value, array);
                        return;
                    }
                    _ => (None, None),
                }
            }
            Statement::Let { expression: Expression::Load { array, indices }, .. }
            | Statement::Store { array, indices, .. } => (Some(array.index()), indices.first().copied()),
            _ => (None, None),
        };
        if let Some(array) = accessed {
            let found = index.and_then(|index| term(&terms, &index));
            if found != Some(array) {
                offsets[array] = None;
                found.inspect(|&other| offsets[other] = None);
            }
        }
        // Whatever else a statement reads must not depend on an offset.
        let mut operands = statement.operands();
        if accessed.is_some() {
            operands.remove(0);
        }
        for array in operands.iter().filter_map(|operand| term(&terms, operand)) {
            offsets[array] = None;
        }
    });
    offsets
}
