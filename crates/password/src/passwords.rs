//! Passwords: hashed on separate threads, checked in the format of their stored hash.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tracing::warn;

use crate::equal_delay::Waits;
use crate::error::{HashingError, InvalidPassword, NewPasswordError, StartError};
use crate::formats::{Hash, HashError, LONGEST_BCRYPT_BYTES, Policy};
use crate::settings::PasswordSettings;
use crate::shares::{Claimant, Place, Shares};
use crate::verify;
use crate::worker_pool::Pool;

/// Salt and digest of some bcrypt hash, for users without a hash. Whether a password matches it does not matter.
const NOBODYS: &str = "CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

/// The hashing threads. They end when the last clone is dropped.
#[derive(Clone)]
pub struct Passwords {
    pool: Pool,
    shares: Shares,
    policy: Policy,
    waits: Arc<Waits>,
}

impl Passwords {
    /// Starts the threads. Fails if the cost is outside bcrypt's range, or if a thread cannot be started.
    pub fn start(settings: PasswordSettings) -> Result<Self, StartError> {
        let bcrypt_cost = settings.bcrypt_cost;
        if !(4..=31).contains(&bcrypt_cost) {
            return Err(StartError::Cost(bcrypt_cost));
        }
        let pool = Pool::start(settings).map_err(StartError::Thread)?;
        Ok(Self {
            shares: Shares::of(pool.places(), settings),
            pool,
            policy: Policy {
                bcrypt_cost,
                allow_weak: settings.allow_weak,
            },
            waits: Arc::new(Waits::start().map_err(StartError::Thread)?),
        })
    }

    /// Returns a place for a later check. Fails if one of the claimants already holds its share of the places,
    /// or if there is none left. In a storm of logins, those that get no place cost as little as possible: they
    /// are refused before any query is made for them.
    pub fn place(&self, claimants: Vec<Claimant>) -> Result<Place, HashingError> {
        self.shares.place(claimants, || self.pool.place())
    }

    /// Returns how many hashes are computed concurrently.
    pub fn threads(&self) -> usize {
        self.pool.threads()
    }

    /// Returns whether the password matches the hash, in any known format. Returns `false` without a hash (no
    /// such user), for a hash that cannot be checked, and for a password that no hash of the format can match.
    /// These cases take as long as a hash at the configured cost; no check takes less.
    pub async fn verify(
        &self,
        password: SecretString,
        hash: Option<String>,
    ) -> Result<bool, HashingError> {
        let known = hash.is_some();
        let cost = self.policy.bcrypt_cost;
        // Unknown users take the same path as known ones up to the last step, so that the timing does not
        // differ.
        let hash = hash.unwrap_or_else(|| format!("$2b${cost:02}${NOBODYS}"));
        let hash = Hash::read(&hash, self.policy);
        let hash = hash
            .map_err(|reason| warn!(%reason, "a stored password hash cannot be checked"))
            .ok();
        let lane = verify::lane(password.expose_secret(), hash.as_ref(), cost);
        let fits = match (lane, hash) {
            (Some(lane), _) => self.pool.fits(lane).await?,
            (None, Some(hash)) => {
                let check = move || verify::check(password.expose_secret(), &hash, cost);
                self.pool.run(check).await?
            }
            (None, None) => false,
        };
        Ok(fits && known)
    }

    /// Hashes a password that an operator sets, at the configured cost. Operators leave room for logins, however
    /// many passwords they set concurrently.
    pub async fn hash_for_operator(
        &self,
        password: SecretString,
    ) -> Result<String, NewPasswordError> {
        let place = self.place(vec![Claimant::Operators])?;
        let hash = self.hash(password).await;
        drop(place);
        hash
    }

    /// Hashes a new password at the configured cost. The caller must hold a place, or hash no more passwords
    /// concurrently than there are threads.
    pub async fn hash(&self, password: SecretString) -> Result<String, NewPasswordError> {
        check_new_password(password.expose_secret())?;
        let cost = self.policy.bcrypt_cost;
        let hash = move || bcrypt::hash(password.expose_secret(), cost);
        let hash = self.pool.run(hash).await?;
        hash.map_err(|error| HashingError::Unavailable(format!("bcrypt: {error}")).into())
    }

    /// Returns whether a hash stays as it is: [`Passwords::hash`] would make the same kind of hash today, or its
    /// format has a rule of its own for the typed password.
    pub fn is_current(&self, hash: &str) -> bool {
        Hash::read(hash, self.policy).is_ok_and(|hash| {
            let is_of_today = hash.bcrypt_cost() == Some(self.policy.bcrypt_cost);
            hash.trims() || (hash.is_ours() && is_of_today)
        })
    }

    /// Checks whether a hash from another system may be stored: it must be checkable, within the cost limits,
    /// and not weak unless weak hashes are allowed.
    pub fn check_hash(&self, hash: &str) -> Result<(), HashError> {
        Hash::read(hash, self.policy).map(drop)
    }

    /// Runs other work on a hashing thread, after the checks that wait for one. Fails if the queue is full, or
    /// if the work has waited too long.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashingError> {
        self.pool.run(work).await
    }

    /// Returns how many checks wait for a hashing thread.
    pub fn waiting(&self) -> usize {
        self.pool.load().0
    }

    /// Records how long it took to find a hash and to check a password, from the start of the request to its
    /// result.
    pub fn note_check(&self, took: Duration) {
        self.waits.note(took);
    }

    /// Waits as long as one of the last checks took, without work, for a response that must not come sooner than
    /// theirs.
    pub async fn wait_like_a_check(&self) {
        self.waits.wait().await;
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
    async fn the_right_password_fits_and_others_do_not() {
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
    async fn a_password_is_the_bytes_that_were_sent_in_whatever_normal_form() {
        let passwords = passwords(8);
        let forms = ["caf\u{e9} am See", "cafe\u{301} am See"];
        for set in forms {
            let hash = passwords.hash(set.into()).await.unwrap();
            for sent in forms {
                let fits = passwords.verify(sent.into(), Some(hash.clone())).await;
                assert_eq!(fits.unwrap(), sent == set);
            }
        }
    }

    #[tokio::test]
    async fn a_password_that_bcrypt_would_cut_is_not_set() {
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
    async fn who_is_not_there_costs_a_hash_like_anybody() {
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
