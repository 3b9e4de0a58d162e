//! A token as a resource server received it.

use crate::error::AuthError;
use crate::purpose::Purpose;
use crate::refusal_cause::RefusalCause;
use crate::session::Session;
use crate::token::Token;

/// A token that authenticates a call of a user, parsed from its dialect's spelling.
/// [`Auth::validate_bearer`](crate::Auth::validate_bearer) validates it.
#[derive(Debug, Clone)]
pub struct BearerToken {
    /// The token.
    pub token: Token,
    /// The purposes with which a token authenticates its user in the dialect.
    pub purposes: &'static [Purpose],
    /// The user's number, if the spelling contains it. The token of another user is then invalid.
    pub user_number: Option<i64>,
}

impl BearerToken {
    /// Creates a bearer token for a dialect in which only access tokens authenticate users.
    pub fn access(token: Token) -> Self {
        Self {
            token,
            purposes: &[Purpose::Access],
            user_number: None,
        }
    }

    /// Returns true if both are the same token of the same user, however they were spelled.
    pub fn is_same(&self, other: &Self) -> bool {
        self.token.is_same(&other.token) && self.user_number == other.user_number
    }

    /// Checks that the session is of the user whose number the spelling of the token contains. Fails with
    /// [`AuthError::InvalidToken`] if it is of another user. Accepts every session if the spelling contains no
    /// number.
    pub(crate) fn names(&self, session: &Session) -> Result<(), AuthError> {
        match self.user_number {
            Some(number) if number != session.user.number => {
                Err(AuthError::InvalidToken(RefusalCause::OtherUser))
            }
            Some(_) | None => Ok(()),
        }
    }
}
