//! Expressions: type and value under Numba's rules, and under `Exact`.

use super::*;
use ScalarType::*;

/// `return EXPRESSION` of parameters a, b, c under Numba's rules.
#[track_caller]
fn numba(expression: &str, arguments: &[Constant], expected: Constant) {
    check(expression, arguments, expected, Rules::Numba);
}

#[track_caller]
fn exact(expression: &str, arguments: &[Constant], expected: Constant) {
    check(expression, arguments, expected, Rules::Exact);
}

#[track_caller]
fn check(expression: &str, arguments: &[Constant], expected: Constant, rules: Rules) {
    let parameters = &["a", "b", "c"][..arguments.len()];
    let text = format!("def f({}):\n    return {expression}", parameters.join(", "));
    let result = match try_call(&text, arguments, rules) {
        Ok(result) => result,
        Err(message) => panic!("{message}"),
    };
    let same = Constant::same(result.bits, expected.bits, expected.scalar);
    assert!(
        result.scalar == expected.scalar && same,
        "{expression} of {arguments:?} is {result}: {}, not {expected}: {}",
        result.scalar,
        expected.scalar
    );
}

#[test]
fn integers_widen() {
    numba("a + b", &[int(I32, i32::MAX as i128), int(I32, 1)], i64(1 << 31));
    numba("a + b", &[int(U8, 255), int(U8, 1)], int(U64, 256));
    numba("a + b", &[i64(-1), int(U64, 1)], i64(0));
    numba("a + b", &[bool(true), bool(true)], i64(2));
    numba("a + 1", &[i64(i64::MAX)], i64(i64::MIN));
    numba("a * a", &[int(I8, -100)], i64(10000));
    // Python computes with literals before anybody gives them a type.
    numba("2**63", &[bool(true)], int(U64, 1 << 63));
    numba("2**64 - 1", &[bool(true)], int(U64, u64::MAX as i128));
    numba("2**63 - 1", &[bool(true)], i64(i64::MAX));
    numba("-(2**63)", &[bool(true)], i64(i64::MIN));
    numba("2**62 + 2**62 + a", &[int(U64, 1)], int(U64, (1 << 63) + 1));
    numba("a + 2**63", &[f64(0.0)], f64(9223372036854775808.0));
    numba("-a", &[int(U8, 1)], int(U64, 255));
    numba("-a", &[int(U32, 1)], int(U64, 4294967295));
    numba("-a", &[bool(true)], i64(-1));
    numba("~a", &[bool(true)], bool(false));
    numba("~a", &[int(I32, 5)], i64(-6));
    numba("+a", &[int(I8, 5)], i64(5));
    numba("a & b", &[bool(true), bool(false)], bool(false));
    numba("a | b", &[int(U8, 1), int(U16, 2)], int(U64, 3));
    numba("a ^ b", &[bool(true), i64(3)], i64(2));
    numba("a << b", &[int(U8, 1), i64(40)], int(U64, 1 << 40));
    numba("a << b", &[i64(1), i64(64)], i64(0));
    numba("a << b", &[i64(1), i64(-1)], i64(0));
    numba("a >> b", &[i64(-8), i64(100)], i64(-1));
    numba("abs(a)", &[int(I8, -5)], int(I8, 5));
    numba("abs(a)", &[bool(true)], int(I8, 1));
    numba("abs(a)", &[i64(i64::MIN)], i64(i64::MIN));
}

#[test]
fn floats_follow_the_table() {
    numba("a * b", &[f32(1.5), int(I16, 2)], f32(3.0));
    numba("a * b", &[f32(1.5), int(I32, 2)], f64(3.0));
    numba("a * 2.0", &[f32(1.5)], f64(3.0));
    numba("a * np.float32(2.0)", &[f32(1.5)], f32(3.0));
    numba("a / b", &[i64(1), i64(4)], f64(0.25));
    numba("a / b", &[bool(true), bool(true)], f64(1.0));
    numba("a / b", &[i64(1), i64(0)], f64(f64::INFINITY));
    numba("a ** b", &[f32(2.0), i64(3)], f32(8.0));
    numba("a + 1", &[f32(2.0)], f64(3.0));
    numba("a - 0.5", &[i64(2)], f64(1.5));
}

#[test]
fn division_floors() {
    for (a, b, quotient, remainder) in
        [(-7, 2, -4, 1), (7, -2, -4, -1), (-7, -2, 3, -1), (7, 0, 0, 0), (i64::MIN, -1, i64::MIN, 0)]
    {
        numba("a // b", &[i64(a), i64(b)], i64(quotient));
        numba("a % b", &[i64(a), i64(b)], i64(remainder));
        numba("divmod(a, b)[0]", &[i64(a), i64(b)], i64(quotient));
    }
    numba("a // b", &[f64(-7.5), f64(2.0)], f64(-4.0));
    numba("a % b", &[f64(-7.5), f64(2.0)], f64(0.5));
    numba("a % b", &[f64(5.0), i64(-3)], f64(-1.0));
    numba("math.fmod(a, b)", &[f64(5.0), i64(-3)], f64(2.0));
    numba("a // b", &[int(U8, 7), int(U8, 2)], int(U64, 3));
}

