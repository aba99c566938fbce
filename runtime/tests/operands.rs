//! Kernels on memory of others: any strides, results in given arrays, overlaps; reductions.
#![cfg(feature = "llvm")]

use numbra_front::types::{Constant, ScalarType};
use numbra_runtime::array::{BorrowedArray, Element, HostArray};
use numbra_runtime::device::{self, Device};
use numbra_runtime::stencil::Stencil;
use numbra_runtime::ufunc::Vectorize;
use numbra_runtime::{Error, Input, Kernel, KernelFile};
use std::sync::Arc;

fn kernel(text: &str) -> Kernel {
    let text = format!("import numpy as np\nfrom numba import vectorize, stencil\n{text}");
    KernelFile::parse("t.py", &text).unwrap().kernel("f").unwrap()
}

fn vectorized(text: &str) -> Vectorize {
    match kernel(text) {
        Kernel::Vectorize(kernel) => kernel,
        Kernel::Stencil(_) => panic!("no ufunc"),
    }
}

fn stencil(text: &str) -> Stencil {
    match kernel(text) {
        Kernel::Stencil(kernel) => kernel,
        Kernel::Vectorize(_) => panic!("no stencil"),
    }
}

fn devices() -> Vec<Arc<dyn Device>> {
    ["interp", "cpu", "parallel"].map(|name| device::open(name.parse().unwrap()).unwrap()).to_vec()
}

/// Part of `data` as an array.
fn borrow<T: Element>(data: &mut [T], first: usize, shape: &[usize], strides: &[isize]) -> BorrowedArray {
    unsafe { BorrowedArray::new(T::SCALAR, data[first..].as_mut_ptr().cast(), shape, strides) }.unwrap()
}

#[test]
fn inputs_and_outputs_under_any_strides() {
    let f = vectorized("@vectorize\ndef f(x, y):\n    return 2 * x + y\n");
    for device in devices() {
        let mut x: Vec<i64> = (0..24).collect();
        let mut y: Vec<i32> = (0..6).map(|value| value * 1000).collect();
        let mut out = vec![-1f64; 40];
        // Every second column backwards, a column that is broadcast, and an output in Fortran order.
        let arguments = [borrow(&mut x, 23, &[4, 3], &[-6, -2]).into(), borrow(&mut y, 0, &[4, 1], &[1, 1]).into()];
        f.call_into(&device, &arguments, &borrow(&mut out, 1, &[4, 3], &[1, 5])).unwrap();
        for row in 0..4 {
            for column in 0..3 {
                let expected = 2 * x[23 - 6 * row - 2 * column] + y[row] as i64;
                assert_eq!(out[1 + row + 5 * column], expected as f64, "{device:?}");
            }
        }
        assert_eq!(out.iter().filter(|value| **value == -1.0).count(), 40 - 12);
    }
}

#[test]
fn results_lie_as_the_inputs_do() {
    let f = vectorized("@vectorize\ndef f(x, y):\n    return x + y\n");
    let mut x: Vec<f32> = (0..12).map(|value| value as f32).collect();
    let fortran = Input::from(borrow(&mut x, 0, &[3, 4], &[1, 3]));
    let outcome = f.outcome(&[fortran.clone(), Input::from(1.0)]).unwrap();
    assert_eq!((outcome.scalar, outcome.shape, outcome.strides), (ScalarType::F64, vec![3, 4], vec![1, 3]));
    for device in devices() {
        let result = f.call_on_device(&device, &[fortran.clone(), Input::from(1.0)]).unwrap();
        assert_eq!(result.strides(), [1, 3]);
        let result = result.into_host().unwrap();
        assert_eq!(result.as_slice::<f64>().unwrap()[..4], [1.0, 4.0, 7.0, 10.0], "{device:?}");
    }
}

#[test]
fn overlapping_outputs() {
    let f = vectorized("@vectorize\ndef f(x, y):\n    return x - y\n");
    for device in devices() {
        // The output is an input.
        let mut data: Vec<i64> = (0..100).map(|value| value * value).collect();
        let before = data.clone();
        let all = borrow(&mut data, 0, &[100], &[1]);
        f.call_into(&device, &[all.clone().into(), Input::from(1i64)], &all).unwrap();
        assert!(data.iter().zip(&before).all(|(new, old)| *new == old - 1), "{device:?}");
        // It is shifted against the inputs, and in the other order.
        let mut data = before.clone();
        let (x, y) = (borrow(&mut data, 1, &[98], &[1]), borrow(&mut data, 97, &[98], &[-1]));
        let out = borrow(&mut data, 0, &[98], &[1]);
        f.call_into(&device, &[x.into(), y.into()], &out).unwrap();
        for place in 0..98 {
            assert_eq!(data[place], before[place + 1] - before[97 - place], "{device:?} {place}");
        }
    }
}

