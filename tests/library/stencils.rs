//! Stencils: borders, iteration, options.

use super::{devices, stencil};
use ndarray::{Array1, Array2, Array3, array};
use numbra::{Error, ScalarType, Typing};

#[test]
fn three_axes_and_several_arrays() {
    let a = Array3::from_shape_fn((4, 5, 6), |(i, j, k)| (i * 100 + j * 10 + k) as f32);
    for device in devices() {
        let f = stencil(&device, "def f(a, b): return a[-1, 0, 0] + 2 * a[0, 1, 0] - b[0, 0, 1]");
        let result: Array3<f32> =
            f.kernel().clone().typing(Typing::Exact).on(&device).call((&a, &a)).unwrap().try_into().unwrap();
        for ((i, j, k), value) in result.indexed_iter() {
            let inside = i > 0 && j < 4 && k < 5;
            let expected = if inside { a[[i - 1, j, k]] + 2.0 * a[[i, j + 1, k]] - a[[i, j, k + 1]] } else { 0.0 };
            assert_eq!(*value, expected, "{device} {i} {j} {k}");
        }
    }
}

#[test]
fn borders() {
    let a = array![1i32, 2, 3, 4];
    for device in devices() {
        let f = stencil(&device, "def f(a): return a[-1] + a[1]");
        let kernel = f.kernel().clone();
        assert_eq!(f.call(&a).unwrap().into_vec::<i64>().unwrap(), [0, 4, 6, 0], "{device}");
        let with = kernel.clone().cval(7).on(&device);
        assert_eq!(with.call(&a).unwrap().into_vec::<i64>().unwrap(), [7, 4, 6, 7]);
        let mut out = Array1::<i64>::from_elem(4, -1);
        f.call_into(&a, &mut out).unwrap();
        assert_eq!(out, array![-1, 4, 6, -1]);
        with.call_into(&a, &mut out).unwrap();
        assert_eq!(out, array![7, 4, 6, 7]);
        let error = kernel.clone().cval(0.5).on(&device).call(&a).unwrap_err().to_string();
        assert!(error.contains("cval type does not match") && !error.contains("decorator"), "{error}");
        let mean = stencil(&device, "def f(a): return (a[-1] + a[1]) / 2").kernel().clone().cval(f64::NAN).on(&device);
        assert!(mean.call(&a).unwrap().into_vec::<f64>().unwrap()[0].is_nan());
        assert!(f.call_into(&a, &mut Array1::<i64>::zeros(3)).is_err());
    }
}

#[test]
fn iteration() {
    for device in devices() {
        let f = stencil(&device, "def f(a): return a[-1] + a[1]");
        let a = [0i64, 0, 0, 1, 0, 0, 0];
        assert_eq!(f.iterate(&a, 3).unwrap().into_vec::<i64>().unwrap(), [0, 0, 3, 0, 3, 0, 0], "{device}");
        assert_eq!(f.iterate(&a, 0).unwrap().into_vec::<i64>().unwrap(), a);
        let mut copy = a.to_vec();
        let same = f.iterate_device(&copy, 0).unwrap();
        copy.fill(5);
        assert_eq!(same.download().unwrap().into_vec::<i64>().unwrap(), a);
        let mut steps = Vec::new();
        let error = f.iterate_with(&a, 10, |step| {
            steps.push(step);
            if step == 3 { Err(Error::call("enough")) } else { Ok(()) }
        });
        assert_eq!((error.unwrap_err().to_string(), steps), ("enough".into(), vec![1, 2, 3]));
        // The type may change with the first step.
        let half = stencil(&device, "def f(a): return a[0] / 2");
        assert_eq!(half.iterate(&[8i64, 4], 2).unwrap().into_vec::<f64>().unwrap(), [2.0, 1.0]);
        let there = f.iterate_device(f.call_device(device.upload(&a).unwrap()).unwrap(), 2).unwrap();
        assert_eq!(
            there.download().unwrap().into_vec::<i64>().unwrap(),
            f.iterate(&a, 3).unwrap().into_vec::<i64>().unwrap()
        );
    }
}

#[test]
fn tables_and_loops() {
    let text = "
        def f(a, weights):
            total = 0.0
            for i in range(-1, 2):
                total += weights[i + 1] * a[i]
            return total
    ";
    for device in devices() {
        let plain = numbra::source(text).unwrap().stencil("f").unwrap();
        let f = plain.clone().standard_indexing(["weights"]).unwrap().neighborhood([(-1, 1)]).unwrap().on(&device);
        let result = f.call((&[1.0, 2.0, 3.0, 4.0], &[0.5, 1.0, 0.25])).unwrap().into_vec::<f64>().unwrap();
        assert_eq!(result, [0.0, 3.25, 5.0, 0.0], "{device}");
        let error = plain.clone().standard_indexing(["wheights"]).unwrap_err();
        assert!(error.to_string().starts_with("Standard indexing requested for an array name"), "{error}");
        assert!(plain.clone().neighborhood([(-1, 1 << 40)]).is_err());
        assert!(plain.clone().neighborhood([]).is_err());
        let error = f.call((&[1.0, 2.0, 3.0], &[0.5, 1.0])).unwrap_err();
        assert!(error.to_string().contains("out of bounds"), "{error}");
        assert_eq!(error.mistake().unwrap().source.position(error.mistake().unwrap().span.start).0, 5);
    }
}

#[test]
fn scalars_give_way_under_exact_rules() {
    for device in devices() {
        let f = stencil(&device, "def f(a, rate): return a[0] + rate * (a[1] - a[0])").kernel().clone();
        let a = [1f32, 3.0, 7.0];
        assert_eq!(f.outcome((&a, 0.5)).unwrap().0, ScalarType::F64);
        let f = f.typing(Typing::Exact).on(&device);
        assert_eq!(f.call((&a, 0.5)).unwrap().into_vec::<f32>().unwrap(), [2.0, 5.0, 0.0], "{device}");
        assert_eq!(f.iterate((&a, 2), 2).unwrap().into_vec::<f32>().unwrap(), [17.0, -11.0, 0.0], "{device}");
        let error = f.call((&[1u8, 2, 3], 300)).unwrap_err().to_string();
        assert!(error.contains("the integer 300 out of bounds for u8"), "{error}");
        // A typed one stays what it is.
        assert!(f.call((&a, numbra::Argument::typed(0.5))).unwrap_err().to_string().contains("float64"));
    }
}

#[test]
fn arguments_that_do_not_fit() {
    let device = numbra::Device::open("interp").unwrap();
    let f = stencil(&device, "def f(a, b): return a[0, 1] + b[1, 0]");
    let (a, b) = (Array2::<f64>::zeros((3, 4)), Array2::<f64>::zeros((3, 3)));
    assert_eq!(f.kernel().outcome((&a, &a)).unwrap(), (ScalarType::F64, vec![3, 4]));
    for (error, part) in [
        (f.call((&a, &b)), "smaller than the same dimension"),
        (f.call(&a), "takes 2 positional arguments but 1 was given"),
        (f.call((1.0, &a)), "is a scalar"),
        (f.call((&a, &[1.0])), "has 1 dimensions"),
    ] {
        let error = error.unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    // As large as one likes, or empty.
    assert_eq!(f.call((&b, &a)).unwrap().shape(), [3, 3]);
    assert!(f.call((Array2::<f64>::zeros((0, 4)), &a)).unwrap().is_empty());
}
