//! Waits that are given up: for kernels that run long, and for a driver that compiles. Nothing is lost by it.

use super::super::device::GpuDevice;
use super::*;
use crate::array::HostArray;
use crate::device::Device;
use crate::interrupt::interruptible;
use crate::{DeviceArray, Input, Kernel, KernelFile};
use std::cell::Cell;
use std::process::Command;

/// Runs a test of this file in a process of its own, which may end while the driver is still at work, with these variables.
/// Whether this is that process.
fn alone(test: &str, variables: &[(&str, &str)]) -> bool {
    const CASE: &str = "NUMBRA_TEST_CASE";
    if std::env::var(CASE).is_ok() {
        return true;
    }
    let name = format!("device::wgpu::tests::waits::{test}");
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args([&name, "--exact", "--nocapture"]).env(CASE, test).envs(variables.iter().copied());
    let output = child.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{}\n{text}", output.status);
    false
}

/// Does something that takes long, which nobody wants from the first question on.
fn interrupted<T>(work: impl FnOnce() -> Result<T>) {
    let error = interruptible(&|| false, work).err().expect("it takes long");
    assert!(matches!(error, Error::Interrupted), "{error}");
}

const SLOW: &str = "
from numba import vectorize

@vectorize
def slow(x, n):
    if x < 0:
        raise ValueError('negative')
    s = x
    for i in range(n):
        s = s * 0.5 + 1.0
    return s
";

#[test]
fn an_interrupted_wait_loses_nothing() {
    // Mesa gives each core groups of 256.
    let cores = std::thread::available_parallelism().unwrap().get();
    let many = vec![1.0; 2048 * cores];
    for host_visible in [true, false] {
        // What is compiled is kept by the device's name.
        let Kernel::Vectorize(slow) = KernelFile::parse("t.py", SLOW).unwrap().kernel("slow").unwrap() else {
            panic!()
        };
        let device: Arc<dyn Device> = Arc::new(GpuDevice::of(&software(), open_as(host_visible)));
        let call = |elements: &[f64], turns: i64| -> DeviceArray {
            let x = HostArray::from_slice(&[elements.len()], elements).unwrap();
            slow.call_on_device(&device, &[x.into(), Input::from(turns)]).unwrap()
        };
        let fine = call(&[1.0, 2.0], 0);
        let failed = call(&[1.0, -1.0], 0);
        let long = call(&many, 60_000);
        interrupted(|| device.wait());
        // What is to be read is asked for, given up, and asked for again.
        interrupted(|| long.clone().into_host());
        let later = call(&[2.0, 1.0, 0.0, -7.0], 1);
        interrupted(|| fine.clone().into_host());
        interrupted(|| fine.clone().into_host());
        // Whoever waits while another thread does hears that nobody wants it, too.
        std::thread::scope(|scope| {
            let other = scope.spawn(|| device.wait());
            interrupted(|| later.clone().into_host());
            // Its own launches, of which there are none.
            other.join().unwrap().unwrap();
        });
        assert_eq!(fine.into_host().unwrap().as_slice::<f64>().unwrap(), [1.0, 2.0]);
        assert!(long.into_host().unwrap().as_slice::<f64>().unwrap().iter().all(|&element| element == 2.0));
        assert!(later.into_host().unwrap_err().to_string().contains("at position (3)"));
        assert!(device.wait().unwrap_err().to_string().contains("at position (1)"));
        assert!(failed.into_host().unwrap_err().to_string().contains("at position (1)"));
        device.wait().unwrap();
        assert_eq!(call(&[4.0], 0).into_host().unwrap().as_slice::<f64>().unwrap(), [4.0]);
    }
}

