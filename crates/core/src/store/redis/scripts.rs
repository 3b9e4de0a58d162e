//! What a server does in one step. Each script touches one key.

use ::redis::{Cmd, Pipeline, Script, ScriptInvocation, pipe};
use time::OffsetDateTime;

use super::keys::Keys;
use super::probe::{PROBE_DIGEST, PROBE_LIFE, PROBE_VALUE};
use crate::clock::milliseconds;
use crate::error::StoreError;
use crate::store::Record;
use crate::token::TokenDigest;

/// Lists a token under its user, prunes what has expired, and answers how many are listed.
///
/// KEYS: the user's set. ARGV: until when what has expired is pruned, expiry (milliseconds), digest.
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

/// How far the clock of a gateway may be ahead of the others before it removes what they take for live from a
/// user's list, or lets the list end before it. What has ended stays listed for as long.
const AHEAD: i64 = 60_000;

/// Returns until when what has expired is removed from lists.
fn pruned_until(now: OffsetDateTime) -> i64 {
    milliseconds(now) - AHEAD
}

/// All of them.
pub(super) struct Scripts {
    keys: Keys,
    list: Script,
    replace: Script,
}

impl Scripts {
    pub(super) fn new(keys: Keys) -> Self {
        Self {
            keys,
            list: Script::new(LIST),
            replace: Script::new(REPLACE),
        }
    }

    /// Returns scripts that list a token under its user, which comes first, and under the administrator
    /// who acts as the user. Each answers how many are listed there.
    pub(super) fn lists(
        &self,
        digest: TokenDigest,
        record: &Record,
        now: OffsetDateTime,
    ) -> Vec<ScriptInvocation<'_>> {
        let lists = record.listed_under().map(|user| {
            let mut list = self.list.key(self.keys.user(user));
            list.arg(pruned_until(now))
                .arg(milliseconds(record.expires_at))
                .arg(digest.as_bytes());
            list
        });
        lists.collect()
    }

    /// Has a slot lead to a token for as long as that lives, if it leads there.
    pub(super) fn keep_slot(
        &self,
        digest: TokenDigest,
        record: &Record,
        now: OffsetDateTime,
    ) -> Option<ScriptInvocation<'_>> {
        let slot = record.slot?;
        let life = milliseconds(record.expires_at) - milliseconds(now);
        let mut keep = self.replace.key(self.keys.slot(*slot.digest()));
        keep.arg(digest.as_bytes())
            .arg(life.max(1))
            .arg(digest.as_bytes());
        Some(keep)
    }

    /// Puts one record in the place of another, and answers whether that was there.
    pub(super) fn replace(
        &self,
        digest: TokenDigest,
        (before, after): (&Record, &Record),
        now: OffsetDateTime,
    ) -> Result<ScriptInvocation<'_>, StoreError> {
        let life = milliseconds(after.expires_at) - milliseconds(now);
        let mut replace = self.replace.key(self.keys.token(digest));
        replace
            .arg(after.encode()?)
            .arg(life.max(1))
            .arg(&before.encodings()?);
        Ok(replace)
    }

    /// Returns commands that load the scripts and run each on such a key.
    pub(super) fn probe(&self, user: &str, token: &str, now: OffsetDateTime) -> Vec<Cmd> {
        let (now, digest) = (milliseconds(now), PROBE_DIGEST);
        let mut list = self.list.key(user);
        list.arg(now).arg(now + PROBE_LIFE).arg(&digest);
        let mut replace = self.replace.key(token);
        replace.arg(PROBE_VALUE).arg(PROBE_LIFE).arg(PROBE_VALUE);
        vec![
            Cmd::load_script(&self.list),
            Cmd::load_script(&self.replace),
            Cmd::invoke_script(&list),
            Cmd::invoke_script(&replace),
        ]
    }

    /// Commands that let a server know all of them.
    pub(super) fn load(&self) -> Pipeline {
        let mut load = pipe();
        for script in [&self.list, &self.replace] {
            load.load_script(script).ignore();
        }
        load
    }
}
