//! Copies of what a kernel touches of an array too far apart to be bound at once.

use super::device::GpuDevice;
use crate::array::like;
use crate::device::split::Block;
use crate::device::{Binding, Device, Kernel, Launch};
use crate::error::{Error, Result};
use numbra_front::ir::{Footprint, Form, Stride, parse};
use numbra_front::kernel::{Operand, vectorize};
use numbra_front::pipeline;
use numbra_front::types::ScalarType;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The kernels that copy, by type and rank.
#[derive(Default)]
pub struct Copies(Mutex<HashMap<(ScalarType, usize), Arc<dyn Kernel>>>);

impl Copies {
    /// A block of an array, close together in memory of its own. As a binding it is the whole array, of which only the
    /// block is there.
    pub fn of(&self, device: &GpuDevice, array: &Binding, block: &Block) -> Result<Binding> {
        let strides = packed(array, block)?;
        let elements: i64 = block.shape.iter().product();
        let buffer = device.allocate(array.scalar, elements as usize)?;
        let at = |strides: &[i64]| block.low.iter().zip(strides).map(|(low, stride)| low * stride).sum::<i64>();
        let source = Binding { offset: array.offset + at(&array.strides), shape: block.shape.clone(), ..array.clone() };
        let copy = Binding { buffer, offset: 0, shape: block.shape.clone(), strides, ..array.clone() };
        let window = Footprint::Window(vec![(0, 0); block.shape.len()]);
        self.kernel(device, array.scalar, block.shape.len())?.launch(&Launch {
            arrays: &[source, copy.clone()],
            footprints: &[window.clone(), window],
            captures: &[],
            space: &block.shape,
        })?;
        Ok(Binding { offset: -at(&copy.strides), shape: array.shape.clone(), ..copy })
    }

    fn kernel(&self, device: &GpuDevice, scalar: ScalarType, rank: usize) -> Result<Arc<dyn Kernel>> {
        let key = (scalar, rank);
        if let Some(kernel) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(kernel.clone());
        }
        let name = scalar.short_name();
        let copy = parse::parse(&format!("function @copy(%0 x: {name}) -> {name} {{\n  return %0\n}}\n"))?;
        let operand = Operand::Array { scalar, strides: vec![Stride::Any; rank], distinct: true };
        let module = vectorize::build(copy, std::slice::from_ref(&operand), std::slice::from_ref(&operand))?;
        let module = pipeline::lower_functions(module, &mut |_, _| Ok(()))?;
        let kernel = module.functions.iter().find(|function| function.form == Form::Kernel);
        let kernel = kernel.ok_or_else(|| Error::Internal("a copy without a kernel".into()))?;
        let lowered = pipeline::lower_kernel(&module, &kernel.name, &device.target(), &mut |_, _| Ok(()))?;
        // It needs no copies itself, and does not keep those that keep it.
        let kernel = device.without_copies().load(&lowered)?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, kernel.clone());
        Ok(kernel)
    }
}

/// Strides of the copy. What kernels know of the array's strides stays true: that one is 1, or 0.
fn packed(array: &Binding, block: &Block) -> Result<Vec<i64>> {
    let shape: Vec<usize> = block.shape.iter().map(|&extent| extent as usize).collect();
    let own: Vec<isize> = array.strides.iter().map(|&stride| stride as isize).collect();
    let close = like(&shape, &[&own]);
    let axes = array.strides.iter().zip(close).zip(&shape);
    axes.map(|((&own, close), &extent)| match own {
        0 => Ok(0),
        1 if extent == 1 => Ok(1),
        1 if close != 1 => Err(Error::call_with_help(
            "an array with overlapping elements is too large for this device",
            "pass a copy of it, or run the kernel on cpu or parallel",
        )),
        _ => Ok(close as i64),
    })
    .collect()
}
