//! What can be passed, and what comes out.

use super::{devices, vectorized};
use ndarray::{Array, Array1, Array2, Array3, ArrayD, ArrayRef2, CowArray, Ix0, Ix2, ShapeBuilder, arr0, array, s};
use numbra::{Argument, Device, Element, HostArray, Out, Output, ScalarType, Typing};

#[test]
fn arrays_under_any_strides() {
    let whole = Array3::from_shape_fn((6, 8, 10), |(i, j, k)| (i * 100 + j * 10 + k) as f64);
    let row = Array1::from_shape_fn(4, |k| k as f64 / 4.0);
    for device in devices() {
        let f = vectorized(&device, "def f(x, y): return 2 * x + y");
        let check = |x: ndarray::ArrayViewD<f64>| {
            let result: ArrayD<f64> = f.call((&x, 0.5)).unwrap().try_into().unwrap();
            assert_eq!(result, x.mapv(|value| 2.0 * value + 0.5), "{device}");
        };
        check(whole.view().into_dyn());
        check(whole.slice(s![..;2, ..;-3, 1..]).into_dyn());
        check(whole.t().into_dyn());
        check(whole.slice(s![3, .., ..;-1]).reversed_axes().into_dyn());
        check(whole.slice(s![..0, .., ..]).into_dyn());
        check(whole.slice(s![1..2, 2..3, 3..4]).into_dyn());
        check(row.broadcast((3, 4)).unwrap().into_dyn());

        let x = whole.slice(s![.., 1, ..4]);
        let result: Array2<f64> = f.call((x, &row)).unwrap().try_into().unwrap();
        assert_eq!(result, x.mapv(|value| 2.0 * value) + &row, "{device}");
    }
}

#[test]
fn everything_that_holds_elements() {
    fn generic(array: &ArrayRef2<f32>, device: &Device) -> Array2<f32> {
        vectorized(device, "def f(x): return -x").call(array).unwrap().try_into().unwrap()
    }
    let device = &Device::open("interp").unwrap();
    let negative = vectorized(device, "def f(x): return -x");
    let vector = vec![1i64, -2, 3];
    let host = HostArray::from_slice(&[3], &vector).unwrap();
    let results = [
        negative.call(&vector),
        negative.call(&vector[..]),
        negative.call(&[1i64, -2, 3]),
        negative.call(vector.clone()),
        negative.call(&host),
        negative.call(host.clone()),
        negative.call(array![1i64, -2, 3]),
        negative.call(&array![1i64, -2, 3].into_shared()),
        negative.call(&CowArray::from(array![1i64, -2, 3])),
        negative.call(Argument::new(&vector).unwrap()),
        negative.call((device.upload(&vector).unwrap(),)),
        negative.call(vec![Argument::from_slice(&vector, &[3]).unwrap()]),
        negative.call(negative.call(negative.call(&vector).unwrap()).unwrap()),
    ];
    for (number, result) in results.into_iter().enumerate() {
        assert_eq!(result.unwrap().as_slice::<i64>().unwrap(), [-1, 2, -3], "{number}");
    }
    let plate = Array::from_shape_vec((2, 2).f(), vec![1f32, 2.0, 3.0, 4.0]).unwrap();
    assert_eq!(generic(&plate, device), -&plate);
    let zero_axes: Array<f64, Ix0> = negative.call(arr0(2.5)).unwrap().try_into().unwrap();
    assert_eq!(zero_axes.into_scalar(), -2.5);
}

#[test]
fn every_type_goes_in_and_comes_out() {
    fn check<T: Element>(device: &Device, values: [T; 3]) {
        let f = vectorized(device, "def f(x): return x");
        let output = f.call(&values).unwrap();
        assert_eq!(output.scalar(), T::SCALAR);
        assert_eq!(output.into_vec::<T>().unwrap(), values, "{device}");
    }
    for device in devices() {
        check(&device, [true, false, true]);
        check(&device, [i8::MIN, -1, i8::MAX]);
        check(&device, [i16::MIN, -1, i16::MAX]);
        check(&device, [i32::MIN, -1, i32::MAX]);
        check(&device, [u8::MIN, 1, u8::MAX]);
        check(&device, [u16::MIN, 1, u16::MAX]);
        check(&device, [u32::MIN, 1, u32::MAX]);
        check(&device, [f32::MIN, -0.5, f32::INFINITY]);
        if device.supports(ScalarType::I64) {
            check(&device, [i64::MIN, -1, i64::MAX]);
            check(&device, [u64::MIN, 1, u64::MAX]);
        }
        if device.supports(ScalarType::F64) {
            check(&device, [f64::MIN, -0.5, f64::INFINITY]);
        }
        let less = vectorized(&device, "def f(x, y): return x < y");
        let result: Array1<bool> = less.call((&[1f32, 2.0, 3.0], &[2f32, 2.0, 2.0])).unwrap().try_into().unwrap();
        assert_eq!(result, array![true, false, false], "{device}");
    }
}

