//! Statements: branches, loops, tuples, helpers, constants.

use super::*;
use ScalarType::*;

#[track_caller]
fn numba(text: &str, arguments: &[Constant], expected: Constant) {
    assert_eq!(call(text, arguments, Rules::Numba), expected, "{text}");
}

#[track_caller]
fn exact(text: &str, arguments: &[Constant], expected: Constant) {
    assert_eq!(call(text, arguments, Rules::Exact), expected, "{text}");
}

#[test]
fn names_change_their_type_in_straight_code() {
    numba("def f(a):\n    x = 1\n    x = x * 0.5\n    return x + a", &[i64(1)], f64(1.5));
    numba("def f(a):\n    a, b = 2, a\n    a, b = b, a\n    return a * 10 + b", &[i64(7)], i64(72));
    numba("def f(a):\n    x = y = a + 1\n    x += 1\n    return x * y", &[i64(1)], i64(6));
    // Numba takes no notice of annotations.
    numba("def f(a):\n    x: np.float32 = a\n    return x", &[i64(3)], i64(3));
    exact("def f(a):\n    x: np.float32 = float32(a)\n    return x", &[i64(3)], f32(3.0));
    numba("def f(a):\n    (x, y), z = (1, a), 3\n    return x + y + z", &[i64(2)], i64(6));
}

#[test]
fn deleted_names_are_names_of_nothing() {
    numba("def f(a):\n    x = a + 1\n    y = x * 2\n    del x\n    return y", &[i64(2)], i64(6));
    numba("def f(a, b):\n    del a, (b,)\n    a = 0.5\n    return a", &[i64(2), i64(3)], f64(0.5));
    let text =
        "def f(n):\n    s = 0\n    for i in range(n):\n        t = i * i\n        s += t\n        del t\n    return s";
    numba(text, &[i64(5)], i64(30));
    let text = "def f(a):\n    x = a\n    if a > 0:\n        del x\n        x = 0.5\n    return x";
    numba(text, &[i64(2)], f64(0.5));
    numba(text, &[i64(-2)], f64(-2.0));
}

#[test]
fn branches_join() {
    let text = "def f(a):\n    if a > 0:\n        x = 1\n    else:\n        x = 2.5\n    return x";
    numba(text, &[i64(1)], f64(1.0));
    numba(text, &[i64(0)], f64(2.5));
    let text = "def f(a):\n    x = 5\n    if a > 0:\n        x = a\n    return x";
    numba(text, &[i64(0)], i64(5));
    numba(text, &[i64(9)], i64(9));
    // A name that one way leaves undefined is zero there.
    numba("def f(a):\n    if a > 0:\n        x = 2.5\n    return x", &[i64(0)], f64(0.0));
    let text = "def f(a):\n    if a > 2:\n        return 3\n    elif a > 1:\n        return 2.5\n    return a";
    numba(text, &[i64(3)], f64(3.0));
    numba(text, &[i64(2)], f64(2.5));
    numba(text, &[i64(0)], f64(0.0));
    let text =
        "def f(a):\n    if a > 1:\n        t = (1, 2.5)\n    else:\n        t = (a, 4)\n    x, y = t\n    return x + y";
    numba(text, &[i64(2)], f64(3.5));
    numba(text, &[i64(1)], f64(5.0));
    // uint64 and int64 join as float64 (R2), though they add as int64 (R1).
    let text = "def f(a, b):\n    if a > 0:\n        x = a\n    else:\n        x = b\n    return x";
    numba(text, &[i64(3), int(U64, 1)], f64(3.0));
}

#[test]
fn while_loops() {
    let text = "def f(n):\n    i = 0\n    s = 0\n    while i < n:\n        i += 1\n        if i % 2 == 0:\n            continue\n        if i > 7:\n            break\n        s += i\n    return s";
    numba(text, &[i64(5)], i64(9));
    numba(text, &[i64(50)], i64(16));
    // The type of the sum is found by going around.
    numba(
        "def f(n):\n    s = 0\n    i = 0\n    while i < n:\n        s = s + 0.5\n        i += 1\n    return s",
        &[i64(3)],
        f64(1.5),
    );
    let text = "def f(n):\n    while True:\n        n = n // 2\n        if n < 3:\n            return n";
    numba(text, &[i64(40)], i64(2));
    let text = "def f(n):\n    while n > 3:\n        n -= 1\n        if n == 6:\n            break\n    else:\n        n = 100\n    return n";
    numba(text, &[i64(9)], i64(6));
    numba(text, &[i64(5)], i64(100));
    // Mandelbrot's shape: values swap around.
    let text = "def f(a):\n    x, y, n = 0.0, 0.0, 0\n    while x * x + y * y <= 4.0 and n < 20:\n        x, y = x * x - y * y + a, 2 * x * y\n        n += 1\n    return n";
    numba(text, &[f64(1.0)], i64(3));
    numba(text, &[f64(0.0)], i64(20));
}