#[test]
fn powers() {
    numba("a ** 2", &[int(I32, 100_000)], i64(10_000_000_000));
    numba("a ** 3", &[f64(1.1)], f64((1.1f64 * 1.1) * 1.1));
    numba("a ** -2", &[f64(2.0)], f64(0.25));
    numba("a ** 0", &[f64(0.0)], f64(1.0));
    numba("a ** -1", &[i64(2)], i64(0));
    numba("a ** b", &[i64(3), i64(5)], i64(243));
    numba("a ** b", &[i64(-1), i64(-3)], i64(-1));
    numba("a ** b", &[i64(1), i64(-4)], i64(1));
    numba("a ** b", &[i64(2), i64(-4)], i64(0));
    numba("a ** b", &[int(U8, 2), int(U8, 63)], int(U64, 1 << 63));
    numba("a ** 2", &[int(U8, 16)], i64(256));
    numba("a ** np.uint8(2)", &[int(U8, 16)], int(U64, 256));
    numba("a ** 0.5", &[f64(2.0)], f64(std::f64::consts::SQRT_2));
    numba("a ** 0.5", &[f64(-0.0)], f64(0.0));
    numba("a ** 0.5", &[f64(f64::NEG_INFINITY)], f64(f64::INFINITY));
    numba("a ** 2.0", &[f64(3.0)], f64(9.0));
    numba("a ** b", &[f64(2.0), f64(10.0)], f64(1024.0));
    numba("pow(a, 2)", &[i64(7)], i64(49));
    numba("np.power(a, b)", &[int(I8, 3), int(I8, 3)], int(I8, 27));
    numba("math.pow(a, b)", &[f32(2.0), f32(3.0)], f32(8.0));
    numba("math.pow(a, b)", &[i64(2), i64(3)], f64(8.0));
    numba("math.pow(a, b)", &[f32(2.0), int(U8, 3)], f64(8.0));
    numba("math.pow(a, b)", &[int(U8, 2), f32(3.0)], f32(8.0));
    numba("math.pow(a, b)", &[f32(2.0), bool(true)], f32(2.0));
    numba("np.float_power(a, b)", &[f32(2.0), f32(3.0)], f64(8.0));
    exact("a ** 2", &[int(I32, 100_000)], int(I32, 100_000i32.wrapping_mul(100_000) as i128));
    exact("a ** 3", &[f32(2.0)], f32(8.0));
    exact("a ** b", &[int(U32, 3), int(U32, 4)], int(U32, 81));
}

#[test]
fn comparisons_are_of_numbers() {
    numba("a < b", &[i64(-1), int(U64, 1)], bool(true));
    numba("a == b", &[i64(-1), int(U64, u64::MAX as i128)], bool(false));
    numba("a > b", &[int(U64, u64::MAX as i128), int(I8, -1)], bool(true));
    numba("a != b", &[int(U64, 3), int(I8, 3)], bool(false));
    numba("a <= b", &[int(U64, 3), int(I8, -3)], bool(false));
    numba("a < b", &[int(U8, 200), int(I8, -1)], bool(false));
    numba("1 < a < 3", &[i64(2)], bool(true));
    numba("1 < a < 3", &[i64(3)], bool(false));
    numba("a < 0.1", &[f32(0.1)], bool(false));
    numba("a == 16777217", &[f32(16777216.0)], bool(false));
    numba("a == 0.5", &[i64(0)], bool(false));
    numba("a in (1, 2, 3)", &[i64(2)], bool(true));
    numba("a not in (1, 2, 3)", &[i64(2)], bool(false));
    numba("a != a", &[f64(f64::NAN)], bool(true));
    numba("a == b", &[bool(true), i64(1)], bool(true));
}

#[test]
fn logic_gives_operands() {
    numba("a and b", &[i64(2), i64(5)], i64(5));
    numba("a and b", &[i64(0), i64(5)], i64(0));
    numba("a or b", &[i64(0), i64(5)], i64(5));
    numba("a or b", &[i64(2), f64(0.5)], f64(2.0));
    numba("not a", &[f64(0.0)], bool(true));
    numba("a > 0 and b > 0 or c > 0", &[i64(0), i64(1), i64(1)], bool(true));
    numba("a if b else c", &[i64(1), bool(false), f64(2.5)], f64(2.5));
    numba("1 if a > 0 else 2.5", &[i64(1)], f64(1.0));
    // The right side is not evaluated: its index would be out of bounds.
    numba("a < 3 and (10, 20, 30)[a] > 15", &[i64(7)], bool(false));
    numba("a < 3 and (10, 20, 30)[a] > 15", &[i64(1)], bool(true));
    numba("math.exp(a) if a < 1 else 0", &[f64(0.0)], f64(1.0));
}

