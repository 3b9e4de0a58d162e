//! The error of this crate, a text.

use std::{fmt, io};

/// Why a conversation could not be parsed or run, as a text for the reader of the outcome.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(String);

/// A result whose error is an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Returns an error with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the error with the failed action in front of its text.
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
