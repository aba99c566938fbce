//! `numbra run` and `numbra compile` of whole functions: those with `jit` before them, or with nothing.

use crate::arguments::{Compile, Emit as Wanted, Run, Setting, Value};
use crate::failure::Failure;
use crate::output;
use crate::run::{literal, summary};
use numbra::KernelFile;
use numbra::array::{BorrowedArray, HostArray, npy};
use numbra::device::{self, DeviceName};
use numbra::emit::Emit;
use numbra::front::declaration::{self, Kind, signature};
use numbra::front::ir::Module;
use numbra::front::pipeline;
use numbra::function::{Function, Passed, PassedArray, Returned, ReturnedArray, declared};
use std::path::Path;

/// Whether the name is that of a function that is called whole.
pub fn is_whole(program: &KernelFile, name: &str) -> bool {
    let definition = program.module().function(name);
    definition.is_some_and(|definition| {
        let declared = declaration::read(program.module(), definition);
        declared.is_ok_and(|declaration| matches!(declaration.kind, Kind::Function))
    })
}

/// Calls the function and shows what it returns. Arrays of files are the function's own copies.
pub fn run(program: &KernelFile, arguments: &Run) -> Result<(), Failure> {
    let name = &arguments.kernel.name;
    let function = Function::read(program.module(), name)?;
    if arguments.steps != 1 {
        let message = format!("--steps is for stencils; '{name}' is a whole function\n  help: leave --steps out");
        return Err(Failure::message(message));
    }
    if arguments.plot.is_some() {
        let help = "write its result with -o, and plot that";
        return Err(Failure::message(format!("--plot is for kernels; '{name}' is a whole function\n  help: {help}")));
    }
    arguments.output.iter().try_for_each(|path| output::check(path))?;
    let mut arrays = Vec::new();
    let passed = passed(&function, &arguments.settings, &mut arrays)?;
    let target = match arguments.device {
        Some(name) => name,
        None => device::target_from_environment()?.unwrap_or(DeviceName::Cpu),
    };
    let types: Vec<_> = passed.iter().map(Passed::item_type).collect();
    let specialization = function.taking(&types)?;
    function.warnings().iter().for_each(|warning| eprintln!("{warning}"));
    let returned = specialization.call(target, &passed)?;
    output::line(shown(&returned)?)?;
    if let Some(path) = &arguments.output {
        let Returned::Array(array) = &returned else {
            let help = "return an array, or leave -o out";
            return Err(Failure::message(format!("'{name}' returned no array to write\n  help: {help}")));
        };
        npy::write_file(path, &host(array)?.view()).map_err(Failure::message)?;
    }
    Ok(())
}

/// `arrays`: where those of files are kept.
fn passed(function: &Function, settings: &[Setting], arrays: &mut Vec<HostArray>) -> Result<Vec<Passed>, Failure> {
    let (name, parameters) = (function.name(), function.parameters());
    let known = || format!("the parameters of '{name}' are: {}", parameters.join(", "));
    if let Some(Setting { name: other, .. }) =
        settings.iter().find(|setting| !parameters.contains(&setting.name.as_str()))
    {
        return Err(Failure::message(format!("'{name}' has no parameter '{other}'\n  help: {}", known())));
    }
    let mut passed = Vec::new();
    for (number, parameter) in parameters.iter().enumerate() {
        let setting = settings.iter().find(|setting| setting.name == *parameter);
        passed.push(match setting.map(|setting| &setting.value) {
            Some(Value::Scalar(constant)) => Passed::Scalar(*constant),
            Some(Value::File(path)) => {
                let mut array = npy::read_file(path).map_err(Failure::message)?;
                let (scalar, shape, strides) = (array.scalar(), array.shape().to_vec(), array.strides());
                // SAFETY: the elements stay where they are while `arrays` keeps the array, and only the function touches them.
                let borrowed = unsafe { BorrowedArray::new(scalar, array.bytes_mut().as_mut_ptr(), &shape, &strides) }
                    .map_err(numbra::Error::from)?;
                arrays.push(array);
                Passed::Array(PassedArray { array: borrowed, writable: true })
            }
            None if function.has_default(number) => Passed::Omitted,
            None => {
                let help = format!("add --set {parameter}=VALUE or --set {parameter}=FILE.npy; {}", known());
                return Err(Failure::message(format!("no value for '{parameter}'\n  help: {help}")));
            }
        });
    }
    Ok(passed)
}

