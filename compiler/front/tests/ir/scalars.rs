//! The meaning of every op: against the definition in wide integers or in plain Rust, over extreme operands.

use numbra_front::interp::scalar::apply;
use numbra_front::ir::Op;
use numbra_front::ir::op::{OPS, TypeRule};
use numbra_front::types::Constant;
use numbra_front::types::ScalarType::{self, *};

const INTEGERS: [ScalarType; 9] = [I8, I16, I32, I64, U8, U16, U32, U64, Index];

/// Ends of the range, small numbers, and some in between.
fn integers(scalar: ScalarType) -> Vec<i128> {
    let bits = scalar.bits();
    let (low, high) = match scalar.is_signed() {
        true => (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1),
        false => (0, (1i128 << bits) - 1),
    };
    let mut all = vec![low, low + 1, low / 2, -9, -7, -2, -1, 0, 1, 2, 3, 7, 8, 9, 31, 32, 33, 63, 64, 65, 100];
    all.extend([high / 2, high / 3, high - 1, high]);
    all.retain(|value| (low..=high).contains(value));
    all.sort_unstable();
    all.dedup();
    all
}

fn floats() -> Vec<f64> {
    let small = [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.7, 127.9, 128.0, 255.5, 300.0, 1e10, 16777217.0];
    let extreme = [f64::MIN_POSITIVE, 5e-324, f64::MAX, f64::INFINITY, 9.3e18, 1.9e19, 2147483648.5, 1e-40];
    let mut all: Vec<f64> = small.iter().chain(&extreme).flat_map(|&value| [value, -value]).collect();
    all.push(f64::NAN);
    all
}

fn bits(scalar: ScalarType, value: i128) -> u64 {
    Constant::integer(scalar, value).bits
}

fn value(scalar: ScalarType, bits: u64) -> i128 {
    Constant { scalar, bits }.as_integer().expect("an integer")
}

fn binary(op: Op, scalar: ScalarType, a: u64, b: u64, result: ScalarType) -> u64 {
    apply(op, &[scalar, scalar], &[a, b], result).unwrap_or_else(|error| panic!("{error}"))
}

fn floor_div(a: i128, b: i128) -> i128 {
    let quotient = a / b;
    if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient }
}

