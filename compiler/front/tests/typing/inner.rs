//! `match`, functions inside of functions, and assignment expressions: values are those of Numba 0.68, and of Python
//! where Numba refuses (assignment expressions in conditions, patterns of several values).

use super::*;
use ScalarType::*;

/// `f` of every number of these, as int64.
#[track_caller]
fn gives(text: &str, expected: &[(i64, i64)]) {
    for &(argument, result) in expected {
        assert_eq!(call(text, &[super::i64(argument)], Rules::Numba), super::i64(result), "{text}\nof {argument}");
    }
}

#[track_caller]
fn refused(text: &str, expected: &str) {
    let found = typed(text, &scalars(&[I64]), Rules::Numba, &Relative::default()).map(|typed| typed.module.to_string());
    let found = found.expect_err(text).to_string();
    assert!(found.contains(expected) && found.contains("kernel.py:"), "{found}\nhas no: {expected}");
}

#[test]
fn patterns_of_values() {
    let text = "def f(x):\n    match x:\n        case 0: return 10\n        case 1 | 2: return 20\n        case -3: return 30\n        case _: return 40";
    gives(text, &[(0, 10), (1, 20), (2, 20), (-3, 30), (3, 40), (-1, 40)]);
    let text = "def f(x):\n    r = 7\n    match x:\n        case 1: r = 1\n        case 2: r = 2\n    return r";
    gives(text, &[(1, 1), (2, 2), (3, 7)]);
    // Bools are True or False, numbers are not, and nothing is None.
    let text = "def f(x):\n    match x > 1:\n        case True: return 1\n        case False: return 2\n    return 3";
    gives(text, &[(0, 2), (2, 1)]);
    gives("def f(x):\n    match x:\n        case True | None: return 1\n        case _: return 2", &[(1, 2), (0, 2)]);
    // Floats and integers are compared as numbers.
    let text = "def f(x):\n    match x * 0.5:\n        case 1: return 10\n        case 1.5: return 15\n        case _: return 0";
    gives(text, &[(2, 10), (3, 15), (4, 0)]);
    gives(
        "K = 4\ndef f(x):\n    match x:\n        case math.pi: return 1\n        case np.pi | 4.0: return 2\n    return K",
        &[(4, 2), (3, 4)],
    );
    // The subject is evaluated once.
    let text = "def g(x):\n    if x == 5:\n        raise ValueError('five')\n    return x\ndef f(x):\n    match g(x):\n        case 1: return 1\n        case 2: return 2\n        case n: return n * 10";
    gives(text, &[(1, 1), (2, 2), (3, 30)]);
    let typed = typed(text, &scalars(&[I64]), Rules::Numba, &Relative::default()).unwrap();
    assert_eq!(typed.module.functions[0].to_string().matches("call @g").count(), 1);
}

#[test]
fn patterns_that_name() {
    let text = "def f(x):\n    match x:\n        case n if n > 3: return n * 2\n        case n if n < 0: return -n\n        case _: return 0";
    gives(text, &[(-3, 3), (0, 0), (3, 0), (4, 8)]);
    let text = "def f(x):\n    match x + 1:\n        case 5: return 1\n        case y: return y";
    gives(text, &[(4, 1), (7, 8)]);
    let text = "def f(x):\n    match x:\n        case (1 | 2) as n: return n * 100\n        case _: return 2";
    gives(text, &[(1, 100), (2, 200), (3, 2)]);
    // A name stays bound where the guard fails.
    let text = "def f(x):\n    n = 100\n    match x:\n        case (1 | 2) as n if x > 1: return 0\n        case 7: return n\n    return n";
    gives(text, &[(1, 1), (2, 0), (7, 100), (8, 100)]);
    let text = "def f(x):\n    s = 0\n    for i in range(x):\n        match i % 3:\n            case 0: continue\n            case 1 as k: s += k\n            case k if i > 6: break\n            case k: s += 10 * k\n    return s * 100 + k";
    gives(text, &[(3, 2102), (9, 4302)]);
}

