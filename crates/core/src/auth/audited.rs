//! Operations whose outcome is recorded in the audit log.
//!
//! `validate` is not recorded: clients validate a token with each of their calls. A token that logs in again
//! causes an `issue`, with that token as its parent.

use secrecy::SecretString;

use super::once::Miss;
use super::{AccessCard, Auth, Credentials, Filter, OrganisationName, StrainedFilter};
use crate::audit::{Actor, By, Event, Kind, Name, Reason};
use crate::error::{AuthError, PasswordError};
use crate::purpose::Purpose;
use crate::session::{IssuedToken, Session, Terms};
use crate::store::Record;
use crate::throttle::{Origin, Wanted};
use crate::token::{Realm, Token};
use crate::token_digest::TokenDigest;
use crate::user::User;

/// Logins, and other operations on users.
impl Auth {
    /// Checks a name and a password. Unknown users take as much time as known ones.
    pub async fn login(&self, credentials: Credentials) -> Result<User, AuthError> {
        let outcome = self.try_password(&credentials).await;
        let name = Name::User(&credentials.name);
        self.record_login(By::Password, Some(name), &credentials.origin, &outcome);
        outcome
    }

    /// Checks an access card. The card suffices: no password and no second factor are needed.
    pub async fn login_by_card(
        &self,
        card: AccessCard,
        organisation: &OrganisationName,
        origin: &Origin,
    ) -> Result<User, AuthError> {
        let identifier = match &card {
            AccessCard::Code(_) => None,
            AccessCard::Identifier { identifier, .. } => Some(identifier.clone()),
        };
        let outcome = self.try_card(card, organisation, origin).await;
        let name = identifier.as_deref().map(Name::Card);
        self.record_login(By::Card, name, origin, &outcome);
        outcome
    }

    /// Returns the user that an application's key acts as. Fails if there is none.
    pub async fn login_by_key(&self, key: &str, origin: &Origin) -> Result<User, AuthError> {
        let outcome = self.try_key(key, origin).await;
        self.record_login(By::Key, None, origin, &outcome);
        outcome
    }

    /// Sets the password of a [`Purpose::Reset`] key's user, ends all the user's tokens, and redeems the key.
    /// The key stays valid if the password cannot be set, or if too many callers wait for a hashing thread.
    pub async fn reset_password(
        &self,
        key: &Token,
        password: SecretString,
    ) -> Result<User, PasswordError> {
        let outcome = self.try_reset(key, password).await;
        let event = Event {
            dialect: Some(key.realm().name().to_owned()),
            handle: Some(key.digest(&self.0.peppers.current)),
            ..self.event(Kind::ResetPassword)
        };
        self.record(match &outcome {
            Ok(user) => event.about(user),
            Err(error) => event.refused(error),
        });
        outcome
    }

    /// Returns the user as which an administrator wants to log in: one of the same organisation. `None` for an
    /// unknown user, for one of another organisation, and for one who does not match `wanted`.
    pub async fn impersonate(
        &self,
        actor: &Session,
        name: &str,
        wanted: Option<&Wanted>,
    ) -> Result<Option<User>, AuthError> {
        let outcome = self.whom_to_impersonate(actor, name, wanted).await;
        let event = Event {
            actor: Some(Actor::User(actor.acting().id)),
            name_hash: Some(self.name_hash(Name::User(name))),
            parent: Some(actor.digest),
            ..self.event(Kind::Impersonate)
        };
        self.record(match &outcome {
            Ok(Some(user)) => event.about(user),
            Ok(None) => event.refused(Reason::UnknownUser),
            Err(error) => event.refused(error),
        });
        outcome
    }

    /// Returns whether one more e-mail may be sent to that name. If so, it counts as sent.
    pub async fn may_write(&self, name: &str, origin: &Origin) -> Result<bool, AuthError> {
        let outcome = self.grants_letter(name, origin).await;
        let event = Event {
            name_hash: Some(self.name_hash(Name::User(name))),
            ..self.event(Kind::Letter).of_origin(origin)
        };
        self.record(match &outcome {
            Ok(true) => event,
            Ok(false) => event.refused(Reason::Throttled),
            Err(error) => event.refused(error),
        });
        outcome
    }
}