#[test]
fn integer_ops_are_those_of_wide_integers_cut_to_the_width() {
    for scalar in INTEGERS {
        let width = scalar.bits() as i128;
        for &a in &integers(scalar) {
            for &b in &integers(scalar) {
                let pattern = |value: i128| bits(scalar, value);
                let in_range = (0..width).contains(&b);
                let expected = [
                    (Op::Add, pattern(a + b)),
                    (Op::Sub, pattern(a - b)),
                    (Op::Mul, pattern(a.wrapping_mul(b))),
                    (Op::FloorDiv, if b == 0 { 0 } else { pattern(floor_div(a, b)) }),
                    (Op::Mod, if b == 0 { 0 } else { pattern(a - b * floor_div(a, b)) }),
                    (Op::And, pattern(a & b)),
                    (Op::Or, pattern(a | b)),
                    (Op::Xor, pattern(a ^ b)),
                    (Op::Shl, if in_range { pattern(((a as u128) << b) as i128) } else { 0 }),
                    (
                        Op::Shr,
                        if in_range {
                            pattern(a >> b)
                        } else if a < 0 {
                            pattern(-1)
                        } else {
                            0
                        },
                    ),
                    (Op::Minimum, pattern(a.min(b))),
                    (Op::Maximum, pattern(a.max(b))),
                ];
                for (op, expected) in expected {
                    let (a, b) = (pattern(a), pattern(b));
                    let found = binary(op, scalar, a, b, scalar);
                    assert_eq!(found, expected, "{op:?} {scalar:?} {a:#x} {b:#x}");
                    assert_eq!(
                        Constant::canonical(found, scalar),
                        found,
                        "{op:?} {scalar:?} leaves bits outside of its type"
                    );
                }
                let compared = [
                    (Op::Eq, a == b),
                    (Op::Ne, a != b),
                    (Op::Lt, a < b),
                    (Op::Le, a <= b),
                    (Op::Gt, a > b),
                    (Op::Ge, a >= b),
                ];
                for (op, expected) in compared {
                    assert_eq!(binary(op, scalar, pattern(a), pattern(b), Bool), expected as u64, "{op:?} {a} {b}");
                }
                // Those with conditions: an error where they do not hold.
                let overflows = scalar.is_signed() && a == -(1 << (width - 1)) && b == -1;
                let divides = (b != 0 && !overflows).then(|| (pattern(a / b), pattern(a % b)));
                let conditional = [
                    (Op::Quotient, divides.map(|both| both.0)),
                    (Op::Remainder, divides.map(|both| both.1)),
                    (Op::ShlInRange, in_range.then(|| pattern(((a as u128) << b.max(0)) as i128))),
                    (Op::ShrInRange, in_range.then(|| pattern(a >> b.max(0)))),
                ];
                for (op, expected) in conditional {
                    let found = apply(op, &[scalar, scalar], &[pattern(a), pattern(b)], scalar).ok();
                    assert_eq!(found, expected, "{op:?} {scalar:?} {a} {b}");
                }
            }
            if scalar != Index {
                let ones = (0..width).filter(|place| a >> place & 1 == 1).count() as u64;
                let found = apply(Op::CountOnes, &[scalar], &[bits(scalar, a)], scalar).expect("defined");
                assert_eq!(found, ones, "{scalar:?} {a}");
            }
            let unary = [(Op::Neg, -a), (Op::Abs, a.abs()), (Op::Not, !a)];
            for (op, expected) in unary {
                let found = apply(op, &[scalar], &[bits(scalar, a)], scalar).expect("defined");
                assert_eq!(found, bits(scalar, expected), "{op:?} {scalar:?} {a}");
            }
        }
    }
    // The corners, by hand.
    let min = i32::MIN as i64 as u64;
    assert_eq!(binary(Op::FloorDiv, I32, min, u64::MAX, I32), min);
    assert_eq!(binary(Op::Mod, I32, min, u64::MAX, I32), 0);
    assert_eq!(apply(Op::Abs, &[I32], &[min], I32).expect("defined"), min);
    assert_eq!(value(I32, binary(Op::FloorDiv, I32, bits(I32, -7), 2, I32)), -4);
    assert_eq!(value(I32, binary(Op::Mod, I32, 7, bits(I32, -2), I32)), -1);
}

#[test]
fn bools() {
    for a in [0, 1] {
        for b in [0, 1] {
            let expected = [
                (Op::And, a & b),
                (Op::Or, a | b),
                (Op::Xor, a ^ b),
                (Op::Eq, (a == b) as u64),
                (Op::Ne, (a != b) as u64),
                (Op::Lt, (a < b) as u64),
                (Op::Le, (a <= b) as u64),
                (Op::Gt, (a > b) as u64),
                (Op::Ge, (a >= b) as u64),
            ];
            for (op, expected) in expected {
                assert_eq!(binary(op, Bool, a, b, Bool), expected, "{op:?} {a} {b}");
            }
        }
        assert_eq!(apply(Op::Not, &[Bool], &[a], Bool).expect("defined"), 1 - a);
        assert_eq!(apply(Op::Select, &[Bool, I16, I16], &[a, 5, 6], I16).expect("defined"), 6 - a);
    }
}

