//! What users are told when a kernel has a mistake.

use super::*;
use ScalarType::*;
use numbra_front::kernel::{Operand, vectorize};

/// The first line of the message of `f(arguments)` in `text`; it must have a caret and, mostly, help.
#[track_caller]
fn message(text: &str, arguments: &[ArgumentType], rules: Rules, relative: &Relative) -> String {
    match typed(text, arguments, rules, relative) {
        Ok(typed) => panic!("no error: {text}\n{}", typed.module),
        Err(error) => {
            let text = error.to_string();
            assert!(!text.contains("internal error"), "{text}");
            text
        }
    }
}

#[track_caller]
fn refused(text: &str, types: &[ScalarType], expected: &str) {
    let found = message(text, &scalars(types), Rules::Numba, &Relative::default());
    assert!(found.contains(expected), "{found}\nhas no: {expected}");
    assert!(found.contains("kernel.py:"), "{found}");
}

#[track_caller]
fn exact(text: &str, types: &[ScalarType], expected: &str) {
    let found = message(text, &scalars(types), Rules::Exact, &Relative::default());
    assert!(found.contains(expected), "{found}\nhas no: {expected}");
}

#[track_caller]
fn stencil(text: &str, expected: &str) {
    let arguments = [ArgumentType::Relative { scalar: F64, rank: 2 }, ArgumentType::Scalar(I64)];
    let found = message(text, &arguments, Rules::Numba, &Relative::default());
    assert!(found.contains(expected), "{found}\nhas no: {expected}");
}

/// Messages name types that the text or the arguments show, and no others.
#[test]
fn functions_of_integers() {
    let shift = "def f(a, b):\n    return np.left_shift(a, b)";
    refused(shift, &[U64, I64], "'numpy.left_shift' takes integers of one type, and these are uint64 and int64");
    refused(shift, &[F32, I64], "'numpy.left_shift' takes integers, and this is float32");
    refused("def f(a):\n    return np.bitwise_and(a, -1)", &[U64], "uint64 does not hold -1");
    refused("def f(a):\n    return np.bitwise_and(a, 1.0)", &[U64], "takes integers, and this is float64");
    refused("def f(a):\n    return np.gcd(a, a)", &[F64], "'numpy.gcd' takes integers, and this is float64");
    refused("def f(a):\n    return math.gcd(a, a)", &[F64], "'math.gcd' takes integers, and this is float64");
    refused("def f(a):\n    return math.gcd(a)", &[I64], "'math.gcd' takes 2 arguments");
    refused("def f(a):\n    return math.comb(a, 2)", &[F32], "'math.comb' takes integers, and this is float32");
    refused("def f(a):\n    return math.comb(a)", &[I64], "'math.comb' takes 2 arguments");
    refused("def f(a):\n    return math.perm(a, a, a)", &[I64], "'math.perm' takes 2 arguments");
    refused("def f(a):\n    return math.factorial(a, a)", &[I64], "'math.factorial' takes 1 argument");
    refused("def f(a):\n    return math.ldexp(a, a)", &[F64], "'math.ldexp' takes an integer exponent");
    refused("def f(a):\n    return math.isclose(a)", &[F64], "'math.isclose' takes 2 arguments");
    refused("def f(a):\n    return np.isclose(a, a, rel_tol=1.0)", &[F64], "keyword 'rel_tol' is not taken here");
    let digits = "the number of digits must be an integer, and this is float64";
    refused("def f(a, b):\n    return round(a, b)", &[F64, F64], digits);
}

