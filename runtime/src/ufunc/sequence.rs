//! Reductions by the tree of docs/ir.md: the steps of [`tree::schedule`], each a launch.

use super::fold::operand;
use super::{Form, Key, Loop, Vectorize};
use crate::array::{collapse, like};
use crate::call::{DeviceArray, elements};
use crate::device::{Binding, Device, PointLimits};
use crate::error::{Error, Result};
use crate::executable::{Argument, Executable};
use numbra_front::kernel::fold::{Keep, Start};
use numbra_front::kernel::tree::{self, LANES, Order, Schedule, Step};
use std::sync::Arc;

/// Statements of a function of which a kernel may hold some dozens.
const SMALL: usize = 12;

/// An array as sequences: every one is reduced to an element of the result.
pub(super) struct Sequence {
    array: DeviceArray,
    /// The extents of the result, and the array's strides along these axes.
    outer: Vec<usize>,
    strides: Vec<isize>,
    length: usize,
    /// From one element of a sequence to the next.
    step: isize,
}

impl Sequence {
    /// The elements along these axes, in C order, as sequences. No axis has extent 0.
    pub fn of(array: DeviceArray, axes: &[usize]) -> Result<Sequence> {
        let mut reduced = axes.to_vec();
        reduced.sort_unstable();
        let kept: Vec<usize> = (0..array.shape().len()).filter(|axis| !axes.contains(axis)).collect();
        let length = reduced.iter().map(|&axis| array.shape()[axis]).product();
        // From the last axis on: each must go on where the ones behind it end.
        let mut even: Option<(isize, isize)> = None;
        let mut in_line = true;
        for &axis in reduced.iter().rev().filter(|&&axis| array.shape()[axis] != 1) {
            let (extent, stride) = (array.shape()[axis] as isize, array.strides()[axis]);
            even = match even {
                None => Some((stride, stride * extent)),
                Some((step, next)) => {
                    in_line &= stride == next;
                    Some((step, stride * extent))
                }
            };
        }
        if !in_line {
            let order: Vec<usize> = kept.iter().chain(&reduced).copied().collect();
            let copy = array.transposed(&order).copied()?;
            let behind: Vec<usize> = (kept.len()..order.len()).collect();
            return Sequence::of(copy, &behind);
        }
        Ok(Sequence {
            outer: kept.iter().map(|&axis| array.shape()[axis]).collect(),
            strides: kept.iter().map(|&axis| array.strides()[axis]).collect(),
            length,
            step: even.map_or(0, |(step, _)| step),
            array,
        })
    }

    fn view(&self) -> View {
        View { base: self.array.as_binding(), outer: self.strides.clone(), step: self.step }
    }

    /// Room for partial results, which lie as the sequences do.
    fn partial(&self, device: &Arc<dyn Device>, chosen: &Loop, length: usize) -> Result<View> {
        let shape: Vec<usize> = self.outer.iter().copied().chain([length]).collect();
        let own: Vec<isize> = self.strides.iter().copied().chain([self.step]).collect();
        let mut strides = like(&shape, &[&own]);
        let array = DeviceArray::empty(device, chosen.parameters[0], &[elements(&shape)?])?;
        let step = strides.pop().unwrap_or(1);
        Ok(View { base: array.as_binding(), outer: strides, step })
    }
}

/// A buffer of a schedule: for every element of the result a sequence.
struct View {
    /// Buffer, type and offset count.
    base: Binding,
    outer: Vec<isize>,
    step: isize,
}

impl View {
    fn bytes(&self, between: usize, count: usize) -> u64 {
        let size = self.base.scalar.bytes().max(4) as u64;
        (between as u64 * (count as u64 - 1)).saturating_mul(self.step.unsigned_abs() as u64).saturating_add(1) * size
    }

    fn binding(&self, at: usize, shape: &[usize], strides: &[isize]) -> Binding {
        Binding {
            offset: self.base.offset + at as i64 * self.step as i64,
            shape: shape.iter().map(|&extent| extent as i64).collect(),
            strides: strides.iter().map(|&stride| stride as i64).collect(),
            ..self.base.clone()
        }
    }
}

