//! Where the time comes from: the system in production, the test's own hand in tests.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use time::OffsetDateTime;

/// Tells the time. Everything that expires is judged by one clock.
pub trait Clock: Send + Sync + 'static {
    /// The present moment, UTC, in whole milliseconds.
    fn now(&self) -> OffsetDateTime;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the Clock that others take"
    )]
    fn now(&self) -> OffsetDateTime {
        whole_milliseconds(OffsetDateTime::now_utc())
    }
}

/// A clock that stands still until it is moved. For tests.
#[derive(Debug)]
pub struct MockClock(AtomicI64);

impl MockClock {
    /// A clock that stands at `now`.
    pub fn at(now: OffsetDateTime) -> Self {
        Self(AtomicI64::new(milliseconds(now)))
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.0.fetch_add(by, Ordering::SeqCst);
    }
}

impl Clock for MockClock {
    fn now(&self) -> OffsetDateTime {
        from_milliseconds(self.0.load(Ordering::SeqCst))
    }
}

/// Milliseconds since the Unix epoch.
pub(crate) fn milliseconds(moment: OffsetDateTime) -> i64 {
    i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

/// The moment that many milliseconds after the Unix epoch; out of range is the epoch itself.
pub(crate) fn from_milliseconds(milliseconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// The moment so long after another; the last one that can be told if it lies behind that.
pub(crate) fn later(moment: OffsetDateTime, by: Duration) -> OffsetDateTime {
    let by = time::Duration::try_from(by).unwrap_or(time::Duration::MAX);
    moment.saturating_add(by)
}

fn whole_milliseconds(moment: OffsetDateTime) -> OffsetDateTime {
    from_milliseconds(milliseconds(moment))
}
