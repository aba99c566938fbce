//! Faults of launches on a GPU, which is software Vulkan here: they belong to what the launches wrote.
#![cfg(feature = "wgpu")]

mod batches;

use numbra_runtime::array::HostArray;
use numbra_runtime::device::{self, Device};
use numbra_runtime::ufunc::Vectorize;
use numbra_runtime::{DeviceArray, Input, Kernel, KernelFile};
use std::sync::Arc;

fn vulkan() -> Arc<dyn Device> {
    device::open("vulkan".parse().unwrap()).expect("software Vulkan is needed (Debian: mesa-vulkan-drivers)")
}

/// A kernel that fails where its argument is negative, with the argument in its message.
fn positive() -> Vectorize {
    let text = "from numba import vectorize\n@vectorize\ndef f(x):\n    if x < 0: raise ValueError('negative')\n    return x\n";
    match KernelFile::parse("t.py", text).unwrap().kernel("f").unwrap() {
        Kernel::Vectorize(kernel) => kernel,
        Kernel::Stencil(_) => unreachable!(),
    }
}

/// `length` ones, with -1 at a place.
fn failing_at(place: usize) -> Input {
    let mut elements = vec![1.0; 8];
    elements[place] = -1.0;
    HostArray::from_slice(&[8], &elements).unwrap().into()
}

fn message(array: &DeviceArray) -> String {
    array.clone().into_host().unwrap_err().to_string()
}

#[test]
fn every_failed_array_is_its_own_error_for_good() {
    let (device, f) = (vulkan(), positive());
    for backwards in [false, true] {
        let arrays: Vec<DeviceArray> =
            (0..4).map(|place| f.call_on_device(&device, &[failing_at(place)]).unwrap()).collect();
        let fine = f.call_on_device(&device, &[HostArray::from_slice(&[2], &[1.0, 2.0]).unwrap().into()]).unwrap();
        let mut order: Vec<usize> = (0..4).collect();
        if backwards {
            order.reverse();
        }
        for _ in 0..2 {
            for &place in &order {
                assert!(message(&arrays[place]).contains(&format!("at position ({place})")));
            }
            assert_eq!(fine.clone().into_host().unwrap().as_slice::<f64>().unwrap(), [1.0, 2.0]);
        }
        // Everybody who is concerned was told.
        device.wait().unwrap();
    }
}

#[test]
fn who_waits_is_told_of_what_nobody_has_read() {
    let (device, f) = (vulkan(), positive());
    let [first, second] = [1, 2].map(|place| f.call_on_device(&device, &[failing_at(place)]).unwrap());
    std::thread::scope(|scope| scope.spawn(|| device.wait().unwrap()).join().unwrap());
    assert!(device.wait().unwrap_err().to_string().contains("at position (1)"));
    device.wait().unwrap();
    assert!(message(&second).contains("at position (2)"));
    assert!(message(&first).contains("at position (1)"));
}

#[test]
fn calls_of_other_threads_have_nothing_to_do_with_it() {
    let (device, f) = (vulkan(), positive());
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let (device, f) = (&device, &f);
            scope.spawn(move || {
                for turn in 0..150 {
                    if thread == 0 {
                        let place = turn % 8;
                        let error = f.call(device, &[failing_at(place)]).unwrap_err();
                        assert!(error.to_string().contains(&format!("at position ({place})")), "{error}");
                    } else {
                        let fine = f.call(device, &[HostArray::from_slice(&[1], &[turn as f64]).unwrap().into()]);
                        assert_eq!(fine.unwrap().as_slice::<f64>().unwrap(), [turn as f64]);
                    }
                }
            });
        }
    });
}

#[test]
fn random_batches() {
    let device = vulkan();
    for seed in 0..40 {
        batches::run(&device, 1 + seed as usize % 4, 400, seed);
    }
}
