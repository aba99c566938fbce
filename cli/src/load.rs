//! Kernel files.

use crate::arguments::KernelPlace;
use crate::failure::Failure;
use numbra::KernelFile;
use numbra::front::source::Source;

/// A file of kernels, parsed.
pub fn program(path: &KernelPlace) -> Result<KernelFile, Failure> {
    let bytes = std::fs::read(&path.file).map_err(|error| Failure::file(&path.file, &error))?;
    let source = Source::from_bytes(path.file.display().to_string(), &bytes).map_err(numbra::Error::from)?;
    Ok(KernelFile::parse(&source.name, &source.text)?)
}