#[test]
fn names() {
    refused("def f(alpha):\n    return alpah", &[F64], "did you mean 'alpha'?");
    refused("def f(a):\n    return q", &[F64], "unknown name 'q'");
    refused("def f(a):\n    return math.csin(a)", &[F64], "unknown name 'math.csin'");
    refused("def f(a):\n    return np.arctg(a)", &[F64], "did you mean");
    refused("def f(a):\n    return np.isnat(a)", &[I64], "kernels cannot use 'numpy.isnat'");
    refused("def f(a):\n    return math.fsum(a)", &[F64], "kernels cannot use 'math.fsum'");
    refused("def f(a):\n    return np.linalg.inv(a)", &[F64], "kernels cannot use 'numpy.linalg.inv'");
    refused("def f(a):\n    return np.complex128(a)", &[F64], "kernels cannot use 'numpy.complex128'");
    refused("def f(a):\n    return np.zeros(3)", &[F64], "kernels cannot use 'numpy.zeros'");
    refused("def f(a):\n    return exp(a)", &[F64], "from math import exp");
    refused("def f(a):\n    return select(a > 0, a, a)", &[F64], "unknown name 'select'");
    let deleted = "'a' is read after it is deleted";
    refused("def f(a):\n    del a\n    return a", &[F64], deleted);
    refused("def f(a):\n    del a, a\n    return 1", &[F64], deleted);
    refused(
        "def f(a, n):\n    b = 1\n    while n > 0:\n        n -= b\n        del b\n    return a",
        &[F64, I64],
        "'b' is",
    );
    refused(
        "def f(a):\n    b = a\n    if a > 0:\n        del b\n    return b",
        &[F64],
        "'b' is nothing definite on one way",
    );
    refused("def f(a):\n    del b\n    return a", &[F64], "'b' is read before it is assigned");
    refused("b = 1\ndef f(a):\n    c = b\n    del b\n    return a", &[F64], "'b' is read before it is assigned");
    refused("def f(a):\n    del a.real\n    return 1", &[F64], "kernels can only delete names");
    refused("def f(a):\n    b = c\n    c = 1\n    return b", &[F64], "'c' is read before it is assigned");
    refused("def f(a):\n    print(a)\n    return a", &[F64], "kernels cannot use 'print'");
    refused(
        "def f(a):\n    return 1 if any((a > 1, a < 0)) else 0",
        &[F64],
        "write the conditions with 'or' and 'and'",
    );
    refused("def f(a):\n    return math.sin", &[F64], "'math.sin' is a function, not a number");
    refused("s = math.sin\ndef f(a):\n    return s(a)", &[F64], "write the function's own name: math.sin(...)");
    refused(
        "def g(x):\n    return x\nh = g\ndef f(a):\n    return h(a)",
        &[F64],
        "write the function's own name: g(...)",
    );
    refused("def g(x):\n    return x\ndef f(a):\n    return g", &[F64], "'g' is a function, not a number");
}

#[test]
fn methods_of_numbers() {
    refused("def f(a):\n    return a.astype(np.int32)", &[F64], "kernels cannot call 'astype' of a number");
    refused("def f(a):\n    b = a + 1\n    return b.conjugate()", &[F64], "np.int32(x)");
}

#[test]
fn ranges_of_flags() {
    exact(
        "def f(a):\n    s = a\n    for i in range(a):\n        s = a\n    return s",
        &[Bool],
        "range takes integers, not bool",
    );
}

#[test]
fn values_and_types() {
    refused("def f(a):\n    return a << 1", &[F64], "unsupported operand types for '<<': float64 and int64");
    refused("def f(a):\n    return a[0]", &[F64], "float64 cannot be indexed");
    refused("def f(a):\n    return 99999999999999999999", &[F64], "integer value is too large");
    for literals in ["10**20", "2**64", "(1 << 64) + 1", "10**18 * 10**3", "10**99", "-(10**20)"] {
        refused(&format!("def f(a):\n    return a + {literals}"), &[F64], "integer value is too large");
    }
    refused("def f(a):\n    return a @ a", &[F64], "'@'");
    refused("def f(a):\n    return 'text'", &[F64], "kernels cannot compute with strings");
    refused("def f(a):\n    return None", &[F64], "None");
    refused("def f(a):\n    return a, a", &[F64], "kernel 'f' returns a tuple");
    refused("def f(a):\n    x, y = a\n    return x", &[F64], "float64 cannot be unpacked");
    refused("def f(a):\n    x, y = 1, 2, 3\n    return x", &[F64], "3 values unpacked to 2 names");
    refused("def f(a):\n    return (1, 2)[5]", &[F64], "index 5 is out of bounds for 2 entries");
    refused("def f(a):\n    return math.atan2(a)", &[F64], "'math.atan2' takes 2 arguments");
    refused(
        "def f(a):\n    if a > 0:\n        x = (1, 2)\n    else:\n        x = 1\n    return x",
        &[F64],
        "'x' is a tuple on one way and int64 on the other",
    );
    refused(
        "def f(a):\n    x = 1\n    for i in range(3):\n        x = (1, i)\n    return x[0]",
        &[F64],
        "cannot unify int64 and (int64, int64) for 'x' in a loop",
    );
    refused("def f(a):\n    if a > 0:\n        return 1\n    return 1, 2", &[F64], "cannot unify");
    refused("def f(a, b):\n    return a", &[F64], "takes 2 arguments, and 1 is given");
}

