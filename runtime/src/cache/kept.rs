//! The cache of one function or kernel, with what was found in it.

use super::{Cache, Found};
use numbra_front::typing::ItemType;
use std::sync::{Arc, Mutex, PoisonError};

/// A cache, and what was looked up there for one function or kernel, by the types of the arguments.
#[derive(Debug)]
pub struct Kept {
    cache: Arc<Cache>,
    found: Mutex<Vec<(Vec<ItemType>, Found)>>,
}

impl Kept {
    pub fn new(cache: Arc<Cache>) -> Arc<Kept> {
        Arc::new(Kept { cache, found: Mutex::default() })
    }

    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// Everything that was looked up, in order.
    pub fn found(&self) -> Vec<(Vec<ItemType>, Found)> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Where code for certain types is kept.
#[derive(Debug, Clone)]
pub struct Keeping {
    pub kept: Arc<Kept>,
    pub types: Vec<ItemType>,
}

impl Keeping {
    pub fn cache(&self) -> &Cache {
        &self.kept.cache
    }

    /// Remembers where the code came from.
    pub fn note(&self, found: Found) {
        self.kept.found.lock().unwrap_or_else(PoisonError::into_inner).push((self.types.clone(), found));
    }
}
