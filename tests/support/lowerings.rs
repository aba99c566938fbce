//! Every lowering of a kernel before somebody else's judge: ptxas, spirv-val, naga; and CUDA's form run on the host.

use crate::call::{Call, Fault, Outcome};
use crate::stages::{targets, targets_of};
use numbra::front::interp::{Buffer, Failure, Host, Launch, Limits, Trap};
use numbra::front::ir::{Form, Module, Role, SiteId};
use numbra::front::pipeline::{self, Target};
use numbra::front::types::{Constant, ScalarType};
use numbra_codegen::llvm::{Arch, NativeKernel, NativeOptions, NvptxOptions, Status, compile_native, compile_nvptx};
use numbra_codegen::naga::{compile_spirv, compile_wgsl};
use numbra_grid::Grid;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The architectures whose assembler must take every PTX: one of each generation, from the oldest that ptxas knows.
pub const ARCHITECTURES: [&str; 8] = ["sm_50", "sm_60", "sm_70", "sm_75", "sm_80", "sm_90", "sm_100", "sm_120"];

/// PTX for the architectures through ptxas; SPIR-V through spirv-val; WGSL parsed back and validated (by
/// `compile_wgsl` itself). Each in every layout of threads that the kernel may be launched in.
pub fn judge(what: &str, module: &Module, architectures: &[&str]) {
    let unobserved = &mut |_: &str, _: &Module| Ok(());
    let lowered = pipeline::lower_functions(module.clone(), unobserved).unwrap_or_else(|error| panic!("{error}"));
    for function in lowered.functions.iter().filter(|function| function.form == Form::Kernel) {
        for (name, target) in targets_of(function) {
            let lower = || {
                pipeline::lower_kernel(&lowered, &function.name, &target, &mut |_, _| Ok(()))
                    .unwrap_or_else(|error| panic!("{what}, {name}: {error}"))
            };
            match name {
                "cuda" | "cuda by rows" => judge_ptx(&format!("{what}, {name}"), &lower(), architectures),
                "vulkan" | "vulkan by rows" => judge_spirv_and_wgsl(&format!("{what}, {name}"), &lower(), &target),
                _ => {}
            }
        }
    }
}

fn judge_ptx(what: &str, kernel: &Module, architectures: &[&str]) {
    for arch in architectures {
        let parsed: Arch = arch.parse().unwrap_or_else(|error| panic!("{arch}: {error}"));
        let artefact = compile_nvptx(kernel, &NvptxOptions { arch: parsed });
        let artefact = artefact.unwrap_or_else(|error| panic!("{what}: {error}"));
        assemble(what, &artefact.bytes, arch);
    }
}

fn judge_spirv_and_wgsl(what: &str, kernel: &Module, target: &Target) {
    let name = &kernel.functions[0].name;
    let spirv = compile_spirv(kernel, name, &target.capabilities).unwrap_or_else(|error| panic!("{what}: {error}"));
    feed(what, Command::new("spirv-val").args(["--target-env", "vulkan1.1", "-"]), &spirv.bytes);
    compile_wgsl(kernel, name, &target.capabilities).unwrap_or_else(|error| panic!("{what}: {error}"));
}

fn assemble(what: &str, ptx: &[u8], arch: &str) {
    let file = std::env::temp_dir().join(format!("numbra-{}-{arch}-{}.ptx", std::process::id(), what.len()));
    let file = file.with_extension(format!("{:?}.ptx", std::thread::current().id()));
    std::fs::write(&file, ptx).unwrap();
    let output = Command::new(ptxas()).args(["-arch", arch, "-o", "/dev/null"]).arg(&file).output();
    let output = output.unwrap_or_else(|error| panic!("ptxas must be here (make setup brings it): {error}"));
    let _ = std::fs::remove_file(&file);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: ptxas -arch {arch}: {text}\n{}", String::from_utf8_lossy(ptx));
}

/// NUMBRA_PTXAS, or where `make setup` puts it, or what the path has.
fn ptxas() -> PathBuf {
    if let Some(path) = std::env::var_os("NUMBRA_PTXAS") {
        return path.into();
    }
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let own = root.join("target/tools/ptxas");
    if own.exists() { own } else { "ptxas".into() }
}

fn feed(what: &str, command: &mut Command, input: &[u8]) {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{command:?} must be here (make setup brings it): {error}"));
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{what}: {command:?}: {text}");
}

