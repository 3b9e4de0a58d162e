//! Tokens that were looked up in Redis, kept here while Redis tells of every change.
//!
//! Redis pushes the key of whatever changes to a connection that tracks it (`CLIENT TRACKING`). That
//! only counts while the connection is known to work: [`Lease`] runs out unless it is renewed, by an
//! answer that came after everything that Redis had to tell when it was asked.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use isogloss_core::backend::Near;
use isogloss_core::{NearStatus, TokenDigest};
use redis::ConnectionInfo;
use redis::aio::MultiplexedConnection;

use super::dialer::Dialer;
use super::identity::Identity;
use super::wires::Wires;

/// For so long what is kept is believed after Redis was asked whether there is news. A gateway that is cut
/// off from Redis without noticing knows of no log-out for as long as that, and no longer.
pub(super) const LEASE: Duration = Duration::from_secs(1);

/// A record as Redis has it: a third of what it takes once it is read, which takes little.
pub(super) type Packed = Arc<[u8]>;

/// Tokens, and whether they may be believed.
pub(super) struct NearTokens {
    near: Near<TokenDigest, Packed>,
    lease: Lease,
    /// By which what is not kept is asked for, if just one server tells.
    wires: Arc<Wires>,
    identity: Arc<Identity>,
}

impl NearTokens {
    pub(super) fn new(room: NonZeroUsize, worker_connections: bool, dialer: &Dialer) -> Self {
        Self {
            near: Near::new(room),
            lease: Lease::new(),
            wires: Arc::new(Wires::new(worker_connections, Arc::clone(dialer.silence()))),
            identity: Arc::clone(dialer.identity()),
        }
    }

    /// The ways to the one primary, while it is known to be that.
    pub(super) fn wires(&self) -> Option<&Arc<Wires>> {
        self.is_believed().then_some(&self.wires)
    }

    /// Has lookups go there, until nothing is told any more. To be said with each beat: an older connection,
    /// as it broke, may have undone it.
    pub(super) fn share(&self, server: &ConnectionInfo, connection: &MultiplexedConnection) {
        self.wires.open(server, connection);
    }

    /// Records, unless nobody tells of changes.
    pub(super) fn records(&self) -> Option<&Near<TokenDigest, Packed>> {
        self.is_believed().then_some(&self.near)
    }

    /// Whether changes are told, and by the server that is queried.
    fn is_believed(&self) -> bool {
        self.lease.holds() && !self.identity.differs()
    }

    pub(super) fn forget(&self, digest: TokenDigest) {
        self.near.forget(&digest);
    }

    /// Forgets a token when this is dropped, whatever becomes of the change in between.
    pub(super) fn changing(&self, digest: TokenDigest) -> Changing<'_> {
        Changing { near: self, digest }
    }

    /// Anything may have changed. To be said, too, once Redis tells and before that is believed: a lookup that
    /// began while nothing was told must not be kept.
    pub(super) fn clear(&self) {
        self.near.clear();
    }

    /// All changes until that moment are known.
    pub(super) fn is_told_until(&self, moment: Instant) {
        self.lease.renew(moment);
    }

    /// Nobody tells of changes any more.
    pub(super) fn close(&self) {
        self.lease.end();
        self.wires.close();
        self.near.clear();
    }

    pub(super) fn status(&self) -> NearStatus {
        self.near.status()
    }
}

/// A change that is under way.
pub(super) struct Changing<'n> {
    near: &'n NearTokens,
    digest: TokenDigest,
}

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        self.near.forget(self.digest);
    }
}

/// Until when something holds, in milliseconds since it was made.
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
