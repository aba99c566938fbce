//! What is asked of the driver, and in which order.

use crate::fake::with_fake_driver;
use crate::*;
use numbra_runtime::array::HostArray;
use numbra_runtime::device::DeviceName;

/// What matters of the log: not who is current, nor whether an event is over.
const WORK: &[&str] =
    &["cuMemAlloc", "cuMemFree", "cuMemcpy", "cuLaunch", "cuModule", "cuEventS", "cuStream", "cuDevicePrimary"];

#[test]
fn a_call_from_first_to_last() {
    with_fake_driver("calls::a_call_from_first_to_last", |fake| {
        let device = open("cuda");
        assert_eq!(device.description(), "Fake GPU 0, compute capability 9.0, driver for CUDA 12.4");
        // Finding it makes no context.
        assert_eq!(fake.calls_of(WORK), Vec::<String>::new());
        let add = kernel(ADD);
        let inputs = hosts(&[array(&[1000], &[1.0; 1000]), array(&[1000], &[2.0; 1000])]);
        call(&add, &device, &inputs).unwrap();
        let launch = "0 cuLaunchKernel numbra_add_vectorize_kernel0(m3+0 m5+0 m2+0 1000 0 1000 0 0 0) grid 4 1 1 block 256 1 1 \
                      shared 0 stream 1";
        let expected = [
            "- cuDevicePrimaryCtxRetain 0",
            "0 cuStreamCreateWithPriority 0",
            // Status records.
            "0 cuMemAlloc_v2 12288",
            // The result, then each argument: device memory, page-locked memory, a copy.
            "0 cuMemAllocAsync 8192 stream 1",
            "0 cuMemAllocAsync 8192 stream 1",
            "0 cuMemAllocHost_v2 65536",
            "0 cuMemcpyHtoDAsync_v2 m3+0 from h4+0 bytes 8000 stream 1",
            "0 cuMemAllocAsync 8192 stream 1",
            "0 cuMemAllocHost_v2 65536",
            "0 cuMemcpyHtoDAsync_v2 m5+0 from h6+0 bytes 8000 stream 1",
            "0 cuModuleLoadDataEx",
            "0 cuModuleGetFunction 1 numbra_add_vectorize_kernel0",
            launch,
            "0 cuMemAllocHost_v2 65536",
            "0 cuMemcpyDtoHAsync_v2 h7+0 from m2+0 bytes 8000 stream 1",
            "0 cuEventSynchronize 3",
        ];
        assert_eq!(fake.calls_of(WORK), expected);
        // The next time nothing is allocated or loaded.
        call(&add, &device, &inputs).unwrap();
        let again = fake.calls_of(WORK);
        let functions: Vec<&str> = again.iter().filter_map(|call| call.split(' ').nth(1)).collect();
        let expected = [
            "cuMemcpyHtoDAsync_v2",
            "cuMemcpyHtoDAsync_v2",
            "cuLaunchKernel",
            "cuMemcpyDtoHAsync_v2",
            "cuEventSynchronize",
        ];
        assert_eq!(functions, expected, "{again:#?}");
    });
}

#[test]
fn arguments_in_the_order_of_the_ptx() {
    with_fake_driver("calls::arguments_in_the_order_of_the_ptx", |fake| {
        let device = open("cuda");
        let text = "@vectorize(typing='exact')\ndef f(a, b, c, d):\n    return (a * b) if c else np.float32(d)\n";
        let inputs = [
            Input::Host(array(&[7, 300], &[1.5f32; 2100])),
            Input::Host(array(&[300], &[2.5f32; 300])),
            Input::from(true),
            Input::from(-2.5),
        ];
        call(&kernel(text), &device, &inputs).unwrap();
        // By rows: 2 groups for 300 columns, 7 rows.
        let launches = fake.calls_of(&["cuLaunchKernel"]);
        assert_eq!(launches.len(), 1);
        let (arguments, grid) = launches[0].split_once(") grid ").unwrap();
        assert_eq!(grid, "2 7 1 block 256 1 1 shared 0 stream 1");
        let (_, arguments) = arguments.split_once('(').unwrap();
        let arguments: Vec<&str> = arguments.split(' ').collect();
        assert!(
            arguments[..3].iter().all(|pointer| pointer.starts_with('m') && pointer.ends_with("+0")),
            "{arguments:?}"
        );
        assert!(arguments.contains(&"8:1") && arguments.contains(&"f32:-2.5"), "{arguments:?}");
        // The space, begin and end in rows, and for each array its offset and the stride of its rows, if that is not 0.
        assert!(arguments.ends_with(&["7", "300", "0", "7", "0", "300", "0", "0", "300"]), "{arguments:?}");
    });
}