#[test]
fn builtins() {
    numba("min(a, b)", &[i64(1), f64(2.5)], f64(1.0));
    numba("max(a, b)", &[f64(f64::NAN), f64(1.0)], f64(f64::NAN));
    numba("max(a, b)", &[f64(1.0), f64(f64::NAN)], f64(1.0));
    numba("max(a, 5, b)", &[i64(1), i64(9)], i64(9));
    numba("min((a, b))", &[int(I8, -3), int(U8, 200)], int(I16, -3));
    numba("int(a)", &[f64(-2.7)], i64(-2));
    numba("int(a)", &[f64(f64::NAN)], i64(0));
    numba("int(a)", &[f64(1e20)], i64(i64::MAX));
    numba("int(a)", &[int(I32, 3)], int(I32, 3));
    numba("float(a)", &[i64(3)], f64(3.0));
    numba("float(a)", &[f32(3.0)], f32(3.0));
    numba("bool(a)", &[f64(0.0)], bool(false));
    numba("round(a)", &[f64(2.5)], i64(2));
    numba("round(a)", &[f64(-3.5)], i64(-4));
    numba("round(a, 2)", &[f64(2.346)], f64(2.35));
    numba("round(a)", &[int(U8, 3)], i64(3));
    numba("round(a, 1)", &[int(I32, 3)], f64(3.0));
    numba("np.negative(a)", &[bool(true)], int(I8, -1));
    numba("round(a, 1)", &[f64(f64::INFINITY)], f64(f64::INFINITY));
    numba("np.uint8(a)", &[i64(300)], int(U8, 44));
    numba("np.int8(a)", &[i64(200)], int(I8, -56));
    numba("numba.float32(a)", &[f64(0.1)], f32(0.1));
    numba("numba.types.int16(a)", &[f64(-2.5)], int(I16, -2));
    numba("len((1, 2, 3)) + a", &[i64(1)], i64(4));
    numba("sum((a, b, 3))", &[i64(1), i64(2)], i64(6));
}

