//! Queries about users: by name, their units, and as whom an administrator may act.

use super::Auth;
use super::login::check_admission;
use crate::error::AuthError;
use crate::refusal_cause::RefusalCause;
use crate::session::Session;
use crate::throttle::RequestedAccess;
use crate::user::{Role, Unit, User};

impl Auth {
    /// Returns the user of that name or e-mail address, for e-mails with a token. `None` if there is none, a disabled
    /// one, or one whose password an authority judges: a token by e-mail would bypass the authority.
    ///
    /// # Errors
    ///
    /// [`AuthError::Unavailable`] if the directory is unavailable.
    pub async fn find(&self, name: &str) -> Result<Option<User>, AuthError> {
        let account = self.components.directory.account(name).await?;
        let account = account.filter(|account| account.judging_authority().is_none());
        Ok(account.and_then(|account| check_admission(account.user, None).ok()))
    }

    /// Returns what [`find`](Self::find) returns. `None` also for a user with a second factor: for e-mails whose token
    /// logs in by itself, which would bypass the factor.
    ///
    /// # Errors
    ///
    /// [`AuthError::Unavailable`] if the directory is unavailable.
    pub async fn find_without_second_factor(&self, name: &str) -> Result<Option<User>, AuthError> {
        let account = self.components.directory.account(name).await?;
        let account = account
            .filter(|account| account.totp.is_none() && account.judging_authority().is_none());
        Ok(account.and_then(|account| check_admission(account.user, None).ok()))
    }

    /// Returns the units to which the user may log in, the default one first.
    ///
    /// # Errors
    ///
    /// [`AuthError::Unavailable`] if the directory is unavailable.
    pub async fn units(&self, user: &User) -> Result<Vec<Unit>, AuthError> {
        Ok(self.components.directory.units(user).await?)
    }

    pub(super) async fn find_impersonated(
        &self,
        actor: &Session,
        name: &str,
        requested: Option<&RequestedAccess>,
    ) -> Result<Option<User>, AuthError> {
        if actor.user.role != Role::Admin {
            return Err(AuthError::Forbidden(RefusalCause::NotAdministrator));
        }
        let organisation = actor.user.organisation.id;
        let account = self.components.directory.account(name).await?;
        account
            .map(|account| account.user)
            .filter(|user| user.organisation.id == organisation)
            .filter(|user| {
                requested.is_none_or(|requested| requested.check_admission(user).is_ok())
            })
            .map(|user| check_admission(user, None))
            .transpose()
    }
}
