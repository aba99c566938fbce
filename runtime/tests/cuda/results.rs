//! What comes out, with work done as late as a driver may do it.

use crate::fake::{Fake, with_fake_driver};
use crate::running::Running;
use crate::*;
use numbra_front::types::ScalarType;
use numbra_runtime::DeviceArray;
use numbra_runtime::array::BorrowedArray;

/// The same bits as on the processor.
fn same_as_cpu(fake: &Fake, text: &str, inputs: &[Input]) -> HostArray {
    let kernel = kernel(text);
    let got = call(&kernel, &Running::on(fake, open("cuda")), inputs).unwrap_or_else(|error| panic!("{error}"));
    let expected = call(&kernel, &open("cpu"), inputs).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((got.scalar(), got.shape()), (expected.scalar(), expected.shape()), "{text}");
    assert_eq!(got.bytes(), expected.bytes(), "{text}");
    got
}

fn floats(count: usize) -> Vec<f64> {
    (0..count).map(|i| ((i as f64 * 0.37).sin() * 3.0 - 1.0) * (1.0 + i as f64 / 100.0)).collect()
}

#[test]
fn functions_of_arrays_of_every_form() {
    with_fake_driver("results::functions_of_arrays_of_every_form", |fake| {
        let f = "@vectorize\ndef f(x, y):\n    return np.cos(x**2 + y**2) / (1 + x**2 + y**2)\n";
        let one = array(&[1000], &floats(1000));
        same_as_cpu(fake, f, &hosts(&[one.clone(), one.clone()]));
        // A scalar argument, which is a parameter of the kernel.
        same_as_cpu(fake, f, &[one.clone().into_input(), Input::from(0.25)]);
        // Broadcast: by rows where they are long, by position where they are short.
        for (rows, columns) in [(30, 200), (200, 30), (1, 1), (3, 256), (3, 257)] {
            let column = array(&[rows, 1], &floats(rows));
            let row = array(&[columns], &floats(columns));
            let result = same_as_cpu(fake, f, &hosts(&[column, row]));
            assert_eq!(result.shape(), [rows, columns]);
        }
        let cube = array(&[4, 5, 130], &floats(4 * 5 * 130));
        let plane = array(&[5, 1], &floats(5));
        same_as_cpu(fake, f, &hosts(&[cube, plane]));
        let empty = same_as_cpu(fake, f, &hosts(&[array::<f64>(&[0], &[]), array::<f64>(&[0], &[])]));
        assert!(empty.is_empty());
    });
}

trait IntoInput {
    fn into_input(self) -> Input;
}

impl IntoInput for Arc<HostArray> {
    fn into_input(self) -> Input {
        Input::Host(self)
    }
}

#[test]
fn elements_of_every_type() {
    with_fake_driver("results::elements_of_every_type", |fake| {
        let text = "@vectorize(typing='exact')\ndef f(a, b):\n    return a if a > b else b\n";
        macro_rules! of {
            ($($kind:ty)*) => {$(
                let a: Vec<$kind> = (0..300).map(|i| (i * 7 % 120) as $kind).collect();
                let b: Vec<$kind> = (0..300).map(|i| (i * 5 % 90) as $kind).collect();
                same_as_cpu(fake, text, &hosts(&[array(&[300], &a), array(&[300], &b)]));
            )*};
        }
        of!(i8 i16 i32 i64 u8 u16 u32 u64 f32 f64);
        let a: Vec<bool> = (0..100).map(|i| i % 3 == 0).collect();
        let b: Vec<bool> = (0..100).map(|i| i % 2 == 0).collect();
        let text = "@vectorize\ndef f(a, b):\n    return a and not b\n";
        let result = same_as_cpu(fake, text, &hosts(&[array(&[100], &a), array(&[100], &b)]));
        assert_eq!(result.as_slice::<bool>().unwrap()[..4], [false, false, false, true]);
        // Scalars of every kind among the kernel's parameters.
        let text = "@vectorize\ndef f(a, b, c, d):\n    return (a * b + c) if d else -a\n";
        for d in [true, false] {
            let scalars = [Input::from(-3i64), Input::from(0.5), Input::from(d)];
            let inputs: Vec<Input> = hosts(&[array(&[50], &floats(50))]).into_iter().chain(scalars).collect();
            same_as_cpu(fake, text, &inputs);
        }
    });
}

#[test]
fn stencils_with_borders() {
    with_fake_driver("results::stencils_with_borders", |fake| {
        let text = "@stencil(cval=7)\ndef f(a):\n    return a[-1, 0] + a[1, 0] + a[0, -2] - 2 * a[0, 1]\n";
        for shape in [[40, 200], [200, 40], [1, 300], [2, 3]] {
            same_as_cpu(fake, text, &hosts(&[array(&shape, &floats(shape[0] * shape[1]))]));
        }
        let text = "@stencil\ndef f(a):\n    return a[0, 0, 1] - a[1, -1, 0]\n";
        same_as_cpu(fake, text, &hosts(&[array(&[4, 5, 140], &floats(4 * 5 * 140))]));
        let text = "@stencil(neighborhood=((-3, 0),), standard_indexing=('w',))\ndef f(a, w):\n    total = 0.0\n    for i in range(-3, 1):\n        total += a[i] * w[i + 3]\n    return total\n";
        same_as_cpu(fake, text, &hosts(&[array(&[500], &floats(500)), array(&[4], &floats(4))]));
        // Steps whose arrays stay on the device.
        let Kernel::Stencil(heat) =
            kernel("@stencil\ndef f(a):\n    return 0.25 * (a[-1, 0] + a[1, 0] + a[0, -1] + a[0, 1])\n")
        else {
            panic!("a stencil")
        };
        let start = hosts(&[array(&[30, 150], &floats(30 * 150))]);
        let run = |device| heat.iterate(&device, &start, 20, &mut |_| ()).unwrap();
        assert_eq!(run(Running::on(fake, open("cuda"))).bytes(), run(open("cpu")).bytes());
    });
}

