//! Login throttle in Redis, for gateways that share it.
//!
//! | key | value | expires |
//! | --- | --- | --- |
//! | `isogloss:g:<bucket>` | hash: how empty the bucket is, and what it is for | when the bucket is full |
//! | `isogloss:f:<list>` | sorted set: buckets that are not full, scored by the time when they are full | with the last bucket |
//! | `isogloss:l:<list>` | sorted set: locked buckets, scored by the end of the lock | with the last lock |
//! | `isogloss:k:<account>` | sorted set: a digest of each client, scored by the time when it is forgotten | with the last client |
//!
//! `isogloss:` is the configured prefix. No command uses two keys, and each script is one step: two gateways
//! never grant one try twice. A list is `all`, or that of an account or a network.

mod lists;
mod scripts;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use isogloss_core::backend::{
    CLIENTS_PER_ACCOUNT, from_milliseconds, future, milliseconds, whole_milliseconds,
};
use isogloss_core::store::Finding;
use isogloss_core::throttle::{
    Bucket, BucketKind, BucketPage, BucketQuery, Budget, ChargeOutcome, Permit, Throttle,
    ThrottledBucket,
};
use isogloss_core::{StoreError, TokenDigest};
use redis::{cmd, pipe};
use time::OffsetDateTime;
use tracing::warn;

use self::scripts::Scripts;
use crate::health::probe::{PROBE_DIGEST, Probe};
use crate::redis_client::RedisClient;

/// Buckets on a Redis server, next to the tokens. Created by `RedisStore::throttle`.
pub struct RedisThrottle {
    client: Arc<RedisClient>,
    scripts: Scripts,
}

impl RedisThrottle {
    pub(crate) fn new(client: Arc<RedisClient>) -> Self {
        Self {
            client,
            scripts: Scripts::new(),
        }
    }

    /// Returns the buckets that exist and are not full. Fails if Redis fails.
    async fn buckets(
        &self,
        buckets: &[TokenDigest],
        now: OffsetDateTime,
    ) -> Result<Vec<ThrottledBucket>, StoreError> {
        if buckets.is_empty() {
            return Ok(Vec::new());
        }
        let mut lookup = pipe();
        for bucket in buckets {
            lookup
                .cmd("HGETALL")
                .arg(self.client.keys().bucket(*bucket));
        }
        let found: Vec<HashMap<String, Vec<u8>>> = self.client.run_pipeline(&lookup).await?;
        let found = buckets.iter().zip(found);
        Ok(found
            .filter_map(|(bucket, fields)| throttled_bucket(*bucket, &fields, now))
            .collect())
    }

    /// Returns a probe with the commands that logins and [`Throttle::reset`] send, on the probe keys with
    /// that number.
    fn probe(&self, number: u16, now: OffsetDateTime) -> Probe {
        let keys = ['g', 'k', 'f'].map(|kind| self.client.keys().probe(kind, number));
        let [bucket, clients, list] = &keys;
        let mut commands = self
            .scripts
            .probe([bucket, clients, list], milliseconds(now));
        let mut known = cmd("ZSCORE");
        known.arg(clients).arg(&PROBE_DIGEST);
        let mut listed = cmd("ZRANGE");
        listed.arg(list).arg(0).arg(-1);
        let mut unlist = cmd("ZREM");
        unlist.arg(list).arg(&PROBE_DIGEST);
        let mut look_up = cmd("HGETALL");
        look_up.arg(bucket);
        let mut reset = cmd("DEL");
        reset.arg(bucket);
        commands.extend([known, listed, unlist, look_up, reset]);
        Probe::new(commands, keys.into())
    }
}

#[async_trait]
impl Throttle for RedisThrottle {
    async fn charge(
        &self,
        bucket: &Bucket,
        budget: &Budget,
        now: OffsetDateTime,
    ) -> Result<ChargeOutcome, StoreError> {
        let (refill, capacity) = budget.in_milliseconds();
        let bytes = |digest: Option<TokenDigest>| digest.map(|digest| *digest.as_bytes());
        let [account, network] = [bytes(bucket.account), bytes(bucket.network_digest)];
        let mut take = self.scripts.take.key(self.client.keys().bucket(bucket.key));
        take.arg(milliseconds(now))
            .arg(refill)
            .arg(capacity)
            .arg(whole_milliseconds(budget.first_lock))
            .arg(whole_milliseconds(budget.longest_lock))
            .arg(bucket.kind.name())
            .arg(account.as_ref().map_or(&[][..], |account| &account[..]))
            .arg(bucket.network.as_deref().unwrap_or_default())
            .arg(network.as_ref().map_or(&[][..], |network| &network[..]));
        let (granted, cost, lock, full_at): (bool, i64, i64, i64) =
            self.client.run_script(&take).await?;
        if !granted {
            return Ok(ChargeOutcome::Locked {
                until: from_milliseconds(lock),
            });
        }
        let permit = Permit {
            cost,
            lock,
            full_at,
        };
        if lock != 0
            && let Err(error) = self.enter(&[(bucket.clone(), permit)], now).await
        {
            warn!(%error, "a lock has begun, but lists of counted attempts may lack it");
        }
        Ok(ChargeOutcome::Granted(permit))
    }

