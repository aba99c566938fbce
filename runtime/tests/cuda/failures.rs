//! What goes wrong on a GPU, and what users are told.

use crate::fake::{Fake, with_fake_driver};
use crate::running::Running;
use crate::*;
use numbra_front::types::ScalarType;
use numbra_runtime::Error;

fn inputs() -> Vec<Input> {
    hosts(&[array(&[10], &[1.0; 10]), array(&[10], &[2.0; 10])])
}

fn message<T>(result: Result<T>) -> String {
    result.map(|_| ()).unwrap_err().to_string()
}

#[track_caller]
fn says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "no '{part}' in: {message}");
    }
}

#[test]
fn out_of_memory() {
    with_fake_driver("failures::out_of_memory", |fake| {
        let device = open("cuda");
        let _held = device.allocate(ScalarType::U8, 600 << 20).unwrap();
        let error = message(device.allocate(ScalarType::F64, 100 << 20));
        says(&error, &["cuda:0", "no memory left for 838860800 bytes", "423 MiB of 1024 MiB are free", "help:", "cpu"]);
        // It goes on working.
        call(&kernel(ADD), &device, &inputs()).unwrap();
        fake.fail("cuMemAllocHost_v2", 0, 2);
        says(
            &message(device.upload(&array(&[100_000], &[0.0; 100_000]))),
            &["page-locked", "OUT_OF_MEMORY (2)", "help:"],
        );
        says(&message(device.allocate(ScalarType::F64, usize::MAX / 4)), &["more bytes"]);
    });
}

#[test]
fn a_kernel_that_fails_says_where() {
    with_fake_driver("failures::a_kernel_that_fails_says_where", |fake| {
        let device = Running::on(fake, open("cuda"));
        let inputs = hosts(&[array(&[4], &[1.0; 4]), array(&[4], &[2.0; 4])]);
        let out_of_bounds = kernel(OUT_OF_BOUNDS);
        let on_cpu = message(call(&out_of_bounds, &open("cpu"), &inputs));
        for _ in 0..3 {
            assert_eq!(message(call(&out_of_bounds, &device, &inputs)), on_cpu);
        }
        says(&on_cpu, &["out of bounds", "(0)"]);
        // Nothing is left of it: enough launches to use every record again.
        let enough = hosts(&[array(&[4], &[1.0; 4]), array(&[10], &[2.0; 10])]);
        let Kernel::Stencil(stencil) = &out_of_bounds else { panic!("a stencil") };
        let enough = stencil.on_device(&device, &enough).unwrap();
        let inputs = stencil.on_device(&device, &inputs).unwrap();
        for _ in 0..1100 {
            stencil.step(&device, &enough).unwrap();
        }
        device.wait().unwrap();
        // Whoever waits is told once.
        let failed = stencil.step(&device, &inputs).unwrap();
        stencil.step(&device, &enough).unwrap();
        assert_eq!(message(device.wait()), on_cpu);
        device.wait().unwrap();
        assert_eq!(message(failed.into_host()), on_cpu);
        // More launches than records: whoever finds none waits, which says nothing of the launch that it is waiting for.
        let failed = stencil.step(&device, &inputs).unwrap();
        for _ in 0..600 {
            stencil.step(&device, &enough).unwrap();
        }
        assert_eq!(message(failed.into_host()), on_cpu);
        device.wait().unwrap();
    });
}

#[test]
fn what_a_failed_kernel_has_written_is_of_no_use() {
    with_fake_driver("failures::what_a_failed_kernel_has_written_is_of_no_use", |fake| {
        let device = Running::on(fake, open("cuda"));
        let inputs = hosts(&[array(&[4], &[1.0; 4]), array(&[4], &[2.0; 4])]);
        let Kernel::Stencil(stencil) = kernel(OUT_OF_BOUNDS) else { panic!("a stencil") };
        let Kernel::Vectorize(add) = kernel(ADD) else { panic!("vectorize") };
        let failed = stencil.step(&device, &stencil.on_device(&device, &inputs).unwrap()).unwrap();
        let sum = add.call_on_device(&device, &[failed.clone().into(), Input::from(1.0)]).unwrap();
        // Another thread waits first, and it is nothing to it.
        std::thread::scope(|scope| scope.spawn(|| device.wait().unwrap()).join().unwrap());
        let told = message(device.wait());
        says(&told, &["out of bounds"]);
        // So is whoever uses the result, or what was computed from it, as often as that is.
        for _ in 0..2 {
            assert_eq!(message(sum.clone().into_host()), told);
            assert_eq!(message(failed.clone().into_host()), told);
            assert_eq!(message(add.call_on_device(&device, &[failed.clone().into(), Input::from(1.0)])), told);
        }
        let fine = add.call(&device, &[inputs[0].clone(), Input::from(1.0)]).unwrap();
        assert_eq!(fine.as_slice::<f64>().unwrap(), [2.0; 4]);
    });
}

