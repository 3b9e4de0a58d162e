//! Operations whose outcome is recorded in the audit log.
//!
//! `validate` is not recorded: clients validate a token with each of their calls. A token that logs in again
//! causes an `issue`, with that token as its parent.

use secrecy::SecretString;

use super::one_time_tokens::RedeemError;
use super::{AccessCard, Auth, Credentials, OrganisationName, SessionFilter, ThrottleFilter};
use crate::audit::{ClaimedName, Event, EventActor, EventKind, LoginMethod, RefusalReason};
use crate::error::{AuthError, PasswordError};
use crate::purpose::Purpose;
use crate::session::{IssuedToken, Session, Terms};
use crate::store::Record;
use crate::throttle::{LoginOrigin, RequestedAccess};
use crate::token::{Realm, Token};
use crate::token_digest::TokenDigest;
use crate::user::User;

/// Logins, and other operations on users.
impl Auth {
    /// Checks a name and a password, and returns the user. An application password of the dialect replaces the
    /// password and the second factor. Unknown users take as much time as known ones.
    ///
    /// # Errors
    ///
    /// - [`AuthError::InvalidCredentials`] if the name, the password or the organisation is wrong, or if the
    ///   user is not the one that the login requests.
    /// - [`AuthError::AccountDisabled`] if the password was right but the account is disabled.
    /// - [`AuthError::SecondFactorRequired`] if the password was right but the second factor is missing, wrong
    ///   or used before.
    /// - [`AuthError::Forbidden`] if the user does not have the requested unit.
    /// - [`AuthError::Throttled`] if a lock refuses the attempt.
    /// - [`AuthError::Overloaded`] if too many logins wait for a hashing thread: in total, for the account, or
    ///   from the source.
    /// - [`AuthError::Unavailable`] if a store or the hashing thread is unavailable.
    pub async fn login(&self, credentials: Credentials) -> Result<User, AuthError> {
        let outcome = self.try_password(&credentials).await;
        let name = ClaimedName::User(&credentials.name);
        self.record_login(
            LoginMethod::Password,
            Some(name),
            &credentials.origin,
            &outcome,
        );
        outcome
    }

    /// Checks an access card and returns its user. The card suffices: no password and no second factor are
    /// needed.
    ///
    /// # Errors
    ///
    /// - [`AuthError::InvalidCredentials`] if the card, its pass code or the organisation is wrong, or if the
    ///   user is not the one that the login requests.
    /// - [`AuthError::AccountDisabled`] if the card is right but the account is disabled.
    /// - [`AuthError::Forbidden`] if the user does not have the requested unit.
    /// - [`AuthError::Throttled`] if a lock refuses the attempt.
    /// - [`AuthError::Overloaded`] if too many logins wait for a hashing thread: in total, for the card, or from
    ///   the source.
    /// - [`AuthError::Unavailable`] if a store or the hashing thread is unavailable.
    pub async fn login_by_card(
        &self,
        card: AccessCard,
        organisation: &OrganisationName,
        origin: &LoginOrigin,
    ) -> Result<User, AuthError> {
        let identifier = match &card {
            AccessCard::Code(_) => None,
            AccessCard::Identifier { identifier, .. } => Some(identifier.clone()),
        };
        let outcome = self.try_card(card, organisation, origin).await;
        let name = identifier.as_deref().map(ClaimedName::Card);
        self.record_login(LoginMethod::Card, name, origin, &outcome);
        outcome
    }

    /// Returns the user as which an application's key acts.
    ///
    /// # Errors
    ///
    /// - [`AuthError::InvalidCredentials`] if the key is unknown or expired or acts as no user, or if the user
    ///   is not the one that the login requests.
    /// - [`AuthError::AccountDisabled`] if the account of the user is disabled.
    /// - [`AuthError::Forbidden`] if the key is blocked, or if the user does not have the requested unit.
    /// - [`AuthError::Throttled`] if a lock refuses the attempt.
    /// - [`AuthError::Unavailable`] if a store is unavailable.
    pub async fn login_by_key(&self, key: &str, origin: &LoginOrigin) -> Result<User, AuthError> {
        let outcome = self.try_key(key, origin).await;
        self.record_login(LoginMethod::Key, None, origin, &outcome);
        outcome
    }

    /// Sets the password of a [`Purpose::Reset`] key's user, ends all the user's tokens, redeems the key, and
    /// returns the user. The key stays valid if the password cannot be set, or if too many callers wait for a
    /// hashing thread.
    ///
    /// # Errors
    ///
    /// - [`PasswordError::Invalid`] if bcrypt cannot hash the password as a whole.
    /// - [`PasswordError::Auth`] with [`AuthError::InvalidToken`] if the key is not valid, with
    ///   [`AuthError::Forbidden`] if the client is blocked, with [`AuthError::Overloaded`] if too many callers
    ///   wait for a hashing thread, and with [`AuthError::Unavailable`] if a store or the hashing thread is
    ///   unavailable.
    pub async fn reset_password(
        &self,
        key: &Token,
        password: SecretString,
    ) -> Result<User, PasswordError> {
        let outcome = self.try_reset(key, password).await;
        let event = Event {
            dialect: Some(key.realm().name().to_owned()),
            handle: Some(key.digest(&self.0.peppers.current)),
            ..self.event(EventKind::ResetPassword)
        };
        self.record(match &outcome {
            Ok(user) => event.about(user),
            Err(error) => event.refused(error),
        });
        outcome
    }

