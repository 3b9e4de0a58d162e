//! How Redis is asked, wherever it is.
//!
//! # No effect lost or doubled
//!
//! A question is sent again in two cases only:
//!
//! - A server answered that it is not the one to ask (`READONLY`, `MOVED`, `ASK`). It has done nothing.
//!   The second time goes to a connection that was made after asking anew where the primary is; in a
//!   cluster, to the server that was named, and to at most four more that are named in turn.
//! - The connection broke, and the question is one that does and answers the same when asked
//!   twice (and it is asked twice, not more often): [`Link::ask`] and [`Link::pipeline`]. `GET`, `SET` of the same value, `DEL`, `ZADD`
//!   and `ZREM` are such.
//!
//! What would answer something else the second time goes through [`Link::script`] and [`Link::revoke`]: a
//! token that was taken by the first `GETDEL`, whose answer was lost, would be "none" to the second. When its connection breaks,
//! the answer is an error, and the caller says "unavailable". So that a connection that died in the
//! pool does not end in that, it is asked for a sign of life before it is used again.
//!
//! A time-out is never asked again: the server may be at it still.
//!
//! # Whom to believe
//!
//! Only a primary is believed. A server shows by `ROLE` that it is one when a connection is made,
//! and again before a connection is used on which it last did so a second ago. So a token that was
//! revoked at a new primary is known for at most that long by way of an old one that was made a
//! replica. What sentinels say is asked for as often, and when they name another server, there is a
//! new pool, and the connections to the old one are dropped. What they cannot help is a primary that is cut off from all of them
//! together with this gateway; see "Replication" in `docs/redis.md`.
//!
//! Every refusal of the server (`LOADING`, `MASTERDOWN`, `CLUSTERDOWN`, `NOAUTH`, `NOPERM`, `OOM`
//! and whatever else) is an error here, never an absent token.

use std::sync::{Arc, PoisonError, RwLock};

use futures_util::future::try_join_all;
use isogloss_core::store::{Finding, StoreHealth};
use isogloss_core::{AccessChange, Clock, Connections, StoreError};
use redis::{Cmd, FromRedisValue, Pipeline, ScriptInvocation};

use super::RedisSettings;
use super::access::{Access, Way};
use super::address::Address;
use super::engine::Engine;
use super::expected::Expected;
use super::health::examine;
use super::keys::Keys;
use super::name::failed_at;
use super::probe::{self, Probe};
use super::question::{Answered, Manner, Question};
use super::scan::Scan;
use super::unconfirmed::write_confirmation;

/// The way to Redis.
pub(crate) struct Link {
    current: RwLock<Arc<Access>>,
    keys: Keys,
    expected: Expected,
    /// Drives the connections for as long as there is this link.
    _engine: Engine,
}

impl Link {
    /// Whether an address can be understood. Nothing is asked.
    pub(super) fn accepts(url: &str) -> bool {
        Address::parse(url).is_some()
    }

    /// Prepares everything. Nothing is asked yet.
    pub(super) fn new(settings: &RedisSettings) -> Result<Self, StoreError> {
        let engine = Engine::start()?;
        let access = Access::new(settings, (engine.handle()?, Arc::default()))?;
        Ok(Self {
            current: RwLock::new(Arc::new(access)),
            keys: Keys::under(settings.prefix.clone()),
            expected: Expected::of(settings),
            _engine: engine,
        })
    }

    /// How Redis is entered now.
    pub(super) fn access(&self) -> Arc<Access> {
        let current = self.current.read();
        Arc::clone(&current.unwrap_or_else(PoisonError::into_inner))
    }

    /// Enters with the credentials and authorities of these settings from now on, if they are for the same
    /// place and let us in there. Otherwise everything stays as it was.
    pub(super) async fn replace_access(
        &self,
        settings: &RedisSettings,
    ) -> Result<AccessChange, StoreError> {
        let before = self.access();
        let driven = before.dialer.runtime().clone();
        let next = Access::new(settings, (driven, Arc::clone(before.dialer.identity())))?;
        if next.place != before.place {
            return Ok(AccessChange::NeedsRestart);
        }
        next.ping().await?;
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(next);
        Ok(AccessChange::Made)
    }

    /// The pool of connections to the primary. To a cluster there is one to each server, which all share.
    pub(super) fn connections(&self) -> Option<Connections> {
        match &self.access().way {
            Way::Primary(primary) => primary.connections(),
            Way::Cluster(_) => None,
        }
    }

