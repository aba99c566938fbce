//! `reduce` and `accumulate`: a function of two values, folded from left to right along an axis.

use super::casting::is_safe;
use super::{Form, Given, Key, Loop, Vectorize};
use crate::array::{HostArray, collapse, row_major_strides};
use crate::call::{DeviceArray, Input, known_strides};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::executable::{Argument, Executable};
use numbra_front::declaration::{Identity, Kind};
use numbra_front::error::Class;
use numbra_front::kernel::Operand;
use numbra_front::kernel::fold::{self, Keep};
use numbra_front::types::{Constant, ScalarType};
use std::sync::Arc;

impl Vectorize {
    /// `f(...f(f(a[0], a[1]), a[2])..., a[n-1])` along the axes, which the result lacks. Several axes need an identity.
    ///
    /// The result has the type that the function gives for two values of the array's type, and takes.
    pub fn reduce(&self, device: &Arc<dyn Device>, input: &Input, axes: &[usize]) -> Result<HostArray> {
        let Kind::Vectorize { identity } = &self.declaration.kind else {
            return Err(Error::Internal(format!("'{}' is not vectorized", self.name)));
        };
        let name = &self.name;
        if axes.len() > 1 && identity.is_none() {
            return Err(Error::call_with_help(
                format!("reduction operation '{name}' is not reorderable, so at most one axis may be specified"),
                "declare the function with identity=0, 1 or 'reorderable' if the order of its arguments makes no difference",
            ));
        }
        axes.iter().try_for_each(|&axis| check_axis(axis, input))?;
        if axes.iter().enumerate().any(|(place, axis)| axes[..place].contains(axis)) {
            return Err(Error::call("duplicate value in 'axis'"));
        }
        let chosen = self.folding("reduce", input)?;
        let scalar = chosen.parameters[0];
        let array = self.array(device, input)?;
        let kept = |axis: usize| (!axes.contains(&axis)).then_some(array.shape()[axis]);
        let shape: Vec<usize> = (0..array.shape().len()).filter_map(kept).collect();
        if let (true, Some(identity)) = (array.shape().contains(&0) && !shape.contains(&0), identity) {
            let Identity::Number(number) = identity else { return Err(self.empty()) };
            let one =
                if scalar.is_float() { convert_integer(scalar, *number) } else { Constant::integer(scalar, *number) };
            let bytes: Vec<u8> = one.bits.to_le_bytes()[..scalar.bytes()].repeat(shape.iter().product());
            return Ok(HostArray::from_bytes(scalar, &shape, &bytes)?);
        }
        if array.shape().contains(&0) && !shape.contains(&0) {
            return Err(self.empty());
        }
        let mut result = array;
        // From the last axis on, so that the numbers of those before stay what they are.
        let mut left = axes.to_vec();
        left.sort_unstable();
        while let Some(axis) = left.pop() {
            result = self.fold(device, &chosen, &result, axis, Keep::Last)?;
        }
        if axes.is_empty() {
            return Ok(result.into_host()?.view().cast(scalar)?);
        }
        result.into_host()
    }

    /// All values of the fold along an axis: the array's shape.
    pub fn accumulate(&self, device: &Arc<dyn Device>, input: &Input, axis: usize) -> Result<HostArray> {
        check_axis(axis, input)?;
        let chosen = self.folding("accumulate", input)?;
        let array = self.array(device, input)?;
        self.fold(device, &chosen, &array, axis, Keep::All)?.into_host()
    }

    fn empty(&self) -> Error {
        Error::call(format!("zero-size array to reduction operation {} which has no identity", self.name))
    }

    fn array(&self, device: &Arc<dyn Device>, input: &Input) -> Result<DeviceArray> {
        match (input.to_device(device)?, input.constant()) {
            (Some(array), _) => Ok(array),
            (None, Some(constant)) => DeviceArray::from_host(device, &Arc::new(HostArray::from_constant(constant)?)),
            (None, None) => Err(Error::Internal("an array that is on no device".into())),
        }
    }

