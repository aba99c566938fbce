//! Stencils: kernels of an array's neighbourhoods.

use crate::array::{BorrowedArray, HostArray, shape_text};
use crate::cache::{Keeping, Kept};
use crate::call::{DeviceArray, Input, Overlap};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::executable::{Argument, Executable};
use crate::specialize::{Specializations, typing_options};
use crate::ufunc::casting::{check_bounds, convert, is_same_kind};
use crate::ufunc::{Given, own_types};
use numbra_front::declaration::{Declaration, Kind, StencilOptions};
use numbra_front::error::{ErrorClass, Warning};
use numbra_front::ir::{Access, ArrayType, Module, Stride};
use numbra_front::kernel::{Operand, stencil};
use numbra_front::syntax::tree;
use numbra_front::types::{Constant, ScalarType};
use numbra_front::typing::{self, ArgumentType, ItemType, Relative};
use std::sync::Arc;

/// A kernel of relative positions: `@stencil`.
#[derive(Debug)]
pub struct Stencil {
    module: Arc<tree::Module>,
    name: String,
    declaration: Declaration,
    options: StencilOptions,
    specializations: Specializations<Key>,
    /// Where its code is kept on disk, if it is.
    kept: Option<Arc<Kept>>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    device: String,
    types: Vec<ArgumentType>,
    operands: Vec<Operand>,
    output: Option<Operand>,
    border: bool,
}

/// What happens where the stencil reaches over an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edge {
    /// The result is `cval` there, or 0.
    Filled,
    /// What the output holds stays, unless the kernel has a `cval`.
    Kept,
}

impl Stencil {
    pub(crate) fn new(module: Arc<tree::Module>, name: &str, declaration: Declaration) -> Result<Stencil> {
        let Kind::Stencil(options) = declaration.kind.clone() else {
            return Err(Error::Internal(format!("'{name}' is no stencil")));
        };
        Ok(Stencil {
            module,
            name: name.to_string(),
            declaration,
            options,
            specializations: Specializations::default(),
            kept: None,
        })
    }

    pub(crate) fn kept_in(self, kept: Arc<Kept>) -> Stencil {
        Stencil { kept: Some(kept), ..self }
    }

    /// Its cache, with what was found there.
    pub fn kept(&self) -> Option<&Kept> {
        self.kept.as_deref()
    }

