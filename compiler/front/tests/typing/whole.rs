//! Whole functions (`jit`): what they give, run by the interpreter.

use numbra_front::capabilities::Capabilities;
use numbra_front::interp::memory::{from_bytes, to_bytes};
use numbra_front::interp::{
    Argument, ArrayArgument, Buffer, Failure, InterpretedProgram, Limits, Printed, PrintedArray, Printer,
};
use numbra_front::ir::{Access, ArrayType, Kind, Module, told};
use numbra_front::pipeline::lower_host;
use numbra_front::source::Source;
use numbra_front::syntax::python;
use numbra_front::types::{Constant, ScalarType};
use numbra_front::typing::{FunctionOptions, ItemType, infer_function};
use std::sync::Mutex;

/// An argument of a call.
pub enum Given {
    Int(i64),
    Float(f64),
    Bool(bool),
    /// float64, in C order.
    Floats(Vec<i64>, Vec<f64>),
    Ints(Vec<i64>, Vec<i64>),
    None,
}
pub use Given::*;

fn array(scalar: ScalarType, rank: usize) -> ItemType {
    ItemType::Array(ArrayType { scalar, access: Access::ReadWrite, strides: ArrayType::c_order(rank) })
}

/// The results and then the arguments that are arrays, as text; or what failed.
pub fn call(text: &str, name: &str, arguments: &[Given]) -> String {
    let prelude = "import numpy as np\nimport math\nfrom numba import njit, prange\n";
    let source = Source::new("test.py", format!("{prelude}{text}"));
    let module = python::parse(&source).unwrap_or_else(|error| panic!("{error}"));
    let mut types = Vec::new();
    let mut passed = Vec::new();
    let mut memory: Vec<(ScalarType, Vec<u8>)> = Vec::new();
    for argument in arguments {
        match argument {
            Int(value) => {
                types.push(ItemType::Scalar(ScalarType::I64));
                passed.push(Argument::Scalar(*value as u64));
            }
            Float(value) => {
                types.push(ItemType::Scalar(ScalarType::F64));
                passed.push(Argument::Scalar(value.to_bits()));
            }
            Bool(value) => {
                types.push(ItemType::Scalar(ScalarType::Bool));
                passed.push(Argument::Scalar(*value as u64));
            }
            Floats(shape, elements) => {
                types.push(array(ScalarType::F64, shape.len()));
                passed.push(Argument::Array(ArrayArgument::c_order(memory.len(), shape)));
                let bits: Vec<u64> = elements.iter().map(|element| element.to_bits()).collect();
                memory.push((ScalarType::F64, to_bytes(ScalarType::F64, &bits)));
            }
            Ints(shape, elements) => {
                types.push(array(ScalarType::I64, shape.len()));
                passed.push(Argument::Array(ArrayArgument::c_order(memory.len(), shape)));
                let bits: Vec<u64> = elements.iter().map(|&element| element as u64).collect();
                memory.push((ScalarType::I64, to_bytes(ScalarType::I64, &bits)));
            }
            None => types.push(ItemType::None),
        }
    }
    let typed = match infer_function(&module, name, &types, Option::None, &FunctionOptions::default()) {
        Ok(typed) => typed,
        Err(error) => return format!("refused: {}", error.to_string().lines().next().unwrap_or_default()),
    };
    let direct = outcome(&typed.module, &typed.result.to_string(), &passed, &memory);
    let cpu = Capabilities::llvm("cpu", true);
    let lowered = lower_host(typed.module.clone(), &cpu, &mut |stage, module| {
        let text = outcome(module, &typed.result.to_string(), &passed, &memory);
        assert_eq!(text, direct, "after {stage}:\n{module}");
        Ok(())
    });
    lowered.unwrap_or_else(|error| panic!("{error}"));
    direct
}

