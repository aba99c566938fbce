//! The back ends of numbra: a scheduled kernel in IR comes in, an [`Artefact`] goes out.
//!
//! [`llvm`](self) makes native objects and PTX, naga makes WGSL and SPIR-V. A back end translates one op to one construct
//! and decides nothing: whatever a target lacks has been replaced by a pass of the front end before.

pub mod artefact;
pub mod error;
#[cfg(feature = "llvm")]
pub mod llvm;
#[cfg(feature = "naga")]
pub mod naga;

pub use artefact::{Artefact, ArtefactKind, Binding, Manifest, ScalarParameter};
pub use error::{Error, Result};

/// Of this crate: part of the key under which artefacts are kept.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
