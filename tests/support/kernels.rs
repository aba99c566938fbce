//! Kernels as users write them, with the data that they run on. `tests/kernels.rs` runs them on every way that there
//! is here; the program `checks` runs them on the devices of other machines.

use crate::compare;
use numbra::array::{Element, HostArray};
use numbra::device::Device;
use numbra::front::types::ScalarType;
use numbra::{Error, Input, Kernel, KernelFile};
use std::sync::Arc;

/// How close Vulkan must come: the same bits for what is exact, else ULPs.
const EXACT: u64 = 0;

/// A kernel and its arguments.
pub struct Case {
    text: String,
    pub inputs: Vec<Arc<HostArray>>,
    /// How far Vulkan may be from the interpreter, in ULPs. Every other device has the interpreter's bits.
    vulkan_ulps: u64,
    /// Panics if the interpreter's result is not what it should be.
    expectation: Option<Expectation>,
}

type Expectation = Box<dyn Fn(&HostArray)>;

impl Case {
    fn new(text: impl Into<String>, inputs: Vec<Arc<HostArray>>, vulkan_ulps: u64) -> Case {
        Case { text: text.into(), inputs, vulkan_ulps, expectation: None }
    }

    fn gives(self, expectation: impl Fn(&HostArray) + 'static) -> Case {
        Case { expectation: Some(Box::new(expectation)), ..self }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text's last kernel.
    pub fn kernel(&self) -> Result<Kernel, Error> {
        let header = "import math\nimport numpy as np\nimport numba\nfrom numba import vectorize, stencil\n";
        let program = KernelFile::parse("kernel.py", &format!("{header}{}", self.text))?;
        program.kernel(&program.kernels().pop().unwrap_or_default())
    }

    pub fn arguments(&self) -> Vec<Input> {
        self.inputs.iter().cloned().map(Input::Host).collect()
    }

    pub fn call(&self, kernel: &Kernel, device: &Arc<dyn Device>) -> Result<HostArray, Error> {
        match kernel {
            Kernel::Vectorize(kernel) => kernel.call(device, &self.arguments()),
            Kernel::Stencil(kernel) => kernel.call(device, &self.arguments()),
        }
    }

    /// What the interpreter gives, which is what every device is compared with.
    pub fn expected(&self, kernel: &Kernel) -> Result<HostArray, Error> {
        let result = self.call(kernel, &numbra::device::open("interp".parse()?)?)?;
        if let Some(expectation) = &self.expectation {
            expectation(&result);
        }
        Ok(result)
    }

    /// How a device's result differs from the interpreter's, if by more than it may.
    pub fn difference(&self, device: &Arc<dyn Device>, got: &HostArray, expected: &HostArray) -> Option<String> {
        let ulps = if device.name().starts_with("vulkan") { self.vulkan_ulps } else { EXACT };
        compare::difference(got, expected, ulps)
    }
}

/// Hands the names of all groups of cases to a macro.
#[macro_export]
macro_rules! for_every_group_of_kernels {
    ($then:ident) => {
        $then! {
            seed_001_wave
            early_returns_loops_and_branches
            for_loops_with_else_break_continue
            integer_arithmetic_of_every_width
            exact_typing_keeps_small_types
            booleans
            float32_arithmetic_is_exact
            elementary_functions_of_both_types
            casts_and_rounding
            minima_and_maxima
            helpers_with_several_results
            seed_002_four_neighbours
            seed_002_game_of_life
            stencils_with_borders_loops_and_several_arrays
            stencils_with_a_neighborhood_and_absolute_arrays
            narrow_integers_against_constants
            choices_inner_functions_and_assignment_expressions
            functions_of_integers_and_parts_of_floats
            rounding_to_digits_that_vary
            gamma_and_sums_of_logarithms_of_both_types
        }
    };
}

/// A group's name and what makes its cases.
pub type Group = (&'static str, fn() -> Vec<Case>);

macro_rules! groups {
    ($($name:ident)*) => {
        /// All cases, in groups.
        pub const GROUPS: &[Group] = &[$((stringify!($name), $name)),*];
    };
}

for_every_group_of_kernels!(groups);

fn array<T: Element>(shape: &[usize], elements: &[T]) -> Arc<HostArray> {
    Arc::new(HostArray::from_slice(shape, elements).unwrap())
}

fn line<T: Element>(elements: &[T]) -> Arc<HostArray> {
    array(&[elements.len()], elements)
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

fn seed_001_wave() -> Vec<Case> {
    let (x, y) = (floats(300), floats(600)[300..].to_vec());
    let inputs = vec![line(&x), line(&y)];
    let text = "@vectorize\ndef f(x, y):\n    return np.cos(x**2 + y**2) / (1 + x**2 + y**2)\n";
    vec![Case::new(text, inputs, 2).gives(move |result| {
        for ((x, y), got) in x.iter().zip(&y).zip(result.as_slice::<f64>().unwrap()) {
            let square = x * x + y * y;
            let expected = square.cos() / (1.0 + x * x + y * y);
            assert!((got - expected).abs() <= 4e-16 * expected.abs().max(1e-3) + 1e-18, "{x} {y}: {got} {expected}");
        }
    })]
}

fn early_returns_loops_and_branches() -> Vec<Case> {
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
    vec![Case::new(text, vec![line(&n)], EXACT).gives(|result| {
        assert_eq!(result.as_slice::<i64>().unwrap()[..9], [0, 1, 7, 2, 5, 8, 16, 3, 19]);
    })]
}

fn for_loops_with_else_break_continue() -> Vec<Case> {
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
    vec![Case::new(text, vec![line(&n)], EXACT).gives(|result| {
        let values = result.as_slice::<i64>().unwrap();
        assert_eq!((values[0], values[2], values[23], values[33 - 2]), (2, 2, 5, 33));
    })]
}

fn integer_arithmetic_of_every_width() -> Vec<Case> {
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
    let operands = [
        vec![line(&a), line(&b)],
        vec![line::<i32>(&integers(i32::MIN as i64, i32::MAX as i64, 200)), line::<i32>(&integers(-5, 40, 200))],
        vec![line::<i8>(&integers(-128, 127, 256)), line::<i8>(&integers(-9, 9, 256))],
        vec![line::<u16>(&integers(0, 65535, 256)), line::<u16>(&integers(0, 9, 256))],
    ];
    operands.into_iter().map(|inputs| Case::new(text, inputs, EXACT)).collect()
}

fn exact_typing_keeps_small_types() -> Vec<Case> {
    let text = "@vectorize(typing='exact')\ndef f(a, b):\n    return (a * b - a) // b + a % b + (a << 3) + (a >> 2) + abs(a)\n";
    let operands = [
        vec![line::<i8>(&integers(-128, 127, 256)), line::<i8>(&integers(-9, 9, 256))],
        vec![line::<u8>(&integers(0, 255, 256)), line::<u8>(&integers(0, 9, 256))],
        vec![line::<i16>(&integers(-32768, 32767, 256)), line::<i16>(&integers(-9, 9, 256))],
        vec![line::<u32>(&integers(0, u32::MAX as i64, 256)), line::<u32>(&integers(0, 40, 256))],
    ];
    let case = |inputs: Vec<Arc<HostArray>>| {
        let scalar = inputs[0].scalar();
        Case::new(text, inputs, EXACT).gives(move |result| assert_eq!(result.scalar(), scalar))
    };
    operands.into_iter().map(case).collect()
}

fn booleans() -> Vec<Case> {
    let text = "@vectorize\ndef f(a, b):\n    return (a and not b) or a == b\n";
    let a: Vec<bool> = (0..8).map(|i| i & 1 != 0).collect();
    let b: Vec<bool> = (0..8).map(|i| i & 2 != 0).collect();
    vec![Case::new(text, vec![line(&a), line(&b)], EXACT).gives(|result| assert_eq!(result.scalar(), ScalarType::Bool))]
}

fn float32_arithmetic_is_exact() -> Vec<Case> {
    let text = "@vectorize(typing='exact')\ndef f(a, b):\n    return (a + b) * (a - 0.1) - b * 3\n";
    let (a, b) = (floats32(500), floats32(700)[200..].to_vec());
    vec![Case::new(text, vec![line(&a), line(&b)], EXACT).gives(move |result| {
        for ((&a, &b), &got) in a.iter().zip(&b).zip(result.as_slice::<f32>().unwrap()) {
            assert_eq!(got, (a + b) * (a - 0.1) - b * 3.0);
        }
    })]
}

fn elementary_functions_of_both_types() -> Vec<Case> {
    let mut cases = Vec::new();
    for name in [
        "exp", "expm1", "log", "log1p", "sin", "cos", "tan", "asin", "acos", "atan", "tanh", "sqrt", "asinh", "acosh",
        "atanh", "cbrt", "erf", "erfc", "np.i0",
    ] {
        let path = if name.contains('.') { name.to_string() } else { format!("math.{name}") };
        let text = format!("@vectorize\ndef f(a):\n    return {path}(a)\n");
        cases.push(Case::new(&*text, vec![line(&floats(300))], 1));
        cases.push(Case::new(text, vec![line(&floats32(300))], 1));
    }
    for expression in ["a ** b", "math.atan2(a, b)", "math.fmod(a, b)", "a // b", "a % b", "a / b", "math.hypot(a, b)"]
    {
        let text = format!("@vectorize\ndef f(a, b):\n    return {expression}\n");
        cases.push(Case::new(&*text, vec![line(&floats(200)), line(&floats(400)[200..])], 4));
        cases.push(Case::new(text, vec![line(&floats32(200)), line(&floats32(400)[200..])], 4));
    }
    cases
}

fn casts_and_rounding() -> Vec<Case> {
    let text = "
@vectorize
def f(a):
    return int(a) + np.int8(a) + np.uint16(a) + round(a) + math.floor(a) + math.ceil(a) + (1 if np.isnan(a) else 0)
";
    let mut a = floats(100);
    a.extend([0.5, 1.5, 2.5, -0.5, 1e20, -1e20, f64::NAN, f64::INFINITY, 300.0, -1.5, 2f64.powi(63)]);
    let narrow: Vec<f32> = a.iter().map(|&value| value as f32).collect();
    vec![Case::new(text, vec![line(&a)], EXACT), Case::new(text, vec![line(&narrow)], EXACT)]
}

fn minima_and_maxima() -> Vec<Case> {
    let text =
        "@vectorize\ndef f(a, b):\n    return np.minimum(a, b) + np.fmax(a, b) * 2 + max(a, b, 0.25) - min(a, b)\n";
    let mut a = floats(50);
    let mut b = floats(100)[50..].to_vec();
    for x in [1.0, f64::NAN, f64::INFINITY, -0.0] {
        for y in [2.0, f64::NAN, f64::NEG_INFINITY, 0.0] {
            a.push(x);
            b.push(y);
        }
    }
    // With an operand that is known to be no NaN.
    let known = "@vectorize\ndef f(a, b):\n    return np.fmin(a, 2.5) + 2 * np.fmax(-3.5, b) + 4 * np.fmin(np.fmax(a, 0.5), b)\n";
    let narrow = |values: &[f64]| -> Vec<f32> { values.iter().map(|&value| value as f32).collect() };
    vec![
        Case::new(text, vec![line(&a), line(&b)], EXACT),
        Case::new(known, vec![line(&a), line(&b)], EXACT),
        Case::new(known, vec![line(&narrow(&a)), line(&narrow(&b))], EXACT),
    ]
}

fn helpers_with_several_results() -> Vec<Case> {
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
    vec![Case::new(text, vec![line::<i64>(&integers(-50, 50, 100)), line::<i64>(&integers(1, 9, 100))], EXACT)]
}

fn seed_002_four_neighbours() -> Vec<Case> {
    let text = "@stencil\ndef kernel1(a):\n    return 1 * (a[0, 1] + a[1, 0] + a[0, -1] + a[-1, 0])\n";
    vec![Case::new(text, vec![array(&[5, 5], &[1.0; 25])], EXACT).gives(|result| {
        let inner = |i: usize| (1..4).contains(&(i / 5)) && (1..4).contains(&(i % 5));
        let expected: Vec<f64> = (0..25).map(|i| if inner(i) { 4.0 } else { 0.0 }).collect();
        assert_eq!(result.as_slice::<f64>().unwrap(), expected);
    })]
}

fn seed_002_game_of_life() -> Vec<Case> {
    let text = include_str!("../../examples/life.py");
    let mut board = vec![0i64; 400];
    for (row, column) in [(2, 4), (3, 2), (3, 4), (4, 3), (4, 4), (15, 4), (16, 2), (16, 4), (15, 3), (17, 4)] {
        board[row * 20 + column] = 1;
    }
    let text = text.split_once("import numba").unwrap().1;
    vec![Case::new(text, vec![array(&[20, 20], &board)], EXACT).gives(|result| {
        assert_eq!(result.scalar(), ScalarType::I64);
        assert_eq!(result.as_slice::<i64>().unwrap().iter().sum::<i64>(), 10);
    })]
}

fn stencils_with_borders_loops_and_several_arrays() -> Vec<Case> {
    let blur = "
@stencil
def blur(a, weight):
    total = 0.0
    for i in range(-1, 2):
        for j in range(-2, 3):
            total += a[i, j] * weight[0, 0]
    return total
";
    let text = "@stencil(cval=7)\ndef f(a):\n    return a[-2] + 2 * a[1]\n";
    let gives =
        |expected: &'static [i64]| move |result: &HostArray| assert_eq!(result.as_slice::<i64>().unwrap(), expected);
    vec![
        Case::new(text, vec![line(&[1i64, 2, 3, 4, 5, 6])], EXACT).gives(gives(&[7, 7, 9, 12, 15, 7])),
        // Larger than the array: border alone.
        Case::new(text, vec![line(&[1i64, 2])], EXACT).gives(gives(&[7, 7])),
        Case::new(blur, vec![array(&[9, 11], &floats(99)), array(&[9, 11], &floats(99))], EXACT),
        Case::new(
            "@stencil\ndef f(a):\n    return a[0, 0, 1] - a[1, -1, 0]\n",
            vec![array(&[4, 5, 6], &floats(120))],
            EXACT,
        ),
    ]
}

fn stencils_with_a_neighborhood_and_absolute_arrays() -> Vec<Case> {
    let moving = "
@stencil(neighborhood=((-3, 0),), standard_indexing=('weights',))
def moving(a, weights):
    total = 0.0
    for i in range(-3, 1):
        total += a[i] * weights[i + 3]
    return total
";
    let wanders = "
@stencil(neighborhood=((-2, 2),))
def wanders(a, where):
    return a[where[0]]
";
    vec![
        Case::new(moving, vec![line(&floats(30)), line(&[0.1, 0.2, 0.3, 0.4])], EXACT),
        Case::new(wanders, vec![line(&floats(30)), line::<i64>(&integers(-2, 2, 30))], EXACT),
    ]
}

fn narrow_integers_against_constants() -> Vec<Case> {
    // A comparison that Mesa narrows by itself, and wrongly.
    let x = line(&[-5i32, 0, 1, 4, 9, 10, 100, i32::MIN, i32::MAX]);
    let mut cases = Vec::new();
    for operator in ["<", "<=", ">", ">=", "==", "!="] {
        for constant in [9i64, 0, -5, 5_000_000_000, i32::MAX as i64, i32::MIN as i64, 1 << 31, -1 - (1 << 31)] {
            let text = format!(
                "@vectorize\ndef f(x):\n    return (x {operator} {constant}) + 2 * ({constant} {operator} x)\n"
            );
            cases.push(Case::new(text, vec![x.clone()], EXACT));
        }
    }
    for operator in ["<", "<=", ">", ">="] {
        let text = format!(
            "@stencil(standard_indexing=('b',))\ndef f(a, b):\n    return a[0] + (1 if len(b) {operator} 4 else 2) + (4 if 9 {operator} len(b) else 8)\n"
        );
        cases.push(Case::new(text, vec![line(&[1.0; 5]), line(&[1.0; 4])], EXACT));
    }
    cases
}

fn choices_inner_functions_and_assignment_expressions() -> Vec<Case> {
    let text = "
@vectorize
def f(n):
    def power(base, exponent=2):
        return base ** exponent + n
    match n % 5:
        case 0 | 1:
            total = power(3)
        case 2 if n > 50:
            total = power(n, exponent=3)
        case rest if rest > 2:
            total = -rest
        case _:
            total = 0
    while (total := total // 2) > 10:
        total -= 1
    return total
";
    let n: Vec<i64> = (0..200).collect();
    // As Python has it.
    let expected = |n: i64| {
        let mut total = match n % 5 {
            0 | 1 => 9 + n,
            2 if n > 50 => n.pow(3) + n,
            rest @ 3.. => -rest,
            _ => 0,
        };
        loop {
            total = total.div_euclid(2);
            if total <= 10 {
                return total;
            }
            total -= 1;
        }
    };
    let expected: Vec<i64> = n.iter().map(|&n| expected(n)).collect();
    let case = Case::new(text, vec![line(&n)], EXACT);
    vec![case.gives(move |result| assert_eq!(result.as_slice::<i64>().unwrap(), expected))]
}

fn functions_of_integers_and_parts_of_floats() -> Vec<Case> {
    let divisors = "@vectorize\ndef f(a, b):\n    return np.gcd(a, b) + 3 * np.lcm(a % 1000, b % 1000)\n";
    let (a, b) = (integers::<i64>(-100_000, 100_000, 200), integers::<i64>(-3000, 5000, 200));
    let roots = "@vectorize\ndef f(a):\n    return math.isqrt(a) * 100 + np.bitwise_count(a)\n";
    let large: Vec<i64> = (0..63).flat_map(|bit| [(1i64 << bit) - 1, 1i64 << bit]).chain([i64::MAX]).collect();
    let parts = "
@vectorize
def f(x):
    mantissa, exponent = math.frexp(x)
    fraction, whole = math.modf(x)
    return math.ldexp(mantissa, exponent - 3) + fraction * 0.5 + whole + exponent
";
    let roots = Case::new(roots, vec![line(&large)], EXACT).gives(move |result| {
        for (&a, &got) in large.iter().zip(result.as_slice::<i64>().unwrap()) {
            assert_eq!(got, a.isqrt() * 100 + i64::from(a.count_ones()), "{a}");
        }
    });
    let x = floats(300);
    let parts = Case::new(parts, vec![line(&x)], EXACT);
    let choices =
        "@vectorize\ndef f(n, k):\n    return math.comb(n, k) + math.perm(n, k % 4) + math.factorial(n % 21)\n";
    let (n, k) = (integers::<i64>(0, 62, 200), integers::<i64>(0, 70, 200));
    let factorial = |n: i64| (1..=n).product::<i64>();
    let choices = Case::new(choices, vec![line(&n), line(&k)], EXACT).gives(move |result| {
        for ((&n, &k), &got) in n.iter().zip(&k).zip(result.as_slice::<i64>().unwrap()) {
            // Pascal's triangle.
            let mut row = vec![1i64];
            for _ in 0..n {
                row = (0..=row.len()).map(|i| if i % row.len() == 0 { 1 } else { row[i - 1] + row[i] }).collect();
            }
            let ordered: i64 = (0..k % 4).map(|i| n - i).product();
            let expected = row.get(k as usize).copied().unwrap_or(0) + ordered + factorial(n % 21);
            assert_eq!(got, expected, "{n}, {k}");
        }
    });
    vec![Case::new(divisors, vec![line(&a), line(&b)], EXACT), roots, parts, choices]
}

fn rounding_to_digits_that_vary() -> Vec<Case> {
    let python = "@vectorize\ndef f(x, n):\n    return round(x, n) + round(n, n % 3 - 2)\n";
    let numpy = "@vectorize\ndef f(x, n):\n    return np.round(x, n) + np.around(n, decimals=n)\n";
    let digits: Vec<i64> = (0..300).map(|k| k % 41 - 20).collect();
    let few: Vec<i32> = (0..300).map(|k| k % 21 - 10).collect();
    let (x, x32): (Arc<HostArray>, Arc<HostArray>) = (line(&floats(300)), line(&floats32(300)));
    [python, numpy]
        .into_iter()
        .flat_map(|text| {
            let in_64_bits = Case::new(text, vec![x.clone(), line(&digits)], EXACT);
            [in_64_bits, Case::new(text, vec![x32.clone(), line(&few)], EXACT)]
        })
        .collect()
}

fn gamma_and_sums_of_logarithms_of_both_types() -> Vec<Case> {
    let gammas = "@vectorize\ndef f(x):\n    return math.gamma(x) + math.lgamma(x)\n";
    let sums = "@vectorize\ndef f(x, y):\n    return np.logaddexp(x, y) - np.logaddexp2(y, x)\n";
    let rest =
        "@vectorize\ndef f(x, y):\n    return math.remainder(x, y) + np.nextafter(x, y) * np.sinc(y) + np.spacing(y)\n";
    let mut cases = Vec::new();
    // The sums of the results may cancel, so that Vulkan's ULPs say nothing here; its functions have tables of their own.
    const ANY: u64 = u64::MAX;
    for text in [gammas, sums, rest] {
        let count = if text == gammas { 1 } else { 2 };
        let columns: Vec<Arc<HostArray>> = (0..count).map(|k| line(&floats(600)[300 * k..300 * k + 300])).collect();
        let columns32 = (0..count).map(|k| line(&floats32(600)[300 * k..300 * k + 300])).collect();
        cases.extend([Case::new(text, columns, ANY), Case::new(text, columns32, ANY)]);
    }
    cases
}
