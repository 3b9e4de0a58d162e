//! What one flush adds to the tables of usage.

use std::hash::RandomState;

use hashbrown::hash_map::Entry;
use uuid::Uuid;

use super::{BoundedCounter, UsageDays, UsageRows, UserUse};

/// The most uses by users that wait for a table.
const MOST_USERS: usize = 50_000;

/// Counts and uses that are not in the tables yet. Bounded, because the tables may be unavailable for long.
#[derive(Debug, Clone)]
pub struct UsageBatch {
    counts: BoundedCounter,
    days: UsageDays,
    users: hashbrown::HashMap<(Uuid, &'static str), UserUse, RandomState>,
}

impl UsageBatch {
    /// Creates an empty batch, with room for `room` known clients in all, and `clients_per_day` in each dialect on
    /// each day.
    pub fn new(room: usize, clients_per_day: usize) -> Self {
        Self {
            counts: BoundedCounter::new(room),
            days: UsageDays::new(clients_per_day),
            users: hashbrown::HashMap::default(),
        }
    }

    /// Adds counts, each also to those of the day of its last call.
    pub fn add(&mut self, rows: UsageRows) {
        for (key, count) in &rows {
            self.days.add(key, count);
        }
        self.counts.add_all(rows);
    }

    /// Adds uses by users. Returns how many there was no room for.
    pub fn add_users(&mut self, uses: impl IntoIterator<Item = UserUse>) -> u64 {
        let mut left_out = 0;
        for one in uses {
            let is_full = self.users.len() >= MOST_USERS;
            match self.users.entry((one.user, one.dialect)) {
                Entry::Occupied(mut known) => known.get_mut().add(one),
                Entry::Vacant(_) if is_full => left_out += 1,
                Entry::Vacant(place) => {
                    place.insert(one);
                }
            }
        }
        left_out
    }

    /// Returns `true` if there is nothing to add to the tables.
    pub fn is_empty(&self) -> bool {
        self.counts.rows().is_empty() && self.users.is_empty()
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        self.counts.take();
        self.days.clear();
        self.users.clear();
    }

    /// Returns the counts by endpoint and client.
    pub fn rows(&self) -> &UsageRows {
        self.counts.rows()
    }

    /// Returns the counts by day and client.
    pub fn days(&self) -> &UsageDays {
        &self.days
    }

    /// Returns the uses, one for each user and dialect, ordered by user and dialect: gateways that write the same
    /// rows at once do so in the same order.
    pub fn users(&self) -> Vec<&UserUse> {
        let mut users: Vec<_> = self.users.values().collect();
        users.sort_unstable_by_key(|one| (one.user, one.dialect));
        users
    }
}

impl From<UsageRows> for UsageBatch {
    /// Returns a batch of these counts, without a limit.
    fn from(rows: UsageRows) -> Self {
        let mut batch = Self::new(usize::MAX, usize::MAX);
        batch.add(rows);
        batch
    }
}
