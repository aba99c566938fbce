//! Every op on every type, on values that are awkward, against the interpreter.

use super::build::*;
use numbra_codegen::llvm::{Cpu, Emit, NativeOptions, NvptxOptions, has_fma, native_text, nvptx_text};
use numbra_front::capabilities::Capabilities;
use numbra_front::interp::scalar;
use numbra_front::ir::op::{OPS, OpInfo, TypeRule};
use numbra_front::ir::*;
use numbra_front::source::Span;
use numbra_front::types::{Constant, ScalarType};

fn all_types() -> impl Iterator<Item = ScalarType> {
    ScalarType::ALL.into_iter().chain([ScalarType::Index])
}

/// What memory holds in place of a type: an index is never stored.
fn stored(scalar: ScalarType) -> ScalarType {
    if scalar == ScalarType::Index { ScalarType::I64 } else { scalar }
}

fn awkward(scalar: ScalarType) -> Vec<u64> {
    const FLOATS: [f64; 34] = [
        0.0,
        0.5,
        1.0,
        1.5,
        2.5,
        3.0,
        0.1,
        7.3,
        100.0,
        127.0,
        127.9,
        128.0,
        255.0,
        255.5,
        256.0,
        32767.5,
        65535.5,
        2147483647.0,
        2147483647.5,
        2147483648.0,
        4294967295.0,
        4294967296.0,
        9.0e15,
        9223372036854774784.0,
        9223372036854775808.0,
        18446744073709549568.0,
        18446744073709551616.0,
        1e30,
        1e-30,
        1e-39,
        1e-310,
        5e-324,
        f64::INFINITY,
        f64::NAN,
    ];
    let signed = || FLOATS.iter().flat_map(|&value| [value, -value]);
    match scalar {
        ScalarType::Bool => vec![0, 1],
        ScalarType::F32 => {
            let edges = [f32::MAX, f32::MIN_POSITIVE, f32::from_bits(1)];
            let edges = edges.iter().flat_map(|&value| [value, -value]);
            signed().map(|value| value as f32).chain(edges).map(|value| value.to_bits() as u64).collect()
        }
        ScalarType::F64 => {
            let edges = [f64::MAX, f64::MIN_POSITIVE];
            let edges = edges.iter().flat_map(|&value| [value, -value]);
            signed().chain(edges).map(f64::to_bits).collect()
        }
        _ => {
            let small = [0, 1, 2, 3, 5, 7, 8, 15, 31, 63, 64, 100, 127, 128, 200];
            let top = 1i128 << (scalar.bits() - 1);
            let edges = [top - 1, top, top + 1, 2 * top - 1, top / 3];
            let values = small.iter().chain(&edges).flat_map(|&value| [value, -value]);
            let mut bits: Vec<u64> = values.map(|value| Constant::integer(scalar, value).bits).collect();
            bits.sort_unstable();
            bits.dedup();
            bits
        }
    }
}

/// Every combination of awkward values of `types`, column by column; of three columns only every seventh.
fn combinations(types: &[ScalarType]) -> Vec<Vec<u64>> {
    let mut rows: Vec<Vec<u64>> = vec![Vec::new()];
    for &scalar in types {
        let values = awkward(scalar);
        rows = rows
            .iter()
            .flat_map(|row| values.iter().map(|&value| row.iter().copied().chain([value]).collect()))
            .collect();
    }
    if types.len() > 2 {
        rows = rows.into_iter().step_by(7).collect();
    }
    rows
}

/// An op on operands of certain types.
struct Case {
    info: &'static OpInfo,
    types: Vec<ScalarType>,
    result: ScalarType,
}

impl Case {
    fn expected(&self, row: &[u64]) -> Option<u64> {
        scalar::apply(self.info.op, &self.types, row, self.result).ok()
    }

    fn describe(&self) -> String {
        format!("{} {:?} -> {}", self.info.name, self.types, self.result.short_name())
    }
}

