//! Programs in Python, whole functions as people write them: compiled natively they give what the interpreter gives, to the
//! bit, fail as it does, and leave no memory behind.

use numbra::front::interp::{Failure, InterpretedProgram, Limits};
use numbra::front::ir::{Access, ArrayType, Kind, Module, Stride};
use numbra::front::source::Source;
use numbra::front::syntax::python;
use numbra::front::types::{Constant, ScalarType};
use numbra::front::typing::{FunctionOptions, ItemType, infer_function};
use numbra_codegen::llvm::NativeOptions;
use numbra_expectation::{Case, CaseArgument, CaseArray, Expected, Outcome};
use numbra_runtime::function::NativeFunction;
use numbra_tests::native;

const LIMITS: Limits = Limits { steps: 100_000_000, cancel: None, printer: None };

/// An argument: a number, or an array with what is known of its strides.
#[derive(Clone)]
enum Given {
    Number(Constant),
    Array(CaseArray, Vec<Stride>),
}

fn int(value: i64) -> Given {
    Given::Number(Constant::integer(ScalarType::I64, value.into()))
}

fn float(value: f64) -> Given {
    Given::Number(Constant::f64(value))
}

fn array(
    scalar: ScalarType,
    shape: &[i64],
    strides: &[i64],
    known: Vec<Stride>,
    element: impl Fn(i64) -> f64,
) -> Given {
    let count: i64 = shape.iter().product();
    let bits = |value: f64| match scalar.is_float() {
        true => Constant::float(scalar, value).bits,
        false => Constant::integer(scalar, value as i128).bits,
    };
    let elements = (0..count).map(|place| bits(element(place))).collect();
    let (shape, strides) = (shape.to_vec(), strides.to_vec());
    Given::Array(CaseArray { name: "a".into(), scalar, shape, strides, elements }, known)
}

/// float64 in C order: a few digits, some of them negative.
fn floats(shape: &[i64]) -> Given {
    let strides: Vec<i64> = (0..shape.len()).map(|axis| shape[axis + 1..].iter().product()).collect();
    array(ScalarType::F64, shape, &strides, ArrayType::c_order(shape.len()), |place| {
        ((place * 37) % 19) as f64 / 4.0 - 2.0
    })
}

fn ints(shape: &[i64]) -> Given {
    let strides: Vec<i64> = (0..shape.len()).map(|axis| shape[axis + 1..].iter().product()).collect();
    array(ScalarType::I64, shape, &strides, ArrayType::c_order(shape.len()), |place| ((place * 37) % 19) as f64 - 5.0)
}

fn of(scalar: ScalarType, length: i64) -> Given {
    array(scalar, &[length], &[1], vec![Stride::Unit], |place| ((place * 37) % 19) as f64)
}

/// float64 of which nothing is known, backwards with gaps.
fn backwards(shape: &[i64]) -> Given {
    let strides: Vec<i64> = (0..shape.len()).map(|axis| -2 * shape[axis + 1..].iter().product::<i64>()).collect();
    array(ScalarType::F64, shape, &strides, vec![Stride::Any; shape.len()], |place| ((place * 29) % 17) as f64 / 8.0)
}

fn fortran(shape: &[i64]) -> Given {
    let strides: Vec<i64> = (0..shape.len()).map(|axis| shape[..axis].iter().product()).collect();
    array(ScalarType::F64, shape, &strides, ArrayType::f_order(shape.len()), |place| ((place * 29) % 17) as f64 / 8.0)
}

fn typed(text: &str, arguments: &[Given]) -> Module {
    let source = Source::new("test.py", format!("import numpy as np\nimport math\nfrom numba import njit\n{text}"));
    let module = python::parse(&source).unwrap_or_else(|error| panic!("{error}"));
    let types: Vec<ItemType> = arguments
        .iter()
        .map(|argument| match argument {
            Given::Number(constant) => ItemType::Scalar(constant.scalar),
            Given::Array(array, strides) => {
                let (scalar, strides) = (array.scalar, strides.clone());
                ItemType::Array(ArrayType { scalar, access: Access::ReadWrite, strides })
            }
        })
        .collect();
    let typed = infer_function(&module, "f", &types, None, &FunctionOptions::default());
    typed.unwrap_or_else(|error| panic!("{error}")).module
}