#[test]
fn math_and_numpy() {
    numba("math.sqrt(a)", &[i64(9)], f64(3.0));
    numba("math.sqrt(a)", &[f32(9.0)], f32(3.0));
    numba("math.sqrt(a)", &[f64(-1.0)], f64(f64::NAN));
    numba("math.floor(a)", &[f64(-1.5)], i64(-2));
    numba("math.floor(a)", &[int(U64, 5)], int(U64, 5));
    numba("math.ceil(a)", &[f32(1.5)], i64(2));
    numba("math.trunc(a)", &[f64(-1.5)], i64(-1));
    numba("np.floor(a)", &[f32(-1.5)], f32(-2.0));
    numba("np.floor(a)", &[int(I32, 3)], int(I32, 3));
    numba("np.rint(a)", &[f64(0.5)], f64(0.0));
    numba("np.sqrt(a)", &[int(I8, 4)], f32(2.0));
    numba("np.sqrt(a)", &[int(I32, 4)], f64(2.0));
    numba("np.add(a, b)", &[int(I8, 100), int(I8, 100)], int(I8, -56));
    numba("np.add(a, b)", &[i64(1), int(U64, 2)], f64(3.0));
    numba("np.multiply(a, b)", &[f32(1.5), i64(2)], f32(3.0));
    numba("np.divide(a, b)", &[int(I8, 1), int(I8, 2)], f32(0.5));
    numba("np.divide(a, b)", &[int(I32, 1), int(I8, 2)], f64(0.5));
    numba("np.divide(a, b)", &[int(U16, 1), int(I8, 2)], f32(0.5));
    numba("np.subtract(a, b)", &[bool(false), bool(true)], int(I8, -1));
    numba("np.fmod(a, b)", &[i64(i64::MIN), i64(3)], i64(-2));
    numba("np.fmod(a, b)", &[int(I8, 7), int(I8, -4)], int(I8, 3));
    numba("np.mod(a, b)", &[i64(-7), i64(2)], i64(1));
    numba("np.maximum(a, b)", &[f64(f64::NAN), f64(1.0)], f64(f64::NAN));
    numba("np.fmax(a, b)", &[f64(f64::NAN), f64(1.0)], f64(1.0));
    numba("np.minimum(a, b)", &[int(I8, -1), int(U8, 200)], int(I16, -1));
    numba("np.where(a, b, c)", &[bool(true), i64(1), f64(2.5)], f64(1.0));
    numba("np.clip(a, 0, 10)", &[i64(50)], i64(10));
    numba("np.sign(a)", &[f64(-2.5)], f64(-1.0));
    numba("np.sign(a)", &[i64(0)], i64(0));
    numba("np.square(a)", &[int(I16, 300)], int(I16, 300i16.wrapping_mul(300) as i128));
    numba("np.reciprocal(a)", &[f64(4.0)], f64(0.25));
    numba("np.abs(a)", &[f32(-1.0)], f32(1.0));
    numba("math.fabs(a)", &[i64(-3)], f64(3.0));
    numba("np.isnan(a)", &[f64(f64::NAN)], bool(true));
    numba("np.isfinite(a)", &[f64(f64::INFINITY)], bool(false));
    numba("math.isinf(a)", &[i64(1)], bool(false));
    numba("np.signbit(a)", &[f64(-0.0)], bool(true));
    numba("math.copysign(a, b)", &[f64(3.0), f64(-0.0)], f64(-3.0));
    numba("math.copysign(a, b)", &[int(I8, 3), int(U8, 1)], f32(3.0));
    numba("math.copysign(a, b)", &[int(U16, 3), int(U8, 1)], f64(3.0));
    numba("np.copysign(a, b)", &[int(U16, 3), int(I16, -1)], f32(-3.0));
    numba("np.round(a)", &[f32(2.5)], f64(2.0));
    numba("np.round(a, 1)", &[f32(2.25)], f64(2.2));
    numba("np.around(a)", &[int(U8, 7)], i64(7));
    numba("np.round(a)", &[int(U64, 7)], f64(7.0));
    numba("np.conjugate(a)", &[f32(-2.5)], f32(-2.5));
    numba("np.conj(a)", &[bool(true)], int(I8, 1));
    numba("np.logical_and(a, b)", &[i64(2), f64(0.0)], bool(false));
    numba("np.bitwise_xor(a, b)", &[int(U8, 5), int(U8, 1)], int(U8, 4));
    numba("np.left_shift(a, b)", &[int(I32, 1), int(I32, 4)], int(I32, 16));
    numba("np.greater(a, b)", &[i64(2), f64(1.5)], bool(true));
    numba("math.cos(a) * 0 + math.sin(b)", &[f64(1.0), f64(0.0)], f64(0.0));
    numba("np.sin(a)", &[int(I16, 0)], f32(0.0));
    numba("np.exp(a)", &[i64(0)], f64(1.0));
    numba("math.exp(a)", &[f32(0.0)], f32(1.0));
    numba("math.atan2(a, b)", &[i64(0), i64(1)], f64(0.0));
    numba("math.pi", &[i64(1)], f64(std::f64::consts::PI));
    numba("math.degrees(a)", &[f64(std::f64::consts::PI)], f64(180.0));
    numba("-np.inf", &[i64(1)], f64(f64::NEG_INFINITY));
}

#[test]
fn exact_keeps_types() {
    exact("a + b", &[int(I8, 100), int(I8, 100)], int(I8, -56));
    exact("a * 0.1", &[f32(1.0)], f32(0.1));
    exact("2 * a + 1", &[f32(1.5)], f32(4.0));
    exact("a + 1", &[int(U8, 255)], int(U8, 0));
    // Rounded once from the text; through float64 it would be 1.0.
    exact("a * 1.00000005960464477540", &[f32(1.0)], f32(1.0000001));
    exact("math.pi * a", &[f32(1.0)], f32(std::f32::consts::PI));
    exact("select(a > 0, a, 0)", &[int(I32, -5)], int(I32, 0));
    exact("bitcast(uint32, a)", &[f32(1.0)], int(U32, 0x3f800000));
    exact("bitcast(float64, 0x7ff0000000000000)", &[f32(1.0)], f64(f64::INFINITY));
    exact("float32(int32(a))", &[f64(2.75)], f32(2.0));
    exact("uint32(a) >> 31", &[int(I32, -1)], int(U32, 1));
    exact("mul_exact(a, a)[1]", &[f64(1.0 + 1.0 / 67108864.0 / 8.0)], f64(2f64.powi(-58)));
    exact("copysign(rint(a), -1.0)", &[f64(2.5)], f64(-2.0));
    exact("min(a, 0.0) + max(a, 1)", &[f32(0.5)], f32(1.0));
    exact("1 + 2", &[f32(1.0)], i64(3));
    exact("1 / 2", &[f32(1.0)], f64(0.5));
    exact("(a & 1) == 1 and not isnan(b)", &[int(U8, 3), f64(1.0)], bool(true));
    exact("-a", &[int(U8, 1)], int(U8, 255));
    exact("math.sqrt(a)", &[f32(4.0)], f32(2.0));
    exact("int(a) + len((1, 2))", &[f32(4.0)], i64(6));
}

