//! Kernels that are much of one thing: so many branches, loops, ways out, ways to fail. Drivers have limits on all of these, and
//! not all of them say so: Mesa's llvmpipe goes on with wrong numbers where branches are more than 80 deep, as it compiles them.
//! Each kernel is run with sizes on both sides of where that began; what a device does not take it must refuse.

use numbra::array::HostArray;
use numbra::device::Device;
use numbra::{Error, Input, Kernel, KernelFile};
use numbra_tests::call::{Agreement, Outcome, settled};
use numbra_tests::open;
use std::sync::Arc;

/// The text of `f(x)`, of int64, with `size` times the same.
type Text = fn(usize) -> String;

fn times(size: usize, line: impl Fn(usize) -> String) -> String {
    (0..size).map(line).collect()
}

fn indent(depth: usize) -> String {
    " ".repeat(depth + 4)
}

fn returns(size: usize) -> String {
    format!("def f(x):\n{}    return -1\n", times(size, |i| format!("    if x == {i}:\n        return {i}\n")))
}

fn elif_return(size: usize) -> String {
    let chain = times(size, |i| format!("    {} x == {i}:\n        return {i}\n", if i == 0 { "if" } else { "elif" }));
    format!("def f(x):\n{chain}    return -1\n")
}

fn elif(size: usize) -> String {
    let chain = times(size, |i| format!("    {} x == {i}:\n        r += {i}\n", if i == 0 { "if" } else { "elif" }));
    format!("def f(x):\n    r = 5\n{chain}    else:\n        r = 9\n    return r\n")
}

fn nested(size: usize) -> String {
    let ifs = times(size, |i| format!("{0}if x > {i}:\n{0} r += {i} + x\n", indent(i)));
    format!("def f(x):\n    r = x - 10\n{ifs}    return r\n")
}

fn nested_post(size: usize) -> String {
    let ifs = times(size, |i| format!("{0}if x > {i}:\n{0} t{i} = x * {i}\n", indent(i)));
    let after: String = (0..size).rev().map(|i| format!("{0} r += t{i} * 3\n", indent(i))).collect();
    format!("def f(x):\n    r = x - 10\n{ifs}{after}    return r\n")
}

fn nested_else(size: usize) -> String {
    let ifs = times(size, |i| format!("{0}if x > {i}:\n{0} r += {i} + x\n", indent(i)));
    let after: String =
        (0..size).rev().map(|i| format!("{0}else:\n{0} r += 2 * {i}\n{0}r ^= {i}\n", indent(i))).collect();
    format!("def f(x):\n    r = x - 10\n{ifs}{after}    return r\n")
}

fn continues(size: usize) -> String {
    let lines = times(size, |i| format!("        if x + k == {i}:\n            continue\n        r += {i}\n"));
    format!("def f(x):\n    r = 0\n    for k in range(3):\n{lines}    return r\n")
}

fn breaks(size: usize) -> String {
    let lines = times(size, |i| format!("        if x + k == {i}:\n            break\n        r += {i}\n"));
    format!("def f(x):\n    r = 0\n    for k in range(3):\n{lines}    return r\n")
}

fn returns_in_loop(size: usize) -> String {
    let lines =
        times(size, |i| format!("            if x + k == {i}:\n                return r\n            r += {i}\n"));
    format!("def f(x):\n    r = 0\n    for j in range(2):\n        for k in range(3):\n{lines}    return r\n")
}

fn asserts(size: usize) -> String {
    format!("def f(x):\n{}    return x\n", times(size, |i| format!("    assert x != {}\n", 1000 + i)))
}

fn asserts_in_loop(size: usize) -> String {
    let lines = times(size, |i| format!("        assert x + k != {}\n", 1000 + i));
    format!("def f(x):\n    r = 0\n    for k in range(3):\n{lines}        r += x\n    return r\n")
}

fn nested_loops(size: usize) -> String {
    let heads = times(size, |i| format!("{}for i{i} in range(1 + (x == {i})):\n", indent(i)));
    format!("def f(x):\n    r = 0\n{heads}{}r += x\n    return r\n", indent(size))
}

/// `size` ifs around a loop that Mesa may unroll.
fn unrolled_break(size: usize) -> String {
    let ifs = times(size, |i| format!("{0}if x > {i}:\n{0} r += {i} + x\n", indent(i)));
    let i = indent(size);
    format!(
        "def f(x):\n    r = x - 10\n{ifs}{i}for k in range(30):\n{i} if k + {size} + 1 > x:\n{i}  break\n{i} r += k\n    return r\n"
    )
}

fn loops(size: usize) -> String {
    format!(
        "def f(x):\n    r = 0\n{}    return r\n",
        times(size, |i| format!("    for i in range(x % 7):\n        r += {i} + i\n"))
    )
}

fn variables(size: usize) -> String {
    let first = times(size, |i| format!("    v{i} = x + {i}\n"));
    let turns = times(size, |i| format!("        v{i} = v{} ^ k\n", (i + 1) % size));
    let sum = times(size, |i| format!("    r = r * 3 + v{i}\n"));
    format!("def f(x):\n{first}    for k in range(x % 5):\n{turns}    r = 0\n{sum}    return r\n")
}

fn calls(size: usize) -> String {
    let helpers = times(size, |i| match i {
        0 => "def h0(x):\n    if x > 100:\n        return x - 1\n    return x + 1\n".to_string(),
        _ => format!("def h{i}(x):\n    if x == {i}:\n        return -{i}\n    return h{}(x + 1)\n", i - 1),
    });
    format!("{helpers}def f(x):\n    return h{}(x)\n", size - 1)
}

