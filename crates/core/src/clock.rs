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
        OffsetDateTime::now_utc().truncate_to_millisecond()
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
pub fn milliseconds(moment: OffsetDateTime) -> i64 {
    moment.unix_timestamp() * 1_000 + i64::from(moment.millisecond())
}

/// The moment that many milliseconds after the Unix epoch; out of range is the epoch itself.
pub fn from_milliseconds(milliseconds: i64) -> OffsetDateTime {
    moment(milliseconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// The same, and nothing if that is out of range.
pub(crate) fn moment(milliseconds: i64) -> Option<OffsetDateTime> {
    let seconds = OffsetDateTime::from_unix_timestamp(milliseconds.div_euclid(1_000)).ok()?;
    let rest = u16::try_from(milliseconds.rem_euclid(1_000)).ok()?;
    seconds.replace_millisecond(rest).ok()
}

/// The moment so long after another; the last one that can be told if it lies behind that.
pub(crate) fn later(moment: OffsetDateTime, by: Duration) -> OffsetDateTime {
    let by = time::Duration::try_from(by).unwrap_or(time::Duration::MAX);
    moment.saturating_add(by)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_lead_to_the_same_moment() {
        for count in [0, 1, 999, 1_000, 1_795_345_200_123, -1, -999, -1_001] {
            assert_eq!(milliseconds(from_milliseconds(count)), count);
        }
        for beyond in [i64::MAX, i64::MIN] {
            assert_eq!(from_milliseconds(beyond), OffsetDateTime::UNIX_EPOCH);
        }
    }
}
