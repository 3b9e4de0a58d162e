//! The computations that check a password, none of which takes less time than a hash at the configured cost.

use std::time::{Duration, Instant};

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

/// What a verification found.
pub(super) struct Checked {
    pub(super) matches: bool,
    /// The output of the new hash, if there is one.
    pub(super) new_hash: Option<BcryptOutput>,
    /// How long the check took that came before a bcrypt computation, if one did.
    pub(super) check_took: Option<Duration>,
}

impl Verification {
    /// Checks the password.
    ///
    /// A check that is not bcrypt at the cost or a higher one comes before a bcrypt computation at that cost: the new
    /// hash, or else a decoy. A new hash is computed for wrong passwords, too, because its time would reveal that the
    /// password is right before a second factor is asked for.
    ///
    /// Fails if the queue is full, if the check has waited too long, and if a thread panicked.
    pub(super) async fn run(self, pool: &WorkerPool) -> Result<Checked, HashingError> {
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
            return Ok(Checked {
                matches: false,
                new_hash: None,
                check_took: None,
            });
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
            return Ok(Checked {
                matches: expected.is(&output),
                new_hash: None,
                check_took: None,
            });
        }
        let check = move || {
            let begun = Instant::now();
            let matches = match bcrypt {
                Some(check) => check.verify(),
                None => hash.verify(password.expose_secret()),
            };
            (matches, begun.elapsed())
        };
        let lane = new_hash.unwrap_or_else(|| BcryptLane::decoy(cost));
        let ((matches, took), output) = pool.run_before(check, lane).await?;
        Ok(Checked {
            matches,
            new_hash: Some(output),
            check_took: Some(took),
        })
    }
}
