//! The near cache: tokens that were looked up in Redis, valid while Redis sends invalidations.
//!
//! Redis pushes the key of every change to a connection that tracks it (`CLIENT TRACKING`). The cache is valid
//! only while the connection is known to work: [`Lease`] expires unless it is renewed by a response that arrived
//! after all invalidations that were pending when the request was sent.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use isogloss_core::backend::NearCache;
use isogloss_core::{NearCacheStatus, TokenDigest};
use redis::ConnectionInfo;
use redis::aio::MultiplexedConnection;

use super::dialer::Dialer;
use super::identity::Identity;
use super::wires::Wires;

/// How long cached tokens stay valid after the request of the last successful heartbeat. A gateway that is cut
/// off from Redis without noticing misses logouts for at most this long.
pub(super) const LEASE: Duration = Duration::from_secs(1);

/// An encoded record, as Redis stores it: a third of the memory of a decoded one, and cheap to decode.
pub(super) type Packed = Arc<[u8]>;

/// Cached tokens, and whether they are valid.
pub(super) struct NearTokens {
    near: NearCache<TokenDigest, Packed>,
    lease: Lease,
    /// Connections for lookups of tokens that are not cached, if only one server sends invalidations.
    wires: Arc<Wires>,
    identity: Arc<Identity>,
}

impl NearTokens {
    pub(super) fn new(room: NonZeroUsize, worker_connections: bool, dialer: &Dialer) -> Self {
        Self {
            near: NearCache::new(room),
            lease: Lease::new(),
            wires: Arc::new(Wires::new(worker_connections, Arc::clone(dialer.silence()))),
            identity: Arc::clone(dialer.identity()),
        }
    }

    /// Returns the connections to the only primary. `None` if the cache is not valid.
    pub(super) fn wires(&self) -> Option<&Arc<Wires>> {
        self.is_believed().then_some(&self.wires)
    }

    /// Lets lookups use this server until invalidations stop. Must be called with each heartbeat: an older
    /// connection that broke may have undone it.
    pub(super) fn share(&self, server: &ConnectionInfo, connection: &MultiplexedConnection) {
        self.wires.open(server, connection);
    }

    /// Returns the cache. `None` if it is not valid.
    pub(super) fn records(&self) -> Option<&NearCache<TokenDigest, Packed>> {
        self.is_believed().then_some(&self.near)
    }

    /// Returns whether invalidations arrive, from the server that is queried.
    fn is_believed(&self) -> bool {
        self.lease.holds() && !self.identity.differs()
    }

    pub(super) fn forget(&self, digest: TokenDigest) {
        self.near.invalidate(&digest);
    }

    /// Returns a guard that removes the token when it is dropped, whatever the outcome of the change.
    pub(super) fn changing(&self, digest: TokenDigest) -> Changing<'_> {
        Changing { near: self, digest }
    }

    /// Removes all tokens, as any of them may have changed. Must also be called after Redis has begun to send
    /// invalidations and before the cache is valid: a lookup that began without invalidations must not be
    /// cached.
    pub(super) fn clear(&self) {
        self.near.clear();
    }

    /// Renews the lease: all changes until `moment` are known.
    pub(super) fn is_told_until(&self, moment: Instant) {
        self.lease.renew(moment);
    }

    /// Invalidates the cache, because no invalidations arrive any more.
    pub(super) fn close(&self) {
        self.lease.end();
        self.wires.close();
        self.near.clear();
    }

    pub(super) fn status(&self) -> NearCacheStatus {
        self.near.status()
    }
}

/// A change in progress.
pub(super) struct Changing<'n> {
    near: &'n NearTokens,
    digest: TokenDigest,
}

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        self.near.forget(self.digest);
    }
}

/// The end of the cache's validity, in milliseconds since the lease was made.
struct Lease {
    made: Instant,
    until: AtomicU64,
}

impl Lease {
    fn new() -> Self {
        Self {
            made: Instant::now(),
            until: AtomicU64::new(0),
        }
    }

    fn holds(&self) -> bool {
        self.since_made(Instant::now()) < self.until.load(Ordering::Acquire)
    }

    fn renew(&self, from: Instant) {
        let until = self.since_made(from + LEASE);
        self.until.store(until, Ordering::Release);
    }

    fn end(&self) {
        self.until.store(0, Ordering::Release);
    }

    fn since_made(&self, moment: Instant) -> u64 {
        let since = moment.saturating_duration_since(self.made);
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
