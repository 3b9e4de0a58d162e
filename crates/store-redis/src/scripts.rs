//! Scripts, which a server executes in one step. Each uses one key.

use isogloss_core::backend::milliseconds;
use isogloss_core::store::Record;
use isogloss_core::{StoreError, TokenDigest};
use redis::{Cmd, Pipeline, Script, ScriptInvocation, pipe};
use time::OffsetDateTime;

use super::health::probe::{PROBE_DIGEST, PROBE_LIFE, PROBE_VALUE};
use super::keys::Keys;

/// Lists a token under its user, removes expired ones, and returns how many are listed.
///
/// KEYS: the user's set. ARGV: until when expired tokens are removed, expiry (milliseconds), digest.
const LIST: &str = r"
local set, now = KEYS[1], ARGV[1]
redis.call('ZREMRANGEBYSCORE', set, '-inf', now)
redis.call('ZADD', set, ARGV[2], ARGV[3])
local last = redis.call('ZREVRANGE', set, 0, 0, 'WITHSCORES')
redis.call('PEXPIRE', set, math.max(1, tonumber(last[2]) - tonumber(now)))
return redis.call('ZCARD', set)
";

/// Lists a token that has just been stored, replaces its announcement, removes expired tokens, and returns all
/// that are listed if that may be too many. Tokens of one user arrive one after the other: of two, the later one
/// finds the other listed.
///
/// KEYS: the user's set. ARGV: until when expired tokens are removed, expiry (milliseconds), digest,
/// announcement, how many are surely not too many.
const ARRIVE: &str = r"
local set, now = KEYS[1], ARGV[1]
redis.call('ZREMRANGEBYSCORE', set, '-inf', now)
redis.call('ZREM', set, ARGV[4])
redis.call('ZADD', set, ARGV[2], ARGV[3])
local last = redis.call('ZREVRANGE', set, 0, 0, 'WITHSCORES')
redis.call('PEXPIRE', set, math.max(1, tonumber(last[2]) - tonumber(now)))
if redis.call('ZCARD', set) <= tonumber(ARGV[5]) then
    return {}
end
return redis.call('ZRANGE', set, 0, -1)
";

/// Makes a token the holder of a slot. If another token holds it that is not known to be ended, returns that one
/// instead.
///
/// KEYS: the slot. ARGV: the digest that was ended (empty for none), the digest, its life in milliseconds.
const HOLD: &str = r"
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] and held ~= ARGV[2] then
    return held
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return false
";

/// Replaces a value, if it has not changed.
///
/// KEYS: the token. ARGV: the new value, its life in milliseconds, and all encodings that the old value may
/// have.
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

/// How far the clock of a gateway may be ahead of the others before it removes tokens from a user's list that
/// are live for them, or lets the list expire before such tokens. Expired tokens stay listed for as long. In
/// milliseconds.
const LARGEST_CLOCK_LEAD: i64 = 60_000;

/// Returns the time, in milliseconds since the epoch, until which tokens must have expired to be removed from
/// lists.
fn expired_until(now: OffsetDateTime) -> i64 {
    milliseconds(now) - LARGEST_CLOCK_LEAD
}

/// All scripts.
pub(super) struct Scripts {
    keys: Keys,
    list: Script,
    arrive: Script,
    hold: Script,
    replace: Script,
}

impl Scripts {
    pub(super) fn new(keys: Keys) -> Self {
        Self {
            keys,
            list: Script::new(LIST),
            arrive: Script::new(ARRIVE),
            hold: Script::new(HOLD),
            replace: Script::new(REPLACE),
        }
    }