/// What CUDA would compute, computed here: the Grid kernel compiled for the host, its threads in a loop. `check` gets
/// the name and the outcome of every layout of threads that the kernels may be launched in, until it gives an error.
pub fn run_cuda_forms(
    module: &Module,
    call: &Call,
    check: &mut dyn FnMut(&str, &Outcome) -> Result<(), String>,
) -> Result<(), String> {
    let unobserved = &mut |_: &str, _: &Module| Ok(());
    let lowered = pipeline::lower_functions(module.clone(), unobserved).map_err(|error| error.to_string())?;
    let kernels = lowered.functions.iter().filter(|function| function.form == Form::Kernel);
    let by_rows = kernels.flat_map(targets_of).any(|(name, _)| name == "cuda by rows");
    for (name, target) in
        targets().into_iter().filter(|(name, _)| *name == "cuda" || by_rows && *name == "cuda by rows")
    {
        let mut host = CudaForm { lowered: &lowered, target, call, fault: None };
        let outcome = match (call.interpret(&lowered, &Limits::NONE, Some(&mut host)), host.fault) {
            (_, Some(fault)) => Outcome::Fault(fault),
            (outcome, None) => outcome.map_err(|failure| format!("{name}: {failure}"))?,
        };
        check(name, &outcome)?;
    }
    Ok(())
}

struct CudaForm<'a> {
    lowered: &'a Module,
    target: Target,
    call: &'a Call,
    fault: Option<Fault>,
}

impl Host for CudaForm<'_> {
    fn launch(&mut self, launch: &Launch, memory: &mut [Buffer]) -> Result<(), Failure> {
        let unobserved = &mut |_: &str, _: &Module| Ok(());
        let kernel = pipeline::lower_kernel(self.lowered, launch.kernel, &self.target, unobserved)?;
        let grid = Grid::new(&kernel);
        let thread = compile_native(&grid.thread, &NativeOptions::default())
            .and_then(|artefact| NativeKernel::load(&artefact))
            .unwrap_or_else(|error| panic!("{error}"));
        let points: i64 = launch.space.iter().product();
        let group = grid.group() as i64;
        // `Begin..End` are rows or points.
        let (units, groups) = match (&kernel.functions[0].form, launch.space.split_last()) {
            (Form::Grid { rows: true, .. }, Some((last, outer))) => {
                let rows = outer.iter().product::<i64>();
                (rows, ((last + group - 1) / group, rows))
            }
            _ => (points, ((points + group - 1) / group, 1)),
        };
        let parameters: Vec<u64> = kernel.functions[0]
            .scalar_parameters()
            .map(|(_, _, role)| match role {
                Role::Argument(number) => launch.captures[number as usize],
                Role::SpaceExtent(axis) => launch.space[axis as usize] as u64,
                Role::Begin => 0,
                Role::End => units as u64,
                Role::Offset(array) => launch.arrays[array.index()].offset as u64,
                Role::Extent(array, axis) => launch.arrays[array.index()].shape[axis as usize] as u64,
                Role::Stride(array, axis) => launch.arrays[array.index()].strides[axis as usize] as u64,
            })
            .collect();
        // Copies in memory that is aligned for every element.
        let mut copies: Vec<Vec<u64>> = memory.iter().map(|buffer| words(buffer.bytes())).collect();
        let pointers: Vec<*mut u8> =
            launch.arrays.iter().map(|array| copies[array.buffer].as_mut_ptr().cast::<u8>()).collect();
        let mut status = Status::default();
        grid.run(&parameters, (groups.0 as u32, groups.1 as u32), |parameters| {
            let mut own = Status::default();
            // SAFETY: the pointers are those of the kernel's arrays in order, as large as the parameters say.
            unsafe { thread.call(&pointers, parameters, &mut own) };
            if status.flag == 0 {
                status = own;
            }
        });
        for (number, buffer) in memory.iter_mut().enumerate() {
            let bytes: Vec<u8> = copies[number].iter().flat_map(|word| word.to_ne_bytes()).collect();
            for (place, &byte) in bytes[..buffer.bytes().len()].iter().enumerate() {
                let inside = buffer.store(place as i64, ScalarType::U8, byte as u64);
                assert!(inside.is_ok(), "a buffer has become larger");
            }
        }
        if status.flag == 0 {
            return Ok(());
        }
        let function = &kernel.functions[0];
        let trap = Trap {
            function: function.name.clone(),
            site: SiteId(status.site),
            position: Some(status.position as i64),
            payloads: vec![Constant { scalar: ScalarType::I64, bits: status.payload }],
        };
        self.fault = Some(self.call.fault(&trap, &kernel));
        Err(Failure::Cancelled)
    }
}

fn words(bytes: &[u8]) -> Vec<u64> {
    let word = |chunk: &[u8]| {
        let mut eight = [0; 8];
        eight[..chunk.len()].copy_from_slice(chunk);
        u64::from_ne_bytes(eight)
    };
    bytes.chunks(8).map(word).collect()
}
