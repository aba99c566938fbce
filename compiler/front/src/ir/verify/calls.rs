//! Calls and launches: whether what is passed is what the other one takes.

use super::*;

impl<'a> Verifier<'a> {
    pub(super) fn launch(
        &self,
        kernel: &str,
        space: &[Value],
        captures: &[Value],
        arrays: &[ArrayId],
        surroundings: Surroundings,
    ) -> Result<(), String> {
        if self.function.form != Form::Function && self.function.form != Form::Host {
            return Err(format!("a {} has no launch", form_name(&self.function.form)));
        }
        if surroundings.parallel.is_some() {
            return Err("a parallel holds no launch".to_string());
        }
        space.iter().try_for_each(|&extent| self.expect(extent, ScalarType::Index, "the extent"))?;
        let Some(module) = self.module else { return Ok(()) };
        let kernel = module.function(kernel).ok_or("there is no such kernel")?;
        if matches!(kernel.form, Form::Function | Form::Host) {
            return Err("what it launches is no kernel".to_string());
        }
        if let Some(Statement::Parallel(parallel)) = kernel.body.statements.last()
            && parallel.space.len() != space.len()
        {
            return Err(format!("the kernel's space has {} axes", parallel.space.len()));
        }
        for (name, value, role) in kernel.scalar_parameters() {
            match role {
                Role::Argument(number) => {
                    let capture = *captures.get(number as usize).ok_or(format!("no capture fills '{name}'"))?;
                    let wanted = kernel.values.get(value.index()).ok_or("the kernel has a broken parameter")?;
                    self.expect(capture, wanted.scalar, &format!("the capture for '{name}'"))?;
                }
                Role::SpaceExtent(axis) if axis as usize >= space.len() => {
                    return Err(format!("no axis of the space fills '{name}'"));
                }
                _ => {}
            }
        }
        if arrays.len() != kernel.arrays.len() {
            return Err(format!("the kernel takes {} arrays", kernel.arrays.len()));
        }
        arrays.iter().zip(&kernel.arrays).try_for_each(|(&array, wanted)| self.pass_array(array, wanted))
    }

    pub(super) fn call(&self, callee: &Function, results: &[Argument], arguments: &[Argument]) -> Result<(), String> {
        match (&self.function.form, &callee.form) {
            (Form::Host, Form::Function) | (Form::Function | Form::Kernel, Form::Host) => {
                return Err("a host function and another function do not call each other".to_string());
            }
            (_, Form::Function | Form::Host) => {}
            _ => return Err("what it calls is a kernel".to_string()),
        }
        if arguments.len() != callee.parameters.len() {
            return Err(format!("the function takes {} arguments", callee.parameters.len()));
        }
        for (argument, parameter) in arguments.iter().zip(&callee.parameters) {
            match (argument, parameter) {
                (Argument::Value(given), Parameter::Scalar { name, value, .. }) => {
                    let wanted = callee.values.get(value.index()).ok_or("the function has a broken parameter")?;
                    self.expect(*given, wanted.scalar, &format!("the argument '{name}'"))?;
                }
                (Argument::Array(given), Parameter::Array(wanted)) => {
                    let wanted = callee.arrays.get(wanted.index()).ok_or("the function has a broken parameter")?;
                    self.pass_array(*given, wanted)?;
                }
                _ => return Err("an array meets a scalar parameter, or the other way round".to_string()),
            }
        }
        if results.len() != callee.results.len() {
            return Err(format!("the function has {} results", callee.results.len()));
        }
        let mut results = results.iter().zip(&callee.results);
        results.try_for_each(|(&result, kind)| self.expect_kind(result, kind, "the result"))
    }

    /// Whether an array of this function may be passed for an array parameter of another.
    fn pass_array(&self, given: ArrayId, wanted: &Array) -> Result<(), String> {
        let given = self.function.arrays.get(given.index()).ok_or("there is no such array")?;
        let fail = |what: &str| Err(format!("the array '{}' {what} '{}'", given.name, wanted.name));
        if given.scalar != wanted.scalar {
            return fail("has another type of elements than the parameter");
        }
        // A kernel whose arrays are buffers takes any array: it gets extents and strides as parameters.
        if !wanted.buffer && given.rank != wanted.rank {
            return fail("has another number of axes than the parameter");
        }
        if given.access != Access::ReadWrite && given.access != wanted.access {
            return fail("may not be accessed as the parameter");
        }
        let known = wanted.strides.iter().zip(&given.strides).all(|(wanted, given)| match wanted {
            Stride::Any => true,
            wanted => wanted == given,
        });
        if !wanted.buffer && !known {
            return fail("is not known to have the strides of the parameter");
        }
        Ok(())
    }
}
