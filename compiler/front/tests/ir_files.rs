//! The IR texts of `tests/ir`: each is parsed, printed and parsed again, verified, and its expectations are run by the
//! interpreter: as it stands, and after every stage of the pipeline, for both schedules.
//!
//! The form of the expectations stands in `numbra_expectation`.

use numbra_expectation::{Case, Entry, cases};
use numbra_front::capabilities::Capabilities;
use numbra_front::interp::{Buffer, Failure, Host, InterpretedProgram, Launch, Limits, Part};
use numbra_front::ir::{Form, Module, parse};
use numbra_front::pipeline::{self, Schedule, Target};
use numbra_front::source::Source;
use std::collections::HashMap;
use std::sync::Arc;

const LIMITS: Limits = Limits { steps: 1_000_000, cancel: None, printer: None };

fn files() -> Vec<(Arc<Source>, Module)> {
    let files = numbra_expectation::files("ir");
    assert!(files.len() >= 5, "tests/ir has too few files");
    files
}

fn expectations(source: &Source, module: &Module) -> Vec<Case> {
    let cases = cases(source, module).unwrap_or_else(|error| panic!("{error}"));
    assert!(!cases.is_empty(), "{} expects nothing", source.name);
    cases
}

fn entries(source: &Source, module: &Module) -> Vec<(Module, Vec<Case>)> {
    expectations(source, module);
    Entry::all(source, module).into_iter().map(|Entry { module, cases }| (module, cases)).collect()
}

fn check(what: &str, source: &Source, case: &Case, program: &InterpretedProgram) {
    let outcome = case.interpret(program, &LIMITS).unwrap_or_else(|failure| {
        panic!("{}:{}: {what}: {}: {failure}", source.name, case.line, case.text);
    });
    if let Err(message) = case.check(&outcome) {
        panic!("{}: {what}: {message}", source.name);
    }
}

#[test]
fn the_interpreter_meets_the_expectations() {
    for (source, module) in files() {
        let program = InterpretedProgram::new(&module).expect("verified");
        for case in expectations(&source, &module) {
            check("as it stands", &source, &case, &program);
        }
    }
}

#[test]
fn printing_and_parsing_again_changes_nothing() {
    for (source, module) in files() {
        let text = module.to_string();
        let again = parse::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", source.name));
        assert_eq!(again.to_string(), text, "{}", source.name);
        // The first parse has numbered the values in order already.
        assert_eq!(again, module, "{}", source.name);
    }
}

#[test]
fn every_function_stage_keeps_the_meaning() {
    for (source, module) in files() {
        for (module, cases) in entries(&source, &module) {
            let mut stages = 0;
            pipeline::lower_functions(module, &mut |stage, module| {
                stages += 1;
                let program = InterpretedProgram::new(module)?;
                for case in &cases {
                    check(stage, &source, case, &program);
                }
                // What a stage leaves can be written down and read.
                assert_eq!(renumbered(module), parse::parse(&renumbered(module))?.to_string());
                Ok(())
            })
            .unwrap_or_else(|error| panic!("{}: {error}", source.name));
            assert!(stages > 1);
        }
    }
}

/// The text of a module with its values numbered in order of definition.
fn renumbered(module: &Module) -> String {
    parse::parse(&module.to_string()).expect("printed text").to_string()
}

#[test]
fn every_kernel_stage_keeps_the_meaning() {
    let (range, grid) = (Schedule::Range, Schedule::Grid { group: 4, rows: false });
    // Small integers stay, since the memory of a case has them.
    let vulkan = Capabilities { small_integers: true, ..Capabilities::naga("vulkan").with_64_bits(true, true) };
    for (schedule, capabilities) in [
        (range, Capabilities::ALL),
        (grid, Capabilities::ALL),
        (range, Capabilities::llvm("cpu", true)),
        (range, Capabilities::llvm("cpu", false)),
        (grid, vulkan),
    ] {
        let target = Target { schedule, capabilities };
        let mut launches = 0;
        for (source, module) in files() {
            for (module, cases) in entries(&source, &module) {
                launches += run_kernel_stages(&source, module, &cases, &target);
            }
        }
        assert!(launches > 100, "{schedule:?}: only {launches} launches");
    }
}

/// Runs the cases with the kernels as they are after every stage; gives the number of launches.
fn run_kernel_stages(source: &Source, module: Module, cases: &[Case], target: &Target) -> usize {
    let lowered = pipeline::lower_functions(module, &mut |_, _| Ok(()))
        .unwrap_or_else(|error| panic!("{}: {error}", source.name));
    let mut stages: Vec<(String, HashMap<String, InterpretedProgram>)> = Vec::new();
    for kernel in lowered.functions.iter().filter(|function| function.form == Form::Kernel) {
        let mut number = 0;
        pipeline::lower_kernel(&lowered, &kernel.name, target, &mut |stage, module| {
            if stages.len() == number {
                stages.push((stage.to_string(), HashMap::new()));
            }
            stages[number].1.insert(kernel.name.clone(), InterpretedProgram::new(module)?);
            number += 1;
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{}: {}: {error}", source.name, kernel.name));
    }
    let program = InterpretedProgram::new(&lowered).expect("verified");
    let mut launches = 0;
    for (stage, kernels) in &stages {
        let what = format!("{target:?} after {stage}");
        for case in cases {
            let outcome = case
                .interpret_with_host(&program, &LIMITS, &mut Kernels { kernels, launches: &mut launches })
                .unwrap_or_else(|failure| panic!("{}:{}: {what}: {failure}", source.name, case.line));
            if let Err(message) = case.check(&outcome) {
                panic!("{}: {what}: {message}", source.name);
            }
        }
    }
    launches
}

/// Launches kernels that are lowered further than the host's module has them.
struct Kernels<'a> {
    kernels: &'a HashMap<String, InterpretedProgram>,
    launches: &'a mut usize,
}

impl Host for Kernels<'_> {
    fn launch(&mut self, launch: &Launch, memory: &mut [Buffer]) -> Result<(), Failure> {
        *self.launches += 1;
        self.kernels[launch.kernel].launch(launch, Part::Whole, memory, &LIMITS)
    }
}
