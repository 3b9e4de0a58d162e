//! A granted attempt, and its outcome.

use std::time::Duration;

use futures_util::future::{join, join_all};
use metrics::counter;
use time::OffsetDateTime;
use tracing::warn;

use super::{Bucket, BucketKind, Budget, ChargeOutcome, LoginOrigin, Permit, Throttle};
use crate::clock::Clock;
use crate::error::{AuthError, StoreError};
use crate::token_digest::TokenDigest;

/// A bucket that an attempt is charged to.
pub(super) struct Charge<'l> {
    pub(super) bucket: Bucket,
    pub(super) budget: &'l Budget,
    pub(super) lock: Lock,
}

/// What a lock of a bucket means for an attempt. The attempt is counted in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lock {
    /// The attempt is refused.
    Refuses,
    /// The client is known, and the attempt proceeds.
    Passes,
}

/// A granted attempt. If it is dropped, it counts as wrong, and lists may lack it.
pub(crate) struct Attempt<'g> {
    pub(super) throttle: &'g dyn Throttle,
    pub(super) clock: &'g dyn Clock,
    pub(super) held: Vec<(Bucket, Permit)>,
    /// The account, and the address that is remembered for it if the attempt was right.
    pub(super) client: Option<(TokenDigest, TokenDigest)>,
    pub(super) remember_clients: Duration,
}

impl Attempt<'_> {
    /// Takes an attempt out of one more bucket. A lock that does not count for this client lets the attempt
    /// proceed. If the lock counts, returns the attempt to the buckets before, and fails with
    /// [`AuthError::Throttled`]. Fails with [`AuthError::Unavailable`] if the throttle is unreachable.
    pub(super) async fn charge(
        &mut self,
        count: Charge<'_>,
        origin: &LoginOrigin,
    ) -> Result<(), AuthError> {
        let Charge {
            bucket,
            budget,
            lock,
        } = count;
        let now = self.clock.now();
        match (self.throttle.charge(&bucket, budget, now).await, lock) {
            (Ok(ChargeOutcome::Granted(permit)), _) => {
                self.held.push((bucket, permit));
                Ok(())
            }
            (Ok(ChargeOutcome::Locked { .. }), Lock::Passes) => Ok(()),
            (Ok(ChargeOutcome::Locked { until }), Lock::Refuses) => {
                count_refusal(bucket.kind, origin);
                self.refund().await?;
                Err(AuthError::Throttled {
                    retry_after: whole_seconds(until, now),
                    by: bucket.kind,
                })
            }
            (Err(error), _) => {
                // Nothing is tried, so nothing counts. An attempt whose response was lost is not known here.
                let _ = self.refund().await;
                Err(error.into())
            }
        }
    }

    /// Returns what the attempt is counted for, apart from its network: the account for a stranger, the account
    /// and the client for a known client. `None` for attempts of other kinds.
    pub(crate) fn counted_for(&self) -> Option<TokenDigest> {
        let mut held = self.held.iter();
        held.find_map(|(bucket, _)| match bucket.kind {
            BucketKind::Account => bucket.account,
            BucketKind::KnownClient => Some(bucket.key),
            BucketKind::Source
            | BucketKind::Network
            | BucketKind::Code
            | BucketKind::Card
            | BucketKind::Key
            | BucketKind::Emails
            | BucketKind::EmailsOfSource
            | BucketKind::Authority => None,
        })
    }

    /// Reports that the attempt was right: the account is no longer suspected, and the client is remembered. All
    /// writes run concurrently, so a store that does not respond costs one time-out; `Err` is the first error.
    pub(crate) async fn succeed(&mut self) -> Result<(), StoreError> {
        let (throttle, now) = (self.throttle, self.clock.now());
        let settle = async |(bucket, permit): (Bucket, Permit)| match bucket.kind {
            BucketKind::Source | BucketKind::Network | BucketKind::Card | BucketKind::Key => {
                throttle.refund(bucket.key, permit, now).await
            }
            BucketKind::Account
            | BucketKind::KnownClient
            | BucketKind::Code
            | BucketKind::Emails
            | BucketKind::EmailsOfSource
            | BucketKind::Authority => throttle.reset(bucket.key).await.map(drop),
        };
        let client = self.client;
        let until = now + self.remember_clients;
        let remember = async {
            match client {
                Some((account, client)) => throttle.remember(account, client, until, now).await,
                None => Ok(()),
            }
        };
        let settled = join_all(self.held.drain(..).map(settle));
        let (settled, remembered) = join(settled, remember).await;
        settled.into_iter().chain([remembered]).collect()
    }

    /// Reports that the attempt was wrong: it stays counted, and its buckets are listed.
    pub(crate) async fn fail(&mut self) {
        let charged: Vec<_> = self.held.drain(..).collect();
        record_wrong(self.throttle, &charged, self.clock.now()).await;
    }

    /// Reports that the attempt was neither right nor wrong, and returns the attempt to all its buckets
    /// concurrently. `Err` is the first error of the throttle.
    pub(crate) async fn refund(&mut self) -> Result<(), StoreError> {
        let (throttle, now) = (self.throttle, self.clock.now());
        let held = self.held.drain(..);
        let refunded = held.map(|(bucket, permit)| throttle.refund(bucket.key, permit, now));
        join_all(refunded).await.into_iter().collect()
    }
}

/// Enters the buckets of a wrong attempt into their lists. A failure changes no outcome, because the attempt is counted
/// already: it is logged.
pub(crate) async fn record_wrong(
    throttle: &dyn Throttle,
    charged: &[(Bucket, Permit)],
    now: OffsetDateTime,
) {
    if charged.is_empty() {
        return;
    }
    if let Err(error) = throttle.record_wrong(charged, now).await {
        warn!(%error, "a wrong attempt is counted, but lists of counted attempts may lack it");
    }
}

/// Counts a refused attempt in the metrics, by its dialect and the kind of the bucket that refused it.
pub(super) fn count_refusal(kind: BucketKind, origin: &LoginOrigin) {
    let (dialect, by) = (origin.realm.name(), kind.name());
    counter!("isogloss_logins_throttled_total", "dialect" => dialect, "by" => by).increment(1);
}

/// Returns the time from `now` until `until` in whole seconds, rounded up, and at least one second.
pub(crate) fn whole_seconds(until: OffsetDateTime, now: OffsetDateTime) -> Duration {
    let left = u64::try_from((until - now).whole_milliseconds()).unwrap_or(0);
    Duration::from_secs(left.div_ceil(1000).max(1))
}