    /// The loop to fold with: it takes two values of the type that it gives.
    fn folding(&self, what: &str, input: &Input) -> Result<Loop> {
        if self.parameters().len() != 2 {
            return Err(Error::call(format!("{what} only supported for binary functions")));
        }
        let choose = |scalar: ScalarType| self.choose(&[Given::Strong(scalar); 2]);
        let (chosen, result) = choose(input.scalar_type())?;
        let fits = |(chosen, result): &(Loop, ScalarType)| chosen.parameters.iter().all(|scalar| scalar == result);
        let first = (chosen, result);
        if fits(&first) {
            return Ok(first.0);
        }
        match choose(result) {
            Ok(second) if fits(&second) && is_safe(input.scalar_type(), result) => Ok(second.0),
            _ => {
                let (from, name) = (input.scalar_type(), &self.name);
                let message = format!(
                    "'{name}' gives {result} for two {from}: {what} needs a function that gives the type it takes"
                );
                Err(Error::call_with_help(
                    message,
                    format!("convert the array to {result}, or what the function returns"),
                )
                .of_class(Class::Type))
            }
        }
    }

    /// Folds along one axis of an array that has elements along it.
    fn fold(
        &self,
        device: &Arc<dyn Device>,
        chosen: &Loop,
        array: &DeviceArray,
        axis: usize,
        keep: Keep,
    ) -> Result<DeviceArray> {
        let scalar = chosen.parameters[0];
        let without = |values: &[isize]| -> Vec<isize> {
            values.iter().enumerate().filter(|(other, _)| *other != axis).map(|(_, value)| *value).collect()
        };
        let outer: Vec<usize> =
            (0..array.shape().len()).filter(|&other| other != axis).map(|other| array.shape()[other]).collect();
        let (length, stride) = (array.shape()[axis], array.strides()[axis]);
        let result_shape = if keep == Keep::All { array.shape() } else { &outer };
        let result = DeviceArray::empty(device, scalar, result_shape)?;
        if array.shape().contains(&0) {
            return Ok(result);
        }
        let result_strides = row_major_strides(result_shape);
        let (result_outer, result_stride) = match keep {
            Keep::All => (without(&result_strides), result_strides[axis]),
            Keep::Last => (result_strides, 0),
        };
        let mut collapsed = collapse(&outer, &[&without(array.strides()), &result_outer]);
        if collapsed.shape.is_empty() {
            collapsed.shape.push(1);
            collapsed.strides.iter_mut().for_each(|strides| strides.push(1));
        }
        let mut row = (collapsed.shape.clone(), collapsed.strides[0].clone());
        row.0.push(length);
        row.1.push(stride);
        let mut out = (collapsed.shape, collapsed.strides[1].clone());
        if keep == Keep::All {
            out.0.push(length);
            out.1.push(result_stride);
        }
        let operand =
            |scalar, strides: &[isize]| Operand::Array { scalar, strides: known_strides(strides), distinct: true };
        let key = Key {
            device: device.name().to_string(),
            form: Form::Fold(keep),
            chosen: chosen.clone(),
            operands: vec![operand(array.scalar(), &row.1)],
            output: Some(operand(scalar, &out.1)),
        };
        let executable = self.specializations.executable(key, |key| {
            let (Some(input), Some(output)) = (key.operands.first(), &key.output) else {
                return Err(Error::Internal("a fold without arrays".into()));
            };
            Executable::build(fold::build((*self.typed(chosen)?).clone(), input, output, keep)?, device)
        })?;
        let arguments =
            [Argument::Array(array.binding(&row.0, &row.1)), Argument::Array(result.binding(&out.0, &out.1))];
        executable.run(&arguments)?;
        Ok(result)
    }
}

fn check_axis(axis: usize, input: &Input) -> Result<()> {
    let rank = input.shape().len();
    match axis < rank {
        true => Ok(()),
        false => {
            Err(Error::call(format!("axis {axis} is out of bounds for array of dimension {rank}"))
                .of_class(Class::Index))
        }
    }
}

fn convert_integer(scalar: ScalarType, number: i128) -> Constant {
    if scalar == ScalarType::F32 { Constant::f32(number as f32) } else { Constant::f64(number as f64) }
}
