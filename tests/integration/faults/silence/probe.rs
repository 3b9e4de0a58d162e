//! What is asked while a connection is silent, and how soon there has to be an answer.

use std::time::Duration;

/// Of Redis, PostgreSQL, the mail server and clients alike: long enough for a machine that is busy with other tests.
pub(super) const TIMEOUT: Duration = Duration::from_secs(3);

/// What is asked while a connection is silent.
#[derive(Clone, Copy)]
pub(super) enum Probe {
    /// Is an invented token good? No gateway keeps such an answer.
    Check,
    /// A login, and the log-out of its token.
    Login,
    /// An e-mail that is asked for, and comes.
    Email,
}

impl Probe {
    /// How long an answer takes, and how soon after the silence began all answers are right again: the time-out
    /// and a second, and one more where a password is hashed.
    pub(super) fn bound(self) -> Duration {
        TIMEOUT
            + Duration::from_secs(match self {
                Self::Check | Self::Email => 1,
                Self::Login => 2,
            })
    }
}

/// What came of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Right,
    Unavailable,
}
