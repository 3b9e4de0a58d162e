//! Why an operation was refused, in events.

use serde::{Serialize, Serializer};

use crate::error::{AuthError, PasswordError};
use crate::refusal_cause::RefusalCause;

/// Why an operation was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalReason {
    /// The credentials are wrong.
    Credentials,
    /// The account is disabled.
    Disabled,
    /// The second factor is missing or wrong.
    SecondFactor,
    /// The token is not valid.
    Token,
    /// The one-time token was used before.
    UsedAgain,
    /// The user may not do this.
    Forbidden,
    /// The key does not have the scope.
    Scope,
    /// There is no such user in the administrator's organisation.
    UnknownUser,
    /// The new password cannot be set.
    Password,
    /// There were too many wrong attempts, or too many e-mails.
    Throttled,
    /// There are too many logins at once.
    Overloaded,
    /// A store is unavailable.
    Unavailable,
    /// A synchronisation would have disabled too many users.
    Brake,
}

impl RefusalReason {
    /// Returns the name in events, such as `credentials`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Disabled => "disabled",
            Self::SecondFactor => "second_factor",
            Self::Token => "token",
            Self::UsedAgain => "used_again",
            Self::Forbidden => "forbidden",
            Self::Scope => "scope",
            Self::UnknownUser => "unknown_user",
            Self::Password => "password",
            Self::Throttled => "throttled",
            Self::Overloaded => "overloaded",
            Self::Unavailable => "unavailable",
            Self::Brake => "brake",
        }
    }
}

impl Serialize for RefusalReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Why an operation was refused, as an event says it.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The reason, as coarse as the client's.
    pub reason: RefusalReason,
    /// The cause, which the client does not learn. `None` if the reason says everything.
    pub cause: Option<RefusalCause>,
    /// What a store said that is unavailable. `None` for other reasons.
    pub error: Option<String>,
}

impl From<RefusalReason> for Refusal {
    fn from(reason: RefusalReason) -> Self {
        Self {
            reason,
            cause: None,
            error: None,
        }
    }
}

impl From<&AuthError> for Refusal {
    fn from(error: &AuthError) -> Self {
        Self {
            reason: error.into(),
            cause: error.cause(),
            error: match error {
                AuthError::Unavailable(error) => Some(error.to_string()),
                AuthError::InvalidCredentials(_)
                | AuthError::AccountDisabled(_)
                | AuthError::SecondFactorRequired(_)
                | AuthError::InvalidToken(_)
                | AuthError::Forbidden(_)
                | AuthError::Overloaded { .. }
                | AuthError::Throttled { .. } => None,
            },
        }
    }
}

impl From<&PasswordError> for Refusal {
    fn from(error: &PasswordError) -> Self {
        match error {
            PasswordError::Invalid(_) => RefusalReason::Password.into(),
            PasswordError::Auth(error) => error.into(),
        }
    }
}

impl From<&AuthError> for RefusalReason {
    fn from(error: &AuthError) -> Self {
        match error {
            AuthError::InvalidCredentials(_) => Self::Credentials,
            AuthError::AccountDisabled(_) => Self::Disabled,
            AuthError::SecondFactorRequired(_) => Self::SecondFactor,
            AuthError::InvalidToken(_) => Self::Token,
            AuthError::Forbidden(_) => Self::Forbidden,
            AuthError::Overloaded { .. } => Self::Overloaded,
            AuthError::Throttled { .. } => Self::Throttled,
            AuthError::Unavailable(_) => Self::Unavailable,
        }
    }
}
