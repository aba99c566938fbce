//! Kernels as the pipeline schedules them: do the loops that it writes become vector code, and give the same results?

use super::build::*;
use numbra_codegen::llvm::{Cpu, Emit, NativeOptions, has_fma, native_text};
use numbra_front::capabilities::Capabilities;
use numbra_front::ir::{Module, parse};
use numbra_front::pipeline::{Schedule, Target, lower_kernel};
use numbra_front::types::ScalarType;

/// Large arguments are rare, and take a loop.
const RARE: &str = "
kernel @rare(%n: index space_extent(0), read x: f64[unit] window(0 to 0) distinct,
             write out: f64[unit] window(0 to 0) distinct) {
  variable $result: f64
  variable $left: f64
  parallel (%i) in (%n) {
    %x: f64 = load x[%i]
    %square: f64 = mul %x, %x
    set $result = %square
    %limit: f64 = constant 100.0
    %large: bool = gt %square, %limit
    if rare %large {
      set $left = %square
      loop {
        %left: f64 = get $left
        %small: bool = le %left, %limit
        if %small {
          break
        }
        %half: f64 = constant 0.5
        %next: f64 = mul %left, %half
        set $left = %next
      }
      %reduced: f64 = get $left
      set $result = %reduced
    }
    %value: f64 = get $result
    store out[%i] = %value
  }
}
";

/// The sum of four neighbours; 7 at the border.
const STENCIL: &str = "
kernel @stencil(%rows: index space_extent(0), %columns: index space_extent(1),
                read a: f32[any, unit] window(-1 to 1, -1 to 1) distinct,
                write out: f32[any, unit] window(0 to 0, 0 to 0) distinct) {
  parallel (%i, %j) in (%rows, %columns) {
    %one: index = constant 1
    %above: index = sub %i, %one
    %below: index = add %i, %one
    %before: index = sub %j, %one
    %behind: index = add %j, %one
    %a: f32 = load a[%above, %j]
    %b: f32 = load a[%below, %j]
    %c: f32 = load a[%i, %before]
    %d: f32 = load a[%i, %behind]
    %ab: f32 = add %a, %b
    %abc: f32 = add %ab, %c
    %sum: f32 = add %abc, %d
    store out[%i, %j] = %sum
  } border ((1, 1), (1, 1)) {
    %seven: f32 = constant 7.0
    store out[%i, %j] = %seven
  }
}
";

fn lowered(text: &str, schedule: Schedule) -> Module {
    let module = parse::parse(text).expect("well-formed text");
    let target = Target { schedule, capabilities: Capabilities::llvm("cpu", has_fma(Cpu::host())) };
    lower_kernel(&module, &module.functions[0].name, &target, &mut |_, _| Ok(())).expect("lowers")
}

#[test]
fn scheduled_loops_become_vector_code() {
    for (text, operation, lanes) in [(RARE, "fmul <", "x double>"), (STENCIL, "fadd <", "x float>")] {
        let module = lowered(text, Schedule::Range);
        let text = native_text(&module, &NativeOptions::default(), Emit::Optimized).expect("compiles");
        let vector = text.lines().any(|line| line.contains(operation) && line.contains(lanes));
        assert!(vector, "{module}\n{text}");
    }
}

/// The values of a kernel's scalar parameters, by role.
fn parameters(module: &Module, space: &[i64], begin: i64, end: i64) -> Vec<u64> {
    use numbra_front::ir::Role;
    let row_major = |axis: u32| space[axis as usize + 1..].iter().product::<i64>();
    let value = |role| match role {
        Role::SpaceExtent(axis) | Role::Extent(_, axis) => space[axis as usize],
        Role::Begin => begin,
        Role::End => end,
        Role::Offset(_) => 0,
        Role::Stride(_, axis) => row_major(axis),
        Role::Argument(number) => panic!("no argument {number}"),
    };
    module.functions[0].scalar_parameters().map(|(_, _, role)| value(role) as u64).collect()
}

const SCHEDULES: [Schedule; 2] = [Schedule::Range, Schedule::Grid { group: GROUP, rows: false }];

fn floats(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn rare_branches_give_their_results() {
    let values: Vec<f64> = (0..300).map(|index| (index % 97) as f64 * if index < 128 { 0.1 } else { 0.3 }).collect();
    let reduced = |value: f64| {
        let mut square = value * value;
        while square > 100.0 {
            square *= 0.5;
        }
        square
    };
    for schedule in SCHEDULES {
        let module = lowered(RARE, schedule);
        let columns = [(ScalarType::F64, floats(&values)), (ScalarType::F64, vec![0; 300])];
        let (results, _) = run(&module, &columns, &parameters(&module, &[300], 0, 300), 10);
        let expected: Vec<f64> = values.iter().copied().map(reduced).collect();
        assert_eq!(results[1], floats(&expected));
    }
}

#[test]
fn stencils_give_their_results() {
    let (rows, columns) = (9usize, 70usize);
    let value = |index: usize| ((index * 31) % 64) as f32;
    let input = || (0..rows * columns).map(|index| value(index).to_bits() as u64).collect();
    for schedule in SCHEDULES {
        let module = lowered(STENCIL, schedule);
        let end = if schedule == Schedule::Range { rows } else { rows * columns };
        let scalars = parameters(&module, &[rows as i64, columns as i64], 0, end as i64);
        let memory = [(ScalarType::F32, input()), (ScalarType::F32, vec![0; rows * columns])];
        let (results, _) = run(&module, &memory, &scalars, end.div_ceil(GROUP as usize) as u32);
        for (here, &bits) in results[1].iter().enumerate() {
            let (row, column) = (here / columns, here % columns);
            let inside = (1..rows - 1).contains(&row) && (1..columns - 1).contains(&column);
            let sum = || value(here - columns) + value(here + columns) + value(here - 1) + value(here + 1);
            assert_eq!(f32::from_bits(bits as u32), if inside { sum() } else { 7.0 }, "at {row}, {column}");
        }
        if schedule != Schedule::Range {
            assemble_everywhere(&module);
        }
    }
}
