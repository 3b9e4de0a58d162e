//! What may they do, and for how long? Tokens from their first use to their end.

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use super::Auth;
use super::once::Miss;
use crate::client::Client;
use crate::error::{AuthError, StoreError};
use crate::presented::Presented;
use crate::purpose::Purpose;
use crate::session::Session;
use crate::store::Record;
use crate::token::Token;
use crate::token_digest::TokenDigest;
use crate::user::{Role, User, UserState};

impl Auth {
    /// The session that a live token opens, if it is for one of these purposes.
    pub async fn validate(
        &self,
        token: &Token,
        purposes: &[Purpose],
    ) -> Result<Session, AuthError> {
        let session = self.find_session(token, purposes).await?;
        self.record_use(session).await
    }

    /// The same, for a caller that is about to end the token: its use is not recorded, so that a store which
    /// is full does not refuse the end for it.
    pub(super) async fn find_session(
        &self,
        token: &Token,
        purposes: &[Purpose],
    ) -> Result<Session, AuthError> {
        let outcome = match self.find_unspent(token, purposes).await {
            Ok((digest, record)) => {
                if !record.is_live(self.now()) && !record.is_end_unconfirmed {
                    self.1.remember(digest, &record);
                }
                self.admit((digest, record), purposes).await
            }
            Err(miss) => Err(miss.into()),
        };
        if matches!(outcome, Err(AuthError::InvalidToken)) && purposes.contains(&Purpose::Access) {
            Box::pin(self.note_expired(token)).await?;
        }
        outcome
    }

    /// Records it if the token is invalid because it has expired, as far as that is known, and not
    /// because its user has ended all tokens.
    async fn note_expired(&self, token: &Token) -> Result<(), AuthError> {
        let digests = self.0.peppers.each().map(|pepper| token.digest(pepper));
        let mut found = digests.filter_map(|digest| self.1.find(digest, self.now()));
        let Some((record, expired)) = found.next() else {
            return Ok(());
        };
        let user = self.user_of(record.user).await;
        if !matches!(user, Ok(Some(user)) if is_of(&user, record.generation)) {
            return Ok(());
        }
        Client::note_expired(record.client.as_ref(), record.application.as_ref(), expired)
    }

    /// The session of a token that the store knows of.
    async fn admit(
        &self,
        (digest, record): (TokenDigest, Arc<Record>),
        purposes: &[Purpose],
    ) -> Result<Session, AuthError> {
        let user = self.owner(&record, purposes).await?;
        Client::note_user(&user, record.client.as_ref(), record.application.as_ref())?;
        Ok(Session {
            user,
            digest,
            record,
        })
    }

    /// The session that a token opens which a service behind the gateway has received.
    pub async fn open(&self, presented: &Presented) -> Result<Session, AuthError> {
        let session = self.validate(&presented.token, presented.purposes).await?;
        presented.names(&session)?;
        Ok(session)
    }

    /// The same, if the store knows of the token without asking anybody. It may be there if not.
    pub async fn open_kept(&self, presented: &Presented) -> Result<Option<Session>, AuthError> {
        let digest = presented.token.digest(&self.0.peppers.current);
        let record = self.0.tokens.kept(digest);
        // A second use is for others to judge.
        let Some(record) = record.filter(|record| record.spent.is_none()) else {
            return Ok(None);
        };
        let session = self.admit((digest, record), presented.purposes).await?;
        let session = self.record_use(session).await?;
        presented.names(&session)?;
        Ok(Some(session))
    }

    /// Returns the session of a token for a request that ends it. It may have ended: a log-out that was answered as
    /// unavailable, since too few replicas had it, can be repeated.
    pub async fn validate_to_end(
        &self,
        token: &Token,
        purposes: &[Purpose],
    ) -> Result<Session, AuthError> {
        match self.find_session(token, purposes).await {
            Err(AuthError::InvalidToken) => {
                Box::pin(self.session_with_unconfirmed_end(token, purposes)).await
            }
            found => found,
        }
    }

    /// As [`validate_to_end`](Self::validate_to_end), for a token as [`open`](Self::open) takes it.
    pub async fn open_to_end(&self, presented: &Presented) -> Result<Session, AuthError> {
        let session = self
            .validate_to_end(&presented.token, presented.purposes)
            .await?;
        presented.names(&session)?;
        Ok(session)
    }