/// The same checks for both float types.
macro_rules! float_tests {
    ($name:ident, $float:ty, $scalar:expr) => {
        #[test]
        fn $name() {
            let pattern = |value: $float| value.to_bits() as u64;
            let all: Vec<$float> = floats().into_iter().map(|value| value as $float).collect();
            let check = |op: Op, operands: &[$float], expected: $float| {
                let given: Vec<u64> = operands.iter().map(|&operand| pattern(operand)).collect();
                let found = apply(op, &vec![$scalar; given.len()], &given, $scalar).expect("defined");
                assert!(
                    Constant::same(found, pattern(expected), $scalar),
                    "{op:?} {operands:?}: {found:#x}, not {expected:?}"
                );
            };
            let truth = |op: Op, operands: &[$float], expected: bool| {
                let given: Vec<u64> = operands.iter().map(|&operand| pattern(operand)).collect();
                let found = apply(op, &vec![$scalar; given.len()], &given, Bool).expect("defined");
                assert_eq!(found, expected as u64, "{op:?} {operands:?}");
            };
            for &a in &all {
                for &b in &all {
                    check(Op::Add, &[a, b], a + b);
                    check(Op::Sub, &[a, b], a - b);
                    check(Op::Mul, &[a, b], a * b);
                    check(Op::Div, &[a, b], a / b);
                    check(Op::Copysign, &[a, b], if b.is_sign_negative() { -a.abs() } else { a.abs() });
                    truth(Op::Eq, &[a, b], a == b);
                    truth(Op::Ne, &[a, b], !(a == b));
                    truth(Op::Lt, &[a, b], a < b);
                    truth(Op::Le, &[a, b], a <= b);
                    truth(Op::Gt, &[a, b], a > b);
                    truth(Op::Ge, &[a, b], a >= b);
                    if a.is_nan() || b.is_nan() {
                        check(Op::Minimum, &[a, b], <$float>::NAN);
                        check(Op::Maximum, &[a, b], <$float>::NAN);
                        check(Op::Fmin, &[a, b], if a.is_nan() { b } else { a });
                        check(Op::Fmax, &[a, b], if a.is_nan() { b } else { a });
                    } else if a != b {
                        for (op, expected) in
                            [(Op::Minimum, a < b), (Op::Fmin, a < b), (Op::Maximum, a > b), (Op::Fmax, a > b)]
                        {
                            check(op, &[a, b], if expected { a } else { b });
                        }
                    }
                }
                check(Op::Neg, &[a], -a);
                check(Op::Abs, &[a], if a.is_sign_negative() { -a } else { a });
                check(Op::Sqrt, &[a], a.sqrt());
                check(Op::Floor, &[a], a.floor());
                check(Op::Ceil, &[a], a.ceil());
                check(Op::Trunc, &[a], a.trunc());
                truth(Op::IsNan, &[a], a.is_nan());
                truth(Op::IsInf, &[a], a == <$float>::INFINITY || a == -<$float>::INFINITY);
            }
            for (a, expected) in
                [(0.5, 0.0), (1.5, 2.0), (2.5, 2.0), (-0.5, -0.0), (-1.5, -2.0), (2.4, 2.0), (2.6, 3.0)]
            {
                check(Op::Rint, &[a], expected);
            }
            check(Op::Sqrt, &[-0.0], -0.0);
            check(Op::Sqrt, &[-1.0], <$float>::NAN);
            // NaNs keep their payload through sign ops: these are bit operations.
            let nan = pattern(<$float>::NAN);
            let sign = pattern(-0.0);
            assert_eq!(apply(Op::Neg, &[$scalar], &[nan], $scalar).expect("defined"), nan ^ sign);
            assert_eq!(apply(Op::Abs, &[$scalar], &[nan | sign], $scalar).expect("defined"), nan & !sign);
            // Fused: (1 + e)(1 - e) - 1 = -e * e, which rounds to 0 if the product is rounded first.
            let e = <$float>::EPSILON;
            check(Op::Fma, &[1.0 + e, 1.0 - e, -1.0], -e * e);
            check(Op::MulError, &[1.0 + e, 1.0 - e], -e * e);
            check(Op::MulError, &[3.0, 5.0], 0.0);
        }
    };
}

float_tests!(float32, f32, F32);
float_tests!(float64, f64, F64);

/// Truncates and saturates, by hand.
fn cut(value: f64, scalar: ScalarType) -> u64 {
    let all = integers(scalar);
    let (low, high) = (all[0], all[all.len() - 1]);
    if value.is_nan() {
        return 0;
    }
    // Beyond any of the types; i128 holds everything below.
    let value = value.clamp(-1e30, 1e30).trunc() as i128;
    bits(scalar, value.clamp(low, high))
}

