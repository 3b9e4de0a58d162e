//! Tokens in Redis: one key a token with its own TTL, one sorted set a user.
//!
//! | key | holds | ends |
//! | --- | --- | --- |
//! | `isogloss:t:<digest>` | the record | with the token |
//! | `isogloss:u:<user>` | sorted set: time of issue and digest of each token, scored by its expiry | with the last token |
//! | `isogloss:s:<slot>` | the digest of the token that holds the slot | with that token |
//!
//! No command touches two keys, so the same layout serves a cluster. A token is listed before it
//! is stored: what a crash leaves behind is a listed token that does not exist, never a live token
//! that is not listed.

mod address;
mod cluster;
mod dialer;
mod engine;
mod expected;
mod fault;
mod health;
mod link;
mod primary;
mod question;
mod replicas;
#[cfg_attr(not(test), expect(dead_code, reason = "for listing all tokens"))]
mod scan;
mod sentinel;
mod settings;
#[cfg(test)]
mod tests;
mod wire;

use ::redis::{Script, cmd, pipe};
use async_trait::async_trait;
use time::OffsetDateTime;
use uuid::Uuid;

use self::link::Link;
pub use self::settings::{Eviction, RedisSettings};

use super::{Record, Slot, StoreHealth, TokenStore};
use crate::clock::{Clock, milliseconds};
use crate::error::StoreError;
use crate::token::TokenDigest;

/// Lists a token under its user, prunes what has expired, and answers the members beyond the cap.
///
/// KEYS: the user's set. ARGV: now, expiry, member, cap (times in milliseconds).
const LIST: &str = r"
local set, now, expiry, cap = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[4])
redis.call('ZREMRANGEBYSCORE', set, '-inf', now)
redis.call('ZADD', set, ARGV[2], ARGV[3])
local surplus = {}
if redis.call('ZCARD', set) > cap then
  local members = redis.call('ZRANGE', set, 0, -1)
  table.sort(members)
  for i = 1, #members - cap do
    surplus[i] = members[i]
    redis.call('ZREM', set, members[i])
  end
end
local last = redis.call('ZREVRANGE', set, 0, 0, 'WITHSCORES')
redis.call('PEXPIRE', set, math.max(1, tonumber(last[2]) - tonumber(now)))
return surplus
";

/// A token store on a Redis server.
pub struct RedisStore {
    link: Link,
    list: Script,
    per_user: usize,
}

impl RedisStore {
    /// Whether an address can be understood. Nothing is asked.
    pub fn accepts(url: &str) -> bool {
        Link::accepts(url)
    }

    /// Prepares the way to Redis. Nothing is asked yet: it may come up later than we do.
    pub fn new(settings: &RedisSettings, per_user: usize) -> Result<Self, StoreError> {
        Ok(Self {
            link: Link::new(settings)?,
            list: Script::new(LIST),
            per_user,
        })
    }

    /// Lists a token under its user, and answers the members beyond the cap.
    async fn list(
        &self,
        digest: TokenDigest,
        record: &Record,
        now: OffsetDateTime,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut list = self.list.key(user_key(record.user));
        list.arg(milliseconds(now))
            .arg(milliseconds(record.expires_at))
            .arg(member(record, digest).as_slice())
            .arg(self.per_user);
        self.link.script(&list).await
    }

    async fn members(&self, user: Uuid) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut members: Vec<Vec<u8>> = self
            .link
            .ask(cmd("ZRANGE").arg(user_key(user)).arg(0).arg(-1))
            .await?;
        members.sort_unstable();
        Ok(members)
    }
}

#[async_trait]
impl TokenStore for RedisStore {
    async fn put(
        &self,
        digest: TokenDigest,
        record: &Record,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let ttl = milliseconds(record.expires_at) - milliseconds(now);
        if ttl <= 0 {
            return Ok(());
        }
        let surplus = self.list(digest, record, now).await?;
        let mut store = pipe();
        store
            .cmd("SET")
            .arg(token_key(digest))
            .arg(record.encode()?)
            .arg("PX")
            .arg(ttl)
            .ignore();
        for digest in surplus.iter().filter_map(|member| digest_of(member)) {
            store.cmd("DEL").arg(token_key(digest)).ignore();
        }
        if let Some(slot) = record.slot {
            store
                .cmd("SET")
                .arg(slot_key(*slot.digest()))
                .arg(digest.as_bytes())
                .arg("PX")
                .arg(ttl)
                .arg("GET");
        }
        let (before,): (Option<Vec<u8>>,) = if record.slot.is_some() {
            self.link.pipeline_once(&store).await?
        } else {
            let () = self.link.pipeline(&store).await?;
            (None,)
        };
        let before = before.as_deref().and_then(digest_of);
        if let (Some(Slot::Exclusive(_)), Some(before)) = (record.slot, before) {
            self.take(before).await?;
        }
        Ok(())
    }

