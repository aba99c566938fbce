//! The whole way of a kernel file: parsed, its declarations read, every function typed, lowered for every target,
//! translated, and run by the interpreter.

use numbra::front::interp::{Argument, ArrayArgument, Buffer, Failure, InterpretedProgram, Limits};
use numbra::front::ir::{Footprint, Form, Function, Module, Parameter};
use numbra::front::kernel::{Operand, stencil, vectorize};
use numbra::front::pipeline;
use numbra::front::types::signature::Type;
use numbra::front::types::{Constant, ScalarType};
use numbra::front::typing::{self, ArgumentType, Options, Relative, Rules};
use numbra::{Error, Kernel, KernelFile};
use numbra_codegen::llvm::{NativeOptions, NvptxOptions, compile_nvptx, native_text};
use numbra_codegen::naga::{compile_spirv, compile_wgsl};
use numbra_tests::panics::caught;
use numbra_tests::random::Random;
use numbra_tests::stages;

/// Loop rounds, points and calls of one run.
const STEPS: u64 = 3000;

/// A mistake of ours.
type Outcome<T> = Result<T, String>;

/// Sends every function of `text` the whole way; gives how many arrived. `seed` decides on argument types.
pub fn travel(text: &str, seed: u64) -> Outcome<usize> {
    caught(|| {
        let Some(program) = expected(KernelFile::parse("kernel.py", text))? else { return Ok(0) };
        program.kernels();
        let mut arrived = 0;
        for function in &program.module().functions {
            // The same for a function whatever stands around it: what is shrunk stays what it was.
            let name =
                function.name.bytes().fold(seed, |hash, byte| (hash ^ byte as u64).wrapping_mul(0x100_0000_01b3));
            let mut random = Random::new(name);
            for _ in 0..2 {
                let module = match expected(program.kernel(&function.name))? {
                    Some(kernel) if random.once_in(2) => declared(&kernel, &mut random)?,
                    _ => undeclared(&program, &function.name, function.parameters.len(), &mut random)?,
                };
                if let Some(module) = module {
                    lower(&module, &mut random)?;
                    interpret(&module, &mut random)?;
                    arrived += 1;
                }
            }
        }
        Ok(arrived)
    })?
}

/// The value, or `None` for an error that is the user's; errors that are ours fail.
fn expected<T, E: Into<Error>>(result: Result<T, E>) -> Outcome<Option<T>> {
    let error: Error = match result {
        Ok(value) => return Ok(Some(value)),
        Err(error) => error.into(),
    };
    let text = error.to_string();
    if text.is_empty() || text.contains("internal error") {
        Err(format!("an internal error: {text}"))
    } else {
        Ok(None)
    }
}

fn scalar(random: &mut Random) -> ScalarType {
    *random.pick(&ScalarType::ALL)
}

/// As its decorator says, with its first signature or with random types.
fn declared(kernel: &Kernel, random: &mut Random) -> Outcome<Option<Module>> {
    match kernel {
        Kernel::Vectorize(kernel) => {
            let mut types: Vec<ScalarType> = kernel.parameters().iter().map(|_| scalar(random)).collect();
            let mut result = None;
            if let Some((signature, _)) = kernel.declaration().signatures.first() {
                let of = |kind: &Type| match kind {
                    Type::Scalar(scalar) => Some(*scalar),
                    Type::Array(_) => None,
                };
                match signature.arguments.iter().map(of).collect::<Option<Vec<_>>>() {
                    Some(arguments) if arguments.len() == types.len() => types = arguments,
                    _ => return Ok(None),
                }
                result = signature.result.as_ref().and_then(of);
            }
            expected(kernel.module_for(&types, result))
        }
        Kernel::Stencil(kernel) => {
            let rank = random.between(1, 3) as u32;
            let own = |number: usize, random: &mut Random| {
                let kind = scalar(random);
                match random.below(5) {
                    0 if number > 0 => kernel.argument_type(number, kind, None),
                    1 => match kernel.argument_type(number, kind, Some(random.below(4) as u32)) {
                        absolute @ ArgumentType::Absolute { .. } => absolute,
                        _ => ArgumentType::Relative { scalar: kind, rank },
                    },
                    _ => kernel.argument_type(number, kind, Some(rank)),
                }
            };
            let types: Vec<ArgumentType> = (0..kernel.parameters().len()).map(|number| own(number, random)).collect();
            if !matches!(types.first(), Some(ArgumentType::Relative { .. })) {
                return Ok(None);
            }
            expected(kernel.module_for(&types))
        }
    }
}

