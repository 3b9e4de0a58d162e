//! Events in the directory's database: kept, found again, and removed when they are old.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;
use tokio::time::sleep;
use uuid::Uuid;

use super::{Event, Kind, Sink, Waiting};
use crate::error::StoreError;
use crate::token_digest::TokenDigest;

/// How many old events are removed at a time, and how long others may work in between.
const STEP: u32 = 500;
const PAUSE: Duration = Duration::from_millis(50);

/// A table of events.
#[async_trait]
pub trait AuditTable: Send + Sync + 'static {
    /// Adds events, all or none. After an error they are not there, unless no server could be asked whether
    /// they were committed.
    async fn keep_events(&self, events: Vec<Arc<Event>>) -> Result<(), StoreError>;

    /// The events that fit, as lines of JSON, the latest first.
    async fn find_events(&self, filter: &Filter) -> Result<Vec<String>, StoreError>;

    /// Removes events that are older, the oldest first, at most `limit` of them; answers how many.
    async fn remove_events(&self, before: OffsetDateTime, limit: u32) -> Result<u64, StoreError>;
}

/// Which events are meant: those to which all of it applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// About somebody, or at somebody's hands.
    pub who: Option<Who>,
    /// Of that kind.
    pub event: Option<Kind>,
    /// At that moment or later.
    pub since: Option<OffsetDateTime>,
    /// How many at the most.
    pub limit: u32,
}

/// Somebody, by all that events know people by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Who {
    /// The user, if there is one.
    pub user: Option<Uuid>,
    /// Hashes of the names that failed logins may have had, under every pepper.
    pub name_hashes: Vec<TokenDigest>,
}

/// Keeps events in a table.
pub struct Database(Arc<dyn AuditTable>);

impl Database {
    /// In that table.
    pub fn new(table: Arc<dyn AuditTable>) -> Self {
        Self(table)
    }
}

#[async_trait]
impl Sink for Database {
    fn name(&self) -> &'static str {
        "database"
    }

    async fn keep(&mut self, events: &mut Waiting) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        self.0.keep_events(events.iter().cloned().collect()).await?;
        events.clear();
        Ok(())
    }
}

/// Removes all events that are older, a few at a time, so that nobody waits for it; answers how many.
pub async fn prune(table: &dyn AuditTable, before: OffsetDateTime) -> Result<u64, StoreError> {
    let mut removed = 0;
    loop {
        let step = table.remove_events(before, STEP).await?;
        removed += step;
        if step < u64::from(STEP) {
            return Ok(removed);
        }
        sleep(PAUSE).await;
    }
}