#[test]
fn the_signature_asks_for_a_type() {
    let text = "def f(a):\n    return a * 2.5\n";
    let module = python::parse(&Source::new("kernel.py", text)).unwrap();
    let options = Options { rules: Rules::Numba, fastmath: false };
    let arguments = scalars(&[F64]);
    let typed = infer(&module, "f", &arguments, Some(I64), &Relative::default(), &options).unwrap();
    verify(&typed.module).unwrap();
    assert_eq!(run(&typed, &[Argument::Scalar(3.0f64.to_bits())], &mut []).unwrap(), i64(7));
}

#[test]
fn fastmath_flags_stand_on_the_users_ops_alone() {
    use numbra_front::ir::{Expression, FloatFlags, Statement};
    let text = "import math\ndef f(a):\n    return math.exp(a) * a\n";
    let module = python::parse(&Source::new("kernel.py", text)).unwrap();
    let options = Options { rules: Rules::Numba, fastmath: true };
    let typed = infer(&module, "f", &scalars(&[F64]), None, &Relative::default(), &options).unwrap();
    for function in &typed.module.functions {
        function.body.walk(&mut |statement| {
            if let Statement::Let { value, expression: Expression::Apply { flags, .. } } = statement
                && function.scalar(*value).is_float()
            {
                let expected = if function.name == "f" { FloatFlags::FAST } else { FloatFlags::STRICT };
                assert_eq!(*flags, expected, "{}", function.name);
            }
        });
    }
    assert!(typed.module.function("numbra.exp.f64").is_some());
}

#[test]
fn widening_literals_are_warned_of() {
    let warnings = |body: &str| {
        let typed =
            typed(&format!("def f(a):\n    return {body}"), &scalars(&[F32]), Rules::Numba, &Relative::default());
        typed.unwrap().warnings
    };
    let found = warnings("a * 0.25 + a * 0.25");
    assert_eq!(found.len(), 2);
    assert!(found[0].help.as_ref().unwrap().contains("np.float32(0.25)"));
    assert!(warnings("a * np.float32(0.25)").is_empty());
    assert!(warnings("a < 0.25").is_empty());
    assert!(warnings("a * a").is_empty());
}

/// Python's `round(x, n)`: the decimal of so many digits that is nearest to the number, whatever its size.
#[test]
fn rounding_to_digits_is_pythons() {
    let rows = [
        ("2", 3061040371728385.0, 3061040371728385.0),
        ("1", 6.2768919806476296e16, 6.2768919806476296e16),
        ("2", 2.675, 2.67),
        ("1", 0.15, 0.1),
        ("2", 1.005, 1.0),
        ("0", 0.5, 0.0),
        ("0", -2.5, -2.0),
        ("1", -0.04, -0.0),
        ("22", 5e-23, 1e-22),
        ("23", 2f64.powi(-24), 5.960464477539062e-08),
        ("320", 9.023849378935e-309, 9.02384937893e-309),
        ("323", 5e-324, 0.0),
        ("1000", 0.1, 0.1),
        ("-1", 25.0, 20.0),
        ("-2", 1.2345678e300, 1.2345678e300),
        ("-22", 5e21, 0.0),
        ("-25", 1.5e25, 2e25),
        ("-300", 1.5e300, 2e300),
        ("-309", -1e308, -0.0),
        ("3", f64::INFINITY, f64::INFINITY),
        ("-309", f64::NAN, f64::NAN),
    ];
    for (digits, number, expected) in rows {
        let expression = format!("round(a, {digits})");
        numba(&expression, &[f64(number)], f64(expected));
        exact(&expression, &[f64(number)], f64(expected));
        let digits: i64 = digits.parse().expect("a number");
        numba("round(a, b)", &[f64(number), i64(digits)], f64(expected));
        exact("round(a, b)", &[f64(number), int(I16, digits as i128)], f64(expected));
    }
    for (digits, number, expected) in [
        ("2", 2.675f32, 2.67f32),
        ("11", 1.6e-11, 2e-11),
        ("44", 7e-45, 1e-44),
        ("-11", 1.6e11, 2e11),
        ("-39", 1e38, 0.0),
    ] {
        numba(&format!("round(a, {digits})"), &[f32(number)], f32(expected));
        numba("round(a, b)", &[f32(number), int(I32, digits.parse().expect("a number"))], f32(expected));
    }
    numba("round(a, b)", &[f64(0.15), int(U64, u64::MAX as i128)], f64(0.15));
    numba("round(a, b)", &[f64(-0.15), i64(i64::MIN)], f64(-0.0));
    numba("round(a, b)", &[f64(2.5), int(Bool, 0)], f64(2.0));
    numba("round(a, b)", &[f64(2.25), int(Bool, 1)], f64(2.2));
    numba("round(a, -1)", &[i64(25)], f64(20.0));
    exact("round(a, -1)", &[i64(-25)], i64(-20));
    exact("round(a, -3)", &[int(I8, 127)], int(I8, 0));
    numba("round(a, b)", &[i64(25), i64(-1)], f64(20.0));
    for (scalar, number, digits, expected) in [
        (I64, 25, -1, 20),
        (I64, -25, -1, -20),
        (I64, 35, -1, 40),
        (I64, -15, -1, -20),
        (I64, 7, 3, 7),
        (I64, 7, 0, 7),
        (I64, 4_500_000_000_000_000_001, -18, 5_000_000_000_000_000_000),
        (I64, 5_000_000_000_000_000_000, -19, 0),
        (I64, 5_000_000_000_000_000_001, -19, 10i128.pow(19) - (1 << 64)),
        (I64, -5_000_000_000_000_000_001, -19, (1 << 64) - 10i128.pow(19)),
        (I64, i64::MAX as i128, -20, 0),
        (U64, u64::MAX as i128, -19, 20_000_000_000_000_000_000 - (1 << 64)),
        (U64, u64::MAX as i128, -20, 0),
        (U16, 50_001, -5, 100_000 - (1 << 16)),
        (U16, 50_000, -5, 0),
        (I8, 127, -2, 100),
        (I8, -50, -2, 0),
        (I8, 127, -3, 0),
    ] {
        exact("round(a, b)", &[int(scalar, number), int(I32, digits)], int(scalar, expected));
        exact("np.round(a, b)", &[int(scalar, number), int(I32, digits)], int(scalar, expected));
    }
}

