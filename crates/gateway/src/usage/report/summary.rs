//! What is known of a dialect without its clients.

use isogloss_core::usage::{LastUse, UsageSummary};
use time::OffsetDateTime;

use super::verdict::{Counted, verdict};

/// The use of a dialect, and a verdict.
#[derive(Debug)]
pub(crate) struct DialectSummary {
    pub(crate) dialect: String,
    /// Whether the dialect is enabled.
    pub(crate) enabled: bool,
    /// In words.
    pub(crate) verdict: String,
    pub(crate) clients: u64,
    pub(crate) calls: u64,
    pub(crate) refused: u64,
    /// The users of the last days.
    pub(crate) users: u64,
    /// The last successful call of a known client or a user, also if its client is no longer listed.
    pub(crate) last_served: Option<OffsetDateTime>,
    pub(crate) last_seen: Option<OffsetDateTime>,
}

/// Returns a summary for each of `dialects`, which come with whether they are enabled. `users` returns the number of
/// users of a dialect.
pub(crate) fn summaries(
    counted: &[UsageSummary],
    last_uses: &[LastUse],
    dialects: &[(String, bool)],
    users: impl Fn(&str) -> u64,
    now: OffsetDateTime,
) -> Vec<DialectSummary> {
    let summary = |(dialect, enabled): &(String, bool)| {
        let sum = counted.iter().find(|sum| sum.dialect == *dialect);
        let last = last_uses.iter().find(|last| last.dialect == *dialect);
        let lasting = last.and_then(|last| last.last_served.max(last.last_used));
        let last_served = sum.and_then(|sum| sum.last_served).max(lasting);
        let users = users(dialect);
        let counted = sum.map(|sum| Counted {
            refused: sum.refused,
            last_seen: sum.last_seen,
            users,
            served_clients: sum.served_clients,
        });
        DialectSummary {
            dialect: dialect.clone(),
            enabled: *enabled,
            verdict: verdict(counted.as_ref(), last_served, now),
            clients: sum.map_or(0, |sum| sum.clients),
            calls: sum.map_or(0, |sum| sum.calls),
            refused: sum.map_or(0, |sum| sum.refused),
            users,
            last_served,
            last_seen: sum.map(|sum| sum.last_seen),
        }
    };
    dialects.iter().map(summary).collect()
}
