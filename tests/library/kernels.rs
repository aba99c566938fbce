//! Vectorized functions: options, devices, arrays that stay there, folds, threads.

use super::{devices, vectorized};
use ndarray::{Array1, Array2, array};
use numbra::{Device, DeviceArray, Identity, On, Result, ScalarType, Typing, Vectorize};
use std::sync::LazyLock;

#[test]
fn chains_stay_on_the_device() {
    let x: Vec<f32> = (0..100_000).map(|number| number as f32).collect();
    for device in devices() {
        let source = numbra::source("def f(x, y): return 0.5 * x + y\ndef g(x): return x - 1").unwrap();
        let kernel = |name: &str| source.vectorize(name).unwrap().typing(Typing::Exact).on(&device);
        let (f, g) = (kernel("f"), kernel("g"));
        let on_device = device.upload(&x).unwrap();
        let mut y = on_device.clone();
        for _ in 0..5 {
            y = g.call_device(f.call_device((&y, &on_device)).unwrap()).unwrap();
        }
        assert_eq!((y.scalar(), y.shape(), y.device()), (ScalarType::F32, &[x.len()][..], device.clone()));
        device.wait().unwrap();
        let result: Vec<f32> = y.download().unwrap().try_into().unwrap();
        let expected = |x: f32| (0..5).fold(x, |y, _| 0.5 * y + x - 1.0);
        assert!(result.iter().zip(&x).all(|(result, x)| *result == expected(*x)), "{device}");
        // What is on the device is as it was, and mixes with what is not, and with other devices.
        assert_eq!(on_device.download().unwrap().as_slice::<f32>().unwrap(), x);
        assert_eq!(f.call((&on_device, &x)).unwrap().as_slice::<f32>().unwrap()[2], 3.0);
        let elsewhere = Device::open("interp").unwrap().upload(&[1f32, 2.0]).unwrap();
        assert_eq!(g.call(&elsewhere).unwrap().as_slice::<f32>().unwrap(), [0.0, 1.0]);
        assert_eq!(device.upload(&elsewhere).unwrap().device(), device);
        assert_eq!(device.upload(2.5).unwrap().download().unwrap().into_scalar::<f64>().unwrap(), 2.5);
    }
}

/// As many entries as there may be, which drivers do not compile as part of the code, and a table beside it.
#[test]
fn large_tables() {
    let entries: Vec<String> = (0..65536i64).map(|number| (number * 40503 % 65537 - 9).to_string()).collect();
    let text =
        format!("LARGE = ({})\nSMALL = (0.5, -0.0)\ndef f(k): return LARGE[k] * SMALL[k % 2]", entries.join(", "));
    let places: Vec<i64> = (0..1000).map(|number| number * 65535 / 999).collect();
    let expected: Vec<f64> = places
        .iter()
        .map(|place| (place * 40503 % 65537 - 9) as f64 * if place % 2 == 0 { 0.5 } else { -0.0 })
        .collect();
    for device in devices() {
        let result = vectorized(&device, &text).call(&places).unwrap().into_vec::<f64>().unwrap();
        assert!(result.iter().zip(&expected).all(|(one, other)| one.to_bits() == other.to_bits()), "{device}");
    }
}

#[test]
fn an_upload_is_a_copy() {
    for device in devices() {
        let f = vectorized(&device, "def f(x): return x + 0");
        let mut x = array![1i32, 2, 3];
        let uploaded = device.upload(&x).unwrap();
        let result = f.call_device(&uploaded).unwrap();
        x.fill(9);
        assert_eq!(uploaded.download().unwrap().into_vec::<i32>().unwrap(), [1, 2, 3], "{device}");
        let result = result.download().unwrap().into_array::<i64>().unwrap();
        assert_eq!(result, array![1, 2, 3].into_dyn());
        let lent = f.call_device(&x).unwrap();
        drop(x);
        assert_eq!(lent.download().unwrap().into_vec::<i64>().unwrap(), [9, 9, 9]);
    }
}

