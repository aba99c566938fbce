//! `numbra compile`: what a kernel becomes, at any stage and for any target.

use crate::arguments::{Compile, Emit as Wanted};
use crate::failure::Failure;
use crate::function;
use crate::load::program;
use crate::output;
use numbra::Kernel;
use numbra::emit::{Emit, emit};
use numbra::front::declaration::signature;
use numbra::front::ir::Module;
use numbra::front::types::ScalarType;
use numbra::front::types::signature::{Signature, Type};
use std::io::IsTerminal;
use std::path::Path;

pub fn run(arguments: &Compile) -> Result<(), Failure> {
    let program = program(&arguments.kernel)?;
    if function::is_whole(&program, &arguments.kernel.name) {
        arguments.output.iter().try_for_each(|path| output::check(path))?;
        let bytes = function::emitted(&program, arguments)?;
        return match &arguments.output {
            Some(path) => std::fs::write(path, &bytes).map_err(|error| Failure::file(path, &error)),
            None => output::bytes(&bytes),
        };
    }
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
    output::warnings(kernel, 0);
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

fn tree(program: &numbra::KernelFile, name: &str) -> Vec<u8> {
    let function = program.module().function(name);
    function.map_or(Vec::new(), |function| format!("{function}\n").into_bytes())
}

/// The kernel for the types of a signature, or, without one, of its first declared signature.
fn typed(kernel: &Kernel, name: &str, text: Option<&str>) -> Result<Module, Failure> {
    let declared = match kernel {
        Kernel::Vectorize(kernel) => kernel.declaration(),
        Kernel::Stencil(kernel) => kernel.declaration(),
    };
    let signature = match (text, declared.signatures.first()) {
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
    match kernel {
        Kernel::Vectorize(kernel) => {
            let (parameters, result) = scalars(&signature)?;
            expect_count(name, &kernel.parameters(), parameters.len())?;
            Ok(kernel.module_for(&parameters, result)?)
        }
        Kernel::Stencil(kernel) => {
            expect_count(name, &kernel.parameters(), signature.arguments.len())?;
            let types: Vec<_> = signature
                .arguments
                .iter()
                .enumerate()
                .map(|(number, argument)| match argument {
                    Type::Scalar(scalar) => kernel.argument_type(number, *scalar, None),
                    Type::Array(array) => kernel.argument_type(number, array.scalar, Some(array.rank)),
                })
                .collect();
            if !matches!(signature.arguments.first(), Some(Type::Array(_))) {
                let help = "write the rank with colons, for example 'float32(float32[:, :])'";
                return Err(Failure::message(format!(
                    "the first argument of the stencil '{name}' is an array\n  help: {help}"
                )));
            }
            let module = kernel.module_for(&types)?;
            // The kernel's text alone decides what a stencil returns.
            let returned = module.functions.first().and_then(|host| host.arrays.last()).map(|out| out.scalar);
            let asked = match &signature.result {
                Some(Type::Scalar(scalar)) => Some(*scalar),
                Some(Type::Array(array)) => Some(array.scalar),
                None => None,
            };
            if let (Some(returned), Some(asked)) = (returned, asked)
                && returned != asked
            {
                eprintln!("note: '{name}' returns {returned} for these arguments, not {asked}");
            }
            Ok(module)
        }
    }
}

fn expect_count(name: &str, parameters: &[&str], given: usize) -> Result<(), Failure> {
    if parameters.len() == given {
        return Ok(());
    }
    let help = format!("its parameters are: {}", parameters.join(", "));
    let plural = if parameters.len() == 1 { "" } else { "s" };
    Err(Failure::message(format!(
        "'{name}' takes {} argument{plural}, the signature has {given}\n  help: {help}",
        parameters.len()
    )))
}

fn scalars(signature: &Signature) -> Result<(Vec<ScalarType>, Option<ScalarType>), Failure> {
    let scalar = |kind: &Type| match kind {
        Type::Scalar(scalar) => Ok(*scalar),
        Type::Array(_) => Err(Failure::message(format!(
            "the signature {signature} has an array type: vectorized functions take scalars\n  help: write the element type alone"
        ))),
    };
    let parameters = signature.arguments.iter().map(scalar).collect::<Result<_, _>>()?;
    Ok((parameters, signature.result.as_ref().map(scalar).transpose()?))
}