#[test]
fn launches_that_the_grid_does_not_hold() {
    with_fake_driver("results::launches_that_the_grid_does_not_hold", |fake| {
        fake.set("grid_x", 3);
        fake.set("grid_y", 4);
        let one = array(&[10_000], &floats(10_000));
        same_as_cpu(fake, ADD, &hosts(&[one.clone(), one]));
        let launches = fake.calls_of(&["cuLaunchKernel"]);
        // 40 groups, of which a launch takes 12.
        let grids: Vec<&str> =
            launches.iter().filter_map(|call| call.split(" grid ").nth(1)?.split(" block").next()).collect();
        assert_eq!(grids, ["3 4 1", "3 4 1", "3 4 1", "2 2 1"]);
        let text = "@stencil(cval=7)\ndef f(a):\n    return a[-1, 0] + a[1, 0] + a[0, -2] - 2 * a[0, 1]\n";
        same_as_cpu(fake, text, &hosts(&[array(&[30, 700], &floats(30 * 700))]));
        let grids = fake.calls_of(&["cuLaunchKernel"]).len();
        assert_eq!(grids, 8, "30 rows, of which a launch takes 4");
    });
}

#[test]
fn copies_that_are_larger_than_all_staging_memory() {
    with_fake_driver("results::copies_that_are_larger_than_all_staging_memory", |fake| {
        let count = 6_000_001;
        let x = array(&[count], &floats(count));
        let y = array(&[count], &vec![1.5; count]);
        same_as_cpu(fake, ADD, &hosts(&[x, y]));
        let calls = fake.calls_of(&["cuMemcpy", "cuMemAllocHost"]);
        assert!(calls.iter().filter(|call| call.contains("cuMemcpyHtoD")).count() == 24, "{calls:#?}");
        // Six pieces of 4 MiB.
        let pinned = calls.iter().filter(|call| call.contains("cuMemAllocHost")).count();
        assert_eq!(pinned, 6, "{calls:#?}");
    });
}

#[test]
fn arrays_of_any_strides_go_to_staging_memory_from_where_they_lie() {
    with_fake_driver("results::arrays_of_any_strides_go_to_staging_memory_from_where_they_lie", |fake| {
        let device = Running::on(fake, open("cuda"));
        let mut data = floats(3000 * 1001);
        for (shape, strides) in [([3000, 1001], [1001, 1]), ([1001, 3000], [1, 1001]), ([1500, 1000], [2002, 1])] {
            // SAFETY: the elements are the vector's.
            let array = unsafe { BorrowedArray::new(ScalarType::F64, data.as_mut_ptr().cast(), &shape, &strides) };
            let array = array.unwrap();
            let there = DeviceArray::from_borrowed(&device, &array).unwrap();
            assert_eq!(there.into_host().unwrap(), array.to_array().unwrap(), "{shape:?}");
        }
        // More elements than memory has bytes.
        let many = unsafe { BorrowedArray::new(ScalarType::F64, data.as_mut_ptr().cast(), &[1 << 62], &[0]) }.unwrap();
        assert!(DeviceArray::from_borrowed(&device, &many).is_err());
    });
}

#[test]
fn many_calls_before_a_wait() {
    with_fake_driver("results::many_calls_before_a_wait", |fake| {
        let device = Running::on(fake, open("cuda"));
        let Kernel::Vectorize(add) = kernel(ADD) else { panic!("vectorize") };
        let results: Vec<_> = (0..200)
            .map(|i| {
                let x = array(&[100 + i], &vec![i as f64; 100 + i]);
                add.call_on_device(&device, &[x.into_input(), Input::from(0.5)]).unwrap()
            })
            .collect();
        for (i, result) in results.into_iter().enumerate() {
            let result = result.into_host().unwrap();
            assert_eq!(result.as_slice::<f64>().unwrap(), vec![i as f64 + 0.5; 100 + i]);
        }
        // Bounded staging memory: 32 small pieces at most.
        let pinned = fake.calls_of(&["cuMemAllocHost"]).len();
        assert!(pinned <= 32, "{pinned}");
    });
}

#[test]
fn calls_from_many_threads() {
    with_fake_driver("results::calls_from_many_threads", |fake| {
        let device = Running::on(fake, open("cuda"));
        let add = kernel(ADD);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (device, add) = (&device, &add);
                scope.spawn(move || {
                    for round in 0..40 {
                        let count = 1 + (thread * 977 + round * 131) % 3000;
                        let x = array(&[count], &vec![thread as f64; count]);
                        let got = call(add, device, &[x.into_input(), Input::from(round as f64)]).unwrap();
                        assert!(got.as_slice::<f64>().unwrap().iter().all(|&value| value == (thread + round) as f64));
                    }
                });
            }
        });
    });
}
