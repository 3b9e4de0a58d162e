//! Issuing tokens: a new one, or the previous one if the terms reuse it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use metrics::counter;
use secrecy::ExposeSecret as _;
use tracing::warn;

use super::Auth;
use crate::audit::RequestContext;
use crate::client_identity::ClientIdentity;
use crate::clock::later;
use crate::error::{AuthError, StoreError};
use crate::pepper::Pepper;
use crate::refusal_cause::RefusalCause;
use crate::session::{Concurrency, IssuedToken, Session, Terms};
use crate::store::{Record, Slot};
use crate::throttle::ClientIp;
use crate::token::{Realm, Seed, Token};
use crate::token_digest::TokenDigest;
use crate::user::User;

impl Auth {
    /// Issues a token and ends those that it replaces, or returns the previous token again if the terms reuse
    /// it. Fails with [`AuthError::Forbidden`] if the client is blocked or the maximum time from the login is
    /// over, with [`AuthError::InvalidCredentials`] if the user no longer exists, and with
    /// [`AuthError::Unavailable`] if a store is unavailable or the system gives no random numbers.
    pub(super) async fn issue_token(
        &self,
        realm: Realm,
        user: &User,
        terms: &Terms,
    ) -> Result<IssuedToken, AuthError> {
        ClientIdentity::record_user(user, terms.client.as_ref(), terms.application.as_ref())?;
        let issued_at = self.now();
        let latest = terms.max_authentication_age.map(|span| {
            let lineage = terms.lineage.as_ref();
            later(lineage.map_or(issued_at, |lineage| lineage.login_at), span)
        });
        if latest.is_some_and(|latest| latest <= issued_at) {
            return Err(AuthError::Forbidden(RefusalCause::LoginTooOld));
        }
        let mut seed = None;
        if let Concurrency::Reuse { at_least } = terms.concurrency {
            if let Some(reused) = self.reuse(realm, user, terms, at_least).await? {
                return Ok(reused);
            }
            seed = Some(Seed::random().map_err(no_random_numbers)?);
        }
        let pepper = &self.components.peppers.current;
        let token = match &seed {
            Some(seed) => Token::derived(realm, pepper, seed),
            None => Token::random(realm).map_err(no_random_numbers)?,
        };
        let digest = token.digest(pepper);
        let (expires_at, idle) = terms.lifetime.begin(issued_at, latest);
        let record = Record {
            generation: user.generation,
            slot: slot(pepper, realm, user, terms),
            seed,
            idle,
            client: terms.client.clone(),
            application: terms.application.clone(),
            registered_application: terms.registered_application.clone(),
            unit: terms.unit.clone(),
            actor: terms.actor.map(|actor| actor.id),
            actor_generation: terms.actor.and_then(|actor| actor.generation),
            team: terms.team.clone(),
            project: terms.claimed_project.clone(),
            parent: terms.parent,
            lineage: terms.lineage.clone(),
            source: login_address(terms),
            address: terms
                .address
                .as_ref()
                .map(|address| self.address_digest(user, address.expose_secret())),
            at_most: match terms.concurrency {
                Concurrency::AtMost(most) => Some(most.get()),
                Concurrency::Many | Concurrency::OnePerClient | Concurrency::Reuse { .. } => None,
            },
            ..Record::new(realm, user.id, terms.purpose, (issued_at, expires_at))
        };
        let evicted = self
            .components
            .tokens
            .put(digest, &record, issued_at)
            .await?;
        if !evicted.is_empty() {
            for digest in &evicted {
                self.recent_tokens.forget(*digest);
            }
            log_evictions(user, &evicted);
            self.record_evictions(realm, user, &evicted);
        }
        if let Err(error) = self.complete_issue(realm, user, terms, digest).await {
            // The client does not get the token.
            if let Err(error) = self.components.tokens.remove(digest).await {
                warn!(session = %digest, %error, "a token that was not sent to its client stays stored until it expires");
            }
            return Err(error);
        }
        let record = Arc::new(record);
        self.recent_tokens.remember(digest, &record);
        let session = Session {
            user: Arc::new(user.clone()),
            digest,
            record,
        };
        Ok(IssuedToken {
            token,
            session,
            returned_at: issued_at,
        })
    }