/// Calls the function `f` with each of the lists of arguments, all of the same types; gives how many calls failed.
fn agree(text: &str, calls: &[Vec<Given>]) -> usize {
    let module = typed(text, &calls[0]);
    let program = InterpretedProgram::new(&module).unwrap_or_else(|error| panic!("{error}\n{module}"));
    let options = NativeOptions::default();
    let code = NativeFunction::compile(&module, &options).unwrap_or_else(|error| panic!("{error}\n{module}"));
    calls.iter().filter(|arguments| fails(text, arguments, &module, &program, &code)).count()
}

fn fails(
    text: &str,
    arguments: &[Given],
    module: &Module,
    program: &InterpretedProgram,
    code: &NativeFunction,
) -> bool {
    let function = &module.functions[0];
    let arguments = arguments.iter().map(|argument| match argument {
        Given::Number(constant) => CaseArgument::Scalar(*constant),
        Given::Array(array, _) => CaseArgument::Array(array.clone()),
    });
    let empty = |kind: &ArrayType| CaseArray {
        name: "a result".into(),
        scalar: kind.scalar,
        shape: Vec::new(),
        strides: Vec::new(),
        elements: Vec::new(),
    };
    let returned = function.results.iter().filter_map(Kind::array).map(empty).collect();
    let expected = Expected::Returns { results: Vec::new(), returned, arrays: Vec::new() };
    let function_name = function.name.clone();
    let mut case =
        Case { text: text.to_string(), line: 1, function: function_name, arguments: arguments.collect(), expected };
    let mut message = String::new();
    let interpreted = case.interpret(program, &LIMITS).unwrap_or_else(|failure| panic!("{text}: {failure}\n{module}"));
    if let Outcome::Traps { .. } = interpreted {
        let _ = case.run(|arguments, buffers| {
            let result = program.evaluate(&case.function, arguments, buffers, &LIMITS);
            if let Err(Failure::Trap(trap)) = &result {
                message = trap.message(module);
            }
            result.map(|_| (Vec::new(), Vec::new()))
        });
    }
    match (native::run(&case, function, code), interpreted) {
        (Ok(outcome), Outcome::Returns { results, returned, arrays }) => {
            let constants = function.scalar_results().into_iter().zip(results);
            let results = constants.map(|(scalar, bits)| Constant { scalar, bits }).collect();
            let kinds = function.results.iter().filter_map(Kind::array).zip(returned);
            let returned =
                kinds.map(|(kind, found)| CaseArray { shape: found.shape, elements: found.elements, ..empty(kind) });
            case.expected = Expected::Returns { results, returned: returned.collect(), arrays };
            case.check(&outcome).unwrap_or_else(|difference| panic!("{difference}\n{module}"));
            false
        }
        (Err(error), Outcome::Traps { .. }) => {
            let mistake = error.mistake().map(|mistake| mistake.message.clone());
            assert_eq!(mistake.unwrap_or_else(|| error.to_string()), message, "{text}");
            true
        }
        (native, interpreted) => panic!("{text}: {native:?}, expected {interpreted:?}\n{module}"),
    }
}

#[test]
fn numbers() {
    let pairs =
        || [(7, 2), (-7, 2), (7, -2), (0, 5), (i64::MIN, -1), (i64::MAX, 3), (5, 0)].map(|(a, b)| vec![int(a), int(b)]);
    for (body, failing) in [
        ("a + b, a - b, a * b, -a, abs(a), a ** 2", 0),
        ("a // b, a % b", 1),
        ("a / b", 1),
        ("a & b, a | b, a ^ b, ~a, a << (b & 7), a >> (b & 7)", 0),
        ("a < b, a <= b, a == b, a != b, not a, a and b, a or b", 0),
        ("min(a, b), max(a, b), float(a), int(b), bool(a)", 0),
        ("math.sin(a * 0.5), math.exp(b), math.atan2(a, b), math.floor(a / 3.0)", 0),
        ("np.int8(a), np.uint16(b), np.float32(a) / 3, np.int32(a) * np.int32(b)", 0),
    ] {
        assert_eq!(agree(&format!("def f(a, b):\n    return {body}\n"), &pairs()), failing, "{body}");
    }
    let numbers = [1.5, -0.0, 0.0, f64::NAN, f64::INFINITY, -1e300, 1e-310, 0.1].map(|x| vec![float(x), float(3.0)]);
    for body in [
        "x + y, x - y, x * y, -x, abs(x), x / y, x % y, x // y",
        "math.sqrt(abs(x)), math.log(abs(x) + 1), math.tanh(x), x ** y, math.isnan(x), math.copysign(y, x)",
        "x < y, x == x, x != x, min(x, y), max(y, x), round(x * 0 + 2.5), int(y)",
        "np.sin(x), np.exp(-abs(x)), np.floor(x), np.rint(x), np.sign(x), np.hypot(x, y)",
    ] {
        agree(&format!("def f(x, y):\n    return {body}\n"), &numbers);
    }
}

