//! Logins, and other operations on users, with their audit events.

use secrecy::SecretString;

use crate::audit::{ClaimedName, Event, EventActor, EventKind, LoginMethod, RefusalReason};
use crate::auth::password_check::JudgedBy;
use crate::auth::{AccessCard, Auth, Credentials, KeyLogin, OrganisationName};
use crate::error::{AuthError, PasswordError};
use crate::session::Session;
use crate::throttle::{LoginOrigin, RequestedAccess};
use crate::token::Token;
use crate::user::User;

/// Logins, and other operations on users.
impl Auth {
    /// Checks a name and a password, and returns the user. An application password of the dialect replaces the
    /// password and the second factor. The password of a user who belongs to an
    /// [authority](crate::authority::Authority), and that of an unknown one, may be judged there. Unknown users take
    /// as much time as known ones.
    ///
    /// # Errors
    ///
    /// - [`AuthError::InvalidCredentials`] if the name, the password or the organisation is wrong, or if the
    ///   user is not the one that the login requests.
    /// - [`AuthError::AccountDisabled`] if the password was right but the account is disabled.
    /// - [`AuthError::SecondFactorRequired`] if the password was right but the second factor is missing, wrong
    ///   or used before.
    /// - [`AuthError::Forbidden`] if the user does not have the requested unit.
    /// - [`AuthError::Throttled`] if a lock refuses the attempt, here or at the authority.
    /// - [`AuthError::Overloaded`] if too many logins wait for a hashing thread: in total, for the account, or
    ///   from the source.
    /// - [`AuthError::Unavailable`] if a store, the hashing thread or the authority is unavailable.
    pub async fn login(&self, credentials: Credentials) -> Result<User, AuthError> {
        let mut judged_by = JudgedBy::default();
        let outcome = self.try_password(&credentials, &mut judged_by).await;
        let name = ClaimedName::User(&credentials.name);
        let event = self.login_event(LoginMethod::Password, Some(name), &credentials.origin);
        let JudgedBy {
            authority, cause, ..
        } = judged_by;
        let event = Event {
            judged_by: authority,
            cause,
            ..event
        };
        self.record_login(event, Some(&credentials.name), &outcome);
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
        if let Ok(user) = &outcome {
            self.record_login_time(user, None).await;
        }
        let name = identifier.as_deref().map(ClaimedName::Card);
        let event = self.login_event(LoginMethod::Card, name, origin);
        self.record_login(event, identifier.as_deref(), &outcome);
        outcome
    }

    /// Returns the user as which an application's key acts, and the label of the key.
    ///
    /// # Errors
    ///
    /// - [`AuthError::InvalidCredentials`] if the key is unknown or expired or acts as no user, or if the user
    ///   is not the one that the login requests.
    /// - [`AuthError::AccountDisabled`] if the account of the user is disabled.
    /// - [`AuthError::Forbidden`] if the key is blocked, or if the user does not have the requested unit.
    /// - [`AuthError::Throttled`] if a lock refuses the attempt.
    /// - [`AuthError::Unavailable`] if a store is unavailable.
    pub async fn login_by_key(
        &self,
        key: &str,
        origin: &LoginOrigin,
    ) -> Result<KeyLogin, AuthError> {
        let (outcome, label) = match self.try_key(key, origin).await {
            Ok(KeyLogin { user, label }) => (Ok(user), label),
            Err(error) => (Err(error), String::new()),
        };
        let event = self.login_event(LoginMethod::Key, None, origin);
        self.record_login(event, None, &outcome);
        outcome.map(|user| KeyLogin { user, label })
    }

    /// Sets the password of a user with a [`Purpose::Reset`](crate::Purpose::Reset) key, ends all the user's
    /// tokens, redeems the key, and returns the user. The key stays valid if the password cannot be set, or if
    /// too many callers wait for a hashing thread.
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
        let event = self.token_event(key, EventKind::ResetPassword);
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
        let outcome = self.find_impersonated(actor, name, requested).await;
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
        let outcome = self.admit_email(name, origin).await;
        let event = Event {
            name_hash: Some(self.name_hash(ClaimedName::User(name))),
            ..self.event(EventKind::Email).of_origin(origin)
        };
        self.record(match &outcome {
            Ok(true) => event,
            Ok(false) => event.refused(RefusalReason::Throttled),
            Err(error) => event.refused(error),
        });
        outcome
    }
}
