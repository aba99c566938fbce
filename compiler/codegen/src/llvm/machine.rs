//! LLVM's target machines: which processor code is made for, the passes, and the bytes that come out.

use super::{Emit, backend_error};
use crate::error::Result;
use inkwell::OptimizationLevel;
use inkwell::module::Module;
use inkwell::passes::PassBuilderOptions;
use inkwell::targets::{CodeModel, FileType, InitializationConfig, RelocMode, Target, TargetMachine, TargetTriple};
use std::cell::RefCell;
use std::sync::{LazyLock, Once};

/// A processor, as LLVM names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cpu {
    /// `znver5`, `skylake`, `x86-64-v3`, ...
    pub name: String,
    /// `+avx2,+fma,-sse4a,...`
    pub features: String,
}

impl Cpu {
    /// The processor that this process runs on.
    pub fn host() -> &'static Cpu {
        static HOST: LazyLock<Cpu> = LazyLock::new(|| Cpu {
            name: TargetMachine::get_host_cpu_name().to_string(),
            features: TargetMachine::get_host_cpu_features().to_string(),
        });
        &HOST
    }

    /// Whether the feature string has `+feature`.
    pub fn has(&self, feature: &str) -> bool {
        self.features.split(',').any(|item| item.strip_prefix('+') == Some(feature))
    }

    /// The width of vectors, in bits, that code for this processor is best made of, where LLVM's own choice is not.
    /// Measured: see `native`'s tests.
    pub(super) fn vector_width(&self) -> Option<u32> {
        self.has("avx512f").then_some(512)
    }
}

/// Whether `cpu` multiplies and adds with one rounding. Where it does not, the pass `mul_error` must have replaced
/// that op, or it becomes a slow call of the C library's `fma`.
pub fn has_fma(cpu: &Cpu) -> bool {
    cpu.has("fma") || cpu.has("neon")
}

/// The version of LLVM that makes the code: part of the key under which artefacts are kept.
pub fn version() -> (u32, u32, u32) {
    let (mut major, mut minor, mut patch) = (0, 0, 0);
    // SAFETY: writes three numbers.
    unsafe { llvm_sys::core::LLVMGetVersion(&mut major, &mut minor, &mut patch) };
    (major, minor, patch)
}

/// What a target machine is made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MachineKey {
    pub(super) triple: String,
    pub(super) cpu: Cpu,
}

impl MachineKey {
    pub(super) fn native(cpu: &Cpu) -> MachineKey {
        MachineKey { triple: triple().to_string(), cpu: cpu.clone() }
    }
}

/// The system that native code is made for, as LLVM names it.
pub fn triple() -> &'static str {
    static TRIPLE: LazyLock<String> =
        LazyLock::new(|| TargetMachine::get_default_triple().as_str().to_string_lossy().into_owned());
    &TRIPLE
}

pub(super) fn initialize() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let config = InitializationConfig { disassembler: false, ..InitializationConfig::default() };
        Target::initialize_x86(&config);
        Target::initialize_nvptx(&config);
        // First results wait for code generation's own run of this pass, and kernels for the host gain nothing from it:
        // their addresses are a base and an index. There is no finer switch: with LLVM's shared library it holds for
        // whoever else uses that in this process. See NVPTX_PASSES.
        let options = [c"numbra".as_ptr(), c"-disable-lsr".as_ptr()];
        // SAFETY: two strings and their number; the last is no message at all.
        unsafe { llvm_sys::support::LLVMParseCommandLineOptions(2, options.as_ptr(), std::ptr::null()) };
    });
}

/// Runs `work` with the machine of `key`, which each thread keeps from one kernel to the next.
pub(super) fn with_machine<R>(key: MachineKey, work: impl FnOnce(&TargetMachine) -> Result<R>) -> Result<R> {
    thread_local! {
        static MACHINES: RefCell<Vec<(MachineKey, TargetMachine)>> = const { RefCell::new(Vec::new()) };
    }
    const KEPT: usize = 4;
    initialize();
    let kept = MACHINES.with_borrow_mut(|machines| {
        machines.iter().position(|(other, _)| *other == key).map(|place| machines.remove(place).1)
    });
    let machine = match kept {
        Some(machine) => machine,
        None => create(&key)?,
    };
    let result = work(&machine);
    MACHINES.with_borrow_mut(|machines| {
        machines.truncate(KEPT - 1);
        machines.insert(0, (key, machine));
    });
    result
}

fn create(key: &MachineKey) -> Result<TargetMachine> {
    let triple = TargetTriple::create(&key.triple);
    let target = Target::from_triple(&triple).map_err(backend_error)?;
    target
        .create_target_machine(
            &triple,
            &key.cpu.name,
            &key.cpu.features,
            OptimizationLevel::Aggressive,
            RelocMode::PIC,
            CodeModel::Default,
        )
        .ok_or_else(|| backend_error(format!("no target machine for {} on {}", key.cpu.name, key.triple)))
}