#[test]
fn control() {
    let counts = || [0, 1, 2, 7, 30, -3].map(|n| vec![int(n)]);
    for text in [
        "def f(n):\n    s = 0\n    for i in range(n):\n        if i % 3 == 0:\n            continue\n        if i > 20:\n            break\n        s += i\n    else:\n        s = -s\n    return s, n\n",
        "def f(n):\n    i = 0\n    while True:\n        i += 1\n        if i * i > n:\n            return i\n",
        "def f(n):\n    s = 0\n    for i in range(n, -n, -2):\n        for j in range(i):\n            if j > 3:\n                break\n            s += i * j\n    return s\n",
        "def f(n):\n    x = 1\n    if n > 5:\n        x = 2.5\n    elif n < 0:\n        return -1.0\n    return x + n\n",
        "def f(n):\n    if n < 2:\n        return n\n    return f(n - 1) + f(n - 2) if n < 15 else 0\n",
        "def g(n, k):\n    if k == 0:\n        return n\n    return h(n, k - 1) + 1\n\ndef h(n, k):\n    if k == 0:\n        return -n\n    return g(n, k - 1) * 2\n\ndef f(n):\n    return g(n, 9), h(n, 4)\n",
        "def f(n):\n    if n > 3:\n        return n\n",
        "def f(n):\n    a, b = 0, 1.0\n    while b < n:\n        a, b = b, a + b\n    return a, b\n",
        "def f(n):\n    count = 0\n    for i in range(2, n):\n        prime = True\n        for j in range(2, i):\n            if i % j == 0:\n                prime = False\n                break\n        if prime:\n            count += 1\n    return count\n",
        "def f(n):\n    m = n\n    steps = 0\n    while m > 1:\n        m = m // 2 if m % 2 == 0 else 3 * m + 1\n        steps += 1\n    return steps\n",
    ] {
        assert_eq!(agree(text, &counts()), 0);
    }
    for (text, failing) in [
        ("def f(n):\n    if n > 5:\n        raise ValueError('too large')\n    return n\n", 2),
        ("def g(n):\n    assert n >= 0\n    return n\n\ndef f(n):\n    return g(n) + g(n - 1)\n", 2),
        ("def f(n):\n    if n != 0:\n        y = n\n    return y\n", 1),
        ("def f(n):\n    return 10 // n, 10 % (n - 1)\n", 2),
    ] {
        assert_eq!(agree(text, &counts()), failing, "{text}");
    }
}

