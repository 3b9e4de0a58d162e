//! Why the hashing threads do not start, and why a password is not checked or not hashed.

use std::io;
use std::time::Duration;

use thiserror::Error;

/// Why the hashing threads cannot be started.
#[derive(Debug, Error)]
pub enum StartError {
    /// The cost is outside bcrypt's range.
    #[error("bcrypt: the cost {0} is not one from 4 to 31")]
    Cost(u32),
    /// The system starts no further thread.
    #[error("password hashing: {0}")]
    Thread(io::Error),
}

/// Why a password was neither checked nor hashed.
#[derive(Debug, Error)]
pub enum HashingError {
    /// All hashing threads are busy and their queue is full, or a claimant holds its share of the places.
    #[error("too many logins at once, retry in {} s", retry_after.as_secs())]
    Overloaded {
        /// How long to wait before a retry.
        retry_after: Duration,
    },
    /// A hashing thread panicked, or the system gave no random salt.
    #[error("password hashing: {0}")]
    Unavailable(String),
}

/// Why no password like this can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidPassword {
    /// The password is empty.
    #[error("a password cannot be empty")]
    Empty,
    /// The password is longer than 72 bytes: bcrypt would cut it off.
    #[error("a password may have 72 bytes at most")]
    TooLong,
    /// The password contains a NUL byte: bcrypt implementations end a password there.
    #[error("a password cannot hold a NUL byte")]
    Nul,
}

/// Why a new password was not hashed.
#[derive(Debug, Error)]
pub enum NewPasswordError {
    /// No password like this can be set.
    #[error(transparent)]
    Invalid(#[from] InvalidPassword),
    /// The hashing threads are overloaded or unavailable.
    #[error(transparent)]
    Hashing(#[from] HashingError),
}