#[test]
fn outputs_that_do_not_fit() {
    let f = vectorized("@vectorize\ndef f(x):\n    return x * 0.5\n");
    let device = device::open("cpu".parse().unwrap()).unwrap();
    let (mut x, mut floats, mut integers) = (vec![1.0f64; 6], vec![0f32; 12], vec![0i64; 6]);
    let x = Input::from(borrow(&mut x, 0, &[6], &[1]));
    f.call_into(&device, std::slice::from_ref(&x), &borrow(&mut floats, 0, &[2, 6], &[6, 1])).unwrap();
    assert_eq!(floats, [0.5; 12]);
    let message = |error: Error| error.to_string();
    let error = f.call_into(&device, std::slice::from_ref(&x), &borrow(&mut integers, 0, &[6], &[1])).unwrap_err();
    assert!(message(error).contains("from float64 to int64 with casting rule 'same_kind'"));
    let error = f.call_into(&device, std::slice::from_ref(&x), &borrow(&mut floats, 0, &[1], &[1])).unwrap_err();
    assert!(message(error).contains("non-broadcastable output operand with shape (1,)"));
    let error = f.call_into(&device, &[x], &borrow(&mut floats, 0, &[5], &[1])).unwrap_err();
    assert!(message(error).contains("could not be broadcast together with shapes (6,) (5,)"));
}

#[test]
fn scalars_of_python_yield_and_others_do_not() {
    let f = vectorized(
        "@vectorize(['float32(float32, float32)', 'float64(float64, float64)'])\ndef f(x, y):\n    return x + y\n",
    );
    let device = device::open("cpu".parse().unwrap()).unwrap();
    let x = Input::from(HostArray::from_slice(&[2], &[1f32, 2.0]).unwrap());
    assert_eq!(f.outcome(&[x.clone(), Input::from(1.5)]).unwrap().scalar, ScalarType::F32);
    assert_eq!(f.outcome(&[x.clone(), Input::Typed(Constant::f64(1.5))]).unwrap().scalar, ScalarType::F64);
    assert_eq!(f.call(&device, &[x.clone(), Input::from(1.5)]).unwrap().as_slice::<f32>().unwrap(), [2.5, 3.5]);
    let exact = vectorized("@vectorize(typing='exact')\ndef f(x, y):\n    return x + y\n");
    assert_eq!(exact.call(&device, &[x, Input::from(2i64)]).unwrap().as_slice::<f32>().unwrap(), [3.0, 4.0]);
}

#[test]
fn stencils_read_and_write_anywhere() {
    let f = stencil("@stencil\ndef f(a, b):\n    return a[-1, 0] + 10 * a[0, 1] + b[0, 0]\n");
    let with_border = stencil("@stencil(cval=7)\ndef f(a, b):\n    return a[-1, 0] + 10 * a[0, 1] + b[0, 0]\n");
    for device in devices() {
        let mut a: Vec<i64> = (0..60).collect();
        let transposed = borrow(&mut a, 3, &[5, 4], &[1, 9]);
        let at = |row: usize, column: usize| (3 + row + 9 * column) as i64;
        let inputs = [Input::from(transposed), Input::from(100i64)];
        // A scalar as a secondary argument has no border of its own.
        let plain = stencil("@stencil\ndef f(a, b):\n    return a[-1, 0] + 10 * a[0, 1] + b\n");
        let result = plain.call(&device, &inputs).unwrap();
        let result = result.as_slice::<i64>().unwrap();
        assert_eq!(result[4 + 1], at(0, 1) + 10 * at(1, 2) + 100, "{device:?}");
        assert_eq!((result[1], result[7]), (0, 0));

        // In place, and with another array: what was there counts.
        let before: Vec<f64> = (0..20).map(f64::from).collect();
        let mut data = before.clone();
        let whole = borrow(&mut data, 0, &[4, 5], &[5, 1]);
        f.call_into(&device, &[whole.clone().into(), whole.clone().into()], &whole).unwrap();
        for row in 0..4 {
            for column in 0..5 {
                let inside = row > 0 && column < 4;
                let place = row * 5 + column;
                let expected =
                    if inside { before[place - 5] + 10.0 * before[place + 1] + before[place] } else { before[place] };
                assert_eq!(data[place], expected, "{device:?} {row} {column}");
            }
        }
        let mut out = vec![-1f32; 20];
        with_border
            .call_into(&device, &[whole.clone().into(), whole.into()], &borrow(&mut out, 0, &[4, 5], &[1, 4]))
            .unwrap();
        assert_eq!((out[0], out[19], out[18]), (7.0, 7.0, 7.0), "{device:?}");
        let mut small = vec![0f64; 12];
        let mut source = vec![0f64; 20];
        let source = Input::from(borrow(&mut source, 0, &[4, 5], &[5, 1]));
        let error =
            f.call_into(&device, &[source.clone(), source], &borrow(&mut small, 0, &[4, 3], &[3, 1])).unwrap_err();
        assert!(error.to_string().contains("shape (4,3)"), "{error}");
    }
}

