//! Universal functions: kernels of scalars applied to broadcast arrays.
//!
//! A call chooses a loop ([`dispatch`]), broadcasts and collapses the operands, has the kernel built for what is left
//! of their strides, and runs it. [`direct`] is the short way for small arrays in C order, of which [`quick`] keeps what was
//! prepared. [`reduce`] has `reduce`: a tree over a [`sequence`], or a left [`fold`], as `accumulate` is.

pub mod casting;
pub mod direct;
mod dispatch;
mod fold;
pub mod quick;
mod reduce;
mod sequence;

use crate::array::{BorrowedArray, HostArray, broadcast_shapes, broadcast_strides, collapse, like, shape_text};
use crate::cache::{Keeping, Kept};
use crate::call::{DeviceArray, Input, Overlap, known_strides};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::executable::{Argument, Executable};
use crate::specialize::{Specializations, typing_options};
use casting::{check_bounds, convert, is_same_kind};
pub(crate) use dispatch::own_types;
pub use dispatch::{Given, Loop};
use numbra_front::declaration::Declaration;
use numbra_front::error::{ErrorClass, Warning};
use numbra_front::ir::{Kind, Module};
use numbra_front::kernel::combine::Combine;
use numbra_front::kernel::fold::{Keep, Start};
use numbra_front::kernel::tree::Order;
use numbra_front::kernel::{Operand, vectorize};
use numbra_front::syntax::tree;
use numbra_front::types::ScalarType;
use numbra_front::typing::{self, ArgumentType, ItemType, Relative};
pub use reduce::Reduction;
use std::sync::Arc;

/// A function of scalars that applies to arrays: `@vectorize`.
#[derive(Debug)]
pub struct Vectorize {
    module: Arc<tree::Module>,
    name: String,
    declaration: Declaration,
    specializations: Specializations<Key>,
    /// Where its code is kept on disk, if it is.
    kept: Option<Arc<Kept>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    device: String,
    form: Form,
    chosen: Loop,
    operands: Vec<Operand>,
    output: Option<Operand>,
}

/// What is made of the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Form {
    Elementwise,
    Fold(Keep, Start),
    /// Whether the last axis has [`numbra_front::kernel::tree::LANES`] elements.
    Tree(Order, bool),
}

/// What a call gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub scalar: ScalarType,
    pub shape: Vec<usize>,
    /// In elements: the axes lie in memory in the order in which those of the inputs do.
    pub strides: Vec<isize>,
}

impl Vectorize {
    pub(crate) fn new(module: Arc<tree::Module>, name: &str, declaration: Declaration) -> Vectorize {
        let specializations = Specializations::default();
        Vectorize { module, name: name.to_string(), declaration, specializations, kept: None }
    }

    pub(crate) fn kept_in(self, kept: Arc<Kept>) -> Vectorize {
        Vectorize { kept: Some(kept), ..self }
    }

    /// Its cache, with what was found there.
    pub fn kept(&self) -> Option<&Kept> {
        self.kept.as_deref()
    }

