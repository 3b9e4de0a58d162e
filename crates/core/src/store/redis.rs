//! Tokens in Redis: one key a token with its own TTL, one sorted set a user.
//!
//! | key | holds | ends |
//! | --- | --- | --- |
//! | `isogloss:t:<digest>` | the record | with the token |
//! | `isogloss:u:<user>` | sorted set: the digest of each token, scored by its expiry | with the last token |
//! | `isogloss:s:<slot>` | the digest of the token that holds the slot | with that token |
//!
//! No command touches two keys, so the same layout serves a cluster. A token is listed before it
//! is stored: what a crash leaves behind is a listed token that does not exist, never a live token
//! that is not listed.

mod address;
mod cluster;
mod dialer;
mod doorman;
mod engine;
mod expected;
mod fault;
mod health;
mod link;
mod near;
mod place;
mod primary;
mod question;
mod replicas;
mod scan;
mod sentinel;
mod settings;
#[cfg(test)]
mod tests;
mod tracker;
mod wire;

use std::num::NonZeroUsize;
use std::sync::Arc;

use ::redis::{Script, cmd, pipe};
use async_trait::async_trait;
use time::OffsetDateTime;
use uuid::Uuid;

pub(crate) use self::link::Link;
pub use self::settings::{Eviction, RedisSettings};

use self::link::failed;
use self::near::{Changing, NearTokens};
use super::{Caps, Record, Slot, StoreHealth, TokenStore, Visit};
use crate::clock::{Clock, milliseconds};
use crate::connections::Connections;
use crate::error::StoreError;
use crate::near::{NearStatus, find_or};
use crate::throttle::RedisThrottle;
use crate::token::TokenDigest;

/// Lists a token under its user, prunes what has expired, and answers how many are listed.
///
/// KEYS: the user's set. ARGV: now, expiry (milliseconds), digest.
const LIST: &str = r"
local set, now = KEYS[1], ARGV[1]
redis.call('ZREMRANGEBYSCORE', set, '-inf', now)
redis.call('ZADD', set, ARGV[2], ARGV[3])
local last = redis.call('ZREVRANGE', set, 0, 0, 'WITHSCORES')
redis.call('PEXPIRE', set, math.max(1, tonumber(last[2]) - tonumber(now)))
return redis.call('ZCARD', set)
";

/// Puts a value in the place of another, if that is still there.
///
/// KEYS: the token. ARGV: the value after, its life in milliseconds, and all that the one before may be.
const REPLACE: &str = r"
local before = redis.call('GET', KEYS[1])
for same = 3, #ARGV do
    if before == ARGV[same] then
        redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
        return 1
    end
end
return 0
";

/// A token store on a Redis server.
pub struct RedisStore {
    link: Arc<Link>,
    list: Script,
    replace: Script,
    caps: Caps,
    near: Option<Arc<NearTokens>>,
}

impl RedisStore {
    /// Whether an address can be understood. Nothing is asked.
    pub fn accepts(url: &str) -> bool {
        Link::accepts(url)
    }

    /// Prepares the way to Redis. Nothing is asked yet: it may come up later than we do.
    pub fn new(settings: &RedisSettings, caps: Caps) -> Result<Self, StoreError> {
        let link = Arc::new(Link::new(settings)?);
        let near = NonZeroUsize::new(settings.near_cache).map(|room| {
            let near = Arc::new(NearTokens::new(room));
            let following = tracker::follow(Arc::downgrade(&link), Arc::clone(&near));
            link.dialer().runtime().spawn(following);
            near
        });
        Ok(Self {
            link,
            list: Script::new(LIST),
            replace: Script::new(REPLACE),
            caps,
            near,
        })
    }