#[test]
fn an_upload_is_refused_before_it_is_copied() {
    let vulkan = Device::open("vulkan").unwrap();
    // The first fits no GPU; the second has more elements than memory has bytes.
    for extents in [[1 << 20, 1 << 20], [1 << 30, 1 << 30]] {
        let error = vulkan.upload(ndarray::arr0(1f32).broadcast(extents).unwrap()).unwrap_err();
        assert!(error.to_string().contains("largest buffer"), "{error}");
    }
    // Any strides, and what does not begin at the first element in memory.
    let table = Array2::from_shape_fn((30, 40), |(i, j)| (i * 40 + j) as i32);
    for device in devices() {
        for view in [table.view(), table.t(), table.slice(ndarray::s![..;-2, 3..]), table.slice(ndarray::s![1.., ..])] {
            let there = device.upload(view).unwrap().download().unwrap();
            assert_eq!(there.into_array::<i32>().unwrap(), view.into_dyn(), "{device}");
        }
    }
}

#[test]
fn options_of_the_text_and_of_the_program() {
    let text = "
        from numba import vectorize, njit

        @vectorize(['int64(int64)', 'float64(float64)'], target='interp')
        def f(x):
            'Twice.'
            return g(x)

        @njit
        def g(x):
            return 2 * x
    ";
    let source = numbra::source(text).unwrap();
    assert_eq!(source.functions(), ["f", "g"]);
    let f = source.vectorize("f").unwrap();
    assert_eq!(f.declared_signatures(), ["int64(int64)", "float64(float64)"]);
    assert_eq!((f.name(), f.parameters(), f.documentation()), ("f", vec!["x"], Some("Twice.")));
    assert_eq!(f.on_target().unwrap().device().name(), "interp");
    assert_eq!(f.outcome(&[1i32]).unwrap(), (ScalarType::I64, vec![1]));
    let narrow = f.signatures(["float32(float32)"]).unwrap();
    assert_eq!(narrow.outcome(1f32).unwrap(), (ScalarType::F32, vec![]));
    assert_eq!(narrow.on_target().unwrap().device().name(), "interp");
    let lazy = narrow.signatures([""; 0]).unwrap();
    assert_eq!(lazy.outcome(1f32).unwrap().0, ScalarType::F64);
    assert_eq!(lazy.outcome(1u8).unwrap().0, ScalarType::I64);
    // A helper is a kernel as well.
    let g = source.vectorize("g").unwrap();
    assert_eq!(g.on(&Device::open("interp").unwrap()).call(&[1.5]).unwrap().into_vec::<f64>().unwrap(), [3.0]);
    let windows = numbra::source("def f(x):\r\n\ty = x + 1\r\n\treturn y\r\n").unwrap().vectorize("f").unwrap();
    assert_eq!(windows.on(&Device::open("interp").unwrap()).call(1).unwrap().into_scalar::<i64>().unwrap(), 2);
    let lambda = numbra::source("f = lambda x: x + 1").unwrap().vectorize("f").unwrap();
    assert_eq!(lambda.on(&Device::open("interp").unwrap()).call(1).unwrap().into_scalar::<i64>().unwrap(), 2);
}