#[test]
fn for_loops() {
    let sum = |range: &str| {
        format!("def f(n):\n    s = 0\n    for i in range({range}):\n        s = s * 10 + i\n    return s")
    };
    numba(&sum("n"), &[i64(4)], i64(123));
    numba(&sum("1, n"), &[i64(4)], i64(123));
    numba(&sum("n, 0, -1"), &[i64(3)], i64(321));
    numba(&sum("0, n, 3"), &[i64(7)], i64(36));
    numba(&sum("7, n, -3"), &[i64(0)], i64(741));
    numba(&sum("0, 6, n"), &[i64(2)], i64(24));
    numba(&sum("6, 0, n"), &[i64(-4)], i64(62));
    numba(&sum("0, 6, n"), &[i64(0)], i64(0));
    numba(&sum("n"), &[i64(-4)], i64(0));
    // Counters do not wrap at the ends of the range.
    let count =
        |range: &str| format!("def f(n):\n    s = 0\n    for i in range({range}):\n        s += 1\n    return s");
    numba(&count("n, 9223372036854775807"), &[i64(i64::MAX - 3)], i64(3));
    numba(&count("n, 9223372036854775807, 2"), &[i64(i64::MAX - 3)], i64(2));
    numba(&count("n, -9223372036854775807, -7"), &[i64(i64::MIN + 30)], i64(5));
    numba(&count("-9223372036854775808, 9223372036854775807, n"), &[i64(i64::MAX)], i64(3));
    numba("def f(n):\n    for i in range(n):\n        pass\n    return i", &[int(I32, 4)], int(I32, 3));
    numba("def f(n):\n    for i in range(n):\n        pass\n    return i", &[int(U8, 4)], int(U64, 3));
    numba(
        "def f(n):\n    for i in range(10):\n        i += 5\n        if i > n:\n            break\n    return i",
        &[i64(7)],
        i64(8),
    );
    let text = "def f(n):\n    for i in range(10):\n        if i == n:\n            break\n    else:\n        return -1\n    return i";
    numba(text, &[i64(3)], i64(3));
    numba(text, &[i64(30)], i64(-1));
    let text = "def f(n):\n    s = 0\n    for i in range(n):\n        for j in range(i):\n            if j == 2:\n                continue\n            s += j * i\n    return s";
    numba(text, &[i64(5)], i64(2 + 3 + 4 + 12));
    // The second turn sees what the first left.
    let text = "def f(n):\n    s = 0\n    for i in range(n):\n        if i > 0:\n            s += last\n        last = i * 2\n    return s";
    numba(text, &[i64(4)], i64(6));
    exact(
        "def f(n):\n    s = float32(0.0)\n    for i in range(4):\n        s += float32(i) * n\n    return s",
        &[f32(2.0)],
        f32(12.0),
    );
    exact("def f(n):\n    s = 0\n    for i in range(n):\n        s += i\n    return s", &[int(U32, 4)], int(U32, 6));
}

#[test]
fn loops_over_tuples() {
    numba("def f(a):\n    s = 0\n    for w in (1, 2, a):\n        s = s * 10 + w\n    return s", &[i64(3)], i64(123));
    let text = "W = (0.25, 0.5, 0.25)\ndef f(a):\n    s = 0.0\n    for k, w in enumerate(W):\n        s += w * k\n    return s + a";
    numba(text, &[f64(0.0)], f64(1.0));
    let text = "def f(a):\n    for w in (5, 7, 9):\n        if w > a:\n            break\n    return w";
    numba(text, &[i64(6)], i64(7));
    let text = "def f(a):\n    s = 0\n    for x, y in zip((1, 2, 3), (4, 5, 6)):\n        if x == a:\n            continue\n        s += x * y\n    return s";
    numba(text, &[i64(2)], i64(22));
}

