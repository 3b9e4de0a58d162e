//! Buckets in this process, for gateways that share their token store with no other.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use time::OffsetDateTime;

use super::bucket::{BucketState, future};
use super::{
    Bucket, Budget, CLIENTS_PER_ACCOUNT, ChargeOutcome, Permit, Throttle, ThrottledBucket,
};
use crate::clock::{from_milliseconds, milliseconds};
use crate::error::StoreError;
use crate::token_digest::TokenDigest;

/// The number of entries up to which tidying is not worthwhile.
const FEW: usize = 1024;

/// Buckets in this process. They are full again after a restart.
#[derive(Debug, Default)]
pub struct MemoryThrottle(Mutex<Tables>);

#[derive(Debug, Default)]
struct Tables {
    buckets: HashMap<TokenDigest, (Bucket, BucketState)>,
    /// The clients of an account, each with the timestamp in milliseconds at which it is forgotten.
    clients: HashMap<TokenDigest, Vec<(TokenDigest, i64)>>,
    /// The number of entries at which the tables are tidied next.
    tidy_at: usize,
}

impl Tables {
    /// Removes full buckets and clients that have expired, whenever there are twice as many entries as were left
    /// the last time.
    fn tidy(&mut self, now: i64) {
        if self.buckets.len() + self.clients.len() < self.tidy_at.max(FEW) {
            return;
        }
        self.buckets
            .retain(|_, (_, level)| level.must_be_stored(now));
        self.clients.retain(|_, clients| {
            clients.retain(|(_, until)| *until > now);
            !clients.is_empty()
        });
        self.tidy_at = 2 * (self.buckets.len() + self.clients.len());
    }
}

impl MemoryThrottle {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    fn entries(&self) -> usize {
        let tables = self.tables();
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
        let (_, level) = tables
            .buckets
            .entry(bucket.key)
            .or_insert_with(|| (bucket.clone(), BucketState::default()));
        Ok(level.charge(budget, now))
    }

    async fn refund(
        &self,
        bucket: TokenDigest,
        permit: Permit,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let mut tables = self.tables();
        if let Some((_, level)) = tables.buckets.get_mut(&bucket) {
            level.refund(permit);
            if !level.must_be_stored(milliseconds(now)) {
                tables.buckets.remove(&bucket);
            }
        }
        Ok(())
    }

    async fn reset(&self, bucket: TokenDigest) -> Result<bool, StoreError> {
        Ok(self.tables().buckets.remove(&bucket).is_some())
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

    async fn list(&self, now: OffsetDateTime) -> Result<Vec<ThrottledBucket>, StoreError> {
        let moment = milliseconds(now);
        let tables = self.tables();
        let strained = tables.buckets.values();
        Ok(strained
            .filter(|(_, level)| level.must_be_stored(moment))
            .map(|(bucket, level)| ThrottledBucket {
                bucket: bucket.clone(),
                locks: level.locks,
                locked_until: future(level.locked_until, now),
                full_at: from_milliseconds(level.full_at),
            })
            .collect())
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
            };
            let now = start + Duration::from_mins(1) * u32::try_from(number / 500).unwrap();
            throttle.charge(&bucket, &budget, now).await.unwrap();
        }
        assert!(throttle.entries() <= 2048, "{}", throttle.entries());
    }
}
