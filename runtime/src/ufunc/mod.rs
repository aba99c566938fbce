//! Universal functions: kernels of scalars applied to broadcast arrays.
//!
//! A call chooses a loop ([`dispatch`]), broadcasts and collapses the operands, has the kernel built for what is left
//! of their strides, and runs it.

pub mod casting;
mod dispatch;

use crate::array::{HostArray, broadcast_shapes, broadcast_strides, collapse, row_major_strides};
use crate::call::{DeviceArray, Input, known_strides};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::executable::{Argument, Executable};
use crate::specialize::{Specializations, typing_options};
use dispatch::Loop;
use numbra_front::ir::Module;
use numbra_front::kernel::{Operand, vectorize};
use numbra_front::syntax::declaration::Declaration;
use numbra_front::syntax::tree;
use numbra_front::types::ScalarType;
use numbra_front::typing::{self, ArgumentType, Relative};
use std::sync::Arc;

/// A function of scalars that applies to arrays: `@vectorize`.
#[derive(Debug)]
pub struct Vectorize {
    module: Arc<tree::Module>,
    name: String,
    declaration: Declaration,
    specializations: Specializations<Key>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    device: String,
    parameters: Vec<ScalarType>,
    result: Option<ScalarType>,
    operands: Vec<Operand>,
    output: Option<Operand>,
}

impl Vectorize {
    pub(crate) fn new(module: Arc<tree::Module>, name: &str, declaration: Declaration) -> Vectorize {
        Vectorize { module, name: name.to_string(), declaration, specializations: Specializations::default() }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    /// Names of the parameters, in order.
    pub fn parameters(&self) -> Vec<&str> {
        let function = self.module.function(&self.name);
        function.map_or(Vec::new(), |function| function.parameters.iter().map(|parameter| parameter.name.as_str()).collect())
    }

    /// Applies the function on `device` and brings the result back.
    ///
    /// Inputs broadcast as in NumPy; the result has their common shape and the type of the chosen loop.
    pub fn call(&self, device: &Arc<dyn Device>, inputs: &[Input]) -> Result<HostArray> {
        self.call_on_device(device, inputs)?.into_host()
    }

    /// Applies the function and leaves the result on the device, which may still be working on it.
    pub fn call_on_device(&self, device: &Arc<dyn Device>, inputs: &[Input]) -> Result<DeviceArray> {
        let expected = self.parameters();
        if inputs.len() != expected.len() {
            let message = format!("'{}' takes {} arguments, {} were given", self.name, expected.len(), inputs.len());
            return Err(Error::call_with_help(message, format!("its parameters are: {}", expected.join(", "))));
        }
        let chosen = dispatch::choose(&self.name, &self.declaration, inputs)?;
        for (input, &to) in inputs.iter().zip(&chosen.parameters) {
            if let Input::Scalar(constant) = input {
                casting::check_bounds(*constant, to)?;
            }
        }
        let shapes: Vec<&[usize]> = inputs.iter().map(Input::shape).collect();
        let shape = broadcast_shapes(&shapes)?;
        let arrays = inputs.iter().map(|input| input.to_device(device)).collect::<Result<Vec<_>>>()?;

        // Strides of the arrays and, last, of the output, over the common shape; then over as few axes as will do.
        let output_strides = row_major_strides(&shape);
        let mut strides: Vec<Vec<isize>> = Vec::new();
        for array in arrays.iter().flatten() {
            strides.push(broadcast_strides(array.shape(), &row_major_strides(array.shape()), &shape)?);
        }
        strides.push(output_strides);
        let views: Vec<&[isize]> = strides.iter().map(Vec::as_slice).collect();
        let mut collapsed = collapse(&shape, &views);
        if collapsed.shape.is_empty() {
            collapsed.shape.push(1);
            collapsed.strides.iter_mut().for_each(|strides| strides.push(1));
        }

        let mut array_strides = collapsed.strides.iter();
        let operands: Vec<Operand> = inputs
            .iter()
            .zip(&arrays)
            .map(|(input, array)| match array {
                None => Operand::Scalar(input.scalar_type()),
                Some(array) => Operand::Array {
                    scalar: array.scalar(),
                    strides: array_strides.next().map_or(Vec::new(), |strides| known_strides(strides)),
                    distinct: true,
                },
            })
            .collect();
        let output_strides = collapsed.strides.last().cloned().unwrap_or_default();
        let typed = self.typed(&chosen)?;
        let scalar = result_type(&typed)?;
        let output = Operand::Array { scalar, strides: known_strides(&output_strides), distinct: true };
        let result = DeviceArray::empty(device, scalar, &shape)?;
        if shape.contains(&0) {
            return Ok(result);
        }
        let key = Key {
            device: device.name().to_string(),
            parameters: chosen.parameters,
            result: chosen.result,
            operands: operands.clone(),
            output: Some(output.clone()),
        };
        let executable = self.specializations.executable(key, || {
            let module = vectorize::build((*typed).clone(), &operands, std::slice::from_ref(&output))?;
            Executable::build(module, device)
        })?;
        let mut array_strides = collapsed.strides.iter();
        let mut arguments: Vec<Argument> = inputs
            .iter()
            .zip(&arrays)
            .map(|(input, array)| match (input, array) {
                (_, Some(array)) => {
                    let strides = array_strides.next().map_or(&[][..], Vec::as_slice);
                    Argument::Array(array.binding(&collapsed.shape, strides))
                }
                (Input::Scalar(constant), None) => Argument::Scalar(constant.bits),
                (_, None) => Argument::Scalar(0),
            })
            .collect();
        arguments.push(Argument::Array(result.binding(&collapsed.shape, &output_strides)));
        executable.run(&arguments)?;
        Ok(result)
    }

    /// The typed scalar function of a loop.
    fn typed(&self, chosen: &Loop) -> Result<Arc<Module>> {
        let key = Key {
            device: String::new(),
            parameters: chosen.parameters.clone(),
            result: chosen.result,
            operands: Vec::new(),
            output: None,
        };
        self.specializations.typed(key, || {
            let arguments: Vec<ArgumentType> = chosen.parameters.iter().map(|&scalar| ArgumentType::Scalar(scalar)).collect();
            let options = typing_options(&self.declaration);
            let typed =
                typing::infer(&self.module, &self.name, &arguments, chosen.result, &Relative::default(), &options)?;
            Ok(typed.module)
        })
    }

    /// The function applied to arrays in C order of the given types, as one IR module before any pass: what
    /// `numbra compile` shows.
    pub fn module_for(&self, parameters: &[ScalarType], result: Option<ScalarType>) -> Result<Module> {
        let typed = self.typed(&Loop { parameters: parameters.to_vec(), result })?;
        let scalar = result_type(&typed)?;
        let contiguous = |scalar| Operand::c_order(scalar, 1);
        let operands: Vec<Operand> = parameters.iter().map(|&scalar| contiguous(scalar)).collect();
        Ok(vectorize::build((*typed).clone(), &operands, &[contiguous(scalar)])?)
    }
}

fn result_type(typed: &Module) -> Result<ScalarType> {
    let function = typed.functions.first().ok_or_else(|| Error::Internal("typing gave no function".into()))?;
    match function.results.as_slice() {
        [scalar] => Ok(*scalar),
        results => Err(Error::call_with_help(
            format!("'{}' returns {} values; a vectorized function returns one", function.name, results.len()),
            "write one kernel per result",
        )),
    }
}
