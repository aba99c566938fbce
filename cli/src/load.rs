//! Kernel files.

use crate::arguments::KernelPlace;
use crate::failure::Failure;
use numbra::{Kernel, Program};

/// A file of kernels, parsed.
pub fn program(path: &KernelPlace) -> Result<Program, Failure> {
    let bytes = std::fs::read(&path.file).map_err(|error| Failure::file(&path.file, &error))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        Failure::file(&path.file, &format_args!("no UTF-8 text (byte {place})\n  help: save the file as UTF-8"))
    })?;
    Ok(Program::parse(&path.file.display().to_string(), &text)?)
}

/// The kernel that `FILE.py:KERNEL` names.
pub fn load(path: &KernelPlace) -> Result<Kernel, Failure> {
    Ok(program(path)?.kernel(&path.name)?)
}