/// A result as text: numbers and tuples as Python writes them, of arrays their type, shape and range.
fn shown(returned: &Returned) -> Result<String, Failure> {
    Ok(match returned {
        Returned::Scalar(constant) => literal(*constant),
        Returned::Complex(real, imaginary) => {
            let sign = if imaginary.as_f64().is_sign_negative() { "" } else { "+" };
            format!("({}{sign}{}j)", literal(*real), literal(*imaginary))
        }
        Returned::Array(array) => summary(&host(array)?),
        Returned::Tuple(entries) | Returned::Named(_, entries) => {
            let entries = entries.iter().map(shown).collect::<Result<Vec<_>, _>>()?;
            let comma = if entries.len() == 1 { "," } else { "" };
            format!("({}{comma})", entries.join(", "))
        }
        Returned::None => "None".to_string(),
        Returned::Text(text) => text.to_string(),
        Returned::Dtype(scalar) => scalar.to_string(),
    })
}

fn host(array: &ReturnedArray) -> Result<HostArray, Failure> {
    let ReturnedArray { array_type, address, shape, strides, .. } = array;
    if shape.contains(&0) {
        return Ok(HostArray::from_bytes(array_type.scalar, shape, &[]).map_err(numbra::Error::from)?);
    }
    // SAFETY: the array has a share of its memory, or the arguments do, which are still there.
    let borrowed = unsafe { BorrowedArray::new(array_type.scalar, *address, shape, strides) };
    Ok(borrowed.and_then(|borrowed| borrowed.to_array()).map_err(numbra::Error::from)?)
}

/// What the function becomes for the types of a signature, or of the first one that it declares.
pub fn emitted(program: &KernelFile, arguments: &Compile) -> Result<Vec<u8>, Failure> {
    let name = &arguments.kernel.name;
    let function = Function::read(program.module(), name)?;
    let form = match arguments.emit {
        Wanted::Tree => {
            let function = program.module().function(name);
            return Ok(function.map_or(Vec::new(), |function| format!("{function}\n").into_bytes()));
        }
        Wanted::Ir => Emit::Ir,
        Wanted::Llvm => Emit::Llvm,
        Wanted::Asm => Emit::Asm,
        Wanted::Ptx | Wanted::Wgsl | Wanted::Spirv => {
            let message = format!("'{name}' is a whole function, which runs on the host's processor");
            return Err(Failure::message(format!("{message}\n  help: its forms are tree, ir, llvm and asm")));
        }
    };
    let (types, result) = match (&arguments.signature, function.signatures().first()) {
        (Some(text), _) => declared::declared(&signature::parse(text).map_err(numbra::Error::from)?),
        (None, Some(first)) => first.clone(),
        (None, None) => {
            let help = "add --signature, for example --signature 'float64(float64[:], int64)'";
            return Err(Failure::message(format!("'{name}' declares no signature\n  help: {help}")));
        }
    };
    let parameters = function.parameters();
    if parameters.len() != types.len() {
        let message = format!("'{name}' takes {} arguments, the signature has {}", parameters.len(), types.len());
        let help = format!("its parameters are: {}", parameters.join(", "));
        return Err(Failure::message(format!("{message}\n  help: {help}")));
    }
    let specialization = function.specialize(&types, result.as_ref())?;
    function.warnings().iter().for_each(|warning| eprintln!("{warning}"));
    if let Some(directory) = &arguments.dump_passes {
        dump_passes(directory, specialization.module.clone())?;
    }
    Ok(specialization.text(form)?.into_bytes())
}

fn dump_passes(directory: &Path, module: Module) -> Result<(), Failure> {
    std::fs::create_dir_all(directory).map_err(|error| Failure::file(directory, &error))?;
    let (mut stage, mut lost) = (0, None);
    let mut observer = |name: &str, module: &Module| {
        let path = directory.join(format!("{stage:02}-{name}.ir"));
        stage += 1;
        let written = std::fs::write(&path, module.to_string());
        lost = lost.take().or(written.err().map(|error| Failure::file(&path, &error)));
        Ok(())
    };
    let capabilities = numbra::front::capabilities::Capabilities::llvm("cpu", true);
    pipeline::lower_host(module, &capabilities, &mut observer)?;
    lost.map_or(Ok(()), Err)
}
