//! Who uses a dialect, by name: at most one row for each user and dialect.

use hashbrown::HashMap;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::throttle::ClientIp;

/// How old the last recorded use of a user must be before a call is recorded again. A login always is.
pub const PERIOD: Duration = Duration::HOUR;

/// The most uses that one collector holds between two flushes.
const MOST_USES: usize = 2_000;

/// The most users whose last record a collector remembers.
const MOST_REMEMBERED: usize = 10_000;

/// A call of a user that was not refused.
#[derive(Debug, Clone, Copy)]
pub struct UserCall<'a> {
    /// The user.
    pub user: Uuid,
    /// The dialect.
    pub dialect: &'static str,
    /// When the response was made.
    pub at: OffsetDateTime,
    /// Whether the user logged in with the call.
    pub is_login: bool,
    /// The client IP.
    pub source: Option<ClientIp>,
    /// The device or program, if it names itself.
    pub client: Option<&'a str>,
    /// The family of the `User-Agent`.
    pub user_agent: &'a str,
}

/// The use of a dialect by a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserUse {
    /// The user.
    pub user: Uuid,
    /// The dialect.
    pub dialect: &'static str,
    /// The first use.
    pub first_used_at: OffsetDateTime,
    /// The last use.
    pub last_used_at: OffsetDateTime,
    /// The last login.
    pub last_login_at: Option<OffsetDateTime>,
    /// The address of the client at the last of the two.
    pub address: Option<String>,
    /// The device or program then, if it named itself.
    pub client: Option<String>,
    /// The family of its `User-Agent`.
    pub user_agent: String,
}

impl From<UserCall<'_>> for UserUse {
    fn from(call: UserCall<'_>) -> Self {
        // PostgreSQL does not allow NUL in texts.
        let storable = |text: &str| text.replace('\0', "\u{FFFD}");
        Self {
            user: call.user,
            dialect: call.dialect,
            first_used_at: call.at,
            last_used_at: call.at,
            last_login_at: call.is_login.then_some(call.at),
            address: call.source.map(|source| source.to_string()),
            client: call.client.map(storable),
            user_agent: storable(call.user_agent),
        }
    }
}

impl UserUse {
    /// Adds another use by the same user of the same dialect.
    pub(super) fn add(&mut self, other: Self) {
        self.first_used_at = self.first_used_at.min(other.first_used_at);
        self.last_login_at = self.last_login_at.max(other.last_login_at);
        if other.last_used_at >= self.last_used_at {
            self.last_used_at = other.last_used_at;
            self.address = other.address;
            self.client = other.client;
            self.user_agent = other.user_agent;
        }
    }
}

