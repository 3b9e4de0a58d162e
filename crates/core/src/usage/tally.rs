//! Counts with an end to their number: whoever invents clients fills nothing.

use hashbrown::hash_map::Entry;
use time::OffsetDateTime;

use super::{Seen, UsageCount, UsageKey, UsageRows, is_known};

/// The share of the room that is for clients who were never let in, nor showed a key.
const STRANGERS: usize = 4;

/// Counts, as many as there is room for. What comes on top is counted by endpoint only.
#[derive(Debug)]
pub struct Tally {
    rows: UsageRows,
    room: usize,
    /// Rows that take room, here or elsewhere.
    all: usize,
    /// Those of them that are strangers'.
    strangers: usize,
}

impl Tally {
    /// With room for so many counts, a quarter of them for strangers.
    pub fn new(room: usize) -> Self {
        Self::beside(UsageRows::default(), (0, 0), room)
    }

    /// With these counts, and `elsewhere` so many of the known and of strangers.
    pub(crate) fn beside(rows: UsageRows, elsewhere: (usize, usize), room: usize) -> Self {
        let here = rows.iter();
        let strangers = here.filter(|(key, count)| !is_known(key, count)).count();
        Self {
            all: rows.len() + elsewhere.0 + elsewhere.1,
            strangers: strangers + elsewhere.1,
            rows,
            room,
        }
    }

    /// Counts a call, by a user if that is known.
    pub fn note(&mut self, seen: Seen<'_>, at: OffsetDateTime, refused: bool, user: Option<u64>) {
        let Some(count) = self.rows.get_mut(&seen) else {
            self.add(seen.into(), &UsageCount::one(at, refused, user));
            return;
        };
        let gains_users = user.is_some() && count.users.is_empty();
        count.note(at, refused, user);
        if gains_users && !seen.names_client() {
            self.strangers -= 1;
        }
    }

    /// Adds a count to what is there, or where there is room.
    pub fn add(&mut self, key: UsageKey, count: &UsageCount) {
        let has_place = self.rows.contains_key(&key) || self.has_room(is_known(&key, count));
        let key = if has_place { key } else { key.rest() };
        match self.rows.entry(key) {
            Entry::Occupied(mut row) => {
                let was_known = is_known(row.key(), row.get());
                row.get_mut().add(count);
                if !was_known && is_known(row.key(), row.get()) {
                    self.strangers -= 1;
                }
            }
            Entry::Vacant(row) => {
                self.all += 1;
                self.strangers += usize::from(!is_known(row.key(), count));
                row.insert(count.clone());
            }
        }
    }

    /// Adds all of another one.
    pub fn add_all(&mut self, other: UsageRows) {
        for (key, count) in other {
            self.add(key, &count);
        }
    }

    /// Takes all counts out.
    pub fn take(&mut self) -> UsageRows {
        (self.all, self.strangers) = (0, 0);
        std::mem::take(&mut self.rows)
    }

    /// All counts.
    pub fn rows(&self) -> &UsageRows {
        &self.rows
    }

    fn has_room(&self, known: bool) -> bool {
        self.all < self.room && (known || self.strangers < self.room / STRANGERS)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::super::OTHER;
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

    fn call(user: Option<u64>) -> UsageCount {
        UsageCount::one(datetime!(2026-11-26 12:00 UTC), user.is_none(), user)
    }

    #[test]
    fn invented_clients_leave_room_for_real_ones() {
        let mut tally = Tally::new(40);
        for number in 0..1_000 {
            tally.add(key(&format!("Scanner/{number}")), &call(None));
        }
        assert_eq!(tally.rows().len(), 11);
        assert_eq!(tally.rows()[&key("").rest()].calls, 990);
        for number in 0..1_000 {
            tally.add(key(&format!("Client/{number}")), &call(Some(number)));
        }
        assert_eq!(tally.rows().len(), 40);
        let all: u64 = tally.rows().values().map(|count| count.calls).sum();
        assert_eq!(all, 2_000);
        assert_eq!(key("").rest().user_agent, OTHER);
    }

    #[test]
    fn a_call_is_counted_like_a_row_of_one() {
        let key = key("Client/1");
        let (mut called, mut added) = (Tally::new(40), Tally::new(40));
        for user in [None, Some(1), Some(1), Some(2), None] {
            let one = call(user);
            called.note(Seen::from(&key), one.first_seen, user.is_none(), user);
            added.add(key.clone(), &one);
        }
        assert_eq!(called.rows(), added.rows());
        assert_eq!((called.all, called.strangers), (added.all, added.strangers));
    }

    #[test]
    fn who_is_there_goes_on_to_be_counted() {
        let mut tally = Tally::new(4);
        tally.add(key("Client/1"), &call(Some(1)));
        for number in 0..100 {
            tally.add(key(&format!("Scanner/{number}")), &call(None));
        }
        tally.add(key("Client/1"), &call(Some(2)));
        let count = &tally.rows()[&key("Client/1")];
        assert_eq!((count.calls, count.users.count()), (2, 2));
    }
}