#[test]
fn a_result_waits_for_those_who_read_its_failure() {
    with_fake_driver("failures::a_result_waits_for_those_who_read_its_failure", |fake| {
        let device = Running::on(fake, open("cuda"));
        let inputs = hosts(&[array(&[4], &[1.0; 4]), array(&[4], &[2.0; 4])]);
        let Kernel::Stencil(stencil) = kernel(OUT_OF_BOUNDS) else { panic!("a stencil") };
        let result = stencil.step(&device, &stencil.on_device(&device, &inputs).unwrap()).unwrap();
        fake.set("late", 300);
        std::thread::scope(|scope| {
            let other = scope.spawn(|| device.wait().unwrap());
            // The other thread has taken the record, and does not know yet what is in it.
            std::thread::sleep(std::time::Duration::from_millis(100));
            says(&message(result.into_host()), &["out of bounds"]);
            other.join().unwrap();
        });
    });
}

#[test]
fn no_thread_gets_a_result_that_failed() {
    with_fake_driver("failures::no_thread_gets_a_result_that_failed", |fake| {
        let device = Running::on(fake, open("cuda"));
        let Kernel::Stencil(stencil) = kernel(OUT_OF_BOUNDS) else { panic!("a stencil") };
        let on_device = |weights: usize| {
            let inputs = hosts(&[array(&[4], &[1.0; 4]), array(&[weights], &vec![2.0; weights])]);
            stencil.on_device(&device, &inputs).unwrap()
        };
        let (failing, fine) = (on_device(4), on_device(10));
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    for _ in 0..600 {
                        let result = stencil.step(&device, &failing).unwrap();
                        says(&message(result.into_host()), &["out of bounds"]);
                        let result = stencil.step(&device, &fine).unwrap().into_host().unwrap();
                        assert_eq!(result.as_slice::<f64>().unwrap(), [3.0; 4]);
                    }
                });
            }
        });
        device.wait().unwrap();
        stencil.step(&device, &fine).unwrap().into_host().unwrap();
    });
}

#[test]
fn random_batches() {
    with_fake_driver("failures::random_batches", |fake| {
        let device = Running::on(fake, open("cuda"));
        for seed in 0..6 {
            crate::batches::run(&device, 1 + seed as usize % 4, 400, seed);
        }
    });
}

/// What happens when a call of the driver fails, and what the next call says.
fn after(fake: &Fake, function: &str, code: u32) -> (String, Result<HostArray>) {
    let device = open("cuda");
    let add = kernel(ADD);
    call(&add, &device, &inputs()).unwrap();
    fake.fail(function, 0, code);
    let first = message(call(&add, &device, &inputs()));
    (first, call(&add, &device, &inputs()))
}

#[test]
fn a_launch_failure_loses_the_device() {
    with_fake_driver("failures::a_launch_failure_loses_the_device", |fake| {
        let (first, next) = after(fake, "cuEventSynchronize", 719);
        says(
            &first,
            &["cuda:0: the GPU was lost", "CUDA_ERROR_LAUNCH_FAILED (719)", "unspecified", "help:", "new process"],
        );
        assert_eq!(message(next), first);
        fake.calls();
        // The driver is left alone from now on.
        let device = open("cuda");
        assert_eq!(message(device.allocate(ScalarType::F64, 10)), first);
        assert_eq!(message(device.wait()), first);
        assert_eq!(message(device.ready()), first);
        assert_eq!(fake.calls_of(&["cuMem", "cuLaunch", "cuStream"]), Vec::<String>::new());
        // Another device is not meant.
        assert_ne!(device::auto().unwrap().name(), "cuda:0");
    });
}

#[test]
fn a_gpu_that_another_library_has_reset() {
    with_fake_driver("failures::a_gpu_that_another_library_has_reset", |fake| {
        // What there is to find out first depends on whether somebody has used the context since.
        let lost = [("cuCtxPushCurrent_v2", 201), ("cuMemcpyHtoDAsync_v2", 709), ("cuLaunchKernel", 400)];
        fake.set("devices", lost.len() as i64);
        let add = kernel(ADD);
        for (number, (function, code)) in lost.into_iter().enumerate() {
            let device = open(&format!("cuda:{number}"));
            call(&add, &device, &inputs()).unwrap();
            fake.fail(function, 0, code);
            let first = message(call(&add, &device, &inputs()));
            says(&first, &["the GPU was lost", &code.to_string(), "another library", "cudaDeviceReset", "again"]);
            assert_eq!(message(call(&add, &device, &inputs())), first);
        }
    });
}

#[test]
fn codes_that_only_newer_drivers_know_may_lose_the_device() {
    with_fake_driver("failures::codes_that_only_newer_drivers_know_may_lose_the_device", |fake| {
        let (first, next) = after(fake, "cuEventSynchronize", 226);
        says(&first, &["the GPU was lost", "error 226", "new process"]);
        assert_eq!(message(next), first);
    });
}