#[test]
fn patterns_of_several_values() {
    let text = "def f(x):\n    match (x, x + 1):\n        case (1, 2): return 1\n        case (a, 6): return a * 10\n        case 3, _: return 33\n        case [_, _, _]: return 4\n        case _: return 2";
    gives(text, &[(1, 1), (5, 50), (3, 33), (7, 2)]);
    let text = "def f(x):\n    match x, x % 2 == 0:\n        case n, True if n > 3: return n\n        case (0 | 1 as n), _: return n + 50\n        case both: return both[0] * 1000";
    gives(text, &[(4, 4), (0, 50), (1, 51), (2, 2000), (5, 5000)]);
}

#[test]
fn what_is_matched_is_evaluated_before_the_patterns() {
    gives("def f(x):\n    a = 1\n    match x, a:\n        case a, 1: return a\n        case _: return 100", &[(5, 5)]);
    gives(
        "def f(x):\n    match x, (x := 7):\n        case 5, 7: return x\n        case _: return 100",
        &[(5, 7), (4, 100)],
    );
    let text =
        "def f(x):\n    match x:\n        case 1 if (x := 2) > 5: return 10\n        case 2: return 20\n    return x";
    gives(text, &[(1, 2), (2, 20)]);
    gives("def f(x):\n    b = x\n    b += (b := 3)\n    return b", &[(5, 8)]);
}

#[test]
fn patterns_that_kernels_do_not_have() {
    let case = |pattern: &str| format!("def f(x):\n    match x:\n        case {pattern}: return 1\n    return 2");
    refused(&case("'a'"), "texts as patterns");
    refused(&case("int(n)"), "patterns of classes");
    refused(&case("{'a': 1}"), "patterns of dictionaries");
    refused(&case("(a, b)"), "patterns of several values for one");
    refused(&case("(1 as n) | (2 as n)"), "names in alternatives");
    refused("def f(x):\n    match x, x:\n        case 1: return 1\n    return 2", "patterns of one value for several");
    refused("def f(x):\n    match x, x:\n        case 1, *_: return 1\n    return 2", "patterns with '*'");
    // Only who compiles it is told.
    gives("def g(x):\n    match x:\n        case {}: return 1\ndef f(x):\n    return x", &[(1, 1)]);
}

#[test]
fn inner_functions() {
    let text = "def f(x):\n    k = 2\n    def g(a, b=1):\n        'Doc.'\n        return a * k + b\n    return g(x) + g(x, b=3)";
    gives(text, &[(-3, -8), (0, 4), (5, 24)]);
    gives("def f(x):\n    k = 2\n    def g(a): return a * k\n    k = 3\n    return g(x)", &[(5, 15)]);
    gives("def f(x):\n    def h(a): return a + 1\n    def g(a): return h(a) * 2\n    return g(x)", &[(5, 12)]);
    let text = "def f(x):\n    def g(a):\n        s = 0\n        for i in range(3):\n            s += a * i\n        return s\n    return g(x)";
    gives(text, &[(5, 15)]);
    let text = "def f(x):\n    def g(a):\n        if a > 2: return a\n        return -a\n    return g(x)";
    gives(text, &[(1, -1), (5, 5)]);
    let text = "def f(x):\n    k = 3\n    def g(a):\n        def h(b): return b * k + a\n        return h(a + 1)\n    return g(x)";
    gives(text, &[(5, 23)]);
    gives("def f(x):\n    def g(a): return a, a + 1\n    p, q = g(x)\n    return p * q", &[(5, 30)]);
    let text =
        "def f(x):\n    s = 0\n    for i in range(4):\n        def g(a): return a * i\n        s += g(x)\n    return s";
    gives(text, &[(5, 30)]);
    gives(
        "def f(x):\n    def g(a):\n        if a < 0: raise ValueError('neg')\n        return a\n    return g(x)",
        &[(5, 5)],
    );
    let text = "def f(x):\n    k = 5\n    if x > 2:\n        k = x\n    def g(a): return a + k\n    return g(1)";
    gives(text, &[(1, 6), (4, 5)]);
    // For every type of the arguments and of what it takes from around.
    let text =
        "def f(x):\n    k = 1\n    def g(a): return a + k\n    r = g(x)\n    k = 0.5\n    return r + g(x) + g(0.25)";
    assert_eq!(call(text, &[super::i64(3)], Rules::Numba), super::f64(8.25));
    let text = "def f(x):\n    t = (x, 2)\n    def g(i):\n        a, b = t\n        return a * i + b\n    return g(3)";
    gives(text, &[(5, 17)]);
}

