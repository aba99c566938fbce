//! Loops that must become vector code, and control flow that must not change its meaning.

use super::build::*;
use numbra_codegen::llvm::{Emit, NativeOptions, native_text};
use numbra_front::ir::*;
use numbra_front::source::Span;
use numbra_front::types::{Constant, ScalarType};

fn load(function: &mut Function, region: &mut Region, array: ArrayId, index: Value, offset: i64) -> Value {
    let offset = function.constant(region, Constant::index(offset));
    let index = function.apply(region, Op::Add, &[index, offset]);
    let scalar = function.arrays[array.index()].scalar;
    function.define(region, scalar, Span::NONE, Expression::Load { array, indices: vec![index] })
}

fn saxpy() -> Module {
    elementwise(Form::Range, &[ScalarType::F32; 2], &[ScalarType::F32], |function, region, elements| {
        let factor = function.constant(region, Constant::f32(2.5));
        let product = function.apply(region, Op::Mul, &[factor, elements[0]]);
        vec![function.apply(region, Op::Add, &[product, elements[1]])]
    })
}

/// exp's shape: reduction of the argument, a polynomial, the exponent put in by bits.
pub fn exponential() -> Module {
    elementwise(Form::Range, &[ScalarType::F64], &[ScalarType::F64], |function, region, elements| {
        let float =
            |function: &mut Function, region: &mut Region, value| function.constant(region, Constant::f64(value));
        let x = elements[0];
        let log2e = float(function, region, std::f64::consts::LOG2_E);
        let scaled = function.apply(region, Op::Mul, &[x, log2e]);
        let magic = float(function, region, 6755399441055744.0);
        let shifted = function.apply(region, Op::Add, &[scaled, magic]);
        let whole = function.apply(region, Op::Sub, &[shifted, magic]);
        let ln2 = float(function, region, std::f64::consts::LN_2);
        let product = function.apply(region, Op::Mul, &[whole, ln2]);
        let rest = function.apply(region, Op::Sub, &[x, product]);
        let mut sum = float(function, region, 1.0 / 39916800.0);
        for divisor in [3628800.0, 362880.0, 40320.0, 5040.0, 720.0, 120.0, 24.0, 6.0, 2.0, 1.0, 1.0] {
            let term = float(function, region, 1.0 / divisor);
            sum = function.apply(region, Op::Fma, &[sum, rest, term]);
        }
        let bits = function.bitcast(region, shifted, ScalarType::I64);
        let shift = function.constant(region, Constant::integer(ScalarType::I64, 52));
        let exponent = function.apply(region, Op::ShlInRange, &[bits, shift]);
        let result = function.bitcast(region, sum, ScalarType::I64);
        let result = function.apply(region, Op::Add, &[result, exponent]);
        let result = function.bitcast(region, result, ScalarType::F64);
        let limit = float(function, region, 700.0);
        let over = function.apply(region, Op::Gt, &[x, limit]);
        let infinity = float(function, region, f64::INFINITY);
        vec![function.apply(region, Op::Select, &[over, infinity, result])]
    })
}

