//! Limits on the places for password checks that one account, source or task may hold.
//!
//! Without shares, one account over a hundred connections fills the queue of the hashing threads, even
//! with its right password, and all other logins are refused.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedSemaphorePermit;

use crate::error::HashingError;
use crate::settings::PasswordSettings;
use crate::worker_pool::OVERLOADED;

/// A holder of places, which has a share of them.
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

/// How many places each claimant holds.
#[derive(Clone)]
pub(super) struct Shares(Arc<Held>);

struct Held {
    places: Mutex<HashMap<Claimant, usize>>,
    of_account: usize,
    of_source: usize,
}

/// A place for a password check, until it is dropped.
pub struct Place {
    _permit: OwnedSemaphorePermit,
    held: Vec<Holding>,
    shares: Shares,
}

impl Place {
    /// Makes the place count for one more claimant. If that claimant already holds its share, fails immediately
    /// and releases the place.
    pub fn claim(mut self, claimant: Claimant) -> Result<Self, HashingError> {
        let holding = self.shares.0.take(vec![claimant]).ok_or(OVERLOADED)?;
        self.held.push(holding);
        Ok(self)
    }
}

/// Counts as a place of each of its claimants.
struct Holding {
    held: Arc<Held>,
    claimants: Vec<Claimant>,
}

impl Shares {
    /// Returns the shares of `places` places; each share is at least one.
    pub(super) fn of(places: usize, settings: PasswordSettings) -> Self {
        let share = |percent: u8| (places * usize::from(percent) / 100).max(1);
        Self(Arc::new(Held {
            places: Mutex::default(),
            of_account: share(settings.account_share),
            of_source: share(settings.source_share),
        }))
    }

    /// Takes a place for these claimants. Fails immediately if one of them already holds its share, or if there
    /// is no permit.
    pub(super) fn place(
        &self,
        claimants: Vec<Claimant>,
        permit: impl FnOnce() -> Result<OwnedSemaphorePermit, HashingError>,
    ) -> Result<Place, HashingError> {
        let holding = self.0.take(claimants).ok_or(OVERLOADED)?;
        Ok(Place {
            _permit: permit()?,
            held: vec![holding],
            shares: self.clone(),
        })
    }
}

impl Held {
    fn take(self: &Arc<Self>, claimants: Vec<Claimant>) -> Option<Holding> {
        let mut places = self.locked();
        let is_spent = |claimant: &Claimant| {
            let held = places.get(claimant).copied().unwrap_or_default();
            held >= self.share(claimant)
        };
        if claimants.iter().any(is_spent) {
            return None;
        }
        for claimant in &claimants {
            *places.entry(claimant.clone()).or_default() += 1;
        }
        drop(places);
        Some(Holding {
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

    /// Locks the counts. A panic cannot leave them inconsistent, so poisoning is ignored.
    fn locked(&self) -> MutexGuard<'_, HashMap<Claimant, usize>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        let mut places = self.held.locked();
        for claimant in &self.claimants {
            if let Some(held) = places.get_mut(claimant) {
                *held -= 1;
                if *held == 0 {
                    places.remove(claimant);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::Semaphore;

    use super::*;

    fn shares(places: usize) -> Shares {
        Shares::of(
            places,
            PasswordSettings {
                account_share: 25,
                source_share: 50,
                ..PasswordSettings::default()
            },
        )
    }

    fn claim(shares: &Shares, account: u8, source: &str) -> Option<Place> {
        let claimants = vec![
            Claimant::Account([account; 16]),
            Claimant::Source(source.to_owned()),
        ];
        let permit = || {
            let semaphore = Arc::new(Semaphore::new(1));
            semaphore.try_acquire_owned().map_err(|_| OVERLOADED)
        };
        shares.place(claimants, permit).ok()
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
    fn a_place_is_claimed_for_one_more_or_given_back() {
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
    fn a_share_is_at_least_one_place() {
        let shares = shares(1);
        let held = claim(&shares, 1, "a");
        assert!(held.is_some());
        assert!(claim(&shares, 1, "b").is_none());
        assert!(claim(&shares, 2, "b").is_some());
    }

    #[test]
    fn a_full_pool_takes_nothing_of_a_share() {
        let shares = shares(4);
        let refused = shares.place(vec![Claimant::Operators], || Err(OVERLOADED));
        assert!(refused.is_err());
        assert!(shares.0.locked().is_empty());
    }
}
