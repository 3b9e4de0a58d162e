//! What a server does in one step. Each script touches one key.

use ::redis::Script;

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

/// All of them.
pub(super) struct Scripts {
    pub(super) list: Script,
    pub(super) replace: Script,
}

impl Default for Scripts {
    fn default() -> Self {
        Self {
            list: Script::new(LIST),
            replace: Script::new(REPLACE),
        }
    }
}
