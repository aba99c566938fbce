//! cust with no driver, and with a fake one: see `fake/`.

#[path = "../fake/support.rs"]
mod fake;

const SOURCE: &str = "fake/driver.rs";

use cust::CudaFlags;
use cust::device::Device;
use cust::error::CudaError;
use cust::memory::DeviceBuffer;
use cust::module::Module;
use cust::stream::{Stream, StreamFlags};
use cust::sys::{self, CUresult};
use fake::{in_own_process, with_fake_driver};
use numbra_cuda_driver::{NAMES, VARIABLE, describe, last_error_code, library};
use std::collections::HashSet;

#[test]
fn without_a_driver_everything_says_no_device() {
    in_own_process("without_a_driver_everything_says_no_device", &[(VARIABLE, "/nonexistent/driver".as_ref())], || {
        assert!(library().unwrap_err().contains("/nonexistent/driver"), "{:?}", library());
        assert_eq!(cust::init(CudaFlags::empty()), Err(CudaError::NoDevice));
        assert_eq!(cust::CudaApiVersion::get(), Err(CudaError::NoDevice));
        assert_eq!(Device::num_devices(), Err(CudaError::NoDevice));
        assert_eq!(Stream::new(StreamFlags::DEFAULT, None).err(), Some(CudaError::NoDevice));
        assert_eq!(DeviceBuffer::from_slice(&[1.0f32]).err(), Some(CudaError::NoDevice));
        assert_eq!(Module::from_ptx(".version 7.0", &[]).err(), Some(CudaError::NoDevice));
        assert_eq!(last_error_code(), 100);
        assert_eq!(describe(2), None);
    });
}

#[test]
fn an_empty_name_means_no_driver() {
    in_own_process("an_empty_name_means_no_driver", &[(VARIABLE, "".as_ref())], || {
        assert!(library().unwrap_err().contains(VARIABLE));
        assert_eq!(cust::init(CudaFlags::empty()), Err(CudaError::NoDevice));
    });
}

#[cfg(target_os = "linux")]
#[test]
fn another_library_is_no_driver() {
    in_own_process("another_library_is_no_driver", &[(VARIABLE, "libm.so.6".as_ref())], || {
        let why = library().unwrap_err();
        assert!(why.contains("'libm.so.6'") && why.contains(VARIABLE) && why.contains("no CUDA driver"), "{why}");
        assert_eq!(cust::init(CudaFlags::empty()), Err(CudaError::NoDevice));
    });
}

#[test]
fn the_driver_is_opened_and_called() {
    with_fake_driver("the_driver_is_opened_and_called", |fake| {
        fake.set("devices", 3);
        assert!(fake.calls().is_empty());
        cust::init(CudaFlags::empty()).unwrap();
        assert!(library().unwrap().contains("fake-cuda"));
        let version = cust::CudaApiVersion::get().unwrap();
        assert_eq!((version.major(), version.minor()), (12, 4));
        assert_eq!(Device::num_devices(), Ok(3));
        assert_eq!(Device::get_device(2).unwrap().name().unwrap(), "Fake GPU 2");
        assert_eq!(Device::get_device(3).err(), Some(CudaError::InvalidDevice));
        let calls = fake.calls_of(&["cuInit", "cuDeviceGet "]);
        assert_eq!(calls, ["- cuInit", "- cuDeviceGet 2", "- cuDeviceGet 3"]);
    });
}

#[test]
fn codes_that_cust_does_not_know_are_kept() {
    with_fake_driver("codes_that_cust_does_not_know_are_kept", |fake| {
        for code in [9999, 912, 999, u32::MAX] {
            fake.fail("cuInit", 0, code);
            assert_eq!(cust::init(CudaFlags::empty()), Err(CudaError::UnknownError));
            assert_eq!(last_error_code(), code);
        }
        // A member of the enum, but not of cust's own.
        fake.fail("cuInit", 0, 34);
        assert_eq!(cust::init(CudaFlags::empty()), Err(CudaError::UnknownError));
        assert_eq!(last_error_code(), 34);
        fake.fail("cuInit", 0, 719);
        assert_eq!(cust::init(CudaFlags::empty()), Err(CudaError::LaunchFailed));
        cust::init(CudaFlags::empty()).unwrap();
        assert_eq!(last_error_code(), 719);
        let known = ("CUDA_ERROR_LAUNCH_FAILED".to_string(), "unspecified launch failure".to_string());
        assert_eq!(describe(719), Some(known));
        assert_eq!(describe(9999), None);
    });
}

#[test]
fn functions_that_the_driver_lacks_say_so() {
    with_fake_driver("functions_that_the_driver_lacks_say_so", |_| {
        // SAFETY: never reaches a driver.
        let missing = unsafe { sys::cuLinkComplete(std::ptr::null_mut(), std::ptr::null_mut(), std::ptr::null_mut()) };
        assert_eq!(missing, CUresult::CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND);
    });
}

#[test]
fn every_function_is_listed_once() {
    let distinct: HashSet<&str> = NAMES.iter().copied().collect();
    assert_eq!(distinct.len(), NAMES.len());
    // As many as cust 0.3.2 refers to.
    assert_eq!(NAMES.len(), 105);
}
