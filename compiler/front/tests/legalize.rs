//! Legalized functions compute what the op table says, for every op, type and awkward value.

use numbra_front::capabilities::{Capabilities, Lack};
use numbra_front::interp::scalar::apply;
use numbra_front::interp::{Argument, ArrayArgument, Buffer, InterpretedProgram, Limits, run};
use numbra_front::ir::op::{OPS, TypeRule};
use numbra_front::ir::*;
use numbra_front::passes::{dead_code, legalize};
use numbra_front::source::Span;
use numbra_front::types::{Constant, ScalarType};

/// Everything is rewritten that can be; 64 bits stay, and the index type is the interpreter's.
const LEAST: Capabilities = Capabilities { index_bits: 64, ..Capabilities::naga("least").with_64_bits(true, true) };

fn scalars() -> impl Iterator<Item = ScalarType> {
    ScalarType::ALL.into_iter().chain([ScalarType::Index])
}

/// Bits of values at which ops go wrong.
fn awkward(scalar: ScalarType) -> Vec<u64> {
    let floats = [
        0.0,
        1.0,
        1.5,
        0.5,
        2.5,
        0.49999997,
        126.9,
        127.5,
        128.0,
        255.5,
        256.0,
        32767.5,
        32768.0,
        65535.9,
        1e7,
        2147483520.0,
        2147483647.5,
        2147483648.0,
        4294967040.0,
        4294967296.0,
        9.2e18,
        9223372036854775808.0,
        1.8e19,
        18446744073709551616.0,
        3e38,
        1e-40,
        1e-45,
        f64::INFINITY,
        f64::NAN,
    ];
    let both = floats.iter().flat_map(|&value| [value, -value]);
    match scalar {
        ScalarType::F32 => both.map(|value| (value as f32).to_bits() as u64).collect(),
        ScalarType::F64 => both.chain([f64::MAX, 5e-324]).map(f64::to_bits).collect(),
        ScalarType::Bool => vec![0, 1],
        _ => {
            let most = 1i128 << (scalar.bits() - u32::from(scalar.is_signed()));
            let near = [0, 1, 2, 3, 7, 8, 9, 15, 16, 31, 32, 33, 63, 64, 65, 100];
            let all = near.iter().flat_map(|&value| [value, -value, most - 1 - value, most / 2 + value]);
            all.map(|value| Constant::integer(scalar, value).bits).collect()
        }
    }
}

/// A function `f` that returns `op` of its parameters.
fn function_of(op: Op, types: &[ScalarType], result: ScalarType) -> Module {
    let mut function = Function::new("f");
    let parameters: Vec<Value> =
        types.iter().map(|&scalar| function.scalar_parameter("x", scalar, Role::Argument(0))).collect();
    let mut body = Region::default();
    let apply = Expression::Apply { op, operands: parameters, flags: FloatFlags::STRICT };
    let value = function.define(&mut body, result, Span::NONE, apply);
    body.push(Statement::Return(vec![value]));
    function.body = body;
    function.results = vec![result];
    Module { functions: vec![function], tables: Vec::new() }
}

fn call(program: &InterpretedProgram, operands: &[u64]) -> u64 {
    let arguments: Vec<Argument> = operands.iter().map(|&bits| Argument::Scalar(bits)).collect();
    program.call("f", &arguments, &mut [], &Limits::NONE).unwrap()[0]
}

fn check(op: Op, types: &[ScalarType], result: ScalarType) {
    let mut module = function_of(op, types, result);
    legalize::run(&mut module, &LEAST).unwrap();
    dead_code::run(&mut module);
    module.functions[0].body.walk(&mut |statement| {
        if let Statement::Let { value, expression: Expression::Apply { op: used, operands, .. } } = statement {
            let scalar = |&value: &Value| module.functions[0].scalar(value);
            let lack = LEAST.lacks(*used, &operands.iter().map(scalar).collect::<Vec<_>>(), scalar(value));
            // A float becomes an integer by the conversion of one that is in range.
            let fine = lack.is_none() || lack == Some(Lack::SaturatingConversion);
            assert!(fine, "{} leaves {}, for which the device lacks {lack:?}", op.name(), used.name());
        }
    });
    assert!(module.functions[0].values.iter().all(|info| info.scalar.bits() == 1 || info.scalar.bits() >= 32));
    let program = InterpretedProgram::new(&module).unwrap();
    let either_zero = matches!(op, Op::Minimum | Op::Maximum | Op::Fmin | Op::Fmax);
    let without_zero_sign = |bits: u64| match result {
        ScalarType::F32 if either_zero && bits == 1 << 31 => 0,
        ScalarType::F64 if either_zero && bits == 1 << 63 => 0,
        _ => bits,
    };
    let second = if types.len() > 1 { awkward(types[1]) } else { vec![0] };
    for &a in &awkward(types[0]) {
        for &b in &second {
            let operands = &[a, b, b.wrapping_add(1) & 1][..types.len()];
            // Outside of the op's conditions anything goes.
            let Ok(expected) = apply(op, types, operands, result) else { continue };
            let found = call(&program, operands);
            assert!(
                Constant::same(without_zero_sign(found), without_zero_sign(expected), result),
                "{} of {types:?} {operands:x?} to {result:?}: {found:x}, not {expected:x}",
                op.name()
            );
        }
    }
}

