//! The clients of a dialect in the table of usage: their sum, and pages of them.

use time::OffsetDateTime;

/// The sum over all clients of a dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageSummary {
    /// The dialect.
    pub dialect: String,
    /// The number of clients. All clients with which no user has logged in count as one.
    pub clients: u64,
    /// The clients with which a user has logged in, and of which a call was not refused.
    pub served_clients: u64,
    /// All calls.
    pub calls: u64,
    /// The calls that were refused.
    pub refused: u64,
    /// The last call.
    pub last_seen: OffsetDateTime,
    /// The last call of a known client that was not refused.
    pub last_served: Option<OffsetDateTime>,
}

/// A page of the clients of a dialect, the last seen one first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientPage {
    /// The dialect.
    pub dialect: String,
    /// Only clients with these attributes.
    pub attributes: ClientPattern,
    /// Only clients of which a call was not refused since then.
    pub served_since: Option<OffsetDateTime>,
    /// How many clients come before the page.
    pub after: u32,
    /// The maximum number of clients.
    pub limit: u32,
}

/// Attributes that a client must have, as far as they are given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientPattern {
    /// The application.
    pub application: Option<String>,
    /// The label of the key.
    pub key: Option<String>,
    /// The device or program.
    pub client: Option<String>,
    /// The family of the `User-Agent`.
    pub user_agent: Option<String>,
}
