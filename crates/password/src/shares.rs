//! Limits on the hashing permits that one account, source or task may hold.
//!
//! Without shares, one account over a hundred connections fills the queue of the hashing threads, even
//! with its right password, and all other logins are refused.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedSemaphorePermit;

use crate::error::HashingError;
use crate::settings::PasswordSettings;
use crate::worker_pool::OVERLOADED;

/// What hashing permits are counted for. Each claimant may hold a share of all permits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Claimant {
    /// A keyed hash of the name that is tried, whether there is such a user or not; or of the name and the
    /// client, if the client is known.
    Account([u8; 16]),
    /// One source of requests, or one network, which has the share of a source.
    Source(String),
    /// All operators who set passwords. Their share is that of a source.
    Operators,
}

/// How many permits each claimant holds.
#[derive(Clone)]
pub(super) struct Shares(Arc<Counts>);

struct Counts {
    held: Mutex<HashMap<Claimant, usize>>,
    of_account: usize,
    of_source: usize,
}

/// A permit for a password check. It counts for its claimants until it is dropped.
pub struct HashingPermit {
    _permit: OwnedSemaphorePermit,
    claims: Vec<Claim>,
    shares: Shares,
}

impl HashingPermit {
    /// Makes the permit count for one more claimant, and returns it.
    ///
    /// # Errors
    ///
    /// [`HashingError::Overloaded`] if that claimant already holds its share; the permit is then released.
    pub fn claim(mut self, claimant: Claimant) -> Result<Self, HashingError> {
        let claim = self.shares.0.take(vec![claimant]).ok_or(OVERLOADED)?;
        self.claims.push(claim);
        Ok(self)
    }
}

/// One permit in the count of each of its claimants, until it is dropped.
struct Claim {
    held: Arc<Counts>,
    claimants: Vec<Claimant>,
}

impl Shares {
    /// Creates the counts for a pool of `capacity` permits. Each share is at least one permit.
    pub(super) fn of(capacity: usize, settings: PasswordSettings) -> Self {
        let share = |percent: u8| (capacity * usize::from(percent) / 100).max(1);
        Self(Arc::new(Counts {
            held: Mutex::default(),
            of_account: share(settings.account_share),
            of_source: share(settings.source_share),
        }))
    }

    /// Returns a permit that counts for these claimants. Returns `Overloaded` if one of them already holds its
    /// share, and the error of `permit` if that returns one; then nothing is counted.
    pub(super) fn permit(
        &self,
        claimants: Vec<Claimant>,
        permit: impl FnOnce() -> Result<OwnedSemaphorePermit, HashingError>,
    ) -> Result<HashingPermit, HashingError> {
        let claim = self.0.take(claimants).ok_or(OVERLOADED)?;
        Ok(HashingPermit {
            _permit: permit()?,
            claims: vec![claim],
            shares: self.clone(),
        })
    }
}

impl Counts {
    fn take(self: &Arc<Self>, claimants: Vec<Claimant>) -> Option<Claim> {
        let mut counts = self.locked();
        let is_spent = |claimant: &Claimant| {
            let held = counts.get(claimant).copied().unwrap_or_default();
            held >= self.share(claimant)
        };
        if claimants.iter().any(is_spent) {
            return None;
        }
        for claimant in &claimants {
            *counts.entry(claimant.clone()).or_default() += 1;
        }
        drop(counts);
        Some(Claim {
            held: Arc::clone(self),
            claimants,
        })
    }

    fn share(&self, claimant: &Claimant) -> usize {
        match claimant {
            Claimant::Account(_) => self.of_account,
            Claimant::Source(_) | Claimant::Operators => self.of_source,
        }
    }

    /// Locks the counts and returns them. A panic cannot leave them inconsistent, so poisoning is ignored.
    fn locked(&self) -> MutexGuard<'_, HashMap<Claimant, usize>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut counts = self.held.locked();
        for claimant in &self.claimants {
            if let Some(held) = counts.get_mut(claimant) {
                *held -= 1;
                if *held == 0 {
                    counts.remove(claimant);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::Semaphore;

    use super::*;

    fn shares(permits: usize) -> Shares {
        Shares::of(
            permits,
            PasswordSettings {
                account_share: 25,
                source_share: 50,
                ..PasswordSettings::default()
            },
        )
    }

    fn claim(shares: &Shares, account: u8, source: &str) -> Option<HashingPermit> {
        let claimants = vec![
            Claimant::Account([account; 16]),
            Claimant::Source(source.to_owned()),
        ];
        let permit = || {
            let semaphore = Arc::new(Semaphore::new(1));
            semaphore.try_acquire_owned().map_err(|_| OVERLOADED)
        };
        shares.permit(claimants, permit).ok()
    }

    #[test]
    fn one_account_and_one_source_hold_their_share_and_no_more() {
        let shares = shares(8);
        let mut held: Vec<_> = (0..2).map(|_| claim(&shares, 1, "a").unwrap()).collect();
        assert!(claim(&shares, 1, "b").is_none());
        held.extend((2..4).map(|account| claim(&shares, account, "a").unwrap()));
        assert!(claim(&shares, 5, "a").is_none());
        // A refused claim holds nothing of the other share.
        held.push(claim(&shares, 5, "b").unwrap());
        held.push(claim(&shares, 5, "b").unwrap());
        held.clear();
        assert!(shares.0.locked().is_empty());
        assert!(claim(&shares, 1, "a").is_some());
    }

    #[test]
    fn a_permit_is_claimed_for_one_more_claimant_or_released() {
        let shares = shares(8);
        let account = || Claimant::Account([1; 16]);
        let claim_both = |source| claim(&shares, 2, source)?.claim(account()).ok();
        let held: Vec<_> = ["a", "b"].into_iter().map(claim_both).collect();
        assert!(held.iter().all(Option::is_some));
        assert!(claim(&shares, 3, "c").unwrap().claim(account()).is_err());
        assert_eq!(shares.0.locked().len(), 4);
        drop(held);
        assert!(shares.0.locked().is_empty());
    }

    #[test]
    fn a_share_is_at_least_one_permit() {
        let shares = shares(1);
        let held = claim(&shares, 1, "a");
        assert!(held.is_some());
        assert!(claim(&shares, 1, "b").is_none());
        assert!(claim(&shares, 2, "b").is_some());
    }

    #[test]
    fn a_full_pool_takes_nothing_of_a_share() {
        let shares = shares(4);
        let refused = shares.permit(vec![Claimant::Operators], || Err(OVERLOADED));
        assert!(refused.is_err());
        assert!(shares.0.locked().is_empty());
    }
}
