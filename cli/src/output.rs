//! What the command writes: to its standard output, and to files whose place is checked before the work begins.

use crate::failure::Failure;
use numbra::Kernel;
use numbra::cache::Kept;
use std::fmt::Display;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// Writes a line to standard output.
pub fn line(text: impl Display) -> Result<(), Failure> {
    bytes(format!("{text}\n").as_bytes())
}

/// Writes to standard output. A reader that has seen enough is no error.
pub fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| Failure::message(format_args!("cannot write the output: {error}"))),
    }
}

/// Tells what there is to warn of in a kernel, but for the first `told`, which were told before.
pub fn warnings(kernel: &Kernel, told: usize) -> usize {
    let warnings = kernel.warnings();
    warnings.iter().skip(told).for_each(|warning| eprintln!("{warning}"));
    warnings.len()
}

/// Tells if code could not be kept on disk.
pub fn trouble(kept: Option<&Kept>) {
    if let Some(trouble) = kept.and_then(|kept| kept.cache().untold_trouble()) {
        eprintln!("{trouble}\n  help: set NUMBRA_CACHE_DIR to a folder of yours");
    }
}

/// Whether a file can be put at `path`: told before long work, not after it.
pub fn check(path: &Path) -> Result<(), Failure> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if path.is_dir() {
        return Err(Failure::file(path, &"this is a folder\n  help: name a file"));
    }
    match folder.metadata() {
        Ok(folder) if folder.is_dir() => Ok(()),
        Ok(_) => Err(Failure::file(path, &format_args!("'{}' is no folder", folder.display()))),
        Err(error) => {
            let message = format_args!("the folder '{}' cannot be used: {error}", folder.display()).to_string();
            Err(Failure::file(path, &message))
        }
    }
}
