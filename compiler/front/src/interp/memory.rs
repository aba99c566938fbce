//! Memory: buffers of bytes, read and written by typed elements.

use crate::types::{Constant, ScalarType};
use std::fmt;

/// A block of bytes. Elements are in the machine's own byte order; a bool is one byte, 0 or 1.
pub struct Buffer<'a> {
    bytes: &'a mut [u8],
    /// Which bytes hold something, where that is watched.
    written: Option<&'a mut [bool]>,
}

/// An access that the IR does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breach {
    Outside {
        element: i64,
        length: usize,
    },
    Uninitialized {
        element: i64,
    },
    /// The run was given no such buffer: the array's elements are elsewhere, on a device.
    NoMemory,
    /// Nothing refers to the memory any more.
    Freed,
}

impl<'a> Buffer<'a> {
    pub fn new(bytes: &'a mut [u8]) -> Buffer<'a> {
        Buffer { bytes, written: None }
    }

    /// A buffer that refuses loads of bytes whose entry in `written` is false; stores make entries true.
    ///
    /// # Panics
    /// If the two differ in length.
    pub fn watched(bytes: &'a mut [u8], written: &'a mut [bool]) -> Buffer<'a> {
        assert_eq!(bytes.len(), written.len(), "one entry per byte");
        Buffer { bytes, written: Some(written) }
    }

    pub fn bytes(&self) -> &[u8] {
        self.bytes
    }

    /// The number of whole elements of a type.
    pub fn length(&self, scalar: ScalarType) -> usize {
        self.bytes.len() / scalar.bytes()
    }

    /// The element at that index, counted in elements of `scalar`.
    #[inline]
    pub fn load(&self, element: i64, scalar: ScalarType) -> Result<u64, Breach> {
        let start = self.start(element, scalar)?;
        let bytes = &self.bytes[start..start + scalar.bytes()];
        if let Some(written) = &self.written
            && written[start..start + scalar.bytes()].contains(&false)
        {
            return Err(Breach::Uninitialized { element });
        }
        Ok(read_element(bytes, scalar))
    }

    #[inline]
    pub fn store(&mut self, element: i64, scalar: ScalarType, bits: u64) -> Result<(), Breach> {
        let start = self.start(element, scalar)?;
        let length = scalar.bytes();
        write_element(&mut self.bytes[start..start + length], bits);
        if let Some(written) = &mut self.written {
            written[start..start + length].fill(true);
        }
        Ok(())
    }

    #[inline]
    fn start(&self, element: i64, scalar: ScalarType) -> Result<usize, Breach> {
        match usize::try_from(element) {
            Ok(index) if index < self.length(scalar) => Ok(index * scalar.bytes()),
            _ => Err(Breach::Outside { element, length: self.length(scalar) }),
        }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Breach::Outside { element, length } => {
                write!(formatter, "element {element} is outside of its buffer of {length} elements")
            }
            Breach::Uninitialized { element } => {
                write!(formatter, "element {element} is read before anything was stored there")
            }
            Breach::Freed => formatter.write_str("its memory was given back already"),
            Breach::NoMemory => formatter.write_str("its elements are not here"),
        }
    }
}

/// The bytes of a buffer that holds these elements.
pub fn to_bytes(scalar: ScalarType, elements: &[u64]) -> Vec<u8> {
    let mut bytes = vec![0; elements.len() * scalar.bytes()];
    for (chunk, &bits) in bytes.chunks_exact_mut(scalar.bytes()).zip(elements) {
        write_element(chunk, bits);
    }
    bytes
}

/// The whole elements of a buffer.
pub fn from_bytes(scalar: ScalarType, bytes: &[u8]) -> Vec<u64> {
    bytes.chunks_exact(scalar.bytes()).map(|chunk| read_element(chunk, scalar)).collect()
}

#[inline]
fn read_element(bytes: &[u8], scalar: ScalarType) -> u64 {
    let mut eight = [0; 8];
    let low = if cfg!(target_endian = "big") { 8 - bytes.len() } else { 0 };
    eight[low..low + bytes.len()].copy_from_slice(bytes);
    Constant::canonical(u64::from_ne_bytes(eight), scalar)
}

#[inline]
fn write_element(bytes: &mut [u8], bits: u64) {
    let length = bytes.len();
    let low = if cfg!(target_endian = "big") { 8 - length } else { 0 };
    bytes.copy_from_slice(&bits.to_ne_bytes()[low..low + length]);
}
