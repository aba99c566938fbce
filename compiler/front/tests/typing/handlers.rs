//! Exceptions with what they are made with, `try`, and `print`, run by the interpreter.

use crate::whole::*;

#[test]
fn exceptions_have_arguments() {
    let text = "def f(n, x):\n    if n == 1:\n        raise ValueError('bad', n, x)\n    if n == 2:\n        raise KeyError(n)\n    if n == 3:\n        raise IndexError\n    if n == 4:\n        raise TypeError((n, 'a'), 2j, None)\n    assert n != 5, 'five'\n    assert n != 6, x\n    return n\n";
    let given = |n| [Int(n), Float(1.5)];
    assert_eq!(call(text, "f", &given(0)), "int64: 0");
    assert_eq!(call(text, "f", &given(1)), "fails: ValueError: ('bad', 1, 1.5)");
    assert_eq!(call(text, "f", &given(2)), "fails: KeyError: 2");
    assert_eq!(call(text, "f", &given(3)), "fails: IndexError");
    assert_eq!(call(text, "f", &given(4)), "fails: TypeError: ((4, 'a'), 2j, None)");
    assert_eq!(call(text, "f", &given(5)), "fails: AssertionError: five");
    assert_eq!(call(text, "f", &given(6)), "fails: AssertionError: 1.5");
    let text = "def f(a):\n    raise ValueError(a)\n";
    assert!(call(text, "f", &[Ints(vec![1], vec![1])]).starts_with("refused: exceptions are made with numbers"));
}

#[test]
fn lines_are_printed() {
    let text = "def f(n, x, a):\n    print()\n    print('n', n, x, n > 3, (n, 'a', (x,)), None, 1j * x)\n    print(a, a[1:])\n    print((a, 2))\n    for i in range(2):\n        print(i)\n    return n\n";
    assert_eq!(
        call(text, "f", &[Int(4), Float(0.5), Ints(vec![2], vec![7, 8])]),
        " | n 4 0.5 True (4, 'a', (0.5,)) None 0.5j | <array 0> <array 1> [2] [7, 8] [1] [8] | (<array 0>, 2) [2] [7, 8] | 0 | 1 | int64: 4; [7, 8]"
    );
    let text = "def g(n):\n    if n > 2:\n        return n\ndef f(n):\n    print(g(n), g(2 * n))\n";
    assert_eq!(call(text, "f", &[Int(2)]), "None 4 | none: ");
    assert_eq!(call(text, "f", &[Int(1)]), "None None | none: ");
    assert_eq!(
        call("def f():\n    print('x', end='')\n", "f", &[]),
        "refused: Numba's print() function implementation does not support keyword arguments."
    );
}

#[test]
fn failures_are_handled() {
    let text = "def g(n):\n    if n < 0:\n        raise ValueError('negative')\n    return n * 2\ndef f(n, a):\n    x = 1\n    try:\n        x = 2\n        y = g(n)\n        x = 3\n        z = a[y]\n        x = 4.5\n    except Exception:\n        z = -1\n    else:\n        z += 100\n    return x, z\n";
    let given = |n| [Int(n), Ints(vec![3], vec![5, 6, 7])];
    let with = |result: &str| format!("(float64, int64): {result}; [5, 6, 7]");
    assert_eq!(call(text, "f", &given(1)), with("4.5, 107"));
    assert_eq!(call(text, "f", &given(-1)), with("2.0, -1"));
    assert_eq!(call(text, "f", &given(9)), with("3.0, -1"));
    // What was not assigned before the failure is not assigned.
    let text = "def f(n):\n    try:\n        if n > 1:\n            raise ValueError\n        y = 5\n    except:\n        return y\n    return 0\n";
    assert_eq!(call(text, "f", &[Int(0)]), "int64: 0");
    assert!(
        call(text, "f", &[Int(2)]).starts_with("fails: cannot access local variable 'y'"),
        "{}",
        call(text, "f", &[Int(2)])
    );
}

