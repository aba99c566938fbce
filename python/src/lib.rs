//! The extension module `numbra._core`: numbra's runtime as Python sees it. What is here is about Python's objects alone;
//! the package beside it finds the text of functions and reads decorators, the library does everything else.
//!
//! * `ufunc` and `stencil`: the kernels that users call; `quick` is the short way for small arrays, `overrides` the calls
//!   that arrays of others take over;
//! * `kernel`: a Python function on its way to a kernel, `freeze`: the values that it finds around it;
//! * `function`: whole functions, what `jit` makes;
//! * `arrays`: NumPy's arrays and scalars in and out, without copies;
//! * `target`: which device; `cache`: the cache on disk; `error`: which exception, `raised`: those of kernels; `common`: what all kernels have.

mod arrays;
mod cache;
mod device;
#[macro_use]
mod common;
mod error;
mod freeze;
mod function;
mod kernel;
mod overrides;
mod quick;
mod raised;
mod stencil;
mod target;
mod ufunc;

use numbra_front::types::names::{self, Meaning};
use pyo3::prelude::*;

/// The compiler's names for types of numbers, with the names that stand for themselves: what numbra.types is tested against.
#[pyfunction]
fn _type_names() -> Vec<(&'static str, &'static str)> {
    let own = |(name, meaning)| match meaning {
        Meaning::Scalar(scalar) => (name, scalar.name()),
        _ => (name, "none"),
    };
    names::numba().map(own).collect()
}

/// The options of `jit`.
#[pyfunction]
fn _jit_options() -> Vec<&'static str> {
    numbra_front::declaration::jit_options().to_vec()
}

#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    function::print::take();
    // Here, so that the first call does not wait until NumPy's functions are found.
    arrays::array_type(module.py());
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<ufunc::Ufunc>()?;
    module.add_class::<stencil::Stencil>()?;
    module.add_class::<function::Dispatcher>()?;
    module.add_function(wrap_pyfunction!(_jit_options, module)?)?;
    module.add_function(wrap_pyfunction!(cache::_cache_folder, module)?)?;
    module.add_function(wrap_pyfunction!(target::set_default_target, module)?)?;
    module.add_function(wrap_pyfunction!(target::get_default_target, module)?)?;
    module.add_function(wrap_pyfunction!(device::devices, module)?)?;
    module.add_function(wrap_pyfunction!(device::versions, module)?)?;
    module.add_function(wrap_pyfunction!(device::threads, module)?)?;
    module.add_function(wrap_pyfunction!(freeze::_surroundings, module)?)?;
    module.add_function(wrap_pyfunction!(_type_names, module)?)?;
    Ok(())
}
