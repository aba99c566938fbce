//! Grid kernels as PTX.
//!
//! A kernel's parameters are, in order: a pointer per array (global memory), the scalar parameters in their own types
//! (a bool as one byte, an index as 64 bits), and a pointer to a [`super::Status`] if it can fail.

use super::lower::{Placement, lower_kernel, malformed, scheduled_kernel};
use super::machine::{Cpu, MachineKey, aim, emit, optimize, text, with_machine};
use super::operation::INTRINSICS;
use super::{Emit, symbol};
use crate::artefact::{Artefact, ArtefactKind, Manifest};
use crate::error::{Error, Result};
use inkwell::context::Context;
use inkwell::module::Module;
use inkwell::targets::{FileType, TargetMachine};
use numbra_front::ir::{self, Form};
use std::fmt;
use std::str::FromStr;

/// An architecture of NVIDIA GPUs: `sm_90` is 90, compute capability 9.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Arch(u32);

/// Every architecture that is known here, with the first PTX version (times ten) that has it.
/// Source: NVIDIA, "PTX ISA", the table of target architectures under `.target`.
const ARCHES: &[(u32, u32)] = &[
    (50, 60),
    (52, 60),
    (60, 60),
    (61, 60),
    (70, 60),
    (72, 61),
    (75, 63),
    (80, 70),
    (86, 71),
    (87, 74),
    (89, 78),
    (90, 78),
    (100, 86),
    (103, 88),
    (120, 87),
    (121, 88),
];

impl Arch {
    /// The newest known architecture that a device of this compute capability runs: PTX is compiled for newer devices
    /// by their driver.
    pub fn for_device(major: u32, minor: u32) -> Option<Arch> {
        let capability = major * 10 + minor;
        ARCHES.iter().rev().find(|(arch, _)| *arch <= capability).map(|(arch, _)| Arch(*arch))
    }

    /// The same, among those that a driver assembles that takes PTX up to a version (times ten).
    pub fn for_driver(major: u32, minor: u32, ptx_version: u32) -> Option<Arch> {
        let capability = major * 10 + minor;
        let fits = |&&(arch, first): &&(u32, u32)| arch <= capability && first <= ptx_version;
        ARCHES.iter().rev().find(fits).map(|(arch, _)| Arch(*arch))
    }

    /// The oldest PTX version (times ten) that has it: 78 is 7.8. Kernels are written in it.
    pub fn ptx_version(self) -> u32 {
        ARCHES.iter().find(|(arch, _)| *arch == self.0).map_or(60, |(_, version)| *version)
    }
}

impl FromStr for Arch {
    type Err = Error;

    fn from_str(text: &str) -> Result<Arch> {
        let number = text.strip_prefix("sm_").and_then(|number| number.parse().ok());
        ARCHES.iter().find(|(arch, _)| Some(*arch) == number).map(|(arch, _)| Arch(*arch)).ok_or_else(|| {
            let known: Vec<String> = ARCHES.iter().map(|(arch, _)| format!("sm_{arch}")).collect();
            Error::unsupported(format!("unknown GPU architecture '{text}'"), format!("one of {}", known.join(", ")))
        })
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "sm_{}", self.0)
    }
}

#[derive(Debug, Clone)]
pub struct NvptxOptions {
    pub arch: Arch,
}

/// Compiles the module's first function, a kernel of form Grid.
pub fn compile_nvptx(module: &ir::Module, options: &NvptxOptions) -> Result<Artefact> {
    let kernel = scheduled_kernel(module)?;
    let manifest = Manifest::of(kernel, symbol(&kernel.name));
    with_lowered(module, options, |llvm, machine| {
        optimize(llvm, machine)?;
        refuse_unselectable(llvm)?;
        Ok(Artefact { kind: ArtefactKind::Ptx, bytes: emit(llvm, machine, FileType::Assembly)?, manifest })
    })
}

/// The module's first function, a kernel of form Grid, as text.
pub fn nvptx_text(module: &ir::Module, options: &NvptxOptions, emit: Emit) -> Result<String> {
    if emit == Emit::Assembly {
        let artefact = compile_nvptx(module, options)?;
        return Ok(artefact.text().unwrap_or_default().to_owned());
    }
    with_lowered(module, options, |llvm, machine| text(llvm, machine, emit, optimize))
}

fn with_lowered<R>(
    module: &ir::Module,
    options: &NvptxOptions,
    work: impl FnOnce(&Module, &TargetMachine) -> Result<R>,
) -> Result<R> {
    let kernel = scheduled_kernel(module)?;
    if kernel.form == Form::Range {
        return Err(malformed(format!("'{}' is no Grid kernel", kernel.name)));
    }
    let arch = options.arch;
    let cpu = Cpu { name: arch.to_string(), features: format!("+ptx{}", arch.ptx_version()) };
    let key = MachineKey { triple: "nvptx64-nvidia-cuda".to_owned(), cpu };
    with_machine(key, |machine| {
        let context = Context::create();
        let llvm = context.create_module(&kernel.name);
        aim(&llvm, machine);
        lower_kernel(&context, &llvm, module, kernel, Placement::Nvptx, &symbol(&kernel.name))?;
        work(&llvm, machine)
    })
}

/// LLVM ends the process when it is to select a call that NVPTX has no instructions for.
fn refuse_unselectable(llvm: &Module) -> Result<()> {
    for function in llvm.get_functions().filter(|function| function.count_basic_blocks() == 0) {
        let name = function.get_name().to_string_lossy().into_owned();
        let known = INTRINSICS.iter().any(|intrinsic| {
            name.strip_prefix(intrinsic).is_some_and(|suffix| suffix.is_empty() || suffix.starts_with('.'))
        });
        if !known {
            return Err(Error::internal("LLVM", format!("'{name}' in a kernel for NVPTX")));
        }
    }
    Ok(())
}
