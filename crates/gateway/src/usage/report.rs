//! Reports from the usage table: which clients would be affected if a dialect were disabled.

mod expired;
mod summary;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};

use isogloss_core::usage::{LastUse, UNKNOWN, UsageCount, UsageKey, UsageRows};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::ToSchema;

use self::expired::ExpiredTokens;
pub(crate) use self::summary::{DialectSummary, summaries};
use self::verdict::{Counted, verdict};
use super::days::format_day;

/// The clients that use a dialect, and a verdict.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DialectUsage)]
pub(crate) struct Report {
    pub(crate) dialect: String,
    /// Whether the dialect is enabled.
    pub(crate) enabled: bool,
    /// In words.
    pub(crate) verdict: String,
    /// The last successful call of a known client or a user, also if its client is no longer listed.
    pub(crate) last_served: Option<String>,
    /// The first day of which there are counts: earlier use is not known, unless a client is listed.
    pub(crate) counted_since: Option<String>,
    pub(crate) last_seen: Option<String>,
    pub(crate) calls: u64,
    pub(crate) refused: u64,
    /// Exact up to 128, then approximate.
    pub(crate) users: u64,
    /// The most recently seen client first.
    pub(crate) clients: Vec<ClientUsageView>,
    /// Where the next page of clients begins, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) next: Option<usize>,
}

impl Report {
    /// Removes the first `after` clients, and those beyond `limit` more.
    pub(crate) fn cut(&mut self, after: usize, limit: usize) {
        let end = after.saturating_add(limit);
        self.next = (end < self.clients.len()).then_some(end);
        self.clients.truncate(end);
        self.clients.drain(..after.min(self.clients.len()));
    }
}

/// A client, and the endpoints that it calls.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClientUsage)]
pub(crate) struct ClientUsageView {
    pub(crate) revisions: Vec<String>,
    pub(crate) application: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) client: Option<String>,
    /// `(unknown)` is the row of all clients with which no user has logged in, `(other)` that of known clients
    /// without space.
    pub(crate) user_agent: String,
    pub(crate) network: String,
    pub(crate) first_seen: String,
    pub(crate) last_seen: String,
    pub(crate) last_served: Option<String>,
    pub(crate) calls: u64,
    pub(crate) refused: u64,
    pub(crate) users: u64,
    pub(crate) endpoints: Vec<String>,
    /// Expired tokens that the client presented.
    pub(crate) expired_tokens: Option<ExpiredTokens>,
    /// A hint, if these numbers show that the client renews its tokens too late.
    pub(crate) hint: Option<String>,
    #[serde(skip)]
    #[schema(ignore)]
    at: Option<OffsetDateTime>,
}

impl ClientUsageView {
    /// Returns whether a user has logged in with this client.
    fn is_known(&self) -> bool {
        self.user_agent != UNKNOWN
    }
}

/// The attributes that distinguish clients.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct ClientAttributes {
    application: Option<String>,
    key: Option<String>,
    client: Option<String>,
    user_agent: String,
    network: String,
}

#[derive(Default)]
struct ClientRows {
    count: Option<UsageCount>,
    revisions: BTreeSet<String>,
    endpoints: BTreeSet<String>,
}

/// Returns a report for each of `dialects`, which come with whether they are enabled. `last_uses` has what is known of
/// clients that are no longer in the rows.
pub(crate) fn reports(
    rows: UsageRows,
    last_uses: &[LastUse],
    dialects: &[(String, bool)],
    now: OffsetDateTime,
) -> Vec<Report> {
    let mut by_dialect: BTreeMap<String, Vec<(UsageKey, UsageCount)>> = BTreeMap::new();
    for (key, count) in rows {
        by_dialect
            .entry(key.dialect.clone())
            .or_default()
            .push((key, count));
    }
    dialects
        .iter()
        .map(|(dialect, enabled)| {
            let rows = by_dialect.remove(dialect).unwrap_or_default();
            let last = last_uses.iter().find(|last| last.dialect == *dialect);
            report((dialect, *enabled), rows, last, now)
        })
        .collect()
}