impl Vectorize {
    /// Reduces every sequence to an element of `result`, an array in C order of the outer extents.
    pub(super) fn reduce_tree(
        &self,
        device: &Arc<dyn Device>,
        chosen: &Loop,
        sequence: &Sequence,
        result: &DeviceArray,
    ) -> Result<()> {
        let combining = self.combining(chosen)?;
        let small = combining.statements <= SMALL && !combining.has_loops;
        let limits = device.point_limits();
        if small {
            let schedule = tree::schedule(sequence.length, true);
            if let Some(views) = self.views(device, chosen, sequence, result, &schedule, Some(&limits))? {
                return self.steps(device, chosen, &sequence.outer, &schedule, &views);
            }
        }
        let schedule = tree::schedule(sequence.length, false);
        let views = self.views(device, chosen, sequence, result, &schedule, None)?;
        let views = views.ok_or_else(|| Error::Internal("a reduction without memory".into()))?;
        self.steps(device, chosen, &sequence.outer, &schedule, &views)
    }

    /// The buffers of a schedule. `None` if a point would touch more of one than the limits let it.
    fn views(
        &self,
        device: &Arc<dyn Device>,
        chosen: &Loop,
        sequence: &Sequence,
        result: &DeviceArray,
        schedule: &Schedule,
        limits: Option<&PointLimits>,
    ) -> Result<Option<Vec<View>>> {
        let last = schedule.buffers.len() - 1;
        let mut views = Vec::with_capacity(last + 1);
        for (number, &length) in schedule.buffers.iter().enumerate() {
            let view = match number {
                0 => sequence.view(),
                _ if number == last => View { base: result.as_binding(), outer: result.strides().to_vec(), step: 0 },
                _ => sequence.partial(device, chosen, length)?,
            };
            let fits = |limits: &PointLimits| {
                let reads = schedule.steps.iter().filter(|step| step.from == number);
                reads.map(|step| view.bytes(step.between, step.order.count())).all(|bytes| bytes <= limits.bytes)
            };
            if !limits.is_none_or(fits) {
                return Ok(None);
            }
            views.push(view);
        }
        Ok(Some(views))
    }

    fn steps(
        &self,
        device: &Arc<dyn Device>,
        chosen: &Loop,
        outer: &[usize],
        schedule: &Schedule,
        views: &[View],
    ) -> Result<()> {
        schedule.steps.iter().try_for_each(|step| self.step(device, chosen, outer, step, views))
    }

    fn step(
        &self,
        device: &Arc<dyn Device>,
        chosen: &Loop,
        outer: &[usize],
        step: &Step,
        views: &[View],
    ) -> Result<()> {
        let (from, to) = (&views[step.from], &views[step.to]);
        let shape: Vec<usize> = outer.iter().copied().chain([step.results, step.lanes]).collect();
        let strides = |view: &View, every: usize| -> Vec<isize> {
            view.outer.iter().copied().chain([every as isize * view.step, view.step]).collect()
        };
        let mut collapsed = collapse(&shape, &[&strides(from, step.every), &strides(to, LANES)]);
        if collapsed.shape.is_empty() {
            collapsed.shape.push(1);
            collapsed.strides.iter_mut().for_each(|strides| strides.push(1));
        }
        let mut row = (collapsed.shape.clone(), collapsed.strides[0].clone());
        row.0.push(step.order.count());
        row.1.push(step.between as isize * from.step);
        let input = from.binding(step.at, &row.0, &row.1);
        let output = to.binding(step.to_at, &collapsed.shape, &collapsed.strides[1]);
        if let Order::Fold(_) = step.order {
            return self.fold_rows(device, chosen, input, output, Keep::Last, Start::First);
        }
        let lanes = collapsed.shape.last() == Some(&LANES);
        let executable = self.tree(device, chosen, &input, &output, step.order, lanes)?;
        executable.run(&[Argument::Array(input), Argument::Array(output)])
    }

    fn tree(
        &self,
        device: &Arc<dyn Device>,
        chosen: &Loop,
        input: &Binding,
        output: &Binding,
        order: Order,
        lanes: bool,
    ) -> Result<Arc<Executable>> {
        let key = Key {
            device: device.name().to_string(),
            form: Form::Tree(order, lanes),
            chosen: chosen.clone(),
            operands: vec![operand(input)],
            output: Some(operand(output)),
        };
        self.specializations.executable(key, |key| {
            let (Some(input), Some(output)) = (key.operands.first(), &key.output) else {
                return Err(Error::Internal("a reduction without arrays".into()));
            };
            let module = tree::build((*self.typed(chosen)?).clone(), input, output, order, lanes)?;
            Ok(Executable::build(module, device)?.kept(self.keeping(chosen)))
        })
    }
}
