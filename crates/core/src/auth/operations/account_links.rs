//! Links by e-mail, with their audit events.

use std::time::Duration;

use secrecy::SecretString;

use crate::audit::{Event, EventKind, RefusalReason};
use crate::auth::Auth;
use crate::auth::account_link::{AccountLink, LinkError, PasswordChange};
use crate::error::AuthError;
use crate::password_policy::PasswordPolicy;
use crate::recovery_code::RecoveryCode;
use crate::session::IssuedToken;
use crate::token::Token;
use crate::user::User;

/// Links by e-mail with which people set their passwords.
impl Auth {
    /// Issues the token of a link to a user, which ends the previous one of its kind. An invitation is recorded: a reset is
    /// when it is requested, with [`may_send_email`](Self::may_send_email).
    ///
    /// # Errors
    ///
    /// [`AuthError::InvalidCredentials`] if the user no longer exists, and [`AuthError::Unavailable`] if a store is
    /// unavailable.
    pub async fn issue_account_link(
        &self,
        user: &User,
        kind: AccountLink,
        lifetime: Duration,
    ) -> Result<IssuedToken, AuthError> {
        let outcome = self.issue_link(user, kind, lifetime).await;
        if kind == AccountLink::Invitation {
            let event = self.event(EventKind::InviteUser).about(user);
            self.record(match &outcome {
                Ok(issued) => Event {
                    handle: Some(issued.session.digest),
                    ..event
                },
                Err(error) => event.refused(error),
            });
        }
        outcome
    }

    /// Sets the password of a user by a link, uses the link up, and ends all the user's tokens. The link stays valid if the
    /// password is refused or cannot be set.
    ///
    /// # Errors
    ///
    /// - [`LinkError::Policy`] if the password does not meet the policy.
    /// - [`LinkError::Password`] like [`reset_password`](Self::reset_password), with [`AuthError::InvalidToken`] also if the
    ///   user belongs to an authority.
    pub async fn set_password_by_link(
        &self,
        token: &Token,
        password: SecretString,
        policy: &PasswordPolicy,
    ) -> Result<PasswordChange, LinkError> {
        let outcome = self.try_link(token, password, policy).await;
        let event = self.token_event(token, EventKind::ResetPassword);
        self.record(match &outcome {
            Ok(user) => event.about(user),
            Err(LinkError::Policy(_)) => event.refused(RefusalReason::Password),
            Err(LinkError::Password(error)) => event.refused(error),
        });
        let user = outcome?;
        let enrolment = self.offer_enrolment(&user).await;
        Ok(PasswordChange { user, enrolment })
    }

    /// Switches on the second factor of [`pending_enrolment`](Self::pending_enrolment) if the code is right, uses the token
    /// up, ends the user's other tokens, and returns the recovery codes. A wrong code leaves the token valid.
    ///
    /// # Errors
    ///
    /// - [`AuthError::SecondFactorRequired`] if the code is wrong.
    /// - [`AuthError::InvalidToken`] if the token is not valid.
    /// - [`AuthError::Unavailable`] if a store is unavailable.
    pub async fn enrol_by_token(
        &self,
        token: &Token,
        code: &str,
    ) -> Result<Vec<RecoveryCode>, AuthError> {
        let outcome = self.try_enrolment(token, code).await;
        let event = self.token_event(token, EventKind::EnrolTotp);
        self.record(match &outcome {
            Ok((user, _)) => event.about(user),
            Err(error) => event.refused(error),
        });
        outcome.map(|(_, codes)| codes)
    }
}
