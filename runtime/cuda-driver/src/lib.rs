//! The functions of the CUDA driver that [cust](https://docs.rs/cust/0.3.2) and numbra use, forwarded to the driver's
//! library, which is opened when the first of them is called.
//!
//! A program that links cust in the usual way needs a CUDA toolkit to build and does not start on a machine without
//! NVIDIA's driver. This crate defines the symbols itself, so that one binary builds without a toolkit, starts
//! everywhere, and uses a GPU where there is one. Without a driver, every function returns `CUDA_ERROR_NO_DEVICE`, and
//! [`library`] says why. A driver that is too old to have a function gives `CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND`.
//!
//! cust's error codes are a Rust enum, and drivers know codes that it does not: those become `CUDA_ERROR_UNKNOWN`, and
//! [`last_error_code`] says which it was.
//!
//! The library is `libcuda.so.1`, on Windows `nvcuda.dll`; the environment variable [`VARIABLE`] names another file, and
//! an empty value or one that does not exist makes a machine with a GPU look like one without.
//!
//! In a workspace that uses this crate, cust's build script must be kept from looking for a toolkit: see the record
//! `cuda-driver-loaded-when-first-used` among numbra's decisions.

mod functions;
mod known;

pub use functions::NAMES;

use cust_raw::CUresult;
use libloading::Library;
use std::cell::Cell;
use std::ffi::{CStr, OsString, c_char};
use std::sync::OnceLock;

/// The environment variable that names the driver's library.
pub const VARIABLE: &str = "NUMBRA_CUDA_DRIVER";

/// Where drivers put it: the loader's own paths, WSL, NixOS.
#[cfg(not(windows))]
const PLACES: &[&str] = &["libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1", "/run/opengl-driver/lib/libcuda.so.1"];
#[cfg(windows)]
const PLACES: &[&str] = &["nvcuda.dll"];

struct Driver {
    library: Library,
    place: String,
}

fn driver() -> Result<&'static Driver, &'static str> {
    static DRIVER: OnceLock<Result<Driver, String>> = OnceLock::new();
    DRIVER.get_or_init(open).as_ref().map_err(String::as_str)
}

fn open() -> Result<Driver, String> {
    let places: Vec<OsString> = match std::env::var_os(VARIABLE) {
        Some(place) => vec![place],
        None => PLACES.iter().map(OsString::from).collect(),
    };
    let mut first = None;
    for place in places {
        let name = place.to_string_lossy().into_owned();
        if name.is_empty() {
            return Err(format!("{VARIABLE} is empty: the driver is not looked for"));
        }
        // SAFETY: NVIDIA's driver, or what the user names in its place, may run code when it is loaded.
        match unsafe { Library::new(&place) } {
            // SAFETY: the symbol is not used.
            Ok(library) if unsafe { library.get::<unsafe extern "C" fn()>(b"cuInit") }.is_ok() => {
                return Ok(Driver { library, place: name });
            }
            Ok(_) => {
                let origin = if std::env::var_os(VARIABLE).is_some() {
                    format!(", as {VARIABLE} has it,")
                } else {
                    String::new()
                };
                first.get_or_insert(format!("'{name}'{origin} is no CUDA driver: it has no function 'cuInit'"));
            }
            Err(error) => {
                first.get_or_insert(error.to_string());
            }
        }
    }
    Err(first.unwrap_or_default())
}

/// The driver's library as it was found, or why there is none. Opens it if it is not open yet.
pub fn library() -> Result<&'static str, &'static str> {
    driver().map(|driver| driver.place.as_str())
}

/// The driver's function of that name. An error: what to return in its place.
///
/// # Safety
/// `F` must be the type of the function.
unsafe fn find<F: Copy>(name: &str) -> Result<F, CUresult> {
    let driver = driver().map_err(|_| CUresult::CUDA_ERROR_NO_DEVICE)?;
    // SAFETY: as the caller promises.
    let symbol = unsafe { driver.library.get::<F>(name.as_bytes()) };
    // The library is never closed, so that the function may outlive the borrow.
    symbol.map(|symbol| *symbol).map_err(|_| CUresult::CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND)
}

thread_local! {
    static LAST: Cell<u32> = const { Cell::new(0) };
}

/// What a function of the driver returned, as cust knows it.
fn result(code: u32) -> CUresult {
    if code != 0 {
        LAST.set(code);
    }
    known::result(code).unwrap_or(CUresult::CUDA_ERROR_UNKNOWN)
}

/// The last code other than success that a function gave to this thread; 0 if there was none. cust's own errors do not
/// tell all codes apart.
pub fn last_error_code() -> u32 {
    LAST.get()
}

/// The driver's own name of an error code, and its description in English; `None` where it has none.
pub fn describe(code: u32) -> Option<(String, String)> {
    type Get = unsafe extern "C" fn(u32, *mut *const c_char) -> u32;
    let text = |function: &str| {
        // SAFETY: the type of both functions, but for the enum, of which not every code is a member.
        let get: Get = unsafe { find(function) }.ok()?;
        let mut text: *const c_char = std::ptr::null();
        // SAFETY: the driver fills `text` with a string of its own that lives for ever, or leaves it.
        let found = unsafe { get(code, &mut text) } == 0 && !text.is_null();
        // SAFETY: as above.
        found.then(|| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
    };
    Some((text("cuGetErrorName")?, text("cuGetErrorString")?))
}