    /// Has a token forgotten when what is begun now is over, before Redis tells of it.
    fn changing(&self, digest: TokenDigest) -> Option<Changing<'_>> {
        self.near.as_ref().map(|near| near.changing(digest))
    }

    /// Over the shared connection if there is one. If that has an answer of another kind, the pool finds
    /// out what is wrong.
    async fn look_up(&self, digest: TokenDigest) -> Result<Option<Record>, StoreError> {
        let mut get = cmd("GET");
        get.arg(token_key(digest));
        let decode = |value: Option<Vec<u8>>| value.as_deref().map(Record::decode).transpose();
        let wire = self.near.as_ref().and_then(|near| near.wire());
        if let Some(mut wire) = wire {
            match get.query_async(&mut wire).await {
                Ok(value) => return decode(value),
                Err(error) if error.is_timeout() => return Err(failed("no answer in time")),
                Err(_) => {}
            }
        }
        decode(self.link.ask(&get).await?)
    }

    /// What counts tries on the same server.
    pub fn throttle(&self) -> RedisThrottle {
        RedisThrottle::new(Arc::clone(&self.link))
    }

    /// Lists a token under its user, and answers how many are listed there.
    async fn list(
        &self,
        digest: TokenDigest,
        record: &Record,
        now: OffsetDateTime,
    ) -> Result<usize, StoreError> {
        let mut list = self.list.key(user_key(record.user));
        list.arg(milliseconds(now))
            .arg(milliseconds(record.expires_at))
            .arg(digest.as_bytes());
        self.link.script(&list).await
    }

    async fn unlist(&self, user: Uuid, digest: TokenDigest) -> Result<(), StoreError> {
        let mut unlist = cmd("ZREM");
        unlist.arg(user_key(user)).arg(digest.as_bytes());
        self.link.ask(&unlist).await
    }

    async fn members(&self, user: Uuid) -> Result<Vec<TokenDigest>, StoreError> {
        let mut range = cmd("ZRANGE");
        range.arg(user_key(user)).arg(0).arg(-1);
        let members: Vec<[u8; 16]> = self.link.ask(&range).await?;
        Ok(members.into_iter().map(TokenDigest::from).collect())
    }

    /// Those of the records that are there.
    async fn records(
        &self,
        digests: Vec<TokenDigest>,
    ) -> Result<Vec<(TokenDigest, Record)>, StoreError> {
        if digests.is_empty() {
            return Ok(Vec::new());
        }
        let mut lookup = pipe();
        for digest in &digests {
            lookup.cmd("GET").arg(token_key(*digest));
        }
        let values: Vec<Option<Vec<u8>>> = self.link.pipeline(&lookup).await?;
        let found = digests.into_iter().zip(values);
        found
            .filter_map(|(digest, value)| Some((digest, value?)))
            .map(|(digest, value)| Ok((digest, Record::decode(&value)?)))
            .collect()
    }

    /// Ends what a user holds beyond the caps, and answers it. What is listed and not there may be
    /// a login that is under way: it stays listed until it would have expired.
    async fn enforce_caps(
        &self,
        user: Uuid,
        newest: TokenDigest,
        now: OffsetDateTime,
    ) -> Result<Vec<TokenDigest>, StoreError> {
        let tokens = self.records(self.members(user).await?).await?;
        let evicted = self.caps.surplus(tokens, newest, now).evicted;
        for digest in &evicted {
            self.take(*digest).await?;
        }
        Ok(evicted)
    }
}

#[async_trait]
impl TokenStore for RedisStore {
    fn connections(&self) -> Option<Connections> {
        self.link.connections()
    }

    fn near(&self) -> Option<NearStatus> {
        Some(self.near.as_ref()?.status())
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
        self.list(digest, record, now).await?;
        let mut store = cmd("SET");
        store
            .arg(token_key(digest))
            .arg(record.encode()?)
            .arg("PX")
            .arg(life);
        let () = self.link.ask(&store).await?;
        if let Some(slot) = record.slot {
            let mut hold = cmd("SET");
            hold.arg(slot_key(*slot.digest()))
                .arg(digest.as_bytes())
                .arg("PX")
                .arg(life)
                .arg("GET");
            let before: Option<[u8; 16]> = self.link.ask_once(&hold).await?;
            if let (Slot::Exclusive(_), Some(before)) = (slot, before) {
                self.take(before.into()).await?;
            }
        }
        // Once more: all of the user's tokens may have been ended while this one was listed and
        // not yet there.
        let listed = self.list(digest, record, now).await?;
        if listed <= self.caps.least() {
            return Ok(Vec::new());
        }
        self.enforce_caps(record.user, digest, now).await
    }