fn outcome(module: &Module, result: &str, passed: &[Argument], memory: &[(ScalarType, Vec<u8>)]) -> String {
    let program = InterpretedProgram::new(module).unwrap_or_else(|error| panic!("{error}\n{module}"));
    let mut bytes: Vec<Vec<u8>> = memory.iter().map(|(_, bytes)| bytes.clone()).collect();
    let mut buffers: Vec<Buffer> = bytes.iter_mut().map(|bytes| Buffer::new(bytes)).collect();
    let entry = module.functions[0].name.clone();
    let lines = Mutex::new(Vec::new());
    let printer = |printed: Printed| {
        let elements = |array: &PrintedArray| format!(" {:?} {:?}", array.shape, array.elements);
        let arrays: Vec<String> = printed.arrays.iter().map(elements).collect();
        lines.lock().unwrap().push(format!("{}{}", told::line(&printed.objects), arrays.join("")));
        true
    };
    let limits = Limits { printer: Some(Printer(&printer)), ..Limits::NONE };
    let outputs = program.evaluate(&entry, passed, &mut buffers, &limits);
    drop(buffers);
    let mut printed: String = lines.lock().unwrap().iter().map(|line| format!("{line} | ")).collect();
    let outputs = match outputs {
        Ok(outputs) => outputs,
        Err(Failure::Trap(trap)) => return format!("{printed}fails: {}", trap.message(module)),
        Err(failure) => panic!("{failure}\n{module}"),
    };
    let mut parts = Vec::new();
    for (result, kind) in outputs.results.iter().zip(&module.functions[0].results) {
        match (result, kind) {
            (Argument::Scalar(bits), Kind::Scalar(scalar)) => {
                parts.push(Constant { scalar: *scalar, bits: *bits }.to_string())
            }
            (Argument::Array(array), Kind::Array(kind)) => {
                let memory = bytes.get(array.buffer).unwrap_or_else(|| &outputs.memory[array.buffer - bytes.len()]);
                parts.push(shown(array, kind.scalar, memory));
            }
            _ => parts.push("?".into()),
        }
    }
    printed.push_str(&format!("{result}: {}", parts.join(", ")));
    for (number, (scalar, _)) in memory.iter().enumerate() {
        let elements = from_bytes(*scalar, &bytes[number]);
        let elements: Vec<String> =
            elements.iter().map(|&bits| Constant { scalar: *scalar, bits }.to_string()).collect();
        printed.push_str(&format!("; [{}]", elements.join(", ")));
    }
    printed
}

fn shown(array: &ArrayArgument, scalar: ScalarType, memory: &[u8]) -> String {
    let elements = from_bytes(scalar, memory);
    fn inner(array: &ArrayArgument, axis: usize, at: i64, elements: &[u64], scalar: ScalarType) -> String {
        if axis == array.shape.len() {
            return Constant { scalar, bits: elements[at as usize] }.to_string();
        }
        let parts: Vec<String> = (0..array.shape[axis])
            .map(|index| inner(array, axis + 1, at + index * array.strides[axis], elements, scalar))
            .collect();
        format!("[{}]", parts.join(", "))
    }
    inner(array, 0, array.offset, &elements, scalar)
}

#[test]
fn scalars_and_recursion() {
    let fib = "@njit\ndef f(n):\n    if n < 2:\n        return n\n    return f(n - 1) + f(n - 2)\n";
    assert_eq!(call(fib, "f", &[Int(15)]), "int64: 610");
    let short = "@njit\ndef f(n):\n    return 1 if n < 2 else n * f(n - 1)\n";
    assert_eq!(call(short, "f", &[Int(10)]), "int64: 3628800");
    let mutual = "@njit\ndef even(n):\n    if n == 0:\n        return True\n    return odd(n - 1)\n
@njit\ndef odd(n):\n    if n == 0:\n        return False\n    return even(n - 1)\n";
    assert_eq!(call(mutual, "even", &[Int(7)]), "bool: false");
    assert_eq!(call(mutual, "odd", &[Int(7)]), "bool: true");
    let widening = "@njit\ndef f(n):\n    if n == 0:\n        return 0\n    return f(n - 1) + 0.5\n";
    assert_eq!(call(widening, "f", &[Int(3)]), "float64: 1.5");
    let swap = "@njit\ndef f(n):\n    a, b = 0.0, 1.0\n    for i in range(n):\n        a, b = a + b, a\n    return a\n";
    assert_eq!(call(swap, "f", &[Int(10)]), "float64: 55.0");
    let endless = "@njit\ndef f(n):\n    return f(n + 1)\n";
    assert!(
        call(endless, "f", &[Int(0)]).starts_with("refused: cannot type infer runaway recursion: the type that 'f'")
    );
}

#[test]
fn nothing_and_optional() {
    assert_eq!(call("def f(x):\n    x + 1\n", "f", &[Int(1)]), "none: ");
    assert_eq!(call("def f(x):\n    if x > 0:\n        return x\n", "f", &[Int(1)]), "OptionalType(int64): true, 1");
    assert_eq!(call("def f(x):\n    if x > 0:\n        return x\n", "f", &[Int(-1)]), "OptionalType(int64): false, 0");
    let pruned = "def f(x, y):\n    if y is None:\n        return x\n    return x[y]\n";
    assert_eq!(call(pruned, "f", &[Int(1), None]), "int64: 1");
    let text = "def f(x):\n    mode = 'add'\n    if mode == 'add':\n        return x + 1\n    return x - 1\n";
    assert_eq!(call(text, "f", &[Int(1)]), "int64: 2");
}

