//! Buckets in this process, for gateways that share their token store with no other.

mod tables;

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use time::OffsetDateTime;

use self::tables::Tables;
use super::bucket::BucketState;
use super::{
    Bucket, BucketPage, BucketQuery, Budget, CLIENTS_PER_ACCOUNT, ChargeOutcome, PageReader,
    Permit, Throttle, ThrottledBucket,
};
use crate::clock::milliseconds;
use crate::error::StoreError;
use crate::token_digest::TokenDigest;

/// Buckets in this process. They are full again after a restart.
#[derive(Debug, Default)]
pub struct MemoryThrottle(Mutex<Tables>);

impl MemoryThrottle {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    fn entries(&self) -> usize {
        let tables = self.tables();
        assert_eq!(tables.places.len(), tables.buckets.len());
        tables.buckets.len() + tables.clients.len()
    }
}

#[async_trait]
impl Throttle for MemoryThrottle {
    async fn charge(
        &self,
        bucket: &Bucket,
        budget: &Budget,
        now: OffsetDateTime,
    ) -> Result<ChargeOutcome, StoreError> {
        let now = milliseconds(now);
        let mut tables = self.tables();
        tables.tidy(now);
        let stored = tables.buckets.get(&bucket.key);
        let mut state = stored.map_or_else(BucketState::default, |(_, state)| *state);
        let outcome = state.charge(budget, now);
        if let ChargeOutcome::Granted(_) = outcome {
            tables.store(bucket.clone(), state);
        }
        Ok(outcome)
    }

    async fn refund(
        &self,
        bucket: TokenDigest,
        permit: Permit,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let mut tables = self.tables();
        if let Some((bucket, mut state)) = tables.buckets.get(&bucket).cloned() {
            state.refund(permit);
            if state.must_be_stored(milliseconds(now)) {
                tables.store(bucket, state);
            } else {
                tables.remove(bucket.key);
            }
        }
        Ok(())
    }

    async fn reset(&self, bucket: TokenDigest) -> Result<bool, StoreError> {
        Ok(self.tables().remove(bucket))
    }

    async fn remember(
        &self,
        account: TokenDigest,
        client: TokenDigest,
        until: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let now = milliseconds(now);
        let mut tables = self.tables();
        tables.tidy(now);
        let clients = tables.clients.entry(account).or_default();
        clients.retain(|(other, until)| *other != client && *until > now);
        clients.push((client, milliseconds(until)));
        if clients.len() > CLIENTS_PER_ACCOUNT {
            clients.remove(0);
        }
        Ok(())
    }

    async fn knows(
        &self,
        account: TokenDigest,
        client: TokenDigest,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let now = milliseconds(now);
        let tables = self.tables();
        Ok(tables.clients.get(&account).is_some_and(|clients| {
            let mut clients = clients.iter();
            clients.any(|(other, until)| *other == client && *until > now)
        }))
    }

    async fn forget(&self, account: TokenDigest) -> Result<bool, StoreError> {
        Ok(self.tables().clients.remove(&account).is_some())
    }

    async fn find(
        &self,
        keys: &[TokenDigest],
        now: OffsetDateTime,
    ) -> Result<Vec<ThrottledBucket>, StoreError> {
        let tables = self.tables();
        let found = keys.iter().filter_map(|key| tables.throttled(*key, now));
        Ok(found.collect())
    }

    async fn list(
        &self,
        query: &BucketQuery,
        now: OffsetDateTime,
    ) -> Result<BucketPage, StoreError> {
        let tables = self.tables();
        let mut reader = PageReader::new(query, now);
        while let Some(wanted) = reader.wanted() {
            let places = tables.places_after(&query.lists, wanted, milliseconds(now));
            let entries = places.into_iter();
            let entries = entries.map(|place| (place, tables.throttled(place.key, now)));
            reader.add(entries.collect(), wanted.1);
        }
        Ok(reader.finish())
    }

    async fn remove(&self, buckets: &[Bucket]) -> Result<u64, StoreError> {
        let mut tables = self.tables();
        let removed = buckets.iter().map(|bucket| tables.remove(bucket.key));
        Ok(removed.map(u64::from).sum())
    }

    async fn clear(&self, now: OffsetDateTime) -> Result<u64, StoreError> {
        let mut tables = self.tables();
        tables.places.clear();
        let now = milliseconds(now);
        let removed = tables.buckets.drain().map(|(_, (_, state))| state);
        Ok(removed
            .map(|state| u64::from(state.must_be_stored(now)))
            .sum())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::{Clock as _, SystemClock};
    use crate::throttle::BucketKind;

    #[tokio::test]
    async fn memory_forgets_what_is_full_again() {
        let throttle = MemoryThrottle::default();
        let budget = Budget {
            tries: 3,
            refill: Duration::from_mins(1),
            first_lock: Duration::from_secs(1),
            longest_lock: Duration::from_secs(5),
        };
        let start = SystemClock.now();
        for number in 0..5000_u128 {
            let bucket = Bucket {
                key: number.to_be_bytes().into(),
                kind: BucketKind::Account,
                account: None,
                network: None,
                network_digest: None,
            };
            let now = start + Duration::from_mins(1) * u32::try_from(number / 500).unwrap();
            throttle.charge(&bucket, &budget, now).await.unwrap();
        }
        assert!(throttle.entries() <= 2048, "{}", throttle.entries());
    }
}
