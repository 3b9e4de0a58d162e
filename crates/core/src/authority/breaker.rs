//! A circuit breaker: an authority that failed several times in a row is not asked again for a moment.

use std::time::{Duration, Instant};

use parking_lot::Mutex;
use time::OffsetDateTime;

use super::Cause;

/// Failures in a row after which the authority is not asked for a moment.
const FAILURES: u32 = 5;
/// The first such moment. Each further failure doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest such moment: this soon after its recovery, an authority is asked again.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// The circuit breaker of one authority.
pub(super) struct CircuitBreaker(Mutex<State>);

struct State {
    failures: u32,
    /// Until when no caller asks. After that, one does, and the others wait for the outcome of that.
    open_until: Option<Instant>,
    health: Health,
}

/// Whether an authority answers, as the last logins found.
#[derive(Debug, Clone)]
pub struct Health {
    /// Whether the last answer could be used. `true` before the first one.
    pub is_available: bool,
    /// Since when that is so. `None` before the first answer.
    pub since: Option<OffsetDateTime>,
    /// Why the last question that failed did; it may be long ago.
    pub last_cause: Option<Cause>,
}

impl Default for CircuitBreaker {
    fn default() -> Self {
        Self(Mutex::new(State {
            failures: 0,
            open_until: None,
            health: Health {
                is_available: true,
                since: None,
                last_cause: None,
            },
        }))
    }
}

impl CircuitBreaker {
    /// Returns whether the authority may be asked at `now`.
    pub(super) fn admits(&self, now: Instant) -> bool {
        let mut state = self.0.lock();
        match state.open_until {
            Some(until) if until > now => false,
            Some(_) => {
                // This caller is the one that tries. If it is cancelled, another one tries after this time.
                state.open_until = Some(now + state.pause());
                true
            }
            None => true,
        }
    }

    /// Returns whether no caller asks at `now`.
    pub(super) fn is_open(&self, now: Instant) -> bool {
        self.0.lock().open_until.is_some_and(|until| until > now)
    }

    /// Records that the authority answered at `time`. Returns whether it was unavailable before.
    pub(super) fn record_answer(&self, time: OffsetDateTime) -> bool {
        let mut state = self.0.lock();
        state.failures = 0;
        state.open_until = None;
        let was_available = state.health.is_available;
        if !was_available || state.health.since.is_none() {
            state.health.since = Some(time);
        }
        state.health.is_available = true;
        !was_available
    }

    /// Records that the authority could not be asked at `now`, which is `time` on the clock. Returns whether it was
    /// available before.
    pub(super) fn record_failure(
        &self,
        cause: &Cause,
        (now, time): (Instant, OffsetDateTime),
    ) -> bool {
        let mut state = self.0.lock();
        state.failures = state.failures.saturating_add(1);
        if state.failures >= FAILURES {
            state.open_until = Some(now + state.pause());
        }
        let was_available = state.health.is_available;
        if was_available {
            state.health.since = Some(time);
        }
        state.health.is_available = false;
        state.health.last_cause = Some(cause.clone());
        was_available
    }

    /// Returns whether the authority answers.
    pub(super) fn health(&self) -> Health {
        self.0.lock().health.clone()
    }
}

impl State {
    fn pause(&self) -> Duration {
        let doublings = self.failures.saturating_sub(FAILURES).min(16);
        FIRST_PAUSE
            .saturating_mul(1 << doublings)
            .min(LONGEST_PAUSE)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::super::CauseKind;
    use super::*;

    const TIME: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

    fn fail(breaker: &CircuitBreaker, times: u32, now: Instant) {
        for _ in 0..times {
            breaker.record_failure(&Cause::new(CauseKind::Timeout, "5 s"), (now, TIME));
        }
    }

    #[test]
    fn after_five_failures_in_a_row_one_caller_tries_now_and_then() {
        let breaker = CircuitBreaker::default();
        let mut now = Instant::now();
        fail(&breaker, FAILURES - 1, now);
        assert!(breaker.admits(now));
        breaker.record_answer(TIME);
        fail(&breaker, FAILURES - 1, now);
        assert!(breaker.admits(now), "an answer starts the count again");
        fail(&breaker, 1, now);
        assert!(!breaker.admits(now));
        now += FIRST_PAUSE;
        assert!(breaker.admits(now));
        assert!(!breaker.admits(now), "one caller tries, and no other");
        fail(&breaker, 1, now);
        now += FIRST_PAUSE;
        assert!(!breaker.admits(now), "the pause is longer now");
        now += FIRST_PAUSE;
        assert!(breaker.admits(now));
        breaker.record_answer(TIME);
        assert!(breaker.admits(now) && breaker.admits(now));
    }

    #[test]
    fn no_pause_is_longer_than_the_longest() {
        let breaker = CircuitBreaker::default();
        let now = Instant::now();
        fail(&breaker, 1000, now);
        assert!(!breaker.admits(now));
        assert!(breaker.admits(now + LONGEST_PAUSE));
    }

    #[test]
    fn a_caller_that_gives_up_leaves_the_attempt_to_another() {
        let breaker = CircuitBreaker::default();
        let now = Instant::now();
        fail(&breaker, FAILURES, now);
        assert!(breaker.admits(now + FIRST_PAUSE));
        assert!(breaker.admits(now + FIRST_PAUSE * 2));
    }

    #[test]
    fn operators_see_since_when_and_why_an_authority_is_unavailable() {
        let breaker = CircuitBreaker::default();
        assert!(breaker.health().is_available);
        assert_eq!(breaker.health().since, None);
        let now = Instant::now();
        assert!(breaker.record_failure(&Cause::new(CauseKind::Closed, "by it"), (now, TIME)));
        let later = TIME + Duration::from_secs(9);
        assert!(!breaker.record_failure(&Cause::new(CauseKind::Timeout, "5 s"), (now, later)));
        let health = breaker.health();
        assert!(!health.is_available);
        assert_eq!(health.since, Some(TIME));
        assert_eq!(health.last_cause.unwrap().to_string(), "timeout: 5 s");
        assert!(breaker.record_answer(later));
        assert_eq!(breaker.health().since, Some(later));
    }
}
