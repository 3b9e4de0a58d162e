//! Lifetimes of tokens.

use std::time::Duration;

use time::OffsetDateTime;

use crate::clock::later;
use crate::store::Idle;

/// How long a token lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// Counted from the issue, whether the token is used or not.
    Absolute(Duration),
    /// Counted from the last use. Uses are recorded once a minute, so the token may end up to a minute early.
    Idle {
        /// How long the token lives after each use.
        span: Duration,
        /// The maximum life, however often the token is used.
        at_most: Option<Duration>,
    },
}

impl Lifetime {
    /// Returns the end of a token that is issued at `now` with this lifetime, and how that end moves with use of
    /// the token (`None` if it does not move). With `latest`, the token ends at that time at the latest.
    pub(crate) fn begin(
        self,
        now: OffsetDateTime,
        latest: Option<OffsetDateTime>,
    ) -> (OffsetDateTime, Option<Idle>) {
        match self {
            Self::Absolute(span) => {
                let end = later(now, span);
                (latest.map_or(end, |latest| latest.min(end)), None)
            }
            Self::Idle { span, at_most } => {
                let until = at_most.map(|at_most| later(now, at_most));
                let idle = Idle {
                    span: u64::try_from(span.as_millis()).unwrap_or(u64::MAX),
                    until: until.into_iter().chain(latest).min(),
                };
                (idle.end(now), Some(idle))
            }
        }
    }
}

impl Idle {
    /// Returns the end of a token that is used at `now`, never later than [`Idle::until`].
    pub(crate) fn end(&self, now: OffsetDateTime) -> OffsetDateTime {
        let end = later(now, Duration::from_millis(self.span));
        self.until.map_or(end, |until| until.min(end))
    }
}

impl From<Duration> for Lifetime {
    fn from(span: Duration) -> Self {
        Self::Absolute(span)
    }
}
