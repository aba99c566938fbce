//! What compiling costs: a first call has 15 ms for it.

use super::build::*;
use numbra_codegen::llvm::*;
use numbra_front::ir::*;
use numbra_front::types::ScalarType;
use std::time::Duration;

/// Prints the times of each step; run by hand with `--nocapture --ignored`.
#[test]
#[ignore = "a measurement"]
fn times() {
    let body = |function: &mut Function, region: &mut Region, elements: &[Value]| {
        let product = function.apply(region, Op::Mul, &[elements[0], elements[0]]);
        vec![function.apply(region, Op::Add, &[product, elements[1]])]
    };
    let range = elementwise(Form::Range, &[ScalarType::F64; 2], &[ScalarType::F64], body);
    let grid = elementwise(GRID, &[ScalarType::F64; 2], &[ScalarType::F64], body);
    let options = NativeOptions::default();
    let nvptx = NvptxOptions { arch: "sm_90".parse().expect("known") };
    measure("first native", 1, || compile_native(&range, &options).expect("compiles"));
    let artefact = compile_native(&range, &options).expect("compiles");
    measure("first load", 1, || NativeKernel::load(&artefact).expect("loads"));
    measure("lowered", 20, || native_text(&range, &options, Emit::Lowered).expect("compiles"));
    measure("optimized", 20, || native_text(&range, &options, Emit::Optimized).expect("compiles"));
    measure("native", 20, || compile_native(&range, &options).expect("compiles"));
    measure("load", 20, || NativeKernel::load(&artefact).expect("loads"));
    measure("ptx", 20, || compile_nvptx(&grid, &nvptx).expect("compiles"));
}

/// Prints the least of `rounds` times: other work on the machine only adds.
fn measure<R>(what: &str, rounds: u32, mut work: impl FnMut() -> R) {
    let times = (0..rounds).map(|_| {
        let start = processor_time();
        drop(work());
        processor_time().saturating_sub(start)
    });
    println!("{what}: {:?}", times.min().expect("a round"));
}

/// Time that this thread has spent running, which other work on the machine hardly changes.
#[cfg(target_os = "linux")]
fn processor_time() -> Duration {
    unsafe extern "C" {
        fn clock_gettime(clock: i32, time: *mut [i64; 2]) -> i32;
    }
    const THREAD: i32 = 3;
    let mut time = [0; 2];
    // SAFETY: writes seconds and nanoseconds, eight bytes each on 64-bit Linux.
    assert_eq!(unsafe { clock_gettime(THREAD, &mut time) }, 0);
    Duration::new(time[0] as u64, time[1] as u32)
}

#[cfg(not(target_os = "linux"))]
fn processor_time() -> Duration {
    static START: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    START.elapsed()
}
/// Prints nanoseconds per element of an exponential for vectors of 256 and of 512 bits.
#[test]
#[ignore = "a measurement"]
fn vector_widths() {
    let module = super::loops::exponential();
    let (input, mut output) = (vec![0.75f64; 4096], vec![0.0f64; 4096]);
    let buffers = [input.as_ptr().cast_mut().cast(), output.as_mut_ptr().cast()];
    for width in [256, 512, 256, 512] {
        let options = NativeOptions { vector_width: Some(width), ..NativeOptions::default() };
        let kernel = NativeKernel::load(&compile_native(&module, &options).expect("compiles")).expect("loads");
        let call = || unsafe { kernel.call(&buffers, &[0, 4096], &mut Status::default()) };
        let mut best = Duration::MAX;
        for _ in 0..50 {
            let start = processor_time();
            (0..100).for_each(|_| call());
            best = best.min(processor_time().saturating_sub(start));
        }
        println!("{width} bits: {:.3} ns", best.as_nanos() as f64 / 409600.0);
    }
}