#[test]
fn scalars_give_way_to_arrays() {
    let source = numbra::source("def f(x, y): return x + y").unwrap();
    let f =
        source.vectorize("f").unwrap().signatures(["float32(float32, float32)", "float64(float64, float64)"]).unwrap();
    let x = [1f32, 2.0];
    let scalar = |output: numbra::Result<(ScalarType, Vec<usize>)>| output.unwrap().0;
    assert_eq!(scalar(f.outcome((&x, 2.5))), ScalarType::F32);
    assert_eq!(scalar(f.outcome((&x, 2))), ScalarType::F32);
    assert_eq!(scalar(f.outcome((2usize, &x))), ScalarType::F32);
    assert_eq!(scalar(f.outcome((Argument::typed(2.5), &x))), ScalarType::F64);
    assert_eq!(scalar(f.outcome((2.5f32, 1.5f32))), ScalarType::F32);
    assert_eq!(scalar(f.outcome((2.5, 1.5f32))), ScalarType::F64);

    // Without signatures: as Numba types it, or as the arrays are.
    let numba = source.vectorize("f").unwrap();
    assert_eq!(scalar(numba.outcome((&x, 2.5f32))), ScalarType::F32);
    assert_eq!(scalar(numba.outcome((&x, 2.5))), ScalarType::F64);
    let exact = source.vectorize("f").unwrap().typing(Typing::Exact);
    assert_eq!(scalar(exact.outcome((&x, 2.5))), ScalarType::F32);
    assert_eq!(scalar(exact.outcome((&[1u8], 2))), ScalarType::U8);
    let error = exact.on(&Device::open("interp").unwrap()).call((&[1u8], 300)).unwrap_err();
    assert!(error.to_string().contains("the integer 300 out of bounds for u8"), "{error}");
}

#[test]
fn results_in_arrays_of_the_caller() {
    for device in devices() {
        let f = vectorized(&device, "def f(x, y): return x * y");
        let x = Array2::from_shape_fn((3, 4), |(i, j)| (i * 4 + j) as f32);
        let mut all = Array2::<f32>::from_elem((6, 9), -1.0);
        f.call_into((&x, 2f32), all.slice_mut(s![..;2, 1..9;-2])).unwrap();
        for ((i, j), value) in all.indexed_iter() {
            let inside = i % 2 == 0 && j >= 1 && j % 2 == 0;
            let expected = if inside { 2.0 * x[[i / 2, (8 - j) / 2]] } else { -1.0 };
            assert_eq!(*value, expected, "{device} {i} {j}");
        }
        let mut wide = Array2::<f64>::zeros((3, 4));
        f.call_into((&x, 0.5f32), &mut wide).unwrap();
        assert_eq!(wide, x.mapv(|value| value as f64 * 0.5), "{device}");
        let mut stretched = vec![0f32; 4];
        f.call_into((1.5f32, 2f32), &mut stretched).unwrap();
        assert_eq!(stretched, [3.0; 4]);
        let mut integers = [0i32; 2];
        let error = f.call_into((1.5f32, &[2f32, 3.0]), &mut integers).unwrap_err();
        assert!(error.to_string().contains("from f32 to i32"), "{error}");
        let error = f.call_into((&x, 1f32), &mut Array2::<f32>::zeros((4, 3))).unwrap_err();
        assert!(error.to_string().contains("(3,4)") && error.to_string().contains("(4,3)"), "{error}");
    }
}

#[test]
fn results_keep_the_order_of_axes() {
    for device in devices() {
        let f = vectorized(&device, "def f(x): return x + 1").kernel().clone().typing(Typing::Exact).on(&device);
        let x = Array3::from_shape_fn((2, 3, 4).f(), |(i, j, k)| (i * 100 + j * 10 + k) as f32);
        let output = f.call(&x).unwrap();
        assert_eq!(output.strides(), x.strides(), "{device}");
        let expected = x.mapv(|value| value + 1.0).into_dyn();
        assert_eq!(output.as_array::<f32>().unwrap(), expected);
        assert!(output.as_slice::<f32>().unwrap_err().to_string().contains("do not lie in C order"));
        assert_eq!(output.clone().into_vec::<f32>().unwrap(), expected.iter().copied().collect::<Vec<f32>>());
        assert_eq!(f.call(&output).unwrap().into_array::<f32>().unwrap(), expected.mapv(|value| value + 1.0));
        assert_eq!(output.into_array::<f32>().unwrap(), expected);
        // The first axis is the last in memory; one of extent 1 lies anywhere.
        let moved = Array::from_shape_fn((3, 1, 4, 2), |(i, _, k, l)| (i * 100 + k * 10 + l) as f32)
            .permuted_axes([3, 1, 0, 2]);
        let result: Array<f32, ndarray::Ix4> = f.call(&moved).unwrap().try_into().unwrap();
        assert_eq!(result, moved.mapv(|value| value + 1.0), "{device}");
    }
}

