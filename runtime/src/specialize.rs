//! Compiled forms of a kernel, kept for the next call with arguments of the same kind.

use crate::error::Result;
use crate::executable::Executable;
use numbra_front::ir::Module;
use numbra_front::syntax::declaration::Declaration;
use numbra_front::typing::{Options, Rules};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// Room for the deepest kernel that is not refused; only what is used of it becomes memory.
const DEEP_STACK: usize = 256 << 20;

/// Typed functions and executables by key.
pub struct Specializations<K> {
    typed: Mutex<HashMap<K, Arc<Module>>>,
    executables: Mutex<HashMap<K, Arc<Executable>>>,
}

impl<K> Default for Specializations<K> {
    fn default() -> Self {
        Specializations { typed: Mutex::default(), executables: Mutex::default() }
    }
}

impl<K> std::fmt::Debug for Specializations<K> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Specializations")
    }
}

impl<K: Hash + Eq> Specializations<K> {
    pub fn typed(&self, key: K, build: impl FnOnce(&K) -> Result<Module>) -> Result<Arc<Module>> {
        get(&self.typed, key, build)
    }

    pub fn executable(&self, key: K, build: impl FnOnce(&K) -> Result<Executable>) -> Result<Arc<Executable>> {
        get(&self.executables, key, build)
    }
}

fn get<K: Hash + Eq, V>(map: &Mutex<HashMap<K, Arc<V>>>, key: K, build: impl FnOnce(&K) -> Result<V>) -> Result<Arc<V>> {
    if let Some(found) = map.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return Ok(found.clone());
    }
    // Built outside the lock: other kernels are not held up; two callers may build the same one once each.
    let built = Arc::new(stacker::grow(DEEP_STACK, || build(&key))?);
    let mut map = map.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(map.entry(key).or_insert(built).clone())
}

/// How a declared kernel is typed.
pub fn typing_options(declaration: &Declaration) -> Options {
    Options { rules: declaration.typing.unwrap_or(Rules::Numba), fastmath: declaration.fastmath }
}