/// A four-point stencil over the rows `begin..end` of a matrix with `columns` columns, as `schedule` writes it.
fn stencil(distinct: bool) -> Module {
    let setup = |function: &mut Function| {
        let mut arrays = Vec::new();
        for (name, access) in [("a", Access::Read), ("out", Access::Write)] {
            let array = Array { distinct, ..buffer(name, ScalarType::F32, access) };
            arrays.push(function.array_parameter(array));
        }
        function.scalar_parameter("columns", ScalarType::Index, Role::SpaceExtent(1));
        arrays
    };
    over_range(Form::Range, setup, |function, region, arrays, row| {
        let Some((_, columns, _)) = function.scalar_parameters().next() else { return };
        let column = function.variable("j", ScalarType::Index);
        let one = function.constant(region, Constant::index(1));
        let end = function.apply(region, Op::Sub, &[columns, one]);
        region.push(Statement::Set { variable: column, value: one.into() });
        let mut inner = Region::default();
        let j = function.get(&mut inner, column);
        let done = function.apply(&mut inner, Op::Ge, &[j, end]);
        let leave = Region { statements: vec![Statement::Break] };
        inner.push(Statement::If { condition: done, then: leave, otherwise: Region::default(), rare: false });
        let line = function.apply(&mut inner, Op::Mul, &[row, columns]);
        let here = function.apply(&mut inner, Op::Add, &[line, j]);
        let above = function.apply(&mut inner, Op::Sub, &[here, columns]);
        let below = function.apply(&mut inner, Op::Add, &[here, columns]);
        let mut sum = load(function, &mut inner, arrays[0], here, -1);
        for (index, offset) in [(here, 1), (above, 0), (below, 0)] {
            let neighbour = load(function, &mut inner, arrays[0], index, offset);
            sum = function.apply(&mut inner, Op::Add, &[sum, neighbour]);
        }
        let quarter = function.constant(&mut inner, Constant::f32(0.25));
        let mean = function.apply(&mut inner, Op::Mul, &[sum, quarter]);
        inner.push(Statement::Store { array: arrays[1], indices: vec![here], value: mean });
        let mut step = Region::default();
        let j = function.get(&mut step, column);
        let next = function.apply(&mut step, Op::Add, &[j, one]);
        step.push(Statement::Set { variable: column, value: next.into() });
        region.push(Statement::Loop { body: inner, step });
    })
}

fn assert_vectorized(module: &Module, lanes: &str) {
    let text = native_text(module, &NativeOptions::default(), Emit::Optimized).expect("compiles");
    let vector = text.lines().any(|line| line.contains("store <") && line.contains(lanes));
    assert!(vector, "no store of {lanes}:\n{text}");
}

#[test]
fn plain_loops_become_vector_code() {
    assert_vectorized(&saxpy(), "x float>");
    assert_vectorized(&exponential(), "x double>");
    assert_vectorized(&stencil(true), "x float>");
    assert_vectorized(&stencil(false), "x float>");
}

/// A branch, tables with indices out of range, and bools in memory.
fn mixture(form: Form) -> Module {
    let (inputs, outputs) = ([ScalarType::I32, ScalarType::Bool], [ScalarType::F64, ScalarType::Bool]);
    let mut module = elementwise(form, &inputs, &outputs, |function, region, elements| {
        let picked = function.variable("picked", ScalarType::F64);
        let mut then = Region::default();
        let entry = Expression::TableEntry { table: TableId(0), index: elements[0] };
        let entry = function.define(&mut then, ScalarType::F64, Span::NONE, entry);
        then.push(Statement::Set { variable: picked, value: entry.into() });
        let mut otherwise = Region::default();
        let byte = function.convert(&mut otherwise, elements[0], ScalarType::U8);
        let entry = Expression::TableEntry { table: TableId(1), index: byte };
        let entry = function.define(&mut otherwise, ScalarType::I16, Span::NONE, entry);
        let entry = function.convert(&mut otherwise, entry, ScalarType::F64);
        otherwise.push(Statement::Set { variable: picked, value: entry.into() });
        region.push(Statement::If { condition: elements[1], then, otherwise, rare: true });
        vec![function.get(region, picked), function.apply(region, Op::Not, &[elements[1]])]
    });
    let table = |name: &str, scalar, entries| Table { name: name.to_owned(), scalar, entries };
    let halves = (0..5).map(|entry| (entry as f64 / 2.0).to_bits()).collect();
    module.tables.push(table("halves", ScalarType::F64, halves));
    module.tables.push(table("steps", ScalarType::I16, vec![u64::MAX, 7, 300]));
    module
}

#[test]
fn branches_tables_and_bools() {
    for form in [Form::Range, GRID] {
        let numbers: Vec<i64> = vec![-3, 0, 1, 4, 5, 1000, -1, 0, 1, 2, 3, 255, 256];
        let truths = [1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0];
        let expected = [0.0, 0.0, 0.5, 2.0, 2.0, 2.0, 300.0, -1.0, 7.0, 300.0, 300.0, 300.0, -1.0];
        let columns: [Column; 4] = [
            (ScalarType::I32, numbers.iter().map(|&number| number as u64).collect()),
            (ScalarType::Bool, truths.to_vec()),
            (ScalarType::F64, vec![0; numbers.len()]),
            (ScalarType::Bool, vec![0; numbers.len()]),
        ];
        let (results, _) = run(&mixture(form), &columns, &[0, numbers.len() as u64], 1);
        let picked: Vec<f64> = results[2].iter().map(|&bits| f64::from_bits(bits)).collect();
        assert_eq!(picked, expected);
        assert_eq!(results[3], truths.map(|truth| 1 - truth));
    }
    assemble_everywhere(&mixture(GRID));
}

