//! Whole functions on this machine's processor: arguments as words, results out of words.

use super::memory::{Borrowed, Owned};
use super::native::NativeFunction;
use super::passed::Slot;
use super::returned::{Memory, Piece, ReturnedArray};
use crate::error::{Error, Result};
use numbra_front::ir::{Kind, Module};
use std::sync::{Arc, Mutex};

/// Calls the first function of the module that the code was made of.
pub(super) fn call(module: &Module, code: &NativeFunction, slots: &[Slot]) -> Result<Vec<Piece>> {
    let function = module.functions.first().ok_or_else(|| Error::Internal("a module without a function".into()))?;
    let mut owners: Vec<Borrowed> = Vec::new();
    let mut words = Vec::with_capacity(code.argument_words());
    for slot in slots {
        match slot {
            Slot::Scalar(bits) => words.push(*bits),
            Slot::Array(array) => {
                let owner = Borrowed::default();
                words.extend([owner.word(), array.address() as u64]);
                words.extend(array.shape().iter().map(|&extent| extent as u64));
                words.extend(array.strides().iter().map(|&stride| stride as u64));
                owners.push(owner);
            }
        }
    }
    let mut results = vec![0; code.result_words()];
    // SAFETY: the words are the slots', which are as the parameters' types say; the caller of the function keeps its
    // arrays from others until the call has returned, and the owners are this call's own.
    unsafe { code.call(&words, &mut results)? };
    let mut given = Given { words: results.into_iter(), owners: &owners, kept: Vec::new() };
    function.results.iter().map(|kind| given.piece(kind)).collect()
}

/// The results as they came.
struct Given<'a, W> {
    words: W,
    owners: &'a [Borrowed],
    /// Owners of results, each with what keeps its memory: results may share it.
    kept: Vec<(u64, Arc<Mutex<Vec<Owned>>>)>,
}

impl<W: Iterator<Item = u64>> Given<'_, W> {
    fn word(&mut self) -> Result<u64> {
        self.words.next().ok_or_else(|| Error::Internal("a function gave too few words".into()))
    }

    fn piece(&mut self, kind: &Kind) -> Result<Piece> {
        let Kind::Array(array_type) = kind else { return Ok(Piece::Scalar(self.word()?)) };
        let owner = self.word()?;
        let memory = match self.owners.iter().position(|argument| argument.word() == owner) {
            Some(argument) => Memory::Argument(argument),
            None => Memory::Owned(self.keep(owner)),
        };
        let address = self.word()? as *mut u8;
        let rank = array_type.strides.len();
        let shape = (0..rank).map(|_| Ok(self.word()? as usize)).collect::<Result<_>>()?;
        let strides = (0..rank).map(|_| Ok(self.word()? as isize)).collect::<Result<_>>()?;
        Ok(Piece::Array(ReturnedArray { array_type: array_type.clone(), address, shape, strides, memory }))
    }

    /// What keeps the memory of an owner that came with a result.
    fn keep(&mut self, owner: u64) -> Arc<Mutex<Vec<Owned>>> {
        // SAFETY: the reference came with a result, and is taken over here alone. Results that share an owner share what
        // keeps it.
        let reference = unsafe { Owned::from_word(owner) };
        if let Some((_, keeper)) = self.kept.iter().find(|(other, _)| *other == owner) {
            if let (Ok(mut references), Some(reference)) = (keeper.lock(), reference) {
                references.push(reference);
            }
            return keeper.clone();
        }
        let keeper = Arc::new(Mutex::new(reference.into_iter().collect()));
        self.kept.push((owner, keeper.clone()));
        keeper
    }
}