/// Collects the uses of users between two flushes. Most calls cost one lookup: a user of whom a use was recorded
/// within the [period](PERIOD) is not recorded again unless the user logs in. No client chooses the keys, so a quick hash
/// is enough.
#[derive(Debug, Default)]
pub struct UserUses {
    uses: HashMap<(Uuid, &'static str), UserUse>,
    recorded: HashMap<(Uuid, &'static str), OffsetDateTime>,
    left_out: u64,
}

impl UserUses {
    /// Records a call. If there is no room, the user's next call is recorded instead.
    pub fn record(&mut self, call: UserCall<'_>) {
        let key = (call.user, call.dialect);
        let last = self.recorded.get(&key).copied();
        if !call.is_login && last.is_some_and(|last| call.at - last < PERIOD) {
            return;
        }
        if let Some(known) = self.uses.get_mut(&key) {
            known.add(call.into());
        } else if self.uses.len() < MOST_USES {
            self.uses.insert(key, call.into());
        } else {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        if self.recorded.len() >= MOST_REMEMBERED && last.is_none() {
            self.recorded.retain(|_, last| call.at - *last < PERIOD);
            if self.recorded.len() >= MOST_REMEMBERED {
                // Their next calls are recorded once more, which is harmless.
                self.recorded.clear();
            }
        }
        self.recorded.insert(key, call.at);
    }

    /// Removes the collected uses, and returns them with the number of calls that there was no room for.
    pub fn take(&mut self) -> (Vec<UserUse>, u64) {
        let uses = std::mem::take(&mut self.uses);
        (
            uses.into_values().collect(),
            std::mem::take(&mut self.left_out),
        )
    }
}

/// The use of a dialect by a user, with the user's names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedUse {
    /// The user.
    pub user: Uuid,
    /// The user's number.
    pub number: i64,
    /// The user's login name.
    pub user_name: String,
    /// The user's e-mail address.
    pub email: Option<String>,
    /// The user's first name.
    pub first_name: String,
    /// The user's last name.
    pub last_name: String,
    /// The name of the user's organisation.
    pub organisation: String,
    /// The dialect.
    pub dialect: String,
    /// The first recorded use.
    pub first_used_at: OffsetDateTime,
    /// The last recorded use, at most an hour too early.
    pub last_used_at: OffsetDateTime,
    /// The last recorded login.
    pub last_login_at: Option<OffsetDateTime>,
    /// The address of the client at the last recorded use.
    pub address: Option<String>,
    /// The device or program then, if it named itself.
    pub client: Option<String>,
    /// The family of its `User-Agent`.
    pub user_agent: String,
}

/// Whose uses are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UseOf {
    /// Those of a dialect.
    Dialect(String),
    /// Those by one user.
    User(Uuid),
}

/// A filter for uses by users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UseFilter {
    /// Whose uses are meant.
    pub of: UseOf,
    /// Only uses at this time or later.
    pub since: Option<OffsetDateTime>,
    /// Only uses after this place in the list.
    pub after: Option<UseCursor>,
    /// The maximum number of uses.
    pub limit: u32,
}

/// A place in a list of uses, which begins with the last use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UseCursor {
    /// The time of the use.
    pub at: OffsetDateTime,
    /// The user.
    pub user: Uuid,
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const START: OffsetDateTime = datetime!(2026-11-26 12:00 UTC);

    fn call(user: u128, minutes: i64, is_login: bool) -> UserCall<'static> {
        UserCall {
            user: Uuid::from_u128(user),
            dialect: "toy",
            at: START + Duration::minutes(minutes),
            is_login,
            source: None,
            client: Some("desk\0"),
            user_agent: "okhttp/4",
        }
    }

    #[test]
    fn a_user_is_recorded_once_an_hour_and_at_each_login() {
        let mut uses = UserUses::default();
        uses.record(call(1, 0, true));
        let (taken, _) = uses.take();
        assert_eq!(taken.len(), 1);
        assert_eq!(taken[0].last_login_at, Some(START));
        assert_eq!(taken[0].client.as_deref(), Some("desk\u{FFFD}"));
        uses.record(call(1, 59, false));
        assert_eq!(uses.take(), (vec![], 0));
        uses.record(call(1, 60, false));
        let (taken, _) = uses.take();
        assert_eq!(taken[0].last_login_at, None);
        uses.record(call(1, 61, true));
        assert_eq!(uses.take().0.len(), 1);
    }

    #[test]
    fn a_user_for_whom_there_is_no_room_is_recorded_at_the_next_call() {
        let mut uses = UserUses::default();
        for user in 0..2_001 {
            uses.record(call(user, 0, false));
        }
        let (taken, left_out) = uses.take();
        assert_eq!((taken.len(), left_out), (2_000, 1));
        uses.record(call(2_000, 1, false));
        assert_eq!(uses.take().0.len(), 1);
    }

    #[test]
    fn what_is_remembered_of_users_is_bounded() {
        let mut uses = UserUses::default();
        for user in 0..50_000 {
            uses.record(call(user, 0, false));
            uses.take();
        }
        assert!(uses.recorded.len() <= MOST_REMEMBERED);
    }
}