/// Collatz: how many rounds until 1, by a loop with `continue` and a `break` deep inside.
fn collatz(form: Form) -> Module {
    elementwise(form, &[ScalarType::U32], &[ScalarType::U32], |function, region, elements| {
        let number = function.variable("number", ScalarType::U32);
        let rounds = function.variable("rounds", ScalarType::U32);
        region.push(Statement::Set { variable: number, value: elements[0].into() });
        let zero = function.constant(region, Constant::zero(ScalarType::U32));
        let one = function.constant(region, Constant::integer(ScalarType::U32, 1));
        region.push(Statement::Set { variable: rounds, value: zero.into() });
        let (mut body, mut even, mut step) = (Region::default(), Region::default(), Region::default());
        let current = function.get(&mut body, number);
        let done = function.apply(&mut body, Op::Le, &[current, one]);
        let nested = Statement::If {
            condition: done,
            then: Region { statements: vec![Statement::Break] },
            otherwise: Region::default(),
            rare: false,
        };
        body.push(Statement::If {
            condition: done,
            then: Region { statements: vec![nested] },
            otherwise: Region::default(),
            rare: false,
        });
        let low = function.apply(&mut body, Op::And, &[current, one]);
        let is_even = function.apply(&mut body, Op::Eq, &[low, zero]);
        let half = function.apply(&mut even, Op::ShrInRange, &[current, one]);
        even.push(Statement::Set { variable: number, value: half.into() });
        even.push(Statement::Continue);
        body.push(Statement::If { condition: is_even, then: even, otherwise: Region::default(), rare: false });
        let three = function.constant(&mut body, Constant::integer(ScalarType::U32, 3));
        let next = function.apply(&mut body, Op::Mul, &[current, three]);
        let next = function.apply(&mut body, Op::Add, &[next, one]);
        body.push(Statement::Set { variable: number, value: next.into() });
        let count = function.get(&mut step, rounds);
        let count = function.apply(&mut step, Op::Add, &[count, one]);
        step.push(Statement::Set { variable: rounds, value: count.into() });
        region.push(Statement::Loop { body, step });
        vec![function.get(region, rounds)]
    })
}

#[test]
fn loops_break_and_continue() {
    let rounds = |mut number: u32| {
        let mut rounds = 0;
        while number > 1 {
            number = if number.is_multiple_of(2) { number / 2 } else { number.wrapping_mul(3).wrapping_add(1) };
            rounds += 1;
        }
        rounds
    };
    for form in [Form::Range, GRID] {
        let columns = [(ScalarType::U32, (0..100).collect()), (ScalarType::U32, vec![0; 100])];
        let (results, _) = run(&collatz(form), &columns, &[0, 100], 4);
        let expected: Vec<u64> = (0..100).map(rounds).collect();
        assert_eq!(results[1], expected);
    }
    assemble_everywhere(&collatz(GRID));
}

#[test]
fn a_stencil_gives_the_mean_of_its_neighbours() {
    let (rows, columns) = (37usize, 131usize);
    let value = |index: usize| ((index * 7919) % 1013) as f32;
    let input: Vec<u64> = (0..rows * columns).map(|index| value(index).to_bits() as u64).collect();
    let memory = [(ScalarType::F32, input), (ScalarType::F32, vec![0; rows * columns])];
    let (results, _) = run(&stencil(true), &memory, &[columns as u64, 1, rows as u64 - 1], 0);
    for row in 0..rows {
        for column in 0..columns {
            let here = row * columns + column;
            let inside = (1..rows - 1).contains(&row) && (1..columns - 1).contains(&column);
            let mean = || ((value(here - 1) + value(here + 1) + value(here - columns)) + value(here + columns)) * 0.25;
            let expected = if inside { mean() } else { 0.0 };
            assert_eq!(f32::from_bits(results[1][here] as u32), expected, "at {row}, {column}");
        }
    }
}
