//! Views of the counts of days.

use isogloss_core::usage::{DayCursor, DayFilter, UsageDay};
use serde::Serialize;
use time::format_description::well_known::{Iso8601, Rfc3339};
use time::{Date, OffsetDateTime};
use utoipa::ToSchema;

use super::report::format_timestamp;

/// How many days a list begins before today, if no time is given.
pub(crate) const DAYS: i64 = 90;

/// The use of a dialect on one day, by all clients or by one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageDay)]
pub(crate) struct DayView {
    /// The day in UTC, such as `2026-11-26`.
    pub(crate) day: String,
    pub(crate) dialect: String,
    pub(crate) calls: u64,
    pub(crate) refused: u64,
    pub(crate) logins: u64,
    /// Known clients, without those that share a row.
    pub(crate) clients: u64,
    /// Exact up to 128, then approximate.
    pub(crate) users: u64,
    /// The last successful call of a known client.
    pub(crate) last_served: Option<String>,
    /// The client, if the list has a row for each.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) client: Option<DayClient>,
}

/// A client.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageDayClient)]
pub(crate) struct DayClient {
    pub(crate) application: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) client: Option<String>,
    /// `(unknown)` and `(other)` stand for several clients.
    pub(crate) user_agent: String,
    pub(crate) network: String,
}

impl From<UsageDay> for DayView {
    fn from(day: UsageDay) -> Self {
        Self {
            day: format_day(day.day),
            dialect: day.dialect,
            calls: day.calls,
            refused: day.refused,
            logins: day.logins,
            clients: day.clients,
            users: day.users.count(),
            last_served: day.last_served.map(format_timestamp),
            client: day.client.map(|client| DayClient {
                application: client.application,
                key: client.key,
                client: client.client,
                user_agent: client.user_agent,
                network: client.network,
            }),
        }
    }
}

/// Formats a day, such as `2026-11-26`.
pub(crate) fn format_day(day: Date) -> String {
    day.format(&Iso8601::DATE)
        .unwrap_or_else(|_| day.to_string())
}

/// Parses a day, or the day of a time. Returns `None` for any other text.
pub(crate) fn parse_day(text: &str) -> Option<Date> {
    let day = Date::parse(text, &Iso8601::DATE).ok();
    day.or_else(|| Some(OffsetDateTime::parse(text, &Rfc3339).ok()?.to_utc().date()))
}

/// Returns the filter for all rows of the last [`DAYS`] days.
pub(crate) fn recent(now: OffsetDateTime, limit: u32) -> DayFilter {
    let today = now.to_utc().date();
    DayFilter {
        dialect: None,
        since: today.saturating_sub(time::Duration::days(DAYS)),
        until: Date::MAX,
        is_by_client: false,
        after: None,
        limit,
    }
}

/// Formats the place of a row for the next query.
pub(crate) fn format_cursor(cursor: &DayCursor) -> String {
    let DayCursor {
        day,
        dialect,
        client,
    } = cursor;
    format!("{},{dialect},{client}", format_day(*day))
}

/// Parses the place of a row, as [`format_cursor`] returns it. Returns `None` for any other text.
pub(crate) fn parse_cursor(text: &str) -> Option<DayCursor> {
    let mut parts = text.splitn(3, ',');
    Some(DayCursor {
        day: Date::parse(parts.next()?, &Iso8601::DATE).ok()?,
        dialect: parts.next()?.to_owned(),
        client: parts.next()?.to_owned(),
    })
}