fn ternaries(size: usize) -> String {
    let mut text = "-1".to_string();
    for i in (0..size).rev() {
        text = format!("({i} + x if x == {i} else {text})");
    }
    format!("def f(x):\n    return {text}\n")
}

fn scalars(size: usize) -> String {
    let names = times(size, |i| format!(", s{i}"));
    format!("def f(x{names}):\n    r = x\n{}    return r\n", times(size, |i| format!("    r = 3 * r + s{i}\n")))
}

fn program(text: &str) -> Result<KernelFile, Error> {
    let text = text.replacen("def f(", "@vectorize\ndef f(", 1);
    KernelFile::parse("kernel.py", &format!("from numba import vectorize\n{text}"))
}

fn run(text: &str, x: &[i64], scalars: usize, device: &Arc<dyn Device>) -> Result<Outcome, Error> {
    let Kernel::Vectorize(kernel) = program(text)?.kernel("f")? else { panic!("{text}\nis no ufunc") };
    let mut inputs = vec![Input::from(HostArray::from_slice(&[x.len()], x)?)];
    inputs.extend((0..scalars).map(|number| Input::from(number as i64 % 7)));
    settled(kernel.call(device, &inputs))
}

/// Every device gives what the interpreter gives.
#[track_caller]
fn same_everywhere(text: &str, x: &[i64], scalars: usize) {
    let expected = run(text, x, scalars, &open("interp")).unwrap_or_else(|error| panic!("{error}\n{text}"));
    for name in ["cpu", "vulkan"] {
        let got = run(text, x, scalars, &open(name)).unwrap_or_else(|error| panic!("{name}: {error}\n{text}"));
        let difference = got.difference(&expected, Agreement::AnyFault);
        assert_eq!(difference, None, "{name}\n{text}");
    }
}

/// Values on both sides of every constant of a kernel.
fn around(size: usize) -> Vec<i64> {
    (-2..size as i64 + 5).chain([100, 10000]).collect()
}

fn right(text: Text, sizes: &[usize]) {
    sizes.iter().for_each(|&size| same_everywhere(&text(size), &around(size), 0));
}

/// On vulkan an error that says what to do, for a reason that the text shows.
#[track_caller]
fn refused(text: &str, x: &[i64], scalars: usize, expected: &str) {
    let error = run(text, x, scalars, &open("vulkan")).expect_err("too much for vulkan").to_string();
    assert!(error.contains(expected) && error.contains("help: "), "{error}");
    run(text, x, scalars, &open("interp")).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn many_returns() {
    right(returns, &[32, 33, 78, 84, 400]);
    right(elif_return, &[84, 150]);
    right(returns_in_loop, &[84, 200]);
}

#[test]
fn many_branches() {
    right(elif, &[50, 84, 150]);
    right(ternaries, &[84, 150]);
}

#[test]
fn deep_branches() {
    right(nested, &[57, 60, 78, 84, 150]);
    right(nested_post, &[84, 150]);
    right(nested_else, &[60, 84, 150]);
    right(unrolled_break, &[30, 60, 84]);
}

#[test]
fn many_jumps() {
    right(continues, &[40, 84, 150]);
    right(breaks, &[84, 150]);
}

#[test]
fn many_ways_to_fail() {
    for (text, sizes) in [(asserts as Text, [8, 9, 84]), (asserts_in_loop, [3, 9, 60])] {
        for size in sizes {
            let text = text(size);
            same_everywhere(&text, &around(size), 0);
            // The first and the last.
            for value in [1000, 999 + size as i64] {
                same_everywhere(&text, &[1, value, 2], 0);
            }
        }
    }
}

/// Each counts its turns, and may fail.
#[test]
fn many_loops() {
    right(loops, &[8, 90]);
}

#[test]
fn many_variables_and_arguments() {
    right(variables, &[60, 300]);
    right(calls, &[38]);
    same_everywhere(&scalars(100), &around(5), 100);
}

#[test]
fn what_is_too_much_is_refused() {
    right(nested_loops, &[10]);
    let x = around(90);
    refused(
        &nested_loops(79),
        &x,
        0,
        "branches and loops stand in each other more deeply than the driver llvmpipe takes",
    );
    refused(&nested_loops(110), &x, 0, "more deeply than");
    let arguments = scalars(8200);
    refused(&arguments, &x, 8200, "scalar arguments");
}

/// Mesa would follow every way from the condition to the scalar: two for each of 36 squarings. And it would compile the
/// kernel again for the scalar's value, and for that of a zero that it must not know.
#[test]
fn branches_on_scalars_alone() {
    let chain = "def f(x, n):\n    v = n\n    v = v ** 4096\n    v = v ** 4096\n    v = v ** 4096\n    if v > 5:\n        \
                 for j in range(x):\n            x += v\n    return x\n";
    let float = chain.replace("v = n\n", "v = n + 0.5\n").replace("x += v", "x += 1");
    let kernel = "def f(x, n):\n    y = n * 0.0\n    z = 1.0 / x\n    if y + n > 3:\n        z += 1.0\n    return z * 0.0 + (1.0 if y > -1 else z)\n";
    for text in [chain, &float, kernel] {
        for scalars in [[0, 1, 2], [5, 4, 3]] {
            let run = |device: &str, n: i64| {
                let Ok(Kernel::Vectorize(kernel)) = program(text).and_then(|program| program.kernel("f")) else {
                    panic!("{text}\nis no ufunc")
                };
                let x = HostArray::from_slice(&[4], &[0i64, 1, -3, 7]).unwrap();
                settled(kernel.call(&open(device), &[Input::from(x), Input::from(n)])).unwrap()
            };
            for n in scalars {
                assert_eq!(run("vulkan", n).difference(&run("interp", n), Agreement::Full), None, "{n}: {text}");
            }
        }
    }
}
