//! Calls of native functions: arguments as the words that the code takes, and results made of those that it gives.

use super::memory::{Borrowed, Owned};
use super::native::NativeFunction;
use super::passed::Slot;
use super::returned::{Memory, Piece, ReturnedArray};
use crate::array::BorrowedArray;
use crate::error::{Error, Result};
use numbra_front::ir::{ArrayType, Kind, Module};
use std::sync::Arc;

/// Calls the first function of the module that the code was made of.
pub(super) fn call(module: &Module, code: &NativeFunction, slots: &[Slot]) -> Result<Vec<Piece>> {
    let function = module.functions.first().ok_or_else(|| Error::Internal("a module without a function".into()))?;
    let gives_arrays = function.results.iter().any(|kind| matches!(kind, Kind::Array(_)));
    let mut words = Vec::with_capacity(code.argument_words());
    let mut borrowed: Vec<Borrowed> = Vec::new();
    for slot in slots {
        match slot {
            Slot::Scalar(bits) => words.push(*bits),
            Slot::Array(array) => {
                // Where no array is returned nobody needs to know whose memory it is in.
                let owner = match gives_arrays {
                    true => {
                        borrowed.push(Borrowed::default());
                        borrowed.last().map_or(0, Borrowed::word)
                    }
                    false => 0,
                };
                words.extend([owner, array.address() as u64]);
                words.extend(array.shape().iter().map(|&extent| extent as u64));
                words.extend(array.strides().iter().map(|&stride| stride as u64));
            }
        }
    }
    let mut results = vec![0; code.result_words()];
    // SAFETY: as many words as the function takes, of arrays that the caller keeps; nobody else knows the owners.
    unsafe { code.call(&words, &mut results) }?;
    let mut results = Results { words: results.into_iter(), borrowed: &borrowed, blocks: Vec::new() };
    function.results.iter().map(|kind| results.piece(kind)).collect()
}

/// An array in the code's own memory: a copy, since the code may go.
fn constant(array_type: &ArrayType, address: *mut u8, shape: &[usize], strides: &[isize]) -> Result<Piece> {
    let scalar = array_type.scalar;
    // SAFETY: the code is still there, and nobody writes its constants.
    let array = unsafe { BorrowedArray::new(scalar, address, shape, strides) }?.to_array()?;
    let mut block = vec![0u64; array.bytes().len().div_ceil(8).max(1)];
    // SAFETY: the block has at least as many bytes, and any bytes are a u64.
    unsafe {
        let bytes = array.bytes();
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), block.as_mut_ptr().cast::<u8>(), bytes.len());
    }
    let (block, shape) = (Arc::new(block), shape.to_vec());
    let strides = array.strides();
    let address = block.as_ptr().cast_mut().cast();
    let memory = Memory::Owned(block);
    Ok(Piece::Array(ReturnedArray { array_type: array_type.clone(), address, shape, strides, memory }))
}

struct Results<'a> {
    words: std::vec::IntoIter<u64>,
    borrowed: &'a [Borrowed],
    /// What the function allocated, by the owners' words.
    blocks: Vec<(u64, Arc<Block>)>,
}

/// A block of memory that several results may lie in.
struct Block {
    _memory: Owned,
}

// SAFETY: the reference is counted down once, by whoever drops the last Arc; that orders it behind everything that the
// others did. All other references to the block were given up before the Arc was made.
unsafe impl Send for Block {}
unsafe impl Sync for Block {}

impl Results<'_> {
    fn next(&mut self) -> Result<u64> {
        self.words.next().ok_or_else(|| Error::Internal("a function gave too few results".into()))
    }

    fn piece(&mut self, kind: &Kind) -> Result<Piece> {
        let Kind::Array(array_type) = kind else { return Ok(Piece::Scalar(self.next()?)) };
        let (owner, address) = (self.next()?, self.next()? as *mut u8);
        let rank = array_type.strides.len();
        let shape: Vec<usize> = (0..rank).map(|_| Ok(self.next()? as usize)).collect::<Result<_>>()?;
        let strides: Vec<isize> = (0..rank).map(|_| Ok(self.next()? as isize)).collect::<Result<_>>()?;
        let elements = shape.iter().product::<usize>();
        if owner == 0 && elements > 0 {
            return constant(array_type, address, &shape, &strides);
        }
        let memory = self.memory(owner);
        Ok(Piece::Array(ReturnedArray { array_type: array_type.clone(), address, shape, strides, memory }))
    }

    fn memory(&mut self, owner: u64) -> Memory {
        if let Some(number) = self.borrowed.iter().position(|borrowed| borrowed.word() == owner) {
            return Memory::Argument(number);
        }
        // SAFETY: every array among the results comes with a reference of its own.
        let Some(owned) = (unsafe { Owned::from_word(owner) }) else {
            // An array without elements that was never assigned.
            return Memory::Owned(Arc::new(()));
        };
        if let Some((_, block)) = self.blocks.iter().find(|(known, _)| *known == owner) {
            // The block keeps one reference; this one goes.
            drop(owned);
            return Memory::Owned(block.clone());
        }
        let block = Arc::new(Block { _memory: owned });
        self.blocks.push((owner, block.clone()));
        Memory::Owned(block)
    }
}
