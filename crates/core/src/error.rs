//! Why a login or a token was refused, and what to do when a store cannot be asked.

use std::time::Duration;

use thiserror::Error;

/// Why core said no.
///
/// Exhaustive on purpose: a new variant stops every dialect from compiling until it is answered
/// there in the dialect's own words.
#[derive(Debug, Error)]
pub enum AuthError {
    /// Unknown user, wrong password, wrong organisation, wrong card: one answer for all.
    #[error("the credentials do not fit")]
    InvalidCredentials,
    /// The password was right, the account is switched off.
    #[error("the account is disabled")]
    AccountDisabled,
    /// The password was right; the code of the second factor is missing or wrong.
    #[error("the second factor is missing or wrong")]
    SecondFactorRequired,
    /// The token is unknown, expired, revoked, used up, or of another purpose.
    #[error("the token is not valid")]
    InvalidToken,
    /// The token is live, but its user may not do this.
    #[error("the user may not do this")]
    Forbidden,
    /// All hashing threads are busy and their queue is full.
    #[error("too many logins at once, retry in {} s", retry_after.as_secs())]
    Overloaded {
        /// When a retry is worth its while.
        retry_after: Duration,
    },
    /// There were too many wrong tries, and a lock is running. What was sent was not looked at.
    #[error("too many wrong tries, retry in {} s", retry_after.as_secs())]
    Throttled {
        /// When the lock ends.
        retry_after: Duration,
    },
    /// A store could not be asked. Never to be read as "not logged in".
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

impl AuthError {
    /// Whether credentials were looked at and refused, so that the try counts. That holds for a right
    /// password behind which something else is missing, too: were it given back, a caller who is never
    /// locked out would know that the password is right.
    pub(crate) fn is_wrong_guess(&self) -> bool {
        match self {
            Self::InvalidCredentials | Self::AccountDisabled | Self::SecondFactorRequired => true,
            Self::InvalidToken
            | Self::Forbidden
            | Self::Overloaded { .. }
            | Self::Throttled { .. }
            | Self::Unavailable(_) => false,
        }
    }
}

/// A store that could not be asked, or gave an answer that cannot be read.
#[derive(Debug, Clone, Error)]
#[error("{store}: {reason}")]
pub struct StoreError {
    store: &'static str,
    reason: String,
    is_read_only: bool,
}

impl StoreError {
    /// `store` is what could not be asked, `reason` what it said.
    pub fn new(store: &'static str, reason: impl std::fmt::Display) -> Self {
        Self {
            store,
            reason: reason.to_string(),
            is_read_only: false,
        }
    }

    /// A store that can be queried, but takes no changes.
    pub fn read_only(store: &'static str, reason: impl std::fmt::Display) -> Self {
        Self {
            is_read_only: true,
            ..Self::new(store, reason)
        }
    }

    /// Tells whether the store takes no changes, while it can be queried.
    pub fn is_read_only(&self) -> bool {
        self.is_read_only
    }
}
