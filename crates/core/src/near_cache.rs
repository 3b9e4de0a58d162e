//! A near cache: values that were looked up are cached in the process until they change.
//!
//! The server that has the original, or the code that writes to it, reports changes. A lookup that runs during a
//! change may return the old value, so its result is not cached: each lookup holds a [`LoadTicket`], which a
//! change makes void. Missing values are never cached, so clients that request keys that do not exist take no
//! room from those that do.

use std::hash::{BuildHasher as _, Hash};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use quick_cache::unsync::Cache;
use quick_cache::{DefaultHashBuilder, UnitWeighter};

/// The number of shards. A change makes the tickets of one shard void. A power of two.
const SHARDS: usize = 64;
/// The initial capacity of a shard. It grows.
const FEW: usize = 16;

/// A near cache. Clients cannot choose keys that collide: keys are keyed digests, or chosen by the directory.
pub struct NearCache<K, V> {
    shards: Vec<Mutex<Shard<K, V>>>,
    hasher: DefaultHashBuilder,
    hits: AtomicU64,
    misses: AtomicU64,
}

struct Shard<K, V> {
    /// The number of changes so far.
    changes: u64,
    entries: Cache<K, V>,
}

/// The right to cache the result of a lookup, unless something changes first.
#[derive(Debug, Clone, Copy)]
pub struct LoadTicket {
    changes: u64,
}

/// The number of cached values, and of lookups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NearCacheStatus {
    /// The number of cached values.
    pub entries: usize,
    /// The number of lookups that found a cached value.
    pub hits: u64,
    /// The number of lookups that did not.
    pub misses: u64,
}

impl<K: Eq + Hash, V: Clone> NearCache<K, V> {
    /// Creates a cache with room for `room` values. Beyond that, values with the least recent use are removed.
    pub fn new(room: NonZeroUsize) -> Self {
        let each = room.get().div_ceil(SHARDS);
        let shard = || {
            Mutex::new(Shard {
                changes: 0,
                entries: Cache::with_weighter(FEW, each as u64, UnitWeighter),
            })
        };
        Self {
            shards: (0..SHARDS).map(|_| shard()).collect(),
            hasher: DefaultHashBuilder::default(),
            hits: AtomicU64::default(),
            misses: AtomicU64::default(),
        }
    }

    /// Returns the cached value, and counts a hit or a miss.
    ///
    /// # Errors
    ///
    /// A [`LoadTicket`] if the value is not cached. With it, [`NearCache::insert`] caches the result of a
    /// lookup.
    pub fn get_or_ticket(&self, key: &K) -> Result<V, LoadTicket> {
        let shard = self.shard(key);
        let (value, changes) = (shard.entries.get(key).cloned(), shard.changes);
        drop(shard);
        let count = if value.is_some() {
            &self.hits
        } else {
            &self.misses
        };
        count.fetch_add(1, Ordering::Relaxed);
        value.ok_or(LoadTicket { changes })
    }

    /// Returns the cached value. `None` if the value is not cached; such a miss is not counted here, because
    /// callers then use [`get_or_load`], which counts it.
    pub fn get(&self, key: &K) -> Option<V> {
        let value = self.shard(key).entries.get(key).cloned()?;
        self.hits.fetch_add(1, Ordering::Relaxed);
        Some(value)
    }

    /// Caches a value, unless something in its shard has changed since the ticket was issued.
    pub fn insert(&self, key: K, value: V, ticket: LoadTicket) {
        let mut shard = self.shard(&key);
        if shard.changes == ticket.changes {
            shard.entries.insert(key, value);
        }
    }

    /// Removes `key` and voids outstanding tickets of its shard.
    pub fn invalidate(&self, key: &K) {
        let mut shard = self.shard(key);
        shard.changes += 1;
        shard.entries.remove(key);
    }

    /// Removes all values and voids all outstanding tickets.
    pub fn clear(&self) {
        for shard in &self.shards {
            let mut shard = locked(shard);
            shard.changes += 1;
            shard.entries.clear();
        }
    }

