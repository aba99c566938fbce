//! Stencils: kernels of an array's neighbourhoods.

use crate::array::{HostArray, row_major_strides, shape_text};
use crate::call::{DeviceArray, Input};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::executable::{Argument, Executable};
use crate::specialize::{Specializations, typing_options};
use numbra_front::ir::Module;
use numbra_front::kernel::{Operand, stencil};
use numbra_front::syntax::declaration::{Declaration, Kind, StencilOptions};
use numbra_front::syntax::tree;
use numbra_front::types::ScalarType;
use numbra_front::typing::{self, ArgumentType, Relative};
use std::sync::Arc;

/// A kernel of relative positions: `@stencil`.
#[derive(Debug)]
pub struct Stencil {
    module: Arc<tree::Module>,
    name: String,
    declaration: Declaration,
    options: StencilOptions,
    specializations: Specializations<(String, Vec<ArgumentType>)>,
}

impl Stencil {
    pub(crate) fn new(module: Arc<tree::Module>, name: &str, declaration: Declaration) -> Result<Stencil> {
        let Kind::Stencil(options) = declaration.kind.clone() else {
            return Err(Error::Internal(format!("'{name}' is no stencil")));
        };
        Ok(Stencil { module, name: name.to_string(), declaration, options, specializations: Specializations::default() })
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

    /// Applies the stencil once on `device` and brings the result back.
    ///
    /// The first input is the array that gives the result its shape. Other arrays have the same rank and are nowhere
    /// smaller, unless they are indexed absolutely.
    pub fn call(&self, device: &Arc<dyn Device>, inputs: &[Input]) -> Result<HostArray> {
        self.iterate(device, inputs, 1, &mut |_| ())
    }

    /// Applies the stencil `steps` times, each result being the next first input; `progress` hears of every step done.
    pub fn iterate(&self, device: &Arc<dyn Device>, inputs: &[Input], steps: usize, progress: &mut dyn FnMut(usize)) -> Result<HostArray> {
        let mut inputs = self.on_device(device, inputs)?;
        // The input of the step before is the output of the next one; the caller's own array is left alone.
        let mut spare = None;
        for step in 0..steps {
            let result = self.step_into(device, &inputs, spare.take())?;
            if let (Input::Device(old), true) = (std::mem::replace(&mut inputs[0], Input::Device(result)), step > 0) {
                spare = Some(old);
            }
            progress(step + 1);
        }
        drop(spare);
        match inputs.swap_remove(0) {
            Input::Device(array) => {
                drop(inputs);
                array.into_host()
            }
            _ => Err(Error::Internal("a stencil's first input is on no device".into())),
        }
    }

    /// The inputs with all arrays on the device.
    pub fn on_device(&self, device: &Arc<dyn Device>, inputs: &[Input]) -> Result<Vec<Input>> {
        inputs.iter().map(|input| Ok(input.to_device(device)?.map_or_else(|| input.clone(), Input::Device))).collect()
    }

    /// Applies the stencil once to inputs that are on the device; the result stays there.
    pub fn step(&self, device: &Arc<dyn Device>, inputs: &[Input]) -> Result<DeviceArray> {
        self.step_into(device, inputs, None)
    }

    /// [`Stencil::step`] into `spare`, if that has the type and shape of the result.
    fn step_into(&self, device: &Arc<dyn Device>, inputs: &[Input], spare: Option<DeviceArray>) -> Result<DeviceArray> {
        self.check(inputs)?;
        let types = self.argument_types(inputs);
        let typed = self.typed(&types)?;
        let function = typed.functions.first().ok_or_else(|| Error::Internal("typing gave no function".into()))?;
        let scalar = *function.results.first().ok_or_else(|| Error::Internal("a stencil without a result".into()))?;
        let shape = inputs[0].shape().to_vec();
        let result = match spare.filter(|spare| spare.scalar() == scalar && spare.shape() == shape) {
            Some(spare) => spare,
            None => DeviceArray::empty(device, scalar, &shape)?,
        };
        if shape.contains(&0) {
            return Ok(result);
        }
        let executable = self.specializations.executable((device.name().to_string(), types), || {
            let operands: Vec<Operand> = inputs
                .iter()
                .map(|input| match input {
                    Input::Scalar(constant) => Operand::Scalar(constant.scalar),
                    input => Operand::c_order(input.scalar_type(), input.shape().len()),
                })
                .collect();
            Executable::build(self.build(&typed, &operands, shape.len())?, device)
        })?;
        let binding = |array: &DeviceArray| array.binding(array.shape(), &row_major_strides(array.shape()));
        let mut arguments = inputs
            .iter()
            .map(|input| match input {
                Input::Scalar(constant) => Ok(Argument::Scalar(constant.bits)),
                Input::Device(array) => Ok(Argument::Array(binding(array))),
                Input::Host(_) => Err(Error::Internal("a stencil's input is not on its device".into())),
            })
            .collect::<Result<Vec<Argument>>>()?;
        arguments.push(Argument::Array(binding(&result)));
        executable.run(&arguments)?;
        Ok(result)
    }

    /// The stencil for arrays in C order of the given types (scalars: `Type::Scalar`), as one IR module before any pass.
    pub fn module_for(&self, types: &[ArgumentType]) -> Result<Module> {
        let typed = self.typed(types)?;
        let mut rank = 0;
        let operands: Vec<Operand> = types
            .iter()
            .map(|argument| match *argument {
                ArgumentType::Scalar(scalar) => Operand::Scalar(scalar),
                ArgumentType::Relative { scalar, rank: own } => {
                    rank = own as usize;
                    Operand::c_order(scalar, own as usize)
                }
                ArgumentType::Absolute { scalar, rank } => Operand::c_order(scalar, rank as usize),
            })
            .collect();
        self.build(&typed, &operands, rank)
    }

    fn build(&self, typed: &Module, operands: &[Operand], rank: usize) -> Result<Module> {
        let function = typed.functions.first().ok_or_else(|| Error::Internal("typing gave no function".into()))?;
        let scalar = *function.results.first().ok_or_else(|| Error::Internal("a stencil without a result".into()))?;
        let neighborhood = self.options.neighborhood.as_ref().map(|(windows, _)| windows.as_slice());
        let mut margins = stencil::margins(function, neighborhood);
        margins.resize(rank, (0, 0));
        let border = stencil::border_value(&self.module, self.options.cval.as_ref(), scalar)?;
        Ok(stencil::build(typed.clone(), operands, &Operand::c_order(scalar, rank), margins, Some(border))?)
    }

    fn is_absolute(&self, parameter: usize) -> bool {
        let parameters = self.parameters();
        let name = parameters.get(parameter).copied().unwrap_or_default();
        self.options.standard_indexing.iter().any(|(absolute, _)| absolute == name)
    }

    /// What typing needs to know of the inputs.
    pub fn argument_types(&self, inputs: &[Input]) -> Vec<ArgumentType> {
        inputs.iter().enumerate().map(|(number, input)| self.argument_type(number, input.scalar_type(), match input {
            Input::Scalar(_) => None,
            input => Some(input.shape().len() as u32),
        })).collect()
    }

    /// The type of an argument: an array of a rank, relative or absolute as the options say, or a scalar.
    pub fn argument_type(&self, number: usize, scalar: ScalarType, rank: Option<u32>) -> ArgumentType {
        match rank {
            None => ArgumentType::Scalar(scalar),
            Some(rank) if self.is_absolute(number) => ArgumentType::Absolute { scalar, rank },
            Some(rank) => ArgumentType::Relative { scalar, rank },
        }
    }

    fn typed(&self, types: &[ArgumentType]) -> Result<Arc<Module>> {
        self.specializations.typed((String::new(), types.to_vec()), || {
            let relative = Relative {
                neighborhood: self.options.neighborhood.as_ref().map(|(windows, _)| windows.clone()),
            };
            let options = typing_options(&self.declaration);
            Ok(typing::infer(&self.module, &self.name, types, None, &relative, &options)?.module)
        })
    }

    fn check(&self, inputs: &[Input]) -> Result<()> {
        let expected = self.parameters();
        if inputs.len() != expected.len() {
            let message = format!("'{}' takes {} arguments, {} were given", self.name, expected.len(), inputs.len());
            return Err(Error::call_with_help(message, format!("its parameters are: {}", expected.join(", "))));
        }
        if inputs.is_empty() || matches!(inputs[0], Input::Scalar(_)) || inputs[0].shape().is_empty() {
            return Err(Error::call_with_help(
                format!("the first argument of the stencil '{}' is a scalar", self.name),
                "the first argument of a stencil is the array whose shape the result takes",
            ));
        }
        let first = inputs[0].shape();
        for (number, input) in inputs.iter().enumerate().skip(1) {
            if matches!(input, Input::Scalar(_)) || self.is_absolute(number) {
                continue;
            }
            let shape = input.shape();
            if shape.len() != first.len() {
                return Err(Error::call_with_help(
                    format!(
                        "stencil array '{}' has {} dimensions, the first one '{}' has {}",
                        expected[number], shape.len(), expected[0], first.len()
                    ),
                    "arrays that are indexed relatively have the rank of the first; name it in standard_indexing to index it absolutely",
                ));
            }
            if shape.iter().zip(first).any(|(own, first)| own < first) {
                return Err(Error::call(format!(
                    "secondary stencil array '{}' has some dimension smaller than the same dimension in the first \
                     stencil input: {} against {}",
                    expected[number], shape_text(shape), shape_text(first)
                )));
            }
        }
        Ok(())
    }
}
