//! How many passwords of one user are passed on to an authority, so that no account can be locked there through us.

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use crate::error::StoreError;
use crate::pepper::Pepper;
use crate::throttle::{
    Bucket, BucketKind, Budget, ChargeOutcome, Permit, Throttle, record_wrong, whole_seconds,
};
use crate::token_digest::TokenDigest;

/// The counter of the passwords that are passed on, shared by all gateways.
pub(super) struct PassedOn {
    throttle: Arc<dyn Throttle>,
    budget: Budget,
}

/// An attempt that may be passed on. If it is dropped, it counts as wrong, and lists may lack it.
pub(super) struct PassedAttempt<'a> {
    counter: &'a PassedOn,
    bucket: Bucket,
    permit: Permit,
}

impl PassedOn {
    pub(super) fn new(throttle: Arc<dyn Throttle>, budget: Budget) -> Self {
        Self { throttle, budget }
    }

    /// Takes an attempt of a user at an authority. Returns for how long no further one is granted if there is none
    /// left. Fails if the throttle's store is unavailable: without it, the limit could not be kept.
    pub(super) async fn take(
        &self,
        pepper: &Pepper,
        authority: &str,
        account: TokenDigest,
        now: OffsetDateTime,
    ) -> Result<Result<PassedAttempt<'_>, Duration>, StoreError> {
        let at = pepper.digest_of(&[b"authority", authority.as_bytes()]);
        let bucket = Bucket::new(pepper, BucketKind::Authority, Some(account), Some(at), None);
        Ok(
            match self.throttle.charge(&bucket, &self.budget, now).await? {
                ChargeOutcome::Granted(permit) => Ok(PassedAttempt {
                    counter: self,
                    bucket,
                    permit,
                }),
                ChargeOutcome::Locked { until } => Err(whole_seconds(until, now)),
            },
        )
    }
}

impl PassedAttempt<'_> {
    /// Reports that the password was right: all attempts are available again. Fails if the throttle's store is
    /// unavailable.
    pub(super) async fn succeed(self) -> Result<(), StoreError> {
        self.counter.throttle.reset(self.bucket.key).await.map(drop)
    }

    /// Reports that the password was not judged. Fails if the throttle's store is unavailable.
    pub(super) async fn refund(self, now: OffsetDateTime) -> Result<(), StoreError> {
        let throttle = &self.counter.throttle;
        throttle.refund(self.bucket.key, self.permit, now).await
    }

    /// Reports that the password was wrong: it stays counted, and its bucket is listed.
    pub(super) async fn fail(self, now: OffsetDateTime) {
        let throttle = self.counter.throttle.as_ref();
        record_wrong(throttle, &[(self.bucket, self.permit)], now).await;
    }
}
