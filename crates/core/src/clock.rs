//! The source of time: the system clock in production, a manual clock in tests.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use time::OffsetDateTime;

/// A source of time. One clock decides about everything that expires.
pub trait Clock: Send + Sync + 'static {
    /// Returns the current time, in UTC and in whole milliseconds.
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
    /// Creates a clock that stands at `now`.
    pub fn at(now: OffsetDateTime) -> Self {
        Self(AtomicI64::new(milliseconds(now)))
    }

    /// Moves the clock forward by that duration.
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

/// Returns a timestamp in milliseconds since the Unix epoch.
pub fn milliseconds(moment: OffsetDateTime) -> i64 {
    moment.unix_timestamp() * 1_000 + i64::from(moment.millisecond())
}

/// Returns the timestamp that is that many milliseconds after the Unix epoch, or the epoch itself if the value
/// is out of range.
pub fn from_milliseconds(milliseconds: i64) -> OffsetDateTime {
    moment(milliseconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// Returns the timestamp that is that many milliseconds after the Unix epoch. `None` if the value is out of
/// range.
pub(crate) fn moment(milliseconds: i64) -> Option<OffsetDateTime> {
    let seconds = OffsetDateTime::from_unix_timestamp(milliseconds.div_euclid(1_000)).ok()?;
    let rest = u16::try_from(milliseconds.rem_euclid(1_000)).ok()?;
    seconds.replace_millisecond(rest).ok()
}

/// Returns the timestamp `by` after `moment`, or the latest that can be represented.
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
