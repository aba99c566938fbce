//! The short way of a call: scalars and small arrays in C order of one shape, on a device that works in the host's memory.
//!
//! For ten elements the call is all of the time, so what the types of the arguments decide is decided once.

use super::argument::Argument;
use super::{Device, Output};
use numbra_runtime::array::row_major_strides;
use numbra_runtime::ufunc::direct::Kind;
use numbra_runtime::ufunc::quick::{MOST_ELEMENTS, Operands, Prepared};
use numbra_runtime::ufunc::{Given, Vectorize};
use numbra_runtime::{Input, Result};
use std::sync::Arc;

/// The result, if this call can go the short way.
pub(crate) fn call(
    kernel: &Vectorize,
    prepared: &Prepared,
    device: &Device,
    arguments: &[Argument],
) -> Result<Option<Output>> {
    if !device.0.works_in_host_memory() {
        return Ok(None);
    }
    let Some((mut operands, shape)) = read(arguments)? else { return Ok(None) };
    let length = shape.iter().try_fold(1usize, |length, &extent| length.checked_mul(extent));
    let Some(length @ 1..=MOST_ELEMENTS) = length else { return Ok(None) };
    // Devices are opened once and stay.
    let place = Arc::as_ptr(&device.0).cast::<()>() as u64;
    let prepare = |kinds: &[Kind]| kernel.direct(&device.0, kinds).map(|direct| direct.map(Arc::new));
    let Some(direct) = prepared.get(place, &operands, prepare)? else { return Ok(None) };
    operands.convert_scalars(&direct)?;
    let output = Output::new(direct.result(), shape, &row_major_strides(shape))?;
    operands.store_at(output.borrowed().address() as u64);
    // SAFETY: the kinds are those that it was made for; the arrays are in C order, of so many elements, and the
    // arguments keep or borrow them until the call is over; the output is a new one.
    unsafe { operands.run(&direct, length) }?;
    Ok(Some(output))
}

/// The operands and their shape, if they are such as go the short way.
fn read<'a>(arguments: &'a [Argument]) -> Result<Option<(Operands, &'a [usize])>> {
    let Some(mut operands) = Operands::new(arguments.len()) else { return Ok(None) };
    let mut shape: Option<&[usize]> = None;
    for argument in arguments {
        let input = argument.input()?;
        let (own, address) = match input {
            Input::Scalar(constant) | Input::Typed(constant) => {
                operands.push_scalar(Given::of(input), constant.bits);
                continue;
            }
            Input::Borrowed(array) if is_c_order(array.shape(), array.strides()) => {
                (array.shape(), array.address() as u64)
            }
            Input::Host(array) => (array.shape(), array.bytes().as_ptr() as u64),
            Input::Borrowed(_) | Input::Device(_) => return Ok(None),
        };
        if *shape.get_or_insert(own) != own {
            return Ok(None);
        }
        operands.push_array(input.scalar_type(), address);
    }
    Ok(Some((operands, shape.unwrap_or_default())))
}

fn is_c_order(shape: &[usize], strides: &[isize]) -> bool {
    let mut step = 1;
    shape.iter().zip(strides).rev().all(|(&extent, &stride)| {
        let fits = extent == 1 || stride == step;
        step = step.saturating_mul(extent as isize);
        fits
    })
}