#[test]
fn names_that_may_be_unassigned() {
    let text = "def f(n):\n    for i in range(n):\n        y = i\n    return y\n";
    assert_eq!(call(text, "f", &[Int(3)]), "int64: 2");
    let unbound = "fails: cannot access local variable 'y' where it is not associated with a value";
    assert_eq!(call(text, "f", &[Int(0)]), unbound);
    let text = "def f(n):\n    if n > 0:\n        y = n\n    return y + 1\n";
    assert_eq!(call(text, "f", &[Int(3)]), "int64: 4");
    assert_eq!(call(text, "f", &[Int(0)]), unbound);
    let text = "def f(n):\n    s = 0\n    for i in range(n):\n        if i > 0:\n            s += y\n        y = i\n    return s\n";
    assert_eq!(call(text, "f", &[Int(4)]), "int64: 3");
    let text = "def f(n):\n    z = y\n    y = 1\n    return z\n";
    assert_eq!(call(text, "f", &[Int(4)]), unbound);
}

#[test]
fn names_that_were_deleted() {
    let unbound = "fails: cannot access local variable 'y' where it is not associated with a value";
    assert_eq!(call("def f(y):\n    del y\n    return y\n", "f", &[Int(1)]), unbound);
    assert_eq!(call("def f(y):\n    del y, y\n", "f", &[Int(1)]), unbound);
    assert_eq!(call("def f(n):\n    if n > 0:\n        y = n\n    del y\n    return n\n", "f", &[Int(0)]), unbound);
    let text = "def f(n):\n    y = n\n    if n > 0:\n        del y\n    return y\n";
    assert_eq!(call(text, "f", &[Int(0)]), "int64: 0");
    assert_eq!(call(text, "f", &[Int(1)]), unbound);
    let text = "def f(n):\n    y = 1\n    s = 0\n    for i in range(n):\n        s += y\n        del y\n        if i < 3:\n            y = s + i\n    return s\n";
    assert_eq!(call(text, "f", &[Int(0)]), "int64: 0");
    assert_eq!(call(text, "f", &[Int(4)]), "int64: 12");
    assert_eq!(call(text, "f", &[Int(5)]), unbound);
    let text = "def f(y):\n    z = y[1:]\n    del y\n    y = z\n    return y\n";
    let given = Floats(vec![3], vec![1.0, 2.0, 3.0]);
    assert_eq!(call(text, "f", &[given]), "array(float64, 1d, C): [2.0, 3.0]; [1.0, 2.0, 3.0]");
}

#[test]
fn elements_and_attributes() {
    let text = "def f(a):\n    s = 0.0\n    for i in range(a.shape[0]):\n        s += a[i]\n    return s, a.size, a.ndim, len(a)\n";
    let result = "(float64, int64, int64, int64): 6.0, 3, 1, 3; [1.0, 2.0, 3.0]";
    assert_eq!(call(text, "f", &[Floats(vec![3], vec![1.0, 2.0, 3.0])]), result);
    let text = "def f(a, i):\n    a[i] = 7\n    a[-1] += 0.5\n";
    let given = || Floats(vec![3], vec![1.0, 2.0, 3.0]);
    assert_eq!(call(text, "f", &[given(), Int(1)]), "none: ; [1.0, 7.0, 3.5]");
    assert_eq!(call(text, "f", &[given(), Int(-3)]), "none: ; [7.0, 2.0, 3.5]");
    assert_eq!(call(text, "f", &[given(), Int(3)]), "fails: index 3 is out of bounds for axis 0 with size 3");
    assert_eq!(call(text, "f", &[given(), Int(-4)]), "fails: index -4 is out of bounds for axis 0 with size 3");
}

#[test]
fn views() {
    let matrix = || Ints(vec![2, 3], vec![1, 2, 3, 4, 5, 6]);
    let view = |body: &str| {
        call(&format!("def f(a):\n    return {body}\n"), "f", &[matrix()])
            .split(';')
            .next()
            .unwrap_or_default()
            .to_string()
    };
    assert_eq!(view("a[1]"), "array(int64, 1d, C): [4, 5, 6]");
    assert_eq!(view("a[:, 1]"), "array(int64, 1d, A): [2, 5]");
    assert_eq!(view("a.T"), "array(int64, 2d, F): [[1, 4], [2, 5], [3, 6]]");
    assert_eq!(view("a[::-1, ::2]"), "array(int64, 2d, A): [[4, 6], [1, 3]]");
    assert_eq!(view("a[1:, 1:]"), "array(int64, 2d, A): [[5, 6]]");
    assert_eq!(view("a[0:1]"), "array(int64, 2d, C): [[1, 2, 3]]");
    assert_eq!(view("a[..., 0]"), "array(int64, 1d, A): [1, 4]");
    assert_eq!(view("a[:, None, 2]"), "array(int64, 2d, A): [[3], [6]]");
    assert_eq!(view("a[1, np.newaxis]"), "array(int64, 2d, A): [[4, 5, 6]]");
    assert_eq!(view("a[-1, -2:]"), "array(int64, 1d, C): [5, 6]");
    assert_eq!(view("a[5:, :1]"), "array(int64, 2d, A): []");
    assert_eq!(view("a[:, 2:0:-1]"), "array(int64, 2d, A): [[3, 2], [6, 5]]");
    assert_eq!(view("a[1][2]"), "int64: 6");
    assert_eq!(view("a.T[2].copy()"), "array(int64, 1d, C): [3, 6]");
    assert_eq!(view("a[::a[0, 0] - 1]"), "fails: slice step cannot be zero");
    assert_eq!(view("a[::0]"), "fails: slice step cannot be zero");
    assert!(view("a[0, 0, 0]").starts_with("refused: too many indices for array"));
}