/// Gives the module its target, so that lowering and passes know sizes and costs.
pub(super) fn aim(llvm: &Module, machine: &TargetMachine) {
    llvm.set_triple(&machine.get_triple());
    llvm.set_data_layout(&machine.get_target_data().get_data_layout());
}

/// What a kernel for the host goes through: `default<O3>` (`opt -passes='default<O3>' -print-pipeline-passes`) without the
/// passes for whole programs, of which a kernel is none, without those that have run just before, and without SLP, which
/// finds little in kernels: loops become vectors or nothing does. First results wait for this.
///
/// What unrolling leaves must not stay in the loop where it does not vary: the vectorizer's costs (LLVM 22) follow every path
/// through such operations, of which a chain of squares has two to the power of its length.
const HOST_PASSES: &str = "function<eager-inv>(\
    sroa<modify-cfg>,early-cse<memssa>,simplifycfg<switch-range-to-icmp>,instcombine<max-iterations=1;no-verify-fixpoint>,\
    reassociate,\
    loop-mssa(loop-instsimplify,loop-simplifycfg,licm<no-allowspeculation>,loop-rotate<header-duplication>,\
        licm<allowspeculation>,simple-loop-unswitch<nontrivial;trivial>),\
    simplifycfg<switch-range-to-icmp>,instcombine<max-iterations=1;no-verify-fixpoint>,\
    loop(loop-idiom,indvars,loop-deletion,loop-unroll-full),\
    sroa<modify-cfg>,gvn<>,bdce,jump-threading,correlated-propagation,adce,dse,\
    loop-mssa(licm<allowspeculation>),\
    simplifycfg<switch-range-to-icmp;switch-to-arithmetic;hoist-common-insts;sink-common-insts>,\
    instcombine<max-iterations=1;no-verify-fixpoint>,\
    loop(loop-rotate<header-duplication>,loop-deletion),\
    loop-vectorize<no-interleave-forced-only;no-vectorize-forced-only;>,\
    simplifycfg<forward-switch-cond;switch-range-to-icmp;switch-to-arithmetic;switch-to-lookup;no-keep-loops;\
        hoist-common-insts;sink-common-insts>,\
    vector-combine,instcombine<max-iterations=1;no-verify-fixpoint>,loop-unroll<O3>,sroa<preserve-cfg>,early-cse<>,\
    loop-mssa(licm<allowspeculation>),instsimplify,div-rem-pairs,\
    simplifycfg<switch-range-to-icmp;switch-to-arithmetic;hoist-loads-stores-with-cond-faulting;speculate-unpredictables>)";

/// What whole functions for the host go through before [`HOST_PASSES`]: small ones become part of their callers. Theirs and
/// their callers' size is only known when variables have become values.
const INLINING: &str =
    "function<eager-inv>(sroa<modify-cfg>,early-cse<>,simplifycfg<switch-range-to-icmp>),cgscc(inline)";

/// What a kernel for NVIDIA GPUs goes through. In loops, addresses become pointers that are counted up.
const NVPTX_PASSES: &str = "default<O3>,function(loop(loop-reduce))";

/// Verifies the module, then runs LLVM's passes over it.
pub(super) fn optimize(llvm: &Module, machine: &TargetMachine) -> Result<()> {
    let host = !machine.get_triple().as_str().to_bytes().starts_with(b"nvptx");
    run_passes(llvm, machine, if host { HOST_PASSES } else { NVPTX_PASSES })
}

/// The same for a module of whole functions.
pub(super) fn optimize_functions(llvm: &Module, machine: &TargetMachine) -> Result<()> {
    run_passes(llvm, machine, &format!("{INLINING},{HOST_PASSES}"))
}

fn run_passes(llvm: &Module, machine: &TargetMachine, passes: &str) -> Result<()> {
    llvm.verify().map_err(backend_error)?;
    llvm.run_passes(passes, machine, PassBuilderOptions::create()).map_err(backend_error)?;
    if cfg!(debug_assertions) {
        llvm.verify().map_err(backend_error)?;
    }
    Ok(())
}

/// Emits an optimized module as object code or assembly text.
pub(super) fn emit(llvm: &Module, machine: &TargetMachine, kind: FileType) -> Result<Vec<u8>> {
    let buffer = machine.write_to_memory_buffer(llvm, kind).map_err(backend_error)?;
    let mut bytes = buffer.as_slice().to_vec();
    if kind == FileType::Assembly && bytes.last() == Some(&0) {
        bytes.pop();
    }
    Ok(bytes)
}

/// The text of a module that was lowered but not yet optimized.
pub(super) fn text(
    llvm: &Module,
    machine: &TargetMachine,
    emit_what: Emit,
    optimize: fn(&Module, &TargetMachine) -> Result<()>,
) -> Result<String> {
    if emit_what == Emit::Lowered {
        llvm.verify().map_err(backend_error)?;
        return Ok(llvm.print_to_string().to_string());
    }
    optimize(llvm, machine)?;
    if emit_what == Emit::Optimized {
        return Ok(llvm.print_to_string().to_string());
    }
    String::from_utf8(emit(llvm, machine, FileType::Assembly)?).map_err(backend_error)
}