    /// Where the code of a loop is kept.
    fn keeping(&self, chosen: &Loop) -> Option<Keeping> {
        let types = || chosen.parameters.iter().map(|&scalar| ItemType::Scalar(scalar)).collect();
        self.kept.clone().map(|kept| Keeping { kept, types: types() })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    /// What there is to warn of in the loops that were typed so far.
    pub fn warnings(&self) -> Vec<Warning> {
        self.specializations.warnings()
    }

    /// Names of the parameters, in order.
    pub fn parameters(&self) -> Vec<&str> {
        let function = self.module.function(&self.name);
        function.map_or(Vec::new(), |function| {
            function.parameters.iter().map(|parameter| parameter.name.as_str()).collect()
        })
    }

    /// The declared loops, in order: what is called with other types is converted to one of them, safely. None: the
    /// arguments' types decide.
    pub fn loops(&self) -> Result<Vec<Loop>> {
        dispatch::loops(&self.declaration)
    }

    /// The loop that runs for arguments of these types, with the type of its result.
    pub fn choose(&self, given: &[Given]) -> Result<(Loop, ScalarType)> {
        self.check_count(given.len())?;
        let chosen = dispatch::choose(&self.name, &self.declaration, given)?;
        let scalar = result_type(self.typed(&chosen)?.as_ref())?;
        Ok((chosen, scalar))
    }

    /// What a call with these inputs gives.
    pub fn outcome(&self, inputs: &[Input]) -> Result<Outcome> {
        let given: Vec<Given> = inputs.iter().map(Given::of).collect();
        let (_, scalar) = self.choose(&given)?;
        let shapes: Vec<&[usize]> = inputs.iter().map(Input::shape).collect();
        let shape = broadcast_shapes(&shapes)?;
        let strides = inputs
            .iter()
            .filter(|input| input.constant().is_none())
            .map(|input| broadcast_strides(input.shape(), &input.strides(), &shape))
            .collect::<Result<Vec<_>, _>>()?;
        let strides: Vec<&[isize]> = strides.iter().map(Vec::as_slice).collect();
        let strides = like(&shape, &strides);
        Ok(Outcome { scalar, shape, strides })
    }

    /// Applies the function on `device` and brings the result back.
    ///
    /// Inputs broadcast as in NumPy; the result has their common shape and the type of the chosen loop.
    pub fn call(&self, device: &Arc<dyn Device>, inputs: &[Input]) -> Result<HostArray> {
        let shapes: Vec<&[usize]> = inputs.iter().map(Input::shape).collect();
        let shape = broadcast_shapes(&shapes)?;
        let result = DeviceArray::empty(device, self.outcome(inputs)?.scalar, &shape)?;
        self.run(device, inputs, &result)?;
        result.into_host()
    }

    /// Applies the function and leaves the result on the device, which may still be working on it.
    pub fn call_on_device(&self, device: &Arc<dyn Device>, inputs: &[Input]) -> Result<DeviceArray> {
        let Outcome { scalar, shape, strides } = self.outcome(inputs)?;
        let result = DeviceArray::empty_like(device, scalar, &shape, &strides)?;
        self.run(device, inputs, &result)?;
        Ok(result)
    }

    /// Applies the function and stores the results in `out`, whose shape the inputs broadcast to and whose type the
    /// result casts to by the rule 'same_kind'. Inputs may overlap `out`: what they hold before the call counts.
    pub fn call_into(&self, device: &Arc<dyn Device>, inputs: &[Input], out: &BorrowedArray) -> Result<()> {
        let outcome = self.outcome(inputs)?;
        if !is_same_kind(outcome.scalar, out.scalar()) {
            let (from, to) = (outcome.scalar, out.scalar());
            let message =
                format!("Cannot cast ufunc '{}' output from {from} to {to} with casting rule 'same_kind'", self.name);
            let help = format!("pass an array of {from} as 'out'");
            return Err(Error::call_with_help(message, help).of_class(ErrorClass::Type));
        }
        let shapes: Vec<&[usize]> = inputs.iter().map(Input::shape).chain([out.shape()]).collect();
        if broadcast_shapes(&shapes)? != out.shape() {
            return Err(Error::call(format!(
                "non-broadcastable output operand with shape {} doesn't match the broadcast shape {}",
                shape_text(out.shape()),
                shape_text(&broadcast_shapes(&shapes)?)
            )));
        }
        if device.works_in_host_memory() {
            return self.run(device, inputs, &DeviceArray::from_borrowed(device, out)?);
        }
        let result = DeviceArray::empty(device, out.scalar(), out.shape())?;
        self.run(device, inputs, &result)?;
        result.into_borrowed(out)
    }

    fn check_count(&self, given: usize) -> Result<()> {
        let expected = self.parameters();
        match given == expected.len() {
            true => Ok(()),
            false => Err(Error::wrong_count(&self.name, &expected, given)),
        }
    }

    /// Applies the function to the inputs, broadcast to the shape of `result`, which may have another type than the
    /// loop gives.
    fn run(&self, device: &Arc<dyn Device>, inputs: &[Input], result: &DeviceArray) -> Result<()> {
        let given: Vec<Given> = inputs.iter().map(Given::of).collect();
        self.check_count(given.len())?;
        let chosen = dispatch::choose(&self.name, &self.declaration, &given)?;
        let shape = result.shape().to_vec();
        let mut arrays = inputs.iter().map(|input| input.to_device(device)).collect::<Result<Vec<_>>>()?;
        // Where an input is the output itself each element is read before it is written. What overlaps otherwise is
        // copied first.
        let mut same = vec![false; inputs.len()];
        for (array, same) in arrays.iter_mut().zip(&mut same) {
            match array.as_ref().map_or(Overlap::None, |array| array.overlap(result)) {
                Overlap::None => {}
                Overlap::Same => *same = true,
                Overlap::Partial => *array = array.as_ref().map(DeviceArray::copied).transpose()?,
            }
        }

        // Strides of the arrays and, last, of the output, over the common shape; then over as few axes as will do.
        let mut strides: Vec<Vec<isize>> = Vec::new();
        for array in arrays.iter().flatten() {
            strides.push(broadcast_strides(array.shape(), array.strides(), &shape)?);
        }
        strides.push(result.strides().to_vec());
        let views: Vec<&[isize]> = strides.iter().map(Vec::as_slice).collect();
        let mut collapsed = collapse(&shape, &views);
        if collapsed.shape.is_empty() {
            collapsed.shape.push(1);
            collapsed.strides.iter_mut().for_each(|strides| strides.push(1));
        }
        let output_strides = collapsed.strides.pop().unwrap_or_default();

        let mut array_strides = collapsed.strides.iter();
        let mut operands: Vec<Operand> = Vec::with_capacity(inputs.len());
        let mut arguments: Vec<Argument> = Vec::with_capacity(inputs.len() + 1);
        for (number, (input, array)) in inputs.iter().zip(&arrays).enumerate() {
            let wanted = chosen.parameters[number];
            match (input.constant(), array) {
                (Some(constant), _) => {
                    if let Input::Scalar(constant) = input {
                        check_bounds(*constant, wanted)?;
                    }
                    operands.push(Operand::Scalar(wanted));
                    arguments.push(Argument::Scalar(convert(constant, wanted)?));
                }
                (None, Some(array)) => {
                    let strides = array_strides.next().map_or(&[][..], Vec::as_slice);
                    let (scalar, distinct) = (array.scalar(), !same[number]);
                    operands.push(Operand::Array { scalar, strides: known_strides(strides), distinct });
                    arguments.push(Argument::Array(array.binding(&collapsed.shape, strides)));
                }
                (None, None) => return Err(Error::Internal("an array that is on no device".into())),
            }
        }
        let distinct = !same.contains(&true);
        let output = Operand::Array { scalar: result.scalar(), strides: known_strides(&output_strides), distinct };
        arguments.push(Argument::Array(result.binding(&collapsed.shape, &output_strides)));
        if shape.contains(&0) {
            // The types still have to fit.
            return self.typed(&chosen).map(|_| ());
        }
        self.elementwise(device, &chosen, operands, output)?.run(&arguments)
    }

    /// A loop compiled for operands of these kinds.
    fn elementwise(
        &self,
        device: &Arc<dyn Device>,
        chosen: &Loop,
        operands: Vec<Operand>,
        output: Operand,
    ) -> Result<Arc<Executable>> {
        let key = Key {
            device: device.name().to_string(),
            form: Form::Elementwise,
            chosen: chosen.clone(),
            operands,
            output: Some(output),
        };
        self.specializations.executable(key, |key| {
            let output = key.output.as_slice();
            let module = vectorize::build((*self.typed(chosen)?).clone(), &key.operands, output)?;
            Ok(Executable::build(module, device)?.kept(self.keeping(chosen)))
        })
    }

    /// The typed scalar function of a loop.
    fn typed(&self, chosen: &Loop) -> Result<Arc<Module>> {
        let key = Key {
            device: String::new(),
            form: Form::Elementwise,
            chosen: chosen.clone(),
            operands: Vec::new(),
            output: None,
        };
        self.specializations.typed(key, |key| {
            let Loop { parameters, result } = &key.chosen;
            let arguments: Vec<ArgumentType> = parameters.iter().map(|&scalar| ArgumentType::Scalar(scalar)).collect();
            let options = typing_options(&self.declaration);
            Ok(typing::infer(&self.module, &self.name, &arguments, *result, &Relative::default(), &options)?)
        })
    }

    /// What is known of the function where it combines two values.
    fn combining(&self, chosen: &Loop) -> Result<Combine> {
        let key = Key {
            device: String::new(),
            form: Form::Elementwise,
            chosen: chosen.clone(),
            operands: Vec::new(),
            output: None,
        };
        self.specializations.combining(key, |_| Ok(Combine::of(self.typed(chosen)?.as_ref())?))
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
        [Kind::Scalar(scalar)] => Ok(*scalar),
        results => Err(Error::call_with_help(
            format!("'{}' returns {} values; a vectorized function returns one", function.name, results.len()),
            "write one kernel per result",
        )
        .of_class(ErrorClass::Unsupported)),
    }
}
