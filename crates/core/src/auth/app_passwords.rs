//! Logins with an application password.

use secrecy::ExposeSecret;
use tracing::warn;
use uuid::Uuid;

use super::{Auth, Credentials};
use crate::app_password::AppPassword;
use crate::directory::Account;
use crate::error::AuthError;

impl Auth {
    /// Returns whether the password is one of the user's application passwords for that dialect. The lookup is
    /// by digest. A password that is none of them is hashed like any other wrong password, and an unknown name
    /// costs the same query. Fails with [`AuthError::Unavailable`] if the directory is unavailable; a failure to
    /// record the day of use is only logged.
    pub(super) async fn matches_app_password(
        &self,
        account: Option<&Account>,
        credentials: &Credentials,
    ) -> Result<bool, AuthError> {
        let Some(password) = AppPassword::parse(credentials.password.expose_secret()) else {
            return Ok(false);
        };
        let user = account.map_or(Uuid::nil(), |account| account.user.id);
        let (realm, digest) = (credentials.origin.realm.name(), password.digest());
        let directory = &self.components.directory;
        let Some(known) = directory.app_password(user, realm, digest).await? else {
            return Ok(false);
        };
        let today = self.now().date();
        if known.used_on.is_none_or(|day| day < today)
            && let Err(error) = directory.record_app_password_use(user, digest, today).await
        {
            warn!(user.id = %user, %error, "the use of an application password was not noted");
        }
        Ok(true)
    }
}
