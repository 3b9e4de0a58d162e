//! Checks of passwords, and the replacement of hashes that are not current.

use secrecy::{ExposeSecret, SecretString};
use tracing::warn;

use super::Passwords;
use crate::bcrypt_lane::BcryptLane;
use crate::error::HashingError;
use crate::formats::Hash;
use crate::new_hash::{NewHash, check_new_password};
use crate::verified::Verified;
use crate::verify::{Checked, Verification};

/// Salt and digest of some bcrypt hash, which is checked when there is no hash. Its result is ignored.
const DECOY_BCRYPT: &str = "CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

impl Passwords {
    /// Returns whether the password matches the hash, in any known format. Returns `false` without a hash (no
    /// such user), for a hash that cannot be checked, and for a password that no hash of the format can match.
    /// These cases take as long as a hash at the configured cost, after a check of another format if there were some
    /// recently; no check takes less.
    ///
    /// # Errors
    ///
    /// [`HashingError::Overloaded`] if the queue is full or the check has waited too long, and
    /// [`HashingError::Unavailable`] if the hashing thread panicked.
    pub async fn verify(
        &self,
        password: SecretString,
        hash: Option<String>,
    ) -> Result<bool, HashingError> {
        let known = hash.is_some();
        // Unknown users take the same path as known ones up to the last step, so that the timing does not
        // differ.
        let hash = hash.unwrap_or_else(|| {
            let cost = self.policy.bcrypt_cost;
            format!("$2b${cost:02}${DECOY_BCRYPT}")
        });
        let verification = Verification {
            password,
            hash: self.parse(&hash),
            new_hash: None,
            cost: self.cost,
        };
        Ok(self.check(verification).await?.matches && known)
    }

    /// Returns whether the password matches the hash, as [`Passwords::verify`] does, and the hash that should replace
    /// it unless it is [current](Passwords::is_current).
    ///
    /// The new hash is computed in place of what [`Passwords::verify`] computes to fill up the time, together with other
    /// passwords, whether the given one matches or not. There is no replacement for a password that bcrypt cannot hash
    /// as a whole.
    ///
    /// # Errors
    ///
    /// Those of [`Passwords::verify`].
    pub async fn verify_and_rehash(
        &self,
        password: SecretString,
        hash: String,
    ) -> Result<Verified, HashingError> {
        let hash = self.parse(&hash);
        let stays = hash
            .as_ref()
            .is_none_or(|hash| hash.is_current(self.policy.bcrypt_cost));
        let begun = if stays {
            None
        } else {
            self.begin_replacement(password.expose_secret())
        };
        let (new_hash, lane) = begun.unzip();
        let verification = Verification {
            password,
            hash,
            new_hash: lane,
            cost: self.cost,
        };
        let Checked {
            matches,
            new_hash: output,
            ..
        } = self.check(verification).await?;
        let replacement = new_hash
            .zip(output)
            .filter(|_| matches)
            .map(|(new_hash, output)| new_hash.text(&output));
        Ok(Verified {
            matches,
            replacement,
        })
    }

    /// Checks a password. A check before a bcrypt computation makes a refusal take longer: all refusals then take as long
    /// as those with the longest checks, so that the time does not reveal whose hash is from another system.
    async fn check(&self, verification: Verification) -> Result<Checked, HashingError> {
        let checked = verification.run(&self.pool).await?;
        let before = &self.delays.checks_before;
        if let Some(took) = checked.check_took {
            before.record(took);
        }
        if !checked.matches {
            let spent = checked.check_took.unwrap_or_default();
            before.wait_for_longest_after(spent).await;
        }
        Ok(checked)
    }

    /// Returns a new hash of a password that may be wrong. Returns `None` if bcrypt cannot hash it as a whole, and,
    /// with a warning, if the system gives no random salt: the password can be checked all the same.
    fn begin_replacement(&self, password: &str) -> Option<(NewHash, BcryptLane)> {
        check_new_password(password).ok()?;
        NewHash::begin(password, self.cost)
            .map_err(|error| warn!(%error, "a password hash cannot be replaced"))
            .ok()
    }

    fn parse(&self, hash: &str) -> Option<Hash> {
        Hash::parse(hash, self.policy)
            .map_err(|reason| warn!(%reason, "a stored password hash cannot be checked"))
            .ok()
    }
}