#[test]
fn control_flow() {
    refused("def f(a):\n    if a > 0:\n        return a", &[F64], "'f' must return a value on every path");
    refused("def f(a):\n    return", &[F64], "kernels must return a value");
    refused(
        "def f(a):\n    for i in range(0, 3, 0):\n        pass\n    return a",
        &[F64],
        "range() arg 3 must not be zero",
    );
    refused(
        "def f(a):\n    for i in range(a):\n        pass\n    return a",
        &[F64],
        "range takes integers, not float64",
    );
    refused("def f(a):\n    for i in a:\n        pass\n    return a", &[F64], "kernels cannot loop over float64");
    refused("def f(a):\n    try:\n        return a\n    finally:\n        pass", &[F64], "kernels cannot use");
    refused("def g(x):\n    return f(x)\ndef f(a):\n    return g(a)", &[F64], "recursion");
    refused("def g(x):\n    return g(x)\ndef f(a):\n    return g(a)", &[F64], "recursion: 'g' calls itself");
    refused("def f(a):\n    g = lambda x: g(x)\n    return g(a)", &[F64], "recursion: the lambda calls itself");
    refused("def g(x):\n    return x\ndef f(a):\n    return g(a, a)", &[F64], "'g' takes 1 argument, and 2 are given");
    refused("def g(x):\n    return x\ndef f(a):\n    return g()", &[F64], "missing a required argument: 'x'");
}

#[test]
fn exceptions() {
    refused("def f(a):\n    raise ValueError('x', key=1)", &[I64], "exceptions are made without keyword arguments");
    refused("def f(a):\n    raise 'x'", &[I64], "Directly raising a string constant");
    for what in ["raise ValueError(f'{a}')", "raise ValueError(a)", "raise ValueError('x', a)", "assert a, f'{a}'"] {
        let text = format!("def f(a):\n    {what}\n    return a");
        refused(&text, &[I64], "the messages of exceptions in kernels are plain strings");
    }
    refused("def f(a):\n    raise a()()", &[I64], "exceptions by their names");
}

#[test]
fn exact_typing() {
    exact(
        "def f(a, b):\n    return a + b",
        &[F32, F64],
        "'+' takes operands of one type, and these are float32 and float64",
    );
    exact("def f(a):\n    return a / 2", &[I32], "write // for the floor of the quotient");
    exact("def f(a):\n    return a + 300", &[U8], "the integer 300 does not fit uint8");
    exact("def f(a):\n    return a + 0.5", &[I32], "a float literal does not fit int32");
    exact("def f(a):\n    return math.sin(a)", &[I32], "'math.sin' takes floats");
    exact("def f(a):\n    return bitcast(uint64, a)", &[F32], "bitcast from float32 to uint64");
    exact("def f(a):\n    return a + True", &[I32], "one type");
    exact(
        "def g(x: float64) -> float64:\n    return x\ndef f(a):\n    return g(a)",
        &[F32],
        "this is float32, and float64 is needed",
    );
    exact("def f(a: float64):\n    return a", &[F32], "parameter 'a' is float64, and float32 is given");
    exact(
        "def f(a):\n    x = a\n    for i in range(3):\n        x = float64(x)\n    return x",
        &[F32],
        "cannot unify float32 and float64 for 'x' in a loop",
    );
    exact(
        "def f(a):\n    if rare(a > 0):\n        a = a\n    else:\n        a = a\n    return a",
        &[F32],
        "has no 'else'",
    );
}

#[test]
fn stencils() {
    stencil("def f(a, n):\n    return a[n, 0]", "stencil kernel index is not constant, 'neighborhood' option required");
    stencil("def f(a, n):\n    return a[n, 0]", "@stencil(neighborhood=((-1, 1), (-1, 1)))");
    stencil("def f(a, n):\n    return a[1]", "'a' is 2-dimensional, and its index has 1 entry");
    stencil("def f(a, n):\n    return a[1, 0, 0]", "its index has 3 entries");
    stencil("def f(a, n):\n    return a[0:1, 0]", "kernels index single elements, not slices");
    stencil("def f(a, n):\n    return a[0.5, 0]", "an index is an integer, not float64");
    stencil("def f(a, n):\n    return a.sum()", "kernels cannot call 'a.sum()'");
    stencil("def f(a, n):\n    return a.T", "kernels cannot use 'a.T'");
    stencil("def f(a, n):\n    return a", "stencil kernel must return a scalar and not a numpy array");
    stencil("def f(a, n):\n    return a + 1", "'a' is an array, not a number");
    stencil(
        "def f(a, n):\n    a[0, 0] = 1\n    return a[0, 0]",
        "assignments to arrays passed to stencil kernels are not allowed",
    );
    stencil("def f(a, n):\n    a[0, 0] += 1\n    return a[0, 0]", "assignments to arrays");
    stencil("def f(a, n):\n    return n", "stencil kernel with no accesses to relatively indexed arrays");
    stencil("def g(x):\n    return x\ndef f(a, n):\n    return g(a)", "array 'a' cannot be passed to a function");
    let arguments = [ArgumentType::Relative { scalar: F64, rank: 1 }];
    let relative = Relative { neighborhood: Some(vec![(-1, 1)]) };
    let found = message("def f(a):\n    return a[2]", &arguments, Rules::Numba, &relative);
    assert!(found.contains("index 2 is outside the neighborhood (-1, 1) of axis 0"), "{found}");
    let relative = Relative { neighborhood: Some(vec![(-1, 1), (0, 0)]) };
    let found = message("def f(a):\n    return a[0]", &arguments, Rules::Numba, &relative);
    assert!(found.contains("2 dimensional neighborhood specified for 1 dimensional input array 'a'"), "{found}");
    let arguments = [ArgumentType::Relative { scalar: F64, rank: 1 }, ArgumentType::Relative { scalar: F64, rank: 2 }];
    let found = message("def f(a, b):\n    return a[0]", &arguments, Rules::Numba, &Relative::default());
    assert!(found.contains("'b' is 2-dimensional and 'a' 1-dimensional"), "{found}");
}

