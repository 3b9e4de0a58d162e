//! Why something cannot go on.

use std::{error, fmt, io};

/// What went wrong, told to whoever reads the outcome.
#[derive(Clone, PartialEq, Eq)]
pub struct Failure(String);

/// A result whose error is a [`Failure`].
pub type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// A failure with that text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The same failure, saying first what was being done.
    #[must_use]
    pub fn during(self, act: impl fmt::Display) -> Self {
        Self(format!("{act}: {}", self.0))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// As [`Display`](fmt::Display), so that a test's `unwrap` prints the text as it stands.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl error::Error for Failure {}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}