/// NumPy's scales, rounds and scales back; what has no digits left to round stays.
#[test]
fn numpys_rounding_leaves_whole_numbers() {
    numba("np.round(a, 1)", &[f64(0.15)], f64(0.2));
    numba("np.round(a, 2)", &[f64(2.675)], f64(2.68));
    numba("np.round(a, 2)", &[f64(3061040371728385.0)], f64(3061040371728385.0));
    numba("np.round(a, 1)", &[f64(6.2768919806476296e16)], f64(6.2768919806476296e16));
    numba("np.round(a, 20)", &[f64(1e300)], f64(1e300));
    numba("np.round(a, -2)", &[f64(1234.5)], f64(1200.0));
    numba("np.round(a, -400)", &[f64(-1234.5)], f64(-0.0));
    for (number, digits, expected) in [
        (0.15, 1, 0.2),
        (2.675, 2, 2.68),
        (3061040371728385.0, 2, 3061040371728385.0),
        (1e300, 20, 1e300),
        (0.1, 309, 0.1),
        (0.1, 2000, 0.1),
        (1234.5, -2, 1200.0),
        (-1234.5, -400, -0.0),
        (f64::NAN, -400, f64::NAN),
        (f64::INFINITY, -400, f64::INFINITY),
        (f64::INFINITY, 2, f64::INFINITY),
        (-0.4, 0, -0.0),
    ] {
        numba("np.round(a, b)", &[f64(number), i64(digits)], f64(expected));
        numba("np.around(a, decimals=b)", &[f64(number), i64(digits)], f64(expected));
    }
    exact("np.round(a, b)", &[f32(2.675), int(I32, 2)], f32(2.68));
    numba("np.round(a, decimals=-1)", &[int(I32, -6)], i64(-10));
    numba("np.round(a, -1)", &[i64(25)], i64(20));
    exact("np.round(a, 1)", &[f32(16777215.0)], f32(16777215.0));
}

#[test]
fn numpys_functions_of_integers_take_constants_as_they_are() {
    numba("np.left_shift(a, 1)", &[int(U64, (1 << 63) + 5)], int(U64, 10));
    numba("np.right_shift(a, 1)", &[int(U64, u64::MAX as i128)], int(U64, (1 << 63) - 1));
    numba("np.bitwise_and(a, 1)", &[int(U64, (1 << 63) + 5)], int(U64, 1));
    numba("np.bitwise_or(1, a)", &[int(U64, 1 << 63)], int(U64, (1 << 63) + 1));
    numba("np.bitwise_xor(a, True)", &[int(U64, 2)], int(U64, 3));
    numba("np.gcd(a, 12)", &[int(U64, 18)], int(U64, 6));
    // What Numba has a type for keeps it.
    numba("np.left_shift(a, 1)", &[int(I32, 5)], i64(10));
    numba("np.bitwise_and(a, 1)", &[int(U8, 201)], i64(1));
    numba("np.add(a, 1)", &[int(U64, 5)], f64(6.0));
}