#[test]
fn every_op_on_every_type() {
    for info in OPS {
        // mul_error has a range of its own, below; fma is refused.
        if matches!(info.op, Op::Fma | Op::MulError) {
            continue;
        }
        for scalar in scalars() {
            match info.rule {
                TypeRule::Convert => scalars().for_each(|to| check(info.op, &[scalar], to)),
                TypeRule::Bitcast => scalars()
                    .filter(|&to| info.op.result_type(&[scalar], Some(to)).is_some())
                    .for_each(|to| check(info.op, &[scalar], to)),
                TypeRule::Select => check(info.op, &[ScalarType::Bool, scalar, scalar], scalar),
                _ => {
                    if let Some(result) = info.op.result_type(&vec![scalar; info.arity], None) {
                        check(info.op, &vec![scalar; info.arity], result);
                    }
                }
            }
        }
    }
}

/// A small generator of pseudorandom bits (Marsaglia's xorshift).
fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[test]
fn the_error_of_a_product_has_the_bits_of_the_fused_form() {
    for fused_multiply_add in [false, true] {
        let least = Capabilities { fused_multiply_add, ..LEAST };
        let program = |scalar| {
            let mut module = function_of(Op::MulError, &[scalar, scalar], scalar);
            legalize::run(&mut module, &least).unwrap();
            InterpretedProgram::new(&module).unwrap()
        };
        let (single, double) = (program(ScalarType::F32), program(ScalarType::F64));
        let mut state = 0x2545_f491_4f6c_dd1d;
        for round in 0..20_000 {
            let [a, b] = [(); 2].map(|()| {
                // Any mantissa and sign, sometimes with few bits; an exponent well inside the range.
                let bits = random(&mut state) & if round % 4 == 0 { !0xff_ffff_ffff } else { !0 };
                let exponent = random(&mut state) % 900;
                let double = f64::from_bits(bits & !(0x7ff << 52) | (1023 - 450 + exponent) << 52);
                let small =
                    f32::from_bits((bits >> 32) as u32 & !(0xff << 23) | (127 - 45 + exponent as u32 / 10) << 23);
                if round == 0 { (0.0, 0.0) } else { (double, small) }
            });
            let error = a.0.mul_add(b.0, -(a.0 * b.0));
            assert_eq!(call(&double, &[a.0.to_bits(), b.0.to_bits()]), error.to_bits(), "{:e} * {:e}", a.0, b.0);
            let error = a.1.mul_add(b.1, -(a.1 * b.1));
            let found = call(&single, &[a.1.to_bits() as u64, b.1.to_bits() as u64]);
            assert_eq!(found, error.to_bits() as u64, "{:e} * {:e}", a.1, b.1);
        }
    }
}

#[test]
fn a_fused_multiply_add_is_kept_or_refused() {
    let module = function_of(Op::Fma, &[ScalarType::F32; 3], ScalarType::F32);
    let error = legalize::run(&mut module.clone(), &LEAST).unwrap_err().to_string();
    assert!(error.contains("no fused multiply-add") && error.contains("help"), "{error}");
    legalize::run(&mut module.clone(), &Capabilities { fused_multiply_add: true, ..LEAST }).unwrap();
}

#[test]
fn small_arrays_tables_and_variables_become_words() {
    // out[0] = x[1] != TABLE[1] through a variable, on bools; then the same with `+` on int8.
    for (scalar, op, expected) in [(ScalarType::Bool, Op::Ne, 1), (ScalarType::I8, Op::Add, -128i32 as u32)] {
        let mut function = Function::new("f");
        let mut array = |name: &str, access| {
            function.array_parameter(Array {
                name: name.into(),
                scalar,
                rank: 1,
                access,
                strides: vec![Stride::Unit],
                footprint: Footprint::Whole,
                buffer: false,
                distinct: true,
            })
        };
        let (x, out) = (array("x", Access::Read), array("out", Access::Write));
        let mut body = Region::default();
        let zero = function.constant(&mut body, Constant::index(0));
        let one = function.constant(&mut body, Constant::index(1));
        let loaded = function.define(&mut body, scalar, Span::NONE, Expression::Load { array: x, indices: vec![one] });
        let variable = function.variable("v", scalar);
        body.push(Statement::Set { variable, value: loaded });
        let got = function.get(&mut body, variable);
        let entry = Expression::TableEntry { table: TableId(0), index: one };
        let entry = function.define(&mut body, scalar, Span::NONE, entry);
        let result = function.apply(&mut body, op, &[got, entry]);
        body.push(Statement::Store { array: out, indices: vec![zero], value: result });
        body.push(Statement::Return(Vec::new()));
        function.body = body;
        let entries = vec![1, if scalar == ScalarType::Bool { 0 } else { 1 }];
        let mut module =
            Module { functions: vec![function], tables: vec![Table { name: "TABLE".into(), scalar, entries }] };
        legalize::run(&mut module, &LEAST).unwrap();
        assert!(module.functions[0].arrays.iter().all(|array| array.scalar.bytes() == 4));
        let words = |values: [u32; 2]| values.into_iter().flat_map(u32::to_le_bytes).collect::<Vec<u8>>();
        let (mut input, mut output) = (words([0, if scalar == ScalarType::Bool { 1 } else { 127 }]), words([7, 7]));
        let arguments = [0, 1].map(|buffer| Argument::Array(ArrayArgument::c_order(buffer, &[2])));
        run(&module, "f", &arguments, &mut [Buffer::new(&mut input), Buffer::new(&mut output)]).unwrap();
        assert_eq!(output, words([expected, 7]));
    }
}
