//! What can go wrong between IR and artefact.

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of a back end.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Front(#[from] numbra_front::Error),
    /// The target cannot do what the kernel needs.
    #[error("{message}\n  help: {help}")]
    Unsupported { message: String, help: String },
    /// Our own fault, or that of the library (`what`) that generates code: it refused what we gave it.
    #[error("internal error of numbra, please report it: {what}: {message}")]
    Internal { what: &'static str, message: String },
}

impl Error {
    pub fn unsupported(message: impl Into<String>, help: impl Into<String>) -> Error {
        Error::Unsupported { message: message.into(), help: help.into() }
    }

    pub fn internal(what: &'static str, message: impl Into<String>) -> Error {
        Error::Internal { what, message: message.into() }
    }
}
