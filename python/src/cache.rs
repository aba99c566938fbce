//! The cache on disk as Python sees it: where it is, what was found there, and what is wrong with it.

use crate::error::exception;
use crate::function::types;
use numbra::cache::{Cache, Found, Kept};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use std::path::PathBuf;
use std::sync::Arc;

/// The cache of a function or kernel that has the option `cache`: in `config.CACHE_DIR`, else the user's.
pub fn open(py: Python) -> PyResult<Arc<Kept>> {
    let place = py.import("numbra._config")?.getattr("config")?.getattr("CACHE_DIR")?;
    let cache = match place.is_truthy()? {
        true => Cache::within(&place.extract::<PathBuf>()?),
        false => Cache::standard(),
    };
    Ok(Kept::new(cache.map_err(|error| exception(py, error))?))
}

/// What Numba calls the statistics of a dispatcher: the folder, and by the types of the arguments how often code was found
/// there and how often not.
pub fn stats<'py>(py: Python<'py>, kept: Option<&Kept>) -> PyResult<Bound<'py, PyAny>> {
    let new = || py.import("collections")?.getattr("Counter")?.call0();
    let (hits, misses) = (new()?, new()?);
    for (arguments, found) in kept.map_or(Vec::new(), Kept::found) {
        let arguments = arguments.iter().map(|argument| types::object(py, argument)).collect::<PyResult<Vec<_>>>()?;
        let one = PyDict::new(py);
        one.set_item(PyTuple::new(py, arguments)?, 1)?;
        let counter = if found == Found::Kept { &hits } else { &misses };
        counter.call_method1("update", (one,))?;
    }
    let folder = kept.and_then(|kept| Some(kept.cache().folder()?.to_string_lossy().into_owned()));
    py.import("numbra._function")?.getattr("Stats")?.call1((folder, hits, misses))
}

/// Warns, once in a process, if the cache does not work.
pub fn warn_of_trouble(py: Python, kept: Option<&Kept>) -> PyResult<()> {
    match kept.and_then(|kept| kept.cache().untold_trouble()) {
        Some(trouble) => py.import("numbra._function")?.call_method1("warn_of_cache", (trouble,)).map(|_| ()),
        None => Ok(()),
    }
}

/// The folder with the code that is kept on disk.
#[pyfunction]
pub fn _cache_folder(py: Python) -> PyResult<Option<PathBuf>> {
    Ok(open(py)?.cache().folder().map(PathBuf::from))
}