#[test]
fn folds() {
    for device in devices() {
        let source = numbra::source("def f(x, y): return x + y\ndef g(x, y): return x * 2 - y").unwrap();
        let kernel = source.vectorize("f").unwrap().typing(Typing::Exact);
        let add = kernel.on(&device);
        let table = Array2::from_shape_fn((3, 4), |(i, j)| (i * 4 + j) as i32);
        assert_eq!(add.reduce(&table, [0]).unwrap().into_vec::<i32>().unwrap(), [12, 15, 18, 21], "{device}");
        assert_eq!(add.reduce(table.t(), [0]).unwrap().into_vec::<i32>().unwrap(), [6, 22, 38]);
        assert_eq!(add.accumulate(&table, 1).unwrap().into_vec::<i32>().unwrap()[4..8], [4, 9, 15, 22]);
        let error = add.reduce(&table, [0, 1]).unwrap_err();
        assert!(error.to_string().contains("not reorderable"), "{error}");
        let sum = kernel.identity(Identity::Number(0)).unwrap().on(&device);
        assert_eq!(sum.reduce(&table, [0, 1]).unwrap().into_scalar::<i32>().unwrap(), 66);
        assert_eq!(sum.reduce(Array1::<i32>::zeros(0), [0]).unwrap().into_scalar::<i32>().unwrap(), 0);
        let on_device = device.upload(&table).unwrap();
        assert_eq!(sum.reduce(&on_device, [1]).unwrap().into_vec::<i32>().unwrap(), [6, 22, 38]);
        for wrong in [&[2][..], &[0, 0], &[usize::MAX]] {
            assert!(sum.reduce(&table, wrong).is_err(), "{device} {wrong:?}");
        }
        assert!(sum.accumulate(&table, 2).is_err());
        assert!(sum.accumulate(1, 0).is_err());

        let g = source.vectorize("g").unwrap().typing(Typing::Exact).on(&device);
        let outer = g.outer(&array![[1i32, 2], [3, 4]], &[10i32, 20, 30]).unwrap();
        assert_eq!(outer.shape(), [2, 2, 3]);
        assert_eq!(outer.into_vec::<i32>().unwrap()[6..9], [-4, -14, -24]);
        let outer = g.outer(device.upload(&[1i32, 2]).unwrap(), 5).unwrap();
        assert_eq!(outer.into_vec::<i32>().unwrap(), [-3, -1]);
    }
}

#[test]
fn kernels_are_shared_between_threads() {
    static SQUARE: LazyLock<On<Vectorize>> = LazyLock::new(|| {
        let source = numbra::source("def square(x): return x * x").unwrap();
        source.vectorize("square").unwrap().on(&Device::open("vulkan").unwrap())
    });
    fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<(Device, DeviceArray, numbra::Output, numbra::Source, On<numbra::Stencil>, numbra::Error)>();
    let handles: Vec<_> = (0..8i32)
        .map(|number| {
            std::thread::spawn(move || {
                for round in 0..20 {
                    let result = SQUARE.call(&[number + round, 3]).unwrap().into_vec::<i64>().unwrap();
                    assert_eq!(result, [i64::from(number + round).pow(2), 9]);
                }
            })
        })
        .collect();
    handles.into_iter().for_each(|handle| handle.join().unwrap());
}

#[test]
fn what_a_kernel_becomes() -> Result<()> {
    let f = numbra::source("def f(x, y): return x * y + 1")?.vectorize("f")?;
    let signature = "float32(float32, float32)";
    assert!(f.ir(signature)?.contains("kernel"), "{}", f.ir(signature)?);
    assert!(f.wgsl(signature)?.contains("@compute"));
    assert_eq!(f.spirv(signature)?[..4], 0x0723_0203u32.to_le_bytes());
    if cfg!(feature = "llvm") {
        assert!(f.llvm(signature)?.contains("define"));
        assert!(f.asm(signature)?.contains("f"));
        assert!(f.ptx(signature, "sm_80")?.contains(".target sm_80"));
    } else {
        assert!(f.ptx(signature, "sm_80").unwrap_err().to_string().contains("feature 'llvm'"));
    }
    for wrong in ["float32(float32)", "float33", "float32(float32[:], float32)", "("] {
        assert!(f.ir(wrong).is_err(), "{wrong}");
    }
    Ok(())
}

