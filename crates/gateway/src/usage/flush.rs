//! Writes the counts to the directory's usage table and removes its old rows.

use std::sync::Arc;
use std::time::Duration;

use isogloss_core::usage::UsageTable;
use isogloss_core::{Auth, StoreError};
use metrics::counter;
use time::OffsetDateTime;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::{info, warn};

use super::{Inner, UsageRecorder};
use crate::config;

/// How often old rows are removed.
const PRUNE_INTERVAL: Duration = Duration::from_hours(1);

/// The metric of uses that there was no room for.
const LEFT_OUT: &str = "isogloss_usage_users_left_out_total";

impl UsageRecorder {
    /// Adds the counts since the last flush to the table; does nothing if nothing is counted. Fails if the table is
    /// unreachable; the counts are kept for the next flush then.
    ///
    /// Runs in a task of its own, to the end even if the caller is dropped: the table may already have taken the
    /// counts, and the next flush would add them again. The next flush waits for this one.
    pub(crate) async fn flush(&self, table: Arc<dyn UsageTable>) -> Result<(), StoreError> {
        let Some(inner) = self.0.clone() else {
            return Ok(());
        };
        let flushed = tokio::spawn(async move { inner.flush(table.as_ref()).await });
        let flushed = flushed.await;
        flushed.unwrap_or_else(|error| Err(StoreError::new("usage", error)))
    }

    /// Flushes for the last time. Counts that the table does not take are lost, which is logged.
    pub(crate) async fn close(&self, table: Arc<dyn UsageTable>) {
        if let Err(error) = self.flush(table).await {
            warn!(%error, "the last usage counts are lost");
        }
    }

