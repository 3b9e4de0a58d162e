//! Counts by day: a time series for each dialect and client.

use std::collections::BTreeMap;

use time::{Date, OffsetDateTime};

use super::{BoundedCounter, CardinalitySketch, UsageCount, UsageKey, UsageRows};

/// Counts by day (UTC), dialect and client. A key has no revision and no endpoint.
#[derive(Debug, Clone)]
pub struct UsageDays {
    days: BTreeMap<(Date, String), BoundedCounter>,
    room: usize,
}

impl UsageDays {
    /// Creates an empty series, with room for `room` known clients of each dialect on each day.
    pub(super) fn new(room: usize) -> Self {
        Self {
            days: BTreeMap::new(),
            room,
        }
    }

    /// Adds a count to the day of its last call. Further clients on that day share a row.
    pub(super) fn add(&mut self, key: &UsageKey, count: &UsageCount) {
        let day = (count.last_seen.to_utc().date(), key.dialect.clone());
        let clients = self.days.entry(day);
        let clients = clients.or_insert_with(|| BoundedCounter::new(self.room));
        clients.add(key.of_client(), count);
    }

    /// Removes all counts.
    pub(super) fn clear(&mut self) {
        self.days.clear();
    }

    /// Returns the counts of each day and dialect.
    pub fn each(&self) -> impl Iterator<Item = (Date, &str, &UsageRows)> {
        let days = self.days.iter();
        days.map(|((day, dialect), clients)| (*day, dialect.as_str(), clients.rows()))
    }

    /// Returns how many known clients of a dialect have a row of their own on one day.
    pub fn room(&self) -> usize {
        self.room
    }
}

/// The use of a dialect on one day, by all clients or by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageDay {
    /// The day, in UTC.
    pub day: Date,
    /// The dialect.
    pub dialect: String,
    /// The client. `None` for all clients together.
    pub client: Option<UsageKey>,
    /// All calls.
    pub calls: u64,
    /// The calls that were refused.
    pub refused: u64,
    /// The logins.
    pub logins: u64,
    /// How many known clients made the calls, without those that share a row.
    pub clients: u64,
    /// The users who made the calls.
    pub users: CardinalitySketch,
    /// The last call of a known client that was not refused.
    pub last_served: Option<OffsetDateTime>,
    /// Where the next page begins, if this is the last row of a page.
    pub cursor: DayCursor,
}

/// A filter for counts of days. All conditions must be true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayFilter {
    /// The dialect; `None` for all.
    pub dialect: Option<String>,
    /// The first day.
    pub since: Date,
    /// The last day.
    pub until: Date,
    /// Whether there is a row for each client, rather than one for all clients of a day.
    pub is_by_client: bool,
    /// Only rows after this one.
    pub after: Option<DayCursor>,
    /// The maximum number of rows.
    pub limit: u32,
}

/// The place of a row among all counts of days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayCursor {
    /// The day.
    pub day: Date,
    /// The dialect.
    pub dialect: String,
    /// The identifier of the client; empty for all clients together.
    pub client: String,
}
