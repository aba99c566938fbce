//! Calls of the short way ([`direct`](super::direct)) that come again and again: what the types of their operands decide
//! is looked up by one number, and nothing is allocated.

use super::Given;
use super::casting::{check_bounds, convert};
use super::direct::{Direct, Kind};
use crate::error::Result;
use numbra_front::types::{Constant, ScalarType};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// Kernels with more parameters go the other way.
pub const MOST_OPERANDS: usize = 8;
/// Elements from which on the other way costs nothing in comparison.
pub const MOST_ELEMENTS: usize = 16 * 1024;
/// Prepared calls that are kept.
const MOST_CALLS: usize = 64;

/// The operands of a call, and their kinds as one number.
#[derive(Debug)]
pub struct Operands {
    kinds: [Kind; MOST_OPERANDS],
    /// Addresses of arrays and bits of scalars; behind the last the address of the output.
    bits: [u64; MOST_OPERANDS + 1],
    count: usize,
    key: u64,
}

impl Operands {
    /// Room for so many; `None`: they are too many.
    #[inline]
    pub fn new(count: usize) -> Option<Operands> {
        let kinds = [Kind::Array(ScalarType::Bool); MOST_OPERANDS];
        (count <= MOST_OPERANDS).then_some(Operands { kinds, bits: [0; MOST_OPERANDS + 1], count: 0, key: 1 })
    }

    #[inline]
    pub fn push_array(&mut self, scalar: ScalarType, address: u64) {
        self.push(Kind::Array(scalar), address, scalar as u64);
    }

    #[inline]
    pub fn push_scalar(&mut self, given: Given, bits: u64) {
        let kind = if matches!(given, Given::Strong(_)) { 32 } else { 16 };
        self.push(Kind::Scalar(given), bits, kind + given.scalar() as u64);
    }

    /// `code` is less than 64: there are fewer than 16 types.
    #[inline]
    fn push(&mut self, kind: Kind, bits: u64, code: u64) {
        if self.count < MOST_OPERANDS {
            (self.kinds[self.count], self.bits[self.count]) = (kind, bits);
            self.count += 1;
            self.key = self.key << 6 | code;
        }
    }

    #[inline]
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds[..self.count]
    }

    /// Gives scalar operands the types of the kernel's parameters.
    ///
    /// Errors: a Python-like integer that is out of the type's bounds.
    #[inline]
    pub fn convert_scalars(&mut self, direct: &Direct) -> Result<()> {
        for number in 0..self.count {
            if let (Kind::Scalar(given), Some(wanted)) = (self.kinds[number], direct.parameter(number))
                && given.scalar() != wanted
            {
                let constant = Constant { scalar: given.scalar(), bits: self.bits[number] };
                if let Given::Weak(_) = given {
                    check_bounds(constant, wanted)?;
                }
                self.bits[number] = convert(constant, wanted)?;
            }
        }
        Ok(())
    }

    /// Whether an array of so many elements shares memory with those addresses.
    #[inline]
    pub fn share(&self, addresses: &Range<u64>, length: usize) -> bool {
        self.kinds().iter().zip(&self.bits).any(|(kind, &address)| match *kind {
            Kind::Array(scalar) => {
                address < addresses.end && addresses.start < address + (length * scalar.bytes()) as u64
            }
            Kind::Scalar(_) => false,
        })
    }

    /// Has the results stored at that address.
    #[inline]
    pub fn store_at(&mut self, address: u64) {
        self.bits[self.count] = address;
    }

    /// Applies the loop.
    ///
    /// # Safety
    /// As for [`Direct::run`]; it was prepared for these kinds, and scalars are converted.
    #[inline]
    pub unsafe fn run(&self, direct: &Direct, length: usize) -> Result<()> {
        // SAFETY: the caller's promise.
        unsafe { direct.run(&self.bits[..=self.count], length) }
    }
}

/// What calls were prepared, newest last.
#[derive(Debug, Default)]
pub struct Prepared(Mutex<Vec<Call>>);

#[derive(Debug)]
struct Call {
    place: u64,
    key: u64,
    /// `None`: such calls go the other way.
    direct: Option<Arc<Direct>>,
}

impl Prepared {
    /// The loop for operands of these kinds. `place`: a number for whatever else decides it, such as the device. `prepare`
    /// is asked only for what has not been seen before.
    #[inline]
    pub fn get<E>(
        &self,
        place: u64,
        operands: &Operands,
        prepare: impl FnOnce(&[Kind]) -> Result<Option<Arc<Direct>>, E>,
    ) -> Result<Option<Arc<Direct>>, E> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().iter().find(|known| known.key == operands.key && known.place == place) {
            return Ok(known.direct.clone());
        }
        // Compiled without the lock: other calls are not held up.
        let direct = prepare(operands.kinds())?;
        let mut calls = lock();
        if calls.len() == MOST_CALLS {
            calls.remove(0);
        }
        calls.push(Call { place, key: operands.key, direct: direct.clone() });
        Ok(direct)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn operands(kinds: &[Kind]) -> Operands {
        let mut operands = Operands::new(kinds.len()).unwrap();
        for kind in kinds {
            match *kind {
                Kind::Array(scalar) => operands.push_array(scalar, 64),
                Kind::Scalar(given) => operands.push_scalar(given, 0),
            }
        }
        operands
    }

    #[test]
    fn every_kind_has_a_number_of_its_own() {
        let kinds: Vec<Kind> = ScalarType::ALL
            .iter()
            .flat_map(|&scalar| {
                [Kind::Array(scalar), Kind::Scalar(Given::Weak(scalar)), Kind::Scalar(Given::Strong(scalar))]
            })
            .collect();
        let mut keys = vec![operands(&[]).key];
        for &first in &kinds {
            keys.push(operands(&[first]).key);
            keys.extend(kinds.iter().map(|&second| operands(&[first, second]).key));
        }
        let count = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), count);
        assert_ne!(operands(&[kinds[0]; 8]).key, operands(&[kinds[0]; 7]).key);
        assert!(Operands::new(9).is_none());
    }

    #[test]
    fn calls_are_prepared_once_and_not_kept_for_ever() {
        let (prepared, asked) = (Prepared::default(), Cell::new(0));
        let get = |place: u64, kind: Kind| {
            let prepare = |kinds: &[Kind]| {
                assert_eq!(kinds, [kind]);
                asked.set(asked.get() + 1);
                Ok::<_, ()>(None)
            };
            assert!(prepared.get(place, &operands(&[kind]), prepare).unwrap().is_none());
        };
        let [float, integer] = [ScalarType::F64, ScalarType::I64].map(Kind::Array);
        for (place, kind, expected) in [(0, float, 1), (0, integer, 2), (0, float, 2), (1, float, 3), (1, float, 3)] {
            get(place, kind);
            assert_eq!(asked.get(), expected);
        }
        (0..1000).for_each(|place| get(place, integer));
        assert_eq!(prepared.0.lock().unwrap().len(), MOST_CALLS);
        // One that could not be prepared is tried again.
        let failed = prepared.get(5000, &operands(&[float]), |_| Err("no"));
        assert_eq!(failed.unwrap_err(), "no");
        get(5000, float);
        assert_eq!(asked.get(), 3 + 999 + 1);
    }

    #[test]
    fn shared_memory_is_seen() {
        let operands = operands(&[Kind::Scalar(Given::Weak(ScalarType::I64)), Kind::Array(ScalarType::I32)]);
        for (addresses, expected) in [(0..64, false), (0..65, true), (103..200, true), (104..200, false)] {
            assert_eq!(operands.share(&addresses, 10), expected, "{addresses:?}");
        }
    }
}
