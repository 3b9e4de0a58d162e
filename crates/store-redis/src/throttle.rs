//! Login throttle in Redis, for gateways that share it.
//!
//! | key | value | expires |
//! | --- | --- | --- |
//! | `isogloss:g:<bucket>` | hash: how empty the bucket is, and what it is for | when the bucket is full |
//! | `isogloss:k:<account>` | sorted set: a digest of each client, scored by the time when it is forgotten | with the last client |
//!
//! `isogloss:` is the configured prefix. No command uses two keys, and each script is one step: two gateways
//! never grant one try twice.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use isogloss_core::backend::{
    CLIENTS_PER_ACCOUNT, from_milliseconds, future, milliseconds, whole_milliseconds,
};
use isogloss_core::store::Finding;
use isogloss_core::throttle::{
    Bucket, BucketKind, Budget, ChargeOutcome, Permit, Throttle, ThrottledBucket,
};
use isogloss_core::{StoreError, TokenDigest};
use redis::{Cmd, Script, cmd, pipe};
use time::OffsetDateTime;

use crate::health::probe::{PROBE_DIGEST, PROBE_LIFE, Probe};
use crate::redis_client::RedisClient;

/// Takes a try from a bucket, as `Level::take` does, with the same names.
///
/// KEYS: the bucket. ARGV: now, refill, capacity, first lock, longest lock (milliseconds), kind, account,
/// network. Returns whether the try was granted (1 or 0), the cost, the end of the lock.
const TAKE: &str = r"
local key, now, refill, capacity = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local level = redis.call('HMGET', key, 'full_at', 'locks', 'locked_until')
local full_at = tonumber(level[1] or now)
local locks, locked_until = tonumber(level[2] or 0), tonumber(level[3] or 0)
if locked_until > now then return {0, 0, locked_until} end
if full_at <= now then full_at, locks = now, 0 end
local before, lock = full_at, 0
full_at = math.min(before + refill, now + capacity)
if full_at - now > capacity - refill then
  locks = locks + 1
  lock = now + math.min(tonumber(ARGV[4]) * 2 ^ (locks - 1), tonumber(ARGV[5]))
  full_at = full_at + lock - now
end
local function whole(number) return string.format('%.0f', number) end
redis.call('HSET', key, 'full_at', whole(full_at), 'locks', whole(locks), 'locked_until', whole(lock),
  'kind', ARGV[6], 'account', ARGV[7], 'network', ARGV[8])
redis.call('PEXPIRE', key, whole(math.max(1, full_at - now)))
return {1, full_at - before, lock}
";

/// Gives a try back to a bucket, as `Level::refund` does.
///
/// KEYS: the bucket. ARGV: now, cost, the end of the lock.
const REFUND: &str = r"
local key, now, lock = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[3])
local level = redis.call('HMGET', key, 'full_at', 'locks', 'locked_until')
if not level[1] then return end
local full_at, locks, locked_until = tonumber(level[1]) - tonumber(ARGV[2]), tonumber(level[2]), tonumber(level[3])
if lock ~= 0 and locked_until == lock then
  locks, locked_until = math.max(0, locks - 1), 0
end
local left = math.max(full_at, locked_until) - now
if left <= 0 then redis.call('DEL', key) return end
local function whole(number) return string.format('%.0f', number) end
redis.call('HSET', key, 'full_at', whole(full_at), 'locks', whole(locks), 'locked_until', whole(locked_until))
redis.call('PEXPIRE', key, whole(left))
";

/// Remembers a client of an account.
///
/// KEYS: the account's clients. ARGV: now, the client, until when, how many at most.
const REMEMBER: &str = r"
local key, now = KEYS[1], tonumber(ARGV[1])
redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
redis.call('ZADD', key, ARGV[3], ARGV[2])
redis.call('ZREMRANGEBYRANK', key, 0, -1 - tonumber(ARGV[4]))
local last = redis.call('ZREVRANGE', key, 0, 0, 'WITHSCORES')
redis.call('PEXPIRE', key, string.format('%.0f', math.max(1, tonumber(last[2]) - now)))
";

/// Buckets on a Redis server, next to the tokens. Created by `RedisStore::throttle`.
pub struct RedisThrottle {
    client: Arc<RedisClient>,
    take: Script,
    refund: Script,
    remember: Script,
}

