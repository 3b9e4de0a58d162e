//! Replacing hashes of other systems and costs when their password is used.

use secrecy::{ExposeSecret, SecretString};
use tracing::{debug, warn};

use super::Auth;
use crate::error::{AuthError, PasswordError};
use crate::user::User;

impl Auth {
    /// Replaces the hash of a password that was right by a current one, unless it is current. A failure never
    /// fails the login: the next login tries again.
    pub(super) async fn upgrade(&self, user: &User, old: &SecretString, password: &SecretString) {
        let old = old.expose_secret();
        if self.components.passwords.is_current(old) {
            return;
        }
        let id = user.id;
        match self.rehash(user, old, password).await {
            Ok(true) => debug!(user.id = %id, "upgraded a password hash"),
            // The hash was changed concurrently, or the old format takes the password and ours does not.
            Ok(false) | Err(PasswordError::Invalid(_)) => {}
            Err(PasswordError::Auth(AuthError::Overloaded { .. })) => {
                debug!(user.id = %id, "no thread is free to upgrade a password hash");
            }
            Err(error @ PasswordError::Auth(_)) => {
                warn!(user.id = %id, %error, "cannot upgrade a password hash");
            }
        }
    }

    /// Hashes the password and replaces the user's stored hash, if that is still `old`. Returns `true` if it was
    /// replaced, and `false` if another hash is stored by now. Fails with [`PasswordError::Invalid`] if bcrypt
    /// cannot hash the password as a whole, and with [`PasswordError::Auth`] if no hashing thread is free or the
    /// directory is unavailable.
    async fn rehash(
        &self,
        user: &User,
        old: &str,
        password: &SecretString,
    ) -> Result<bool, PasswordError> {
        let new = self.components.passwords.hash(password.clone()).await?;
        let replaced = self
            .components
            .directory
            .replace_hash(user.id, old, &new)
            .await;
        Ok(replaced.map_err(AuthError::from)?)
    }
}