#[test]
fn ways_out_of_a_try() {
    let text = "def f(n):\n    s = 0\n    for i in range(6):\n        try:\n            if i == 1:\n                continue\n            if i == n:\n                break\n            if i == 3:\n                raise ValueError\n            for j in range(3):\n                if j == 2:\n                    break\n                if n == 10 and i == 2:\n                    raise KeyError\n                s += 1\n            s += 10\n        except Exception:\n            s += 1000\n            if n == 20:\n                return -s\n    return s\n";
    assert_eq!(call(text, "f", &[Int(0)]), "int64: 0");
    assert_eq!(call(text, "f", &[Int(2)]), "int64: 12");
    assert_eq!(call(text, "f", &[Int(9)]), "int64: 1048");
    assert_eq!(call(text, "f", &[Int(10)]), "int64: 2036");
    assert_eq!(call(text, "f", &[Int(20)]), "int64: -1024");
}

#[test]
fn finally_runs_on_every_way() {
    let text = "def f(n):\n    s = 0\n    for i in range(3):\n        try:\n            if n == 1:\n                continue\n            if n == 2:\n                break\n            if n == 3:\n                return s\n            if n == 4:\n                raise ValueError('four', s)\n            s += 100\n        finally:\n            s += 1\n            print(s)\n    return s\n";
    assert_eq!(call(text, "f", &[Int(0)]), "101 | 202 | 303 | int64: 303");
    assert_eq!(call(text, "f", &[Int(1)]), "1 | 2 | 3 | int64: 3");
    assert_eq!(call(text, "f", &[Int(2)]), "1 | int64: 1");
    assert_eq!(call(text, "f", &[Int(3)]), "1 | int64: 0");
    assert_eq!(call(text, "f", &[Int(4)]), "1 | fails: ValueError: ('four', 0)");
    let text = "def f(n):\n    try:\n        try:\n            if n > 1:\n                raise ValueError(n)\n            print('body')\n        except Exception:\n            print('handler')\n            if n > 2:\n                raise\n        else:\n            print('else')\n        finally:\n            print('finally')\n            if n == 4:\n                return 4\n            if n == 5:\n                raise KeyError(n)\n    except Exception:\n        print('outer')\n        return -1\n    return 0\n";
    assert_eq!(call(text, "f", &[Int(0)]), "body | else | finally | int64: 0");
    assert_eq!(call(text, "f", &[Int(2)]), "handler | finally | int64: 0");
    assert_eq!(call(text, "f", &[Int(3)]), "handler | finally | outer | int64: -1");
    assert_eq!(call(text, "f", &[Int(4)]), "handler | finally | int64: 4");
    assert_eq!(call(text, "f", &[Int(5)]), "handler | finally | outer | int64: -1");
    // A failure in a finally before a return does not run it again.
    let text = "def f(n):\n    try:\n        return n\n    finally:\n        print('once')\n        if n > 0:\n            raise KeyError(n)\n";
    assert_eq!(call(text, "f", &[Int(1)]), "once | fails: KeyError: 1");
    assert_eq!(call(text, "f", &[Int(0)]), "once | int64: 0");
}

#[test]
fn raising_again_tells_what_failed_first() {
    let text = "def g(n):\n    try:\n        raise KeyError(n)\n    except Exception:\n        return 1\ndef f(n):\n    try:\n        if n:\n            raise ValueError(n)\n        return 0\n    except Exception as e:\n        g(n)\n        raise e\n";
    assert_eq!(call(text, "f", &[Int(3)]), "fails: ValueError: 3");
    assert_eq!(call(text, "f", &[Int(0)]), "int64: 0");
    let text = "def f():\n    raise\n";
    assert_eq!(call(text, "f", &[]), "fails: RuntimeError: No active exception to reraise");
    let text = "def f(n):\n    try:\n        return 1 // n\n    except ValueError:\n        return 2\n";
    assert_eq!(call(text, "f", &[Int(3)]), "refused: Exception matching is limited to <class 'Exception'>");
}

