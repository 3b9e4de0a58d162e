//! Counts of days as they are stored.

use std::collections::{HashMap, HashSet};

use time::Date;

use super::table::place;
use super::{CardinalitySketch, DayCursor, OTHER, UNKNOWN, UsageDay, UsageDays, UsageKey};
use crate::backend::directory::UsagePlace;
use crate::clock::{from_milliseconds, milliseconds};

/// The Julian day of 1 January 1970.
const EPOCH: i64 = 2_440_588;

/// The identifier of the row of all clients of a dialect on one day.
const ALL: &str = "";

/// The counts of a day, a dialect and a client, as they are stored.
#[derive(Debug, Clone)]
pub struct StoredDay {
    /// The day, in days since 1 January 1970.
    pub day: i64,
    /// The dialect.
    pub dialect: String,
    /// The identifier of the client; empty in the row of all clients.
    pub id: String,
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
    /// The number of known clients with a row of their own.
    pub clients: i64,
    /// The number of calls.
    pub calls: i64,
    /// The number of calls that were refused.
    pub refused: i64,
    /// The number of logins.
    pub logins: i64,
    /// When the last call of a known client arrived that was not refused, in milliseconds since 1970.
    pub last_served: Option<i64>,
    /// A sketch of the users, as `CardinalitySketch::to_bytes` returns it.
    pub users: Vec<u8>,
}

/// Returns a day as it is stored: in days since 1 January 1970.
pub fn day_number(day: Date) -> i64 {
    i64::from(day.to_julian_day()) - EPOCH
}

/// Returns a stored day. `None` if the number is out of range.
pub fn day_of_number(number: i64) -> Option<Date> {
    let julian = i32::try_from(number.checked_add(EPOCH)?).ok()?;
    Date::from_julian_day(julian).ok()
}

/// Identifies a stored row: the day, the dialect and the client.
pub type DayRow = (i64, String, String);

/// Returns the rows to which those counts may be added, each once.
pub fn day_rows(days: &UsageDays) -> Vec<DayRow> {
    let mut found = Vec::new();
    for (day, dialect, rows) in days.each() {
        let mut row = |id| found.push((day_number(day), dialect.to_owned(), id));
        row(ALL.to_owned());
        for key in rows.keys().map(UsageKey::storable) {
            row(key.id());
            row(key.rest().id());
            row(key.unknown().id());
        }
    }
    found.sort();
    found.dedup();
    found
}

/// What the table has, as far as it matters for the counts to add.
pub struct DaysInTable {
    /// The rows to which counts may be added.
    pub stored: Vec<StoredDay>,
    /// The known places with one of the programs in the counts.
    pub places: Vec<UsagePlace>,
}

impl DaysInTable {
    /// Returns the rows as they must be after `added` has been added to them. On each day, a dialect has as many
    /// known clients as there is room for; further ones share a row, and so do unknown clients.
    pub fn after(self, added: &UsageDays) -> Vec<StoredDay> {
        let mut places: HashSet<UsagePlace> = self.places.into_iter().collect();
        for (_, _, rows) in added.each() {
            let with_users = rows.iter().filter(|(_, count)| count.is_known());
            places.extend(with_users.map(|(key, _)| place(&key.storable())));
        }
        let stored = self.stored.into_iter();
        let mut rows: HashMap<DayRow, StoredDay> = stored.map(|row| (row.place(), row)).collect();
        for (day, dialect, counts) in added.each() {
            let day = day_number(day);
            let all_place = (day, dialect.to_owned(), ALL.to_owned());
            let mut all = rows.remove(&all_place);
            let mut all = all
                .take()
                .unwrap_or_else(|| StoredDay::of_all(day, dialect));
            for (key, count) in counts {
                let mut key = key.storable();
                let mut is_known = count.is_known() || places.contains(&place(&key));
                let is_stored = |key: &UsageKey| {
                    let row = rows.get(&(day, dialect.to_owned(), key.id()));
                    row.is_some_and(|row| row.known)
                };
                if key.user_agent == UNKNOWN || !is_known && key.user_agent != OTHER {
                    key = key.unknown();
                    is_known = false;
                } else if key.user_agent != OTHER && !is_stored(&key) {
                    if usize::try_from(all.clients).is_ok_and(|known| known < added.room()) {
                        all.clients += 1;
                    } else {
                        key = key.rest();
                    }
                }
                let served = count.last_served.filter(|_| is_known).map(milliseconds);
                let row = rows.entry((day, dialect.to_owned(), key.id()));
                let row = row.or_insert_with(|| StoredDay::of_client(day, &key, is_known));
                for row in [row, &mut all] {
                    row.calls = row.calls.saturating_add_unsigned(count.calls);
                    row.refused = row.refused.saturating_add_unsigned(count.refused);
                    row.logins = row.logins.saturating_add_unsigned(count.logins);
                    row.last_served = row.last_served.max(served);
                    row.users = merged(&row.users, &count.users);
                }
            }
            rows.insert(all_place, all);
        }
        let mut rows: Vec<_> = rows.into_values().collect();
        rows.sort_by_cached_key(StoredDay::place);
        rows
    }
}

/// Returns a stored sketch with the members of another one. A sketch that cannot be decoded starts empty.
fn merged(stored: &[u8], added: &CardinalitySketch) -> Vec<u8> {
    let mut users = CardinalitySketch::from_bytes(stored).unwrap_or_default();
    users.merge(added);
    users.to_bytes()
}

impl StoredDay {
    /// Returns the identifier of this row.
    fn place(&self) -> DayRow {
        (self.day, self.dialect.clone(), self.id.clone())
    }

    /// Returns an empty row of all clients of a dialect.
    fn of_all(day: i64, dialect: &str) -> Self {
        Self {
            day,
            dialect: dialect.to_owned(),
            id: ALL.to_owned(),
            application: None,
            key_label: None,
            client: None,
            user_agent: String::new(),
            network: String::new(),
            known: true,
            clients: 0,
            calls: 0,
            refused: 0,
            logins: 0,
            last_served: None,
            users: CardinalitySketch::default().to_bytes(),
        }
    }

    /// Returns an empty row of a client.
    fn of_client(day: i64, key: &UsageKey, is_known: bool) -> Self {
        Self {
            id: key.id(),
            application: key.application.clone(),
            key_label: key.key.clone(),
            client: key.client.clone(),
            user_agent: key.user_agent.clone(),
            network: key.network.clone(),
            known: is_known,
            clients: i64::from(is_known && !key.is_shared()),
            ..Self::of_all(day, &key.dialect)
        }
    }

    /// Returns the counts of the row. `None` if its day is out of range.
    pub fn read(self) -> Option<UsageDay> {
        let day = day_of_number(self.day)?;
        let client = (self.id != ALL).then(|| UsageKey {
            dialect: self.dialect.clone(),
            revision: String::new(),
            endpoint: String::new(),
            application: self.application,
            key: self.key_label,
            client: self.client,
            user_agent: self.user_agent,
            network: self.network,
        });
        Some(UsageDay {
            day,
            cursor: DayCursor {
                day,
                dialect: self.dialect.clone(),
                client: self.id,
            },
            dialect: self.dialect,
            client,
            calls: self.calls.unsigned_abs(),
            refused: self.refused.unsigned_abs(),
            logins: self.logins.unsigned_abs(),
            clients: self.clients.unsigned_abs(),
            users: CardinalitySketch::from_bytes(&self.users).unwrap_or_default(),
            last_served: self.last_served.map(from_milliseconds),
        })
    }
}
