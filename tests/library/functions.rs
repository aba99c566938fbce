//! Whole functions: what goes in and what comes out, on both hosts.

use numbra::{Device, Error, ErrorClass, Function, Value};

const TEXT: &str = "
import numpy as np
from numba import njit

def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)

def add_to(x, amount=1):
    for i in range(x.shape[0]):
        x[i] += amount
    return x

def halves(x):
    return x[::2], x[1::2].copy(), len(x)

def at(x, i):
    return x[i]

def maybe(x):
    if x > 0:
        return x

@njit('int64(int64)')
def declared(x):
    return x + 1

def zeros(rows, columns):
    return np.zeros((rows, columns))

@njit(error_model='numpy')
def quotient(a, b):
    return a / b
";

fn functions(name: &str) -> Vec<Function> {
    let hosts: &[&str] = if cfg!(feature = "llvm") { &["interp", "cpu"] } else { &["interp"] };
    let function = numbra::source(TEXT).unwrap().function(name).unwrap();
    hosts.iter().map(|host| function.on(&Device::open(host).unwrap()).unwrap()).collect()
}

#[test]
fn numbers() {
    for fib in functions("fib") {
        assert_eq!(i64::try_from(fib.call(15).unwrap()).unwrap(), 610);
        assert_eq!(fib.call(0.5).unwrap().into_scalar::<f64>().unwrap(), 0.5);
        let error = f32::try_from(fib.call(1).unwrap()).unwrap_err();
        assert!(error.to_string().starts_with("the function gave a number of type i64, not a number of type f32"));
        assert_eq!(fib.call((1, 2)).unwrap_err().class(), Some(ErrorClass::Type));
    }
    for maybe in functions("maybe") {
        assert!(matches!(maybe.call(-1).unwrap(), Value::None));
        assert_eq!(i64::try_from(maybe.call(7i64).unwrap()).unwrap(), 7);
    }
    for quotient in functions("quotient") {
        assert_eq!(f64::try_from(quotient.call((1, 0)).unwrap()).unwrap(), f64::INFINITY);
    }
    for declared in functions("declared") {
        assert_eq!(i64::try_from(declared.call(2.75).unwrap()).unwrap(), 3);
        assert!(declared.call(&[1.0]).unwrap_err().to_string().contains("No matching definition"));
    }
}

#[test]
fn arrays() {
    for add_to in functions("add_to") {
        let mut x = vec![1.0, 2.0, 3.0];
        let result: Vec<f64> = add_to.call(&mut x).unwrap().try_into().unwrap();
        assert_eq!((&x, &result), (&vec![2.0, 3.0, 4.0], &vec![2.0, 3.0, 4.0]));
        add_to.call((&mut x[1..], 10)).unwrap();
        assert_eq!(x, [2.0, 13.0, 14.0]);
        // Without `mut` there is nothing to write.
        let error = add_to.call(&x).unwrap_err();
        assert!(error.to_string().contains("readonly"), "{error}");
        let mut table = numbra::ndarray::array![[1i32, 2], [3, 4]];
        add_to.call((table.column_mut(1), 5)).unwrap();
        assert_eq!(table, numbra::ndarray::array![[1, 7], [3, 9]]);
    }
    for halves in functions("halves") {
        let x = [1u8, 2, 3, 4, 5];
        let [even, odd, length]: [Value; 3] = halves.call(&x).unwrap().try_into().unwrap();
        assert_eq!(Vec::<u8>::try_from(even).unwrap(), [1, 3, 5]);
        assert_eq!(Vec::<u8>::try_from(odd).unwrap(), [2, 4]);
        assert_eq!(i64::try_from(length).unwrap(), 5);
        let empty: [u8; 0] = [];
        let [even, ..]: [Value; 3] = halves.call(&empty).unwrap().try_into().unwrap();
        assert!(Vec::<u8>::try_from(even).unwrap().is_empty());
    }
    for zeros in functions("zeros") {
        let output = zeros.call((2, 3)).unwrap().into_output().unwrap();
        assert_eq!(output.shape(), [2, 3]);
        assert_eq!(output.into_vec::<f64>().unwrap(), [0.0; 6]);
        assert_eq!(zeros.call((-1, 2)).unwrap_err().class(), Some(ErrorClass::Value));
    }
}

#[test]
fn failures() {
    for at in functions("at") {
        assert_eq!(i32::try_from(at.call((&[1i32, 2], -1)).unwrap()).unwrap(), 2);
        let error = at.call((&[1i32, 2], 2)).unwrap_err();
        assert!(matches!(error, Error::Fault(_)) && error.class() == Some(ErrorClass::Index), "{error}");
        assert!(error.to_string().starts_with("index 2 is out of bounds for axis 0 with size 2"), "{error}");
    }
    let source = numbra::source(TEXT).unwrap();
    assert_eq!(source.function("nothing").unwrap_err().class(), Some(ErrorClass::Name));
    let fib = source.function("fib").unwrap();
    assert!(fib.ir("int64(int64)").unwrap().contains("call @fib"));
    assert!(fib.ir("int64(").is_err());
}
