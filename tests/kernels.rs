//! Kernels as users write them: the interpreter after every stage and for every target, every device, and every judge
//! of what the back ends emit, on the same data.

use numbra::array::{Element, HostArray};
use numbra::front::interp::Limits;
use numbra::front::types::ScalarType;
use numbra::{Input, Kernel, Program};
use numbra_tests::call::{Agreement, Call, CallArgument, Outcome};
use numbra_tests::{compare::assert_same, devices, lowerings, open, stages};
use std::sync::Arc;

/// How close software Vulkan must come: the same bits for what is exact, else ULPs.
const EXACT: u64 = 0;

fn array<T: Element>(shape: &[usize], elements: &[T]) -> Arc<HostArray> {
    Arc::new(HostArray::from_slice(shape, elements).unwrap())
}

/// Runs a kernel everywhere; gives the interpreter's result.
fn everywhere(text: &str, inputs: &[Arc<HostArray>], vulkan_ulps: u64) -> HostArray {
    let header = "import math\nimport numpy as np\nimport numba\nfrom numba import vectorize, stencil\n";
    let program = Program::parse("kernel.py", &format!("{header}{text}")).unwrap_or_else(|error| panic!("{error}"));
    let name = program.kernels().pop().expect("a kernel");
    let kernel = program.kernel(&name).unwrap_or_else(|error| panic!("{error}"));
    let arguments: Vec<Input> = inputs.iter().cloned().map(Input::Host).collect();
    let call = |device: &Arc<dyn numbra::device::Device>| match &kernel {
        Kernel::Vectorize(kernel) => kernel.call(device, &arguments),
        Kernel::Stencil(kernel) => kernel.call(device, &arguments),
    };
    let expected = call(&open("interp")).unwrap_or_else(|error| panic!("{error}"));
    let types: Vec<ScalarType> = inputs.iter().map(|input| input.scalar()).collect();
    let module = match &kernel {
        Kernel::Vectorize(kernel) => kernel.module_for(&types, None),
        Kernel::Stencil(kernel) => kernel.module_for(&kernel.argument_types(&arguments)),
    };
    let module = module.unwrap_or_else(|error| panic!("{error}"));
    let arguments = inputs.iter().cloned().map(CallArgument::whole).collect();
    let plain = Call { arguments, scalar: expected.scalar(), shape: expected.shape().to_vec() };
    let outcome = Outcome::Done(expected.clone());
    stages::compare(&module, &plain, &Limits::NONE, &outcome).unwrap_or_else(|error| panic!("{name}: {error}"));
    let cuda = lowerings::run_cuda_form(&module, &plain).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(cuda.difference(&outcome, Agreement::Full), None, "{name}: cuda on the host");
    lowerings::judge(&name, &module);
    for device in devices() {
        let got = call(&device).unwrap_or_else(|error| panic!("{}: {error}", device.name()));
        let ulps = if device.name().starts_with("vulkan") { vulkan_ulps } else { 0 };
        assert_same(&format!("{name} on {}", device.name()), &got, &expected, ulps);
    }
    expected
}

/// Floats of all sizes around 1, of both signs.
fn floats(count: usize) -> Vec<f64> {
    let mut state = 0x9e3779b97f4a7c15u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    (0..count).map(|_| (next() as i64 as f64 / i64::MAX as f64) * 10f64.powi((next() % 9) as i32 - 4)).collect()
}

fn floats32(count: usize) -> Vec<f32> {
    floats(count).into_iter().map(|value| value as f32).collect()
}

fn integers<T: TryFrom<i64>>(low: i64, high: i64, count: usize) -> Vec<T> {
    let span = (high - low + 1) as u64;
    (0..count as u64)
        .map(|i| low + (i.wrapping_mul(0x9e3779b97f4a7c15) >> 17).rem_euclid(span) as i64)
        .filter_map(|value| T::try_from(value).ok())
        .collect()
}

