//! What may they do, and for how long? Tokens from their issue to their end.

use std::time::Duration;

use time::OffsetDateTime;

use super::Auth;
use crate::clock::later;
use crate::error::{AuthError, StoreError};
use crate::session::{Concurrency, IssuedToken, Purpose, Session, Terms};
use crate::store::{Record, Slot};
use crate::token::{Realm, Token, TokenDigest, random_bits};
use crate::user::{User, UserState};

/// How often the end of a token that lives by its use is moved: each time is a write.
const USE_IS_NOTED_EVERY: Duration = Duration::from_mins(1);

impl Auth {
    /// Issues a token for a user who was admitted.
    pub async fn issue(
        &self,
        realm: Realm,
        user: &User,
        terms: Terms,
    ) -> Result<IssuedToken, AuthError> {
        let slot = self.slot(realm, user, &terms);
        let mut seed = None;
        if let (Concurrency::Reuse { at_least }, Some(slot)) = (terms.concurrency, slot) {
            if let Some(reused) = self.reuse(realm, user, *slot.digest(), at_least).await? {
                return Ok(reused);
            }
            seed = Some(random_bits().map_err(no_random_numbers)?);
        }
        let token = match &seed {
            Some(seed) => Token::derived(realm, &self.0.pepper, seed),
            None => Token::random(realm).map_err(no_random_numbers)?,
        };
        let digest = self.0.pepper.digest(&token);
        let issued_at = self.now();
        let record = Record {
            realm: realm.name().to_owned(),
            user: user.id,
            generation: user.generation,
            purpose: terms.purpose,
            slot,
            seed,
            idle: terms.lifetime.idle().map(whole_milliseconds),
            client: terms.client,
            application: terms.application,
            unit: terms.unit,
            actor: terms.actor,
            parent: terms.parent,
            issued_at,
            expires_at: later(issued_at, terms.lifetime.span()),
        };
        self.0.tokens.put(digest, &record, issued_at).await?;
        let session = session(user.clone(), digest, record);
        Ok(IssuedToken {
            token,
            session,
            handed_out_at: issued_at,
        })
    }

    /// The session that a live token opens, if it is for one of these purposes.
    pub async fn validate(
        &self,
        token: &Token,
        purposes: &[Purpose],
    ) -> Result<Session, AuthError> {
        let digest = self.0.pepper.digest(token);
        let mut record = self.live(digest).await?.ok_or(AuthError::InvalidToken)?;
        if !purposes.contains(&record.purpose) {
            return Err(AuthError::InvalidToken);
        }
        let user = self.0.directory.user(record.user).await?;
        let user = user
            .filter(|user| user.state == UserState::Active && user.generation == record.generation)
            .ok_or(AuthError::InvalidToken)?;
        self.note_use(digest, &mut record).await?;
        Ok(session(user, digest, record))
    }

    /// Uses a token up: of all who try, one gets the session. A token whose parent has ended
    /// is refused.
    pub async fn redeem(&self, token: &Token, purpose: Purpose) -> Result<Session, AuthError> {
        let session = self.validate(token, &[purpose]).await?;
        let record = self.0.tokens.take(session.digest).await?;
        let record = record.ok_or(AuthError::InvalidToken)?;
        if let Some(parent) = record.parent {
            self.live(parent).await?.ok_or(AuthError::InvalidToken)?;
        }
        Ok(session)
    }

    /// Ends a token. Ending one that is not there is no error.
    pub async fn revoke(&self, token: &Token) -> Result<(), AuthError> {
        self.end(self.0.pepper.digest(token)).await
    }

    /// Ends the token of that digest, as [`Auth::revoke`] does.
    pub async fn end(&self, digest: TokenDigest) -> Result<(), AuthError> {
        self.0.tokens.take(digest).await?;
        Ok(())
    }

    async fn live(&self, digest: TokenDigest) -> Result<Option<Record>, AuthError> {
        let record = self.0.tokens.get(digest).await?;
        Ok(record.filter(|record| record.expires_at > self.now()))
    }

    /// The token that was handed out last, if it still is as good as a fresh one.
    async fn reuse(
        &self,
        realm: Realm,
        user: &User,
        slot: TokenDigest,
        at_least: Duration,
    ) -> Result<Option<IssuedToken>, AuthError> {
        let Some(digest) = self.0.tokens.holder(slot).await? else {
            return Ok(None);
        };
        let record = self.live(digest).await?.filter(|record| {
            record.generation == user.generation && record.expires_at - self.now() >= at_least
        });
        let Some(record) = record else {
            return Ok(None);
        };
        let Some(seed) = &record.seed else {
            return Ok(None);
        };
        let token = Token::derived(realm, &self.0.pepper, seed);
        let session = session(user.clone(), digest, record);
        Ok(Some(IssuedToken {
            token,
            session,
            handed_out_at: self.now(),
        }))
    }

    /// Moves the end of a token that lives by its use, once a minute at the most.
    async fn note_use(&self, digest: TokenDigest, record: &mut Record) -> Result<(), AuthError> {
        let now = self.now();
        if let Some(end) = end_by_use(record, now) {
            record.expires_at = end;
            self.0.tokens.extend(digest, record, now).await?;
        }
        Ok(())
    }

    /// The place that a token takes: this user's, for this purpose, at this client and
    /// application.
    fn slot(&self, realm: Realm, user: &User, terms: &Terms) -> Option<Slot> {
        let digest = || {
            self.0.pepper.keyed(&[
                b"slot",
                realm.name().as_bytes(),
                user.id.as_bytes(),
                &[terms.purpose as u8],
                terms.client.as_deref().unwrap_or_default().as_bytes(),
                terms.application.as_deref().unwrap_or_default().as_bytes(),
            ])
        };
        match terms.concurrency {
            Concurrency::Many => None,
            Concurrency::OnePerClient => Some(Slot::Exclusive(digest())),
            Concurrency::Reuse { .. } => Some(Slot::Newest(digest())),
        }
    }
}

/// The end that a use gives a token, if it lives by its use and no use was noted a moment ago.
pub(crate) fn end_by_use(record: &Record, now: OffsetDateTime) -> Option<OffsetDateTime> {
    let idle = Duration::from_millis(record.idle?);
    let end = later(now, idle);
    (end - record.expires_at >= USE_IS_NOTED_EVERY.min(idle / 2)).then_some(end)
}

fn no_random_numbers(error: impl std::fmt::Display) -> StoreError {
    StoreError::new("random numbers", error)
}

fn whole_milliseconds(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

fn session(user: User, digest: TokenDigest, record: Record) -> Session {
    Session {
        user,
        purpose: record.purpose,
        client: record.client,
        application: record.application,
        unit: record.unit,
        actor: record.actor,
        parent: record.parent,
        digest,
        issued_at: record.issued_at,
        expires_at: record.expires_at,
    }
}
