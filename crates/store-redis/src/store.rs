//! Tokens in Redis: one key per token with its own TTL, and one sorted set per user.
//!
//! | key | value | expires |
//! | --- | --- | --- |
//! | `isogloss:t:<digest>` | the record | with the token |
//! | `isogloss:u:<user>` | sorted set: the digest of each token, scored by its expiry | a minute after the last token |
//! | `isogloss:s:<slot>` | the digest of the token that holds the slot | with that token |
//! | `isogloss:w:<number>` | empty; written so that replicas acknowledge all earlier writes | after a second |
//!
//! `isogloss:` is the configured prefix. No command uses two keys, so the same layout works in a cluster.
//!
//! A token is announced in its user's list before it is stored, and listed by its digest afterwards. A crash can
//! only leave an announcement of a token that does not exist or that no client has, never a live token that is
//! in no list. The order in which tokens are listed decides which of them exceed the caps. A token that takes a
//! slot first ends the token before it, so a lost response leaves no superseded token alive. A token whose login
//! fails before it is listed is withdrawn: no client has it.

mod insert;
pub(crate) mod last_used;
mod lookup;
pub(crate) mod unconfirmed;
mod user_index;

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use isogloss_core::backend::{decode_or_log, get_or_load, milliseconds};
use isogloss_core::store::{
    Record, SessionLimits, Slot, StoreHealth, StoredToken, TokenStore, Visitor,
};
use isogloss_core::{Clock, NearCacheStatus, PoolStatus, StoreError, TokenDigest};
use redis::cmd;
use time::OffsetDateTime;
use uuid::Uuid;

use self::last_used::LastUsedBatcher;
use crate::near_cache::TokenNearCache;
use crate::near_cache::invalidation_listener;
use crate::redis_client::RedisClient;
use crate::request::Response;
use crate::scripts::Scripts;
use crate::wait_replicas::WaitReplicas;
use crate::{RedisAccess, RedisSettings, RedisThrottle};

/// A token store on a Redis server.
pub struct RedisStore {
    pub(crate) client: Arc<RedisClient>,
    pub(crate) scripts: Arc<Scripts>,
    pub(crate) caps: SessionLimits,
    pub(crate) near_cache: Option<Arc<TokenNearCache>>,
    /// `None` if each use of a token is written separately.
    pub(crate) last_used: Option<LastUsedBatcher>,
    pub(crate) replicas: WaitReplicas,
    /// How long it may take to withdraw a token whose login failed.
    pub(crate) withdrawal_time_limit: Duration,
}

impl RedisStore {
    /// Returns whether `url` is a valid address. Sends nothing to Redis.
    pub fn accepts(url: &str) -> bool {
        RedisClient::accepts(url)
    }

    /// Creates a store. Sends nothing to Redis yet: Redis may start later than the gateway.
    ///
    /// # Errors
    /// If the settings are invalid, or a thread cannot be started.
    pub fn new(settings: &RedisSettings, caps: SessionLimits) -> Result<Self, StoreError> {
        let client = Arc::new(RedisClient::new(settings)?);
        let near_cache = NonZeroUsize::new(settings.near_cache).map(|capacity| {
            let (own, access) = (settings.worker_connections, client.access());
            let near_cache = Arc::new(TokenNearCache::new(capacity, own, &access.connector));
            let listening =
                invalidation_listener::listen(Arc::downgrade(&client), Arc::clone(&near_cache));
            access.connector.runtime().spawn(listening);
            near_cache
        });
        let scripts = Arc::new(Scripts::new(client.keys().clone()));
        let last_used = (settings.touch_batch.get() > 1 && !client.is_cluster()).then(|| {
            let bounds = (settings.touch_batch, settings.request_time_limit());
            LastUsedBatcher::start(&client, &scripts, bounds)
        });
        Ok(Self {
            client,
            scripts,
            caps,
            near_cache,
            last_used,
            replicas: WaitReplicas::from_settings(settings),
            withdrawal_time_limit: settings.timeout,
        })
    }

    /// Returns a handle that replaces the credentials while the store is in use.
    pub fn access(&self) -> RedisAccess {
        RedisAccess::new(Arc::clone(&self.client))
    }

    /// Returns a login throttle on the same server.
    pub fn throttle(&self) -> RedisThrottle {
        RedisThrottle::new(Arc::clone(&self.client))
    }
}

#[async_trait]
impl TokenStore for RedisStore {
    fn connections(&self) -> Option<PoolStatus> {
        self.client.connections()
    }

    fn get_cached(&self, digest: TokenDigest) -> Option<Arc<Record>> {
        let packed = self.valid_near_cache()?.get(&digest)?;
        Record::decode(&packed).ok().map(Arc::new)
    }

    fn cache_status(&self) -> Option<NearCacheStatus> {
        Some(self.near_cache.as_ref()?.status())
    }

