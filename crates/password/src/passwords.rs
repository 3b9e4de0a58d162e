//! Passwords: hashed on separate threads, checked in the format of their stored hash.

mod checks;
mod new_hashes;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use isogloss_bcrypt_lanes::Cost;

use crate::equal_delay::EqualDelay;
use crate::error::{HashingError, StartError};
use crate::formats::{Hash, HashError, Policy};
use crate::settings::PasswordSettings;
use crate::shares::{Claimant, HashingPermit, Shares};
use crate::worker_pool::{Task, WorkerPool};

/// The hashing threads, and what they accept. The threads end when the last clone is dropped.
#[derive(Clone)]
pub struct Passwords {
    pool: WorkerPool,
    shares: Shares,
    policy: Policy,
    /// The cost of the policy.
    cost: Cost,
    delays: Arc<Delays>,
}

/// Delays that hide how a password was judged.
struct Delays {
    /// As long as recent checks took, from before the hash was looked up to the result.
    checks: EqualDelay,
    /// As long as recent checks took that came before a bcrypt computation.
    checks_before: EqualDelay,
    /// As long as recent refusals took that were not decided by our hashes.
    refusals_elsewhere: EqualDelay,
}

impl Delays {
    fn start() -> io::Result<Self> {
        Ok(Self {
            checks: EqualDelay::start()?,
            checks_before: EqualDelay::start()?,
            refusals_elsewhere: EqualDelay::start()?,
        })
    }
}

impl Passwords {
    /// Starts the hashing threads, and those that end delays, and returns their handle.
    ///
    /// # Errors
    ///
    /// [`StartError::Cost`] if the cost is outside bcrypt's range, and [`StartError::Thread`] if the system
    /// starts no further thread.
    pub fn start(settings: PasswordSettings) -> Result<Self, StartError> {
        let bcrypt_cost = settings.bcrypt_cost;
        let cost = Cost::new(bcrypt_cost).ok_or(StartError::Cost(bcrypt_cost))?;
        let pool = WorkerPool::start(settings).map_err(StartError::Thread)?;
        Ok(Self {
            shares: Shares::of(pool.capacity(), settings),
            pool,
            policy: Policy {
                bcrypt_cost,
                allow_weak: settings.allow_weak,
            },
            cost,
            delays: Arc::new(Delays::start().map_err(StartError::Thread)?),
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

    /// Returns whether a hash needs no replacement at the next login: it is bcrypt at the configured cost, or its
    /// format changes the typed password before hashing, so that a new hash would refuse what it accepts. Returns
    /// `false` for a hash that cannot be checked.
    pub fn is_current(&self, hash: &str) -> bool {
        let cost = self.policy.bcrypt_cost;
        Hash::parse(hash, self.policy).is_ok_and(|hash| hash.is_current(cost))
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
        self.pool.run(Task::alone(work)).await
    }

    /// Returns how many logins wait for a hashing thread.
    pub fn waiting(&self) -> usize {
        self.pool.load().0
    }

    /// Records how long a check took, from before the hash is looked up to the result. Delays of
    /// [`Passwords::wait_like_recent_check`] resemble it.
    pub fn record_check(&self, took: Duration) {
        self.delays.checks.record(took);
    }

    /// Waits as long as one of the last recorded checks took, without hashing, for a response that must not come
    /// sooner than that to a wrong password. Returns immediately if no check was recorded.
    pub async fn wait_like_recent_check(&self) {
        self.delays.checks.wait().await;
    }

    /// Records how long a login took that was refused, but not because of our hashes.
    pub fn record_refusal_elsewhere(&self, took: Duration) {
        self.delays.refusals_elsewhere.record(took);
    }

    /// Waits until a login that began then has taken as long as one of the last that were refused elsewhere, so that
    /// its time does not reveal who judged the password. Returns immediately if none was recorded.
    pub async fn wait_like_refusal_elsewhere(&self, begun: Instant) {
        self.delays.refusals_elsewhere.wait_since(begun).await;
    }
}

#[cfg(test)]
mod tests;
