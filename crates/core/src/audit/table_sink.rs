//! Events in the directory's database: storing and finding them, and removing old ones.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;
use tokio::time::sleep;
use uuid::Uuid;

use super::{ClaimedName, Event, EventKind, EventSearch, FoundEvent, PendingEvents};
use crate::error::StoreError;
use crate::log::LogSink;
use crate::pepper::Pepper;
use crate::token_digest::TokenDigest;
use crate::user::User;

/// How many old events are removed at a time, and how long other queries may run in between.
const STEP: u32 = 500;
const PAUSE: Duration = Duration::from_millis(50);

/// A table of events.
#[async_trait]
pub trait AuditTable: Send + Sync + 'static {
    /// Adds events, all or none.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database is unreachable or accepts no changes. The events are then not stored,
    /// unless no server was reachable to check whether they were committed.
    async fn insert_events(&self, events: Vec<Arc<Event>>) -> Result<(), StoreError>;

    /// Returns the events that match, as lines of JSON, the latest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database is unreachable.
    async fn find_events(&self, filter: &EventFilter) -> Result<Vec<String>, StoreError>;

    /// Returns the events about a token, as lines of JSON, the latest first, at most 100. Events that a release before
    /// this one has stored are not found.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database is unreachable.
    async fn events_of_token(&self, handle: TokenDigest) -> Result<Vec<String>, StoreError>;

    /// Returns the events that match a search, the latest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database is unreachable.
    async fn search_events(&self, search: &EventSearch) -> Result<Vec<FoundEvent>, StoreError>;

    /// Removes events from before `before`, the oldest first, at most `limit` of them. Returns how many were
    /// removed.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database is unreachable or accepts no changes.
    async fn remove_events(&self, before: OffsetDateTime, limit: u32) -> Result<u64, StoreError>;
}

/// A filter for events. All conditions that are set must match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventFilter {
    /// The user that the event is about, or that acted.
    pub who: Option<Subject>,
    /// The kind of the event.
    pub event: Option<EventKind>,
    /// The earliest timestamp.
    pub since: Option<OffsetDateTime>,
    /// The maximum number of events.
    pub limit: u32,
}

/// A user, by everything that identifies users in events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// The id of the user. `None` if there is no such user.
    pub user: Option<Uuid>,
    /// Hashes of the names that failed logins may have had, under every pepper.
    pub name_hashes: Vec<TokenDigest>,
}

impl Subject {
    /// Returns everything by which events and refused requests may refer to a user with that name, or to attempts with it:
    /// `user` is the user of that name, if there is one. A name that is an identifier stands for itself, too: the
    /// pseudonym of an erased user is not a name.
    pub fn of_name<'p>(
        name: &str,
        user: Option<&User>,
        peppers: impl Iterator<Item = &'p Pepper>,
    ) -> Self {
        let mut names = vec![ClaimedName::User(name), ClaimedName::Card(name)];
        if let Some(user) = user {
            names.push(ClaimedName::User(&user.user_name));
            names.extend(user.email.as_deref().map(ClaimedName::User));
        }
        Self {
            name_hashes: peppers
                .flat_map(|pepper| names.iter().map(|name| name.hash(pepper)))
                .collect(),
            user: user
                .map(|user| user.id)
                .or_else(|| Uuid::try_parse(name).ok()),
        }
    }
}

/// A sink that stores events in a table.
pub struct TableSink(Arc<dyn AuditTable>);

impl TableSink {
    /// Creates a sink that stores events in that table.
    pub fn new(table: Arc<dyn AuditTable>) -> Self {
        Self(table)
    }
}

#[async_trait]
impl LogSink<Arc<Event>> for TableSink {
    fn name(&self) -> &'static str {
        "database"
    }

    async fn keep(&mut self, events: &mut PendingEvents) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        self.0
            .insert_events(events.iter().cloned().collect())
            .await?;
        events.clear();
        Ok(())
    }
}

/// Removes all events from before `before`, a few at a time, so that other queries do not wait long. Returns how
/// many were removed.
///
/// # Errors
///
/// [`StoreError`] if the database is unreachable or accepts no changes. Events that were removed before the
/// error stay removed.
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
