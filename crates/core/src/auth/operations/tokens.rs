//! Operations on tokens, with their audit events.

use crate::audit::{Event, EventKind};
use crate::auth::Auth;
use crate::auth::one_time_tokens::RedeemError;
use crate::error::AuthError;
use crate::purpose::Purpose;
use crate::session::{IssuedToken, Session, Terms};
use crate::token::{Realm, Token};
use crate::token_digest::TokenDigest;
use crate::user::User;

/// Tokens.
impl Auth {
    /// Issues a token for a user who was admitted and returns it, or returns the previous token again if the
    /// terms reuse it. If that fails because a store is unavailable, the one-time token that was redeemed for
    /// the new token is made valid again, if possible.
    ///
    /// # Errors
    ///
    /// - [`AuthError::InvalidCredentials`] if the user no longer exists.
    /// - [`AuthError::Forbidden`] if the client is blocked, or if [`Terms::max_authentication_age`] has passed.
    /// - [`AuthError::Unavailable`] if a store is unavailable or the system gives no random numbers.
    pub async fn issue(
        &self,
        realm: Realm,
        user: &User,
        terms: Terms,
    ) -> Result<IssuedToken, AuthError> {
        let outcome = self.issue_token(realm, user, &terms).await;
        if let (Err(AuthError::Unavailable(_)), Some(redeemed)) = (&outcome, terms.redeemed) {
            Box::pin(self.undo_redemption(redeemed)).await;
        }
        let event = Event {
            dialect: Some(realm.name().to_owned()),
            ..self.event(EventKind::Issue)
        };
        self.record(match &outcome {
            Ok(issued) => Event {
                parent: terms.redeemed.or(terms.parent),
                ..event.of_session(&issued.session)
            },
            Err(error) => Event {
                purpose: Some(terms.purpose),
                ..event.about(user).refused(error)
            },
        });
        outcome
    }

    /// Redeems a one-time token and returns its session; of several concurrent callers, one gets it. A second
    /// use has the consequences of [`SecondUse`](crate::SecondUse).
    ///
    /// # Errors
    ///
    /// - [`AuthError::InvalidToken`] if the token is unknown, expired, used before or of another purpose, or if
    ///   it is a [`Purpose::Handover`] token whose parent has ended.
    /// - [`AuthError::Forbidden`] if the client is blocked.
    /// - [`AuthError::Unavailable`] if a store is unavailable.
    pub async fn redeem(&self, token: &Token, purpose: Purpose) -> Result<Session, AuthError> {
        let outcome = self.redeem_once(token, purpose).await;
        let event = self.event_of(token, purpose, EventKind::Redeem);
        match &outcome {
            Ok(session) => self.record(event.of_session(session)),
            // Already recorded, with all that is known of the token.
            Err(RedeemError::Reused) => {}
            Err(RedeemError::Refused(error)) => self.record(event.refused(error)),
        }
        outcome.map_err(AuthError::from)
    }

    /// Ends a live token and returns its session; of several concurrent callers, one gets it. A call that failed
    /// as unavailable, because too few replicas confirmed the end, can be repeated.
    ///
    /// # Errors
    ///
    /// - [`AuthError::InvalidToken`] if the token is unknown, expired, ended or of another purpose.
    /// - [`AuthError::Forbidden`] if the client is blocked.
    /// - [`AuthError::Unavailable`] if a store is unavailable.
    pub async fn revoke(&self, token: &Token, purpose: Purpose) -> Result<Session, AuthError> {
        let outcome = self.try_revoke(token, purpose).await;
        let event = self.event_of(token, purpose, EventKind::Revoke);
        self.record(match &outcome {
            Ok(session) => event.of_session(session),
            Err(error) => event.refused(error),
        });
        outcome
    }

    /// Ends the token of that digest. A token that does not exist is no error.
    ///
    /// # Errors
    ///
    /// [`AuthError::Unavailable`] if the token store is unavailable.
    pub async fn revoke_by_digest(&self, digest: TokenDigest) -> Result<(), AuthError> {
        let taken = self
            .components
            .tokens
            .remove(digest)
            .await
            .map_err(AuthError::from);
        self.recent_tokens.forget(digest);
        let event = self.event(EventKind::Revoke);
        match &taken {
            Ok(Some(record)) if record.is_live(self.now()) => {
                self.record(event.of_record(digest, record));
            }
            // No live token has ended.
            Ok(_) => {}
            Err(error) => self.record(Event {
                handle: Some(digest),
                ..event.refused(error)
            }),
        }
        taken.map(drop)
    }
}