    /// Returns scripts that list a token under its user, which comes first, and under the administrator who
    /// acts as the user. Each script returns how many tokens are listed there.
    pub(super) fn lists(
        &self,
        digest: TokenDigest,
        record: &Record,
        now: OffsetDateTime,
    ) -> Vec<ScriptInvocation<'_>> {
        let lists = record.listed_under().map(|user| {
            let mut list = self.list.key(self.keys.user(user));
            list.arg(expired_until(now))
                .arg(milliseconds(record.expires_at))
                .arg(digest.as_bytes());
            list
        });
        lists.collect()
    }

    /// Returns a script that extends the life of a slot to that of the token, if the token holds it. `None` if
    /// the token has no slot.
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

    /// Returns scripts that announce a token under its user and the administrator who acts as the user,
    /// before the token is stored.
    pub(super) fn announcements(
        &self,
        digest: TokenDigest,
        record: &Record,
        now: OffsetDateTime,
    ) -> Vec<ScriptInvocation<'_>> {
        self.lists(announcement(digest), record, now)
    }

    /// Returns scripts that list a token, which was announced and is stored now, under its user and the
    /// administrator who acts as the user. Each script returns all tokens that are listed there if they are
    /// more than `least`, and none otherwise.
    pub(super) fn arrivals(
        &self,
        digest: TokenDigest,
        record: &Record,
        (now, least): (OffsetDateTime, usize),
    ) -> Vec<ScriptInvocation<'_>> {
        let lists = record.listed_under().map(|user| {
            let mut arrive = self.arrive.key(self.keys.user(user));
            arrive
                .arg(expired_until(now))
                .arg(milliseconds(record.expires_at))
                .arg(digest.as_bytes())
                .arg(announcement(digest).as_bytes())
                .arg(least);
            arrive
        });
        lists.collect()
    }

    /// Returns a script that makes a token the holder of a slot for `life` milliseconds. If a token other
    /// than `ended` holds the slot, the script changes nothing and returns that one.
    pub(super) fn hold(
        &self,
        slot: TokenDigest,
        (ended, digest): (Option<TokenDigest>, TokenDigest),
        life: i64,
    ) -> ScriptInvocation<'_> {
        let mut hold = self.hold.key(self.keys.slot(slot));
        match &ended {
            Some(ended) => hold.arg(ended.as_bytes()),
            None => hold.arg(""),
        };
        hold.arg(digest.as_bytes()).arg(life);
        hold
    }

    /// Returns a script that replaces a record, and that returns whether the old one was there. Fails if a
    /// record cannot be encoded.
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

    /// Returns commands that load the scripts and run each on a probe's key.
    pub(super) fn probe(&self, [token, user, slot]: [&str; 3], now: OffsetDateTime) -> Vec<Cmd> {
        let (now, digest) = (milliseconds(now), PROBE_DIGEST);
        let mut list = self.list.key(user);
        list.arg(now).arg(now + PROBE_LIFE).arg(&digest);
        let mut arrive = self.arrive.key(user);
        arrive.arg(now).arg(now + PROBE_LIFE).arg(&digest);
        arrive.arg(&digest).arg(0);
        let mut hold = self.hold.key(slot);
        hold.arg("").arg(&digest).arg(PROBE_LIFE);
        let mut replace = self.replace.key(token);
        replace.arg(PROBE_VALUE).arg(PROBE_LIFE).arg(PROBE_VALUE);
        vec![
            Cmd::load_script(&self.list),
            Cmd::load_script(&self.arrive),
            Cmd::load_script(&self.hold),
            Cmd::load_script(&self.replace),
            Cmd::invoke_script(&list),
            Cmd::invoke_script(&arrive),
            Cmd::invoke_script(&hold),
            Cmd::invoke_script(&replace),
        ]
    }

    /// Returns commands that load the scripts which write token uses.
    pub(super) fn load(&self) -> Pipeline {
        let mut load = pipe();
        for script in [&self.list, &self.replace] {
            load.load_script(script).ignore();
        }
        load
    }
}

/// Returns what is listed for a token that is about to be stored: its digest with the first bit flipped,
/// which is not the digest of any token. Earlier releases take it for the digest of a token that has ended.
pub(super) fn announcement(digest: TokenDigest) -> TokenDigest {
    let mut bytes = *digest.as_bytes();
    bytes[0] ^= 0x80;
    bytes.into()
}
