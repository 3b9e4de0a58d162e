//! Whether authorities can be asked, as logins and checks found.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use metrics::{Gauge, gauge};
use time::OffsetDateTime;
use tokio::time::timeout;
use tracing::{info, warn};

use super::{Authorities, LimitedAuthority};
use crate::authority::{Cause, CauseKind, CheckStep};

/// How long a check of an authority may take, which may try several servers one after the other.
const LONGEST_CHECK: Duration = Duration::from_secs(15);

impl Authorities {
    /// Tries each authority as an operator would, without a login, and records what was found, as a login does: an
    /// authority that no login asks is known to be unavailable, and one that works again is known to be available.
    pub async fn check(&self, now: OffsetDateTime) {
        join_all(self.0.iter().map(|one| one.check(now))).await;
    }
}

impl LimitedAuthority {
    /// Tries the authority, and records what was found. The last step decides: an earlier one may be about one of
    /// several servers.
    async fn check(&self, now: OffsetDateTime) {
        let checked = timeout(LONGEST_CHECK, self.authority.check(None, None)).await;
        let cause = if let Ok(steps) = checked {
            let last = steps.into_iter().next_back();
            last.and_then(|CheckStep { name, outcome }| {
                let reason = outcome.err()?;
                Some(Cause::new(CauseKind::Connect, format!("{name}: {reason}")))
            })
        } else {
            let cause = format!("no answer within {LONGEST_CHECK:?}");
            Some(Cause::new(CauseKind::Timeout, cause))
        };
        match cause {
            None => self.record_available(now),
            Some(cause) => self.record_failure(&cause, now),
        }
    }

    /// Records that the authority answered, and logs when it does so again.
    pub(super) fn record_available(&self, now: OffsetDateTime) {
        self.gauge().set(1.0);
        if self.breaker.record_answer(now) {
            let authority = self.settings.name.as_str();
            info!(authority, "an authority is available again");
        }
    }

    /// Records that the authority could not be asked, and logs when that is so for the first time.
    pub(super) fn record_failure(&self, cause: &Cause, now: OffsetDateTime) {
        self.gauge().set(0.0);
        if self.breaker.record_failure(cause, (Instant::now(), now)) {
            let authority = self.settings.name.as_str();
            warn!(authority, %cause, "an authority is unavailable");
        }
    }

    fn gauge(&self) -> Gauge {
        gauge!("isogloss_authority_available", "authority" => self.settings.name.clone())
    }
}