/// Any function as a kernel of scalars or of arrays, whatever it is declared to be.
fn undeclared(program: &KernelFile, name: &str, parameters: usize, random: &mut Random) -> Outcome<Option<Module>> {
    let rank = if random.once_in(3) { random.between(1, 3) as u32 } else { 0 };
    let arguments: Vec<ArgumentType> = (0..parameters)
        .map(|number| match random.below(4) {
            _ if rank == 0 => ArgumentType::Scalar(scalar(random)),
            0 if number > 0 => ArgumentType::Scalar(scalar(random)),
            1 if number > 0 => ArgumentType::Absolute { scalar: scalar(random), rank: random.below(4) as u32 },
            _ => ArgumentType::Relative { scalar: scalar(random), rank },
        })
        .collect();
    let neighborhood = (rank > 0 && random.once_in(3))
        .then(|| (0..rank).map(|_| (-(random.below(3) as i64), random.below(3) as i64)).collect::<Vec<_>>());
    let result = random.once_in(3).then(|| scalar(random));
    let rules = *random.pick(&[Rules::Numba, Rules::Exact]);
    let options = Options { rules, fastmath: random.once_in(8) };
    let relative = Relative { neighborhood: neighborhood.clone() };
    let typed = typing::infer(program.module(), name, &arguments, result, &relative, &options);
    let Some(typed) = expected(typed)? else { return Ok(None) };
    typed.warnings.iter().for_each(|warning| assert!(!warning.to_string().is_empty()));
    let operands: Vec<Operand> = arguments.iter().map(operand).collect();
    let function = &typed.module.functions[0];
    let &[result] = function.scalar_results().as_slice() else { return Ok(None) };
    if rank == 0 || arguments.is_empty() {
        // Now and then the strides are those of a broadcast operand, or unknown.
        let operands: Vec<Operand> = operands
            .into_iter()
            .map(|operand| if random.once_in(4) { operand } else { Operand::c_order(operand.scalar(), 2) })
            .collect();
        return expected(vectorize::build(typed.module, &operands, &[Operand::c_order(result, 2)]));
    }
    let mut margins = stencil::margins(function, neighborhood.as_deref());
    margins.resize(rank as usize, (0, 0));
    let output = Operand::c_order(result, rank as usize);
    expected(stencil::build(typed.module, &operands, &output, margins, Some(Constant::zero(result))))
}

fn operand(argument: &ArgumentType) -> Operand {
    match *argument {
        ArgumentType::Scalar(scalar) => Operand::Scalar(scalar),
        ArgumentType::Relative { scalar, rank } | ArgumentType::Absolute { scalar, rank } => {
            Operand::c_order(scalar, rank as usize)
        }
    }
}

/// Every stage for every target; now and then what the back ends make of it.
fn lower(module: &Module, random: &mut Random) -> Outcome<()> {
    let unobserved = &mut |_: &str, _: &Module| Ok(());
    let Some(lowered) = expected(pipeline::lower_functions(module.clone(), unobserved))? else { return Ok(()) };
    let (gpu, llvm) = (random.once_in(3), random.once_in(40));
    for kernel in lowered.functions.iter().filter(|function| function.form == Form::Kernel) {
        for (name, target) in stages::targets_of(kernel) {
            let kernel = expected(pipeline::lower_kernel(&lowered, &kernel.name, &target, unobserved))?;
            let Some(kernel) = kernel else { continue };
            let entry = &kernel.functions[0].name;
            match name {
                "vulkan" | "vulkan by rows" if gpu => {
                    expected(compile_spirv(&kernel, entry, &target.capabilities))?;
                    expected(compile_wgsl(&kernel, entry, &target.capabilities))?;
                }
                "cuda" | "cuda by rows" if llvm => {
                    let arch = "sm_80".parse().map_err(|error| format!("{error}"))?;
                    expected(compile_nvptx(&kernel, &NvptxOptions { arch }))?;
                }
                "cpu" if llvm => {
                    let optimized = numbra_codegen::llvm::Emit::Optimized;
                    expected(native_text(&kernel, &NativeOptions::default(), optimized))?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Runs the host function on arrays as large as its footprints need.
fn interpret(module: &Module, random: &mut Random) -> Outcome<()> {
    let function = &module.functions[0];
    let mut memories: Vec<Vec<u8>> = Vec::new();
    let mut arguments = Vec::new();
    let extent = extent(function);
    for parameter in &function.parameters {
        match parameter {
            Parameter::Scalar { value, .. } => {
                let scalar = function.scalar(*value);
                arguments.push(Argument::Scalar(Constant::canonical(random.bits(), scalar)));
            }
            Parameter::Array(array) => {
                let array = &function.arrays[array.index()];
                let shape = vec![extent; array.rank as usize];
                let bytes = shape.iter().product::<i64>() as usize * array.scalar.bytes();
                arguments.push(Argument::Array(ArrayArgument::c_order(memories.len(), &shape)));
                let filled = |random: &mut Random| match array.scalar {
                    ScalarType::Bool => random.below(2) as u8,
                    _ => *random.pick(&[0, 0, 1, 3, 0x3f, 0x7f, 0xff]),
                };
                memories.push((0..bytes).map(|_| filled(random)).collect());
            }
        }
    }
    let mut buffers: Vec<Buffer> = memories.iter_mut().map(|bytes| Buffer::new(bytes)).collect();
    let program = InterpretedProgram::new(module).map_err(|error| error.to_string())?;
    match program.call(&function.name, &arguments, &mut buffers, &Limits { steps: STEPS, cancel: None, printer: None })
    {
        Err(Failure::Internal(error)) => Err(format!("{error}\n{module}")),
        Err(Failure::Trap(trap)) => {
            let message = trap.message(module);
            if message.is_empty() { Err("a trap without a message".into()) } else { Ok(()) }
        }
        _ => Ok(()),
    }
}

/// An extent along every axis that leaves room between the borders, if they are not wide.
fn extent(function: &Function) -> i64 {
    let reach = |footprint: &Footprint| match footprint {
        Footprint::Window(windows) => windows.iter().map(|(low, high)| high.saturating_sub(*low)).max().unwrap_or(0),
        _ => 0,
    };
    let widest = function.arrays.iter().map(|array| reach(&array.footprint)).max().unwrap_or(0);
    if widest < 6 { widest + 2 } else { 3 }
}