#[test]
fn arrays_of_every_layout() {
    for text in [
        "def f(a):\n    s = 0.0\n    for i in range(a.shape[0]):\n        for j in range(a.shape[1]):\n            s += a[i, j] * (i + 1) - j\n            a[i, j] = s\n    return s\n",
        "def f(a):\n    return a, a.T, a[1:, ::-1], a[::2].copy()\n",
        "def f(a):\n    a[1:] += a[:-1]\n    a[:, 0] = 7\n    b = a * 2.0 if False else a\n    return b[0], b.shape[0], b.size, b.ndim\n",
        "def f(a):\n    b = a\n    for i in range(5):\n        b = b.T\n    b[0, 1] = 100\n    return b[0], b\n",
        "def f(a):\n    return a.sum(), a[0].sum(), a[:, 1].sum()\n",
        "def f(a):\n    a[...] = a[::-1, ::-1]\n    return a[-1, -1]\n",
    ] {
        for given in [floats as fn(&[i64]) -> Given, backwards, fortran] {
            assert_eq!(agree(text, &[vec![given(&[3, 4])], vec![given(&[2, 2])], vec![given(&[5, 3])]]), 0, "{text}");
        }
    }
    let text = "def f(a):\n    s = 0.0\n    for row in a:\n        for x in row:\n            s = s * 0.5 + x\n    return s, len(a)\n";
    for given in [floats as fn(&[i64]) -> Given, backwards] {
        assert_eq!(agree(text, &[vec![given(&[3, 4])], vec![given(&[0, 2])]]), 0);
    }
    let text = "def f(a, i, j):\n    a[i, j] += 1\n    return a[j]\n";
    let calls = [(0, 0), (2, 2), (-3, -1), (3, 0), (0, 4), (-4, 0), (1, -5)]
        .map(|(i, j)| vec![floats(&[3, 4]), int(i), int(j)]);
    assert_eq!(agree(text, &calls), 4);
}

#[test]
fn elements_of_every_type() {
    for scalar in ScalarType::ALL {
        let text = "def f(a):\n    b = np.zeros_like(a)\n    for i in range(len(a)):\n        if a[i] > 0:\n            b[i] = a[len(a) - 1 - i]\n    return b, b[::3]\n";
        assert_eq!(agree(text, &[vec![of(scalar, 10)], vec![of(scalar, 0)], vec![of(scalar, 1)]]), 0, "{scalar}");
    }
}

#[test]
fn memory_in_loops_and_calls() {
    let counts = || [0, 1, 2, 5, 20].map(|n| vec![int(n)]);
    for text in [
        "def f(n):\n    a = np.zeros(n)\n    for i in range(n):\n        b = np.empty(i + 1)\n        b.fill(i)\n        a[i] = b.sum()\n    return a\n",
        "def f(n):\n    a = np.ones(1)\n    for i in range(n):\n        b = np.zeros(a.shape[0] + 1)\n        b[1:] = a\n        b[0] = i\n        a = b\n    return a\n",
        "def g(n):\n    if n % 2 == 0:\n        return np.zeros(n)\n    return np.ones(n)\n\ndef f(n):\n    s = 0.0\n    for i in range(n):\n        s += g(i).sum() + len(g(n))\n    return s, g(n)\n",
        "def g(a, n):\n    if n == 0:\n        return a\n    return g(a[1:], n - 1)\n\ndef f(n):\n    a = np.empty(n + 3)\n    for i in range(n + 3):\n        a[i] = i\n    return g(a, n), a\n",
        "def f(n):\n    a = np.zeros((n, 3), dtype=np.int32)\n    b = np.full((2, n), 7)\n    for i in range(n):\n        a[i] = i\n        b[1, i] = a[i, 2]\n    return a, b.T, a[::2, 1:]\n",
        "def f(n):\n    a = np.zeros(3)\n    b = np.ones(3)\n    for i in range(n):\n        a, b = b, a\n    return a, b\n",
        "def f(n):\n    best = np.zeros(2)\n    for i in range(n):\n        c = np.full(2, i % 7)\n        if c[0] > best[0]:\n            best = c * 1.0 if False else best\n            best[0] = c[0]\n        if i == 13:\n            return c[:1].copy() * 1 if False else best[:1]\n    return best\n",
        "def f(n):\n    marks = np.ones(n + 2, dtype=np.bool_)\n    marks[:2] = False\n    i = 2\n    while i * i < n:\n        if marks[i]:\n            marks[i * i::i] = False\n        i += 1\n    return marks\n",
    ] {
        assert_eq!(agree(text, &counts()), 0, "{text}");
    }
    // Failing in the middle.
    for (text, failing) in [
        (
            "def f(n):\n    a = np.zeros(4)\n    for i in range(n):\n        b = np.empty(2)\n        b[0] = i\n        a[i] = b[0]\n    return a\n",
            2,
        ),
        (
            "def g(a, i):\n    b = a[1:].copy()\n    return b[i]\n\ndef f(n):\n    a = np.ones(4)\n    s = 0.0\n    for i in range(n):\n        s += g(a, i)\n    return s\n",
            2,
        ),
        ("def f(n):\n    a = np.zeros(n - 2)\n    return a\n", 2),
        ("def f(n):\n    a = np.zeros((2, 3))\n    a[:, :] = np.zeros(n)[:3]\n    return a\n", 3),
    ] {
        let found = agree(text, &counts());
        assert!(found > 0 && found <= failing + 1, "{text}: {found}");
    }
}