    async fn refund(
        &self,
        bucket: TokenDigest,
        permit: Permit,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let mut refund = self.scripts.refund.key(self.client.keys().bucket(bucket));
        refund
            .arg(milliseconds(now))
            .arg(permit.cost)
            .arg(permit.lock);
        self.client.run_script(&refund).await
    }

    async fn reset(&self, bucket: TokenDigest) -> Result<bool, StoreError> {
        self.client
            .run(cmd("DEL").arg(self.client.keys().bucket(bucket)))
            .await
    }

    async fn remember(
        &self,
        account: TokenDigest,
        client: TokenDigest,
        until: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let mut remember = self
            .scripts
            .remember
            .key(self.client.keys().clients(account));
        remember
            .arg(milliseconds(now))
            .arg(client.as_bytes())
            .arg(milliseconds(until))
            .arg(CLIENTS_PER_ACCOUNT);
        self.client.run_script(&remember).await
    }

    async fn knows(
        &self,
        account: TokenDigest,
        client: TokenDigest,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let mut until = cmd("ZSCORE");
        until
            .arg(self.client.keys().clients(account))
            .arg(client.as_bytes());
        let until: Option<i64> = self.client.run(&until).await?;
        Ok(until.is_some_and(|until| until > milliseconds(now)))
    }

    async fn forget(&self, account: TokenDigest) -> Result<bool, StoreError> {
        self.client
            .run(cmd("DEL").arg(self.client.keys().clients(account)))
            .await
    }

    async fn record_wrong(
        &self,
        charged: &[(Bucket, Permit)],
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        // An attempt that began a lock was entered with it.
        let rest = charged.iter().filter(|(_, permit)| permit.lock == 0);
        let rest: Vec<_> = rest.cloned().collect();
        self.enter(&rest, now).await
    }

    async fn find(
        &self,
        keys: &[TokenDigest],
        now: OffsetDateTime,
    ) -> Result<Vec<ThrottledBucket>, StoreError> {
        self.buckets(keys, now).await
    }

    async fn list(
        &self,
        query: &BucketQuery,
        now: OffsetDateTime,
    ) -> Result<BucketPage, StoreError> {
        self.page(query, now).await
    }

    async fn remove(&self, buckets: &[Bucket]) -> Result<u64, StoreError> {
        self.remove_all(buckets).await
    }

    async fn clear(&self, now: OffsetDateTime) -> Result<u64, StoreError> {
        let keys = self.client.keys();
        let mut removed = 0;
        let mut scan = self.client.scan(&keys.buckets()).await?;
        while let Some(page) = scan.next_page().await? {
            let page: Vec<_> = page.iter().filter_map(|key| keys.bucket_of(key)).collect();
            let buckets = self.buckets(&page, now).await?.into_iter();
            let buckets: Vec<_> = buckets.map(|one| one.bucket).collect();
            removed += self.remove_all(&buckets).await?;
        }
        Ok(removed)
    }

    async fn health(&self, now: OffsetDateTime) -> Result<Vec<Finding>, StoreError> {
        self.client.probe(|number| self.probe(number, now)).await
    }
}

/// Parses the fields of a bucket. `None` if the bucket is full, no longer exists or cannot be read.
fn throttled_bucket(
    bucket: TokenDigest,
    fields: &HashMap<String, Vec<u8>>,
    now: OffsetDateTime,
) -> Option<ThrottledBucket> {
    let text = |name: &str| std::str::from_utf8(fields.get(name)?).ok();
    let digest = |bytes: &[u8]| <[u8; 16]>::try_from(bytes).ok().map(TokenDigest::from);
    let full_at: i64 = text("full_at")?.parse().ok()?;
    let locked_until = text("locked_until")?.parse().ok()?;
    (full_at.max(locked_until) > milliseconds(now)).then_some(())?;
    Some(ThrottledBucket {
        bucket: Bucket {
            key: bucket,
            kind: BucketKind::from_name(text("kind")?)?,
            account: fields.get("account").and_then(|bytes| digest(bytes)),
            network: text("network")
                .filter(|network| !network.is_empty())
                .map(str::to_owned),
            network_digest: fields.get("network_digest").and_then(|bytes| digest(bytes)),
        },
        locks: text("locks")?.parse().ok()?,
        locked_until: future(locked_until, now),
        full_at: from_milliseconds(full_at),
    })
}
