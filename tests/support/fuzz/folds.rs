//! Reductions by random functions: every device gives what the interpreter does, and that follows from calls of the function.

use super::check::agreement;
use super::tree::Case;
use crate::call::{Agreement, Outcome, settled};
use numbra::array::HostArray;
use numbra::device::{self, Device, DeviceName};
use numbra::ufunc::Vectorize;
use numbra::{Error, Input};
use std::sync::Arc;

/// What differs, with its place, if the function can reduce at all: it takes two of what it gives.
pub fn check(case: &Case, kernel: &Vectorize, devices: &[Arc<dyn Device>]) -> Result<(), (String, String)> {
    let same = case.arguments.iter().all(|argument| argument.scalar == case.result);
    let [first, _] = case.arguments.as_slice() else { return Ok(()) };
    let Some(array) = first.host_array().filter(|array| same && array.len() > 1) else { return Ok(()) };
    let input = Input::Host(array.clone());
    let interp = device::open(DeviceName::Interp).map_err(|error| ("interp".to_string(), error.to_string()))?;
    let axis = array.shape().iter().position(|&extent| extent > 1).unwrap_or(0);
    let reduced = |device| settled(kernel.reduce(device, &input, &[axis]));
    let accumulated = |device| settled(kernel.accumulate(device, &input, axis));
    let wrong = |place: &str, error: Error| (place.to_string(), error.to_string());
    let expected = [
        reduced(&interp).map_err(|error| wrong("interp reduces", error))?,
        accumulated(&interp).map_err(|error| wrong("interp accumulates", error))?,
    ];
    let by_calls = one_by_one(kernel, &interp, &array, axis).map_err(|error| wrong("interp accumulates", error))?;
    differ("interp accumulates", &expected[1], &by_calls, Agreement::AnyFault)?;
    for device in devices {
        // Where subnormals become zero nothing is known of what follows from one.
        let agreement = match agreement(device.as_ref(), &[]) {
            Agreement::Except(_) if case.result.is_float() => continue,
            _ => Agreement::AnyFault,
        };
        let name = device.name();
        let (place, outcome) = (format!("{name} reduces"), reduced(device));
        differ(&place, &outcome.map_err(|error| wrong(&place, error))?, &expected[0], agreement)?;
        let (place, outcome) = (format!("{name} accumulates"), accumulated(device));
        differ(&place, &outcome.map_err(|error| wrong(&place, error))?, &expected[1], agreement)?;
    }
    Ok(())
}

fn differ(place: &str, got: &Outcome, expected: &Outcome, agreement: Agreement) -> Result<(), (String, String)> {
    if super::check::ends_loops_early(place, got) {
        return Ok(());
    }
    got.difference(expected, agreement).map_or(Ok(()), |difference| Err((place.to_string(), difference)))
}

/// `accumulate` by the calls that it stands for.
fn one_by_one(kernel: &Vectorize, device: &Arc<dyn Device>, array: &HostArray, axis: usize) -> Result<Outcome, Error> {
    let shape = array.shape();
    let outer: usize = shape[..axis].iter().product();
    let width = array.scalar().bytes();
    let inner: usize = shape[axis + 1..].iter().product::<usize>() * width;
    let bytes = array.bytes();
    let row = |place: usize| -> Vec<u8> {
        (0..outer).flat_map(|block| &bytes[(block * shape[axis] + place) * inner..][..inner]).copied().collect()
    };
    let part = |bytes: &[u8]| HostArray::from_bytes(array.scalar(), &[bytes.len() / width], bytes);
    let mut rows = vec![row(0)];
    for place in 1..shape[axis] {
        let operands = [Input::from(part(&rows[place - 1])?), Input::from(part(&row(place))?)];
        match settled(kernel.call(device, &operands))? {
            Outcome::Done(result) => rows.push(result.bytes().to_vec()),
            fault => return Ok(fault),
        }
    }
    let result: Vec<u8> =
        (0..outer).flat_map(|block| rows.iter().flat_map(move |row| &row[block * inner..][..inner])).copied().collect();
    Ok(Outcome::Done(HostArray::from_bytes(array.scalar(), shape, &result)?))
}
