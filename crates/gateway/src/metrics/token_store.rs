//! A token store that measures the duration of its calls.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use isogloss_core::store::{Record, StoreHealth, StoredToken, TokenStore, Visitor};
use isogloss_core::{Clock, NearCacheStatus, PoolStatus, StoreError, TokenDigest};
use metrics::{Histogram, histogram};
use time::OffsetDateTime;
use uuid::Uuid;

/// Token store that measures the duration of the calls to another one.
pub(crate) struct InstrumentedTokenStore {
    store: Arc<dyn TokenStore>,
    put: Durations,
    get: Durations,
    holder: Durations,
    replace: Durations,
    take: Durations,
    of_user: Durations,
    each: Durations,
    remove_user: Durations,
    sweep: Durations,
    ping: Durations,
}

impl InstrumentedTokenStore {
    /// Returns a token store that passes calls to `store`, and measures their durations.
    pub(crate) fn new(store: Arc<dyn TokenStore>) -> Self {
        Self {
            store,
            put: Durations::for_operation("put"),
            get: Durations::for_operation("get"),
            holder: Durations::for_operation("holder"),
            replace: Durations::for_operation("replace"),
            take: Durations::for_operation("take"),
            of_user: Durations::for_operation("of_user"),
            each: Durations::for_operation("each"),
            remove_user: Durations::for_operation("remove_user"),
            sweep: Durations::for_operation("sweep"),
            ping: Durations::for_operation("ping"),
        }
    }
}

/// Durations of calls of one kind, by whether they succeeded.
struct Durations {
    operation: &'static str,
    done: Histogram,
}

impl Durations {
    /// Creates the metrics that record the durations of the calls of `operation`.
    fn for_operation(operation: &'static str) -> Self {
        Self {
            operation,
            done: Self::histogram(operation, "done"),
        }
    }

    /// Returns the histogram of an operation with that outcome.
    fn histogram(operation: &'static str, outcome: &'static str) -> Histogram {
        histogram!(
            "isogloss_token_store_duration_seconds",
            "operation" => operation,
            "outcome" => outcome
        )
    }

    /// Awaits a call, records its duration, and returns its result.
    async fn time<T>(
        &self,
        call: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let begun = Instant::now();
        let result = call.await;
        let took = begun.elapsed();
        match &result {
            Ok(_) => self.done.record(took),
            // Looked up again each time: errors are rare.
            Err(_) => Self::histogram(self.operation, "unavailable").record(took),
        }
        result
    }
}

#[async_trait]
impl TokenStore for InstrumentedTokenStore {
    async fn put(
        &self,
        digest: TokenDigest,
        record: &Record,
        now: OffsetDateTime,
    ) -> Result<Vec<TokenDigest>, StoreError> {
        self.put.time(self.store.put(digest, record, now)).await
    }

    async fn get(&self, digest: TokenDigest) -> Result<Option<Arc<Record>>, StoreError> {
        self.get.time(self.store.get(digest)).await
    }

    async fn slot_holder(&self, slot: TokenDigest) -> Result<Option<TokenDigest>, StoreError> {
        self.holder.time(self.store.slot_holder(slot)).await
    }

    async fn replace(
        &self,
        digest: TokenDigest,
        before: &Record,
        after: &Record,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let call = self.store.replace(digest, before, after, now);
        self.replace.time(call).await
    }

    /// Restores a token, unmeasured: only a command restores tokens, and commands have no metrics. Fails if the
    /// store is unreachable.
    async fn restore(&self, token: &StoredToken, now: OffsetDateTime) -> Result<(), StoreError> {
        self.store.restore(token, now).await
    }

    async fn remove(&self, digest: TokenDigest) -> Result<Option<Record>, StoreError> {
        self.take.time(self.store.remove(digest)).await
    }

    async fn list_by_user(&self, user: Uuid) -> Result<Vec<(TokenDigest, Record)>, StoreError> {
        self.of_user.time(self.store.list_by_user(user)).await
    }

    async fn scan(&self, visit: &mut Visitor<'_>) -> Result<(), StoreError> {
        self.each.time(self.store.scan(visit)).await
    }

    async fn remove_user(&self, user: Uuid) -> Result<u64, StoreError> {
        self.remove_user.time(self.store.remove_user(user)).await
    }

    async fn sweep(&self, now: OffsetDateTime) -> Result<u64, StoreError> {
        self.sweep.time(self.store.sweep(now)).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.ping.time(self.store.ping()).await
    }

    /// Returns the health of the store, unmeasured: the duration of several requests to several servers says
    /// nothing about one call. Fails if the store is unreachable.
    async fn health(&self, clock: &dyn Clock) -> Result<StoreHealth, StoreError> {
        self.store.health(clock).await
    }

    async fn close(&self) {
        self.store.close().await;
    }

    fn connections(&self) -> Option<PoolStatus> {
        self.store.connections()
    }

    /// Returns a token of the near cache, or `None` if it is not there. Unmeasured, because it takes almost no
    /// time.
    fn get_cached(&self, digest: TokenDigest) -> Option<Arc<Record>> {
        self.store.get_cached(digest)
    }

    fn cache_status(&self) -> Option<NearCacheStatus> {
        self.store.cache_status()
    }
}