#[test]
fn memory_without_pools_of_the_driver() {
    with_fake_driver("calls::memory_without_pools_of_the_driver", |fake| {
        fake.set("pools", 0);
        call(&kernel(ADD), &open("cuda"), &hosts(&[array(&[10], &[1.0; 10]), array(&[10], &[2.0; 10])])).unwrap();
        assert_eq!(fake.calls_of(&["cuMemAlloc_v2", "cuMemAllocAsync"])[1..], ["0 cuMemAlloc_v2 512"; 3]);
    });
}

#[test]
fn memory_of_pools_that_the_driver_only_claims_to_have() {
    with_fake_driver("calls::memory_of_pools_that_the_driver_only_claims_to_have", |fake| {
        fake.set("devices", 2);
        let scalar = numbra_front::types::ScalarType::U8;
        let memory = |fake: &crate::fake::Fake| fake.calls_of(&["cuMemAllocAsync", "cuMemAlloc_v2", "cuMemFree"]);
        for (number, code) in [800, 801].into_iter().enumerate() {
            let device = open(&format!("cuda:{number}"));
            device.ready().unwrap();
            // In the middle, so that there is memory of both kinds. Too large to be kept.
            let before = device.allocate(scalar, 100 << 20).unwrap();
            memory(fake);
            fake.fail("cuMemAllocAsync", 0, code);
            let after = device.allocate(scalar, 100 << 20).unwrap();
            let last = device.allocate(scalar, 100 << 20).unwrap();
            let size = 100 << 20;
            let expected = [
                format!("{number} cuMemAllocAsync {size} stream {}", number + 1),
                format!("{number} cuMemAlloc_v2 {size}"),
                format!("{number} cuMemAlloc_v2 {size}"),
            ];
            assert_eq!(memory(fake), expected);
            drop((before, after, last));
            let freed: Vec<String> = memory(fake).iter().map(|call| call.split(' ').nth(1).unwrap().into()).collect();
            assert_eq!(freed, ["cuMemFreeAsync", "cuMemFree_v2", "cuMemFree_v2"]);
            call(&kernel(ADD), &device, &hosts(&[array(&[10], &[1.0; 10]), array(&[10], &[2.0; 10])])).unwrap();
        }
    });
}

#[test]
fn memory_is_used_again_and_given_up_when_it_is_scarce() {
    with_fake_driver("calls::memory_is_used_again_and_given_up_when_it_is_scarce", |fake| {
        for pools in [1, 0] {
            fake.set("pools", pools);
            fake.set("devices", 2);
            let device = open(if pools == 1 { "cuda:0" } else { "cuda:1" });
            let scalar = numbra_front::types::ScalarType::U8;
            let mib = |count: usize| count << 20;
            let first = device.allocate(scalar, mib(50)).unwrap();
            drop(first);
            fake.calls();
            // The same memory, and kept again.
            drop(device.allocate(scalar, mib(49)).unwrap());
            assert!(fake.calls_of(WORK).is_empty());
            // More than there is beside it.
            let large = device.allocate(scalar, mib(1000)).unwrap();
            let calls = fake.calls_of(WORK);
            let functions: Vec<&str> = calls.iter().filter_map(|call| call.split(' ').nth(1)).collect();
            let expected = match pools {
                1 => ["cuMemAllocAsync", "cuMemFreeAsync", "cuStreamSynchronize", "cuMemAllocAsync"],
                _ => ["cuMemAlloc_v2", "cuMemFree_v2", "cuStreamSynchronize", "cuMemAlloc_v2"],
            };
            assert_eq!(functions, expected);
            // Too much to keep: it goes back to the driver.
            drop(large);
            let calls = fake.calls_of(WORK);
            assert!(calls.len() == 1 && calls[0].contains("cuMemFree"), "{calls:?}");
            // A sixteenth of the memory is kept: what was used last.
            let all: Vec<_> = (0..5).map(|_| device.allocate(scalar, mib(16)).unwrap()).collect();
            fake.calls();
            drop(all);
            assert_eq!(fake.calls_of(&["cuMemFree"]).len(), 1);
            // All of it goes before there is an error.
            assert!(device.allocate(scalar, mib(2000)).is_err());
            assert_eq!(fake.calls_of(&["cuMemFree"]).len(), 4);
            drop(device.allocate(scalar, mib(1)).unwrap());
            device.wait().unwrap();
        }
    });
}