/// A kernel for which Mesa 22.3.6 takes for ever: it follows every path from the condition to the parameter, twice through
/// each squaring, to see whether it could replace the parameter by its value.
fn endless() -> Artefact {
    let squares: String =
        (0..60).map(|number| format!("        let v{} = v{number} * v{number};\n", number + 1)).collect();
    let text = format!(
        "@group(0) @binding(0) var<storage, read_write> array_out: array<i64>;
@group(0) @binding(1) var<uniform> parameters: array<vec4<u32>, 1>;
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {{
    var j: i64;
    var sum: i64;
    var result: i64;
    let v0 = bitcast<i64>((u64(parameters[0].y) << 32u) | u64(parameters[0].x));
    let last = bitcast<i32>(parameters[0].z);
    let place = bitcast<i32>(id.x);
    if place < last {{
        let turns = array_out[place];
        result = turns;
{squares}        if v60 > 5li {{
            j = 0li;
            sum = turns;
            loop {{
                if j >= turns {{ break; }}
                sum = sum + v60;
                continuing {{ j = j + 1li; }}
            }}
            result = sum;
        }}
        array_out[place] = result;
    }}
}}
"
    );
    let module =
        elementwise(&[], ScalarType::I32, |kernel, body, _| kernel.constant(body, Constant::zero(ScalarType::I32)));
    let manifest = Manifest { scalars: Vec::new(), ..spirv(&module).manifest };
    Artefact { kind: ArtefactKind::Wgsl, bytes: text.into_bytes(), manifest }
}

#[test]
fn nobody_waits_for_a_driver_that_compiles_for_ever() {
    if !alone("nobody_waits_for_a_driver_that_compiles_for_ever", &[]) {
        return;
    }
    let asked = Cell::new(0);
    let go_on = || asked.replace(asked.get() + 1) < 10;
    // A driver that is done with it in half a second is fine too.
    if let Err(error) = interruptible(&go_on, || gpu().load(&endless())) {
        assert!(matches!(error, Error::Interrupted), "{error}");
    }
    adds(ScalarType::I32);
}

/// A kernel of which Mesa 22.3.6 makes code for a second or two, when it is first dispatched. Each has code of its own.
fn large(number: i64) -> Artefact {
    let scalar = ScalarType::F32;
    spirv(&elementwise(&[scalar; 2], scalar, |kernel, body, x| {
        let mut values = vec![x[0], x[1]];
        for step in number..number + 6000 {
            let (last, earlier) = (values[values.len() - 1], values[values.len() * 7 / 11]);
            let op = [Op::Mul, Op::Sub, Op::Add][step as usize % 3];
            values.push(kernel.apply(body, op, &[last, earlier]));
        }
        values[values.len() - 1]
    }))
}

#[test]
fn nobody_waits_for_code_that_is_made_with_the_first_dispatch() {
    let name = "nobody_waits_for_code_that_is_made_with_the_first_dispatch";
    if !alone(name, &[("NUMBRA_COMPILE_SECONDS", "0.25"), ("MESA_SHADER_CACHE_DISABLE", "true")]) {
        return;
    }
    let scalar = ScalarType::I32;
    let artefact = spirv(&elementwise(&[scalar; 2], scalar, |kernel, body, x| kernel.apply(body, Op::Add, x)));
    let kernel = gpu().load(&artefact).unwrap();
    let [a, b, c] = [[1; 256], [2; 256], [0; 256]].map(|bytes| upload(gpu(), &bytes));
    let launch = |read: &GpuBuffer| {
        let launch = GpuLaunch {
            bindings: &[whole(read), whole(&b), whole(&c)],
            parameters: &parameters(&artefact.manifest, 0, 64, 64),
            groups: (1, 1),
            explain: no_fault(),
        };
        gpu().launch(&kernel, &launch)
    };
    launch(&a).unwrap();
    let (first, second) = (large(0), large(1));
    let error = interruptible(&|| !gpu().shared.compiles(), || gpu().load(&first)).err().expect("it takes long");
    assert!(matches!(error, Error::Interrupted), "{error}");
    let in_the_way = |error: &Error| error.to_string().contains("the driver is still compiling another kernel");
    // Nobody else waits for longer either.
    let error = gpu().read(&c, 0, &mut [0; 256]).unwrap_err();
    assert!(in_the_way(&error), "{error}");
    while let Err(error) = gpu().wait() {
        assert!(in_the_way(&error), "{error}");
    }
    assert_eq!(download(gpu(), &c), [3; 256]);
    let error = gpu().load(&second).err().expect("the driver was fast").to_string();
    assert!(error.contains("the driver has been compiling this kernel for 0.25 seconds"), "{error}");
    launch(&b).unwrap();
    while let Err(error) = gpu().wait() {
        assert!(in_the_way(&error), "{error}");
    }
    assert_eq!(download(gpu(), &c), [4; 256]);
    adds(ScalarType::I32);
}