#[test]
fn programs() {
    let bubble = "def f(a):\n    n = len(a)\n    for i in range(n):\n        for j in range(n - 1 - i):\n            if a[j] > a[j + 1]:\n                a[j], a[j + 1] = a[j + 1], a[j]\n    return a\n";
    agree(bubble, &[vec![floats(&[30])], vec![floats(&[1])]]);
    agree(bubble, &[vec![backwards(&[30])]]);
    let quick = "def sort(a, low, high):\n    if low >= high:\n        return\n    p = a[(low + high) // 2]\n    i, j = low, high\n    while i <= j:\n        while a[i] < p:\n            i += 1\n        while a[j] > p:\n            j -= 1\n        if i <= j:\n            a[i], a[j] = a[j], a[i]\n            i += 1\n            j -= 1\n    sort(a, low, j)\n    sort(a, i, high)\n\ndef f(a):\n    sort(a, 0, len(a) - 1)\n";
    agree(quick, &[vec![floats(&[100])], vec![floats(&[2])]]);
    let distance = "def f(a, b):\n    n, m = len(a), len(b)\n    row = np.empty(m + 1, dtype=np.int64)\n    for j in range(m + 1):\n        row[j] = j\n    for i in range(n):\n        before = row.copy()\n        row[0] = i + 1\n        for j in range(m):\n            cost = 0 if a[i] == b[j] else 1\n            row[j + 1] = min(before[j] + cost, before[j + 1] + 1, row[j] + 1)\n    return row[m]\n";
    agree(distance, &[vec![ints(&[40]), ints(&[33])], vec![ints(&[0]), ints(&[3])]]);
    let matmul = "def f(a, b):\n    c = np.zeros((a.shape[0], b.shape[1]))\n    for i in range(a.shape[0]):\n        for j in range(b.shape[1]):\n            for k in range(a.shape[1]):\n                c[i, j] += a[i, k] * b[k, j]\n    return c\n";
    agree(matmul, &[vec![floats(&[9, 5]), floats(&[5, 7])], vec![floats(&[1, 1]), floats(&[1, 3])]]);
    agree(matmul, &[vec![fortran(&[9, 5]), backwards(&[5, 7])]]);
    // The inner lengths differ.
    assert_eq!(agree(matmul, &[vec![floats(&[2, 5]), floats(&[4, 3])]]), 1);
    let nbody = "def f(x, v, steps):\n    n = x.shape[0]\n    for s in range(steps):\n        for i in range(n):\n            for j in range(n):\n                if i != j:\n                    d = x[j] - x[i]\n                    v[i] += 0.01 * d / (abs(d) ** 3 + 0.1)\n        for i in range(n):\n            x[i] += 0.01 * v[i]\n    return x.sum()\n";
    agree(nbody, &[vec![floats(&[8]), floats(&[8]), int(20)]]);
    let pi = "def f(n):\n    inside = 0\n    x = 12345\n    for i in range(n):\n        x = (1103515245 * x + 12345) % 2147483648\n        a = x / 2147483648.0\n        x = (1103515245 * x + 12345) % 2147483648\n        b = x / 2147483648.0\n        if a * a + b * b <= 1:\n            inside += 1\n    return 4.0 * inside / n\n";
    assert_eq!(agree(pi, &[vec![int(20_000)], vec![int(0)]]), 1);
    let long = "def f(n):\n    s = 0.0\n    for i in range(n):\n        s += 1.0 / (i + 1)\n    k = 0\n    while k < n:\n        s -= 1.0 / (k + 1)\n        k += 1\n    return s, k\n";
    agree(long, &[vec![int(40_000)], vec![int(16_384)], vec![int(16_385)]]);
}
