//! Machines without a driver, without a GPU, or with one that is too old.

use crate::fake::{in_own_process, with_fake_driver};
use crate::*;
use numbra_runtime::Error;
use numbra_runtime::device::DeviceName;

fn refused(name: &str) -> String {
    name.parse().map_err(Error::from).and_then(device::open).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn no_driver() {
    in_own_process("absence::no_driver", &[("NUMBRA_CUDA_DRIVER", "/nonexistent/libcuda.so".as_ref())], || {
        for _ in 0..2 {
            let error = refused("cuda");
            for part in
                ["cuda:0: there is no CUDA driver here", "/nonexistent/libcuda.so", "help:", "vulkan", "NUMBRA_TARGET"]
            {
                assert!(error.contains(part), "no '{part}' in: {error}");
            }
            assert!(refused("cuda:7").starts_with("cuda:7: there is no CUDA driver here"));
        }
        // The list names it, with the reason; auto chooses something else.
        let listed = device::list();
        let cuda: Vec<_> = listed.iter().filter(|(name, _)| matches!(name, DeviceName::Cuda(_))).collect();
        assert!(matches!(cuda[..], [(DeviceName::Cuda(0), Err(_))]));
        assert!(!device::auto().unwrap().name().starts_with("cuda"));
    });
}

#[cfg(target_os = "linux")]
#[test]
fn another_library_is_no_driver() {
    in_own_process("absence::another_library_is_no_driver", &[("NUMBRA_CUDA_DRIVER", "libm.so.6".as_ref())], || {
        let error = refused("cuda");
        for part in ["there is no CUDA driver here", "'libm.so.6'", "NUMBRA_CUDA_DRIVER", "is no CUDA driver", "vulkan"]
        {
            assert!(error.contains(part), "no '{part}' in: {error}");
        }
        assert!(!error.contains("update"), "{error}");
    });
}

#[test]
fn no_gpu() {
    with_fake_driver("absence::no_gpu", |fake| {
        fake.set("devices", 0);
        let error = refused("cuda");
        assert!(error.contains("finds no GPU") && error.contains("CUDA_VISIBLE_DEVICES"), "{error}");
    });
}

#[test]
fn a_driver_that_does_not_start() {
    with_fake_driver("absence::a_driver_that_does_not_start", |fake| {
        fake.fail("cuInit", 0, 100);
        let error = refused("cuda");
        assert!(error.contains("opening the CUDA driver failed") && error.contains("nvidia-smi"), "{error}");
        // Nor is it tried again.
        assert_eq!(refused("cuda"), error);
        assert_eq!(fake.calls_of(&["cuInit"]).len(), 1);
    });
}

#[test]
fn a_stub_is_no_driver() {
    with_fake_driver("absence::a_stub_is_no_driver", |fake| {
        fake.fail("cuInit", 0, 34);
        assert!(refused("cuda").contains("stub"));
    });
}

#[test]
fn no_gpu_of_that_number() {
    with_fake_driver("absence::no_gpu_of_that_number", |fake| {
        fake.set("devices", 2);
        let error = refused("cuda:2");
        assert!(error.contains("cuda:0, cuda:1"), "{error}");
        open("cuda:1");
    });
}

#[test]
fn a_driver_that_is_too_old() {
    with_fake_driver("absence::a_driver_that_is_too_old", |fake| {
        fake.set("version", 8000);
        let error = refused("cuda");
        assert!(error.contains("CUDA 8.0") && error.contains("update"), "{error}");
    });
}

#[test]
fn a_driver_that_is_older_than_the_gpu() {
    with_fake_driver("absence::a_driver_that_is_older_than_the_gpu", |fake| {
        fake.set("version", 11040);
        fake.set("minor", 0);
        // PTX 7.4 has no sm_90: the driver compiles that of an older architecture for the GPU.
        let limits = open("cuda").limits();
        assert!(limits.contains(&("compiled for".to_string(), "sm_87".to_string())), "{limits:?}");
        call(&kernel(ADD), &open("cuda"), &hosts(&[array(&[1], &[1.0]), array(&[1], &[1.0])])).unwrap();
    });
}

#[test]
fn a_gpu_that_is_too_old() {
    with_fake_driver("absence::a_gpu_that_is_too_old", |fake| {
        fake.set("major", 3);
        fake.set("minor", 5);
        let error = refused("cuda");
        assert!(error.contains("Fake GPU 0 has compute capability 3.5") && error.contains("vulkan"), "{error}");
    });
}
