//! Compiled code kept on disk, where other processes find it: `cache=True`.
//!
//! Code is looked up by all that it depends on: by a hash of the IR that it is made of, in which everything that was called
//! and everything that was frozen stands, and of what makes it for which processor ([`Key`]). So nothing needs to be compared
//! with files or times, and code that is found is the code that would be made. Types, messages and lines are not kept: they
//! come from the text, as ever.
//!
//! It is one folder for each user, which nobody else can write to, in the folder that NUMBRA_CACHE_DIR or NUMBA_CACHE_DIR names,
//! else among the user's caches (`~/.cache/numbra`). It holds 256 megabytes at most, or what NUMBRA_CACHE_MEGABYTES says; what
//! was not used for the longest time makes room. 0 turns it off. It can be removed at any time.
//!
//! * [`key`]: what code depends on;
//! * `entry`: a file with code; several processes may read and write the same one at any time;
//! * [`folder`]: where the files are, and that nobody else can write there: what is found is run;
//! * `eviction`: what was not used for the longest time goes when there is too much;
//! * [`kept`]: the cache of one function or kernel, with what was found.
//!
//! A cache that cannot be read or written is no error: [`Cache::trouble`] says what is wrong, and everything is compiled.

mod entry;
mod eviction;
pub mod folder;
pub mod kept;
pub mod key;
#[cfg(test)]
mod tests;

use crate::error::Result;
pub use kept::{Keeping, Kept};
pub use key::Key;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

/// Where code came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Found {
    /// It was kept on disk.
    Kept,
    /// It was compiled now.
    Compiled,
}

/// Code on disk.
#[derive(Debug)]
pub struct Cache {
    /// `None`: the user has no folder for such things.
    folder: Option<PathBuf>,
    /// How much it may hold. 0: nothing is read or written.
    most_bytes: u64,
    /// Written since the folder was last looked through.
    written: AtomicU64,
    looked_through: AtomicBool,
    trouble: OnceLock<String>,
    told: AtomicBool,
}

impl Cache {
    /// The user's: in NUMBRA_CACHE_DIR, else in NUMBA_CACHE_DIR, else among the user's caches (`~/.cache/numbra`).
    ///
    /// # Errors
    /// A size in the environment that is none: see [`folder::SIZE`].
    pub fn standard() -> Result<Arc<Cache>> {
        Cache::open(folder::standard())
    }

    /// In a folder of the user's within this one, which others may use too.
    ///
    /// # Errors
    /// As [`Cache::standard`].
    pub fn within(folder: &Path) -> Result<Arc<Cache>> {
        Cache::open(Some(folder::within(folder)))
    }

    fn open(folder: Option<PathBuf>) -> Result<Arc<Cache>> {
        Ok(Cache::shared(folder, folder::most_bytes()?))
    }

    /// The one of this process for the folder.
    fn shared(folder: Option<PathBuf>, most_bytes: u64) -> Arc<Cache> {
        type Known = HashMap<(Option<PathBuf>, u64), Arc<Cache>>;
        static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Cache::new(folder.clone(), most_bytes));
        known.entry((folder.clone(), most_bytes)).or_insert_with(new).clone()
    }

    fn new(folder: Option<PathBuf>, most_bytes: u64) -> Cache {
        let cache = Cache {
            folder,
            most_bytes,
            written: AtomicU64::new(0),
            looked_through: AtomicBool::new(false),
            trouble: OnceLock::new(),
            told: AtomicBool::new(false),
        };
        if cache.folder.is_none() {
            cache.note("there is no folder for it: the user has no home".into());
        }
        cache
    }

    /// The folder with the entries, which need not be there yet.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// What first kept it from working, if something did.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.get().map(String::as_str)
    }

    /// The same, for whom tells it to the user: once in a process.
    pub fn untold_trouble(&self) -> Option<&str> {
        let trouble = self.trouble()?;
        (!self.told.swap(true, Ordering::Relaxed)).then_some(trouble)
    }

    /// What `load` makes of the code of that key: kept, or else compiled and kept from now on.
    ///
    /// # Errors
    /// Those of `compile`, and of `load` where it is given what was compiled.
    pub fn get<T>(
        &self,
        key: &Key,
        load: impl Fn(Vec<u8>) -> Result<T>,
        compile: impl FnOnce() -> Result<Vec<u8>>,
    ) -> Result<(T, Found)> {
        if let Some(kept) = self.read(key)
            && let Ok(loaded) = load(kept)
        {
            return Ok((loaded, Found::Kept));
        }
        let code = compile()?;
        self.write(key, &code);
        Ok((load(code)?, Found::Compiled))
    }

    fn usable(&self) -> Option<&Path> {
        self.folder().filter(|_| self.most_bytes > 0)
    }

    fn read(&self, key: &Key) -> Option<Vec<u8>> {
        let folder = self.usable()?;
        match folder::check(folder) {
            Ok(true) => entry::read(folder, key),
            Ok(false) => None,
            Err(reason) => {
                self.note(reason);
                None
            }
        }
    }

    fn write(&self, key: &Key, code: &[u8]) {
        let Some(folder) = self.usable() else { return };
        let written = folder::make(folder).and_then(|()| {
            entry::write(folder, key, code).map_err(|error| format!("{} cannot be written: {error}", folder.display()))
        });
        match written {
            Ok(bytes) => self.bound(folder, bytes),
            Err(reason) => self.note(reason),
        }
    }

    /// Looks through the folder when a process first writes to it, and when it has written a good part of what there may be.
    fn bound(&self, folder: &Path, bytes: u64) {
        let written = self.written.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if !self.looked_through.swap(true, Ordering::Relaxed) || written > self.most_bytes / 64 {
            self.written.store(0, Ordering::Relaxed);
            eviction::run(folder, self.most_bytes);
        }
    }

    fn note(&self, reason: String) {
        let _ = self.trouble.set(format!("compiled code is not kept on disk: {reason}"));
    }
}
