//! Errors of core: why a login or a token was refused, and failures of stores.

use std::time::Duration;

use isogloss_password::{HashingError, InvalidPassword, NewPasswordError};
use thiserror::Error;

use crate::refusal_cause::RefusalCause;
use crate::throttle::BucketKind;

/// Why core refused a request.
///
/// Exhaustive on purpose: a new variant stops every dialect from compiling until the dialect has a response of
/// its own for it.
#[derive(Debug, Error)]
pub enum AuthError {
    /// Unknown user, wrong password, wrong organisation, wrong card: one error for all.
    #[error("the credentials do not fit")]
    InvalidCredentials(RefusalCause),
    /// The password was right, but the account is disabled.
    #[error("the account is disabled")]
    AccountDisabled(RefusalCause),
    /// The password was right; the code of the second factor is missing or wrong.
    #[error("the second factor is missing or wrong")]
    SecondFactorRequired(RefusalCause),
    /// The token is unknown, expired, revoked, used up, or of another purpose.
    #[error("the token is not valid")]
    InvalidToken(RefusalCause),
    /// The token is live or the credentials are right, but the user may not do this; or the client is blocked.
    #[error("the user may not do this")]
    Forbidden(RefusalCause),
    /// All hashing threads are busy and their queue is full.
    #[error("too many logins at once, retry in {} s", retry_after.as_secs())]
    Overloaded {
        /// How long to wait before a retry.
        retry_after: Duration,
    },
    /// There were too many wrong attempts, and a lock is active. The credentials were not checked.
    #[error("too many wrong tries, retry in {} s", retry_after.as_secs())]
    Throttled {
        /// How long the lock still lasts.
        retry_after: Duration,
        /// What the attempts were counted for.
        by: BucketKind,
    },
    /// A store is unavailable. Must never be treated as "not logged in".
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

impl AuthError {
    /// Returns the cause of a refusal, which only operators learn; `None` if the error says everything.
    pub fn cause(&self) -> Option<RefusalCause> {
        match self {
            Self::InvalidCredentials(cause)
            | Self::AccountDisabled(cause)
            | Self::SecondFactorRequired(cause)
            | Self::InvalidToken(cause)
            | Self::Forbidden(cause) => Some(cause.clone()),
            Self::Throttled { retry_after, by } => Some(RefusalCause::Locked {
                by: *by,
                retry_after: *retry_after,
            }),
            Self::Overloaded { .. } | Self::Unavailable(_) => None,
        }
    }

    /// Returns `true` if credentials were checked and refused, so that the attempt counts. This includes a right
    /// password when something else is missing: if such attempts did not count, a caller who is never locked out
    /// would know that the password is right.
    pub(crate) fn is_wrong_guess(&self) -> bool {
        match self {
            Self::InvalidCredentials(_)
            | Self::AccountDisabled(_)
            | Self::SecondFactorRequired(_) => true,
            Self::InvalidToken(_)
            | Self::Forbidden(_)
            | Self::Overloaded { .. }
            | Self::Throttled { .. }
            | Self::Unavailable(_) => false,
        }
    }
}

impl From<HashingError> for AuthError {
    fn from(error: HashingError) -> Self {
        match error {
            HashingError::Overloaded { retry_after } => Self::Overloaded { retry_after },
            HashingError::Unavailable(_) => Self::Unavailable(error.into()),
        }
    }
}

impl From<HashingError> for StoreError {
    fn from(error: HashingError) -> Self {
        let reason = match error {
            HashingError::Overloaded { .. } => error.to_string(),
            HashingError::Unavailable(reason) => reason,
        };
        Self::new("password hashing", reason)
    }
}

/// Why a password was not set.
#[derive(Debug, Error)]
pub enum PasswordError {
    /// No password like this can be set.
    #[error(transparent)]
    Invalid(#[from] InvalidPassword),
    /// The hashing threads are overloaded, the key is not valid, or a store is unavailable.
    #[error(transparent)]
    Auth(#[from] AuthError),
}

impl From<NewPasswordError> for PasswordError {
    fn from(error: NewPasswordError) -> Self {
        match error {
            NewPasswordError::Invalid(error) => Self::Invalid(error),
            NewPasswordError::Hashing(error) => Self::Auth(error.into()),
        }
    }
}

/// A failure of a store: it is unreachable, or returned something that cannot be decoded.
#[derive(Debug, Clone, Error)]
#[error("{store}: {reason}")]
pub struct StoreError {
    store: &'static str,
    reason: String,
    is_read_only: bool,
}

impl StoreError {
    /// Creates the error of a store that cannot be queried, or returned something that cannot be decoded.
    pub fn new(store: &'static str, reason: impl std::fmt::Display) -> Self {
        Self {
            store,
            reason: reason.to_string(),
            is_read_only: false,
        }
    }

    /// Creates the error of a store that can be queried but accepts no changes.
    pub fn read_only(store: &'static str, reason: impl std::fmt::Display) -> Self {
        Self {
            is_read_only: true,
            ..Self::new(store, reason)
        }
    }

    /// Returns `true` if the store accepts no changes although it can be queried.
    pub fn is_read_only(&self) -> bool {
        self.is_read_only
    }
}
