//! The near cache: tokens that were looked up in Redis, valid while Redis sends invalidations.
//!
//! Redis pushes the key of every change to a connection that tracks it (`CLIENT TRACKING`). The cache is valid
//! only while the connection is known to work: [`Lease`] expires unless it is renewed by a response that arrived
//! after all invalidations that were pending when the request was sent.

pub(crate) mod invalidation_listener;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use isogloss_core::backend::NearCache;
use isogloss_core::{NearCacheStatus, TokenDigest};
use redis::ConnectionInfo;
use redis::aio::MultiplexedConnection;

use super::connector::Connector;
use super::server_identity::ServerIdentity;
use super::worker_connections::WorkerConnections;

/// How long cached tokens stay valid after the request of the last successful heartbeat. A gateway that is cut
/// off from Redis without noticing misses logouts for at most this long.
pub(super) const LEASE: Duration = Duration::from_secs(1);

/// An encoded record, as Redis stores it: a third of the memory of a decoded one, and cheap to decode.
pub(super) type EncodedRecord = Arc<[u8]>;

/// Cached tokens, and whether they are valid.
pub(super) struct TokenNearCache {
    cache: NearCache<TokenDigest, EncodedRecord>,
    lease: Lease,
    /// Connections for lookups of tokens that are not cached, if only one server sends invalidations.
    lookup_connections: Arc<WorkerConnections>,
    identity: Arc<ServerIdentity>,
}

impl TokenNearCache {
    pub(super) fn new(
        capacity: NonZeroUsize,
        worker_connections: bool,
        connector: &Connector,
    ) -> Self {
        Self {
            cache: NearCache::new(capacity),
            lease: Lease::new(),
            lookup_connections: Arc::new(WorkerConnections::new(
                worker_connections,
                Arc::clone(connector.timeout_log()),
            )),
            identity: Arc::clone(connector.identity()),
        }
    }

    /// Returns the connections for lookups at the only primary. `None` while the cache is not valid.
    pub(super) fn lookup_connections(&self) -> Option<&Arc<WorkerConnections>> {
        self.is_valid().then_some(&self.lookup_connections)
    }

    /// Lets lookups use `connection`, which receives the invalidations of `server`, until invalidations stop.
    /// Must be called with each heartbeat, as the connection may have been discarded in between.
    pub(super) fn offer_connection(
        &self,
        server: &ConnectionInfo,
        connection: &MultiplexedConnection,
    ) {
        self.lookup_connections.share(server, connection);
    }

    /// Returns the cache. `None` while it is not valid.
    pub(super) fn valid_cache(&self) -> Option<&NearCache<TokenDigest, EncodedRecord>> {
        self.is_valid().then_some(&self.cache)
    }

    /// Returns whether invalidations arrive, from the server that is queried.
    fn is_valid(&self) -> bool {
        self.lease.holds() && !self.identity.differs()
    }

    pub(super) fn forget(&self, digest: TokenDigest) {
        self.cache.invalidate(&digest);
    }

    /// Returns a guard that removes the token from the cache when it is dropped, whatever the outcome of the
    /// change.
    pub(super) fn remove_when_done(&self, digest: TokenDigest) -> RemoveWhenDone<'_> {
        RemoveWhenDone {
            cache: self,
            digest,
        }
    }

    /// Removes all tokens, as any of them may have changed. Must also be called after Redis has begun to send
    /// invalidations and before the cache becomes valid: a lookup that began without invalidations must not
    /// be cached.
    pub(super) fn clear(&self) {
        self.cache.clear();
    }

    /// Renews the lease of the cache: all changes until `time` have been received.
    pub(super) fn confirm_until(&self, time: Instant) {
        self.lease.renew(time);
    }

    /// Makes the cache invalid and empties it, because invalidations no longer arrive.
    pub(super) fn close(&self) {
        self.lease.end();
        self.lookup_connections.close();
        self.cache.clear();
    }

    pub(super) fn status(&self) -> NearCacheStatus {
        self.cache.status()
    }
}

/// A change in progress.
pub(super) struct RemoveWhenDone<'n> {
    cache: &'n TokenNearCache,
    digest: TokenDigest,
}

impl Drop for RemoveWhenDone<'_> {
    fn drop(&mut self) {
        self.cache.forget(self.digest);
    }
}

/// The end of the cache's validity, in milliseconds since the lease was made.
struct Lease {
    start: Instant,
    until: AtomicU64,
}

impl Lease {
    fn new() -> Self {
        Self {
            start: Instant::now(),
            until: AtomicU64::new(0),
        }
    }

    fn holds(&self) -> bool {
        self.since_start(Instant::now()) < self.until.load(Ordering::Acquire)
    }

    fn renew(&self, from: Instant) {
        let until = self.since_start(from + LEASE);
        self.until.store(until, Ordering::Release);
    }

    fn end(&self) {
        self.until.store(0, Ordering::Release);
    }

    fn since_start(&self, time: Instant) -> u64 {
        let since = time.saturating_duration_since(self.start);
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_runs_out() {
        let lease = Lease::new();
        assert!(!lease.holds());
        let now = Instant::now();
        lease.renew(now);
        assert!(lease.holds());
        lease.end();
        assert!(!lease.holds());
        if let Some(long_ago) = now.checked_sub(LEASE) {
            lease.renew(long_ago);
            assert!(!lease.holds());
        }
    }
}
