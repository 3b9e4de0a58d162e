//! The end of a token: its session for the request that ends it, and its removal.

use std::sync::Arc;

use super::Auth;
use crate::bearer_token::BearerToken;
use crate::error::AuthError;
use crate::purpose::Purpose;
use crate::refusal_cause::RefusalCause;
use crate::session::Session;
use crate::token::Token;

impl Auth {
    /// Returns the session of a token for a request that ends it. The token may have ended: a logout that was
    /// refused as unavailable, because too few replicas had it, can be repeated. The use of the token is not
    /// recorded.
    ///
    /// # Errors
    ///
    /// - [`AuthError::InvalidToken`] if the token is unknown, expired, used up or of another purpose, or if its
    ///   end is confirmed.
    /// - [`AuthError::Forbidden`] if the client is blocked.
    /// - [`AuthError::Unavailable`] if a store is unavailable.
    pub async fn validate_to_end(
        &self,
        token: &Token,
        purposes: &[Purpose],
    ) -> Result<Session, AuthError> {
        match self.find_session(token, purposes).await {
            Err(error @ AuthError::InvalidToken(_)) => {
                match Box::pin(self.session_with_unconfirmed_end(token, purposes)).await {
                    // The first error names the cause.
                    Err(AuthError::InvalidToken(_)) => Err(error),
                    found => found,
                }
            }
            found => found,
        }
    }

    /// Returns the session of a token that a resource server has received, for a request that ends the token.
    /// The token may have ended, as for [`validate_to_end`](Self::validate_to_end). The use of the token is not
    /// recorded.
    ///
    /// # Errors
    ///
    /// The errors of [`validate_to_end`](Self::validate_to_end), and [`AuthError::InvalidToken`] if the spelling
    /// of the token contains the number of another user.
    pub async fn validate_bearer_to_end(
        &self,
        presented: &BearerToken,
    ) -> Result<Session, AuthError> {
        let session = self
            .validate_to_end(&presented.token, presented.purposes)
            .await?;
        self.check_owner(presented, &session)?;
        Ok(session)
    }

    /// Returns the session of a token that was ended, if too few replicas have confirmed the end. The session has
    /// the record as it was before the end. Fails with [`AuthError::InvalidToken`] if there is no such token for
    /// these purposes, and with [`AuthError::Unavailable`] if a store is unavailable.
    async fn session_with_unconfirmed_end(
        &self,
        token: &Token,
        purposes: &[Purpose],
    ) -> Result<Session, AuthError> {
        for pepper in self.components.peppers.each() {
            let digest = token.digest(pepper);
            let record = self.record_of(digest).await?;
            if let Some(record) = record.filter(|record| record.is_end_unconfirmed) {
                let record = Arc::new(record.before_unconfirmed_end());
                let user = self.owner(&record, purposes).await?;
                return Ok(Session {
                    user,
                    digest,
                    record,
                });
            }
        }
        Err(AuthError::InvalidToken(RefusalCause::UnknownToken))
    }

    /// Ends a token and returns its session; of several concurrent callers, one gets it. Fails with
    /// [`AuthError::InvalidToken`] if the token is not valid for that purpose, with [`AuthError::Forbidden`] if
    /// the client is blocked, and with [`AuthError::Unavailable`] if a store is unavailable.
    pub(super) async fn try_revoke(
        &self,
        token: &Token,
        purpose: Purpose,
    ) -> Result<Session, AuthError> {
        let session = self.validate_to_end(token, &[purpose]).await?;
        let record = self.components.tokens.remove(session.digest).await?;
        self.recent_tokens.forget(session.digest);
        record
            .map(|_| session)
            .ok_or(AuthError::InvalidToken(RefusalCause::UnknownToken))
    }
}
