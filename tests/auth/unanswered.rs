//! Stores that fail between the steps of one operation.
//!
//! Steps that did not happen do not count, and steps that happened stay recorded.

use std::net::IpAddr;

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use time::OffsetDateTime;

use super::throttled::{HOME, LIMITS};
use super::*;
use isogloss_core::PasswordError;
use isogloss_core::TokenDigest;
use isogloss_core::throttle::{
    Bucket, BucketKind, BucketPage, BucketQuery, Budget, ChargeOutcome, ClientIp, MemoryThrottle,
    Permit, Throttle, ThrottledBucket,
};

/// A throttle that fails to take attempts from a network's budget, or to refund any.
struct Failing {
    throttle: MemoryThrottle,
    at: At,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    TakeOfNetwork,
    GiveBack,
}

fn lost() -> StoreError {
    StoreError::new("throttle", "no answer")
}

#[async_trait]
impl Throttle for Failing {
    async fn charge(
        &self,
        bucket: &Bucket,
        budget: &Budget,
        now: OffsetDateTime,
    ) -> Result<ChargeOutcome, StoreError> {
        if self.at == At::TakeOfNetwork && bucket.kind == BucketKind::Network {
            return Err(lost());
        }
        self.throttle.charge(bucket, budget, now).await
    }

    async fn refund(
        &self,
        bucket: TokenDigest,
        permit: Permit,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        if self.at == At::GiveBack {
            return Err(lost());
        }
        self.throttle.refund(bucket, permit, now).await
    }

    async fn reset(&self, bucket: TokenDigest) -> Result<bool, StoreError> {
        self.throttle.reset(bucket).await
    }

    async fn remember(
        &self,
        account: TokenDigest,
        client: TokenDigest,
        until: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        self.throttle.remember(account, client, until, now).await
    }

    async fn knows(
        &self,
        account: TokenDigest,
        client: TokenDigest,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        self.throttle.knows(account, client, now).await
    }

    async fn forget(&self, account: TokenDigest) -> Result<bool, StoreError> {
        self.throttle.forget(account).await
    }

    async fn find(
        &self,
        keys: &[TokenDigest],
        now: OffsetDateTime,
    ) -> Result<Vec<ThrottledBucket>, StoreError> {
        self.throttle.find(keys, now).await
    }

    async fn list(
        &self,
        query: &BucketQuery,
        now: OffsetDateTime,
    ) -> Result<BucketPage, StoreError> {
        self.throttle.list(query, now).await
    }

    async fn remove(&self, buckets: &[Bucket]) -> Result<u64, StoreError> {
        self.throttle.remove(buckets).await
    }

    async fn clear(&self, now: OffsetDateTime) -> Result<u64, StoreError> {
        self.throttle.clear(now).await
    }
}

/// Returns the kinds of buckets that still hold an attempt after a login with the right password.
async fn counted_after_a_right_login(at: At) -> Vec<BucketKind> {
    let throttle = MemoryThrottle::default();
    let guard = LoginThrottle::new(Arc::new(Failing { throttle, at }), LIMITS);
    let f = guarded_by(Some(guard)).await;
    let address: IpAddr = HOME.parse().unwrap();
    let login = Credentials {
        origin: LoginOrigin::new(HERE, Some(ClientIp::from(address))),
        ..credentials("ada", "ada-pw")
    };
    let outcome = f.auth.login(login).await;
    assert!(
        matches!(outcome, Err(AuthError::Unavailable(_))),
        "{outcome:?}"
    );
    let counted = counted(&f.auth, ThrottleFilter::default()).await;
    counted
        .iter()
        .map(|strained| strained.bucket.kind)
        .collect()
}

#[tokio::test]
async fn a_login_that_is_not_tried_counts_nowhere() {
    let counted = counted_after_a_right_login(At::TakeOfNetwork).await;
    assert_eq!(counted, Vec::<BucketKind>::new());
}

#[tokio::test]
async fn a_right_login_clears_the_account_though_its_source_cannot_be_told() {
    let counted = counted_after_a_right_login(At::GiveBack).await;
    assert!(!counted.contains(&BucketKind::Account), "{counted:?}");
}

impl Fixture {
    /// Executes a statement in the directory's database file, over a connection of its own.
    pub(super) async fn execute(&self, statement: &'static str) {
        let file = SqliteConnectOptions::new().filename(self.folder.path().join("directory.db"));
        let pool = SqlitePool::connect_with(file).await.unwrap();
        sqlx::query(statement).execute(&pool).await.unwrap();
        pool.close().await;
    }
}

#[tokio::test]
async fn a_reset_key_is_not_spent_on_a_password_that_could_not_be_written() {
    let f = fixture().await;
    let key = f.token("ada", Terms::new(Purpose::Reset, HOUR)).await.token;
    f.execute("CREATE TRIGGER full BEFORE UPDATE ON users BEGIN SELECT RAISE(ABORT, 'full'); END")
        .await;
    let refused = f.auth.reset_password(&key, "new-password".into()).await;
    assert!(
        matches!(refused, Err(PasswordError::Auth(AuthError::Unavailable(_)))),
        "{refused:?}"
    );
    f.execute("DROP TRIGGER full").await;
    let user = f.auth.reset_password(&key, "new-password".into()).await;
    assert_eq!(user.unwrap().user_name, "ada");
    assert!(
        f.auth
            .login(credentials("ada", "new-password"))
            .await
            .is_ok()
    );
}