    async fn put(
        &self,
        digest: TokenDigest,
        record: &Record,
        now: OffsetDateTime,
    ) -> Result<Vec<TokenDigest>, StoreError> {
        let life = milliseconds(record.expires_at) - milliseconds(now);
        if life <= 0 {
            return Ok(Vec::new());
        }
        self.announce(digest, record, now).await?;
        let listed = self.store_announced(digest, record, (life, now)).await?;
        // Other logins hand the token out once the slot leads to it, so it is listed before, and not withdrawn
        // if this fails.
        if let Some(Slot::Newest(slot)) = record.slot {
            self.point_slot_at(slot, digest, life).await?;
        }
        Ok(self
            .enforce_limits(listed, (digest, record.user), now)
            .await)
    }

    async fn slot_holder(&self, slot: TokenDigest) -> Result<Option<TokenDigest>, StoreError> {
        let mut holder = cmd("GET");
        let holder: Option<[u8; 16]> = self
            .client
            .run(holder.arg(self.client.keys().slot(slot)))
            .await?;
        Ok(holder.map(TokenDigest::from))
    }

    async fn replace(
        &self,
        digest: TokenDigest,
        before: &Record,
        after: &Record,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let _removal = self.remove_when_done(digest);
        let replace = self.scripts.replace(digest, (before, after), now)?;
        match (before.spent, after.spent) {
            (None, None) => return self.record_use(digest, (before, after), now).await,
            (Some(_), None) => {
                self.list(digest, after, now).await?;
                return self.client.run_script(&replace).await;
            }
            (Some(_), Some(_)) => return self.client.run_script(&replace).await,
            (None, Some(_)) => {}
        }
        let replaced: Response<bool> = self.client.run_revocation_unconfirmed(&replace).await?;
        if !replaced.value {
            return Ok(false);
        }
        if let Err(error) = replaced.replicated {
            self.restore_unused(digest, (before, after), now).await;
            return Err(error);
        }
        self.try_unlist(after, digest).await;
        Ok(true)
    }

    async fn get(&self, digest: TokenDigest) -> Result<Option<Arc<Record>>, StoreError> {
        let look_up = async || self.look_up(digest).await;
        let found = get_or_load(self.valid_near_cache(), digest, look_up).await?;
        let record = found.map(|packed| Record::decode(&packed)).transpose()?;
        Ok(record.map(Arc::new))
    }

    async fn restore(&self, token: &StoredToken, now: OffsetDateTime) -> Result<(), StoreError> {
        self.restore_token(token, now).await
    }

    async fn remove(&self, digest: TokenDigest) -> Result<Option<Record>, StoreError> {
        let _removal = self.remove_when_done(digest);
        let key = self.client.keys().token(digest);
        let take = &mut cmd("GETDEL");
        let taken: Response<Option<Vec<u8>>> = self
            .client
            .run_revocation_unconfirmed(take.arg(key))
            .await?;
        let record = taken.value.and_then(|value| decode_or_log(digest, &value));
        let Some(record) = record else {
            self.confirm_earlier_writes().await?;
            return Ok(None);
        };
        if let Err(error) = taken.replicated {
            self.store_unconfirmed_end(digest, &record).await;
            return Err(error);
        }
        self.try_unlist(&record, digest).await;
        Ok(Some(record.before_unconfirmed_end()))
    }

    async fn list_by_user(&self, user: Uuid) -> Result<Vec<(TokenDigest, Record)>, StoreError> {
        let mut records = self.records(self.members(user).await?).await?;
        records.sort_by_key(|(digest, record)| (record.issued_at, *digest));
        Ok(records)
    }

    async fn scan(&self, visit: &mut Visitor<'_>) -> Result<(), StoreError> {
        let keys = self.client.keys();
        let mut scan = self.client.scan(&keys.tokens()).await?;
        // `SCAN` may return a key twice.
        let mut seen = HashSet::new();
        while let Some(page) = scan.next_page().await? {
            let digests = page.iter().filter_map(|key| keys.token_of(key));
            let digests = digests.filter(|digest| seen.insert(*digest)).collect();
            for (digest, record) in self.records(digests).await? {
                if visit(digest, record).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    async fn remove_user(&self, user: Uuid) -> Result<u64, StoreError> {
        self.remove_all(user).await
    }

    async fn sweep(&self, _now: OffsetDateTime) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.client.ping().await?;
        self.ping_lookups().await
    }

    async fn health(&self, clock: &dyn Clock) -> Result<StoreHealth, StoreError> {
        self.ping_lookups().await?;
        let mut health = self.client.health(clock).await?;
        let now = clock.now();
        let refused = self.client.probe(|number| self.probe(number, now)).await?;
        health.findings.extend(refused);
        health.findings.sort_by_key(|finding| finding.level);
        Ok(health)
    }

    /// Does nothing: every write, including a batch of uses, is awaited by its caller, and connections end with
    /// the process.
    async fn close(&self) {}
}
