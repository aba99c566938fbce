//! What whole functions cost natively: run by hand, with `--ignored --nocapture`.

use numbra::front::capabilities::Capabilities;
use numbra::front::ir::{Access, ArrayType, Module, Stride};
use numbra::front::pipeline;
use numbra::front::source::Source;
use numbra::front::syntax::python;
use numbra::front::types::ScalarType;
use numbra::front::typing::{FunctionOptions, ItemType, infer_function};
use numbra_codegen::llvm::{Emit, NativeOptions, compile_host, host_text};
use numbra_runtime::function::{Borrowed, NativeFunction};
use numbra_runtime::interrupt::interruptible;
use std::time::{Duration, Instant};

const PROGRAMS: &str = "
import numpy as np
import math
from numba import njit

def total(a):
    s = 0.0
    for i in range(a.shape[0]):
        s += a[i]
    return s

def total2(a):
    s = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            s += a[i, j]
    return s

def saxpy(a, x, y):
    for i in range(x.shape[0]):
        y[i] = a * x[i] + y[i]

def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)

def matmul(a, b, c):
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            s = 0.0
            for k in range(a.shape[1]):
                s += a[i, k] * b[k, j]
            c[i, j] = s

def pdist(X, D):
    for i in range(X.shape[0]):
        for j in range(X.shape[0]):
            d = 0.0
            for k in range(X.shape[1]):
                tmp = X[i, k] - X[j, k]
                d += tmp * tmp
            D[i, j] = math.sqrt(d)

def smooth(a, b):
    for i in range(1, a.shape[0] - 1):
        for j in range(1, a.shape[1] - 1):
            b[i, j] = 0.25 * (a[i - 1, j] + a[i + 1, j] + a[i, j - 1] + a[i, j + 1])

def mandel(n):
    total = 0
    for i in range(n):
        for j in range(n):
            cr = 3.0 * j / n - 2.0
            ci = 2.0 * i / n - 1.0
            zr = 0.0
            zi = 0.0
            k = 0
            while k < 100 and zr * zr + zi * zi <= 4.0:
                t = zr * zr - zi * zi + cr
                zi = 2.0 * zr * zi + ci
                zr = t
                k += 1
            total += k
    return total

def collatz(n):
    most = 0
    for i in range(1, n):
        x = i
        c = 0
        while x != 1:
            x = x // 2 if x % 2 == 0 else 3 * x + 1
            c += 1
        if c > most:
            most = c
    return most

def blocks(n):
    s = 0.0
    for i in range(n):
        a = np.empty(16)
        a[3] = i
        s += a[3]
    return s

def small(a, b):
    return a + b
";

fn scalar(scalar: ScalarType) -> ItemType {
    ItemType::Scalar(scalar)
}

fn array(strides: Vec<Stride>) -> ItemType {
    ItemType::Array(ArrayType { scalar: ScalarType::F64, access: Access::ReadWrite, strides })
}

fn typed(name: &str, types: &[ItemType]) -> Module {
    let source = Source::new("measured.py", PROGRAMS.to_string());
    let module = python::parse(&source).unwrap_or_else(|error| panic!("{error}"));
    let typed = infer_function(&module, name, types, None, &FunctionOptions::default());
    typed.unwrap_or_else(|error| panic!("{error}")).module
}

struct Array {
    elements: Vec<f64>,
    shape: Vec<u64>,
    owner: Borrowed,
}

impl Array {
    fn new(shape: &[u64]) -> Array {
        let elements = (0..shape.iter().product::<u64>()).map(|n| n as f64 % 7.0).collect();
        Array { elements, shape: shape.to_vec(), owner: Borrowed::default() }
    }

    fn words(&self) -> Vec<u64> {
        let mut words = vec![self.owner.word(), self.elements.as_ptr() as u64];
        words.extend(&self.shape);
        let strides = (0..self.shape.len()).map(|axis| self.shape[axis + 1..].iter().product::<u64>());
        words.extend(strides);
        words
    }
}

