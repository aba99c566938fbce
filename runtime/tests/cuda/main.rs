//! CUDA without a GPU: a fake driver records what is asked of it, and where results are wanted, the host plays the GPU.

mod absence;
#[path = "../batches/mod.rs"]
mod batches;
mod calls;
mod failures;
#[path = "../../cuda-driver/fake/support.rs"]
mod fake;
mod interrupts;
mod results;
mod running;

/// Where the fake driver is.
const SOURCE: &str = "cuda-driver/fake/driver.rs";

use numbra_runtime::array::{Element, HostArray};
use numbra_runtime::device::{self, Device};
use numbra_runtime::{Error, Input, Kernel, KernelFile, Result};
use std::sync::Arc;

fn open(name: &str) -> Arc<dyn Device> {
    name.parse().map_err(Error::from).and_then(device::open).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn array<T: Element>(shape: &[usize], elements: &[T]) -> Arc<HostArray> {
    Arc::new(HostArray::from_slice(shape, elements).unwrap())
}

/// The last kernel of a program.
fn kernel(text: &str) -> Kernel {
    let header = "import numpy as np\nfrom numba import vectorize, stencil\n";
    let program = KernelFile::parse("kernel.py", &format!("{header}{text}")).unwrap_or_else(|error| panic!("{error}"));
    program.kernel(&program.kernels().pop().expect("a kernel")).unwrap_or_else(|error| panic!("{error}"))
}

fn call(kernel: &Kernel, device: &Arc<dyn Device>, inputs: &[Input]) -> Result<HostArray> {
    match kernel {
        Kernel::Vectorize(kernel) => kernel.call(device, inputs),
        Kernel::Stencil(kernel) => kernel.call(device, inputs),
    }
}

fn hosts(arrays: &[Arc<HostArray>]) -> Vec<Input> {
    arrays.iter().cloned().map(Input::Host).collect()
}

const ADD: &str = "@vectorize\ndef add(x, y):\n    return x + y\n";

/// A kernel that fails at its first point.
const OUT_OF_BOUNDS: &str = "@stencil(standard_indexing=('b',))\ndef f(a, b):\n    return a[0] + b[9]\n";
