//! The steps that define arrays, count references to them or ask about them, and what an access to an array means.

use super::super::memory::to_bytes;
use super::super::program::{Step, ViewStep};
use super::super::{ArrayArgument, Failure, Trap};
use super::{Frame, Machine, Stop, breach_at, internal};
use crate::ir::{Array, Form, SiteId, Stride};
use crate::types::{Constant, ScalarType};

impl<'p> Machine<'p, '_, '_> {
    /// A step that defines, counts or asks about arrays. A function of its own: the frames of nested regions stay small.
    #[inline(never)]
    pub(super) fn array_step(&mut self, frame: Frame<'p>, step: &'p Step) -> Result<(), Stop> {
        match step {
            Step::CopyArray { to, from } => {
                let array = self.descriptor(frame, *from).clone();
                self.define(frame, *to, array)?;
            }
            Step::Allocate { to, extents, fortran, zeroed, site } => {
                self.allocate(frame, *to, extents, *fortran, *zeroed, *site)?;
            }
            Step::View { to, base, starts, axes } => {
                let view = self.view(frame, *base, starts, axes)?;
                self.define(frame, *to, view)?;
            }
            Step::Reshape { to, base, extents } => {
                let shape: Vec<i64> = extents.iter().map(|&extent| self.get(frame, extent) as i64).collect();
                let base = self.descriptor(frame, *base);
                let elements = |shape: &[i64]| shape.iter().fold(1i64, |product, extent| product.wrapping_mul(*extent));
                if shape.iter().any(|&extent| extent < 0) || elements(&shape) != elements(&base.shape) {
                    return Err(internal(format!("an array of shape {:?} cannot become {shape:?}", base.shape)));
                }
                let reshaped = ArrayArgument { offset: base.offset, ..ArrayArgument::c_order(base.buffer, &shape) };
                self.define(frame, *to, reshaped)?;
            }
            Step::ConstantArray { to, table, extents } => {
                let shape: Vec<i64> = extents.iter().map(|&extent| self.get(frame, extent) as i64).collect();
                let entries = &self.program.tables[*table as usize];
                if shape.iter().any(|&extent| extent < 0)
                    || shape.iter().product::<i64>() != entries.entries.len() as i64
                {
                    return Err(internal(format!("the table '{}' has no shape {shape:?}", entries.name)));
                }
                let buffer = match self.constants.get(table) {
                    Some(buffer) => *buffer,
                    None => {
                        let buffer = self.heap.constant(to_bytes(entries.scalar, &entries.entries));
                        self.constants.insert(*table, buffer);
                        buffer
                    }
                };
                self.define(frame, *to, ArrayArgument::c_order(buffer, &shape))?;
            }
            Step::Stride { to, array, axis } => {
                let stride = self.descriptor(frame, *array).strides[*axis as usize];
                self.slots[frame.slot(*to)] = stride as u64;
            }
            Step::Overlap { to, left, right, scalars } => {
                let (left, right) = (self.descriptor(frame, *left), self.descriptor(frame, *right));
                let overlap = left.buffer == right.buffer
                    && match (extent_in_bytes(left, scalars.0), extent_in_bytes(right, scalars.1)) {
                        (Some((low, high)), Some((other_low, other_high))) => low < other_high && other_low < high,
                        _ => false,
                    };
                self.slots[frame.slot(*to)] = overlap as u64;
            }
            Step::Retain(array) => {
                let buffer = self.descriptor(frame, *array).buffer;
                self.heap.retain(buffer).map_err(|breach| breach_at(frame, *array, breach))?;
            }
            Step::Release(array) => {
                let buffer = self.descriptor(frame, *array).buffer;
                self.heap.release(buffer).map_err(|breach| breach_at(frame, *array, breach))?;
            }
            _ => return Err(internal(format!("a step that nobody runs, in function '{}'", frame.code.name))),
        }
        Ok(())
    }

    /// Gives an array or array variable its descriptor, which must be what the array's type says.
    pub(super) fn define(&mut self, frame: Frame, to: u32, array: ArrayArgument) -> Result<(), Stop> {
        if let Some(known) = frame.code.arrays.get(to as usize)
            && let Some(wrong) = breaks_strides(known, &array)
        {
            return Err(internal(format!("in function '{}', array '{}' {wrong}", frame.code.name, known.name)));
        }
        let number = self.arrays[frame.arrays + to as usize];
        self.descriptors[number as usize] = array;
        Ok(())
    }

    fn allocate(
        &mut self,
        frame: Frame,
        to: u32,
        extents: &[u32],
        fortran: bool,
        zeroed: bool,
        site: SiteId,
    ) -> Result<(), Stop> {
        let shape: Vec<i64> = extents.iter().map(|&extent| self.get(frame, extent) as i64).collect();
        if shape.iter().any(|&extent| extent < 0) {
            return Err(internal(format!("in function '{}': memory of shape {shape:?}", frame.code.name)));
        }
        let scalar = frame.code.arrays[to as usize].scalar;
        let elements = match shape.contains(&0) {
            true => Some(0),
            false => shape.iter().try_fold(1i64, |product, &extent| product.checked_mul(extent)),
        };
        let counted = frame.code.form == Form::Host;
        let buffer = elements.and_then(|elements| self.heap.allocate(elements, scalar, zeroed, counted));
        let Some(buffer) = buffer else {
            let payloads = shape.iter().map(|&extent| Constant::index(extent)).collect();
            let function = frame.code.name.clone();
            return Err(Box::new(Failure::Trap(Trap { function, site, position: self.position, payloads })));
        };
        let mut array = ArrayArgument::c_order(buffer, &shape);
        if fortran {
            let reversed: Vec<i64> = shape.iter().rev().copied().collect();
            array.strides = ArrayArgument::c_order(buffer, &reversed).strides.into_iter().rev().collect();
        }
        self.define(frame, to, array)
    }

