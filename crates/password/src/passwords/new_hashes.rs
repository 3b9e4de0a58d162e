//! Hashes of new passwords.

use secrecy::{ExposeSecret, SecretString};

use super::Passwords;
use crate::bcrypt_lane::BcryptLane;
use crate::error::{HashingError, NewPasswordError};
use crate::new_hash::{NewHash, check_new_password};
use crate::shares::Claimant;
use crate::worker_pool::Task;

impl Passwords {
    /// Hashes a password that an operator sets, and returns the hash. All operators together hold at most their
    /// share of the permits ([`Claimant::Operators`]), which leaves room for logins.
    ///
    /// # Errors
    ///
    /// [`NewPasswordError::Invalid`] if bcrypt cannot hash the password as a whole, and
    /// [`NewPasswordError::Hashing`] if operators already hold their share, or if the hashing threads are
    /// overloaded or unavailable.
    pub async fn hash_for_operator(
        &self,
        password: SecretString,
    ) -> Result<String, NewPasswordError> {
        let permit = self.permit(vec![Claimant::Operators])?;
        let hash = self.hash(password).await;
        drop(permit);
        hash
    }

    /// Hashes a new password with bcrypt at the configured cost, and returns the hash. The caller must hold a
    /// [`HashingPermit`](crate::HashingPermit), or hash no more passwords concurrently than there are threads.
    ///
    /// # Errors
    ///
    /// [`NewPasswordError::Invalid`] if bcrypt cannot hash the password as a whole, and
    /// [`NewPasswordError::Hashing`] if the hashing threads are overloaded or unavailable.
    pub async fn hash(&self, password: SecretString) -> Result<String, NewPasswordError> {
        check_new_password(password.expose_secret())?;
        let (new_hash, lane) = NewHash::begin(password.expose_secret(), self.cost)?;
        let output = self.pool.run(Task::bcrypt(lane)).await?;
        Ok(new_hash.text(&output).expose_secret().to_owned())
    }

    /// Hashes the password of a login while another system judges it, and returns the hash, which the caller stores
    /// once the password is accepted. Returns `None` if bcrypt cannot hash the password as a whole. In both cases
    /// it takes as long as [`Passwords::verify`] for an unknown user. The caller must hold a
    /// [`HashingPermit`](crate::HashingPermit).
    ///
    /// # Errors
    ///
    /// [`HashingError::Overloaded`] if the queue is full or the hash has waited too long, and
    /// [`HashingError::Unavailable`] if the hashing thread panicked or the system gives no random salt.
    pub async fn hash_at_login(
        &self,
        password: SecretString,
    ) -> Result<Option<SecretString>, HashingError> {
        let begun = match check_new_password(password.expose_secret()) {
            Ok(()) => Some(NewHash::begin(password.expose_secret(), self.cost)?),
            Err(_) => None,
        };
        let (new_hash, lane) = begun.unzip();
        let lane = lane.unwrap_or_else(|| BcryptLane::decoy(self.cost));
        let output = self.pool.run(Task::bcrypt(lane)).await?;
        Ok(new_hash.map(|new_hash| new_hash.text(&output)))
    }
}
