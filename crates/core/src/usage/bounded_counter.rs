//! Counts of bounded number: invented clients fill neither memory nor table.

use hashbrown::hash_map::Entry;

use super::{Observed, UsageCount, UsageKey, UsageKeyRef, UsageRows};

/// The room for known clients, divided by the room for clients with which no user has logged in yet.
const UNKNOWN_SHARE: usize = 4;

/// Counts, as many as there is room for. Further clients are counted by endpoint only: known clients separately
/// from unknown ones, so that unknown clients take no room from known ones.
#[derive(Debug, Clone)]
pub struct BoundedCounter {
    rows: UsageRows,
    room: usize,
    known: usize,
    unknown: usize,
}

impl BoundedCounter {
    /// Creates an empty counter, with room for `room` known clients and a quarter as many others.
    pub fn new(room: usize) -> Self {
        Self {
            rows: UsageRows::default(),
            room,
            known: 0,
            unknown: 0,
        }
    }

    /// Adds one call to its row, or to a shared row if there is no room.
    pub fn record(&mut self, seen: UsageKeyRef<'_>, call: &Observed) {
        let Some(count) = self.rows.get_mut(&seen) else {
            self.add(seen.into(), &UsageCount::one(call));
            return;
        };
        let was_known = count.is_known();
        count.record(call);
        if !was_known && count.is_known() {
            self.unknown -= 1;
            self.known += 1;
        }
    }

    /// Adds a count to its row, or to a shared row if there is no room.
    pub fn add(&mut self, key: UsageKey, count: &UsageCount) {
        let is_known = count.is_known();
        let key = if self.rows.contains_key(&key) || self.has_room(is_known) {
            key
        } else if is_known {
            key.rest()
        } else {
            key.unknown()
        };
        match self.rows.entry(key) {
            Entry::Occupied(mut row) => {
                let was_known = row.get().is_known();
                row.get_mut().add(count);
                if !was_known && row.get().is_known() {
                    self.unknown -= 1;
                    self.known += 1;
                }
            }
            Entry::Vacant(row) => {
                self.known += usize::from(is_known);
                self.unknown += usize::from(!is_known);
                row.insert(count.clone());
            }
        }
    }

    /// Adds counts, each to its row or to a shared row.
    pub fn add_all(&mut self, other: UsageRows) {
        for (key, count) in other {
            self.add(key, &count);
        }
    }

    /// Removes all counts and returns them by their key.
    pub fn take(&mut self) -> UsageRows {
        (self.known, self.unknown) = (0, 0);
        std::mem::take(&mut self.rows)
    }

    /// Returns all counts by their key.
    pub fn rows(&self) -> &UsageRows {
        &self.rows
    }

    /// Returns `true` if there is room for one more client: a known one if `known` is true, an unknown one
    /// otherwise.
    fn has_room(&self, known: bool) -> bool {
        if known {
            self.known < self.room
        } else {
            self.unknown < self.room / UNKNOWN_SHARE
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::super::{OTHER, UNKNOWN};
    use super::*;

    fn key(user_agent: &str) -> UsageKey {
        UsageKey {
            dialect: "toy".to_owned(),
            revision: "v1".to_owned(),
            endpoint: "/v1/login".to_owned(),
            application: None,
            key: None,
            client: None,
            user_agent: user_agent.to_owned(),
            network: "192.0.2.0/24".to_owned(),
        }
    }

    fn observed(user: Option<u64>) -> Observed {
        Observed {
            at: datetime!(2026-11-26 12:00 UTC),
            refused: user.is_none(),
            is_login: user.is_some(),
            user,
            expired: None,
        }
    }

    fn call(user: Option<u64>) -> UsageCount {
        UsageCount::one(&observed(user))
    }

    #[test]
    fn invented_clients_leave_room_for_real_ones() {
        let mut tally = BoundedCounter::new(40);
        for number in 0..1_000 {
            tally.add(key(&format!("Scanner/{number}")), &call(None));
        }
        assert_eq!(tally.rows().len(), 11);
        assert_eq!(tally.rows()[&key("").unknown()].calls, 990);
        for number in 0..1_000 {
            tally.add(key(&format!("Client/{number}")), &call(Some(number)));
        }
        assert_eq!(tally.rows().len(), 52);
        assert_eq!(tally.rows()[&key("").rest()].calls, 960);
        let all: u64 = tally.rows().values().map(|count| count.calls).sum();
        assert_eq!(all, 2_000);
        assert_eq!(key("").rest().user_agent, OTHER);
        assert_eq!(key("").unknown().network, UNKNOWN);
    }

    #[test]
    fn a_call_is_counted_like_a_row_of_one() {
        let key = key("Client/1");
        let (mut called, mut added) = (BoundedCounter::new(40), BoundedCounter::new(40));
        for user in [None, Some(1), Some(1), Some(2), None] {
            called.record(UsageKeyRef::from(&key), &observed(user));
            added.add(key.clone(), &call(user));
        }
        assert_eq!(called.rows(), added.rows());
        assert_eq!((called.known, called.unknown), (added.known, added.unknown));
        assert_eq!((called.known, called.unknown), (1, 0));
    }

    #[test]
    fn a_published_key_does_not_make_a_client_known() {
        let mut tally = BoundedCounter::new(40);
        for number in 0..1_000 {
            let invented = UsageKey {
                key: Some("published".to_owned()),
                ..key(&format!("Scanner/{number}"))
            };
            tally.add(invented, &call(None));
        }
        assert_eq!(tally.rows().len(), 11);
        assert_eq!(tally.rows()[&key("").unknown()].calls, 990);
    }

    #[test]
    fn a_client_that_has_a_row_keeps_being_counted_there() {
        let mut tally = BoundedCounter::new(4);
        tally.add(key("Client/1"), &call(Some(1)));
        for number in 0..100 {
            tally.add(key(&format!("Scanner/{number}")), &call(None));
        }
        tally.add(key("Client/1"), &call(Some(2)));
        let count = &tally.rows()[&key("Client/1")];
        assert_eq!((count.calls, count.users.count()), (2, 2));
    }
}
