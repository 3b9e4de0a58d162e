//! Usage of dialects by endpoint and client, which shows operators when a dialect is no longer used.
//!
//! A count names no user and holds no secret: users are counted in a [`CardinalitySketch`], keys are named by
//! their label. Separately, a [`UserUse`] says when a user last used a dialect.

mod batch;
mod bounded_counter;
mod cardinality_sketch;
mod clients;
mod days;
pub(crate) mod days_table;
mod expired;
mod key_ref;
mod observed;
pub(crate) mod table;
mod user_uses;

use std::hash::RandomState;

use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

pub use self::batch::UsageBatch;
pub use self::bounded_counter::BoundedCounter;
pub use self::cardinality_sketch::CardinalitySketch;
pub use self::clients::{ClientPage, ClientPattern, UsageSummary};
pub use self::days::{DayCursor, DayFilter, UsageDay, UsageDays};
pub use self::expired::ExpiredUse;
pub use self::key_ref::UsageKeyRef;
pub use self::observed::Observed;
pub use self::table::{LastUse, UsageTable};
pub use self::user_uses::{
    NamedUse, PERIOD, UseCursor, UseFilter, UseOf, UserCall, UserUse, UserUses,
};

/// Stands for known clients for which there is no room.
pub const OTHER: &str = "(other)";

/// Stands for all clients with which no user has logged in.
pub const UNKNOWN: &str = "(unknown)";

/// The key of a count.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UsageKey {
    /// The dialect's name.
    pub dialect: String,
    /// The revision or release of the dialect.
    pub revision: String,
    /// The pattern of the route, never the path.
    pub endpoint: String,
    /// The application, if the dialect names it.
    pub application: Option<String>,
    /// The label of the key that was presented.
    pub key: Option<String>,
    /// The device or program, if the dialect names it.
    pub client: Option<String>,
    /// The family of the `User-Agent` of the client: a product with its major version.
    pub user_agent: String,
    /// The network of the client: the /24 of IPv4 or /48 of IPv6.
    pub network: String,
}

impl UsageKey {
    /// Returns the key of the row that counts known clients of this endpoint for which there is no room.
    #[must_use]
    pub fn rest(&self) -> Self {
        self.shared(OTHER)
    }

    /// Returns the key of the row that counts all unknown clients of this endpoint.
    #[must_use]
    pub fn unknown(&self) -> Self {
        self.shared(UNKNOWN)
    }

    /// Returns the key of a row that several clients of this endpoint share, with `name` in place of user agent
    /// and network.
    fn shared(&self, name: &str) -> Self {
        Self {
            dialect: self.dialect.clone(),
            revision: self.revision.clone(),
            endpoint: self.endpoint.clone(),
            application: None,
            key: None,
            client: None,
            user_agent: name.to_owned(),
            network: name.to_owned(),
        }
    }

    /// Returns the key of the row that counts all calls of this client on one day, to whichever endpoint.
    #[must_use]
    pub fn of_client(&self) -> Self {
        Self {
            revision: String::new(),
            endpoint: String::new(),
            ..self.clone()
        }
    }

    /// Returns `true` if several clients share this row.
    pub fn is_shared(&self) -> bool {
        [OTHER, UNKNOWN].contains(&self.user_agent.as_str())
    }

    /// Returns the key with a replacement character for each NUL, which PostgreSQL does not allow in texts.
    pub(crate) fn storable(&self) -> Self {
        let text = |text: &String| text.replace('\0', "\u{FFFD}");
        Self {
            dialect: text(&self.dialect),
            revision: text(&self.revision),
            endpoint: text(&self.endpoint),
            application: self.application.as_ref().map(text),
            key: self.key.as_ref().map(text),
            client: self.client.as_ref().map(text),
            user_agent: text(&self.user_agent),
            network: text(&self.network),
        }
    }

    /// Returns an identifier of the key, equal at every gateway: 32 hexadecimal digits of a hash.
    pub(crate) fn id(&self) -> String {
        let mut hash = Sha256::new();
        for part in [
            Some(&self.dialect),
            Some(&self.revision),
            Some(&self.endpoint),
            self.application.as_ref(),
            self.key.as_ref(),
            self.client.as_ref(),
            Some(&self.user_agent),
            Some(&self.network),
        ] {
            match part {
                None => hash.update([0]),
                Some(part) => {
                    hash.update([1]);
                    hash.update((part.len() as u64).to_be_bytes());
                    hash.update(part);
                }
            }
        }
        hex::encode(&hash.finalize()[..16])
    }
}

/// The calls of one row: how many, since when, and by how many users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageCount {
    /// The first call.
    pub first_seen: OffsetDateTime,
    /// The last call.
    pub last_seen: OffsetDateTime,
    /// The last call that was not refused.
    pub last_served: Option<OffsetDateTime>,
    /// All calls.
    pub calls: u64,
    /// The calls that were refused.
    pub refused: u64,
    /// The logins among the calls, if they were counted since the last flush. Stored for days only.
    pub logins: u64,
    /// The users who made the calls.
    pub users: CardinalitySketch,
    /// Tokens that were presented after their end.
    pub expired: ExpiredUse,
}

impl UsageCount {
    /// Returns the count of that one call.
    pub fn one(call: &Observed) -> Self {
        let mut one = Self {
            first_seen: call.at,
            last_seen: call.at,
            last_served: None,
            calls: 0,
            refused: 0,
            logins: 0,
            users: CardinalitySketch::default(),
            expired: ExpiredUse::default(),
        };
        one.record(call);
        one
    }

    /// Adds one call to this count.
    pub fn record(&mut self, call: &Observed) {
        self.last_seen = self.last_seen.max(call.at);
        if !call.refused {
            self.last_served = self.last_served.max(Some(call.at));
        }
        self.calls = self.calls.saturating_add(1);
        self.refused = self.refused.saturating_add(u64::from(call.refused));
        self.logins = self.logins.saturating_add(u64::from(call.is_login));
        if let Some(user) = call.user {
            self.users.insert(user);
        }
        if let Some(expired) = &call.expired {
            self.expired.record(expired);
        }
    }

    /// Returns `true` if one of the counted calls had a user, who logged in or presented a live token. A published
    /// key alone makes no client known.
    pub fn is_known(&self) -> bool {
        !self.users.is_empty()
    }

    /// Adds the counts of `other` to this count.
    pub fn add(&mut self, other: &Self) {
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
        self.last_served = self.last_served.max(other.last_served);
        self.calls = self.calls.saturating_add(other.calls);
        self.refused = self.refused.saturating_add(other.refused);
        self.logins = self.logins.saturating_add(other.logins);
        self.users.merge(&other.users);
        self.expired.add(&other.expired);
    }
}

/// Counts by key. Clients choose the keys, so the hashes are randomly seeded and cannot be foreseen.
pub type UsageRows = hashbrown::HashMap<UsageKey, UsageCount, RandomState>;