    async fn session_with_unconfirmed_end(
        &self,
        token: &Token,
        purposes: &[Purpose],
    ) -> Result<Session, AuthError> {
        for pepper in self.0.peppers.each() {
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
        Err(AuthError::InvalidToken)
    }

    pub(super) async fn try_close(
        &self,
        token: &Token,
        purpose: Purpose,
    ) -> Result<Session, AuthError> {
        let session = self.validate_to_end(token, &[purpose]).await?;
        let record = self.0.tokens.take(session.digest).await?;
        self.1.forget(session.digest);
        record.map(|_| session).ok_or(AuthError::InvalidToken)
    }

    /// What the store knows of a token, under whichever pepper it was issued. A one-time token
    /// that was used before is an alarm.
    pub(super) async fn find_unspent(
        &self,
        token: &Token,
        purposes: &[Purpose],
    ) -> Result<(TokenDigest, Arc<Record>), Miss> {
        for pepper in self.0.peppers.each() {
            let digest = token.digest(pepper);
            let Some(record) = self.record_of(digest).await? else {
                continue;
            };
            let is_spent = record.spent.is_some() && !record.is_end_unconfirmed;
            if is_spent && purposes.contains(&record.purpose) {
                // Seldom, and in a place of its own: others need no room for it.
                Box::pin(self.used_again(digest, record)).await?;
                return Err(Miss::UsedAgain);
            }
            return Ok((digest, record));
        }
        Err(AuthError::InvalidToken.into())
    }

    /// The user of a live token that is for one of these purposes.
    pub(super) async fn owner(
        &self,
        record: &Record,
        purposes: &[Purpose],
    ) -> Result<Arc<User>, AuthError> {
        if !record.is_live(self.now()) || !purposes.contains(&record.purpose) {
            return Err(AuthError::InvalidToken);
        }
        let user = self.user_of(record.user).await?;
        let user = user
            .filter(|user| is_of(user, record.generation) && self.is_still_addressed(user, record));
        let user = user.ok_or(AuthError::InvalidToken)?;
        let Some(actor) = record.actor else {
            return Ok(user);
        };
        let actor = self.user_of(actor).await?;
        let actor = actor.filter(|actor| vouches(actor, record));
        actor.map(|_| user).ok_or(AuthError::InvalidToken)
    }

    pub(super) async fn live(&self, digest: TokenDigest) -> Result<Option<Arc<Record>>, AuthError> {
        let record = self.record_of(digest).await?;
        Ok(record.filter(|record| record.is_live(self.now())))
    }

    /// What is kept near is at hand without waiting for anything.
    pub(super) async fn record_of(
        &self,
        digest: TokenDigest,
    ) -> Result<Option<Arc<Record>>, StoreError> {
        match self.0.tokens.kept(digest) {
            Some(record) => Ok(Some(record)),
            None => self.0.tokens.get(digest).await,
        }
    }

    /// Likewise.
    pub(super) async fn user_of(&self, id: Uuid) -> Result<Option<Arc<User>>, StoreError> {
        match self.0.directory.kept(id) {
            Some(user) => Ok(Some(user)),
            None => self.0.directory.user(id).await,
        }
    }

    /// Records the use of a token, and returns its session with that. Each time is a write.
    ///
    /// A store that refuses writes ends no token: without the record it is only not known which of a user's
    /// tokens was used least. But a token whose end moves with its use would end too early, after the client was
    /// told that it is valid, so that use is "unavailable".
    async fn record_use(&self, session: Session) -> Result<Session, AuthError> {
        let now = self.now();
        let Session { digest, record, .. } = &session;
        let Some(after) = used(record, now) else {
            return Ok(session);
        };
        let moves = after.expires_at != record.expires_at;
        if !moves && self.2.skips(now) {
            return Ok(session);
        }
        let after = Arc::new(after);
        let replaced = self.0.tokens.replace(*digest, record, &after, now).await;
        let record = match replaced {
            Ok(true) => {
                self.1.remember(*digest, &after);
                after
            }
            // Another request recorded a use, or the token was ended.
            Ok(false) => self.live(*digest).await?.ok_or(AuthError::InvalidToken)?,
            Err(error) => {
                self.2.refused(now, &error);
                if moves {
                    return Err(error.into());
                }
                return Ok(session);
            }
        };
        Ok(Session { record, ..session })
    }
}

/// Whether tokens of that generation are good.
pub(super) fn is_of(user: &User, generation: i64) -> bool {
    user.state == UserState::Active && user.generation == generation
}

/// Whether an administrator still stands behind a token for another user.
pub(super) fn vouches(actor: &User, record: &Record) -> bool {
    let generation = record.actor_generation.unwrap_or(actor.generation);
    actor.role == Role::Admin && is_of(actor, generation)
}

/// The record after a use that is worth noting: often if that moves the token's end, seldom if it
/// only tells which of a user's tokens was used least.
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
