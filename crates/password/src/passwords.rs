//! Passwords: hashed on separate threads, checked in the format of their stored hash.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tracing::warn;

use crate::equal_delay::EqualDelay;
use crate::error::{HashingError, InvalidPassword, NewPasswordError, StartError};
use crate::formats::{Hash, HashError, LONGEST_BCRYPT_BYTES, Policy};
use crate::settings::PasswordSettings;
use crate::shares::{Claimant, HashingPermit, Shares};
use crate::verify;
use crate::worker_pool::WorkerPool;

/// Salt and digest of some bcrypt hash, which is checked when there is no hash. Its result is ignored.
const DECOY_BCRYPT: &str = "CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

/// The hashing threads, and what they accept. The threads end when the last clone is dropped.
#[derive(Clone)]
pub struct Passwords {
    pool: WorkerPool,
    shares: Shares,
    policy: Policy,
    equal_delay: Arc<EqualDelay>,
}

impl Passwords {
    /// Starts the hashing threads, and the thread that ends delays, and returns their handle.
    ///
    /// # Errors
    ///
    /// [`StartError::Cost`] if the cost is outside bcrypt's range, and [`StartError::Thread`] if the system
    /// starts no further thread.
    pub fn start(settings: PasswordSettings) -> Result<Self, StartError> {
        let bcrypt_cost = settings.bcrypt_cost;
        if !(4..=31).contains(&bcrypt_cost) {
            return Err(StartError::Cost(bcrypt_cost));
        }
        let pool = WorkerPool::start(settings).map_err(StartError::Thread)?;
        Ok(Self {
            shares: Shares::of(pool.capacity(), settings),
            pool,
            policy: Policy {
                bcrypt_cost,
                allow_weak: settings.allow_weak,
            },
            equal_delay: Arc::new(EqualDelay::start().map_err(StartError::Thread)?),
        })
    }

    /// Returns a permit for a later check, which counts for each of the claimants until it is dropped.
    ///
    /// Take it before the user is looked up: in a storm of logins, those without a permit are then refused before
    /// they cost a query.
    ///
    /// # Errors
    ///
    /// [`HashingError::Overloaded`] if a claimant already holds its share of the permits, or if none is left.
    pub fn permit(&self, claimants: Vec<Claimant>) -> Result<HashingPermit, HashingError> {
        self.shares.permit(claimants, || self.pool.permit())
    }

    /// Returns the number of hashing threads.
    pub fn threads(&self) -> usize {
        self.pool.threads()
    }

    /// Returns whether the password matches the hash, in any known format. Returns `false` without a hash (no
    /// such user), for a hash that cannot be checked, and for a password that no hash of the format can match.
    /// These cases take as long as a hash at the configured cost; no check takes less.
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
        let cost = self.policy.bcrypt_cost;
        // Unknown users take the same path as known ones up to the last step, so that the timing does not
        // differ.
        let hash = hash.unwrap_or_else(|| format!("$2b${cost:02}${DECOY_BCRYPT}"));
        let hash = Hash::parse(&hash, self.policy);
        let hash = hash
            .map_err(|reason| warn!(%reason, "a stored password hash cannot be checked"))
            .ok();
        let lane = verify::bcrypt_lane(password.expose_secret(), hash.as_ref(), cost);
        let matches = match (lane, hash) {
            (Some(lane), _) => self.pool.verify(lane).await?,
            (None, Some(hash)) => {
                let check = move || verify::check_padded(password.expose_secret(), &hash, cost);
                self.pool.run(check).await?
            }
            (None, None) => false,
        };
        Ok(matches && known)
    }

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
    /// [`HashingPermit`], or hash no more passwords concurrently than there are threads.
    ///
    /// # Errors
    ///
    /// [`NewPasswordError::Invalid`] if bcrypt cannot hash the password as a whole, and
    /// [`NewPasswordError::Hashing`] if the hashing threads are overloaded or unavailable.
    pub async fn hash(&self, password: SecretString) -> Result<String, NewPasswordError> {
        check_new_password(password.expose_secret())?;
        let cost = self.policy.bcrypt_cost;
        let hash = move || bcrypt::hash(password.expose_secret(), cost);
        let hash = self.pool.run(hash).await?;
        hash.map_err(|error| HashingError::Unavailable(format!("bcrypt: {error}")).into())
    }

    /// Returns whether a hash needs no replacement at the next login: it is bcrypt at the configured cost, or its
    /// format changes the typed password before hashing, so that a new hash would refuse what it accepts. Returns
    /// `false` for a hash that cannot be checked.
    pub fn is_current(&self, hash: &str) -> bool {
        Hash::parse(hash, self.policy).is_ok_and(|hash| {
            let has_current_cost = hash.bcrypt_cost() == Some(self.policy.bcrypt_cost);
            hash.trims_password() || (hash.is_ours() && has_current_cost)
        })
    }

    /// Checks whether a hash from another system may be stored.
    ///
    /// # Errors
    ///
    /// A [`HashError`] if the format is unknown or not supported, if the hash is malformed or above a cost limit,
    /// or if it is weak and [`PasswordSettings::allow_weak`] is not set.
    pub fn check_hash(&self, hash: &str) -> Result<(), HashError> {
        Hash::parse(hash, self.policy).map(drop)
    }

    /// Runs other work on a hashing thread, after the checks that already wait for one, and returns its result.
    ///
    /// # Errors
    ///
    /// [`HashingError::Overloaded`] if the queue is full or the work has waited too long, and
    /// [`HashingError::Unavailable`] if the work panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashingError> {
        self.pool.run(work).await
    }

    /// Returns how many jobs wait for a hashing thread.
    pub fn waiting(&self) -> usize {
        self.pool.load().0
    }

    /// Records how long a check took, from before the hash is looked up to the result. Delays of
    /// [`Passwords::wait_like_recent_check`] resemble it.
    pub fn record_check(&self, took: Duration) {
        self.equal_delay.record(took);
    }

    /// Waits as long as one of the last recorded checks took, without hashing, for a response that must not come
    /// sooner than that to a wrong password. Returns immediately if no check was recorded.
    pub async fn wait_like_recent_check(&self) {
        self.equal_delay.wait().await;
    }
}