    /// Runs a command that may be sent again.
    pub(crate) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        self.put(command.into(), Manner::Repeatable).await
    }

    /// Runs commands that may be sent again. This is no transaction: the keys may be anywhere, and
    /// the commands may take effect in any order.
    pub(crate) async fn pipeline<T: FromRedisValue>(
        &self,
        commands: &Pipeline,
    ) -> Result<T, StoreError> {
        self.put(commands.into(), Manner::Repeatable).await
    }

    /// Runs a script on one key, by its digest, loading it where it is missing. It is not sent
    /// again once it may have been executed.
    pub(crate) async fn script<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, StoreError> {
        self.put(script.into(), Manner::Once).await
    }

    /// Runs what ends tokens: a command, a pipeline or a script. It is not sent again once it may
    /// have been executed, and it has failed if fewer replicas acknowledged it than are asked for.
    pub(super) async fn revoke<'a, T: FromRedisValue>(
        &self,
        question: impl Into<Question<'a>>,
    ) -> Result<T, StoreError> {
        let revoked = self.revoke_and_tell(question).await?;
        revoked.replicated?;
        Ok(revoked.answer)
    }

    /// The same, and tells what the server answered if too few replicas acknowledged it.
    pub(super) async fn revoke_and_tell<'a, T: FromRedisValue>(
        &self,
        question: impl Into<Question<'a>>,
    ) -> Result<Answered<T>, StoreError> {
        let question = question.into();
        self.access().put(question, Manner::Revocation).await
    }

    /// Waits until enough replicas of every primary have all that was written before.
    pub(super) async fn confirm(&self) -> Result<(), StoreError> {
        match &self.access().way {
            Way::Primary(primary) => {
                let write = write_confirmation(&self.keys.confirmation(0));
                let written = primary.put::<()>((&write).into(), Manner::Revocation);
                written.await?.replicated
            }
            Way::Cluster(cluster) => cluster.confirm(&self.keys).await,
        }
    }

    /// Lists the keys that begin with a prefix, page by page, from every primary. A key may come
    /// twice; one that comes or goes meanwhile may or may not come.
    pub(crate) async fn scan(&self, prefix: &str) -> Result<Scan, StoreError> {
        let access = self.access();
        let primaries = access.primaries().await?;
        Ok(Scan::new(access, primaries, format!("{prefix}*")))
    }

    /// The keys of everything that is kept there.
    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Checks that commands are answered, by every primary of a cluster, which must have all slots.
    pub(super) async fn ping(&self) -> Result<(), StoreError> {
        self.access().ping().await
    }

    /// Whether servers send questions on to each other.
    pub(super) fn is_cluster(&self) -> bool {
        self.access().is_cluster()
    }

    /// Asks every primary what it is like.
    pub(super) async fn health(&self, clock: &dyn Clock) -> Result<StoreHealth, StoreError> {
        let access = self.access();
        let places = access.primaries().await?;
        let examined = places
            .iter()
            .map(|place| examine(place, &access.dialer, clock));
        let servers = try_join_all(examined).await?;
        let findings = servers
            .iter()
            .flat_map(|server| self.expected.judge(server));
        let mut findings: Vec<_> = findings.collect();
        findings.sort_by_key(|finding| finding.level);
        Ok(StoreHealth { servers, findings })
    }

    /// Sends a probe to every primary, and returns what was refused.
    pub(crate) async fn probe(
        &self,
        make: impl Fn(u16) -> Probe + Sync,
    ) -> Result<Vec<Finding>, StoreError> {
        let access = self.access();
        let places = access.primaries().await?;
        let sent = places
            .iter()
            .map(|place| probe::send(place, (&access.dialer, &self.keys), &make));
        Ok(try_join_all(sent).await?.concat())
    }

    /// Returns that there was no answer in time.
    pub(super) fn no_answer(&self) -> StoreError {
        let access = self.access();
        let name = match &access.way {
            Way::Primary(primary) => primary.name(),
            Way::Cluster(cluster) => cluster.name().to_owned(),
        };
        failed_at(&name, "no answer in time")
    }

    async fn put<T: FromRedisValue>(
        &self,
        question: Question<'_>,
        manner: Manner,
    ) -> Result<T, StoreError> {
        let answered = self.access().put(question, manner).await?;
        Ok(answered.answer)
    }
}
