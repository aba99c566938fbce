//! Kernels that are much of one thing: so many branches, loops, variables, ways to fail. Drivers have limits on all of these, and
//! not all of them say so.

use crate::call::Outcome;
use crate::call::settled;
use crate::panics::caught;
use numbra::array::HostArray;
use numbra::device::Device;
use numbra::{Error, Input, Kernel, Program};
use std::fmt::Write;
use std::sync::Arc;

/// A kernel `f(x)` of int64 with `size` times the same thing.
pub struct Family {
    pub name: &'static str,
    pub text: fn(usize) -> String,
    /// Scalar arguments besides `x`.
    pub scalars: fn(usize) -> usize,
}

fn none(_: usize) -> usize {
    0
}

fn times(size: usize, line: impl Fn(usize) -> String) -> String {
    (0..size).map(line).collect()
}

fn indent(depth: usize) -> String {
    " ".repeat(depth + 4)
}

pub const FAMILIES: &[Family] = &[
    Family { name: "returns", text: returns, scalars: none },
    Family { name: "elif_return", text: elif_return, scalars: none },
    Family { name: "elif", text: elif, scalars: none },
    Family { name: "nested", text: nested, scalars: none },
    Family { name: "nested_post", text: nested_post, scalars: none },
    Family { name: "nested_else", text: nested_else, scalars: none },
    Family { name: "continues", text: continues, scalars: none },
    Family { name: "breaks", text: breaks, scalars: none },
    Family { name: "returns_in_loop", text: returns_in_loop, scalars: none },
    Family { name: "asserts", text: asserts, scalars: none },
    Family { name: "asserts_in_loop", text: asserts_in_loop, scalars: none },
    Family { name: "nested_loops", text: nested_loops, scalars: none },
    Family { name: "nested_loops_break", text: nested_loops_break, scalars: none },
    Family { name: "unrolled_break", text: unrolled_break, scalars: none },
    Family { name: "loops", text: loops, scalars: none },
    Family { name: "variables", text: variables, scalars: none },
    Family { name: "temporaries", text: temporaries, scalars: none },
    Family { name: "constants", text: constants, scalars: none },
    Family { name: "calls", text: calls, scalars: none },
    Family { name: "ternaries", text: ternaries, scalars: none },
    Family { name: "ands", text: ands, scalars: none },
    Family { name: "tables", text: tables, scalars: none },
    Family { name: "scalars", text: scalars, scalars: |size| size },
    Family { name: "conditions", text: conditions, scalars: |size| size },
];

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

fn nested_loops_break(size: usize) -> String {
    let heads = times(size, |i| format!("{0}for i{i} in range(2):\n{0} if i{i} + x > {i}:\n{0}  break\n", indent(i)));
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

fn temporaries(size: usize) -> String {
    let first = times(size, |i| format!("    v{i} = x * {i} ^ {}\n", i + 1));
    let sum = times(size, |i| format!("    r = r * 3 + v{i}\n"));
    format!("def f(x):\n{first}    r = 0\n{sum}    return r\n")
}

fn constants(size: usize) -> String {
    format!("def f(x):\n    r = 0.5 * x\n{}    return r\n", times(size, |i| format!("    r = r * {}.25 + x\n", i % 3)))
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

fn ands(size: usize) -> String {
    let parts: Vec<String> = (0..size).map(|i| format!("x != {i}")).collect();
    format!("def f(x):\n    if {}:\n        return 1\n    return x\n", parts.join(" and "))
}

fn tables(size: usize) -> String {
    let tables = times(size, |i| format!("T{i} = ({i}, {}, 7)\n", i + 1));
    format!(
        "{tables}def f(x):\n    r = 0\n{}    return r\n",
        times(size, |i| format!("    r = 3 * r + T{i}[abs(x) % 3]\n"))
    )
}

fn scalars(size: usize) -> String {
    let names = times(size, |i| format!(", s{i}"));
    format!("def f(x{names}):\n    r = x\n{}    return r\n", times(size, |i| format!("    r = 3 * r + s{i}\n")))
}

/// Branches on scalar arguments alone.
fn conditions(size: usize) -> String {
    let names = times(size, |i| format!(", s{i}"));
    format!(
        "def f(x{names}):\n    r = x\n{}    return r\n",
        times(size, |i| format!("    if s{i} > 3:\n        r += {i}\n"))
    )
}

impl Family {
    pub fn program(&self, size: usize) -> String {
        let mut text = (self.text)(size);
        let at = text.find("def f(").unwrap_or_default();
        text.insert_str(at, "@vectorize\n");
        let mut whole =
            String::from("import math\nimport numpy as np\nimport numba\nfrom numba import vectorize, stencil\n");
        let _ = writeln!(whole, "{text}");
        whole
    }

    pub fn run(&self, size: usize, x: &[i64], device: &Arc<dyn Device>) -> Result<Outcome, Error> {
        let program = Program::parse("kernel.py", &self.program(size))?;
        let Kernel::Vectorize(kernel) = program.kernel("f")? else { return Err(Error::Internal("no ufunc".into())) };
        let mut inputs = vec![Input::from(HostArray::from_slice(&[x.len()], x)?)];
        inputs.extend((0..(self.scalars)(size)).map(|i| Input::from(i as i64 % 7)));
        settled(kernel.call(device, &inputs))
    }

    /// How a device differs from the interpreter. Error: what a device or the compiler says.
    pub fn difference(&self, size: usize, x: &[i64], device: &Arc<dyn Device>) -> Result<Option<String>, String> {
        let expected = self.run(size, x, &crate::open("interp")).map_err(|error| format!("interp: {error}"))?;
        let got = caught(|| self.run(size, x, device))?.map_err(|error| error.to_string())?;
        Ok(got.difference(&expected, crate::call::Agreement::AnyFault))
    }
}
