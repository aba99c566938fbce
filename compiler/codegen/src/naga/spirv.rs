//! SPIR-V words.
//!
//! naga writes them; then every float operation is decorated `NoContraction`, without which a driver may fuse a
//! product and a sum and rewrite what is only equal in real numbers. Comparisons and conversions are decorated too:
//! it is there that drivers fold `not (a < b)` into `a >= b`, which is wrong with NaN.

use crate::{Error, Result};
use naga::back::spv;
use naga::proc::{BoundsCheckPolicies, BoundsCheckPolicy};
use naga::valid::ModuleInfo;
use rspirv::binary::Assemble;
use rspirv::dr::{Instruction, Operand, load_words};
use rspirv::spirv::{Decoration, Op};

pub fn write(module: &naga::Module, info: &ModuleInfo) -> Result<Vec<u32>> {
    let unchecked = BoundsCheckPolicy::Unchecked;
    let options = spv::Options {
        lang_version: (1, 3),
        flags: spv::WriterFlags::empty(),
        // Accesses are in range and divisors are not zero: the passes see to it.
        bounds_check_policies: BoundsCheckPolicies {
            index: unchecked,
            buffer: unchecked,
            image_load: unchecked,
            binding_array: unchecked,
        },
        emit_int_div_checks: false,
        force_loop_bounding: false,
        zero_initialize_workgroup_memory: spv::ZeroInitializeWorkgroupMemoryMode::None,
        ..spv::Options::default()
    };
    let pipeline = spv::PipelineOptions { shader_stage: naga::ShaderStage::Compute, entry_point: super::ENTRY.into() };
    let words = spv::write_vec(module, info, &options, Some(&pipeline))
        .map_err(|error| Error::internal("naga's SPIR-V writer", error.to_string()))?;
    without_contraction(&words)
}

fn without_contraction(words: &[u32]) -> Result<Vec<u32>> {
    let mut module = load_words(words).map_err(|error| Error::internal("rspirv", error.to_string()))?;
    let decorations: Vec<Instruction> = module
        .all_inst_iter()
        .filter(|instruction| is_float_operation(instruction.class.opcode))
        .filter_map(|instruction| instruction.result_id)
        .map(|id| {
            let operands = vec![Operand::IdRef(id), Operand::Decoration(Decoration::NoContraction)];
            Instruction::new(Op::Decorate, None, None, operands)
        })
        .collect();
    module.annotations.extend(decorations);
    Ok(module.assemble())
}

fn is_float_operation(op: Op) -> bool {
    matches!(
        op,
        Op::FAdd
            | Op::FSub
            | Op::FMul
            | Op::FDiv
            | Op::FNegate
            | Op::FConvert
            | Op::FOrdEqual
            | Op::FOrdLessThan
            | Op::FOrdLessThanEqual
            | Op::FOrdGreaterThan
            | Op::FOrdGreaterThanEqual
            | Op::ExtInst
    )
}
