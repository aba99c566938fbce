//! A function of two values, folded from left to right along an axis: `accumulate`, and reductions that are no tree.

use super::casting::is_safe;
use super::{Form, Given, Key, Loop, Vectorize};
use crate::array::{HostArray, collapse};
use crate::call::{DeviceArray, Input};
use crate::device::{Binding, Device, PointLimits};
use crate::error::{Error, Result};
use crate::executable::{Argument, Executable};
use numbra_front::error::ErrorClass;
use numbra_front::ir::Stride;
use numbra_front::kernel::Operand;
use numbra_front::kernel::fold::{self, Keep, Start};
use numbra_front::types::ScalarType;
use std::sync::Arc;

/// Elements of a piece where turns of loops are limited and the function has loops of its own.
const FEW: u64 = 64;
/// Turns that are not asked for, to be on the safe side.
const SPARE: u64 = 16;

impl Vectorize {
    /// All values of the fold along an axis: the array's shape.
    pub fn accumulate(&self, device: &Arc<dyn Device>, input: &Input, axis: usize) -> Result<HostArray> {
        self.accumulate_as(device, input, axis, None)
    }

    /// The same, with values of this type where it is given.
    pub fn accumulate_as(
        &self,
        device: &Arc<dyn Device>,
        input: &Input,
        axis: usize,
        dtype: Option<ScalarType>,
    ) -> Result<HostArray> {
        check_axis(axis, input)?;
        let chosen = self.folding("accumulate", input.scalar_type(), dtype)?;
        let array = self.array(device, input)?;
        let result = DeviceArray::empty(device, chosen.parameters[0], array.shape())?;
        if !array.shape().contains(&0) {
            self.fold(device, &chosen, &array, &result, axis, Keep::All, Start::First)?;
        }
        result.into_host()
    }

    /// The type of the values of a `reduce` or `accumulate`, `what`, of such elements, and the type that it takes the
    /// elements as. `dtype`: what is asked for. Errors as there.
    pub fn fold_types(
        &self,
        what: &str,
        elements: ScalarType,
        dtype: Option<ScalarType>,
    ) -> Result<(ScalarType, ScalarType)> {
        let chosen = self.folding(what, elements, dtype)?;
        Ok((chosen.parameters[0], chosen.parameters[1]))
    }

    pub(super) fn array(&self, device: &Arc<dyn Device>, input: &Input) -> Result<DeviceArray> {
        match (input.to_device(device)?, input.constant()) {
            (Some(array), _) => Ok(array),
            (None, Some(constant)) => DeviceArray::from_host(device, &Arc::new(HostArray::from_constant(constant)?)),
            (None, None) => Err(Error::Internal("an array that is on no device".into())),
        }
    }

    /// The loop to fold with: it gives the type of its first parameter. The second one's is that of the elements.
    /// `dtype`: the type of the values, if it is asked for.
    pub(super) fn folding(&self, what: &str, elements: ScalarType, dtype: Option<ScalarType>) -> Result<Loop> {
        if self.parameters().len() != 2 {
            return Err(Error::call(format!("{what} only supported for binary functions")));
        }
        let choose = |left, right| self.choose(&[Given::Strong(left), Given::Strong(right)]);
        let fits = |(chosen, result): &(Loop, ScalarType)| chosen.parameters[0] == *result;
        // A declared loop may take elements of another type than that of its values.
        if let Some(dtype) = dtype.filter(|_| !self.declaration.signatures.is_empty())
            && let Ok(mixed) = choose(dtype, elements)
            && fits(&mixed)
            && mixed.1 == dtype
        {
            return Ok(mixed.0);
        }
        let elements = dtype.unwrap_or(elements);
        let first = choose(elements, elements)?;
        if fits(&first) {
            return Ok(first.0);
        }
        let result = first.1;
        match choose(result, result) {
            Ok(second) if fits(&second) && is_safe(elements, result) => Ok(second.0),
            _ => {
                let name = &self.name;
                let message = format!(
                    "'{name}' gives {result} for two {elements}: {what} needs a function that gives the type it takes"
                );
                Err(Error::call_with_help(
                    message,
                    format!("convert the array to {result}, or what the function returns"),
                )
                .of_class(ErrorClass::Type))
            }
        }
    }

