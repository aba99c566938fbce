//! What a kernel becomes on its way to a target, as text or bytes.

use crate::error::{Error, Result};
use numbra_front::capabilities::Capabilities;
use numbra_front::ir::{Form, Module};
use numbra_front::pipeline::{self, Observer, Schedule, Target};
use std::str::FromStr;

/// Threads of a group on GPUs.
pub const GROUP: u32 = 256;

/// A stage or a target language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Emit {
    /// The IR of the host function and its kernels.
    Ir,
    /// LLVM IR for this machine's processor, optimized.
    Llvm,
    /// Assembly for this machine's processor.
    Asm,
    Ptx,
    /// A kernel with constant tables has their words as comments in front, and where to bind them.
    Wgsl,
    /// Bound as [`Emit::Wgsl`] is.
    Spirv,
}

impl FromStr for Emit {
    type Err = Error;

    fn from_str(text: &str) -> Result<Emit> {
        Ok(match text {
            "ir" => Emit::Ir,
            "llvm" => Emit::Llvm,
            "asm" => Emit::Asm,
            "ptx" => Emit::Ptx,
            "wgsl" => Emit::Wgsl,
            "spirv" => Emit::Spirv,
            _ => {
                let help = "forms are ir, llvm, asm, ptx, wgsl and spirv";
                return Err(Error::call_with_help(format!("there is no form '{text}' of a kernel"), help));
            }
        })
    }
}

/// Lowers what `Vectorize::module_for` or `Stencil::module_for` gives and emits it. `arch`: for PTX, as `sm_90`.
pub fn emit(module: Module, what: Emit, arch: &str, observer: &mut Observer) -> Result<Vec<u8>> {
    let module = pipeline::lower_functions(module, observer)?;
    let capabilities = match what {
        Emit::Ir => return Ok(module.to_string().into_bytes()),
        Emit::Llvm | Emit::Asm => native_capabilities()?,
        Emit::Ptx => Capabilities::llvm("cuda", true),
        Emit::Wgsl | Emit::Spirv => Capabilities::naga("vulkan").with_64_bits(true, true),
    };
    let schedule = match what {
        Emit::Llvm | Emit::Asm => Schedule::Range,
        _ => Schedule::Grid { group: GROUP, rows: true },
    };
    let target = Target { schedule, capabilities };
    let mut out = Vec::new();
    for kernel in module.functions.iter().filter(|function| function.form == Form::Kernel) {
        let lowered = pipeline::lower_kernel(&module, &kernel.name, &target, observer)?;
        match what {
            Emit::Ir => {}
            Emit::Llvm | Emit::Asm | Emit::Ptx => out.extend(llvm(&lowered, what, arch)?),
            Emit::Wgsl | Emit::Spirv => out.extend(gpu(&lowered, what, &target.capabilities)?),
        }
    }
    Ok(out)
}

#[cfg(feature = "llvm")]
fn native_capabilities() -> Result<Capabilities> {
    use numbra_codegen::llvm::{Cpu, has_fma};
    Ok(Capabilities::llvm("cpu", has_fma(Cpu::host())))
}

#[cfg(not(feature = "llvm"))]
fn native_capabilities() -> Result<Capabilities> {
    Err(without("llvm"))
}

#[cfg(feature = "llvm")]
fn llvm(kernel: &Module, what: Emit, arch: &str) -> Result<Vec<u8>> {
    use numbra_codegen::llvm::{Emit as Text, NativeOptions, NvptxOptions, compile_nvptx, native_text};
    Ok(match what {
        Emit::Ptx => compile_nvptx(kernel, &NvptxOptions { arch: arch.parse()? })?.bytes,
        Emit::Asm => native_text(kernel, &NativeOptions::default(), Text::Assembly)?.into_bytes(),
        _ => native_text(kernel, &NativeOptions::default(), Text::Optimized)?.into_bytes(),
    })
}

#[cfg(not(feature = "llvm"))]
fn llvm(_: &Module, _: Emit, _: &str) -> Result<Vec<u8>> {
    Err(without("llvm"))
}

#[cfg(feature = "wgpu")]
fn gpu(module: &Module, what: Emit, capabilities: &Capabilities) -> Result<Vec<u8>> {
    use numbra_codegen::naga::{compile_spirv, compile_wgsl, wgsl};
    let name = module.functions.first().map_or("", |kernel| kernel.name.as_str());
    if what == Emit::Spirv {
        return Ok(compile_spirv(module, name, capabilities)?.bytes);
    }
    let artefact = compile_wgsl(module, name, capabilities)?;
    Ok([wgsl::tables_note(&artefact.manifest).into_bytes(), artefact.bytes].concat())
}

#[cfg(not(feature = "wgpu"))]
fn gpu(_: &Module, _: Emit, _: &Capabilities) -> Result<Vec<u8>> {
    Err(without("wgpu"))
}

#[cfg(not(all(feature = "llvm", feature = "wgpu")))]
fn without(feature: &str) -> Error {
    Error::call_with_help(
        format!("this build of numbra was made without the feature '{feature}'"),
        format!("build with the feature '{feature}'"),
    )
}