#[test]
fn functions_of_integers() {
    numba("math.gcd(a, b)", &[i64(-12), int(I32, 18)], i64(6));
    numba("math.gcd(a, b)", &[int(U64, 12), int(I32, 18)], i64(6));
    numba("math.gcd(a, b)", &[int(I8, 0), int(I8, 0)], int(I8, 0));
    numba("math.gcd(a, b, c)", &[i64(12), i64(18), i64(27)], i64(3));
    numba("math.lcm(a, b)", &[i64(-4), i64(6)], i64(12));
    numba("np.gcd(a, b)", &[int(U8, 200), int(I8, -120)], int(I16, 40));
    numba("np.gcd(a, b)", &[i64(i64::MIN), i64(0)], i64(i64::MIN));
    numba("np.gcd(a, b)", &[bool(true), bool(true)], int(I8, 1));
    numba("np.lcm(a, b)", &[i64(0), i64(0)], i64(0));
    numba("np.lcm(a, b)", &[int(I8, 100), int(I8, 7)], int(I8, -68));
    numba("math.isqrt(a)", &[i64(i64::MAX)], i64(3037000499));
    numba("math.isqrt(a)", &[int(U64, u64::MAX as i128)], int(U64, 4294967295));
    exact("math.isqrt(a)", &[int(I32, 99)], int(I32, 9));
    numba("math.factorial(a)", &[int(I8, 20)], i64(2432902008176640000));
    numba("math.factorial(a)", &[bool(false)], i64(1));
    numba("math.perm(a)", &[int(U64, 5)], i64(120));
    numba("math.perm(a, b)", &[i64(2097152), int(U8, 3)], i64(9223358842719436800));
    numba("math.perm(a, b)", &[i64(20), i64(20)], i64(2432902008176640000));
    numba("math.perm(a, b)", &[i64(3), i64(4)], i64(0));
    numba("math.comb(a, b)", &[i64(66), i64(33)], i64(7219428434016265740));
    numba("math.comb(a, b)", &[i64(i64::MAX), i64(1)], i64(i64::MAX));
    numba("math.comb(a, b)", &[int(U64, u64::MAX as i128), i64(0)], i64(1));
    numba("math.comb(a, b)", &[int(U64, u64::MAX as i128), int(U64, u64::MAX as i128)], i64(1));
    numba("math.comb(a, b)", &[i64(4294967296), i64(4294967294)], i64(9223372034707292160));
    numba("math.comb(a, b)", &[i64(3), i64(4)], i64(0));
    for (body, arguments, said) in [
        ("math.factorial(a)", vec![i64(-1)], "ValueError: factorial() not defined for negative values"),
        ("math.perm(a)", vec![int(I8, -1)], "ValueError: factorial() not defined for negative values"),
        (
            "math.factorial(a)",
            vec![int(U64, u64::MAX as i128)],
            "OverflowError: factorial() result does not fit in int64",
        ),
        ("math.comb(a, b)", vec![i64(-1), i64(-1)], "ValueError: n must be a non-negative integer"),
        ("math.perm(a, b)", vec![int(U64, 1), i64(-1)], "ValueError: k must be a non-negative integer"),
        ("math.comb(a, b)", vec![i64(67), i64(33)], "OverflowError: comb() result does not fit in int64"),
        ("math.comb(a, b)", vec![int(U64, 1 << 63), i64(1)], "OverflowError: comb() result does not fit in int64"),
        ("math.perm(a, b)", vec![i64(2097154), i64(3)], "OverflowError: perm() result does not fit in int64"),
    ] {
        let parameters = if arguments.len() == 2 { "a, b" } else { "a" };
        let text = format!("import math\ndef f({parameters}):\n    return {body}\n");
        assert_eq!(try_call(&text, &arguments, Rules::Numba).unwrap_err(), said, "{body}");
    }
    numba("np.bitwise_count(a)", &[int(I8, -128)], int(U8, 1));
    numba("np.bitwise_count(a)", &[i64(-7)], int(U8, 3));
    numba("np.bitwise_count(a)", &[int(U64, u64::MAX as i128)], int(U8, 64));
}

