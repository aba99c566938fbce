//! Compiled forms of a kernel, kept for the next call with arguments of the same kind.

use crate::error::Result;
use crate::executable::Executable;
use numbra_front::declaration::Declaration;
use numbra_front::error::{Mistake, Warning};
use numbra_front::ir::Module;
use numbra_front::kernel::combine::Combine;
use numbra_front::stack::with_stack;
use numbra_front::typing::{Options, Rules, Typed};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// Room for the deepest kernel that is not refused; only what is used of it becomes memory.
const DEEP_STACK: usize = 256 << 20;

/// Typed functions and executables by key.
pub struct Specializations<K> {
    typed: Mutex<HashMap<K, Arc<Module>>>,
    combining: Mutex<HashMap<K, Arc<Combine>>>,
    executables: Mutex<HashMap<K, Arc<Executable>>>,
    /// Of everything that was typed, each once.
    warnings: Mutex<Vec<Mistake>>,
}

impl<K> Default for Specializations<K> {
    fn default() -> Self {
        Specializations {
            typed: Mutex::default(),
            combining: Mutex::default(),
            executables: Mutex::default(),
            warnings: Mutex::default(),
        }
    }
}

impl<K> std::fmt::Debug for Specializations<K> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Specializations")
    }
}

impl<K: Hash + Eq> Specializations<K> {
    pub fn typed(&self, key: K, build: impl FnOnce(&K) -> Result<Typed>) -> Result<Arc<Module>> {
        get(&self.typed, key, |key| {
            let Typed { module, warnings } = build(key)?;
            let mut known = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
            for warning in warnings {
                // The same place may be typed for several signatures.
                let same = |other: &Mistake| other.span == warning.span && other.message == warning.message;
                if !known.iter().any(same) {
                    known.push(warning);
                }
            }
            Ok(module)
        })
    }

    /// What there is to warn of in the functions typed so far.
    pub fn warnings(&self) -> Vec<Warning> {
        let known = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().cloned().map(Warning).collect()
    }

    /// What is known of a function that combines two values.
    pub fn combining(&self, key: K, look: impl FnOnce(&K) -> Result<Combine>) -> Result<Combine> {
        get(&self.combining, key, look).map(|found| *found)
    }

    pub fn executable(&self, key: K, build: impl FnOnce(&K) -> Result<Executable>) -> Result<Arc<Executable>> {
        get(&self.executables, key, build)
    }
}

fn get<K: Hash + Eq, V>(
    map: &Mutex<HashMap<K, Arc<V>>>,
    key: K,
    build: impl FnOnce(&K) -> Result<V>,
) -> Result<Arc<V>> {
    if let Some(found) = map.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return Ok(found.clone());
    }
    // Built outside the lock: other kernels are not held up; two callers may build the same one once each.
    let built = Arc::new(with_stack(DEEP_STACK, || build(&key))??);
    let mut map = map.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(map.entry(key).or_insert(built).clone())
}

/// How a declared kernel is typed.
pub fn typing_options(declaration: &Declaration) -> Options {
    Options { rules: declaration.typing.unwrap_or(Rules::Numba), fastmath: declaration.fastmath }
}