/// Every op that LLVM has, on every operand type that it takes.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let device = Capabilities::llvm("cpu", true);
    for info in OPS {
        for first in all_types() {
            let types = match info.rule {
                TypeRule::Select => vec![ScalarType::Bool, first, first],
                _ => vec![first; info.arity],
            };
            let open = matches!(info.rule, TypeRule::Convert | TypeRule::Bitcast);
            let asked: Vec<Option<ScalarType>> = if open { all_types().map(Some).collect() } else { vec![None] };
            for result in asked {
                if let Some(result) = info.op.result_type(&types, result)
                    && device.lacks(info.op, &types, result).is_none()
                {
                    cases.push(Case { info, types: types.clone(), result });
                }
            }
        }
    }
    assert!(cases.len() > 350, "{} cases", cases.len());
    cases
}

/// One kernel for all cases of one list of operand types: an output for each.
fn kernel(form: Form, cases: &[&Case]) -> Module {
    let types = &cases[0].types;
    let inputs: Vec<ScalarType> = types.iter().map(|&scalar| stored(scalar)).collect();
    let outputs: Vec<ScalarType> = cases.iter().map(|case| stored(case.result)).collect();
    elementwise(form, &inputs, &outputs, |function, region, elements| {
        let operands: Vec<Value> =
            elements.iter().zip(types).map(|(&element, &scalar)| function.convert(region, element, scalar)).collect();
        let result = |case: &&Case| {
            let value = apply(function, region, case.info.op, &operands, case.result);
            function.convert(region, value, stored(case.result))
        };
        cases.iter().map(result).collect()
    })
}

/// The cases in groups that can share a kernel: the same operand types, and the same rows that are allowed.
fn groups(cases: &[Case]) -> Vec<Vec<&Case>> {
    let mut groups: Vec<(Vec<ScalarType>, u32, Vec<&Case>)> = Vec::new();
    for case in cases {
        let condition = match case.info.op {
            Op::Quotient | Op::Remainder => 1,
            Op::ShlInRange | Op::ShrInRange => 2,
            _ => 0,
        };
        match groups.iter_mut().find(|(types, other, _)| *types == case.types && *other == condition) {
            Some((_, _, group)) => group.push(case),
            None => groups.push((case.types.clone(), condition, vec![case])),
        }
    }
    groups.into_iter().map(|(_, _, group)| group).collect()
}

fn check(form: Form, options: &NativeOptions, wanted: impl Fn(&Case) -> bool) {
    let cases: Vec<Case> = cases().into_iter().filter(wanted).collect();
    for group in groups(&cases) {
        let rows: Vec<Vec<u64>> = combinations(&group[0].types)
            .into_iter()
            .filter(|row| group.iter().all(|case| case.expected(row).is_some()))
            .collect();
        assert!(rows.len() > 1);
        let inputs = group[0].types.iter().enumerate();
        let mut columns: Vec<Column> =
            inputs.map(|(place, &scalar)| (stored(scalar), rows.iter().map(|row| row[place]).collect())).collect();
        columns.extend(group.iter().map(|case| (stored(case.result), vec![0; rows.len()])));
        let threads = (rows.len() as u32).div_ceil(GROUP);
        let (results, _) = run_with(options, &kernel(form.clone(), &group), &columns, &[0, rows.len() as u64], threads);
        for (case, result) in group.iter().zip(&results[group[0].types.len()..]) {
            for (row, &got) in rows.iter().zip(result) {
                let expected = case.expected(row).expect("filtered");
                let same = Constant::same(expected, got, case.result);
                assert!(same, "{} of {row:x?}: {got:x}, not {expected:x}", case.describe());
            }
        }
    }
}

#[test]
fn native_code_agrees_with_the_interpreter() {
    check(Form::Range, &NativeOptions::default(), |_| true);
}