#[test]
fn parts_of_floats() {
    numba("math.frexp(a)[0]", &[f64(-6.0)], f64(-0.75));
    numba("math.frexp(a)[1]", &[f64(-6.0)], int(I32, 3));
    numba("np.frexp(a)[0]", &[f32(1e-45)], f32(0.5));
    numba("math.frexp(a)[1]", &[f64(5e-324)], int(I32, -1073));
    numba("math.frexp(a)[1]", &[f64(f64::INFINITY)], int(I32, 0));
    numba("math.modf(a)[0]", &[f64(-2.75)], f64(-0.75));
    numba("np.modf(a)[1]", &[f32(-2.75)], f32(-2.0));
    numba("math.modf(a)[0]", &[f64(f64::NEG_INFINITY)], f64(-0.0));
    numba("math.ldexp(a, b)", &[f32(2.5), i64(3)], f32(20.0));
    numba("math.ldexp(a, b)", &[f64(1.5), i64(i64::MIN)], f64(0.0));
    numba("np.ldexp(a, b)", &[f64(-1.5), int(U64, 1 << 63)], f64(f64::NEG_INFINITY));
    // 1.5 times the smallest number is halfway between two: to the even one.
    numba("math.ldexp(a, -1074)", &[f64(1.5)], f64(1e-323));
    numba("math.ldexp(a, -1)", &[f64(5e-324)], f64(0.0));
    numba("math.ldexp(a, 2000)", &[f64(5e-324)], f64(2f64.powi(926)));
    numba("math.ulp(a)", &[f64(-1.0)], f64(f64::EPSILON));
    numba("math.ulp(a)", &[f32(0.0)], f32(1e-45));
    numba("np.i0(a)", &[f32(0.0)], f32(1.0));
    numba("np.i0(a)", &[int(I32, 0)], f64(1.0));
    numba("np.isreal(a)", &[f32(f32::NAN)], bool(true));
    numba("np.iscomplex(a)", &[i64(1)], bool(false));
    numba("np.spacing(a)", &[f64(-1.0)], f64(-f64::EPSILON));
    numba("np.spacing(a)", &[f64(f64::MAX)], f64(f64::INFINITY));
    numba("np.spacing(a)", &[f64(f64::INFINITY)], f64(f64::NAN));
    numba("math.nextafter(a, b)", &[f64(1.0), f64(0.0)], f64(1.0 - f64::EPSILON / 2.0));
    numba("np.nextafter(a, b)", &[f32(0.0), f32(-1.0)], f32(-1e-45));
    numba("math.nextafter(a, b)", &[f64(0.0), f64(-0.0)], f64(-0.0));
    numba("np.nextafter(a, b)", &[f64(f64::MAX), f64(f64::INFINITY)], f64(f64::INFINITY));
    numba("np.heaviside(a, b)", &[f64(-0.0), f64(0.25)], f64(0.25));
    numba("np.heaviside(a, b)", &[f32(f32::NAN), f32(0.25)], f32(f32::NAN));
    numba("math.remainder(a, b)", &[f64(7.0), i64(2)], f64(-1.0));
    numba("math.remainder(a, b)", &[f64(5.0), f64(2.0)], f64(1.0));
    numba("math.remainder(a, b)", &[f64(-4.0), f64(2.0)], f64(-0.0));
    numba("math.remainder(a, b)", &[f64(1e308), f64(1.5e308)], f64(-5e307));
    numba("math.remainder(a, b)", &[f64(3.0), f64(f64::INFINITY)], f64(3.0));
    numba("math.remainder(a, b)", &[f64(3.0), f64(0.0)], f64(f64::NAN));
}

#[test]
fn comparisons_and_classes() {
    numba("math.isclose(a, b)", &[f64(1.0), f64(1.0 + 9e-10)], bool(true));
    numba("math.isclose(a, b, rel_tol=1e-12)", &[f64(1.0), f64(1.0 + 1e-9)], bool(false));
    numba("math.isclose(a, b, abs_tol=1e-3)", &[f64(0.0), f64(1e-4)], bool(true));
    numba("np.isclose(a, b)", &[f64(f64::INFINITY), f64(f64::INFINITY)], bool(true));
    numba("np.isclose(a, b)", &[f64(1.0), f64(f64::INFINITY)], bool(false));
    numba("np.isclose(a, b, 0.5, 0.0)", &[f32(1.0), f32(2.0)], bool(true));
    exact("np.isclose(a, b, atol=1)", &[f32(1.0), f32(1.5)], bool(true));
    numba("np.isposinf(a)", &[f64(f64::INFINITY)], bool(true));
    numba("np.isneginf(a)", &[f32(f32::INFINITY)], bool(false));
    numba("np.isneginf(a)", &[i64(1)], bool(false));
    numba("np.nan_to_num(a)", &[f64(f64::NAN)], f64(0.0));
    numba("np.nan_to_num(a)", &[f32(f32::NEG_INFINITY)], f64(-f64::MAX));
    numba("np.nan_to_num(a)", &[int(I32, 3)], int(I32, 3));
    numba("np.real(a)", &[f32(2.5)], f32(2.5));
    numba("np.imag(a)", &[int(I32, 3)], int(I32, 0));
    numba("np.angle(a)", &[f64(-2.0)], f64(std::f64::consts::PI));
}
