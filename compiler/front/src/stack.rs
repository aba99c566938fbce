//! Stack for what recurses deeply: the parser, typing, the passes. Threads of users have stacks of any size.

use crate::error::{Error, ErrorClass, Result};
use corosensei::on_stack;
use corosensei::stack::DefaultStack;

/// Runs `work` on this thread, on a new stack of so many bytes; only what is used of it becomes memory.
///
/// Errors: the process may not have so much more address space.
pub fn with_stack<T>(bytes: usize, work: impl FnOnce() -> T) -> Result<T> {
    match DefaultStack::new(bytes) {
        Ok(stack) => Ok(on_stack(stack, work)),
        Err(error) => Err(Error::request_with_help(
            ErrorClass::Unsupported,
            format!("a stack of {} MiB to compile on could not be had: {error}", bytes >> 20),
            "let the process have more address space: ulimit -v",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn depth(levels: usize) -> usize {
        let filled = std::hint::black_box([levels as u8; 1024]);
        if levels == 0 { 0 } else { 1 + depth(levels - 1) + filled[1023].wrapping_sub(levels as u8) as usize }
    }

    #[test]
    fn deep_recursion_on_a_small_stack() {
        thread_local! { static HERE: Cell<u8> = const { Cell::new(0) } }
        let worker = std::thread::Builder::new().stack_size(128 << 10).spawn(|| {
            HERE.set(7);
            // In each other, too: the inner one does not take the outer one's.
            with_stack(64 << 20, || with_stack(64 << 20, || (depth(20_000), HERE.get())).unwrap()).unwrap()
        });
        assert_eq!(worker.unwrap().join().unwrap(), (20_000, 7));
    }

    #[test]
    fn a_panic_goes_through() {
        let caught = std::panic::catch_unwind(|| with_stack(1 << 20, || panic!("deep")));
        assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"deep"));
    }

    #[test]
    fn more_than_there_is_is_an_error() {
        let error = with_stack(1 << 50, || ()).unwrap_err().to_string();
        assert!(error.contains("MiB") && error.contains("help: "), "{error}");
    }
}
