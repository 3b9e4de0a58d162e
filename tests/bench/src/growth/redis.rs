//! Fills Redis with millions of tokens that no request uses.
//!
//! They are copies of one that the store has written itself; only user and digest differ.

use anyhow::{Context as _, Result, ensure};
use isogloss_testkit::{Gateway, Redis};
use redis::{Commands as _, Connection, cmd, pipe};
use uuid::Uuid;

use super::progress::Progress;
use crate::tokens::put_for_many;

/// Tokens of each user.
const EACH: usize = 5;
/// Users in each pipeline.
const BATCH: usize = 2_000;

/// A token as the store writes it.
struct Pattern {
    /// Key prefix before the digest, and before the user.
    token: Vec<u8>,
    user: Vec<u8>,
    /// The record before and after the user.
    before: Vec<u8>,
    after: Vec<u8>,
    /// In milliseconds since 1970.
    expires_at: f64,
    /// In milliseconds.
    life: i64,
}

/// Adds `many` tokens to an empty Redis.
pub(super) fn fill(gateway: &Gateway, redis: &Redis, many: usize) -> Result<()> {
    let mut connection = redis::Client::open(redis.url())?.get_connection()?;
    put_for_many(gateway, &redis.url(), 1)?;
    let pattern = Pattern::read(&mut connection)?;
    let mut progress = Progress::new("tokens in Redis", many);
    let users = many.div_ceil(EACH);
    for from in (0..users).step_by(BATCH) {
        let mut batch = pipe();
        let to = (from + BATCH).min(users);
        for _ in from..to {
            pattern.add(&mut batch);
        }
        batch.query::<()>(&mut connection)?;
        progress.add((to - from) * EACH);
    }
    Ok(())
}

impl Pattern {
    /// Reads the pattern from a Redis that holds one token and the list of its user.
    fn read(connection: &mut Connection) -> Result<Self> {
        let keys: Vec<Vec<u8>> = connection.keys("*")?;
        let of_kind = |kind: &str, connection: &mut Connection| -> Result<Vec<u8>> {
            let mut found = Vec::new();
            for key in &keys {
                let is: String = cmd("TYPE").arg(key).query(connection)?;
                if is == kind {
                    found.push(key.clone());
                }
            }
            ensure!(found.len() == 1, "{} keys of the kind {kind}", found.len());
            found.pop().context("a key")
        };
        let token = of_kind("string", connection)?;
        let list = of_kind("zset", connection)?;
        let listed: Vec<(Vec<u8>, f64)> = connection.zrange_withscores(&list, 0, -1)?;
        let (digest, expires_at) = listed.into_iter().next().context("a listed token")?;
        let record: Vec<u8> = connection.get(&token)?;
        let life: i64 = connection.pttl(&token)?;
        let at = list.len().checked_sub(32).context("a user's key")?;
        let user: Uuid = String::from_utf8(list[at..].to_vec())?.parse()?;
        let place = record
            .windows(16)
            .position(|part| part == user.as_bytes())
            .context("no user in the record")?;
        Ok(Self {
            token: token
                .strip_suffix(digest.as_slice())
                .context("the key does not end with the digest")?
                .to_vec(),
            user: list[..at].to_vec(),
            before: record[..place].to_vec(),
            after: record[place + 16..].to_vec(),
            expires_at,
            life,
        })
    }

    /// Adds the tokens of another user to the pipeline.
    fn add(&self, batch: &mut redis::Pipeline) {
        let user = Uuid::new_v4();
        let record = [&self.before, user.as_bytes().as_slice(), &self.after].concat();
        let list = [&self.user, user.simple().to_string().as_bytes()].concat();
        let list_tokens = batch.cmd("ZADD").arg(&list);
        let digests: Vec<_> = (0..EACH).map(|_| Uuid::new_v4()).collect();
        for digest in &digests {
            list_tokens.arg(self.expires_at).arg(digest.as_bytes());
        }
        list_tokens.ignore();
        batch.cmd("PEXPIRE").arg(&list).arg(self.life).ignore();
        for digest in digests {
            batch
                .cmd("SET")
                .arg([&self.token, digest.as_bytes().as_slice()].concat())
                .arg(&record)
                .arg("PX")
                .arg(self.life)
                .ignore();
        }
    }
}