    /// Returns the number of cached values and of lookups.
    pub fn status(&self) -> NearCacheStatus {
        NearCacheStatus {
            entries: self
                .shards
                .iter()
                .map(|shard| locked(shard).entries.len())
                .sum(),
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
        }
    }

    fn shard(&self, key: &K) -> MutexGuard<'_, Shard<K, V>> {
        let hash = self.hasher.hash_one(key);
        let index = usize::try_from(hash % SHARDS as u64).unwrap_or_default();
        locked(&self.shards[index])
    }
}

/// Returns the cached value, or else the result of a lookup, which is then cached. `None` if the lookup finds
/// nothing. Without a cache, each call is a lookup.
///
/// # Errors
///
/// The error of the lookup, which caches nothing.
pub async fn get_or_load<K: Eq + Hash, V: Clone, E>(
    near: Option<&NearCache<K, V>>,
    key: K,
    look_up: impl AsyncFnOnce() -> Result<Option<V>, E>,
) -> Result<Option<V>, E> {
    let place = match near.map(|near| (near, near.get_or_ticket(&key))) {
        Some((_, Ok(value))) => return Ok(Some(value)),
        Some((near, Err(ticket))) => Some((near, ticket)),
        None => None,
    };
    // Boxed: keeps the future of the cache-hit path small.
    let found = Box::pin(look_up()).await?;
    if let (Some((near, ticket)), Some(value)) = (place, &found) {
        near.insert(key, value.clone(), ticket);
    }
    Ok(found)
}

/// Locks a shard and returns its guard. A panic cannot leave the map inconsistent, so poisoning is ignored.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(room: usize) -> NearCache<u64, &'static str> {
        NearCache::new(NonZeroUsize::new(room).unwrap())
    }

    fn keep(near: &NearCache<u64, &'static str>, key: u64) {
        if let Err(ticket) = near.get_or_ticket(&key) {
            near.insert(key, "kept", ticket);
        }
    }

    #[test]
    fn what_is_kept_is_found_until_it_is_forgotten() {
        let near = near(100);
        keep(&near, 1);
        keep(&near, 2);
        assert_eq!(near.get_or_ticket(&1).ok(), Some("kept"));
        assert_eq!(near.get(&1), Some("kept"));
        near.invalidate(&1);
        assert_eq!(near.get(&1), None);
        assert!(near.get_or_ticket(&1).is_err());
        assert_eq!(near.get_or_ticket(&2).ok(), Some("kept"));
        near.clear();
        assert!(near.get_or_ticket(&2).is_err());
        let status = near.status();
        assert_eq!((status.entries, status.hits, status.misses), (0, 3, 4));
    }

    #[test]
    fn what_changed_during_the_lookup_is_not_kept() {
        let near = near(100);
        let forget = |near: &NearCache<_, _>| near.invalidate(&1);
        for change in [forget, NearCache::clear] {
            let ticket = near.get_or_ticket(&1).unwrap_err();
            change(&near);
            near.insert(1, "stale", ticket);
            assert!(near.get_or_ticket(&1).is_err());
        }
    }

    #[test]
    fn there_is_an_end_to_it_and_what_is_in_use_stays() {
        let near = near(SHARDS * 16);
        for round in 0..50 {
            for hot in 0..64 {
                keep(&near, hot);
                keep(&near, hot);
            }
            for cold in 0..1_000 {
                keep(&near, 1_000 + round * 1_000 + cold);
            }
        }
        assert!(near.status().entries <= SHARDS * 16);
        let hot = (0..64)
            .filter(|hot| near.get_or_ticket(hot).is_ok())
            .count();
        assert!(hot >= 60, "{hot} of 64");
    }

    #[test]
    fn strangers_take_no_room() {
        let near = near(SHARDS * 64);
        for hot in 0..64 {
            keep(&near, hot);
        }
        for unknown in 0..100_000 {
            assert!(near.get_or_ticket(&(1_000_000 + unknown)).is_err());
        }
        assert_eq!(near.status().entries, 64);
        assert!((0..64).all(|hot| near.get_or_ticket(&hot).is_ok()));
    }
}
