//! The scripts of the login throttle. Each uses one key.

use redis::{Cmd, Script, ScriptInvocation};

use crate::health::probe::{PROBE_DIGEST, PROBE_LIFE};

/// Takes a try from a bucket, as `BucketState::charge` does, with the same names.
///
/// KEYS: the bucket. ARGV: now, refill, capacity, first lock, longest lock (milliseconds), kind, account,
/// network, digest of the network. Returns whether the try was granted (1 or 0), the cost, the end of the lock, and when
/// the bucket is full.
const TAKE: &str = r"
local key, now, refill, capacity = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local level = redis.call('HMGET', key, 'full_at', 'locks', 'locked_until')
local full_at = tonumber(level[1] or now)
local locks, locked_until = tonumber(level[2] or 0), tonumber(level[3] or 0)
if locked_until > now then return {0, 0, locked_until, full_at} end
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
  'kind', ARGV[6], 'account', ARGV[7], 'network', ARGV[8], 'network_digest', ARGV[9])
redis.call('PEXPIRE', key, whole(math.max(1, full_at - now)))
return {1, full_at - before, lock, full_at}
";

/// Gives a try back to a bucket, as `BucketState::refund` does.
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

/// Enters buckets into a list, and removes entries that are over. An entry only moves to a later moment: of two attempts,
/// the one that was charged first may be entered last.
///
/// KEYS: the list. ARGV: now, how many at most, then pairs of a moment and a bucket.
const ENTER: &str = r"
local key, now = KEYS[1], tonumber(ARGV[1])
redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
for at = 3, #ARGV, 2 do redis.call('ZADD', key, 'GT', ARGV[at], ARGV[at + 1]) end
redis.call('ZREMRANGEBYRANK', key, 0, -1 - tonumber(ARGV[2]))
local last = redis.call('ZREVRANGE', key, 0, 0, 'WITHSCORES')
redis.call('PEXPIRE', key, string.format('%.0f', math.max(1, tonumber(last[2]) - now)))
";

/// Corrects entries of a list that have not changed since they were read.
///
/// KEYS: the list. ARGV: for each entry the bucket, the moment as it was read, and the right one, which is empty if the
/// entry must be removed.
const CORRECT: &str = r"
for at = 1, #ARGV, 3 do
  local moment = redis.call('ZSCORE', KEYS[1], ARGV[at])
  if moment and tonumber(moment) == tonumber(ARGV[at + 1]) then
    if ARGV[at + 2] == '' then redis.call('ZREM', KEYS[1], ARGV[at])
    else redis.call('ZADD', KEYS[1], ARGV[at + 2], ARGV[at]) end
  end
end
";

/// All scripts.
pub(super) struct Scripts {
    pub(super) take: Script,
    pub(super) refund: Script,
    pub(super) remember: Script,
    pub(super) enter: Script,
    pub(super) correct: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            take: Script::new(TAKE),
            refund: Script::new(REFUND),
            remember: Script::new(REMEMBER),
            enter: Script::new(ENTER),
            correct: Script::new(CORRECT),
        }
    }

    /// Returns commands that load the scripts and run each on a probe's key: of a bucket, known clients and a list. `now`
    /// is in milliseconds since 1970.
    pub(super) fn probe(&self, [bucket, clients, list]: [&str; 3], now: i64) -> Vec<Cmd> {
        let refill = PROBE_LIFE / 10;
        let mut take = self.take.key(bucket);
        take.arg(now).arg(refill).arg(PROBE_LIFE);
        take.arg(refill).arg(refill);
        take.arg("probe").arg("").arg("").arg("");
        let mut refund = self.refund.key(bucket);
        refund.arg(now).arg(refill / 2).arg(0);
        let mut remember = self.remember.key(clients);
        remember.arg(now).arg(&PROBE_DIGEST);
        remember.arg(now + PROBE_LIFE).arg(1);
        let mut enter = self.enter.key(list);
        enter.arg(now).arg(1);
        enter.arg(now + PROBE_LIFE).arg(&PROBE_DIGEST);
        let mut correct = self.correct.key(list);
        correct.arg(&PROBE_DIGEST).arg(now + PROBE_LIFE).arg("");
        let scripts = [
            &self.take,
            &self.refund,
            &self.remember,
            &self.enter,
            &self.correct,
        ];
        let run: [&ScriptInvocation<'_>; 5] = [&take, &refund, &remember, &enter, &correct];
        let mut commands: Vec<_> = scripts.map(Cmd::load_script).into();
        commands.extend(run.map(Cmd::invoke_script));
        commands
    }
}