fn measure(name: &str, types: &[&ItemType], arguments: &[u64], rounds: u32) {
    let types: Vec<ItemType> = types.iter().map(|&kind| kind.clone()).collect();
    let module = typed(name, &types);
    if std::env::var("SHOW").is_ok_and(|show| show == name) {
        for what in [Emit::Lowered, Emit::Optimized, Emit::Assembly] {
            println!("{}", NativeFunction::text(&module, &NativeOptions::default(), what).expect("compiles"));
        }
    }
    let compiling = (0..5).map(|_| {
        let start = Instant::now();
        drop(NativeFunction::compile(&module, &NativeOptions::default()));
        start.elapsed()
    });
    let compiling: Vec<Duration> = compiling.collect();
    let code = NativeFunction::compile(&module, &NativeOptions::default()).expect("compiles");
    let mut results = vec![0; code.result_words()];
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        for _ in 0..rounds {
            // SAFETY: the words are those of the types.
            unsafe { code.call(arguments, &mut results) }.unwrap_or_else(|error| panic!("{error}"));
        }
        best = best.min(start.elapsed() / rounds);
    }
    let least = |work: &dyn Fn()| {
        let times = (0..5).map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        });
        times.min().expect("five")
    };
    let options = NativeOptions::default();
    let capabilities = Capabilities::llvm("cpu", true);
    let lower = || pipeline::lower_host(module.clone(), &capabilities, &mut |_, _| Ok(())).expect("lowers");
    let lowered = lower();
    println!(
        "  passes {:?}, to LLVM {:?}, and optimized {:?}, and emitted {:?}",
        least(&|| drop(lower())),
        least(&|| drop(host_text(&lowered, &options, Emit::Lowered))),
        least(&|| drop(host_text(&lowered, &options, Emit::Optimized))),
        least(&|| drop(compile_host(&lowered, &options))),
    );
    println!("{name}: {best:?}, compiled in {:?}, first {:?}", compiling.iter().min().expect("five"), compiling[0]);
}

#[test]
#[ignore = "a measurement"]
fn times() {
    use Stride::{Any, Packed, Unit};
    let long = Array::new(&[10_000_000]);
    let other = Array::new(&[10_000_000]);
    let (c, any) = (array(vec![Packed, Unit]), array(vec![Any, Any]));
    let (unit, number, integer) = (array(vec![Unit]), scalar(ScalarType::F64), scalar(ScalarType::I64));
    measure("small", &[&number, &number], &[0, 0], 100_000);
    measure("total", &[&unit], &long.words(), 1);
    measure("total", &[&array(vec![Any])], &long.words(), 1);
    let short = Array::new(&[1000]);
    let short_too = Array::new(&[1000]);
    measure("saxpy", &[&number, &unit, &unit], &[vec![2.0f64.to_bits()], long.words(), other.words()].concat(), 1);
    measure(
        "saxpy",
        &[&number, &unit, &unit],
        &[vec![2.0f64.to_bits()], short.words(), short_too.words()].concat(),
        1000,
    );
    measure("fib", &[&integer], &[32], 1);
    let [a, b, d] = [(); 3].map(|()| Array::new(&[300, 300]));
    for kind in [&c, &any] {
        measure("matmul", &[kind, kind, kind], &[a.words(), b.words(), d.words()].concat(), 1);
    }
    let [points, distances] = [Array::new(&[1000, 3]), Array::new(&[1000, 1000])];
    for kind in [&c, &any] {
        measure("pdist", &[kind, kind], &[points.words(), distances.words()].concat(), 1);
    }
    let plate = Array::new(&[1000, 1000]);
    for kind in [&c, &any] {
        measure("smooth", &[kind, kind], &[plate.words(), distances.words()].concat(), 1);
        measure("total2", &[kind], &plate.words(), 1);
    }
    measure("blocks", &[&integer], &[1_000_000], 1);
    interruptible(&|| true, || measure("small", &[&number, &number], &[0, 0], 100_000));
    measure("mandel", &[&integer], &[500], 1);
    measure("collatz", &[&integer], &[100_000], 1);
}