    /// Returns the user as which an administrator wants to log in: one of the same organisation. `None` for an
    /// unknown user, for one of another organisation, and for one who does not match `requested`.
    ///
    /// # Errors
    ///
    /// [`AuthError::Forbidden`] if the user of `actor` is no administrator, [`AuthError::AccountDisabled`] if
    /// the user to log in as is disabled, and [`AuthError::Unavailable`] if the directory is unavailable.
    pub async fn impersonate(
        &self,
        actor: &Session,
        name: &str,
        requested: Option<&RequestedAccess>,
    ) -> Result<Option<User>, AuthError> {
        let outcome = self.whom_to_impersonate(actor, name, requested).await;
        let event = Event {
            actor: Some(EventActor::User(actor.acting().id)),
            name_hash: Some(self.name_hash(ClaimedName::User(name))),
            parent: Some(actor.digest),
            ..self.event(EventKind::Impersonate)
        };
        self.record(match &outcome {
            Ok(Some(user)) => event.about(user),
            Ok(None) => event.refused(RefusalReason::UnknownUser),
            Err(error) => event.refused(error),
        });
        outcome
    }

    /// Returns whether one more e-mail may be sent to that name. If so, it counts as sent. Always `true` if
    /// login attempts are not limited.
    ///
    /// # Errors
    ///
    /// [`AuthError::Unavailable`] if the throttle's store is unavailable.
    pub async fn may_send_email(
        &self,
        name: &str,
        origin: &LoginOrigin,
    ) -> Result<bool, AuthError> {
        let outcome = self.grants_email(name, origin).await;
        let event = Event {
            name_hash: Some(self.name_hash(ClaimedName::User(name))),
            ..self.event(EventKind::Letter).of_origin(origin)
        };
        self.record(match &outcome {
            Ok(true) => event,
            Ok(false) => event.refused(RefusalReason::Throttled),
            Err(error) => event.refused(error),
        });
        outcome
    }
}

/// Tokens.
impl Auth {
    /// Issues a token for a user who was admitted and returns it, or returns the previous token again if the
    /// terms reuse it. If that fails because a store is unavailable, the one-time token that was redeemed for
    /// the new token is made valid again, if possible.
    ///
    /// # Errors
    ///
    /// - [`AuthError::InvalidCredentials`] if the user no longer exists.
    /// - [`AuthError::Forbidden`] if the client is blocked, or if [`Terms::longest_from_login`] has passed.
    /// - [`AuthError::Unavailable`] if a store is unavailable or the system gives no random numbers.
    pub async fn issue(
        &self,
        realm: Realm,
        user: &User,
        terms: Terms,
    ) -> Result<IssuedToken, AuthError> {
        let outcome = self.hand_out(realm, user, &terms).await;
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
    /// use has the consequences of [`SecondUse`](super::SecondUse).
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
    pub async fn close(&self, token: &Token, purpose: Purpose) -> Result<Session, AuthError> {
        let outcome = self.try_close(token, purpose).await;
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
    pub async fn end(&self, digest: TokenDigest) -> Result<(), AuthError> {
        let taken = self.0.tokens.remove(digest).await.map_err(AuthError::from);
        self.1.forget(digest);
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

/// Operations for operators.
impl Auth {
    /// Ends all sessions that match, and returns how many live tokens ended. A login that is running
    /// concurrently may be missed.
    ///
    /// # Errors
    ///
    /// [`AuthError::Unavailable`] if the token store is unavailable. Some of the sessions may have ended.
    pub async fn end_sessions(&self, filter: &SessionFilter) -> Result<u64, AuthError> {
        let outcome = self.end_all(filter).await;
        let event = Event {
            dialect: filter.dialect.clone(),
            user: filter.user,
            handle: filter.handle,
            client: filter.client.clone(),
            issued_before: filter.issued_before,
            ..self.event(EventKind::EndSessions)
        };
        self.record_count(event, &outcome);
        outcome
    }

    /// Resets the buckets that match, and returns how many there were; 0 if login attempts are not limited.
    ///
    /// # Errors
    ///
    /// [`AuthError::Unavailable`] if a store is unavailable. Some of the buckets may have been reset.
    pub async fn clear_strained(&self, filter: &ThrottleFilter) -> Result<u64, AuthError> {
        let outcome = self.fill_up(filter).await;
        let name = filter.name.as_deref();
        let event = Event {
            name_hash: name.map(|name| self.name_hash(ClaimedName::User(name))),
            handle: filter.handle,
            target: filter.source.map(|source| source.to_string()),
            ..self.event(EventKind::ClearThrottle)
        };
        self.record_count(event, &outcome);
        outcome
    }
}

impl Auth {
    fn event(&self, kind: EventKind) -> Event {
        Event::new(kind, self.now())
    }

    /// Returns an event with the handle of a token, which is known even if the store has no such token.
    fn event_of(&self, token: &Token, purpose: Purpose, kind: EventKind) -> Event {
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
        by: LoginMethod,
        name: Option<ClaimedName<'_>>,
        origin: &LoginOrigin,
        outcome: &Result<User, AuthError>,
    ) {
        let event = Event {
            by: Some(by),
            name_hash: name.map(|name| self.name_hash(name)),
            ..self.event(EventKind::Login).of_origin(origin)
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
        let event = self.event(EventKind::Redeem).of_record(digest, record);
        self.record(event.refused(RefusalReason::UsedAgain));
    }

    pub(super) fn record_evictions(&self, realm: Realm, user: &User, evicted: &[TokenDigest]) {
        for handle in evicted {
            self.record(Event {
                dialect: Some(realm.name().to_owned()),
                handle: Some(*handle),
                ..self.event(EventKind::Evict).about(user)
            });
        }
    }

    fn name_hash(&self, name: ClaimedName<'_>) -> TokenDigest {
        name.hash(&self.0.peppers.current)
    }
}