#[test]
fn allocation_and_assignment() {
    let text = "def f(n):\n    a = np.zeros((n, 2))\n    a[:, 1] = 3\n    a[1] = 5.5\n    return a\n";
    assert_eq!(call(text, "f", &[Int(2)]), "array(float64, 2d, C): [[0.0, 3.0], [5.5, 5.5]]");
    assert_eq!(call(text, "f", &[Int(-1)]), "fails: negative dimensions are not allowed");
    let text = "def f(a):\n    a[1:] = a[:-1]\n    return np.ones_like(a)\n";
    let result = "array(int64, 1d, C): [1, 1, 1, 1]; [1, 1, 2, 3]";
    assert_eq!(call(text, "f", &[Ints(vec![4], vec![1, 2, 3, 4])]), result);
    let text = "def f(a, b):\n    a += b\n    a[0] *= 2\n";
    let (a, b) = (|| Floats(vec![2, 2], vec![1.0, 2.0, 3.0, 4.0]), |n: i64| Floats(vec![n], vec![10.0; n as usize]));
    assert_eq!(call(text, "f", &[a(), b(2)]), "none: ; [22.0, 24.0, 13.0, 14.0]; [10.0, 10.0]");
    assert_eq!(call(text, "f", &[a(), b(1)]), "none: ; [22.0, 24.0, 13.0, 14.0]; [10.0]");
    let message = "fails: could not broadcast input array from shape (3,) into shape (2, 2)";
    assert_eq!(call(text, "f", &[a(), b(3)]), message);
    let text =
        "def f(n):\n    a = np.empty(n, dtype=np.int32)\n    for i in range(n):\n        a[i] = i * i\n    return a\n";
    assert_eq!(call(text, "f", &[Int(4)]), "array(int32, 1d, C): [0, 1, 4, 9]");
    let text = "def f(n):\n    a = np.full((2, n), 7)\n    a.fill(n)\n    b = a\n    for i in range(3):\n        b = b.T\n    return b\n";
    assert_eq!(call(text, "f", &[Int(3)]), "array(int64, 2d, A): [[3, 3], [3, 3], [3, 3]]");
}

#[test]
fn divisors_of_zero() {
    assert_eq!(call("def f(x):\n    return 1 / x\n", "f", &[Int(0)]), "fails: division by zero");
    assert_eq!(call("def f(x):\n    return 1 // x\n", "f", &[Int(0)]), "fails: integer division by zero");
    assert_eq!(call("def f(x):\n    return 1 % x\n", "f", &[Int(0)]), "fails: integer modulo by zero");
    assert_eq!(call("def f(x):\n    return 1 / x\n", "f", &[Float(4.0)]), "float64: 0.25");
    assert_eq!(call("def f(x):\n    raise ValueError('no')\n", "f", &[Bool(true)]), "fails: ValueError: no");
}

#[test]
fn loops_over_arrays() {
    let three = || Floats(vec![3], vec![1.0, 2.0, 4.0]);
    let first = |text: &str, given: &[Given]| call(text, "f", given).split(';').next().unwrap_or_default().to_string();
    let text = "def f(a):\n    s = 0.0\n    for x in a:\n        s += x\n    return s\n";
    assert_eq!(first(text, &[three()]), "float64: 7.0");
    let text = "def f(a):\n    s = 0.0\n    for i, x in enumerate(a):\n        if i == 2:\n            continue\n        s += i * x\n    return s\n";
    assert_eq!(first(text, &[three()]), "float64: 2.0");
    let text = "def f(a):\n    s = 0.0\n    for x, y in zip(a, a[::-1]):\n        s += x * y\n    return s\n";
    assert_eq!(first(text, &[three()]), "float64: 12.0");
    // Rows of what lies in Fortran's order are not packed.
    let text = "def f(a):\n    t = 0\n    for plane in a.T:\n        for row in plane:\n            t = t * 10 + row[0]\n    return t\n";
    assert_eq!(first(text, &[Ints(vec![1, 2, 3], vec![1, 2, 3, 4, 5, 6])]), "int64: 142536");
    let text =
        "def f(a):\n    s = 0.0\n    for i in reversed(range(len(a))):\n        s = s * 10 + a[i]\n    return s\n";
    assert_eq!(first(text, &[three()]), "float64: 421.0");
    let text = "def f(a):\n    s = 0\n    for row in a:\n        row[0] = 9\n        for x in row:\n            s += x\n    return s\n";
    assert_eq!(call(text, "f", &[Ints(vec![2, 2], vec![1, 2, 3, 4])]), "int64: 24; [9, 2, 9, 4]");
    let text = "def f(a):\n    for i, (x, n) in enumerate(zip(a, range(5, 100, 7)), 1):\n        if n > 5:\n            break\n    return i, x, n\n";
    assert_eq!(first(text, &[three()]), "(int64, float64, int64): 2, 2.0, 12");
    let text = "def f(a):\n    s = a.shape[:1] + (7,)\n    return s[::-1], s == (3, 7)\n";
    assert_eq!(first(text, &[three()]), "((int64, int64), bool): 7, 3, true");
}