#[test]
fn defaults_are_evaluated_where_a_function_is_defined() {
    gives("def f(x):\n    k = x * 2\n    def g(a, b=k): return a + b\n    k = 9\n    return g(1) + k", &[(5, 20)]);
    gives("def f(x):\n    k = 2\n    g = lambda a, b=5, c=k: a * b + k + c\n    k = 100\n    return g(x)", &[(5, 127)]);
    let text = "def f(x):\n    d = x + 1\n    def h(a, b=d): return a * b\n    def g(a): return h(a) + h(a, 1)\n    d = 0\n    return g(10)";
    gives(text, &[(5, 70)]);
}

#[test]
fn names_belong_to_the_function_that_they_stand_in() {
    let text = "def f(x):\n    k = 1\n    def h(a): return a + k\n    def g(a):\n        k = 100\n        return h(a) + k\n    return g(x)";
    gives(text, &[(5, 106)]);
    gives("def f(x):\n    k = 1\n    h = lambda a: a + k\n    g = lambda k: h(k) * k\n    return g(x)", &[(5, 30)]);
    gives("def f(x):\n    k = 1\n    h = lambda a: a + k\n    def g(k): return h(k) * k\n    return g(x)", &[(5, 30)]);
    gives("def f(x):\n    k = 1\n    def h(a): return a + k\n    g = lambda k: h(k) * k\n    return g(x)", &[(5, 30)]);
    gives("def f(x):\n    return (lambda a: (lambda b: a * 10 + b)(a + 1))(x)", &[(5, 56)]);
    gives("k = 7\ndef f(x):\n    def g(a):\n        k = a\n        return k\n    return g(x) + k", &[(5, 12)]);
    gives("def g(a):\n    return 0\ndef f(x):\n    def g(a): return a + 1\n    return g(x)", &[(5, 6)]);
}

#[test]
fn inner_functions_that_kernels_do_not_have() {
    refused(
        "def f(x):\n    def g(a):\n        return 1 if a < 1 else a * g(a - 1)\n    return g(x)",
        "recursion: 'g' calls itself",
    );
    refused("def f(x):\n    g = lambda a: g(a)\n    return g(x)", "recursion: the lambda calls itself");
    let text = "def f(x):\n    def h(a): return g(a)\n    def g(a): return h(a)\n    return g(x)";
    refused(text, "calls itself");
    refused("def f(x):\n    @numba.njit\n    def g(a): return a\n    return g(x)", "has a decorator");
    refused(
        "def f(x):\n    def g(a): return a + k\n    r = g(x)\n    k = 1\n    return r",
        "'k' is read before it is assigned",
    );
    refused("def f(x):\n    def g(*a): return 1\n    return g(x)", "such parameters");
    refused("def f(x):\n    def g(a):\n        nonlocal x\n        return a\n    return g(x)", "'nonlocal' statements");
    refused(
        "def f(x):\n    def g(a, b): return a\n    return g(x)",
        "Cannot bind the arguments of 'g': TypeError: missing a required argument: 'b'",
    );
    refused("def f(x):\n    def g(a): return a\n    return g(x, 1)", "'g' takes 1 argument, and 2 are given");
    refused("def f(x):\n    def g(a): return a\n    return g", "this is a function, not a number");
    let text = "def f(a, w):\n    def g(i): return w[i]\n    return a[0] * g(1)";
    let arguments = [ArgumentType::Relative { scalar: F64, rank: 1 }, ArgumentType::Absolute { scalar: F64, rank: 1 }];
    let message = typed(text, &arguments, Rules::Numba, &Relative::default()).unwrap_err().to_string();
    assert!(message.contains("'g' reads the array 'w'"), "{message}");
}