    /// Where the code for arguments of these types is kept.
    fn keeping(&self, types: &[ArgumentType]) -> Option<Keeping> {
        let item = |kind: &ArgumentType| match *kind {
            ArgumentType::Scalar(scalar) => ItemType::Scalar(scalar),
            ArgumentType::Relative { scalar, rank } | ArgumentType::Absolute { scalar, rank } => {
                let strides = vec![Stride::Any; rank as usize];
                ItemType::Array(ArrayType { scalar, access: Access::ReadWrite, strides })
            }
        };
        self.kept.clone().map(|kept| Keeping { kept, types: types.iter().map(item).collect() })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    /// What there is to warn of in what was typed so far.
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

    /// Applies the stencil once on `device` and brings the result back.
    ///
    /// The first input is the array that gives the result its shape. Other arrays have the same rank and are nowhere
    /// smaller, unless they are indexed absolutely.
    pub fn call(&self, device: &Arc<dyn Device>, inputs: &[Input]) -> Result<HostArray> {
        self.iterate(device, inputs, 1, &mut |_| ())
    }

    /// What a call with these inputs gives: type and shape.
    pub fn outcome(&self, inputs: &[Input]) -> Result<(ScalarType, Vec<usize>)> {
        self.check(inputs)?;
        Ok((result_type(self.typed(&self.argument_types(inputs))?.as_ref())?, inputs[0].shape().to_vec()))
    }

    /// Applies the stencil once and stores the results in `out`, which has the shape of the first input, and to whose
    /// type the result casts by the rule 'same_kind'. Inputs may overlap `out`: what they hold before the call counts.
    ///
    /// Without a `cval`, the elements of `out` where the stencil reaches over an edge stay as they are.
    pub fn call_into(&self, device: &Arc<dyn Device>, inputs: &[Input], out: &BorrowedArray) -> Result<()> {
        self.store(device, inputs, out, Edge::Kept)
    }

    /// As [`Stencil::call_into`], for an array without contents: `cval`, or 0, is stored over the edges.
    pub fn fill(&self, device: &Arc<dyn Device>, inputs: &[Input], out: &BorrowedArray) -> Result<()> {
        self.store(device, inputs, out, Edge::Filled)
    }

    fn store(&self, device: &Arc<dyn Device>, inputs: &[Input], out: &BorrowedArray, edge: Edge) -> Result<()> {
        let (scalar, shape) = self.outcome(inputs)?;
        if out.shape() != shape {
            return Err(Error::call_with_help(
                format!(
                    "'out' of the stencil '{}' has the shape {}, the result {}",
                    self.name,
                    shape_text(out.shape()),
                    shape_text(&shape)
                ),
                "pass an array of the shape of the first argument",
            ));
        }
        if !is_same_kind(scalar, out.scalar()) {
            let message = format!(
                "Cannot cast stencil '{}' output from {scalar} to {} with casting rule 'same_kind'",
                self.name,
                out.scalar()
            );
            return Err(Error::call_with_help(message, format!("pass an array of {scalar} as 'out'"))
                .of_class(ErrorClass::Type));
        }
        let inputs = self.on_device(device, inputs)?;
        if device.works_in_host_memory() {
            return self.run(device, &inputs, &DeviceArray::from_borrowed(device, out)?, edge);
        }
        let result = match edge {
            Edge::Kept => DeviceArray::from_borrowed(device, out)?,
            Edge::Filled => DeviceArray::empty(device, out.scalar(), out.shape())?,
        };
        self.run(device, &inputs, &result, edge)?;
        result.into_borrowed(out)
    }

    /// As [`Stencil::try_iterate`], with a `progress` that cannot stop it.
    pub fn iterate(
        &self,
        device: &Arc<dyn Device>,
        inputs: &[Input],
        steps: usize,
        progress: &mut dyn FnMut(usize),
    ) -> Result<HostArray> {
        let mut progress = |step| {
            progress(step);
            Ok(())
        };
        self.try_iterate(device, inputs, steps, &mut progress)
    }

    /// Applies the stencil `steps` times, each result being the next first input; `progress` hears of every step done,
    /// and ends the iteration with an error of its own.
    pub fn try_iterate(
        &self,
        device: &Arc<dyn Device>,
        inputs: &[Input],
        steps: usize,
        progress: &mut dyn FnMut(usize) -> Result<()>,
    ) -> Result<HostArray> {
        self.iterate_on_device(device, inputs, steps, progress)?.into_host()
    }

    /// As [`Stencil::try_iterate`]; the result stays on the device, which may still be working on it. Without a step it
    /// is a copy of the first input.
    pub fn iterate_on_device(
        &self,
        device: &Arc<dyn Device>,
        inputs: &[Input],
        steps: usize,
        progress: &mut dyn FnMut(usize) -> Result<()>,
    ) -> Result<DeviceArray> {
        self.check(inputs)?;
        let mut inputs = self.on_device(device, inputs)?;
        // The input of the step before is the output of the next one; the caller's own array is left alone.
        let mut spare = None;
        for step in 0..steps {
            let result = self.step_into(device, &inputs, spare.take())?;
            if let (Input::Device(old), true) = (std::mem::replace(&mut inputs[0], Input::Device(result)), step > 0) {
                spare = Some(old);
            }
            progress(step + 1)?;
        }
        match inputs.swap_remove(0) {
            Input::Device(array) if steps == 0 => array.copied(),
            Input::Device(array) => Ok(array),
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
        let (scalar, shape) = self.outcome(inputs)?;
        let result = match spare.filter(|spare| spare.scalar() == scalar && spare.shape() == shape) {
            Some(spare) => spare,
            None => DeviceArray::empty(device, scalar, &shape)?,
        };
        self.run(device, inputs, &result, Edge::Filled)?;
        Ok(result)
    }

    /// Applies the stencil once to inputs that are on the device, and stores in `output`, of the first one's shape.
    fn run(&self, device: &Arc<dyn Device>, inputs: &[Input], output: &DeviceArray, edge: Edge) -> Result<()> {
        let types = self.argument_types(inputs);
        let typed = self.typed(&types)?;
        if output.shape().contains(&0) {
            return Ok(());
        }
        let mut operands: Vec<Operand> = Vec::with_capacity(inputs.len());
        let mut arguments: Vec<Argument> = Vec::with_capacity(inputs.len() + 1);
        for (input, &kind) in inputs.iter().zip(&types) {
            match (input, input.constant()) {
                (_, Some(constant)) => {
                    let ArgumentType::Scalar(wanted) = kind else {
                        return Err(Error::Internal("a stencil's scalar that is typed as an array".into()));
                    };
                    check_bounds(constant, wanted)?;
                    operands.push(Operand::Scalar(wanted));
                    arguments.push(Argument::Scalar(convert(constant, wanted)?));
                }
                (Input::Device(array), None) => {
                    let array = match array.overlap(output) {
                        Overlap::None => array.clone(),
                        Overlap::Same | Overlap::Partial => array.copied()?,
                    };
                    operands.push(operand(&array));
                    arguments.push(Argument::Array(array.as_binding()));
                }
                _ => return Err(Error::Internal("a stencil's input is not on its device".into())),
            }
        }
        arguments.push(Argument::Array(output.as_binding()));
        let border = edge == Edge::Filled || self.options.cval.is_some();
        let key = Key { device: device.name().to_string(), types, operands, output: Some(operand(output)), border };
        let executable = self.specializations.executable(key, |key| {
            let output = key.output.as_ref().ok_or_else(|| Error::Internal("a stencil without an output".into()))?;
            let module = self.build(&typed, &key.operands, output, key.border)?;
            Ok(Executable::build(module, device)?.kept(self.keeping(&key.types)))
        })?;
        executable.run(&arguments)
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
        let output = Operand::c_order(result_type(&typed)?, rank);
        self.build(&typed, &operands, &output, true)
    }

    fn build(&self, typed: &Module, operands: &[Operand], output: &Operand, border: bool) -> Result<Module> {
        let function = typed.functions.first().ok_or_else(|| Error::Internal("typing gave no function".into()))?;
        let Operand::Array { strides, .. } = output else {
            return Err(Error::Internal("a stencil's output is no array".into()));
        };
        let rank = strides.len();
        let neighborhood = self.options.neighborhood.as_ref().map(|(windows, _)| windows.as_slice());
        let mut margins = stencil::margins(function, neighborhood);
        margins.resize(rank, (0, 0));
        // Checked against what the kernel returns, stored as what the output holds.
        let value = stencil::border_value(&self.declaration.source, self.options.cval, result_type(typed)?)?;
        let value = Constant { scalar: output.scalar(), bits: convert(value, output.scalar())? };
        Ok(stencil::build(typed.clone(), operands, output, margins, border.then_some(value))?)
    }

    fn is_absolute(&self, parameter: usize) -> bool {
        let parameters = self.parameters();
        let name = parameters.get(parameter).copied().unwrap_or_default();
        self.options.standard_indexing.iter().any(|(absolute, _)| absolute == name)
    }

    /// What typing needs to know of the inputs.
    pub fn argument_types(&self, inputs: &[Input]) -> Vec<ArgumentType> {
        let rank = |input: &Input| input.constant().is_none().then_some(input.shape().len() as u32);
        let scalars = own_types(&self.declaration, &inputs.iter().map(Given::of).collect::<Vec<Given>>());
        let inputs = inputs.iter().zip(scalars).enumerate();
        inputs.map(|(number, (input, scalar))| self.argument_type(number, scalar, rank(input))).collect()
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
        let key =
            Key { device: String::new(), types: types.to_vec(), operands: Vec::new(), output: None, border: false };
        self.specializations.typed(key, |key| {
            let relative =
                Relative { neighborhood: self.options.neighborhood.as_ref().map(|(windows, _)| windows.clone()) };
            let options = typing_options(&self.declaration);
            Ok(typing::infer(&self.module, &self.name, &key.types, None, &relative, &options)?)
        })
    }

    fn check(&self, inputs: &[Input]) -> Result<()> {
        let expected = self.parameters();
        if inputs.len() != expected.len() {
            return Err(Error::wrong_count(&self.name, &expected, inputs.len()));
        }
        if inputs.is_empty() || inputs[0].constant().is_some() || inputs[0].shape().is_empty() {
            return Err(Error::call_with_help(
                format!("the first argument of the stencil '{}' is a scalar", self.name),
                "the first argument of a stencil is the array whose shape the result takes",
            )
            .of_class(ErrorClass::Type));
        }
        let first = inputs[0].shape();
        for (number, input) in inputs.iter().enumerate().skip(1) {
            if input.constant().is_some() || self.is_absolute(number) {
                continue;
            }
            let shape = input.shape();
            if shape.len() != first.len() {
                return Err(Error::call_with_help(
                    format!(
                        "stencil array '{}' has {} dimensions, the first one '{}' has {}",
                        expected[number],
                        shape.len(),
                        expected[0],
                        first.len()
                    ),
                    "arrays that are indexed relatively have the rank of the first; name it in standard_indexing to index it absolutely",
                ));
            }
            if shape.iter().zip(first).any(|(own, first)| own < first) {
                return Err(Error::call(format!(
                    "secondary stencil array '{}' has some dimension smaller than the same dimension in the first \
                     stencil input: {} against {}",
                    expected[number],
                    shape_text(shape),
                    shape_text(first)
                )));
            }
        }
        Ok(())
    }
}

/// What a kernel may know of an array: on which axis its elements lie next to each other, and nothing more, so that
/// the same code serves arrays of all shapes.
fn operand(array: &DeviceArray) -> Operand {
    let known = |stride: &isize| if *stride == 1 { Stride::Unit } else { Stride::Any };
    let mut strides: Vec<Stride> = array.strides().iter().map(known).collect();
    // Of several axes with this stride all but one have the extent 1; the last one is the one that loops run along.
    if let Some(last) = strides.iter().rposition(|stride| *stride == Stride::Unit) {
        strides[..last].fill(Stride::Any);
    }
    Operand::Array { scalar: array.scalar(), strides, distinct: true }
}

fn result_type(typed: &Module) -> Result<ScalarType> {
    let function = typed.functions.first().ok_or_else(|| Error::Internal("typing gave no function".into()))?;
    function.scalar_results().first().copied().ok_or_else(|| Error::Internal("a stencil without a result".into()))
}
