//! Validation of tokens.

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use super::Auth;
use super::lookup::is_active_in;
use crate::bearer_token::BearerToken;
use crate::client_identity::ClientIdentity;
use crate::error::AuthError;
use crate::observed_request::ObservedRequest;
use crate::purpose::Purpose;
use crate::refusal_cause::RefusalCause;
use crate::session::Session;
use crate::store::Record;
use crate::token::Token;
use crate::token_digest::TokenDigest;

impl Auth {
    /// Returns the session of a live token that has one of these purposes, and records its use.
    ///
    /// # Errors
    ///
    /// - [`AuthError::InvalidToken`] if the token is unknown, expired, ended, used up or of another purpose.
    /// - [`AuthError::Forbidden`] if the client is blocked.
    /// - [`AuthError::Unavailable`] if a store is unavailable, or if a use that moves the end of the token
    ///   cannot be recorded.
    pub async fn validate(
        &self,
        token: &Token,
        purposes: &[Purpose],
    ) -> Result<Session, AuthError> {
        let session = self.find_session(token, purposes).await?;
        self.record_use(session).await
    }

    /// Returns the session of a live token for a caller that is about to end it. The use is not recorded: a
    /// store that is full then does not refuse the end. Fails with [`AuthError::InvalidToken`] if there is no
    /// such token, with [`AuthError::Forbidden`] if the client is blocked, and with [`AuthError::Unavailable`]
    /// if a store is unavailable.
    pub(super) async fn find_session(
        &self,
        token: &Token,
        purposes: &[Purpose],
    ) -> Result<Session, AuthError> {
        let outcome = match self.find_unspent(token, purposes).await {
            Ok((digest, record)) => {
                if !record.is_live(self.now()) && !record.is_end_unconfirmed {
                    self.recent_tokens.remember(digest, &record);
                }
                self.session_of_record((digest, record), purposes).await
            }
            Err(miss) => Err(miss.into()),
        };
        if matches!(outcome, Err(AuthError::InvalidToken(_))) && purposes.contains(&Purpose::Access)
        {
            Box::pin(self.record_expired(token)).await?;
        }
        if let Err(error) = &outcome {
            self.note_refusal_of(token, error);
        }
        outcome
    }

    /// Records that the current request was refused because of that token.
    fn note_refusal_of(&self, token: &Token, error: &AuthError) {
        let handle = token.digest(&self.components.peppers.current);
        self.note_refusal(Some((token.realm().name(), handle)), error);
    }

    /// Records in the [`ClientIdentity`] of the current request that the token has expired. Does nothing if the
    /// token is not remembered as expired or was reported recently, or if it is invalid for another reason: its
    /// user is disabled, has ended all tokens, or cannot be looked up. Fails with [`AuthError::Forbidden`] if the
    /// client to which the token was issued is blocked.
    async fn record_expired(&self, token: &Token) -> Result<(), AuthError> {
        let digests = self
            .components
            .peppers
            .each()
            .map(|pepper| token.digest(pepper));
        let mut found = digests.filter_map(|digest| self.recent_tokens.find(digest, self.now()));
        let Some((record, expired)) = found.next() else {
            return Ok(());
        };
        let user = self.user_of(record.user).await;
        if !matches!(user, Ok(Some(user)) if is_active_in(&user, record.generation)) {
            return Ok(());
        }
        ClientIdentity::record_expired(record.client.as_ref(), record.application.as_ref(), expired)
    }

    /// Returns the session of a token that the store has. Fails with [`AuthError::InvalidToken`] if the token is
    /// not valid for these purposes, with [`AuthError::Forbidden`] if the client is blocked, and with
    /// [`AuthError::Unavailable`] if the directory is unavailable.
    async fn session_of_record(
        &self,
        (digest, record): (TokenDigest, Arc<Record>),
        purposes: &[Purpose],
    ) -> Result<Session, AuthError> {
        let user = self.owner(&record, purposes).await;
        let user = user.inspect_err(|_| ObservedRequest::record_named_user(record.user))?;
        ClientIdentity::record_user(&user, record.client.as_ref(), record.application.as_ref())?;
        Ok(Session {
            user,
            digest,
            record,
        })
    }

    /// Returns the session of a token that a resource server has received, and records its use.
    ///
    /// # Errors
    ///
    /// The errors of [`validate`](Self::validate), and [`AuthError::InvalidToken`] if the spelling of the token
    /// contains the number of another user.
    pub async fn validate_bearer(&self, presented: &BearerToken) -> Result<Session, AuthError> {
        let session = self.validate(&presented.token, presented.purposes).await?;
        self.check_owner(presented, &session)?;
        Ok(session)
    }

    /// Fails with [`AuthError::InvalidToken`] if the spelling of the token contains the number of another user.
    pub(super) fn check_owner(
        &self,
        presented: &BearerToken,
        session: &Session,
    ) -> Result<(), AuthError> {
        let outcome = presented.names(session);
        if let Err(error) = &outcome {
            self.note_refusal_of(&presented.token, error);
        }
        outcome
    }

