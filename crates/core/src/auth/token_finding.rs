//! What a token is, for operators.

use super::Auth;
use crate::bearer_token::BearerToken;
use crate::error::AuthError;
use crate::refusal_cause::RefusalCause;
use crate::store::Record;
use crate::token_digest::TokenDigest;

/// What is known of a token.
#[derive(Debug, Clone)]
pub struct TokenFinding {
    /// The handle of the token.
    pub handle: TokenDigest,
    /// The record of the token. `None` if the token store has none.
    pub record: Option<Record>,
    /// Why the token is not valid. `None` if it is.
    pub cause: Option<RefusalCause>,
}

impl Auth {
    /// Returns what is known of a token, without recording a use of it, or a second use of a one-time token.
    ///
    /// # Errors
    ///
    /// [`AuthError::Unavailable`] if a store is unavailable.
    pub async fn examine_token(&self, presented: &BearerToken) -> Result<TokenFinding, AuthError> {
        let token = &presented.token;
        for pepper in self.components.peppers.each() {
            let handle = token.digest(pepper);
            let Some(record) = self.record_of(handle).await? else {
                continue;
            };
            let cause = match self.owner(&record, &[record.purpose]).await {
                Ok(_) => None,
                Err(AuthError::InvalidToken(_)) if record.spent.is_some() => {
                    Some(RefusalCause::UsedAgain)
                }
                Err(AuthError::InvalidToken(cause)) => Some(cause),
                Err(error) => return Err(error),
            };
            let record = Some(Record::clone(&record));
            return Ok(TokenFinding {
                handle,
                record,
                cause,
            });
        }
        Ok(TokenFinding {
            handle: token.digest(&self.components.peppers.current),
            record: None,
            cause: Some(RefusalCause::UnknownToken),
        })
    }
}
