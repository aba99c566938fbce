//! Slices and ranges as values, run by the interpreter.

use crate::whole::*;

#[test]
fn ranges_are_values() {
    let text = "def f(a, b, c):\n    r = range(a, b, c)\n    s = 0\n    for i in r:\n        s = s * 10 + i\n    for k, i in enumerate(reversed(r)):\n        s += k * i\n    return len(r), r.start, r.stop, r.step, s, a in r, b in r, a + c in r, 3.5 in r\n";
    let with = |a, b, c| call(text, "f", &[Int(a), Int(b), Int(c)]);
    let types = "(int64, int64, int64, int64, int64, bool, bool, bool, bool): ";
    assert_eq!(with(1, 7, 2), format!("{types}3, 1, 7, 2, 140, true, false, true, false"));
    assert_eq!(with(5, 0, -2), format!("{types}3, 5, 0, -2, 544, true, false, true, false"));
    assert_eq!(with(3, 3, 1), format!("{types}0, 3, 3, 1, 0, false, false, false, false"));
    let text = "def g(n):\n    return range(2, n)\ndef f(n):\n    s = 0\n    for i in g(n):\n        s += i\n    return s, n - 1 in g(n), len(range(n))\n";
    assert_eq!(call(text, "f", &[Int(5)]), "(int64, bool, int64): 9, true, 5");
    let text = "def f(v):\n    return v in range(-9223372036854775807, 9223372036854775807, 3)\n";
    for value in [i64::MAX, i64::MAX - 1, i64::MAX - 2, i64::MIN, i64::MIN + 1, i64::MIN + 4, 0, 1, 2] {
        let distance = value as i128 + i64::MAX as i128;
        let expected = distance >= 0 && distance % 3 == 0 && value < i64::MAX;
        assert_eq!(call(text, "f", &[Int(value)]), format!("bool: {expected}"));
    }
}

#[test]
fn slices_are_values() {
    let text = "def f(a, i, j):\n    s = slice(i, j)\n    t = slice(None, None, -1)\n    b = a[s]\n    a[slice(1)] = 9\n    return b, a[t], (1, 2, 3, 4)[slice(1, 3)], s.start, s.stop, s.step, t.start, t.stop\n";
    assert_eq!(
        call(text, "f", &[Ints(vec![4], vec![1, 2, 3, 4]), Int(1), Int(3)]).split_once(": ").unwrap().1,
        "[2, 3], [4, 3, 2, 9], 2, 3, 1, 3, 1, 9223372036854775807, -9223372036854775808; [9, 2, 3, 4]"
    );
    let text = "def f(n, i, j, k):\n    return slice(i, j, k).indices(n), slice(None, j, k).indices(n), slice(i, None, k).indices(n)\n";
    let with = |n, i, j, k| call(text, "f", &[Int(n), Int(i), Int(j), Int(k)]);
    let found = |text: String| text.split_once(": ").map(|(_, rest)| rest.to_string()).unwrap_or(text);
    assert_eq!(found(with(5, 1, 4, 2)), "1, 4, 2, 0, 4, 2, 1, 5, 2");
    assert_eq!(found(with(5, -2, -9, -1)), "3, -1, -1, 4, -1, -1, 3, -1, -1");
    assert_eq!(with(5, 1, 2, 0), "fails: slice step cannot be zero");
    assert_eq!(with(-1, 1, 2, 1), "fails: length should not be negative");
    assert_eq!(call("def f():\n    return slice()\n", "f", &[]), "refused: slice expected at least 1 argument, got 0");
}

#[test]
fn functions_are_values() {
    let text = "@njit\ndef twice(x):\n    return 2 * x\n@njit\ndef square(x):\n    return x * x\n@njit\ndef apply(g, x, n=2):\n    for i in range(n):\n        x = g(x)\n    return x\n@njit\ndef compose(g, h, x):\n    return g(h(x))\n@njit\ndef f(x, c):\n    k = twice\n    s = apply(k, x) + apply(square, x) * 100 + compose(square, twice, x) * 10000 + apply(g=square, x=0.5, n=1)\n    k = square\n    return s, k(x)\n";
    assert_eq!(call(text, "f", &[Int(3), Bool(true)]), "(float64, int64): 368112.25, 9");
    let text = "@njit\ndef fact(g, n):\n    return 1 if n < 2 else n * g(g, n - 1)\n@njit\ndef f(n):\n    return fact(fact, n)\n";
    assert_eq!(call(text, "f", &[Int(5)]), "int64: 120");
    let text = "@njit\ndef a(x):\n    return x\n@njit\ndef b(x):\n    return -x\n@njit\ndef f(c):\n    g = a if c else b\n    return g(1)\n";
    assert!(call(text, "f", &[Bool(true)]).starts_with("refused: "), "{}", call(text, "f", &[Bool(true)]));
}
