//! `reduce`: a function of two values makes one of all along some axes.

use super::casting::convert;
use super::fold::check_axis;
use super::sequence::Sequence;
use super::{Loop, Vectorize};
use crate::array::HostArray;
use crate::call::{DeviceArray, Input};
use crate::device::Device;
use crate::error::{Error, Result};
use numbra_front::declaration::{Identity, Kind};
use numbra_front::kernel::fold::{Keep, Start};
use numbra_front::types::{Constant, ScalarType};
use std::sync::Arc;

/// What is asked of a reduction, besides the array.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reduction<'a> {
    /// The axes along which to reduce, which the result lacks. Several need an identity.
    pub axes: &'a [usize],
    /// The type of the result, if not that which the function gives for the array's elements. A declared loop may take
    /// elements of another type: `float64(float64, int64)`.
    pub dtype: Option<ScalarType>,
    /// `f(initial, result)` in place of the result; of a left fold the value to begin with. Of any type.
    pub initial: Option<Constant>,
}

impl Vectorize {
    /// All elements along the axes, combined by the function in the order of docs/ir.md: a tree if the function has an
    /// identity or is one of + * min max & | ^, otherwise `f(...f(f(a[0], a[1]), a[2])..., a[n-1])`.
    pub fn reduce(&self, device: &Arc<dyn Device>, input: &Input, axes: &[usize]) -> Result<HostArray> {
        self.reduce_as(device, input, &Reduction { axes, ..Reduction::default() })
    }

    /// The same with all that can be asked for.
    ///
    /// Errors: a function that has not two parameters, or gives another type than it takes; an axis that the array does
    /// not have, or twice; several axes of a function without identity; no elements and neither identity nor initial
    /// value.
    pub fn reduce_as(&self, device: &Arc<dyn Device>, input: &Input, asked: &Reduction) -> Result<HostArray> {
        let Kind::Vectorize { identity } = &self.declaration.kind else {
            return Err(Error::Internal(format!("'{}' is not vectorized", self.name)));
        };
        let (name, axes) = (&self.name, asked.axes);
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
        let chosen = self.folding("reduce", input.scalar_type(), asked.dtype)?;
        let scalar = chosen.parameters[0];
        let initial = asked.initial.map(|initial| convert(initial, scalar)).transpose()?;
        let initial = initial.map(|bits| Constant { scalar, bits });
        let extents = input.shape();
        let shape: Vec<usize> =
            (0..extents.len()).filter(|axis| !axes.contains(axis)).map(|axis| extents[axis]).collect();
        if axes.iter().any(|&axis| extents[axis] == 0) {
            let value = match (initial, identity) {
                (Some(initial), _) => initial,
                (None, Some(Identity::Number(number))) => number_of(scalar, *number),
                (None, _) => {
                    return Err(Error::call(format!(
                        "zero-size array to reduction operation {name} which has no identity"
                    )));
                }
            };
            let count = crate::call::elements(&shape)?;
            let bytes: Vec<u8> = value.bits.to_le_bytes()[..scalar.bytes()].repeat(count);
            return Ok(HostArray::from_bytes(scalar, &shape, &bytes)?);
        }
        if shape.contains(&0) {
            return Ok(HostArray::zeros(scalar, &shape)?);
        }
        let array = self.array(device, input)?;
        let result = match axes {
            [] => DeviceArray::from_host(device, &Arc::new(array.into_host()?.view().cast(scalar)?))?,
            [axis] if !self.is_tree(&chosen, identity)? => {
                return self.left(device, &chosen, array, *axis, &shape, initial)?.into_host();
            }
            _ => {
                let result = DeviceArray::empty(device, scalar, &shape)?;
                self.reduce_tree(device, &chosen, &Sequence::of(array, axes)?, &result)?;
                result
            }
        };
        match initial {
            None => result.into_host(),
            Some(initial) => {
                let last = DeviceArray::empty(device, scalar, &shape)?;
                self.run(device, &[Input::Typed(initial), Input::Device(result)], &last)?;
                last.into_host()
            }
        }
    }

    /// Whether the loop's values are combined by the tree of docs/ir.md.
    fn is_tree(&self, chosen: &Loop, identity: &Option<Identity>) -> Result<bool> {
        let uniform = chosen.parameters[0] == chosen.parameters[1];
        Ok(uniform && (identity.is_some() || self.combining(chosen)?.op.is_some()))
    }

    /// The left fold along an axis, from an initial value if there is one.
    fn left(
        &self,
        device: &Arc<dyn Device>,
        chosen: &Loop,
        array: DeviceArray,
        axis: usize,
        shape: &[usize],
        initial: Option<Constant>,
    ) -> Result<DeviceArray> {
        let result = DeviceArray::empty(device, chosen.parameters[0], shape)?;
        let Some(initial) = initial else {
            self.fold(device, chosen, &array, &result, axis, Keep::Last, Start::First)?;
            return Ok(result);
        };
        let length = array.shape()[axis];
        let first = array.clone().part(axis, 0..1).without_axis(axis);
        self.run(device, &[Input::Typed(initial), Input::Device(first)], &result)?;
        if length > 1 {
            let rest = array.part(axis, 1..length);
            self.fold(device, chosen, &rest, &result, axis, Keep::Last, Start::Output)?;
        }
        Ok(result)
    }
}

fn number_of(scalar: ScalarType, number: i128) -> Constant {
    match scalar {
        ScalarType::F32 => Constant::f32(number as f32),
        ScalarType::F64 => Constant::f64(number as f64),
        _ => Constant::integer(scalar, number),
    }
}