#[test]
fn known_programs() {
    // The sieve, Levenshtein's distance, LU without pivots.
    let sieve = "def f(n):\n    marks = np.ones(n, dtype=np.bool_)\n    marks[:2] = False\n    i = 2\n    while i * i < n:\n        if marks[i]:\n            marks[i * i::i] = False\n        i += 1\n    count = 0\n    for mark in marks:\n        if mark:\n            count += 1\n    return count\n";
    assert_eq!(call(sieve, "f", &[Int(100)]), "int64: 25");
    let distance = "def f(a, b):\n    n, m = len(a), len(b)\n    row = np.empty(m + 1, dtype=np.int64)\n    for j in range(m + 1):\n        row[j] = j\n    for i in range(n):\n        before = row.copy()\n        row[0] = i + 1\n        for j in range(m):\n            cost = 0 if a[i] == b[j] else 1\n            row[j + 1] = min(before[j] + cost, before[j + 1] + 1, row[j] + 1)\n    return row[m]\n";
    let (a, b) = (Ints(vec![6], vec![1, 2, 3, 3, 4, 5]), Ints(vec![7], vec![6, 2, 3, 3, 2, 5, 7]));
    assert!(call(distance, "f", &[a, b]).starts_with("int64: 3;"));
    let lu = "def f(a):\n    n = a.shape[0]\n    for k in range(n):\n        for i in range(k + 1, n):\n            a[i, k] /= a[k, k]\n            for j in range(k + 1, n):\n                a[i, j] -= a[i, k] * a[k, j]\n";
    assert_eq!(call(lu, "f", &[Floats(vec![2, 2], vec![2.0, 1.0, 4.0, 5.0])]), "none: ; [2.0, 1.0, 2.0, 3.0]");
}

#[test]
fn sums_by_the_tree() {
    let text =
        "def f(n):\n    a = np.empty(n)\n    for i in range(n):\n        a[i] = 1.0 / (i + 1)\n    return a.sum()\n";
    // The tree of docs/ir.md, written down once more.
    fn tree(elements: &[f64]) -> f64 {
        let combine = |left: &mut Vec<f64>, right: &[f64]| {
            for (lane, value) in right.iter().enumerate() {
                match left.get_mut(lane) {
                    Some(left) => *left += value,
                    Option::None => left.push(*value),
                }
            }
        };
        let mut rows: Vec<Vec<f64>> = Vec::new();
        for group in elements.chunks(128) {
            let mut lines = group.chunks(16);
            let mut row = lines.next().unwrap_or_default().to_vec();
            lines.for_each(|line| combine(&mut row, line));
            rows.push(row);
        }
        while rows.len() > 1 {
            rows = rows
                .chunks(2)
                .map(|pair| {
                    let mut left = pair[0].clone();
                    if let Some(right) = pair.get(1) {
                        combine(&mut left, right);
                    }
                    left
                })
                .collect();
        }
        let Some(mut row) = rows.pop() else { return 0.0 };
        for half in [8, 4, 2, 1] {
            for lane in 0..half {
                if lane + half < row.len() {
                    row[lane] += row[lane + half];
                }
            }
            row.truncate(half);
        }
        row[0]
    }
    for n in [0, 1, 3, 18, 127, 128, 129, 256, 385, 640, 1000, 1300] {
        let elements: Vec<f64> = (0..n).map(|i| 1.0 / (i as f64 + 1.0)).collect();
        assert_eq!(call(text, "f", &[Int(n)]), format!("float64: {:?}", tree(&elements)), "{n}");
    }
    let text = "def f(a):\n    return a.T.sum()\n";
    assert_eq!(call(text, "f", &[Ints(vec![2, 2], vec![1, 2, 3, 4])]), "int64: 10; [1, 2, 3, 4]");
}