    async fn holder(&self, slot: TokenDigest) -> Result<Option<TokenDigest>, StoreError> {
        let holder: Option<Vec<u8>> = self.link.ask(cmd("GET").arg(slot_key(slot))).await?;
        Ok(holder.as_deref().and_then(digest_of))
    }

    async fn extend(
        &self,
        digest: TokenDigest,
        record: &Record,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let ttl = milliseconds(record.expires_at) - milliseconds(now);
        self.list(digest, record, now).await?;
        // `XX`: a token that was revoked meanwhile does not come back.
        self.link
            .ask(
                cmd("SET")
                    .arg(token_key(digest))
                    .arg(record.encode()?)
                    .arg("PX")
                    .arg(ttl.max(1))
                    .arg("XX"),
            )
            .await
    }

    async fn get(&self, digest: TokenDigest) -> Result<Option<Record>, StoreError> {
        let value: Option<Vec<u8>> = self.link.ask(cmd("GET").arg(token_key(digest))).await?;
        value.as_deref().map(Record::decode).transpose()
    }

    async fn take(&self, digest: TokenDigest) -> Result<Option<Record>, StoreError> {
        let value: Option<Vec<u8>> = self
            .link
            .revoke(cmd("GETDEL").arg(token_key(digest)))
            .await?;
        let Some(record) = value.as_deref().map(Record::decode).transpose()? else {
            return Ok(None);
        };
        let () = self
            .link
            .ask(
                cmd("ZREM")
                    .arg(user_key(record.user))
                    .arg(member(&record, digest).as_slice()),
            )
            .await?;
        Ok(Some(record))
    }

    async fn of_user(&self, user: Uuid) -> Result<Vec<(TokenDigest, Record)>, StoreError> {
        let digests: Vec<TokenDigest> = self
            .members(user)
            .await?
            .iter()
            .filter_map(|member| digest_of(member))
            .collect();
        if digests.is_empty() {
            return Ok(Vec::new());
        }
        let mut lookup = pipe();
        for digest in &digests {
            lookup.cmd("GET").arg(token_key(*digest));
        }
        let values: Vec<Option<Vec<u8>>> = self.link.pipeline(&lookup).await?;
        let mut records = Vec::new();
        for (digest, value) in digests.into_iter().zip(values) {
            if let Some(value) = value {
                records.push((digest, Record::decode(&value)?));
            }
        }
        Ok(records)
    }

    async fn remove_user(&self, user: Uuid) -> Result<u64, StoreError> {
        let members = self.members(user).await?;
        if members.is_empty() {
            return Ok(0);
        }
        let mut removal = pipe();
        for digest in members.iter().filter_map(|member| digest_of(member)) {
            removal.cmd("DEL").arg(token_key(digest));
        }
        // Only what was listed: a token that is issued meanwhile stays listed.
        removal
            .cmd("ZREM")
            .arg(user_key(user))
            .arg(&members)
            .ignore();
        let removed: Vec<u64> = self.link.revoke(&removal).await?;
        Ok(removed.into_iter().sum())
    }

    async fn sweep(&self, _now: OffsetDateTime) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.link.ask(&cmd("PING")).await
    }

    async fn health(&self, clock: &dyn Clock) -> Result<StoreHealth, StoreError> {
        self.link.health(clock).await
    }
}

fn key(prefix: &[u8], id: &[u8]) -> Vec<u8> {
    [prefix, id].concat()
}

fn token_key(digest: TokenDigest) -> Vec<u8> {
    key(b"isogloss:t:", digest.as_bytes())
}

fn slot_key(slot: TokenDigest) -> Vec<u8> {
    key(b"isogloss:s:", slot.as_bytes())
}

fn user_key(user: Uuid) -> String {
    format!("isogloss:u:{}", user.simple())
}

/// Time of issue and digest: members sort by age.
fn member(record: &Record, digest: TokenDigest) -> [u8; 40] {
    let mut member = [0; 40];
    member[..8].copy_from_slice(&milliseconds(record.issued_at).max(0).to_be_bytes());
    member[8..].copy_from_slice(digest.as_bytes());
    member
}

/// The digest at the end of a member, or the digest alone.
fn digest_of(bytes: &[u8]) -> Option<TokenDigest> {
    let digest: [u8; 32] = *bytes.last_chunk()?;
    Some(digest.into())
}
