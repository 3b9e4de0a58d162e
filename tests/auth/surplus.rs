//! More concurrent logins than can be hashed.

use std::future::{pending, poll_fn};
use std::task::Poll;

use async_trait::async_trait;
use isogloss_bcrypt_lanes::LANES;
use time::OffsetDateTime;

use super::throttled::LIMITS;
use super::*;
use isogloss_core::StoreError;
use isogloss_core::TokenDigest;
use isogloss_core::throttle::{
    Bucket, BucketPage, BucketQuery, Budget, ChargeOutcome, Permit, Throttle,
};

/// A throttle that never responds.
struct Silent;

#[async_trait]
impl Throttle for Silent {
    async fn charge(
        &self,
        _: &Bucket,
        _: &Budget,
        _: OffsetDateTime,
    ) -> Result<ChargeOutcome, StoreError> {
        pending().await
    }

    async fn refund(&self, _: TokenDigest, _: Permit, _: OffsetDateTime) -> Result<(), StoreError> {
        pending().await
    }

    async fn reset(&self, _: TokenDigest) -> Result<bool, StoreError> {
        pending().await
    }

    async fn remember(
        &self,
        _: TokenDigest,
        _: TokenDigest,
        _: OffsetDateTime,
        _: OffsetDateTime,
    ) -> Result<(), StoreError> {
        pending().await
    }

    async fn knows(
        &self,
        _: TokenDigest,
        _: TokenDigest,
        _: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        pending().await
    }

    async fn forget(&self, _: TokenDigest) -> Result<bool, StoreError> {
        pending().await
    }

    async fn find(
        &self,
        _: &[TokenDigest],
        _: OffsetDateTime,
    ) -> Result<Vec<ThrottledBucket>, StoreError> {
        pending().await
    }

    async fn list(&self, _: &BucketQuery, _: OffsetDateTime) -> Result<BucketPage, StoreError> {
        pending().await
    }

    async fn remove(&self, _: &[Bucket]) -> Result<u64, StoreError> {
        pending().await
    }

    async fn clear(&self, _: OffsetDateTime) -> Result<u64, StoreError> {
        pending().await
    }
}

#[tokio::test]
async fn who_finds_no_place_is_refused_before_anybody_is_asked() {
    const ALL: usize = 200;
    let f = guarded_by(Some(LoginThrottle::new(Arc::new(Silent), LIMITS))).await;
    let mut logins: Vec<_> = (0..ALL)
        .map(|number| {
            let name = format!("user-{number}");
            Box::pin(f.auth.login(credentials(&name, "ada-pw")))
        })
        .collect();
    let mut refused = 0;
    poll_fn(|context| {
        for login in &mut logins {
            if let Poll::Ready(outcome) = login.as_mut().poll(context) {
                assert!(matches!(outcome, Err(AuthError::Overloaded { .. })));
                refused += 1;
            }
        }
        Poll::Ready(())
    })
    .await;
    // 64 logins wait, next to those that two threads check concurrently.
    assert_eq!(refused, ALL - (64 + 2 * LANES));
}

#[tokio::test]
async fn who_is_locked_out_takes_no_place_while_he_waits() {
    let throttle = Arc::new(isogloss_core::throttle::MemoryThrottle::default());
    let f = guarded_by(Some(LoginThrottle::new(throttle, LIMITS))).await;
    while f
        .auth
        .login(credentials("ada", "wrong"))
        .await
        .is_err_and(|error| !matches!(error, AuthError::Throttled { .. }))
    {}
    let locked = (0..200).map(|_| f.auth.login(credentials("ada", "wrong")));
    for outcome in join_all(locked).await {
        assert!(
            matches!(outcome, Err(AuthError::Throttled { .. })),
            "{outcome:?}"
        );
    }
}
