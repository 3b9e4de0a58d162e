//! Operations whose outcome is recorded in the audit log.
//!
//! `validate` is not recorded: clients validate a token with each of their calls. A token that logs in again
//! causes an `issue`, with that token as its parent.

mod account_links;
mod logins;
mod operators;
mod tokens;

use metrics::counter;

use super::Auth;
use crate::audit::{ClaimedName, Event, EventKind, LoginMethod, RefusalReason, Subject};
use crate::client_identity::ClientIdentity;
use crate::error::AuthError;
use crate::observed_request::{ObservedRefusal, ObservedRequest};
use crate::purpose::Purpose;
use crate::store::Record;
use crate::throttle::LoginOrigin;
use crate::token::{Realm, Token};
use crate::token_digest::TokenDigest;
use crate::user::User;

impl Auth {
    fn event(&self, kind: EventKind) -> Event {
        Event::new(kind, self.now())
    }

    /// Returns an event with the handle of a token, which is known even if the store has no such token.
    fn token_event(&self, token: &Token, kind: EventKind) -> Event {
        Event {
            dialect: Some(token.realm().name().to_owned()),
            handle: Some(token.digest(&self.components.peppers.current)),
            ..self.event(kind)
        }
    }

    /// Returns an event of a token with that purpose.
    fn event_of(&self, token: &Token, purpose: Purpose, kind: EventKind) -> Event {
        Event {
            purpose: Some(purpose),
            ..self.token_event(token, kind)
        }
    }

    /// Records an event in the audit log, and a refusal also as that of the current request.
    fn record(&self, event: Event) {
        ObservedRequest::record_refusal(|| ObservedRefusal::of_event(&event));
        self.components.audit.record(event);
    }

    fn login_event(
        &self,
        by: LoginMethod,
        name: Option<ClaimedName<'_>>,
        origin: &LoginOrigin,
    ) -> Event {
        Event {
            by: Some(by),
            name_hash: name.map(|name| self.name_hash(name)),
            ..self.event(EventKind::Login).of_origin(origin)
        }
    }

    /// Records the outcome of a login with that name, as it was typed, or without a name.
    fn record_login(&self, event: Event, name: Option<&str>, outcome: &Result<User, AuthError>) {
        if outcome.is_ok() {
            ClientIdentity::record_login();
        }
        let event = match outcome {
            Ok(user) => event.about(user),
            Err(error) => event.refused(error),
        };
        ObservedRequest::record_refusal(|| {
            ObservedRefusal::of_event(&event).map(|refusal| refusal.with_name(name))
        });
        let cause = event.cause_or_reason().unwrap_or_default();
        let labels = [
            ("dialect", event.dialect.clone().unwrap_or_default()),
            ("outcome", event.outcome.name().to_owned()),
            ("cause", cause.to_owned()),
        ];
        counter!("isogloss_logins_total", &labels).increment(1);
        self.components.audit.record(event);
    }

    /// Records that the current request was refused, in a place where no event is recorded: because of the token with
    /// that realm and handle, or of something else.
    pub(super) fn note_refusal(&self, token: Option<(&str, TokenDigest)>, error: &AuthError) {
        ObservedRequest::record_refusal(|| {
            let event = self.event(EventKind::Login);
            let event = Event {
                dialect: token.map(|(realm, _)| realm.to_owned()).or(event.dialect),
                handle: token.map(|(_, handle)| handle),
                ..event
            };
            ObservedRefusal::of_event(&event.refused(error))
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

    /// Returns everything by which events and refused requests may refer to a user with that name, e-mail address or identifier, or to
    /// attempts with that name.
    ///
    /// # Errors
    ///
    /// [`AuthError::Unavailable`] if the directory is unavailable.
    pub async fn event_subject(&self, name: &str) -> Result<Subject, AuthError> {
        let account = self.components.directory.account(name).await?;
        let user = account.map(|account| account.user);
        let peppers = self.components.peppers.each();
        Ok(Subject::of_name(name, user.as_ref(), peppers))
    }

    fn name_hash(&self, name: ClaimedName<'_>) -> TokenDigest {
        name.hash(&self.components.peppers.current)
    }
}
