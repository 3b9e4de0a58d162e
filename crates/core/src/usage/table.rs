//! Usage in the directory's database, where the counts of all gateways add up.

use async_trait::async_trait;
use time::OffsetDateTime;

use super::{Sketch, Tally, UsageCount, UsageKey, UsageRows, is_known};
use crate::clock::{from_milliseconds, milliseconds};
use crate::error::StoreError;

/// A table of usage.
#[async_trait]
pub trait UsageTable: Send + Sync + 'static {
    /// Adds counts, all or none, in a table of `room` rows and one for each endpoint. If the answer
    /// is lost, they may be there nevertheless.
    async fn add_usage(&self, rows: &UsageRows, room: usize) -> Result<(), StoreError>;

    /// What was seen at that moment or later.
    async fn usage(&self, since: OffsetDateTime) -> Result<UsageRows, StoreError>;

    /// Removes what was not seen since; answers how many rows.
    async fn remove_usage(&self, before: OffsetDateTime) -> Result<u64, StoreError>;
}

/// A row as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) id: String,
    pub(crate) dialect: String,
    pub(crate) revision: String,
    pub(crate) endpoint: String,
    pub(crate) application: Option<String>,
    pub(crate) key_label: Option<String>,
    pub(crate) client: Option<String>,
    pub(crate) user_agent: String,
    pub(crate) network: String,
    pub(crate) known: bool,
    pub(crate) first_seen: i64,
    pub(crate) last_seen: i64,
    pub(crate) last_served: Option<i64>,
    pub(crate) calls: i64,
    pub(crate) refused: i64,
    pub(crate) users: Vec<u8>,
}

/// The names of the rows that those counts may go into.
pub(crate) fn ids(rows: &UsageRows) -> Vec<String> {
    let keys = rows.keys().map(UsageKey::storable);
    let mut ids: Vec<_> = keys.flat_map(|key| [key.id(), key.rest().id()]).collect();
    ids.sort();
    ids.dedup();
    ids
}

impl Stored {
    /// What those rows are to be once `added` has come to them. `known` and `strangers` are how many
    /// rows the whole table has.
    pub(crate) fn after(
        stored: Vec<Self>,
        (known, strangers): (i64, i64),
        added: &UsageRows,
        room: usize,
    ) -> Vec<Self> {
        let here = |known: bool| stored.iter().filter(|row| row.known == known).count();
        let elsewhere = |all: i64, here: usize| {
            usize::try_from(all)
                .unwrap_or_default()
                .saturating_sub(here)
        };
        let elsewhere = (
            elsewhere(known, here(true)),
            elsewhere(strangers, here(false)),
        );
        let mut tally = Tally::beside(Self::read(stored), elsewhere, room);
        for (key, count) in added {
            tally.add(key.storable(), count);
        }
        tally
            .take()
            .iter()
            .map(|(key, count)| Self::of(key, count))
            .collect()
    }

    /// What those rows say.
    pub(crate) fn read(stored: Vec<Self>) -> UsageRows {
        stored.into_iter().map(Self::row).collect()
    }

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
            // One that cannot be read begins anew.
            users: Sketch::from_bytes(&self.users).unwrap_or_default(),
        };
        (key, count)
    }

    fn of(key: &UsageKey, count: &UsageCount) -> Self {
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
            known: is_known(key, count),
            first_seen: milliseconds(count.first_seen),
            last_seen: milliseconds(count.last_seen),
            last_served: count.last_served.map(milliseconds),
            calls: i64::try_from(count.calls).unwrap_or(i64::MAX),
            refused: i64::try_from(count.refused).unwrap_or(i64::MAX),
            users: count.users.to_bytes(),
        }
    }
}
