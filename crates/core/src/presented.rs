//! A token as a service behind the gateway received it.

use crate::error::AuthError;
use crate::purpose::Purpose;
use crate::session::Session;
use crate::token::Token;

/// A token that speaks for a user on a call, read in its dialect's spelling. What it opens is for
/// [`Auth::open`](crate::Auth::open) to say.
#[derive(Debug, Clone)]
pub struct Presented {
    /// The token.
    pub token: Token,
    /// What a token may be for that speaks for its user in that dialect.
    pub purposes: &'static [Purpose],
    /// The user's number, where the spelling has it. A token that is another user's is none.
    pub user_number: Option<i64>,
}

impl Presented {
    /// A token of a dialect in which access tokens speak for users, and nothing else does.
    pub fn access(token: Token) -> Self {
        Self {
            token,
            purposes: &[Purpose::Access],
            user_number: None,
        }
    }

    /// Refuses the session of another user than the spelling has.
    pub(crate) fn names(&self, session: &Session) -> Result<(), AuthError> {
        match self.user_number {
            Some(number) if number != session.user.number => Err(AuthError::InvalidToken),
            Some(_) | None => Ok(()),
        }
    }
}