    fn view(&self, frame: Frame, base: u32, starts: &[u32], axes: &[ViewStep]) -> Result<ArrayArgument, Stop> {
        let array = self.descriptor(frame, base);
        let starts: Vec<i64> = starts.iter().map(|&start| self.get(frame, start) as i64).collect();
        let mut view = ArrayArgument { buffer: array.buffer, offset: array.offset, ..ArrayArgument::default() };
        for (start, stride) in starts.iter().zip(&array.strides) {
            view.offset = view.offset.wrapping_add(start.wrapping_mul(*stride));
        }
        // The last index along each axis of the base.
        let mut last = starts.clone();
        for axis in axes {
            let extent = self.get(frame, axis.extent) as i64;
            view.shape.push(extent);
            view.strides.push(match axis.along {
                None => 0,
                Some((along, step)) => {
                    let step = step.map_or(1, |step| self.get(frame, step) as i64);
                    let along = along as usize;
                    last[along] = last[along].wrapping_add((extent - 1).wrapping_mul(step));
                    array.strides[along].wrapping_mul(step)
                }
            });
        }
        let empty = view.shape.contains(&0);
        let mut corners = starts.iter().chain(&last).zip(array.shape.iter().cycle());
        let inside = corners.all(|(&index, &extent)| index >= 0 && index < extent);
        if view.shape.iter().any(|&extent| extent < 0) || !(empty || inside) {
            let (name, function) = (&frame.code.arrays[base as usize].name, &frame.code.name);
            let shape = &array.shape;
            return Err(internal(format!(
                "in function '{function}': a view from {starts:?} to {last:?} is outside of '{name}' of shape {shape:?}"
            )));
        }
        Ok(view)
    }

    #[inline]
    pub(super) fn descriptor(&self, frame: Frame, array: u32) -> &ArrayArgument {
        &self.descriptors[self.arrays[frame.arrays + array as usize] as usize]
    }

    /// The buffer and the element in it that an access means.
    #[inline]
    pub(super) fn element(&self, frame: Frame, array: u32, indices: &[u32]) -> Result<(usize, i64), Stop> {
        let descriptor = self.descriptor(frame, array);
        if frame.code.arrays[array as usize].buffer {
            return Ok((descriptor.buffer, self.get(frame, indices[0]) as i64));
        }
        let mut element = descriptor.offset;
        for (axis, &index) in indices.iter().enumerate() {
            let index = self.get(frame, index) as i64;
            if index < 0 || index >= descriptor.shape[axis] {
                let (name, function) = (&frame.code.arrays[array as usize].name, &frame.code.name);
                let indices: Vec<i64> = indices.iter().map(|&index| self.get(frame, index) as i64).collect();
                let shape = &descriptor.shape;
                let message = format!(
                    "in function '{function}': the index {indices:?} is outside of the array '{name}' of shape {shape:?}"
                );
                return Err(internal(message));
            }
            element = element.wrapping_add(index.wrapping_mul(descriptor.strides[axis]));
        }
        Ok((descriptor.buffer, element))
    }
}

/// What is wrong with an array of which `known` claims to know the strides.
pub(super) fn breaks_strides(known: &Array, array: &ArrayArgument) -> Option<String> {
    if array.shape.contains(&0) {
        return None;
    }
    let unit = known.strides.iter().position(|stride| *stride == Stride::Unit);
    for (axis, stride) in known.strides.iter().enumerate() {
        let between = |unit: usize| match unit > axis {
            true => &array.shape[axis + 1..=unit],
            false => &array.shape[unit..axis],
        };
        let expected = match stride {
            Stride::Zero => 0,
            Stride::Unit => 1,
            Stride::Packed => unit.map_or(1, |unit| between(unit).iter().product()),
            Stride::Any => continue,
        };
        if array.shape[axis] > 1 && array.strides[axis] != expected {
            return Some(format!("has stride {} along axis {axis}, expected {expected}", array.strides[axis]));
        }
    }
    None
}

/// Where the memory that an array touches begins and ends, in bytes of its buffer; `None` if it touches none.
fn extent_in_bytes(array: &ArrayArgument, scalar: ScalarType) -> Option<(i128, i128)> {
    let (mut low, mut high) = (array.offset as i128, array.offset as i128);
    for (&extent, &stride) in array.shape.iter().zip(&array.strides) {
        if extent <= 0 {
            return None;
        }
        let reach = (extent as i128 - 1) * stride as i128;
        (low, high) = (low + reach.min(0), high + reach.max(0));
    }
    let bytes = scalar.bytes() as i128;
    Some((low * bytes, (high + 1) * bytes))
}
