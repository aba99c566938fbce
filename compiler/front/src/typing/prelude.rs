//! Finding prelude functions: kernel text that comes with numbra, parsed when first needed.

use crate::error::{Error, Result};
use crate::source::Source;
use crate::syntax::{python, tree};
use numbra_kernels::PRELUDE;
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
    let definition = format!("\ndef {function}(");
    let Some(index) = PRELUDE.iter().position(|(_, text)| text.contains(&definition)) else { return Ok(None) };
    let (name, text) = PRELUDE[index];
    let parsed = PARSED[index].get_or_init(|| python::parse(&Source::new(format!("prelude/{name}"), text)));
    match parsed {
        Ok(module) => Ok(Some(File { stem: name.strip_suffix(".py").unwrap_or(name), module })),
        Err(error) => Err(Error::Internal(format!("the prelude does not parse: {error}"))),
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