    /// Folds along one axis of an array that has elements. The result has the array's shape, or lacks that axis.
    #[expect(clippy::too_many_arguments, reason = "what a fold is")]
    pub(super) fn fold(
        &self,
        device: &Arc<dyn Device>,
        chosen: &Loop,
        array: &DeviceArray,
        result: &DeviceArray,
        axis: usize,
        keep: Keep,
        start: Start,
    ) -> Result<()> {
        let without = |values: &[isize]| -> Vec<isize> {
            values.iter().enumerate().filter(|(other, _)| *other != axis).map(|(_, value)| *value).collect()
        };
        let outer: Vec<usize> =
            (0..array.shape().len()).filter(|&other| other != axis).map(|other| array.shape()[other]).collect();
        let (length, stride) = (array.shape()[axis], array.strides()[axis]);
        let (result_outer, result_stride) = match keep {
            Keep::All => (without(result.strides()), result.strides()[axis]),
            Keep::Last => (result.strides().to_vec(), 0),
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
        self.fold_rows(device, chosen, array.binding(&row.0, &row.1), result.binding(&out.0, &out.1), keep, start)
    }

    /// Folds along the last axis of `input`, which has another one at least, into `output`, in as many launches as the
    /// device wants for that.
    pub(super) fn fold_rows(
        &self,
        device: &Arc<dyn Device>,
        chosen: &Loop,
        input: Binding,
        output: Binding,
        keep: Keep,
        mut start: Start,
    ) -> Result<()> {
        let axis = input.shape.len() - 1;
        let length = input.shape[axis];
        let limits = device.point_limits();
        let mut most = self.turns(chosen, &limits)?.min(reach(&input, &limits));
        if keep == Keep::All {
            // A later piece begins with the last value of the one before.
            most = most.min(reach(&output, &limits).saturating_sub(1)).max(1);
        }
        if keep == Keep::All && reach(&output, &limits) < 2 {
            return self.fold_apart(device, chosen, &input, &output);
        }
        let mut begin = 0;
        while begin < length {
            let end = begin.saturating_add(most).min(length);
            let elements = slice(&input, axis, begin, end);
            let values = match (keep, start) {
                (Keep::Last, _) => output.clone(),
                (Keep::All, Start::First) => slice(&output, axis, begin, end),
                (Keep::All, Start::Output) => slice(&output, axis, begin - 1, end),
            };
            let executable = self.folded(device, chosen, &elements, &values, keep, start)?;
            executable.run(&[Argument::Array(elements), Argument::Array(values)])?;
            (begin, start) = (end, Start::Output);
        }
        Ok(())
    }

    /// All values of folds along the last axis, where two values lie further apart than a point may touch: each is
    /// folded beside the output, and stored there.
    fn fold_apart(&self, device: &Arc<dyn Device>, chosen: &Loop, input: &Binding, output: &Binding) -> Result<()> {
        let axis = input.shape.len() - 1;
        let shape: Vec<usize> = input.shape[..axis].iter().map(|&extent| extent as usize).collect();
        let value = DeviceArray::empty(device, chosen.parameters[0], &shape)?.as_binding();
        let (mut row, mut start) = (value.clone(), Start::First);
        row.shape.push(1);
        row.strides.push(1);
        for at in 0..input.shape[axis] {
            let element = slice(input, axis, at, at + 1);
            let mut place = slice(output, axis, at, at + 1);
            place.shape.pop();
            place.strides.pop();
            self.fold_rows(device, chosen, element, value.clone(), Keep::Last, start)?;
            // A fold of one element is a copy.
            self.fold_rows(device, chosen, row.clone(), place, Keep::Last, Start::First)?;
            start = Start::Output;
        }
        Ok(())
    }

    fn folded(
        &self,
        device: &Arc<dyn Device>,
        chosen: &Loop,
        input: &Binding,
        output: &Binding,
        keep: Keep,
        start: Start,
    ) -> Result<Arc<Executable>> {
        let key = Key {
            device: device.name().to_string(),
            form: Form::Fold(keep, start),
            chosen: chosen.clone(),
            operands: vec![operand(input)],
            output: Some(operand(output)),
        };
        self.specializations.executable(key, |key| {
            let (Some(input), Some(output)) = (key.operands.first(), &key.output) else {
                return Err(Error::Internal("a fold without arrays".into()));
            };
            let module = fold::build((*self.typed(chosen)?).clone(), input, output, keep, start)?;
            Ok(Executable::build(module, device)?.kept(self.keeping(chosen)))
        })
    }

    /// How many elements a launch may fold.
    fn turns(&self, chosen: &Loop, limits: &PointLimits) -> Result<i64> {
        if limits.turns == u64::MAX {
            return Ok(i64::MAX);
        }
        let turns = if self.combining(chosen)?.has_loops { FEW } else { limits.turns.saturating_sub(SPARE) };
        Ok((turns.min(limits.turns) as i64).max(1))
    }
}

/// How many elements along the last axis a point may touch.
fn reach(array: &Binding, limits: &PointLimits) -> i64 {
    // Small elements may take a word each.
    let size = array.scalar.bytes().max(4) as u64;
    let step = array.strides.last().map_or(0, |stride| stride.unsigned_abs()).saturating_mul(size);
    match limits.bytes.saturating_sub(size).checked_div(step) {
        Some(steps) => i64::try_from(steps).map_or(i64::MAX, |steps| steps.saturating_add(1)),
        None => i64::MAX,
    }
}

/// The elements from `begin` to before `end` along an axis.
fn slice(array: &Binding, axis: usize, begin: i64, end: i64) -> Binding {
    let mut part = array.clone();
    part.offset += begin * array.strides[axis];
    part.shape[axis] = end - begin;
    part
}

/// What a kernel may know of an array that overlaps no other one.
pub(super) fn operand(array: &Binding) -> Operand {
    let known = |stride: &i64| match stride {
        0 => Stride::Zero,
        1 => Stride::Unit,
        _ => Stride::Any,
    };
    Operand::Array { scalar: array.scalar, strides: array.strides.iter().map(known).collect(), distinct: true }
}

pub(super) fn check_axis(axis: usize, input: &Input) -> Result<()> {
    let rank = input.shape().len();
    match axis < rank {
        true => Ok(()),
        false => Err(Error::call(format!("axis {axis} is out of bounds for array of dimension {rank}"))
            .of_class(ErrorClass::Index)),
    }
}
