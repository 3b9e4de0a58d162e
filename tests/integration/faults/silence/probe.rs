//! Requests that are sent while a connection is silent, and how soon there must be a response.

use std::time::Duration;

/// Time-out for Redis, PostgreSQL, the mail server and clients: long enough for a machine that is busy with other
/// tests.
pub(super) const TIMEOUT: Duration = Duration::from_secs(3);

/// Kind of request that is sent while a connection is silent.
#[derive(Clone, Copy)]
pub(super) enum Probe {
    /// Checks an invented token. No gateway caches the result.
    Check,
    /// A login, and the logout of its token.
    Login,
    /// Requests an e-mail and waits for it.
    Email,
}

impl Probe {
    /// Returns how long a response may take, and how soon after the start of the silence all responses must be
    /// right again: the time-out and a second, and another second if a password is hashed.
    pub(super) fn bound(self) -> Duration {
        TIMEOUT
            + Duration::from_secs(match self {
                Self::Check | Self::Email => 1,
                Self::Login => 2,
            })
    }
}

/// Result of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Right,
    Unavailable,
}
