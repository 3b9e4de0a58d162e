//! Why something cannot go on.

use std::{fmt, io};

/// What went wrong, told to whoever reads the outcome.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(String);

/// A result whose error is a [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A failure with that text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The same failure, saying first what was being done.
    #[must_use]
    pub fn context(self, action: impl fmt::Display) -> Self {
        Self(format!("{action}: {}", self.0))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// As [`Display`](fmt::Display), so that a test's `unwrap` prints the text as it stands.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}
