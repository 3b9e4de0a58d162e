//! Usage in the directory's database, where the counts of all gateways add up.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use time::{Date, OffsetDateTime};

use super::{
    CardinalitySketch, ClientPage, DayFilter, ExpiredUse, NamedUse, UsageBatch, UsageCount,
    UsageDay, UsageKey, UsageRows, UsageSummary, UseFilter,
};
use crate::clock::{from_milliseconds, milliseconds};
use crate::error::StoreError;

/// A table of usage.
#[async_trait]
pub trait UsageTable: Send + Sync + 'static {
    /// Adds counts and uses, all or none. The table of clients has `room` rows of known clients, and two shared
    /// ones for each endpoint. Uses of users who no longer exist are left out.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database is unreachable or accepts no changes. If the response is lost, the counts
    /// may have been added nevertheless.
    async fn add_usage(&self, added: &UsageBatch, room: usize) -> Result<(), StoreError>;

    /// Returns the counts that were last seen at `since` or later.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database is unreachable, or a row cannot be decoded.
    async fn usage(&self, since: OffsetDateTime) -> Result<UsageRows, StoreError>;

    /// Returns the sum over all clients of each dialect that has any.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database is unreachable, or a row cannot be decoded.
    async fn usage_summaries(&self) -> Result<Vec<UsageSummary>, StoreError>;

    /// Returns the counts of the clients of a page.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database is unreachable, or a row cannot be decoded.
    async fn usage_of_clients(&self, page: &ClientPage) -> Result<UsageRows, StoreError>;

    /// Removes the rows that were not seen since `before`. Returns how many were removed.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database is unreachable or accepts no changes.
    async fn remove_usage(&self, before: OffsetDateTime) -> Result<u64, StoreError>;

    /// Returns the counts of days that match the filter, ordered by day, dialect and client.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database is unreachable, or a row cannot be decoded.
    async fn usage_days(&self, filter: &DayFilter) -> Result<Vec<UsageDay>, StoreError>;

    /// Removes the counts of the days before `before`. Returns how many rows were removed.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database is unreachable or accepts no changes.
    async fn remove_usage_days(&self, before: Date) -> Result<u64, StoreError>;

    /// Returns the uses by users that match the filter, the last one first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database is unreachable, or a row cannot be decoded.
    async fn user_uses(&self, filter: &UseFilter) -> Result<Vec<NamedUse>, StoreError>;

    /// Returns the last use of each of these dialects, in the same order.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database is unreachable, or a row cannot be decoded.
    async fn last_uses(&self, dialects: &[String]) -> Result<Vec<LastUse>, StoreError>;
}

/// What is known of the last use of a dialect after its clients have left the table of clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastUse {
    /// The dialect.
    pub dialect: String,
    /// The first day of which there are counts.
    pub counted_since: Option<Date>,
    /// The last call of a known client that was not refused, by the counts of days.
    pub last_served: Option<OffsetDateTime>,
    /// The last call of a user, at most an hour too early.
    pub last_used: Option<OffsetDateTime>,
}

/// A row as it is stored.
#[derive(Debug, Clone)]
pub struct StoredUsage {
    /// The row's key in the table.
    pub id: String,
    /// The dialect.
    pub dialect: String,
    /// The revision of the API that was called.
    pub revision: String,
    /// The endpoint.
    pub endpoint: String,
    /// The application that a key names.
    pub application: Option<String>,
    /// The label of the application key.
    pub key_label: Option<String>,
    /// The client that a token names.
    pub client: Option<String>,
    /// The family of the `User-Agent` of the client.
    pub user_agent: String,
    /// The network from which the client called.
    pub network: String,
    /// Whether a user has logged in with that client.
    pub known: bool,
    /// When the first call arrived, in milliseconds since 1970.
    pub first_seen: i64,
    /// When the last call arrived, in milliseconds since 1970.
    pub last_seen: i64,
    /// When the last call arrived that was not refused, in milliseconds since 1970.
    pub last_served: Option<i64>,
    /// The number of calls.
    pub calls: i64,
    /// The number of calls that were refused.
    pub refused: i64,
    /// A sketch of the users, as `CardinalitySketch::to_bytes` returns it.
    pub users: Vec<u8>,
    /// The number of tokens that were presented after their end.
    pub expired_tokens: i64,
    /// The number of calls that were refused because their token had expired.
    pub expired_calls: i64,
    /// The least age of an expired token that was presented, in seconds since it was issued.
    pub expired_youngest: Option<i64>,
    /// The greatest age of an expired token that was presented, in seconds since it was issued.
    pub expired_oldest: Option<i64>,
}

/// A dialect, and the program and network from which a user has logged in there.
pub type UsagePlace = (String, String, String);

/// What the table has, as far as it matters for the counts to add.
pub struct UsageInTable {
    /// The rows to which counts may be added.
    pub stored: Vec<StoredUsage>,
    /// The known places with one of the programs in the counts.
    pub places: Vec<UsagePlace>,
    /// The number of rows of known clients, without the shared ones.
    pub known: i64,
}