#[test]
fn iterations_can_be_ended() {
    let f = stencil("@stencil\ndef f(a):\n    return a[-1] + a[1]\n");
    for device in devices() {
        let a = Input::from(HostArray::from_slice(&[5], &[0i64, 0, 1, 0, 0]).unwrap());
        let mut seen = 0;
        let mut progress = |step| {
            seen = step;
            if step == 3 { Err(Error::call("enough")) } else { Ok(()) }
        };
        let error = f.try_iterate(&device, std::slice::from_ref(&a), 10, &mut progress).unwrap_err();
        assert_eq!((error.to_string().as_str(), seen), ("enough", 3));
        let result = f.iterate(&device, &[a], 2, &mut |_| ()).unwrap();
        assert_eq!(result.as_slice::<i64>().unwrap(), [0, 0, 2, 0, 0]);
    }
}

#[test]
fn reductions_are_left_folds() {
    let add = vectorized(
        "@vectorize(['int64(int64, int64)', 'float64(float64, float64)'])\ndef f(a, b):\n    return a + b\n",
    );
    let odd = vectorized("@vectorize\ndef f(a, b):\n    return a * 2 - b\n");
    let ordered = vectorized("@vectorize(['int64(int64, int64)'], identity=1)\ndef f(a, b):\n    return a * b\n");
    for device in devices() {
        let a = Input::from(HostArray::from_slice(&[3, 4], &(0..12).collect::<Vec<i64>>()).unwrap());
        let reduce = |kernel: &Vectorize, input: &Input, axes: &[usize]| kernel.reduce(&device, input, axes);
        assert_eq!(reduce(&add, &a, &[0]).unwrap().as_slice::<i64>().unwrap(), [12, 15, 18, 21], "{device:?}");
        assert_eq!(reduce(&add, &a, &[1]).unwrap().as_slice::<i64>().unwrap(), [6, 22, 38]);
        let result = add.accumulate(&device, &a, 0).unwrap();
        assert_eq!(result.as_slice::<i64>().unwrap(), [0, 1, 2, 3, 4, 6, 8, 10, 12, 15, 18, 21]);
        let result = add.accumulate(&device, &a, 1).unwrap();
        assert_eq!(result.as_slice::<i64>().unwrap(), [0, 1, 3, 6, 4, 9, 15, 22, 8, 17, 27, 38]);
        // Strided, of a small type, in an order that matters.
        let mut data: Vec<i8> = (0..40).collect();
        let strided = Input::from(borrow(&mut data, 39, &[3, 2, 4], &[-13, -1, -3]));
        let result = reduce(&odd, &strided, &[1]).unwrap();
        let expected: Vec<i64> = (0..12)
            .map(|n| {
                let (i, k) = (n / 4, n % 4);
                let a = 39 - 13 * i - 3 * k;
                2 * a - (a - 1)
            })
            .collect();
        assert_eq!((result.shape(), result.as_slice::<i64>().unwrap()), (&[3usize, 4][..], &expected[..]));
        let one = HostArray::from_slice(&[3], &[5i64, 1, 2]).unwrap();
        let result = reduce(&odd, &Input::from(one), &[0]).unwrap();
        assert_eq!((result.shape().len(), result.as_slice::<i64>().unwrap()), (0, &[16i64][..]));

        let several = reduce(&add, &a, &[0, 1]).unwrap_err().to_string();
        assert!(several.contains("not reorderable, so at most one axis"), "{several}");
        let ones = Input::from(HostArray::from_slice(&[2, 2], &[1i64, 2, 3, 4]).unwrap());
        assert_eq!(reduce(&ordered, &ones, &[0, 1]).unwrap().as_slice::<i64>().unwrap(), [24]);
        let empty = Input::from(HostArray::zeros(ScalarType::I64, &[0, 2]).unwrap());
        assert_eq!(reduce(&ordered, &empty, &[0]).unwrap().as_slice::<i64>().unwrap(), [1, 1]);
        let error = reduce(&add, &empty, &[0]).unwrap_err().to_string();
        assert!(error.contains("zero-size array to reduction operation f which has no identity"), "{error}");
        assert_eq!(add.accumulate(&device, &empty, 0).unwrap().shape(), [0, 2]);
    }
    let less = vectorized("@vectorize\ndef f(a, b):\n    return a < b\n");
    let a = Input::from(HostArray::from_slice(&[3], &[1.0, 2.0, 3.0]).unwrap());
    let error = less.reduce(&devices()[0], &a, &[0]).unwrap_err().to_string();
    assert!(error.contains("gives bool for two float64"), "{error}");
}
