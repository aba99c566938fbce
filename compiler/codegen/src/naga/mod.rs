//! WGSL and SPIR-V, through naga.
//!
//! The kernel must be of form Grid, alone (everything inlined), with its arrays as buffers, and legalized for what the
//! device has. [`lower`] builds naga's module, [`validate`] has naga check it against exactly those capabilities, and
//! [`wgsl`] or [`spirv`] writes it.
//!
//! **Bindings**, all in group 0: the arrays in order as storage buffers 0 .. n; then a uniform buffer with the scalar
//! parameters ([`parameters`]) at n; then, if the kernel can fail, the status record ([`status`]); then, if it reads
//! constant tables, a read-only storage buffer with their words ([`tables`]), which the manifest carries.

pub mod lower;
mod operations;
pub mod parameters;
pub mod spirv;
pub mod status;
pub mod tables;
pub mod validate;
pub mod wgsl;
mod zero;

use crate::{Artefact, ArtefactKind, Error, Manifest, Result};
use numbra_front::capabilities::Capabilities;
use numbra_front::ir::{Function, Module};

/// The name of every kernel's entry point.
pub const ENTRY: &str = "main";

/// Compiles `kernel`, a function of `module`, to WGSL text for a device with these capabilities.
pub fn compile_wgsl(module: &Module, kernel: &str, capabilities: &Capabilities) -> Result<Artefact> {
    let kernel = find(module, kernel)?;
    let (lowered, tables) = lower::lower(module, kernel)?;
    let info = validate::validate(&lowered, capabilities)?;
    let text = wgsl::write(&lowered, &info, capabilities)?;
    Ok(artefact(ArtefactKind::Wgsl, text.into_bytes(), kernel, tables))
}

/// Compiles `kernel`, a function of `module`, to SPIR-V 1.3 for a device with these capabilities. No float operation
/// may be contracted.
pub fn compile_spirv(module: &Module, kernel: &str, capabilities: &Capabilities) -> Result<Artefact> {
    let kernel = find(module, kernel)?;
    let (lowered, tables) = lower::lower(module, kernel)?;
    let info = validate::validate(&lowered, capabilities)?;
    let words = spirv::write(&lowered, &info)?;
    let bytes = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    Ok(artefact(ArtefactKind::Spirv, bytes, kernel, tables))
}

fn artefact(kind: ArtefactKind, bytes: Vec<u8>, kernel: &Function, tables: Vec<u32>) -> Artefact {
    Artefact { kind, bytes, manifest: Manifest { tables, ..Manifest::of(kernel, ENTRY) } }
}

fn find<'a>(module: &'a Module, kernel: &str) -> Result<&'a Function> {
    module.function(kernel).ok_or_else(|| Error::internal("naga", format!("the module has no kernel '{kernel}'")))
}
