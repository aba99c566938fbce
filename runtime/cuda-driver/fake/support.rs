//! The fake driver for tests: compiled when first wanted, used by processes of their own, so that each has one that is
//! fresh. Included by the tests of several packages, which define SOURCE: where `driver.rs` is from their manifest.

use super::SOURCE;
use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::ffi::{CStr, CString, OsStr, c_char};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Which test a process was started for.
const CASE: &str = "NUMBRA_TEST_CASE";

/// The fake driver of this process.
pub struct Fake {
    library: libloading::Library,
}

#[allow(dead_code, reason = "each package's tests use some of it")]
impl Fake {
    fn open(path: &OsStr) -> Fake {
        // SAFETY: runs no code of its own when it is loaded.
        Fake { library: unsafe { libloading::Library::new(path) }.expect("the fake driver can be loaded") }
    }

    /// What the fake GPUs are like: `devices`, `memory`, ... ; `lost`: the code that every call returns from now on;
    /// `late`: milliseconds until who waits for a stream is told that it is done; `slow`: microseconds that each group of
    /// a launch takes; `compiling`: milliseconds that the assembler takes for a module.
    pub fn set(&self, name: &str, value: i64) {
        let name = CString::new(name).unwrap();
        // SAFETY: the function's type.
        unsafe {
            self.library.get::<extern "C" fn(*const c_char, i64)>(b"fake_set").unwrap()(name.as_ptr(), value);
        }
    }

    /// Makes a function of the driver fail once, after `skip` more calls.
    pub fn fail(&self, function: &str, skip: u32, code: u32) {
        let function = CString::new(function).unwrap();
        // SAFETY: the function's type.
        unsafe {
            let fail = self.library.get::<extern "C" fn(*const c_char, u32, u32)>(b"fake_fail").unwrap();
            fail(function.as_ptr(), skip, code);
        }
    }

    /// Makes the assembler refuse the next module.
    pub fn assembler(&self, code: u32, says: &str) {
        let says = CString::new(says).unwrap();
        // SAFETY: the function's type.
        unsafe {
            self.library.get::<extern "C" fn(u32, *const c_char)>(b"fake_assembler").unwrap()(code, says.as_ptr());
        }
    }

    /// What a launch does: see the fake driver's OnLaunch.
    pub fn on_launch(&self, function: extern "C" fn(usize, u32, u32, *const u64, usize)) {
        type OnLaunch = extern "C" fn(usize, u32, u32, *const u64, usize);
        // SAFETY: the function's type.
        unsafe { self.library.get::<extern "C" fn(OnLaunch)>(b"fake_on_launch").unwrap()(function) };
    }

    /// Makes a device's context current in this thread, as another library would.
    pub fn make_current(&self, device: usize) {
        // SAFETY: the function's type; contexts are numbers.
        let code =
            unsafe { self.library.get::<extern "C" fn(usize) -> u32>(b"cuCtxSetCurrent").unwrap()(1000 + device) };
        assert_eq!(code, 0);
    }

    /// The calls since the last time: `0 cuMemAlloc_v2 512` is one with the context of device 0.
    pub fn calls(&self) -> Vec<String> {
        // SAFETY: the function's type; text that ends in 0 and lives for ever.
        let log =
            unsafe { CStr::from_ptr(self.library.get::<extern "C" fn() -> *const c_char>(b"fake_log").unwrap()()) };
        log.to_str().unwrap().lines().map(str::to_string).collect()
    }

    /// Those of the calls since the last time whose function begins so.
    pub fn calls_of(&self, functions: &[&str]) -> Vec<String> {
        let calls = self.calls().into_iter();
        let wanted = |call: &String| {
            call.split_once(' ').is_some_and(|(_, call)| functions.iter().any(|function| call.starts_with(function)))
        };
        calls.filter(wanted).collect()
    }
}

/// Runs `test` in a process of its own, whose driver is the fake one. `name` is that of the test function.
pub fn with_fake_driver(name: &str, test: impl FnOnce(&Fake)) {
    let driver = if is_child(name) { std::env::var_os("NUMBRA_CUDA_DRIVER").unwrap() } else { compiled().into() };
    in_own_process(name, &[("NUMBRA_CUDA_DRIVER", &driver)], || test(&Fake::open(&driver)));
}

/// Runs `test` in a process of its own with these variables. `name` is that of the test function.
pub fn in_own_process(name: &str, variables: &[(&str, &OsStr)], test: impl FnOnce()) {
    if is_child(name) {
        return test();
    }
    let variables: HashMap<&str, &OsStr> = variables.iter().copied().collect();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([name, "--exact", "--nocapture", "--test-threads=1"]).env(CASE, name).envs(variables);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {}\n{text}", output.status);
    assert!(text.contains("1 passed"), "'{name}' is not the test's name:\n{text}");
}

fn is_child(name: &str) -> bool {
    std::env::var(CASE).is_ok_and(|case| case == name)
}

/// The fake driver's library. Kept from one run to the next, under a name that its source decides.
fn compiled() -> PathBuf {
    static COMPILED: OnceLock<PathBuf> = OnceLock::new();
    let path = COMPILED.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(SOURCE);
        let mut hasher = DefaultHasher::new();
        std::fs::read(&source).expect("the fake driver's source").hash(&mut hasher);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let path = folder.join(format!("fake-cuda-{:016x}{}", hasher.finish(), std::env::consts::DLL_SUFFIX));
        if path.exists() {
            return path;
        }
        // Another process may be at it too: whoever is last wins, with the same library.
        let own = folder.join(format!("fake-cuda-{}", std::process::id()));
        let mut command = Command::new(std::env::var_os("RUSTC").unwrap_or("rustc".into()));
        command.args(["--edition", "2024", "--crate-type", "cdylib", "--crate-name", "fake_cuda", "-C", "opt-level=1"]);
        let output = command.arg("-o").arg(&own).arg(source).output().expect("rustc can be run");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        std::fs::rename(own, &path).unwrap();
        path
    });
    path.clone()
}
