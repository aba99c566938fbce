//! Arrays larger than a binding, on a GPU whose bindings are said to be small: every launch goes in parts.

use super::super::device::GpuDevice;
use super::*;
use crate::array::{BorrowedArray, HostArray};
use crate::device::{self, Device};
use crate::{Input, Kernel, KernelFile};

/// Bytes of a binding.
const BINDING: u64 = 8 << 10;

fn limited() -> Arc<dyn Device> {
    let adapter = software();
    Arc::new(GpuDevice::of(&adapter, Gpu::open(&adapter).unwrap().with_bindings(BINDING)))
}

fn interp() -> Arc<dyn Device> {
    device::open("interp".parse().unwrap()).unwrap()
}

const KERNELS: &str = "
from numba import stencil, vectorize

@vectorize
def add(x, y): return x + y

@vectorize
def minus(x, y): return x - y

@vectorize
def scaled(x, y): return 3 * x - y

@stencil
def cross(a): return a[-1, 0] + 2 * a[1, 0] + 3 * a[0, -1] + 4 * a[0, 1]

@stencil
def column(a, b): return a[-2, 0] - b[2, 0]
";

fn kernel(name: &str) -> Kernel {
    KernelFile::parse("parts.py", KERNELS).unwrap().kernel(name).unwrap()
}

fn numbers(count: usize) -> Vec<f64> {
    (0..count).map(|number| (number * number % 1009) as f64 * 0.37).collect()
}

#[test]
fn stencils_over_rows_longer_than_a_binding() {
    let (gpu, interp) = (limited(), interp());
    let call = |device: &Arc<dyn Device>, name: &str, inputs: &[Input]| match kernel(name) {
        Kernel::Stencil(kernel) => kernel.call(device, inputs).unwrap(),
        Kernel::Vectorize(_) => unreachable!(),
    };
    for shape in [[3, 3000], [7, 1500], [40, 30]] {
        let floats = HostArray::from_slice(&shape, &numbers(shape[0] * shape[1])).unwrap();
        let bytes: Vec<i8> = numbers(shape[0] * shape[1]).iter().map(|&number| number as i8).collect();
        let bytes = HostArray::from_slice(&shape, &bytes).unwrap();
        for input in [floats, bytes] {
            let input = Input::from(input);
            for (name, inputs) in [("cross", vec![input.clone()]), ("column", vec![input.clone(), input.clone()])] {
                assert_eq!(call(&gpu, name, &inputs), call(&interp, name, &inputs), "{name} over {shape:?}");
            }
        }
    }
    // In Fortran's order, and backwards.
    let mut memory = numbers(9000);
    let last = memory[8999..].as_mut_ptr().cast();
    // SAFETY: the array's elements are those of the memory, which nobody else uses.
    let array = unsafe { BorrowedArray::new(ScalarType::F64, last, &[3000, 3], &[-1, -3000]) }.unwrap();
    let input = [Input::Borrowed(array)];
    assert_eq!(call(&gpu, "cross", &input), call(&interp, "cross", &input));
}

#[test]
fn folds_over_rows_longer_than_a_binding() {
    let (gpu, interp) = (limited(), interp());
    let two = HostArray::from_slice(&[5, 4000], &numbers(20_000)).unwrap();
    let integers: Vec<i64> = (0..20_000).map(|number| number * number).collect();
    let tall = HostArray::from_slice(&[4000, 5], &integers).unwrap();
    let single: Vec<f32> = numbers(20_000).iter().map(|&number| number as f32).collect();
    let long = HostArray::from_slice(&[20_000], &single).unwrap();
    let wide = HostArray::from_slice(&[20, 1100], &numbers(22_000)).unwrap();
    for array in [two, tall, long, wide] {
        let rank = array.shape().len();
        let input = Input::from(array);
        for name in ["add", "minus", "scaled"] {
            let Kernel::Vectorize(kernel) = kernel(name) else { unreachable!() };
            for axis in 0..rank {
                let what = format!("{name} over {:?} along {axis}", input.shape());
                let reduced = |device| kernel.reduce(device, &input, &[axis]).unwrap();
                assert_eq!(reduced(&gpu), reduced(&interp), "{what}");
                let accumulated = |device| kernel.accumulate(device, &input, axis).unwrap();
                assert_eq!(accumulated(&gpu), accumulated(&interp), "{what}, accumulated");
            }
        }
    }
}
