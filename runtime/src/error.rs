//! What can go wrong when kernels are built and run.

use crate::array::ArrayError;
use crate::array::npy::{self, NpyError};
use crate::device::class_of;
pub use numbra_codegen::Error as CodegenError;
pub use numbra_front::Error as FrontError;
use numbra_front::error::{ErrorClass, Mistake};
use numbra_front::ir::{self, Object, Site};
use numbra_front::source::Source;
use numbra_front::types::Constant;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the runtime. `{:?}` shows the same text as `{}`, because that is what a program shows whose `main` returns
/// an error.
#[derive(Clone, thiserror::Error)]
pub enum Error {
    /// A mistake in a kernel or in what was asked of the compiler.
    #[error(transparent)]
    Front(#[from] FrontError),
    /// The code for a device could not be made.
    #[error(transparent)]
    Codegen(CodegenError),
    /// Shapes or dtypes of arrays that do not fit.
    #[error(transparent)]
    Array(#[from] ArrayError),
    /// A file that could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Arguments of a call that do not fit the kernel.
    #[error("{message}{}", help_line(.help))]
    Call { class: ErrorClass, message: String, help: Option<String> },
    /// A device that is not here, or that failed.
    #[error("{device}: {message}\n  help: {help}")]
    Device { device: String, message: String, help: String },
    /// The kernel itself failed: an index out of bounds, a division by zero. Rendered with its place in the text.
    #[error("{0}")]
    Fault(Box<Fault>),
    /// Whoever waited for the kernel did not want it any more: see [`crate::interrupt`].
    #[error("interrupted")]
    Interrupted,
    /// Our own fault.
    #[error("internal error of numbra, please report it: {0}")]
    Internal(String),
}

/// What a kernel or a whole function failed with. Dereferences to the mistake, which has its message and its place.
#[derive(Debug, Clone)]
pub struct Fault {
    pub mistake: Mistake,
    /// The whole function whose text it is; `None` of kernels.
    pub function: Option<String>,
    /// What it raised itself.
    pub raised: Option<Raised>,
}

/// An exception that a function raised: its class's name, and what it was made with.
#[derive(Debug, Clone, PartialEq)]
pub struct Raised {
    pub name: String,
    pub arguments: Vec<Object>,
}

impl Fault {
    /// A failure at `site` of the function of that name, whose text is `source` unless the site has one of its own.
    pub fn at(site: &Site, payloads: &[Constant], function: Option<&str>, source: Option<&Arc<Source>>) -> Error {
        let (class, message) = (class_of(site.fault), site.text(payloads.iter().copied()));
        let Some(source) = site.source.as_ref().or(source) else { return Error::call(message).of_class(class) };
        let raised = (site.fault == ir::Fault::Raised)
            .then(|| Raised { name: site.message.clone(), arguments: site.objects(&mut payloads.iter().copied()) });
        let mistake = Mistake::new(class, source, site.span, message);
        Error::Fault(Box::new(Fault { mistake, function: function.map(plain_name), raised }))
    }
}

/// A function's name in its text.
fn plain_name(name: &str) -> String {
    name.split(['.', '#']).next().unwrap_or(name).to_string()
}

impl std::ops::Deref for Fault {
    type Target = Mistake;

    fn deref(&self) -> &Mistake {
        &self.mistake
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.mistake.fmt(formatter)
    }
}

fn help_line(help: &Option<String>) -> String {
    help.as_ref().map_or(String::new(), |help| format!("\n  help: {help}"))
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// A file, and why it could not be read or written. The reason is the source: a [`std::io::Error`], or an [`NpyError`].
#[derive(Debug, Clone)]
pub struct FileError {
    path: PathBuf,
    reason: Arc<dyn std::error::Error + Send + Sync>,
    help: Option<String>,
}

impl FileError {
    pub fn new(path: &Path, reason: impl std::error::Error + Send + Sync + 'static, help: Option<&str>) -> FileError {
        FileError { path: path.to_path_buf(), reason: Arc::new(reason), help: help.map(str::to_string) }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}{}", self.path.display(), self.reason, help_line(&self.help))
    }
}

impl std::error::Error for FileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.reason.as_ref())
    }
}

impl From<npy::FileError> for Error {
    fn from(error: npy::FileError) -> Error {
        let npy::FileError { path, error } = error;
        Error::File(match error {
            NpyError::Io(error) => FileError::new(&path, error, None),
            other => FileError::new(&path, other, None),
        })
    }
}

impl Error {
    /// Too many or too few arguments.
    pub(crate) fn wrong_count(name: &str, parameters: &[&str], given: usize) -> Error {
        let (plural, were) = (if parameters.len() == 1 { "" } else { "s" }, if given == 1 { "was" } else { "were" });
        let message =
            format!("'{name}' takes {} positional argument{plural} but {given} {were} given", parameters.len());
        Error::call_with_help(message, format!("its parameters are: {}", parameters.join(", ")))
            .of_class(ErrorClass::Type)
    }

    pub fn call(message: impl Into<String>) -> Error {
        Error::Call { class: ErrorClass::Value, message: message.into(), help: None }
    }

    pub fn call_with_help(message: impl Into<String>, help: impl Into<String>) -> Error {
        Error::Call { class: ErrorClass::Value, message: message.into(), help: Some(help.into()) }
    }

    /// The same error, which is not about a value but about something else: a type, an index.
    pub fn of_class(mut self, of: ErrorClass) -> Error {
        if let Error::Call { class, .. } = &mut self {
            *class = of;
        }
        self
    }

    /// Which of Python's exceptions this is there; `None` for failures of devices and for our own faults.
    pub fn class(&self) -> Option<ErrorClass> {
        match self {
            Error::Front(error) => error.class(),
            Error::Array(ArrayError::OutOfMemory { .. }) => None,
            Error::Array(_) | Error::File(_) => Some(ErrorClass::Value),
            Error::Call { class, .. } => Some(*class),
            Error::Fault(mistake) => Some(mistake.class),
            Error::Codegen(CodegenError::Unsupported { .. }) => Some(ErrorClass::Unsupported),
            Error::Codegen(_) | Error::Device { .. } | Error::Interrupted | Error::Internal(_) => None,
        }
    }

    /// The mistake in a kernel's text, with its place; `None` for what has no place there.
    pub fn mistake(&self) -> Option<&Mistake> {
        match self {
            Error::Front(FrontError::Kernel(mistake)) => Some(mistake),
            Error::Fault(fault) => Some(&fault.mistake),
            _ => None,
        }
    }

    pub fn device(device: impl Into<String>, message: impl Into<String>, help: impl Into<String>) -> Error {
        Error::Device { device: device.into(), message: message.into(), help: help.into() }
    }
}

impl From<CodegenError> for Error {
    fn from(error: CodegenError) -> Error {
        match error {
            CodegenError::Front(error) => Error::Front(error),
            other => Error::Codegen(other),
        }
    }
}