    /// Completes the issue of a token that is stored: ends the token that it replaces under the previous pepper,
    /// and records it with the one-time token that was redeemed for it. Fails if the client must not get the
    /// token: with [`AuthError::InvalidCredentials`] if the user no longer exists, and with
    /// [`AuthError::Unavailable`] if a store is unavailable.
    async fn complete_issue(
        &self,
        realm: Realm,
        user: &User,
        terms: &Terms,
        digest: TokenDigest,
    ) -> Result<(), AuthError> {
        // Erasing a user removes the user first and tokens afterwards. So either that finds this token, or the
        // user is gone here.
        if self.user_of(user.id).await?.is_none() {
            return Err(AuthError::InvalidCredentials(RefusalCause::Erased));
        }
        self.end_exclusive_of_previous_pepper(realm, user, terms)
            .await?;
        match terms.redeemed {
            Some(redeemed) => self.record_child(redeemed, digest).await,
            None => Ok(()),
        }
    }

    /// Returns the token that was issued last on these terms, if it is live for at least the given time and its
    /// user's generation is unchanged. `None` if a new one must be issued. Fails with [`AuthError::Unavailable`]
    /// if the token store is unavailable.
    async fn reuse(
        &self,
        realm: Realm,
        user: &User,
        terms: &Terms,
        at_least: Duration,
    ) -> Result<Option<IssuedToken>, AuthError> {
        for pepper in self.components.peppers.each() {
            let Some(slot) = slot(pepper, realm, user, terms) else {
                continue;
            };
            let Some(digest) = self.components.tokens.slot_holder(*slot.digest()).await? else {
                continue;
            };
            let record = self.live(digest).await?.filter(|record| {
                record.generation == user.generation && record.expires_at - self.now() >= at_least
            });
            if let Some((record, seed)) = record.and_then(|record| {
                let seed = record.seed?;
                Some((record, seed))
            }) {
                return Ok(Some(IssuedToken {
                    token: Token::derived(realm, pepper, &seed),
                    session: Session {
                        user: Arc::new(user.clone()),
                        digest,
                        record,
                    },
                    returned_at: self.now(),
                }));
            }
        }
        Ok(None)
    }

    /// Ends the token that holds the exclusive slot of the terms under the previous pepper, if there is such a
    /// token. The slot has another digest under the current pepper, so the new token does not replace that holder.
    /// Fails with [`AuthError::Unavailable`] if the token store is unavailable.
    async fn end_exclusive_of_previous_pepper(
        &self,
        realm: Realm,
        user: &User,
        terms: &Terms,
    ) -> Result<(), AuthError> {
        let Some(previous) = &self.components.peppers.previous else {
            return Ok(());
        };
        if let Some(Slot::Exclusive(slot)) = slot(previous, realm, user, terms)
            && let Some(before) = self.components.tokens.slot_holder(slot).await?
        {
            self.revoke_by_digest(before).await?;
        }
        Ok(())
    }
}

/// Returns the slot that a token on these terms takes: that of its user, purpose, client, application and topic
/// in the dialect. `None` if the terms allow several such tokens.
fn slot(pepper: &Pepper, realm: Realm, user: &User, terms: &Terms) -> Option<Slot> {
    let digest = || {
        let purpose = [terms.purpose as u8];
        let mut parts: Vec<&[u8]> = vec![
            b"slot",
            realm.name().as_bytes(),
            user.id.as_bytes(),
            &purpose,
            terms.client.as_deref().unwrap_or_default().as_bytes(),
            terms.application.as_deref().unwrap_or_default().as_bytes(),
        ];
        parts.extend(terms.topic.map(str::as_bytes));
        pepper.digest_of(&parts)
    };
    match terms.concurrency {
        Concurrency::Many | Concurrency::AtMost(_) => None,
        Concurrency::OnePerClient => Some(Slot::Exclusive(digest())),
        Concurrency::Reuse { .. } => Some(Slot::Newest(digest())),
    }
}

/// Counts and logs the tokens that were ended because their user had too many.
fn log_evictions(user: &User, evicted: &[TokenDigest]) {
    counter!("isogloss_sessions_evicted_total").increment(evicted.len() as u64);
    for handle in evicted {
        warn!(
            user = %user.id,
            session = %handle,
            "ended the session that was used least: the user has too many"
        );
    }
}

/// Returns the address from which the user logged in: that of the current request, unless the token is derived.
fn login_address(terms: &Terms) -> Option<IpAddr> {
    if terms.lineage.is_some() {
        return terms.login_address;
    }
    RequestContext::current().source.map(ClientIp::address)
}

fn no_random_numbers(error: impl std::fmt::Display) -> StoreError {
    StoreError::new("random numbers", error)
}
