//! Code kept on disk: the same results and the same messages, and never another function's code.

use numbra::array::HostArray;
use numbra::cache::{Cache, Found, Kept};
use numbra::device;
use numbra::front::types::{Constant, ScalarType};
use numbra::function::{Function, Passed, Returned};
use numbra::{Input, Kernel, KernelFile};
use std::path::Path;
use std::sync::Arc;

const PROGRAMS: &str = "
from numba import njit, stencil, vectorize
WEIGHTS = (1.5, 2.5)

def helper(x):
    return x * 3

def entry(n, i):
    s = 0.0
    for k in range(n):
        s += helper(k) / WEIGHTS[i]
    return s

def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

@vectorize
def axpy(a, x):
    return a * x + WEIGHTS[0]

@stencil
def smooth(a):
    return 0.5 * (a[-1] + a[1])
";

/// As another process would have it.
fn kept(folder: &Path) -> Arc<Kept> {
    Kept::new(Cache::within(folder).unwrap())
}

fn found(kept: &Kept) -> Vec<Found> {
    assert_eq!(kept.cache().trouble(), None);
    kept.found().into_iter().map(|(_, found)| found).collect()
}

fn call(text: &str, name: &str, arguments: &[i64], folder: &Path) -> (Result<f64, String>, Vec<Found>) {
    let file = KernelFile::parse("programs.py", text).unwrap();
    let kept = kept(folder);
    let function = Function::read(file.module(), name).unwrap().kept_in(kept.clone());
    let passed = |&number: &i64| Passed::Scalar(Constant::integer(ScalarType::I64, number as i128));
    let passed: Vec<Passed> = arguments.iter().map(passed).collect();
    let types: Vec<_> = passed.iter().map(Passed::item_type).collect();
    let specialization = function.taking(&types).unwrap();
    let result = specialization.call("cpu".parse().unwrap(), &passed);
    let result = result.map_err(|error| error.to_string()).map(|returned| match returned {
        Returned::Scalar(constant) => constant.as_integer().map_or_else(|| constant.as_f64(), |integer| integer as f64),
        other => panic!("{other:?}"),
    });
    (result, found(&kept))
}

#[test]
fn functions_are_found() {
    let folder = tempfile::tempdir().unwrap();
    for expected in [Found::Compiled, Found::Kept, Found::Kept] {
        assert_eq!(call(PROGRAMS, "entry", &[4, 0], folder.path()), (Ok(12.0), vec![expected]));
        assert_eq!(call(PROGRAMS, "fibonacci", &[10], folder.path()), (Ok(55.0), vec![expected]));
    }
    // A function that is called, a value that is frozen, the function itself; and what does not matter.
    for (from, to, result, expected) in [
        ("x * 3", "x * 6", 24.0, Found::Compiled),
        ("1.5, 2.5", "3.0, 2.5", 6.0, Found::Compiled),
        ("s = 0.0", "s = 1.0", 13.0, Found::Compiled),
        ("fibonacci(n - 2)", "fibonacci(n - 1)", 12.0, Found::Kept),
        ("def helper", "# Another line.\n\ndef helper", 12.0, Found::Kept),
    ] {
        let text = PROGRAMS.replace(from, to);
        assert_ne!(text, PROGRAMS);
        assert_eq!(call(&text, "entry", &[4, 0], folder.path()), (Ok(result), vec![expected]), "{from}");
    }
}

#[test]
fn failures_show_the_lines_of_the_text_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let (first, compiled) = call(PROGRAMS, "entry", &[4, 2], folder.path());
    assert_eq!(compiled, [Found::Compiled]);
    let first = first.unwrap_err();
    assert!(first.contains("programs.py:11:"), "{first}");
    assert_eq!(call(PROGRAMS, "entry", &[4, 2], folder.path()), (Err(first.clone()), vec![Found::Kept]));
    let (moved, kept) = call(&format!("\n\n\n{PROGRAMS}"), "entry", &[4, 2], folder.path());
    assert_eq!(kept, [Found::Kept]);
    assert!(moved.clone().unwrap_err().contains("programs.py:14:"), "{moved:?}");
}

#[test]
fn kernels_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let device = device::open("cpu".parse().unwrap()).unwrap();
    let array = |numbers: &[f64]| Input::Host(Arc::new(HostArray::from_slice(&[numbers.len()], numbers).unwrap()));
    let run = |text: &str, name: &str| {
        let kept = kept(folder.path());
        let kernel = KernelFile::parse("programs.py", text).unwrap().kernel(name).unwrap().kept_in(kept.clone());
        let result = match &kernel {
            Kernel::Vectorize(kernel) => kernel.call(&device, &[array(&[2.0; 3]), array(&[1.0, 2.0, 3.0])]),
            Kernel::Stencil(kernel) => kernel.call(&device, &[array(&[1.0, 2.0, 5.0])]),
        };
        (result.unwrap().as_slice::<f64>().unwrap().to_vec(), found(&kept))
    };
    for expected in [Found::Compiled, Found::Kept] {
        assert_eq!(run(PROGRAMS, "axpy"), (vec![3.5, 5.5, 7.5], vec![expected]));
        assert_eq!(run(PROGRAMS, "smooth"), (vec![0.0, 3.0, 0.0], vec![expected]));
    }
    let text = PROGRAMS.replace("1.5", "0.5").replace("0.5 *", "0.25 *");
    assert_eq!(run(&text, "axpy"), (vec![2.5, 4.5, 6.5], vec![Found::Compiled]));
    assert_eq!(run(&text, "smooth"), (vec![0.0, 1.5, 0.0], vec![Found::Compiled]));
}