fn check_new_password(password: &str) -> Result<(), InvalidPassword> {
    if password.is_empty() {
        Err(InvalidPassword::Empty)
    } else if password.len() > LONGEST_BCRYPT_BYTES {
        Err(InvalidPassword::TooLong)
    } else if password.contains('\0') {
        Err(InvalidPassword::Nul)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;

    fn passwords(queue: usize) -> Passwords {
        Passwords::start(PasswordSettings {
            bcrypt_cost: 4,
            threads: NonZeroUsize::new(1),
            queue,
            ..PasswordSettings::default()
        })
        .unwrap()
    }

    #[tokio::test]
    async fn the_right_password_matches_and_others_do_not() {
        let passwords = passwords(8);
        let hash = passwords.hash("pässword".into()).await.unwrap();
        assert!(
            passwords
                .verify("pässword".into(), Some(hash.clone()))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify("passwort".into(), Some(hash.clone()))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify("pässword\0".into(), Some(hash))
                .await
                .unwrap()
        );
        assert!(!passwords.verify("U*U".into(), None).await.unwrap());
    }

    /// Imported hashes were computed from the bytes that clients send.
    #[tokio::test]
    async fn a_password_is_the_bytes_that_were_sent_in_any_normal_form() {
        let passwords = passwords(8);
        let forms = ["caf\u{e9} am See", "cafe\u{301} am See"];
        for set in forms {
            let hash = passwords.hash(set.into()).await.unwrap();
            for sent in forms {
                let matches = passwords.verify(sent.into(), Some(hash.clone())).await;
                assert_eq!(matches.unwrap(), sent == set);
            }
        }
    }

    #[tokio::test]
    async fn a_password_that_bcrypt_would_truncate_is_not_set() {
        let passwords = passwords(8);
        for (password, error) in [
            ("", "a password cannot be empty"),
            (&"x".repeat(73), "a password may have 72 bytes at most"),
            ("a\0b", "a password cannot hold a NUL byte"),
        ] {
            let refused = passwords.hash(password.into()).await.unwrap_err();
            assert_eq!(refused.to_string(), error);
        }
        assert!(passwords.hash("x".repeat(72).into()).await.is_ok());
    }

    #[tokio::test]
    async fn an_unknown_user_costs_a_hash_like_a_known_one() {
        let passwords = passwords(1);
        let slow = bcrypt::hash("slow", 8).unwrap();
        let known = (0..8).map(|_| Some(slow.clone()));
        let tries = known.chain([None]);
        let tries = tries.map(|hash| passwords.verify("slow".into(), hash));
        let answers = futures_util::future::join_all(tries).await;
        // If the unknown user had been refused at once, the full queue would not have been reached.
        let unknown = answers.last().unwrap();
        assert!(matches!(unknown, Err(HashingError::Overloaded { .. })));
        assert!(!passwords.verify("slow".into(), None).await.unwrap());
    }
}
