//! Memory that functions allocate while they run, and who refers to it.

use super::ArrayArgument;
use super::memory::{Breach, Buffer};
use crate::types::ScalarType;

/// More than this is not allocated: running out of memory is an answer, not the end of the process.
const MOST_BYTES: i64 = 1 << 33;

/// All memory of a run: the buffers that it was given, and behind them those that it allocated.
pub(super) struct Heap<'m, 'b> {
    pub given: &'m mut [Buffer<'b>],
    blocks: Vec<Block>,
    /// References to the given buffers beyond the caller's own.
    borrowed: Vec<i64>,
    /// Guarded calls that run now, and the buffers to which references were taken since the first of them began.
    guards: usize,
    taken: Vec<usize>,
}

struct Block {
    bytes: Vec<u8>,
    written: Vec<bool>,
    /// `None`: nobody counts.
    references: Option<i64>,
}

impl<'m, 'b> Heap<'m, 'b> {
    pub fn new(given: &'m mut [Buffer<'b>]) -> Heap<'m, 'b> {
        let borrowed = vec![0; given.len()];
        Heap { given, blocks: Vec::new(), borrowed, guards: 0, taken: Vec::new() }
    }

    /// The number of a fresh buffer for so many elements; `None` if there is not so much memory.
    pub fn allocate(&mut self, elements: i64, scalar: ScalarType, zeroed: bool, counted: bool) -> Option<usize> {
        let bytes = elements.checked_mul(scalar.bytes() as i64).filter(|bytes| *bytes <= MOST_BYTES)? as usize;
        let mut block = Block { bytes: Vec::new(), written: Vec::new(), references: counted.then_some(1) };
        block.bytes.try_reserve_exact(bytes).ok()?;
        block.written.try_reserve_exact(bytes).ok()?;
        block.bytes.resize(bytes, 0);
        block.written.resize(bytes, zeroed);
        self.blocks.push(block);
        let buffer = self.given.len() + self.blocks.len() - 1;
        if self.guards > 0 && counted {
            self.taken.push(buffer);
        }
        Some(buffer)
    }

    /// The number of a fresh buffer that nobody counts references to.
    pub fn constant(&mut self, bytes: Vec<u8>) -> usize {
        let written = vec![true; bytes.len()];
        self.blocks.push(Block { bytes, written, references: None });
        self.given.len() + self.blocks.len() - 1
    }

    #[inline]
    pub fn load(&mut self, buffer: usize, element: i64, scalar: ScalarType) -> Result<u64, Breach> {
        match self.given.get(buffer) {
            Some(buffer) => buffer.load(element, scalar),
            None => self.block(buffer)?.load(element, scalar),
        }
    }

    #[inline]
    pub fn store(&mut self, buffer: usize, element: i64, scalar: ScalarType, bits: u64) -> Result<(), Breach> {
        match self.given.get_mut(buffer) {
            Some(buffer) => buffer.store(element, scalar, bits),
            None => self.block(buffer)?.store(element, scalar, bits),
        }
    }

    fn block(&mut self, buffer: usize) -> Result<Buffer<'_>, Breach> {
        let block = buffer.checked_sub(self.given.len()).and_then(|number| self.blocks.get_mut(number));
        match block {
            None => Err(Breach::NoMemory),
            Some(Block { references: Some(..=0), .. }) => Err(Breach::Freed),
            Some(block) => Ok(Buffer::watched(&mut block.bytes, &mut block.written)),
        }
    }

    pub fn retain(&mut self, buffer: usize) -> Result<(), Breach> {
        if self.guards > 0 {
            self.taken.push(buffer);
        }
        self.count(buffer, 1)
    }

    pub fn release(&mut self, buffer: usize) -> Result<(), Breach> {
        if self.guards > 0
            && let Some(place) = self.taken.iter().rposition(|taken| *taken == buffer)
        {
            self.taken.remove(place);
        }
        self.count(buffer, -1)
    }

    /// A guarded call begins.
    pub fn guard(&mut self) -> usize {
        self.guards += 1;
        self.taken.len()
    }

    /// It ended. `abandoned`: it failed; the references that it took since are given back, as compiled code does on its way out.
    pub fn unguard(&mut self, begin: usize, abandoned: bool) -> Result<(), Breach> {
        while abandoned && self.taken.len() > begin {
            let last = self.taken.len() - 1;
            self.release(self.taken[last])?;
        }
        self.guards -= 1;
        if self.guards == 0 {
            self.taken.clear();
        }
        Ok(())
    }

    fn count(&mut self, buffer: usize, change: i64) -> Result<(), Breach> {
        if let Some(count) = self.borrowed.get_mut(buffer) {
            *count += change;
            return if *count < 0 { Err(Breach::Freed) } else { Ok(()) };
        }
        // A variable that was never set refers to nothing.
        let block = buffer.checked_sub(self.given.len()).and_then(|number| self.blocks.get_mut(number));
        let Some(Block { references: Some(count), bytes, written }) = block else { return Ok(()) };
        if *count <= 0 {
            return Err(Breach::Freed);
        }
        *count += change;
        if *count == 0 {
            (*bytes, *written) = (Vec::new(), Vec::new());
        }
        Ok(())
    }

    /// What is wrong with the references at the end of a run that gave `results`.
    pub fn leak(&self, results: &[ArrayArgument]) -> Option<String> {
        let expected = |buffer: usize| results.iter().filter(|result| result.buffer == buffer).count() as i64;
        for (number, &count) in self.borrowed.iter().enumerate() {
            if count != expected(number) {
                return Some(format!("the caller's buffer {number} is left with {count} references too many"));
            }
        }
        for (number, block) in self.blocks.iter().enumerate() {
            let buffer = self.given.len() + number;
            let Some(count) = block.references else { continue };
            if count != expected(buffer) {
                return Some(format!("a buffer of {} bytes is left with {count} references", block.bytes.len()));
            }
        }
        None
    }

    /// The bytes of the buffers that were allocated, in order of their numbers, which go on behind the given ones'.
    pub fn into_blocks(self) -> Vec<Vec<u8>> {
        self.blocks.into_iter().map(|block| block.bytes).collect()
    }
}