#[test]
fn seed_001_wave() {
    let x = floats(300);
    let y: Vec<f64> = floats(600)[300..].to_vec();
    let text = "@vectorize\ndef f(x, y):\n    return np.cos(x**2 + y**2) / (1 + x**2 + y**2)\n";
    let result = everywhere(text, &[array(&[300], &x), array(&[300], &y)], 2);
    for ((x, y), got) in x.iter().zip(&y).zip(result.as_slice::<f64>().unwrap()) {
        let square = x * x + y * y;
        let expected = square.cos() / (1.0 + x * x + y * y);
        assert!((got - expected).abs() <= 4e-16 * expected.abs().max(1e-3) + 1e-18, "{x} {y}: {got} {expected}");
    }
}

#[test]
fn early_returns_loops_and_branches() {
    let text = "
@vectorize
def collatz(n):
    steps = 0
    while n != 1:
        if steps >= 200:
            return -1
        if n % 2 == 0:
            n = n // 2
        else:
            n = 3 * n + 1
        steps += 1
    return steps
";
    let n: Vec<i64> = (1..200).collect();
    let result = everywhere(text, &[array(&[199], &n)], EXACT);
    assert_eq!(result.as_slice::<i64>().unwrap()[..9], [0, 1, 7, 2, 5, 8, 16, 3, 19]);
}

#[test]
fn for_loops_with_else_break_continue() {
    let text = "
@vectorize
def smallest_divisor(n):
    for d in range(2, 100):
        if d * d > n:
            break
        if d == 3:
            continue
        if n % d == 0:
            return d
    else:
        return -1
    return n
";
    let n: Vec<i64> = (2..300).collect();
    let result = everywhere(text, &[array(&[298], &n)], EXACT);
    let values = result.as_slice::<i64>().unwrap();
    assert_eq!((values[0], values[2], values[23], values[33 - 2]), (2, 2, 5, 33));
}

#[test]
fn integer_arithmetic_of_every_width() {
    let text = "@vectorize\ndef f(a, b):\n    return (a * b - a) // b + a % b + (a << 3) + (a >> 2) + (a & b) - (a | b) + (a ^ 5)\n";
    let extreme = [i64::MIN, i64::MAX, -1, 0, 1, 2, 63, 64];
    let mut a: Vec<i64> = integers(-1000, 1000, 100);
    let mut b: Vec<i64> = integers(-20, 20, 150)[50..].to_vec();
    for x in extreme {
        for y in extreme {
            a.push(x);
            b.push(y);
        }
    }
    everywhere(text, &[array(&[a.len()], &a), array(&[b.len()], &b)], EXACT);
    let a: Vec<i32> = integers(i32::MIN as i64, i32::MAX as i64, 200);
    let b: Vec<i32> = integers(-5, 40, 200);
    everywhere(text, &[array(&[200], &a), array(&[200], &b)], EXACT);
    let a: Vec<i8> = integers(-128, 127, 256);
    let b: Vec<i8> = integers(-9, 9, 256);
    everywhere(text, &[array(&[256], &a), array(&[256], &b)], EXACT);
    let a: Vec<u16> = integers(0, 65535, 256);
    let b: Vec<u16> = integers(0, 9, 256);
    everywhere(text, &[array(&[256], &a), array(&[256], &b)], EXACT);
}

#[test]
fn exact_typing_keeps_small_types() {
    let text = "@vectorize(typing='exact')\ndef f(a, b):\n    return (a * b - a) // b + a % b + (a << 3) + (a >> 2) + abs(a)\n";
    let a: Vec<i8> = integers(-128, 127, 256);
    let b: Vec<i8> = integers(-9, 9, 256);
    let result = everywhere(text, &[array(&[256], &a), array(&[256], &b)], EXACT);
    assert_eq!(result.scalar(), ScalarType::I8);
    let a: Vec<u8> = integers(0, 255, 256);
    let b: Vec<u8> = integers(0, 9, 256);
    everywhere(text, &[array(&[256], &a), array(&[256], &b)], EXACT);
    let a: Vec<i16> = integers(-32768, 32767, 256);
    let b: Vec<i16> = integers(-9, 9, 256);
    everywhere(text, &[array(&[256], &a), array(&[256], &b)], EXACT);
    let a: Vec<u32> = integers(0, u32::MAX as i64, 256);
    let b: Vec<u32> = integers(0, 40, 256);
    everywhere(text, &[array(&[256], &a), array(&[256], &b)], EXACT);
}

