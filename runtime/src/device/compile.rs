//! Drivers' compilers, on threads of their own: whoever waits for one can give up.
//!
//! Nothing bounds the time that a driver takes for a kernel. Whoever waits is asked now and then whether to go on (see
//! [`crate::interrupt`]), and gives up after [`PATIENCE`]. A compiler cannot be stopped: it goes on with what it was
//! given, holding neither the device nor the end of the process, and what it makes in the end is dropped.
//!
//! Mesa's llvmpipe makes machine code with a kernel's first dispatch, on its queue's thread. So loading a kernel waits for
//! an empty dispatch there (`wgpu/kernel.rs`), in the same way.

use crate::error::{Error, Result};
use crate::interrupt;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// How long a driver may take to compile a kernel, where [`VARIABLE`] says nothing else.
const PATIENCE: Duration = Duration::from_secs(120);
/// The environment variable that says how many seconds it may take.
const VARIABLE: &str = "NUMBRA_COMPILE_SECONDS";

/// Between two questions whether to go on.
const PERIOD: Duration = Duration::from_millis(20);
/// Compilers recurse as deeply as kernels nest; only what is used of it becomes memory.
const STACK: usize = 256 << 20;

/// What `compile` gives, which calls the driver of `device`.
pub fn compiled<T: Send + 'static>(device: &str, compile: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    within(patience(device)?, device, compile)
}

/// How long a driver may take.
pub fn patience(device: &str) -> Result<Duration> {
    let Some(text) = std::env::var_os(VARIABLE) else { return Ok(PATIENCE) };
    let text = text.to_string_lossy();
    let seconds = text.trim().parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| {
        let help = format!("write a number of seconds, for example {VARIABLE}={}", PATIENCE.as_secs());
        Error::device(device, format!("the environment variable {VARIABLE} is '{text}', which is no time"), help)
    })
}

fn within<T: Send + 'static>(
    patience: Duration,
    device: &str,
    compile: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let (sender, receiver) = sync_channel(1);
    let start = Instant::now();
    let work = move || {
        // Nobody may be listening any more.
        let _ = sender.send(compile());
    };
    std::thread::Builder::new().name("numbra-compile".into()).stack_size(STACK).spawn(work).map_err(|error| {
        let help = "end other threads or programs, or run the kernel on cpu or parallel";
        Error::device(device, format!("there is no thread for the driver's compiler ({error})"), help)
    })?;
    loop {
        match receiver.recv_timeout(PERIOD) {
            Ok(result) => return result,
            Err(RecvTimeoutError::Timeout) => interrupt::check()?,
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Error::Internal(format!("{device}: loading a kernel panicked")));
            }
        }
        if start.elapsed() >= patience {
            return Err(too_long(device, patience));
        }
    }
}

/// A driver has been given up.
pub fn too_long(device: &str, patience: Duration) -> Error {
    let seconds = patience.as_secs_f64();
    let message = format!("the driver has been compiling this kernel for {seconds} seconds, which is too long");
    let help = format!(
        "make the kernel smaller, or run it on cpu or parallel; {VARIABLE}, a number of seconds, lets it take longer"
    );
    Error::device(device, message, help)
}

/// A driver compiles on the device's own queue, where other work has waited for it for too long.
#[cfg(feature = "wgpu")]
pub fn in_the_way(device: &str, patience: Duration) -> Error {
    let seconds = patience.as_secs_f64();
    let message = format!("the driver is still compiling another kernel, after {seconds} seconds of waiting for it");
    let help = format!(
        "try again later, or use cpu or parallel; {VARIABLE}, a number of seconds, says how long to wait for drivers"
    );
    Error::device(device, message, help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interrupt::interruptible;
    use std::sync::mpsc::channel;

    /// A compiler that is not done before it is told so.
    fn slow() -> (std::sync::mpsc::Sender<()>, impl FnOnce() -> Result<i32> + Send) {
        let (done, wait) = channel();
        (done, move || {
            let _ = wait.recv();
            Ok(7)
        })
    }

    #[test]
    fn what_is_compiled_is_returned() {
        assert_eq!(within(PATIENCE, "gpu", || Ok(7)).unwrap(), 7);
        let error = within(PATIENCE, "gpu", || Err::<(), _>(Error::call("no"))).unwrap_err();
        assert_eq!(error.to_string(), "no");
        let (done, compile) = slow();
        done.send(()).unwrap();
        assert_eq!(interruptible(&|| true, || within(PATIENCE, "gpu", compile)).unwrap(), 7);
    }

    #[test]
    fn a_driver_that_takes_too_long_is_an_error() {
        let (_done, compile) = slow();
        let error = within(Duration::from_millis(50), "gpu", compile).unwrap_err().to_string();
        assert!(error.starts_with("gpu: the driver has been compiling this kernel for 0.05 seconds"), "{error}");
        assert!(error.contains("cpu or parallel; NUMBRA_COMPILE_SECONDS"), "{error}");
    }

    #[test]
    fn nobody_has_to_wait_for_a_driver() {
        let (_done, compile) = slow();
        let result = interruptible(&|| false, || within(PATIENCE, "gpu", compile));
        assert!(matches!(result, Err(Error::Interrupted)), "{result:?}");
    }

    #[test]
    fn a_panic_is_an_error() {
        let error = within(PATIENCE, "gpu", || -> Result<()> { panic!("on purpose") }).unwrap_err();
        assert!(matches!(error, Error::Internal(_)), "{error}");
    }
}