#[test]
fn constants_of_the_program() {
    let source = numbra::source("RATE = 2\ndef f(x): return RATE * x + W[0][1] + W[1][0]").unwrap();
    let weights = array![[1f32, 2.0], [3.0, 4.0]];
    for device in devices() {
        let f =
            source.constant("W", &weights).unwrap().constant("RATE", 10).unwrap().vectorize("f").unwrap().on(&device);
        assert_eq!(f.call(&[1i32]).unwrap().into_vec::<f64>().unwrap(), [15.0], "{device}");
    }
    for wrong in ["not a name", "", "if", "None", "def", "1x", "a.b", "x = 1\ny", "lambda", "\u{2460}"] {
        let error = source.constant(wrong, 1).unwrap_err();
        assert!(error.to_string().starts_with(&format!("'{wrong}' cannot be the name of a constant")), "{error}");
        assert_eq!(error.class(), Some(numbra::ErrorClass::Name));
    }
    // Words that are keywords in places only, and letters that Python takes for others.
    let source = numbra::source("def f(x): return match + type + fi + \u{3b1}").unwrap();
    let named =
        ["match", "type", "\u{fb01}", "\u{3b1}"].iter().try_fold(source, |source, name| source.constant(name, 2));
    assert_eq!(named.unwrap().vectorize("f").unwrap().outcome(1).unwrap().0, ScalarType::I64);
    let source = numbra::source("RATE = 2\ndef f(x): return RATE * x + W[0][1] + W[1][0]").unwrap();
    let error = source.vectorize("f").unwrap().outcome(1).unwrap_err();
    assert!(error.to_string().contains("unknown name 'W'"), "{error}");
}

#[test]
fn short_and_long_calls_agree() {
    let source = numbra::source("def f(a, x, y): return a * x - y").unwrap();
    for device in devices() {
        for kernel in [source.vectorize("f").unwrap(), source.vectorize("f").unwrap().typing(Typing::Exact)] {
            let f = kernel.on(&device);
            let long: Vec<f32> = (0..20_000).map(|number| number as f32).collect();
            for a in [0.5, 0.25, -3.0] {
                let whole = f.call((a, &long, &long)).unwrap();
                let part = f.call((a, &long[..100], &long[..100])).unwrap();
                assert_eq!((whole.scalar(), part.shape()), (part.scalar(), &[100][..]), "{device}");
                match whole.scalar() {
                    ScalarType::F32 => {
                        assert_eq!(whole.as_slice::<f32>().unwrap()[..100], *part.as_slice::<f32>().unwrap())
                    }
                    _ => assert_eq!(whole.as_slice::<f64>().unwrap()[..100], *part.as_slice::<f64>().unwrap()),
                }
            }
            // One kind of argument after the other.
            assert_eq!(f.call((2i64, &[1i64, 2], &[1i64, 1])).unwrap().into_vec::<i64>().unwrap(), [1, 3], "{device}");
            assert_eq!(f.call((2i64, 3i64, 1i64)).unwrap().into_scalar::<i64>().unwrap(), 5);
            assert_eq!(f.call((&[2i64], &[3i64, 4], 1i64)).unwrap().into_vec::<i64>().unwrap(), [5, 7]);
            let table = array![[1i64, 2], [3, 4]];
            assert_eq!(
                f.call((&table, &table, &table)).unwrap().into_array::<i64>().unwrap(),
                array![[0, 2], [6, 12]].into_dyn()
            );
            assert_eq!(f.call((&table, table.t(), &table)).unwrap().into_vec::<i64>().unwrap(), [0, 4, 3, 12]);
            assert!(
                f.call((&table, &table))
                    .unwrap_err()
                    .to_string()
                    .contains("takes 3 positional arguments but 2 were given")
            );
            assert!(f.call((&table, &table, &[1i64, 2, 3])).is_err());
        }
        let narrow = source.vectorize("f").unwrap().signatures(["uint8(uint8, uint8, uint8)"]).unwrap();
        let x = [3u8, 4];
        assert_eq!(narrow.on(&device).call((2, &x, 1)).unwrap().into_vec::<u8>().unwrap(), [5, 7]);
        let error = narrow.on(&device).call((300, &x, 1)).unwrap_err();
        assert!(error.to_string().contains("the integer 300 out of bounds for u8"), "{device}: {error}");
        // Other options are another kernel, whose calls are prepared anew.
        let wide = narrow.signatures(["float64(float64, float64, float64)"]).unwrap();
        assert_eq!(wide.on(&device).call((2, &x, 1)).unwrap().into_vec::<f64>().unwrap(), [5.0, 7.0]);
    }
}
