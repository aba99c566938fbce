//! Why the command ends with status 1.

use std::fmt;
use std::path::Path;

/// A message for the user, complete as it stands.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    /// A message without a place: `error: ` is put before it.
    pub fn message(text: impl fmt::Display) -> Failure {
        Failure(format!("error: {text}"))
    }

    pub fn file(path: &Path, error: &dyn fmt::Display) -> Failure {
        Failure::message(format_args!("{}: {error}", path.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl From<numbra::Error> for Failure {
    fn from(error: numbra::Error) -> Failure {
        Failure::message(error)
    }
}

impl From<numbra::FrontError> for Failure {
    fn from(error: numbra::FrontError) -> Failure {
        Failure::message(error)
    }
}