    async fn holder(&self, slot: TokenDigest) -> Result<Option<TokenDigest>, StoreError> {
        let mut holder = cmd("GET");
        let holder: Option<[u8; 16]> = self.link.ask(holder.arg(slot_key(slot))).await?;
        Ok(holder.map(TokenDigest::from))
    }

    async fn replace(
        &self,
        digest: TokenDigest,
        before: &Record,
        after: &Record,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let life = milliseconds(after.expires_at) - milliseconds(now);
        let _changing = self.changing(digest);
        if after.spent.is_none() && after.expires_at != before.expires_at {
            self.list(digest, after, now).await?;
        }
        let mut replace = self.replace.key(token_key(digest));
        replace
            .arg(after.encode()?)
            .arg(life.max(1))
            .arg(&before.encodings()?);
        if after.spent.is_none() {
            return self.link.script(&replace).await;
        }
        let replaced = self.link.revoke(&replace).await?;
        if replaced {
            self.unlist(after.user, digest).await?;
        }
        Ok(replaced)
    }

    async fn get(&self, digest: TokenDigest) -> Result<Option<Record>, StoreError> {
        let near = self.near.as_ref().and_then(|near| near.records());
        find_or(near, digest, async || self.look_up(digest).await).await
    }

    async fn take(&self, digest: TokenDigest) -> Result<Option<Record>, StoreError> {
        let _changing = self.changing(digest);
        let value: Option<Vec<u8>> = self
            .link
            .revoke(cmd("GETDEL").arg(token_key(digest)))
            .await?;
        let Some(record) = value.as_deref().map(Record::decode).transpose()? else {
            return Ok(None);
        };
        self.unlist(record.user, digest).await?;
        Ok(Some(record))
    }

    async fn of_user(&self, user: Uuid) -> Result<Vec<(TokenDigest, Record)>, StoreError> {
        let mut records = self.records(self.members(user).await?).await?;
        records.sort_by_key(|(digest, record)| (record.issued_at, *digest));
        Ok(records)
    }

    async fn each(&self, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        let mut scan = self.link.scan("isogloss:t:*").await?;
        while let Some(keys) = scan.next().await? {
            let digests = keys.iter().filter_map(|key| digest_of(key)).collect();
            for (digest, record) in self.records(digests).await? {
                if visit(digest, record).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    async fn remove_user(&self, user: Uuid) -> Result<u64, StoreError> {
        let members = self.members(user).await?;
        if members.is_empty() {
            return Ok(0);
        }
        let _changing: Vec<_> = members
            .iter()
            .map(|digest| self.changing(*digest))
            .collect();
        let mut removal = pipe();
        for digest in &members {
            removal.cmd("DEL").arg(token_key(*digest));
        }
        let removed: Vec<u64> = self.link.revoke(&removal).await?;
        // Only what was listed: a token that is issued meanwhile stays listed.
        let mut unlist = cmd("ZREM");
        unlist.arg(user_key(user));
        for digest in &members {
            unlist.arg(digest.as_bytes());
        }
        let () = self.link.ask(&unlist).await?;
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

const TOKEN: &[u8] = b"isogloss:t:";

fn key(prefix: &[u8], id: &[u8]) -> Vec<u8> {
    [prefix, id].concat()
}

fn token_key(digest: TokenDigest) -> Vec<u8> {
    key(TOKEN, digest.as_bytes())
}

fn slot_key(slot: TokenDigest) -> Vec<u8> {
    key(b"isogloss:s:", slot.as_bytes())
}

fn user_key(user: Uuid) -> String {
    format!("isogloss:u:{}", user.simple())
}

/// The digest at the end of a token's key.
fn digest_of(key: &[u8]) -> Option<TokenDigest> {
    let digest: [u8; 16] = *key.strip_prefix(TOKEN)?.first_chunk()?;
    Some(digest.into())
}
