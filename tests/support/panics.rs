//! Catching panics, with the place at which they happened, and nothing printed.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    /// Whether panics of this thread are being caught, and what the last one said.
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs `action`; a panic in it becomes an error: its message and place.
pub fn caught<R>(action: impl FnOnce() -> R) -> Result<R, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let caught = LAST.with_borrow_mut(|last| last.as_mut().map(|last| *last = panic.to_string()));
            if caught.is_none() {
                usual(panic);
            }
        }));
    });
    let outer = LAST.replace(Some(String::new()));
    let result = catch_unwind(AssertUnwindSafe(action));
    let message = LAST.replace(outer);
    result.map_err(|_| message.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::caught;

    #[test]
    fn panics_become_errors() {
        assert_eq!(caught(|| 7), Ok(7));
        let message = caught(|| panic!("a reason")).unwrap_err();
        assert!(message.contains("a reason") && message.contains("panics.rs"), "{message}");
        assert!(caught(|| caught(|| panic!("inner")).is_err() && caught(|| 1).is_ok()).unwrap());
    }
}
