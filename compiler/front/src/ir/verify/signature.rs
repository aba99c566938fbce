//! What a function is: its form, its parameters and their roles, its arrays.

use super::*;

impl<'a> Verifier<'a> {
    pub(super) fn parameters(&mut self) -> Result<()> {
        let mut arrays = 0;
        for parameter in &self.function.parameters {
            match parameter {
                Parameter::Scalar { name, value, role } => {
                    if let Err(message) = self.define(*value).and_then(|()| self.role(*value, *role)) {
                        return self.error(format!("the parameter '{name}': {message}"));
                    }
                }
                Parameter::Array(array) => {
                    if array.index() != arrays || arrays >= self.function.arrays.len() {
                        return self.error("its array parameters do not stand in the order of its arrays");
                    }
                    arrays += 1;
                    self.arrays_defined[array.index()] = true;
                    self.arrays_visible[array.index()] = true;
                    let array = &self.function.arrays[array.index()];
                    if let Err(message) = check_array(array, &self.function.form) {
                        return self.error(format!("the array '{}': {message}", array.name));
                    }
                }
            }
        }
        if arrays != self.function.arrays.len() && !self.is_function() {
            return self.error("it has an array that is no parameter");
        }
        for array in &self.function.arrays[arrays..] {
            if let Err(message) = check_array(array, &self.function.form) {
                return self.error(format!("the array '{}': {message}", array.name));
            }
        }
        let buffers = self.function.arrays.iter().filter(|array| array.buffer).count();
        if buffers != 0 && buffers != self.function.arrays.len() {
            return self.error("some of its arrays are buffers and some are not");
        }
        Ok(())
    }

    fn role(&self, value: Value, role: Role) -> Result<(), String> {
        let scheduled = matches!(self.function.form, Form::Range | Form::Grid { .. });
        let kernel = scheduled || self.function.form == Form::Kernel;
        let fits = match role {
            Role::Argument(_) => return Ok(()),
            Role::Begin | Role::End => scheduled,
            Role::SpaceExtent(_) => kernel,
            Role::Offset(array) | Role::Extent(array, _) | Role::Stride(array, _) => {
                if array.index() >= self.function.arrays.len() {
                    return Err("its role names an array that there is not".to_string());
                }
                kernel
            }
        };
        if !fits {
            return Err(format!("a {} has no parameter of this role", form_name(&self.function.form)));
        }
        self.expect(value, ScalarType::Index, "it")
    }

    pub(super) fn form(&self) -> Result<()> {
        let function = self.function;
        if !self.is_function() && !function.results.is_empty() {
            return self.error("a kernel has no results");
        }
        match function.form {
            Form::Kernel if !is_kernel_body(&function.body) => {
                self.error("the body of a kernel is exactly one parallel")
            }
            Form::Grid { group: 0, .. } => self.error("a group has at least one thread"),
            _ => Ok(()),
        }
    }
}

fn check_array(array: &Array, form: &Form) -> Result<(), String> {
    if array.scalar == ScalarType::Index {
        return Err("an index is never stored".to_string());
    }
    if array.strides.contains(&Stride::Packed) && !array.strides.contains(&Stride::Unit) {
        return Err("it is packed up to an axis whose stride is 1, which there is not".to_string());
    }
    if array.strides.len() != array.rank as usize {
        return Err(format!("it has {} axes and {} strides", array.rank, array.strides.len()));
    }
    if array.buffer && matches!(form, Form::Function | Form::Host) {
        return Err("only a kernel's arrays are buffers".to_string());
    }
    if array.buffer && array.rank != 1 {
        return Err("a buffer has one axis".to_string());
    }
    if let Footprint::Window(windows) = &array.footprint {
        // The axes of a buffer's window are those that the array had before.
        if !array.buffer && windows.len() > array.rank as usize {
            return Err(format!("it has {} axes and a window of {}", array.rank, windows.len()));
        }
        if windows.iter().any(|(low, high)| low > high) {
            return Err("its window is empty".to_string());
        }
    }
    Ok(())
}

/// One `parallel`, behind constants at most: the extents of its space that are known.
fn is_kernel_body(body: &Region) -> bool {
    let is_constant = |statement: &Statement| match statement {
        Statement::Let { expression: Expression::Constant(constant), .. } => constant.scalar == ScalarType::Index,
        _ => false,
    };
    match body.statements.split_last() {
        Some((Statement::Parallel(_), before)) => before.iter().all(is_constant),
        _ => false,
    }
}
