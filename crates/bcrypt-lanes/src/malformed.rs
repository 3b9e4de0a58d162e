//! A hash that is none.

use std::error::Error;
use std::fmt::{self, Display, Formatter};

/// It is not a whole bcrypt hash. Reads after the name of what has it, and never quotes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

impl Display for Malformed {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("is not a whole bcrypt hash")
    }
}

impl Error for Malformed {}