#[test]
fn constants_of_the_module() {
    numba("N = 3\nH = 1.0 / N\ndef f(a):\n    return a * H", &[f64(3.0)], f64(3.0 * (1.0 / 3.0)));
    numba("S = np.float32(0.1)\ndef f(a):\n    return a * S", &[f32(2.0)], f32(0.2));
    numba("def f(a, b):\n    return divmod(a, b)[0]", &[int(U64, 7), i64(2)], f64(3.0));
    numba("def f(a, b):\n    return divmod(a, b)[1]", &[int(U8, 7), Constant::bool(true)], int(U64, 0));
    numba("def f(a):\n    return a if np.True_ and not np.False_ else 0", &[i64(7)], i64(7));
    numba("T = (10, 20.5, 30)\ndef f(a):\n    return T[a]", &[i64(-1)], f64(30.0));
    numba("T = (10, 20, 30)\ndef f(a):\n    return T[1] + len(T)", &[i64(0)], i64(23));
    numba("T = np.array([1, 2, 3], dtype=np.int8)\ndef f(a):\n    return T[a]", &[i64(2)], int(I8, 3));
    numba("T = ((1, 2, 3), (4, 5, 6))\ndef f(a):\n    return T[a, 2] + T[0, a]", &[i64(1)], i64(8));
    numba(
        "T = ((1, 2, 3), (4, 5, 6))\ndef f(a):\n    return 100 * T.shape[1] + 10 * T.ndim + T.size",
        &[i64(1)],
        i64(326),
    );
    numba("A = 2\nC = A * 5\nB = C ** 2\ndef f(a):\n    return a + B", &[i64(1)], i64(101));
    numba(
        "C = math.sqrt(2.0) * math.pi\ndef f(a):\n    return C",
        &[i64(1)],
        f64(std::f64::consts::SQRT_2 * std::f64::consts::PI),
    );
    exact("X: float32 = 0.1\nT: uint32 = (1, 2, 3)\ndef f(a):\n    return float32(T[a]) + X", &[int(I32, 1)], f32(2.1));
    let failure = try_call("T = (10, 20, 30)\ndef f(a):\n    return T[a]", &[i64(3)], Rules::Numba);
    assert_eq!(failure.unwrap_err(), "index 3 is out of bounds for 3 entries");
    numba("def f(a):\n    w = (0.5, 1.5)\n    return w[a]", &[i64(1)], f64(1.5));
    numba("def f(a, b):\n    w = (b, b + 1)\n    return w[a]", &[i64(1), i64(6)], i64(7));
}

#[test]
fn helpers() {
    numba("def g(x):\n    return x * x\ndef f(a):\n    return g(a) + g(2.5)", &[i64(3)], f64(15.25));
    numba("def g(x, n=2):\n    return x ** n\ndef f(a):\n    return g(a) + g(a, n=3)", &[i64(3)], i64(36));
    numba("def g(x):\n    return x, x + 0.5\ndef f(a):\n    p, q = g(a)\n    return p * q", &[i64(2)], f64(5.0));
    numba("def f(a):\n    g = lambda x, y: x * k + y\n    k = 10\n    return g(a, 3)", &[i64(2)], i64(23));
    numba("def g(t):\n    x, y = t\n    return x - y\ndef f(a):\n    return g((a, 1))", &[i64(2)], i64(1));
    exact(
        "def g(x: float32, y: float32) -> float32:\n    return x + y\ndef f(a):\n    return g(a, 1.5)",
        &[f32(1.0)],
        f32(2.5),
    );
    exact(
        "def g(x: float64) -> (float64, int32):\n    return x, 7\ndef f(a):\n    x, n = g(a)\n    return n",
        &[f64(1.0)],
        int(I32, 7),
    );
    let text = "def g(x):\n    return x + 1\ndef f(a, b):\n    return g(a) + g(b)";
    let typed = typed(text, &scalars(&[I64, F64]), Rules::Numba, &Relative::default()).unwrap();
    let names: Vec<&str> = typed.module.functions.iter().map(|function| function.name.as_str()).collect();
    assert_eq!(names, ["f", "g", "g.1"]);
}

#[test]
fn rare_blocks() {
    use numbra_front::ir::Statement;
    let text = "def f(a):\n    y = a * 2.0\n    if rare(a > 100.0):\n        y = 0.0\n    return y";
    exact(text, &[f32(3.0)], f32(6.0));
    exact(text, &[f32(300.0)], f32(0.0));
    let typed = typed(text, &scalars(&[F32]), Rules::Exact, &Relative::default()).unwrap();
    let mut rare = 0;
    typed.module.functions[0].body.walk(&mut |statement| {
        rare += matches!(statement, Statement::If { rare: true, otherwise, .. } if otherwise.statements.is_empty())
            as usize;
    });
    assert_eq!(rare, 1);
}