#[test]
fn a_kernel_that_ran_too_long() {
    with_fake_driver("failures::a_kernel_that_ran_too_long", |fake| {
        let (first, next) = after(fake, "cuEventSynchronize", 702);
        says(&first, &["waiting for kernels", "702", "longer than the driver allows", "less data"]);
        says(&message(next), &["lost", "702"]);
    });
}

#[test]
fn a_failure_that_is_over() {
    with_fake_driver("failures::a_failure_that_is_over", |fake| {
        let (first, next) = after(fake, "cuLaunchKernel", 701);
        says(&first, &["cuda:0", "a launch failed", "701", "help:"]);
        next.unwrap();
    });
}

#[test]
fn a_code_that_nobody_knows() {
    with_fake_driver("failures::a_code_that_nobody_knows", |fake| {
        let (first, next) = after(fake, "cuLaunchKernel", 9999);
        says(&first, &["cuda:0", "a launch failed", "error 9999 of the driver", "help:"]);
        next.unwrap();
        let (first, _) = after(fake, "cuEventSynchronize", 9998);
        says(&first, &["error 9998 of the driver"]);
    });
}

#[test]
fn every_call_that_fails_is_an_error() {
    with_fake_driver("failures::every_call_that_fails_is_an_error", |fake| {
        let functions =
            ["cuCtxGetCurrent", "cuCtxPushCurrent_v2", "cuMemcpyHtoDAsync_v2", "cuEventRecord", "cuLaunchKernel"];
        for function in functions.into_iter().chain(["cuMemcpyDtoHAsync_v2", "cuEventSynchronize"]) {
            let (first, next) = after(fake, function, 1);
            says(&first, &["cuda:0", "failed", "1"]);
            next.unwrap_or_else(|error| panic!("after {function}: {error}"));
        }
        // And when everything fails at once.
        let device = open("cuda");
        fake.set("lost", 4);
        says(&message(call(&kernel(ADD), &device, &inputs())), &["lost", "4"]);
    });
}

#[test]
fn what_the_assembler_says_is_told() {
    with_fake_driver("failures::what_the_assembler_says_is_told", |fake| {
        let device = open("cuda");
        fake.assembler(218, "ptxas application ptx input, line 9; fatal : Parsing error near 'nonsense'");
        let error = message(call(&kernel(ADD), &device, &inputs()));
        says(&error, &["internal error", "cuda:0", "CUDA_ERROR_INVALID_PTX (218)", "line 9; fatal : Parsing error"]);
        fake.assembler(222, "Unsupported .version 9.9; current version is '8.4'");
        let error = message(call(&kernel(ADD), &device, &inputs()));
        says(&error, &["loading a kernel failed", "222", "current version is '8.4'", "too old", "update"]);
        fake.assembler(221, "");
        says(&message(call(&kernel(ADD), &device, &inputs())), &["libnvidia-ptxjitcompiler"]);
        call(&kernel(ADD), &device, &inputs()).unwrap();
    });
}

#[test]
fn a_gpu_that_cannot_be_opened_may_be_opened_later() {
    with_fake_driver("failures::a_gpu_that_cannot_be_opened_may_be_opened_later", |fake| {
        let device = open("cuda");
        for (function, code) in
            [("cuDevicePrimaryCtxRetain", 101), ("cuStreamCreateWithPriority", 1), ("cuMemAlloc_v2", 2)]
        {
            fake.fail(function, 0, code);
            says(&message(call(&kernel(ADD), &device, &inputs())), &["cuda:0: opening the GPU failed", "help:"]);
        }
        call(&kernel(ADD), &device, &inputs()).unwrap();
    });
}

#[cfg(unix)]
#[test]
fn use_after_a_fork_is_refused() {
    with_fake_driver("failures::use_after_a_fork_is_refused", |_| {
        let device = open("cuda");
        let add = kernel(ADD);
        call(&add, &device, &inputs()).unwrap();
        let held = device.allocate(ScalarType::F64, 10).unwrap();
        // SAFETY: the child does what a child of a program with threads may do in practice: this process has but one.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let refused = [
                message(call(&add, &device, &inputs())),
                message(device.wait()),
                message(device.allocate(ScalarType::F64, 1)),
                message("cuda:1".parse().map_err(Error::from).and_then(device::open)),
            ];
            drop(held);
            let told = refused.iter().all(|message| message.contains("forked") && message.contains("spawn"));
            // SAFETY: ends the child without the parent's cleaning up.
            unsafe { libc::_exit(if told { 0 } else { 1 }) };
        }
        let mut status = 0;
        // SAFETY: waits for the child.
        assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
        assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0, "{status}");
        drop(held);
        call(&add, &device, &inputs()).unwrap();
    });
}
