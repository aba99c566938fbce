//! `numbra compile`: what a kernel becomes, at any stage and for any target.

use crate::arguments::{Compile, Emit as Wanted};
use crate::failure::Failure;
use crate::load::program;
use crate::output;
use numbra::Kernel;
use numbra::emit::{Emit, emit};
use numbra::front::ir::Module;
<<<<<<< HEAD
use numbra::front::types::signature;
use std::io::{IsTerminal, Write};
=======
use numbra::front::types::signature::{self, Signature, Type};
use numbra::front::types::ScalarType;
use std::io::IsTerminal;
>>>>>>> main
use std::path::Path;

pub fn run(arguments: &Compile) -> Result<(), Failure> {
    let program = program(&arguments.kernel)?;
    let kernel = program.kernel(&arguments.kernel.name)?;
    let what = match arguments.emit {
        Wanted::Tree => None,
        Wanted::Ir => Some(Emit::Ir),
        Wanted::Llvm => Some(Emit::Llvm),
        Wanted::Asm => Some(Emit::Asm),
        Wanted::Ptx => Some(Emit::Ptx),
        Wanted::Wgsl => Some(Emit::Wgsl),
        Wanted::Spirv => Some(Emit::Spirv),
    };
    arguments.output.iter().try_for_each(|path| output::check(path))?;
    let bytes = match what {
        None => tree(&program, &arguments.kernel.name),
        Some(what) => emitted(arguments, &kernel, what)?,
    };
    match &arguments.output {
        Some(path) => std::fs::write(path, &bytes).map_err(|error| Failure::file(path, &error)),
        None if what == Some(Emit::Spirv) && std::io::stdout().is_terminal() => {
            Err(Failure::message("SPIR-V is binary\n  help: write it to a file with -o FILE.spv"))
        }
        None => output::bytes(&bytes),
    }
}

fn emitted(arguments: &Compile, kernel: &Kernel, what: Emit) -> Result<Vec<u8>, Failure> {
        let module = typed(kernel, &arguments.kernel.name, arguments.signature.as_deref())?;
        let mut stage = 0;
        let directory = arguments.dump_passes.as_deref();
        if let Some(directory) = directory {
            std::fs::create_dir_all(directory).map_err(|error| Failure::file(directory, &error))?;
        }
        let mut lost = None;
        let mut observer = |name: &str, module: &Module| {
            if let Some(directory) = directory {
                lost = lost.take().or(dump(directory, stage, name, module).err());
                stage += 1;
            }
            Ok(())
        };
        let bytes = emit(module, what, arguments.architecture(), &mut observer)?;
    lost.map_or(Ok(bytes), Err)
}

fn dump(directory: &Path, stage: usize, name: &str, module: &Module) -> Result<(), Failure> {
    let path = directory.join(format!("{stage:02}-{name}.ir"));
    std::fs::write(&path, module.to_string()).map_err(|error| Failure::file(&path, &error))
}

fn tree(program: &numbra::Program, name: &str) -> Vec<u8> {
    let function = program.module().function(name);
    function.map_or(Vec::new(), |function| format!("{function}\n").into_bytes())
}

/// The kernel for the types of a signature, or, without one, of its first declared signature.
fn typed(kernel: &Kernel, name: &str, text: Option<&str>) -> Result<Module, Failure> {
    let signature = match (text, kernel.declaration().signatures.first()) {
        (Some(text), _) => signature::parse(text).map_err(numbra::Error::from)?,
        (None, Some((signature, _))) => {
            if declared.signatures.len() > 1 {
                let all: Vec<String> = declared.signatures.iter().map(|(signature, _)| signature.to_string()).collect();
                eprintln!("note: '{name}' for {signature}; --signature chooses among {}", all.join(", "));
            }
            signature.clone()
        }
        (None, None) => {
            let example = match kernel {
                Kernel::Vectorize(_) => "'float32(float32, float32)'",
                Kernel::Stencil(_) => "'float32(float32[:, :])'",
            };
            let help = format!("add --signature, for example --signature {example}");
            return Err(Failure::message(format!("'{name}' declares no signature\n  help: {help}")));
        }
    };
    Ok(kernel.module_for(&signature)?)
}