#[test]
fn failures_have_their_text() {
    let text = "def f(a):\n    assert a > 0, 'a is {}'\n    if a > 10:\n        raise ValueError('too large')\n    return a * 0.5";
    numba(text, &[i64(3)], f64(1.5));
    assert_eq!(try_call(text, &[i64(0)], Rules::Numba).unwrap_err(), "AssertionError: a is {}");
    assert_eq!(try_call(text, &[i64(11)], Rules::Numba).unwrap_err(), "ValueError: too large");
    let raised = |what: &str| {
        try_call(
            &format!("TEXT = 'named'\ndef f(a):\n    if a == 0:\n        {what}\n    return a"),
            &[i64(0)],
            Rules::Numba,
        )
    };
    for (what, said) in [
        ("raise ValueError(TEXT)", "ValueError: named"),
        ("raise ValueError", "ValueError"),
        ("raise", "RuntimeError: No active exception to reraise"),
        ("assert a, TEXT", "AssertionError: named"),
    ] {
        assert_eq!(raised(what).unwrap_err(), said);
    }
}

#[test]
fn branches_on_constants_are_pruned() {
    numba("DEBUG = False\ndef f(a):\n    if DEBUG:\n        return undefined(a)\n    return a", &[i64(1)], i64(1));
}

#[test]
fn early_exits_in_loops() {
    let text =
        "def f(n):\n    for i in range(2, n):\n        if n % i == 0:\n            return False\n    return True";
    numba(text, &[i64(13)], bool(true));
    numba(text, &[i64(15)], bool(false));
    let text = "def f(n):\n    k = 0\n    for i in range(n):\n        if i == 3:\n            k = 2.5\n            break\n        k = i\n    return k";
    numba(text, &[i64(2)], f64(1.0));
    numba(text, &[i64(9)], f64(2.5));
}

#[test]
fn helpers_with_signatures_convert_arguments_and_results() {
    let whole = "@numba.njit('int64(float64)')\ndef whole(x):\n    return x * 1\n\n";
    numba(&format!("{whole}def f(a):\n    return whole(a)"), &[f64(300.7)], i64(300));
    let half = "@numba.njit(['float64(int32)'])\ndef half(x):\n    return x / 2\n\n";
    numba(&format!("{half}def f(a):\n    return half(a)"), &[f64(1.7)], f64(0.5));
    let next = "@numba.vectorize(['uint8(uint8)', 'int32(int32)'])\ndef next(x):\n    return x + 1\n\n";
    numba(&format!("{next}def f(a):\n    return next(a) + a * 0"), &[int(U8, 255)], i64(0));
    numba(
        &format!("{next}def f(a):\n    return np.int64(next(a))"),
        &[int(I32, i32::MAX as i128)],
        i64(i32::MIN as i64),
    );
    // The fewest unsafe conversions, then the fewest safe ones.
    let which =
        "@numba.njit(['int8(int8)', 'int64(int64)', 'float64(float64)'])\ndef which(x):\n    return x + 200\n\n";
    numba(&format!("{which}def f(a):\n    return which(a)"), &[int(I16, 1)], i64(201));
    numba(&format!("{which}def f(a):\n    return which(a)"), &[f32(0.5)], f64(200.5));
    // Without a result: whatever comes out.
    let arguments = "@numba.njit('(int32,)')\ndef half(x):\n    return x / 2\n\n";
    numba(&format!("{arguments}def f(a):\n    return half(a)"), &[f64(3.7)], f64(1.5));
    let failure = try_call(&format!("{next}def f(a):\n    return next(a)"), &[f64(1.0)], Rules::Numba).unwrap_err();
    assert!(failure.contains("Invalid use of 'next' with parameters (float64)"), "{failure}");
}

#[test]
fn integer_literals_to_negative_powers_are_floats() {
    numba("def f(a):\n    return a + 10**-3", &[i64(1)], f64(1.001));
    numba("def f(a):\n    return a * 2**-1", &[f64(3.0)], f64(1.5));
    numba("def f(a):\n    return (-2)**-1", &[f64(3.0)], f64(-0.5));
    // Of 0 there is none; what comes at run time is an integer.
    numba("def f(a):\n    return 0**-1 + a * 0", &[i64(3)], i64(0));
    // Known only by its name, the exponent is a number like others: an integer's power is an integer.
    numba("N = -2\ndef f(a):\n    return 10**N", &[f64(3.0)], i64(0));
}

#[test]
fn names_of_python_can_be_given_another_meaning() {
    numba("def range(n):\n    return n + 5\ndef f(a):\n    return range(a)", &[i64(1)], i64(6));
    for text in [
        "range = 3\ndef f(a):\n    for i in range(3):\n        a += i\n    return a",
        "float = 2.0\ndef f(a):\n    return float(a)",
    ] {
        let failure = try_call(text, &[i64(1)], Rules::Numba).unwrap_err();
        assert!(failure.contains("not a function"), "{failure}");
    }
}