    /// Flushes at the configured interval and removes old rows, for as long as the gateway runs. Returns at
    /// once if nothing is counted.
    pub(crate) async fn flush_periodically(
        self,
        settings: config::Usage,
        table: Arc<dyn UsageTable>,
        auth: Auth,
    ) {
        if self.0.is_none() {
            return;
        }
        let mut ticks = interval(settings.flush_interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failing = false;
        let mut pruned: Option<Instant> = None;
        loop {
            ticks.tick().await;
            match self.flush(table.clone()).await {
                Err(error) if !failing => {
                    warn!(%error, "cannot write usage counts, will retry");
                    failing = true;
                }
                Err(_) => {}
                Ok(()) => failing = false,
            }
            if pruned.is_none_or(|at| at.elapsed() >= PRUNE_INTERVAL) && !failing {
                pruned = Some(Instant::now());
                prune(table.as_ref(), &settings, auth.now()).await;
            }
        }
    }
}

impl Inner {
    /// Adds the counts since the last flush to the table. Fails if the table is unreachable; the counts are kept for
    /// the next flush then.
    async fn flush(&self, table: &dyn UsageTable) -> Result<(), StoreError> {
        let mut pending = self.pending.lock().await;
        let mut left_out = 0;
        for (rows, (users, without_room)) in self.drain() {
            pending.add(rows);
            left_out += without_room + pending.add_users(users);
        }
        counter!(LEFT_OUT).increment(left_out);
        if pending.is_empty() {
            return Ok(());
        }
        table.add_usage(&pending, self.room).await?;
        pending.clear();
        Ok(())
    }
}

/// Removes rows of clients that were not seen for `settings.keep`, and the counts of days before the last
/// `settings.keep_days`. Logs a failure.
async fn prune(table: &dyn UsageTable, settings: &config::Usage, now: OffsetDateTime) {
    let kept = time::Duration::days(settings.keep_days.get().into());
    if let Some(first) = now.to_utc().date().checked_sub(kept) {
        log_removal("days", table.remove_usage_days(first).await);
    }
    // An age that reaches before the start of the calendar: no row is that old.
    if let Some(before) = now.checked_sub(settings.keep.try_into().unwrap_or(time::Duration::MAX)) {
        log_removal("clients", table.remove_usage(before).await);
    }
}

fn log_removal(of: &str, removed: Result<u64, StoreError>) {
    match removed {
        Ok(0) => {}
        Ok(removed) => info!(removed, "removed old usage of {of}"),
        Err(error) => warn!(%error, "cannot remove old usage of {of}, will retry"),
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use isogloss_core::usage::{
        ClientPage, DayFilter, LastUse, NamedUse, UsageBatch, UsageDay, UsageRows, UsageSummary,
        UseFilter,
    };
    use isogloss_core::{Clock as _, Peppers, SystemClock};
    use parking_lot::Mutex;
    use time::Date;
    use tokio::sync::Notify;

    use super::*;
    use crate::usage::Endpoint;

    /// A table that takes rows before it responds, and responds only when the test lets it.
    #[derive(Default)]
    struct SlowTable {
        calls: Mutex<u64>,
        taken: Notify,
        may_answer: Notify,
    }

    #[async_trait]
    impl UsageTable for SlowTable {
        async fn add_usage(&self, added: &UsageBatch, _room: usize) -> Result<(), StoreError> {
            let calls: u64 = added.rows().values().map(|count| count.calls).sum();
            *self.calls.lock() += calls;
            self.taken.notify_one();
            self.may_answer.notified().await;
            Ok(())
        }

        async fn usage(&self, _since: OffsetDateTime) -> Result<UsageRows, StoreError> {
            Ok(UsageRows::default())
        }

        async fn usage_summaries(&self) -> Result<Vec<UsageSummary>, StoreError> {
            Ok(Vec::new())
        }

        async fn usage_of_clients(&self, _page: &ClientPage) -> Result<UsageRows, StoreError> {
            Ok(UsageRows::default())
        }

        async fn remove_usage(&self, _before: OffsetDateTime) -> Result<u64, StoreError> {
            Ok(0)
        }

        async fn usage_days(&self, _filter: &DayFilter) -> Result<Vec<UsageDay>, StoreError> {
            Ok(Vec::new())
        }

        async fn remove_usage_days(&self, _before: Date) -> Result<u64, StoreError> {
            Ok(0)
        }

        async fn user_uses(&self, _filter: &UseFilter) -> Result<Vec<NamedUse>, StoreError> {
            Ok(Vec::new())
        }

        async fn last_uses(&self, _dialects: &[String]) -> Result<Vec<LastUse>, StoreError> {
            Ok(Vec::new())
        }
    }

    #[tokio::test]
    async fn a_flush_that_is_cut_off_by_the_end_is_not_sent_twice() {
        let pepper = isogloss_core::Pepper::new([7; 32]).unwrap();
        let usage = UsageRecorder::new(&config::Usage::default(), &Peppers::from(pepper));
        let counter = usage.counter();
        let call = crate::usage::UsageCall {
            dialect: "toy",
            endpoint: Arc::new(Endpoint {
                pattern: "/v1/login".to_owned(),
                revision: "v1".to_owned(),
            }),
            user_agent: "okhttp/4".to_owned(),
            source: None,
        };
        let note = || {
            counter.record(
                &call,
                &isogloss_core::ClientIdentity::default(),
                false,
                SystemClock.now(),
            );
        };
        note();
        let slow = Arc::new(SlowTable::default());
        let table: Arc<dyn UsageTable> = slow.clone();
        let under_way = tokio::spawn({
            let (usage, table) = (usage.clone(), Arc::clone(&table));
            async move { usage.flush(table).await }
        });
        slow.taken.notified().await;
        under_way.abort();
        assert!(under_way.await.unwrap_err().is_cancelled());
        note();
        let ((), ()) = tokio::join!(usage.close(table), async {
            slow.may_answer.notify_one();
            slow.taken.notified().await;
            slow.may_answer.notify_one();
        });
        assert_eq!(*slow.calls.lock(), 2);
    }
}