/// Returns the report of one dialect from its rows.
fn report(
    (dialect, enabled): (&str, bool),
    rows: Vec<(UsageKey, UsageCount)>,
    last: Option<&LastUse>,
    now: OffsetDateTime,
) -> Report {
    let clients = by_client(rows);
    let mut all: Option<UsageCount> = None;
    for count in clients.values().filter_map(|rows| rows.count.as_ref()) {
        add(&mut all, count);
    }
    let of_known = clients
        .iter()
        .filter(|(attributes, _)| attributes.user_agent != UNKNOWN);
    let of_known = of_known.filter_map(|(_, rows_of_client)| rows_of_client.count.as_ref());
    let last_served = of_known.filter_map(|count| count.last_served).max();
    let lasting = last.and_then(|last| last.last_served.max(last.last_used));
    let last_served = last_served.max(lasting);
    let clients = views(clients);
    let served = clients
        .iter()
        .filter(|client| client.is_known() && client.last_served.is_some());
    let counted = all.as_ref().map(|all| Counted {
        refused: all.refused,
        last_seen: all.last_seen,
        users: all.users.count(),
        served_clients: served.count() as u64,
    });
    Report {
        dialect: dialect.to_owned(),
        enabled,
        verdict: verdict(counted.as_ref(), last_served, now),
        last_served: last_served.map(format_timestamp),
        counted_since: last.and_then(|last| last.counted_since).map(format_day),
        last_seen: all.as_ref().map(|all| format_timestamp(all.last_seen)),
        calls: all.as_ref().map_or(0, |all| all.calls),
        refused: all.as_ref().map_or(0, |all| all.refused),
        users: all.as_ref().map_or(0, |all| all.users.count()),
        clients,
        next: None,
    }
}

/// Returns the clients of these rows, the most recently seen first.
pub(crate) fn client_views(rows: UsageRows) -> Vec<ClientUsageView> {
    views(by_client(rows))
}

/// Returns the rows of each client as one.
fn by_client(
    rows: impl IntoIterator<Item = (UsageKey, UsageCount)>,
) -> BTreeMap<ClientAttributes, ClientRows> {
    let mut clients: BTreeMap<ClientAttributes, ClientRows> = BTreeMap::new();
    for (key, count) in rows {
        let attributes = ClientAttributes {
            application: key.application,
            key: key.key,
            client: key.client,
            user_agent: key.user_agent,
            network: key.network,
        };
        let rows_of_client = clients.entry(attributes).or_default();
        add(&mut rows_of_client.count, &count);
        rows_of_client.revisions.insert(key.revision);
        rows_of_client.endpoints.insert(key.endpoint);
    }
    clients
}

/// Returns the views of clients, the most recently seen first.
fn views(clients: BTreeMap<ClientAttributes, ClientRows>) -> Vec<ClientUsageView> {
    let views = clients.into_iter();
    let views = views.filter_map(|(attributes, rows)| view(attributes, rows));
    let mut views: Vec<_> = views.collect();
    views.sort_by_key(|client| std::cmp::Reverse(client.at));
    views
}

/// Adds `count` to `sum`, or makes it the sum if `sum` is `None`.
fn add(sum: &mut Option<UsageCount>, count: &UsageCount) {
    match sum {
        Some(sum) => sum.add(count),
        None => *sum = Some(count.clone()),
    }
}

/// Returns the view of a client, or `None` if it has no rows.
fn view(attributes: ClientAttributes, rows_of_client: ClientRows) -> Option<ClientUsageView> {
    let count = rows_of_client.count?;
    let expired_tokens = ExpiredTokens::new(&count.expired);
    Some(ClientUsageView {
        revisions: rows_of_client
            .revisions
            .into_iter()
            .filter(|r| !r.is_empty())
            .collect(),
        application: attributes.application,
        key: attributes.key,
        client: attributes.client,
        user_agent: attributes.user_agent,
        network: attributes.network,
        first_seen: format_timestamp(count.first_seen),
        last_seen: format_timestamp(count.last_seen),
        last_served: count.last_served.map(format_timestamp),
        calls: count.calls,
        refused: count.refused,
        users: count.users.count(),
        endpoints: rows_of_client.endpoints.into_iter().collect(),
        hint: expired_tokens.as_ref().and_then(ExpiredTokens::hint),
        expired_tokens,
        at: Some(count.last_seen),
    })
}

/// Formats a timestamp as in RFC 3339, without fractions of a second.
pub(super) fn format_timestamp(at: OffsetDateTime) -> String {
    let seconds = at.replace_nanosecond(0).unwrap_or(at);
    seconds.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests;
