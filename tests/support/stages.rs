//! The IR of a kernel, run by the interpreter after every stage of the pipeline and for every target.

use crate::call::{Agreement, Call, Outcome};
use numbra::front::capabilities::Capabilities;
use numbra::front::interp::memory::{from_bytes, to_bytes};
use numbra::front::interp::{Buffer, Failure, Host, InterpretedProgram, Launch, Limits, Part};
use numbra::front::ir::{Form, Function, Module, Statement, verify};
use numbra::front::passes::flatten;
use numbra::front::pipeline::{self, Schedule, Target};
use numbra::front::types::ScalarType;

/// Every way in which kernels are lowered.
pub fn targets() -> Vec<(&'static str, Target)> {
    let range = Schedule::Range;
    let grid = Schedule::Grid { group: 64, rows: false };
    let rows = Schedule::Grid { group: 64, rows: true };
    let gpu = Capabilities::naga("vulkan").with_64_bits(true, true);
    vec![
        ("interp", Target { schedule: range, capabilities: Capabilities::ALL }),
        ("cpu", Target { schedule: range, capabilities: Capabilities::llvm("cpu", true) }),
        ("cpu without fma", Target { schedule: range, capabilities: Capabilities::llvm("cpu", false) }),
        ("cuda", Target { schedule: grid, capabilities: Capabilities::llvm("cuda", true) }),
        ("cuda by rows", Target { schedule: rows, capabilities: Capabilities::llvm("cuda", true) }),
        ("vulkan", Target { schedule: grid, capabilities: gpu }),
        ("vulkan by rows", Target { schedule: rows, capabilities: gpu }),
    ]
}

/// Those that differ for a kernel of a lowered module: without a second axis there are no rows.
pub fn targets_of(kernel: &Function) -> Vec<(&'static str, Target)> {
    let axes = kernel.body.statements.iter().find_map(|statement| match statement {
        Statement::Parallel(parallel) => Some(parallel.space.len()),
        _ => None,
    });
    let differs = |name: &str| axes.is_none_or(|axes| axes > 1) || !name.ends_with(" by rows");
    targets().into_iter().filter(|(name, _)| differs(name)).collect()
}

/// Checks that a call gives the same after every stage; the error names the first stage where it does not.
pub fn compare(module: &Module, call: &Call, limits: &Limits, expected: &Outcome) -> Result<(), String> {
    outcomes(module, call, limits, &mut |stage, outcome| {
        let outcome = outcome.map_err(|failure| format!("stage {stage}: {failure}"))?;
        match outcome.difference(expected, Agreement::Full) {
            None => Ok(()),
            Some(difference) => Err(format!("stage {stage}: {difference}")),
        }
    })
}

/// Judges what came of a stage.
pub type Check<'a> = dyn FnMut(&str, Result<Outcome, Failure>) -> Result<(), String> + 'a;

/// Runs a call after every stage; `check` gets the name of the stage and what came of it, until it gives an error.
pub fn outcomes(module: &Module, call: &Call, limits: &Limits, check: &mut Check) -> Result<(), String> {
    let mut checked: Result<(), String> = Ok(());
    let lowered = pipeline::lower_functions(module.clone(), &mut |stage, module| {
        if checked.is_ok() {
            checked = check(stage, call.interpret(module, limits, None));
        }
        Ok(())
    });
    let lowered = lowered.map_err(|error| error.to_string())?;
    for kernel in lowered.functions.iter().filter(|function| function.form == Form::Kernel) {
        for (name, target) in targets_of(kernel) {
            let result = pipeline::lower_kernel(&lowered, &kernel.name, &target, &mut |stage, module| {
                if checked.is_ok() {
                    checked = check(&format!("{name} after {stage}"), run_lowered(&lowered, module, call, limits));
                }
                Ok(())
            });
            let mut lowered_kernel = match result {
                Ok(lowered_kernel) => lowered_kernel,
                Err(error) => {
                    checked = checked.and(Err(format!("{name}: {error}")));
                    continue;
                }
            };
            // What few kernels are deep enough for, done to all.
            if checked.is_ok() && name == "vulkan" {
                lowered_kernel.functions.iter_mut().for_each(|kernel| flatten::run(kernel, 0));
                verify::verify(&lowered_kernel).map_err(|error| format!("{name} made flat: {error}"))?;
                checked = check(&format!("{name} made flat"), run_lowered(&lowered, &lowered_kernel, call, limits));
            }
        }
    }
    checked
}

/// Interprets the host's part of a lowered module with the kernel of `module`.
fn run_lowered(lowered: &Module, module: &Module, call: &Call, limits: &Limits) -> Result<Outcome, Failure> {
    let mut host = Lowered { program: InterpretedProgram::new(module)?, module, call, limits, fault: None };
    let outcome = call.interpret(lowered, limits, Some(&mut host));
    host.fault.take().map_or(outcome, |fault| Ok(Outcome::Fault(fault)))
}

/// Runs the one kernel as a stage leaves it.
struct Lowered<'a> {
    program: InterpretedProgram,
    /// The kernel after the stage.
    module: &'a Module,
    call: &'a Call,
    limits: &'a Limits<'a>,
    /// The kernel's sites are not those of the host's module.
    fault: Option<crate::call::Fault>,
}

impl Host for Lowered<'_> {
    fn launch(&mut self, launch: &Launch, memory: &mut [Buffer]) -> Result<(), Failure> {
        let types = self.call.buffer_types();
        // A stage may have widened what the arrays hold.
        let mut stored = types.clone();
        for (array, argument) in self.module.functions[0].arrays.iter().zip(launch.arrays) {
            stored[argument.buffer] = array.scalar;
        }
        let converted = |from: &[ScalarType], to: &[ScalarType], number: usize, bytes: &[u8]| match from[number].bytes()
        {
            same if same == to[number].bytes() => bytes.to_vec(),
            _ => to_bytes(to[number], &from_bytes(from[number], bytes)),
        };
        let mut copies: Vec<Vec<u8>> = memory
            .iter()
            .enumerate()
            .map(|(number, buffer)| converted(&types, &stored, number, buffer.bytes()))
            .collect();
        let mut buffers: Vec<Buffer> = copies.iter_mut().map(|bytes| Buffer::new(bytes)).collect();
        let result = self.program.launch(launch, Part::Whole, &mut buffers, self.limits);
        for (number, (buffer, copy)) in memory.iter_mut().zip(&copies).enumerate() {
            let elements = from_bytes(types[number], &converted(&stored, &types, number, copy));
            for (element, bits) in elements.into_iter().enumerate() {
                let inside = buffer.store(element as i64, types[number], bits);
                assert!(inside.is_ok(), "a buffer has become larger");
            }
        }
        result.map_err(|failure| match failure {
            Failure::Trap(trap) => {
                self.fault = Some(self.call.fault(&trap, self.module));
                Failure::Cancelled
            }
            other => other,
        })
    }
}
