//! Operators and functions of whole arrays, run by the interpreter.

use crate::whole::*;

fn result(text: String) -> String {
    text.split_once(": ").map(|(_, rest)| rest.split(';').next().unwrap_or(rest).to_string()).unwrap_or(text)
}

#[test]
fn operators_of_arrays() {
    let given = || [Floats(vec![3], vec![1.0, 2.0, 4.0]), Ints(vec![3], vec![3, 5, 7])];
    let f = |expression: &str| result(call(&format!("def f(a, b):\n    return {expression}\n"), "f", &given()));
    assert_eq!(f("a + b"), "[4.0, 7.0, 11.0]");
    assert_eq!(f("2 * b - 1"), "[5, 9, 13]");
    assert_eq!(f("b / 2"), "[1.5, 2.5, 3.5]");
    assert_eq!(f("b // 2 + b % 2"), "[2, 3, 4]");
    assert_eq!(f("a ** 2"), "[1.0, 4.0, 16.0]");
    assert_eq!(f("-a"), "[-1.0, -2.0, -4.0]");
    assert_eq!(f("~b"), "[-4, -6, -8]");
    assert_eq!(f("a < b - 3"), "[false, false, false]");
    assert_eq!(f("(b > 3) & (a < 3)"), "[false, true, false]");
    assert_eq!(f("b // 0"), "[0, 0, 0]");
    assert_eq!(f("(a[::-1] * a)[1:]"), "[4.0, 4.0]");
    assert_eq!(f("np.sqrt(a) + abs(-a)"), "[2.0, 3.414213562373095, 6.0]");
    assert_eq!(f("np.where(b > 4, a, -1.0)"), "[-1.0, 2.0, 4.0]");
    assert_eq!(f("np.maximum(a, 2)"), "[2.0, 2.0, 4.0]");
    assert_eq!(f("(a + b).sum()"), "22.0");
    assert_eq!(f("a @ a"), "products of matrices are not there yet");
}

#[test]
fn arrays_are_broadcast() {
    let text = "def f(a, b):\n    return a[:, None] * b + a[0]\n";
    let given = [Ints(vec![2], vec![1, 2]), Ints(vec![3], vec![10, 20, 30])];
    assert_eq!(result(call(text, "f", &given)), "[[11, 21, 31], [21, 41, 61]]");
    let text = "def f(a, b):\n    return a + b\n";
    assert_eq!(
        call(text, "f", &[Ints(vec![2], vec![1, 2]), Ints(vec![3], vec![1, 2, 3])]),
        "fails: operands could not be broadcast together with shapes (2,) (3,)"
    );
    assert_eq!(result(call(text, "f", &[Ints(vec![1], vec![1]), Ints(vec![0], vec![])])), "[]");
    assert_eq!(
        result(call(text, "f", &[Ints(vec![2, 2], vec![1, 2, 3, 4]), Ints(vec![2, 1], vec![10, 20])])),
        "[[11, 12], [23, 24]]"
    );
    let text = "def f(a):\n    b = a.T * 2\n    c = b + b\n    return c, a + a.T\n";
    assert_eq!(result(call(text, "f", &[Ints(vec![2, 2], vec![1, 2, 3, 4])])), "[[4, 12], [8, 16]], [[2, 5], [5, 8]]");
}

#[test]
fn kernels_take_arrays() {
    let text = "from numba import vectorize\n@vectorize\ndef k(x, y):\n    return x * y + 1\ndef f(a, b):\n    return k(a, b), k(a, 2), k(3, 4)\n";
    let given = [Ints(vec![2], vec![1, 2]), Floats(vec![2, 1], vec![0.5, 1.5])];
    assert_eq!(result(call(text, "f", &given)), "[[1.5, 2.0], [2.5, 4.0]], [3, 5], 13");
}

#[test]
fn arrays_in_loops_and_temporaries() {
    let text = "def f(a, n):\n    x = a\n    for i in range(n):\n        x = x * 2 + a\n        if i == 1:\n            x = x - 1\n    return x, x[0] + a[1]\n";
    assert_eq!(result(call(text, "f", &[Ints(vec![2], vec![1, 2]), Int(3)])), "[13, 28], 15");
    assert_eq!(result(call(text, "f", &[Ints(vec![2], vec![1, 2]), Int(0)])), "[1, 2], 3");
    let text = "def f(a):\n    a[1:] = a[:-1] + a[1:]\n    a += a * a\n    return a.sum()\n";
    assert_eq!(call(text, "f", &[Ints(vec![4], vec![1, 2, 3, 4])]), "int64: 100; [2, 12, 30, 56]");
}
