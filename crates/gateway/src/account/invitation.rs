//! Invitations by an administrator.

use isogloss_core::{AccountLink, Auth, AuthError, StoreError, User};
use thiserror::Error;
use time::OffsetDateTime;

use super::AccountPage;
use super::languages::RequestedLanguages;

/// An invitation that was sent.
pub(crate) struct Invitation {
    /// The address to which it was sent.
    pub(crate) sent_to: String,
    /// When its link ends.
    pub(crate) expires_at: OffsetDateTime,
}

/// Why a user was not invited.
#[derive(Debug, Error)]
pub(crate) enum InvitationError {
    /// The user cannot set a password here.
    #[error("{0}: the user is disabled, or an authority judges the password")]
    CannotSetPassword(String),
    /// There is nowhere to send the e-mail.
    #[error("{0}: the user has no e-mail address")]
    NoAddress(String),
    /// A store or the mail server is unavailable.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

impl AccountPage {
    /// Sends a user an invitation in the first of the languages for the user that there is, or else in English, and waits
    /// until it is handed over for delivery.
    ///
    /// # Errors
    /// The user cannot set a password here or has no address, or a store or the mail server is unavailable.
    pub(crate) async fn invite(
        &self,
        auth: &Auth,
        user: &User,
        languages: &RequestedLanguages,
    ) -> Result<Invitation, InvitationError> {
        let name = &user.user_name;
        let cannot = || InvitationError::CannotSetPassword(name.clone());
        let found = auth
            .find(name)
            .await
            .map_err(|error| refused(error, name))?;
        let user = found
            .filter(|found| found.id == user.id)
            .ok_or_else(cannot)?;
        let address = user.address();
        let address = address.ok_or_else(|| InvitationError::NoAddress(name.clone()))?;
        let sent = self.send_link(auth, (&user, address), AccountLink::Invitation, languages);
        let issued = sent.await.map_err(|error| refused(error, name))?;
        Ok(Invitation {
            sent_to: address.to_owned(),
            expires_at: issued.session.expires_at(),
        })
    }
}

/// Returns why a user was not invited. Only an error of a store means that it may work later.
fn refused(error: AuthError, name: &str) -> InvitationError {
    match error {
        AuthError::Unavailable(error) => InvitationError::Unavailable(error),
        // The user was removed or disabled in the meantime.
        AuthError::InvalidCredentials(_)
        | AuthError::AccountDisabled(_)
        | AuthError::SecondFactorRequired(_)
        | AuthError::InvalidToken(_)
        | AuthError::Forbidden(_)
        | AuthError::Overloaded { .. }
        | AuthError::Throttled { .. } => InvitationError::CannotSetPassword(name.to_owned()),
    }
}