#[test]
fn conversions_between_all_pairs() {
    let convert = |from: ScalarType, bits: u64, to: ScalarType| {
        apply(Op::Convert, &[from], &[bits], to).unwrap_or_else(|error| panic!("{error}"))
    };
    for from in INTEGERS.into_iter().chain([Bool]) {
        let values = if from == Bool { vec![0, 1] } else { integers(from) };
        for value in values {
            let given = bits(from, value);
            for to in INTEGERS {
                assert_eq!(convert(from, given, to), bits(to, value), "{from:?} {value} to {to:?}");
            }
            assert_eq!(convert(from, given, Bool), (value != 0) as u64, "{from:?} {value}");
            // Rust's conversions from i128 round once, to the nearest.
            assert_eq!(convert(from, given, F64), (value as f64).to_bits(), "{from:?} {value}");
            assert_eq!(convert(from, given, F32), (value as f32).to_bits() as u64, "{from:?} {value}");
        }
    }
    for value in floats() {
        for to in INTEGERS {
            assert_eq!(convert(F64, value.to_bits(), to), cut(value, to), "{value:?} to {to:?}");
            let single = value as f32;
            let found = convert(F32, single.to_bits() as u64, to);
            assert_eq!(found, cut(single as f64, to), "{single:?} to {to:?}");
        }
        assert_eq!(convert(F64, value.to_bits(), Bool), !(value == 0.0) as u64, "{value:?}");
        assert!(Constant::same(convert(F64, value.to_bits(), F32), (value as f32).to_bits() as u64, F32));
        let single = value as f32;
        assert!(Constant::same(convert(F32, single.to_bits() as u64, F64), (single as f64).to_bits(), F64));
    }
    // Ties to even, and one rounding only: by way of float64 this would be 2^63.
    assert_eq!(convert(U64, (1 << 63) + (1 << 39) + 1, F32), ((1u64 << 63) as f32).next_up().to_bits() as u64);
    assert_eq!(convert(U64, (1 << 63) + (1 << 39), F32), ((1u64 << 63) as f32).to_bits() as u64);
    assert_eq!(convert(I64, (1 << 24) + 1, F32), 16_777_216f32.to_bits() as u64);
    // Halfway between two float32: to the even one.
    let halfway = 1.0 + f32::EPSILON as f64 / 2.0;
    assert_eq!(convert(F64, halfway.to_bits(), F32), 1f32.to_bits() as u64);
    assert_eq!(convert(F64, halfway.next_up().to_bits(), F32), 1f32.next_up().to_bits() as u64);
}

#[test]
fn bitcasts_keep_the_bits() {
    for (from, to, given, expected) in [
        (F32, I32, 0xbf80_0000, 0xffff_ffff_bf80_0000),
        (F32, U32, 0xbf80_0000, 0xbf80_0000),
        (I32, F32, 0xffff_ffff_bf80_0000, 0xbf80_0000),
        (I32, U32, u64::MAX, 0xffff_ffff),
        (F64, I64, 1 << 63, 1 << 63),
        (U64, F64, 0x7ff0_0000_0000_0001, 0x7ff0_0000_0000_0001),
    ] {
        assert_eq!(apply(Op::Bitcast, &[from], &[given], to).expect("defined"), expected, "{from:?} to {to:?}");
    }
}

#[test]
fn what_the_table_refuses_is_refused() {
    assert!(apply(Op::Add, &[F64, F32], &[0, 0], F64).is_err());
    assert!(apply(Op::Add, &[F64], &[0], F64).is_err());
    assert!(apply(Op::Bitcast, &[I16], &[0], U16).is_err());
    assert!(apply(Op::Bitcast, &[I64], &[0], Index).is_err());
    assert!(apply(Op::Div, &[I64, I64], &[1, 1], I64).is_err());
    assert!(apply(Op::Quotient, &[I64, I64], &[1, 0], I64).is_err());
}

/// Every op, with every combination of operand types that its rule takes, gives an answer in its result's type.
#[test]
fn every_op_is_total_on_its_types() {
    let all: Vec<ScalarType> = ScalarType::ALL.into_iter().chain([Index]).collect();
    let conditional = [Op::Quotient, Op::Remainder, Op::ShlInRange, Op::ShrInRange];
    let mut checked = 0;
    for info in OPS {
        for &scalar in &all {
            let mut types = vec![scalar; info.arity];
            if info.rule == TypeRule::Select {
                types[0] = Bool;
            }
            for &result in &all {
                if info.op.result_type(&types, Some(result)) != Some(result) {
                    continue;
                }
                for given in [0, 1, 5, u64::MAX, 1 << 63, 0x7ff8 << 48, 0x7fc0_0000] {
                    let operands: Vec<u64> = types.iter().map(|&scalar| Constant::canonical(given, scalar)).collect();
                    match apply(info.op, &types, &operands, result) {
                        Ok(bits) => {
                            assert_eq!(Constant::canonical(bits, result), bits, "{} {types:?} {operands:x?}", info.name)
                        }
                        Err(error) => assert!(conditional.contains(&info.op), "{error}"),
                    }
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 3000, "{checked}");
}