#[test]
fn booleans() {
    let text = "@vectorize\ndef f(a, b):\n    return (a and not b) or a == b\n";
    let a: Vec<bool> = (0..8).map(|i| i & 1 != 0).collect();
    let b: Vec<bool> = (0..8).map(|i| i & 2 != 0).collect();
    let result = everywhere(text, &[array(&[8], &a), array(&[8], &b)], EXACT);
    assert_eq!(result.scalar(), ScalarType::Bool);
}

#[test]
fn float32_arithmetic_is_exact() {
    let text = "@vectorize(typing='exact')\ndef f(a, b):\n    return (a + b) * (a - 0.1) - b * 3\n";
    let (a, b) = (floats32(500), floats32(700)[200..].to_vec());
    let result = everywhere(text, &[array(&[500], &a), array(&[500], &b)], EXACT);
    for ((&a, &b), &got) in a.iter().zip(&b).zip(result.as_slice::<f32>().unwrap()) {
        assert_eq!(got, (a + b) * (a - 0.1) - b * 3.0);
    }
}

#[test]
fn elementary_functions_of_both_types() {
    for name in [
        "exp", "expm1", "log", "log1p", "sin", "cos", "tan", "asin", "acos", "atan", "tanh", "sqrt", "asinh", "acosh",
        "atanh", "cbrt", "erf", "erfc",
    ] {
        let text = format!("@vectorize\ndef {name}_(a):\n    return math.{name}(a)\n");
        everywhere(&text, &[array(&[300], &floats(300))], 1);
        everywhere(&text, &[array(&[300], &floats32(300))], 1);
    }
    for expression in ["a ** b", "math.atan2(a, b)", "math.fmod(a, b)", "a // b", "a % b", "a / b", "math.hypot(a, b)"]
    {
        let text = format!("@vectorize\ndef f(a, b):\n    return {expression}\n");
        everywhere(&text, &[array(&[200], &floats(200)), array(&[200], &floats(400)[200..])], 4);
        everywhere(&text, &[array(&[200], &floats32(200)), array(&[200], &floats32(400)[200..])], 4);
    }
}

#[test]
fn casts_and_rounding() {
    let text = "
@vectorize
def f(a):
    return int(a) + np.int8(a) + np.uint16(a) + round(a) + math.floor(a) + math.ceil(a) + (1 if np.isnan(a) else 0)
";
    let mut a = floats(100);
    a.extend([0.5, 1.5, 2.5, -0.5, 1e20, -1e20, f64::NAN, f64::INFINITY, 300.0, -1.5, 2f64.powi(63)]);
    everywhere(text, &[array(&[a.len()], &a)], EXACT);
    let a: Vec<f32> = a.into_iter().map(|value| value as f32).collect();
    everywhere(text, &[array(&[a.len()], &a)], EXACT);
}

#[test]
fn minima_and_maxima() {
    let text = "@vectorize\ndef f(a, b):\n    return np.minimum(a, b) + np.fmax(a, b) * 2 + max(a, b, 0.25) - min(a, b)\n";
    let mut a = floats(50);
    let mut b = floats(100)[50..].to_vec();
    for x in [1.0, f64::NAN, f64::INFINITY, -0.0] {
        for y in [2.0, f64::NAN, f64::NEG_INFINITY, 0.0] {
            a.push(x);
            b.push(y);
        }
    }
    everywhere(text, &[array(&[a.len()], &a), array(&[b.len()], &b)], EXACT);
}

#[test]
fn helpers_with_several_results() {
    let text = "
@numba.njit
def divide(a, b):
    return a // b, a % b

def twice(x):
    return x + x

@vectorize
def f(a, b):
    q, r = divide(a, b)
    q, r = r, q
    return twice(q) - r
";
    let a: Vec<i64> = integers(-50, 50, 100);
    let b: Vec<i64> = integers(1, 9, 100);
    everywhere(text, &[array(&[100], &a), array(&[100], &b)], EXACT);
}

