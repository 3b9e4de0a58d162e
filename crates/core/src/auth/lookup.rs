//! Lookups of the records of tokens, and of their users.

use std::sync::Arc;

use uuid::Uuid;

use super::Auth;
use super::one_time_tokens::RedeemError;
use crate::error::{AuthError, StoreError};
use crate::purpose::Purpose;
use crate::refusal_cause::RefusalCause;
use crate::store::Record;
use crate::token::Token;
use crate::token_digest::TokenDigest;
use crate::user::{Role, User, UserState};

impl Auth {
    /// Returns the digest and the record of a token, under whichever pepper it was issued; it may have expired.
    /// Fails with [`RedeemError::Reused`] for the second use of a one-time token, which raises an alarm, with
    /// [`AuthError::InvalidToken`] if there is no record, and with [`AuthError::Unavailable`] if a store is
    /// unavailable.
    pub(super) async fn find_unspent(
        &self,
        token: &Token,
        purposes: &[Purpose],
    ) -> Result<(TokenDigest, Arc<Record>), RedeemError> {
        for pepper in self.components.peppers.each() {
            let digest = token.digest(pepper);
            let Some(record) = self.record_of(digest).await? else {
                continue;
            };
            let is_spent = record.spent.is_some() && !record.is_end_unconfirmed;
            if is_spent && purposes.contains(&record.purpose) {
                // Boxed: rare path, large future.
                Box::pin(self.on_reuse(digest, record)).await?;
                return Err(RedeemError::Reused);
            }
            return Ok((digest, record));
        }
        Err(AuthError::InvalidToken(RefusalCause::UnknownToken).into())
    }

    /// Returns the user of a live token that has one of these purposes. Fails with [`AuthError::InvalidToken`]
    /// if the token is not live or has another purpose, if the user or the acting administrator has ended all
    /// tokens or is disabled, or if the user no longer has the e-mail address to which the token was sent; with
    /// [`AuthError::Unavailable`] if the directory is unavailable.
    pub(super) async fn owner(
        &self,
        record: &Record,
        purposes: &[Purpose],
    ) -> Result<Arc<User>, AuthError> {
        if !record.is_live(self.now()) {
            let at = record.expires_at;
            let cause = if at <= self.now() {
                RefusalCause::TokenExpired { at }
            } else {
                RefusalCause::UnknownToken
            };
            return Err(AuthError::InvalidToken(cause));
        }
        if !purposes.contains(&record.purpose) {
            return Err(AuthError::InvalidToken(RefusalCause::OtherPurpose));
        }
        let user = self.user_of(record.user).await?;
        let user = user.filter(|user| {
            is_active_in(user, record.generation) && self.has_bound_address(user, record)
        });
        let user = user.ok_or(AuthError::InvalidToken(RefusalCause::UserChanged))?;
        let Some(actor) = record.actor else {
            return Ok(user);
        };
        let actor = self.user_of(actor).await?;
        let actor = actor.filter(|actor| may_still_impersonate(actor, record));
        actor
            .map(|_| user)
            .ok_or(AuthError::InvalidToken(RefusalCause::ActorChanged))
    }

    /// Returns the record of a token; `None` if there is none or the token is not live. Fails with
    /// [`AuthError::Unavailable`] if the token store is unavailable.
    pub(super) async fn live(&self, digest: TokenDigest) -> Result<Option<Arc<Record>>, AuthError> {
        let record = self.record_of(digest).await?;
        Ok(record.filter(|record| record.is_live(self.now())))
    }

    /// Returns the record of a digest, from the near cache if present: that needs no await. `None` if there is
    /// no such record. Fails if the token store is unavailable.
    pub(super) async fn record_of(
        &self,
        digest: TokenDigest,
    ) -> Result<Option<Arc<Record>>, StoreError> {
        match self.components.tokens.get_cached(digest) {
            Some(record) => Ok(Some(record)),
            None => self.components.tokens.get(digest).await,
        }
    }

    /// Returns the user of that id, from the near cache if present. `None` if there is no such user. Fails if
    /// the directory is unavailable.
    pub(super) async fn user_of(&self, id: Uuid) -> Result<Option<Arc<User>>, StoreError> {
        match self.components.directory.user_cached(id) {
            Some(user) => Ok(Some(user)),
            None => self.components.directory.user(id).await,
        }
    }
}

/// Returns whether the user is active and tokens of that generation are valid.
pub(super) fn is_active_in(user: &User, generation: i64) -> bool {
    user.state == UserState::Active && user.generation == generation
}

/// Returns whether `actor` may still act through the token of `record` for another user: an active administrator
/// of the same generation as at the issue, if that was recorded.
pub(super) fn may_still_impersonate(actor: &User, record: &Record) -> bool {
    let generation = record.actor_generation.unwrap_or(actor.generation);
    actor.role == Role::Admin && is_active_in(actor, generation)
}