    /// Returns the session of a token whose record this process has without a request to the store's server, and
    /// records its use. `None` does not mean that there is no such token:
    /// [`validate_bearer`](Self::validate_bearer) must be called.
    ///
    /// # Errors
    ///
    /// The errors of [`validate_bearer`](Self::validate_bearer).
    pub async fn validate_bearer_cached(
        &self,
        presented: &BearerToken,
    ) -> Result<Option<Session>, AuthError> {
        let digest = presented.token.digest(&self.components.peppers.current);
        let record = self.components.tokens.get_cached(digest);
        // A spent token needs the handling of a second use, which is not done here.
        let Some(record) = record.filter(|record| record.spent.is_none()) else {
            return Ok(None);
        };
        let session = self
            .session_of_record((digest, record), presented.purposes)
            .await;
        let session = session.inspect_err(|error| self.note_refusal_of(&presented.token, error))?;
        let session = self.record_use(session).await?;
        self.check_owner(presented, &session)?;
        Ok(Some(session))
    }

    /// Returns the session of a live token by its digest, and records its use. It is for a caller that has proof of
    /// the token other than the token itself, such as a JWT that was issued for it. The token may have any purpose:
    /// the issuer of the proof has checked that.
    ///
    /// # Errors
    ///
    /// - [`AuthError::InvalidToken`] if the token is unknown, expired, ended or used up, if its user or acting
    ///   administrator is disabled or has ended all tokens, or if the user no longer has the e-mail address to
    ///   which the token was sent.
    /// - [`AuthError::Forbidden`] if the client is blocked.
    /// - [`AuthError::Unavailable`] if a store is unavailable, or if a use that moves the end of the token
    ///   cannot be recorded.
    pub async fn validate_by_digest(&self, digest: TokenDigest) -> Result<Session, AuthError> {
        let record = self.record_of(digest).await?;
        let realm = record.as_ref().map(|record| record.realm.clone());
        let found = match record {
            Some(record) => {
                let purposes = [record.purpose];
                self.session_of_record((digest, record), &purposes).await
            }
            None => Err(AuthError::InvalidToken(RefusalCause::UnknownToken)),
        };
        let note = |error: &AuthError| {
            let realm = realm.as_deref().unwrap_or_default();
            self.note_refusal(Some((realm, digest)), error);
        };
        let session = found.inspect_err(note)?;
        self.record_use(session).await
    }

    /// Records the use of a token, and returns its session with the new record, or unchanged if the use is not
    /// worth recording. Each recorded use is a write. Fails with [`AuthError::InvalidToken`] if the token was
    /// ended concurrently, and with [`AuthError::Unavailable`] if the store refuses a use that moves the end of
    /// the token, or cannot be queried.
    ///
    /// If the store refuses a use that does not move the end, the token stays valid: the only loss is which of a
    /// user's tokens is the least recently used. But a token whose end moves with its use would end too early,
    /// after the response said that it is valid.
    async fn record_use(&self, session: Session) -> Result<Session, AuthError> {
        let now = self.now();
        let Session { digest, record, .. } = &session;
        let Some(after) = used(record, now) else {
            return Ok(session);
        };
        let moves = after.expires_at != record.expires_at;
        if !moves && self.unrecorded_uses.skips(now) {
            return Ok(session);
        }
        let after = Arc::new(after);
        let replaced = self
            .components
            .tokens
            .replace(*digest, record, &after, now)
            .await;
        let record = match replaced {
            Ok(true) => {
                self.recent_tokens.remember(*digest, &after);
                after
            }
            // Another request recorded a use, or the token was ended.
            Ok(false) => self
                .live(*digest)
                .await?
                .ok_or(AuthError::InvalidToken(RefusalCause::UnknownToken))?,
            Err(error) => {
                self.unrecorded_uses.refused(now, &error);
                if moves {
                    return Err(error.into());
                }
                return Ok(session);
            }
        };
        Ok(Session { record, ..session })
    }
}

/// Returns the record after a use that is worth recording: often if the use moves the token's end, rarely if it
/// only shows which of a user's tokens is the least recently used. `None` if the last recorded use is too
/// recent.
pub(crate) fn used(record: &Record, now: OffsetDateTime) -> Option<Record> {
    let every = if let Some(idle) = &record.idle {
        Duration::from_mins(1).min(Duration::from_millis(idle.span) / 2)
    } else {
        let life = record.expires_at - record.issued_at;
        Duration::from_hours(1).min(life.unsigned_abs() / 10)
    };
    if now - record.used_at < every {
        return None;
    }
    let mut after = record.clone();
    after.used_at = now;
    if let Some(idle) = &record.idle {
        after.expires_at = idle.end(now).max(record.expires_at);
    }
    Some(after)
}