impl RedisThrottle {
    pub(crate) fn new(client: Arc<RedisClient>) -> Self {
        Self {
            client,
            take: Script::new(TAKE),
            refund: Script::new(REFUND),
            remember: Script::new(REMEMBER),
        }
    }

    /// Returns the buckets of these keys that exist and are not full. Ignores keys that are not those of
    /// buckets. Fails if Redis fails.
    async fn read(
        &self,
        keys: &[Vec<u8>],
        now: OffsetDateTime,
    ) -> Result<Vec<ThrottledBucket>, StoreError> {
        let buckets = keys
            .iter()
            .filter_map(|key| self.client.keys().bucket_of(key));
        let buckets: Vec<_> = buckets.collect();
        if buckets.is_empty() {
            return Ok(Vec::new());
        }
        let mut lookup = pipe();
        for bucket in &buckets {
            lookup
                .cmd("HGETALL")
                .arg(self.client.keys().bucket(*bucket));
        }
        let found: Vec<HashMap<String, Vec<u8>>> = self.client.run_pipeline(&lookup).await?;
        let found = buckets.into_iter().zip(found);
        Ok(found
            .filter_map(|(bucket, fields)| throttled_bucket(bucket, &fields, now))
            .collect())
    }

    /// Returns a probe with the commands that logins and [`Throttle::reset`] send, on the probe keys with
    /// that number.
    fn probe(&self, number: u16, now: OffsetDateTime) -> Probe {
        let [bucket, clients] = ['g', 'k'].map(|kind| self.client.keys().probe(kind, number));
        let (now, refill) = (milliseconds(now), PROBE_LIFE / 10);
        let mut take = self.take.key(&bucket);
        take.arg(now)
            .arg(refill)
            .arg(PROBE_LIFE)
            .arg(refill)
            .arg(refill);
        take.arg("probe").arg("").arg("");
        let mut refund = self.refund.key(&bucket);
        refund.arg(now).arg(refill / 2).arg(0);
        let mut remember = self.remember.key(&clients);
        remember
            .arg(now)
            .arg(&PROBE_DIGEST)
            .arg(now + PROBE_LIFE)
            .arg(1);
        let mut known = cmd("ZSCORE");
        known.arg(&clients).arg(&PROBE_DIGEST);
        let mut reset = cmd("DEL");
        reset.arg(&bucket);
        let scripts = [&self.take, &self.refund, &self.remember];
        let mut commands: Vec<_> = scripts.map(Cmd::load_script).into();
        commands.extend([&take, &refund, &remember].map(Cmd::invoke_script));
        commands.extend([known, reset]);
        Probe::new(commands, vec![bucket, clients])
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
        let account = bucket.account.map(|account| *account.as_bytes());
        let mut take = self.take.key(self.client.keys().bucket(bucket.key));
        take.arg(milliseconds(now))
            .arg(refill)
            .arg(capacity)
            .arg(whole_milliseconds(budget.first_lock))
            .arg(whole_milliseconds(budget.longest_lock))
            .arg(bucket.kind.name())
            .arg(account.as_ref().map_or(&[][..], |account| &account[..]))
            .arg(bucket.network.as_deref().unwrap_or_default());
        let (granted, cost, lock): (bool, i64, i64) = self.client.run_script(&take).await?;
        Ok(if granted {
            ChargeOutcome::Granted(Permit { cost, lock })
        } else {
            ChargeOutcome::Locked {
                until: from_milliseconds(lock),
            }
        })
    }

    async fn refund(
        &self,
        bucket: TokenDigest,
        permit: Permit,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let mut refund = self.refund.key(self.client.keys().bucket(bucket));
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
        let mut remember = self.remember.key(self.client.keys().clients(account));
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

    async fn list(&self, now: OffsetDateTime) -> Result<Vec<ThrottledBucket>, StoreError> {
        let mut strained = Vec::new();
        let mut scan = self.client.scan(&self.client.keys().buckets()).await?;
        while let Some(keys) = scan.next_page().await? {
            strained.extend(self.read(&keys, now).await?);
        }
        // `SCAN` may return a key twice while the hash table grows.
        strained.sort_by_key(|strained: &ThrottledBucket| strained.bucket.key);
        strained.dedup_by_key(|strained| strained.bucket.key);
        Ok(strained)
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
        },
        locks: text("locks")?.parse().ok()?,
        locked_until: future(locked_until, now),
        full_at: from_milliseconds(full_at),
    })
}