#[test]
fn memory_of_what_failed_is_given_back() {
    let text = "def g(n):\n    a = np.ones(n)\n    b = a\n    if n > 2:\n        c = np.zeros(n)\n        raise ValueError(c[1])\n    return a, b[1:]\ndef f(n):\n    kept = np.zeros(1)\n    s = 0.0\n    for i in range(n):\n        try:\n            before = np.full(i + 2, 2.0)\n            kept = before[1:]\n            a, b = g(i)\n            s += a.sum() + b.size\n            kept = a\n        except Exception:\n            other = np.ones(4)\n            s += other[0] + kept[0]\n    return s, kept\n";
    assert_eq!(call(text, "f", &[Int(0)]), "(float64, array(float64, 1d, C)): 0.0, [0.0]");
    assert_eq!(call(text, "f", &[Int(3)]), "(float64, array(float64, 1d, C)): 4.0, [1.0, 1.0]");
    assert_eq!(call(text, "f", &[Int(5)]), "(float64, array(float64, 1d, C)): 10.0, [2.0, 2.0, 2.0, 2.0, 2.0]");
    let text = "def f(n):\n    try:\n        a = np.empty(n * 4611686018427387904)\n        a[0] = 1\n    except Exception:\n        return 1\n    return 0\n";
    assert_eq!(call(text, "f", &[Int(1)]), "int64: 1");
}

#[test]
fn a_finally_on_a_way_out_belongs_to_nobody_inside() {
    let text = "def f(s):\n    try:\n        return s\n    except Exception:\n        print('handler')\n        return -1\n    finally:\n        s += 1\n        print('finally')\n        if s > 3:\n            raise ValueError('v', s)\n";
    assert_eq!(call(text, "f", &[Int(5)]), "finally | fails: ValueError: ('v', 6)");
    assert_eq!(call(text, "f", &[Int(1)]), "finally | int64: 1");
    let text = "def f(n):\n    for i in range(3):\n        try:\n            if i == n:\n                break\n        except Exception:\n            print('handler')\n        finally:\n            print(i)\n            if i == n:\n                raise KeyError(i)\n    return 0\n";
    assert_eq!(call(text, "f", &[Int(1)]), "0 | 1 | fails: KeyError: 1");
    let text = "def f(n):\n    try:\n        try:\n            return 1\n        finally:\n            print('inner')\n            try:\n                if n > 0:\n                    raise ValueError(n)\n            except Exception:\n                print('caught')\n    except Exception:\n        return 2\n    finally:\n        print('outer')\n        if n > 1:\n            raise KeyError(n)\n";
    assert_eq!(call(text, "f", &[Int(0)]), "inner | outer | int64: 1");
    assert_eq!(call(text, "f", &[Int(1)]), "inner | caught | outer | int64: 1");
    assert_eq!(call(text, "f", &[Int(2)]), "inner | caught | outer | fails: KeyError: 2");
}

#[test]
fn what_may_be_none() {
    let text = "def o(x):\n    if x > 0:\n        return x\ndef f(x):\n    r = (o(x), x)\n    print(r, o(-x))\n    return 1 if o(x) else 0\n";
    assert_eq!(call(text, "f", &[Int(2)]), "(2, 2) None | int64: 1");
    assert_eq!(call(text, "f", &[Int(-1)]), "(None, -1) 1 | int64: 0");
    let text = "def f(n):\n    a = None\n    for i in range(n):\n        if a is None:\n            a = np.zeros(2)\n        a[0] += i\n    return a[0]\n";
    assert_eq!(call(text, "f", &[Int(4)]), "float64: 6.0");
    assert_eq!(call(text, "f", &[Int(0)]), "fails: TypeError: expected an array, got None");
    let text = "def f(k):\n    try:\n        for i in range(0, 5, k):\n            return i\n    except Exception:\n        return -1\n    return -2\n";
    assert_eq!(call(text, "f", &[Int(0)]), "int64: -1");
    assert_eq!(call(text, "f", &[Int(2)]), "int64: 0");
    assert_eq!(
        call("def f(a):\n    return len(a[0])\n", "f", &[Ints(vec![1], vec![1])]).split(' ').next(),
        Some("refused:")
    );
}