#[test]
fn complex_numbers() {
    let first = |text: &str| call(text, "f", &[Float(2.0), Float(-1.0)]);
    assert_eq!(first("def f(x, y):\n    return complex(x, y) * 1j + 3\n"), "complex128: 4.0, 2.0");
    assert_eq!(first("def f(x, y):\n    return complex(x, y) / (1 + 1j)\n"), "complex128: 0.5, -1.5");
    assert_eq!(
        first("def f(x, y):\n    z = complex(x, y)\n    return abs(z * z), z.real, z.conjugate().imag\n"),
        "(float64, float64, float64): 5.0, 2.0, 1.0"
    );
    assert_eq!(first("def f(x, y):\n    return complex(x, y) ** 2\n"), "complex128: 3.0, -4.0");
    assert_eq!(
        first("def f(x, y):\n    z = complex(x, y)\n    return z == 2 - 1j, z != z, not z\n"),
        "(bool, bool, bool): true, false, false"
    );
    assert_eq!(first("def f(x, y):\n    return complex(x, y) / complex(0, 0)\n"), "fails: complex division by zero");
    let text = "def f(x):\n    z = complex(x, 0.0)\n    return np.isreal(z), np.iscomplex(z + 1j), np.iscomplex(z)\n";
    assert_eq!(call(text, "f", &[Float(2.0)]), "(bool, bool, bool): true, true, false");
    let mandel = "def f(x, y):\n    c = complex(x, y)\n    z = 0.0j\n    for i in range(20):\n        z = z * z + c\n        if z.real * z.real + z.imag * z.imag >= 4:\n            return i\n    return 255\n";
    assert_eq!(first(mandel), "int64: 0");
    assert_eq!(call(mandel, "f", &[Float(-0.5), Float(0.2)]), "int64: 255");
}

#[test]
fn stars_and_classes() {
    let text = "def g(a, *rest):\n    return a + len(rest) * 10\ndef f(x):\n    t = (x, 2, 3)\n    return g(*t), g(5), g(1, *t[:1])\n";
    assert_eq!(call(text, "f", &[Int(1)]), "(int64, int64, int64): 21, 5, 11");
    let text = "def f(x):\n    if isinstance(x, float):\n        return x * 0.5\n    elif isinstance(x, (np.ndarray, tuple)):\n        return x[0]\n    return x\n";
    assert_eq!(call(text, "f", &[Int(3)]), "int64: 3");
    assert_eq!(call(text, "f", &[Float(3.0)]), "float64: 1.5");
    assert_eq!(call(text, "f", &[Ints(vec![1], vec![4])]), "int64: 4; [4]");
    let text = "def g(x, y=None, mode='a'):\n    if y is None:\n        return x\n    if mode == 'b':\n        return x - y\n    return x + y\ndef f(x):\n    return g(x), g(x, 1.5), g(x, mode='b', y=2)\n";
    assert_eq!(call(text, "f", &[Int(3)]), "(int64, float64, int64): 3, 4.5, 1");
}

#[test]
fn rows_of_fortran_arrays_and_fresh_memory() {
    let text = "def f(a):\n    s = 0\n    for row in a.T:\n        s = s * 100 + row[1]\n    return s, a.T[1]\n";
    let result = "(int64, array(int64, 1d, A)): 40506, [2, 5]; [1, 2, 3, 4, 5, 6]";
    assert_eq!(call(text, "f", &[Ints(vec![2, 3], vec![1, 2, 3, 4, 5, 6])]), result);
    let text = "def f(a):\n    b = np.empty(4)\n    b[1:] = a\n    b[0] = 9\n    return b\n";
    let result = "array(float64, 1d, C): [9.0, 1.0, 2.0, 3.0]; [1.0, 2.0, 3.0]";
    assert_eq!(call(text, "f", &[Floats(vec![3], vec![1.0, 2.0, 3.0])]), result);
}

#[test]
fn tuples_counted_on() {
    let text = "def f(x):\n    s = 0\n    for i, v in enumerate((x, 5, 7), start=10):\n        s += i * v\n    for v in reversed((1, 2, 3)):\n        s = s * 10 + v\n    return s\n";
    assert_eq!(call(text, "f", &[Int(1)]), "int64: 149321");
}

#[test]
fn choices_of_what_is_no_number() {
    let text = "def f(a, c):\n    b = a[::-1] if c else a\n    return b[0], (a if c else a.copy())\n";
    let given = || Floats(vec![2], vec![1.0, 2.0]);
    assert!(call(text, "f", &[given(), Bool(true)]).starts_with("(float64, array(float64, 1d, C)): 2.0, [1.0, 2.0]"));
    assert!(call(text, "f", &[given(), Bool(false)]).starts_with("(float64, array(float64, 1d, C)): 1.0, [1.0, 2.0]"));
    let text = "def g(x):\n    if x > 0:\n        return x\ndef f(x):\n    y = g(x)\n    z = 0 if y is None else y\n    return z\n";
    assert_eq!(call(text, "f", &[Int(5)]), "OptionalType(int64): true, 5");
    assert_eq!(call(text, "f", &[Int(-5)]), "OptionalType(int64): true, 0");
    let text = "def f(x):\n    z = complex(x, 1) if x > 0 else 2.5\n    return z\n";
    assert_eq!(call(text, "f", &[Float(-1.0)]), "complex128: 2.5, 0.0");
}

