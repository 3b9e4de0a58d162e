//! The computations that check a password, none of which takes less time than a hash at the configured cost.

use isogloss_bcrypt_lanes::Cost;
use secrecy::{ExposeSecret, SecretString};

use crate::bcrypt_lane::{BcryptCheck, BcryptLane, BcryptOutput};
use crate::error::HashingError;
use crate::formats::Hash;
use crate::worker_pool::{Task, WorkerPool};

/// What is computed for a login.
pub(super) struct Verification {
    pub(super) password: SecretString,
    /// The hash that is checked. `None` if there is none that can be checked.
    pub(super) hash: Option<Hash>,
    /// The output of a new hash of the password.
    pub(super) new_hash: Option<BcryptLane>,
    /// The cost below which no check is.
    pub(super) cost: Cost,
}

impl Verification {
    /// Checks the password, and returns whether it matches and the output of the new hash, if there is one.
    ///
    /// A check that is not bcrypt at the cost or a higher one runs at the same time as a bcrypt computation at that
    /// cost: the new hash, or else a decoy. With two free threads, the cheaper of the two does not count, and
    /// all passwords take as long as that of an unknown user. A new hash is computed for wrong passwords, too,
    /// because its time would reveal that the password is right before a second factor is asked for.
    ///
    /// Fails if the queue is full, if the check has waited too long, and if a thread panicked.
    pub(super) async fn run(
        self,
        pool: &WorkerPool,
    ) -> Result<(bool, Option<BcryptOutput>), HashingError> {
        let Self {
            password,
            hash,
            new_hash,
            cost,
        } = self;
        let text = password.expose_secret();
        let Some(hash) = hash.filter(|hash| hash.accepts(text)) else {
            let lane = new_hash.unwrap_or_else(|| BcryptLane::decoy(cost));
            pool.run(Task::bcrypt(lane)).await?;
            return Ok((false, None));
        };
        let bcrypt = hash.bcrypt_check(text);
        let is_enough = bcrypt
            .as_ref()
            .is_some_and(|check| check.lane.cost() >= cost);
        if new_hash.is_none()
            && is_enough
            && let Some(BcryptCheck { lane, expected }) = bcrypt
        {
            let output = pool.run(Task::bcrypt(lane)).await?;
            return Ok((expected.is(&output), None));
        }
        let second = Task::bcrypt(new_hash.unwrap_or_else(|| BcryptLane::decoy(cost)));
        let (matches, output) = if let Some(BcryptCheck { lane, expected }) = bcrypt {
            let (checked, output) = pool.run_both(Task::bcrypt(lane), second).await?;
            (expected.is(&checked), output)
        } else {
            let check = Task::alone(move || hash.verify(password.expose_secret()));
            pool.run_both(check, second).await?
        };
        Ok((matches, Some(output)))
    }
}