#[test]
fn results_of_another_kind_than_asked_for() {
    let f = vectorized(&Device::open("interp").unwrap(), "def f(x): return x * 0.5");
    let output: Output = f.call(&[1, 2, 3]).unwrap();
    assert_eq!(format!("{output:?}"), "f64[3] [0.5, 1.0, 1.5]");
    let error = Array1::<f32>::try_from(output.clone()).unwrap_err();
    assert_eq!(error.to_string(), "the array's elements are f64, not f32");
    let error = Array::<f64, Ix2>::try_from(output.clone()).unwrap_err();
    assert!(error.to_string().starts_with("the result has 1 axes, not 2"), "{error}");
    let error = f64::try_from(output.clone()).unwrap_err();
    assert!(error.to_string().contains("an array of shape (3,), not a single value"), "{error}");
    assert!(Vec::<i64>::try_from(output).is_err());
    assert!(Argument::from_slice(&[1.0, 2.0], &[3]).is_err());
    assert!(Argument::from_slice(&[1.0, 2.0], &[usize::MAX, 2]).is_err());
    let axes = vec![1; 33];
    let error = f.call(Array::from_shape_vec(axes, vec![1.0]).unwrap()).unwrap_err();
    assert!(error.to_string().contains("33 axes"), "{error}");
}

#[test]
fn results_that_no_memory_holds() {
    for device in devices() {
        let f = vectorized(&device, "def f(x, y): return x + y");
        let one = arr0(1f32);
        let (tall, wide) = (one.broadcast((1 << 40, 1)).unwrap(), one.broadcast((1, 1 << 40)).unwrap());
        let error = f.call((tall, wide)).unwrap_err();
        assert!(error.to_string().contains("too large") || error.to_string().contains("counted"), "{device}: {error}");
        assert!(f.call_device((tall, wide)).is_err());
        let long = one.broadcast(1 << 50).unwrap();
        let error = f.call((long, 1f32)).unwrap_err();
        assert!(error.to_string().contains("out of memory"), "{device}: {error}");
        // What no memory holds can still be read, where results are few.
        assert_eq!(f.call((one.broadcast((1 << 40, 0)).unwrap(), 1f32)).unwrap().shape(), [1 << 40, 0]);
    }
}

#[test]
fn as_many_arguments_as_there_are() {
    let names: Vec<String> = (0..20).map(|number| format!("x{number}")).collect();
    let text = format!("def f({}): return {}", names.join(", "), names.join(" + "));
    let columns: Vec<Vec<i32>> = (0..20).map(|number| vec![number, 1]).collect();
    for device in devices() {
        let f = vectorized(&device, &text);
        let arguments = columns.iter().map(Argument::new).collect::<numbra::Result<Vec<Argument>>>().unwrap();
        match f.call(arguments) {
            Ok(sum) => assert_eq!(sum.into_vec::<i64>().unwrap(), [190, 20], "{device}"),
            // A GPU binds so many buffers and no more.
            Err(error) => {
                assert!(device.name().starts_with("vulkan") && error.to_string().contains("arrays"), "{error}")
            }
        }
        assert!(
            f.call(Vec::<Argument>::new())
                .unwrap_err()
                .to_string()
                .contains("takes 20 positional arguments but 0 were given")
        );
    }
}

#[test]
fn in_place() {
    for device in devices() {
        let f = vectorized(&device, "def f(a, x, y): return a * x - y");
        let x = array![[1.0, 2.0], [3.0, 4.0]];
        let mut y = array![[10.0, 20.0], [30.0, 40.0]];
        f.call_into((2.0, &x, Out), &mut y).unwrap();
        assert_eq!(y, array![[-8.0, -16.0], [-24.0, -32.0]], "{device}");
        f.call_into((Out, 0.5, Out), y.slice_mut(s![.., ..;-1])).unwrap();
        assert_eq!(y, array![[4.0, 8.0], [12.0, 16.0]], "{device}");
        let smooth = super::stencil(&device, "def f(a): return a[-1] + a[1]");
        let mut a = [1i64, 2, 3, 4];
        smooth.call_into(Out, &mut a).unwrap();
        assert_eq!(a, [1, 4, 6, 4], "{device}");
        for error in
            [f.call((1.0, Out, 2.0)).unwrap_err(), device.upload(Out).unwrap_err(), smooth.iterate(Out, 2).unwrap_err()]
        {
            assert!(error.to_string().starts_with("'Out' stands for the array of call_into"), "{error}");
        }
    }
}