#[test]
fn choices_of_what_was_not_assigned() {
    let unbound = "fails: cannot access local variable 'y' where it is not associated with a value";
    let text = "def f(n):\n    if n > 5:\n        y = 1.5\n    return y if n > 0 else y\n";
    assert_eq!(call(text, "f", &[Int(2)]), unbound);
    assert_eq!(call(text, "f", &[Int(6)]), "float64: 1.5");
    let text =
        "def f(n):\n    if n > 4:\n        return 0.5\n    if False:\n        y = 0.0\n    return y if n > 0 else y\n";
    assert_eq!(call(text, "f", &[Int(2)]), unbound);
    assert_eq!(call(text, "f", &[Int(5)]), "float64: 0.5");
    let text = "def f(n):\n    a = np.ones(3)\n    b = np.zeros(3)\n    s = 0.0\n    for i in range(3):\n        c = a if n > i else b\n        s += c[0]\n    return s\n";
    assert_eq!(call(text, "f", &[Int(2)]), "float64: 2.0");
}

#[test]
fn what_is_known_of_an_index_survives_only_what_keeps_it() {
    let outside = "fails: index 18446744073709551615 is out of bounds for axis 0 with size 2";
    let text = "def f(a):\n    s = 0.0\n    for i in range(-1, len(a)):\n        s += a[np.uint64(i)]\n    return s\n";
    assert_eq!(call(text, "f", &[Floats(vec![2], vec![1.0, 2.0])]), outside);
    let text = "def f(a, n, c):\n    if c:\n        b = np.empty(n)\n    return a[n]\n";
    let given = || Floats(vec![3], vec![1.0, 2.0, 3.0]);
    assert_eq!(call(text, "f", &[given(), Int(-1), Bool(false)]), "float64: 3.0; [1.0, 2.0, 3.0]");
    assert_eq!(
        call(text, "f", &[given(), Int(-5), Bool(false)]),
        "fails: index -5 is out of bounds for axis 0 with size 3"
    );
    assert_eq!(call(text, "f", &[given(), Int(-1), Bool(true)]), "fails: negative dimensions are not allowed");
    let text = "def f(n):\n    return np.empty(np.uint64(n)).size\n";
    assert_eq!(call(text, "f", &[Int(-3)]), "fails: negative dimensions are not allowed");
}

#[test]
fn a_fresh_array_stored_into_itself() {
    let text = "def f(n):\n    b = np.empty(n, np.int64)\n    for i in range(n):\n        b[i] = i\n    v = b[::-1]\n    v[:] = b\n    return b\n";
    assert_eq!(call(text, "f", &[Int(4)]), "array(int64, 1d, C): [3, 2, 1, 0]");
}

#[test]
fn library_calls_have_their_defaults() {
    let text = "def f(x, y):\n    return np.isclose(x, y), np.isclose(x, y, rtol=0.5)\n";
    assert_eq!(call(text, "f", &[Float(1.0), Float(1.2)]), "(bool, bool): false, true");
}

#[test]
fn operands_that_end_their_way() {
    let unbound = "fails: cannot access local variable 'y' where it is not associated with a value";
    let text = "def f(a, c):\n    if a[0] > 5:\n        return 7\n    x = 1 if c else y\n    y = 2\n    return x + y\n";
    let given = || Ints(vec![1], vec![0]);
    assert_eq!(call(text, "f", &[given(), Bool(true)]), "int64: 3; [0]");
    assert_eq!(call(text, "f", &[given(), Bool(false)]), unbound);
    let text = "def f(a, c):\n    if a[0] == 0:\n        if c and y > 0:\n            a[0] = 1\n        a[0] += 2\n    y = 4\n    return y + a[0]\n";
    assert_eq!(call(text, "f", &[given(), Bool(false)]), "int64: 6; [2]");
    assert_eq!(call(text, "f", &[given(), Bool(true)]), unbound);
    let text = "def f(n):\n    if n > 5:\n        return 1\n    while y < 3:\n        y = 1\n    return 5\n";
    assert_eq!(call(text, "f", &[Int(0)]), unbound);
    assert_eq!(call(text, "f", &[Int(6)]), "int64: 1");
    let text = "def f(c):\n    x = (y := 5) if c else 0\n    return x + y\n";
    assert_eq!(call(text, "f", &[Bool(true)]), "int64: 10");
    assert_eq!(call(text, "f", &[Bool(false)]), unbound);
    let text = "def f(c):\n    y = 1.5\n    x = (y := 5) if c else 0\n    return x + y\n";
    assert_eq!(call(text, "f", &[Bool(false)]), "float64: 1.5");
}

#[test]
fn sources_are_evaluated_once() {
    let text = "def bump(a):\n    a[0] += 1\n    return a[0]\ndef f(a):\n    s = 0\n    for i, x in enumerate((bump(a), bump(a))):\n        s = s * 10 + x\n    for x, y in zip((bump(a), 1.5), (bump(a), 2)):\n        s += x * y\n    for x in reversed((bump(a), 0.5)):\n        s += x\n    return s\n";
    assert_eq!(call(text, "f", &[Ints(vec![1], vec![0])]), "float64: 32.5; [5]");
    let text = "def f(a):\n    s = 0\n    for i, x in enumerate(a, foo=3):\n        s += x\n    return s\n";
    assert!(call(text, "f", &[Ints(vec![1], vec![0])]).starts_with("refused"));
}

