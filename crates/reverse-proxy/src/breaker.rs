//! The circuit breaker of one address.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::settings::Settings;

/// Lets calls through until too many have failed in a row, and then none for the time of `recovery`. After that, one call tries
/// the address: if it succeeds, all are let through again.
pub(crate) struct Breaker {
    limit: u32,
    recovery: Duration,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
enum State {
    Closed {
        /// Failures since the last success.
        failures: u32,
    },
    Open {
        until: Instant,
    },
    /// One call tries the address.
    Probing,
}

/// How a call was let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    /// As one of many.
    Normal,
    /// As the one that tries the address.
    Probe,
}

impl Breaker {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            limit: settings.failures,
            recovery: settings.recovery,
            state: Mutex::new(State::Closed { failures: 0 }),
        }
    }

    /// Lets a call through, or returns `None`. After `Some`, its outcome must be recorded with [`succeed`](Self::succeed),
    /// [`fail`](Self::fail) or [`abandon`](Self::abandon).
    pub(crate) fn enter(&self, now: Instant) -> Option<Pass> {
        let mut state = self.state.lock();
        match *state {
            State::Closed { .. } => Some(Pass::Normal),
            State::Open { until } if now >= until => {
                *state = State::Probing;
                Some(Pass::Probe)
            }
            State::Open { .. } | State::Probing => None,
        }
    }

    /// Returns true if [`Breaker::enter`] would let a call through now.
    pub(crate) fn lets_through(&self, now: Instant) -> bool {
        match *self.state.lock() {
            State::Closed { .. } => true,
            State::Open { until } => now >= until,
            State::Probing => false,
        }
    }

    /// Returns true if the address gets no calls, except one that tries it.
    pub(crate) fn is_open(&self) -> bool {
        !matches!(*self.state.lock(), State::Closed { .. })
    }

    /// Returns the time until a call may try the address, zero if calls are let through.
    pub(crate) fn remaining(&self, now: Instant) -> Duration {
        match *self.state.lock() {
            State::Closed { .. } | State::Probing => Duration::ZERO,
            State::Open { until } => until.saturating_duration_since(now),
        }
    }

    /// Records a success. Returns true if the address got no calls until now.
    pub(crate) fn succeed(&self) -> bool {
        let mut state = self.state.lock();
        let was_open = !matches!(*state, State::Closed { .. });
        *state = State::Closed { failures: 0 };
        was_open
    }

    /// Records a failure. Returns true if the address gets no calls from now on.
    pub(crate) fn fail(&self, now: Instant) -> bool {
        let mut state = self.state.lock();
        let failures = match *state {
            State::Closed { failures } => failures.saturating_add(1),
            State::Probing => self.limit,
            // A call that was sent before.
            State::Open { .. } => return false,
        };
        if failures < self.limit {
            *state = State::Closed { failures };
            return false;
        }
        let until = now + self.recovery;
        *state = State::Open { until };
        true
    }

    /// Records that a call ended, and neither succeeded nor failed because of the address. If it was the one that tried the
    /// address, another call may try it.
    pub(crate) fn abandon(&self, pass: Pass, now: Instant) {
        let mut state = self.state.lock();
        if pass == Pass::Probe && matches!(*state, State::Probing) {
            *state = State::Open { until: now };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Breaker, Pass};
    use crate::settings::Settings;

    fn breaker() -> Breaker {
        let mut settings = Settings::new(Vec::new());
        settings.failures = 2;
        settings.recovery = Duration::from_secs(10);
        Breaker::new(&settings)
    }

    #[test]
    fn failures_in_a_row_hold_calls_back_and_a_success_between_them_does_not() {
        let (breaker, now) = (breaker(), Instant::now());
        assert!(!breaker.fail(now));
        assert!(!breaker.succeed());
        assert!(!breaker.fail(now));
        assert_eq!(breaker.enter(now), Some(Pass::Normal));
        assert!(breaker.fail(now));
        assert_eq!(breaker.enter(now), None);
        assert_eq!(breaker.remaining(now), Duration::from_secs(10));
    }

    #[test]
    fn one_call_tries_the_address_after_the_recovery() {
        let (breaker, now) = (breaker(), Instant::now());
        breaker.fail(now);
        breaker.fail(now);
        let later = now + Duration::from_secs(10);
        assert_eq!(breaker.enter(later), Some(Pass::Probe));
        assert_eq!(breaker.enter(later), None, "a second one at once");
        assert!(breaker.fail(later), "one failure is enough now");
        assert_eq!(breaker.enter(later), None);
        let later = later + Duration::from_secs(10);
        assert_eq!(breaker.enter(later), Some(Pass::Probe));
        assert!(breaker.succeed());
        assert_eq!(breaker.enter(later), Some(Pass::Normal));
    }

    #[test]
    fn an_abandoned_try_lets_another_call_try() {
        let (breaker, now) = (breaker(), Instant::now());
        breaker.fail(now);
        breaker.fail(now);
        let later = now + Duration::from_secs(10);
        let pass = breaker.enter(later).unwrap();
        breaker.abandon(pass, later);
        assert!(breaker.is_open());
        assert_eq!(breaker.enter(later), Some(Pass::Probe));
    }
}