/// Tokens.
impl Auth {
    /// Issues a token for a user who was admitted.
    pub async fn issue(
        &self,
        realm: Realm,
        user: &User,
        terms: Terms,
    ) -> Result<IssuedToken, AuthError> {
        let outcome = self.hand_out(realm, user, &terms).await;
        if let (Err(AuthError::Unavailable(_)), Some(redeemed)) = (&outcome, terms.redeemed) {
            Box::pin(self.give_back(redeemed)).await;
        }
        let event = Event {
            dialect: Some(realm.name().to_owned()),
            ..self.event(Kind::Issue)
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

    /// Redeems a token: of several concurrent callers, one gets the session. A token whose parent has ended is
    /// refused.
    pub async fn redeem(&self, token: &Token, purpose: Purpose) -> Result<Session, AuthError> {
        let outcome = self.use_up(token, purpose).await;
        let event = self.event_of(token, purpose, Kind::Redeem);
        match &outcome {
            Ok(session) => self.record(event.of_session(session)),
            // Already recorded, with all that is known of the token.
            Err(Miss::UsedAgain) => {}
            Err(Miss::Refused(error)) => self.record(event.refused(error)),
        }
        outcome.map_err(AuthError::from)
    }

    /// Ends a live token and returns its session: of several concurrent callers, one gets it.
    pub async fn close(&self, token: &Token, purpose: Purpose) -> Result<Session, AuthError> {
        let outcome = self.try_close(token, purpose).await;
        let event = self.event_of(token, purpose, Kind::Revoke);
        self.record(match &outcome {
            Ok(session) => event.of_session(session),
            Err(error) => event.refused(error),
        });
        outcome
    }

    /// Ends the token of that digest. A token that does not exist is no error.
    pub async fn end(&self, digest: TokenDigest) -> Result<(), AuthError> {
        let taken = self.0.tokens.take(digest).await.map_err(AuthError::from);
        self.1.forget(digest);
        let event = self.event(Kind::Revoke);
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

/// Operations for operators.
impl Auth {
    /// Ends all sessions that match, and returns how many tokens ended. A login that is running concurrently may
    /// be missed.
    pub async fn end_sessions(&self, filter: &Filter) -> Result<u64, AuthError> {
        let outcome = self.end_all(filter).await;
        let event = Event {
            dialect: filter.dialect.clone(),
            user: filter.user,
            handle: filter.handle,
            client: filter.client.clone(),
            issued_before: filter.issued_before,
            ..self.event(Kind::EndSessions)
        };
        self.record_count(event, &outcome);
        outcome
    }

    /// Refills the buckets that match, and returns how many there were.
    pub async fn clear_strained(&self, filter: &StrainedFilter) -> Result<u64, AuthError> {
        let outcome = self.fill_up(filter).await;
        let name = filter.name.as_deref();
        let event = Event {
            name_hash: name.map(|name| self.name_hash(Name::User(name))),
            handle: filter.handle,
            target: filter.source.map(|source| source.to_string()),
            ..self.event(Kind::ClearThrottle)
        };
        self.record_count(event, &outcome);
        outcome
    }
}

impl Auth {
    fn event(&self, kind: Kind) -> Event {
        Event::new(kind, self.now())
    }

    /// Returns an event with the handle of a token, which is known even if the store has no such token.
    fn event_of(&self, token: &Token, purpose: Purpose, kind: Kind) -> Event {
        Event {
            dialect: Some(token.realm().name().to_owned()),
            handle: Some(token.digest(&self.0.peppers.current)),
            purpose: Some(purpose),
            ..self.event(kind)
        }
    }

    fn record(&self, event: Event) {
        self.0.audit.record(event);
    }

    fn record_login(
        &self,
        by: By,
        name: Option<Name<'_>>,
        origin: &Origin,
        outcome: &Result<User, AuthError>,
    ) {
        let event = Event {
            by: Some(by),
            name_hash: name.map(|name| self.name_hash(name)),
            ..self.event(Kind::Login).of_origin(origin)
        };
        self.record(match outcome {
            Ok(user) => event.about(user),
            Err(error) => event.refused(error),
        });
    }

    fn record_count(&self, event: Event, outcome: &Result<u64, AuthError>) {
        self.record(match outcome {
            Ok(count) => Event {
                count: Some(*count),
                ..event
            },
            Err(error) => event.refused(error),
        });
    }

    pub(super) fn record_second_use(&self, digest: TokenDigest, record: &Record) {
        let event = self.event(Kind::Redeem).of_record(digest, record);
        self.record(event.refused(Reason::UsedAgain));
    }

    pub(super) fn record_evictions(&self, realm: Realm, user: &User, evicted: &[TokenDigest]) {
        for handle in evicted {
            self.record(Event {
                dialect: Some(realm.name().to_owned()),
                handle: Some(*handle),
                ..self.event(Kind::Evict).about(user)
            });
        }
    }

    fn name_hash(&self, name: Name<'_>) -> TokenDigest {
        name.hash(&self.0.peppers.current)
    }
}