/// The oldest processors have neither fused products nor instructions that round to integers: the C library helps.
#[cfg(target_arch = "x86_64")]
#[test]
fn native_code_for_an_old_processor_agrees_with_the_interpreter() {
    let cpu = Cpu { name: "x86-64".to_owned(), features: String::new() };
    assert!(!has_fma(&cpu) && !cpu.has("avx"));
    check(Form::Range, &NativeOptions { cpu, vector_width: None }, |case| {
        case.types.iter().any(|scalar| scalar.is_float()) || case.result.is_float()
    });
}

#[test]
fn a_grid_on_the_host_agrees_with_the_interpreter() {
    check(GRID, &NativeOptions::default(), |_| true);
}

#[test]
fn ptxas_takes_every_op() {
    for group in groups(&cases()) {
        assemble_everywhere(&kernel(GRID, &group));
    }
}

/// sqrt((a * b + c) / a), with these flags on every op.
fn chain(form: Form, float: ScalarType, flags: FloatFlags) -> Module {
    elementwise(form, &[float; 3], &[float], |function, region, elements| {
        let mut op = |op, operands: &[Value]| {
            let expression = Expression::Apply { op, operands: operands.to_vec(), flags };
            function.define(region, float, Span::NONE, expression)
        };
        let product = op(Op::Mul, &elements[..2]);
        let sum = op(Op::Add, &[product, elements[2]]);
        let quotient = op(Op::Div, &[sum, elements[0]]);
        vec![op(Op::Sqrt, &[quotient])]
    })
}

/// Without `.rn`, ptxas would fuse a product and a sum into one operation with one rounding.
#[test]
fn strict_ptx_keeps_roundings_apart() {
    for float in [ScalarType::F32, ScalarType::F64] {
        let text = assemble_everywhere(&chain(GRID, float, FloatFlags::STRICT));
        let bits = float.bits();
        for instruction in ["mul.rn", "add.rn", "div.rn", "sqrt.rn"] {
            assert!(text.contains(&format!("{instruction}.f{bits}")), "{instruction}:\n{text}");
        }
        assert!(!text.contains("fma") && !text.contains(".ftz"), "{text}");
        let fast = assemble_everywhere(&chain(GRID, float, FloatFlags::FAST));
        assert!(fast.contains(&format!("fma.rn.f{bits}")), "{fast}");
    }
}

#[test]
fn float_flags_stand_on_the_ops_that_have_them() {
    let text = |flags| {
        let module = chain(Form::Range, ScalarType::F64, flags);
        let lowered = native_text(&module, &NativeOptions::default(), Emit::Lowered).expect("compiles");
        (lowered, native_text(&module, &NativeOptions::default(), Emit::Assembly).expect("compiles"))
    };
    let (strict, assembly) = text(FloatFlags::STRICT);
    assert!(strict.contains("= fmul double") && strict.contains("= fadd double"), "{strict}");
    assert!(!assembly.contains("fmadd"), "{assembly}");
    let (contracting, assembly) = text(FloatFlags { contract: true, ..FloatFlags::STRICT });
    assert!(contracting.contains("= fmul contract double") && contracting.contains("= fdiv contract"), "{contracting}");
    assert_eq!(assembly.contains("fmadd"), has_fma(Cpu::host()), "{assembly}");
    let (fast, _) = text(FloatFlags::FAST);
    assert!(fast.contains("= fmul reassoc nsz arcp contract double"), "no promise that makes poison:\n{fast}");
}

#[test]
fn ptx_texts() {
    let options = NvptxOptions { arch: "sm_90".parse().expect("known") };
    let module = chain(GRID, ScalarType::F32, FloatFlags::STRICT);
    let lowered = nvptx_text(&module, &options, Emit::Lowered).expect("compiles");
    assert!(lowered.contains("ptx_kernel") && lowered.contains("noalias readonly"), "{lowered}");
    let text = nvptx_text(&module, &options, Emit::Assembly).expect("compiles");
    assert!(text.contains(".version 7.8") && text.contains(".target sm_90"), "{text}");
    assert!(text.contains("ld.global.nc") && text.contains(".reqntid 32, 1, 1"), "{text}");
}
