//! The compiler's table of contents: every pass by name, in order.
//!
//! ```text
//! text ─syntax─> tree ─typing─> functions ─kernel::vectorize / stencil─> function with one parallel
//!      ─FUNCTION_STAGES─> host function + kernels
//!      ─KERNEL_STAGES, per kernel and target─> scheduled kernel in the target's terms ─codegen─> artefact
//!
//! text ─syntax─> tree ─typing─> whole functions ─HOST_STAGES─> host functions ─codegen─> artefact
//! ```
//! The interpreter can run the module after every stage.

// A table reads best with one stage on a line, those that cannot fail among them.
#![allow(clippy::unit_arg)]

use crate::capabilities::Capabilities;
use crate::error::{Error, Result};
use crate::ir::{Form, Function, Module, verify};
use crate::passes::*;

/// What a kernel is lowered for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Target {
    pub schedule: Schedule,
    pub capabilities: Capabilities,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Schedule {
    /// Loops over a range of the space: CPUs.
    Range,
    /// One thread per point, in groups: GPUs. `rows`: by rows of the last axis, for spaces of more than one axis whose
    /// last one is long; otherwise by linear position.
    Grid { group: u32, rows: bool },
}

/// A pass with its name.
pub struct Stage {
    pub name: &'static str,
    run: fn(&mut Module, &Target) -> Result<()>,
}

/// From what `kernel` builds to a host function and kernels. The target plays no part yet.
pub const FUNCTION_STAGES: &[Stage] = &[
    Stage { name: "single_exit", run: |module, _| Ok(single_exit::run(module)) },
    Stage { name: "inline", run: |module, _| inline::run(module) },
    Stage { name: "fold", run: |module, _| fold::run(module) },
    Stage { name: "dead_code", run: |module, _| Ok(dead_code::run(module)) },
    Stage { name: "outline", run: |module, _| outline::run(module) },
];

/// From a kernel to what a back end translates one to one.
pub const KERNEL_STAGES: &[Stage] = &[
    Stage { name: "loop_turns", run: |module, target| each(module, |kernel| count_turns(kernel, target)) },
    Stage { name: "schedule", run: |module, target| each(module, |kernel| schedule(kernel, target)) },
    Stage { name: "addresses", run: |module, _| each(module, |kernel| Ok(addresses::run(kernel))) },
    Stage { name: "legalize", run: |module, target| legalize::run(module, &target.capabilities) },
    Stage { name: "narrow_comparisons", run: |module, target| each(module, |kernel| narrow(kernel, target)) },
    Stage { name: "fold_again", run: |module, _| fold::run(module) },
    Stage { name: "dead_code_again", run: |module, _| Ok(dead_code::run(module)) },
    Stage { name: "nesting", run: |module, target| each(module, |kernel| make_flat(kernel, target)) },
];

/// From whole functions to what the native host translates one to one: functions stay, and their calls.
pub const HOST_STAGES: &[Stage] = &[
    Stage { name: "serial", run: |module, _| Ok(serial::run(module)) },
    Stage { name: "single_exit", run: |module, _| Ok(single_exit::prelude(module)) },
    Stage { name: "inline", run: |module, _| inline::prelude(module) },
    Stage { name: "fold", run: |module, _| fold::run(module) },
    Stage { name: "dead_code", run: |module, _| Ok(dead_code::run(module)) },
    Stage { name: "legalize", run: |module, target| legalize::run(module, &target.capabilities) },
    Stage { name: "fold_again", run: |module, _| fold::run(module) },
    Stage { name: "interrupts", run: |module, _| Ok(interrupts::run(module)) },
    Stage { name: "handlers", run: |module, _| handlers::run(module) },
    Stage { name: "dead_code_again", run: |module, _| Ok(dead_code::run(module)) },
    Stage { name: "ownership", run: |module, _| ownership::run(module) },
];

/// Sees the module after a stage: dumps it, runs it, counts it.
pub type Observer<'a> = dyn FnMut(&str, &Module) -> Result<()> + 'a;

/// Runs [`FUNCTION_STAGES`]: the first function of the result is the host's, those of form `Kernel` are its kernels.
pub fn lower_functions(mut module: Module, observer: &mut Observer) -> Result<Module> {
    check("start", &module)?;
    observer("start", &module)?;
    // The host's part is the same for every target.
    let target = Target { schedule: Schedule::Range, capabilities: Capabilities::ALL };
    run(FUNCTION_STAGES, &mut module, &target, observer)?;
    Ok(module)
}

/// Runs [`KERNEL_STAGES`] on the kernel of that name: the result has it alone, scheduled, and the tables.
pub fn lower_kernel(module: &Module, kernel: &str, target: &Target, observer: &mut Observer) -> Result<Module> {
    let function = module
        .function(kernel)
        .filter(|function| function.form == Form::Kernel)
        .ok_or_else(|| Error::Internal(format!("'{kernel}' is no kernel of the module")))?;
    let mut lowered = Module { functions: vec![function.clone()], tables: module.tables.clone() };
    run(KERNEL_STAGES, &mut lowered, target, observer)?;
    Ok(lowered)
}

/// Runs [`HOST_STAGES`] on whole functions, of which the first is the one that was asked for.
pub fn lower_host(mut module: Module, capabilities: &Capabilities, observer: &mut Observer) -> Result<Module> {
    check("start", &module)?;
    observer("start", &module)?;
    let target = Target { schedule: Schedule::Range, capabilities: *capabilities };
    run(HOST_STAGES, &mut module, &target, observer)?;
    Ok(module)
}

fn run(stages: &[Stage], module: &mut Module, target: &Target, observer: &mut Observer) -> Result<()> {
    for stage in stages {
        (stage.run)(module, target)?;
        check(stage.name, module)?;
        observer(stage.name, module)?;
    }
    Ok(())
}

/// The verifier, after every stage where debug assertions are on.
fn check(stage: &str, module: &Module) -> Result<()> {
    if !cfg!(debug_assertions) {
        return Ok(());
    }
    verify::verify(module).map_err(|error| Error::Internal(format!("after '{stage}': {error}")))
}

fn count_turns(kernel: &mut Function, target: &Target) -> Result<()> {
    if let Some(limit) = target.capabilities.loop_limit {
        loop_turns::run(kernel, limit);
    }
    Ok(())
}

fn schedule(kernel: &mut Function, target: &Target) -> Result<()> {
    match target.schedule {
        Schedule::Range => schedule::range::run(kernel),
        Schedule::Grid { group, rows } => schedule::grid::run(kernel, group, rows),
    }
}

fn narrow(kernel: &mut Function, target: &Target) -> Result<()> {
    narrow_comparisons::run(kernel, target.capabilities.index_bits);
    Ok(())
}

fn make_flat(kernel: &mut Function, target: &Target) -> Result<()> {
    target.capabilities.nesting.map_or(Ok(()), |limit| nesting::run(kernel, limit))
}

fn each(module: &mut Module, mut pass: impl FnMut(&mut Function) -> Result<()>) -> Result<()> {
    module.functions.iter_mut().try_for_each(&mut pass)
}