#[test]
fn steps_as_large_as_they_get() {
    let text = "def f(a, step):\n    return a[::step].size, a[2::step].size, a[1:1:step].size, a[::9223372036854775807].size, (1, 2, 3)[1::9223372036854775807]\n";
    for (step, sizes) in [(i64::MAX, "1, 1, 0"), (i64::MIN, "1, 1, 0"), (2, "2, 1, 0"), (-1, "4, 3, 0")] {
        let expected = format!("(int64, int64, int64, int64, UniTuple(int64, 1)): {sizes}, 1, 2; [1, 2, 3, 4]");
        let found = call(text, "f", &[Ints(vec![4], vec![1, 2, 3, 4]), Int(step)]);
        assert_eq!(
            found.split_once(": "),
            expected.split_once(": ").map(|(_, rest)| (found.split_once(": ").unwrap().0, rest))
        );
    }
}

#[test]
fn complex_numbers_beside_other_things() {
    let text = "def f(z):\n    c = complex(z, 0)\n    return c in (1j, 2j, 1 + 0j), c == None, c == 'a', c != (1, 2)\n";
    assert_eq!(call(text, "f", &[Float(1.0)]), "(bool, bool, bool, bool): true, false, false, true");
    let text = "import cmath\ndef f(z):\n    return cmath.rect(2, z), cmath.rect(z, np.float32(0))\n";
    assert_eq!(call(text, "f", &[Float(0.0)]), "(complex128, complex128): 2.0, 0.0, 0.0, 0.0");
}

#[test]
fn functions_that_wait_for_each_other() {
    let text = "@njit\ndef bar(y, z):\n    return f(y - z)\n@njit\ndef f(x):\n    if x > 0:\n        return 2 * bar(z=1, y=x)\n    return 1 + x\n";
    assert_eq!(call(text, "f", &[Int(5)]), "int64: 32");
    let text = "@njit\ndef b(x):\n    return c(x) * 3\n@njit\ndef c(x):\n    return d(x) * 4\n@njit\ndef d(x):\n    return f(x / 2 - 1)\n@njit\ndef f(x):\n    if x > 0:\n        return b(x) * 2\n    else:\n        return 1\n";
    assert_eq!(call(text, "f", &[Float(10.0)]), "int64: 13824");
    let text = "@njit\ndef g(x):\n    return f(x)\n@njit\ndef f(x):\n    return g(x)\n";
    assert!(call(text, "f", &[Int(1)]).starts_with("refused: "), "{}", call(text, "f", &[Int(1)]));
    let text = "@njit\ndef g(x):\n    if x > 5:\n        raise ValueError(x)\n    f(x + 1)\n@njit\ndef f(x):\n    g(x)\n    return x\n";
    assert_eq!(call(text, "f", &[Int(1)]), "fails: ValueError: 6");
    let text =
        "def f(n):\n    if n == 0:\n        raise ValueError('end')\n    print(n)\n    f(n - 1)\n    print(-n)\n";
    assert_eq!(call(text, "f", &[Int(2)]), "2 | 1 | fails: ValueError: end");
    let text = "def f(n):\n    try:\n        if n == 0:\n            raise ValueError('end')\n        f(n - 1)\n    except Exception:\n        print(n)\n    f(n + 1) if n < 0 else None\n    print(-n)\n";
    assert_eq!(call(text, "f", &[Int(1)]), "0 | 0 | -1 | none: ");
}

#[test]
fn extents_with_a_distance() {
    let text = "def f(n, k):\n    x = np.zeros(n + 2)\n    for t in range(n):\n        x[t + 2] = x[t] + x[t + 1] + 1\n    return x[k]\n";
    assert_eq!(call(text, "f", &[Int(5), Int(6)]), "float64: 12.0");
    assert_eq!(call(text, "f", &[Int(5), Int(7)]), "fails: index 7 is out of bounds for axis 0 with size 7");
    assert_eq!(call(text, "f", &[Int(-1), Int(0)]), "float64: 0.0");
    let text = "def f(n):\n    x = np.zeros(n - 1)\n    for t in range(n):\n        x[t] = 1\n    return x\n";
    assert_eq!(call(text, "f", &[Int(3)]), "fails: index 2 is out of bounds for axis 0 with size 2");
    let text =
        "def f(n):\n    x = np.zeros(n + 1)\n    n += 3\n    for t in range(n):\n        x[t] = 1\n    return x\n";
    assert_eq!(call(text, "f", &[Int(3)]), "fails: index 4 is out of bounds for axis 0 with size 4");
}