/// Returns the ids of all rows to which those counts may be added, each once.
pub fn usage_row_ids(rows: &UsageRows) -> Vec<String> {
    let keys = rows.keys().map(UsageKey::storable);
    let mut ids: Vec<_> = keys
        .flat_map(|key| [key.id(), key.rest().id(), key.unknown().id()])
        .collect();
    ids.sort();
    ids.dedup();
    ids
}

/// Returns the families of `User-Agent` in those counts, each once. The table is queried by them for known
/// places.
pub fn usage_user_agents(rows: &UsageRows) -> Vec<String> {
    let agents: HashSet<_> = rows.keys().map(|key| key.storable().user_agent).collect();
    agents.into_iter().collect()
}

impl UsageInTable {
    /// Returns the rows as they must be after `added` has been added to them, in a table of `room` rows of known
    /// clients.
    ///
    /// A count without any user belongs to a known client if its program has a known place in that dialect; all
    /// others share a row for each endpoint.
    pub fn after(self, added: &UsageRows, room: usize) -> Vec<StoredUsage> {
        let mut places: HashSet<UsagePlace> = self.places.into_iter().collect();
        let with_users = added.iter().filter(|(_, count)| count.is_known());
        places.extend(with_users.map(|(key, _)| place(&key.storable())));
        let mut known = usize::try_from(self.known).unwrap_or_default();
        let stored = self.stored.into_iter().map(|row| (row.known, row.row()));
        let mut rows: HashMap<_, _> = stored
            .map(|(is_known, (key, count))| (key, (is_known, count)))
            .collect();
        for (key, count) in added {
            let mut key = key.storable();
            let is_known = count.is_known() || places.contains(&place(&key));
            if !key.is_shared() && !is_known {
                key = key.unknown();
            } else if !key.is_shared() && !rows.get(&key).is_some_and(|(was, _)| *was) {
                if known < room {
                    known += 1;
                } else {
                    key = key.rest();
                }
            }
            let is_known = is_known && key.user_agent != super::UNKNOWN;
            rows.entry(key)
                .and_modify(|(was_known, sum)| {
                    *was_known |= is_known;
                    sum.add(count);
                })
                .or_insert_with(|| (is_known, count.clone()));
        }
        let rows = rows.iter();
        rows.map(|(key, (known, count))| StoredUsage::new(key, count, *known))
            .collect()
    }
}

/// Returns the dialect, program and network of a client.
pub(super) fn place(key: &UsageKey) -> UsagePlace {
    (
        key.dialect.clone(),
        key.user_agent.clone(),
        key.network.clone(),
    )
}

impl StoredUsage {
    /// Returns the counts in stored rows by their key. Unknown clients, which an earlier release stored one by
    /// one, share a row here.
    pub fn read(stored: Vec<Self>) -> UsageRows {
        let mut rows = UsageRows::default();
        for row in stored {
            let known = row.known;
            let (key, count) = row.row();
            let key = if known { key } else { key.unknown() };
            rows.entry(key)
                .and_modify(|sum| sum.add(&count))
                .or_insert(count);
        }
        rows
    }

    /// Returns the key and the count of a stored row.
    fn row(self) -> (UsageKey, UsageCount) {
        let key = UsageKey {
            dialect: self.dialect,
            revision: self.revision,
            endpoint: self.endpoint,
            application: self.application,
            key: self.key_label,
            client: self.client,
            user_agent: self.user_agent,
            network: self.network,
        };
        let count = UsageCount {
            first_seen: from_milliseconds(self.first_seen),
            last_seen: from_milliseconds(self.last_seen),
            last_served: self.last_served.map(from_milliseconds),
            calls: self.calls.unsigned_abs(),
            refused: self.refused.unsigned_abs(),
            logins: 0,
            // A sketch that cannot be decoded starts empty.
            users: CardinalitySketch::from_bytes(&self.users).unwrap_or_default(),
            expired: ExpiredUse {
                tokens: self.expired_tokens.unsigned_abs(),
                calls: self.expired_calls.unsigned_abs(),
                youngest: self.expired_youngest.map(i64::unsigned_abs),
                oldest: self.expired_oldest.map(i64::unsigned_abs),
            },
        };
        (key, count)
    }

    /// Returns a count as a row to store. Numbers that do not fit are stored as the largest that does.
    fn new(key: &UsageKey, count: &UsageCount, known: bool) -> Self {
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        Self {
            id: key.id(),
            dialect: key.dialect.clone(),
            revision: key.revision.clone(),
            endpoint: key.endpoint.clone(),
            application: key.application.clone(),
            key_label: key.key.clone(),
            client: key.client.clone(),
            user_agent: key.user_agent.clone(),
            network: key.network.clone(),
            known,
            first_seen: milliseconds(count.first_seen),
            last_seen: milliseconds(count.last_seen),
            last_served: count.last_served.map(milliseconds),
            calls: number(count.calls),
            refused: number(count.refused),
            users: count.users.to_bytes(),
            expired_tokens: number(count.expired.tokens),
            expired_calls: number(count.expired.calls),
            expired_youngest: count.expired.youngest.map(number),
            expired_oldest: count.expired.oldest.map(number),
        }
    }
}