#[test]
fn assignment_expressions() {
    let text = "def f(x):\n    if (n := x * 2) > 3:\n        return n\n    return -n";
    gives(text, &[(1, -2), (5, 10)]);
    let text = "def f(x):\n    s = 0\n    n = x\n    while (n := n - 1) > 0:\n        s += n\n    return s * 100 + n";
    gives(text, &[(4, 600), (1, 0), (-2, -3)]);
    // Bound by the loop alone, in its last turn too.
    let text = "def f(x):\n    i = 0\n    while (k := i * i) < x:\n        i += 1\n    return k * 100 + i";
    gives(text, &[(5, 903), (0, 0), (1, 101)]);
    let text = "def f(x):\n    i = x\n    while (h := i * 0.5) > 1:\n        if i == 7:\n            break\n        i -= 1\n    else:\n        i = 100\n    return int(h * 10) + i";
    gives(text, &[(9, 42), (4, 110), (7, 42)]);
    gives("def f(x):\n    y = (n := x + 1) * n + (n := 7)\n    return y * 10 + n", &[(2, 167)]);
    gives("def f(x):\n    return max(n := x, 3) + n", &[(2, 5), (5, 10)]);
    gives("def f(x):\n    for i in range(n := x + 1):\n        n += i\n    return n", &[(3, 10)]);
}

#[test]
fn assignment_expressions_that_are_not_always_evaluated() {
    let text = "def f(x):\n    n = 50\n    if x > 2 and (n := x * 2) > 7:\n        return n + 1000\n    return n";
    gives(text, &[(1, 50), (3, 6), (4, 1008)]);
    let text = "def f(x):\n    n = 50\n    if x > 2 or (n := x * 2) > 3:\n        return n + 1000\n    return n";
    gives(text, &[(1, 2), (2, 1004), (3, 1050)]);
    let text = "def f(x):\n    n = 0.5\n    y = (n := x) if x > 2 else 7\n    return int(n * 10) + y";
    gives(text, &[(1, 12), (3, 33)]);
    gives(
        "def f(x):\n    n = 0\n    b = 1 < x < (n := 5) < x + 3\n    return n + b",
        &[(1, 0), (2, 5), (3, 6), (6, 5)],
    );
    // With something in between that can fail, so that there are branches.
    let text = "T = (1, 2, 3)\ndef f(x):\n    n = 0\n    if x < 3 and (n := T[x] * 10) > 10:\n        return n\n    return n + 1";
    gives(text, &[(0, 11), (1, 20), (5, 1)]);
    let text = "def f(x):\n    s = 0\n    i = 0\n    last = -1\n    while i < 10 and ((v := i * x) < 20 or (last := v) < 25):\n        s += v\n        i += 1\n    return s * 100 + last";
    gives(text, &[(1, 4499), (4, 8428), (7, 4228), (0, -1)]);
    gives(
        "def f(x):\n    g = lambda a: a > 1 and (b := a * 2) > 5 and b > 7\n    return 1 if g(x) else 0",
        &[(2, 0), (3, 0), (4, 1)],
    );
    refused("def f(x):\n    n = 1\n    y = x > 1 and (n := (1, 2))[0] > 0\n    return n", "'n' is a tuple on one way");
    refused("def f(x):\n    return n + (n := x)", "'n' is read before it is assigned");
}
