//! How long a token lives.

use std::time::Duration;

use time::OffsetDateTime;

use crate::clock::later;
use crate::store::Idle;

/// How long a token lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// From its issue, used or not.
    Absolute(Duration),
    /// From its last use. The use is noted once a minute, so the end may come that much early.
    Idle {
        /// What each use adds.
        span: Duration,
        /// How long it lives at the most, however it is used.
        at_most: Option<Duration>,
    },
}

impl Lifetime {
    /// When a token of this life ends that is issued now, and how it moves with its use.
    /// It ends at `latest` in any case, if that is given.
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
    /// The end of a token that is used now.
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
