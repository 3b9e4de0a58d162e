//! Links by e-mail with which a person sets a password, and then enrols a second factor.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use thiserror::Error;
use tracing::warn;

use super::Auth;
use super::one_time_tokens::RedeemError;
use crate::directory::NewEnrolment;
use crate::error::{AuthError, PasswordError};
use crate::password_policy::{PasswordPolicy, PolicyViolation};
use crate::purpose::Purpose;
use crate::recovery_code::RecoveryCode;
use crate::refusal_cause::RefusalCause;
use crate::session::{Concurrency, IssuedToken, Session, Terms};
use crate::token::{Realm, Token};
use crate::totp::TotpSecret;
use crate::user::User;

/// The realm of links that set a password.
pub const ACCOUNT_REALM: Realm = Realm::new("account");
/// The realm of links that enrol a second factor: they set no password.
pub const ENROLMENT_REALM: Realm = Realm::new("account_enrolment");

/// How long a person may take to enrol a second factor after the password was set.
const ENROLMENT_LIFETIME: Duration = Duration::from_mins(30);

/// What a link by e-mail is for. A new link ends the previous one of the same kind, so a request by a stranger does not end
/// an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountLink {
    /// An administrator invites the user, who may have no password yet.
    Invitation,
    /// The password was forgotten.
    Reset,
}

impl AccountLink {
    /// Returns the name of the kind, such as `invitation`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Reset => "reset",
        }
    }
}

/// Why a link did not set a password.
#[derive(Debug, Error)]
pub enum LinkError {
    /// The password does not meet the policy. The link stays valid.
    #[error(transparent)]
    Policy(#[from] PolicyViolation),
    /// No password like this can be set, the link is not valid, or a store is unavailable.
    #[error(transparent)]
    Password(#[from] PasswordError),
}

/// The outcome of a link that has set a password.
#[derive(Debug)]
pub struct PasswordChange {
    /// The user.
    pub user: User,
    /// The token with which the user may enrol a second factor now. `None` if one is on already.
    pub enrolment: Option<Token>,
}

/// A second factor that is not confirmed yet.
#[derive(Debug)]
pub struct PendingEnrolment {
    /// The user.
    pub user: Arc<User>,
    /// The secret, the same for each request with the same token.
    pub secret: TotpSecret,
    /// The recovery codes, always the same as well. They are valid once the second factor is on.
    pub recovery_codes: Vec<RecoveryCode>,
}

impl Auth {
    /// Issues the token of a link to the e-mail address of the user, and ends the previous one of its kind. The token ends
    /// with any change of the password or of the address.
    pub(super) async fn issue_link(
        &self,
        user: &User,
        kind: AccountLink,
        lifetime: Duration,
    ) -> Result<IssuedToken, AuthError> {
        let terms = Terms {
            concurrency: Concurrency::OnePerClient,
            topic: Some(kind.name()),
            address: user.address().map(Into::into),
            ..Terms::new(Purpose::Reset, lifetime)
        };
        self.issue(ACCOUNT_REALM, user, terms).await
    }

    /// Returns the user for whom a link sets a password, without using it up: programs that scan e-mails open links, too.
    ///
    /// # Errors
    ///
    /// [`AuthError::InvalidToken`] if the link is not valid or its user belongs to an authority now, and
    /// [`AuthError::Unavailable`] if a store is unavailable.
    pub async fn user_of_link(&self, token: &Token) -> Result<Arc<User>, AuthError> {
        let session = self.find_session(token, &[Purpose::Reset]).await?;
        self.check_local(&session).await?;
        Ok(session.user)
    }

    /// Fails with [`AuthError::InvalidToken`] if an authority judges the password of the session's user, and with
    /// [`AuthError::Unavailable`] if the directory is unavailable.
    async fn check_local(&self, session: &Session) -> Result<(), AuthError> {
        let account = self.components.directory.account(&session.user.user_name);
        let account = account
            .await?
            .filter(|account| account.user.id == session.user.id);
        let is_local = account.is_some_and(|account| account.judging_authority().is_none());
        is_local
            .then_some(())
            .ok_or(AuthError::InvalidToken(RefusalCause::BelongsToAuthority))
    }

    /// Checks a password against the policy and sets it as [`Auth::reset_password`] does, without its event. Fails like
    /// [`Auth::set_password_by_link`].
    pub(super) async fn try_link(
        &self,
        token: &Token,
        password: SecretString,
        policy: &PasswordPolicy,
    ) -> Result<User, LinkError> {
        let user = self
            .user_of_link(token)
            .await
            .map_err(PasswordError::from)?;
        policy.check(&password, &user)?;
        Ok(self.try_reset(token, password).await?)
    }

    /// Returns a token with which a user who has just set a password may enrol a second factor. `None` if one is on, or if
    /// that cannot be done now: the password is set nevertheless.
    pub(super) async fn offer_enrolment(&self, user: &User) -> Option<Token> {
        let offer = async {
            // As it is after the change of the password, which began a new generation.
            let account = self.components.directory.account(&user.user_name).await?;
            let account = account.filter(|account| account.user.id == user.id);
            let Some(account) = account.filter(|account| account.totp.is_none()) else {
                return Ok(None);
            };
            let terms = Terms {
                concurrency: Concurrency::OnePerClient,
                ..Terms::new(Purpose::Handover, ENROLMENT_LIFETIME)
            };
            let issued = self.issue(ENROLMENT_REALM, &account.user, terms).await?;
            Ok::<_, AuthError>(Some(issued.token))
        };
        offer.await.unwrap_or_else(|error| {
            warn!(user.id = %user.id, %error, "a user who has set a password cannot enrol a second factor now");
            None
        })
    }

    /// Returns the second factor that the token of a [`PasswordChange`] may enrol.
    ///
    /// # Errors
    ///
    /// [`AuthError::InvalidToken`] if the token is not valid, and [`AuthError::Unavailable`] if a store is unavailable.
    pub async fn pending_enrolment(&self, token: &Token) -> Result<PendingEnrolment, AuthError> {
        let session = self.find_session(token, &[Purpose::Handover]).await?;
        let pepper = &self.components.peppers.current;
        Ok(PendingEnrolment {
            user: session.user,
            secret: TotpSecret::derived(pepper, token),
            recovery_codes: RecoveryCode::derived_set(pepper, token),
        })
    }

    /// Uses up the token, switches the second factor on and returns the user with the recovery codes. Fails like
    /// [`Auth::enrol_by_token`].
    pub(super) async fn try_enrolment(
        &self,
        token: &Token,
        code: &str,
    ) -> Result<(Arc<User>, Vec<RecoveryCode>), AuthError> {
        let PendingEnrolment {
            user,
            secret,
            recovery_codes: codes,
        } = self.pending_enrolment(token).await?;
        let now = self.now();
        let step = secret.step(code, now);
        let step = step.ok_or(AuthError::SecondFactorRequired(RefusalCause::CodeWrong))?;
        let enrolment = NewEnrolment {
            secret,
            confirmed: Some(step),
            recovery_codes: codes.iter().map(RecoveryCode::digest).collect(),
            since: now,
        };
        let redeemed = self.redeem_once(token, Purpose::Handover).await;
        let redeemed = redeemed.map_err(|error: RedeemError| AuthError::from(error))?;
        if let Err(error) = self.components.directory.enrol(user.id, &enrolment).await {
            self.undo_redemption(redeemed.digest).await;
            return Err(error.into());
        }
        if let Err(error) = self.components.tokens.remove_user(user.id).await {
            warn!(user.id = %user.id, %error, "the ended tokens of a user were not removed");
        }
        Ok((user, codes))
    }
}
