//! Finding prelude functions: kernel text that comes with numbra, parsed when first needed.

use crate::error::{Error, Result};
use crate::source::Source;
use crate::syntax::{python, tree};
use numbra_kernels::{NUMPY, PRELUDE};
use std::sync::OnceLock;

/// A file of the prelude.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// Without its ending: `trigonometric_f64`.
    pub stem: &'static str,
    pub module: &'static tree::Module,
}

/// The file that defines `function`, parsed; `None` if there is none.
///
/// Files are searched as text, so that only those that are needed are parsed.
pub fn find(function: &str) -> Result<Option<File>> {
    static PARSED: [OnceLock<Result<tree::Module>>; PRELUDE.len()] = [const { OnceLock::new() }; PRELUDE.len()];
    find_in(PRELUDE, &PARSED, "prelude", function)
}

/// The file that defines a function of whole arrays.
pub fn find_array_function(function: &str) -> Result<Option<File>> {
    static PARSED: [OnceLock<Result<tree::Module>>; NUMPY.len()] = [const { OnceLock::new() }; NUMPY.len()];
    find_in(NUMPY, &PARSED, "numpy", function)
}

fn find_in(
    files: &'static [(&'static str, &'static str)],
    parsed: &'static [OnceLock<Result<tree::Module>>],
    folder: &str,
    function: &str,
) -> Result<Option<File>> {
    let definition = format!("\ndef {function}(");
    let Some(index) = files.iter().position(|(_, text)| text.contains(&definition)) else { return Ok(None) };
    let (name, text) = files[index];
    match parsed[index].get_or_init(|| python::parse(&Source::new(format!("{folder}/{name}"), text))) {
        Ok(module) => Ok(Some(File { stem: name.strip_suffix(".py").unwrap_or(name), module })),
        Err(error) => Err(Error::Internal(format!("'{folder}/{name}' does not parse: {error}"))),
    }
}

/// The name in the IR: `exp_f64` is `numbra.exp.f64`, a helper of a file is `numbra.FILE.NAME`.
pub fn function_name(file: &str, function: &str) -> String {
    for suffix in ["f32", "f64", "i32", "i64", "u32", "u64"] {
        if let Some(base) = function.strip_suffix(suffix).and_then(|base| base.strip_suffix('_')) {
            return format!("numbra.{base}.{suffix}");
        }
    }
    format!("numbra.{file}.{function}")
}
