//! The short way of a call: scalars and small arrays in C order of one shape, on a device that works in the host's memory.
//!
//! For ten elements the call is all of the time, so what the types of the arguments decide is decided once.

use super::argument::Argument;
use super::{Device, Output};
use numbra_runtime::array::row_major_strides;
use numbra_runtime::ufunc::casting::{check_bounds, convert};
use numbra_runtime::ufunc::direct::{Direct, Kind};
use numbra_runtime::ufunc::{Given, Vectorize};
use numbra_runtime::{Input, Result};
use std::sync::{Arc, Mutex, PoisonError};

/// Elements from which on the other way costs nothing in comparison.
const MOST_ELEMENTS: usize = 16 * 1024;

/// What calls were prepared.
#[derive(Debug, Default)]
pub(crate) struct Quick(Mutex<Vec<Prepared>>);

#[derive(Debug)]
struct Prepared {
    device: Device,
    kinds: Vec<Kind>,
    /// `None`: such calls go the other way.
    direct: Option<Arc<Direct>>,
}

impl Quick {
    /// The result, if this call can go the short way.
    pub fn call(&self, kernel: &Vectorize, device: &Device, arguments: &[Argument]) -> Result<Option<Output>> {
        if !device.0.works_in_host_memory() {
            return Ok(None);
        }
        let mut shape: Option<&[usize]> = None;
        let mut kinds = Vec::with_capacity(arguments.len());
        let mut operands = Vec::with_capacity(arguments.len() + 1);
        for argument in arguments {
            let input = argument.input()?;
            let (own, address) = match input {
                Input::Scalar(constant) | Input::Typed(constant) => {
                    kinds.push(Kind::Scalar(Given::of(input)));
                    operands.push(constant.bits);
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
            kinds.push(Kind::Array(input.scalar_type()));
            operands.push(address);
        }
        let shape = shape.unwrap_or_default();
        let length = shape.iter().try_fold(1usize, |length, &extent| length.checked_mul(extent));
        let Some(length @ 1..=MOST_ELEMENTS) = length else { return Ok(None) };
        let Some(direct) = self.direct(kernel, device, &kinds)? else { return Ok(None) };
        for (number, (argument, bits)) in arguments.iter().zip(&mut operands).enumerate() {
            let input = argument.input()?;
            if let (Some(constant), Some(wanted)) = (input.constant(), direct.parameter(number)) {
                if let Input::Scalar(constant) = input {
                    check_bounds(*constant, wanted)?;
                }
                *bits = convert(constant, wanted)?;
            }
        }
        let output = Output::new(direct.result(), shape, &row_major_strides(shape))?;
        operands.push(output.borrowed().address() as u64);
        // SAFETY: the kinds are those that it was made for; the arrays are in C order, of so many elements, and the
        // arguments keep or borrow them until the call is over; the output is a new one.
        unsafe { direct.run(&operands, length) }?;
        Ok(Some(output))
    }

    fn direct(&self, kernel: &Vectorize, device: &Device, kinds: &[Kind]) -> Result<Option<Arc<Direct>>> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().iter().find(|known| known.kinds == kinds && known.device == *device) {
            return Ok(known.direct.clone());
        }
        // Compiled without the lock: other calls are not held up.
        let direct = kernel.direct(&device.0, kinds)?.map(Arc::new);
        lock().push(Prepared { device: device.clone(), kinds: kinds.to_vec(), direct: direct.clone() });
        Ok(direct)
    }
}

fn is_c_order(shape: &[usize], strides: &[isize]) -> bool {
    let mut step = 1;
    shape.iter().zip(strides).rev().all(|(&extent, &stride)| {
        let fits = extent == 1 || stride == step;
        step = step.saturating_mul(extent as isize);
        fits
    })
}