#[test]
fn kernels_that_would_run_for_long_are_split_where_that_is_forbidden() {
    with_fake_driver("calls::kernels_that_would_run_for_long_are_split_where_that_is_forbidden", |fake| {
        fake.set("watchdog", 1);
        let text = "@vectorize(typing='exact')\ndef f(a):\n    return not a\n";
        let count = (1 << 26) + 1;
        let inputs =
            [Input::Host(Arc::new(HostArray::zeros(numbra_front::types::ScalarType::Bool, &[count]).unwrap()))];
        let Kernel::Vectorize(f) = kernel(text) else { panic!("vectorize") };
        f.call_on_device(&open("cuda"), &inputs).unwrap();
        let launches = fake.calls_of(&["cuLaunchKernel"]);
        assert_eq!(launches.len(), 2);
        assert!(launches[0].contains(" 0 67108864 0 0) grid 262144 1 1 "), "{launches:?}");
        assert!(launches[1].contains(" 67108864 67108865 0 0) grid 1 1 1 "), "{launches:?}");
    });
}

#[test]
fn each_device_has_a_context_of_its_own() {
    with_fake_driver("calls::each_device_has_a_context_of_its_own", |fake| {
        fake.set("devices", 3);
        let listed: Vec<DeviceName> = device::list().into_iter().map(|(name, _)| name).collect();
        let cuda: Vec<&DeviceName> = listed.iter().filter(|name| matches!(name, DeviceName::Cuda(_))).collect();
        assert_eq!(cuda, [&DeviceName::Cuda(0), &DeviceName::Cuda(1), &DeviceName::Cuda(2)]);
        assert!(fake.calls_of(&["cuDevicePrimaryCtxRetain"]).is_empty(), "listing makes no contexts");
        let add = kernel(ADD);
        let inputs = hosts(&[array(&[10], &[1.0; 10]), array(&[10], &[2.0; 10])]);
        for number in [2, 0] {
            let device = open(&format!("cuda:{number}"));
            assert_eq!(
                device.description(),
                format!("Fake GPU {number}, compute capability 9.0, driver for CUDA 12.4")
            );
            call(&add, &device, &inputs).unwrap();
            let calls = fake.calls_of(&["cuMemAlloc", "cuMemcpy", "cuLaunch", "cuModule"]);
            assert!(calls.len() > 8 && calls.iter().all(|call| call.starts_with(&format!("{number} "))), "{calls:#?}");
        }
        // An array of one device is taken to another by way of the host.
        let Kernel::Vectorize(add) = add else { panic!("vectorize") };
        let there = add.call_on_device(&open("cuda:2"), &inputs).unwrap();
        add.call_on_device(&open("cuda:0"), &[there.clone().into(), there.into()]).unwrap();
    });
}

#[test]
fn whatever_was_current_is_so_again() {
    with_fake_driver("calls::whatever_was_current_is_so_again", |fake| {
        fake.set("devices", 2);
        let inputs = hosts(&[array(&[10], &[1.0; 10]), array(&[10], &[2.0; 10])]);
        let contexts =
            |calls: Vec<String>| -> Vec<String> { calls.into_iter().map(|call| call[..1].to_string()).collect() };
        call(&kernel(ADD), &open("cuda:1"), &inputs).unwrap();
        fake.calls();
        // Another library has made device 0's context current in this thread.
        fake.make_current(0);
        call(&kernel(ADD), &open("cuda:1"), &inputs).unwrap();
        let calls = fake.calls();
        assert!(contexts(calls.clone()).contains(&"1".to_string()));
        assert!(calls.last().unwrap().contains("cuCtxPopCurrent"), "{calls:#?}");
        fake.make_current(0);
        assert_eq!(contexts(fake.calls()), ["0"], "it still is");
    });
}

#[test]
fn auto_prefers_cuda() {
    with_fake_driver("calls::auto_prefers_cuda", |fake| {
        assert_eq!(device::auto().unwrap().name(), "cuda:0");
        assert_eq!(fake.calls_of(&["cuDevicePrimaryCtxRetain"]).len(), 1);
    });
}

#[test]
fn auto_passes_over_a_gpu_that_cannot_be_opened() {
    with_fake_driver("calls::auto_passes_over_a_gpu_that_cannot_be_opened", |fake| {
        fake.fail("cuDevicePrimaryCtxRetain", 0, 216);
        assert_ne!(device::auto().unwrap().name(), "cuda:0");
    });
}
