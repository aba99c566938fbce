//! Every lowering of a kernel before somebody else's judge: ptxas, spirv-val, naga; and CUDA's form run on the host.

use crate::stages::targets;
use numbra::array::HostArray;
use numbra::front::ir::{Form, Module};
use numbra::front::pipeline::{self, Target};
use numbra::front::types::ScalarType;
use numbra_codegen::llvm::{Arch, GridOnHost, NativeOptions, NvptxOptions, Status, compile_grid_for_host, compile_nvptx};
use numbra_codegen::naga::{compile_spirv, compile_wgsl};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The architectures whose assembler must take every PTX.
pub const ARCHITECTURES: [&str; 4] = ["sm_75", "sm_80", "sm_90", "sm_100"];

fn target(name: &str) -> Target {
    targets().into_iter().find(|(target, _)| *target == name).unwrap().1
}

/// The kernels of `module`, each lowered for a target.
fn kernels(module: Module, target: &Target) -> Vec<Module> {
    let unobserved = &mut |_: &str, _: &Module| Ok(());
    let lowered = pipeline::lower_functions(module, unobserved).unwrap_or_else(|error| panic!("{error}"));
    let kernels = lowered.functions.iter().filter(|function| function.form == Form::Kernel);
    kernels
        .map(|kernel| pipeline::lower_kernel(&lowered, &kernel.name, target, unobserved).unwrap_or_else(|error| panic!("{error}")))
        .collect()
}

/// PTX for every architecture through ptxas; SPIR-V through spirv-val; WGSL parsed back and validated (by
/// `compile_wgsl` itself).
pub fn judge(what: &str, module: &Module) {
    for kernel in kernels(module.clone(), &target("cuda")) {
        for arch in ARCHITECTURES {
            let arch_parsed: Arch = arch.parse().unwrap_or_else(|error| panic!("{arch}: {error}"));
            let artefact = compile_nvptx(&kernel, &NvptxOptions { arch: arch_parsed });
            let artefact = artefact.unwrap_or_else(|error| panic!("{what}: {error}"));
            assemble(what, &artefact.bytes, arch);
        }
    }
    let vulkan = target("vulkan");
    for kernel in kernels(module.clone(), &vulkan) {
        let name = &kernel.functions[0].name;
        let spirv = compile_spirv(&kernel, name, &vulkan.capabilities).unwrap_or_else(|error| panic!("{what}: {error}"));
        feed(what, Command::new("spirv-val").args(["--target-env", "vulkan1.1", "-"]), &spirv.bytes);
        compile_wgsl(&kernel, name, &vulkan.capabilities).unwrap_or_else(|error| panic!("{what}: {error}"));
    }
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
    let own = root.join("target/tools/bin/ptxas");
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

/// What CUDA would compute, computed here: the Grid kernel compiled for the host, its threads in a loop.
pub fn run_cuda_form(module: Module, inputs: &[&HostArray], scalar: ScalarType) -> HostArray {
    use numbra::front::ir::Role;
    let mut output = HostArray::zeros(scalar, inputs[0].shape()).unwrap();
    let shape: Vec<i64> = inputs[0].shape().iter().map(|&extent| extent as i64).collect();
    let points: i64 = shape.iter().product();
    for kernel in kernels(module, &target("cuda")) {
        let artefact = compile_grid_for_host(&kernel, &NativeOptions::default()).unwrap_or_else(|error| panic!("{error}"));
        let code = GridOnHost::load(&artefact).unwrap_or_else(|error| panic!("{error}"));
        let extents = |array: usize| -> Vec<i64> {
            let shape = inputs.get(array).map_or(output.shape(), |input| input.shape());
            shape.iter().map(|&extent| extent as i64).collect()
        };
        let stride = |array: usize, axis: usize| extents(array)[axis + 1..].iter().product::<i64>();
        let parameters: Vec<u64> = artefact
            .manifest
            .scalars
            .iter()
            .map(|parameter| match parameter.role {
                Role::Argument(_) => panic!("a kernel of arrays alone captures nothing"),
                Role::SpaceExtent(axis) => shape[axis as usize] as u64,
                Role::Begin | Role::Offset(_) => 0,
                Role::End => points as u64,
                Role::Extent(array, axis) => extents(array.index())[axis as usize] as u64,
                Role::Stride(array, axis) => stride(array.index(), axis as usize) as u64,
            })
            .collect();
        let group = artefact.manifest.group.unwrap() as i64;
        let mut pointers: Vec<*mut u8> = inputs.iter().map(|input| input.bytes().as_ptr().cast_mut()).collect();
        pointers.push(output.bytes_mut().as_mut_ptr());
        let mut status = Status::default();
        // SAFETY: the pointers are those of the kernel's arrays in order, as large as the parameters say.
        unsafe { code.call(&pointers, &parameters, &mut status, (((points + group - 1) / group) as u32, 1)) };
        assert_eq!(status.flag, 0, "the kernel failed");
    }
    output
}