#[test]
fn constants() {
    refused("K = unknown(3)\ndef f(a):\n    return a + K", &[F64], "cannot be computed when compiling");
    refused("K = {1: 2}\ndef f(a):\n    return a + K", &[F64], "kernels cannot use dictionaries as constants");
    refused("K = [i for i in range(3)]\ndef f(a):\n    return a + K[0]", &[F64], "list comprehensions as constants");
    refused("K: float32 = 'x'\ndef f(a):\n    return a + K", &[F64], "cannot be computed");
    // Doubling at every line must not take forever, nor all memory.
    let lines: String = (1..60).map(|n| format!("A{n} = (A{}, A{})\n", n - 1, n - 1)).collect();
    refused(&format!("A0 = 1\n{lines}def f(a):\n    return A59[0]"), &[F64], "more than 65536 entries");
    // A constant of the module that nobody uses may be anything.
    typed("K = open('x')\ndef f(a):\n    return a", &scalars(&[F64]), Rules::Numba, &Relative::default()).unwrap();
}

#[test]
fn unrolling_has_a_limit() {
    let inner = (0..12).fold(String::from("s += 1"), |body, depth| {
        let indented = body.replace('\n', "\n    ");
        format!("for i{depth} in (1, 2, 3, 4, 5, 6, 7, 8):\n    {indented}")
    });
    let text = format!("def f(a):\n    s = a\n    {}\n    return s", inner.replace('\n', "\n    "));
    refused(&text, &[I64], "the kernel becomes too large");
}

#[test]
fn nesting_has_a_limit_that_the_stack_bears() {
    let parentheses = format!("def f(a):\n    return {}a{}", "-(".repeat(190), ")".repeat(190));
    refused(&parentheses, &[F64], "nested too deeply");
    let returns = |count: i32| {
        let lines: String =
            (0..count).map(|number| format!("    if a == {number}:\n        return {number}\n")).collect();
        format!("def f(a):\n{lines}    return a")
    };
    let many = typed(&returns(2000), &scalars(&[F64]), Rules::Numba, &Relative::default()).unwrap();
    let module = vectorize::build(many.module, &[Operand::Scalar(F64)], &[Operand::c_order(F64, 1)]).unwrap();
    numbra_front::pipeline::lower_functions(module, &mut |_, _| Ok(())).unwrap();
    let choices = format!("def f(a):\n    return {}a{}", "(1 if a > 0 else ".repeat(150), ")".repeat(150));
    typed(&choices, &scalars(&[F64]), Rules::Numba, &Relative::default()).unwrap();
    let mut branches = String::from("def f(a):\n    x = a\n");
    for depth in 0..155 {
        branches += &format!("{}if a > {depth}:\n", "    ".repeat(depth + 1));
    }
    branches += &format!("{}x = 1.5\n    return x", "    ".repeat(156));
    typed(&branches, &scalars(&[F64]), Rules::Numba, &Relative::default()).unwrap();
    // A loop in every function of a long chain of calls.
    let mut chain = String::from("def g0(x):\n    return x\n");
    for number in 1..60 {
        let call = format!("g{}(x)", number - 1);
        chain += &format!(
            "def g{number}(x):\n    for i in range(3):\n        if x > i:\n            x = x + {call}\n    return x\n"
        );
    }
    refused(&format!("{chain}def f(a):\n    return g59(a)"), &[I64], "deep");
    typed(&format!("{chain}def f(a):\n    return g20(a)"), &scalars(&[I64]), Rules::Numba, &Relative::default())
        .unwrap();
    let long = format!("def f(a):\n    return {}", vec!["a"; 900].join(" + "));
    typed(&long, &scalars(&[F64]), Rules::Numba, &Relative::default()).unwrap();
}