#[test]
fn seed_002_four_neighbours() {
    let text = "@stencil\ndef kernel1(a):\n    return 1 * (a[0, 1] + a[1, 0] + a[0, -1] + a[-1, 0])\n";
    let result = everywhere(text, &[array(&[5, 5], &[1.0; 25])], EXACT);
    let inner = |i: usize| (1..4).contains(&(i / 5)) && (1..4).contains(&(i % 5));
    let expected: Vec<f64> = (0..25).map(|i| if inner(i) { 4.0 } else { 0.0 }).collect();
    assert_eq!(result.as_slice::<f64>().unwrap(), expected);
}

#[test]
fn seed_002_game_of_life() {
    let text = include_str!("../examples/life.py");
    let mut board = vec![0i64; 400];
    for (row, column) in [(2, 4), (3, 2), (3, 4), (4, 3), (4, 4), (15, 4), (16, 2), (16, 4), (15, 3), (17, 4)] {
        board[row * 20 + column] = 1;
    }
    let text = text.split_once("import numba").unwrap().1;
    let result = everywhere(text, &[array(&[20, 20], &board)], EXACT);
    assert_eq!(result.scalar(), ScalarType::I64);
    assert_eq!(result.as_slice::<i64>().unwrap().iter().sum::<i64>(), 10);
}

#[test]
fn stencils_with_borders_loops_and_several_arrays() {
    let text = "@stencil(cval=7)\ndef f(a):\n    return a[-2] + 2 * a[1]\n";
    let result = everywhere(text, &[array(&[6], &[1i64, 2, 3, 4, 5, 6])], EXACT);
    assert_eq!(result.as_slice::<i64>().unwrap(), [7, 7, 9, 12, 15, 7]);
    // Larger than the array: border alone.
    let result = everywhere(text, &[array(&[2], &[1i64, 2])], EXACT);
    assert_eq!(result.as_slice::<i64>().unwrap(), [7, 7]);
    let text = "
@stencil
def blur(a, weight):
    total = 0.0
    for i in range(-1, 2):
        for j in range(-2, 3):
            total += a[i, j] * weight[0, 0]
    return total
";
    everywhere(text, &[array(&[9, 11], &floats(99)), array(&[9, 11], &floats(99))], EXACT);
    let text = "@stencil\ndef f(a):\n    return a[0, 0, 1] - a[1, -1, 0]\n";
    everywhere(text, &[array(&[4, 5, 6], &floats(120))], EXACT);
}

#[test]
fn stencils_with_a_neighborhood_and_absolute_arrays() {
    let text = "
@stencil(neighborhood=((-3, 0),), standard_indexing=('weights',))
def moving(a, weights):
    total = 0.0
    for i in range(-3, 1):
        total += a[i] * weights[i + 3]
    return total
";
    everywhere(text, &[array(&[30], &floats(30)), array(&[4], &[0.1, 0.2, 0.3, 0.4])], EXACT);
    let text = "
@stencil(neighborhood=((-2, 2),))
def wanders(a, where):
    return a[where[0]]
";
    let places: Vec<i64> = integers(-2, 2, 30);
    everywhere(text, &[array(&[30], &floats(30)), array(&[30], &places)], EXACT);
}

#[test]
fn narrow_integers_against_constants() {
    // A comparison that Mesa narrows by itself, and wrongly.
    let x = array(&[9], &[-5i32, 0, 1, 4, 9, 10, 100, i32::MIN, i32::MAX]);
    for operator in ["<", "<=", ">", ">=", "==", "!="] {
        for constant in [9i64, 0, -5, 5_000_000_000, i32::MAX as i64, i32::MIN as i64, 1 << 31, -1 - (1 << 31)] {
            let text = format!("@vectorize\ndef f(x):\n    return (x {operator} {constant}) + 2 * ({constant} {operator} x)\n");
            everywhere(&text, std::slice::from_ref(&x), EXACT);
        }
    }
    for operator in ["<", "<=", ">", ">="] {
        let text = format!(
            "@stencil(standard_indexing=('b',))\ndef f(a, b):\n    return a[0] + (1 if len(b) {operator} 4 else 2) + (4 if 9 {operator} len(b) else 8)\n"
        );
        everywhere(&text, &[array(&[5], &[1.0; 5]), array(&[4], &[1.0; 4])], EXACT);
    }
}
