//! Memory: buffers of bytes, read and written by typed elements.

use super::scalar::canonical;
use crate::types::ScalarType;
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
    Outside { element: i64, length: usize },
    Uninitialized { element: i64 },
    /// The run was given no such buffer: the array's elements are elsewhere, on a device.
    NoMemory,
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
        let mut eight = [0; 8];
        let low = if cfg!(target_endian = "big") { 8 - bytes.len() } else { 0 };
        eight[low..low + bytes.len()].copy_from_slice(bytes);
        Ok(canonical(u64::from_ne_bytes(eight), scalar))
    }

    #[inline]
    pub fn store(&mut self, element: i64, scalar: ScalarType, bits: u64) -> Result<(), Breach> {
        let start = self.start(element, scalar)?;
        let length = scalar.bytes();
        let low = if cfg!(target_endian = "big") { 8 - length } else { 0 };
        self.bytes[start..start + length].copy_from_slice(&bits.to_ne_bytes()[low..low + length]);
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
            Breach::NoMemory => formatter.write_str("its elements are not here"),
        }
    }
}
